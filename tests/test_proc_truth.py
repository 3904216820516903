# SPDX-License-Identifier: GPL-2.0-or-later
"""What the target's /proc shows outside is what it shows inside, on every lab kernel.

The guest looks at itself (tests/inside/look.c), then the whole machine is stopped and the same program looks
at it from outside as an image, then the guest looks again. tests/truth.py has the list and the rules;
docs/proc.md is made from it (BARTIZAN_WRITE_DOCS=1 renews it).
"""
import collections
import errno
import os
import re
import subprocess
from dataclasses import replace

import pytest

from conftest import ROOT, Guest
from disks import DISKS, mount_network, mount_others
from truth import AGENT_FILES, ELSEWHERE, IN_NO_GUEST, LEFT_OUT, LOOKS, directory, file, link, stat

KERNELS = ["5.10", "6.1", "6.12", "newest"]
PAGE = os.path.join(ROOT, "docs/proc.md")
EXEMPT_SHARE_MAX = 0.1
# What is wrong at the first look: so often again at most, until it was right so often, and more often than wrong.
TRIES, RIGHT_MIN = 8, 3
# Of all that is looked at.
AGAIN_SHARE_MAX = 0.02
# Processes that began or ended between the guest's two looks: only workers, which the kernel starts as it needs them.
WORKERS_MAX = 6
HEAD = re.compile(rb"([a-z!]) (.*) (\d+) (\d+)\n", re.DOTALL)

Answer = collections.namedtuple("Answer", "error text")


def parse(output):
    """{(kind, path): Answer}"""
    answers, at = {}, 0
    while at < len(output):
        end = output.index(b"\n", at)
        # A path may have a newline in it: take lines until the head is whole.
        while not (head := HEAD.fullmatch(output[at:end + 1])):
            end = output.index(b"\n", end + 1)
        kind, path, error, size = head.group(1).decode(), head.group(2), int(head.group(3)), int(head.group(4))
        answers[kind, path] = Answer(error, output[end + 1:end + 1 + size])
        at = end + 1 + size + 1
    return answers


def words(looks):
    return "".join(f"{look.kind} {look.pattern}\n" for look in looks).encode()


@pytest.fixture(scope="session")
def look_image(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("look") / "look.enclave")
    subprocess.run([os.path.join(ROOT, "tools/bartizan-cc"), f"--manifest={ROOT}/tests/inside/look.manifest",
                    "-O2", "-D_GNU_SOURCE", "-o", path, f"{ROOT}/tests/inside/look.c"], check=True, timeout=600)
    return path


@pytest.fixture(scope="module", params=KERNELS)
def zoo(request, bartizan):
    machine = Guest(bartizan, "--kernel", request.param, "--cpus", "2")
    machine.kernel = request.param
    machine.exec(["sh", "-c", DISKS])
    machine.exec(["sockets"])
    machine.exec(["sockets", "--sctp"])
    for arguments in ([], ["--watcher"]):   # none may be missing, but what its kernel has no way to make
        said = machine.exec(["processes", *arguments]).stderr
        assert b"ended before it was ready" not in said, said
    # It comes with the mount of the disks, and ends some seconds later: not between the guest's two looks.
    machine.exec(["sh", "-c", "for i in $(seq 60); do grep -q ext4lazyinit /proc/[0-9]*/comm 2>/dev/null || break; sleep 0.25; done"])
    yield machine
    machine.down()


def look_inside(guest, looks):
    return parse(guest.exec(["look"], input=words(looks), timeout=600).stdout)


def look_outside(guest, image, looks):
    done = guest.bartizan("run", "--backend", "plain", "--target", f"qemu:{guest.qemu_pid}", image,
                          input=words(looks), timeout=600)
    return parse(done.stdout), done.stderr.decode(errors="replace")


@pytest.fixture(scope="module")
def seen(zoo, look_image):
    """(before, ours, after, what was said): one look at everything."""
    before = look_inside(zoo, LOOKS)
    with zoo.paused():
        ours, said = look_outside(zoo, look_image, LOOKS)
    return before, ours, look_inside(zoo, LOOKS), said


