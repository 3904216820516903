# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence from an enclave of the backend sim to a verifier: wolfSSL inside, OpenSSL outside, and people between them."""
import hashlib
import os
import socket
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from conftest import ROOT, find_bartizan, without_cpuid_warning

BUILD = os.path.join(ROOT, "build")
CC = os.path.join(ROOT, "tools/bartizan-cc")
INSIDE = os.path.join(ROOT, "tests/inside")
VERIFIER = os.path.join(BUILD, "bin/bartizan-verifier")
FLAGS = ["-O1", "-std=gnu2x", "-D_GNU_SOURCE", "-Wall", "-Werror", f"-I{BUILD}/include/enclave/attest"]


@pytest.fixture(scope="module")
def attester(tmp_path_factory):
    directory = tmp_path_factory.mktemp("attester")
    images = {}
    for name, more in (("attester", ""), ("debug", "debug on\n")):
        manifest = directory / "manifest"
        with open(f"{INSIDE}/attester.manifest", encoding="ascii") as text:
            manifest.write_text(text.read() + more)
        subprocess.run([CC, f"--manifest={manifest}", *FLAGS, "-o", directory / name, f"{INSIDE}/attester.c"], check=True)
        images[name] = str(directory / name)
    return images


@pytest.fixture(scope="module")
def fingerprint():
    return subprocess.run([find_bartizan(), "sim-root"], capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def owner(tmp_path):
    subprocess.run([find_bartizan(), "keygen", "--owner", "-o", tmp_path / "owner.pem"], check=True, capture_output=True)
    return tmp_path / "owner"


class Verifier:
    """The verifier's end of one connection: tests/attest-once.c."""

    def __init__(self, directory, owner, *arguments):
        self.socket = directory / "verifier"
        self.certificate = directory / "certificate.der"
        self.process = subprocess.Popen([f"{BUILD}/tests/attest-once", self.socket, f"{owner}.pem", self.certificate, *arguments],
                                        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert self.process.stdout.readline() == "listening\n"

    def end(self):
        said, _ = self.process.communicate(timeout=30)
        self.process.wait()
        verdict, _, rest = said.partition("\n")
        return verdict.rstrip(), dict(line.split(" ", 1) for line in rest.splitlines())


def attest(image, place, owner, *arguments, **environment):
    return subprocess.run([f"{BUILD}/tests/run-plain", "--sim", image, *arguments], capture_output=True, text=True, check=False, timeout=60,
                          env={**os.environ, "VERIFIER": f"unix:{place}", "VERIFIER_OWNER": f"{owner}.pub", **environment})


@pytest.mark.parametrize("strict", ["0", "1"], ids=["sim", "strict"])
def test_an_enclave_is_accepted_and_talks_to_its_verifier(attester, fingerprint, owner, tmp_path, strict):
    verifier = Verifier(tmp_path, owner, fingerprint)
    done = attest(attester["attester"], verifier.socket, owner, "hello", BARTIZAN_SIM_STRICT=strict)
    verdict, said = verifier.end()
    assert (done.returncode, done.stdout, without_cpuid_warning(done.stderr.encode())) == (0, "hello\n", b"")
    assert verdict == "ok"
    measured = subprocess.run([find_bartizan(), "image", "measure", attester["attester"]], capture_output=True, text=True, check=True)
    assert said["mrenclave"] == measured.stdout.strip()
    assert said["sim_root"] == fingerprint and said["binding"] == "b1" * 32 and said["tcb"] == "none: a simulation"


def item(data):
    """One item of CBOR's major types 0 to 6 with a definite length: what it is, and the rest (RFC 8949, 3)."""
    major, value, data = data[0] >> 5, data[0] & 31, data[1:]
    if value >= 24:
        size = 1 << (value - 24)
        value, data = int.from_bytes(data[:size], "big"), data[size:]
    if major in (2, 3):
        return data[:value] if major == 2 else data[:value].decode(), data[value:]
    if major == 4:
        members = []
        for _ in range(value):
            member, data = item(data)
            members.append(member)
        return members, data
    if major == 5:
        pairs = {}
        for _ in range(value):
            name, data = item(data)
            pairs[name], data = item(data)
        return pairs, data
    if major == 6:
        content, data = item(data)
        return (value, content), data
    assert major == 0
    return value, data


def signed(key, signature, data):
    key.verify(encode_dss_signature(int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:], "big")), data,
               ec.ECDSA(hashes.SHA256()))


