# SPDX-License-Identifier: GPL-2.0-or-later
"""Images as files: layout, measurement, signature, and that nothing can be changed unnoticed. No guest is needed.

What is compared with is made elsewhere: hashlib, the openssl program, and a layout written down a second
time (tests/enclave_reference.py)."""
import glob
import hashlib
import json
import os
import pty
import random
import shutil
import struct
import subprocess
import termios
import time

import pytest

import enclave_reference
from conftest import ROOT

BUILD = os.path.join(ROOT, "build")
BARTIZAN = os.path.join(BUILD, "tools/build/bartizan")
CC = os.path.join(ROOT, "tools/bartizan-cc")
PORTS = sorted(glob.glob(os.path.join(BUILD, "ports/*.enclave")))
MANIFEST = """heap 1M
stack 512K
threads 2
product 77
svn 5
call read write fstat ioctl
file /etc/services
tree /usr/share/zoneinfo
environment TERM LINES
"""
SOURCE = """#include <assert.h>
#include <stdio.h>
int main(int argc, char **argv)
{
	assert(argc > 0);
	return printf("%s in %s\\n", argv[0], __FILE__) < 0;
}
"""


def bartizan(*arguments, **more):
    return subprocess.run([BARTIZAN, *map(str, arguments)], capture_output=True, text=True, check=False, timeout=120,
                          stdin=subprocess.DEVNULL, **more)


def right(*arguments, **more):
    done = bartizan(*arguments, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def refused(*arguments, **more):
    """The reason, which is all that comes out."""
    done = bartizan(*arguments, **more)
    assert done.returncode == 1, (done.returncode, done.stdout, done.stderr)
    assert done.stdout == ""
    assert done.stderr.startswith("bartizan: "), done.stderr
    return done.stderr


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, content):
    with open(path, "wb") as file:
        file.write(content)
    return path


def compile_image(directory, manifest=MANIFEST, cc=CC, **environment):
    os.makedirs(directory, exist_ok=True)
    write(os.path.join(directory, "tiny.c"), SOURCE.encode())
    write(os.path.join(directory, "tiny.manifest"), manifest.encode())
    done = subprocess.run([cc, "--manifest=tiny.manifest", "-g", "-O1", "-o", "tiny", "tiny.c"], cwd=directory, check=False,
                          capture_output=True, text=True, env={**os.environ, **environment})
    assert done.returncode == 0, done.stderr
    return os.path.join(directory, "tiny"), done.stderr


@pytest.fixture(scope="module", autouse=True)
def state(tmp_path_factory):
    """A development key of this run's own."""
    before = os.environ.get("XDG_STATE_HOME")
    os.environ["XDG_STATE_HOME"] = str(tmp_path_factory.mktemp("state"))
    yield os.environ["XDG_STATE_HOME"]
    del os.environ["XDG_STATE_HOME"]
    if before is not None:
        os.environ["XDG_STATE_HOME"] = before


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    """A small image with its signature, its stream and what it was linked as."""
    image, _ = compile_image(str(tmp_path_factory.mktemp("tiny")))
    right("image", "build", "--output", image + ".again", "--sgxs", image + ".sgxs", image + ".debug")
    return image


@pytest.fixture
def copy(tiny, tmp_path):
    """The same, to be spoiled."""
    for ending in "", ".sig", ".sgxs":
        shutil.copy(tiny + ending, tmp_path / ("tiny" + ending))
    return str(tmp_path / "tiny")


def test_the_development_key_is_made_once_and_both_who_signs_and_who_inspects_say_so(tmp_path):
    state = str(tmp_path / "state")
    image, said = compile_image(str(tmp_path / "a"), XDG_STATE_HOME=state)
    assert "development key, made just now" in said
    key = read(f"{state}/bartizan/signer.pem")
    assert os.stat(f"{state}/bartizan/signer.pem").st_mode & 0o777 == 0o600
    assert os.stat(f"{state}/bartizan").st_mode & 0o777 == 0o700
    said = bartizan("image", "sign", image, env={**os.environ, "XDG_STATE_HOME": state}).stderr
    assert "signed with this machine's development key (" in said
    assert read(f"{state}/bartizan/signer.pem") == key
    assert "this machine's development key" in right("image", "inspect", image, env={**os.environ, "XDG_STATE_HOME": state})
    elsewhere = {**os.environ, "XDG_STATE_HOME": str(tmp_path / "elsewhere")}
    assert "somebody's development key" in right("image", "inspect", image, env=elsewhere)
    assert json.loads(right("image", "inspect", "--json", image, env=elsewhere))["development_key"] is True


