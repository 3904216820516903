# SPDX-License-Identifier: GPL-2.0-or-later
"""Wrong targets: each error says what was found and what to do, and nothing is printed that looks like an answer."""
import os
import subprocess

import pytest


@pytest.mark.parametrize("target, code, said", [
    ("qemu:THIS-TEST", 125, [b"not a qemu-system-x86_64", b"bartizan targets"]),
    ("qemu:999999999", 125, [b"no process 999999999", b"bartizan targets"]),
    ("qemu:no such name", 125, [b'no QEMU with -name "no such name"', b"bartizan targets"]),
    ("lab:nosuchvm", 125, [b'no VM "nosuchvm" runs', b"bartizan lab up"]),
    ("dump:/nonexistent", 125, [b"/nonexistent", b"No such file"]),
    ("dump:/etc", 125, [b"/etc is no regular file"]),
    ("dump:THIS-FILE", 125, [b"neither an ELF core nor raw memory"]),
    ("box:1", 2, [b'"box:1" is no target', b"qemu:PID"]),
])
def test_a_target_that_is_none_is_named_with_the_way_out(bartizan, target, code, said):
    # Filled in here, not in the table: names of tests must be the same in every process that runs them.
    target = target.replace("THIS-TEST", str(os.getpid())).replace("THIS-FILE", os.path.abspath(__file__))
    done = bartizan("cat", "--target", target, "net/tcp")
    assert (done.returncode, done.stdout) == (code, b""), done.stderr
    assert all(words in done.stderr for words in said), done.stderr


@pytest.mark.parametrize("running", [[], ["-S"]], ids=["in its firmware", "not started"])
def test_a_vm_without_linux_is_not_an_empty_answer(bartizan, running):
    command = ["qemu-system-x86_64", "-accel", "tcg", "-m", "64M", "-nodefaults", "-display", "none", *running]
    with subprocess.Popen(["setpriv", "--pdeathsig", "KILL", *command], stdin=subprocess.DEVNULL) as qemu:
        try:
            while open(f"/proc/{qemu.pid}/comm", encoding="ascii").read().strip() == "setpriv":
                assert qemu.poll() is None
            done = bartizan("cat", "--target", f"qemu:{qemu.pid}", "net/tcp", "net/udp")
        finally:
            qemu.kill()
    assert done.returncode != 0 and done.stdout == b""
    assert done.stderr.startswith(b"bartizan: ") and b"No such file" not in done.stderr, done.stderr