# ---- comparing

NUMBER = re.compile(rb"-?\d+(\.\d+)?")


def number(word):
    """The word's value, where it is a number ("12", "0.50", "3kB" isn't; "12," is "12")."""
    word = word.rstrip(b",;%")
    return float(word) if NUMBER.fullmatch(word) else None


# A line of these begins with its name: "MemFree:  12 kB", "se.load.weight : 1024", "nr_free_pages 12", "cpu 1 2 3".
NAMED = re.compile(rb"\s*((?!(?:0x)?[0-9a-fA-F]+(?:-[0-9a-fA-F]+)?:?\s)[A-Za-z][^\s:]*)(:|\s+:|(\s+-?\d+)+$)")


def fields_of(look, text):
    """Of each word in the text: (its field, label, column). A line that begins with its name is one field, whatever
    follows; of other lines, each column is one; so is a list of any length."""
    for line in text.split(b"\n"):
        named, label = NAMED.match(line), label_of(line)
        for column in range(1, len(line.split()) + 1):
            yield (named.group(1).decode() if named else 1 if look.is_list else column), label, column


class Tally:
    """Of each field of a look: how many words were compared, and how many an exception took out."""

    def __init__(self):
        self.compared, self.exempt = collections.Counter(), collections.Counter()
        self.within = 0   # of the latter, those that were compared with some slack

    def add(self, other):
        self.compared.update(other.compared)
        self.exempt.update(other.exempt)
        self.within += other.within

    def count(self, look, path, text, kernel):
        """All of a text that is right."""
        for name, label, column in fields_of(look, text):
            exempt = look.exempt and exemption(look, path, label, column, kernel)
            (self.exempt if exempt else self.compared)[name] += 1
            self.within += bool(exempt and exempt.slack is not None)

    def take_out(self, look, text):
        self.exempt.update(name for name, _, _ in fields_of(look, text))

    def share(self):
        """(fields, how many of them are exempt): one that is exempt in some of its places counts as that part."""
        names = self.compared.keys() | self.exempt.keys()
        return len(names), sum(self.exempt[name] / (self.exempt[name] + self.compared[name]) for name in names)


def holds(rule, kernel):
    return rule.kernels is None or kernel in rule.kernels


def exemption(look, path, label, column, kernel):
    for exempt in look.exempt:
        if not holds(exempt, kernel) or (exempt.path is not None and not re.fullmatch(exempt.path, path)):
            continue
        if exempt.where.isdigit():
            if exempt.where == str(column) and exempt.line in (None, label):
                return exempt
        elif exempt.where == label:
            return exempt
    return None


def compare_word(exempt, before, ours, after):
    if ours in (before, after):
        return True
    if exempt and exempt.slack is None:
        return re.fullmatch(exempt.form, ours.decode(errors="replace")) is not None
    numbers = [number(word) for word in (before, ours, after)]
    if None in numbers or (not exempt and before == after):
        return False
    slack, (low, high) = exempt.slack if exempt else 0, sorted((numbers[0], numbers[2]))
    if exempt and not exempt.small:
        slack = min(slack, abs(low) / 2)
    return low - slack <= numbers[1] <= high + slack


def label_of(line):
    """The line's first word, with its ":" if it has one."""
    first = line.split(None, 1)[:1]
    return first[0].decode(errors="replace") if first else ""


def compare_line(look, path, before, ours, after, kernel):
    """What is wrong. Blanks are part of a line's shape; where numbers have grown, columns may have moved."""
    parts = [line.split() for line in (before, ours, after)]
    label = label_of(before)
    if ours in (before, after):
        return []
    if not len(parts[0]) == len(parts[1]) == len(parts[2]):
        return [f"{before!r} and {after!r} inside, {ours!r} outside"]
    wrong = [f"{label} field {column}: {three[0]!r} and {three[2]!r} inside, {three[1]!r} outside"
             for column, three in enumerate(zip(*parts), 1)
             if not compare_word(exemption(look, path, label, column, kernel), *three)]
    if not wrong and len(ours) in (len(before), len(after)) and parts[1] in (parts[0], parts[2]):
        # The same words: then the same blanks.
        wrong.append(f"{before!r} inside, {ours!r} outside")
    return wrong