@pytest.mark.parametrize("image", PORTS, ids=os.path.basename)
def test_every_port_has_the_measurement_that_python_computes_and_a_signature_that_fits(image):
    facts = json.loads(right("image", "inspect", "--json", image))
    assert facts["mrenclave"] == enclave_reference.mrenclave(read(image)).hex()
    assert right("image", "measure", image) == facts["mrenclave"] + "\n"


def test_json_has_the_keys_that_scripts_rely_on(tiny):
    facts = json.loads(right("image", "inspect", "--json", tiny))
    signature = read(tiny + ".sig")
    assert facts["mrenclave"] == enclave_reference.mrenclave(read(tiny)).hex() == signature[960:992].hex()
    assert facts["mrsigner"] == hashlib.sha256(signature[128:512]).hexdigest()
    assert facts["attributes"] == {"flags": "0000000000000004", "xfrm": "0000000000000003"}
    assert (facts["isv_prod_id"], facts["isv_svn"], facts["debug"]) == (77, 5, False)
    assert (facts["threads"], facts["unmeasured"], facts["development_key"]) == (2, 0, True)
    pages, size = enclave_reference.pages(read(tiny))
    assert (facts["pages"], facts["size"]) == (len(pages), size)
    assert facts["manifest"] == {
        "heap_size": 1 << 20, "stack_size": 512 << 10, "threads": 2,
        "paths": ["/etc/services", "/usr/share/zoneinfo/"], "environment": ["TERM", "LINES"],
        "calls": ["read", "write", "fstat", "ioctl"], "programs": []}
    stream = json.loads(right("image", "inspect", "--json", "--sgxs", tiny + ".sgxs", "--sigstruct", tiny + ".sig"))
    same = "mrenclave", "mrsigner", "attributes", "isv_prod_id", "isv_svn", "debug", "size", "pages", "threads", "unmeasured"
    assert [stream[key] for key in same] == [facts[key] for key in same]
    assert json.loads(right("image", "measure", "--json", tiny)) == {"mrenclave": facts["mrenclave"]}


def test_inspect_lists_what_the_image_may_ask_for(tiny):
    said = right("image", "inspect", tiny)
    for line in ("files       /etc/services /usr/share/zoneinfo/", "environment TERM LINES", "calls       read write fstat ioctl",
                 "product     77, version 5", "debug       off", "stack 512 KiB for each of 2 threads"):
        assert line in said


def test_the_stream_hashes_to_the_measurement_and_holds_the_pages(tiny):
    stream = read(tiny + ".sgxs")
    assert hashlib.sha256(stream).hexdigest() == right("image", "measure", tiny).strip()
    assert right("image", "measure", tiny + ".sgxs") == right("image", "measure", tiny)
    pages, size = enclave_reference.pages(read(tiny))
    assert stream[:20] == b"ECREATE\0" + struct.pack("<IQ", 1, size)
    at = 64
    for offset, flags, content in pages:
        assert stream[at:at + 24] == b"EADD\0\0\0\0" + struct.pack("<QQ", offset, flags)
        body = stream[at + 64:at + 64 + 16 * 320]
        assert b"".join(body[i + 64:i + 320] for i in range(0, len(body), 320)) == content
        at += 64 + 16 * 320
    assert at == len(stream)


def test_nothing_is_writable_and_executable_and_guards_are_not_there(tiny):
    pages, size = enclave_reference.pages(read(tiny))
    present = {offset for offset, _, _ in pages}
    assert not [offset for offset, flags, _ in pages if flags & 6 == 6]
    for offset, flags, content in pages:
        if flags == enclave_reference.TCS:
            data, = struct.unpack_from("<Q", content, 48)
            thread = struct.unpack("<11Q", next(c for o, _, c in pages if o == data)[:88])
            for start in thread[2], thread[4], thread[6]:   # both stacks and the SSA
                assert start in present and start - 4096 not in present
            assert thread[10] == size
    assert max(present) + 4096 < size


