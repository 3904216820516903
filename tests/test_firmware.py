# SPDX-License-Identifier: GPL-2.0-or-later
"""OVMF with our SMM driver boots a Debian kernel. Building it takes minutes, so only BARTIZAN_TEST_FULL=1 does."""
import hashlib
import os
import re
import shutil
import subprocess
import time

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))

pytestmark = pytest.mark.skipif(os.environ.get("BARTIZAN_TEST_FULL") != "1",
                                reason="building OVMF takes up to ten minutes: BARTIZAN_TEST_FULL=1 does it")


@pytest.fixture(scope="module", params=["bookworm", "trixie"])
def firmware(request, tmp_path_factory):
    """Of both releases' edk2."""
    keys = tmp_path_factory.mktemp("keys")
    subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "--output", keys / "owner.pem"], check=True, timeout=60)
    public = next(path for path in keys.iterdir() if path.name != "owner.pem")
    return build(public, "--suite", request.param)


def build(*arguments):
    """The firmware's directory in the cache."""
    done = subprocess.run([os.path.join(ROOT, "tools/build/firmware"), *arguments], check=True, timeout=3000, stdout=subprocess.PIPE, text=True)
    return done.stdout.strip().splitlines()[-1]


def boot(firmware, directory, cpu="max", more=()):
    """What the driver wrote to the debug port, once Linux has said its first words. Variables are kept from one call to the next."""
    if not (directory / "vars.fd").exists():
        shutil.copy(os.path.join(firmware, "OVMF_VARS.fd"), directory / "vars.fd")
    (directory / "serial").unlink(missing_ok=True)
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bartizan/kernels")
    kernel = subprocess.run(["/bin/sh", os.path.join(ROOT, "lab/fetch-kernel"), "--cache", cache, "get", "6.12"], check=True,
                            capture_output=True, text=True, timeout=600).stdout.strip().splitlines()[-1]
    qemu = subprocess.Popen(
        ["qemu-system-x86_64", "-machine", "q35,smm=on,accel=tcg", "-cpu", cpu, "-m", "512", "-smp", "2", "-nodefaults", "-net", "none",
         "-display", "none", "-no-reboot", "-global", "driver=cfi.pflash01,property=secure,value=on", "-global", "ICH9-LPC.disable_s3=1",
         "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={firmware}/OVMF_CODE.fd",
         "-drive", f"if=pflash,format=raw,unit=1,file={directory}/vars.fd",
         "-debugcon", f"file:{directory}/debug", "-global", "isa-debugcon.iobase=0x402", "-serial", f"file:{directory}/serial",
         *more, "-kernel", os.path.join(kernel, "vmlinuz"), "-append", "console=ttyS0 panic=1"])
    try:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline and qemu.poll() is None:
            if (directory / "serial").exists() and b"Linux version" in (directory / "serial").read_bytes():
                break
            time.sleep(0.2)
        assert b"Linux version" in (directory / "serial").read_bytes()
    finally:
        qemu.kill()
        qemu.wait()
    return (directory / "debug").read_bytes()


def test_the_driver_makes_a_key_and_takes_the_map_and_linux_boots(firmware, tmp_path):
    keys = set()
    for number in range(2):
        directory = tmp_path / str(number)
        directory.mkdir()
        said = boot(firmware, directory)
        found = re.search(rb"bartizan: source key ([0-9a-f]{64}) nonce ([0-9a-f]+)\n", said)
        assert found, said
        assert b"bartizan: the memory map is taken\n" in said
        keys |= {found[1], found[2]}
    assert len(keys) == 4, "a second start has the same key or nonce"


def test_without_rdrand_there_is_no_service_and_linux_boots(firmware, tmp_path):
    said = boot(firmware, tmp_path, cpu="max,-rdrand")
    assert b"bartizan: this CPU lacks AES-NI, PCLMULQDQ or RDRAND: no service\n" in said and b"source key" not in said


@pytest.fixture
def tpm(tmp_path):
    """A TPM 2.0 that notes each command: QEMU's options for it, and its notes."""
    program = shutil.which("swtpm")
    if program is None:
        pytest.skip("swtpm is missing (apt-get install swtpm)")
    notes = tmp_path / "tpm.log"
    (tmp_path / "tpm").mkdir()
    process = subprocess.Popen([program, "socket", "--tpm2", "--tpmstate", f"dir={tmp_path}/tpm", "--ctrl", f"type=unixio,path={tmp_path}/tpm.ctrl",
                                "--log", f"file={notes},level=20", "--flags", "not-need-init"])
    deadline = time.monotonic() + 30
    while not (tmp_path / "tpm.ctrl").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    yield ["-chardev", f"socket,id=tpm,path={tmp_path}/tpm.ctrl", "-tpmdev", "emulator,id=tpm0,chardev=tpm", "-device", "tpm-tis,tpmdev=tpm0"], notes
    process.kill()
    process.wait()


