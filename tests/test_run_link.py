# SPDX-License-Identifier: GPL-2.0-or-later
"""A program in an enclave, an agent and a grantor: what is printed is what `plain` prints, and nothing is printed
where one of the three is missing, wrong or ends."""
import functools
import json
import os
import select
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

from conftest import ROOT
from test_agent import Monitor, qmp_path

PATIENCE_SECONDS = 60
FILES = ["net/unix", "net/protocols", "net/tcp", "net/dev", "sys/kernel/hostname", "version"]
AGENT_FRAME_MAGIC, GRANTOR_ASK_KEY, GRANTOR_KEY = 0x314c5a42, 16, 17   # wire/agent.h, wire/grantor.h
SAYS_SIM = b"backend sim (a simulation: protects nothing from this machine's root)"


@pytest.fixture(scope="module")
def dump(guest, tmp_path_factory):
    """A target that stands still, and can be read by everybody."""
    path = tmp_path_factory.mktemp("dump") / "core"
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{path}")
    monitor.close()
    return f"dump:{path}"


@pytest.fixture(scope="module")
def plain(bartizan, dump):
    done = bartizan("cat", "--backend", "plain", "--target", dump, *FILES)
    assert done.returncode == 0 and done.stdout.count(b"\n") > 20, done.stderr
    return done.stdout


def program(bartizan, name):
    return os.path.join(os.path.dirname(bartizan.path), name)


@pytest.fixture(scope="module")
def keys(bartizan, tmp_path_factory):
    """Two owners, and a source key that nobody enrolled."""
    place = tmp_path_factory.mktemp("keys")
    for kind, name in (("--owner", "owner"), ("--owner", "other"), ("--source", "stranger")):
        done = bartizan("keygen", kind, "-o", str(place / f"{name}.pem"))
        assert done.returncode == 0, done.stderr
    return place


def wait_for_socket(path, process):
    end = time.monotonic() + PATIENCE_SECONDS
    while True:
        with socket.socket(socket.AF_UNIX) as attempt:
            if attempt.connect_ex(str(path)) == 0:
                return
        assert process.poll() is None and time.monotonic() < end
        time.sleep(0.02)


class Daemon:
    def __init__(self, arguments, path):
        self.path = str(path)
        self.log_path = f"{path}.log"
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log)
        wait_for_socket(path, self.process)

    def kill(self):
        self.process.kill()
        self.process.wait()


class TcpAgent:
    def __init__(self, arguments, log_path):
        with open(log_path, "wb") as log:
            self.process = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log)
        with self.process.stdout as ready:
            places = [place for place in json.loads(ready.readline())["listen"] if place["kind"] == "tcp"]
        assert len(places) == 1 and places[0]["port"] > 0, places
        self.path = f"tcp:127.0.0.1:{places[0]['port']}"

    def kill(self):
        self.process.kill()
        self.process.wait()


@pytest.fixture
def daemons():
    started = []
    yield started
    for daemon in started:
        daemon.kill()


@pytest.fixture
def agent(bartizan, keys, dump, tmp_path, daemons):
    daemons.append(Daemon([program(bartizan, "bartizan-agent"), "serve", "--socket", tmp_path / "agent", "--owner",
                           keys / "owner.pub", "--key", tmp_path / "agent.key", "--insecure-accept-sim",
                           "--insecure-accept-debug", "--target", dump], tmp_path / "agent"))
    daemons[-1].key = tmp_path / "agent.pub"
    return daemons[-1]


@pytest.fixture
def tcp_agent(bartizan, keys, dump, tmp_path, daemons):
    """One that listens at a TCP port of its own choice, which it says on stdout."""
    started = TcpAgent([program(bartizan, "bartizan-agent"), "serve", "--tcp", "0", "--json", "--owner", keys / "owner.pub",
                        "--key", tmp_path / "agent.key", "--insecure-accept-sim", "--insecure-accept-debug", "--target", dump],
                       tmp_path / "tcp.log")
    started.key = tmp_path / "agent.pub"
    daemons.append(started)
    return started


