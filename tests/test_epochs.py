# SPDX-License-Identifier: GPL-2.0-or-later
"""Epochs that several runs share (--new-epoch, --at), and looks at a target that stands still (--pause)."""
import json
import os
import re
import select
import signal
import subprocess
import time

import pytest

from conftest import ROOT
from test_agent import Monitor, qmp_path
from test_run_link import Daemon, daemons, keys, program, wait_for_socket
from test_spawn import link

assert daemons and keys and wait_for_socket  # fixtures, and what they use
PATIENCE_SECONDS = 60
PROGRAMS = ["cat", "ps"]


@pytest.fixture(scope="module")
def counter(guest, tmp_path_factory):
    """/proc/PID/cmdline of a process in the guest that counts in two pages of it at once."""
    path = tmp_path_factory.mktemp("lockstep") / "lockstep"
    subprocess.run(["gcc", "-static", "-O2", "-o", path, f"{ROOT}/tests/lockstep.c"], check=True)
    guest.exec(["sh", "-c", "cat >/tmp/lockstep && chmod +x /tmp/lockstep"], input=path.read_bytes())
    guest.exec(["sh", "-c", f"/tmp/lockstep {'x' * 9000} </dev/null >/dev/null 2>&1 & sleep 0.1"])
    number = int(guest.exec(["pidof", "lockstep"]).stdout)
    yield f"{number}/cmdline"
    guest.exec(["kill", "-9", str(number)])


def words(text):
    found = re.search(rb"([A-Z]{8})([A-Z]{8})", text)
    assert found, text[-100:]
    return found.groups()


def look(bartizan, guest, backend, *arguments):
    done = bartizan("cat", "--backend", backend, "--target", guest.target, *arguments)
    assert done.returncode == 0, done.stderr
    return done


def look_paused(bartizan, guest, backend, *arguments):
    """A machine with too much to do doesn't always get it done in time; then that is said."""
    for _ in range(10):
        done = bartizan("cat", "--backend", backend, "--target", guest.target, "--pause", *arguments)
        if done.returncode != 74 or b"before all was read" not in done.stderr:
            break
    assert done.returncode == 0, done.stderr
    return done


def runs(guest):
    """Does QEMU say that the guest's CPUs run?"""
    monitor = Monitor(qmp_path(guest.qemu_pid))
    try:
        return monitor.execute("query-status")["running"]
    finally:
        monitor.close()


def wait_until_it_runs(guest):
    end = time.monotonic() + PATIENCE_SECONDS
    while not runs(guest):
        assert time.monotonic() < end
        time.sleep(0.05)


# ---- --pause

@pytest.mark.parametrize("backend", ["plain", "sim"])
def test_a_look_at_a_target_that_stands_still_is_of_one_moment(bartizan, guest, counter, backend):
    seen = set()
    for _ in range(4):
        done = look_paused(bartizan, guest, backend, counter)
        first, second = words(done.stdout)
        assert first == second
        assert re.search(rb"the target stood still for \d+\.\d{3} ms \(1 times", done.stderr), done.stderr
        seen.add(first)
    assert len(seen) > 1 and runs(guest)


def test_without_a_pause_the_same_look_is_torn(bartizan, guest, counter):
    # Else the test above would show nothing. Either it shows, or the file says of itself that it isn't whole.
    def is_torn():
        done = bartizan("cat", "--backend", "plain", "--target", guest.target, counter)
        if done.returncode != 0:
            assert b"changed" in done.stderr and b"isn't whole" in done.stderr, done.stderr
            return True
        return len(set(words(done.stdout))) == 2

    assert any(is_torn() for _ in range(50))


def test_a_target_that_stood_before_is_left_so(bartizan, guest, counter):
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("stop")
    monitor.close()
    try:
        first, second = words(look_paused(bartizan, guest, "plain", counter).stdout)
        assert first == second and not runs(guest)
    finally:
        monitor = Monitor(qmp_path(guest.qemu_pid))
        monitor.execute("cont")
        monitor.close()


def test_what_cannot_stand_still_is_refused_by_name(bartizan, guest, tmp_path):
    path = tmp_path / "core"
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{path}")
    monitor.close()
    for backend in ("plain", "sim"):
        done = bartizan("cat", "--backend", backend, "--target", f"dump:{path}", "--pause", "version")
        assert done.returncode != 0 and done.stdout == b"" and b"can't be let stand still" in done.stderr, done.stderr
    os.remove(path)
    done = bartizan("cat", "--target", guest.target, "--at", "x", "--pause", "version")
    assert done.returncode == 2 and b"--pause belongs to --new-epoch" in done.stderr