def test_openssl_verifies_the_signature(tiny, state, tmp_path):
    signature = read(tiny + ".sig")
    write(tmp_path / "message", signature[:128] + signature[900:1028])
    write(tmp_path / "signature", signature[516:900][::-1])
    subprocess.run(["openssl", "dgst", "-sha256", "-binary", "-out", "hash", "message"], cwd=tmp_path, check=True)
    subprocess.run(["openssl", "pkey", "-in", f"{state}/bartizan/signer.pem", "-pubout", "-out", "public"], cwd=tmp_path,
                   check=True)
    verify = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", "public", "-in", "hash", "-sigfile", "signature",
              "-pkeyopt", "digest:sha256", "-pkeyopt", "rsa_padding_mode:pkcs1"]
    subprocess.run(verify, cwd=tmp_path, check=True)
    modulus = int.from_bytes(signature[128:512], "little")
    text = subprocess.run(["openssl", "rsa", "-pubin", "-in", "public", "-noout", "-modulus"], cwd=tmp_path, check=True,
                          capture_output=True, text=True).stdout
    assert int(text.split("=")[1], 16) == modulus
    s = int.from_bytes(signature[516:900], "little")
    q1, q2 = (int.from_bytes(signature[at:at + 384], "little") for at in (1040, 1424))
    assert q1 == s * s // modulus
    assert q2 == (s * s - q1 * modulus) * s // modulus
    assert signature[512:516] == b"\3\0\0\0"


def spoilt(content, count, seed):
    """The content with one bit changed, at the places where things begin and end, and all over."""
    chance = random.Random(seed)
    places = {0, 1, 4, 7, 8, 63, 64, len(content) - 1} | {chance.randrange(len(content)) for _ in range(count)}
    for place in sorted(places):
        yield place, content[:place] + bytes([content[place] ^ 1 << chance.randrange(8)]) + content[place + 1:]


def test_a_changed_bit_anywhere_in_an_image_is_refused(copy):
    original = read(copy)
    zeros = [i for i in range(4096, len(original), 4096) if original[i - 64:i] == bytes(64)]
    places = list(spoilt(original, 60, 1))
    places += [(i - 1, original[:i - 1] + b"\1" + original[i:]) for i in zeros[:10]]   # padding between segments
    for place, content in places:
        write(copy, content)
        assert refused("image", "inspect", copy), place
    for content in original + b"\0", original[:-1], original[:4096], b"", original * 2:
        write(copy, content)
        assert refused("image", "inspect", copy)
    write(copy, original)
    right("image", "inspect", copy)


def test_a_changed_bit_anywhere_in_a_signature_is_refused(copy):
    original = read(copy + ".sig")
    for place, content in spoilt(original, 60, 2):
        write(copy + ".sig", content)
        assert refused("image", "inspect", copy), place
        assert refused("image", "inspect", "--sgxs", copy + ".sgxs", "--sigstruct", copy + ".sig"), place
    for content in original + b"\0", original[:-1], b"":
        write(copy + ".sig", content)
        assert "1808" in refused("image", "inspect", copy)


def test_a_changed_bit_anywhere_in_a_stream_is_refused(copy):
    original = read(copy + ".sgxs")
    stream = "image", "inspect", "--sgxs", copy + ".sgxs", "--sigstruct", copy + ".sig"
    records = [64 + 5184 * page + extra for page in (0, 7, 300) for extra in (0, 8, 16, 24, 63, 64, 72, 80, 127, 128, 383, 384)]
    places = list(spoilt(original, 40, 3))
    places += [(i, original[:i] + bytes([original[i] ^ 4]) + original[i + 1:]) for i in records]
    for place, content in places:
        write(copy + ".sgxs", content)
        assert refused(*stream), place
    page = 64 + 16 * 320
    for content in (original[:-1], original[:64], original[:-page], original + original[64:64 + page], original[64:],
                    original[:64] + original[64 + page:64 + 2 * page] + original[64:64 + page] + original[64 + 2 * page:],
                    original.replace(b"EEXTEND\0", b"UNMEASRD", 1), b""):
        write(copy + ".sgxs", content)
        assert refused(*stream)