def test_a_tpms_pcr_6_has_the_source_before_linux_runs(firmware, tmp_path, tpm):
    options, notes = tpm
    said = boot(firmware, tmp_path, more=options)
    found = re.search(rb"bartizan: source key ([0-9a-f]{64}) nonce ([0-9a-f]{64})\n", said)
    assert b"bartizan: PCR 6 has the source\n" in said
    digest = hashlib.sha256(bytes.fromhex((found[1] + found[2]).decode())).hexdigest()
    assert b"has no source" not in said
    assert was_extended(notes, digest) and not was_extended(notes, hashlib.sha256(bytes(64)).hexdigest())


def was_extended(notes, digest):
    """Was there a TPM2_PCR_Extend (0x182) of PCR 6 by this: TPM 2.0 Library, part 3, 22.2."""
    bytes_ = re.sub(r"[^0-9a-f]", "", re.sub(r"SWTPM_IO_\w+: length \d+", "", notes.read_text(errors="replace")).lower())
    at = bytes_.find(digest)
    return at > 0 and "0000018200000006" in bytes_[at - 200:at]


def test_where_nothing_serves_a_tpms_pcr_6_is_closed_before_linux_runs(firmware, tmp_path, tpm):
    options, notes = tpm
    said = boot(firmware, tmp_path, cpu="max,-rdrand", more=options)
    assert b"bartizan: PCR 6 has no source\n" in said and b"has the source" not in said
    assert was_extended(notes, hashlib.sha256(bytes(64)).hexdigest())


def put_owner(directory):
    """Into the variables there."""
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=owner", "-keyout", directory / "signer.pem",
                    "-out", directory / "signer.crt"], check=True, capture_output=True, timeout=60)
    subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "--output", directory / "owner.pem"], check=True, timeout=60)
    subprocess.run([os.path.join(ROOT, "tools/build/owner-variable"), directory / "vars.fd", directory / "owner.pub", directory / "signer.crt"],
                   check=True, timeout=60)


def test_an_owner_in_a_variable_is_taken_and_a_missing_one_is_no_service(tmp_path):
    firmware = build("variable")
    said = boot(firmware, tmp_path)
    assert b"bartizan: no owner in the variable BartizanOwner: no service\n" in said and b"source key" not in said
    assert b"bartizan: the owner's variable is locked\n" in said
    put_owner(tmp_path)
    said = boot(firmware, tmp_path)
    assert b"bartizan: the owner's variable is locked\n" in said
    assert re.search(rb"bartizan: source key [0-9a-f]{64} nonce", said)


def test_where_nobody_locks_the_owners_variable_there_is_no_service(tmp_path):
    """The lock isn't the SMM driver's own doing: it has to learn that it was done."""
    firmware = build("variable", "--insecure-without", "BartizanDxe")
    shutil.copy(os.path.join(firmware, "OVMF_VARS.fd"), tmp_path / "vars.fd")
    put_owner(tmp_path)
    said = boot(firmware, tmp_path)
    assert b"bartizan: source key" in said, "it has an owner"
    assert b"bartizan: the owner's variable isn't locked, or PCR 6 is open: no service\n" in said and b"the memory map is taken" not in said


def test_a_tpm_without_edk2s_driver_has_no_open_pcr_6(tmp_path, tpm):
    """Whoever comes later could extend it by a source of his own."""
    options, notes = tpm
    said = boot(build("variable", "--insecure-without", "Tcg2Dxe"), tmp_path, more=options)
    assert b"PCR 6 has" not in said and b"PCR 6 stays open" not in said
    assert was_extended_directly(notes)


def was_extended_directly(notes):
    """Was there a TPM2_PCR_Event (0x13c) of PCR 6 with 64 zeros: TPM 2.0 Library, part 3, 22.3."""
    bytes_ = re.sub(r"[^0-9a-f]", "", re.sub(r"SWTPM_IO_\w+: length \d+", "", notes.read_text(errors="replace")).lower())
    return re.search("0000013c00000006.{0,60}0040" + 128 * "0", bytes_) is not None


def test_the_same_sources_give_the_same_bytes_wherever_they_lie(tmp_path):
    """Built here, and from a copy of the sources in another place, from edk2's first file on."""
    subprocess.run([os.path.join(ROOT, "build/bin/bartizan"), "keygen", "--owner", "--output", tmp_path / "owner.pem"], check=True, timeout=60)
    place, own_cache = tmp_path / "elsewhere" / "bartizan", tmp_path / "cache"
    (own_cache / "bartizan").mkdir(parents=True)
    # What is fetched is the same; only reading it takes no time.
    os.symlink(os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bartizan/src"), own_cache / "bartizan/src")
    for part in ("base", "firmware", "guest/memory", "link", "sim", "tools", "wire"):
        shutil.copytree(os.path.join(ROOT, part), place / part)
    here = build(tmp_path / "owner.pub")
    done = subprocess.run([place / "tools/build/firmware", tmp_path / "owner.pub"], check=True, timeout=3000, stdout=subprocess.PIPE, text=True,
                          env={**os.environ, "XDG_CACHE_HOME": str(own_cache)})
    there = done.stdout.strip().splitlines()[-1]
    assert os.path.realpath(here) != os.path.realpath(there)
    for name in ("OVMF_CODE.fd", "OVMF_VARS.fd"):
        with open(os.path.join(here, name), "rb") as one, open(os.path.join(there, name), "rb") as other:
            assert one.read() == other.read(), name
