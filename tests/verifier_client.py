# SPDX-License-Identifier: GPL-2.0-or-later
"""An enclave's end of wire/verifier.h in Python, sharing no code with the verifier, and a daemon to talk to."""
import hashlib
import http.client
import json
import os
import socket
import struct
import subprocess
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VERIFIER = os.path.join(ROOT, "build/bin/bartizan-verifier")
MAGIC = 0x314C5A42
HELLO, WELCOME, REFUSED, CHALLENGE, HEARTBEAT, HEARD, RESULT, KEPT, RESEND = range(32, 41)


def connected(path):
    """A Unix socket that doesn't block says at once that as many wait already as may: then one waits, too."""
    end = time.monotonic() + 60
    while True:
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(20)
        try:
            made.connect(path)
            return made
        except BlockingIOError:
            made.close()
            assert time.monotonic() < end, "the verifier takes no connections"
            time.sleep(0.02)


class Enclave:
    def __init__(self, path, target, stream=None, greet=True):
        self.stream, self.target, self.counter, self.number, self.last = stream or os.urandom(32), target, 0, 0, bytes(32)
        self.socket = connected(path)
        if greet:
            self.send(HELLO, struct.pack("<II32s128s", 1, 0, self.stream, target.encode()))

    def close(self):
        self.socket.close()

    def send(self, kind, body):
        self.socket.sendall(struct.pack("<IHHII", MAGIC, kind, 0, len(body), 0) + body)

    def exactly(self, size):
        data = b""
        while len(data) < size:
            more = self.socket.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def receive(self):
        magic, kind, reserved, size, _ = struct.unpack("<IHHII", self.exactly(16))
        assert magic == MAGIC and reserved == 0
        return kind, self.exactly(size)

    def until(self, wanted):
        while True:
            kind, body = self.receive()
            if kind == wanted:
                return body
            assert kind in (CHALLENGE, HEARD), (kind, body)

    def heartbeat(self, nonce, counter=None, program=b"netstat"):
        self.counter = self.counter + 1 if counter is None else counter
        self.send(HEARTBEAT, struct.pack("<32sQQQQQII32s32s64s", nonce, self.counter, self.counter, int(time.time()), 7, self.number, 0, 0,
                                         b"\x11" * 32, bytes(32), program))

    def result(self, content, kind=2, program=b"scan"):
        """The next one of the chain, not sent yet."""
        self.number += 1
        chained = struct.pack("<IIQ64s", kind, 0, 7, program) + content
        body = struct.pack("<Q32s", self.number, self.last) + chained
        name = self.target.encode()
        self.last = hashlib.sha256(self.last + bytes([len(name)]) + name + self.stream + struct.pack("<Q", self.number) + chained).digest()
        return body


class Daemon:
    """bartizan-verifier serve, in a directory of its own."""
    believes_anyone = True

    def __init__(self, directory, targets, interval="1s", more="", login=None, references=None, options=(), program=VERIFIER,
                 environment=None, believes_anyone=True):
        self.directory, self.socket, self.page = directory, str(directory / "enclaves"), str(directory / "page")
        self.config = directory / "verifier.yaml"
        listen = f"unix:{self.page}" if login is None else f"127.0.0.1:{login[1]}\n  login: {login[0]}"
        self.config.write_text(f"store: {directory}/store\ninterval: {interval}\ntargets:\n" + "".join(
            f"  - name: {name}\n" + (f"    reference_values:\n      - mrenclave: {references[i] * 32}\n" if references else "")
            for i, name in enumerate(targets))
                               + f"page:\n  listen: {listen}\n{more}")
        self.process, self.options, self.program, self.environment = None, options, program, environment
        self.believes_anyone = believes_anyone
        self.start()

    def start(self):
        self.errors = open(self.directory / "errors", "a+", encoding="utf-8")
        self.process = subprocess.Popen([self.program, "serve", "--config", self.config,
                                         *(("--insecure-accept-anyone", self.socket) if self.believes_anyone else ()), *self.options],
                                        stderr=self.errors, env=self.environment)
        for _ in range(400):
            if (not self.believes_anyone or os.path.exists(self.socket)) and "are expected" in (self.directory / "errors").read_text(encoding="utf-8"):
                return
            assert self.process.poll() is None, (self.directory / "errors").read_text(encoding="utf-8")
            time.sleep(0.05)
        raise TimeoutError("the daemon doesn't come up")

    def stop(self, kill=False):
        if kill:
            self.process.kill()
        else:
            self.process.terminate()
        code = self.process.wait(30)
        (self.directory / "errors").write_text("")
        self.errors.close()
        return code

    def get(self, path, method="GET"):
        connection = http.client.HTTPConnection("verifier", timeout=20)
        connection.sock = socket.socket(socket.AF_UNIX)
        connection.sock.settimeout(20)
        connection.sock.connect(self.page)
        connection.request(method, path)
        answer = connection.getresponse()
        body = answer.read()
        connection.close()
        return answer, body

    def state(self):
        return json.loads(self.get("/api/state")[1])

    def states(self):
        return {target["name"]: target["state"] for target in self.state()["targets"]}

    def wait(self, wanted, seconds=30):
        """Until `wanted` of the daemon's state is true; gives what it was."""
        end = time.monotonic() + seconds
        while True:
            state = self.state()
            found = wanted(state)
            if found:
                return found
            assert time.monotonic() < end, state
            time.sleep(0.1)
