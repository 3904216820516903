# SPDX-License-Identifier: GPL-2.0-or-later
"""The rules of the truth test (tests/test_proc_truth.py) see what is wrong, where an exception stands nearby."""
import contextlib
import errno

import pytest

import test_proc_truth
from test_proc_truth import Answer, compare_all, compare_word
from truth import LOOKS, file


def judge(kind, path, before, ours, after=None, kernel="6.12", error=0, said=""):
    """(the tally, what is wrong) of one path."""
    key, after = (kind, path.encode()), before if after is None else after
    tallies, wrong, unsettled = compare_all({key: Answer(0, before)}, {key: Answer(error, ours)}, {key: Answer(0, after)},
                                            LOOKS, kernel, said)
    assert not unsettled
    return list(tallies.values()), [text for texts in wrong.values() for text in texts]


def not_whole(path, why):
    return {"path": path, "before": b"1\n", "ours": b"", "error": errno.EIO, "said": f"bartizan: {path} isn't whole: {why}"}


def test_a_column_number_is_no_label():
    row = b"   6: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 3 1 0 100 0 0 10 0\n"
    assert judge("f", "/proc/net/tcp", row, row)[1] == []
    assert judge("f", "/proc/net/tcp", row, row.replace(b" 00:00000000 ", b" 01:00000017 "))[1] == []
    assert len(judge("f", "/proc/net/tcp", row, b"   6: " + b" ".join([b"x"] * 16) + b"\n")[1]) == 16


EXEMPTS = {(f"{look.kind}:{look.pattern}", exempt.where, exempt.line, exempt.kernels): exempt for look in LOOKS for exempt in look.exempt}


@pytest.mark.parametrize("exempt", [pytest.param(exempt, id=" ".join(map(str, name))) for name, exempt in EXEMPTS.items()])
def test_no_exception_takes_any_word(exempt):
    for word in (b"", b"?", b"x", b"(null)", b"0x1g", b"kB", b"1 2"):
        assert not compare_word(exempt, b"1", word, b"2"), word
    if exempt.slack is None:
        return
    assert not compare_word(exempt, b"1000000", b"%d" % (1000001 + exempt.slack), b"1000000")
    assert compare_word(exempt, b"1000000", b"%d" % (1000000 + exempt.slack), b"1000000")
    # What isn't nothing isn't taken for nothing; where it may be, a reason says why.
    taken = [size for size in (1, 2, 3, 10, 100, 10000) if compare_word(exempt, b"%d" % size, b"0", b"%d" % size)]
    assert not taken or exempt.small, taken


@pytest.mark.parametrize("word, fine", [(b"02:000A7214", True), (b"05:000A7214", False), (b"02:a7214", False)])
def test_the_form_of_a_countdown_is_compared(word, fine):
    row = b"   6: 0100007F:1389 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 3 1 0 100 0 0 10 0\n"
    assert (judge("f", "/proc/net/tcp", row, row.replace(b" 00:00000000 ", b" " + word + b" "))[1] == []) == fine


def test_a_label_is_as_printed():
    assert judge("f", "/proc/zoneinfo", b"              high:  378\n", b"              high:  377\n")[1] == []
    assert judge("f", "/proc/zoneinfo", b"        high     378\n", b"        high     377\n")[1] != []


def test_slack_of_one_file_is_not_that_of_others():
    assert judge("f", "/proc/sys/fs/file-nr", b"800\t0\t9\n", b"790\t0\t9\n")[1] == []
    assert judge("f", "/proc/sys/fs/nr_open", b"800\n", b"790\n")[1] != []


@pytest.mark.parametrize("what, path, why, kernel, fine", [
    ("f", "/proc/sys/kernel/random/uuid", "each reader gets a random number of its own here", "6.12", True),
    ("f", "/proc/sys/kernel/shmmax", "each reader gets a random number of its own here", "6.12", False),
    ("f", "/proc/sys/kernel/shmmax", "proc_do() makes this file's value, and what it says isn't known", "6.12", False),
    ("f", "/sys/module/a/parameters/b", "param_get_mode() makes this file's text", "6.12", True),
    ("f", "/sys/module/a/parameters/b", "param_get_int() makes this file's text", "6.12", False),
    ("f", "/proc/7/mounts", "options are missing that only the file system vfat itself knows", "5.10", True),
    ("f", "/proc/7/mounts", "options are missing that only the file system vfat itself knows", "6.1", False),
])
def test_only_what_is_named_may_be_missing(what, path, why, kernel, fine):
    tallies, wrong = judge(what, kernel=kernel, **not_whole(path, why))
    assert (wrong == []) == fine
    if fine:
        assert [tally.share() for tally in tallies] == [(1, 1)]


def test_a_field_counts_once_however_many_lines_have_it():
    lines = b"".join(b"ffffffff8100%04x T name%d\n" % (i, i) for i in range(1000))
    (tally,), wrong = judge("f", "/proc/kallsyms", lines, lines)
    assert (wrong, tally.share()) == ([], (3, 0))


def test_the_looking_programs_own_paths_count_as_exempt():
    (tally,), wrong = judge("f", "/proc/1/syscall", b"running\n", b"")
    assert (wrong, tally.share()) == ([], (1, 1))


def test_what_the_guest_lacks_counts_nothing():
    assert compare_all({}, {}, {}, LOOKS, "6.12") == ({}, {}, [])


class Looks:
    """A guest whose file has these texts, one a look: inside, outside, inside, and so on, from the beginning again at the end."""

    kernel = "6.1"

    def __init__(self, path, *texts):
        self.path, self.texts, self.count = path, texts, 0

    def paused(self):
        return contextlib.nullcontext()

    def look(self):
        self.count += 1
        return {("f", self.path): Answer(0, self.texts[(self.count - 1) % len(self.texts)])}


@pytest.mark.parametrize("path, texts, fine", [
    (b"/proc/14/wchan", [b"a", b"b", b"a", b"b", b"b", b"b"], True),            # each at two places, and half of ours at the other
    (b"/proc/14/wchan", [b"a", b"c", b"a", b"b", b"b", b"b"], False),           # where the guest never saw it
    (b"/proc/14/wchan", [b"a", b"b", b"a", b"b", b"a", b"b"], False),           # never where the guest just saw it
    (b"/proc/14/comm", [b"a", b"b", b"a", b"b", b"b", b"b"], False),            # nothing that goes round
])
def test_a_thread_may_wait_where_the_guest_saw_it_at_another_look(monkeypatch, path, texts, fine):
    guest = Looks(path, *texts)
    monkeypatch.setattr(test_proc_truth, "look_inside", lambda *_: guest.look())
    monkeypatch.setattr(test_proc_truth, "look_outside", lambda *_: (guest.look(), ""))
    pattern = path.decode().replace("14", "[pid]")
    _, wrong, moved = test_proc_truth.settle(guest, None, {(file(pattern), ("f", path)): ["differs"]}, [])
    assert not moved and (not wrong) == fine