def compare_text(look, path, before, ours, after, kernel):
    """What is wrong, as a list of texts; None: the guest's two can't be compared (lines came or went)."""
    if ours in (before, after):
        return []
    lines = [text.split(b"\n") for text in (before, ours, after)]
    if len(lines[0]) != len(lines[2]):
        return None
    if len(lines[1]) != len(lines[0]):
        return [f"{len(lines[0])} lines inside, {len(lines[1])} outside: first of ours that differs: "
                f"{next((b for a, b in zip(lines[0], lines[1]) if a != b), b'')!r}"]
    return [text for triple in zip(*lines) for text in compare_line(look, path, *triple, kernel)]


def looks_by_path(answers, looks):
    """Which look each answer belongs to."""
    expressions = []
    for look in looks:
        parts = [{"[pid]": r"\d+", "[tid]": r"\d+", "[n]": r"\d+", "[*]": r"[^/]+"}.get(part, re.escape(part))
                 for part in look.pattern.split("/")]
        expressions.append((look, re.compile("/".join(parts).encode(), re.DOTALL)))
    for kind, path in answers:
        for look, expression in expressions:
            if look.kind == kind and expression.fullmatch(path):
                yield look, (kind, path)
                break


def is_lacking(look, path, said, kernel, inside):
    """`inside`: the guest's own two errnos."""
    # /proc/net leads to self/net, and self to process 1; a device's directory is elsewhere below /sys.
    shown = re.sub(r"^/sys/class/(net|block)/", r"/sys/devices/\\S*/", re.escape(re.sub("^/proc/net/", "/proc/1/net/", path)))
    return any(holds(lack, kernel) and (lack.inside is None or lack.inside in inside) and
               re.search(shown + " isn't whole: .*" + lack.said, said) for lack in look.lacks)


def compare_all(before, ours, after, looks, kernel, said=""):
    """({look: Tally}, {(look, path): [what is wrong]}, paths that moved too much to tell)"""
    tallies, wrong, unsettled = collections.defaultdict(Tally), {}, []
    for look, key in looks_by_path({**before, **ours}, looks):
        path = key[1].decode(errors="replace")
        if look.own_paths is not None and re.fullmatch(look.own_paths.paths, path):
            tallies[look].take_out(look, before[key].text if key in before else b"")
            continue
        if key not in before or key not in after:
            # Came or went between the guest's looks; or was never there.
            if key not in before and key not in after and not key[1].startswith(b"/proc/self"):
                wrong[look, key] = [f"{path}: outside only"]
            continue
        if key not in ours:
            wrong[look, key] = [f"{path}: isn't there outside"]
            continue
        if ours[key].error == errno.EIO and is_lacking(look, path, said, kernel, (before[key].error, after[key].error)):
            tallies[look].take_out(look, before[key].text)
            continue
        if ours[key].error not in (before[key].error, after[key].error):
            wrong[look, key] = [f"{path}: errno {before[key].error} inside, {ours[key].error} outside"]
            continue
        result = compare_text(look, path, before[key].text, ours[key].text, after[key].text, kernel)
        if result is None:
            unsettled.append((look, key))
        elif result:
            wrong[look, key] = [f"{path}: {text}" for text in result]
        else:
            tallies[look].count(look, path, ours[key].text, kernel)
    return tallies, wrong, unsettled


# A thread of the kernel goes round among few places to wait at (RCU's between two, with every grace period that a look begins): the
# guest's two looks may find it twice at one, and ours at another. A place where the guest itself saw it at another of its
# looks isn't counted as wrong, nor as right.
GOES_ROUND = re.compile(r".*/(wchan|stack)")


def is_settled(counts):
    return counts["right"] >= RIGHT_MIN and counts["right"] > counts["wrong"] - counts["of another look"]


