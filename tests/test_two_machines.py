# SPDX-License-Identifier: GPL-2.0-or-later
"""As the papers have it: the enclave in one VM, the target another, the agent outside both."""
import mmap
import os
import re
import struct
import subprocess
import threading
import time

import pytest

import smm
from conftest import ROOT, Guest

PATIENCE_SECONDS = 60
REPLY = 4096 + 4096 + 32 * 1024   # where replies lie: wire/link-shared.h
AGENTS, GRANTOR = ["serial:/dev/virtio-ports/agent", "ivshmem:"], "serial:/dev/virtio-ports/grantor"
DEVICE = "dev:/dev/bartizan1"


def program(bartizan, name):
    return os.path.join(os.path.dirname(bartizan.path), name)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    return tmp_path_factory.mktemp("two")


@pytest.fixture(scope="module")
def watcher(bartizan, guest, place):
    """A guest that enclaves run in, with a fake root of its own."""
    machine = Guest(bartizan, "--bartizan", "--channel", f"agent={place}/to-agent", "--channel",
                    f"grantor={place}/to-grantor", "--shared-memory", f"{place}/shared")
    assert bartizan("keygen", "--owner", "-o", f"{place}/owner.pem").returncode == 0
    elsewhere = {**bartizan.environment, "XDG_STATE_HOME": str(place)}
    subprocess.run([bartizan.path, "run", "--target", guest.target, "--quiet", "netstat", "--version"], check=True,
                   capture_output=True, env=elsewhere, timeout=PATIENCE_SECONDS)
    root = (place / "bartizan/sim-root").read_bytes()
    machine.exec(["sh", "-c", "umask 077; mkdir -p /run/state/bartizan; cat >/run/state/bartizan/sim-root"], input=root)
    machine.exec(["sh", "-c", "cat >/run/owner.pub"], input=(place / "owner.pub").read_bytes())
    smm.insert_module(machine, "kmod", machine.describe()["kernel"],
                      f"targets=qemu:{guest.qemu_pid}=/dev/virtio-ports/agent,qemu:nobody=/dev/virtio-ports/none,smm:=/dev/null,qemu:null=/dev/null")
    yield machine
    machine.down()


@pytest.fixture(scope="module")
def sockets(guest):
    guest.exec(["sockets"])


def start_agent(bartizan, guest, place, *more):
    ready = place / "ready"
    with open(ready, "wb") as out:
        process = subprocess.Popen(
            [program(bartizan, "bartizan-agent"), "serve", "--serial", f"{place}/to-agent", "--ivshmem",
             f"{place}/shared", "--owner",
             f"{place}/owner.pub", "--key", f"{place}/agent.key", "--target", f"qemu:{guest.qemu_pid}", "--json",
             "--insecure-accept-sim", *more], stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.DEVNULL)
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


def watch(guest, watcher, *arguments, by=AGENTS[0], **more):
    """By an agent's address, or a device of the module that leads to one."""
    where = ["--target", by] if by.startswith("dev:") else ["--target", f"qemu:{guest.qemu_pid}", "--agent", by]
    return watcher.exec(["env", "XDG_STATE_HOME=/run/state", "bartizan", "run", *where, "--grantor", GRANTOR, "--owner", "/run/owner.pub", *arguments], check=False,
                        **more)


@pytest.mark.parametrize("by", [*AGENTS, DEVICE])
def test_netstat_in_one_machine_shows_the_other(guest, sockets, watcher, agent, grantor, by):
    for _ in range(5):   # until the guest is still
        before = guest.exec(["netstat", "-tuna"]).stdout
        done = watch(guest, watcher, "netstat", "-tuna", by=by)
        if guest.exec(["netstat", "-tuna"]).stdout == before:
            break
    assert (done.returncode, done.stdout) == (0, before), done.stderr
    assert before.count(b"\n") > 40
    assert b"backend sim (a simulation" in done.stderr
    # Nothing of the watching machine itself: it has no such sockets.
    assert b"LISTEN" not in watcher.exec(["netstat", "-tna"]).stdout


@pytest.mark.parametrize("by", AGENTS)
def test_an_agent_that_starts_anew_serves_the_machine_again(bartizan, guest, watcher, agent, grantor, place, by):
    assert watch(guest, watcher, "netstat", "-t", by=by).returncode == 0
    agent.kill()
    agent.wait()
    without = watch(guest, watcher, "netstat", "-t", by=by)
    assert without.returncode == 125 and without.stdout == b"" and b"agent" in without.stderr
    again = start_agent(bartizan, guest, place)
    try:
        assert watch(guest, watcher, "netstat", "-t", by=by).returncode == 0
    finally:
        again.kill()
        again.wait()


def second_of_two(watcher, words):
    """What a program says while another one runs by the same way."""
    return watcher.exec(["sh", "-c", f"""
        export XDG_STATE_HOME=/run/state
        : >/tmp/first; bartizan run {words} netstat -tc >/tmp/first 2>&1 & first=$!
        until grep -q Proto /tmp/first || ! kill -0 $first; do sleep 0.1; done
        bartizan run {words} netstat -t; code=$?
        kill -0 $first && kill $first && exit $code"""], check=False)


