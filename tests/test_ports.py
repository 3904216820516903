# SPDX-License-Identifier: GPL-2.0-or-later
"""Existing programs print outside what they print inside, on every lab kernel.

The guest gets Debian's own binaries of the same sources (tools/binary-packages). It runs the list of tests/ports.py,
then the whole machine is stopped and the images do the same from outside, then the guest does it again.
"""
import collections
import contextlib
import glob
import io
import os
import pwd
import re
import shutil
import subprocess
import sys
import tarfile
import time

import pytest

import hiding
from conftest import ROOT, Guest
from ports import CASES, HUNTERS, programs_of_ports

KERNELS = ["5.10", "6.1", "6.12", "newest"]
SUITE = "bookworm"
EXIT_PARTIAL_EVIDENCE = 74
IDLE_TRIES = 50
RUN_SECONDS = 400
# What the guest runs, and the libraries for it.
PACKAGES = """procps libproc2-0 libncursesw6 libtinfo6 libsystemd0 libcap2 libgcrypt20 libgpg-error0 liblzma5 libzstd1 liblz4-1
    libselinux1 libpcre2-8-0 lsof libtirpc3 libgssapi-krb5-2 libkrb5-3 libk5crypto3 libcom-err2 libkrb5support0 libkeyutils1
    psmisc iproute2 libbpf1 libelf1 libmnl0 libbsd0 libmd0 zlib1g libdb5.3 libxtables12 kmod libkmod2 libssl3
    util-linux libmount1 libblkid1 libsmartcols1 libudev1 unhide chkrootkit libcap-ng-utils libcap-ng0
    net-tools memstat busybox-static ncurses-base libc6 dash""".split()
PROGRAMS = """ps top free uptime vmstat w pgrep pmap pwdx slabtop sysctl lsof pstree fuser prtstat ip ss lsmod kmod findmnt
    unhide-linux chkproc chkdirs ifpromisc pscap netcap memstat netstat route arp ifconfig busybox dash""".split()
# What they are called in the guest: busybox's own stays as it is.
NAMES = {"unhide-linux": "unhide", "busybox": "busybox-debian"}
# What Debian doesn't make of its source, and ps for those that start it dozens of times (14 libraries fewer): linked for
# this machine from the same objects as the image. {name: port}
LINKED = {"pidof": "procps", "busybox": "busybox", "ps": "procps"}
LINKED_NAMES = {"busybox": "busybox-port", "ps": "ps-port"}
# Preloaded for chkproc there: tests/pid-bound.c, with what the test sets kernel.pid_max to.
PID_BOUND, PID_MAX = "usr/lib/pid-bound.so", 512
# No terminal, but top wants to know which.
TERMINFO = "lib/terminfo/d/dumb"
ENVIRONMENT = {"TERM": "dumb", "COLUMNS": "500", "LINES": "500", "TZ": "UTC"}
PROMISCUOUS = "lab0"
OWN = r"/bin/sh|ports\.sh|\bsleep\b"


def source_version(package):
    """Of the source that a port was made from."""
    text = subprocess.run([f"{ROOT}/tools/source-package", SUITE, package], check=True, capture_output=True, text=True).stdout
    with open(text.strip(), encoding="utf-8") as file:
        return next(line.split()[1] for line in file if line.startswith("Version: "))


@pytest.fixture(scope="session")
def debian(tmp_path_factory):
    """A tree with Debian's programs."""
    tree = str(tmp_path_factory.mktemp("debian"))
    subprocess.run([f"{ROOT}/tools/binary-packages", SUITE, tree, *PACKAGES], check=True, timeout=600)
    yield tree
    shutil.rmtree(tree)


def libraries_of(tree, program):
    """Paths in the tree of what the program is linked with."""
    places = [f"{tree}/{place}/x86_64-linux-gnu" for place in ("lib", "usr/lib")]
    listed = subprocess.run([f"{tree}/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2", "--inhibit-cache", "--library-path",
                             ":".join(places), "--list", program], check=False, capture_output=True, text=True).stdout
    assert "not found" not in listed, listed
    return re.findall(rf"{re.escape(tree)}/\S+(?= \()", listed)


