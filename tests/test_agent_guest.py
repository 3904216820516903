# SPDX-License-Identifier: GPL-2.0-or-later
"""The serving agent and a live guest: what it hands out is the guest's memory, a reboot is another epoch,
and a guest that ends is gone to its sessions while the agent stays."""
import os
import signal
import struct
import subprocess
import time

from agent_process import Agent
from link_client import DENIED, GONE, KERNEL, KERNEL_VIRTUAL, OK, Owner, RAM_MAP, REGISTERS, Ring, Session, UNMAPPED, USER, USER_VIRTUAL, operation, read
from test_agent import guest_iomem, guest_symbols

PAGE = 4096
WAIT_SECONDS = 60


def ram_of(pid):
    """Where the guest's RAM lies in QEMU, found without the agent: the one mapping of its -m size."""
    with open(f"/proc/{pid}/cmdline", "rb") as f:
        words = f.read().split(b"\0")
    size = int(words[words.index(b"-m") + 1].rstrip(b"M")) << 20
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        ranges = [[int(end, 16) for end in line.split()[0].split("-")] for line in maps if " rw-" in line]
    starts = [start for start, end in ranges if end - start == size]
    assert len(starts) == 1, ranges
    return starts[0]


def page_of(pid, first, address):
    with open(f"/proc/{pid}/mem", "rb", buffering=0) as memory:
        memory.seek(first + address)
        return memory.read(PAGE)


def assert_the_kernels_addresses_lead_to_its_memory(guest, session, first):
    """By its symbols, and where it says that its code lies."""
    text, physical = guest_symbols(guest, "_text")["_text"], guest_iomem(guest, "Kernel code")[0][0]
    pages = [0, 3 * PAGE, 100 * PAGE]
    results = session.ask([read(text + page, space=KERNEL_VIRTUAL) for page in pages] + [read(2**64 - PAGE, space=KERNEL_VIRTUAL)])
    expected = [page_of(guest.qemu_pid, first, physical + page) for page in pages]
    assert len(set(expected)) == len(pages)
    assert results == [(OK, page) for page in expected] + [(UNMAPPED, bytes(PAGE))]


def busy_process(guest):
    """(the program's first page of code, where the guest's kernel says that it lies) of one that always runs."""
    pid = guest.exec(["sh", "-c", "sh -c 'while :; do :; done' >/dev/null 2>&1 </dev/null & echo $!"]).stdout.decode().strip()
    maps = guest.exec(["cat", f"/proc/{pid}/maps"]).stdout.decode().splitlines()
    virtual = next(int(line.split("-")[0], 16) for line in maps if " r-xp " in line)
    entry, = struct.unpack("<Q", guest.exec(["dd", f"if=/proc/{pid}/pagemap", "bs=8", "count=1", f"skip={virtual // PAGE}"]).stdout)
    assert entry >> 63, "the page is there"
    return virtual, (entry & (2**55 - 1)) * PAGE


def root_of_the_running(session):
    """The tables of the process that a CPU is in."""
    deadline = time.monotonic() + WAIT_SECONDS
    while True:
        (outcome, registers), = session.ask([operation(REGISTERS, 0)])
        _, cr3, _, _, _, _, level, _ = struct.unpack("<8Q", registers)
        if outcome == OK and level == 3:
            return cr3 & (2**52 - PAGE)
        assert time.monotonic() < deadline
        time.sleep(0.05)


def assert_a_processs_addresses_lead_to_its_memory_for_whom_may_have_it(guest, may, may_not, first):
    virtual, physical = busy_process(guest)
    root, page = root_of_the_running(may), page_of(guest.qemu_pid, first, physical)
    assert any(page)
    asked = [read(virtual, space=USER_VIRTUAL, root=root), read(virtual + 16, 100, space=USER_VIRTUAL, root=root)]
    assert may.ask(asked) == [(OK, page), (OK, page[16:116])]
    assert may_not.ask(asked) == [(DENIED, bytes(PAGE)), (DENIED, bytes(100))]
    guest.exec(["sh", "-c", "kill $(pidof sh) 2>/dev/null"], check=False)


def wait_until(session, holds):
    deadline = time.monotonic() + WAIT_SECONDS
    while not holds(session.ask([read(0x1000)])):
        assert time.monotonic() < deadline
        time.sleep(0.1)


def test_a_guest_is_read_rebooted_and_ended_under_one_agent(boot, tmp_path):
    guest = boot("--may-reboot")
    owner, target = Owner(), f"qemu:{guest.qemu_pid}"
    agent = Agent(tmp_path, owner)
    try:
        session = Session(Ring(agent.path), owner, target).handshake()
        (outcome, _), (registers, _) = session.ask([operation(RAM_MAP), operation(REGISTERS, 0)])
        assert outcome == OK and registers == OK
        first_epoch, first = session.epoch, ram_of(guest.qemu_pid)
        with guest.paused():
            pages = [0x1000, 0x100000, 0x1000000, 0x2345000]
            results = session.ask([read(page) for page in pages])
            assert results == [(OK, page_of(guest.qemu_pid, first, page)) for page in pages]
        assert_the_kernels_addresses_lead_to_its_memory(guest, session, first)
        may = Session(Ring(agent.path), owner, target, rights=KERNEL | USER).handshake()
        assert_a_processs_addresses_lead_to_its_memory_for_whom_may_have_it(guest, may, session, first)
        subprocess.run([guest.bartizan.path, "lab", "exec", guest.name, "--", "reboot", "-f"], check=False,
                       env=guest.bartizan.environment, capture_output=True, timeout=WAIT_SECONDS)
        wait_until(session, lambda _: session.epoch != first_epoch)
        assert "started anew" in agent.log()
        os.kill(guest.qemu_pid, signal.SIGKILL)
        wait_until(session, lambda results: results[0][0] == GONE)
        assert session.ask([read(0), read(PAGE)]) == [(GONE, bytes(PAGE))] * 2
        assert agent.status()["targets"][0]["gone"]
    finally:
        assert agent.end() == 0