@pytest.fixture(scope="module")
def image(bartizan):
    """cat's measurement and signer."""
    path = os.path.join(os.path.dirname(bartizan.path), "../ports/cat.enclave")
    if not os.path.exists(path):
        path = os.path.join(os.path.dirname(bartizan.path), "../../ports/cat.enclave")
    done = bartizan("image", "inspect", "--json", path)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def grantor_of(bartizan, keys, tmp_path, daemons, image):
    def start(agent, **changes):
        root = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "bartizan/sim-root")
        settings = {"owner": keys / "owner.pem", "source-key": agent.key, "mrenclave": image["mrenclave"],
                    "rights": "kernel,user,local-output", "insecure-accept-sim": root, **changes}
        path = tmp_path / f"grantor{len(daemons)}"
        daemons.append(Daemon([program(bartizan, "bartizan-grantor"), "--socket", path, "--insecure-accept-debug",
                               *(word for name, value in settings.items() if value for word in (f"--{name}", str(value)))],
                              path))
        return daemons[-1]
    return start


@pytest.fixture
def grantor(agent, grantor_of):
    return functools.partial(grantor_of, agent)


def cat(bartizan, dump, agent, grantor, *more):
    return bartizan("cat", "--target", dump, "--agent", agent.path, "--grantor", grantor.path, *more, *FILES)


def assert_refused(done, *words):
    assert (done.returncode, done.stdout) == (125, b""), (done.returncode, done.stdout[:100], done.stderr)
    for word in words:
        assert word in done.stderr, done.stderr


def test_a_host_that_lies_beside_the_link_changes_nothing_of_the_target(agent, grantor, dump):
    """Calls are answered with lies (tests/soak/programs.c) while the target is read, sealed, in `sim`."""
    granting = grantor(**{"rights": "kernel,user,local-output"})
    done = subprocess.run([os.path.join(ROOT, "build/tests/soak-programs"), "--count", "60", "--backend", "sim", "--target", dump,
                           "--agent", agent.path, "--grantor", granting.path,
                           os.path.join(ROOT, "build/ports/cat.enclave"), "/proc/net/tcp", "/proc/net/unix"],
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, check=False)
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert sum(row["tried"] for row in rows) >= 60 and all(row["bad"] == 0 for row in rows)
    assert sum(row["refused"] for row in rows) > 10 and sum(row["harmless"] for row in rows) > 10


def test_the_development_chain_prints_what_plain_prints_and_says_what_it_is(bartizan, dump, plain):
    done = subprocess.run([bartizan.path, "cat", "--target", dump, *FILES], capture_output=True, check=False,
                          env=bartizan.environment, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout) == (0, plain), done.stderr
    assert done.stderr.count(b"\n") == 1 and SAYS_SIM in done.stderr and b"development agent and grant" in done.stderr


def test_a_running_guest_is_read_over_the_link_as_by_plain(bartizan, guest):
    guest.exec(["sockets"])
    with guest.paused():
        for arguments in (["run", "--target", guest.target, "netstat", "-tuna"], ["cat", "--target", guest.target, *FILES]):
            sealed = bartizan(*arguments)
            direct = bartizan(arguments[0], "--backend", "plain", *arguments[1:])
            assert direct.returncode == 0 and direct.stdout.count(b"\n") > 5, direct.stderr
            assert (sealed.returncode, sealed.stdout) == (0, direct.stdout), sealed.stderr


def test_nothing_of_the_development_chain_stays_behind(bartizan, dump, tmp_path):
    environment = {**bartizan.environment, "XDG_RUNTIME_DIR": str(tmp_path)}
    command = [bartizan.path, "cat", "--target", dump]
    subprocess.run([*command, *FILES], check=True, capture_output=True, env=environment, timeout=PATIENCE_SECONDS)
    subprocess.run([bartizan.path, "cat", "--target", "dump:/nonexistent", "version"], check=False, capture_output=True,
                   env=environment, timeout=PATIENCE_SECONDS)
    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
        process = subprocess.Popen([*command, *FILES * 500], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   env=environment)
        assert process.stdout.read(100)
        children = open(f"/proc/{process.pid}/task/{process.pid}/children", encoding="ascii").read().split()
        assert len(children) == 2, children
        handles = [os.pidfd_open(int(child)) for child in children]
        process.send_signal(ending)
        process.communicate(timeout=PATIENCE_SECONDS)
        for handle in handles:
            assert select.select([handle], [], [], PATIENCE_SECONDS)[0], f"a child outlived {ending}"
            os.close(handle)
    assert not os.listdir(tmp_path), os.listdir(tmp_path)


