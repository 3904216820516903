# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that forges what its processes are made of: we write into a stopped guest's memory, at the places that its
own BTF and symbols name, and look. What can be read stays, what can't is said, and it all ends soon."""
import json
import re
import struct
import subprocess

import pytest

from test_kernel import find_bpftool
from test_proc_net_hostile import DIRECT_MAP, DUMP_SECONDS, GUEST_ARGUMENTS, PROC_DUMP, Memory

__all__ = ["GUEST_ARGUMENTS"]
KERNEL_MAP = 0xffffffff80000000   # the kernel's image, without KASLR: physical 0
USER = 0x00007fffffffe000         # an address of ours, if anybody followed it
NOWHERE = DIRECT_MAP + (1 << 40)


class Layout:
    """Offsets of members and addresses of symbols, from the guest's own files."""

    def __init__(self, guest, directory):
        btf = directory / "btf"
        btf.write_bytes(guest.exec(["cat", "/sys/kernel/btf/vmlinux"]).stdout)
        dump = subprocess.run([find_bpftool(), "-j", "btf", "dump", "file", str(btf)], capture_output=True, check=True)
        self.types = {t["id"]: t for t in json.loads(dump.stdout)["types"]}
        self.structs = {t["name"]: t for t in self.types.values() if t["kind"] == "STRUCT" and t["name"] != "(anon)"}
        symbols = guest.exec(["cat", "/proc/kallsyms"]).stdout
        self.symbols = {name.decode(): int(address, 16)
                        for address, name in re.findall(rb"^([0-9a-f]{16}) \w (\S+)$", symbols, re.M)}

    def members(self, kind):
        for member in kind["members"]:
            if member["name"] != "(anon)":
                yield member["name"], member["bits_offset"] // 8
                continue
            inner = self.types[member["type_id"]]
            for name, offset in self.members(inner):
                yield name, offset + member["bits_offset"] // 8

    def offset(self, struct_name, member):
        return next(offset for name, offset in self.members(self.structs[struct_name]) if name == member)


class Machine:
    def __init__(self, guest, directory):
        self.guest = guest
        self.layout = Layout(guest, directory)
        self.memory = Memory(guest.qemu_pid)

    def place(self, address):
        return address - KERNEL_MAP + DIRECT_MAP if address >= KERNEL_MAP else address

    def word(self, address):
        return struct.unpack("<Q", self.memory.read(self.place(address), 8))[0]

    def member(self, address, struct_name, name):
        return address + self.layout.offset(struct_name, name)

    def follow(self, address, *steps):
        """follow(task, ("task_struct", "signal")): what the member points to."""
        for struct_name, name in steps:
            address = self.word(self.member(address, struct_name, name))
        return address

    def task(self, pid):
        tasks = self.layout.offset("task_struct", "tasks")
        first = task = self.layout.symbols["init_task"]
        while True:
            task = self.word(task + tasks) - tasks
            assert task != first, f"no process {pid} in the list"
            if struct.unpack("<i", self.memory.read(self.place(self.member(task, "task_struct", "pid")), 4))[0] == pid:
                return task

    def look_with(self, address, data, path):
        """What the file says while `data` is at `address`."""
        place = self.place(address)
        before = self.memory.read(place, len(data))
        self.memory.write(place, data)
        try:
            return subprocess.run([PROC_DUMP, f"qemu:{self.guest.qemu_pid}", path], capture_output=True, check=False,
                                  timeout=DUMP_SECONDS)
        finally:
            self.memory.write(place, before)


@pytest.fixture(scope="module")
def machine(guest, tmp_path_factory):
    guest.exec(["processes"])
    return Machine(guest, tmp_path_factory.mktemp("btf"))


@pytest.fixture(scope="module")
def pids(guest):
    """{comm: pid}"""
    text = guest.exec(["sh", "-c", "for p in /proc/[0-9]*; do echo \"${p#/proc/} $(cat $p/comm)\"; done"]).stdout
    return {name: int(pid) for pid, name in re.findall(r"^(\d+) (.*)$", text.decode(errors="replace"), re.M)}


@pytest.fixture
def stopped(guest):
    with guest.paused():
        yield


def pointer(value):
    return struct.pack("<Q", value)


def check_said(done, words):
    assert done.returncode == 1, done
    assert words in done.stderr.decode(errors="replace")


