# SPDX-License-Identifier: GPL-2.0-or-later
"""An enclave's end of the link in Python, made from the Noise specification, docs/link.md and the
headers alone, with another library underneath (python3-cryptography): what the agent and it agree
on isn't one program's own idea. Also an owner, who signs grants, and connections to an agent."""
import array
import ctypes
import hashlib
import hmac
import mmap
import os
import secrets
import select
import socket
import struct
import time

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

# wire/agent.h
FRAME_MAGIC = 0x314C5A42
CONNECT, HELLO, REFUSED, MESSAGE, ASK_STATUS, STATUS, REVOKE, REVOKED = range(1, 9)
WITH_RING = 1
# wire/link-ring.h
REQUEST_SIZE, REPLY_SIZE = 32 * 1024, 1024 * 1024 + 4096
REQUEST_AT, REPLY_AT = 4096, 4096 + REQUEST_SIZE
RING_SIZE = REPLY_AT + REPLY_SIZE
REQUEST_SEQUENCE, REQUEST_LENGTH, CLIENT_ASLEEP = 0, 8, 16
REPLY_SEQUENCE, REPLY_LENGTH, SOURCE_ASLEEP, SOURCE_GONE = 64, 72, 80, 88
# link/message.h
FIRST, SECOND, RECORD, CLOSE, ERROR = range(1, 6)
# link/grant.h
KERNEL, USER, OUTPUT = 1, 2, 4
SGX, SIM = 1, 2
NO_LIMIT = 2**64 - 1
# link/request.h
READ, RAM_MAP, REGISTERS, NEXT_POPULATED, CHECK = range(1, 6)
PHYSICAL, KERNEL_VIRTUAL, USER_VIRTUAL = 1, 2, 3
# base/status.h
OK, UNMAPPED, MISSING, GONE, TORN, END = range(6)
UNSUPPORTED, LIMIT, IO, DENIED = -2, -3, -5, -6

SYS_FUTEX, FUTEX_WAKE = 202, 1
libc = ctypes.CDLL(None, use_errno=True)


class Refused(Exception):
    """The agent said no, in words; or it hung up."""


class Gone(Refused):
    """It hung up."""


def public_bytes(key):
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


class Owner:
    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        point = self.key.public_key().public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)
        self.public = point[1:]

    def write_public(self, path):
        with open(path, "wb") as f:
            f.write(self.key.public_key().public_bytes(serialization.Encoding.PEM,
                                                       serialization.PublicFormat.SubjectPublicKeyInfo))

    def grant(self, enclave_key, source_key, source_nonce, target, *, rights=KERNEL, backend=SIM, flags=0, lasts=600,
              issued_at=0, quota_bytes=NO_LIMIT, quota_requests=NO_LIMIT, grant_id=None):
        body = struct.pack("<8sIIIIII16sQQQHHI32s32s32s32s32s128sQ72s", b"BZGRANT1", 1, 1, backend, flags, rights, 0,
                           grant_id or secrets.token_bytes(16), int(time.time()) + lasts, quota_bytes, quota_requests,
                           0, 0, 0, b"\x11" * 32, b"", enclave_key, source_key, source_nonce, target.encode(), issued_at, b"")
        assert len(body) == 448
        r, s = utils.decode_dss_signature(self.key.sign(b"Bartizan grant 1" + body, ec.ECDSA(hashes.SHA256())))
        return body + r.to_bytes(32, "big") + s.to_bytes(32, "big")

    def revocation(self, grant, lasts=600):
        """That takes back an encoded grant."""
        body = struct.pack("<8sII16sQ32s32s", b"BZREVOK1", 1, 0, grant[32:48], int(time.time()) + lasts, grant[176:208], grant[208:240])
        r, s = utils.decode_dss_signature(self.key.sign(b"Bartizan revocation 1" + body, ec.ECDSA(hashes.SHA256())))
        return body + r.to_bytes(32, "big") + s.to_bytes(32, "big")


def head(kind, size, counter=0):
    return struct.pack("<HHIQ", kind, 1, size, counter)


def nonce(counter):
    return b"\0" * 4 + counter.to_bytes(8, "big")


