# SPDX-License-Identifier: GPL-2.0-or-later
"""SSdetector whole: a machine with SGX (the model of docs/qemu-sgx.md) and our firmware watches itself. Real enclave instructions, Linux's own
driver, real System Management Mode. Needs `make qemu-sgx` and the firmware; a full run builds both."""
import re
import struct
import threading

import pytest

import smm
from conftest import Guest
from link_client import CHECK, OK, UNMAPPED, operation, read
from test_agent import Monitor, qmp_path
from test_qemu_sgx import FULL, qemu   # pylint: disable=unused-import

RUN = ["bartizan", "run", "--target", "smm:"]
PAGE = 4096


@pytest.fixture(scope="module")
def machine(bartizan, qemu):   # pylint: disable=redefined-outer-name
    directory = smm.built_firmware(builds=FULL)
    if directory is None:
        pytest.skip("OVMF with our driver isn't built (bartizan lab up NAME --firmware smm): BARTIZAN_TEST_FULL=1 builds it")
    machine = Guest(bartizan, "--firmware", directory, "--sgx=32M", "--cpus", "2")
    yield machine
    machine.down()


@pytest.fixture(scope="module")
def probe(bartizan, machine):
    probe = smm.Probe(bartizan.path, bartizan.environment, machine.name)
    yield probe
    probe.close()


@pytest.fixture(scope="module")
def epc(machine):
    first, last = re.search(r"sgx: EPC section 0x([0-9a-f]+)-0x([0-9a-f]+)\n", machine.exec(["dmesg"]).stdout.decode()).groups()
    return range(int(first, 16), int(last, 16) + 1, PAGE)


def watch(machine, *arguments):
    return machine.exec([*RUN, *arguments], check=False, timeout=600)


def count_of(machine, name):
    monitor = Monitor(qmp_path(machine.qemu_pid))
    text = monitor.execute("human-monitor-command", **{"command-line": "info sgx"})
    monitor.close()
    return int(dict(re.findall(r"(\w+)=(\d+)", text)).get(name, 0))


def test_an_enclave_of_the_cpu_shows_the_machine_under_it(machine):
    entered = count_of(machine, "EENTER")
    done = watch(machine, "cat", "/proc/version")
    assert b"backend sgx" in done.stderr, done.stderr
    assert (done.returncode, done.stdout) == (0, machine.exec(["cat", "/proc/version"]).stdout), done.stderr
    assert count_of(machine, "EENTER") > entered


def test_nothing_that_root_puts_over_proc_is_seen(machine):
    honest = machine.exec(["cat", "/proc/version"]).stdout
    machine.exec(["sh", "-c", "echo forged >/tmp/version && mount --bind /tmp/version /proc/version"])
    try:
        done = watch(machine, "cat", "/proc/version")
        assert (done.returncode, done.stdout) == (0, honest), done.stderr
    finally:
        machine.exec(["umount", "/proc/version"])


def test_the_simulator_shows_the_same(machine):
    done = machine.exec(["bartizan", "run", "--backend", "sim", "--target", "smm:", "cat", "/proc/version"], check=False, timeout=600)
    assert b"backend sim" in done.stderr, done.stderr
    assert (done.returncode, done.stdout) == (0, machine.exec(["cat", "/proc/version"]).stdout), done.stderr


def test_enclaves_pages_are_not_memory_that_firmware_reads(probe, epc):
    session = smm.session(probe, smm.LabOwner())
    for page in (epc[0], epc[len(epc) // 2], epc[-1]):
        assert session.ask([read(page)]) == [(UNMAPPED, b"\0" * PAGE)], hex(page)
    assert session.ask([operation(CHECK)]) == [(OK, b"")]


def test_a_buffer_among_enclaves_pages_is_refused(probe, epc):
    for page in (epc[0], epc[-1]):
        assert probe.refusal(smm.AT_PHYSICAL, page)[0] == smm.NOT_RAM, hex(page)


def call_now_and_then(storm, is_over):
    """With time between them: one after the other, they leave the other CPU none to get into the enclave."""
    for _ in range(3000):
        if is_over.wait(0.002):
            return
        storm.process.stdin.write(struct.pack("<IQI", smm.STORM, 1, 16) + bytes(16))
        storm.process.stdin.flush()


def test_an_enclave_that_smis_interrupt_goes_on(bartizan, machine):
    """Two CPUs: while one is in the enclave, the other's SMIs take it out (an asynchronous exit) and RSM brings it back to AEP."""
    storm, is_over = smm.Probe(bartizan.path, bartizan.environment, machine.name), threading.Event()
    exits = count_of(machine, "AEX_SMI")
    caller = threading.Thread(target=call_now_and_then, args=(storm, is_over))
    caller.start()
    try:
        done = watch(machine, "kernel-version")
        assert (done.returncode, done.stdout) == (0, machine.exec(["cat", "/proc/version"]).stdout), done.stderr
    finally:
        is_over.set()
        caller.join()
        storm.process.kill()
        storm.process.wait()
    # Those by SMI alone: the kernel's timer takes an enclave out all the time.
    assert count_of(machine, "AEX_SMI") > exits, "no SMI came while the enclave ran"