@pytest.mark.usefixtures("stopped")
class TestForged:
    def test_all_is_whole_before(self, machine, pids):
        for path in (f"{pids['timers']}/timers", f"{pids['in cgroup']}/cgroup", f"{pids['family']}/status"):
            done = machine.look_with(machine.task(pids["timers"]), b"", path)
            assert (done.returncode, done.stderr) == (0, b""), path

    def test_a_cgroup_that_lies_in_itself_is_said(self, machine, pids):
        group = machine.follow(machine.task(pids["in cgroup"]), ("task_struct", "cgroups"), ("css_set", "dfl_cgrp"))
        node = machine.follow(group, ("cgroup", "kn"))
        done = machine.look_with(machine.member(node, "kernfs_node", "parent"), pointer(node),
                                 f"{pids['in cgroup']}/cgroup")
        check_said(done, "levels of cgroups")

    def test_hierarchies_of_cgroups_that_come_back_to_themselves_are_said(self, machine, pids):
        roots = machine.layout.symbols["cgroup_roots"]
        first = machine.word(roots)
        done = machine.look_with(first, pointer(first), f"{pids['in cgroup']}/cgroup")
        check_said(done, "hierarchies of cgroups")
        assert len(done.stdout) < 1 << 20

    @pytest.mark.parametrize("file", ["stat", "task", "io"])
    def test_threads_that_come_back_to_themselves_are_said(self, machine, pids, file):
        task = machine.task(pids["threads"])
        node = machine.member(task, "task_struct", "thread_node")
        done = machine.look_with(node, pointer(node), f"{pids['threads']}/{file}")
        assert done.returncode == 1
        assert re.search(r"list|comes back", done.stderr.decode()), done.stderr

    def test_a_map_of_ids_without_end_is_said(self, machine, pids):
        namespace = machine.follow(machine.task(pids["user namespace"]), ("task_struct", "real_cred"),
                                   ("cred", "user_ns"))
        place = machine.member(namespace, "user_namespace", "uid_map") + machine.layout.offset("uid_gid_map", "nr_extents")
        done = machine.look_with(place, struct.pack("<I", 0xffffffff), f"{pids['user namespace']}/uid_map")
        check_said(done, "longer than Linux allows")

    def test_groups_without_end_are_said(self, machine, pids):
        groups = machine.follow(machine.task(pids["family"]), ("task_struct", "real_cred"), ("cred", "group_info"))
        done = machine.look_with(machine.member(groups, "group_info", "ngroups"), struct.pack("<I", 0x7fffffff),
                                 f"{pids['family']}/status")
        check_said(done, "more groups than Linux allows")
        assert done.stdout.startswith(b"Name:\tfamily\n")

    def test_namespaces_nested_a_million_deep_are_said(self, machine, pids):
        number = machine.follow(machine.task(pids["family"]), ("task_struct", "thread_pid"))
        done = machine.look_with(machine.member(number, "pid", "level"), struct.pack("<I", 1 << 20),
                                 f"{pids['family']}/status")
        check_said(done, "deeper than Linux makes them")

    @pytest.mark.parametrize("value", [0, USER, NOWHERE, 0xdead000000000100])
    @pytest.mark.parametrize("member", ["real_cred", "signal", "sighand", "thread_pid", "mm", "cgroups"])
    def test_pointers_to_nowhere_end_a_file_and_not_the_program(self, machine, pids, member, value):
        place = machine.member(machine.task(pids["family"]), "task_struct", member)
        for file in ("stat", "status", "cgroup", "limits", "sched"):
            done = machine.look_with(place, pointer(value), f"{pids['family']}/{file}")
            # Absent, said not to be whole, said to be unknown, or not concerned; with 0, as of a task that has let go of it.
            assert done.returncode in (0, 1, 2, 3), (file, done.stderr)
            assert done.returncode == 0 or done.stderr

    def test_children_that_come_back_to_themselves_are_said(self, machine, pids):
        children = machine.member(machine.task(pids["family"]), "task_struct", "children")
        first = machine.word(children)
        pid = pids["family"]
        done = machine.look_with(first, pointer(first), f"{pid}/task/{pid}/children")
        check_said(done, "comes back to itself")

    def test_timers_that_come_back_to_themselves_are_said(self, machine, pids):
        shared = machine.follow(machine.task(pids["timers"]), ("task_struct", "signal"))
        first = machine.word(machine.member(shared, "signal_struct", "posix_timers"))
        done = machine.look_with(first, pointer(first), f"{pids['timers']}/timers")
        check_said(done, "comes back to itself")
        assert len(done.stdout) < 1 << 16

    @pytest.mark.parametrize("value", [0, USER, NOWHERE, DIRECT_MAP])
    def test_a_stack_pointer_outside_of_the_stack_is_said(self, machine, pids, value):
        place = machine.member(machine.task(pids["family"]), "task_struct", "thread") + machine.layout.offset(
            "thread_struct", "sp")
        for file in ("stack", "wchan"):
            check_said(machine.look_with(place, pointer(value), f"{pids['family']}/{file}"), "outside of it")

    def test_a_stack_of_nonsense_is_said_or_ends(self, machine, pids):
        task = machine.task(pids["family"])
        top = machine.follow(task, ("task_struct", "stack")) + (16 << 10) - 512
        place = machine.member(task, "task_struct", "thread") + machine.layout.offset("thread_struct", "sp")
        done = machine.look_with(place, pointer(top), f"{pids['family']}/stack")
        assert done.returncode in (0, 1)
        assert len(done.stdout) < 1 << 16

    def test_a_name_without_end_is_cut(self, machine, pids):
        place = machine.member(machine.task(pids["family"]), "task_struct", "comm")
        done = machine.look_with(place, b"\\" * 16, f"{pids['family']}/status")
        assert done.stdout.startswith(b"Name:\t" + b"\\\\" * 15 + b"\n")