@pytest.fixture(scope="session")
def linked(tmp_path_factory):
    """A directory with programs that run in the guest, of the ports' own objects."""
    place = tmp_path_factory.mktemp("linked")
    for name, port in LINKED.items():
        made = subprocess.run([f"{ROOT}/ports/build", "--compiled", port], check=True, capture_output=True, text=True).stdout.strip()
        subprocess.run([f"{ROOT}/tools/bartizan-cc", "-o", f"conftest-{name}", f"{made}/{name}.inside.o"], check=True, cwd=place)
    subprocess.run(["gcc", "-O2", "-std=gnu2x", "-shared", "-fPIC", "-nostdlib", f"-DPID_MAX={PID_MAX}", f"{ROOT}/tests/pid-bound.c",
                    "-o", os.path.basename(PID_BOUND)], check=True, cwd=place)
    return str(place)


@pytest.fixture(scope="session")
def archive(debian, linked):
    """A tar of the programs and their libraries, to be unpacked over a guest's root."""
    found = {}
    for directory in ("bin", "sbin", "usr/bin", "usr/sbin", "usr/lib/chkrootkit"):
        for name in PROGRAMS:
            path = f"{debian}/{directory}/{name}"
            if os.path.exists(path):
                found[f"usr/bin/{NAMES.get(name, name)}"] = path
    missing = {NAMES.get(name, name) for name in PROGRAMS} - {os.path.basename(path) for path in found}
    assert not missing, missing
    for path in list(found.values()):
        for library in libraries_of(debian, path):
            found["usr/" + os.path.relpath(library, debian).removeprefix("usr/")] = library
    for name in LINKED:
        found[f"usr/bin/{LINKED_NAMES.get(name, name)}"] = f"{linked}/conftest-{name}"
    found[PID_BOUND] = f"{linked}/{os.path.basename(PID_BOUND)}"
    found[f"usr/{TERMINFO}"] = f"{debian}/{TERMINFO}"
    found["usr/lib64/ld-linux-x86-64.so.2"] = f"{debian}/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for name, path in sorted(found.items()):
            tar.add(os.path.realpath(path), name)
    return out.getvalue()


def script(numbers):
    """What runs in the guest: these cases, the output of each to a file."""
    lines = ["cd /tmp/ports && rm -f *.out *.exit && sleep 1",
             f"export PATH=/usr/sbin:/usr/bin {' '.join(f'{k}={v}' for k, v in ENVIRONMENT.items())}"]
    for number in numbers:
        case = CASES[number]
        # By its path: busybox's sh takes its own applets first.
        program, *arguments = case.command.split(" ", 1)
        errors = "2>&1" if case.merged else f"2>{number}.err"
        lines.append(f"{' '.join([f'/usr/bin/{program}', *arguments])} >{number}.out {errors} </dev/null; echo $? >{number}.exit")
    return "\n".join(lines + ["touch /tmp/ports/done", ""])


@pytest.fixture(scope="module", params=KERNELS)
def zoo(request, bartizan, archive):
    machine = Guest(bartizan, "--kernel", request.param, "--cpus", "2")
    machine.kernel = request.param
    machine.exec(["tar", "xf", "-", "-C", "/"], input=archive)
    machine.exec(["sockets"])
    machine.exec(["processes"])
    # For ifpromisc.
    machine.exec(["busybox", "ifconfig", PROMISCUOUS, "promisc"])
    yield machine
    machine.down()


