# SPDX-License-Identifier: GPL-2.0-or-later
"""The files of /proc/net besides those of the internet protocols' sockets: byte for byte what
the guest's own `cat` prints, on every lab kernel, with the guest stopped while we look."""
import os
import subprocess

import pytest

from conftest import ROOT, Guest

KERNELS = ["5.10", "6.1", "6.12", "newest"]
FILES = ["unix", "packet", "netlink", "dev", "dev_mcast", "route", "arp", "if_inet6", "snmp", "snmp6", "netstat",
         "sockstat", "sockstat6", "protocols", "ptype", "igmp", "igmp6"]
PROC_DUMP = os.environ.get("PROC_DUMP", os.path.join(ROOT, "build/tests/proc-dump"))
DUMP_SECONDS = 60
SETTLE_SECONDS = 300

# Behind the lab's own network and sockets: several devices, routes with every column filled, a
# metric of 2^31 and more, two routes to one prefix, entries of every kind in the neighbour table.
NETWORK = """
set -e
sockets
for i in 1 2; do
    ip link add dummy$i type dummy
    ifconfig dummy$i arp
    ip addr add 10.7$i.0.1/24 dev dummy$i
    ip -6 addr add 2001:db8:7$i::1/64 dev dummy$i
    ip link set dummy$i up
done
ip route add default via 10.71.0.254 dev dummy1
ip route add 10.0.0.0/8 via 10.71.0.253 dev dummy1 metric 100 mtu 1400 advmss 1000
ip route add 10.0.0.0/8 via 10.72.0.2 dev dummy2 metric 4000000000
route add -net 10.1.0.0/16 gw 10.71.0.253 window 5000 irtt 300 dev dummy1
ip route add 10.1.2.0/24 dev dummy2 scope link
ip route add 10.1.2.3 via 10.71.0.252
ip route add unreachable 10.2.0.0/16
ip route add prohibit 10.3.0.0/16
ip route add blackhole 10.4.0.0/16
arp -i dummy1 -s 10.71.0.9 02:00:00:00:00:19
arp -i dummy1 -s 10.71.0.10 02:00:00:00:00:20 temp
arp -i dummy1 -Ds 10.71.0.78 dummy1 pub
"""

# Duplicate address detection and multicast reports go on for a while: wait until seconds pass in
# which no counter moves.
SETTLE = """
look() {
    cat /proc/net/dev /proc/net/snmp /proc/net/snmp6 /proc/net/netstat /proc/net/arp /proc/net/if_inet6
}
for attempt in $(seq 60); do
    before=$(look)
    sleep 2
    [ "$before" != "$(look)" ] || exit 0
done
echo "the guest's network doesn't come to rest" >&2
exit 1
"""


@pytest.fixture(scope="module", params=KERNELS)
def machine(bartizan, request):
    guest = Guest(bartizan, "--kernel", request.param, "--cpus", "2")
    try:
        guest.exec(["sh", "-c", NETWORK])
        guest.exec(["sh", "-c", SETTLE], timeout=SETTLE_SECONDS)
        yield guest
    finally:
        guest.down()


def dump(guest, *paths):
    return subprocess.run([PROC_DUMP, f"qemu:{guest.qemu_pid}", *paths], capture_output=True, check=False,
                          timeout=DUMP_SECONDS)


def inside_and_outside(guest, name):
    """The file as the guest prints it and as it looks from outside, at one moment."""
    for _ in range(10):
        inside = guest.exec(["cat", f"/proc/net/{name}"]).stdout
        with guest.paused():
            outside = dump(guest, f"net/{name}")
        # The guest ran on for a moment before it stopped, and may have counted something. Only if
        # its own view is the same before and after is there something to compare.
        if guest.exec(["cat", f"/proc/net/{name}"]).stdout == inside:
            return inside, outside
    return pytest.fail(f"/proc/net/{name} never stands still in the guest")


@pytest.mark.parametrize("name", FILES)
def test_file_is_what_the_guest_prints(machine, name):
    inside, outside = inside_and_outside(machine, name)
    assert outside.stderr == b""
    assert outside.returncode == 0
    assert outside.stdout.split(b"\n") == inside.split(b"\n")


def rows(machine, name):
    return machine.exec(["cat", f"/proc/net/{name}"]).stdout.decode().splitlines()[1:]


def test_the_guest_holds_what_makes_rows_differ(machine):
    """Else the comparison above would compare little."""
    unix = rows(machine, "unix")
    # One of the names has a line's end inside, so that its row takes two lines.
    assert {line.split()[4] for line in unix if len(line.split()) > 5} == {"0001", "0002", "0005"}
    assert any("@with@nul and" in line for line in unix)
    assert len({line.split()[4] for line in rows(machine, "packet")}) > 1
    assert any(line.split()[3] != "00000000" for line in rows(machine, "netlink"))
    assert {"*", "dummy1", "dummy2"} <= {line.split()[0] for line in rows(machine, "route")}
    assert {"0x0", "0x2", "0x6", "0xc"} <= {line.split()[2] for line in rows(machine, "arp")}
    assert len(rows(machine, "dev")) > 4


def test_many_unix_sockets_come_in_the_kernels_order(machine):
    machine.exec(["sockets", "--unix=2000"])
    inside, outside = inside_and_outside(machine, "unix")
    assert inside.count(b"@many-") == 2000
    assert (outside.stdout, outside.stderr) == (inside, b"")


def test_devices_beyond_index_256_come_in_the_kernels_order(machine):
    """Hash lists by the index's low byte before 6.9, by index since."""
    machine.exec(["sh", "-c", "for i in $(seq 300); do ip link add d$i type dummy; [ $((i % 50)) = 0 ] || "
                  "ip link del d$i; done"])
    inside, outside = inside_and_outside(machine, "dev")
    assert (outside.stdout, outside.stderr) == (inside, b"")


def test_other_namespaces_are_not_shown(machine):
    """What happens in another network namespace changes nothing in the initial one's files, from
    inside as from outside."""
    machine.exec(["sh", "-c", "unshare -n sh -c 'ip link set lo up; ip link add other0 type dummy; "
                  "ip addr add 10.99.0.1/24 dev other0; ip link set other0 up; sockets --unix=3; sleep 1000' "
                  ">/dev/null 2>&1 & sleep 3"])
    for name in ("unix", "netlink", "dev", "route", "if_inet6"):
        inside, outside = inside_and_outside(machine, name)
        assert b"other0" not in inside
        assert (outside.stdout, outside.stderr) == (inside, b"")


def test_a_large_table_of_large_metrics_is_whole(boot):
    """How the kernel prints them is found in its code: once, not for each of them."""
    guest = boot("--kernel", "6.12")
    guest.exec(["sh", "-c", """
        set -e
        ip link add dummy1 type dummy
        ip addr add 10.71.0.1/24 dev dummy1
        ip link set dummy1 up
        for i in $(seq 0 19); do
            for j in $(seq 0 199); do
                ip route add 10.$i.$j.0/24 dev dummy1 metric 4000000000
            done
        done"""], timeout=SETTLE_SECONDS)
    inside = guest.exec(["cat", "/proc/net/route"]).stdout
    done = subprocess.run([PROC_DUMP, f"qemu:{guest.qemu_pid}", "net/route"], capture_output=True, check=False,
                          timeout=DUMP_SECONDS)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == inside
    assert inside.count(b"-294967296") == 4000