def test_a_running_agent_and_grantor_are_used(bartizan, dump, plain, agent, grantor):
    done = cat(bartizan, dump, agent, grantor())
    assert (done.returncode, done.stdout, done.stderr) == (0, plain, b"")


@pytest.mark.parametrize("kind", ["unix", "stream"])
def test_a_run_closes_its_session_so_that_the_agent_can_tell_an_end_from_a_cut(bartizan, dump, agent, grantor, kind):
    def sessions():
        done = subprocess.run([program(bartizan, "bartizan-agent"), "status", "--socket", agent.path], check=True,
                              capture_output=True, timeout=PATIENCE_SECONDS)
        return json.loads(done.stdout)["sessions"]

    def after_a_run(*command):
        before = os.path.getsize(agent.log_path)
        process = subprocess.Popen([bartizan.path, "cat", "--quiet", "--target", dump, "--agent", f"{kind}:{agent.path}",
                                    "--grantor", grantor().path, *command], stdout=subprocess.PIPE, env=bartizan.environment)
        assert process.stdout.read(10)
        if len(command) > 100:
            process.kill()
        process.communicate(timeout=PATIENCE_SECONDS)
        end = time.monotonic() + PATIENCE_SECONDS
        while sessions():
            assert time.monotonic() < end
            time.sleep(0.05)
        return before, end

    def log_since(place):
        with open(agent.log_path, "rb") as log:
            log.seek(place)
            return log.read()

    before, _ = after_a_run("version")
    time.sleep(0.5)   # what is said of an end is said a moment after it
    assert b"without closing" not in log_since(before)
    before, end = after_a_run(*FILES * 500)
    while b"hung up without closing its session" not in log_since(before):
        assert time.monotonic() < end, log_since(before)
        time.sleep(0.05)


def assert_a_killed_agent_ends_the_run(bartizan, dump, plain, agent, grantor):
    """Whole files only, in their order, and never one from anywhere else afterwards."""
    process = subprocess.Popen([bartizan.path, "cat", "--quiet", "--target", dump, "--agent", agent.path, "--grantor",
                                grantor.path, *FILES * 500], stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0,
                               env=bartizan.environment)
    beginning = process.stdout.read(100)
    agent.kill()
    rest, said = process.communicate(timeout=PATIENCE_SECONDS)
    text = beginning + rest
    assert process.returncode not in (0, None) and process.returncode > 0, process.returncode
    assert said.count(b"the agent has ended or hung up") == 1, said[:500]
    assert len(text) < 500 * len(plain)
    whole = len(text) // len(plain)
    assert text[:whole * len(plain)] == plain * whole and plain.startswith(text[whole * len(plain):])


def test_an_agent_that_is_killed_ends_the_run_with_an_error(bartizan, dump, plain, agent, grantor):
    assert_a_killed_agent_ends_the_run(bartizan, dump, plain, agent, grantor())


def test_an_agent_at_a_tcp_port_is_read_as_by_plain(bartizan, dump, plain, tcp_agent, grantor_of):
    done = cat(bartizan, dump, tcp_agent, grantor_of(tcp_agent))
    assert (done.returncode, done.stdout, done.stderr) == (0, plain, b"")


def test_an_agent_at_a_tcp_port_that_is_killed_ends_the_run_with_an_error(bartizan, dump, plain, tcp_agent, grantor_of):
    assert_a_killed_agent_ends_the_run(bartizan, dump, plain, tcp_agent, grantor_of(tcp_agent))


def test_where_nobody_listens_at_a_tcp_port_nothing_is_decoded(bartizan, dump, tcp_agent, grantor_of):
    grantor = grantor_of(tcp_agent)
    tcp_agent.kill()
    assert_refused(cat(bartizan, dump, tcp_agent, grantor), tcp_agent.path.removeprefix("tcp:").encode())


