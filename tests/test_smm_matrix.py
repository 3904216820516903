# SPDX-License-Identifier: GPL-2.0-or-later
"""Machines of every kind watch themselves through their firmware: kernels, page tables of four and five levels, with and
without isolation, little and much memory, one CPU and several. BARTIZAN_TEST_FULL=1 takes all of them (an hour or two), BARTIZAN_TEST_PAIRS=1 as many as
bring each value of an axis together with each of every other one; else two that differ in everything, where the firmware is built.
BARTIZAN_TEST_RESULT=FILE: a line for each machine is written there when it is through, and machines that stand there as passed are left out."""
import itertools
import os
import struct
import subprocess
import threading
import time

import pytest

import matrix
import smm
from conftest import ROOT, Guest
from link_client import CHECK, OK, RAM_MAP, REGISTERS, operation, read

FULL, PAIRS = (os.environ.get(f"BARTIZAN_TEST_{name}") == "1" for name in ("FULL", "PAIRS"))
AXES = {"kernel": ["5.10", "6.1", "6.12", "newest"], "pti": ["off", "on"], "la57": ["off", "on"], "memory": ["1G", "6G"],
        "cpus": ["1", "2", "4"]}
FEW = [("5.10", "on", "off", "1G", "2"), ("newest", "off", "on", "6G", "1")]
WHOLE = [dict(zip(AXES, values)) for values in itertools.product(*AXES.values())]
RESULT = os.environ.get("BARTIZAN_TEST_RESULT")


def all_passed():
    if not RESULT or not os.path.exists(RESULT):
        return set()
    with open(RESULT, encoding="utf-8") as file:
        return {tuple(line.split()[:5]) for line in file if " passed" in line}


DONE = all_passed()
ROWS = [row for row in ([tuple(row.values()) for row in (filter(matrix.is_possible, WHOLE) if FULL else matrix.pairwise(AXES))] if FULL or PAIRS else FEW)
        if row not in DONE]


def write_result(row, text):
    if not RESULT:
        return
    is_new = not os.path.exists(RESULT)
    with open(RESULT, "a", encoding="utf-8") as file:
        if is_new:
            commit = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, check=True, capture_output=True, text=True).stdout.strip()
            file.write(f"tests/test_smm_matrix.py at {commit}, {time.strftime('%Y-%m-%d')}, written by the run: kernel, KPTI, LA57, memory, CPUs\n\n")
        file.write(f"{' '.join(f'{value:7}' for value in row)} {text}\n")


@pytest.fixture(scope="module", params=ROWS, ids=lambda row: "-".join(row))
def row(request):
    return request.param


@pytest.fixture(scope="module")
def result(row):
    """The machine's line: it didn't start, unless it is said otherwise."""
    outcome = {"text": "failed: it didn't start"}
    yield outcome
    write_result(row, outcome["text"])


@pytest.fixture(scope="module")
def machine(bartizan, request, row, result):
    if not FULL and not smm.firmware_is_built():
        pytest.skip("OVMF with our driver isn't built (bartizan lab up NAME --firmware smm): BARTIZAN_TEST_FULL=1 builds it")
    kernel, pti, la57, memory, cpus = row
    failed_before, start = request.session.testsfailed, time.monotonic()
    machine = Guest(bartizan, "--firmware", "smm", "--kernel", kernel, "--pti", pti, "--la57", la57, "--memory", memory, "--cpus", cpus,
                    "--timeout", "550")
    machine.row = dict(zip(AXES, row))
    yield machine
    machine.down()
    failed = request.session.testsfailed - failed_before
    result["text"] = f"{f'{failed} tests failed' if failed else 'all tests passed'} ({time.monotonic() - start:.0f} s)"


@pytest.fixture(scope="module")
def probe(bartizan, machine):
    probe = smm.Probe(bartizan.path, bartizan.environment, machine.name)
    yield probe
    probe.close()


def test_it_is_the_machine_that_was_asked_for(machine):
    flags = machine.exec(["sh", "-c", "grep -m1 flags /proc/cpuinfo; nproc; cat /sys/devices/system/cpu/vulnerabilities/meltdown"]).stdout.decode()
    lines = flags.splitlines()
    assert (" la57" in lines[0]) == (machine.row["la57"] == "on")
    assert (" pti" in lines[0] + " ") == (machine.row["pti"] == "on")
    assert lines[1] == machine.row["cpus"]


