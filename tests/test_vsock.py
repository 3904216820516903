# SPDX-License-Identifier: GPL-2.0-or-later
"""An enclave reaches its agent over vsock: both in one guest, through the kernel's own loopback (CID 1). Between
machines it would be vhost-vsock, which needs a device of the host's; the sockets are the same."""
import gzip

import pytest

from conftest import Guest
from test_agent import Monitor, qmp_path

PORT, SECONDS = 5000, 120
RUN = "export XDG_STATE_HOME=/run/state; "


@pytest.fixture(scope="module")
def core(bartizan, tmp_path_factory):
    """A small machine that stands still, as a file."""
    machine = Guest(bartizan, "--memory", "128M")
    try:
        machine.exec(["sockets", "--tcp", "20"])
        path = tmp_path_factory.mktemp("vsock") / "core"
        monitor = Monitor(qmp_path(machine.qemu_pid))
        monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{path}")
        monitor.close()
    finally:
        machine.down()
    return path


@pytest.fixture(scope="module", params=["6.12"])
def watcher(bartizan, core, request):
    machine = Guest(bartizan, "--bartizan", "--memory", "1G", "--kernel", request.param)
    machine.exec(["sh", "-c", "gzip -dc >/tmp/core"], input=gzip.compress(core.read_bytes(), 1), timeout=SECONDS)
    machine.exec(["sh", "-c", RUN + "umask 077; mkdir -p /run/state/bartizan; bartizan keygen --owner -o "
                  "/run/state/bartizan/owner.pem"])
    machine.exec(["sh", "-c", RUN + f"bartizan-agent serve --json --vsock {PORT} --target dump:/tmp/core --insecure-accept-sim "
                  "--insecure-accept-debug "
                  "--owner /run/state/bartizan/owner.pub >/tmp/ready 2>/tmp/log & until [ -s /tmp/ready ] || ! kill -0 $!; do "
                  "sleep 0.1; done; kill -0 $!"])
    yield machine
    machine.down()


def watch(watcher, where, *command):
    return watcher.exec(["sh", "-c", RUN + f'exec bartizan run --target dump:/tmp/core --agent {where} "$@"', "sh", *command],
                        check=False, timeout=SECONDS)


def test_netstat_over_vsock_prints_what_plain_prints(bartizan, core, watcher):
    plain = bartizan("run", "--backend", "plain", "--target", f"dump:{core}", "netstat", "-tna", timeout=SECONDS)
    assert plain.returncode == 0 and plain.stdout.count(b"\n") > 20, plain.stderr
    done = watch(watcher, f"vsock:1:{PORT}", "netstat", "-tna")
    said = done.stderr + watcher.exec(["cat", "/tmp/log"]).stdout
    assert (done.returncode, done.stdout) == (0, plain.stdout), said.decode()
    assert b"backend sim" in done.stderr


@pytest.mark.parametrize("where", [f"vsock:1:{PORT + 1}", f"vsock:7:{PORT}"])
def test_where_nobody_listens_it_is_said(watcher, where):
    done = watch(watcher, where, "netstat", "-tna")
    assert done.returncode == 125 and done.stdout == b"" and where.encode() in done.stderr, done


@pytest.mark.parametrize("arguments", [["targets", "--smm"], ["run", "--target", "smm:", "--grantor", "/run/nobody", "netstat"]])
def test_firmware_that_is_not_ours_is_named(watcher, arguments):
    done = watcher.exec(["bartizan", *arguments], check=False, timeout=SECONDS)
    assert done.returncode not in (0, 2) and done.stdout == b"" and b"no Bartizan driver" in done.stderr, done
