# SPDX-License-Identifier: GPL-2.0-or-later
"""What programs ask by system calls is answered as the target's own kernel does, on every lab kernel:
numbers of processes, interfaces (ioctl), links, addresses, routes, neighbours, rules and sockets (netlink). Beside them, because
these guests are there: one case of programs inside that run others (tests/test_spawn.py has the rest, on one kernel).

The same program runs in the guest and, while the whole machine is stopped, outside.
"""
import json
import os
import re
import struct
import subprocess

import pytest

from conftest import ROOT, Guest
from forging import ABSENT, FORGE, MARKED
from test_spawn import link

KERNELS = ["5.10", "6.1", "6.12", "newest"]
PID_COUNT = 1000
TRIES = 10

COMMANDS = ["ss -tuane --tos", "ifconfig -a", "ifconfig lo", "netstat -i", "ip addr", "ip link", "ip -s link", "ip route",
            "ip route show table all", "ip route show table 100", "ip -6 route show table 100", "ip -6 route", "ip neigh",
            "ip -6 neigh", "ip neigh show proxy", "ip -6 neigh show proxy", "ip rule", "ip -6 rule", "ip mrule", "ip -6 mrule",
            "ip mroute", "ip -6 mroute", "ip addr show dev lab0", "busybox ip rule",
            "ss -tan", "ss -uan", "ss -wan", "ss -xa", "ss -tuln", "ss -tam", "ss -s",
            "ss -tan --inet-sockopt", "ss -uwan --inet-sockopt --tos", "ss -tani", "ss -0an", "ss -0anep", "ss -0am",
            "ss -f netlink -an", "ss -f netlink -anem"]
# Beside what `sockets` makes: tables of routes, rules, addresses that are answered for. 999 is no table.
ROUTING = ["ip route add 198.18.0.0/24 via 198.51.100.254 table 100", "ip -6 route add 2001:db8:18::/48 dev lab0 table 100",
           "ip neigh add proxy 198.51.100.40 dev lab1", "ip neigh add proxy 198.51.100.41 dev lab1 protocol static",
           "ip -6 neigh add proxy 2001:db8:18::40 dev lab1",
           "ip -6 neigh add 2001:db8:18::41 lladdr 02:00:5e:10:00:29 dev lab1 nud permanent",
           "ip mrule add iif lab0 table 101 priority 9000", "ip -6 mrule add iif lab1 table 101 priority 9001",
           "ip rule add from 198.51.100.0/24 tos 0x10 realms 3/4 table 100 priority 8000",
           "ip -6 rule add to 2001:db8:18::/48 tos 0x10 tun_id 77 table 100 priority 8001"]
TIME_WAIT_MARK = rb"TIME-WAIT.*fwmark:0x2a"
# What the guest's own answer has to have, or nothing is compared: regular expressions.
WITNESSES = {"ss -tuane --tos": [rb"LISTEN.*fwmark:0x2b", rb"SYN-RECV.*fwmark:0x2b", TIME_WAIT_MARK, rb"class_id:0x4"],
             "ss -tan --inet-sockopt": [rb"freebind", rb"recverr"],
             "ip neigh show proxy": [rb"198\.51\.100\.41"], "ip -6 neigh show proxy": [rb"2001:db8:18::40"],
             "ip rule": [rb"8000:.* tos 0x10 .*realms 3/4"], "ip -6 rule": [rb"8001:.* tos 0x10 .*tun_id 77"],
             "ip mrule": [rb"9000:"], "ip -6 mrule": [rb"9001:"], "ip mroute": [rb"resolved"], "ip -6 mroute": [rb"resolved"],
             "ip route show table 100": [rb"198\.18\.0\.0/24"], "ip -6 route show table 100": [rb"2001:db8:18::/48"]}
# Of these a column's width is that of the longest cookie, which only the kernel makes up when it is asked; and names of
# cgroups are looked up where the program runs, in a mount that we haven't got.
PADDED = ["ss -tuane --tos"]
# Countdowns, ages, and what a kernel gives a socket only when it is asked about.
MOVING = re.compile(rb"timer:\([^)]*\)| (?:lastsnd|lastrcv|lastack|busy|rwnd_limited|sndbuf_limited):[^ \n]+|valid_lft \d+sec preferred_lft \d+sec|expires \d+sec|used \d+/\d+/\d+| sk:[0-9a-f]+")


