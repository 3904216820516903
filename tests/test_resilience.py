# SPDX-License-Identifier: GPL-2.0-or-later
"""Targets that reboot, die or shrink while a program inside reads them: an error in words, never a crash, never an
answer that looks whole."""
import fcntl
import os
import select
import signal
import subprocess
import threading
import time

import pytest

from test_agent import Monitor, qmp_path

PATIENCE_SECONDS = 120   # a bound on what must happen, not a measurement
FILES = ["sys/kernel/hostname", "net/protocols"] * 8


class Reading:
    """A program inside whose output nobody takes yet: it stands still in the middle of its files."""

    def __init__(self, bartizan, *arguments):
        self.process = subprocess.Popen([bartizan.path, *arguments], env=bartizan.environment,
                                        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        fcntl.fcntl(self.process.stdout, fcntl.F_SETPIPE_SZ, 4096)
        self.wait_until_it_stands_still()

    def wait_until_it_stands_still(self):
        end, before, still = time.monotonic() + PATIENCE_SECONDS, None, 0
        while still < 10:
            assert time.monotonic() < end and self.process.poll() is None, self.process.communicate()
            with open(f"/proc/{self.process.pid}/io", encoding="ascii") as f:
                now = [line for line in f if line.startswith("wchar")]
            still = still + 1 if now == before and now != ["wchar: 0\n"] else 0
            before = now
            time.sleep(0.1)

    def finish(self):
        stdout, stderr = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, stdout, stderr


def files_of(bartizan, target):
    done = bartizan("cat", "--target", target, *FILES[:2])
    assert done.returncode == 0, done.stderr
    hostname, protocols = done.stdout.split(b"\n", 1)
    assert protocols.startswith(b"protocol ") and len(protocols) > 1000
    return hostname + b"\n", protocols


def running(bartizan, *arguments):
    return subprocess.Popen([bartizan.path, *arguments], env=bartizan.environment, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)


def kill(pid):
    """Returns when it has ended: its memory outlives the signal by a moment."""
    ended = os.pidfd_open(pid)
    os.kill(pid, signal.SIGKILL)
    assert select.select([ended], [], [], PATIENCE_SECONDS)[0]
    os.close(ended)


def names(protocols):
    lines = protocols.splitlines()
    assert lines[0].startswith(b"protocol "), protocols
    return {line.split()[0] for line in lines}


def assert_ended_with_an_error(result, whole_files, said):
    code, stdout, stderr = result
    assert code == 1, (code, stderr)
    assert stderr.count(said) == 1, stderr
    while stdout:   # whole files only, in their order
        part = whole_files[0]
        assert stdout.startswith(part), stdout[:200]
        stdout, whole_files = stdout[len(part):], whole_files[1:]
    assert whole_files


def test_a_reboot_between_two_files_is_said_and_the_new_kernel_read(bartizan, boot):
    guest = boot("--may-reboot")
    whole = files_of(bartizan, guest.target)
    guest.exec(["hostname", "before"])
    reading = Reading(bartizan, "cat", "--target", guest.target, *FILES)
    reboot = subprocess.Popen([bartizan.path, "lab", "exec", guest.name, "--", "reboot", "-f"],
                              env=bartizan.environment, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE)
    outcomes = set()
    up = None
    while up is None or up.poll() is None:   # all the way through firmware and boot
        done = bartizan("cat", "--target", guest.target, *FILES[:2])
        outcomes.add(done.returncode)
        if done.returncode == 0:
            # A young kernel hasn't registered all its protocols yet, but has no others.
            assert done.stdout.split(b"\n")[0] and names(done.stdout.split(b"\n", 1)[1]) <= names(whole[1])
        else:
            assert done.returncode == 1 and done.stderr, done
        if up is None and reboot.poll() is not None:
            up = subprocess.Popen([bartizan.path, "lab", "exec", guest.name, "--", "true"], env=bartizan.environment,
                                  stdin=subprocess.DEVNULL)
    assert up.returncode == 0 and b"rebooted" in reboot.communicate()[1]
    assert 1 in outcomes   # there was a time without a kernel
    code, stdout, stderr = reading.finish()
    assert code == 0, stderr
    assert stderr.count(b"the target rebooted") == 1, stderr
    before = b"before\n" + whole[1]
    count = stdout.count(b"before\n")
    assert 0 < count < len(FILES) // 2
    # The file at which it stood still may be the first of the two.
    assert stdout == before * count + (whole[0] + whole[1]) * (len(FILES) // 2 - count)


@pytest.mark.parametrize("memory", [[], ["--private-memory", "--no-qmp"]], ids=["mapped", "read from the process"])
def test_a_target_that_dies_is_an_error_wherever_reading_stood(bartizan, boot, memory):
    guest = boot(*memory)
    whole = list(files_of(bartizan, guest.target)) * (len(FILES) // 2)
    reading = Reading(bartizan, "cat", "--target", guest.target, *FILES)
    netstat = running(bartizan, "run", "--target", guest.target, "netstat", "-tunac")
    # Most of what top asks is by stat() and readlink(), not by reading: each must say it as well.
    tops = [running(bartizan, "run", "--target", guest.target, "top", "-b", "-d", "0.01") for _ in range(2)]
    busy = running(bartizan, "cat", "--target", guest.target, *["net/protocols"] * 2000)
    assert all(top.stdout.read(20) for top in tops)
    drains = [threading.Thread(target=top.stdout.read) for top in tops]
    for drain in drains:
        drain.start()
    assert netstat.stdout.read(20) and busy.stdout.read(20)
    kill(guest.qemu_pid)
    said = b"the target "
    assert_ended_with_an_error(reading.finish(), whole, said)
    stdout, stderr = busy.communicate(timeout=PATIENCE_SECONDS)
    assert busy.returncode == 1 and stderr.count(said) == 1, stderr
    assert len(stdout) % len(whole[1]) == len(whole[1]) - 20 and stdout.endswith(whole[1][20:])
    stdout, stderr = netstat.communicate(timeout=PATIENCE_SECONDS)
    assert netstat.returncode not in (0, None) and netstat.returncode > 0 and stderr.count(said) == 1, stderr
    for top, drain in zip(tops, drains):
        drain.join()
        stderr = top.stderr.read()
        assert top.wait(PATIENCE_SECONDS) > 0 and stderr.count(said) == 1, stderr
    done = bartizan("cat", "--target", f"qemu:{guest.qemu_pid}", "net/tcp")
    assert (done.returncode, done.stdout) == (125, b"") and b"no process" in done.stderr


def test_a_dump_that_shrinks_is_an_error(bartizan, guest, tmp_path):
    dump = tmp_path / "core"
    monitor = Monitor(qmp_path(guest.qemu_pid))
    monitor.execute("dump-guest-memory", paging=False, protocol=f"file:{dump}")
    monitor.close()
    target = f"dump:{dump}"
    whole = list(files_of(bartizan, target)) * (len(FILES) // 2)
    reading = Reading(bartizan, "cat", "--target", target, *FILES)
    os.truncate(dump, dump.stat().st_size // 2)
    assert_ended_with_an_error(reading.finish(), whole, b"became shorter")
    done = bartizan("cat", "--target", target, *FILES)
    assert (done.returncode, done.stdout) == (125, b"") and b"truncated" in done.stderr
