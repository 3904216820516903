# SPDX-License-Identifier: GPL-2.0-or-later
"""Our images on the backend `sgx`: in a guest on the model of SGX (docs/qemu-sgx.md), loaded by Linux's own driver, they watch another
guest through the agent, which is outside both: SCwatcher's arrangement. What they print is what they print on `sim`,
the target stopped; those that run others, too: each child an enclave of its own, by a serial port of its own. The model
is a simulation, and its reports say so: grants are given for them as for the simulator's, under its root. A full run has every program of tests/ports.py."""
import os
import re
import subprocess
import time

import pytest

from conftest import ROOT, Guest
from ports import CASES, Case
from test_agent import Monitor, qmp_path
from test_qemu_sgx import FULL, qemu   # pylint: disable=unused-import
from test_spawn import link
from test_two_machines import AGENTS, GRANTOR, place, program, start_agent   # pylint: disable=unused-import

SELECTED = ["ps aux", "netstat -tuxwan", "ss -tanp", "pstree -p -A", "lsof -nPl -i", "ip addr", "sysctl -a", "busybox ls -l /proc/1/ns"]
# What tests/ports.py compares with nothing of the guest's; a full run has these, too.
OTHERS = [Case("kernel-version"), Case("process-list"), Case("paper-files tcp"), Case("cut -c 1-30"), Case("ifconfig -a"), Case("killall -l"),
          Case("pkill -0 -e processes"), Case("chkdirs -n /proc/sys/net"), Case("tr a b")]
SILENT = {"chkdirs", "cut", "paper-files", "tr"}   # nothing is hidden; nothing comes from standard input; reads 6.1 alone, and says so
REFUSED = "cat"   # not one of tests/ports.py
# What a program runs: each child by a port of its own, to the agent and to the grantor.
PIPELINE, CHILDREN = "ps --no-header -e o pid,ppid,comm | tr -s ' ' | cut -d' ' -f2,4-", ["ps", "tr", "cut"]
PORTS = range(1 + len(CHILDREN))
ENVIRONMENT = {"TERM": "dumb", "COLUMNS": "500", "LINES": "500", "TZ": "UTC", "XDG_STATE_HOME": "/run/state"}
RUN_SECONDS = 300
EPC = os.environ.get("BARTIZAN_TEST_EPC", "96M")   # for figures with less: -s -k counts
PAGES_MAX, START_ENTRIES_MAX = 5000, 1500


def commands():
    cases = {(case.outside or case.command): case for case in CASES + OTHERS}
    return {command: case for command, case in cases.items() if FULL or command in SELECTED}


def channel(role, port):
    return f"{role}{port or ''}"


def serials(place, role):   # pylint: disable=redefined-outer-name
    return [word for port in PORTS[1:] for word in ("--serial", f"{place}/to-{channel(role, port)}")]


@pytest.fixture(scope="module")
def watcher(bartizan, qemu, place):   # pylint: disable=redefined-outer-name
    """A guest with SGX, whose simulator has the model's root, too."""
    channels = [word for role in ("agent", "grantor") for port in PORTS for word in ("--channel", f"{channel(role, port)}={place}/to-{channel(role, port)}")]
    machine = Guest(bartizan, "--bartizan", f"--sgx={EPC}", "--memory", "1024", *channels, "--shared-memory", f"{place}/shared")
    assert bartizan("keygen", "--owner", "-o", f"{place}/owner.pem").returncode == 0
    (place / "root").touch(mode=0o600)
    (place / "root").write_bytes(root_of_the_model())
    machine.exec(["sh", "-c", "cat >/run/owner.pub"], input=(place / "owner.pub").read_bytes())
    machine.exec(["sh", "-c", "umask 077; mkdir -p /run/state/bartizan; cat >/run/state/bartizan/sim-root"],
                 input=root_of_the_model())
    yield machine
    machine.down()


def root_of_the_model():
    """What stands in place of fuses in the model: its reports are checked as the simulator's are."""
    with open(os.path.join(ROOT, "lab/qemu-sgx/sim-root.txt"), "rb") as file:
        return file.read()


