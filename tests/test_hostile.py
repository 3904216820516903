# SPDX-License-Identifier: GPL-2.0-or-later
"""Every walker over memory that a rootkit has forged: lists and trees that loop or share nodes, absurd counts, strings without
end, pointers to anywhere, a million dentries deep (tests/hostile_places.py has the table). Each ends, says what it
found, and gives no answer that looks whole; with read plans and without it is the same.

One stopped guest of each kernel; what is forged is forged in build/tests/forge alone (tests/forging.py). In each run 6.12 has every
place, with two of the six pointers that lead nowhere by turns, and 5.10 each question with some damage of each kind; with
BARTIZAN_TEST_FULL=1 all kernels have all. Of other kernels than 6.12, for which the places are written: a place that it doesn't have, a
file that it doesn't show before anything was forged, and a forgery where the answer is the same to the byte and true, are
skipped by name; each family of places says at its end how many and which these were, and fails if most of it was skipped.
"""
import collections
import itertools
import os
import re
import struct

import pytest

from conftest import ROOT, Guest
from forging import ABSENT, MARKED, REFUSED, WHOLE, Absent, Ended, Forge
from hostile_kinds import POINTERS
from hostile_places import DISKS, FAMILIES_LOADED, FORGERIES
from hostile_rest import NOT_ASKED

FULL = os.environ.get("BARTIZAN_TEST_FULL") == "1"
MAIN = "6.12"
KERNELS = [MAIN, "5.10", "6.1", "newest"] if FULL else [MAIN, "5.10"]
SIZE_MAX = 96 << 20     # of what is said; what a text may have (guest/proc/seq.c)
READS_MAX = 8 << 20     # a file's budget of steps (guest/kernel/access.c), eight for each
MILLION = 1 << 20
CHAIN = 1 << 20         # where in the arena a chain begins; below are page tables
STRIDE = 512            # of an object in it
PAIRS_MAX = 2
POINTERS_TRIED = 2      # of each place, where not all are
# Of a family on another kernel than 6.12: so many forgeries may be of something that it hasn't, or doesn't look at.
SKIPPED_SHARE_MAX = 0.5
# What a kernel doesn't let us show, before anything is forged.
LACKS = ("sctp is a module whose types the kernel doesn't keep", "how fanotify's marks look before Linux 6.0",
         "what tun_chr_show_fdinfo [tun]() writes is missing", "sockets, which aren't shown")
END_OF_TEXT = 256 << 20


@pytest.fixture(scope="module")
def forge(bartizan, request, tmp_path_factory):
    """Of the kernel that is named."""
    arguments = [] if request.param == "5.10" else ["--la57", "off"]
    guest = Guest(bartizan, "--kernel", request.param, "--memory", "512M", *arguments)
    guest.exec(["sockets"])
    guest.exec(["sockets", "--sctp"])
    guest.exec(["processes"])
    guest.exec(["processes", "--watcher"])
    guest.exec(["sh", "-c", FAMILIES_LOADED])
    guest.exec(["sh", "-c", DISKS])
    made = Forge(guest, tmp_path_factory.mktemp("layout"))
    made.kernel = request.param
    with guest.paused():
        yield made
    made.end()
    guest.down()


@pytest.fixture(scope="module")
def whole(forge):
    """What a question gives where nothing is forged."""
    answers = {}

    def ask(question):
        if question not in answers:
            forge.clear()
            answers[question] = forge.ask(question)
        return answers[question]

    return ask


def named(forge, question):
    """With the processes' numbers; system calls ask in hexadecimal."""
    if question.startswith("process "):
        return f"process {forge.pid(question.split('@')[1]):x}"
    return forge.path(question)