def test_what_a_stream_leaves_unmeasured_is_said(copy):
    original = read(copy + ".sgxs")
    digest = hashlib.sha256(original[:64 + 64 + 15 * 320] + original[64 + 64 + 16 * 320:]).hexdigest()
    write(copy + ".sgxs", original[:64 + 64 + 15 * 320] + b"UNMEASRD" + original[64 + 64 + 15 * 320 + 8:])
    assert right("image", "measure", copy + ".sgxs").strip() == digest


def test_a_signature_of_another_image_is_refused(tiny, tmp_path):
    other, _ = compile_image(str(tmp_path / "other"), MANIFEST.replace("svn 5", "svn 6"))
    assert "another enclave" in refused("image", "inspect", tiny, "--sigstruct", other + ".sig")
    os.unlink(other + ".sig")
    assert "bartizan image sign" in refused("image", "inspect", other)


@pytest.mark.parametrize("change", ["heap 1M=heap 2M", "stack 512K=stack 516K", "threads 2=threads 1", "svn 5=svn 6",
                                    "product 77=product 78", "call read=call close read", "TERM=TERMS",
                                    "file /etc/services=file /etc/service", "tree /usr=file /usr"])
def test_the_whole_manifest_is_measured(tiny, tmp_path, change):
    old, new = change.split("=")
    assert old in MANIFEST
    other, _ = compile_image(str(tmp_path / "other"), MANIFEST.replace(old, new))
    assert right("image", "measure", other) != right("image", "measure", tiny)


def test_debug_is_in_the_signature_where_the_manifest_says_so_and_nowhere_else(tiny, tmp_path):
    image, _ = compile_image(str(tmp_path / "debug"), MANIFEST + "debug on\n")
    facts = json.loads(right("image", "inspect", "--json", image))
    assert facts["debug"] and facts["attributes"]["flags"] == "0000000000000006"
    assert "the host can read" in right("image", "inspect", image)
    assert read(tiny + ".sig")[928] == 4 and read(tiny + ".sig")[944] & 2


def test_an_own_key_signs_and_keeps_its_secret(copy, tmp_path):
    key = tmp_path / "author.pem"
    right("keygen", "--signer", "--output", key)
    assert key.stat().st_mode & 0o777 == 0o600
    assert "never overwritten" in bartizan("keygen", "--signer", "--output", key).stderr
    said = bartizan("image", "sign", "--key", key, copy)
    assert (said.returncode, said.stderr) == (0, "")
    facts = json.loads(right("image", "inspect", "--json", copy))
    modulus = subprocess.run(["openssl", "rsa", "-in", key, "-noout", "-modulus"], check=True, capture_output=True, text=True)
    number = int(modulus.stdout.split("=")[1], 16).to_bytes(384, "little")
    assert facts["mrsigner"] == hashlib.sha256(number).hexdigest() and not facts["development_key"]
    key.chmod(0o644)
    assert "chmod 600" in refused("image", "sign", "--key", key, copy)


