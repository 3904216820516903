# SPDX-License-Identifier: GPL-2.0-or-later
"""The link's cryptography as an image has it linked. No guest is needed."""
import os
import subprocess

import pytest

from conftest import ROOT
from link_reference import transcript

BUILD = os.path.join(ROOT, "build")
CC = os.path.join(ROOT, "tools/bartizan-cc")
INSIDE = os.path.join(ROOT, "tests/inside")


def cpu_has_vaes():
    with open("/proc/cpuinfo", encoding="ascii") as text:
        flags = next(line for line in text if line.startswith("flags")).split()
    return {"vaes", "vpclmulqdq", "avx512f", "avx512vl", "avx512bw"} <= set(flags)


CIPHERS = ["sse", pytest.param("vaes", marks=pytest.mark.skipif(not cpu_has_vaes(), reason="this CPU has no VAES with AVX-512"))]


@pytest.fixture(scope="module")
def image(tmp_path_factory):
    out = tmp_path_factory.mktemp("link") / "crypto-vectors"
    subprocess.run([CC, f"--manifest={INSIDE}/probe.manifest", "-O1", "-std=gnu2x", "-D_GNU_SOURCE", "-Wall", "-Werror",
                    f"-I{BUILD}/include/enclave/crypto", "-o", out, f"{INSIDE}/crypto-vectors.c"], check=True)
    return out


def run(image_, *arguments):
    return subprocess.run([os.path.join(BUILD, "tests/run-plain"), image_, *arguments], capture_output=True, check=False,
                          timeout=120, stdin=subprocess.DEVNULL, text=True)


@pytest.mark.parametrize("cipher", CIPHERS)
def test_published_vectors_hold_inside(image, cipher):
    done = run(image, cipher, "vectors")
    assert done.returncode == 0, done.stdout + done.stderr
    assert int(done.stdout.split(": ")[1].split()[0]) > 90


@pytest.mark.parametrize("cipher", CIPHERS)
def test_a_session_inside_has_the_bytes_that_an_independent_implementation_makes(image, cipher):
    done = run(image, cipher, "transcript")
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [f"{name}: {message.hex()}" for name, message in transcript()]
