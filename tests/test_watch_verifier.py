# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs in enclaves that answer to a remote verifier: grants, heartbeats and results over the whole path, with somebody between
them, a verifier that goes away, and an enclave that is killed."""
import contextlib
import json
import os
import re
import select
import signal
import socket
import subprocess
import threading
import time
import types

import pytest

from conftest import ROOT
from fake_aesmd import COUNT_KEYS, GET_QUOTE, INIT_QUOTE, LIST_KEYS, QUOTE_SIZE, FakeAesmd
from test_run_link import Daemon as Process, program
from verifier_client import VERIFIER, Daemon

INTERVAL_SECONDS = 1
# How much later than an idle machine a busy one may come to look at what it knows.
BUSY_SECONDS = 5


def measurement(bartizan, name):
    """Of a port, or of an image by its path."""
    done = bartizan("image", "measure", str(name) if "/" in str(name) else os.path.join(ROOT, f"build/ports/{name}.enclave"))
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().strip()


class Watched(Daemon):
    """A verifier for one target, and the agent that reads it: its own, unless one runs that has its keys in `directory`. `environment` says which
    fake root is accepted."""
    interval = INTERVAL_SECONDS

    def __init__(self, bartizan, target, directory, images=("netstat", "cat"), agent=None, environment=None):
        self.bartizan, self.target, self.directory = bartizan, target, directory
        self.socket, self.page, self.tls = str(directory / "anyone"), str(directory / "page"), str(directory / "tls")
        self.agent = agent or self.start_agent()
        self.images = list(images)
        root = subprocess.run([bartizan.path, "sim-root"], capture_output=True, check=True, env=environment or bartizan.environment)
        self.options = ("--insecure-accept-sim", root.stdout.decode().strip())
        self.program, self.environment = VERIFIER, None
        self.config = directory / "verifier.yaml"
        self.configure(self.images)
        self.start()

    def start_agent(self):
        assert self.bartizan("keygen", "--owner", "-o", str(self.directory / "owner.pem")).returncode == 0
        return Process([program(self.bartizan, "bartizan-agent"), "serve", "--owner", self.directory / "owner.pub", "--key", self.directory / "agent.key",
                        "--target", self.target, "--socket", self.directory / "agent", "--insecure-accept-sim"], self.directory / "agent")

    def configure(self, images, rights="kernel, user", valid="5m", looks="1h"):
        self.config.write_text(
            f"store: {self.directory}/store\ninterval: {self.interval}s\nlooks: {looks}\nenclaves:\n  listen: unix:{self.tls}\n  owner: {self.directory}/owner.pem\n"
            f"grants:\n  sources: [{self.directory}/agent.pub]\n  rights: [{rights}]\n  valid: {valid}\n"
            f"targets:\n  - name: {self.target}\n    reference_values:\n"
            + "".join(f"      - mrenclave: {measurement(self.bartizan, name)}\n" for name in images)
            + f"page:\n  listen: unix:{self.page}\ncontrol: unix:{self.directory}/control\n")

    def command(self, verb, *arguments, verifier=None, owner="owner"):
        return [self.bartizan.path, verb, "--quiet", "--backend", "sim", "--target", self.target, "--agent", f"unix:{self.directory}/agent",
                "--verifier", f"unix:{verifier or self.tls}", "--owner", f"{self.directory}/{owner}.pub", *arguments]

    def run(self, *arguments, **more):
        return subprocess.run(self.command("run", *arguments, **more), capture_output=True, check=False, timeout=120, env=self.bartizan.environment)

    def status(self):
        [target] = [t for t in self.state()["targets"] if t["name"] == self.target]
        return target

    def kept(self, kind):
        return [f for f in self.state()["findings"] if f["kind"] == kind]


@pytest.fixture(scope="module")
def watched(bartizan, guest, tmp_path_factory):
    guest.exec(["sockets"])
    made = Watched(bartizan, f"qemu:{guest.qemu_pid}", tmp_path_factory.mktemp("w"))
    yield made
    made.stop()
    made.agent.kill()


def test_what_a_program_prints_is_the_verifiers_alone(watched, guest):
    done = watched.run("netstat", "-tln")
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    output = "".join(f["text"] for f in watched.kept("output"))
    assert output == guest.exec(["netstat", "-tln"]).stdout.decode()
    [end] = watched.kept("end")
    assert (end["program"], end["exit_status"]) == ("netstat", 0)
    status = watched.status()
    assert status["evidence"].startswith("accepted: a simulation") and status["heard_count"] > 0
    assert status["scan"]["program"] == "netstat"


def test_where_the_grant_allows_it_output_is_in_clear_too(watched, guest):
    watched.stop()
    watched.configure(watched.images, "kernel, user, local-output")
    watched.start()
    done = watched.run("cat", "version", "nothing")
    assert done.returncode == 1 and done.stdout == guest.exec(["cat", "/proc/version"]).stdout and b"nothing" in done.stderr
    end = watched.kept("end")[-1]
    assert (end["program"], end["exit_status"]) == ("cat", 1) and "nothing" in end["text"]


@pytest.mark.parametrize("option", ["--netns", "--pid-namespace"])
def test_a_part_that_the_host_chose_is_not_told_as_the_target(watched, option):
    watched.stop()
    watched.configure(watched.images, "kernel, user, local-output")
    watched.start()
    before = len(watched.kept("output"))
    done = watched.run(option, "1", "netstat", "-tln")
    assert done.returncode != 0 and f"{option}: a verifier is told of the whole target only".encode() in done.stderr, done
    assert not any("LISTEN" in finding["text"] for finding in watched.kept("output")[before:])


@pytest.mark.parametrize("wrong, words", [("image", b"isn't among the target's reference values"), ("owner", b"doesn't hold the owner's key")])
def test_who_isnt_to_be_let_in_is_told_why_and_sees_nothing(bartizan, watched, wrong, words):
    if wrong == "owner":
        assert bartizan("keygen", "--owner", "-o", str(watched.directory / "other.pem")).returncode == 0
    done = watched.run("arp" if wrong == "image" else "netstat", owner="other" if wrong == "owner" else "owner")
    assert done.returncode == 125 and done.stdout == b"" and words in done.stderr


def test_without_the_owners_key_or_a_verifier_nothing_runs(bartizan, watched):
    assert watched.run("netstat", verifier=watched.directory / "nobody").returncode == 125
    done = subprocess.run([bartizan.path, "run", "--backend", "sim", "--target", watched.target, "netstat"], capture_output=True, check=False,
                          timeout=60, env={**bartizan.environment, "BARTIZAN_VERIFIER": watched.tls})
    assert done.returncode == 2 and b"--verifier needs --owner" in done.stderr


@pytest.fixture
def aesmd(watched):
    place = watched.directory / f"aesm-{time.monotonic_ns()}"
    made = FakeAesmd(place, watched.bartizan.environment)
    made.place = place
    yield made
    made.close()


def test_quotes_of_an_aesm_service_are_evidence_for_the_verifier(watched, aesmd):
    """As with the backend sgx, but that this service's quoting enclave is the simulator's, and so are the reports."""
    before = watched.status()["heard_count"]
    done = watched.run("--aesm", aesmd.place, "cat", "version")
    assert (done.returncode, done.stderr) == (0, b"")
    # One quote in the certificate, one over the connection, with the same key.
    one = [INIT_QUOTE, INIT_QUOTE, QUOTE_SIZE, GET_QUOTE]
    assert aesmd.asked == [COUNT_KEYS, LIST_KEYS, *one, *one]
    assert watched.status()["heard_count"] > before and watched.status()["evidence"].startswith("accepted: a simulation")


def another_report(honest):
    """Somebody else's quote, whole and signed: its REPORTDATA is another."""
    return {**honest, "f2": honest["f2"][:48 + 320] + bytes(64) + honest["f2"][48 + 384:]}