def on_a_terminal(answer, *command):
    """Run a command that has a terminal, type an answer when it asks, and give its exit status and what it wrote."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(command[0], command)
    said, answered = b"", False
    while True:
        try:
            chunk = os.read(terminal, 4096)
        except OSError:   # how Linux says that the other end is closed
            break
        if not chunk:
            break
        said += chunk
        if not answered and b"pass phrase" in said:
            # OpenSSL asks first and turns the echo off then.
            while termios.tcgetattr(terminal)[3] & termios.ECHO:
                time.sleep(0.01)
            os.write(terminal, answer + b"\n")
            answered = True
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said.decode()


def test_a_key_with_a_passphrase_is_asked_for_on_the_terminal(copy, tmp_path):
    key, locked = tmp_path / "author.pem", tmp_path / "locked.pem"
    right("keygen", "--signer", "--output", key)
    subprocess.run(["openssl", "pkcs8", "-topk8", "-in", key, "-out", locked, "-passout", "pass:a secret"], check=True)
    locked.chmod(0o600)
    command = BARTIZAN, "image", "sign", "--key", str(locked), copy
    status, said = on_a_terminal(b"a secret", *command)
    assert status == 0, said
    assert "a secret" not in said
    signed = read(copy + ".sig")
    right("image", "sign", "--key", key, copy)
    assert read(copy + ".sig") == signed
    status, said = on_a_terminal(b"another", *command)
    assert status == 1 and "passphrase was wrong" in said


@pytest.mark.parametrize("options", [["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"],
                                     ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-pkeyopt", "rsa_keygen_pubexp:3"],
                                     ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"]], ids=["e", "bits", "kind"])
def test_keys_of_another_kind_do_not_sign(copy, tmp_path, options):
    key = tmp_path / "other.pem"
    subprocess.run(["openssl", "genpkey", *options, "-out", key], check=True, capture_output=True)
    key.chmod(0o600)
    assert "RSA-3072 key with exponent 3" in refused("image", "sign", "--key", key, copy)


def test_keygen_makes_keys_that_openssl_reads(tmp_path):
    for kind, said in ("--owner", "P-256"), ("--source", "X25519"):
        key = tmp_path / f"{kind[2:]}.pem"
        assert right("keygen", kind, "--output", key) == f"{key}\n{key.with_suffix('.pub')}\n"
        for options in ["-in", key], ["-pubin", "-in", key.with_suffix(".pub")]:
            text = subprocess.run(["openssl", "pkey", *options, "-noout", "-text"], check=True, capture_output=True, text=True)
            assert said in text.stdout
        assert key.stat().st_mode & 0o777 == 0o600
    assert bartizan("keygen", "--owner", "--source", "--output", tmp_path / "x").returncode == 2
    assert bartizan("keygen", "--owner").returncode == 2


def test_a_date_of_ones_own_makes_signatures_the_same(copy, tmp_path):
    for name in "a", "b":
        right("image", "sign", "--sigstruct", tmp_path / name, copy, env={**os.environ, "SOURCE_DATE_EPOCH": "951782400"})
    assert read(tmp_path / "a") == read(tmp_path / "b")
    assert read(tmp_path / "a")[20:24] == bytes.fromhex("29020020")   # 0x20000229
    assert "signed 2000-02-29" in right("image", "inspect", "--sigstruct", tmp_path / "a", copy)


def test_build_refuses_what_is_no_image(tmp_path):
    assert "bartizan-cc" in refused("image", "build", "/bin/sh", "--output", tmp_path / "x")
    write(tmp_path / "c.c", b"int main(void){return 0;}")
    subprocess.run(["gcc", "-static-pie", "-o", "plain", "c.c"], cwd=tmp_path, check=True)
    assert "bartizan-cc" in refused("image", "build", tmp_path / "plain", "--output", tmp_path / "x")
    assert not (tmp_path / "x").exists()
    assert refused("image", "measure", tmp_path / "nothing")
    assert refused("image", "inspect", tmp_path / "plain")
    assert bartizan("image", "inspect", "--sgxs", "x").returncode == 2


def copy_of_tree(place):
    """What bartizan-cc needs of this tree, elsewhere."""
    libraries = os.path.join(place, "build/tools/build")
    os.makedirs(libraries)
    for path in glob.glob(os.path.join(BUILD, "tools/build/libimage_*.a")) + [BARTIZAN, os.path.join(BUILD, "tools/build/bartizan-manifest")]:
        # Thin archives name their members by path: whole ones here.
        if path.endswith(".a"):
            subprocess.run(["ar", "rcs", os.path.join(libraries, os.path.basename(path)),
                            *subprocess.run(["ar", "t", path], check=True, capture_output=True, text=True).stdout.split()],
                           cwd=BUILD, check=True)
        else:
            shutil.copy(path, libraries)
    for directory in "musl", "crypto":
        shutil.copytree(os.path.join(BUILD, directory), os.path.join(place, "build", directory))
    for path in "tools/bartizan-cc", "tools/image-audit", "enclave/libc/image-flags":
        os.makedirs(os.path.dirname(os.path.join(place, path)), exist_ok=True)
        shutil.copy(os.path.join(ROOT, path), os.path.join(place, path))
    return os.path.join(place, "tools/bartizan-cc")


def test_the_same_source_gives_the_same_image_in_another_place_time_locale_and_umask(tiny, tmp_path):
    cc = copy_of_tree(str(tmp_path / "a rather longer name/tree"))
    for path in glob.glob(str(tmp_path / "**/*"), recursive=True):
        os.utime(path, (86400, 86400))
    before = os.umask(0o077)
    try:
        image, _ = compile_image(str(tmp_path / "elsewhere"), cc=cc, LC_ALL="tr_TR.UTF-8", TZ="Pacific/Kiritimati",
                                 BARTIZAN_BUILD=str(tmp_path / "a rather longer name/tree/build"),
                                 TMPDIR=str(tmp_path), SOURCE_DATE_EPOCH="1")
    finally:
        os.umask(before)
    assert read(image) == read(tiny)
    assert right("image", "measure", image) == right("image", "measure", tiny)
    assert read(image + ".debug") != read(tiny + ".debug"), "it can't have been built elsewhere"


def test_the_audit_looks_at_the_code_that_is_in_the_image(tiny, tmp_path):
    audit = os.path.join(ROOT, "tools/image-audit")
    for ending in "", ".debug":
        shutil.copy(tiny + ending, tmp_path / ("tiny" + ending))
    subprocess.run([audit, tmp_path / "tiny"], check=True)
    other, _ = compile_image(str(tmp_path / "other"), MANIFEST.replace("svn 5", "svn 6"))
    shutil.copy(other + ".debug", tmp_path / "tiny.debug")
    done = subprocess.run([audit, tmp_path / "tiny"], check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "wasn't made from" in done.stderr
    os.unlink(tmp_path / "tiny.debug")
    done = subprocess.run([audit, tmp_path / "tiny"], check=False, capture_output=True, text=True)
    assert done.returncode == 1 and "can't be looked at" in done.stderr


@pytest.mark.parametrize("code", ["syscall", "cpuid", "rdtsc", "int $0x80", "in $0x80, %%al", "rex.W syscall", "data16 cpuid",
                                  ".byte 0xf3, 0x0f, 0x05", "cs syscall", "rep outsb", "sysretq", "iretq", "rdpmc", "sgdt (%%rax)"])
def test_code_that_an_enclave_can_not_execute_is_not_linked(tmp_path, code):
    write(tmp_path / "bad.c", f'int main(void){{ __asm__ volatile("{code}" ::: "memory"); return 0; }}'.encode())
    done = subprocess.run([CC, "-o", "bad", "bad.c"], cwd=tmp_path, check=False, capture_output=True, text=True)
    assert done.returncode != 0 and "forbidden instructions" in done.stderr
    assert not (tmp_path / "bad").exists() and not (tmp_path / "bad.sig").exists()


def audited(tmp_path, code):
    write(tmp_path / "code.s", f"f:\n{code}\n".encode())
    subprocess.run(["as", "-o", "code.o", "code.s"], cwd=tmp_path, check=True, capture_output=True)
    return subprocess.run([os.path.join(ROOT, "tools/image-audit"), "--instructions-only", tmp_path / "code.o"], check=False, capture_output=True,
                          text=True)


@pytest.mark.parametrize("code", ["lcall *(%rax)", "rex.W lcall *(%rax)", "ljmp *(%rax)", "lretq", "lss (%rax), %ecx", "lfs (%rax), %ecx", "lgs (%rax), %ecx",
                                  "mov %eax, %ds", "mov (%rax), %gs", "movw 8(%rip), %fs", "mov %ax, %ss", "pop %fs", "popw %gs",
                                  ".byte 0x0f, 0x01, 0xcf", ".byte 0x0f, 0x01, 0xc0"])   # encls, enclv
def test_the_audit_finds_far_transfers_loads_of_segments_and_the_kernels_instructions_of_sgx(tmp_path, code):
    done = audited(tmp_path, code)
    assert done.returncode == 1 and "forbidden instructions" in done.stderr


def test_the_audit_leaves_what_only_looks_like_them(tmp_path):
    done = audited(tmp_path, "\n".join(["mov %fs:0, %rax", "mov %rax, %fs:0x28", "mov %fs, %eax", "mov %fs:(%rax), %rbx", "push %fs", "pop %rax", "leave",
                                        "call *(%rax)", "jmp *%fs:(%rax)", "wrfsbase %rax", ".byte 0x0f, 0x01, 0xd7"]))   # enclu
    assert done.returncode == 0, done.stderr