def test_a_device_carries_one_program_at_a_time(guest, watcher, agent, grantor):
    second = second_of_two(watcher, f"--target {DEVICE} --grantor {GRANTOR} --owner /run/owner.pub")
    assert second.returncode == 125 and b"in use" in second.stderr, second
    assert watch(guest, watcher, "netstat", "-t", by=DEVICE).returncode == 0


def test_shared_memory_carries_one_program_at_a_time(guest, watcher, agent, grantor):
    device = watcher.exec(["sh", "-c", "grep -l 0x1110 /sys/bus/pci/devices/*/device"]).stdout.decode().split("/")[-2]
    second = second_of_two(watcher, f"--target qemu:{guest.qemu_pid} --agent ivshmem:{device} --grantor {GRANTOR} --owner /run/owner.pub")
    assert second.returncode == 125 and b"in use" in second.stderr, second
    assert watch(guest, watcher, "netstat", "-t", by=f"ivshmem:{device}").returncode == 0
    for wrong in ("ivshmem:0000:00:00.0", "ivshmem:x", "ivshmem:../../x"):
        done = watch(guest, watcher, "netstat", "-t", by=wrong)
        assert done.returncode in (2, 125) and done.stdout == b"" and b"PCI" in done.stderr


def test_who_writes_into_the_shared_memory_ends_a_run_and_shows_nothing(guest, watcher, agent, grantor, place):
    """The other party of the mapping, here the target's own neighbour, flips bytes of replies as they lie there."""
    with open(place / "shared", "r+b") as file, mmap.mmap(file.fileno(), 2 << 20) as memory:
        stop = threading.Event()

        def flip():
            at = REPLY + 100
            while not stop.is_set():
                memory[at] ^= 1
                at = REPLY + (at - REPLY + 77) % 4000

        thread = threading.Thread(target=flip)
        thread.start()
        try:
            done = watch(guest, watcher, "netstat", "-t", by="ivshmem:")
        finally:
            stop.set()
            thread.join()
    assert done.returncode != 0 and b"ESTABLISHED" not in done.stdout
    assert watch(guest, watcher, "netstat", "-t", by="ivshmem:").returncode == 0


def test_without_a_grantor_nothing_is_shown(guest, watcher, agent):
    done = watch(guest, watcher, "netstat", "-t")
    assert done.returncode == 125 and done.stdout == b"" and b"grantor" in done.stderr


def test_the_modules_minor_number_is_the_targets_number(guest, watcher):
    said = watcher.exec(["sh", "-c", "for number in 0 1 2 3 4; do ls -lL /dev/bartizan$number; cat /sys/class/bartizan/bartizan$number/target; done"],
                        check=False).stdout.decode()
    assert re.findall(r", +(\d+) .*/dev/bartizan(\d)", said) == [(str(number), str(number)) for number in range(5)], said
    assert re.findall(r"^(qemu|smm):(.*)$", said, re.M) == [("qemu", str(guest.qemu_pid)), ("qemu", "nobody"), ("smm", ""), ("qemu", "null")]


def test_the_module_gives_no_page_of_another_machine_in_clear(watcher, agent):
    """Not by its number, and not by a question in clear: what comes is the agent's hello, and then nothing."""
    done = watcher.exec(["dd", "if=/dev/bartizan1", "bs=4096", "count=1", "iflag=skip_bytes", "skip=256"], check=False)
    assert done.returncode != 0 and done.stdout == b"", done
    ask = b"".join(struct.pack("<IHHII", 0x314C5A42, kind, 0, len(body), number) + body
                   for number, (kind, body) in enumerate([(1, struct.pack("<II", 1, 0)), (4, bytes(4096))]))
    watcher.exec(["sh", "-c", "cat >/tmp/ask"], input=ask)
    said = watcher.exec(["sh", "-c", "exec 3<>/dev/bartizan1; cat /tmp/ask >&3; sleep 2; cat <&3; true"]).stdout
    magic, kind, _, size, _ = struct.unpack_from("<IHHII", said)
    assert (magic, kind, size) == (0x314C5A42, 2, 72) and len(said) < 512, said[:600]


@pytest.mark.parametrize("number, words", [(2, b"no agent listens at"), (3, b"no agent outside"), (4, b"/dev/bartizan4 hung up")])
def test_a_device_that_leads_nowhere_is_named(guest, watcher, number, words):
    done = watch(guest, watcher, "netstat", "-tna", by=f"dev:/dev/bartizan{number}")
    assert done.returncode in (2, 125) and done.stdout == b"" and words in done.stderr, done


def test_what_has_no_link_cannot_take_the_module_for_its_source(guest, watcher):
    done = watcher.exec(["bartizan", "run", "--backend", "plain", "--target", DEVICE, "netstat", "-tna"], check=False)
    assert done.returncode == 2 and done.stdout == b"" and b"plain" in done.stderr, done


def test_a_module_that_is_told_no_target_is_not_loaded(watcher):
    watcher.exec(["rmmod", "bartizan"])
    try:
        for wrong in ("qemu:web1", "=/dev/null", "qemu:web1=port"):
            assert watcher.exec(["insmod", "/tmp/bartizan.ko", f"targets={wrong}"], check=False).returncode != 0, wrong
        assert watcher.exec(["sh", "-c", "ls /dev/bartizan*"], check=False).stdout == b""
    finally:
        watcher.exec(["insmod", "/tmp/bartizan.ko"])