def test_the_root_that_is_told_is_the_one_in_the_model():
    with open(os.path.join(ROOT, "lab/qemu-sgx/0003-crypto.patch"), encoding="utf-8") as file:
        assert root_of_the_model().decode()[-32:] == re.search(r'root_key\[32\] = "(.{32})";', file.read()).group(1)


def mrenclave(bartizan, name):
    """Of a port, or of an image by its path."""
    measured = bartizan("image", "measure", name if "/" in name else os.path.join(ROOT, f"build/ports/{name}.enclave"))
    assert measured.returncode == 0, measured.stderr
    return measured.stdout.decode().split()[0]


@pytest.fixture(scope="module")
def names():
    return sorted({command.split()[0] for command in commands()} | {"netstat", "kernel-version", *CHILDREN})


@pytest.fixture(scope="module")
def spawner(watcher, tmp_path_factory):   # pylint: disable=redefined-outer-name
    """A program that runs others; where it is here. In the guest: /run/spawner."""
    image = link(tmp_path_factory.mktemp("spawner"), "spawner", f"{ROOT}/tests/inside/spawner.manifest")
    for suffix in ("", ".sig"):
        with open(image + suffix, "rb") as file:
            watcher.exec(["sh", "-c", f"cat >/run/spawner{suffix}"], input=file.read())
    return image


@pytest.fixture(scope="module")
def watching(bartizan, guest, watcher, place, names, spawner):   # pylint: disable=redefined-outer-name,too-many-arguments
    """The agent, and a grantor that takes exactly these measurements."""
    guest.exec(["sockets"])
    guest.exec(["processes"])
    agent = start_agent(bartizan, guest, place, *serials(place, "agent"))
    images = [word for name in [*names, spawner] for word in ("--mrenclave", mrenclave(bartizan, name))]
    with open(place / "grantor.log", "wb") as log:
        grantor = subprocess.Popen(
            [program(bartizan, "bartizan-grantor"), "--serial", f"{place}/to-grantor", *serials(place, "grantor"), "--owner", f"{place}/owner.pem",
             "--source-key", f"{place}/agent.pub", *images, "--target", f"qemu:{guest.qemu_pid}", "--rights",
             "kernel,user,local-output", f"--insecure-accept-sim={place}/root"], stdin=subprocess.DEVNULL, stderr=log)
    yield place / "grantor.log"
    for process in (grantor, agent):
        process.kill()
        process.wait()


@pytest.fixture
def stopped(guest):
    """QMP's stop, not a signal: the agent reads the registers by it."""
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("stop")
    monitor.close()
    yield
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("cont")
    monitor.close()


def watch(guest, watcher, backend, *arguments, agent=AGENTS[0], grantor=GRANTOR):   # pylint: disable=redefined-outer-name
    words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    return watcher.exec(["env", *words, "bartizan", "run", *(["--backend", backend] if backend else []), "--target",
                         f"qemu:{guest.qemu_pid}", "--agent", agent, "--grantor", grantor, "--owner", "/run/owner.pub",
                         *arguments], check=False, timeout=RUN_SECONDS)


def plain_of(case, text):
    text = text.decode(errors="backslashreplace")
    for moves in case.moves:
        text = re.sub(moves.what, moves.to, text, flags=re.MULTILINE)
    return text


@pytest.mark.parametrize("command", commands())
def test_a_program_prints_on_sgx_what_it_prints_on_sim(guest, watcher, watching, stopped, command):   # pylint: disable=redefined-outer-name
    case = commands()[command]
    done = {backend: watch(guest, watcher, backend, *command.split()) for backend in (None, "sim")}
    assert b"backend sgx" in done[None].stderr and b"backend sim" in done["sim"].stderr, done
    assert done[None].returncode == done["sim"].returncode and done[None].returncode not in (2, 125, 126), done
    assert plain_of(case, done[None].stdout) == plain_of(case, done["sim"].stdout)
    assert done[None].stdout.count(b"\n") > 0 or case.exit == 1 or command.split()[0] in SILENT


