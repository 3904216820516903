# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that forges what /proc/PID is made of: dentries without end, mounts that loop, trees of memory areas
that share nodes, absurd tables of files, page tables that lead anywhere. We write into a stopped guest's memory
what a rootkit could, and look: a marked file or an error, soon, and never an answer that looks whole."""
import os
import struct
import subprocess

import pytest

from conftest import ROOT
from test_proc_net_hostile import DIRECT_MAP, DUMP_SECONDS, MEMORY_SIZE, Memory, PROC_DUMP

GUEST_ARGUMENTS = ["--kernel", "6.12", "--kaslr", "off", "--la57", "off", "--memory", "512M"]
FACTS = os.path.join(os.path.dirname(PROC_DUMP), "kernel-facts")
KERNEL_TEXT = 0xffffffff80000000   # mapped from the physical address 0 on, without KASLR
NOWHERE = [0, 0x10, 0x00007fffffffe000, DIRECT_MAP + (1 << 40), 0xdead000000000100, 0xffffffffffffff00]


class Kernel:
    """Reads and forges a guest's kernel by the names of its fields."""

    def __init__(self, guest):
        self.guest = guest
        self.memory = Memory(guest.qemu_pid)

    def facts(self, *names):
        done = subprocess.run([FACTS, f"qemu:{self.guest.qemu_pid}", *names], capture_output=True, check=True)
        return [int(line, 16) for line in done.stdout.split()]

    @staticmethod
    def direct(address):
        return address - KERNEL_TEXT + DIRECT_MAP if address >= KERNEL_TEXT else address

    def word(self, address):
        return struct.unpack("<Q", self.memory.read(self.direct(address), 8))[0]

    def field(self, address, name):
        return self.word(address + self.facts(name)[0])

    def task(self, pid):
        """The task_struct of a process."""
        init, tasks, number = self.facts("init_task", "task_struct:tasks", "task_struct:pid")
        at = self.word(init + tasks) - tasks
        while at != init:
            if self.word(at + number) & 0xffffffff == pid:
                return at
            at = self.word(at + tasks) - tasks
        raise AssertionError(f"no task {pid}")


@pytest.fixture(scope="module")
def kernel(guest):
    return Kernel(guest)


@pytest.fixture(scope="module")
def victim(guest, kernel):
    """A process in a directory of its own: (pid, task_struct)."""
    guest.exec(["sh", "-c", "mkdir -p /tmp/one/two/three; cd /tmp/one/two/three;"
                            " sleep 100000 </dev/null >/dev/null 2>&1 &"])
    pids = guest.exec(["pidof", "sleep"]).stdout.split()
    pid = int(pids[0])
    return pid, kernel.task(pid)


@pytest.fixture(scope="module")
def hoarder(guest, kernel, victim):
    """A process with more files than its first table has room for."""
    pid = int(guest.exec(["sh", "-c", "(i=10; while [ $i -lt 90 ]; do eval \"exec $i</dev/null\"; i=$((i+1)); done; exec sleep 100000)"
                                      " </dev/null >/dev/null 2>&1 & echo $!"]).stdout)
    guest.exec(["sh", "-c", f"until grep -q sleep /proc/{pid}/comm; do sleep 0.1; done"])
    return pid, kernel.task(pid)


def dump(guest, path):
    return subprocess.run([PROC_DUMP, f"qemu:{guest.qemu_pid}", path], capture_output=True, check=False,
                          timeout=DUMP_SECONDS)


def forged_all(guest, kernel, values, path):
    """What `path` is while memory holds other numbers: (address, number, bytes of it) each."""
    places = [(kernel.direct(address), value.to_bytes(size, "little")) for address, value, size in values]
    with guest.paused():
        before = [(place, kernel.memory.read(place, len(data))) for place, data in places]
        for place, data in places:
            kernel.memory.write(place, data)
        try:
            return dump(guest, path)
        finally:
            for place, data in before:
                kernel.memory.write(place, data)


def forged(guest, kernel, address, value, path, size=8):
    """What `path` is while `size` bytes at `address` are `value`."""
    return forged_all(guest, kernel, [(address, value, size)], path)


def check_refused(done):
    """Marked or refused, and said why."""
    assert done.returncode in (1, 3), done
    assert done.stderr


FILES = ["cwd", "exe", "root", "maps", "cmdline", "environ", "mounts", "mountinfo", "smaps_rollup", "fd", "fdinfo/0"]


@pytest.mark.parametrize("name", FILES)
def test_all_is_whole_before(guest, victim, name):
    with guest.paused():
        done = dump(guest, f"/proc/{victim[0]}/{name}")
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.fixture(scope="module")
def directory(kernel, victim):
    """The dentry of the victim's directory."""
    fs = kernel.field(victim[1], "task_struct:fs")
    return kernel.field(fs, "fs_struct:pwd.dentry")


def test_dentries_without_end_are_an_error(guest, kernel, victim, directory):
    offset = kernel.facts("dentry:d_parent")[0]
    above = kernel.word(directory + offset)
    check_refused(forged(guest, kernel, above + offset, directory, f"/proc/{victim[0]}/cwd"))


