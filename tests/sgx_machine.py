# SPDX-License-Identifier: GPL-2.0-or-later
"""A machine with nothing but SGX (tests/sgx-machine), built, signed for and run; and its enclave's measurement, signatures, reports and keys
computed a second time, from the SDM, by `cryptography`.

    python3 tests/sgx_machine.py QEMU   builds it, runs it on QEMU and prints what it says
"""
import glob
import hashlib
import os
import re
import struct
import subprocess
import sys
import tempfile
import time

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.cmac import CMAC

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SOURCE = os.path.join(ROOT, "tests/sgx-machine")
PATCHES = os.path.join(ROOT, "lab/qemu-sgx")
FLAGS = ["-std=gnu2x", "-O1", "-ffreestanding", "-fno-pic", "-no-pie", "-static", "-nostdlib", "-nostartfiles", "-mno-red-zone", "-mgeneral-regs-only",
         "-fno-stack-protector", "-fcf-protection=none", "-fno-builtin", "-fno-asynchronous-unwind-tables", "-Wall", "-Wextra", "-Werror",
         "-Wl,--build-id=none", "-Wl,--no-warn-rwx-segments"]
PAGE = 4096
ROM_SIZE, GIVEN_AT, RESET_AT = 0x40000, 0x28000, 0x3f000
R, W, X, TCS, REG = 1, 2, 4, 1 << 8, 2 << 8
DEBUG, MODE64, PROVISION, TOKENKEY = 2, 4, 16, 32
ALL = (1 << 64) - 1
PRODUCT, SVN = 0x1234, 3
SECONDS = 300


def constant(name, size):
    """What stands in place of fuses: the model's text has it."""
    with open(os.path.join(PATCHES, "0003-crypto.patch"), encoding="utf-8") as file:
        return re.search(name + r'\[\d+\] = "(.{%d})";' % size, file.read()).group(1).encode()


CPUSVN = b"FAKE CPU OF SIM!"
REPORT_KEYID = b"QEMU SGX model's report key ID\0\0"


def cmac(key, data):
    mac = CMAC(AES(key))
    mac.update(data)
    return mac.finalize()


def derive(**fields):
    """SDM 3D, "Key Derivation", in the order of sim/key.h."""
    fields = {"name": 0, "product": 0, "svn": 0, "config_svn": 0, "policy": 0, "misc": 0, "misc_mask": 0, "attributes": 0, "xfrm": 0,
              "attributes_mask": 0, "xfrm_mask": 0, "mrenclave": bytes(32), "mrsigner": bytes(32), "keyid": bytes(32), "cpusvn": CPUSVN, **fields}
    data = struct.pack("<6HIIIQQQQ", *(fields[name] for name in ("name", "product", "svn", "config_svn", "policy")), 0, fields["misc"],
                       fields["misc_mask"], 0, *(fields[name] for name in ("attributes", "xfrm", "attributes_mask", "xfrm_mask")))
    data += fields["mrenclave"] + fields["mrsigner"] + fields["keyid"] + fields["cpusvn"] + bytes(32) + bytes(64)
    return cmac(constant("root_key", 32), data)


def enclave_pages(image):
    """(offset, SECINFO flags, content): what tests/sgx-machine/enclaves.c adds. The code is the image's last page."""
    def tcs(ssa):
        return struct.pack("<QQQIIQQQQII", 0, 0, ssa * PAGE, 0, 2, 0, 0, PAGE, 8 * PAGE, 0xfff, 0xfff).ljust(PAGE, b"\0")

    writable, empty = REG | R | W, bytes(PAGE)
    return [(0, REG | R | X, image[-PAGE:]), (1, writable, empty), (2, TCS, tcs(3)), (3, writable, empty), (4, writable, empty), (5, TCS, tcs(6)),
            (6, writable, empty), (7, writable, empty), (8, REG | R, b"\x5a" * PAGE)]


def measure(image):
    digest = hashlib.sha256(b"ECREATE\0" + struct.pack("<IQ", 1, 16 * PAGE).ljust(56, b"\0"))
    for number, flags, content in enclave_pages(image):
        digest.update(b"EADD\0\0\0\0" + struct.pack("<QQ", number * PAGE, flags).ljust(56, b"\0"))
        for at in range(0, PAGE, 256):
            digest.update(b"EEXTEND\0" + struct.pack("<Q", number * PAGE + at).ljust(56, b"\0") + content[at:at + 256])
    return digest.digest()


def little(number):
    return number.to_bytes(384, "little")


def signer(key):
    return hashlib.sha256(little(key.public_key().public_numbers().n)).digest()


