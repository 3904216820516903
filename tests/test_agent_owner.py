# SPDX-License-Identifier: GPL-2.0-or-later
"""qemu:NAME means a machine of somebody who may be meant: anybody can give his own QEMU any name. Real QEMUs, which
never run (-S) and have nothing in them."""
import os
import secrets
import subprocess
import time

import pytest

from agent_process import Agent, find_agent
from link_client import OK, Owner, Refused, Ring, Session, operation, RAM_MAP

NOBODY = 65534
WAIT_SECONDS = 30

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="root is needed to run a QEMU as somebody else")


@pytest.fixture
def start():
    processes = []

    def start_qemu(name, uid):
        processes.append(subprocess.Popen(
            ["qemu-system-x86_64", "-S", "-name", name, "-nodefaults", "-display", "none", "-accel", "tcg", "-m", "16M"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, user=uid, group=uid or None,
            extra_groups=[] if uid else None, cwd="/"))
        deadline = time.monotonic() + WAIT_SECONDS
        while not mapped(processes[-1].pid, 16 << 20):
            assert processes[-1].poll() is None and time.monotonic() < deadline, processes[-1].stderr.read()
            time.sleep(0.05)
        return processes[-1].pid

    yield start_qemu
    for process in processes:
        process.kill()
        process.communicate()


def mapped(pid, size):
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
        return any(int(line.split()[0].split("-")[1], 16) - int(line.split()[0].split("-")[0], 16) == size for line in maps)


@pytest.fixture
def name():
    return f"owner-test-{secrets.token_hex(4)}"


def first_reply(agent, owner, target):
    return Session(Ring(agent.path), owner, target).handshake().ask([operation(RAM_MAP)])[0][0]


def test_a_machine_of_another_user_is_not_served_by_its_name(start, name, tmp_path):
    pid, owner, target = start(name, NOBODY), Owner(), f"qemu:{name}"
    agent = Agent(tmp_path, owner)
    try:
        with pytest.raises(Refused) as refused:
            first_reply(agent, owner, target)
        assert f"UID {NOBODY}" in str(refused.value) and "--qemu-user" in str(refused.value)
        assert agent.status()["refused"]["target"] == 1
        # By its number it is, as ever: that can't be chosen.
        assert first_reply(agent, owner, f"qemu:{pid}") == OK
    finally:
        assert agent.end() == 0


def test_a_machine_of_a_user_who_was_allowed_is_served(start, name, tmp_path):
    start(name, NOBODY)
    owner = Owner()
    agent = Agent(tmp_path, owner, "--qemu-user", "nobody")
    try:
        assert first_reply(agent, owner, f"qemu:{name}") == OK
    finally:
        assert agent.end() == 0


def test_who_gives_his_machine_anothers_name_keeps_nobody_from_the_right_one(start, name, tmp_path):
    right, owner = start(name, 0), Owner()
    start(name, NOBODY)
    agent = Agent(tmp_path, owner)
    try:
        assert first_reply(agent, owner, f"qemu:{name}") == OK
        os.kill(right, 9)
        deadline = time.monotonic() + WAIT_SECONDS
        while True:   # until the agent has seen that it ended
            try:
                assert first_reply(agent, owner, f"qemu:{name}") != OK and time.monotonic() < deadline
            except Refused as refused:
                assert f"UID {NOBODY}" in str(refused)
                break
            time.sleep(0.2)
    finally:
        assert agent.end() == 0


def test_a_user_that_does_not_exist_is_named(tmp_path):
    done = subprocess.run([find_agent(), "serve", "--qemu-user", "no-such-user"], capture_output=True, check=False, cwd=tmp_path,
                          timeout=WAIT_SECONDS)
    assert done.returncode == 2 and b"no-such-user" in done.stderr
