# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole programs under a host that lies (tests/soak/programs.c); what single calls make of lies is tests/soak-calls."""
import json
import os
import subprocess

import pytest

from conftest import ROOT

SOAK = os.path.join(ROOT, "build/tests/soak-programs")
PORTS = os.path.join(ROOT, "build/ports")

GUEST_ARGUMENTS = ["--kernel", "6.12", "--memory", "512M"]


def lies(count, *arguments):
    done = subprocess.run([SOAK, "--count", str(count), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 15 and all(row["bad"] == 0 for row in rows)
    return rows


@pytest.fixture(scope="module")
def with_sockets(guest):
    guest.exec(["sockets", "--tcp", "20"])
    return guest


@pytest.mark.parametrize("command", [["cat.enclave", "/proc/net/tcp"], ["netstat.enclave", "-tna"]],
                         ids=["cat", "netstat"])
def test_a_program_says_what_is_true_or_that_it_cannot(with_sockets, command):
    with with_sockets.paused():
        rows = lies(150, "--target", f"qemu:{with_sockets.qemu_pid}", f"{PORTS}/{command[0]}", *command[1:])
    assert sum(row["tried"] for row in rows) > 100
    assert sum(row["refused"] for row in rows) > 20
    assert sum(row["harmless"] for row in rows) > 20


@pytest.mark.parametrize("mode", ["plain", "sim", "strict"])
def test_a_program_without_a_target_prints_all_or_fails(mode, monkeypatch):
    if mode == "strict":
        monkeypatch.setenv("BARTIZAN_SIM_STRICT", "1")
    rows = lies(150, "--backend", "plain" if mode == "plain" else "sim", f"{PORTS}/netstat.enclave", "--version")
    assert sum(row["refused"] for row in rows) > 20
    assert sum(row["harmless"] for row in rows) > 20
