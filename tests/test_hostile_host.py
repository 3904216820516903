# SPDX-License-Identifier: GPL-2.0-or-later
"""Whole programs under a host that lies (tests/soak/programs.c); what single calls make of lies is tests/soak-calls."""
import json
import os
import subprocess

import pytest

from conftest import ROOT
from test_watch_verifier import Watched

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


@pytest.fixture(scope="module")
def watched(bartizan, guest, tmp_path_factory):
    made = Watched(bartizan, f"qemu:{guest.qemu_pid}", tmp_path_factory.mktemp("w"))
    made.stop()
    made.configure(["cat"], "kernel, user, local-output")
    made.start()
    yield made
    made.stop()
    made.agent.kill()


def test_a_host_that_lies_on_the_way_to_the_verifier_makes_nobody_believe_what_isnt(watched, guest, bartizan, monkeypatch):
    """Quotes, the connection's bytes and what is sealed for the next run; with agent and link, in `sim`."""
    monkeypatch.setenv("XDG_STATE_HOME", bartizan.environment.get("XDG_STATE_HOME", os.path.expanduser("~/.local/state")))
    truth = guest.exec(["cat", "/proc/version", "/proc/filesystems"]).stdout.decode()
    rows = lies(30, "--backend", "sim", "--target", watched.target, "--agent", f"unix:{watched.directory}/agent", "--verifier", f"unix:{watched.tls}",
                "--owner", f"{watched.directory}/owner.pub", f"{PORTS}/cat.enclave", "/proc/version", "/proc/filesystems")
    assert sum(row["tried"] for row in rows) >= 30
    assert sum(row["refused"] for row in rows) > 5 and sum(row["harmless"] for row in rows) > 5
    texts = [f["text"] for f in watched.kept("output")]
    assert len(texts) > 10 and all(text == truth for text in texts)
    assert not [a for a in watched.state()["alerts"] if a["kind"] in ("gap", "fork", "rollback")]