# ---- a running agent

@pytest.fixture
def serve(bartizan, guest, keys, tmp_path, daemons):
    """An agent and a grantor: serve(["--allow-pause"], "kernel,local-output,pause") → options for run."""
    def start(options, rights, images=()):
        number = len(daemons)
        socket = tmp_path / f"agent{number}"
        target = f"qemu:{guest.qemu_pid}"
        agent = Daemon([program(bartizan, "bartizan-agent"), "serve", "--socket", socket, "--owner", keys / "owner.pub",
                        "--key", tmp_path / "agent.key", "--insecure-accept-sim", "--insecure-accept-debug",
                        "--target", target, *options], socket)
        daemons.append(agent)
        return ["--target", target, "--agent", str(socket), "--grantor", grantor(rights, images)]

    def grantor(rights, images=()):
        root = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "bartizan/sim-root")
        path = tmp_path / f"grantor{len(daemons)}"
        measured = [word for name in [*PROGRAMS, *images] for word in ("--mrenclave", measurement(bartizan, name))]
        daemons.append(Daemon([program(bartizan, "bartizan-grantor"), "--socket", path, "--insecure-accept-debug", "--owner",
                               keys / "owner.pem", "--source-key", tmp_path / "agent.pub", *measured, "--rights", rights,
                               "--insecure-accept-sim", root], path))
        return str(path)

    start.grantor = grantor
    return start


def measurement(bartizan, name):
    """Of a program of ours, or an image by its path."""
    for place in ("../ports", "../../ports"):
        path = name if os.path.isabs(name) else os.path.join(os.path.dirname(bartizan.path), place, f"{name}.enclave")
        if os.path.exists(path):
            return json.loads(bartizan("image", "inspect", "--json", path).stdout)["mrenclave"]
    raise AssertionError(f"no image of {name}: run `make build`")


def test_an_agent_lets_a_target_stand_only_where_it_and_the_grant_allow_it(bartizan, counter, serve):
    every, few = "kernel,user,local-output,pause", "kernel,user,local-output"
    for options, rights, words_ in (([], every, b"wasn't started with --allow-pause"),
                                    (["--allow-pause"], few, b"doesn't give the right `pause`")):
        done = bartizan("cat", *serve(options, rights), "--pause", counter)
        assert done.returncode != 0 and done.stdout == b"" and words_ in done.stderr, done.stderr
    done = bartizan("cat", *serve(["--allow-pause=2000"], every), "--pause", counter)
    assert done.returncode == 0 and len(set(words(done.stdout))) == 1, done.stderr


def stand_with_blocked_reader(bartizan, way, counter):
    """A run that has read one file while the target stands, and can't print it yet."""
    command = [bartizan.path, "cat", "--quiet", *way, "--pause", *["kallsyms"], counter]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=bartizan.environment)
    assert select.select([process.stdout], [], [], PATIENCE_SECONDS)[0]
    return process


@pytest.mark.parametrize("whom", ["the run", "the agent", "its helper"])
def test_the_target_goes_on_whoever_is_killed(bartizan, guest, counter, serve, daemons, whom):
    way = serve(["--allow-pause=2000"], "kernel,user,local-output,pause")
    agent = next(daemon for daemon in daemons if "agent" in os.path.basename(daemon.path)).process.pid
    process = stand_with_blocked_reader(bartizan, way, counter)
    helper = int(open(f"/proc/{agent}/task/{agent}/children", encoding="ascii").read().split()[0])
    os.kill({"the run": process.pid, "the agent": agent, "its helper": helper}[whom], signal.SIGKILL)
    start = time.monotonic()
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode != 0 or whom == "its helper"
    wait_until_it_runs(guest)
    assert time.monotonic() - start < PATIENCE_SECONDS


def test_a_look_that_takes_too_long_is_told(bartizan, guest, counter, serve):
    way = serve(["--allow-pause=50"], "kernel,user,local-output,pause")
    process = stand_with_blocked_reader(bartizan, way, counter)
    wait_until_it_runs(guest)
    _, said = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 74 and b"before all was read" in said, said


# ---- epochs that are shared