def endless_text(forge):
    arena = forge.arena()
    forge.ladder(arena + CHAIN, (END_OF_TEXT - CHAIN) // 8, 8, 0x4141414141414141, 0)
    return arena + CHAIN


def million(forge, field, first):
    """A chain of so many objects, each with the words of the first that is there now, but for the pointer to the next."""
    arena, offset = forge.arena(), forge.layout.offset(field)
    struct_name = field.split(".")[0]
    size = min(forge.layout.structs[struct_name]["size"], STRIDE)
    words = forge.read(first, size)
    for at in range(0, size - 7, 8):
        base, step = int.from_bytes(words[at:at + 8], "little"), 0
        if at == offset:
            base, step = arena + CHAIN + STRIDE, STRIDE
        # Sixteen ladders are all there are: fields of names, numbers and pointers come first.
        if at < 96 or at == offset:
            forge.ladder(arena + CHAIN + at, MILLION, STRIDE, base, step)
    return arena + CHAIN


def dentries(forge, first):
    """Each in the next one, with a name of one letter, on the same file system."""
    arena, offset = forge.arena(), forge.layout.offset
    name = arena + 4096
    forge.put(name, b"d\0")
    for field, base, step in (("d_parent", arena + CHAIN + STRIDE, STRIDE), ("d_name.name", name, 0),
                              ("d_name", 1 << 32, 0), ("d_sb", forge.word(first + offset("dentry.d_sb")), 0),
                              ("d_inode", forge.word(first + offset("dentry.d_inode")), 0)):
        forge.ladder(arena + CHAIN + offset("dentry." + field), MILLION, STRIDE, base, step)
    return arena + CHAIN


def damage(forge, forgery):
    place = forge.place(forgery.place)
    value = forgery.value
    if value == "fill":
        forge.put(place, b"A" * forgery.size)
        return
    if value == "string":
        value = endless_text(forge)
    elif value == "dentries":
        value = dentries(forge, forge.word(place))
    elif isinstance(value, str) and value.startswith("million "):
        value = million(forge, value.split(" ", 1)[1], forge.word(place))
    elif isinstance(value, str):
        value = forge.place(value)
    forge.put(place, value.to_bytes(forgery.size, "little"))


def look(forge, question, plans):
    assert forge.tell(f"plans {plans}") == "ok"
    try:
        return forge.ask(question)
    except Ended as reason:
        pytest.fail(f"{question}: {reason}")


def check(answer, forgery, clean):
    assert answer.size <= SIZE_MAX
    assert answer.reads <= READS_MAX
    if answer.outcome in (MARKED, REFUSED):
        assert answer.said, "it doesn't say what it found"
    elif answer.outcome == ABSENT:
        assert forgery.may_be_absent, "it looks absent"
    else:
        assert forgery.may_be_whole, f"it looks whole: {answer.text[:200]}"
        assert answer.size or not clean.size, "it is empty, and looks whole"


def label(value):
    name, forgery = value
    if forgery is None:
        return f"{name}: most has an effect"
    return f"{name}: {forgery.question}: {forgery.place}: {forgery.kind}"


QUESTIONS = sorted({forgery.question for _, forgery in FORGERIES})


def pairs():
    """Each question with one damage of each kind, at most so many of a question."""
    seen, count = set(), {}
    for name, forgery in FORGERIES:
        pair = (name, forgery.kind.split(" ")[0])
        if pair not in seen and count.setdefault(forgery.question, 0) < PAIRS_MAX:
            seen.add(pair)
            count[forgery.question] += 1
            yield name, forgery


def each_place():
    """All, but of the pointers that lead nowhere only some of each place: others of the next."""
    places = {}
    for name, forgery in FORGERIES:
        if forgery.kind in POINTERS:
            at = (forgery.question, forgery.place)
            turn = places.setdefault(at, len(places))
            which = list(POINTERS).index(forgery.kind)
            if (which - turn * POINTERS_TRIED) % len(POINTERS) >= POINTERS_TRIED:
                continue
        yield name, forgery


def over_kernels(*names):
    return pytest.mark.parametrize("forge", names, indirect=True, scope="module")


def cases():
    """Behind each family the question whether most of it had an effect, which counts what was tried before it."""
    for kernel in KERNELS:
        chosen = list(FORGERIES if FULL else each_place() if kernel == MAIN else pairs())
        for name, family in itertools.groupby(chosen, lambda case: case[0]):
            for case in (*family, (name, None)):
                yield pytest.param(kernel, case, id=f"{kernel}: {label(case)}")


# {(kernel, family): [(what, why it was skipped, or None)]}; what a kernel doesn't show at all isn't tried.
TRIED, NOT_SHOWN = collections.defaultdict(list), collections.defaultdict(list)


def lacks(forge, answer):
    """Nothing of it is shown of this kernel, by name."""
    return forge.kernel != MAIN and (answer.outcome == ABSENT or any(lack in answer.said for lack in LACKS))


@pytest.mark.parametrize("question", QUESTIONS)
@over_kernels(*KERNELS)
def test_it_is_whole_where_nothing_is_forged(forge, whole, question):
    question, answer = ask_clean(forge, whole, question)
    assert (answer.outcome, answer.said) == (WHOLE, "")
    if question.startswith("parts "):
        assert answer.text == whole(question.replace("parts", "show", 1)).text


def ask_clean(forge, whole, question, not_shown=None):
    """(with the processes' numbers, what it gives where nothing is forged). What the kernel doesn't let us show is skipped, and
    added to `not_shown`."""
    try:
        question = named(forge, question)
    except Absent as reason:
        assert forge.kernel != MAIN, reason
        if not_shown is not None:
            not_shown.append(question)
        pytest.skip(f"{forge.kernel} has no {reason}")
    clean = whole(question)
    if lacks(forge, clean):
        if not_shown is not None:
            not_shown.append(question)
        pytest.skip(f"{forge.kernel} has no {question}")
    return question, clean


def check_share(forge, family, tried, not_shown):
    skipped = [(what, why) for what, why in tried if why]
    words = f"{forge.kernel}: {family}: {len(skipped)} of {len(tried)} skipped" + "".join(f"\n  {what}: {why}" for what, why in skipped)
    if skipped:
        print(words)
    assert tried or not_shown, f"{forge.kernel}: {family}: nothing was tried"
    assert not skipped or forge.kernel != MAIN
    assert len(skipped) <= SKIPPED_SHARE_MAX * len(tried), words


def skip_reason(forge, forgery):
    """Why this kernel can't have it; or None, and what is to be forged is."""
    try:
        forge.clear()
        damage(forge, forgery)
    except (KeyError, Absent) as reason:
        assert forge.kernel != MAIN, reason
        return f"{forge.kernel} has no {reason}"
    return None


def is_without_effect(answers, clean):
    """To the byte what is true: how many lines were read for it changes with what lies in a cache."""
    return all((answer.outcome, answer.size, answer.text) == (WHOLE, clean.size, clean.text) for answer in answers)


@pytest.mark.parametrize("forge, forgery", cases(), indirect=["forge"], scope="module")
def test_what_is_forged_is_said(forge, whole, forgery):
    name, forgery = forgery
    tried = TRIED[forge.kernel, name]
    if forgery is None:
        check_share(forge, name, tried, NOT_SHOWN[forge.kernel, name])
        return
    question, clean = ask_clean(forge, whole, forgery.question, NOT_SHOWN[forge.kernel, name])
    reason = skip_reason(forge, forgery)
    if reason is None:
        with_plans = look(forge, question, "on")
        without = look(forge, question, "off")
        assert with_plans.reads <= READS_MAX and without.reads <= READS_MAX
        if forge.kernel != MAIN and is_without_effect((with_plans, without), clean):
            reason = f"{forge.kernel} makes {question} without looking there"
    tried.append((f"{forgery.question}: {forgery.place}: {forgery.kind}", reason))
    if reason is not None:
        pytest.skip(reason)
    check(with_plans, forgery, clean)
    assert (without.outcome, without.size, without.text, without.said) == \
        (with_plans.outcome, with_plans.size, with_plans.text, with_plans.said)


def way_to(forge, name, member):
    """Where the entries of page tables stand that lead to what a process's memory has there, from the uppermost one on."""
    mm = forge.word(forge.task(name) + forge.layout.offset("task_struct.mm"))
    address = forge.word(mm + forge.layout.offset("mm_struct." + member))
    direct = forge.word(forge.layout.symbols["page_offset_base"])
    table, way = forge.word(mm + forge.layout.offset("mm_struct.pgd")), []
    for shift in (39, 30, 21, 12):
        way.append(table + (address >> shift & 511) * 8)
        table = direct + (forge.word(way[-1]) & 0x000ffffffffff000)
    return way


@over_kernels(MAIN)
@pytest.mark.parametrize("level", range(4))
@pytest.mark.parametrize("file, member", [("cmdline", "arg_start"), ("environ", "env_start")])
def test_page_tables_that_changed_since_they_were_copied_are_said_whatever_their_level(forge, level, file, member):
    question = f"show /proc/{forge.pid('family')}/{file}"
    forge.clear()
    place = way_to(forge, "family", member)[level]
    entry = forge.word(place)
    look(forge, question, "off")
    before = forge.ask("again " + question)
    assert (before.outcome, before.said) == (WHOLE, "") and before.size > 0
    # A bit that means nothing: as before, what is copied leads to the same text.
    assert forge.tell(f"change {place:x} {(entry ^ 1 << 9).to_bytes(8, 'little').hex()}") == "ok"
    after = forge.ask("again " + question)
    assert (after.outcome, after.text) == (MARKED, before.text) and "changed its memory" in after.said


@over_kernels(MAIN)
@pytest.mark.parametrize("level", [2, 3])
@pytest.mark.parametrize("file, member", [("cmdline", "arg_start"), ("environ", "env_start")])
def test_a_page_that_is_being_moved_is_not_called_swapped_out(forge, level, file, member):
    """Torn: what takes a moment is worth another look (PROC_TORN_TRIES)."""
    question = f"show /proc/{forge.pid('family')}/{file}"
    forge.clear()
    forge.put(way_to(forge, "family", member)[level], (30 << 59 | 0x1234 << 9).to_bytes(8, "little"))  # above all swap areas
    for plans in ("on", "off"):
        answer = look(forge, question, plans)
        assert answer.outcome in (MARKED, REFUSED) and "the kernel is moving it" in answer.said and "swapped out" not in answer.said


@over_kernels(MAIN)
@pytest.mark.parametrize("file, member", [("cmdline", "arg_start"), ("environ", "env_start")])
def test_a_page_that_is_marked_is_neither_being_moved_nor_swapped_out(forge, file, member):
    """MADV_GUARD_INSTALL, UFFDIO_POISON: it stays so, and another look is worth nothing."""
    forge.clear()
    forge.put(way_to(forge, "family", member)[3], (31 << 59 | 0x4 << 9).to_bytes(8, "little"))
    for plans in ("on", "off"):
        answer = look(forge, f"show /proc/{forge.pid('family')}/{file}", plans)
        assert answer.outcome in (MARKED, REFUSED) and "has marked it" in answer.said
        assert "moving" not in answer.said and "swapped out" not in answer.said


@over_kernels("5.10")
@pytest.mark.parametrize("way", ["", "* +rb_node.rb_left", "* +rb_node.rb_right", "* +rb_node.rb_left * +rb_node.rb_right",
                                 "* +rb_node.rb_right * +rb_node.rb_left"])
def test_areas_that_are_in_the_list_and_not_in_the_tree_are_said(forge, whole, way):
    """Before 6.1 a process's areas are in a list and in a tree: a text that is made in parts begins each where the tree says."""
    question, top = named(forge, "parts /proc/@mapped/maps"), "@mapped +task_struct.mm * +mm_struct.mm_rb.rb_node"
    clean = whole(question)
    least = "@mapped +task_struct.mm * +mm_struct.mmap * +vm_area_struct.vm_rb"
    for value in (None, f"{top} * +rb_node.rb_left *", f"{top} * +rb_node.rb_right *", least):
        forge.clear()
        forge.put(forge.place(f"{top} {way}"), (forge.place(value) if value else 0).to_bytes(8, "little"))
        answers = [look(forge, question, plans) for plans in ("on", "off")]
        assert all(answer.outcome in (MARKED, REFUSED) and answer.said or answer.text == clean.text for answer in answers), (way, value)
        assert way or value or all(answer.outcome != WHOLE for answer in answers)


# Who a process is, and what belongs to it.
OWN = ["+task_struct.start_boottime", "+task_struct.thread_pid", "+task_struct.real_parent", "+task_struct.signal", "+task_struct.mm",
       "+task_struct.files", "+task_struct.real_cred", "+task_struct.real_cred * +cred.uid",
       "+task_struct.real_cred * +cred.cap_effective", "+task_struct.mm * +mm_struct.pgd"]


@over_kernels(*KERNELS)
@pytest.mark.parametrize("file", ["stat", "status", "statm", "limits"])
def test_a_process_that_is_another_one_since_it_was_copied_is_said(forge, file):
    question = f"show /proc/{forge.pid('family')}/{file}"
    for way in OWN:
        forge.clear()
        place = forge.place("@family " + way)
        word = forge.word(place)
        look(forge, question, "off")
        before = forge.ask("again " + question)
        assert (before.outcome, before.said) == (WHOLE, "") and before.size > 0
        # What was looked at after all was copied needs no further look; now something more is copied.
        forge.ask("again show /proc/1/stat")
        assert forge.tell(f"change {place:x} {(word ^ 64).to_bytes(8, 'little').hex()}") == "ok"
        after = forge.ask("again " + question)
        assert (after.outcome, after.text) == (MARKED, before.text) and "who it is" in after.said, way


# ---- types

class Types:
    """Where the guest's BTF has what, read from its bytes as Documentation/bpf/btf.rst describes them."""
    TAILS = {1: 4, 3: 12, 14: 4, 17: 4}                         # by kind: once
    ELEMENTS = {4: 12, 5: 12, 6: 8, 13: 8, 15: 12, 19: 12}      # of each of its vlen

    def __init__(self, data):
        self.data = data
        self.header_size, type_at, type_size, string_at, self.string_size = struct.unpack_from("<5I", data, 4)
        self.string_at = self.header_size + string_at
        place, end = self.header_size + type_at, self.header_size + type_at + type_size
        self.place, self.named = [0], {}
        while place < end:
            name, info, _ = struct.unpack_from("<3I", data, place)
            kind = info >> 24 & 31
            self.named.setdefault((kind, self.string(name)), len(self.place))
            self.place.append(place)
            place += 12 + self.TAILS.get(kind, 0) + self.ELEMENTS.get(kind, 0) * (info & 0xffff)

    def string(self, offset):
        return self.data[self.string_at + offset:self.data.index(b"\0", self.string_at + offset)].decode()

    def member(self, name, member):
        """Its place in struct `name`."""
        place = self.place[self.named[4, name]]
        for at in range(place + 12, place + 12 + 12 * (self.word(place + 4) & 0xffff), 12):
            if self.string(self.word(at)) == member:
                return at
        raise AssertionError(f"no {member} in struct {name}")

    def word(self, place):
        return struct.unpack_from("<I", self.data, place)[0]


def forged_types(types):
    """(what is forged, place, word)."""
    task, pid, count = types.place[types.named[4, "task_struct"]], types.place[types.named[8, "pid_t"]], len(types.place)
    member = types.member("task_struct", "pid")
    info = types.word(task + 4)
    yield "no magic", 0, 0
    yield "another version", 0, types.word(0) & 0xffff | 2 << 16
    yield "a header without end", 4, 0xffffffff
    yield "a header that is all", 4, len(types.data)
    yield "types beyond", 8, 0xfffffff0
    yield "types without end", 12, 0xffffffff
    yield "types that end within one", 12, types.word(12) - 8
    yield "no types", 12, 0
    yield "strings beyond", 16, 0xfffffff0
    yield "strings without end", 20, 0xffffffff
    yield "a last string without end", 20, types.string_size - 1
    yield "no strings", 20, 0
    yield "a count of members", task + 4, info | 0xffff
    yield "no members", task + 4, info & ~0xffff
    yield "a kind that isn't", task + 4, info & ~(31 << 24) | 31 << 24
    yield "another kind", task + 4, info & ~(31 << 24) | 1 << 24
    yield "a name beyond", task, types.string_size
    yield "a name far beyond", task, 0xffffffff
    yield "a member's name beyond", member, 0xffffffff
    yield "a member's type beyond", member + 4, count
    yield "a member's type far beyond", member + 4, 0xffffffff
    yield "a struct within itself", member + 4, types.named[4, "task_struct"]
    yield "a member of nothing", member + 4, 0
    yield "a member beyond the struct", member + 8, 0x00fffff8
    yield "a typedef of itself", pid + 8, types.named[8, "pid_t"]
    yield "a typedef beyond", pid + 8, count


def look_anew(forge, question, what):
    try:
        answer = forge.ask("anew " + question)
    except Ended as reason:
        pytest.fail(f"{what}: {reason}")
    assert answer.reads <= READS_MAX, what
    return answer


@over_kernels(*(KERNELS if FULL else [MAIN]))
def test_types_that_are_forged_are_said_and_nothing_is_decoded_by_them(forge):
    """The kernel is found anew in what is forged: of its types, too."""
    forge.clear()
    question = f"show /proc/{forge.pid('family')}/stat"
    types = Types(forge.layout.btf)
    start = forge.layout.symbols["__start_BTF"]
    clean = look_anew(forge, question, "nothing")
    assert (clean.outcome, clean.said) == (WHOLE, "") and clean.size > 0
    for what, place, word in forged_types(types):
        forge.clear()
        forge.put(start + place, word.to_bytes(4, "little"))
        answer = look_anew(forge, question, what)
        assert answer.outcome in (MARKED, REFUSED) and answer.said, (what, answer)
    # From there on hundreds of types have one name, which is longer than any.
    forge.clear()
    name = types.string_at + types.word(types.place[types.named[4, "task_struct"]])
    forge.put(start + name, b"A" * min(8192, types.string_at + types.string_size - 1 - name))
    answer = look_anew(forge, question, "names without end")
    assert answer.outcome in (MARKED, REFUSED) and answer.said, answer
    assert answer.text == b"" and len(answer.said) < 4096


# Directories of nothing but nodes, and links whose text is constant, have no walker.
NODE = re.compile(r'^(?:LISTED|LISTED_MODE|LISTED_OWN|LINK_NODE|LINK_FOUND|FILE_NODE|FILE_MODE|PRIVATE_NODE|TREE_NODE)\("([^"]*)", (.*)\)$', re.M)


def node_of(question):
    """The node that a question about a file is answered by, as guest/proc/nodes.h writes it."""
    path = question.split(" ")[1].removeprefix("/proc").removeprefix("/")
    path = re.sub(r"^@\w+/", "[pid]/", path)
    path = re.sub(r"^(\[pid\]/task/)@\w+", r"\1[tid]", path)
    path = re.sub(r"(/fd|/fdinfo)/[^/]+$", r"\1/[n]", path)
    path = re.sub(r"^net/dev_snmp6/.*", "net/dev_snmp6/[*]", path)
    return re.sub(r"^sys/.*", "sys/[*]", path)


def test_each_file_of_proc_is_asked_something_or_it_is_said_why_not():
    with open(os.path.join(ROOT, "guest/proc/nodes.h"), encoding="utf-8") as file:
        # By what they are made by: arguments that begin with what makes them, or with a mode before it.
        nodes = {path: re.sub(r"^0\d+, ", "", arguments).split(", ")[0] for path, arguments in NODE.findall(file.read())}
    asked = {node_of(question) for question in QUESTIONS if question.startswith(("show /proc", "parts /proc", "socket /proc"))}
    assert asked <= set(nodes), asked - set(nodes)
    makers = {nodes[path] for path in asked}
    without = {path for path, maker in nodes.items() if maker not in makers}
    assert without == set(NOT_ASKED), (without - set(NOT_ASKED), set(NOT_ASKED) - without)


def test_each_dump_is_asked():
    with open(os.path.join(ROOT, "guest/ask/ask.h"), encoding="utf-8") as file:
        dumps = re.findall(r"^\tASK_([A-Z0-9_]+)(?= = 0,|,)", file.read().split("enum ask_dump {")[1].split("}")[0], re.M)
    asked = {int(question.split(" ")[1], 16) for question in QUESTIONS if question.startswith("ask ")}
    assert len(dumps) > 10 and asked == set(range(len(dumps)))


def test_there_are_two_hundred_cases_and_more():
    assert len(FORGERIES) >= 200