def point(key):
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]


@pytest.fixture
def quote(attester, fingerprint, owner, tmp_path):
    """The quote in the certificate of an accepted enclave, and the certificate."""
    verifier = Verifier(tmp_path, owner, fingerprint)
    assert attest(attester["attester"], verifier.socket, owner, "hello").returncode == 0
    assert verifier.end()[0] == "ok"
    certificate = x509.load_der_x509_certificate(verifier.certificate.read_bytes())
    extension = certificate.extensions.get_extension_for_oid(x509.ObjectIdentifier("2.23.133.5.4.9"))
    (tag, (content, claims)), rest = item(extension.value.value)
    assert tag == 60000 and rest == b""
    (tmp_path / "quote").write_bytes(content)
    return content, claims, certificate


def test_the_certificate_is_interoperable_ra_tls_and_its_quote_holds_by_another_implementation(quote, fingerprint):
    content, claims, certificate = quote
    spki = certificate.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pairs, rest = item(claims)
    assert list(pairs) == ["pubkey-hash"] and rest == b""
    assert item(pairs["pubkey-hash"]) == ([1, hashlib.sha256(spki).digest()], b"")
    # Intel SGX ECDSA Quote Library Reference, appendix A.
    assert content[:8] == bytes.fromhex("0300020000000000") and content[12:28] == b"FAKE SIM VENDOR!"
    report = content[48:432]
    assert report[320:384] == hashlib.sha256(claims).digest() + bytes(32)
    size = int.from_bytes(content[432:436], "little")
    body = content[436:]
    assert len(body) == size
    signature, key, quoting, quoting_signature = body[:64], body[64:128], body[128:512], body[512:576]
    extra = body[578:578 + int.from_bytes(body[576:578], "little")]
    rest = body[578 + len(extra):]
    assert int.from_bytes(rest[:2], "little") == 5 and int.from_bytes(rest[2:6], "little") == len(rest) - 6
    chain = [x509.load_pem_x509_certificate(b"-----BEGIN" + part) for part in rest[6:].split(b"-----BEGIN")[1:]]
    assert len(chain) == 3
    assert quoting[320:384] == hashlib.sha256(key + extra).digest() + bytes(32)
    attestation = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + key)
    signed(attestation, signature, content[:432])
    signed(chain[0].public_key(), quoting_signature, quoting)
    for lower, upper in zip(chain, chain[1:] + chain[-1:], strict=True):
        upper.public_key().verify(lower.signature, lower.tbs_certificate_bytes, ec.ECDSA(hashes.SHA256()))
        assert lower.issuer == upper.subject
        assert "FAKE" in lower.subject.rfc4514_string()
    root = chain[-1].public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    assert hashlib.sha256(root).hexdigest() == fingerprint


def test_a_simulated_quote_is_appraised_only_under_the_fingerprint_of_its_machine(quote, fingerprint, tmp_path):
    def appraise(*more):
        done = subprocess.run([VERIFIER, "appraise", "--quote", tmp_path / "quote", *more], capture_output=True, text=True, check=False, timeout=60)
        return done.returncode, done.stdout

    code, said = appraise("--insecure-accept-sim", fingerprint)
    assert code == 0 and "verdict: accepted\n" in said and "FAKE" in said and f"sim_root: {fingerprint}\n" in said
    code, said = appraise("--insecure-accept-sim", "0" * 64)
    assert code == 3 and "reasons: root: " in said and fingerprint in said
    assert appraise()[0] == 2
    assert appraise("--insecure-accept-sim", "all")[0] == 2
    assert appraise("--insecure-accept-sim", fingerprint, "--insecure-accept-sim", fingerprint)[0] == 2