def build(place, name):
    """(image, static program) of one of tests/inside."""
    source, image, program = f"{ROOT}/tests/inside/{name}.c", str(place / f"{name}.enclave"), str(place / name)
    subprocess.run([f"{ROOT}/tools/bartizan-cc", f"--manifest={ROOT}/tests/inside/look.manifest", "-O2",
                    "-D_GNU_SOURCE", "-o", image, source], check=True, timeout=600)
    subprocess.run(["cc", "-O2", "-D_GNU_SOURCE", "-static", "-o", program, source], check=True, timeout=600)
    return image, program


@pytest.fixture(scope="session")
def asker(tmp_path_factory):
    """(image, static program): tests/inside/asker.c, for outside and inside."""
    return build(tmp_path_factory.mktemp("asker"), "asker")


@pytest.fixture(scope="session")
def netlink(tmp_path_factory):
    """(image, static program): tests/inside/netlink.c, for outside and inside."""
    return build(tmp_path_factory.mktemp("netlink"), "netlink")


@pytest.fixture(scope="session")
def spawner(tmp_path_factory):
    return link(tmp_path_factory.mktemp("spawn"), "spawner", f"{ROOT}/tests/inside/spawner.manifest")


@pytest.fixture(scope="module", params=KERNELS)
def zoo(request, bartizan):
    machine = Guest(bartizan, "--kernel", request.param, "--cpus", "2")
    machine.kernel = request.param
    machine.exec(["processes"])
    machine.exec(["sockets"]) # behind what takes time: some of its connections are gone after a minute
    for command in ROUTING: # not by a shell: busybox's prefers its own ip
        machine.exec(command.split())
    yield machine
    machine.down()


def outside(guest, *words, **more):
    done = guest.bartizan("run", "--backend", "plain", "--target", f"qemu:{guest.qemu_pid}", *words, **more)
    return done.returncode, done.stdout, done.stderr.decode(errors="replace")


# Of these, what only grows: ours lies between the guest's two.
GROWING = re.compile(rb" (lastsnd|lastrcv|lastack|busy):(\d+)")
# The program's own sockets: of netlink, of the kind that it asks by, and of that by which it asks for names. With one
# more of them the kernel's table may be twice as large, and so in another order.
OWN = re.compile(rb"^\S+ +\d+ +\d+ +(?:4|sockdiag|tcpdiag):.*\n", re.MULTILINE)


def settled(text, command=""):
    if "netlink" in command:
        text = b"".join(sorted(OWN.sub(b"", text).splitlines(keepends=True)))
    text = MOVING.sub(b"", text)
    return re.sub(rb" +", b" ", re.sub(rb"cgroup:\S+", b"cgroup:", text)) if command in PADDED else text


@pytest.mark.parametrize("command", COMMANDS)
def test_a_program_that_asks_prints_what_it_prints_inside(zoo, command):
    words = command.split()
    for _ in range(TRIES):
        before = zoo.exec(words).stdout
        with zoo.paused():
            code, ours, said = outside(zoo, *words)
        after = zoo.exec(words).stdout
        if settled(before, command) == settled(after, command):
            break
    else:
        pytest.fail(f"{command}: the guest never printed the same twice")
    if zoo.kernel == "5.10":  # doesn't tell marks of connections in TIME-WAIT
        ours = ours.replace(b" fwmark:0x2a", b"")
    assert settled(ours, command) == settled(before, command), said
    assert code == 0, said
    for witness in WITNESSES.get(command, ()):
        if zoo.kernel != "5.10" or witness != TIME_WAIT_MARK:
            assert re.search(witness, before), (witness, before)
    grown = [GROWING.findall(text) for text in (before, ours, after)]
    if [name for name, _ in grown[0]] == [name for name, _ in grown[1]] == [name for name, _ in grown[2]]:
        for (name, low), (_, value), (_, high) in zip(*grown):
            assert int(low) <= int(value) <= int(high), (name, low, value, high)


def without_own(text, own):
    """Lines about processes, less those that only ran to tell."""
    return {line.split()[0]: line for line in text.splitlines() if line.split()[0] not in own}