class Between:
    """Whoever carries the messages: hands frames (wire/agent.h) on, and does with one answer what `change(answer,
    answers before, request)` says."""

    HEAD = struct.Struct("<IHHII")
    MESSAGE = 4

    def __init__(self, path, agent_path, index, change):
        self.path, self.agent_path, self.index, self.change = str(path), agent_path, index, change
        self.changed = 0
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        self.listener.listen()
        self.thread = threading.Thread(target=self.carry, daemon=True)
        self.thread.start()

    @classmethod
    def frame(cls, file):
        head = cls.HEAD.unpack(file.recv(cls.HEAD.size, socket.MSG_WAITALL))
        return head, file.recv(head[3], socket.MSG_WAITALL) if head[3] else b""

    @classmethod
    def put(cls, file, head, body):
        file.sendall(cls.HEAD.pack(head[0], head[1], head[2], len(body), head[4]) + body)

    def carry(self):
        client = self.listener.accept()[0]
        agent = socket.socket(socket.AF_UNIX)
        agent.connect(self.agent_path)
        answers = []
        try:
            while True:
                head, request = self.frame(client)
                self.put(agent, head, request)
                head, answer = self.frame(agent)
                if head[1] == self.MESSAGE and len(answers) == self.index:
                    self.changed += 1
                    answer = self.change(answer, answers, request)
                answers += [answer] if head[1] == self.MESSAGE else []
                self.put(client, head, answer)
        except (OSError, struct.error):
            client.close()
            agent.close()


def flip(place):
    def change(answer, _answers, _request):
        return answer[:place] + bytes([answer[place] ^ 1]) + answer[place + 1:] if place >= 0 else \
            answer[:place] + bytes([answer[place] ^ 1])
    return change


MEDDLING = {
    "first bit of a record": (9, flip(16)),
    "a tag": (9, flip(-1)),
    "a counter": (9, flip(8)),
    "an old record again": (9, lambda answer, answers, request: answers[-1]),
    "an old record under the new number": (9, lambda answer, answers, request: answer[:16] + answers[-1][16:]),
    "the request itself": (9, lambda answer, answers, request: request),
    "a record cut short": (9, lambda answer, answers, request: answer[:-16]),
    "a record made longer": (9, lambda answer, answers, request: answer + bytes(16)),
    "an end that the agent didn't say": (9, lambda answer, answers, request:
                                         struct.pack("<HHIQ", 5, 1, 4, 0) + b"over"),
    "the handshake": (0, flip(20)),
    "another agent's handshake": (0, lambda answer, answers, request: answer[:16] + os.urandom(len(answer) - 16)),
}


@pytest.mark.parametrize("name", MEDDLING)
def test_whoever_carries_the_messages_can_not_change_them(bartizan, dump, plain, agent, grantor, tmp_path, name):
    index, change = MEDDLING[name]
    between = Between(tmp_path / "between", agent.path, index, change)
    done = bartizan("cat", "--target", dump, "--agent", f"stream:{between.path}", "--grantor", grantor().path, *FILES)
    assert between.changed == 1
    assert done.returncode > 0 and done.stderr, done
    assert plain.startswith(done.stdout) and done.stdout != plain


def test_whoever_carries_the_messages_unchanged_is_not_noticed(bartizan, dump, plain, agent, grantor, tmp_path):
    between = Between(tmp_path / "between", agent.path, 9, lambda answer, answers, request: answer)
    done = bartizan("cat", "--target", dump, "--agent", f"stream:{between.path}", "--grantor", grantor().path, *FILES)
    assert (done.returncode, done.stdout, between.changed) == (0, plain, 1), done.stderr


def test_who_carries_the_messages_reads_nothing_of_the_target(bartizan, dump, plain, agent, grantor, tmp_path):
    seen = []

    def keep(answer, _answers, _request):
        seen.append(answer)
        between.index += 1
        return answer

    between = Between(tmp_path / "between", agent.path, 0, keep)
    done = bartizan("cat", "--target", dump, "--agent", f"stream:{between.path}", "--grantor", grantor().path, *FILES)
    assert (done.returncode, done.stdout) == (0, plain), done.stderr
    carried = b"".join(seen)
    with open(dump.removeprefix("dump:"), "rb") as file:
        assert b"Linux version" in file.read()   # the words are in what was read
    assert len(carried) > 1 << 20 and b"Linux version" not in carried and b"VMCOREINFO" not in carried