def settle(guest, image, wrong, unsettled):
    """What moved too much at once, or there and back between the guest's looks (a worker has another name for each
    thing that it does), is looked at again by itself, until most of these looks are right: one of them proves nothing.

    Gives (tallies, {(look, key): what was wrong}, those of which the guest hardly ever printed the same lines twice)."""
    tallies, texts = collections.defaultdict(Tally), dict(wrong)
    seen = {one: collections.Counter() for one in [*unsettled, *wrong]}
    inside, strays = collections.defaultdict(set), collections.defaultdict(list)
    for _ in range(TRIES):
        again = [one for one, counts in seen.items() if not is_settled(counts)]
        if not again:
            break
        single = {replace(look, pattern=key[1].decode()): look for look, key in again}
        before = look_inside(guest, list(single))
        with guest.paused():
            ours, said = look_outside(guest, image, list(single))
        after = look_inside(guest, list(single))
        more, bad, left = compare_all(before, ours, after, list(single), guest.kernel, said)
        for look, tally in more.items():
            tallies[single[look]].add(tally)
        bad = {(single[look], key): found for (look, key), found in bad.items()}
        left = {(single[look], key) for look, key in left}
        texts.update(bad)
        for one in again:
            # What is gone has ended for good (test_what_comes_and_goes_is_the_kernels_workers).
            seen[one]["wrong" if one in bad else "moved" if one in left else "right"] += 1
            inside[one].update(answers[one[1]].text for answers in (before, after) if one[1] in answers)
            if one in bad and one[1] in ours:
                strays[one].append(ours[one[1]].text)
            if GOES_ROUND.fullmatch(one[0].pattern):
                seen[one]["of another look"] = sum(text in inside[one] for text in strays[one])
    for (_, key), counts in seen.items():
        print(f"{guest.kernel}: {key[1].decode(errors='replace')}: {dict(counts)}")
    still = [one for one, counts in seen.items() if not is_settled(counts)]
    moved = [one for one in still if not seen[one]["wrong"]]
    return tallies, {one: texts[one] for one in still if one not in moved}, moved


RESULTS = {}    # {kernel: {look: Tally}}
LISTED = collections.defaultdict(dict)    # {directory: {kernel: names}}


@pytest.fixture(scope="module")
def compared(zoo, look_image, seen):
    before, ours, after, said = seen
    tallies, wrong, unsettled = compare_all(before, ours, after, LOOKS, zoo.kernel, said)
    print(f"{zoo.kernel}: {len(wrong) + len(unsettled)} of {len(before)} answers need a second look")
    assert len(wrong) + len(unsettled) <= AGAIN_SHARE_MAX * len(before), [key for _, key in [*wrong, *unsettled]][:50]
    more, bad, left = settle(zoo, look_image, wrong, unsettled)
    for look, tally in more.items():
        tallies[look].add(tally)
    texts_by_look = collections.defaultdict(list)
    for (look, _), texts in bad.items():
        texts_by_look[look] += texts
    for look, key in left:
        texts_by_look[look].append(
            f"{key[1].decode(errors='replace')}: the guest never printed the same lines twice")
    RESULTS[zoo.kernel] = tallies
    return tallies, texts_by_look, said


@pytest.mark.parametrize("look", LOOKS, ids=lambda look: f"{look.kind}:{look.pattern}")
def test_outside_is_what_the_guest_prints(compared, seen, look):
    tallies, wrong, said = compared
    before = seen[0]
    if not any(one is look for one, _ in looks_by_path(before, [look])):
        assert not any(True for _ in looks_by_path(seen[1], [look])), "outside only"
        pytest.skip(f"this kernel's guest has no {look.pattern}")
    shown = wrong[look][:12]
    named = [line for line in said.splitlines() if any(f"{text.split(':')[0].rsplit('/', 1)[-1]} isn't whole" in line for text in shown)]
    assert not shown, "\n".join([f"{len(wrong[look])} differences:"] + shown + named)


def process_of(path):
    match = re.match(rb"/proc/(\d+)(/|$)", path)
    return int(match.group(1)) if match else None


def processes_of(answers):
    return {pid for _, path in answers if (pid := process_of(path))}