def run_inside(guest, numbers=range(len(CASES))):
    """{number: (exit, text)} of these cases. Nothing of the lab's hangs about meanwhile but what waits for the end."""
    guest.exec(["sh", "-c", "mkdir -p /tmp/ports && cat >/tmp/ports/ports.sh"], input=script(numbers).encode())
    guest.exec(["sh", "-c", "rm -f /tmp/ports/done; setsid sh /tmp/ports/ports.sh >/dev/null 2>&1 </dev/null &"])
    guest.exec(["sh", "-c", "until test -e /tmp/ports/done; do sleep 0.5; done"], timeout=RUN_SECONDS)
    data = guest.exec(["tar", "cf", "-", "-C", "/tmp/ports", "."]).stdout
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        files = {os.path.basename(name): tar.extractfile(name).read() for name in tar.getnames() if "." in os.path.basename(name)
                 and tar.getmember(name).isfile()}
    return {n: (int(files[f"{n}.exit"]), files[f"{n}.out"].decode(errors="replace")) for n in numbers}


def run_outside(guest, case, backend="plain"):
    """(exit, text, what was said)"""
    done = subprocess.run([guest.bartizan.path, "run", "--quiet", "--backend", backend, "--target", f"qemu:{guest.qemu_pid}",
                           *(case.outside or case.command).split()], stdout=subprocess.PIPE, check=False, timeout=300,
                          stderr=subprocess.STDOUT if case.merged else subprocess.PIPE, stdin=subprocess.DEVNULL,
                          env={**guest.bartizan.environment, **ENVIRONMENT})
    return done.returncode, done.stdout.decode(errors="replace"), (done.stderr or b"").decode(errors="replace")


def is_settled(case, inside, outside):
    """What was printed outside is what the guest printed before: another look there can say nothing against it."""
    try:
        return inside[0] == outside[0] and not compare(case, inside[1], outside[1], inside[1])
    except AssertionError:
        return False


@contextlib.contextmanager
def paused_when_idle(guest):
    """Stopped where its init, which runs the lab's commands, waits for the next one: then it has no command's pipes any more."""
    for _ in range(IDLE_TRIES):
        with guest.paused():
            if b") S " in guest.bartizan("cat", "--target", f"qemu:{guest.qemu_pid}", "1/stat").stdout:
                yield
                return
        time.sleep(0.2)
    pytest.fail("the guest's init is never idle")


@pytest.fixture(scope="module")
def seen(zoo):
    before = run_inside(zoo)
    with paused_when_idle(zoo):
        ours = [run_outside(zoo, case) for case in CASES]
    after = run_inside(zoo, [n for n, case in enumerate(CASES) if not is_settled(case, before[n], ours[n])])
    return before, ours, {**before, **after}


# ---- comparing

GUEST_USERS = {"root": "0", "daemon": "1", "tester": "1000", "nobody": "65534"}


def number_of(user, outside):
    """A user's number: names are the caller's matter, and the guest's caller isn't ours."""
    if not outside:
        return GUEST_USERS.get(user, user)
    try:
        return str(pwd.getpwnam(user).pw_uid)
    except KeyError:
        return user


def value_of(word):
    """A number or a time as a number; None where it is neither."""
    word = word.strip("()[],;:%")
    if match := re.fullmatch(r"(?:(\d+)-)?(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)", word):
        days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
        return ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    if match := re.fullmatch(r"(-?\d+(?:\.\d+)?)([KMGkmg]?)i?B?", word):
        return float(match.group(1)) * 1024 ** " KMG".index(match.group(2).upper() or " ")
    return None


def lines_of(case, text, outside):
    own = re.compile(case.own or OWN + "|" + r"(^|[ /])" + re.escape(case.command.split()[0]) + r"( |$)", re.MULTILINE)
    lines = [line for line in text.splitlines() if not own.search(line)]
    for moves in case.moves:
        lines = [re.sub(moves.what, moves.to, line) for line in lines]
    result = []
    for line in lines:
        words = line.split()
        for column in case.names:
            if column < len(words):
                words[column] = number_of(words[column], outside)
        result.append(words)
    return sorted(result) if case.sort else result