class Noise:
    """Noise_IK_25519_AESGCM_SHA256, the initiator: revision 34 of the specification, names as there."""

    def __init__(self, static, remote_static, prologue):
        name = b"Noise_IK_25519_AESGCM_SHA256"
        self.h = self.ck = name.ljust(32, b"\0")
        self.s, self.rs = static, X25519PublicKey.from_public_bytes(remote_static)
        self.mix_hash(prologue)
        self.mix_hash(remote_static)

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def hkdf(self, material):
        temp = hmac.digest(self.ck, material, "sha256")
        one = hmac.digest(temp, b"\x01", "sha256")
        return one, hmac.digest(temp, one + b"\x02", "sha256")

    def mix_key(self, material):
        self.ck, self.k = self.hkdf(material)
        self.n = 0

    def encrypt_and_hash(self, plain):
        sealed = AESGCM(self.k).encrypt(nonce(self.n), plain, self.h)
        self.n += 1
        self.mix_hash(sealed)
        return sealed

    def decrypt_and_hash(self, sealed):
        plain = AESGCM(self.k).decrypt(nonce(self.n), sealed, self.h)
        self.n += 1
        self.mix_hash(sealed)
        return plain

    def write_first(self, payload):
        self.e = X25519PrivateKey.generate()
        e = public_bytes(self.e)
        self.mix_hash(e)
        self.mix_key(self.e.exchange(self.rs))
        s = self.encrypt_and_hash(public_bytes(self.s))
        self.mix_key(self.s.exchange(self.rs))
        return e + s + self.encrypt_and_hash(payload)

    def read_second(self, message):
        re = X25519PublicKey.from_public_bytes(message[:32])
        self.mix_hash(message[:32])
        self.mix_key(self.e.exchange(re))
        self.mix_key(self.s.exchange(re))
        return self.decrypt_and_hash(message[32:])

    def split(self):
        return self.hkdf(b"")


def operation(kind, address=0, space=0, size=0, root=0):
    return (kind, space, size, address, root)


def read(address, size=4096, space=PHYSICAL, root=0):
    return operation(READ, address, space, size, root)


def unpack_lines(packed):
    """guest/memory/plan-pack.h"""
    numbers, lines, at, told = [], [], 0, None
    while at < len(packed):
        if packed[at] == 255:
            told, at = int.from_bytes(packed[at + 1:at + 7], "little"), at + 7
            continue
        if packed[at] == 254:
            at += 2
            continue
        distance, mask = struct.unpack_from("<BH", packed, at)
        at += 3
        line = bytearray(lines[-distance] if distance else bytes(64))
        for word in range(16):
            if mask >> word & 1:
                line[4 * word:4 * word + 4] = packed[at:at + 4]
                at += 4
        if told is None:
            told = numbers[-1] + (numbers[-distance] - numbers[-distance - 1] if distance and len(numbers) > distance else 1)
        numbers.append(told)
        lines.append(bytes(line))
        yield told * 64, lines[-1]
        told = None


DATA_SIZE = {RAM_MAP: 8 + 64 * 16, REGISTERS: 64, NEXT_POPULATED: 16, CHECK: 0}