@pytest.mark.parametrize("what", [(), ("groups",)], ids=["processes", "groups, threads and users"])
def test_processes_are_told_by_number(zoo, asker, what):
    image, program = asker
    with open(program, "rb") as f:
        zoo.exec(["sh", "-c", "cat > /tmp/asker; chmod +x /tmp/asker"], input=f.read())
    before = zoo.exec(["/tmp/asker", *what, str(PID_COUNT)]).stdout.decode()
    with zoo.paused():
        code, ours, said = outside(zoo, image, *what, str(PID_COUNT))
    after = zoo.exec(["/tmp/asker", *what, str(PID_COUNT)]).stdout.decode()
    first, second, last = (without_own(text, ()) for text in (before, ours.decode(), after))
    stable = first.keys() & last.keys()
    assert len(stable) > 50
    assert {pid: second.get(pid) for pid in stable} == {pid: first[pid] for pid in stable}, said
    assert code == 0, said
    # What ended between the guest's looks, or was the program itself.
    assert second.keys() - first.keys() - last.keys() == set()


def intervals(text):
    return dict(line.split() for line in text.decode().splitlines())


def test_time_slices_of_a_busy_cpu_are_told(zoo, asker):
    """Of the kernel's threads of the second CPU, which one program alone keeps busy; the guest's own look runs on the
    first. Without groups of tasks: what they weigh depends on what ran a moment ago, such as the look itself."""
    image, program = asker
    with open(program, "rb") as f:
        zoo.exec(["sh", "-c", "cat > /tmp/asker; chmod +x /tmp/asker"], input=f.read())
    autogroup = "/proc/sys/kernel/sched_autogroup_enabled"
    zoo.exec(["sh", "-c", f"echo 0 > {autogroup}; taskset 2 sh -c 'while :; do :; done' >/dev/null 2>&1 & echo $! > /tmp/busy; sleep 1"])
    try:
        for _ in range(TRIES):
            before = intervals(zoo.exec(["taskset", "1", "/tmp/asker", "slices", str(PID_COUNT)]).stdout)
            with zoo.paused():
                code, ours, said = outside(zoo, image, "slices", str(PID_COUNT))
            after = intervals(zoo.exec(["taskset", "1", "/tmp/asker", "slices", str(PID_COUNT)]).stdout)
            ours = intervals(ours)
            # "CPU/INTERVAL"
            same = {pid: value for pid, value in before.items() if value.startswith("1/") and after.get(pid) == value}
            if code == 0 and len(same) > 5 and {pid: ours.get(pid) for pid in same} == same:
                break
        else:
            pytest.fail(f"{ {pid: (value, ours.get(pid)) for pid, value in same.items() if ours.get(pid) != value} } {said}")
    finally:
        zoo.exec(["sh", "-c", f"kill $(cat /tmp/busy); echo 1 > {autogroup}"])


# How far a value may lie outside of the guest's two: the looking program itself is a process with memory.
SLACK = {"free": 8 << 20, "shared": 1 << 20, "buffers": 1 << 20, "procs": 4, "uptime": 1}


def test_the_system_is_told(zoo, asker):
    image, program = asker
    with open(program, "rb") as f:
        zoo.exec(["sh", "-c", "cat > /tmp/asker; chmod +x /tmp/asker"], input=f.read())
    before = zoo.exec(["/tmp/asker", "system"]).stdout
    with zoo.paused():
        code, ours, said = outside(zoo, image, "system")
    after = zoo.exec(["/tmp/asker", "system"]).stdout
    assert code == 0, said
    first, second, last = ({name: int(value) for name, value in (line.split() for line in text.decode().splitlines())}
                           for text in (before, ours, after))
    for name, value in second.items():
        low, high = sorted((first[name], last[name]))
        slack = SLACK.get(name, 0)
        assert low - slack <= value <= high + slack, (name, first[name], value, last[name])


@pytest.mark.parametrize("command", ["ip route show table 999", "ip -6 route show table 999", "ip mroute show table 999"])
def test_a_table_that_is_not_there_is_an_error(zoo, command):
    inside = zoo.exec(command.split(), check=False)
    code, ours, said = outside(zoo, *command.split())
    assert (code, ours) == (inside.returncode, inside.stdout) and code != 0, said
    assert "Dump terminated" in said


