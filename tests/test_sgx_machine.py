# SPDX-License-Identifier: GPL-2.0-or-later
"""The model of SGX in QEMU (docs/qemu-sgx.md), judged by a machine that has nothing but SGX (tests/sgx-machine): each leaf function, each of its
faults and codes, state over asynchronous exits, TLBs, two processors, whatever operands, a reset. Needs `make qemu-sgx`."""
import os
import random
import re
import runpy
import subprocess

import pytest

import sgx_machine
from conftest import ROOT
from sgx_mutants import MUTANTS
from test_qemu_sgx import FULL, SUITES, qemu_of

CHECKS_MIN = 645
LEAVES = ("ECREATE EADD EINIT EREMOVE EDBGRD EDBGWR EEXTEND ELDB ELDU EBLOCK EPA EWB ETRACK EAUG EMODPR EMODT "
          "EREPORT EGETKEY EENTER ERESUME EEXIT EACCEPT EMODPE EACCEPTCOPY").split()


SEEDS = 5   # of a full run, besides the usual one


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    return sgx_machine.build(str(tmp_path_factory.mktemp("sgx-machine")))


@pytest.fixture(scope="module", params=SUITES)
def ran(built, request):
    rom, identity = built
    return (*sgx_machine.run(qemu_of(request.param), rom), identity)


def passed(text):
    return re.findall(r"^ok (.*)$", text, re.MULTILINE)


def test_each_check_of_the_machine_holds_to_its_end(ran):
    text, code, errors, _ = ran
    assert not sgx_machine.failures(text), "\n".join(sgx_machine.failures(text))
    assert code == 1 and re.search("^end ", text, re.MULTILINE), (code, errors, text[-2000:])
    assert len(passed(text)) >= CHECKS_MIN, len(passed(text))


@pytest.mark.skipif(not FULL, reason="other random operands: make test-full")
@pytest.mark.parametrize("suite", SUITES)
def test_it_is_so_with_other_random_operands(suite, tmp_path):
    for _ in range(SEEDS):
        seed = random.getrandbits(64) | 1
        rom, identity = sgx_machine.build(str(tmp_path), seed)
        text, code, errors = sgx_machine.run(qemu_of(suite), rom)
        assert not sgx_machine.verdict(text, code, errors, identity), (hex(seed), text[-2000:])
        assert f"seed {seed:#x}\n" in text


def test_each_leaf_function_worked_and_refused(ran):
    names = passed(ran[0])
    for leaf in LEAVES:
        assert sum(name.startswith(f"{leaf}:") for name in names) >= 2, leaf


def test_keys_are_what_a_second_computation_gives(ran):
    found = sgx_machine.data(ran[0])
    expected = sgx_machine.expected_keys(ran[3])
    assert {name: found.get(name) for name in expected} == expected
    assert len(set(expected.values())) == len(expected)


def test_a_report_is_what_a_second_computation_gives(ran):
    assert sgx_machine.data(ran[0])["report"] == sgx_machine.expected_report(ran[3])


def test_what_reset_leaves_was_looked_at_after_a_reset(ran):
    names = passed(ran[0])
    assert names.index("reset: an enclave runs") < names.index("reset: no page of the EPC is anybody's")


@pytest.mark.parametrize("suite", SUITES)
def test_without_epc_the_same_qemu_has_no_sgx(built, suite):
    """By CPUID, and by the instructions: #UD."""
    text, code, errors = sgx_machine.run(qemu_of(suite), built[0], machine=sgx_machine.WITHOUT_EPC)
    assert not sgx_machine.failures(text) and code == 1 and re.search("^end ", text, re.MULTILINE), (code, errors, text)
    assert [name for name in passed(text) if not name.startswith("absent: ")] == [] and len(passed(text)) == 4, text


def test_a_machine_that_ended_early_isnt_said_to_have_other_keys(ran):
    text, code, errors, identity = ran
    assert not sgx_machine.verdict(text, code, errors, identity)
    early = text[:text.index("\ndata ") + 1]
    assert len(sgx_machine.verdict(early, None, "", identity)) == 1
    assert "didn't come to its end" in sgx_machine.verdict(early, None, "", identity)[0]
    assert sgx_machine.verdict(early + "data key-report 00\n", None, "", identity)[1].startswith("key-report: other bytes")
    without = re.sub(r"^data key-launch .*\n", "", text, flags=re.MULTILINE)
    assert sgx_machine.verdict(without, code, errors, identity) == ["key-launch: other bytes than the second computation has"]


def test_each_fault_that_fits_nowhere_or_twice_would_be_noticed():
    """tools/test/sgx-mutants replaces what stands once in the patched sources: the new files are whole in the patches."""
    text = {}
    for name in sorted(os.listdir(sgx_machine.PATCHES)):
        if name.endswith(".patch"):
            with open(os.path.join(sgx_machine.PATCHES, name), encoding="utf-8") as file:
                for path, body in re.findall(r"^\+\+\+ b/(\S+)\n(.*?)(?=^diff --git|\Z)", file.read(), re.MULTILINE | re.DOTALL):
                    text[path] = "".join(line[1:] + "\n" for line in body.splitlines() if line[:1] == "+")
    wrong = [name for name, file, old, _ in MUTANTS if text[file].count(old) != 1]
    assert not wrong and len(MUTANTS) >= 25


def test_a_fault_that_only_crashes_qemu_or_never_ends_isnt_found(ran):
    text, code, errors, identity = ran
    tool = runpy.run_path(os.path.join(ROOT, "tools/test/sgx-mutants"))
    begun = text[:text.index("\ndata ") + 1]
    assert tool["sort"](text, code, errors, identity) == (tool["SURVIVED"], None)
    assert tool["sort"](begun + "not ok this one\n", None, "", identity) == (tool["FOUND"], "not ok this one")
    assert tool["sort"](re.sub(r"^data key-launch .*\n", "", text, flags=re.MULTILINE), code, errors, identity)[0] == tool["FOUND"]
    crashed, late = (tool["sort"](begun, ended, "", identity) for ended in (-6, None))
    assert (crashed[0], late[0]) == (tool["CRASHED"], tool["LATE"])
    table, missed = tool["table"]([("a", *crashed), ("b", *late), ("c", tool["FOUND"], "not ok x"), ("d", tool["SURVIVED"], None)])
    assert missed == ["a", "b", "d"] and "4 faults" in table and "; 1 found, 3 not." in table


@pytest.mark.skipif(not FULL, reason="the faults of the model take an hour: make test-full, or make sgx-mutants")
@pytest.mark.timeout(6 * 3600)
def test_each_fault_of_the_model_is_found():
    done = subprocess.run([os.path.join(ROOT, "tools/test/sgx-mutants"), "--no-result"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
