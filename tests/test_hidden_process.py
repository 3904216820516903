# SPDX-License-Identifier: GPL-2.0-or-later
"""A process that is hidden as a rootkit does it (taken out of the list of tasks, while its number stays in use) is found by
the programs that are made for it, from outside, and only it, in a whole machine. (As they find it inside: tests/test_ports.py, in a
PID namespace.)"""
import contextlib
import os
import re
import struct

import pytest

from test_proc_net_hostile import GUEST_ARGUMENTS
from test_proc_task_hostile import Machine

__all__ = ["GUEST_ARGUMENTS"]
SECONDS = 900
LONG = pytest.mark.skipif(os.environ.get("BARTIZAN_TEST_FULL") != "1", reason="it runs ps for every process, 300 to 700 times, each an enclave "
                          "of its own: BARTIZAN_TEST_FULL=1 does it; tests/test_ports.py does in a namespace")


@pytest.fixture(scope="module")
def machine(guest, tmp_path_factory):
    return Machine(guest, tmp_path_factory.mktemp("btf"))


@pytest.fixture(scope="module")
def victim(guest):
    return int(guest.exec(["sh", "-c", "sleep 100000 >/dev/null 2>&1 </dev/null & echo $!"]).stdout)


@contextlib.contextmanager
def hidden(machine, pid):
    """init_task.tasks without it, as list_del() leaves it but for the poison, so that it can be undone."""
    node = machine.member(machine.task(pid), "task_struct", "tasks")
    following, before = (machine.word(node + offset) for offset in (0, 8))

    def join(first, second):
        machine.memory.write(machine.place(first), struct.pack("<Q", second))
        machine.memory.write(machine.place(second + 8), struct.pack("<Q", first))

    join(before, following)
    try:
        yield
    finally:
        machine.memory.write(machine.place(before), struct.pack("<Q", node))
        machine.memory.write(machine.place(following + 8), struct.pack("<Q", node))


def run(bartizan, guest, *command):
    done = bartizan("run", "--backend", "plain", "--target", f"qemu:{guest.qemu_pid}", *command, timeout=SECONDS)
    return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")


def found_by_unhide(text):
    return [int(pid) for pid in re.findall(r"^Found HIDDEN PID: (\d+)", text, re.M)]


@pytest.mark.parametrize("way", ["quick", pytest.param("proc", marks=LONG), pytest.param("sys", marks=LONG)])
def test_unhide_finds_the_hidden_process(bartizan, guest, machine, victim, way):
    with guest.paused(), hidden(machine, victim):
        assert f"\n{victim} " not in run(bartizan, guest, "ps", "-e", "-o", "pid=,comm=")[1].replace("\n ", "\n")
        code, out, err = run(bartizan, guest, "unhide", way)
    assert (code, set(found_by_unhide(out))) == (1, {victim}), out + err


@pytest.mark.parametrize("option", ["brute", "checkbrute"])
def test_what_makes_processes_to_find_hidden_ones_is_refused(bartizan, guest, option):
    """unhide brute makes processes until each number was had; without any it would call all of them hidden."""
    code, out, err = run(bartizan, guest, "unhide", option)
    assert code == 2, out + err         # 1: it has found something
    assert "unhide: brute is refused: it makes processes" in err
    assert found_by_unhide(out) == [], out


def test_chkproc_finds_the_hidden_process(bartizan, guest, machine, victim):
    """With one word of ps's. (Its own choice is `ps auxw -T|tr -s ' '|cut -d' ' -f2-`, in tests/test_ports.py.)"""
    with guest.paused(), hidden(machine, victim):
        code, out, err = run(bartizan, guest, "chkproc", "-v", "-p", "1")
    assert f"PID {victim:5}" in out and re.search(r"You have +1 process hidden for readdir", out), out + err
    assert code != 0