# What selects, of both families: attributes (uapi/linux/fib_rules.h) with their bytes, and struct fib_rule_hdr's tos.
SELECTORS = [
    ("ip proto, ports, users, suppression", 0, {22: b"\6", 23: struct.pack("HH", 1000, 2000), 24: struct.pack("HH", 53, 53),
                                                20: struct.pack("II", 1000, 1999), 13: struct.pack("I", 5), 14: struct.pack("I", 16)}),
    ("tos and mark", 0x10, {10: struct.pack("I", 0x2a), 16: struct.pack("I", 0xff)}),
    ("tunnel, realms", 0, {12: struct.pack(">Q", 1 << 40 | 77), 11: struct.pack("I", 3 << 16 | 4)}),
    ("interfaces that aren't there", 0, {3: b"absent0\0", 17: b"absent1\0"}),
    ("dscp", 0, {25: b"\x2e"}),
    ("dscp with a mask", 0, {25: b"\x08", 30: b"\x38"}),
    ("flow label", 0, {26: struct.pack(">I", 0xabcde), 27: struct.pack(">I", 0xfffff)}),
    ("ports with masks", 0, {22: b"\x11", 23: struct.pack("HH", 80, 80), 28: struct.pack("H", 0xfff0),
                             24: struct.pack("HH", 96, 96), 29: struct.pack("H", 0xffe0)}),
]
# From which kernel on (and of which family alone) there is what; older ones refuse an attribute that they don't know, or say nothing of it.
KNOWN = {"dscp": ["6.12", "newest"], "dscp with a mask": ["newest"], "flow label": ["newest"], "ports with masks": ["newest"]}
NEWRULE, GETRULE, INET, INET6 = 0x20, 0x22, 2, 10


def rule_request(family, priority, tos, attributes):
    """What adds a rule: look up table 100."""
    body = struct.pack("8BI", family, 0, 0, tos, 100, 0, 0, 1, 0)
    for kind, value in {6: struct.pack("I", priority), **attributes}.items():
        body += struct.pack("HH", 4 + len(value), kind) + value + bytes(-len(value) % 4)
    return body.hex()


def rules_of(text):
    """Of what `netlink` printed: each rule's header, and its attributes in the order of their numbers."""
    rules = []
    for line in text.decode().splitlines():
        kind, body = line.split()
        body, attributes = bytes.fromhex(body), []
        assert kind == "20", line
        at = 12
        while at < len(body):
            size, number = struct.unpack_from("HH", body, at)
            attributes.append((number, body[at + 4:at + size]))
            at += size + 3 & ~3
        rules.append((body[:12], sorted(attributes)))
    return rules


def test_rules_are_told_with_all_that_selects(zoo, netlink):
    """By their bytes: programs of today print less than kernels tell."""
    image, program = netlink
    with open(program, "rb") as f:
        zoo.exec(["sh", "-c", "cat > /tmp/netlink; chmod +x /tmp/netlink"], input=f.read())
    for family in (INET, INET6):
        for i, (what, tos, attributes) in enumerate(SELECTORS):
            if zoo.kernel in KNOWN.get(what, KERNELS) and (what, family) != ("flow label", INET):
                zoo.exec(["/tmp/netlink", f"{NEWRULE:x}", "605", rule_request(family, 7000 + i, tos, attributes)])
    for family in (INET, INET6):
        dump = [f"{GETRULE:x}", "301", f"{family:02x}" + "00" * 11]
        inside = rules_of(zoo.exec(["/tmp/netlink", *dump]).stdout)
        with zoo.paused():
            code, ours, said = outside(zoo, image, *dump)
        assert (code, rules_of(ours)) == (0, inside), said
        told = {number for _, attributes in inside for number, _ in attributes}
        wanted = {number for what, _, attributes in SELECTORS for number in attributes
                  if zoo.kernel in KNOWN.get(what, KERNELS) and (what, family) != ("flow label", INET)}
        assert wanted - told == ({11} if family == INET6 else set())  # realms are IPv4's
        assert any(head[3] == 0x10 for head, _ in inside)


