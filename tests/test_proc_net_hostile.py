# SPDX-License-Identifier: GPL-2.0-or-later
"""A guest that forges its own lists: we write into a stopped guest's memory what a rootkit could,
and look. Rows that can be read stay, the file is marked, and it ends soon."""
import os
import re
import struct
import subprocess

import pytest

from conftest import ROOT

GUEST_ARGUMENTS = ["--kernel", "6.12", "--kaslr", "off", "--la57", "off", "--memory", "512M"]
MEMORY_SIZE = 512 << 20
DIRECT_MAP = 0xffff888000000000   # page_offset_base of a kernel with four levels and without KASLR
PROC_DUMP = os.environ.get("PROC_DUMP", os.path.join(ROOT, "build/tests/proc-dump"))
DUMP_SECONDS = 60                 # a bound on what must end, not a measurement


class Memory:
    """A QEMU's guest memory, of at most 2 GiB, by guest kernel address."""

    def __init__(self, pid):
        with open(f"/proc/{pid}/maps", encoding="ascii") as maps:
            regions = [[int(part, 16) for part in line.split()[0].split("-")] for line in maps
                       if line.split()[1].startswith("rw-")]
        [self.base] = [start for start, end in regions if end - start == MEMORY_SIZE]
        self.file = open(f"/proc/{pid}/mem", "r+b", buffering=0)

    def place(self, address):
        assert DIRECT_MAP <= address < DIRECT_MAP + MEMORY_SIZE, hex(address)
        return self.base + address - DIRECT_MAP

    def read(self, address, size):
        return os.pread(self.file.fileno(), size, self.place(address))

    def write(self, address, data):
        assert os.pwrite(self.file.fileno(), data, self.place(address)) == len(data)


def dump(guest, name):
    return subprocess.run([PROC_DUMP, f"qemu:{guest.qemu_pid}", f"net/{name}"], capture_output=True, check=False,
                          timeout=DUMP_SECONDS)


def sockets_of(text):
    return [int(line.split(b":")[0], 16) for line in text.splitlines() if re.match(rb"ffff[0-9a-f]{12}: ", line)]


@pytest.fixture(scope="module")
def chain(guest):
    """Unix sockets that share a hash list: the address of a node, and of the row behind it."""
    guest.exec(["sh", "-c", "echo 1 >/proc/sys/kernel/kptr_restrict; sockets --unix=2000"])
    memory = Memory(guest.qemu_pid)
    with guest.paused():
        addresses = sockets_of(dump(guest, "unix").stdout)
        for first, second in zip(addresses, addresses[1:]):
            words = struct.unpack("<32Q", memory.read(first, 256))
            # The one word that points as far into the next row's socket as it lies in this one.
            for i, word in enumerate(words):
                if word == second + 8 * i:
                    return memory, first + 8 * i, len(addresses)
    return pytest.fail("no two unix sockets share a hash list")


def look_with(guest, memory, address, value, name="unix", look=dump):
    """The file while the word at `address` is `value`."""
    with guest.paused():
        before = memory.read(address, 8)
        memory.write(address, struct.pack("<Q", value))
        try:
            return look(guest, name)
        finally:
            memory.write(address, before)


def check_marked(done, count):
    assert done.returncode == 1
    assert b"net/unix" in done.stderr
    # One list of 512 is cut; the others are there.
    assert count * 9 // 10 < len(sockets_of(done.stdout)) < count * 11 // 10


def test_the_file_is_whole_before(guest, chain):
    with guest.paused():
        done = dump(guest, "unix")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_list_that_comes_back_to_itself_marks_the_file(guest, chain):
    memory, node, count = chain
    done = look_with(guest, memory, node, node)
    check_marked(done, count)
    assert b"comes back to itself" in done.stderr


@pytest.mark.parametrize("pointer", [0x10, 0xdead000000000100, 0x00007fffffffe000, DIRECT_MAP + (1 << 40),
                                     0xffffffffffffff00])
def test_a_list_that_leads_nowhere_marks_the_file(guest, chain, pointer):
    memory, node, count = chain
    check_marked(look_with(guest, memory, node, pointer), count)


def test_an_odd_address_is_no_end_of_a_list_that_ends_with_null(guest, chain):
    memory, node, count = chain
    done = look_with(guest, memory, node, 1)
    check_marked(done, count)
    assert b"doesn't end as it should" in done.stderr


def test_a_list_that_ends_too_soon_is_not_seen_from_one_list(guest, chain):
    """Unhooking a socket from its list hides it from this file, inside and outside: that is for
    the detectors. Here it only must not be called a fault."""
    memory, node, count = chain
    done = look_with(guest, memory, node, 0)
    assert (done.returncode, done.stderr) == (0, b"")
    assert len(sockets_of(done.stdout)) < count


LISTENER_ROW = re.compile(rb" *[0-9]+: [0-9A-F]{8}:[0-9A-F]{4} [0-9A-F]{8}:[0-9A-F]{4} 0A.* ([0-9a-f]{16}) ")


def last_listener(guest):
    """A listening socket, the last of its chain: its bytes' address, and the odd word that ends the chain."""
    guest.exec(["sh", "-c", "echo 1 >/proc/sys/kernel/kptr_restrict; sockets"])
    memory = Memory(guest.qemu_pid)
    with guest.paused():
        for line in dump(guest, "tcp").stdout.splitlines():
            row = LISTENER_ROW.match(line)
            if row is None:
                continue
            address = int(row.group(1), 16)
            # skc_node comes after the addresses, the ports, the family, the device and three pointers.
            for at in range(64, 136, 8):
                [word] = struct.unpack("<Q", memory.read(address + at, 8))
                if word & 1 and 1 << 30 <= word < 1 << 31:
                    return memory, address + at, word
    return pytest.fail("no listening socket ends a chain")


@pytest.fixture(scope="module")
def listener(guest):
    return last_listener(guest)


def test_a_chain_that_ends_in_another_bucket_marks_the_file(guest, listener):
    memory, place, end = listener
    assert look_with(guest, memory, place, end, "tcp").returncode == 0
    for other in (end ^ 2, end & ~(1 << 30), end | 1 << 63):
        done = look_with(guest, memory, place, other, "tcp")
        assert done.returncode == 1
        assert b"ends as another one does" in done.stderr
        assert b" 0A " in done.stdout


def init_net(guest):
    """The initial namespace's address."""
    symbols = guest.exec(["cat", "/proc/kallsyms"]).stdout.splitlines()
    [address] = [int(line.split()[0], 16) for line in symbols if line.split()[2] == b"init_net"]
    return address


@pytest.mark.parametrize("pointer", [0, 0x00007fffffffe000, DIRECT_MAP + 4, DIRECT_MAP + (1 << 40)])
def test_a_socket_in_no_namespace_marks_the_file(guest, listener, pointer):
    """Such a socket works, and was once taken for another namespace's."""
    memory, node, _ = listener
    # skc_prot and skc_net come before skc_node: search a few words.
    words = struct.unpack("<16Q", memory.read(node - 128, 128))
    place = node - 128 + 8 * words.index(init_net(guest))
    done = look_with(guest, memory, place, pointer, "tcp")
    assert done.returncode == 1
    assert b"a socket is missing" in done.stderr
    assert b" 0A " in done.stdout