def may_drift(case, words, column):
    return bool(case.drifts) and re.search(case.drifts, " ".join([*words[:column], f"<{words[column]}>", *words[column + 1:]])) is not None


def compare_words(case, before, ours, after):
    slack = case.slack[0]
    if ours in (before, after):
        return None
    if not len(before) == len(ours) == len(after):
        return f"{' '.join(before)!r} and {' '.join(after)!r} inside, {' '.join(ours)!r} outside"
    for column, (b, o, a) in enumerate(zip(before, ours, after)):
        values = [value_of(word) for word in (b, o, a)]
        if o in (b, a):
            continue
        # What stood still in the guest is a constant, whatever else on its line moved.
        if None not in values and (a != b or may_drift(case, before, column)):
            low, high = sorted((values[0], values[2]))
            if low * (1 - slack) <= values[1] <= high * (1 + slack):
                continue
        return f"{b!r} and {a!r} inside, {o!r} outside, in {' '.join(ours)!r}"
    return None


def keyed(case, lines):
    """By its columns, and as the which of those with the same ones: top has a "MiB" of memory and another of swap."""
    result, count = {}, collections.Counter()
    for words in lines:
        if len(words) > max(case.keyed):
            key = tuple(words[column] for column in case.keyed)
            result[(*key, count[key])] = words
            count[key] += 1
    return result


def compare_stayed(before, ours, after):
    """Lines in any number: what the guest printed both times is there, and nothing that it printed neither time."""
    before, ours, after = (collections.Counter(" ".join(line) for line in lines) for lines in (before, ours, after))
    assert before & after, "nothing stayed that could be compared"
    return [f"only inside: {line}" for line in (before & after) - ours] + [f"only outside: {line}" for line in ours - (before | after)]


def compare(case, before, ours, after):
    """What is wrong, in words."""
    before, ours, after = lines_of(case, before, False), lines_of(case, ours, True), lines_of(case, after, False)
    for lines in (before, ours, after):
        assert lines, "no line is left that could be compared"
    if case.keyed:
        texts = [keyed(case, lines) for lines in (before, ours, after)]
        stayed = texts[0].keys() & texts[2].keys()
        assert len(stayed) > 1, "nothing stayed that could be compared"
        wrong = [f"only inside: {' '.join(texts[0][key])}" for key in stayed - texts[1].keys()]
        wrong += [f"only outside: {' '.join(texts[1][key])}" for key in texts[1].keys() - texts[0].keys() - texts[2].keys()
                  if "kworker" not in texts[1][key]]
        wrong += [compare_words(case, texts[0][key], texts[1][key], texts[2][key]) for key in stayed & texts[1].keys()]
        return [text for text in wrong if text]
    if case.fleeting:
        return compare_stayed(before, ours, after)
    if len(ours) not in (len(before), len(after)) or len(before) != len(after):
        only_inside = [line for line in before if line in after and line not in ours]
        only_outside = [line for line in ours if line not in before and line not in after]
        return [f"{len(before)} and {len(after)} lines inside, {len(ours)} outside"] + \
            [f"only inside: {' '.join(line)}" for line in only_inside[:20]] + \
            [f"only outside: {' '.join(line)}" for line in only_outside[:20]]
    return [text for words in zip(before, ours, after) if (text := compare_words(case, *words))]


INSIDE = {"sysctl -a": "kernel.pid_max = 32768\nfs.file-nr = 1000\t0\t9000\n",
          "free": "    total used free shared\nMem: 4000 1000 3000 100\nSwap: 0 0 0\n",
          "top -b -n1 -w 500": "MiB Mem : 450.0 total, 300.0 free, 100.0 used, 50.0 buff/cache\n"
                               "MiB Swap: 64.0 total, 63.0 free, 1.0 used. 320.0 avail Mem\n",
          "vmstat -s": " 4000 K total memory\n 1000 K used memory\n",
          "vmstat -m": "Cache Num Total Size Pages\ndentry 1000 1050 192 21\n",
          "slabtop -o -s n": " 1050 1000 95% 0.19K 50 21 200K dentry\n 90 90 100% 0.25K 6 16 24K filp\n"}