@pytest.mark.parametrize("command, said", [
    ("ip route show cache", "exceptions from routes (`ip route show cache`), which isn't answered"),
    ("busybox ip route show cache", "exceptions from routes (`ip route show cache`), which isn't answered"),
    ("busybox ip -6 route show cache", "exceptions from routes (`ip route show cache`), which isn't answered"),
    ("ip -f mpls route", "message type 26 of the address family 28, which isn't answered"),
    ("ip -f bridge neigh", "message type 30 of the address family 7, which isn't answered"),
    ("ip neigh get 198.51.100.1 dev lab1", "message type 30, which isn't answered")])
def test_a_question_without_an_answer_is_refused_by_name(zoo, command, said):
    code, ours, words = outside(zoo, *command.split())
    assert code != 0 and ours == b"" and said in words, (ours, words)


def test_a_probe_asks_nobody(zoo):
    """Once warm, kill(pid, 0) for each of 32767 numbers is answered from what is there: no question to the source."""
    bench = os.path.join(os.path.dirname(zoo.bartizan.path), "bench-target")
    if not os.path.exists(bench):
        bench = os.path.join(ROOT, "build/bin/bench-target")
    with zoo.paused():
        done = subprocess.run([bench, "--repeat", "3", f"qemu:{zoo.qemu_pid}", "probe"], capture_output=True, check=True,
                              timeout=120)
    told = json.loads(done.stdout)
    assert told["questions"] == 0 and told["probes"] == 32767 and told["found"] > 50, told


def test_nothing_of_it_changes_the_target(zoo):
    code, _, said = outside(zoo, "ip", "link", "set", "lo", "down")
    assert code != 0 and "would change the target" in said
    assert b"LOOPBACK,UP" in zoo.exec(["ip", "link", "show", "dev", "lo"]).stdout


@pytest.mark.parametrize("backend", ["plain", "sim"])
def test_a_program_inside_runs_ps(zoo, spawner, backend):
    """By popen(): an enclave of its own, over a sealed pipe, prints what it prints when it is run alone."""
    command = "ps --no-header -e o pid,ppid,comm"
    names = zoo.exec(["cat", "/proc/1/comm", "/proc/2/comm"]).stdout.decode().split()
    with zoo.paused():
        code, alone, said = outside(zoo, *command.split())
        assert (code, said) == (0, "")
        done = zoo.bartizan("run", "--backend", backend, "--target", f"qemu:{zoo.qemu_pid}", spawner, "read", command, "1000")
    lines = done.stdout.decode().splitlines()
    assert (done.returncode, lines[-1]) == (0, "popen: exit 0"), done.stderr.decode(errors="replace")
    assert lines[:-1] == alone.decode().splitlines()
    assert [line.split()[0::2] for line in lines[:2]] == [["1", names[0]], ["2", names[1]]]
    assert len(lines) > 50


# ---- families that few programs use: last, as other commands above would show them, too

VSOCK, MPTCP, XDP = "ss --vsock -an", "ss -Manm", "ss --xdp -anem"
SCTP = ["ss -San", "ss -Sln", "ss -Sanm", "ss -San sport = :7400", "ss -6San"]
# 5.10 keeps no types of modules (vsock) and is built without MPTCP; it and 6.1 are built without what tells of XDP.
TELL = {VSOCK: ["6.1", "6.12", "newest"], MPTCP: ["6.1", "6.12", "newest"], XDP: ["6.12", "newest"]}
UNTOLD = {"ss -San": "the target has SCTP sockets, which aren't shown",
          "ss -dan": "the target has DCCP sockets, which aren't shown",
          "ss --tipc -an": "the target has TIPC, whose sockets aren't shown"}
SMC = ("ask d 2b 0", "the target has SMC sockets, which aren't shown")  # ASK_OTHER_SOCKETS, AF_SMC: ss doesn't know it
HAVE_DCCP_AND_SMC = ["5.10", "6.1", "6.12"]


def test_a_program_that_would_end_a_process_is_refused_by_name(zoo):
    """And the process is there afterwards: what acts on the target goes nowhere."""
    pid = int(zoo.exec(["pidof", "init"]).stdout.split()[0])
    name = zoo.exec(["cat", f"/proc/{pid}/comm"]).stdout.decode().strip()
    for command in (["pkill", "-x", name], ["killall", name], ["busybox", "kill", str(pid)]):
        code, _, said = outside(zoo, *command)
        assert code != 0, (command, said)
        assert re.search(r"the program sent signal 15 to process \d+ of the target, which is only watched", said), (command, said)
        assert zoo.exec(["cat", f"/proc/{pid}/comm"]).stdout.decode().strip() == name


