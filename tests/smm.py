# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest with our firmware, its owner, and an attacker in it who is root: SMIs of any kind, made by
tests/inside/smi-probe.c there, told from here. The messages are tests/link_client.py's."""
import contextlib
import ctypes
import json
import mmap
import os
import re
import socket
import struct
import subprocess
import threading
import time

from cryptography.hazmat.primitives import serialization

from link_client import ERROR, OK, Owner, Session, Transport, head, read

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CALLER, MAGIC = 0x4E415A4954524142, 0x4D535A42
# wire/smi.h
(ACCEPTED, NOT_64_BIT, NOT_USER, SIZE, ADDRESS, NOT_PRESENT, NOT_WRITABLE, NOT_RAM, TABLES, PAGE_TWICE, FORMAT, SESSION, GRANT,
 REPLY_SIZE, INTERNAL, TOO_MUCH, NO_PLACE, EXPIRED) = range(18)
# smi-probe.c
(ORDINARY, AT, SIZED, UNMAPPED_END, UNTOUCHED, READ_ONLY, TWICE, AT_PHYSICAL, REWRITTEN, STORM, COMPATIBLE, TOGETHER, OTHERS, BY_KERNEL,
 ALTER, AT_ALTERED, RESTORE, MODEL, BESIDE, STOPPED, PHYSICAL_END, READ_ONLY_END) = range(22)
LOOP = 0x100


