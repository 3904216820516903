# SPDX-License-Identifier: GPL-2.0-or-later
"""Forging a guest's memory, in build/tests/forge only: places by the names of the guest's own BTF and symbols (read
by bpftool and from /proc/kallsyms, not by our decoder), and what a file says then.

A place is written as steps, from left to right:

    slab_caches             a symbol's address; "@family": the task of the process with that name ("_" stands for a
                            blank); "@open_files#timerfd": its first open file that leads to something with that in
                            its name; "$block_class": what the kernel keeps of that class of devices (struct
                            subsys_private); "^/module/brd/parameters": the struct kernfs_node of that below /sys
    +kmem_cache.name        the member of the struct there
    +#ipc_ids               what lies behind the struct there
    -kmem_cache.list        the struct whose member is there
    *                       what the pointer there leads to
    +8 -8                   bytes
    +[apparmor_blob_sizes]  as many bytes as the 32-bit number at that symbol says
    &~ff                    without these bits (hexadecimal)
    %                       the first CPU's copy
    ?                       the first word from there on that isn't 0
    nonempty                the first list from there on, in an array of list_heads, that holds something
    has:pidfs_file_operations   nothing; where the kernel has no such symbol or member, this isn't its way

Ways of several kernels stand one behind the other, with " | " between them: the first of which the kernel has all
names is taken.
"""
import json
import os
import re
import select
import struct
import subprocess
import tempfile
from dataclasses import dataclass

from conftest import ROOT
from test_kernel import find_bpftool

FORGE = os.environ.get("FORGE", os.path.join(ROOT, "build/tests/forge"))
ANSWER_SECONDS = 60    # a bound on what must end, not a measurement
WORDS_MAX = 8192       # of a table in which the first word that isn't 0 is looked for
MODULES = ["sctp", "tun", "vsock"]
WHOLE, MARKED, ABSENT, REFUSED = range(4)


class Layout:
    """Offsets of members, addresses of symbols, of the guest's own making."""

    def __init__(self, guest, directory):
        self.btf = guest.exec(["cat", "/sys/kernel/btf/vmlinux"]).stdout
        base = directory / "btf"
        base.write_bytes(self.btf)
        self.types, self.structs = {}, {}
        self.add(base)
        for module in MODULES:
            types = guest.exec(["cat", f"/sys/kernel/btf/{module}"], check=False).stdout
            if types:
                (directory / module).write_bytes(types)
                self.add(directory / module, "-B", str(base))
        symbols = guest.exec(["cat", "/proc/kallsyms"]).stdout
        self.symbols = {}
        for address, name in re.findall(rb"^([0-9a-f]{16}) \w (\S+)", symbols, re.M):
            self.symbols.setdefault(name.decode(), int(address, 16))

    def add(self, file, *base):
        """The types of a module begin to count where the kernel's end: two modules' have the same numbers."""
        dump = subprocess.run([find_bpftool(), *base, "-j", "btf", "dump", "file", str(file)], capture_output=True, check=True)
        types = json.loads(dump.stdout)["types"]
        own = {kind["id"]: kind for kind in types}
        for kind in types:
            kind["of"] = own
            if not base:
                self.types[kind["id"]] = kind
            if kind["kind"] in ("STRUCT", "UNION") and kind["name"] != "(anon)":
                self.structs.setdefault(kind["name"], kind)

    def resolve(self, number, own):
        kind = own.get(number) or self.types[number]
        while kind["kind"] in ("TYPEDEF", "CONST", "VOLATILE", "RESTRICT", "TYPE_TAG"):
            kind = own.get(kind["type_id"]) or self.types[kind["type_id"]]
        return kind

    def member(self, kind, name):
        """(offset, type) of a member, through those without a name."""
        for member in kind["members"]:
            offset, inner = member["bits_offset"] // 8, self.resolve(member["type_id"], kind["of"])
            if member["name"] == name:
                return offset, inner
            if member["name"] == "(anon)" and "members" in inner:
                found = self.member(inner, name)
                if found:
                    return offset + found[0], found[1]
        return None

    def offset(self, path):
        """Of "struct.member.member"."""
        first, *names = path.split(".")
        kind, offset = self.structs[first], 0
        for name in names:
            found = self.member(kind, name)
            if not found:
                raise Absent(path)
            offset, kind = offset + found[0], found[1]
        return offset