def test_an_image_that_the_grantor_wasnt_told_of_gets_no_grant(bartizan, guest, watcher, watching, names):   # pylint: disable=redefined-outer-name
    """Each grant above was for one of the measurements that were built."""
    assert watching.read_bytes().count(b"granted") > 0
    assert REFUSED not in names and mrenclave(bartizan, REFUSED) not in {mrenclave(bartizan, name) for name in names}
    done = watch(guest, watcher, None, REFUSED, "/proc/version")
    assert (done.returncode, done.stdout) == (125, b"") and b"no grant" in done.stderr, done


def counts(watcher):   # pylint: disable=redefined-outer-name
    monitor = Monitor(qmp_path(watcher.qemu_pid))
    text = monitor.execute("human-monitor-command", **{"command-line": "info sgx"})
    monitor.close()
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", text)}


def pages_when_quiet(watcher):   # pylint: disable=redefined-outer-name
    """The EPC pages that are in use; the kernel gives a dead process's back in its own time."""
    before, quiet = None, 0
    for _ in range(100):
        now = counts(watcher)["pages"]
        quiet = quiet + 1 if now == before else 0
        if quiet == 5:
            return now
        before = now
        time.sleep(0.1)
    return before


def test_an_enclave_that_is_killed_gives_all_its_pages_back(guest, watcher, watching):   # pylint: disable=redefined-outer-name
    words = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    run = (f"env {words} bartizan run --target qemu:{guest.qemu_pid} --agent {AGENTS[0]} --grantor {GRANTOR} --owner /run/owner.pub "
           "netstat -tc >/tmp/out 2>&1 & child=$!; until grep -q Proto /tmp/out || ! kill -0 $child; do sleep 0.1; done; kill -9 $child")
    first, created = pages_when_quiet(watcher), counts(watcher)
    for _ in range(5):
        done = watcher.exec(["sh", "-c", run], check=False, timeout=RUN_SECONDS)
        assert done.returncode == 0, (done, watcher.exec(["cat", "/tmp/out"]).stdout)
    assert pages_when_quiet(watcher) == first
    now = counts(watcher)
    assert now["ECREATE"] - created["ECREATE"] == 5 and now["EADD"] - created["EADD"] > 5 * 500, (created, now)
    done = watch(guest, watcher, None, "kernel-version")
    assert done.returncode == 0 and done.stdout == guest.exec(["cat", "/proc/version"]).stdout, done
    assert pages_when_quiet(watcher) == first


def test_the_model_counts_what_a_run_takes(guest, watcher, watching, stopped):   # pylint: disable=redefined-outer-name
    """What docs/qemu-sgx.md says of netstat: pages, entries, exits."""
    before = counts(watcher)
    done = watch(guest, watcher, None, "--counts", "netstat", "-tuxwan")
    more = {name: number - before[name] for name, number in counts(watcher).items()}
    assert done.returncode == 0 and more["EINIT"] == 1, (done, more)
    print(f"netstat -tuxwan: {more}")
    assert 500 < more["EADD"] < PAGES_MAX and more["EEXTEND"] == 16 * more["EADD"], more
    assert 0 < more["EENTER"] < START_ENTRIES_MAX and more["EEXIT"] + more["AEX"] >= more["EENTER"], more
    said = re.search(rb"^bartizan: (ioctls .*)$", done.stderr, re.MULTILINE).group(1).decode()
    ours = {name: int(number) for name, number in re.findall(r"(\w+) (\d+)", said)}
    print(f"netstat -tuxwan: {said}")
    # An EENTER that meets a page which isn't mapped yet, and faults, is tried again by the processor alone.
    assert ours["exits"] == more["EEXIT"] and 0 <= more["EENTER"] - ours["entries"] <= more["refused"], (ours, more)
    assert ours["ioctls"] >= 2 + more["EADD"] * 4096 // (1 << 20) and ours["resumptions"] == ours["exceptions"] == 0, (ours, more)


