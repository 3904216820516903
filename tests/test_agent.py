# SPDX-License-Identifier: GPL-2.0-or-later
"""Attaching to QEMU: what is found is what the guest itself says, with and without QMP, mapped or read; and what
can't be watched is refused with words that help."""
import json
import os
import select
import signal
import socket
import subprocess
import time

import pytest

PATIENCE_SECONDS = 60   # a bound on what must happen, not a measurement
NOBODY = 65534

# Every way of reading, every layout, with and without a monitor, both depths of page tables.
GUESTS = {
    "shared q35, monitor": ["--kernel", "6.1"],
    "private pc 4G, no monitor": ["--kernel", "5.10", "--machine", "pc", "--memory", "4G", "--private-memory",
                                  "--no-qmp"],
    "private q35 4G, monitor, five levels": ["--kernel", "6.12", "--memory", "4G", "--private-memory", "--la57", "on"],
    "shared pc 4G, no monitor, page-table isolation": ["--kernel", "7.2", "--machine", "pc", "--memory", "4G",
                                                       "--no-qmp", "--pti", "on", "--cpus", "2"],
}


@pytest.fixture(scope="module")
def agent_path(bartizan):
    path = os.path.join(os.path.dirname(bartizan.path), "bartizan-agent")
    assert os.access(path, os.X_OK), f"there is no {path}: run `make build` first"
    return path


@pytest.fixture(scope="module")
def agent(agent_path):
    def run(*arguments, **more):
        return subprocess.run([agent_path, *arguments], capture_output=True, check=False, text=True,
                              timeout=PATIENCE_SECONDS, **more)
    return run


@pytest.fixture(scope="module", params=GUESTS, ids=lambda name: name.replace(", ", "-").replace(" ", "-"))
def watched(request, bartizan):
    from conftest import Guest
    guest = Guest(bartizan, *GUESTS[request.param])
    guest.arguments = GUESTS[request.param]
    yield guest
    guest.down()


def attach(agent, target):
    done = agent("--json", "--target", target)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def guest_symbols(guest, *names):
    text = guest.exec(["sh", "-c", "echo 0 > /proc/sys/kernel/kptr_restrict; cat /proc/kallsyms"]).stdout.decode()
    found = {}
    for line in text.splitlines():
        address, _, name = line.split()[:3]
        if name in names:
            found[name] = int(address, 16)
    assert set(found) == set(names)
    return found


def guest_iomem(guest, name):
    """[(start, end)] of the ranges of that name, as the guest's kernel sees them."""
    ranges = []
    for line in guest.exec(["cat", "/proc/iomem"]).stdout.decode().splitlines():
        span, _, what = line.strip().partition(" : ")
        if what == name:
            start, end = span.split("-")
            ranges.append((int(start, 16), int(end, 16)))
    return ranges


def guest_root(guest):
    """Where the guest's own kernel says its page tables are, physically."""
    symbols = guest_symbols(guest, "_text", "init_top_pgt")
    return guest_iomem(guest, "Kernel code")[0][0] + symbols["init_top_pgt"] - symbols["_text"]


def test_the_page_tables_are_where_the_guest_says(agent, watched):
    found = attach(agent, f"qemu:{watched.qemu_pid}")
    assert found["root"]["address"] == guest_root(watched)
    assert found["root"]["levels"] == (5 if "--la57" in watched.arguments else 4)
    assert found["root"]["release"] == watched.exec(["uname", "-r"]).stdout.decode().strip()
    assert found["root"]["pointed_to"]


def test_the_memory_map_holds_the_guests_ram_and_not_the_hole(agent, watched):
    found = [(r["start"], r["start"] + r["size"] - 1) for r in attach(agent, f"qemu:{watched.qemu_pid}")["ram"]]
    ram = guest_iomem(watched, "System RAM")
    for start, end in ram:
        assert any(first <= start and end <= last for first, last in found), (hex(start), hex(end), found)
    # Firmware keeps some of RAM's end below the hole, never as much as this.
    assert max(last for first, last in found if first < 1 << 32) - max(e for s, e in ram if s < 1 << 32) < 16 << 20
    assert max(last for first, last in found) - max(end for start, end in ram) < 16 << 20


def test_the_description_is_true(agent, watched):
    found = attach(agent, f"qemu:{watched.qemu_pid}")
    monitor = "--no-qmp" not in watched.arguments
    assert found["pid"] == watched.qemu_pid
    assert found["access"] == ("process_vm_readv" if "--private-memory" in watched.arguments else "mapped")
    assert (found["registers"], found["layout"]) in ([("qmp", "qmp")] if monitor else [("none", "command line")])
    assert found["root"]["in_use"] == monitor


def test_it_is_found_by_name_or_all_of_that_name_are_listed(agent, watched):
    done = agent("--json", "--target", f"qemu:{watched.name}")
    if done.returncode == 0:
        assert json.loads(done.stdout)["pid"] == watched.qemu_pid
    else:   # another test run on this machine has a guest of the same name
        assert "choose by PID" in done.stderr and str(watched.qemu_pid) in done.stderr


