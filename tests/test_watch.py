# SPDX-License-Identifier: GPL-2.0-or-later
"""The main job over the matrix of guests: what programs print outside is, byte for byte, what they print inside."""
import os
import re
import time

import pytest

import matrix
from conftest import Guest

NET_FILES = ["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "unix", "packet", "netlink", "dev",
             "route", "arp", "if_inet6", "snmp", "sockstat"]
TRIES = 10
# /proc/net/tcp: "tr:tm->when", the kind of a running timer and what is left of it.
TIMER = re.compile(rb" ([0-9A-F]{2}):([0-9A-F]{8}) ")


@pytest.fixture(scope="session", params=matrix.rows(), ids=matrix.name_of)
def watched(request, bartizan):
    """A guest of the matrix, with sockets of all kinds held in it."""
    guest = Guest(bartizan, *matrix.lab_arguments(request.param))
    guest.row = request.param
    guest.exec(["sockets"])
    yield guest
    guest.down()


def outside(guest, *arguments):
    done = guest.bartizan(*arguments)
    assert done.returncode == 0, (arguments, done.stderr.decode(errors="replace"))
    return done.stdout


def same_inside_and_outside(guest, inside, make_outside, still=lambda text: text):
    """Inside, then paused, outside, then inside again: what the guest changed meanwhile is told from
    what we got wrong by the guest's own two answers. Only where these two agree, ours is judged, and
    then must agree as well. `still` takes away what never stands still; the caller judges that."""
    for _ in range(TRIES):
        before = guest.exec(inside).stdout
        with guest.paused():
            ours = make_outside()
        after = guest.exec(inside).stdout
        if still(before) == still(after):
            assert still(ours).decode(errors="replace") == still(before).decode(errors="replace")
            return before, ours, after
        time.sleep(0.2)
    pytest.fail(f"the guest's own answers to {inside} never agreed in {TRIES} tries:\n{before}\n{after}")


def test_the_guest_is_what_its_row_says(watched):
    """Else a setting that the kernel ignored would pass for one that we can read."""
    flags = watched.exec(["cat", "/proc/cpuinfo"]).stdout.split()
    messages = watched.exec(["dmesg"]).stdout
    symbols = watched.exec(["cat", "/proc/kallsyms"]).stdout.splitlines()
    text = next(int(line.split()[0], 16) for line in symbols if line.endswith(b" T _text"))
    assert (b"la57" in flags) == (watched.row["la57"] == "on")
    assert (b"isolation: enabled" in messages) == (watched.row["pti"] == "on")
    assert (b"nokaslr" in watched.exec(["cat", "/proc/cmdline"]).stdout.split()) == (watched.row["kaslr"] == "off")
    # Chance may choose the usual place, too: once in some 500 starts.
    assert text == 0xffffffff81000000 or watched.row["kaslr"] == "on"


def test_netstat_prints_outside_what_it_prints_inside(watched):
    text, _, _ = same_inside_and_outside(
        watched, ["netstat", "-tuna"], lambda: outside(watched, "run", "--target", watched.target, "netstat", "-tuna"))
    states = {line.split()[-1] for line in text.decode().splitlines()[2:]}
    assert {"LISTEN", "ESTABLISHED", "CLOSE_WAIT", "SYN_SENT"} <= states, states


def test_every_column_of_netstat_is_the_same(watched):
    """Users, inodes, unix sockets: with numbers and users, without what needs processes."""
    same_inside_and_outside(watched, ["netstat", "-xwane"],
                            lambda: outside(watched, "run", "--target", watched.target, "netstat", "-xwane"))


def test_files_that_this_version_lacks_are_said_to_be_missing(watched):
    """Evidence that can't be shown ends no run with success; what the target lacks too is just absent."""
    lacking = ("timer_list", "net/nothing", "nothing")
    found = {path: watched.exec(["test", "-e", f"/proc/{path}"], check=False).returncode == 0 for path in lacking}
    assert found["timer_list"] and not found["nothing"]
    for path, there in found.items():
        done = watched.bartizan("cat", "--target", watched.target, path)
        assert done.returncode != 0
        assert (f"/proc/{path}: the target has this file".encode() in done.stderr) == there, (path, done.stderr)
    done = watched.bartizan("run", "--target", watched.target, "netstat", "-s")
    assert done.returncode == 0 and b"the target has this file" not in done.stderr, done.stderr


@pytest.mark.parametrize("command", [["route", "-n"], ["arp", "-n"]], ids=lambda c: c[0])
def test_the_other_net_tools_print_the_same(watched, command):
    same_inside_and_outside(watched, command, lambda: outside(watched, "run", "--target", watched.target, *command))


def test_symbols_are_the_guests_own(watched):
    """kallsyms decoded from memory against /proc/kallsyms: no line differs (modules have their own tables)."""
    theirs = [line for line in watched.exec(["cat", "/proc/kallsyms"]).stdout.splitlines() if b"\t[" not in line]
    ours = outside(watched, "kernel", "--target", watched.target, "--symbols").splitlines()
    differing = [pair for pair in zip(theirs, ours) if pair[0].split() != pair[1].split()]
    assert len(theirs) > 50_000 and (len(theirs), differing[:5]) == (len(ours), [])


@pytest.mark.parametrize("name", NET_FILES)
def test_pseudo_file_is_byte_identical(watched, name):
    path = f"/proc/net/{name}"
    if watched.exec(["test", "-e", path], check=False).returncode:
        done = watched.bartizan("cat", "--target", watched.target, path)
        assert done.returncode != 0 and b"No such file" in done.stderr, (done.stdout, done.stderr)
        return
    before, ours, after = same_inside_and_outside(
        watched, ["cat", path], lambda: outside(watched, "cat", "--target", watched.target, path),
        (lambda text: TIMER.sub(rb" \1 ", text)) if name.startswith("tcp") else (lambda text: text))
    # What is left of each timer lies between the guest's own two answers.
    for earlier, mine, later in zip(*(TIMER.findall(text) for text in (before, ours, after))):
        assert int(later[1], 16) <= int(mine[1], 16) <= int(earlier[1], 16), (name, earlier, mine, later)


def test_names_of_the_system_are_the_guests(watched):
    for path in ("/proc/version", "/proc/sys/kernel/hostname", "/proc/sys/kernel/osrelease", "/proc/sys/kernel/ostype"):
        assert outside(watched, "cat", "--target", watched.target, path) == watched.exec(["cat", path]).stdout


def test_uptime_is_the_guests_within_a_tick_and_the_time_between_two_looks(watched):
    before = float(watched.exec(["cat", "/proc/uptime"]).stdout.split()[0])
    ours = float(outside(watched, "cat", "--target", watched.target, "/proc/uptime").split()[0])
    after = float(watched.exec(["cat", "/proc/uptime"]).stdout.split()[0])
    assert before - 0.02 <= ours <= after + 0.02


def test_nothing_of_the_test_is_asked_of_the_guest(watched):
    """The whole run of netstat happens while QEMU is stopped, so no answer can come from it."""
    with watched.paused():
        first = outside(watched, "run", "--target", watched.target, "netstat", "-tuna")
        second = outside(watched, "run", "--target", watched.target, "netstat", "-tuna")
        with open(f"/proc/{watched.qemu_pid}/stat", encoding="ascii") as f:
            assert f.read().rpartition(")")[2].split()[0] == "T"
    assert first == second and first.count(b"\n") > 10
    assert os.path.exists(f"/proc/{watched.qemu_pid}")
