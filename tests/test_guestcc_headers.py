# SPDX-License-Identifier: GPL-2.0-or-later
"""guestcc --headers, on a real kernel's headers: what its inline functions do beyond reading is refused by name.

compiler/must-fail-headers has more, on headers that were made up.
"""
import os
import re
import subprocess

import pytest

from conftest import ROOT

INCLUDES = """#include "guest/kernel/headers.h"
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <net/sock.h>
"""


@pytest.fixture
def compile_guest_c(tmp_path, headers):
    def run(text):
        source, made = tmp_path / "x.guest.c", tmp_path / "x.o"
        source.write_text(INCLUDES + text)
        includes = f"{ROOT}/build/include/guest/headers"
        done = subprocess.run([f"{ROOT}/build/compiler/guestcc", "--headers", headers.directory, "-I", includes, "-I",
                               f"{ROOT}/guest/kernel/headers-std", "-c", source, "-o", made], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL, timeout=120)
        assert os.path.exists(made) == (done.returncode == 0)
        return done

    return run


@pytest.mark.parametrize("text, error", [
    ("int f(void) { return current->pid; }", r"asm/current\.h:\d+: error: inline assembly.* \(in get_current\(\)\)"),
    ("bool f(void) { return sk_memalloc_socks(); }", r"inline assembly that jumps.* \(in arch_static_branch\(\)\)"),
    ("void f(struct sock *sk) { sock_hold(sk); }", r"asm/atomic\.h:\d+: error: inline assembly"),
    ("void f(struct task_struct *t) { task_lock(t); }", r"calls '_raw_spin_lock', .* \(in spin_lock\(\)\)"),
    ("unsigned long f(struct sock *sk) { return sock_i_ino(sk); }", r"x\.guest\.c:6: error: calls 'sock_i_ino'"),
    ("void f(struct sock *sk) { sk->sk_mark = 1; }", r"x\.guest\.c:6: error: stores to a field of the kernel's struct sock:"),
    ("void f(struct list_head *l) { __list_del(l, l); }", r"linux/list\.h:\d+: error: stores to .* struct list_head:"),
    ("int f(struct sock *sk) { return sk->sk_prot->hash(sk); }", r"x\.guest\.c:6: error: calls a function of the kernel:"),
    ("void f(void) { WARN_ON(1); }", r"x\.guest\.c:6: error: inline assembly"),
])
def test_what_does_more_than_read_is_refused(compile_guest_c, text, error):
    done = compile_guest_c(text)
    assert done.returncode != 0
    assert re.search(error, done.stderr), done.stderr


@pytest.mark.parametrize("text", [
    "int f(struct task_struct *t) { return get_nr_threads(t) + thread_group_leader(t) + list_empty(&t->tasks); }",
    "unsigned long f(struct mm_struct *mm) { return get_mm_rss(mm); }",
    "int f(struct task_struct *t) { struct task_struct copy = *t; return copy.pid; }",
])
def test_what_only_reads_compiles(compile_guest_c, text):
    done = compile_guest_c(text)
    assert (done.returncode, done.stderr) == (0, "")


def test_directory_without_headers_is_said(tmp_path):
    done = subprocess.run([f"{ROOT}/build/compiler/guestcc", "--headers", tmp_path, "-c", "x.guest.c", "-o", tmp_path / "x.o"],
                          capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    assert done.returncode != 0
    assert "include/linux/sched.h" in done.stderr
