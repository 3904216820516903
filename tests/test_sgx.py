# SPDX-License-Identifier: GPL-2.0-or-later
"""The backend sgx on real images, against the model of Linux's driver (host/loader/fake-sgx.h). No guest is needed."""
import glob
import hashlib
import os
import shutil
import struct
import subprocess

import pytest

from conftest import ROOT

BUILD = os.path.join(ROOT, "build")
LOAD = os.path.join(BUILD, "tests/sgx-load")
BARTIZAN = os.path.join(BUILD, "bin/bartizan")
IMAGES = sorted(glob.glob(os.path.join(BUILD, "ports/*.enclave")))


def load(image):
    return subprocess.run([LOAD, image], capture_output=True, text=True, check=False, timeout=120)


def facts_of(done):
    assert done.returncode == 0, done.stderr
    return dict(line.split() for line in done.stdout.splitlines())


@pytest.fixture(scope="module")
def image():
    if not IMAGES:
        pytest.fail("no build/ports/*.enclave: run `make build`")
    return os.path.join(BUILD, "ports/netstat.enclave")


def test_there_are_images(image):
    assert image in IMAGES


@pytest.mark.parametrize("path", IMAGES, ids=[os.path.basename(path) for path in IMAGES])
def test_the_driver_measures_what_bartizan_image_measures(path):
    """Two computations that share no code: the model's from the ioctls, and host/image's."""
    facts = facts_of(load(path))
    measured = subprocess.run([BARTIZAN, "image", "measure", path], capture_output=True, text=True, check=True)
    assert measured.stdout.split()[0] == facts["mrenclave"]
    assert int(facts["pages"]) > 16


def test_the_signer_is_the_hash_of_the_modulus(image):
    with open(image + ".sig", "rb") as file:
        sigstruct = file.read()
    assert hashlib.sha256(sigstruct[128:512]).hexdigest() == facts_of(load(image))["mrsigner"]
    assert sigstruct[960:992].hex() == facts_of(load(image))["mrenclave"]


@pytest.fixture
def copy(image, tmp_path):
    path = str(tmp_path / "image")
    shutil.copy(image, path)
    shutil.copy(image + ".sig", path + ".sig")
    return path


def change(path, offset, mask=1):
    with open(path, "r+b") as file:
        file.seek(offset)
        byte = file.read(1)[0]
        file.seek(offset)
        file.write(bytes([byte ^ mask]))


def test_a_changed_byte_of_any_segment_is_refused(copy):
    """In the middle of each PT_LOAD's bytes in the file."""
    with open(copy, "rb") as file:
        elf = file.read()
    table, = struct.unpack_from("<Q", elf, 32)
    count, = struct.unpack_from("<H", elf, 56)
    offsets = []
    for i in range(count):
        kind, _, offset, _, _, size = struct.unpack_from("<IIQQQQ", elf, table + i * 56)
        if kind == 1 and size > 0:
            offsets.append(offset + size // 2)
    assert len(offsets) >= 3
    for offset in offsets:
        change(copy, offset)
        done = load(copy)
        assert done.returncode == 1
        assert "another MRENCLAVE was signed" in done.stderr
        change(copy, offset)
    assert load(copy).returncode == 0


@pytest.mark.parametrize("offset, what", [(44, "reserved bytes"), (200, "the signature is wrong"),
                                          (516, "the signature is wrong"), (1024, "the signature is wrong"),
                                          (1040, "Q1 or Q2"), (1424, "Q1 or Q2")])
def test_a_changed_byte_of_the_signature_is_refused(copy, offset, what):
    change(copy + ".sig", offset)
    done = load(copy)
    assert done.returncode == 1
    assert what in done.stderr
    assert "the CPU refuses the SIGSTRUCT" in done.stderr