def sigstruct(key, mrenclave, attributes=DEBUG | MODE64, xfrm=7, misc=1, vendor=0):
    """SDM 3D, "SIGSTRUCT"."""
    header = bytes.fromhex("06000000e10000000000010000000000") + struct.pack("<II", vendor, 0x20240101) + \
        bytes.fromhex("01010000600000006000000001000000") + bytes(88)
    body = struct.pack("<II", misc, 0xffffffff) + bytes(20) + struct.pack("<QQQQ", attributes, xfrm, ALL & ~1, ALL) + mrenclave + bytes(32) + \
        struct.pack("<HH", PRODUCT, SVN)
    n = key.public_key().public_numbers().n
    s = int.from_bytes(key.sign(header + body, padding.PKCS1v15(), hashes.SHA256()), "big")
    q1 = s * s // n
    q2 = (s * s - q1 * n) * s // n
    whole = header + little(n) + struct.pack("<I", 3) + little(s) + body + bytes(12) + little(q1) + little(q2)
    assert len(header) == len(body) == 128 and len(whole) == 1808
    return whole


def token(launch_key, mrenclave, mrsigner, attributes=DEBUG | MODE64, xfrm=7, launcher=MODE64 | TOKENKEY):
    """SDM 3D, "EINITTOKEN": as a launch enclave with these attributes makes it."""
    first = struct.pack("<I", 1) + bytes(44) + struct.pack("<QQ", attributes, xfrm) + mrenclave + bytes(32) + mrsigner + bytes(32)
    keyid = b"k" * 32
    key = derive(product=7, svn=1, misc=0, attributes=launcher, xfrm=3, mrsigner=signer(launch_key), keyid=keyid)
    return first + CPUSVN + struct.pack("<HH", 7, 1) + bytes(24) + struct.pack("<IQQ", 0, launcher, 3) + keyid + cmac(key, first)


def given(image, seed):
    """One page each, in the order of leaves.h: SIGSTRUCT, token, the hash that the MSRs shall have; the first has the seed of what is random."""
    ours, other = (rsa.generate_private_key(public_exponent=3, key_size=3072) for _ in range(2))
    hashed = measure(image)
    wrong = hashlib.sha256(b"another").digest()
    theirs = sigstruct(other, hashed)
    plain = sigstruct(ours, hashed, MODE64)
    entries = [
        (sigstruct(ours, hashed), b""), (plain, b""), (sigstruct(ours, hashed, MODE64 | PROVISION | TOKENKEY, misc=0), b""),
        (sigstruct(ours, wrong), b""), (sigstruct(ours, hashed, xfrm=3), b""), (sigstruct(ours, hashed, misc=0), b""), (theirs, b""),
        (theirs, token(ours, hashed, signer(other))), (theirs, token(ours, wrong, signer(other))),
        (theirs, token(ours, hashed, signer(other), attributes=MODE64)),
        (sigstruct(other, hashed, MODE64), token(ours, hashed, signer(other), attributes=MODE64, launcher=MODE64 | TOKENKEY | DEBUG)),
        (sigstruct(ours, hashed, vendor=1), b""), (sigstruct(ours, hashed, xfrm=3), b""),
        (theirs, token(ours, hashed, signer(ours))), (theirs, token(ours, hashed, signer(other), xfrm=3)),
    ]
    pages = b"".join(signed.ljust(2048, b"\0") + launch.ljust(512, b"\0") + (signer(ours) + seed).ljust(PAGE - 2560, b"\0") for signed, launch in entries)
    return pages, {"mrenclave": hashed, "mrsigner": signer(ours)}


def build(directory, seed=0):
    """Gives the ROM's path, and what its enclaves are measured and signed as. seed: of the random operands; 0: always the same ones."""
    program, reset = (os.path.join(directory, name) for name in ("machine", "reset"))
    sources = sorted(set(glob.glob(f"{SOURCE}/*.[cS]")) - {f"{SOURCE}/reset.S"})
    subprocess.run(["gcc", *FLAGS, "-o", program, f"-Wl,-T,{SOURCE}/link.ld", *sources], check=True, timeout=600)
    subprocess.run(["gcc", *FLAGS, "-o", reset, "-Wl,-Ttext=0,-estart,--oformat=elf64-x86-64", f"{SOURCE}/reset.S"], check=True, timeout=600)
    for path, section in ((program, ".image"), (reset, ".text")):
        subprocess.run(["objcopy", "-O", "binary", "-j", section, path, path + ".bin"], check=True, timeout=60)
    with open(program + ".bin", "rb") as file, open(reset + ".bin", "rb") as top:
        image, page = file.read(), top.read()
    pages, identity = given(image, struct.pack("<Q", seed))
    assert len(page) == PAGE and len(image) <= GIVEN_AT and GIVEN_AT + len(pages) <= RESET_AT
    rom = os.path.join(directory, "rom")
    with open(rom, "wb") as file:
        file.write(image.ljust(GIVEN_AT, b"\0") + pages.ljust(RESET_AT - GIVEN_AT, b"\0") + page)
    return rom, identity