@pytest.mark.parametrize("change, words", [
    (None, b"nothing listens at"),
    ({COUNT_KEYS: lambda honest: {"f1": 30}}, b"refused the number of its keys (its error 30): it has no part for such quotes"),
    ({LIST_KEYS: lambda honest: {"f1": 0, "f2": honest["f2"][:256] * 2}}, b"has no ECDSA key"),
    # EREPORT would fault on it.
    ({INIT_QUOTE: lambda honest: {**honest, "f2": b"\xff" * 512} if "f2" in honest else honest}, b"its TARGETINFO has reserved bytes set"),
    ({QUOTE_SIZE: lambda honest: {"f1": 0, "f2": 1 << 31}}, b"wants to make a quote of 2147483648 bytes"),
    ({GET_QUOTE: lambda honest: {"f1": 0, "f2": honest["f2"][:2000]}}, b"is cut"),
    ({GET_QUOTE: another_report}, b"is about another report"),
], ids=["nobody", "error", "epid", "target", "size", "cut", "report"])
def test_without_a_good_quote_nothing_runs_and_it_says_why(watched, aesmd, change, words):
    aesmd.change = change or {}
    done = watched.run("--aesm", f"{aesmd.place}{'' if change else '-nobody'}", "cat", "version")
    assert done.returncode == 125 and done.stdout == b"" and words in done.stderr