def name_of(pid, *looks):
    """Of one that ended before its name was looked at: that of a worker."""
    return next((answers["f", b"/proc/%d/comm" % pid].text for answers in looks if ("f", b"/proc/%d/comm" % pid) in answers),
                b"kworker/?")


def test_what_comes_and_goes_is_the_kernels_workers(seen):
    """What wasn't there at both of the guest's looks isn't compared: nothing but whole processes of these, and few."""
    before, ours, after, _ = seen
    # One that ends while the guest looks is in its list, and without files.
    moved = (processes_of(before) ^ processes_of(after)) | {
        process_of(path) for _, path in before.keys() ^ after.keys() if re.fullmatch(rb"/proc/\d+", path)}
    names = {pid: name_of(pid, before, after) for pid in moved}
    print(names)
    assert len(moved) <= WORKERS_MAX and all(name.startswith(b"kworker/") for name in names.values()), names
    assert processes_of(ours) - processes_of(before) - processes_of(after) == set()
    single = {path for _, path in before.keys() ^ after.keys()
              if process_of(path) not in moved and not re.fullmatch(AGENT_FILES.paths.encode(), path)}
    assert not single, sorted(single)[:50]


def test_bound_threads_are_on_their_cpu(seen):
    """A kernel thread of one CPU has its number in its name (kernel/smpboot.c): field 39 of stat is that."""
    found = [(int(match.group(1)), int(match.group(2).split()[36])) for (kind, path), answer in seen[1].items()
             if kind == "f" and re.fullmatch(rb"/proc/\d+/stat", path)
             and (match := re.fullmatch(rb"\d+ \((?:ksoftirqd|migration|cpuhp)/(\d+)\) (.*)\n", answer.text, re.DOTALL))]
    assert len(found) >= 3 and all(name == cpu for name, cpu in found), found


def test_cgroup2_has_options_to_be_shown(seen):
    """The kernel has one, whose options are those of who mounted it last: none of the zoo may undo an init's."""
    for answers in seen[:3]:
        rows = [line for (kind, path), answer in answers.items() if re.fullmatch(rb"/proc/\d+/mountinfo", path)
                for line in answer.text.splitlines() if b" - cgroup2 " in line]
        assert len(rows) >= 3 and all(b"nsdelegate,memory_recursiveprot" in line for line in rows), rows


CLOCKS = {0: "CLOCK_REALTIME", 1: "CLOCK_MONOTONIC", 7: "CLOCK_BOOTTIME", 8: "CLOCK_REALTIME_ALARM", 9: "CLOCK_BOOTTIME_ALARM"}
TIMER = re.compile(rb"clockid: (\d+)\n.*it_value: \((\d+), ", re.DOTALL)


def test_timers_of_each_clock_count_down(seen):
    """The table above knows the form of it_value only: between the guest's two looks it is, to the second."""
    before, ours, after, _ = seen
    met = collections.Counter()
    for (kind, path), answer in ours.items():
        key = kind, path
        if not (re.fullmatch(rb"/proc/\d+/fdinfo/\d+", path) and (match := TIMER.search(answer.text)) and key in before and key in after):
            continue
        clock, left = int(match.group(1)), int(match.group(2))
        first, last = (int(TIMER.search(answers[key].text).group(2)) for answers in (before, after))
        assert last - 1 <= left <= first + 1, f"{path}: {CLOCKS[clock]}: {first} and {last} seconds inside, {left} outside"
        met[clock] += left > 0
    assert met.keys() == CLOCKS.keys() and min(met.values()) >= 2, met


def test_what_directories_lack_is_said(zoo, look_image):
    looks = [directory(path) for path in LEFT_OUT]
    inside = look_inside(zoo, looks)
    outside, _ = look_outside(zoo, look_image, looks)
    for path, reasons in LEFT_OUT.items():
        there, ours = ({name for name in answers["d", path.encode()].text.decode().split("\n") if not name.isdigit()}
                       for answers in (inside, outside))
        elsewhere = ELSEWHERE.get(path, {})
        assert there - ours - reasons.keys() == set(), f"{path}: missing outside, and nothing says why"
        assert (reasons.keys() | elsewhere.keys()) & ours == set(), f"{path}: there outside; tests/truth.py says that it is left out"
        assert elsewhere.keys() & there == set(), f"{path}: there; tests/truth.py says that no lab kernel has it"
        LISTED[path][zoo.kernel] = there


