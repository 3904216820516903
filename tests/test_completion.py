# SPDX-License-Identifier: GPL-2.0-or-later
"""Completion of the command line in bash, asked as readline asks. No guest is needed."""
import os
import re
import subprocess

import pytest

from conftest import ROOT, find_bartizan

ASK = """source "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}; COMPREPLY=()
_bartizan; printf '%s\\n' "${COMPREPLY[@]}" """


def offers(*words):
    done = subprocess.run(["bash", "-c", ASK, "bash", os.path.join(ROOT, "tools/completion/bartizan.bash"), find_bartizan(), *words],
                          check=True, capture_output=True, text=True, timeout=60)
    assert done.stderr == "", done.stderr
    return done.stdout.split()


def programs():
    return subprocess.run([find_bartizan(), "run", "--list"], check=True, capture_output=True, text=True).stdout.split()


def test_programs_are_completed_by_name():
    assert {"ps", "pgrep", "pidof", "netstat", "busybox", "fuser", "lsof"} <= set(programs())
    assert sorted(offers("run", "")) == sorted(programs())
    assert offers("run", "nets") == ["netstat"]
    assert sorted(offers("run", "--target", "lab", ":", "demo", "p")) == sorted(name for name in programs() if name.startswith("p"))
    assert sorted(offers("run", "--backend", "plain", "ss")) == ["ss"]


def options_with_values():
    """Of `bartizan run`: what its help shows with a value behind it."""
    text = subprocess.run([find_bartizan(), "run", "--help"], check=True, capture_output=True, text=True).stdout
    return re.findall(r"^ +(--[a-z-]+)=", text, re.M)


def test_the_options_that_say_how_the_target_is_looked_at_take_values():
    assert {"--at", "--new-epoch", "--netns", "--pid-namespace"} <= set(options_with_values())


@pytest.mark.parametrize("option", options_with_values() if find_bartizan() else [])
def test_an_options_value_is_not_taken_for_the_program(option):
    assert offers("run", option, "blue", "nets") == ["netstat"]
    assert offers("run", option, "=", "blue", "nets") == ["netstat"]
    assert "ps" not in offers("run", option, "p")


@pytest.mark.parametrize("option,kind", [("--netns", "net"), ("--pid-namespace", "pid")])
def test_a_namespace_by_its_inode_is_a_value_too(option, kind):
    assert offers("run", option, kind, ":", "[4026531840]", "nets") == ["netstat"]


def test_what_stands_after_the_program_is_the_programs_own():
    assert offers("run", "ps", "p") == []


def test_options_and_their_values_are_completed():
    assert "--target" in offers("run", "--t")
    assert offers("run", "--backend", "p") == ["plain"]
    assert "6.12" in offers("lab", "up", "x", "--kernel", "6.1")


@pytest.mark.parametrize("word,expected", [("ru", "run"), ("ca", "cat"), ("targ", "targets")])
def test_commands_are_completed(word, expected):
    assert offers(word) == [expected]
