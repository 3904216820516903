# SPDX-License-Identifier: GPL-2.0-or-later
"""Our images on the backend `sgx`: in a guest on the model of SGX (docs/qemu-sgx.md), loaded by Linux's own driver, they watch another
guest through the agent, which is outside both: SCwatcher's arrangement. What they print is what they print on `sim`,
the target stopped; those that run others, too: each child an enclave of its own, by a serial port of its own. The model
is a simulation, and its reports say so: grants are given for them as for the simulator's, under its root, and quotes for a verifier by an AESM
service of the tests' own. A full run has every program of every port."""
import hashlib
import os
import re
import statistics
import subprocess
import time

import pytest

import hiding
import sgx_machine
from conftest import ROOT, Guest
from fake_aesmd import GET_QUOTE, FakeAesmd
from ports import CASES, HUNTERS, Case, programs_of_ports
from socket_relay import SocketRelay
from test_agent import Monitor, qmp_path
from test_qemu_sgx import FULL, qemu   # pylint: disable=unused-import
from test_spawn import link
from test_two_machines import AGENTS, GRANTOR, place, program, start_agent   # pylint: disable=unused-import
from test_watch_verifier import Watched

SELECTED = ["ps aux", "netstat -tuxwan", "ss -tanp", "pstree -p -A", "lsof -nPl -i", "ip addr", "sysctl -a", "busybox ls -l /proc/1/ns"]
# What tests/ports.py compares with nothing of the guest's; a full run has these, too.
OTHERS = [Case("kernel-version"), Case("process-list"), Case("paper-files tcp"), Case("cut -c 1-30"), Case("ifconfig -a"), Case("killall -l"),
          Case("pkill -0 -e processes"), Case("chkdirs -n /proc/sys/net"), Case("tr a b")]
SILENT = {"chkdirs", "cut", "paper-files", "tr"}   # nothing is hidden; nothing comes from standard input; reads 6.1 alone, and says so
REFUSED = "cat"   # not one of tests/ports.py
# What a program runs: each child by a port of its own, to the agent and to the grantor.
PIPELINE, CHILDREN = "ps --no-header -e o pid,ppid,comm | tr -s ' ' | cut -d' ' -f2,4-", ["ps", "tr", "cut"]
PORTS = range(1 + len(CHILDREN))
# The numbers that are tried, a lookup inside each. In the whole target, as are all its processes but the namespace's.
PID_MAX = 512
WATCHED = "netstat -tln"
ENVIRONMENT = {"TERM": "dumb", "COLUMNS": "500", "LINES": "500", "TZ": "UTC", "XDG_STATE_HOME": "/run/state"}
RUN_SECONDS, HUNT_SECONDS = 300, 3600
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
    machine = Guest(bartizan, f"--sgx={EPC}", "--memory", "1024", *channels, "--shared-memory", f"{place}/shared")
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
    return sorted({command.split()[0] for command in [*commands(), *HUNTERS]} | {"netstat", "kernel-version", *CHILDREN})


def brought(watcher, image):   # pylint: disable=redefined-outer-name
    """The image, which is in the guest's /run afterwards."""
    for suffix in ("", ".sig"):
        with open(image + suffix, "rb") as file:
            watcher.exec(["sh", "-c", f"cat >/run/{os.path.basename(image)}{suffix}"], input=file.read())
    return image


@pytest.fixture(scope="module")
def spawner(watcher, tmp_path_factory):   # pylint: disable=redefined-outer-name
    """A program that runs others; where it is here. In the guest: /run/spawner."""
    image = link(tmp_path_factory.mktemp("spawner"), "spawner", f"{ROOT}/tests/inside/spawner.manifest")
    return brought(watcher, image)


@pytest.fixture(scope="module")
def asker(watcher, tmp_path_factory):   # pylint: disable=redefined-outer-name
    """A program that asks by system calls alone; where it is here. In the guest: /run/asker."""
    place_of_it = tmp_path_factory.mktemp("asker")
    (place_of_it / "manifest").write_text("heap 14M\nstack 512K\ncall read write lseek fstat newfstatat openat close clock_gettime\n")
    image = str(place_of_it / "asker")
    subprocess.run([f"{ROOT}/tools/bartizan-cc", f"--manifest={place_of_it}/manifest", "-O2", "-D_GNU_SOURCE", "-o", image, f"{ROOT}/tests/inside/asker.c"],
                   check=True, capture_output=True, stdin=subprocess.DEVNULL, timeout=120)
    return brought(watcher, image)