def test_what_is_said_to_be_left_out_is_there_on_some_kernel():
    missing = [kernel for kernel in KERNELS if kernel not in LISTED["/proc"]]
    if missing:
        pytest.skip(f"only after all kernels: {', '.join(missing)} weren't looked at")
    unneeded = {path: names for path, reasons in LEFT_OUT.items()
                if (names := reasons.keys() - set().union(*LISTED[path].values()))}
    assert unneeded == {}, "no lab kernel lists them"


# After all of the above: their modules have threads of their own, many of them.
def test_file_systems_with_own_options(zoo, look_image, kernel_directory, tmp_path):
    """xfs, squashfs, btrfs with a subvolume, FUSE: options, device, and the files on them, byte for byte; where the kernel
    doesn't say how its modules keep them, an error that names each."""
    pid = mount_others(zoo, kernel_directory(zoo.kernel), str(tmp_path))
    files = [f"/proc/{pid}/{name}" for name in ("mounts", "mountinfo", "mountstats", "maps")]
    looks = [*(file(path) for path in files), link(f"/proc/{pid}/fd/[n]"), stat(f"/proc/{pid}/fd/[n]"), link(f"/proc/{pid}/cwd"),
             stat(f"/proc/{pid}/cwd")]
    inside = look_inside(zoo, looks)
    with zoo.paused():
        outside, said = look_outside(zoo, look_image, looks)
    text = inside["f", files[1].encode()].text
    print(text.decode(), said)
    assert all(name in text for name in (b" xfs ", b" squashfs ", b" btrfs ", b" fuse.sshfs ", b" fuse ", b" iso9660 ", b" udf ")) and inside.keys() == outside.keys()
    if zoo.kernel != "5.10":
        assert outside == inside
        return
    assert re.search("options are missing that only the file system (xfs|btrfs|fuse|iso9660|udf) itself knows", said)
    for path in files[:2]:
        rows = [answers["f", path.encode()].text.splitlines() for answers in (inside, outside)]
        assert outside["f", path.encode()].error == errno.EIO and len(rows[0]) == len(rows[1])
        assert all(whole.startswith(ours.removesuffix(b" 0 0")) for whole, ours in zip(*rows)), rows
    assert outside["s", f"/proc/{pid}/fd/4".encode()].error != 0 and "btrfs is a module whose types the kernel doesn't keep" in said


def test_file_systems_of_other_machines(zoo, look_image, kernel_directory):
    """NFS, of which the guest is server and client: options, device and root."""
    if zoo.kernel == "newest":
        pytest.skip("no NFS server in this guest: its kernel starts none before a program of nfs-utils gave it a socket")
    pid = mount_network(zoo, kernel_directory(zoo.kernel))
    files = [f"/proc/{pid}/{name}" for name in ("mounts", "mountinfo")]
    looks = [file(path) for path in files]
    inside = look_inside(zoo, looks)
    with zoo.paused():
        outside, said = look_outside(zoo, look_image, looks)
    text = inside["f", files[1].encode()].text
    print(text.decode(), said)
    assert text.count(b" - nfs4 ") == 3
    # On 5.10, too, whose modules keep no types: it has these itself.
    assert outside == inside


def test_at_most_one_field_in_ten_is_exempt(compared):
    share = exempt_share(compared[0])
    print(f"{share:.1f} % of the fields are exempt")
    assert share <= 100 * EXEMPT_SHARE_MAX


