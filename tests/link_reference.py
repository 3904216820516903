# SPDX-License-Identifier: GPL-2.0-or-later
"""The link's protocol once more, from docs/link.md and the Noise specification, over
python3-cryptography: what link/transcript.h's session must look like. Run it to see the bytes."""
import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

REKEY = 1 << 13


def public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)


def agree(secret, peer):
    return X25519PrivateKey.from_private_bytes(secret).exchange(X25519PublicKey.from_public_bytes(peer))


def hkdf(chaining_key, data):
    key = hmac.digest(chaining_key, data, "sha256")
    first = hmac.digest(key, b"\1", "sha256")
    return first, hmac.digest(key, first + b"\2", "sha256")


def nonce(counter):
    return bytes(4) + struct.pack(">Q", counter)


class Symmetric:
    """SymmetricState: specification, section 5.2."""

    def __init__(self, name):
        self.h = self.ck = name.ljust(32, b"\0")
        self.k, self.n = None, 0

    def mix_hash(self, data):
        self.h = hashlib.sha256(self.h + data).digest()

    def mix_key(self, data):
        self.ck, self.k = hkdf(self.ck, data)
        self.n = 0

    def encrypt_and_hash(self, plain):
        sealed = AESGCM(self.k).encrypt(nonce(self.n), plain, self.h)
        self.n += 1
        self.mix_hash(sealed)
        return sealed


def head(kind, size, counter=0):
    return struct.pack("<HHIQ", kind, 1, size, counter)


def record(key, kind, counter, content):
    start = head(kind, len(content) + 16, counter)
    return start + AESGCM(key).encrypt(nonce(counter), content, start)


def rekey(key):
    return AESGCM(key).encrypt(nonce(2**64 - 1), bytes(32), b"")[:32]


def transcript():
    """(name, bytes) of each message that link_transcript_run() tells."""
    s_i, s_r, e_i, e_r = (bytes([byte]) * 32 for byte in (0x11, 0x22, 0x33, 0x44))
    target = b"qemu:1".ljust(128, b"\0")
    state = Symmetric(b"Noise_IK_25519_AESGCM_SHA256")
    state.mix_hash(b"Bartizan link 1" + b"\x55" * 64 + public(s_r) + b"\x66" * 32 + target)
    state.mix_hash(public(s_r))

    first = public(e_i)
    state.mix_hash(first)
    state.mix_key(agree(e_i, public(s_r)))
    first += state.encrypt_and_hash(public(s_i))
    state.mix_key(agree(s_i, public(s_r)))
    first += state.encrypt_and_hash(b"grant")
    yield "FIRST", head(1, 128 + len(first)) + target + first

    second = public(e_r)
    state.mix_hash(second)
    state.mix_key(agree(e_r, public(e_i)))
    state.mix_key(agree(e_r, public(s_i)))
    second += state.encrypt_and_hash(b"")
    yield "SECOND", head(2, len(second)) + second

    there, back = hkdf(state.ck, b"")
    yield "RECORD 0 there", record(there, 3, 0, b"request")
    yield "RECORD 0 back", record(back, 3, 0, b"reply")
    there, back = rekey(there), rekey(back)
    yield "RECORD 8192 there", record(there, 3, REKEY, b"rekeyed")
    yield "RECORD 8192 back", record(back, 3, REKEY, b"rekeyed")
    yield "CLOSE", record(there, 4, REKEY + 1, b"")


if __name__ == "__main__":
    for name_, message_ in transcript():
        print(f"{name_}: {message_.hex()}")
    print("SHA-256 of all:", hashlib.sha256(b"".join(message for _, message in transcript())).hexdigest())