def test_without_an_agent_nothing_is_decoded(bartizan, dump, tmp_path):
    assert_refused(bartizan("cat", "--target", dump, "--agent", str(tmp_path / "nobody"), *FILES), b"nobody")


def ask_for_the_key(visitor):
    """What a run does first (wire/grantor.h); the answer's type."""
    visitor.sendall(struct.pack("<IHHII", AGENT_FRAME_MAGIC, GRANTOR_ASK_KEY, 0, 0, 7))
    head = visitor.recv(16, socket.MSG_WAITALL)
    if len(head) < 16:
        return "hung up"
    _, kind, _, size, _ = struct.unpack("<IHHII", head)
    assert len(visitor.recv(size, socket.MSG_WAITALL)) == size
    return kind


def visitors_of(grantor, count):
    visitors = [socket.socket(socket.AF_UNIX) for _ in range(count)]
    for visitor in visitors:
        visitor.connect(grantor.path)   # blocking: a full queue is waited for
        visitor.settimeout(PATIENCE_SECONDS)
    return visitors


def test_a_grantor_has_room_for_as_many_enclaves_as_an_agent(grantor):
    running = grantor()
    visitors = visitors_of(running, 64)
    for _ in range(2):
        assert [ask_for_the_key(visitor) for visitor in visitors] == [GRANTOR_KEY] * 64


def test_whoever_only_stays_gives_way_to_those_who_ask(grantor):
    running = grantor()
    askers = visitors_of(running, 8)
    assert [ask_for_the_key(visitor) for visitor in askers] == [GRANTOR_KEY] * 8
    silent = visitors_of(running, 80)
    late = visitors_of(running, 1)
    assert [ask_for_the_key(visitor) for visitor in askers + late] == [GRANTOR_KEY] * 9
    with open(running.log_path, encoding="utf-8") as log:
        assert "64 clients at once: one that has asked nothing is cut off" in log.read()
    for visitor in silent:
        visitor.close()


def test_without_a_grantor_nothing_is_decoded(bartizan, dump, agent, tmp_path):
    done = bartizan("cat", "--target", dump, "--agent", agent.path, "--grantor", str(tmp_path / "nobody"), *FILES)
    assert_refused(done, b"no grantor listens", b"nobody")


@pytest.mark.parametrize("changes, words", [
    ({"mrenclave": "00" * 32}, [b"the grantor refused", b"isn't one that this grantor accepts"]),
    ({"mrenclave": None, "mrsigner": "00" * 32}, [b"isn't one that this grantor accepts"]),
    ({"source-key": "11" * 32}, [b"isn't enrolled"]),
    ({"target": "dump:/another"}, [b"grants are given for the target dump:/another here"]),
    ({"insecure-accept-sim": None}, [b"--insecure-accept-sim"]),
    ({"valid": "0"}, [b"the other end of the link ended it"]),
], ids=["another image", "another signer", "unknown source", "another target", "no sim", "over at once"])
def test_a_grantor_that_refuses_says_why_and_nothing_is_decoded(bartizan, dump, agent, grantor, changes, words):
    assert_refused(cat(bartizan, dump, agent, grantor(**changes)), *words)


def test_a_report_under_another_fake_root_gets_no_grant(bartizan, dump, agent, grantor, tmp_path):
    """The root of another machine: made by running there."""
    elsewhere = {**bartizan.environment, "XDG_STATE_HOME": str(tmp_path / "elsewhere")}
    subprocess.run([bartizan.path, "cat", "--target", dump, "version"], check=True, capture_output=True, env=elsewhere,
                   timeout=PATIENCE_SECONDS)
    other = tmp_path / "elsewhere/bartizan/sim-root"
    assert_refused(cat(bartizan, dump, agent, grantor(**{"insecure-accept-sim": other})), b"MAC doesn't fit")