def test_a_stopped_qemu_is_read_all_the_same(agent, watched):
    before = attach(agent, f"qemu:{watched.qemu_pid}")
    with watched.paused():
        stopped = attach(agent, f"qemu:{watched.qemu_pid}")
    assert stopped["root"]["address"] == before["root"]["address"]
    assert stopped["memory"] >= before["memory"] > 0


def resident(pid):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        return sum(int(line.split()[1]) for line in f if line.startswith("VmRSS")) << 10


def test_untouched_memory_stays_untouched(agent, watched):
    before = resident(watched.qemu_pid)
    attach(agent, f"qemu:{watched.qemu_pid}")
    # The guest itself goes on running; a search that read everything would allocate gigabytes.
    assert resident(watched.qemu_pid) - before < 64 << 20


def test_targets_lists_it_with_the_labs_name(bartizan, watched):
    listed = json.loads(bartizan("targets", "--json").stdout)
    mine = next(entry for entry in listed if entry["pid"] == watched.qemu_pid)
    assert mine["permitted"] and mine["lab"] == watched.target
    assert f"qemu:{watched.qemu_pid}" in bartizan("targets").stdout.decode()


# What can't be watched.

def test_a_process_that_is_no_qemu_is_named(agent):
    done = agent("--target", f"qemu:{os.getpid()}")
    assert done.returncode == 1 and "not a qemu-system-x86_64" in done.stderr and "python" in done.stderr


def test_a_pid_without_process_is_said_to_be_that(agent):
    done = agent("--target", "qemu:2147483647")
    assert done.returncode == 1 and "no process 2147483647" in done.stderr


def test_an_unknown_name_is_said_to_be_that(agent):
    done = agent("--target", "qemu:no-such-guest")
    assert done.returncode == 1 and "no-such-guest" in done.stderr and "bartizan targets" in done.stderr


@pytest.mark.parametrize("arguments", [[], ["--target", "web1"], ["--target", "qemu:"], ["--target", "x", "--frob"]])
def test_wrong_use_exits_with_2(agent, arguments):
    assert agent(*arguments).returncode == 2


def test_an_emulated_arm_machine_is_refused_by_name(agent, tmp_path):
    fake = tmp_path / "qemu-system-aarch64"
    fake.write_bytes(open("/bin/sleep", "rb").read())
    fake.chmod(0o755)
    with subprocess.Popen([fake, "60"]) as process:
        try:
            done = agent("--target", f"qemu:{process.pid}")
        finally:
            process.kill()
    assert done.returncode == 1 and "qemu-system-aarch64" in done.stderr


def test_without_permission_it_says_what_helps(agent, agent_path, watched):
    if os.geteuid() != 0:
        pytest.skip("changing the user needs root")
    try:
        usable = agent("--version", user=NOBODY, cwd="/").returncode == 0
    except PermissionError:
        usable = False
    if not usable:
        pytest.skip(f"the user \"nobody\" can't run {agent_path}")
    done = agent("--target", f"qemu:{watched.qemu_pid}", user=NOBODY, group=NOBODY, cwd="/")
    assert done.returncode == 1 and "CAP_SYS_PTRACE" in done.stderr


# Ends and new beginnings.

class Watch:
    """bartizan-agent --watch, its events as they come."""

    def __init__(self, agent_path, pid):
        self.process = subprocess.Popen([agent_path, "--json", "--watch", "--target", f"qemu:{pid}"],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)

    def event(self, name):
        end = time.monotonic() + PATIENCE_SECONDS
        while select.select([self.process.stdout], [], [], max(0, end - time.monotonic()))[0]:
            line = self.process.stdout.readline()   # one event is one line, written at once
            assert line, f"no event {name!r}: {self.process.stderr.read().decode()}"
            event = json.loads(line)
            if event["event"] == name:
                return event
        raise AssertionError(f"no event {name!r} in {PATIENCE_SECONDS} s")

    def __enter__(self):
        return self

    def __exit__(self, *exception):
        self.process.kill()
        self.process.communicate()


def test_a_killed_qemu_is_gone_and_nothing_crashes(agent_path, boot):
    for private in ([], ["--private-memory"]):
        guest = boot("--kernel", "6.1", *private)
        with Watch(agent_path, guest.qemu_pid) as watch:
            watch.event("attached")
            os.kill(guest.qemu_pid, signal.SIGKILL)
            watch.event("gone")
            assert watch.process.wait(PATIENCE_SECONDS) == 0


