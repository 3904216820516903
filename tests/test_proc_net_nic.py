# SPDX-License-Identifier: GPL-2.0-or-later
"""/proc/net/dev of a guest with a real machine's devices, virtio_net and veth: their counters are
the drivers' own, whose types only the modules' BTF describes."""
import os
import subprocess

import pytest

from conftest import ROOT, Guest

KERNELS = ["5.10", "6.1", "6.12", "newest"]
PROC_DUMP = os.environ.get("PROC_DUMP", os.path.join(ROOT, "build/tests/proc-dump"))
DUMP_SECONDS = 60
SETTLE_SECONDS = 300

# Traffic in both directions over the card, over the pair (whose other end, veth0, is in another
# namespace), and frames that are dropped as the other end takes none so long.
TRAFFIC = """
set -e
echo 1 > /proc/sys/net/ipv6/conf/default/disable_ipv6
ping -c 3 10.0.2.2
ip link add v0 type veth
ip addr add 10.9.0.1/24 dev v0
ip link set v0 up
arp -i v0 -s 10.9.0.2 02:00:00:00:00:02
ip link set v0 promisc on
unshare -n sleep 1000000 >/dev/null 2>&1 &
sleep 1
ip link set veth0 netns $!
nsenter -t $! -n sh -c '
ip addr add 10.9.0.2/24 dev veth0
ip link set veth0 promisc on
ip link set veth0 up
ping -c 5 -s 700 10.9.0.1
ip link set veth0 mtu 600'
ping -c 2 -W 1 -s 1200 10.9.0.2 || true
"""

SETTLE = """
for attempt in $(seq 60); do
    before=$(cat /proc/net/dev)
    sleep 2
    [ "$before" != "$(cat /proc/net/dev)" ] || exit 0
done
echo "the guest's network doesn't come to rest" >&2
exit 1
"""


@pytest.fixture(scope="module", params=KERNELS)
def machine(bartizan, request):
    guest = Guest(bartizan, "--kernel", request.param, "--cpus", "2", "--nic", "virtio")
    try:
        guest.exec(["sh", "-c", TRAFFIC])
        guest.exec(["sh", "-c", SETTLE], timeout=SETTLE_SECONDS)
        yield guest
    finally:
        guest.down()


def dump(guest):
    return subprocess.run([PROC_DUMP, f"qemu:{guest.qemu_pid}", "net/dev"], capture_output=True, check=False,
                          timeout=DUMP_SECONDS)


def has_module_types(guest):
    """Before 5.11 modules have no BTF."""
    return guest.exec(["test", "-e", "/sys/kernel/btf/veth"], check=False).returncode == 0


def inside_and_outside(guest):
    for _ in range(10):
        inside = guest.exec(["cat", "/proc/net/dev"]).stdout
        with guest.paused():
            outside = dump(guest)
        if guest.exec(["cat", "/proc/net/dev"]).stdout == inside:
            return inside, outside
    return pytest.fail("/proc/net/dev never stands still in the guest")


def counters(text, device):
    row = next(line for line in text.decode().splitlines() if line.split(":")[0].strip() == device)
    return [int(number) for number in row.split(":")[1].split()]


def test_the_guest_counted_something_in_each_driver(machine):
    """Else the comparison below would compare zeroes."""
    text = machine.exec(["cat", "/proc/net/dev"]).stdout
    for device in ("eth0", "v0"):
        row = counters(text, device)
        assert 0 not in (row[0], row[1], row[8], row[9])
        assert row[:2] != row[8:10]
    assert counters(text, "v0")[11] > 0


def test_rows_are_what_the_guest_prints(machine):
    inside, outside = inside_and_outside(machine)
    if has_module_types(machine):
        assert (outside.stdout, outside.stderr, outside.returncode) == (inside, b"", 0)
        return
    # Where nothing says how the driver counts there is no row, and a reason.
    missing = [line for line in inside.splitlines(True) if line not in outside.stdout.splitlines(True)]
    assert [line.split(b":")[0].strip() for line in missing] == [b"eth0", b"v0"]
    assert outside.returncode == 1
    assert b"virtio_net is a module whose types the kernel doesn't keep" in outside.stderr
    assert b"and 1 more" in outside.stderr


@pytest.mark.parametrize("kernel", KERNELS[1:])
def test_modules_that_are_loaded_later_are_found(boot, kernel):
    """One process that stays attached while the driver goes and comes back."""
    guest = boot("--kernel", kernel, "--nic", "virtio")
    guest.exec(["rmmod", "veth"])
    guest.exec(["rmmod", "virtio_net"])
    with subprocess.Popen([PROC_DUMP, f"qemu:{guest.qemu_pid}", "net/dev", "-", "net/dev"], bufsize=0,
                          stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.readline()  # the first text was printed
        guest.exec(["insmod", "/lib/modules/virtio_net.ko"])
        guest.exec(["insmod", "/lib/modules/veth.ko"])
        guest.exec(["ip", "link", "add", "v0", "type", "veth"])
        out, errors = process.communicate(b"\n", timeout=DUMP_SECONDS)
    assert errors == b""
    assert process.returncode == 0
    devices = [line.split(b":")[0].strip() for line in out.splitlines() if b":" in line]
    assert devices.count(b"lo") == 2
    assert [devices.count(name) for name in (b"eth0", b"v0", b"veth0")] == [1, 1, 1]