def test_an_enclave_for_another_owner_gets_no_grant(bartizan, dump, agent, grantor, keys):
    assert_refused(cat(bartizan, dump, agent, grantor(), "--owner", str(keys / "other.pub")), b"signs for another one")


def test_an_agent_of_another_owner_takes_no_grant_of_ours(bartizan, dump, agent, grantor, keys):
    done = cat(bartizan, dump, agent, grantor(owner=keys / "other.pem"))
    assert_refused(done, b"the other end of the link ended it")


def test_a_grantor_of_another_owner_alone_is_told_what_is_missing(bartizan, dump, plain, keys, grantor):
    state = os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "bartizan")
    theirs = grantor(**{"owner": keys / "other.pem", "source-key": f"{state}/agent.pub"})
    done = bartizan("cat", "--target", dump, "--grantor", theirs.path, *FILES)
    assert (done.returncode, done.stdout) == (2, b"") and b"--owner" in done.stderr and b"another owner" in done.stderr
    done = bartizan("cat", "--target", dump, "--grantor", theirs.path, "--owner", str(keys / "other.pub"), *FILES)
    assert (done.returncode, done.stdout) == (0, plain), done.stderr


def test_without_the_right_to_local_output_nothing_of_the_target_is_printed(bartizan, dump, agent, grantor, plain):
    done = cat(bartizan, dump, agent, grantor(rights="kernel"))
    assert done.returncode not in (0, 125) and done.stdout == b"", (done.returncode, done.stdout[:100])
    assert b"local-output" in done.stderr
    for line in plain.splitlines():
        assert len(line) < 8 or line not in done.stderr


def test_the_grantors_socket_is_for_whom_it_is_said_to_be(bartizan, dump, agent, grantor, plain):
    assert os.stat(grantor().path).st_mode & 0o777 == 0o600
    shared = grantor(**{"socket-mode": "0660"})
    assert cat(bartizan, dump, agent, shared).stdout == plain
    assert os.stat(shared.path).st_mode & 0o777 == 0o660


def test_without_the_right_to_user_memory_no_process_memory_is_shown(bartizan, dump, agent, grantor):
    def show(rights, *files):
        return bartizan("cat", "--target", dump, "--agent", agent.path, "--grantor", grantor(rights=rights).path, *files)
    for file in ("/proc/1/cmdline", "/proc/1/environ"):
        shown = show("kernel,user,local-output", file)
        assert shown.returncode == 0 and shown.stdout, shown.stderr
        done = show("kernel,local-output", file)
        assert (done.returncode != 0, done.stdout) == (True, b"") and b"the grant gives the kernel's only" in done.stderr, done
    done = show("kernel,local-output", "/proc/1/stat")
    assert done.returncode == 0 and done.stdout, done.stderr


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    """tests/inside/told.c as an image, and its measurement."""
    path = tmp_path_factory.mktemp("told") / "told.enclave"
    subprocess.run([os.path.join(ROOT, "tools/bartizan-cc"), f"--manifest={ROOT}/enclave/programs/cat.manifest", "-O1",
                    "-std=gnu2x", "-D_GNU_SOURCE", "-o", path, f"{ROOT}/tests/inside/told.c"], check=True)
    return str(path)


def test_uname_is_the_targets(bartizan, dump, told):
    files = bartizan("cat", "--target", dump, "sys/kernel/hostname", "sys/kernel/osrelease")
    done = bartizan("run", "--target", dump, told)
    assert (done.returncode, done.stdout.split()) == (0, files.stdout.split()) and len(done.stdout.split()) == 2, done.stderr


def test_a_crash_without_the_right_to_local_output_has_no_address(bartizan, dump, agent, grantor, told):
    mrenclave = json.loads(bartizan("image", "inspect", "--json", told).stdout)["mrenclave"]
    for rights, with_address in (("kernel,local-output", True), ("kernel", False)):
        done = bartizan("run", "--target", dump, "--agent", agent.path, "--grantor",
                        grantor(rights=rights, mrenclave=mrenclave).path, told, "crash")
        assert done.returncode == 139 and b"the program inside crashed: SIGSEGV" in done.stderr, done.stderr
        assert (b"at address 0x3" in done.stderr, b"image+" in done.stderr) == (with_address, with_address), done.stderr


