# SPDX-License-Identifier: GPL-2.0-or-later
"""A serving agent of the tests' own, and sessions with it. Its targets are dump files whose bytes are known, so that what arrives can be
compared with what is there."""
import contextlib
import json
import os
import random
import subprocess
import time

import pytest

import link_client as link
from link_client import Owner, Refused, Ring, Session, read

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

    def files(self):
        place, found = f"/proc/{self.process.pid}/fd", []
        for name in os.listdir(place):
            with contextlib.suppress(FileNotFoundError):   # closed meanwhile
                found.append(os.readlink(f"{place}/{name}"))
        return sorted(found)

    def thread_count(self):
        return int(self.proc("status")["Threads"])

    def settle(self, key, value):
        """Wait until the status says so: threads need a moment to see that a client is gone."""
        deadline = time.monotonic() + 20
        while (now := self.status())[key] != value:
            assert time.monotonic() < deadline, now
            time.sleep(0.05)

    def files_alone(self):
        """What it has open when the one who asked for its status is gone, too: one socket, which listens."""
        deadline = time.monotonic() + 20
        while [name.startswith("socket:") for name in self.files()].count(True) != 1:
            assert time.monotonic() < deadline, self.files()
            time.sleep(0.05)
        return self.files()

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


def later(owner, session, for_target, **other):
    """A grant for the session's enclave, and whatever is otherwise in it."""
    binding = {"enclave_key": link.public_bytes(session.key), "source_key": session.transport.source_key,
               "source_nonce": session.transport.source_nonce, "target": for_target, **other}
    return owner.grant(binding.pop("enclave_key"), binding.pop("source_key"), binding.pop("source_nonce"), binding.pop("target"), **binding)