def test_each_look_compares_something_on_some_kernel():
    missing = [kernel for kernel in KERNELS if kernel not in RESULTS]
    if missing:
        pytest.skip(f"only after all kernels: {', '.join(missing)} weren't looked at")
    met = {(look.kind, look.pattern) for tallies in RESULTS.values() for look, tally in tallies.items()
           if tally.compared.total() + tally.within > 0}
    never = {(look.kind, look.pattern) for look in LOOKS} - met
    assert never - IN_NO_GUEST.keys() == set(), "nothing was compared, and tests/truth.py doesn't say why"
    assert IN_NO_GUEST.keys() - never == set(), "there in a guest; tests/truth.py says that it is in none"


# ---- the page

KINDS = {"f": "text", "l": "link", "d": "names", "s": "stat() of what it leads to", "o": "stat()"}


def on(rule):
    return f" (only {', '.join(rule.kernels)})" if rule.kernels else ""


def exceptions(look):
    for e in look.exempt:
        yield (f"{'field ' if e.where.isdigit() else ''}{e.where.rstrip(':')}{f' of {e.line}' if e.line else ''}"
               f"{f' of {e.path}' if e.path else ''}: {e.why}"
               f"{'' if e.slack is None else f' (within {e.slack:g})'}{f'; {e.small}' if e.small else ''}{on(e)}")
    if look.own_paths:
        yield f"not `{look.own_paths.paths}`: {look.own_paths.why}".replace("|", "\\|")
    for lack in look.lacks:
        yield f"an error outside: {lack.why}{on(lack)}"
    if (look.kind, look.pattern) in IN_NO_GUEST:
        yield f"nothing was compared: {IN_NO_GUEST[look.kind, look.pattern]}"


def shares():
    """({look: share of its fields that are exempt, in percent}, that of all fields by kernel)"""
    looks = {}
    for look in LOOKS:
        whole = Tally()
        for tallies in RESULTS.values():
            whole.add(tallies.get(look, Tally()))
        fields, exempt = whole.share()
        looks[look] = 100 * exempt / fields if fields else 0
    return looks, {kernel: exempt_share(tallies) for kernel, tallies in RESULTS.items()}


def exempt_share(tallies):
    """Of all fields of a kernel, in percent."""
    parts = [tally.share() for tally in tallies.values()]
    return 100 * sum(exempt for _, exempt in parts) / sum(fields for fields, _ in parts)


