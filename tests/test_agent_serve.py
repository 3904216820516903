# SPDX-License-Identifier: GPL-2.0-or-later
"""The serving agent, seen from an independent client (link_client.py). Targets are dump files whose
bytes are known, so that what arrives can be compared with what is there."""
import json
import os
import pty
import random
import secrets
import signal
import socket
import struct
import subprocess
import threading
import time

import pytest

import link_client as link
from link_client import Gone, Owner, Refused, Ring, Session, Stream, read

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PAGE = 4096
DUMP_SIZE = 2 << 20


def find_agent():
    places = [os.environ.get("BARTIZAN_AGENT"), os.path.join(ROOT, "build/bin/bartizan-agent"),
              os.path.join(ROOT, "build/tools/build/bartizan-agent")]
    return next(os.path.realpath(place) for place in places if place and os.access(place, os.X_OK))


class Agent:
    """A serving agent of our own."""

    def __init__(self, directory, owner, *arguments, targets=()):
        self.directory = str(directory)
        self.path = os.path.join(self.directory, "agent.sock")
        owner.write_public(os.path.join(self.directory, "owner.pub"))
        self.log_path = os.path.join(self.directory, "log")
        with open(self.log_path, "ab") as log:
            self.process = subprocess.Popen(
                [find_agent(), "serve", "--json", "--socket", self.path, "--owner", os.path.join(self.directory, "owner.pub"),
                 "--key", os.path.join(self.directory, "agent.key"), "--insecure-accept-sim",
                 *(word for target in targets for word in ("--target", target)), *arguments],
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, start_new_session=True)
        line = self.process.stdout.readline()
        assert line, self.log()
        self.ready = json.loads(line)

    def log(self):
        with open(self.log_path, encoding="utf-8") as f:
            return f.read()

    def status(self):
        done = subprocess.run([find_agent(), "status", "--socket", self.path], capture_output=True, check=True, timeout=20)
        return json.loads(done.stdout)

    def proc(self, name):
        with open(f"/proc/{self.process.pid}/{name}", encoding="ascii") as f:
            return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)

    def resident_kib(self):
        return int(self.proc("status")["VmRSS"].split()[0])

    def file_count(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def thread_count(self):
        return int(self.proc("status")["Threads"])

    def settle(self, key, value):
        """Wait until the status says so: threads need a moment to see that a client is gone."""
        deadline = time.monotonic() + 20
        while (now := self.status())[key] != value:
            assert time.monotonic() < deadline, now
            time.sleep(0.05)

    def end(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(20)
        self.process.stdout.close()
        return self.process.returncode


@pytest.fixture(scope="module")
def owner():
    return Owner()


@pytest.fixture(scope="module")
def dumps(tmp_path_factory):
    """Three machines: {name: bytes}."""
    directory = tmp_path_factory.mktemp("dumps")
    found = {}
    for index in range(3):
        data = random.Random(index).randbytes(DUMP_SIZE)
        path = directory / f"ram{index}"
        path.write_bytes(data)
        found[f"dump:{path}"] = data
    return found


@pytest.fixture(scope="module")
def target(dumps):
    return next(iter(dumps))


@pytest.fixture
def start(tmp_path, owner, dumps):
    agents = []

    def up(*arguments, targets=None):
        directory = tmp_path / str(len(agents))
        directory.mkdir()
        agents.append(Agent(directory, owner, *arguments, targets=list(dumps) if targets is None else targets))
        return agents[-1]

    yield up
    for agent in agents:
        agent.end()


@pytest.fixture(scope="module")
def agent(tmp_path_factory, owner, dumps):
    """One for all tests that leave it as it was."""
    served = Agent(tmp_path_factory.mktemp("agent"), owner, "--tcp", "0", targets=list(dumps))
    yield served
    assert served.end() == 0


def session(agent, owner, target, **grant):
    return Session(Ring(agent.path), owner, target, **grant).handshake()


def refusal(agent, owner, target, **grant):
    """Why a session doesn't come about."""
    with pytest.raises(Refused) as refused:
        session(agent, owner, target, **grant).ask([read(0)])
    return str(refused.value)


def test_pages_come_as_they_are_in_the_target(agent, owner, dumps, target):
    data = dumps[target]
    s = session(agent, owner, target)
    for count in (1, 2, 4, 5, 31, 32):
        pages = [random.randrange(DUMP_SIZE // PAGE) for _ in range(count)]
        results = s.ask([read(page * PAGE) for page in pages])
        assert results == [(link.OK, data[page * PAGE:(page + 1) * PAGE]) for page in pages]
    s.close()


def test_parts_of_pages_and_holes_come_in_one_vector(agent, owner, dumps, target):
    data = dumps[target]
    s = session(agent, owner, target)
    results = s.ask([read(0x1234, 7), read(DUMP_SIZE), read(PAGE), read(3 * PAGE, 64), link.operation(link.CHECK),
                     link.operation(link.RAM_MAP), link.operation(link.REGISTERS, 0), read(1 << 51)])
    outcomes = [outcome for outcome, _ in results]
    assert outcomes == [link.OK, link.UNMAPPED, link.OK, link.OK, link.OK, link.OK, link.MISSING, link.UNMAPPED]
    assert results[0][1] == data[0x1234:0x123b]
    assert results[2][1] == data[PAGE:2 * PAGE]
    assert results[3][1] == data[3 * PAGE:3 * PAGE + 64]
    assert struct.unpack_from("<QQQ", results[5][1]) == (1, 0, DUMP_SIZE)
    s.close()


def test_many_sessions_read_many_targets_at_once(agent, owner, dumps):
    failures = []

    def work(number):
        target = list(dumps)[number % len(dumps)]
        data, chooser = dumps[target], random.Random(number)
        try:
            s = session(agent, owner, target)
            for _ in range(100):
                pages = [chooser.randrange(DUMP_SIZE // PAGE) for _ in range(chooser.randrange(1, 9))]
                results = s.ask([read(page * PAGE) for page in pages])
                assert results == [(link.OK, data[page * PAGE:(page + 1) * PAGE]) for page in pages]
            s.close()
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    agent.settle("sessions", 0)


def test_tcp_carries_the_same_session(agent, owner, dumps, target):
    port = next(place["port"] for place in agent.ready["listen"] if place["kind"] == "tcp")
    connection = Stream(socket.create_connection(("127.0.0.1", port)))
    s = Session(connection, owner, target).handshake()
    assert s.ask([read(5 * PAGE)]) == [(link.OK, dumps[target][5 * PAGE:6 * PAGE])]
    s.close()
    connection.close()
    with open("/proc/net/tcp", encoding="ascii") as f:
        assert any(line.split()[1] == f"0100007F:{port:04X}" for line in f.readlines()[1:]), "listens on loopback only"