def test_a_program_shows_the_machine_and_no_profile_is_needed(machine):
    honest = machine.exec(["cat", "/proc/version"]).stdout
    done = machine.exec(["bartizan", "run", "--quiet", "--target", "smm:", "cat", "/proc/version", "/proc/1/comm"], check=False, timeout=600)
    assert (done.returncode, done.stdout) == (0, honest + machine.exec(["cat", "/proc/1/comm"]).stdout), done.stderr


def test_all_of_its_memory_is_reached_and_every_cpu_is_known(machine, probe):
    session = smm.session(probe, smm.LabOwner())
    (outcome, ram), = session.ask([operation(RAM_MAP)])
    ranges = [struct.unpack_from("<QQ", ram, 8 + 16 * i) for i in range(struct.unpack_from("<Q", ram)[0])]
    wanted = int(machine.row["memory"][:-1]) * 2**30
    # The rest is SMRAM (8 MiB) and what firmware keeps.
    assert outcome == OK and wanted - 64 * 2**20 < sum(size for _, size in ranges) < wanted
    assert (max(start + size for start, size in ranges) > 2**32) == (wanted > 2**31)
    for start, size in ranges:
        assert all(outcome == OK for outcome, _ in session.ask([read(start), read(start + size - 4096)]))
    for cpu in range(int(machine.row["cpus"])):
        (outcome, registers), = session.ask([operation(REGISTERS, cpu)])
        assert outcome == OK and struct.unpack_from("<4Q", registers)[0] & 1 << 31, "paging is on"


@pytest.fixture
def several_cpus(machine):
    if machine.row["cpus"] == "1":
        pytest.skip("a machine of one CPU")


def test_who_has_a_callers_registers_without_its_rights_takes_nobodys_turn(several_cpus, probe):
    count = 10
    _, data = probe.raw(smm.BESIDE, count)
    assert struct.unpack("<2Q", data[16:]) == (count, count)


def test_a_buffer_that_another_cpu_changes_meanwhile_is_no_message_or_one_that_is_refused(several_cpus, probe):
    session = smm.session(probe, smm.LabOwner())
    assert session.ask([operation(CHECK)]) == [(OK, b"")]
    sealed = session.seal(session.encode([operation(CHECK)]))
    altered = sealed[:-1] + bytes([sealed[-1] ^ 1])
    seen = probe.rewritten(60, struct.pack("<IIII", smm.MAGIC, probe.session, len(altered), 0) + altered)
    # Sometimes it is whole, but for its last byte.
    assert seen <= {smm.SESSION, smm.FORMAT, smm.GRANT}, seen
    assert len(seen) > 1, "nothing was changed at the right moments"
    session.open(probe.exchange(sealed))


def test_what_one_answer_holds_is_of_one_moment_of_all_cpus(bartizan, several_cpus, machine, probe):
    session = smm.session(probe, smm.LabOwner(), quota_bytes=1 << 28, quota_requests=10000)
    with smm.two_words(bartizan, machine) as words:
        for look in (smm.look_by_reads, smm.look_by_plan):
            still, seen = smm.look_for_moments(session, words, 9, look)
            assert still >= 9 and seen >= 9, (look, still, seen)


def test_where_a_cpu_stays_outside_of_an_smi_the_answer_says_so(bartizan, several_cpus, machine, probe):
    session = smm.session(probe, smm.LabOwner(), quota_bytes=1 << 28, quota_requests=10000)
    with smm.two_words(bartizan, machine) as words:
        for look in (smm.look_by_reads, smm.look_by_plan):
            look(session, words[2], words[:2])
            smm.ask_beside_stopped(probe, machine, lambda: look(session, words[2], words[:2]))
            assert not session.is_still, "a CPU wasn't there, and all is called of one moment"
            # And comes back.
            assert smm.look_for_moments(session, words, 2, look)[0] >= 2


def test_two_cpus_that_call_at_once_get_each_its_own_answer(bartizan, several_cpus, machine, probe):
    count = 60
    _, data = probe.raw(smm.TOGETHER, count)
    answered, right = struct.unpack("<2Q2Q", data[16:])[:2], struct.unpack("<2Q2Q", data[16:])[2:]
    assert answered == right and all(0 < number <= count for number in answered), (answered, right)
    # Two enclaves' sessions, from two CPUs.
    other = smm.Probe(bartizan.path, bartizan.environment, machine.name)
    try:
        failures = []

        def ask(whose):
            session = smm.session(whose, smm.LabOwner())
            for _ in range(15):
                if session.ask([operation(CHECK)]) != [(OK, b"")]:
                    failures.append(whose)
        threads = [threading.Thread(target=ask, args=(whose,)) for whose in (probe, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert not failures
    finally:
        other.close()