class Monitor:
    """A QMP client of our own."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(PATIENCE_SECONDS)
        self.socket.connect(path)
        self.file = self.socket.makefile("rwb")
        self.file.readline()
        self.execute("qmp_capabilities")

    def execute(self, command, **arguments):
        message = {"execute": command, **({"arguments": arguments} if arguments else {})}
        self.file.write(json.dumps(message).encode() + b"\n")
        self.file.flush()
        while True:
            answer = json.loads(self.file.readline())
            if "event" not in answer:
                assert "return" in answer, answer
                return answer["return"]

    def close(self):
        self.file.close()
        self.socket.close()


def qmp_path(pid):
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        words = f.read().decode().split("\0")
    return words[words.index("-qmp") + 1].removeprefix("unix:").partition(",")[0]


def test_a_monitor_that_somebody_else_has_is_left_alone(agent, boot):
    guest = boot("--kernel", "6.12")
    monitor = Monitor(qmp_path(guest.qemu_pid))
    found = attach(agent, f"qemu:{guest.qemu_pid}")
    assert (found["layout"], found["registers"]) == ("command line", "none")
    assert found["root"]["address"] == guest_root(guest)
    assert monitor.execute("query-status")["running"]
    monitor.close()


def test_a_dump_shows_the_same_kernel(agent, boot, tmp_path):
    guest = boot("--kernel", "6.1")
    root = guest_root(guest)
    dump = tmp_path / "core,with comma.elf"
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{dump}")
    monitor.close()
    found = attach(agent, f"dump:{dump}")
    assert found["root"]["address"] == root and found["layout"] == "elf" and found["registers"] == "dump"
    assert found["root"]["in_use"]
    size = dump.stat().st_size
    os.truncate(dump, size // 2)
    done = agent("--target", f"dump:{dump}")
    assert done.returncode == 1 and "truncated" in done.stderr and str(size // 2) in done.stderr


@pytest.mark.parametrize("machine", ["q35", "pc"])
def test_raw_memory_of_4_gib_shows_the_kernel_without_being_told_the_layout(agent, boot, machine):
    guest = boot("--kernel", "6.12", "--memory", "4G", "--machine", machine)
    root = guest_root(guest)
    with guest.paused():   # the RAM's own file is the raw dump
        descriptors = f"/proc/{guest.qemu_pid}/fd"
        ram = next(os.path.join(descriptors, name) for name in os.listdir(descriptors)
                   if os.readlink(os.path.join(descriptors, name)).startswith("/memfd:")
                   and os.stat(os.path.join(descriptors, name)).st_size == 4 << 30)
        found = attach(agent, f"dump:{ram}")
    low = {"q35": 2 << 30, "pc": 3 << 30}[machine]
    assert [r["size"] for r in found["ram"]] == [low, (4 << 30) - low]
    assert found["root"]["address"] == root


def reset(monitor_path, is_qmp):
    if is_qmp:
        monitor = Monitor(monitor_path)
        monitor.execute("system_reset")
        monitor.close()
        return
    with socket.socket(socket.AF_UNIX) as monitor:   # the monitor for people, which we don't use
        monitor.connect(monitor_path)
        monitor.settimeout(PATIENCE_SECONDS)
        monitor.sendall(b"system_reset\n")
        received = b""
        while received.count(b"(qemu)") < 2:   # before and after the command
            received += monitor.recv(4096)


@pytest.mark.parametrize("is_qmp", [True, False], ids=["with registers", "from memory alone"])
def test_a_reboot_is_noticed_and_the_new_kernel_found(agent_path, boot, tmp_path, is_qmp):
    """A VM of our own from the lab's files: its guests may end when they reboot."""
    guest = boot("--kernel", "6.1")
    with open(f"/proc/{guest.qemu_pid}/cmdline", "rb") as f:
        words = f.read().decode().rstrip("\0").split("\0")
    kernel, initrd = words[words.index("-kernel") + 1], words[words.index("-initrd") + 1]
    path = str(tmp_path / "monitor")
    command = ["qemu-system-x86_64", "-machine", "q35", "-accel", "tcg", "-cpu", "max", "-m", "512M", "-nodefaults",
               "-display", "none", "-qmp" if is_qmp else "-monitor", f"unix:{path},server=on,wait=off",
               "-kernel", kernel, "-initrd", initrd, "-append", "panic=0"]
    # If the test is killed, the kernel of this machine ends it.
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL) as qemu:
        try:
            watch, first = watch_with(agent_path, wait_for_attach(agent_path, qemu.pid), "qmp" if is_qmp else "none")
            with watch:
                reset(path, is_qmp)
                watch.event("reboot")
                second = watch.event("kernel")
                assert second["root"]["release"] == first["root"]["release"]
                assert second["root"]["address"] != first["root"]["address"]   # KASLR
        finally:
            qemu.kill()


def watch_with(agent_path, pid, registers):
    """A QEMU on a busy machine may take longer to answer at its monitor than the agent waits: asked once more then."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        watch = Watch(agent_path, pid)
        first = watch.event("attached")
        if first["registers"] == registers:
            return watch, first
        watch.__exit__()
    raise AssertionError(f"registers: {first['registers']}, not {registers}")


def wait_for_attach(agent_path, pid):
    """Until the guest has booted far enough for its kernel to be found."""
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        done = subprocess.run([agent_path, "--json", "--target", f"qemu:{pid}"], capture_output=True, check=False)
        if done.returncode == 0 and json.loads(done.stdout)["root"]["found_by"] == "vmcoreinfo":
            return pid
        time.sleep(0.2)
    raise AssertionError("the guest's kernel wasn't found")
