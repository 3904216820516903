# SPDX-License-Identifier: GPL-2.0-or-later
"""As the papers have it: the enclave in one VM, the target another, the agent outside both."""
import os
import subprocess
import time

import pytest

from conftest import ROOT, Guest

PATIENCE_SECONDS = 60
AGENT, GRANTOR = "serial:/dev/virtio-ports/agent", "serial:/dev/virtio-ports/grantor"


def program(bartizan, name):
    return os.path.join(os.path.dirname(bartizan.path), name)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def watcher(bartizan, guest, place):
    """A guest that enclaves run in, with a fake root of its own."""
    machine = Guest(bartizan, "--bartizan", "--channel", f"agent={place}/to-agent", "--channel",
                    f"grantor={place}/to-grantor")
    assert bartizan("keygen", "--owner", "-o", f"{place}/owner.pem").returncode == 0
    elsewhere = {**bartizan.environment, "XDG_STATE_HOME": str(place)}
    subprocess.run([bartizan.path, "run", "--target", guest.target, "--quiet", "netstat", "--version"], check=True,
                   capture_output=True, env=elsewhere, timeout=PATIENCE_SECONDS)
    root = (place / "bartizan/sim-root").read_bytes()
    machine.exec(["sh", "-c", "umask 077; mkdir -p /run/state/bartizan; cat >/run/state/bartizan/sim-root"], input=root)
    machine.exec(["sh", "-c", "cat >/run/owner.pub"], input=(place / "owner.pub").read_bytes())
    yield machine
    machine.down()


def start_agent(bartizan, guest, place):
    ready = place / "ready"
    with open(ready, "wb") as out:
        process = subprocess.Popen(
            [program(bartizan, "bartizan-agent"), "serve", "--serial", f"{place}/to-agent", "--owner",
             f"{place}/owner.pub", "--key", f"{place}/agent.key", "--target", f"qemu:{guest.qemu_pid}", "--json",
             "--insecure-accept-sim"], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
    end = time.monotonic() + PATIENCE_SECONDS
    while not ready.read_bytes():
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.05)
    return process


@pytest.fixture
def agent(bartizan, guest, watcher, place):
    process = start_agent(bartizan, guest, place)
    yield process
    process.kill()
    process.wait()


@pytest.fixture
def grantor(bartizan, guest, watcher, agent, place):
    measurement = bartizan("image", "measure", os.path.join(ROOT, "build/ports/netstat.enclave"))
    assert measurement.returncode == 0, measurement.stderr
    process = subprocess.Popen(
        [program(bartizan, "bartizan-grantor"), "--serial", f"{place}/to-grantor", "--owner", f"{place}/owner.pem",
         "--source-key", f"{place}/agent.pub", "--mrenclave", measurement.stdout.decode().split()[0],
         "--target", f"qemu:{guest.qemu_pid}", "--rights", "kernel,local-output",
         f"--insecure-accept-sim={place}/bartizan/sim-root"], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process
    process.kill()
    process.wait()


def watch(guest, watcher, *arguments, **more):
    return watcher.exec(["env", "XDG_STATE_HOME=/run/state", "bartizan", "run", "--target", f"qemu:{guest.qemu_pid}",
                         "--agent", AGENT, "--grantor", GRANTOR, "--owner", "/run/owner.pub", *arguments], check=False,
                        **more)


def test_netstat_in_one_machine_shows_the_other(guest, watcher, agent, grantor):
    guest.exec(["sockets"])
    for _ in range(5):   # until the guest is still
        before = guest.exec(["netstat", "-tuna"]).stdout
        done = watch(guest, watcher, "netstat", "-tuna")
        if guest.exec(["netstat", "-tuna"]).stdout == before:
            break
    assert (done.returncode, done.stdout) == (0, before), done.stderr
    assert before.count(b"\n") > 40
    assert b"backend sim (a simulation" in done.stderr
    # Nothing of the watching machine itself: it has no such sockets.
    assert b"LISTEN" not in watcher.exec(["netstat", "-tna"]).stdout


def test_an_agent_that_starts_anew_serves_the_machine_again(bartizan, guest, watcher, agent, grantor, place):
    assert watch(guest, watcher, "netstat", "-t").returncode == 0
    agent.kill()
    agent.wait()
    without = watch(guest, watcher, "netstat", "-t")
    assert without.returncode == 125 and without.stdout == b"" and b"agent" in without.stderr
    again = start_agent(bartizan, guest, place)
    try:
        assert watch(guest, watcher, "netstat", "-t").returncode == 0
    finally:
        again.kill()
        again.wait()


def test_without_a_grantor_nothing_is_shown(guest, watcher, agent):
    done = watch(guest, watcher, "netstat", "-t")
    assert done.returncode == 125 and done.stdout == b"" and b"grantor" in done.stderr
