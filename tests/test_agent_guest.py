# SPDX-License-Identifier: GPL-2.0-or-later
"""The serving agent and a live guest: what it hands out is the guest's memory, a reboot is another epoch,
and a guest that ends is gone to its sessions while the agent stays."""
import os
import signal
import subprocess
import time

from link_client import GONE, OK, Owner, Ring, Session, operation, read, RAM_MAP, REGISTERS
from test_agent_serve import Agent

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
