# SPDX-License-Identifier: GPL-2.0-or-later
"""kmod/: the machine's memory by page number, and the machine watched by it. BARTIZAN_TEST_FULL=1: on all of the lab's kernels."""
import os
import re
import shutil
import subprocess

import pytest

import smm
from conftest import ROOT, Guest

SECONDS = 600
CACHE = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bartizan/kernels")
KERNELS = ["5.10", "6.1", "6.12", "newest"] if os.environ.get("BARTIZAN_TEST_FULL") == "1" else ["6.12"]


@pytest.fixture(scope="module", params=KERNELS)
def machine(bartizan, request):
    machine = Guest(bartizan, "--bartizan", "--memory", "1G", "--kernel", request.param)
    smm.insert_module(machine, "kmod", machine.describe()["kernel"])
    yield machine
    machine.down()


def page(machine, number, size=4096, count=1):
    """pread() of the device, whose offset is a page's number: dd seeks there, byte by byte."""
    return machine.exec(["dd", "if=/dev/bartizan0", f"bs={size}", f"count={count}", "iflag=skip_bytes", f"skip={number}"], check=False)


def run(machine, *arguments):
    return machine.exec(["bartizan", "run", "--quiet", "--target", "dev:/dev/bartizan0", *arguments], check=False, timeout=SECONDS)


def test_programs_show_the_machine_by_its_module(machine):
    honest = machine.exec(["cat", "/proc/version", "/proc/1/comm"]).stdout
    done = run(machine, "cat", "/proc/version", "/proc/1/comm")
    assert (done.returncode, done.stdout) == (0, honest), done.stderr
    done = run(machine, "ps", "-eo", "pid,comm")
    assert done.returncode == 0 and b"    1 init\n" in done.stdout, done


