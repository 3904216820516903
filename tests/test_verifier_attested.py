# SPDX-License-Identifier: GPL-2.0-or-later
"""bartizan-verifier serve and enclaves that show evidence: who gets in, for which target, and who doesn't. The evidence itself is
attest-test's matter."""
import datetime
import hashlib
import json
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import tempfile
import threading
import time

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

import link_client as link
from agent_process import Agent
from verifier_client import CHALLENGE, HEARD, HELLO, REFUSED, RESULT, KEPT, ROOT, VERIFIER, WELCOME, Daemon, Enclave

ATTESTED = os.path.join(ROOT, "build/tests/attested-enclave")


class Attested(Enclave):
    """Frames through a process that has shown evidence of MRENCLAVE `byte` × 32."""

    def __init__(self, daemon, target, byte, greet=True, binding=None, place=None, more=(), stream=None):
        self.stream, self.target, self.counter, self.number, self.last = stream or os.urandom(32), target, 0, 0, bytes(32)
        self.socket, theirs = socket.socketpair()
        self.socket.settimeout(30)
        self.process = subprocess.Popen([ATTESTED, place or daemon.directory / "tls", byte, *([binding] if binding else []), *more], stdin=theirs)
        theirs.close()
        if greet:
            self.send(HELLO, struct.pack("<II32s128s", 1, 0, self.stream, target.encode()))

    def close(self):
        self.socket.close()
        return self.process.wait(30)


def started(directory, *options, **more):
    subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "-o", directory / "owner.pem"], check=True)
    (directory / "policy").write_text("accept_expired_collateral: 7d\n")
    return Daemon(directory, ["qemu:web1", "qemu:web2"], "60s", more=f"enclaves:\n  listen: unix:{directory}/tls\n  owner: {directory}/owner.pem\n"
                  f"  policy: {directory}/policy\n"
                  f"grants:\n  sources: [{'77' * 32}]\n  rights: [kernel, user]\n  valid: 5m\n", references=["11", "33"], options=options, **more)


