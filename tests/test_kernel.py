# SPDX-License-Identifier: GPL-2.0-or-later
"""Symbols and types decoded from outside are the guest's own, on every kernel."""
import glob
import json
import os
import subprocess

import pytest

# Every kernel of the lab, and each way of paging and of reaching RAM at least once.
GUESTS = [
    ["--kernel", "5.10", "--pti", "on"],
    ["--kernel", "6.1", "--la57", "on"],
    ["--kernel", "6.12", "--kaslr", "off"],
    ["--kernel", "7.2", "--la57", "on", "--pti", "on"],
    ["--kernel", "6.12", "--memory", "4G", "--machine", "pc", "--no-qmp"],
    ["--kernel", "7.2", "--memory", "4G", "--machine", "q35", "--private-memory", "--no-qmp"],
]


def words(arguments):
    return " ".join(arguments)


def symbols_of(text):
    """Lines of /proc/kallsyms, without modules'."""
    return [line for line in text.decode().splitlines() if "[" not in line]


def kernel_lines(bartizan, guest, *arguments):
    done = bartizan("kernel", "--target", guest.target, *arguments)
    assert done.returncode == 0, done.stderr.decode(errors="replace")
    return done.stdout


@pytest.fixture(params=GUESTS, ids=words)
def machine(request, boot):
    return boot(*request.param)


def test_the_decoded_kernel_is_the_guests_own(bartizan, machine):
    machine.exec(["sh", "-c", "echo 0 > /proc/sys/kernel/kptr_restrict"])
    inside = symbols_of(machine.exec(["cat", "/proc/kallsyms"]).stdout)
    version = machine.exec(["cat", "/proc/version"]).stdout.decode().strip()
    with machine.paused():
        outside = symbols_of(kernel_lines(bartizan, machine, "--symbols"))
        about = json.loads(kernel_lines(bartizan, machine, "--json"))
    assert len(outside) > 50000
    differing = [pair for pair in zip(inside, outside) if pair[0] != pair[1]]
    assert not differing, differing[:5]
    assert len(inside) == len(outside)
    assert about["banner"] == version
    assert about["symbols"] == len(inside)
    assert about["origin"] == "memory"
    size = int(machine.exec(["stat", "-c", "%s", "/sys/kernel/btf/vmlinux"]).stdout)
    assert about["btf_size"] == size


def vmlinuz_of(guest):
    """The image that the guest was booted from, from its QEMU's own arguments."""
    with open(f"/proc/{guest.qemu_pid}/cmdline", "rb") as f:
        arguments = f.read().split(b"\0")
    return os.fsdecode(arguments[arguments.index(b"-kernel") + 1])


@pytest.fixture(scope="module")
def two_guests(bartizan):
    from conftest import Guest
    guests = [Guest(bartizan, "--kernel", "6.1"), Guest(bartizan, "--kernel", "7.2", "--la57", "on")]
    yield guests
    for guest in guests:
        guest.down()


def find_bpftool():
    """Ubuntu's in /usr/sbin serves the running kernel only; any of those behind it reads any BTF."""
    return next(iter(sorted(glob.glob("/usr/lib/linux-tools/*/bpftool"))), "bpftool")


def test_types_are_what_bpftool_reads_from_the_guests_own_btf(bartizan, two_guests, tmp_path):
    for guest in two_guests:
        btf = tmp_path / "btf"
        btf.write_bytes(guest.exec(["cat", "/sys/kernel/btf/vmlinux"]).stdout)
        dump = subprocess.run([find_bpftool(), "-j", "btf", "dump", "file", str(btf)], capture_output=True, check=True)
        expected = {(t["id"], t["name"], t["size"]) for t in json.loads(dump.stdout)["types"]
                    if t["kind"] in ("STRUCT", "UNION") and t["name"] != "(anon)"}
        lines = kernel_lines(bartizan, guest, "--types").decode().splitlines()
        found = set()
        for line in lines:
            number, kind, size, name = line.split(" ", 3)
            if kind in ("struct", "union"):
                found.add((int(number), name, int(size)))
        assert len(expected) > 1000
        assert found == expected


def test_a_profile_pins_its_own_kernel_and_refuses_another(bartizan, two_guests, tmp_path):
    profiles = []
    for number, guest in enumerate(two_guests):
        profile = tmp_path / f"profile{number}"
        done = bartizan("profile", "build", vmlinuz_of(guest), "-o", str(profile))
        assert done.returncode == 0, done.stderr
        profiles.append(profile)
        about = json.loads(kernel_lines(bartizan, guest, "--profile", str(profile), "--json"))
        assert about["origin"] == "profile"
        assert kernel_lines(bartizan, guest, "--profile", str(profile), "--symbols") == \
            kernel_lines(bartizan, guest, "--symbols")
    done = bartizan("kernel", "--target", two_guests[1].target, "--profile", str(profiles[0]))
    assert done.returncode == 1
    assert done.stdout == b""
    version = two_guests[1].exec(["cat", "/proc/version"]).stdout.strip()
    assert b"the profile is of" in done.stderr and version in done.stderr


def test_a_changed_profile_is_refused(bartizan, two_guests, tmp_path):
    profile = tmp_path / "profile"
    assert bartizan("profile", "build", vmlinuz_of(two_guests[0]), "-o", str(profile)).returncode == 0
    data = bytearray(profile.read_bytes())
    data[len(data) // 2] ^= 1
    profile.write_bytes(data)
    done = bartizan("kernel", "--target", two_guests[0].target, "--profile", str(profile))
    assert done.returncode == 1 and b"checksum" in done.stderr


def test_what_holds_no_kernel_is_an_error_that_says_so(bartizan, tmp_path):
    dump = tmp_path / "zeros"
    with open(dump, "wb") as f:
        f.truncate(64 << 20)
    done = bartizan("kernel", "--target", f"dump:{dump}")
    assert done.returncode == 1 and done.stdout == b"" and done.stderr
    for name, content in (("empty", b""), ("text", b"not a kernel\n" * 100)):
        path = tmp_path / name
        path.write_bytes(content)
        done = bartizan("profile", "build", str(path), "-o", str(tmp_path / "out"))
        assert done.returncode == 1 and b"bzImage" in done.stderr
        assert not (tmp_path / "out").exists()