def same(bartizan, one, other, counter):
    """Two runs with these options print the same of what changes all the time."""
    for options in (one, other):
        done = bartizan("cat", *options, counter, "uptime")
        assert done.returncode == 0, done.stderr
        yield done.stdout


@pytest.mark.parametrize("backend", ["plain", "sim"])
def test_runs_share_an_epoch(bartizan, guest, counter, backend):
    way = ["--backend", backend, "--target", guest.target]
    first, second = same(bartizan, [*way, "--new-epoch", "one"], [*way, "--at", "one"], counter)
    assert first == second
    # The other backend shares it: it is the user's.
    other = ["--backend", "sim" if backend == "plain" else "plain", "--target", guest.target, "--at", "one"]
    _, third = same(bartizan, other, other, counter)
    assert third == first
    anew, again = same(bartizan, [*way, "--new-epoch", "one"], [*way, "--at", "one"], counter)
    assert anew == again != first


def test_programs_see_the_same_processes_in_it(bartizan, guest, counter):
    way = ["--backend", "plain", "--target", guest.target]
    before = bartizan("run", *way, "--new-epoch", "two", "ps", "-eo", "pid=,time=")
    guest.exec(["sh", "-c", "sleep 1000 </dev/null >/dev/null 2>&1 & "])
    after = bartizan("run", *way, "--at", "two", "ps", "-eo", "pid=,time=")
    now = bartizan("run", *way, "ps", "-eo", "pid=,time=")
    assert before.returncode == 0 and before.stdout == after.stdout != now.stdout, (before, after)


def test_with_a_pause_it_is_of_one_moment(bartizan, guest, counter):
    first = look_paused(bartizan, guest, "sim", "--new-epoch", "three", counter).stdout
    second = look(bartizan, guest, "sim", "--at", "three", counter).stdout
    assert first == second and len(set(words(first))) == 1


@pytest.mark.parametrize("name", ["nothing", "../x", "a-name-that-is-long", "."])
def test_an_epoch_that_is_not_there_is_an_error(bartizan, guest, name):
    for backend in ("plain", "sim"):
        done = bartizan("cat", "--backend", backend, "--target", guest.target, "--at", name, "uptime")
        assert (done.returncode, done.stdout) == (2, b"") and name.encode() in done.stderr, done.stderr


def test_an_epoch_that_is_over_is_an_error(bartizan, guest, counter):
    way = ["--backend", "plain", "--target", guest.target]
    look(bartizan, guest, "plain", "--new-epoch", "old", "uptime")
    place = os.path.join(bartizan.environment["XDG_RUNTIME_DIR"], "bartizan-epochs/old")
    with open(place, "r+b") as file:
        file.seek(8)
        file.write((1).to_bytes(8, "little"))   # when it began: with this machine
    done = bartizan("cat", *way, "--at", "old", "uptime")
    assert (done.returncode, done.stdout) == (2, b"") and b"is over" in done.stderr, done.stderr


def test_an_agent_keeps_epochs_for_who_has_the_same_rights(bartizan, guest, counter, serve):
    way = serve([], "kernel,user,local-output")
    first, second = same(bartizan, [*way, "--new-epoch", "one"], [*way, "--at", "one"], counter)
    assert first == second
    # Another program; another name; fewer rights.
    done = bartizan("run", *way, "--at", "one", "ps", "-e")
    assert done.returncode == 0 and done.stdout, done.stderr
    others = [*way[:-1], serve.grantor("kernel,local-output")]
    for options in ([*way, "--at", "two"], [*others, "--at", "one"]):
        done = bartizan("cat", *options, "uptime")
        assert done.returncode != 0 and done.stdout == b"" and b"no epoch of that name" in done.stderr, done.stderr


def test_a_program_that_runs_others_before_it_reads_begins_it(bartizan, serve, tmp_path):
    image = link(tmp_path, "spawner", f"{ROOT}/tests/inside/spawner.manifest")
    way = serve([], "kernel,user,local-output", [image])
    for option in ("--new-epoch", "--at"):
        done = bartizan("run", *way, option, "one", image, "spawn", "ps", "-eo", "pid=,comm=,time=")
        assert done.returncode == 0 and done.stdout.endswith(b"posix_spawn: exit 0\nagain: no child\n"), done
        assert option == "--new-epoch" or done.stdout == first
        first = done.stdout
    done = bartizan("run", *way, "--at", "none", image, "spawn", "ps", "-e")
    assert done.returncode != 0 and b"no epoch of that name" in done.stderr, done
