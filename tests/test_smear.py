# SPDX-License-Identifier: GPL-2.0-or-later
"""A storm of forks, execs and exits blows in a guest that isn't stopped, and its processes are scanned meanwhile
(tests/smear.c): no process that never was, and no record made of two, unless it is said. What a process of the storm is
follows from its PID (lab/guest/storm.c). The figures of ten thousand scans stand in docs/consistency.md."""
import json
import os
import subprocess

import pytest

from conftest import ROOT, Guest

FULL = os.environ.get("BARTIZAN_TEST_FULL") == "1"
# With two CPUs a process is torn by the one while the other blows the storm; with one, a torn moment lasts for as long as that CPU doesn't run.
GUESTS = [(kernel, cpus) for kernel in ("5.10", "6.1", "6.12", "newest") for cpus in ("1", "2")] if FULL else [("6.12", "2")]
SMEAR = os.environ.get("SMEAR", os.path.join(ROOT, "build/tests/smear"))
SCANS = 10000 if FULL else 500
DETAILS = 8             # of the youngest processes, in each scan
SCAN_SECONDS = 3600     # a bound on what must end, not a measurement


@pytest.fixture(scope="module", params=GUESTS, ids="-".join)
def guest(request, bartizan):
    kernel, cpus = request.param
    machine = Guest(bartizan, "--kernel", kernel, "--memory", "512M", "--cpus", cpus)
    yield machine
    machine.down()


def newest(guest, storm):
    arguments = guest.exec(["cat", f"/proc/{storm}/cmdline"]).stdout.split(b"\0")
    return int(arguments[1][9:16])


def test_no_scan_of_a_storm_shows_a_process_that_never_was(guest):
    storm = int(guest.exec(["storm"]).stdout)
    numbers = guest.exec(["sh", "-c", "cd /proc; echo [0-9]*"]).stdout.split()
    settled = [number for number in numbers if int(number) <= storm]
    before = newest(guest, storm)
    done = subprocess.run([SMEAR, f"qemu:{guest.qemu_pid}", str(storm), str(SCANS), str(DETAILS), *settled],
                          capture_output=True, check=False, timeout=SCAN_SECONDS)
    started = newest(guest, storm) - before
    assert done.returncode == 0, (done.stdout, done.stderr.decode(errors="replace"))
    figures = json.loads(done.stdout)
    print(f"smear: {started} processes started: {figures}")
    assert figures["scans"] == SCANS
    assert figures["storm_records"] > SCANS
    assert figures["details"] - figures["gone_details"] - figures["marked_details"] > SCANS
    # Of these, texts of which a read plan had shown that they were a process's at one moment (guest/proc/now.h).
    assert figures["known"] > SCANS
    assert started > SCANS // 50, "there was no storm"
    assert (figures["mixed"], figures["unknown"], figures["duplicates"]) == (0, 0, 0)
    # A command line may be empty where the kernel's own is, by stat of the same copies; seldom isn't that known.
    assert figures["empty"] > 0 and figures["empty_untold"] <= figures["empty"] // 10
    # What is said not to be whole is the exception.
    assert figures["marked_scans"] + figures["failed_scans"] < SCANS // 10
    assert figures["marked_details"] < figures["details"] // 100