def test_hundreds_of_interrupts_during_a_run_over_the_link_change_nothing(bartizan, dump, plain, tmp_path):
    storm = tmp_path / "storm.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", storm, f"{ROOT}/tests/storm.c"], check=True)
    done = subprocess.run([bartizan.path, "cat", "--target", dump, *FILES], capture_output=True, check=False,
                          env={**bartizan.environment, "LD_PRELOAD": str(storm)}, timeout=PATIENCE_SECONDS)
    assert (done.returncode, done.stdout) == (0, plain), done.stderr
    assert int(done.stderr.partition(b"storm: ")[2].split()[0]) > 100, done.stderr


def test_why_an_agent_refused_is_said_once(bartizan):
    done = bartizan("cat", "--target", "qemu:999999999", "version")
    assert_refused(done, b"no process 999999999")
    assert done.stderr.count(b"no process 999999999") == 1, done.stderr


def test_a_grantor_takes_no_file_s_place_that_is_no_socket(bartizan, keys, tmp_path, image):
    precious = tmp_path / "precious"
    precious.write_text("kept")
    done = subprocess.run([program(bartizan, "bartizan-grantor"), "--socket", precious, "--owner", keys / "owner.pem",
                           "--source-key", "11" * 32, "--mrenclave", image["mrenclave"]],
                          capture_output=True, check=False, timeout=PATIENCE_SECONDS)
    assert done.returncode == 1 and b"precious" in done.stderr
    assert precious.read_text() == "kept"


def test_plain_has_no_agent(bartizan, dump):
    done = bartizan("cat", "--backend", "plain", "--agent", "/nonexistent", "--target", dump, "version")
    assert (done.returncode, done.stdout) == (2, b"") and b"--agent" in done.stderr


@pytest.mark.parametrize("rights,words", [("paus", b"kernel, user, local-output and pause exist"), ("user", b"without `kernel`")])
def test_rights_that_are_none_are_refused_by_hand(bartizan, keys, tmp_path, rights, words):
    done = bartizan("grant", "make", "--owner", keys / "owner.pem", "--output", tmp_path / "grant", "--enclave-key", "11" * 32,
                    "--source-key", "22" * 32, "--source-nonce", "33" * 32, "--target", "qemu:1", "--mrenclave", "44" * 32, "--rights", rights)
    assert done.returncode != 0 and words in done.stderr and not os.path.exists(tmp_path / "grant")


def test_grants_are_made_and_read_by_hand(bartizan, keys, tmp_path):
    made = tmp_path / "grant"
    arguments = ["--owner", str(keys / "owner.pem"), "--enclave-key", "aa" * 32, "--source-key", "bb" * 32,
                 "--source-nonce", "cc" * 32, "--target", "qemu:web 1", "--mrsigner", "dd" * 32, "--product", "3",
                 "--svn-min", "4", "--rights", "kernel,local-output", "--quota-bytes", "1000", "-o", str(made)]
    assert bartizan("grant", "make", *arguments).returncode == 0
    shown = bartizan("grant", "show", "--json", "--owner", str(keys / "owner.pub"), str(made))
    assert shown.returncode == 0, shown.stderr
    grant = json.loads(shown.stdout)
    assert grant["identity"] == {"mrsigner": "dd" * 32, "isv_prod_id": 3, "isv_svn_min": 4}
    assert (grant["rights"], grant["quota_bytes"], grant["quota_requests"]) == (["kernel", "local-output"], 1000, None)
    assert (grant["target"], grant["signature"], grant["backend"]) == ("qemu:web 1", "good", "sgx")
    wrong = bartizan("grant", "show", "--owner", str(keys / "other.pub"), str(made))
    assert (wrong.returncode, wrong.stdout) == (1, b"") and wrong.stderr
    changed = bytearray(made.read_bytes())
    changed[24] ^= 2   # rights
    made.write_bytes(changed)
    assert bartizan("grant", "show", "--owner", str(keys / "owner.pub"), str(made)).returncode == 1