class Session:
    """One session over a transport: an object with exchange(message) → reply."""

    def __init__(self, transport, owner, target, *, key=None, binding_nonce=None, binding_owner=None, **grant):
        self.transport = transport
        self.key = key or X25519PrivateKey.generate()
        source_key, source_nonce = transport.source_key, binding_nonce or transport.source_nonce
        self.encoded = grant.pop("encoded", None) or owner.grant(
            public_bytes(self.key), grant.pop("source_key", source_key), grant.pop("nonce", source_nonce),
            grant.pop("grant_target", target), **grant)
        name = target.encode().ljust(128, b"\0")
        prologue = b"Bartizan link 1" + (binding_owner or owner.public) + source_key + source_nonce + name
        self.noise = Noise(self.key, source_key, prologue)
        body = name + self.noise.write_first(self.encoded)
        self.first = head(FIRST, len(body)) + body
        self.sent = self.received = 0
        self.epoch = None

    def handshake(self):
        reply = self.transport.exchange(self.first)
        self.expect(reply, SECOND)
        assert self.noise.read_second(reply[16:]) == b""
        self.send_key, self.receive_key = self.noise.split()
        return self

    @staticmethod
    def expect(message, kind):
        found, version, size, _ = struct.unpack_from("<HHIQ", message)
        assert version == 1 and size == len(message) - 16
        if found == ERROR:
            raise Refused(message[16:].decode())
        if found == CLOSE:
            raise Gone("closed")
        assert found == kind, found

    def seal(self, content, kind=RECORD):
        if self.sent and self.sent % 8192 == 0:
            self.send_key = AESGCM(self.send_key).encrypt(b"\0" * 4 + b"\xff" * 8, b"\0" * 32, b"")[:32]
        ad = head(kind, len(content) + 16, self.sent)
        sealed = ad + AESGCM(self.send_key).encrypt(nonce(self.sent), content, ad)
        self.sent += 1
        return sealed

    def open(self, message):
        if self.received and self.received % 8192 == 0:
            self.receive_key = AESGCM(self.receive_key).encrypt(b"\0" * 4 + b"\xff" * 8, b"\0" * 32, b"")[:32]
        if struct.unpack_from("<H", message)[0] == CLOSE:
            AESGCM(self.receive_key).decrypt(nonce(self.received), message[16:], message[:16])
            raise Gone("closed, and proven")
        self.expect(message, RECORD)
        plain = AESGCM(self.receive_key).decrypt(nonce(self.received), message[16:], message[:16])
        self.received += 1
        return plain

    @staticmethod
    def encode(operations):
        content = struct.pack("<II24x", 0x51525A42, len(operations))
        for kind, space, size, address, root in operations:
            content += struct.pack("<BBHIQQ", kind, space, 0, size, address, root)
        return content.ljust(96 if len(operations) <= 2 else 800, b"\0")

    def ask(self, operations):
        """Each operation's (outcome, data)."""
        content = self.open(self.transport.exchange(self.seal(self.encode(operations))))
        magic, count, self.epoch, self.bytes_left, self.requests_left = struct.unpack_from("<IIQQQ", content)
        assert magic == 0x50525A42 and count == len(operations)
        flags, = struct.unpack_from("<I", content, 32)
        assert flags & ~1 == 0
        self.is_still = flags == 1  # all of the reply is of one moment
        results, at = [], 320
        for index, (kind, _, size, _, _) in enumerate(operations):
            outcome, zero = struct.unpack_from("<iI", content, 64 + 8 * index)
            assert zero == 0
            size = size if kind == READ else DATA_SIZE[kind]
            data = content[at:at + size]
            assert outcome == OK or not any(data)
            results.append((outcome, data))
            at += (size + 63) // 64 * 64
        assert len(content) == 320 + (at - 320 + 4095) // 4096 * 4096
        return results

    def run_plan(self, root, addresses):
        """A read plan (guest/memory/plan.h): so many bytes from each of these addresses, by the page tables at `root`. Lines by their
        physical addresses, as they came; whether all was there and said is `plan_is_done`."""
        take = b"".join(struct.pack("<BBBBIIIqqQQ", 1, 0, 0, 0, size, 0, 0, address - (1 << 64 if address >> 63 else 0), 0, 0, 0)
                        for address, size in addresses)
        plan = struct.pack("<6IQQ", len(addresses), 4096, 4096, 4, 46, 0, root, 0).ljust(128, b"\0") + take
        content = self.open(self.transport.exchange(self.seal(b"BZPQ".ljust(32, b"\0") + plan.ljust(4736, b"\0") + bytes(208))))
        magic, outcome, _, _, _, size, flags = struct.unpack_from("<IiQQQII", content)
        assert magic == 0x50505A42 and outcome == OK and flags & ~1 == 0
        self.is_still = flags == 1
        self.plan_is_done = content[64] == 1
        return list(unpack_lines(content[320:320 + size]))

    def renew(self, encoded):
        """Show a later grant (link/renewal.h): the outcome, and how long the session's holds."""
        content = self.open(self.transport.exchange(self.seal((struct.pack("<4s28x", b"BZGQ") + encoded).ljust(800, b"\0"))))
        magic, outcome, left_ms = struct.unpack_from("<4siQ", content)
        assert magic == b"BZGP" and len(content) == 320 and not any(content[16:])
        return outcome, left_ms

    def close(self):
        self.transport.tell(self.seal(b"", CLOSE))


class Transport:
    source_key = source_nonce = None

    def take_hello(self, body):
        version, self.flags, self.source_key, self.source_nonce = struct.unpack("<II32s32s", body)
        assert version == 1