def accepting_sim():
    return "--insecure-accept-sim", subprocess.run([ATTESTED, "fingerprint"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture(scope="module")
def daemon(tmp_path_factory):
    made = started(tmp_path_factory.mktemp("attested"), *accepting_sim())
    yield made
    made.stop()


def test_an_enclave_with_evidence_is_heard_and_its_results_are_kept(daemon):
    enclave = Attested(daemon, "qemu:web1", "11")
    assert enclave.receive()[0] == WELCOME
    enclave.heartbeat(enclave.until(CHALLENGE))
    enclave.until(HEARD)
    large = enclave.result(os.urandom(700000), kind=1)
    enclave.send(RESULT, large)
    assert enclave.until(KEPT) == large[:8]
    [target] = [t for t in daemon.state()["targets"] if t["name"] == "qemu:web1"]
    assert target["state"] == "healthy" and "a simulation under the fake root" in target["evidence"] and "1111111111111111…" in target["evidence"]
    enclave.close()


def test_a_good_enclave_that_is_not_the_targets_is_refused_and_that_is_an_alert(daemon):
    enclave = Attested(daemon, "qemu:web2", "11")
    kind, words = enclave.receive()
    assert kind == REFUSED and b"reference values" in words
    assert [a["target"] for a in daemon.state()["alerts"] if a["kind"] == "refused"] == ["qemu:web2"]
    enclave.close()


def test_half_handshakes_and_noise_keep_nobody_out(daemon):
    """Each has 75 s for its evidence, and costs a bounded piece of memory."""
    hello = bytes.fromhex("160301020001") + os.urandom(300)
    noise = []
    for i in range(400):
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(20)
        client.connect(str(daemon.directory / "tls"))
        client.sendall((hello[:11], b"", b"GET / HTTP/1.1\r\n\r\n", os.urandom(4000), hello, b"\x16\x03\x01\x40\x00" + b"\x01" * 16384)[i % 6])
        noise.append(client)
    enclave = Attested(daemon, "qemu:web1", "11")
    assert enclave.receive()[0] == WELCOME
    enclave.heartbeat(enclave.until(CHALLENGE))
    enclave.until(HEARD)
    # Who can't be TLS was hung up on; who has only begun is waited for.
    assert noise[2].recv(100)[:1] in (b"", b"\x15") and noise[3].recv(100)[:1] in (b"", b"\x15")
    for client in noise:
        client.close()
    enclave.close()
    assert daemon.process.poll() is None


def cbor(major, value):
    """The head of an item."""
    return bytes([major << 5 | 27]) + value.to_bytes(8, "big")


def certificate_with(evidence, directory):
    """A key, and a certificate of it with that for evidence."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([]), datetime.datetime.now(datetime.timezone.utc)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + datetime.timedelta(hours=1))
    made = made.add_extension(x509.UnrecognizedExtension(x509.ObjectIdentifier("2.23.133.5.4.9"), evidence), critical=False).sign(key, hashes.SHA256())
    path = directory / "evil.pem"
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
                     + made.public_bytes(serialization.Encoding.PEM))
    return path


TAG = cbor(6, 60000)


NO_TAG, NO_ARRAY, NO_CLAIMS = b"isn't CBOR of the tag 60000", b"isn't an array of a quote and claims", b"its claims aren't a map"


@pytest.mark.parametrize("evidence, words", [
    (b"", NO_TAG), (b"\x81" * 10000, NO_TAG), (b"\xc1" * 10000, NO_TAG), (TAG + b"\x81" * 10000, NO_ARRAY), (TAG * 1000, NO_ARRAY),
    (TAG + cbor(4, 2**64 - 1), NO_ARRAY), (TAG + b"\x82" + cbor(2, 2**63), NO_ARRAY), (TAG + b"\x82" + cbor(2, 2**32) + bytes(50), NO_ARRAY),
    (TAG + b"\x9f" + b"\x5f" * 10000, NO_ARRAY), (TAG + b"\x82" + b"\xa1" * 10000, NO_ARRAY), (TAG + b"\x82" + cbor(2, 10000) + bytes(10000) + cbor(2, 0), NO_CLAIMS),
    (b"\x81" * 40000, None)], ids=lambda value: str(value[:12]) if value else "none")
def test_huge_and_deep_cbor_is_refused_and_others_are_served(daemon, tmp_path, evidence, words):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.load_cert_chain(certificate_with(evidence, tmp_path))
    said, answer = daemon.directory / "errors", b""
    before = said.read_text().count("an enclave is refused: ")
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(30)
        client.connect(str(daemon.directory / "tls"))
        # A certificate that is too large ends TLS itself.
        try:
            with context.wrap_socket(client) as connection:
                while more := connection.recv(4096):
                    answer += more
        except (ssl.SSLError, ConnectionResetError, BrokenPipeError):
            pass
    assert words is None or b"the certificate's evidence is refused: " in answer and words in answer
    daemon.wait(lambda _: said.read_text().count("an enclave is refused: ") > before)
    assert words is not None or "TLS failed: excessive message size" in said.read_text()
    enclave = Attested(daemon, "qemu:web1", "11")
    assert enclave.receive()[0] == WELCOME
    enclave.close()


def owner_point(daemon):
    key = serialization.load_pem_public_key((daemon.directory / "owner.pub").read_bytes())
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]


def grant_asked_for(daemon, source=b"\x77" * 32, other_key=False, rights=0xf):
    """(frame's type, its content)"""
    enclave_key, nonce, owner = os.urandom(32), os.urandom(32), owner_point(daemon)
    binding = hashlib.sha256(enclave_key + owner + source + nonce).hexdigest()
    enclave = Attested(daemon, "qemu:web1", "11", binding=binding)
    assert enclave.receive()[0] == WELCOME
    enclave.until(CHALLENGE)
    enclave.send(41, (os.urandom(32) if other_key else enclave_key) + owner + source + nonce + struct.pack("<II", rights, 0))
    answer = enclave.receive()
    enclave.close()
    return answer


def test_an_enclave_that_was_let_in_gets_a_grant_that_the_owner_signed(daemon):
    kind, grant = grant_asked_for(daemon)
    assert kind == 42 and len(grant) == 512, grant
    (daemon.directory / "grant").write_bytes(grant)
    shown = subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "grant", "show", "--json", "--owner", daemon.directory / "owner.pub",
                            daemon.directory / "grant"], capture_output=True, text=True, check=False)
    assert shown.returncode == 0, shown.stderr
    said = shown.stdout
    assert "11" * 32 in said and "77" * 32 in said and "qemu:web1" in said and "sim" in said
    assert "user" in said and "pause" not in said


@pytest.mark.parametrize("wrong, words", [({"source": b"\x78" * 32}, b"isn't enrolled"), ({"other_key": True}, b"REPORTDATA"), ({"rights": 8}, b"none of the rights"),
                                          ({"rights": 1 << 20}, b"don't exist")])
def test_a_grant_for_something_else_is_refused_in_words(daemon, wrong, words):
    kind, sentence = grant_asked_for(daemon, **wrong)
    assert kind == 43 and words in sentence


class Way:
    """Where somebody stands between an enclave and its verifier; of one connection."""

    def __init__(self, place, to):
        self.listener, self.outside, self.to = socket.socket(socket.AF_UNIX), socket.socket(socket.AF_UNIX), str(to)
        self.listener.bind(str(place))
        self.listener.listen()
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        inside, _ = self.listener.accept()
        self.listener.close()
        self.outside.connect(self.to)
        threading.Thread(target=self.pass_on, args=(inside, self.outside), daemon=True).start()
        self.pass_on(self.outside, inside)

    @staticmethod
    def pass_on(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
            sink.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


class Watched:
    """A daemon that gives grants, the agent that they are for, and an enclave's session under one."""

    def __init__(self, directory, fingerprint, at=True, relayed=False):
        self.directory, self.target = directory, f"dump:{directory}/ram"
        (directory / "ram").write_bytes(os.urandom(2 << 20))
        subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "-o", directory / "owner.pem"], check=True)
        (directory / "agent").mkdir()
        self.start_agent()
        place = f", at: unix:{self.agent.path}" if at else ""
        self.daemon = Daemon(directory, [self.target], "60s", options=("--insecure-accept-sim", fingerprint), references=["11"],
                             more=f"enclaves:\n  listen: unix:{directory}/tls\n  owner: {directory}/owner.pem\n"
                                  f"grants:\n  sources: [{{key: {self.agent.ready['key']}{place}}}]\n  valid: 5m\n")
        self.way = Way(directory / "way", directory / "tls") if relayed else None
        self.open_session()

    def write_public(self, path):
        shutil.copy(self.directory / "owner.pub", path)

    def start_agent(self):
        self.agent = Agent(self.directory / "agent", self, targets=[self.target])

    def open_session(self):
        key, ring = X25519PrivateKey.generate(), link.Ring(self.agent.path)
        self.public = owner_point(self.daemon)
        asked = link.public_bytes(key) + self.public + ring.source_key + ring.source_nonce
        self.enclave = Attested(self.daemon, self.target, "11", binding=hashlib.sha256(asked).hexdigest(),
                                place=self.way and self.directory / "way")
        kind, words = self.enclave.receive()
        assert kind == WELCOME, words
        self.nonce = self.enclave.until(CHALLENGE)
        self.asked = asked + struct.pack("<II", 1, 0)
        self.enclave.send(41, self.asked)
        kind, grant = self.enclave.receive()
        assert kind == 42, grant
        (self.directory / "grant").write_bytes(grant)
        self.session = link.Session(ring, self, self.target, key=key, encoded=grant).handshake()
        assert self.reads()

    def come_again(self):
        """The enclave's run, over another connection."""
        enclave = Attested(self.daemon, self.target, "11", binding=hashlib.sha256(self.asked[:-8]).hexdigest(), stream=self.enclave.stream)
        kind, words = enclave.receive()
        assert kind == WELCOME, words
        enclave.nonce, enclave.asked = enclave.until(CHALLENGE), self.asked
        return enclave

    def grant_id(self):
        shown = subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "grant", "show", "--json", self.directory / "grant"], capture_output=True,
                               check=True)
        return json.loads(shown.stdout)["id"]

    def reads(self):
        return self.session.ask([link.read(0)])[0][0] == link.OK

    def wait_for_the_end(self):
        deadline = time.monotonic() + 30
        with pytest.raises(link.Refused):
            while self.reads():
                assert time.monotonic() < deadline, "its session goes on"
                time.sleep(0.05)

    def alerts(self):
        return [alert["kind"] for alert in self.daemon.state()["alerts"]]

    def reconfigure(self, old, new):
        text = self.daemon.config.read_text()
        assert old in text
        self.daemon.config.write_text(text.replace(old, new))
        assert self.daemon.stop() == 0
        self.daemon.start()

    def close(self):
        self.daemon.stop()
        self.agent.end()


