# SPDX-License-Identifier: GPL-2.0-or-later
"""bench/on-hardware.sh, which users run on hardware that we haven't: that it measures what there is, says what it left out, and gives JSON."""
import json
import os
import subprocess

import pytest

from conftest import ROOT

SCRIPT = os.path.join(ROOT, "bench/on-hardware.sh")


def script(bartizan, *arguments):
    return subprocess.run([SCRIPT, *arguments], env={**bartizan.environment, "BARTIZAN": bartizan.path}, capture_output=True, text=True, check=False,
                          stdin=subprocess.DEVNULL, timeout=900)


@pytest.mark.skipif(os.path.exists("/dev/sgx_enclave"), reason="this machine has SGX")
def test_without_sgx_it_measures_the_rest_and_says_so(bartizan, tmp_path):
    done = script(bartizan, "--rounds", "2", "--output", str(tmp_path / "out.json"))
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "out.json", encoding="utf-8") as file:
        found = json.load(file)
    assert found["sgx"].startswith("left out: there is no /dev/sgx_enclave") and found["smi"].startswith("left out")
    for name in ("netstat", "ps", "kernel-version"):
        assert found[name]["sgx_ns"] == [] and len(found[name]["sim_ns"]) == 2 and min(found[name]["sim_ns"]) > 1000000, found
    assert found["cpu"] and found["kernel"] and len(found["commit"]) in (7, 40)


def run_with(stub, bartizan, tmp_path, *arguments):
    """What the script writes, and what it says, where there is a device and `bartizan` is this stub."""
    program = tmp_path / "bartizan"
    program.write_text(stub)
    program.chmod(0o755)
    done = subprocess.run([SCRIPT, *arguments, "--output", str(tmp_path / "out.json")], capture_output=True, text=True, check=False,
                          env={**bartizan.environment, "BARTIZAN": str(program), "BARTIZAN_SGX_DEVICE": "/dev/null"}, timeout=60)
    assert done.returncode == 0, done.stderr
    with open(tmp_path / "out.json", encoding="utf-8") as file:
        return json.load(file), done.stderr


STUB = """#!/bin/sh
case "$*" in
lab*) ;;
run*"--backend sgx"*) echo 'bartizan: the backend sgx does not work here: "noexec" is set' >&2; exit 125 ;;
run*"--backend sim"*) ;;
*) exit 2 ;;
esac
"""


def test_where_sgx_is_there_and_unusable_the_file_says_why_and_has_the_rest(bartizan, tmp_path):
    """A device that is one, and a bartizan whose `sgx` fails; and an SMI that the probe refuses."""
    found, said = run_with(STUB, bartizan, tmp_path, "--rounds", "2", "--smi", "256")
    assert found["sgx"].startswith("left out: ") and "noexec is set" in found["sgx"] and "noexec" in said
    assert found["netstat"]["sgx_ns"] == [] and len(found["netstat"]["sim_ns"]) == 2
    assert found["smi"].startswith("left out: usage: empty-smi"), found


GOOD = """#!/bin/sh
case "$*" in
lab*) ;;
run*"--backend sgx"*"ps aux") echo 'bartizan: the agent is gone' >&2; exit 125 ;;
run*"--counts --backend sgx"*) echo 'bartizan: backend sgx' >&2; echo 'bartizan: ioctls 9, entries 70, exits 69' >&2 ;;
run*"--backend sim"*) ;;
*) exit 2 ;;
esac
"""


def test_where_sgx_works_the_file_has_times_and_counts_and_a_program_that_fails_spoils_no_other(bartizan, tmp_path):
    found, said = run_with(GOOD, bartizan, tmp_path, "--rounds", "3")
    assert found["sgx"] == "ok" and found["ps"] == "left out: on sgx: bartizan: the agent is gone"
    assert "the agent is gone" in said
    for name in ("netstat", "kernel-version"):
        assert len(found[name]["sgx_ns"]) == len(found[name]["sim_ns"]) == 3, found
        assert found[name]["sgx_counts"] == "ioctls 9, entries 70, exits 69" and found[name]["image_bytes"] > 100000, found
    assert found["epc_bytes"] is None or found["epc_bytes"] > 0


@pytest.mark.parametrize("arguments", [["--rounds"], ["--rounds", "0"], ["--rounds", "many"], ["--sgx", "1"]])
def test_wrong_words_are_refused(bartizan, arguments):
    done = script(bartizan, *arguments)
    assert done.returncode == 2 and done.stderr.startswith("usage: bench/on-hardware.sh"), done


@pytest.fixture(scope="module")
def probe(guest, tmp_path_factory):
    path = str(tmp_path_factory.mktemp("probe") / "probe")
    subprocess.run(["gcc", "-static", "-O2", "-std=gnu2x", "-D_GNU_SOURCE", "-o", path, f"{ROOT}/bench/empty-smi.c"], check=True)
    with open(path, "rb") as file:
        guest.exec(["sh", "-c", "cat >/run/probe && chmod +x /run/probe"], input=file.read())
    return guest


def test_an_empty_smi_is_measured_where_firmware_has_the_port(probe):
    """A lab guest's firmware (SeaBIOS) knows two commands, and nothing of this one."""
    done = probe.exec(["/run/probe", "0x5a", "50"])
    found = json.loads(done.stdout)
    assert (found["port"], found["command"], found["count"]) == (0xb2, 0x5a, 50)
    assert 0 < found["p5_ns"] <= found["median_ns"] <= found["p95_ns"] and found["other_port_median_ns"] > 0
    assert found["median_ns"] > found["other_port_median_ns"], found


@pytest.mark.parametrize("command", ["2", "3"])
def test_a_command_that_acpi_gives_a_meaning_is_refused(probe, command):
    """QEMU's FADT: 2 enables ACPI, 3 disables it."""
    done = probe.exec(["/run/probe", command], check=False)
    assert done.returncode == 1 and b"ACPI means something by it" in done.stderr and done.stdout == b"", done


@pytest.mark.parametrize("words", [[], ["256"], ["x"], ["1", "0"], ["1", "99999"], ["1", "2", "3"]])
def test_the_probe_refuses_wrong_words(probe, words):
    done = probe.exec(["/run/probe", *words], check=False)
    assert done.returncode == 2 and done.stderr.startswith(b"usage: empty-smi"), done
