# SPDX-License-Identifier: GPL-2.0-or-later
"""The papers' way (guest/headers: made with one kernel's headers) over memory that a rootkit has forged. The places of the same
files' portable mode (tests/hostile_places.py), and some more: each answer ends, says what it found, and gives none that looks whole
where the portable mode's doesn't.

One guest, of the headers' kernel; what is forged is forged in build/tests/forge alone but for the one of paper-files itself."""
import pytest

from conftest import Guest
from forging import WHOLE, Forge
from hostile_kinds import leads_to, list_node, null, pointer
from hostile_places import FORGERIES
from test_hostile import check, damage, look
from test_proc_net_hostile import GUEST_ARGUMENTS, last_listener, look_with

PORTABLE = {"headers tcp": "show /proc/net/tcp", "headers udp": "show /proc/net/udp", "headers processes": "processes"}
# A socket of each over IPv4 that is in its table: socket_of() finds them.
TCP_SOCKET, UDP_SOCKET = "(tcp_prot)", "(udp_prot)"


def more():
    for file, socket in ((PORTABLE["headers tcp"], TCP_SOCKET), (PORTABLE["headers udp"], UDP_SOCKET)):
        # A chain of UDP's ends with NULL.
        yield from list_node(file, f"{socket} +sock.__sk_common.skc_node", may_be_whole=socket == UDP_SOCKET)
        yield from pointer(file, f"{socket} +sock.__sk_common.skc_net")
        yield from null(file, f"{socket} +sock.__sk_common.skc_net")
        yield from pointer(file, f"{socket} +sock.sk_socket")
        yield from leads_to(file, f"{socket} +sock.sk_socket", "slab_caches", may_be_whole=True)


def socket_of(forge, protocol):
    """Of the process `sockets`, the first of IPv4 that has a port."""
    offset, symbols = forge.layout.offset, forge.layout.symbols
    table = forge.word(forge.word(forge.task("sockets") + offset("task_struct.files")) + offset("files_struct.fdt"))
    common = "sock.__sk_common."
    for number, link in sorted(forge.links[forge.pid("sockets")].items()):
        if not link.startswith("socket:"):
            continue
        file = forge.word(forge.word(table + offset("fdtable.fd")) + 8 * number)
        sock = forge.word(forge.word(file + offset("file.private_data")) + offset("socket.sk"))
        if (forge.word(sock + offset(common + "skc_prot")) == symbols[protocol] and forge.read(sock + offset(common + "skc_num"), 2) != b"\0\0"
                and forge.read(sock + offset(common + "skc_family"), 2) == b"\2\0"):
            return sock
    raise AssertionError(f"no socket of {protocol}")


CASES = [(headers, forgery) for headers, portable in PORTABLE.items()
         for forgery in (*(forgery for _, forgery in FORGERIES), *more()) if forgery.question == portable]


@pytest.fixture(scope="module")
def forge(bartizan, tmp_path_factory):
    guest = Guest(bartizan, "--kernel", "6.1", *GUEST_ARGUMENTS[2:])
    guest.exec(["processes"])
    guest.place = last_listener(guest)  # opens the sockets
    made = Forge(guest, tmp_path_factory.mktemp("layout"))
    for socket in (TCP_SOCKET, UDP_SOCKET):
        made.layout.symbols[socket] = socket_of(made, socket.strip("()"))
    yield made
    made.end()
    guest.down()


@pytest.fixture
def stopped(forge):
    with forge.guest.paused():
        forge.clear()
        yield forge


@pytest.mark.parametrize("headers", PORTABLE)
def test_it_is_whole_and_the_portable_modes_where_nothing_is_forged(stopped, headers):
    answer, portable = stopped.ask(headers), stopped.ask(PORTABLE[headers])
    assert (answer.outcome, answer.said, answer.text) == (WHOLE, "", portable.text)
    assert answer.text.count(b"\n") > 5


def label(case):
    headers, forgery = case
    return f"{headers}: {forgery.place}: {forgery.kind}"


@pytest.mark.parametrize("case", CASES, ids=label)
def test_what_is_forged_is_said(stopped, case):
    headers, forgery = case
    clean = stopped.ask(headers)
    damage(stopped, forgery)
    answer, portable = look(stopped, headers, "on"), look(stopped, PORTABLE[headers], "on")
    check(answer, forgery, clean)
    if answer.outcome == WHOLE or portable.outcome == WHOLE:
        assert (answer.outcome, answer.text) == (portable.outcome, portable.text)


def test_a_chain_that_ends_in_another_bucket_marks_the_file_that_paper_files_makes(bartizan, forge):
    def paper_files(machine, name):
        return bartizan("run", "--backend", "plain", "--target", f"qemu:{machine.qemu_pid}", "paper-files", name)

    guest = forge.guest
    memory, place, end = guest.place
    done = look_with(guest, memory, place, end, "tcp", paper_files)
    assert (done.returncode, done.stderr) == (0, b"")
    for other in (end ^ 2, end & ~(1 << 30)):
        done = look_with(guest, memory, place, other, "tcp", paper_files)
        assert done.returncode == 1 and b"ends as another one does" in done.stderr, done