@pytest.mark.parametrize("command,there,other,is_wrong", [
    ("sysctl -a", "32768", "40000", True), ("sysctl -a", "9000", "9001", True), ("sysctl -a", "1000", "1003", False),
    ("sysctl -a", "1000", "2000", True), ("free", "4000", "4004", True), ("free", "3000", "3004", False),
    ("top -b -n1 -w 500", "450.0", "451.0", True), ("top -b -n1 -w 500", "64.0", "65.0", True),
    ("top -b -n1 -w 500", "320.0", "321.0", False),
    ("vmstat -s", "4000", "4004", True), ("vmstat -s", "1000", "1004", False), ("vmstat -m", "192", "193", True),
    ("vmstat -m", "1050", "1071", False), ("slabtop -o -s n", "0.19K", "0.20K", True), ("slabtop -o -s n", "1000", "1010", False)])
def test_the_comparison_sees_a_constant_that_is_another(command, there, other, is_wrong):
    case = next(case for case in CASES if case.command == command)
    inside = INSIDE[command]
    assert there in inside and compare(case, inside, inside, inside) == []
    assert bool(compare(case, inside, inside.replace(there, other), inside)) == is_wrong


def test_the_comparison_wants_something_to_compare():
    case = next(case for case in CASES if case.command == "memstat -w -n")
    own = " 100k ( 12)/usr/bin/memstat\n"
    with pytest.raises(AssertionError, match="no line is left"):
        compare(case, own, own, own)


@pytest.mark.parametrize("number", range(len(CASES)), ids=[case.command.replace(" ", "_").replace("/", "_") for case in CASES])
def test_a_program_prints_what_it_prints_inside(seen, number):
    case = CASES[number]
    (inside_exit, before), (our_exit, ours, said), (_, after) = (results[number] for results in seen)
    assert before.strip(), "the guest printed nothing"
    assert inside_exit == case.exit, before
    assert "steps too many" not in said, said     # a read plan that has outgrown the bound (docs/read-plans.md)
    wrong = compare(case, before, ours, after)
    assert not wrong, "\n".join(wrong[:40] + [said])
    # Where some of it can't be known, that is said, and the exit status isn't 0. Nothing else is.
    lines = said.splitlines() if case.partial else []
    assert not [line for line in lines if not re.search(case.partial, line)], said
    assert our_exit == (inside_exit or EXIT_PARTIAL_EVIDENCE if lines else inside_exit), said


def test_ifpromisc_finds_a_promiscuous_interface(seen):
    number = [case.command for case in CASES].index("ifpromisc")
    for results in seen:
        found = [line for line in results[number][1].splitlines() if line.startswith(f"{PROMISCUOUS}:")]
        assert len(found) == 1 and "PROMISC" in found[0], results[number]


# ---- the same as an enclave

# One case of each program: the others differ in what they print, not in how they are run. Each on one of the kernels, netstat on all.
FIRST = {(case.outside or case.command).split()[0]: case for case in reversed(CASES)}


def programs_for(kernel):
    names = sorted(FIRST)
    return sorted({*names[KERNELS.index(kernel)::len(KERNELS)], "netstat"})


def test_each_program_runs_in_an_enclave_and_netstat_on_each_kernel():
    assert {program for kernel in KERNELS for program in programs_for(kernel)} == FIRST.keys()
    assert all("netstat" in programs_for(kernel) for kernel in KERNELS)