@pytest.fixture(scope="module")
def families(zoo):
    """vsock, XDP and MPTCP, as far as the kernel has them. Before, there is none: the answers are empty."""
    zoo.exec(["sh", "-c", "cd /lib/modules; for module in $(cat sockets); do [ $module = tipc.ko ] || insmod $module; done"])
    for command in [*TELL, *UNTOLD]:
        code, ours, said = outside(zoo, *command.split())
        assert (code, len(ours.splitlines()), "shown" in said) == (0, 1, False), (command, ours, said)
    zoo.exec(["sockets", "--families"])
    return zoo


@pytest.mark.parametrize("command", TELL)
def test_sockets_of_other_families_are_told(families, command):
    if families.kernel in TELL[command]:
        assert len(families.exec(command.split()).stdout.splitlines()) > 2
        test_a_program_that_asks_prints_what_it_prints_inside(families, command)
        return
    code, ours, said = outside(families, *command.split())
    lines = ours.decode().splitlines()[1:]
    if command == VSOCK:
        assert code == 74 and not lines and "the target has vsock sockets, which aren't shown" in said, said
    elif command == XDP:
        # The guest's own `ss` can't know: those that lab/guest/zoo-families.c opened, the last one first.
        assert code == 0 and [line.split()[3] for line in lines if line.startswith("UNCONN")] == ["*", "lo:q0"], (ours, said)
    else:
        assert (code, lines) == (0, []), (ours, said)


@pytest.fixture(scope="module")
def rest(families):
    families.exec(["sockets", "--sctp"])
    families.exec(["insmod", "/lib/modules/tipc.ko"])
    return families


@pytest.mark.parametrize("command", SCTP)
def test_sockets_of_sctp_are_told(rest, command):
    if rest.kernel == "5.10":
        pytest.skip("5.10 keeps no types of modules")
    assert len(rest.exec(command.split()).stdout.splitlines()) > 2
    test_a_program_that_asks_prints_what_it_prints_inside(rest, command)


def test_sockets_that_are_not_told_are_said(rest):
    for command, said in UNTOLD.items():
        if command == "ss -San" and rest.kernel != "5.10" or command == "ss -dan" and rest.kernel not in HAVE_DCCP_AND_SMC:
            continue
        code, ours, words = outside(rest, *command.split())
        assert (code, len(ours.splitlines())) == (74, 1) and said in words, (command, ours, words)
    question, said = SMC
    with rest.paused():
        asked = subprocess.run([FORGE, f"qemu:{rest.qemu_pid}"], input=f"{question}\n", capture_output=True, check=True, text=True,
                               timeout=120).stdout.split(" ")
    outcome, words = int(asked[0]), bytes.fromhex(asked[4].strip()[1:]).decode()
    assert (outcome, said in words) == ((MARKED, True) if rest.kernel in HAVE_DCCP_AND_SMC else (ABSENT, False)), (outcome, words)


def test_routes_of_mpls_are_said(rest):
    """Where a dump of all families' routes would have them; before there are any, it is whole."""
    rest.exec(["sh", "-c", "cd /lib/modules; for module in $(cat other); do case $module in *tunnel*|mpls*) insmod $module;; esac; done"])
    command, said = ["ip", "route", "show", "table", "all"], "the target has MPLS routes, which aren't shown"
    rest.exec(["sh", "-c", "echo 1000 > /proc/sys/net/mpls/platform_labels"])
    code, before, words = outside(rest, *command)
    assert (code, said in words) == (0, False), words
    rest.exec(["ip", "-f", "mpls", "route", "add", "100", "via", "inet", "198.51.100.254", "dev", "lab0"])
    assert b"100 via inet 198.51.100.254" in rest.exec(["ip", "-f", "mpls", "route"]).stdout
    code, after, words = outside(rest, *command)
    assert code != 0 and said in words and set(before.splitlines()) <= set(after.splitlines()), (after, words)
    assert outside(rest, "ip", "route")[0] == 0
