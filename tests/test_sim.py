# SPDX-License-Identifier: GPL-2.0-or-later
"""The backend sim: what it refuses, what it reports of crashes, what it keeps. No guest is needed."""
import os
import signal
import random
import re
import shutil
import struct
import subprocess

import pytest

from conftest import ROOT, find_bartizan, without_cpuid_warning

BUILD = os.path.join(ROOT, "build")
CC = os.path.join(ROOT, "tools/bartizan-cc")
INSIDE = os.path.join(ROOT, "tests/inside")
FLAGS = ["-O1", "-std=gnu2x", "-D_GNU_SOURCE", "-Wall", "-Werror", f"-I{BUILD}/include/enclave/runtime"]


def run_sim(*arguments, **more):
    return subprocess.run([os.path.join(BUILD, "tests/run-plain"), "--sim", *arguments], capture_output=True, check=False,
                          timeout=60, stdin=subprocess.DEVNULL, **more)


@pytest.fixture(scope="session")
def small(tmp_path_factory):
    """Builds tests/inside/NAME.c into an image, as small as may be; `debug` if its manifest shall say so."""
    directory = tmp_path_factory.mktemp("images")
    passthrough = directory / "passthrough.o"
    subprocess.run([CC, *FLAGS, f"-I{BUILD}/include/enclave/vfs", "-c", "-o", passthrough, f"{INSIDE}/proc-passthrough.c"],
                   check=True)

    def build(name, debug=False):
        out = directory / (name + ("-debug" if debug else ""))
        if not out.exists():
            manifest = directory / "manifest"
            with open(f"{INSIDE}/small.manifest", encoding="ascii") as text:
                manifest.write_text(text.read() + ("debug on\n" if debug else ""))
            subprocess.run([CC, f"--manifest={manifest}", *FLAGS, "-o", out, f"{INSIDE}/{name}.c", passthrough], check=True)
        return str(out)
    return build


# How tests/inside/faults.c crashes, the exit code, and what the enclave says of it; on `sgx` too (tests/test_sgx_hardening.py).
CRASHES = [
    ("divide", 136, rb"SIGFPE \(division by zero\), by the instruction at image\+0x\w+ \((divide|main)\+0x\w+\)"),
    ("ud2", 132, rb"SIGILL \(invalid instruction\), by the instruction at image\+0x\w+ \(main\+0x\w+\)"),
    ("int3", 133, rb"SIGTRAP \(breakpoint\), by the instruction at image\+0x\w+ \(main\+0x\w+\)"),
    ("null", 139, rb"SIGSEGV \(page fault\) at address 0x10, by the instruction at image\+0x\w+ \(main\+0x\w+\)"),
    ("constant", 139, rb"SIGSEGV \(page fault\) at address 0x\w+, by the instruction at image\+0x\w+ \(main\+0x\w+\)"),
    ("recurse", 139, rb"SIGSEGV \(page fault\) at address 0x\w+, by the instruction at image\+0x\w+ \(recurse\+0x\w+\)"),
    ("stack", 139, rb"SIGSEGV \(page fault\) at address 0xfffffffffffffff8, by the instruction at image\+0x\w+ \(main\+"),
    ("hlt", 139, rb"SIGSEGV \(general protection fault\), by the instruction at image\+0x\w+ \(main\+0x\w+\)"),
    ("enclu", 139, rb"SIGSEGV \(general protection fault\), by the instruction at image\+0x\w+ \(main\+0x\w+\)"),
    ("smash", 139, rb"SIGSEGV \(general protection fault\), by the instruction at image\+0x\w+ \(__stack_chk_fail(_local)?\+\w+\)"),
    ("jump", 139, rb"SIGSEGV \(general protection fault\), by the instruction at image\+0x\w+"),
    ("nothing", 0, rb""),
]


@pytest.fixture(params=["sim", "strict"])
def strict(request, monkeypatch):
    if request.param == "strict":
        monkeypatch.setenv("BARTIZAN_SIM_STRICT", "1")


@pytest.mark.parametrize("how, code, said", CRASHES)
def test_a_crash_is_reported_by_the_enclave_with_address_and_symbol(small, strict, how, code, said):
    done = run_sim(small("faults"), how)
    assert done.returncode == code, done.stderr
    assert done.stdout == (b"before\nafter\n" if how == "nothing" else b"before\n")
    assert re.search(rb"the program inside crashed: " + said if said else rb"^$", without_cpuid_warning(done.stderr)), done.stderr


def test_state_survives_hundreds_of_interrupts(small, strict):
    done = run_sim("--timer", small("state"), "300")
    assert (done.returncode, done.stdout[:6]) == (0, b"whole:"), done
    assert int(re.search(rb"interrupted (\d+) times", done.stderr)[1]) > 100