def test_programs_print_the_same_in_an_enclave(zoo):
    wrong = {}
    for program in programs_for(zoo.kernel):
        case = FIRST[program]
        with zoo.paused():
            (exit_plain, plain, _), (exit_sealed, sealed, said) = (run_outside(zoo, case, backend) for backend in ("plain", "sim"))
        # The machine stands still: all but what is the caller's own is the same.
        lines = [lines_of(case, text, True) for text in (plain, sealed)]
        if lines[0] != lines[1] or not lines[0] or exit_sealed != exit_plain:
            differences = [pair for pair in zip(*lines) if pair[0] != pair[1]]
            wrong[program] = exit_plain, exit_sealed, [len(text) for text in lines], differences[:5], said
    assert not wrong, wrong


# ---- what looks for hidden processes

# In a PID namespace of its own: each of them runs `ps` for every process, some dozens of times. The hidden one has no
# environment, as neither `cat` nor `grep`, which unhide would ask for it, is a port.
NAMESPACE = f"""ln -sf dash /usr/bin/sh; mkdir -p /tmp/hidden; ln -sf /usr/bin/ps-port /tmp/hidden/ps
cat >/tmp/hidden/init <<'END'
env -i sleep 10002 &
wait
END
sleep 10001 >/dev/null 2>&1 </dev/null &
setsid unshare -p -f --mount-proc busybox sh /tmp/hidden/init >/dev/null 2>&1 </dev/null &
until victim=$(pgrep -f '^sleep 10002'); do sleep 0.1; done
sleep 10003 >/dev/null 2>&1 </dev/null &
init=$(cut -d' ' -f4 /proc/$victim/stat)
nsenter -t $init -p -m sh -c 'echo {PID_MAX} >/proc/sys/kernel/pid_max'
echo $init $victim $(cut -d' ' -f1 /proc/$init/comm)
"""


@pytest.fixture(scope="module")
def hidden(zoo, seen):
    """{command: (inside, outside)}, each (exit, text). The last of this guest: a shell of another kind, and what can't be undone."""
    assert len(seen) == 3
    init, victim, _ = zoo.exec(["busybox", "sh", "-c", NAMESPACE]).stdout.split()
    hiding.hide(zoo, int(victim))
    inside, outside = {}, {}
    assert zoo.exec(["busybox", "sh", "-c", f"ls /proc | grep -x {int(victim)}"], check=False).stdout == b""
    for command in HUNTERS:
        program, arguments = command.split(" ", 1)
        done = zoo.exec(["busybox", "nsenter", "-t", init.decode(), "-p", "-m", "env", "PATH=/tmp/hidden:/usr/sbin:/usr/bin",
                         *([f"LD_PRELOAD=/{PID_BOUND}"] if program == "chkproc" else []), f"/usr/bin/{program}", *arguments.split()],
                        check=False, timeout=RUN_SECONDS)
        inside[command] = done.returncode, done.stdout.decode(errors="replace")
    with zoo.paused():
        for command in HUNTERS:
            done = zoo.bartizan("run", "--backend", "plain", "--target", f"qemu:{zoo.qemu_pid}", "--pid-namespace", init.decode(),
                                *command.split(), timeout=RUN_SECONDS)
            outside[command] = done.returncode, done.stdout.decode(errors="replace")
    return inside, outside


@pytest.mark.parametrize("command", HUNTERS)
def test_a_program_finds_the_hidden_process_as_it_does_inside(hidden, command):
    inside, outside = (results[command] for results in hidden)
    found = "Found HIDDEN PID: 2\n" if command.startswith("unhide") else "PID     2: not in ps output\n"
    assert inside[0] != 0 and found in inside[1], inside
    assert outside == inside


# Programs that aren't in CASES: the test that compares them, or why they can't be.
ELSEWHERE = {
    "ifconfig": "test_ask.py::test_a_program_that_asks_prints_what_it_prints_inside[5.10-ifconfig -a]",
    "tr": "test_spawn.py::test_a_pipeline_prints_what_it_prints_here[plain]",
    "cut": "test_spawn.py::test_a_pipeline_prints_what_it_prints_here[plain]",
    "chkdirs": "counts links of directories, which /proc makes up here",
    "pkill": "refused", "killall": "refused",
}