def test_a_spoiled_quote_is_the_verifiers_to_refuse(watched, aesmd):
    """The host that asks the service is trusted by nobody: what it doesn't look at, the verifier does."""
    aesmd.change = {GET_QUOTE: lambda honest: {**honest, "f2": honest["f2"][:440] + bytes([honest["f2"][440] ^ 1]) + honest["f2"][441:]}}
    done = watched.run("--aesm", aesmd.place, "cat", "version")
    assert done.returncode == 125 and done.stdout == b"" and b"refused" in done.stderr and b"sign" in done.stderr


class Relay(threading.Thread):
    """Passes connections on, until it is told to cut them or to hold a direction back."""

    def __init__(self, place, to):
        super().__init__(daemon=True)
        self.listener, self.to, self.pairs = socket.socket(socket.AF_UNIX), to, []
        self.listener.bind(str(place))
        self.listener.listen(8)
        self.start()

    def run(self):
        while True:
            try:
                inside, _ = self.listener.accept()
            except OSError:
                return
            outside = socket.socket(socket.AF_UNIX)
            if outside.connect_ex(self.to) != 0:
                inside.close()
                continue
            self.pairs.append((inside, outside))
            for source, sink in ((inside, outside), (outside, inside)):
                threading.Thread(target=self.pump, args=(source, sink), daemon=True).start()

    @staticmethod
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def cut(self):
        for pair in self.pairs:
            for end in pair:
                end.close()