def test_a_page_is_read_by_its_number(machine):
    ranges = [line.split(" : ") for line in machine.exec(["cat", "/proc/iomem"]).stdout.decode().splitlines()]
    first, last = next(tuple(int(part, 16) for part in where.split("-")) for where, what in ranges
                       if what == "System RAM" and int(where.split("-")[0], 16) >= 2**20)
    memory = f"/proc/{machine.qemu_pid}/fd"
    memory = next(f"{memory}/{fd}" for fd in os.listdir(memory) if "memory-backend" in os.readlink(f"{memory}/{fd}"))
    code = next(int(where.split("-")[0], 16) for where, what in ranges if what.strip() == "Kernel code")
    with open(memory, "rb") as file:   # what doesn't change: the kernel's own code
        file.seek(code + 8192)
        expected = file.read(8192)
    assert page(machine, code // 4096 + 2, 8192).stdout == expected
    assert first < code < last


def test_reading_goes_on_at_the_next_page(machine):
    first = read_run(machine)
    assert page(machine, first, 4096, 3).stdout == page(machine, first, 3 * 4096).stdout != b""


def read_run(machine):
    """A page's number of the kernel's code, which doesn't change."""
    text = machine.exec(["cat", "/proc/iomem"]).stdout.decode()
    return int(re.search(r"([0-9a-f]+)-[0-9a-f]+ : Kernel code", text).group(1), 16) // 4096 + 2


def test_what_lies_before_a_hole_is_read(machine):
    text = machine.exec(["cat", "/proc/iomem"]).stdout.decode()
    ends = [int(last, 16) // 4096 for last in re.findall(r"^[0-9a-f]+-([0-9a-f]+) : System RAM", text, re.M)]
    assert ends
    for last in ends[:2]:
        assert len(page(machine, last - 1, 4 * 4096).stdout) in (4096, 8192), (last, ends)


AGENT = """set -e
bartizan keygen --owner -o /tmp/owner.pem
bartizan-agent serve --socket /tmp/agent --owner /tmp/owner.pub --target dev:/dev/bartizan0 >/tmp/agent.log 2>&1 &
agent=$!
until [ -S /tmp/agent ] && grep -q ready /tmp/agent.log; do kill -0 $agent || { cat /tmp/agent.log; exit 1; }; done
cat /proc/$agent/status
for file in /proc/$agent/fd/*; do readlink $file; done
kill $agent
"""


def test_the_agent_has_the_device_open_and_no_right_to_open_it(machine):
    said = machine.exec(["sh", "-c", AGENT]).stdout.decode()
    assert "/dev/bartizan0\n" in said
    capabilities = {name: int(value, 16) for name, value in re.findall(r"^(Cap\w+):\s+(\w+)$", said, re.M)}
    assert capabilities["CapPrm"] == capabilities["CapEff"] == capabilities["CapBnd"] == 1 << 19 | 1 << 2, said   # PTRACE, DAC_READ_SEARCH


def test_an_agent_without_the_device_says_so(machine):
    done = machine.exec(["sh", "-c", "bartizan keygen --owner -o /tmp/other.pem; exec bartizan-agent serve --socket /tmp/none"
                         " --owner /tmp/other.pub --target dev:/dev/bartizan1"], check=False)
    assert done.returncode != 0 and b"/dev/bartizan1" in done.stderr and b"kmod" in done.stderr, done


@pytest.mark.parametrize("number, size", [(2**40, 4096), (0xFED00, 4096), (1, 100), (1, 2**21), (2**30, 4096)])
def test_what_is_no_memory_is_not_read(machine, number, size):
    done = page(machine, number, size)
    assert done.returncode != 0 and done.stdout == b""


def test_only_root_may_read(machine):
    machine.exec(["chmod", "444", "/dev/bartizan0"])   # even then
    done = machine.exec(["su", "tester", "-c", "dd if=/dev/bartizan0 bs=4096 count=1"], check=False)
    machine.exec(["chmod", "400", "/dev/bartizan0"])
    assert done.returncode != 0 and done.stdout == b"" and b"not permitted" in done.stderr


@pytest.mark.parametrize("name, word", [("dev:/dev/bartizan1", b"kmod"), ("dev:/dev/null", b"no device of the module"),
                                        ("dev:/etc/passwd", b"no device of the module")])
def test_what_is_no_such_device_is_named(machine, name, word):
    done = machine.exec(["bartizan", "run", "--quiet", "--backend", "plain", "--target", name, "cat", "/proc/version"], check=False,
                        timeout=SECONDS)
    assert done.returncode not in (0,) and done.stdout == b"" and word in done.stderr, done


@pytest.fixture(scope="module")
def dkms(tmp_path_factory):
    """Run DKMS's command, not installed, on trees of its own."""
    root, state = tmp_path_factory.mktemp("package"), tmp_path_factory.mktemp("dkms")
    subprocess.run([f"{ROOT}/tools/binary-packages", "bookworm", root, "dkms"], check=True, stdin=subprocess.DEVNULL, timeout=SECONDS)
    for name in ("tree", "source", "modules"):
        (state / name).mkdir()

    def run_dkms(*arguments):
        done = subprocess.run(["bash", root / "usr/sbin/dkms", "--dkmstree", state / "tree", "--sourcetree", state / "source", "--installtree",
                               state / "modules", *arguments], check=False, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=SECONDS)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout
    run_dkms.state = state
    return run_dkms


def test_the_module_that_dkms_builds_is_loaded_and_reads(machine, dkms):
    headers = subprocess.run(["sh", f"{ROOT}/lab/fetch-kernel", "--cache", CACHE, "build", machine.describe()["kernel"]], check=True, timeout=SECONDS,
                             capture_output=True, text=True, stdin=subprocess.DEVNULL).stdout.strip()
    with open(f"{headers}/.kernelvariables", encoding="utf-8") as file:
        compiler = re.search(r"^CC *=.*?(gcc-\d+)$", file.read(), re.M)[1]
    if shutil.which(compiler) is None:
        pytest.skip(f"{compiler}, which Debian built the kernel with, is missing (apt-get install {compiler})")
    shutil.copytree(f"{ROOT}/kmod", dkms.state / "source/bartizan-0.1.0")
    kernel = machine.exec(["uname", "-r"]).stdout.decode().strip()
    dkms("add", "bartizan/0.1.0")
    dkms("build", "bartizan/0.1.0", "-k", kernel, "--kernelsourcedir", headers)
    assert dkms("status") == f"bartizan/0.1.0, {kernel}, x86_64: built\n"
    built, = (dkms.state / "tree/bartizan/0.1.0" / kernel).glob("*/module/bartizan.ko*")
    packed = {".xz": ["xz", "-dc"], ".zst": ["zstd", "-dc"]}.get(built.suffix, ["cat"])
    module = subprocess.run([*packed, built], check=True, capture_output=True, timeout=60).stdout
    first = page(machine, read_run(machine)).stdout
    machine.exec(["rmmod", "bartizan"])
    assert page(machine, read_run(machine)).returncode != 0, "the module is still there"
    machine.exec(["sh", "-c", "cat >/tmp/dkms.ko && insmod /tmp/dkms.ko"], input=module)
    assert page(machine, read_run(machine)).stdout == first != b""


def test_what_is_installed_is_where_dkms_takes_it(tmp_path):
    with open(f"{ROOT}/meson.build", encoding="utf-8") as file:
        version = re.search(r"version: '([^']+)'", file.read()).group(1)
    subprocess.run(["tools/install"], cwd=ROOT, check=True, capture_output=True, env={**os.environ, "DESTDIR": str(tmp_path), "PREFIX": "/usr"})
    git_files = subprocess.run(["git", "ls-files", "kmod"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.split()
    (place,) = (tmp_path / "usr/src").iterdir()
    assert place.name == f"bartizan-{version}" and sorted(os.listdir(place)) == sorted(name.removeprefix("kmod/") for name in git_files)
    assert f'PACKAGE_VERSION="{version}"' in (place / "dkms.conf").read_text()


# The last one: a kernel that was locked down stays so.
LOCK_DOWN = """mount -t securityfs none /sys/kernel/security 2>/dev/null
exec 3</dev/bartizan0
dd bs=4096 count=1 <&3 2>/dev/null | wc -c
echo integrity >/sys/kernel/security/lockdown || exit 9
dd bs=4096 count=1 <&3
echo $?
dd if=/dev/bartizan0 bs=4096 count=1
echo $?
"""


def test_a_kernel_that_was_locked_down_is_read_no_more(machine):
    first = read_run(machine)
    done = machine.exec(["sh", "-c", LOCK_DOWN.replace("<&3 2>", f"iflag=skip_bytes skip={first} <&3 2>", 1)], check=False)
    assert done.stdout == b"4096\n1\n1\n" and done.stderr.count(b"not permitted") == 2, done
    done = machine.exec(["bartizan", "run", "--quiet", "--backend", "plain", "--target", "dev:/dev/bartizan0", "cat", "/proc/version"],
                        check=False, timeout=SECONDS)
    assert done.returncode != 0 and done.stdout == b"" and b"locked down" in done.stderr, done