class Absent(Exception):
    """This kernel has no such member."""


@dataclass
class Answer:
    outcome: int
    size: int
    reads: int
    text: bytes
    said: str


class Ended(Exception):
    """The process that looks crashed, or didn't answer in time."""


class Forge:
    """build/tests/forge, with what one guest's memory holds."""

    def __init__(self, guest, directory):
        self.guest = guest
        self.layout = Layout(guest, directory)
        self.process = None
        self.tasks, self.entries = {}, {}
        # {process: {descriptor: where it leads}}, as the guest says.
        self.links, process = {}, None
        for line in guest.exec(["sh", "-c", "ls -l /proc/[0-9]*/fd"], check=False).stdout.decode(errors="replace").splitlines():
            head, entry = re.match(r"/proc/(\d+)/fd:$", line), re.search(r" (\d+) -> (.*)", line)
            process = int(head.group(1)) if head else process
            if entry and process:
                self.links.setdefault(process, {})[int(entry.group(1))] = entry.group(2)

    def start(self):
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen([FORGE, f"qemu:{self.guest.qemu_pid}"], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, stderr=self.errors)
        self.buffer = b""

    def end(self):
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def line(self):
        while b"\n" not in self.buffer:
            ready, _, _ = select.select([self.process.stdout], [], [], ANSWER_SECONDS)
            more = os.read(self.process.stdout.fileno(), 1 << 20) if ready else b""
            if not more:
                self.end()
                self.errors.seek(0)
                raise Ended("no answer in time" if not ready else f"it crashed: {self.errors.read().decode()}")
            self.buffer += more
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode()

    def tell(self, command):
        if self.process is None:
            self.start()
        self.process.stdin.write(command.encode() + b"\n")
        self.process.stdin.flush()
        return self.line()

    def must(self, command):
        answer = self.tell(command)
        assert answer != "-", command
        return answer

    def clear(self):
        self.tell("clear")

    def read(self, address, size):
        return bytes.fromhex(self.must(f"read {address:x} {size:x}"))

    def word(self, address):
        return struct.unpack("<Q", self.read(address, 8))[0]

    def put(self, address, data):
        for at in range(0, len(data), 256):
            self.must(f"put {address + at:x} {data[at:at + 256].hex()}")

    def arena(self):
        """1 GiB of memory of our own, mapped in the kernel's half."""
        return int(self.must("arena"), 16)

    def ladder(self, start, count, stride, base, step):
        self.must(f"ladder {start:x} {count:x} {stride:x} {base:x} {step:x}")

    def ask(self, question):
        """"show PATH", "parts PATH", "ask DUMP FAMILY PROTOCOL", "process NUMBER"."""
        outcome, size, reads, text, said = self.tell(question).split(" ")
        return Answer(int(outcome), int(size, 16), int(reads, 16), bytes.fromhex(text[1:]),
                      bytes.fromhex(said[1:]).decode(errors="replace"))

    def task(self, name):
        """The first process of that name in the list of tasks."""
        name = name.replace("_", " ")
        if name not in self.tasks:
            tasks, comm = self.layout.offset("task_struct.tasks"), self.layout.offset("task_struct.comm")
            first = task = self.layout.symbols["init_task"]
            while True:
                task = self.word(task + tasks) - tasks
                assert task != first, f"no process {name}"
                if self.read(task + comm, 16).split(b"\0")[0].decode() == name:
                    break
            self.tasks[name] = task
        return self.tasks[name]

    def subsystem(self, name):
        """What the kernel keeps of a class of devices."""
        offset = self.layout.offset
        first = self.word(self.layout.symbols["class_kset"]) + offset("kset.list")
        node = self.word(first)
        while node != first:
            found = node - offset("kset.kobj") - offset("kobject.entry") - offset("subsys_private.subsys")
            if self.word(found + offset("subsys_private.class")) == self.layout.symbols[name]:
                return found
            node = self.word(node)
        raise AssertionError(f"no {name}")

    def entry(self, path):
        """The struct kernfs_node of that path below /sys, as the first network namespace has it; no link leads there."""
        if not path:
            return self.word(self.layout.symbols["sysfs_root_kn"])
        if path not in self.entries:
            above, name = path.rsplit("/", 1)
            children = self.word(self.entry(above) + self.layout.offset("kernfs_node.dir.children"))
            net = self.layout.symbols["init_net"]
            own = (0, net, net + self.layout.offset("net.ns"))
            found = [node for node in self.below(children) if self.text(self.word(node + self.layout.offset("kernfs_node.name"))) == name
                     and self.word(node + self.layout.offset("kernfs_node.ns")) in own]
            if not found:
                raise Absent("/sys" + path)
            self.entries[path] = found[0]
        return self.entries[path]

    def below(self, top):
        """Those of a tree of entries of /sys."""
        stack = [top] if top else []
        while stack:
            node = stack.pop()
            left, right = (self.word(node + self.layout.offset("rb_node." + side)) for side in ("rb_left", "rb_right"))
            stack += [child for child in (left, right) if child]
            yield node - self.layout.offset("kernfs_node.rb")

    def text(self, address):
        """As far as its page goes."""
        return self.read(address, min(64, 4096 - address % 4096)).split(b"\0")[0].decode()

    def pid(self, name):
        return struct.unpack("<I", self.read(self.task(name) + self.layout.offset("task_struct.pid"), 4))[0]

    def descriptor(self, name, what):
        """The least number of a process's file that leads to such a thing."""
        found = [number for number, link in self.links.get(self.pid(name), {}).items() if what in link]
        if not found:
            raise Absent(f"{what} of {name}")
        return min(found)

    def file(self, name, what):
        table = self.word(self.word(self.task(name) + self.layout.offset("task_struct.files")) + self.layout.offset("files_struct.fdt"))
        return self.word(self.word(table + self.layout.offset("fdtable.fd")) + 8 * self.descriptor(name, what))

    def amount(self, word):
        if word[0] == "[":
            return struct.unpack("<I", self.read(self.layout.symbols[word[1:-1]], 4))[0]
        if word[0] == "#":
            return self.layout.structs[word[1:]]["size"]
        return int(word, 0) if word[0].isdigit() else self.layout.offset(word)

    def first(self, word):
        if word[0] == "@":
            name, _, what = word[1:].partition("#")
            return self.file(name, what) if what else self.task(name)
        if word[0] == "^":
            return self.entry(word[1:])
        return self.subsystem(word[1:]) if word[0] == "$" else self.layout.symbols[word]

    def step(self, address, step):
        if step == "*":
            return self.word(address)
        if step.startswith("has:"):
            if step[4:] not in self.layout.symbols:
                self.layout.offset(step[4:])
            return address
        if step == "?":
            return next(at for at in range(address, address + 8 * WORDS_MAX, 8) if self.word(at))
        if step == "nonempty":
            return next(at for at in range(address, address + 16 * WORDS_MAX, 16) if self.word(at) != at)
        if step == "%":
            return (address + self.word(self.layout.symbols["__per_cpu_offset"])) & (1 << 64) - 1
        if step.startswith("&~"):
            return address & ~int(step[2:], 16)
        if step[0] in "+-":
            amount = self.amount(step[1:])
            return address + amount if step[0] == "+" else address - amount
        raise ValueError(step)

    def place(self, text):
        lacking = None
        for way in text.split(" | "):
            first, *steps = way.split()
            try:
                address = self.first(first)
                for step in steps:
                    address = self.step(address, step)
                return address
            except (KeyError, Absent) as reason:
                lacking = lacking or reason
        raise lacking

    def path(self, text):
        """A path in which "@family" stands for that process's number, and "@family#socket" for that of its file."""
        return re.sub(r"@([^/#]+)(?:#([^/]+))?", self.number, text)

    def number(self, match):
        name, what = match.groups()
        return str(self.descriptor(name, what) if what else self.pid(name))