@pytest.mark.parametrize("pointer", NOWHERE)
def test_a_dentry_that_leads_nowhere_is_an_error(guest, kernel, victim, directory, pointer):
    check_refused(forged(guest, kernel, directory + kernel.facts("dentry:d_parent")[0], pointer,
                         f"/proc/{victim[0]}/cwd"))


@pytest.mark.parametrize("length", [0x10000, 0x7fffffff, 0xffffffff])
def test_a_name_longer_than_any_is_an_error(guest, kernel, victim, directory, length):
    check_refused(forged(guest, kernel, directory + kernel.facts("dentry:d_name.len")[0], length,
                         f"/proc/{victim[0]}/cwd", size=4))


def test_nameless_dentries_without_end_are_an_error(guest, kernel, victim, directory):
    """Their text doesn't grow."""
    parent, length = kernel.facts("dentry:d_parent", "dentry:d_name.len")
    above = kernel.word(directory + parent)
    with guest.paused():
        kept = [(place, kernel.memory.read(place, size)) for place, size in
                ((above + parent, 8), (above + length, 4), (directory + length, 4))]
        kernel.memory.write(above + parent, struct.pack("<Q", directory))
        kernel.memory.write(above + length, bytes(4))
        kernel.memory.write(directory + length, bytes(4))
        done = dump(guest, f"/proc/{victim[0]}/cwd")
        for place, bytes_ in kept:
            kernel.memory.write(place, bytes_)
    check_refused(done)


def mount_tree(kernel, victim):
    """The root of the victim's tree of mounts: its address, and that of its node's two children."""
    spaces = kernel.field(victim[1], "task_struct:nsproxy")
    space = kernel.field(spaces, "nsproxy:mnt_ns")
    node = kernel.word(space + kernel.facts("mnt_namespace:mounts")[0])
    left, right = kernel.facts("rb_node:rb_left", "rb_node:rb_right")
    return node, node + left, node + right


def some_mounts(kernel, victim):
    """Two mounts of the victim's tree that lie below another one."""
    offset, parent = kernel.facts("mount:mnt_node", "mount:mnt_parent")
    nodes = [mount_tree(kernel, victim)[0]]
    nodes += [kernel.word(place) for place in mount_tree(kernel, victim)[1:]]
    mounts = [node - offset for node in nodes if node != 0]
    return [mount for mount in mounts if kernel.word(mount + parent) != mount][:2]


@pytest.mark.parametrize("name", ["mounts", "mountinfo", "mountstats"])
def test_mounts_on_each_other_mark_the_file(guest, kernel, victim, name):
    """Each is mounted on the other's root: the walk up goes round without a name growing."""
    first, second = some_mounts(kernel, victim)
    parent, point, root = kernel.facts("mount:mnt_parent", "mount:mnt_mountpoint", "mount:mnt.mnt_root")
    forgery = [(first + parent, second), (first + point, kernel.word(second + root)),
               (second + parent, first), (second + point, kernel.word(first + root))]
    with guest.paused():
        kept = [(place, kernel.memory.read(place, 8)) for place, _ in forgery]
        for place, value in forgery:
            kernel.memory.write(place, struct.pack("<Q", value))
        done = dump(guest, f"/proc/{victim[0]}/{name}")
        for place, bytes_ in kept:
            kernel.memory.write(place, bytes_)
    check_refused(done)


@pytest.mark.parametrize("name", ["mounts", "mountinfo", "mountstats"])
def test_a_tree_of_mounts_that_loops_marks_the_file(guest, kernel, victim, name):
    node, left, right = mount_tree(kernel, victim)
    for place in (left, right):
        check_refused(forged(guest, kernel, place, node, f"/proc/{victim[0]}/{name}"))


def test_a_tree_of_mounts_that_shares_nodes_marks_the_file(guest, kernel, victim):
    _, left, right = mount_tree(kernel, victim)
    check_refused(forged(guest, kernel, right, kernel.word(left), f"/proc/{victim[0]}/mounts"))


@pytest.mark.parametrize("count", [1 << 25, 0xffffffff])
@pytest.mark.parametrize("name", ["fd", "fdinfo"])
def test_a_table_of_files_beyond_any_is_an_error(guest, kernel, victim, count, name):
    table = kernel.field(kernel.field(victim[1], "task_struct:files"), "files_struct:fdt")
    check_refused(forged(guest, kernel, table + kernel.facts("fdtable:max_fds")[0], count,
                         f"/proc/{victim[0]}/{name}", size=4))


@pytest.mark.parametrize("name", ["fd", "fd/0"])
@pytest.mark.parametrize("count", [1 << 24, 65, 63, 1, 0])
@pytest.mark.parametrize("which", ["first", "grown"])
def test_a_table_of_files_of_another_size_is_marked(guest, kernel, victim, hoarder, which, count, name):
    """What lies behind it may look like files; a smaller one hides some. The first table of a process is part of another
    struct, one that has grown isn't."""
    pid, task = victim if which == "first" else hoarder
    table = kernel.field(kernel.field(task, "task_struct:files"), "files_struct:fdt")
    size = kernel.word(table + kernel.facts("fdtable:max_fds")[0]) & 0xffffffff
    assert (size == 64) == (which == "first")
    check_refused(forged(guest, kernel, table + kernel.facts("fdtable:max_fds")[0], count, f"/proc/{pid}/{name}", size=4))