@pytest.fixture
def watched():
    """In a short path: a target's name has 63 bytes."""
    fingerprint = subprocess.run([ATTESTED, "fingerprint"], capture_output=True, text=True, check=True).stdout.strip()
    made = []
    with tempfile.TemporaryDirectory(prefix="bzw", dir="/tmp") as directory:
        def make(**more):
            made.append(Watched(pathlib.Path(directory), fingerprint, **more))
            return made[-1]
        yield make
        for one in made:
            one.close()


def test_an_enclave_that_the_configuration_names_no_more_loses_its_session_at_the_agent(watched):
    one = watched()
    one.reconfigure(f"mrenclave: {'11' * 32}", f"mrenclave: {'12' * 32}")
    one.wait_for_the_end()
    one.daemon.wait(lambda _: one.alerts() == ["revoked"])
    assert one.agent.status()["revocations"] == 1
    # It stays so: nothing is taken back twice.
    one.reconfigure("valid: 5m", "valid: 6m")
    assert one.alerts() == ["revoked"] and one.agent.status()["revocations"] == 1


def test_an_enclave_that_contradicts_itself_loses_its_session_at_the_agent(watched):
    one = watched()
    first = one.enclave.result(b"{}")
    one.enclave.send(RESULT, first)
    one.enclave.until(KEPT)
    one.enclave.send(RESULT, first[:-2] + b"[]")
    assert b"chain" in one.enclave.until(REFUSED)
    one.wait_for_the_end()
    one.daemon.wait(lambda _: one.alerts() == ["fork", "revoked"])