def make_page(of_looks=None, of_kernels=None):
    """The rules and the exceptions; without the shares, which move a little from run to run, where they aren't given."""
    of_looks, of_kernels = of_looks or dict.fromkeys(LOOKS, 0), of_kernels or dict.fromkeys(KERNELS, 0)
    text = ["# /proc of the target: what is compared with the guest's own", "",
            "Made by `tests/test_proc_truth.py` (`BARTIZAN_WRITE_DOCS=1`); not written by hand.", "",
            "A guest with processes, threads, containers, files, locks and sockets of every kind looks at its own /proc; the whole "
            "machine is stopped and the same program looks at it from outside; the guest looks again. On the kernels "
            f"{', '.join(KERNELS)}. Our text is one of the guest's two, byte for byte; or else each field is one of its "
            "two, or a number between them. What is wrong then (a fiftieth of all at most) is looked at again, up to "
            f"{TRIES} times: it must be right {RIGHT_MIN} times, and more often than wrong. What was there at one of the guest's looks only "
            f"isn't compared: at most {WORKERS_MAX} processes, all of them the kernel's workers. Exceptions are in the table.", "",
            "A field is what one name says (`MemFree:`), or one column of a table, however many lines a file has, and however "
            "many files the row of this table stands for. One that is exempt for some processes only counts as that part. "
            "At most one field in ten is exempt; the test counts on each kernel. As exempt counts what is compared with some slack, too "
            "(never more than half of the guest's own number, where no reason is said), and what only has to have the right form.", "",
            "Exempt of all fields: " + ", ".join(f"{share:.1f} % on {kernel}" for kernel, share in of_kernels.items()) + ".", "",
            "| path | compared | exempt | exceptions |", "|---|---|---|---|"]
    for look in sorted(LOOKS, key=lambda look: (look.pattern, look.kind)):
        text.append(f"| {look.pattern} | {KINDS[look.kind]} | {of_looks[look]:.0f} % | {'; '.join(exceptions(look))} |")
    text += ["", "## Left out", "", "What the guest's own directories list and ours don't:", "", "| path | reason |", "|---|---|"]
    text += [f"| {path}/{name} | {reason} |" for path, reasons in sorted(LEFT_OUT.items())
             if path not in ("/proc/1/net", "/proc/1/task/1") for name, reason in sorted(reasons.items())]
    text += ["", "xfs, squashfs, btrfs (a subvolume and a directory of it, too), FUSE, iso9660 and udf are mounted when all of the above was looked at, and `mounts`, `mountinfo`, "
             "`mountstats`, `maps`, links and stat() of open files compared byte for byte; and `mounts` and `mountinfo` with "
             "NFS of version 4 (the guest is its own server; not on the newest kernel). NFS before version 4 is read by the kernel's source only."]
    text += ["", "`mounts` and `mountinfo` of a process that sees a file system of another kind (cifs, ceph and 9p above all): "
             "its line stands there with what all kinds have (device, place, type, `rw`, `relatime` and their like) and without its own options; "
             "the file ends with an error (EIO), and words that name the file system, as how it keeps them isn't known here. A kind that has a word of "
             "its own for the device (cifs) is said to, too. Where the kernel doesn't say how its modules keep theirs (before 5.11; Debian's of 5.10 have nearly all "
             "file systems as modules) overlay, vfat, autofs, FUSE, xfs, btrfs, iso9660 and udf are such, and compared as that; there, stat() of a file on btrfs is an error: "
             "which device it says that it is on is the subvolume's matter."]
    text += ["", "`fdinfo` of an open file that adds lines of its own in another way than those of the guests' processes: "
             "links of BPF to anything but a cgroup, drivers of graphics. So it is with what an io_uring's own thread has run (from 6.9 on), as whom it may "
             "work, how it polls network devices, and with entries of both sizes. What all files have stands there; the file ends with an error (EIO), and "
             "words that name the kernel's function."]
    text += ["", "No lab kernel lists these, and we don't either:", "", "| path | reason |", "|---|---|"]
    text += [f"| {path}/{name} | {reason} |" for path, reasons in sorted(ELSEWHERE.items())
             if path not in ("/proc/1/net", "/proc/1/task/1") for name, reason in sorted(reasons.items())]
    return "\n".join(text) + "\n"


SHARE = re.compile(r"(?<=\| )\d+ %(?= \|)|(?<=[ :])\d+\.\d %(?= on )")
SHARE_MOVES = 3     # percentage points: a process more or less has one more that is taken out


def test_the_page_says_what_is_compared():
    missing = [kernel for kernel in KERNELS if kernel not in RESULTS]
    if os.environ.get("BARTIZAN_WRITE_DOCS") == "1":
        assert not missing, f"the shares are of all kernels: {', '.join(missing)} weren't looked at"
        with open(PAGE, "w", encoding="utf-8") as f:
            f.write(make_page(*shares()))
    with open(PAGE, encoding="utf-8") as f:
        page = f.read()
    assert SHARE.sub("N %", page) == SHARE.sub("N %", make_page()), "docs/proc.md is old: run this test with BARTIZAN_WRITE_DOCS=1"
    said = [float(text.split()[0]) for text in SHARE.findall(page)]
    assert len(said) == len(KERNELS) + len(LOOKS) and max(said[:len(KERNELS)]) <= 100 * EXEMPT_SHARE_MAX
    if missing:
        pytest.skip(f"the shares only after all kernels: {', '.join(missing)} weren't looked at")
    found = [float(text.split()[0]) for text in SHARE.findall(make_page(*shares()))]
    assert max(found[:len(KERNELS)]) <= 100 * EXEMPT_SHARE_MAX, found
    # How many processes and files there are when they are counted isn't the page's fault: shown, not judged.
    lines = [line for line in page.splitlines() if SHARE.search(line)][1:]
    for line, old, share in zip(lines, said[len(KERNELS):], found[len(KERNELS):]):
        if abs(old - share) > SHARE_MOVES:
            print(f"{share:.0f} % now: {line}")