def test_a_table_of_files_that_has_grown_is_whole(guest, hoarder):
    inside = guest.exec(["ls", f"/proc/{hoarder[0]}/fd"]).stdout.split()
    with guest.paused():
        done = dump(guest, f"/proc/{hoarder[0]}/fd")
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(inside) > 64 and len(done.stdout.splitlines()) == len(inside)


def memory_of(kernel, victim):
    return kernel.field(victim[1], "task_struct:mm")


@pytest.mark.parametrize("name", ["maps", "smaps_rollup", "cmdline"])
@pytest.mark.parametrize("pointer", NOWHERE[1:])
def test_a_tree_of_areas_that_leads_nowhere_marks_the_file(guest, kernel, victim, name, pointer):
    root = memory_of(kernel, victim) + kernel.facts("mm_struct:mm_mt.ma_root")[0]
    kind = kernel.word(root) & 0xff
    done = forged(guest, kernel, root, pointer & ~0xff | kind, f"/proc/{victim[0]}/{name}")
    check_refused(done)


@pytest.mark.parametrize("name", ["maps", "smaps_rollup"])
def test_areas_that_come_twice_mark_the_file(guest, kernel, victim, name):
    """Two slots of a leaf hold one area: as branches that share a node."""
    node = kernel.word(memory_of(kernel, victim) + kernel.facts("mm_struct:mm_mt.ma_root")[0]) & ~0xff
    slots = node + kernel.facts("maple_range_64:slot")[0]
    areas = [slot for slot in range(16) if kernel.word(slots + 8 * slot) >> 47 == 0x1ffff]
    first, second = areas[:2]
    check_refused(forged(guest, kernel, slots + 8 * second, kernel.word(slots + 8 * first),
                         f"/proc/{victim[0]}/{name}"))


@pytest.mark.parametrize("name", ["cmdline", "environ"])
def test_areas_of_another_process_mark_the_file(guest, kernel, victim, hoarder, name):
    """They say that nothing can be read where the arguments are: the kernel would print none, which is no answer here."""
    root = kernel.facts("mm_struct:mm_mt.ma_root")[0]
    check_refused(forged(guest, kernel, memory_of(kernel, victim) + root, kernel.word(memory_of(kernel, hoarder) + root),
                         f"/proc/{victim[0]}/{name}"))


@pytest.mark.parametrize("name", ["cmdline", "environ", "maps"])
def test_a_process_that_has_unmapped_all_of_its_memory_has_none(guest, kernel, victim, name):
    """As the kernel finds it: no page where the arguments were, and no error."""
    memory = memory_of(kernel, victim)
    root, count = (memory + kernel.facts(f"mm_struct:{member}")[0] for member in ("mm_mt.ma_root", "map_count"))
    done = forged_all(guest, kernel, [(root, 0, 8), (count, 0, 4)], f"/proc/{victim[0]}/{name}")
    assert done.returncode == 0 and done.stderr == b""
    # The page of old system calls is every process's.
    assert done.stdout == b"" or name == "maps" and done.stdout.count(b"\n") == 1 and b"[vsyscall]" in done.stdout, done


def test_arguments_without_end_are_cut_and_marked(guest, kernel, victim):
    """As large an area as there can be, of pages that nobody has made."""
    memory = memory_of(kernel, victim)
    start = kernel.field(memory, "mm_struct:arg_start")
    done = forged(guest, kernel, memory + kernel.facts("mm_struct:arg_end")[0], start + (1 << 40),
                  f"/proc/{victim[0]}/cmdline")
    # The kernel, too, stops where the area does: what is there is shown.
    assert len(done.stdout) < 64 << 20


@pytest.mark.parametrize("name", ["cmdline", "environ", "smaps_rollup"])
def test_page_tables_that_lead_to_themselves_end(guest, kernel, victim, name):
    """Each entry leads to the table that it is in: five reads for an address, and a budget for all of them."""
    table = kernel.field(memory_of(kernel, victim), "mm_struct:pgd")
    start = kernel.field(memory_of(kernel, victim), "mm_struct:arg_start")
    place = table + 8 * (start >> 39 & 511)
    done = forged(guest, kernel, place, table - DIRECT_MAP | 0x67, f"/proc/{victim[0]}/{name}")
    assert done.returncode in (0, 1, 3)
    assert len(done.stdout) < 1 << 20


@pytest.mark.parametrize("physical", [MEMORY_SIZE, (1 << 51), 0xffffffffff000])
def test_page_tables_outside_of_memory_mark_the_file(guest, kernel, victim, physical):
    table = kernel.field(memory_of(kernel, victim), "mm_struct:pgd")
    start = kernel.field(memory_of(kernel, victim), "mm_struct:arg_start")
    check_refused(forged(guest, kernel, table + 8 * (start >> 39 & 511), physical & ~0xfff | 0x67,
                         f"/proc/{victim[0]}/cmdline"))