@pytest.mark.parametrize("frame", [bytes(64), struct.pack("<IHHII", link.FRAME_MAGIC, RESULT, 0, 2**32 - 1, 0)], ids=["magic", "size"])
def test_an_enclave_that_sends_what_is_no_frame_loses_its_session_at_the_agent(watched, frame):
    one = watched()
    one.enclave.socket.sendall(frame)
    one.wait_for_the_end()
    one.daemon.wait(lambda _: one.alerts() == ["revoked"])


def test_noise_in_place_of_tls_ends_the_connection_and_takes_nothing_back(watched):
    """Who is on the way can do that: what he breaks is no word of the enclave's."""
    one = watched(relayed=True)
    one.way.outside.sendall(b"\x17\x03\x03\x00\x40" + bytes(64))
    one.enclave.process.wait(30)
    before, one.way = one.session, None
    # What is taken back later is taken back later.
    one.open_session()
    one.enclave.socket.sendall(bytes(64))
    one.wait_for_the_end()
    one.daemon.wait(lambda _: one.alerts() == ["revoked"])
    assert before.ask([link.read(0)])[0][0] == link.OK


def test_a_source_that_is_taken_out_or_away_is_told_once_it_is_there(watched):
    one = watched()
    assert one.agent.end() == 0
    text = one.daemon.config.read_text()
    one.reconfigure(text[text.index("{key"):text.index("}]") + 1], "77" * 32)
    one.daemon.wait(lambda _: one.alerts() == ["unrevoked"])
    one.start_agent()
    one.daemon.wait(lambda _: one.alerts() == ["unrevoked", "revoked"], seconds=60)


def test_a_policy_that_has_changed_takes_back_what_was_given_by_the_old_one(watched):
    one = watched()
    policy = one.directory / "policy"
    policy.write_text("accept_expired_collateral: 7d\n")
    one.reconfigure("enclaves:\n", f"enclaves:\n  policy: {policy}\n")
    one.wait_for_the_end()
    one.daemon.wait(lambda _: one.alerts() == ["revoked"])


def test_who_asks_for_grants_without_an_end_is_told_to_wait(watched):
    one = watched()
    for _ in range(1000):
        one.enclave.send(41, one.asked)
        kind, words = one.enclave.receive()
        if kind == CHALLENGE:
            kind, words = one.enclave.receive()
        if kind != 42:
            break
    assert kind == 43 and b"ask again later" in words
    assert one.reads()


def answer_everybody(listener):
    """Any machine that can take the source's place on the network: says "revoked" to all."""
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        with client:
            client.recv(4096)
            client.sendall(struct.pack("<IHHII", link.FRAME_MAGIC, link.REVOKED, 0, 32, 0) + bytes(32))


def test_who_only_says_that_he_is_the_source_is_not_believed(watched):
    one = watched()
    assert one.agent.end() == 0
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(one.agent.path)
        listener.listen()
        threading.Thread(target=answer_everybody, args=(listener,), daemon=True).start()
        one.reconfigure(f"mrenclave: {'11' * 32}", f"mrenclave: {'12' * 32}")
        one.daemon.wait(lambda _: one.alerts() == ["unrevoked"])
        assert "can't prove" in one.daemon.state()["alerts"][0]["text"]
        listener.shutdown(socket.SHUT_RDWR)
    os.unlink(one.agent.path)
    one.start_agent()
    one.daemon.wait(lambda _: one.alerts() == ["unrevoked", "revoked"], seconds=60)


