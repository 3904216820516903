# SPDX-License-Identifier: GPL-2.0-or-later
"""Hides a process of a guest as a rootkit does, so that neither the guest's own `ls /proc` nor ours shows it: it is taken out of
the list of tasks (which we list by), and its number forgets that it leads a group of threads (which the kernel lists by,
next_tgid(), fs/proc/base.c). All else knows it: it runs, has its number, /proc/PID can be opened, kill(PID, 0) finds it."""
import json
import os
import re
import struct
import subprocess

from conftest import ROOT

AGENT = os.path.join(ROOT, "build/bin/bartizan-agent")
PRESENT, LARGE = 1 << 0, 1 << 7
ADDRESS_BITS = (1 << 52) - 1
TGID = 1                # enum pid_type, include/linux/pid_types.h (in all lab kernels)
TASK_COUNT_MAX = 10000
# What follows a struct btf_type by its kind, for each of `vlen` or once (Documentation/bpf/btf.rst, Linux 6.12).
BTF_EACH = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}
BTF_ONCE = {1: 4, 3: 12, 14: 4, 17: 4}
BTF_STRUCT = 4


def offsets(btf, wanted):
    """{"struct.member": offset} of what is wanted."""
    size, type_offset, type_size, string_offset = struct.unpack_from("<4I", btf, 4)
    strings = size + string_offset
    at, end, found = size + type_offset, size + type_offset + type_size, {}
    entry = struct.Struct("<III").unpack_from

    def name(offset):
        return btf[strings + offset:btf.index(b"\0", strings + offset)].decode()

    structs = {path.split(".")[0] for path in wanted}
    while at < end:
        text, info, _ = entry(btf, at)
        at += 12
        kind, count = info >> 24 & 31, info & 0xffff
        if kind == BTF_STRUCT and name(text) in structs:
            for i in range(count):
                member, _, bits = entry(btf, at + 12 * i)
                path = f"{name(text)}.{name(member)}"
                if path in wanted:
                    found[path] = (bits & 0xffffff if info >> 31 else bits) // 8
        at += BTF_EACH.get(kind, 0) * count + BTF_ONCE.get(kind, 0)
    return found


class Kernel:
    """A stopped guest's memory by its kernel's addresses, through its kernel's page tables."""

    def __init__(self, guest, btf, init_task):
        said = json.loads(subprocess.run([AGENT, "--target", f"qemu:{guest.qemu_pid}", "--json"], check=True, capture_output=True,
                                         stdin=subprocess.DEVNULL, timeout=60).stdout.splitlines()[0])
        [ram] = said["ram"]
        assert ram["start"] == 0
        self.root, self.levels = said["root"]["address"], said["root"]["levels"]
        with open(f"/proc/{guest.qemu_pid}/maps", encoding="ascii") as maps:
            places = [[int(part, 16) for part in line.split()[0].split("-")] for line in maps if line.split()[1].startswith("rw-")]
        [self.base] = [start for start, end in places if end - start == ram["size"]]
        self.file = f"/proc/{guest.qemu_pid}/mem"
        self.init_task = init_task
        self.at = offsets(btf, {"task_struct.tasks", "task_struct.pid", "task_struct.thread_pid", "pid.tasks"})

    def __enter__(self):
        self.memory = open(self.file, "r+b", buffering=0)
        return self

    def __exit__(self, *exception):
        self.memory.close()

    def raw(self, place):
        return struct.unpack("<Q", os.pread(self.memory.fileno(), 8, self.base + place))[0]

    def place(self, address):
        """SDM vol. 3A, 4.5."""
        table = self.root
        for level in reversed(range(self.levels)):
            shift = 12 + 9 * level
            entry = self.raw((table & ADDRESS_BITS & ~0xfff) + (address >> shift & 511) * 8)
            assert entry & PRESENT, hex(address)
            if level == 0 or entry & LARGE:
                return (entry & ADDRESS_BITS & -(1 << shift)) + (address & (1 << shift) - 1)
            table = entry
        raise AssertionError("a page table without a level")

    def word(self, address):
        return self.raw(self.place(address))

    def write(self, address, value):
        assert os.pwrite(self.memory.fileno(), struct.pack("<Q", value), self.base + self.place(address)) == 8

    def task(self, pid):
        tasks = self.at["task_struct.tasks"]
        task = self.init_task
        for _ in range(TASK_COUNT_MAX):
            task = self.word(task + tasks) - tasks
            if self.word(task + self.at["task_struct.pid"]) & 0xffffffff == pid:
                return task
            assert task != self.init_task, f"no process {pid} in the list"
        raise AssertionError("the list of tasks has no end")

    def hide(self, pid):
        """Its neighbours in the list must be processes that stay. It can't be shown again, so it must not end."""
        task = self.task(pid)
        node = task + self.at["task_struct.tasks"]
        following, before = self.word(node), self.word(node + 8)
        assert self.word(before) == node == self.word(following + 8)
        self.write(before, following)
        self.write(following + 8, before)
        self.write(self.word(task + self.at["task_struct.thread_pid"]) + self.at["pid.tasks"] + 8 * TGID, 0)


def hide(guest, pid):
    btf = guest.exec(["cat", "/sys/kernel/btf/vmlinux"]).stdout
    init_task = int(re.match(rb"[0-9a-f]+", guest.exec(["grep", " init_task$", "/proc/kallsyms"]).stdout).group(), 16)
    with guest.paused(), Kernel(guest, btf, init_task) as kernel:
        kernel.hide(pid)