@pytest.fixture(scope="module")
def watching(bartizan, guest, watcher, place, names, spawner, asker):   # pylint: disable=redefined-outer-name,too-many-arguments
    """The agent, and a grantor that takes exactly these measurements."""
    guest.exec(["sockets"])
    guest.exec(["processes"])
    agent = start_agent(bartizan, guest, place, *serials(place, "agent"))
    images = [word for name in [*names, spawner, asker] for word in ("--mrenclave", mrenclave(bartizan, name))]
    with open(place / "grantor.log", "wb") as log:
        grantor = subprocess.Popen(
            [program(bartizan, "bartizan-grantor"), "--serial", f"{place}/to-grantor", *serials(place, "grantor"), "--owner", f"{place}/owner.pem",
             "--source-key", f"{place}/agent.pub", *images, "--target", f"qemu:{guest.qemu_pid}", "--rights",
             "kernel,user,local-output", f"--insecure-accept-sim={place}/root"], stdin=subprocess.DEVNULL, stderr=log)
    agent.granted = place / "grantor.log"
    yield agent
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


def watch(guest, watcher, backend, *arguments, agent=AGENTS[0], grantor=GRANTOR, seconds=RUN_SECONDS):   # pylint: disable=redefined-outer-name,too-many-arguments
    words = [f"{name}={value}" for name, value in ENVIRONMENT.items()]
    return watcher.exec(["env", *words, "bartizan", "run", *(["--backend", backend] if backend else []), "--target",
                         f"qemu:{guest.qemu_pid}", "--agent", agent, "--grantor", grantor, "--owner", "/run/owner.pub",
                         *arguments], check=False, timeout=seconds)


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
    assert watching.granted.read_bytes().count(b"granted") > 0
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
    # The file is emptied before the loop looks at it: what the run before said would end this one before its enclave is there.
    run = (f": >/tmp/out; env {words} bartizan run --target qemu:{guest.qemu_pid} --agent {AGENTS[0]} --grantor {GRANTOR} --owner /run/owner.pub "
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

    def of_each_look(seen):
        """By whole looks; on a busy machine an entry may be counted with the look before, so several are asked for, and the middle one counts."""
        for _ in range(6):
            seen.append(after(seen[-1][1] + 1))
        return [(last - first) / (looks - before) for (first, before), (last, looks) in zip(seen, seen[1:])]

    for _ in range(3):
        each = of_each_look([after(2)])
        print(f"netstat -tunac by {by}: {each} entries for each look")
        if statistics.median(each) <= 5:
            break
    watcher.exec(["sh", "-c", "kill $(cat /tmp/pid); until ! kill -0 $(cat /tmp/pid); do sleep 0.1; done"], check=False, timeout=RUN_SECONDS)
    assert 1 <= statistics.median(each) <= 5, each


def test_a_probe_never_leaves_the_enclave(guest, watcher, watching, stopped):   # pylint: disable=redefined-outer-name
    """All that asks by a process's number, of 4,000 numbers more, each by four calls at least: the CPU isn't left once more."""
    done = {count: watch(guest, watcher, None, "--counts", "/run/asker", count) for count in ("2000", "6000")}
    print(done)
    assert {run.returncode for run in done.values()} == {0} and done["2000"].stdout == done["6000"].stdout and done["2000"].stdout.count(b"\n") > 50, done
    exits = [int(re.search(rb"^bartizan: ioctls .*\bexits (\d+)", run.stderr, re.MULTILINE).group(1)) for run in done.values()]
    assert exits[0] > 0 and exits[1] - exits[0] <= 0, exits


def many_ports(role):
    return "serial:" + ",".join(f"/dev/virtio-ports/{channel(role, port)}" for port in PORTS)


def test_programs_that_a_program_runs_are_enclaves_of_the_cpu_too(guest, watcher, watching, stopped):   # pylint: disable=redefined-outer-name
    """Three children at a time, and the parent: each measured, granted, and known to the other by EREPORT."""
    agent, grantor = many_ports("agent"), many_ports("grantor")
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


@pytest.fixture(scope="module")
def namespace(guest, watching):   # pylint: disable=redefined-outer-name
    """A PID namespace of two processes, since unhide runs `ps` for each by each way of asking; one is hidden. Its first process, as the target numbers it."""
    guest.exec(["sh", "-c", "echo 'sleep 10002 & wait' >/run/namespace; sleep 10001 >/dev/null 2>&1 </dev/null & "
                "setsid unshare -p -f --mount-proc sh /run/namespace >/dev/null 2>&1 </dev/null &"])
    find = "ps -o pid,args | awk '$2 == \"sleep\" && $3 == 10002 { print $1 }' | grep ."
    victim = int(guest.exec(["sh", "-c", f"until {find}; do sleep 0.1; done; sleep 10003 >/dev/null 2>&1 </dev/null &"]).stdout)
    first = guest.exec(["sh", "-c", f"echo {PID_MAX} >/proc/sys/kernel/pid_max; cut -d' ' -f4 /proc/{victim}/stat"]).stdout.decode().strip()
    hiding.hide(guest, victim)
    return first


@pytest.mark.skipif(not FULL, reason="chkproc tries four million numbers, and unhide runs ps dozens of times: minutes each on an emulated CPU")
@pytest.mark.parametrize("command", HUNTERS)
def test_a_program_finds_a_hidden_process_on_sgx_as_on_sim(guest, watcher, watching, namespace, stopped, command):   # pylint: disable=redefined-outer-name,too-many-arguments
    done, before = {}, counts(watcher)
    for backend in (None, "sim"):
        started = time.monotonic()
        done[backend] = watch(guest, watcher, backend, "--pid-namespace", namespace, *command.split(), agent=many_ports("agent"), grantor=many_ports("grantor"),
                              seconds=HUNT_SECONDS)
        more = {name: number - before[name] for name, number in counts(watcher).items()}
        print(f"{command}, {done[backend].stderr.splitlines()[:1]}: {time.monotonic() - started:.0f} s, {more['EINIT']} enclaves, {more['EENTER']} EENTER")
    found = "Found HIDDEN PID: 2\n" if command.startswith("unhide") else "PID     2: not in ps output\n"
    assert b"backend sgx" in done[None].stderr and b"backend sim" in done["sim"].stderr, done
    assert (done[None].returncode, done[None].stdout) == (done["sim"].returncode, done["sim"].stdout), done
    assert done[None].returncode != 0 and found in done[None].stdout.decode(), done


def test_every_program_of_a_port_runs_on_sgx():
    ran = {command.split()[0] for command in [*HUNTERS, *(case.outside or case.command for case in CASES + OTHERS)]}
    ports = programs_of_ports()
    assert len(ports) > 10 and set().union(*ports.values()) <= ran, {port: programs - ran for port, programs in ports.items()}


# ---- a remote verifier

def is_genuine(report):
    """Made for the quoting part, on the model: its MAC computed a second time, from the SDM's "Key Derivation". tests/sim-quote.c, which shares its
    code with the backend sim, looks at it as well."""
    target = hashlib.sha256(b"Bartizan FAKE quoting enclave 1").digest()   # wire/sim-quote.h
    key = sgx_machine.derive(name=3, mrenclave=target, keyid=report[384:416], cpusvn=sgx_machine.CPUSVN)
    return sgx_machine.cmac(key, report[:384]) == report[416:]


class ModelAesmd(FakeAesmd):
    """It knows the model's root as its machine's, and takes nothing but what is genuine."""

    def __init__(self, *arguments):
        self.reports = []
        super().__init__(*arguments)

    def answer(self, question, fields):
        if question == GET_QUOTE:
            self.reports.append(fields[1])
            if not is_genuine(fields[1]):
                return {"f1": 2}
        return super().answer(question, fields)


class Verifier(Watched):
    interval = 20   # seconds; a heartbeat goes through an emulated CPU


@pytest.fixture
def verifier(bartizan, guest, watcher, watching, place):   # pylint: disable=redefined-outer-name,too-many-arguments
    """With the agent of the others, a verifier on this machine, to which a socket in the guest leads, as another does to an AESM service."""
    (place / "model/bartizan").mkdir(parents=True, mode=0o700)
    (place / "model/bartizan/sim-root").touch(mode=0o600)
    (place / "model/bartizan/sim-root").write_bytes(root_of_the_model())
    environment = {**bartizan.environment, "XDG_STATE_HOME": str(place / "model")}
    made = Verifier(bartizan, f"qemu:{guest.qemu_pid}", place, images=["watch", "netstat"], agent=watching, environment=environment)
    made.aesmd = ModelAesmd(place / "aesm", environment)
    relay = SocketRelay(watcher, place, {"/run/aesm": place / "aesm", "/run/verifier": made.tls})
    yield made
    relay.close()
    made.aesmd.close()
    made.stop()


def test_a_watch_on_sgx_proves_to_a_verifier_what_it_is_and_tells_it_what_it_finds(bartizan, guest, watcher, verifier):   # pylint: disable=redefined-outer-name
    """Each round is an enclave of its own, by a serial port of its own: grants, heartbeats and findings for quotes over reports of EREPORT's."""
    before = counts(watcher)
    command = (f"echo $$ >/run/watch; exec bartizan watch --target qemu:{guest.qemu_pid} --agent {many_ports('agent')} --verifier unix:/run/verifier "
               f"--owner /run/owner.pub --aesm /run/aesm --every 1s '{WATCHED}'")
    with open(verifier.directory / "watch.log", "w+b") as log, subprocess.Popen(
            [bartizan.path, "lab", "exec", watcher.name, "--", "env", *(f"{name}={value}" for name, value in ENVIRONMENT.items()), "sh", "-c", command],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=bartizan.environment) as process:
        def told(what):
            def wanted(state):
                assert process.poll() is None, (verifier.directory / "watch.log").read_bytes()
                return what(state)
            return verifier.wait(wanted, seconds=RUN_SECONDS)
        try:
            told(lambda state: any(t["state"] == "healthy" and t["scan"]["program"] == "netstat" for t in state["targets"]))
            output = "".join(f["text"] for f in verifier.kept("output"))
            assert output == guest.exec(WATCHED.split()).stdout.decode() and output.count("\n") > 5
            guest.exec(["sh", "-c", "busybox nc -l -p 4711 </dev/null >/dev/null 2>&1 &"])
            finding = told(lambda state: next((f for f in state["findings"] if f["kind"] == "finding" and f["title"].endswith(" has changed")), None))
        finally:
            watcher.exec(["sh", "-c", "kill $(cat /run/watch)"], check=False)
            process.wait(60)
    assert finding["program"] == "netstat" and any(":4711" in line for line in finding["details"]["new"]) and finding["details"]["gone_count"] == 0
    assert verifier.status()["evidence"].startswith("accepted: a simulation")
    assert b"backend sgx" in (verifier.directory / "watch.log").read_bytes()
    more = {name: number - before[name] for name, number in counts(watcher).items()}
    print(f"watch: {more}")
    reports = verifier.aesmd.reports
    assert {report[64:96].hex() for report in reports} == {mrenclave(bartizan, name) for name in ("watch", "netstat")}
    assert len(reports) >= 6 and more["EREPORT"] >= len(reports) and more["EINIT"] >= 3, (len(reports), more)
    assert all(is_genuine(report) for report in reports)
    assert not any(is_genuine(reports[0][:i] + bytes([reports[0][i] ^ 1]) + reports[0][i + 1:]) for i in range(432))


def test_without_sgx_the_backend_is_refused_by_name(bartizan, guest):
    done = bartizan("run", "--backend", "sgx", "--target", guest.target, "netstat")
    assert (done.returncode, done.stdout) == (125, b"") and b"this CPU has no SGX" in done.stderr, done