WITH_EPC = ["-machine", "q35,sgx-epc.0.memdev=epc0,sgx-epc.0.node=0", "-object", "memory-backend-epc,id=epc0,size=4M,prealloc=off"]
WITHOUT_EPC = ["-machine", "q35"]


def command(qemu, rom, said, machine):
    return [qemu, *machine, "-accel", "tcg,thread=multi", "-cpu", "max", "-smp", "2", "-m", "64M", "-bios", rom, "-nodefaults", "-display", "none",
            "-chardev", f"file,id=said,path={said}", "-device", "isa-debugcon,iobase=0xe9,chardev=said",
            "-device", "isa-debug-exit,iobase=0xf4,iosize=1"]


def run(qemu, rom, seconds=SECONDS, until=None, machine=tuple(WITH_EPC)):
    """What the machine said, and how QEMU ended: 1 (isa-debug-exit) if the machine came to its end. until: a pattern; it's ended when it says that."""
    with tempfile.NamedTemporaryFile() as said, tempfile.TemporaryFile() as errors:
        with subprocess.Popen(command(qemu, rom, said.name, machine), stdin=subprocess.DEVNULL, stdout=errors, stderr=errors) as process:
            end = time.monotonic() + seconds

            def read():
                with open(said.name, encoding="utf-8", errors="replace") as file:
                    return file.read()

            while process.poll() is None and time.monotonic() < end and not (until and re.search(until, read(), re.MULTILINE)):
                time.sleep(0.1)
            finished = process.poll() is not None
            process.kill()
        errors.seek(0)
        return read(), process.returncode if finished else None, errors.read().decode(errors="replace")


def failures(text):
    return [line for line in text.splitlines() if line.startswith("not ok ")]


def data(text):
    return {name: bytes.fromhex(value) for name, value in re.findall(r"^data (\S+) ([0-9a-f]+)\n", text, re.MULTILINE)}


def expected_keys(identity):
    """What EGETKEY has to give for checks-keys.c's requests (SDM 3D, "EGETKEY")."""
    keyid = b"\x6b" * 32
    enclave, who = {"mrenclave": identity["mrenclave"]}, {"mrsigner": identity["mrsigner"]}
    debug, keys = 1 | DEBUG | MODE64, 1 | MODE64 | PROVISION | TOKENKEY
    common = {"svn": 2, "product": PRODUCT, "xfrm": 3}
    masks = {"attributes_mask": ALL, "xfrm_mask": 3, "misc_mask": 1}
    seal = {"name": 4, "attributes": debug, "misc": 1, "keyid": keyid, **common, **masks}
    of_keys = {"attributes": keys, "misc": 0, **common}
    return {
        "key-report": derive(name=3, attributes=debug, xfrm=7, misc=1, keyid=keyid, **enclave),
        "key-seal-enclave": derive(policy=1, **seal, **enclave), "key-seal-signer": derive(policy=2, **seal, **who),
        "key-seal-both": derive(policy=3, **seal, **enclave, **who),
        "key-launch": derive(name=0, keyid=keyid, **of_keys, **who),
        "key-provision": derive(name=1, **of_keys, **masks, **who),
        "key-provision-seal": derive(name=2, **of_keys, **masks, **who),
        "key-seal-plain": derive(name=4, policy=2, keyid=keyid, **of_keys, **masks, **who),
    }


def expected_report(identity):
    target = bytes(range(1, 33))
    body = CPUSVN + struct.pack("<I", 1) + bytes(28) + struct.pack("<QQ", 1 | DEBUG | MODE64, 7) + identity["mrenclave"] + bytes(32) + \
        identity["mrsigner"] + bytes(32) + bytes(64) + struct.pack("<HHH", PRODUCT, SVN, 0) + bytes(42) + bytes(16) + b"\xd7" * 64
    key = derive(name=3, attributes=5, xfrm=7, misc=1, mrenclave=target, keyid=REPORT_KEYID)
    return body + REPORT_KEYID + cmac(key, body)


def verdict(text, code, errors, identity):
    """Every reason why this isn't how SGX is; none where it is."""
    found, expected = data(text), {**expected_keys(identity), "report": expected_report(identity)}
    reasons = failures(text)
    ended = code == 1 and re.search(r"^end 0x[0-9a-f]+ passed, 0x[0-9a-f]+ failed$", text, re.MULTILINE)
    if not ended:
        reasons.append(f"the machine didn't come to its end (QEMU's exit code {code}) after: {(text.splitlines() or ['nothing'])[-1]}; {errors.strip()}")
    # What it didn't come to say isn't wrong.
    reasons += [f"{name}: other bytes than the second computation has" for name, value in expected.items()
                if found.get(name) != value and (ended or name in found)]
    return reasons


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as here:
        made, known = build(here)
        result = run(sys.argv[1], made)
        print(result[0])
        print("\n".join(verdict(*result, known)) or "as SGX is")