def test_without_a_place_a_grant_ends_by_not_being_renewed(watched):
    one = watched(at=False)
    one.reconfigure(f"mrenclave: {'11' * 32}", f"mrenclave: {'12' * 32}")
    assert "isn't renewed, and ends in" in (one.directory / "errors").read_text()
    assert one.reads() and one.alerts() == []
    again = Attested(one.daemon, one.target, "11")
    assert again.receive()[0] == REFUSED
    again.close()


def test_a_targets_own_policy_comes_on_top_of_that_for_all(tmp_path):
    fingerprint = subprocess.run([ATTESTED, "fingerprint"], capture_output=True, text=True, check=True).stdout.strip()
    own = tmp_path / "own"
    own.write_text(f"reference_values: [{{mrenclave: {'12' * 32}}}]\n")
    daemon = started(tmp_path, "--insecure-accept-sim", fingerprint)
    try:
        text = daemon.config.read_text()
        daemon.config.write_text(text.replace("  - name: qemu:web2\n", f"  - name: qemu:web2\n    policy: {own}\n"))
        assert daemon.stop() == 0
        daemon.start()
        for target, byte, good in (("qemu:web1", "11", True), ("qemu:web2", "33", False), ("qemu:web2", "11", False)):
            enclave = Attested(daemon, target, byte)
            kind, words = enclave.receive()
            assert kind == (WELCOME if good else REFUSED), words
            assert good or b"reference value" in words
            enclave.close()
        own.write_text(f"reference_values: [{{mrenclave: {'33' * 32}}}]\n")
        assert daemon.stop() == 0
        daemon.start()
        enclave = Attested(daemon, "qemu:web2", "33")
        assert enclave.receive()[0] == WELCOME
        enclave.close()
        own.write_text("accept_everything: true\n")
        done = subprocess.run([VERIFIER, "serve", "--config", daemon.config, "--config-check"], capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 1 and "accept_everything" in done.stderr and str(own) in done.stderr
    finally:
        daemon.stop()


def test_an_owners_new_key_takes_the_old_ones_place(tmp_path):
    """As docs/verifier.md says: the key's file is replaced, the daemon restarted, enclaves are started anew."""
    fingerprint = subprocess.run([ATTESTED, "fingerprint"], capture_output=True, text=True, check=True).stdout.strip()
    daemon = started(tmp_path, "--insecure-accept-sim", fingerprint)
    try:
        before = owner_point(daemon)
        (kind, old) = grant_asked_for(daemon)
        for name in ("owner.pem", "owner.pub"):
            (tmp_path / name).rename(tmp_path / f"{name}.old")
        subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "-o", tmp_path / "owner.pem"], check=True)
        assert daemon.stop() == 0
        daemon.start()
        assert daemon.states()["qemu:web1"] == "unknown" and owner_point(daemon) != before
        # Who still names the old owner gets nothing; who was started for the new one, a grant that he signed.
        kind, grant = grant_asked_for(daemon)
        assert kind == 42
        for public, content, good in (("owner.pub", grant, True), ("owner.pub", old, False), ("owner.pub.old", grant, False)):
            (tmp_path / "grant").write_bytes(content)
            shown = subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "grant", "show", "--owner", tmp_path / public, tmp_path / "grant"],
                                   capture_output=True, text=True, check=False)
            assert (shown.returncode == 0) == good, shown.stdout + shown.stderr
    finally:
        daemon.stop()


def test_without_evidence_nobody_gets_in(daemon):
    plain = Enclave(str(daemon.directory / "tls"), "qemu:web1")
    with pytest.raises((EOFError, ConnectionResetError, AssertionError)):
        assert plain.receive()[0] == WELCOME


def test_simulations_are_refused_unless_asked_for(tmp_path):
    daemon = started(tmp_path)
    try:
        enclave = Attested(daemon, "qemu:web1", "11")
        with pytest.raises((EOFError, ConnectionResetError, BrokenPipeError)):
            enclave.receive()
        assert enclave.close() in (1, 3)
        assert daemon.states()["qemu:web1"] == "unknown"
        assert "an enclave is refused" in (tmp_path / "errors").read_text()
    finally:
        daemon.stop()


def test_a_target_for_which_any_enclave_could_speak_is_told(tmp_path):
    subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "-o", tmp_path / "owner.pem"], check=True)
    path = tmp_path / "verifier.yaml"
    path.write_text(f"store: {tmp_path}/store\ntargets:\n  - name: web\nenclaves:\n  listen: unix:{tmp_path}/tls\n  owner: {tmp_path}/owner.pem\n")
    done = subprocess.run([VERIFIER, "serve", "--config", path, "--config-check"], capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 1 and "line 3 of the configuration: the target web has no `reference_values`" in done.stderr
