# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs inside with a profile: its own kernel is shown, another is refused, damage is said."""
import hashlib
import os
import subprocess

import pytest

from conftest import Guest

FILES = ["version", "net/unix", "net/protocols"]


def vmlinuz_of(guest):
    """The image that the guest was booted from, from its QEMU's own arguments."""
    with open(f"/proc/{guest.qemu_pid}/cmdline", "rb") as f:
        arguments = f.read().split(b"\0")
    return os.fsdecode(arguments[arguments.index(b"-kernel") + 1])


@pytest.fixture(scope="module")
def profile(bartizan, guest, tmp_path_factory):
    path = tmp_path_factory.mktemp("profile") / "profile"
    done = bartizan("profile", "build", vmlinuz_of(guest), "-o", str(path))
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture(scope="module")
def other_guest(bartizan):
    machine = Guest(bartizan, "--kernel", "6.1")
    yield machine
    machine.down()


def cat(bartizan, guest, profile, *files):
    return bartizan("cat", "--target", guest.target, "--profile", str(profile), *files)


def test_the_right_profile_changes_nothing_of_what_is_shown(bartizan, guest, profile):
    with guest.paused():
        without = bartizan("cat", "--target", guest.target, *FILES)
        with_it = cat(bartizan, guest, profile, *FILES)
        netstat = bartizan("run", "--target", guest.target, "--profile", str(profile), "netstat", "-tuxan")
        netstat_without = bartizan("run", "--target", guest.target, "netstat", "-tuxan")
    assert without.returncode == 0, without.stderr
    assert without.stdout.startswith(guest.exec(["cat", "/proc/version"]).stdout)
    assert (with_it.returncode, with_it.stdout, with_it.stderr) == (0, without.stdout, b"")
    assert (netstat.returncode, netstat.stdout) == (netstat_without.returncode, netstat_without.stdout)


def test_a_run_says_which_profile_it_takes(bartizan, guest, profile):
    done = subprocess.run([bartizan.path, "cat", "--target", guest.target, "--profile", str(profile), "version"],
                          capture_output=True, check=True, env=bartizan.environment, stdin=subprocess.DEVNULL, timeout=60)
    assert hashlib.sha256(profile.read_bytes()).hexdigest().encode() in done.stderr


def test_another_kernel_is_refused_by_the_names_of_both(bartizan, guest, other_guest, profile):
    done = cat(bartizan, other_guest, profile, *FILES)
    assert done.returncode == 1
    assert done.stdout == b""
    pinned, found = (machine.exec(["cat", "/proc/version"]).stdout.strip() for machine in (guest, other_guest))
    assert pinned != found
    assert b'the profile is of "' + pinned + b'", the target runs "' + found + b'"' in done.stderr
    assert done.stderr.count(b"the profile is of") == 1


def damage(data, how):
    if how == "empty":
        return b""
    if how == "cut":
        return data[:len(data) // 3]
    if how == "changed":
        return data[:len(data) // 2] + bytes([data[len(data) // 2] ^ 1]) + data[len(data) // 2 + 1:]
    return b"not a profile" * 100


@pytest.mark.parametrize("how, said", [
    ("empty", b"not a profile"),
    ("cut", b"the profile should have"),
    ("changed", b"checksum differs"),
    ("other format", b"bartizan profile build"),
])
def test_a_damaged_profile_is_an_error_and_shows_nothing(bartizan, guest, profile, tmp_path, how, said):
    path = tmp_path / "damaged"
    path.write_bytes(damage(profile.read_bytes(), how))
    done = cat(bartizan, guest, path, *FILES)
    assert done.returncode == 1
    assert done.stdout == b""
    assert done.stderr.count(said) == 1, done.stderr


def test_a_profile_that_is_not_there_is_named(bartizan, guest, tmp_path):
    done = cat(bartizan, guest, tmp_path / "missing", *FILES)
    assert (done.returncode, done.stdout) == (125, b"")
    assert os.fsencode(tmp_path / "missing") in done.stderr