def state_directory():
    return os.path.join(os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state"), "bartizan")


def built_firmware(builds=False, suite=None, quickly=False):
    """Where it is, for this user's owner key, from these sources and that release's edk2; None: it isn't built, and wasn't to be. Quickly:
    where edk2 was built before, what is ours is put into it."""
    public = os.path.join(state_directory(), "owner.pub")
    if not os.path.exists(public):
        return None
    done = subprocess.run([os.path.join(ROOT, "tools/build/firmware"), public, "--insecure-accept-sim", *([] if builds else ["--if-quick" if quickly else "--if-built"]),
                           *(["--suite", suite] if suite else [])],
                          stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=3000, text=True)
    assert done.returncode in (0, 3), done.stderr
    return done.stdout.strip().splitlines()[-1] if done.returncode == 0 else None


def firmware_is_built():
    return built_firmware() is not None


class LabOwner(Owner):
    """The user, whose key the lab's firmware is built for."""

    def __init__(self):
        super().__init__()
        with open(os.path.join(state_directory(), "owner.pem"), "rb") as file:
            self.key = serialization.load_pem_private_key(file.read(), None)
        self.public = self.key.public_key().public_bytes(serialization.Encoding.X962,
                                                         serialization.PublicFormat.UncompressedPoint)[1:]

    def grant(self, *names, quota_bytes=1 << 24, quota_requests=1000, **more):
        return super().grant(*names, quota_bytes=quota_bytes, quota_requests=quota_requests, **more)


def probe_path(bartizan):
    program = os.path.join(os.path.dirname(os.path.realpath(bartizan)), "../../tests/smi-probe")
    return program if os.path.exists(program) else os.path.join(ROOT, "build/tests/smi-probe")


class Probe(Transport):
    """The attacker's program in the guest; also somebody's way to the firmware, which he can do with as he likes."""

    def __init__(self, bartizan, environment, name):
        with open(probe_path(bartizan), "rb") as file:
            subprocess.run([bartizan, "lab", "exec", name, "--", "sh", "-c",
                            "cat >/tmp/smi-probe.new; chmod +x /tmp/smi-probe.new; mv /tmp/smi-probe.new /tmp/smi-probe"],
                           stdin=file, check=True, env=environment, timeout=60)
        self.process = subprocess.Popen([bartizan, "lab", "exec", name, "--", "/tmp/smi-probe"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, env=environment)
        self.session = 0
        self.beside = None   # messages wait, in the guest and on its first CPU, until this one stands still
        self.heard = bytearray()   # all that was ever in an answer
        self.opened = bytearray()   # and what was sealed in it for enclaves (Enclave)
        refusal, hello = self.smi(0, b"")
        assert refusal == ACCEPTED, refusal
        self.take_hello(hello)

    def read(self, size):
        data = self.process.stdout.read(size)
        assert len(data) == size, "the probe ended"
        return data

    def raw(self, kind, argument=0, bytes_=b""):
        """RBX, and what stands in the buffer."""
        self.process.stdin.write(struct.pack("<IQI", kind, argument, len(bytes_)) + bytes_)
        self.process.stdin.flush()
        rbx, size = struct.unpack("<QI", self.read(12))
        data = self.read(size)
        self.heard += data
        return rbx, data

    @contextlib.contextmanager
    def altered(self, level, entry, flags=0):
        """While it lasts, the entry at this level that leads to a page of the probe's (AT_ALTERED) is another one; needs
        insert_module(). Gives the page's address, and that of the root of its tables."""
        _, data = self.raw(ALTER, level | flags, struct.pack("<Q", entry))
        address, root, _, _ = struct.unpack("<4Q", data[16:])
        try:
            yield address, root
        finally:
            self.raw(RESTORE)

    def rewritten(self, count, message):
        """What came of so many calls with a buffer that another thread changes meanwhile."""
        seen, = struct.unpack_from("<Q", self.raw(REWRITTEN, count, message)[1], 16)
        return {code for code in range(64) if seen >> code & 1}

    def refusal(self, kind, argument=0, bytes_=b""):
        """Two CPUs' SMIs may meet: then nobody is answered, and one asks again."""
        for _ in range(50):
            rbx, data = self.raw(kind, argument, bytes_)
            if rbx != CALLER:
                self.count = rbx >> 8
                return rbx & 0xff, data
        raise AssertionError("nobody answers")

    def smi(self, session, message):
        """A message for a session: why it was refused, or the answer. The session is the answer's."""
        kind, argument = (ORDINARY, 0) if self.beside is None else (STOPPED, self.beside)
        refusal, data = self.refusal(kind, argument, struct.pack("<IIII", MAGIC, session, len(message), 0) + message)
        if refusal != ACCEPTED:
            return refusal, b""
        magic, self.answered, size, zero = struct.unpack_from("<IIII", data)
        assert magic == MAGIC and zero == 0
        return refusal, data[16:16 + size]

    def exchange(self, message):
        first = struct.unpack_from("<H", message)[0] == 1
        refusal, answer = self.smi(0 if first else self.session, message)
        if refusal != ACCEPTED:
            return head(ERROR, 3) + b"%03d" % refusal
        if first:
            self.session = self.answered
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait(timeout=60)


def reserved_top(described):
    """SMRAM as the lab's machines have it, by what `bartizan lab ls --json` says of one: 8 MiB (TSEG) below the top of at most 2 GiB. In
    firmware's map it is left out, as are other ranges."""
    assert described["memory_mib"] <= 2048, "RAM below the hole only"
    return described["memory_mib"] * 2**20 - 8 * 2**20


def insert_module(machine, directory, kernel, *parameters):
    """Build a module for the guest's kernel, and insert it."""
    built = subprocess.run([os.path.join(ROOT, "tools/kernel-module"), os.path.join(ROOT, directory), kernel], check=True,
                           stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600).stdout.strip()
    for name in os.listdir(built):
        with open(os.path.join(built, name), "rb") as file:
            machine.exec(["sh", "-c", f"cat >/tmp/{name}"], input=file.read())
        machine.exec(["insmod", f"/tmp/{name}", *parameters])


class Canary:
    """A secret in SMRAM, put there from outside: it must be there afterwards, and nowhere else. TSEG is the last 8 MiB below
    4 GiB that are RAM; of it, pages that firmware doesn't use hold zeros."""
    COUNT = 8

    def __init__(self, machine):
        folder = f"/proc/{machine.qemu_pid}/fd"
        memory = next(f"{folder}/{fd}" for fd in os.listdir(folder) if "memory-backend" in os.readlink(f"{folder}/{fd}"))
        with open(memory, "r+b") as file:
            self.ram = mmap.mmap(file.fileno(), 0)
        self.top = machine.describe()["memory_mib"] * 2**20
        assert self.top <= 2**31, "RAM below the hole only"
        self.smram = self.top - 8 * 2**20
        self.secret = os.urandom(64)
        free = [page for page in range(self.smram, self.top, 4096) if not any(self.ram[page:page + 4096])]
        assert len(free) > 100, len(free)
        # In the middle of what is free: allocators take from the ends, and keep their notes there.
        middle = len(free) // 2
        self.pages = free[middle:middle + self.COUNT]
        for page in self.pages:
            self.ram[page:page + 4096] = self.secret * 64

    def is_whole(self):
        return all(self.ram[page:page + 4096] == self.secret * 64 for page in self.pages)

    def leaked_to(self):
        return self.ram.find(self.secret, 0, self.smram)

    def remove(self):
        for page in self.pages:
            self.ram[page:page + 4096] = bytes(4096)
        self.ram.close()


class Enclave(Session):
    """What it opens is kept, too: firmware's secrets aren't for it either."""

    def open(self, message):
        plain = super().open(message)
        self.transport.opened += plain
        return plain


def session(probe, owner, **grant):
    """An enclave's session by way of the attacker's program."""
    return Enclave(probe, owner, "smm:", **grant).handshake()


WINDOW = 0xFFFF800000000000   # tests/inside/two-words.c


def two_words_program(bartizan, machine):
    with open(os.path.join(os.path.dirname(probe_path(bartizan.path)), "two-words"), "rb") as file:
        machine.exec(["sh", "-c", "cat >/tmp/two-words.new && chmod +x /tmp/two-words.new && mv /tmp/two-words.new /tmp/two-words"], input=file.read())


@contextlib.contextmanager
def two_words(bartizan, machine, text=None):
    """Two words that a program in the machine changes all the time: the first is the second, or one more. Where they lie, and page
    tables by which all memory is at WINDOW; with a text, they are in it as digits, and this is the program's number."""
    two_words_program(bartizan, machine)
    machine.exec(["sh", "-c", f"rm -f /tmp/two-words.out; /tmp/two-words {text or ''} >/tmp/two-words.out </dev/null 2>&1 & "
                              "echo $! >/tmp/two-words.pid; until [ -s /tmp/two-words.out ]; do sleep 0.1; done"])
    said = machine.exec(["cat", "/tmp/two-words.out"]).stdout.split()
    try:
        yield int(said[0]) if text else [int(word, 16) for word in said]
    finally:
        machine.exec(["sh", "-c", "kill $(cat /tmp/two-words.pid)"])


def look_by_reads(session, _, addresses):
    """Both words in one answer, and between them what takes time: as much as one SMI does."""
    results = session.ask([read(addresses[0], 8), *[read(0x100000)] * 17, read(addresses[1], 8)])
    assert all(outcome == OK for outcome, _ in results)
    return [int.from_bytes(results[i][1], "little") for i in (0, -1)]


def look_by_plan(session, root, addresses):
    """The same by a read plan."""
    lines = session.run_plan(root, [(WINDOW + addresses[0], 8), (WINDOW + 0x100000, 0x4000), (WINDOW + addresses[1], 8)])
    assert session.plan_is_done and len(lines) > 0x4000 // 64
    found = dict(lines)
    return [int.from_bytes(found[address & -64][address & 63:][:8], "little") for address in addresses]


def look_for_moments(session, words, wanted, look=look_by_reads):
    """Both words in one answer, again and again, until so many answers said that they were of one moment (those have to be); the
    number of them, and of different values. Where this machine is busy, a CPU that its host doesn't run is late for many an SMI,
    and the answer says nothing then: so it isn't the share of them that counts, only that there are some."""
    still, seen, number = 0, set(), 0
    while (still < wanted or len(seen) < wanted) and number < 40 * wanted:
        ordered = words[:2] if number % 2 == 0 else words[1::-1]
        values = look(session, words[2], ordered)
        first, second = values if number % 2 == 0 else values[::-1]
        if session.is_still:
            still += 1
            assert first - second in (0, 1), "torn, and called whole"
        seen.add(second)
        number += 1
    return still, len(seen)


TEXT = "x" * 3000


def look_by_program(machine, number, count, options=()):
    """What a program sees of the words in another's arguments, so many times: the first less the second."""
    done = machine.exec(["bartizan", "run", "--quiet", "--target", "smm:", *options, "cat", *count * [f"/proc/{number}/cmdline"]], timeout=600)
    shown = [re.findall(rb"\d{8}", line) for line in done.stdout.split(b"/tmp/two-words\0")[1:]]
    assert len(shown) == count and all(len(words) == 2 for words in shown), done.stdout[:9000]
    assert len({words[0] for words in shown}) > count // 4, "the words hardly change"
    return [int(first) - int(second) for first, second in shown]


PTRACE_DETACH, PTRACE_SEIZE, PTRACE_INTERRUPT = 17, 0x4206, 0x4207   # linux/ptrace.h
WALL = 0x40000000


def cpu_threads(machine):
    """QEMU's threads that are CPUs, the first CPU first."""
    with socket.socket(socket.AF_UNIX) as monitor:
        monitor.settimeout(60)
        monitor.connect(machine.describe()["qmp"])
        stream = monitor.makefile("rw")
        stream.readline()
        for command in ("qmp_capabilities", "query-cpus-fast"):
            stream.write(json.dumps({"execute": command}) + "\n")
            stream.flush()
            answer = {}
            while "return" not in answer:
                answer = json.loads(stream.readline())
    return [cpu["thread-id"] for cpu in sorted(answer["return"], key=lambda cpu: cpu["cpu-index"])]


@contextlib.contextmanager
def stopped(thread):
    """While it lasts, this one of QEMU's threads does nothing, as a CPU that doesn't come into SMM."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]

    def ptrace(request):
        if libc.ptrace(request, thread, None, None) != 0:
            raise OSError(ctypes.get_errno(), "ptrace")
    ptrace(PTRACE_SEIZE)
    try:
        ptrace(PTRACE_INTERRUPT)
        os.waitpid(thread, WALL)
        yield
    finally:
        ptrace(PTRACE_DETACH)


def said_behind(path, start):
    with open(path, "rb") as file:
        file.seek(start)
        return file.read()


def await_word(path, start, word, seconds=120):
    """Until that stands in the file behind `start`; whether it came."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if word in said_behind(path, start):
            return True
        time.sleep(0.05)
    return False


WAITS, HAS_CALLED = b"smi-probe: waits\n", b"smi-probe: has called\n"


def ask_once_beside_stopped(probe, machine, ask):
    """What was answered, and why it doesn't count: None where the CPU stood still from before the call until after it."""
    log = os.path.join(os.path.dirname(machine.describe()["qmp"]), "firmware.log")
    threads, start = cpu_threads(machine), os.path.getsize(log)
    answers, why = [], None
    asking = threading.Thread(target=lambda: answers.append(ask()))
    probe.beside = len(threads) - 1
    try:
        asking.start()
        assert await_word(log, start, WAITS), "the message isn't there"
        with stopped(threads[-1]):
            if HAS_CALLED in said_behind(log, start):
                why = "the CPU did nothing for a second, and wasn't stopped yet"
            elif not await_word(log, start, HAS_CALLED, 30):
                why = "nobody called: the CPU was stopped with a lock of QEMU's or the guest's, or the SMI waits for it"
    finally:
        asking.join(120)
        probe.beside = None
    assert answers, "no answer"
    return answers[0], why


def ask_beside_stopped(probe, machine, ask):
    """What is answered while the last CPU stands, which nothing in the guest but the SMI may need then: so the message is there before,
    and the answer is fetched afterwards. What happens in between is said on the port that firmware says things on. Where a thread of QEMU's
    is stopped can't be chosen: with a lock that others need, all stands until it goes on, and shows nothing. An SMI that waits for the CPU
    does so each time."""
    reasons = []
    for _ in range(5):
        answer, why = ask_once_beside_stopped(probe, machine, ask)
        if why is None:
            return answer
        reasons.append(why)
    raise AssertionError("; ".join(reasons))