@pytest.mark.parametrize("by", AGENTS)
def test_another_look_of_netstat_takes_few_entries(guest, watcher, watching, by):   # pylint: disable=redefined-outer-name
    """Three questions, the output, the wait until the next look: five, where the host carries each question (by a serial port). In shared memory
    only those whose answer takes longer than an enclave looks for it: fewer, but how many depends on whether the agent has a CPU, so five is what holds."""
    words = " ".join(f"{name}={value}" for name, value in ENVIRONMENT.items())
    watcher.exec(["sh", "-c", f"env {words} bartizan run --target qemu:{guest.qemu_pid} --agent {by} --grantor {GRANTOR} --owner /run/owner.pub "
                  "netstat -tunac >/tmp/looks 2>/tmp/errors & echo $! >/tmp/pid"])

    def after(looks):
        """EENTER so far, when netstat has printed so many times; how many times it has by then."""
        done = watcher.exec(["sh", "-c", f"until [ $(grep -c ^Proto /tmp/looks) -ge {looks} ] || ! kill -0 $(cat /tmp/pid); do sleep 0.05; done; "
                             "grep -c ^Proto /tmp/looks; kill -0 $(cat /tmp/pid)"], check=False, timeout=RUN_SECONDS)
        assert done.returncode == 0, (done, watcher.exec(["cat", "/tmp/errors"]).stdout)
        return counts(watcher)["EENTER"], int(done.stdout.split()[0])

    seen = [after(looks) for looks in (2, 4, 6, 8)]
    watcher.exec(["sh", "-c", "kill $(cat /tmp/pid); until ! kill -0 $(cat /tmp/pid); do sleep 0.1; done"], check=False, timeout=RUN_SECONDS)
    each = [(last - first) / (looks - before) for (first, before), (last, looks) in zip(seen, seen[1:])]
    print(f"netstat -tunac by {by}: {each} entries for each look")
    assert 1 <= min(each) <= 5 and (seen[-1][0] - seen[0][0]) / (seen[-1][1] - seen[0][1]) <= 6, seen


def test_programs_that_a_program_runs_are_enclaves_of_the_cpu_too(guest, watcher, watching, stopped):   # pylint: disable=redefined-outer-name
    """Three children at a time, and the parent: each measured, granted, and known to the other by EREPORT."""
    agent, grantor = ("serial:" + ",".join(f"/dev/virtio-ports/{channel(role, port)}" for port in PORTS) for role in ("agent", "grantor"))
    command, before = ("/run/spawner", "read", PIPELINE, "100000"), counts(watcher)
    done = {None: watch(guest, watcher, None, *command, agent=agent, grantor=grantor)}
    more = {name: number - before[name] for name, number in counts(watcher).items()}
    done["sim"] = watch(guest, watcher, "sim", *command, agent=agent, grantor=grantor)
    print(f"{PIPELINE}: {more}")
    assert b"backend sgx" in done[None].stderr and b"backend sim" in done["sim"].stderr, done
    assert (done[None].returncode, done[None].stdout) == (done["sim"].returncode, done["sim"].stdout), done
    assert done[None].returncode == 0 and done[None].stdout.count(b"\n") > 20 and done[None].stdout.endswith(b"popen: exit 0\n"), done
    assert more["EINIT"] == 1 + len(CHILDREN) and more["EREPORT"] >= 3 * len(CHILDREN) and more["EGETKEY"] >= 2 * len(CHILDREN), more
    # One port isn't enough, and it is said what would be.
    done = watch(guest, watcher, None, *command)
    assert done.returncode != 0 and b"in use: it carries one enclave" in done.stderr and done.stdout == b"read: I/O error\npopen: signal 9\n", done


def test_without_sgx_the_backend_is_refused_by_name(bartizan, guest):
    done = bartizan("run", "--backend", "sgx", "--target", guest.target, "netstat")
    assert (done.returncode, done.stdout) == (125, b"") and b"this CPU has no SGX" in done.stderr, done