def test_the_entry_holds_against_a_hostile_host(small):
    done = subprocess.run([os.path.join(BUILD, "tests/entry-probe"), small("faults"), small("state"), small("entered")], capture_output=True,
                          check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_changed_byte_anywhere_is_refused(small, tmp_path):
    image = small("faults")
    chooser = random.Random(1)
    for what in ("", ".sig"):
        with open(image + what, "rb") as file:
            good = file.read()
        for _ in range(200):
            shutil.copy(image, tmp_path / "image")
            shutil.copy(image + ".sig", tmp_path / "image.sig")
            at = chooser.randrange(len(good))
            bad = bytearray(good)
            bad[at] ^= 1 << chooser.randrange(8)
            (tmp_path / ("image" + what)).write_bytes(bad)
            done = run_sim(str(tmp_path / "image"), "nothing")
            assert done.returncode == 125 and done.stdout == b"", (what, at, done)
            assert done.stderr.startswith(b"bartizan: ") and len(done.stderr) > 40, (what, at, done)


def test_an_image_without_its_signature_is_refused(small, tmp_path):
    shutil.copy(small("faults"), tmp_path / "image")
    done = run_sim(str(tmp_path / "image"), "nothing")
    assert done.returncode == 125 and b"image.sig" in done.stderr and b"bartizan image sign" in done.stderr
    shutil.copy(small("state") + ".sig", tmp_path / "image.sig")
    assert run_sim(str(tmp_path / "image"), "nothing").returncode == 125
    (tmp_path / "image.sig").write_bytes(b"x")
    assert run_sim(str(tmp_path / "image"), "nothing").returncode == 125


def cmac(cipher, key, data):
    done = subprocess.run(["openssl", "mac", "-cipher", cipher, "-macopt", "hexkey:" + key.hex(), "-in", "/dev/stdin", "CMAC"],
                          input=data, capture_output=True, check=True)
    return bytes.fromhex(done.stdout.decode().strip())


def dependencies(name, *, prod=0, svn=0, policy=0, misc=0, mask=0, attributes=(0, 0), attributes_mask=(0, 0), mrenclave=bytes(32),
                 mrsigner=bytes(32), key_id=bytes(32), cpusvn=bytes(16)):
    """struct sim_key_dependencies, from its description in sim/key.h."""
    return (struct.pack("<HHHHHHIII", name, prod, svn, 0, policy, 0, misc, mask, 0) + struct.pack("<QQQQ", *attributes,
            *attributes_mask) + mrenclave + mrsigner + key_id + cpusvn + bytes(16 + 16 + 64))


@pytest.mark.parametrize("debug", [False, True])
def test_reports_and_keys_are_what_openssl_computes_from_the_root(small, tmp_path, monkeypatch, debug):
    image = small("evidence", debug)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    done = run_sim(image)
    assert done.returncode == 0, done.stderr
    found = {name: bytes.fromhex(value) for name, value in (line.split() for line in done.stdout.decode().splitlines())}
    file = (tmp_path / "bartizan/sim-root").read_bytes()
    assert (tmp_path / "bartizan/sim-root").stat().st_mode & 0o777 == 0o600 and b"FAKE" in file
    root, cpusvn = file[-32:], b"FAKE CPU OF SIM!"

    report = found["report"]
    measured = subprocess.run([find_bartizan(), "image", "measure", image], capture_output=True, check=True).stdout.decode()
    assert report[64:96].hex() in measured
    with open(image + ".sig", "rb") as sig:
        modulus = sig.read()[128:512]
    signer = bytes.fromhex(subprocess.run(["openssl", "dgst", "-sha256", "-r"], input=modulus, capture_output=True,
                                          check=True).stdout.decode()[:64])
    assert report[128:160] == signer
    attributes = struct.unpack("<QQ", report[48:64])
    assert attributes[0] == (7 if debug else 5)  # INIT, MODE64BIT, DEBUG
    assert report[320:384] == b"\xcd" * 64
    key = cmac("AES-256-CBC", root, dependencies(3, attributes=(5, 7), mrenclave=b"\xab" * 32, key_id=report[384:416],
                                                 cpusvn=cpusvn))
    assert report[416:] == cmac("AES-128-CBC", key, report[:384])

    full = 2**64 - 1
    assert found["enclave"] == cmac("AES-256-CBC", root, dependencies(
        4, policy=1, mask=2**32 - 1, attributes=(attributes[0], 0), attributes_mask=(full, 0), mrenclave=report[64:96],
        key_id=b"\1" * 32))
    assert found["signer"] == cmac("AES-256-CBC", root, dependencies(
        4, policy=2, mask=2**32 - 1, attributes=(attributes[0] & 3, 0), mrsigner=signer))
    assert found["own"] == cmac("AES-256-CBC", root, dependencies(
        3, misc=1, attributes=attributes, mrenclave=report[64:96], cpusvn=cpusvn))


def test_plain_has_no_evidence(small):
    done = subprocess.run([os.path.join(BUILD, "tests/run-plain"), small("evidence")], capture_output=True, check=False, timeout=60)
    assert done.returncode == 1 and b"without an enclave" in done.stderr and done.stdout == b""


@pytest.mark.parametrize("break_root, said", [
    (lambda root: root.chmod(0o644), b"nobody else can read"),
    (lambda root: root.write_bytes(b"x"), b"isn't a simulator's root"),
])
def test_a_root_that_is_none_is_refused(small, tmp_path, monkeypatch, break_root, said):
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert run_sim(small("faults"), "nothing").returncode == 0
    break_root(tmp_path / "bartizan/sim-root")
    done = run_sim(small("faults"), "nothing")
    assert done.returncode == 125 and said in done.stderr


def test_a_signal_from_outside_is_the_processes_own(small):
    with subprocess.Popen([os.path.join(BUILD, "tests/run-plain"), "--sim", small("state"), "100000"]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(11)
        assert process.wait(60) == -11
    # Who runs the tests in the background may have had SIGINT ignored by the shell.
    with subprocess.Popen([os.path.join(BUILD, "tests/run-plain"), "--sim", small("state"), "100000"],
                          preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.send_signal(2)
        assert process.wait(60) == -2


@pytest.mark.parametrize("port, arguments, said", [
    ("netstat", ["--version"], b"net-tools"),
    ("cat", ["/nonexistent"], b"nonexistent"),
])
def test_ports_run_in_sim(port, arguments, said, strict):
    done = run_sim(f"{BUILD}/ports/{port}.enclave", *arguments)
    assert said in done.stdout + done.stderr