def test_who_has_the_owners_public_key_alone_gets_no_evidence(bartizan, watched):
    """Somebody between ends the enclave's TLS himself (he has a verifier's program, and the owner's public key, not the private one) ."""
    assert bartizan("keygen", "--owner", "-o", str(watched.directory / "between.pem")).returncode == 0
    between = subprocess.Popen([f"{ROOT}/build/tests/attest-once", watched.directory / "between", watched.directory / "between.pem",
                                watched.directory / "copied.der"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert between.stdout.readline() == b"listening\n"
    done = watched.run("netstat", verifier=watched.directory / "between")
    between.kill()
    between.wait()
    assert done.returncode == 125 and b"doesn't hold the owner's key" in done.stderr and done.stdout == b""


@pytest.fixture(scope="module")
def careless(tmp_path_factory):
    """An image that gives its key away: reviewed badly, and among the reference values."""
    image = tmp_path_factory.mktemp("careless") / "careless"
    subprocess.run([os.path.join(ROOT, "tools/bartizan-cc"), f"--manifest={ROOT}/tests/inside/attester.manifest", "-O1", "-std=gnu2x", "-D_GNU_SOURCE",
                    "-Wall", "-Werror", f"-I{ROOT}/build/include/enclave/attest", "-Wl,--wrap=wc_EccKeyToDer", "-o", image,
                    f"{ROOT}/tests/inside/careless.c"], check=True)
    return image


@pytest.mark.parametrize("how, handed_on, words", [
    ("own", [], b"the certificate's evidence is refused"),
    ("key", ["nonce", "quote"], b"so it was relayed from another one"),
])
def test_evidence_of_a_genuine_enclave_that_is_relayed_is_refused(bartizan, watched, careless, how, handed_on, words):
    """Its host starts it for the key of somebody who ends TLS himself, and hands on its evidence: in a certificate of his own, or, since the program
    gave him its key, in the enclave's own one, with its answer to the verifier's nonce."""
    assert bartizan("keygen", "--owner", "-o", str(watched.directory / f"relay-{how}.pem")).returncode == 0
    watched.stop()
    watched.configure([*watched.images, careless])
    watched.start()
    place = watched.directory / f"relay-{how}"
    between = subprocess.Popen([f"{ROOT}/build/tests/relay-evidence", place, watched.tls, watched.directory / f"relay-{how}.pem", how],
                               stdout=subprocess.PIPE, text=True)
    assert between.stdout.readline() == "listening\n"
    heard = watched.status()["heard_count"]
    done = watched.run(careless if how == "key" else "netstat", verifier=place, owner=f"relay-{how}")
    *frames, verdict = between.communicate(timeout=60)[0].splitlines()
    assert frames == handed_on and verdict.startswith("refused: ") and words in verdict.encode()
    assert done.returncode == 125 and done.stdout == b"" and words in done.stderr
    assert watched.status()["heard_count"] == heard
    # But for who stands between, all is right: without him it is let in.
    done = watched.run("netstat")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture
def watching(watched, guest):
    """`bartizan watch` every second, already heard; through a relay that can be cut."""
    watched.stop()
    watched.configure(["netstat", "cat", "watch"])
    watched.start()
    place = watched.directory / f"relay-{time.monotonic_ns()}"
    relay = Relay(place, watched.tls)
    process = subprocess.Popen(watched.command("watch", "--every", "1s", "netstat -tln", verifier=place), stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=watched.bartizan.environment)
    watched.wait(lambda state: any(t["state"] == "healthy" and t["scan"]["program"] == "netstat" for t in state["targets"]))
    yield types.SimpleNamespace(process=process, relay=relay)
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=30)
    relay.listener.close()


def listen_in(guest, port):
    guest.exec(["sh", "-c", f"busybox nc -l -p {port} </dev/null >/dev/null 2>&1 &"])


def test_a_socket_that_opens_between_two_looks_is_a_finding(watched, guest, watching):
    listen_in(guest, 4711)
    finding = watched.wait(lambda state: next((f for f in state["findings"] if f["kind"] == "finding" and f["title"].endswith(" has changed")), None))
    assert finding["program"] == "netstat" and finding["title"] == "what netstat prints has changed"
    assert any(":4711" in line for line in finding["details"]["new"]) and finding["details"]["gone_count"] == 0


def test_a_watch_that_is_started_anew_tells_what_it_begins_with(watched, guest, watching):
    """Who opens a port while nobody watches doesn't have it taken for what was always there."""
    watching.process.kill()
    watching.process.wait()
    listen_in(guest, 4714)
    told = len(watched.kept("output"))
    first = [f for f in watched.kept("finding") if f["title"] == "what netstat prints at first"]
    done = subprocess.run(watched.command("watch", "--every", "1s", "--count", "1", "netstat -tln"), capture_output=True, check=False, timeout=60,
                          env=watched.bartizan.environment)
    assert done.returncode == 0, done.stderr
    text = "".join(f["text"] for f in watched.kept("output")[told:])
    assert text == guest.exec(["netstat", "-tln"]).stdout.decode() and ":4714" in text
    baseline = [f for f in watched.kept("finding") if f["title"] == "what netstat prints at first"][len(first):]
    assert [(f["program"], f["details"]["kind"], f["details"]["size"]) for f in baseline] == [("netstat", "baseline", len(text))]


def test_the_enclave_goes_on_after_its_connection_and_the_verifier_were_gone(watched, guest, watching):
    watching.relay.cut()
    time.sleep(INTERVAL_SECONDS)
    watched.stop(kill=True)
    listen_in(guest, 4712)
    time.sleep(2 * INTERVAL_SECONDS)
    watched.start()
    assert watched.states()[watched.target] in ("unknown", "healthy")
    watched.wait(lambda state: any(t["state"] == "healthy" for t in state["targets"]))
    watched.wait(lambda state: any(":4712" in line for f in state["findings"] if f["kind"] == "finding" for line in f["details"].get("new", [])))
    assert not [a for a in watched.state()["alerts"] if a["kind"] in ("gap", "fork", "rollback")]
    assert watching.process.poll() is None


def test_a_host_whose_clock_stands_still_doesnt_end_the_watch(watched, guest, tmp_path):
    """It could have had the enclave sleep for ever, and answer each challenge."""
    frozen, freeze = tmp_path / "frozen.so", tmp_path / "freeze"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", frozen, f"{ROOT}/tests/frozen-clock.c"], check=True)
    watched.stop()
    watched.configure(["netstat", "cat", "watch"])
    watched.start()
    process = subprocess.Popen(watched.command("watch", "--every", "1s", "netstat -tln"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env={**watched.bartizan.environment, "LD_PRELOAD": str(frozen), "FREEZE": str(freeze)})
    try:
        watched.wait(lambda state: any(t["state"] == "healthy" and t["scan"]["program"] == "netstat" for t in state["targets"]))
        freeze.touch()
        count = watched.status()["scan"]["count"]
        watched.wait(lambda state: any(t["scan"]["count"] >= count + 4 for t in state["targets"]))
        listen_in(guest, 4715)
        watched.wait(lambda state: any(":4715" in line for f in state["findings"] if f["kind"] == "finding" for line in f["details"].get("new", [])))
    finally:
        process.terminate()
        process.communicate(timeout=30)


def descendants(pid):
    found = [int(child) for task in os.listdir(f"/proc/{pid}/task") for child in open(f"/proc/{pid}/task/{task}/children", encoding="ascii").read().split()]
    return found + [further for child in found for further in descendants(child)]


def age(pid):
    """Seconds since it was made."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        started = int(file.read().rpartition(")")[2].split()[19])
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started / os.sysconf("SC_CLK_TCK")


def stop_a_round(process):
    """Whatever process of the host's a round is by: it answers nothing from now on. Not while it is loaded, for which its host waits."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with contextlib.suppress(OSError):
            for pid in descendants(process.pid):
                if age(pid) >= 0.1:
                    os.kill(pid, signal.SIGSTOP)
                    return pid
    raise TimeoutError("no round was seen")


def test_a_watch_whose_program_hangs_is_idle_however_well_it_answers(watched, guest, watching):
    def told(state):
        return [alert["kind"] for alert in state["alerts"] if alert["kind"] in ("idle", "looking")]

    # More than a round takes on a busy machine.
    watched.configure(["netstat", "cat", "watch"], looks="15s")
    watched.process.send_signal(signal.SIGHUP)
    for _ in range(8):
        stopped = stop_a_round(watching.process)
        try:
            state = watched.wait(lambda state: next((t["state"] for t in state["targets"] if t["state"] in ("idle", "missing")), None), seconds=60)
            # Stopped while it was loaded, after all: that is silence, an alarm of its own.
            if state == "missing":
                continue
            # Which the verifier knows a moment before it is told.
            watched.wait(lambda state: told(state) == ["idle"])
            heard = watched.status()["heard_count"]
            watched.wait(lambda state: any(t["heard_count"] >= heard + 2 and t["state"] == "idle" for t in state["targets"]))
            break
        finally:
            os.kill(stopped, signal.SIGCONT)
            watched.wait(lambda state: any(t["state"] == "healthy" for t in state["targets"]), seconds=60)
    watched.wait(lambda state: told(state)[:2] == ["idle", "looking"])


def test_an_enclave_that_is_killed_is_missing_within_two_intervals_and_a_second(watched, guest, watching):
    killed = time.monotonic()
    watching.process.kill()
    watching.process.wait()
    watched.wait(lambda state: any(t["state"] == "missing" for t in state["targets"]), seconds=30)
    elapsed = time.monotonic() - killed
    alert = [a for a in watched.state()["alerts"] if a["kind"] == "missing"][-1]
    # As the verifier counts, whose looks a busy machine may hold up.
    silent = float(re.match(r"no heartbeat for ([0-9.]+) s", alert["text"]).group(1))
    assert 2 * INTERVAL_SECONDS <= silent <= 2 * INTERVAL_SECONDS + 1
    # And by our own clock.
    assert elapsed <= 2 * INTERVAL_SECONDS + 1 + BUSY_SECONDS


def test_what_was_found_while_the_verifier_was_away_outlives_the_enclave(watched, guest, watching):
    watched.stop()
    listen_in(guest, 4713)
    time.sleep(3 * INTERVAL_SECONDS)
    watching.process.kill()
    watching.process.wait()
    watched.start()
    blind = [f for f in watched.kept("finding") if f["title"] == "netstat could not look"]
    done = subprocess.run(watched.command("watch", "--count", "1", "netstat -tln"), capture_output=True, check=False, timeout=60,
                          env=watched.bartizan.environment)
    assert done.returncode == 0, done.stderr
    assert len([f for f in watched.kept("finding") if f["title"] == "netstat could not look"]) > len(blind)
    assert not [a for a in watched.state()["alerts"] if a["kind"] in ("gap", "fork", "rollback")]


def test_an_enclave_that_is_told_to_come_again_after_a_reload_does_and_loses_nothing(watched, guest, watching):
    before = watched.status()["heard_count"]
    watched.configure(["netstat", "cat", "watch"], "kernel, user, pause")
    watched.process.send_signal(signal.SIGHUP)
    watched.wait(lambda state: any(alert["kind"] == "reloaded" for alert in state["alerts"]))
    watched.wait(lambda state: any(t["heard_count"] >= before + 3 and t["state"] == "healthy" for t in state["targets"]))
    listen_in(guest, 4799)
    watched.wait(lambda state: any(":4799" in line for f in state["findings"] if f["kind"] == "finding" for line in f["details"].get("new", [])))
    assert watching.process.poll() is None
    assert not [a for a in watched.state()["alerts"] if a["kind"] in ("gap", "fork", "rollback")]


def revoke(watched, *arguments):
    done = subprocess.run([VERIFIER, "revoke", "--control", watched.directory / "control", *arguments], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def blind_count(watched):
    return len([f for f in watched.kept("finding") if f["title"] == "netstat could not look"])


def test_a_revoked_grant_ends_one_round_of_a_watch_and_a_revoked_enclave_all(watched, guest, watching):
    netstat = measurement(watched.bartizan, "netstat")
    grant = watched.wait(lambda state: [g for g in state["grants"] if g["mrenclave"] == netstat])[-1]
    assert "as `watch` does each round" in revoke(watched, "--grant", grant["id"])
    assert [g["is_condemned"] for g in watched.state()["grants"] if g["run"] == grant["run"]] == [True]
    # The next rounds look, each with a grant of its own.
    before = watched.status()["scan"]["count"]
    watched.wait(lambda state: any(t["scan"]["count"] >= before + 3 and t["state"] == "healthy" for t in state["targets"]))
    later = [g for g in watched.state()["grants"] if g["mrenclave"] == netstat][-1]
    assert later["run"] != grant["run"] and not later["is_condemned"]
    blind = blind_count(watched)
    revoke(watched, "--enclave", netstat)
    watched.wait(lambda _: blind_count(watched) > blind + 2)
    # Rounds that fail are no looks: by and by the target is idle.
    before, blind = watched.status()["scan"]["count"], blind_count(watched)
    watched.wait(lambda _: blind_count(watched) > blind + 2)
    assert watched.status()["scan"]["count"] == before
    assert watching.process.poll() is None and "let in again" in revoke(watched, "--enclave", netstat, "--lift")
    before = watched.status()["scan"]["count"]
    watched.wait(lambda state: any(t["scan"]["count"] >= before + 3 for t in state["targets"]))


@pytest.fixture
def short_grants(watched):
    """Grants of six seconds."""
    watched.stop()
    watched.configure(watched.images, "kernel, user, local-output", valid="6s")
    watched.start()
    yield
    watched.stop()
    watched.configure(watched.images)
    watched.start()


def renewals(watched):
    done = subprocess.run([program(watched.bartizan, "bartizan-agent"), "status", "--socket", watched.directory / "agent"], capture_output=True, check=True)
    return json.loads(done.stdout)["renewals"]


def read_until(process, wanted, seconds=60):
    """What it prints until `wanted` is true."""
    end, text = time.monotonic() + seconds, b""
    while not wanted():
        assert time.monotonic() < end, text[-500:]
        if select.select([process.stdout], [], [], 0.2)[0]:
            more = os.read(process.stdout.fileno(), 65536)
            assert more, process.stderr.read()
            text += more
    return text


def test_a_program_runs_longer_than_its_grant_and_ends_with_one_that_isnt_renewed(watched, short_grants):
    before = renewals(watched)
    process = subprocess.Popen(watched.command("run", "netstat", "-tlnc"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=watched.bartizan.environment)
    text = read_until(process, lambda: renewals(watched) >= before + 2)
    assert text.count(b"Active Internet connections") > 3 and b"LISTEN" in text
    watched.wait(lambda state: any(t["name"] == watched.target and t["scan"]["count"] > 0 for t in state["targets"]))
    # The owner changes his mind. The source can't be reached by the verifier here, so nothing is taken back.
    watched.stop()
    watched.configure(["cat"], "kernel, user, local-output", valid="6s")
    watched.start()
    _, errors = process.communicate(timeout=60)
    assert process.returncode not in (0, 125) and b"isn't among the target's reference values" in errors
    assert b"the grant's time is over" in errors and renewals(watched) >= before + 2
