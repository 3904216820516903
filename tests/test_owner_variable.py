# SPDX-License-Identifier: GPL-2.0-or-later
"""The owner's key in a store of UEFI variables, without firmware. tests/used-variables.fd.xz is a store that our firmware had used once
(test_firmware.py boots from such ones); what is looked at is read here by the format's description (UEFI 2.10, 8.2; edk2's VariableFormat.h)."""
import collections
import lzma
import os
import struct
import subprocess
import uuid

import pytest
from cryptography.hazmat.primitives import serialization

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
OWNER, CERT_DB = "2f1d6a0b-9c53-4b0e-b16c-0d4e6f518a37", "d9bee56e-75dc-49d9-b4d7-b534210f637a"
STORE = uuid.UUID("aaf32c78-947b-439a-a180-2e144ec37792").bytes_le


def live(store):
    """(name, vendor): [data…] of the variables that are in force: added, and not deleted."""
    with open(store, "rb") as file:
        flash = file.read()
    at = flash.index(STORE)
    end = at + struct.unpack_from("<I", flash, at + 16)[0]
    at += 28
    found = collections.defaultdict(list)
    while flash[at:at + 2] == b"\xaa\x55":
        state, (name_size, data_size), vendor = flash[at + 2], struct.unpack_from("<II", flash, at + 36), flash[at + 44:at + 60]
        data = at + 60 + name_size
        if state in (0x3f, 0x3e):
            found[flash[at + 60:data].decode("utf-16-le").rstrip("\0"), str(uuid.UUID(bytes_le=vendor))].append(flash[data:data + data_size])
        at = data + data_size + -(data + data_size) % 4
    assert set(flash[at:end]) == {0xff}, "behind the last variable nothing was written"
    return found


def signers(certdb):
    """(variable's name, its vendor) of each entry: edk2's AUTH_CERT_DB_DATA."""
    assert struct.unpack_from("<I", certdb)[0] == len(certdb)
    at, found = 4, []
    while at < len(certdb):
        size, name_count, cert_size = struct.unpack_from("<III", certdb, at + 16)
        assert size == 28 + 2 * name_count + cert_size
        found.append((certdb[at + 28:at + 28 + 2 * name_count].decode("utf-16-le"), str(uuid.UUID(bytes_le=certdb[at:at + 16]))))
        at += size
    return found


@pytest.fixture
def used(tmp_path):
    with lzma.open(os.path.join(ROOT, "tests/used-variables.fd.xz")) as file:
        (tmp_path / "vars.fd").write_bytes(file.read())
    return tmp_path / "vars.fd"


def put(store, name):
    """A new owner and signer, whose files have this name; the owner's point."""
    place = store.parent
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=owner", "-keyout", place / f"{name}-signer.pem",
                    "-out", place / f"{name}.crt"], check=True, capture_output=True, timeout=60)
    subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", place / f"{name}.pem"], check=True, timeout=60)
    subprocess.run(["openssl", "pkey", "-in", place / f"{name}.pem", "-pubout", "-out", place / f"{name}.pub"], check=True, timeout=60)
    subprocess.run([os.path.join(ROOT, "tools/build/owner-variable"), store, place / f"{name}.pub", place / f"{name}.crt"], check=True, timeout=60)
    key = serialization.load_pem_public_key((place / f"{name}.pub").read_bytes())
    return key.public_bytes(serialization.Encoding.X962, serialization.PublicFormat.UncompressedPoint)[1:]


def test_no_variable_of_a_used_store_is_there_twice_afterwards(used):
    """Whoever lists two of one name never comes to an end."""
    before = live(used)
    assert ("certdb", CERT_DB) in before, "firmware makes one itself"
    point = put(used, "one")
    after = live(used)
    assert all(len(data) == 1 for data in after.values())
    assert after.pop(("BartizanOwner", OWNER)) == [point]
    assert signers(after.pop(("certdb", CERT_DB))[0]) == [*signers(before.pop(("certdb", CERT_DB))[0]), ("BartizanOwner", OWNER)]
    assert after == before, "all others are as they were"


def test_another_owner_takes_the_place_of_the_first(used):
    first, second = put(used, "one"), put(used, "two")
    after = live(used)
    assert first != second and after["BartizanOwner", OWNER] == [second]
    assert [signers(data) for data in after["certdb", CERT_DB]] == [[("BartizanOwner", OWNER)]]


def test_a_store_that_was_never_used_gets_both_variables(used):
    flash = bytearray(used.read_bytes())
    at = flash.index(STORE)
    end = at + struct.unpack_from("<I", flash, at + 16)[0]
    flash[at + 28:end] = b"\xff" * (end - at - 28)
    used.write_bytes(flash)
    point = put(used, "one")
    assert {name: len(data) for name, data in live(used).items()} == {("BartizanOwner", OWNER): 1, ("certdb", CERT_DB): 1}
    assert live(used)["BartizanOwner", OWNER] == [point]


def test_a_store_without_room_is_left_as_it_was(used):
    flash = bytearray(used.read_bytes())
    at = flash.index(STORE)
    end = at + struct.unpack_from("<I", flash, at + 16)[0]
    # One deleted variable that fills all but a few bytes.
    filler = struct.pack("<HBB32xII", 0x55aa, 0x3d, 0, 2, end - at - 28 - 62 - 100) + bytes(16) + b"\0\0"
    flash[at + 28:end] = b"\xff" * (end - at - 28)
    flash[at + 28:at + 28 + len(filler)] = filler
    used.write_bytes(flash)
    with pytest.raises(subprocess.CalledProcessError):
        put(used, "one")
    assert used.read_bytes() == flash