@pytest.mark.parametrize("image, arguments, words", [
    ("attester", [], "--insecure-accept-sim"),
    ("attester", ["0" * 64], "under another machine's FAKE root"),
    ("debug", ["FINGERPRINT"], "DEBUG"),
], ids=["not asked for", "another machine", "debug"])
def test_an_enclave_is_told_why_it_is_refused(attester, fingerprint, owner, tmp_path, image, arguments, words):
    verifier = Verifier(tmp_path, owner, *[fingerprint if word == "FINGERPRINT" else word for word in arguments])
    done = attest(attester[image], verifier.socket, owner, "hello")
    verdict, _ = verifier.end()
    assert done.returncode == 1 and done.stdout == ""
    assert "the verifier refused" in done.stderr and words in done.stderr
    assert verdict.startswith("denied") and words in verdict


def test_who_doesnt_hold_the_owners_key_gets_no_evidence_over_his_connection(attester, fingerprint, owner, tmp_path):
    """He is in the middle, has a verifier's program, and a key of his own."""
    subprocess.run([find_bartizan(), "keygen", "--owner", "-o", tmp_path / "other.pem"], check=True, capture_output=True)
    verifier = Verifier(tmp_path, tmp_path / "other", fingerprint)
    done = attest(attester["attester"], verifier.socket, owner, "hello")
    assert done.returncode == 1 and "doesn't hold the owner's key" in done.stderr
    assert verifier.end()[0].split()[0] in ("denied", "gone")


def received(source):
    try:
        return source.recv(4096)
    except OSError: # who found something altered may hang up at once
        return b""


def relay(listener, place, change):
    """Pass a connection on, with the byte `change` (which direction, where in it) altered."""
    inside, _ = listener.accept()
    outside = socket.socket(socket.AF_UNIX)
    outside.connect(str(place))

    def pump(source, sink, direction):
        position = 0
        while data := received(source):
            at = change[1] - position if change[0] == direction else -1
            if 0 <= at < len(data):
                data = data[:at] + bytes([data[at] ^ 1]) + data[at + 1:]
            position += len(data)
            try:
                sink.sendall(data)
            except OSError:
                break
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    threads = [threading.Thread(target=pump, args=(inside, outside, 0)), threading.Thread(target=pump, args=(outside, inside, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    inside.close()
    outside.close()


@pytest.mark.parametrize("change", [(0, 5), (0, 60), (0, 400), (0, 2000), (0, 6000), (1, 5), (1, 100), (1, 400), (1, 800), (2, 0)], ids=str)
def test_nothing_altered_on_the_way_is_accepted(attester, fingerprint, owner, tmp_path, change):
    verifier = Verifier(tmp_path, owner, fingerprint)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(tmp_path / "between"))
    listener.listen(1)
    thread = threading.Thread(target=relay, args=(listener, verifier.socket, change))
    thread.start()
    done = attest(attester["attester"], tmp_path / "between", owner, "hello")
    thread.join(60)
    verdict, _ = verifier.end()
    listener.close()
    if change[0] == 2: # nothing was: so it is the altered byte that the others fail by
        assert (done.returncode, verdict) == (0, "ok")
        return
    assert done.returncode != 0 and done.stdout == "" and done.stderr != ""


def test_a_verifier_that_isnt_there_is_told(attester, owner, tmp_path):
    done = attest(attester["attester"], tmp_path / "nobody", owner)
    assert done.returncode == 125 and "nobody" in done.stderr


def test_without_a_verifier_the_program_is_told_so(attester):
    done = subprocess.run([f"{BUILD}/tests/run-plain", "--sim", attester["attester"]], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 1 and "no connection to a verifier" in done.stderr