def test_what_is_said_to_be_compared_elsewhere_is():
    wanted = {f"tests/{place}" for place in ELSEWHERE.values() if "::" in place}
    files = sorted({place.split("::")[0] for place in wanted})
    listed = subprocess.run([sys.executable, "-m", "pytest", "-q", "--collect-only", "-p", "no:cacheprovider", *files], cwd=ROOT,
                            check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=120).stdout
    assert wanted and wanted <= set(listed.splitlines()), wanted - set(listed.splitlines())


def test_every_program_of_a_port_is_compared_and_on_the_page():
    compared = {(case.outside or case.command).split()[0] for case in CASES}
    with open(f"{ROOT}/docs/ports.md", encoding="utf-8") as file:
        rows = [line for line in file if line.startswith("| ")]
    programs = set()
    for port, named in programs_of_ports().items():
        row = [row for row in rows if row.startswith(f"| {port} |")]
        assert len(row) == 1 and named <= set(re.findall(r"[\w-]+", row[0])), (port, named)
        programs |= named
    compared |= {command.split()[0] for command in HUNTERS}
    assert programs - compared == ELSEWHERE.keys(), "neither compared nor said why, or said for nothing"


# busybox's applets that aren't in CASES.
READERS = """ls readlink realpath basename dirname strings hexdump od xxd md5sum sha256sum head tail tac wc sort uniq cut tr seq
    egrep fgrep sed diff cmp expr echo printf test test1 test2 true false id date""".split()
APPLETS_ELSEWHERE = {**{name: "asks /proc nothing but what cat, find, grep and stat do" for name in READERS},
                     "busybox": "the program itself", "dmesg": "refused", "kill": "refused"}
APPLETS_NAMED = {"bb_sysctl": "sysctl", "ipneigh": "ip neigh"}


def test_every_applet_of_busybox_is_compared_or_said_why():
    compared = [(case.outside or case.command).split()[1:] for case in CASES if (case.outside or case.command).startswith("busybox ")]
    words = {words[0] for words in compared} | {" ".join(words[:2]) for words in compared}
    applets = subprocess.run(["bash", "-c", f'. "{ROOT}/ports/busybox/recipe"; echo $applets'], check=True, capture_output=True, text=True).stdout
    named = {APPLETS_NAMED.get(name.lower(), name.lower()) for name in applets.split()}
    assert len(named) > 50 and named - words == APPLETS_ELSEWHERE.keys() - words, "neither compared nor said why"


def test_the_guests_programs_are_of_the_sources_of_the_ports(debian):
    cache = os.environ.get("XDG_CACHE_HOME", os.path.expanduser("~/.cache"))
    versions, packages = {}, set()
    for path in [path for package in PACKAGES for path in glob.glob(f"{cache}/bartizan/deb/{SUITE}/{package}_*.deb")]:
        done = subprocess.run(["dpkg-deb", "-f", path, "Package", "Source", "Version"], check=True, capture_output=True, text=True)
        fields = dict(line.split(": ", 1) for line in done.stdout.splitlines())
        # "Source: kmod (30+1-2)" where the versions differ.
        source, *version = fields.get("Source", fields["Package"]).split()
        versions[source] = version[0].strip("()") if version else fields["Version"]
    for recipe in glob.glob(f"{ROOT}/ports/*/recipe"):
        with open(recipe, encoding="utf-8") as file:
            package = re.search(r"^package=(\S+)", file.read(), re.MULTILINE).group(1)
        if package in versions:
            # A rebuild without a change of the source adds "+bN".
            assert re.sub(r"\+b\d+$", "", versions[package]) == source_version(package), package
        packages.add(package)
    # tr and cut run only for other programs (docs/spawn.md): the guest has its busybox's.
    assert packages - versions.keys() == {"coreutils"}, versions