class Stream(Transport):
    """Frames over a socket, or a file like a port's."""

    def __init__(self, file, flags=0):
        self.file, self.sequence, self.rest = file, 0, b""
        self.send_frame(CONNECT, struct.pack("<II", 1, flags))
        kind, body, _ = self.receive_frame()
        if kind == REFUSED:
            raise Refused(body.decode())
        assert kind == HELLO, kind
        self.take_hello(body)

    def write(self, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self.file.fileno(), view):]

    def send_frame(self, kind, body, sequence=0):
        self.write(struct.pack("<IHHII", FRAME_MAGIC, kind, 0, len(body), sequence) + body)

    def receive_bytes(self, size, timeout=20):
        while len(self.rest) < size:
            if not select.select([self.file], [], [], timeout)[0]:
                raise TimeoutError("the agent says nothing")
            try:
                more = os.read(self.file.fileno(), 65536)
            except ConnectionResetError:
                more = b""
            if not more:
                raise Gone("hung up")
            self.rest += more
        data, self.rest = self.rest[:size], self.rest[size:]
        return data

    def receive_frame(self):
        magic, kind, zero, size, sequence = struct.unpack("<IHHII", self.receive_bytes(16))
        assert magic == FRAME_MAGIC and zero == 0 and size <= REPLY_SIZE
        return kind, self.receive_bytes(size), sequence

    def tell(self, message):
        self.sequence += 1
        self.send_frame(MESSAGE, message, self.sequence)

    def exchange(self, message):
        self.tell(message)
        kind, body, sequence = self.receive_frame()
        assert kind == MESSAGE and sequence == self.sequence
        return body

    def close(self):
        self.file.close()


class Ring(Transport):
    """Shared memory from the agent's Unix socket."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.socket.connect(path)
        self.socket.sendall(struct.pack("<IHHIIII", FRAME_MAGIC, CONNECT, 0, 8, 0, 1, WITH_RING))
        data, control, _, _ = self.socket.recvmsg(65536, socket.CMSG_SPACE(4))
        if not data:
            raise Gone("hung up")
        kind = struct.unpack_from("<H", data, 4)[0]
        if kind == REFUSED:
            raise Refused(data[16:].decode())
        assert kind == HELLO and len(data) == 16 + 72
        self.take_hello(data[16:])
        assert self.flags == WITH_RING and control
        self.memfd = array.array("i", control[0][2][:4])[0]
        self.map = mmap.mmap(self.memfd, RING_SIZE)
        self.address = ctypes.addressof(ctypes.c_char.from_buffer(self.map))
        self.sequence = 0

    def word(self, at):
        return ctypes.c_uint64.from_address(self.address + at).value

    def set_word(self, at, value):
        ctypes.c_uint64.from_address(self.address + at).value = value

    def wake(self):
        libc.syscall(SYS_FUTEX, ctypes.c_void_p(self.address + REQUEST_SEQUENCE), FUTEX_WAKE, 2**31 - 1, None, None, 0)

    def tell(self, message):
        self.map[REQUEST_AT:REQUEST_AT + len(message)] = message
        self.set_word(REQUEST_LENGTH, len(message))
        self.sequence += 1
        self.set_word(REQUEST_SEQUENCE, self.sequence)
        if self.word(SOURCE_ASLEEP):
            self.wake()

    def exchange(self, message, timeout=20):
        self.tell(message)
        return self.await_reply(timeout)

    def await_reply(self, timeout=20):
        deadline = time.monotonic() + timeout
        spins = 0
        while self.word(REPLY_SEQUENCE) != self.sequence:
            spins += 1
            if spins % 100 == 0:
                self.check(deadline)
        size = self.word(REPLY_LENGTH)
        assert size <= REPLY_SIZE
        return bytes(self.map[REPLY_AT:REPLY_AT + size])

    def check(self, deadline):
        """Is somebody there? The reply may have come just before the end."""
        gone = bool(select.select([self.socket], [], [], 0.0005)[0]) or self.word(SOURCE_GONE)
        if gone and self.word(REPLY_SEQUENCE) != self.sequence:
            raise Gone("hung up")
        if time.monotonic() > deadline:
            raise TimeoutError("the agent says nothing")

    def close(self):
        self.socket.close()
        os.close(self.memfd)
