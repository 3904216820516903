# SPDX-License-Identifier: GPL-2.0-or-later
"""Pseudo files are byte for byte what the guest's own `cat` prints, on every lab kernel.

The guest prints, then the whole machine is stopped and the same file is made from its
memory, then it runs on and prints again. What doesn't move by itself must be equal to
both; a countdown must lie between the two.
"""
import os
import re
import struct
import subprocess

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
KERNELS = ["5.10", "6.1", "6.12", "newest"]
NET_FILES = ["tcp", "tcp6", "udp", "udp6", "udplite", "udplite6", "raw", "raw6", "icmp", "icmp6"]
FIXED_FILES = ["version", "sys/kernel/hostname", "sys/kernel/domainname", "sys/kernel/osrelease",
               "sys/kernel/ostype", "sys/kernel/version"]
# A text is compared when the guest's own two printings around it agree; on a machine that
# is busy with something else that takes some tries.
TRIES = 30

EXIT_WHOLE, EXIT_CUT, EXIT_MISSING = 0, 1, 2


@pytest.fixture(scope="module")
def proc_dump():
    """Run proc-dump TARGET PATH…; gives a CompletedProcess with bytes."""
    places = [os.environ.get("PROC_DUMP"), os.path.join(ROOT, "build/tests/proc-dump")]
    path = next((place for place in places if place and os.access(place, os.X_OK)), None)
    assert path, "there is no build/tests/proc-dump: run `make build` first"

    def run(*arguments):
        return subprocess.run([path, *arguments], capture_output=True, check=False, timeout=120,
                              stdin=subprocess.DEVNULL)

    return run


@pytest.fixture(scope="module", params=KERNELS)
def zoo(request, bartizan):
    """A guest that holds sockets of every kind and state."""
    from conftest import Guest
    machine = Guest(bartizan, "--kernel", request.param, "--cpus", "2")
    machine.exec(["sockets"])
    yield machine
    machine.down()


def cat(guest, path):
    """What the guest prints, or None where it has no such file."""
    done = guest.exec(["cat", f"/proc/{path}"], check=False)
    return done.stdout if done.returncode == 0 else None


def around(guest, proc_dump, path):
    """The guest's text, ours while it is stopped, and the guest's again."""
    before = cat(guest, path)
    with guest.paused():
        ours = proc_dump(f"qemu:{guest.qemu_pid}", path)
    return before, ours, cat(guest, path)


def assert_same(guest, proc_dump, path):
    for _ in range(TRIES):
        before, ours, after = around(guest, proc_dump, path)
        if before == after:
            break
    else:
        pytest.fail(f"{path}: the guest never printed the same text twice")
    if before is None:
        assert ours.returncode == EXIT_MISSING, ours.stderr
    else:
        assert ours.returncode == EXIT_WHOLE, ours.stderr
        assert ours.stdout == before


# "tr tm->when": a timer that runs (its kind isn't 00) and its countdown.
RUNNING_TIMER = re.compile(rb"(?<= )(0[1-9]):([0-9A-F]{8})(?= )")


def split_timers(text):
    """The text with every running countdown blanked, and the countdowns."""
    return RUNNING_TIMER.sub(rb"\1:........", text), [int(when, 16) for _, when in RUNNING_TIMER.findall(text)]


@pytest.mark.parametrize("name", NET_FILES)
def test_a_zoo_of_sockets_looks_as_from_inside(zoo, proc_dump, name):
    path = f"net/{name}"
    for _ in range(TRIES):
        before, ours, after = around(zoo, proc_dump, path)
        if before is None or split_timers(before)[0] == split_timers(after)[0]:
            break
    else:
        pytest.fail(f"{path}: the guest never printed the same sockets twice")
    if before is None:
        assert ours.returncode == EXIT_MISSING
        return
    assert ours.returncode == EXIT_WHOLE, ours.stderr
    text, countdowns = split_timers(ours.stdout)
    assert text == split_timers(before)[0]
    for first, our, last in zip(split_timers(before)[1], countdowns, split_timers(after)[1], strict=True):
        assert first >= our >= last


def test_the_zoo_has_every_state_and_timer(zoo, proc_dump):
    with zoo.paused():
        text = proc_dump(f"qemu:{zoo.qemu_pid}", "net/tcp", "net/tcp6").stdout.decode()
    rows = [line.split() for line in text.splitlines() if line.lstrip()[:1].isdigit()]
    # 01 established, 02 SYN_SENT, 03 SYN_RECV, 04 to 0B the closing states and LISTEN;
    # 06 (TIME_WAIT) ends after a minute, which may be over.
    assert {row[3] for row in rows} >= {"01", "02", "03", "04", "05", "08", "09", "0A", "0B"}
    # none, retransmission, keepalive, zero-window probe
    assert {row[5].split(":")[0] for row in rows} >= {"00", "01", "02", "04"}
    assert {row[7] for row in rows} >= {"0", "1000"}


@pytest.mark.parametrize("path", FIXED_FILES)
def test_names_of_the_system_are_the_same(zoo, proc_dump, path):
    assert_same(zoo, proc_dump, path)


def test_a_changed_hostname_is_seen(zoo, proc_dump):
    zoo.exec(["hostname", "changed.example"])
    assert_same(zoo, proc_dump, "sys/kernel/hostname")
    assert cat(zoo, "sys/kernel/hostname") == b"changed.example\n"


@pytest.mark.parametrize("restrict", ["0", "1", "2"])
def test_pointers_are_printed_as_kptr_restrict_says(zoo, proc_dump, restrict):
    zoo.exec(["sh", "-c", f"echo {restrict} > /proc/sys/kernel/kptr_restrict"])
    assert_same(zoo, proc_dump, "net/udp")
    assert_same(zoo, proc_dump, "net/raw6")


def test_sockets_of_another_namespace_are_not_shown(zoo, proc_dump):
    zoo.exec(["unshare", "-n", "sockets", "--udp", "5"])
    assert_same(zoo, proc_dump, "net/udp")


PAPER_FILES = ["tcp", "udp", "processes"]


def process_rows(guest):
    """PID, user, parent and name of the guest's processes, as it shows them itself."""
    text = guest.exec(["sh", "-c", "cat /proc/[0-9]*/status 2>/dev/null"], check=False).stdout.decode()
    fields = ("Pid", "Uid", "PPid", "Name")
    blocks = [dict(line.split(":\t", 1) for line in block.splitlines() if ":\t" in line) for block in text.split("Name:\t")]
    names = [block.split("\n", 1)[0] for block in text.split("Name:\t")]
    return {tuple((block | {"Name": name})[field].split("\t")[0] for field in fields)
            for block, name in zip(blocks, names, strict=True) if "Pid" in block}


def assert_rows_are_the_guests(text, stayed):
    """The list without /proc, against what the guest's own /proc said before and after."""
    rows = {pid: (pid, uid, parent, name) for pid, uid, _, parent, name in
            (line.split(" ", 4) for line in text.decode().splitlines())}
    # /proc says what kworkers work on, and a kernel thread's whole name; task_struct.comm holds 15 characters.
    stayed = {(*row[:3], row[3][:15]) for row in stayed if not row[3].startswith("kworker")}
    assert len(stayed) > 20
    assert stayed <= set(rows.values())
    assert len(rows) == text.count(b"\n"), "two rows of one process"


def test_files_made_with_kernel_headers_are_the_same_and_refused_on_other_kernels(zoo, proc_dump, bartizan, headers):
    """paper-files was compiled against 6.1's headers; the other mode's files were compared with the guest's above."""
    target = f"qemu:{zoo.qemu_pid}"
    release = zoo.exec(["uname", "-r"]).stdout.decode().strip()
    # A name that would be a row.
    zoo.exec(["sh", "-c", r'''sh -c 'printf "z\n1 0 S 0 x\134" > /proc/$$/comm; while :; do sleep 1000; done' </dev/null >/dev/null 2>&1 &
                             until grep -q 'z.n1 0 S 0 x' /proc/$!/status; do sleep 0.1; done'''])
    before = process_rows(zoo)
    assert r"z\n1 0 S 0 x" + 2 * "\\" in {name for _, _, _, name in before}

    def run(*program):
        return bartizan("run", "--backend", "plain", "--target", target, *program)

    with zoo.paused():
        made = {name: run("paper-files", name) for name in PAPER_FILES}
        sealed = bartizan("run", "--backend", "sim", "--target", target, "paper-files", *PAPER_FILES)
        others = {"tcp": proc_dump(target, "net/tcp"), "udp": proc_dump(target, "net/udp"), "processes": run("process-list")}
        version = run("kernel-version")
    assert (version.returncode, version.stdout) == (0, zoo.exec(["cat", "/proc/version"]).stdout)
    assert_rows_are_the_guests(others["processes"].stdout, before & process_rows(zoo))
    if not release.startswith("6.1."):
        for done in [sealed, *made.values()]:
            assert (done.returncode, done.stdout) == (1, b"")
            assert f"headers of Linux {headers.release}," in done.stderr.decode()
            assert f"runs Linux {release}\n" in done.stderr.decode()
        return
    assert release == headers.release
    for name in PAPER_FILES:
        assert (made[name].returncode, made[name].stderr) == (0, b"")
        assert made[name].stdout == others[name].stdout
        assert made[name].stdout.count(b"\n") > 5
    assert sealed.stdout == b"".join(made[name].stdout for name in PAPER_FILES)


@pytest.mark.parametrize("backend", ["plain", "sim"])
@pytest.mark.parametrize("command", [["process-list"], ["process-list", "--repeat", "1"], ["kernel-version"], ["paper-files", "tcp"]], ids=" ".join)
def test_what_cannot_be_printed_is_an_error(zoo, bartizan, backend, command):
    with open("/dev/full", "wb") as full:
        done = subprocess.run([bartizan.path, "run", "--quiet", "--backend", backend, "--target", f"qemu:{zoo.qemu_pid}", *command], check=False,
                              stdin=subprocess.DEVNULL, stdout=full, stderr=subprocess.PIPE, env=bartizan.environment, timeout=120)
    if command[0] == "paper-files" and b"headers of Linux" in done.stderr:
        return   # another kernel's: nothing to print
    assert done.returncode != 0 and b"No space left" in done.stderr, done


def test_uptime_lies_between_the_guests_own(zoo, proc_dump):
    tick_seconds = 0.05  # the time of the last tick: with HZ=250 4 ms before, some ticks lost to a busy host
    before, ours, after = ([float(number) for number in text.split()] for text in _uptime(zoo, proc_dump))
    assert before[0] - tick_seconds <= ours[0] <= after[0]
    # Idle time of all CPUs together.
    assert before[1] - 2 * tick_seconds <= ours[1] <= after[1]


def _uptime(guest, proc_dump):
    before, ours, after = around(guest, proc_dump, "uptime")
    assert ours.returncode == EXIT_WHOLE, ours.stderr
    assert re.fullmatch(rb"\d+\.\d\d \d+\.\d\d\n", ours.stdout)
    return before, ours.stdout, after


@pytest.mark.parametrize("kernel", KERNELS)
def test_pointers_before_the_hash_key_is_there(boot, proc_dump, kernel):
    """Without RDRAND the key comes late: until then the kernel prints (____ptrval____)."""
    guest = boot("--kernel", kernel, "--cpu", "qemu64")
    assert_same(guest, proc_dump, "net/icmp")
    guest.exec(["sockets", "--udp", "3"])
    assert_same(guest, proc_dump, "net/udp")
    if b"(____ptrval____)" not in cat(guest, "net/udp"):
        pytest.skip("this guest found enough entropy at once: its hash key was there already")


def test_pointers_with_no_hash_pointers(boot, proc_dump):
    guest = boot("--kernel", "6.12", "--append", "no_hash_pointers")
    guest.exec(["sockets", "--udp", "3"])
    assert_same(guest, proc_dump, "net/udp")
    assert b" ffff" in cat(guest, "net/udp")


def questions(done):
    """How often the source was asked for each file."""
    return [int(count) for count in re.findall(rb"^questions ([0-9]+)$", done.stderr, re.MULTILINE)]


def with_and_without_plans(guest, proc_dump, *paths):
    """Of files that are the same: how often the source was asked for each, after once to look up names and types."""
    target = f"qemu:{guest.qemu_pid}"
    with guest.paused():
        planned, single, whole = (proc_dump(*how, target, *paths, *paths) for how in (["--plans"], ["--pages"], []))
    assert planned.returncode == single.returncode == whole.returncode == EXIT_WHOLE, planned.stderr + single.stderr
    assert planned.stdout == single.stdout == whole.stdout
    return zip(questions(planned)[len(paths):], questions(single)[len(paths):], strict=True)


def test_plans_change_nothing_of_a_zoo(zoo, proc_dump):
    there = [f"net/{name}" for name in [*NET_FILES, "unix", "netlink", "packet"] if cat(zoo, f"net/{name}") is not None]
    for planned, single in with_and_without_plans(zoo, proc_dump, *there):
        assert planned <= single


def test_parts_of_texts_are_the_texts(zoo, proc_dump):
    """Whatever comes in parts, in parts of one row or little more: of sockets, of areas of memory, of those with pages."""
    init = [f"1/{name}" for name in ("maps", "smaps")]
    there = [path for path in [*(f"net/{name}" for name in [*NET_FILES, "unix"]), *init] if cat(zoo, path) is not None]
    target = f"qemu:{zoo.qemu_pid}"
    with zoo.paused():
        whole, parts = (proc_dump(*how, target, *there) for how in ([], ["--parts"]))
    assert (whole.returncode, parts.returncode) == (EXIT_WHOLE, EXIT_WHOLE), parts.stderr
    assert parts.stdout == whole.stdout
    assert {f"net/{name}" for name in ("tcp", "udp", "raw", "unix")} < set(there)


def test_many_sockets_are_all_there(boot, proc_dump):
    guest = boot("--kernel", "6.12", "--memory", "1G")
    guest.exec(["sockets", "--tcp", "20000"], timeout=600)
    assert_same(guest, proc_dump, "net/tcp")
    assert cat(guest, "net/tcp").count(b"\n") > 20000
    [(planned, single), _] = with_and_without_plans(guest, proc_dump, "net/tcp", "net/tcp6")
    assert planned <= 12 and planned * 1000 < single


# A guest that lies: a copy of its memory, changed, read as a dump.

DIRECT_MAP = 0xffff888000000000        # without KASLR and LA57 (Documentation/arch/x86/x86_64/mm.rst)
KERNEL_MAP = 0xffffffff80000000
SOCK_NEXT = 104                        # struct sock_common.skc_nulls_node.next; checked before use
HASHINFO_EHASH_MASK = 16               # struct inet_hashinfo.ehash_mask; checked before use


class Dump:
    def __init__(self, path):
        self.path = path

    def read(self, physical):
        with open(self.path, "rb") as f:
            f.seek(physical)
            return struct.unpack("<Q", f.read(8))[0]

    def write(self, physical, value, size=8):
        with open(self.path, "r+b") as f:
            f.seek(physical)
            f.write(value.to_bytes(size, "little"))


def memory_file(qemu_pid):
    """The file behind the guest's RAM: QEMU's largest shared mapping."""
    with open(f"/proc/{qemu_pid}/maps", encoding="utf-8") as f:
        shared = [line.split()[0] for line in f if line.split()[1] == "rw-s"]
    size = lambda span: int(span.split("-")[1], 16) - int(span.split("-")[0], 16)
    return f"/proc/{qemu_pid}/map_files/{max(shared, key=size)}"


@pytest.fixture(scope="module")
def frozen(bartizan, tmp_path_factory):
    """(the guest's own text with plain pointers, kallsyms' tcp_hashinfo, a copy of its memory)"""
    from conftest import Guest
    guest = Guest(bartizan, "--kernel", "6.12", "--kaslr", "off", "--la57", "off")
    guest.exec(["sockets", "--tcp", "40"])
    guest.exec(["sh", "-c", "echo 1 > /proc/sys/kernel/kptr_restrict"])
    path = tmp_path_factory.mktemp("dump") / "memory"
    symbols = cat(guest, "kallsyms").decode()
    for _ in range(TRIES):
        text = cat(guest, "net/tcp")
        with guest.paused():
            subprocess.run(["cp", "--sparse=always", memory_file(guest.qemu_pid), path], check=True)
        if cat(guest, "net/tcp") == text:
            break
    else:
        pytest.fail("net/tcp: the guest never printed the same text twice")
    guest.down()
    return text, int(re.search(r"^(\w+) \w tcp_hashinfo$", symbols, re.M)[1], 16), path


@pytest.fixture
def dump(frozen, tmp_path):
    copy = tmp_path / "copy"
    subprocess.run(["cp", "--sparse=always", frozen[2], copy], check=True)
    yield Dump(copy)
    os.unlink(copy)


def sockets_of(text):
    """Physical addresses of the established sockets, in the order of their rows."""
    return [int(line.split()[11], 16) - DIRECT_MAP for line in text.decode().splitlines()[1:]
            if line.split()[3] == "01"]


def test_an_unchanged_dump_shows_what_the_guest_showed(frozen, dump, proc_dump):
    ours = proc_dump(f"dump:{dump.path}", "net/tcp")
    assert (ours.returncode, ours.stdout) == (EXIT_WHOLE, frozen[0])


def assert_cut(ours, frozen, word):
    """Marked, said why, and not empty: the listening sockets come before what was forged."""
    assert ours.returncode == EXIT_CUT
    assert word in ours.stderr
    assert ours.stdout.splitlines()[:3] == frozen[0].splitlines()[:3]


def test_a_chain_that_loops_ends_and_is_said(frozen, dump, proc_dump):
    victim = sockets_of(frozen[0])[5]
    assert dump.read(victim + SOCK_NEXT) & 1 or dump.read(victim + SOCK_NEXT) >= DIRECT_MAP
    dump.write(victim + SOCK_NEXT, DIRECT_MAP + victim + SOCK_NEXT)
    ours = proc_dump(f"dump:{dump.path}", "net/tcp")
    assert_cut(ours, frozen, b"comes back to itself")
    # The other buckets are all there.
    assert len(ours.stdout.splitlines()) >= len(frozen[0].splitlines()) - 1


@pytest.mark.parametrize("nowhere", [0x1000, 0xdead000000000100, 0xffffc90000000000 + 0x7ff0000000, 0xfffffffffffffff8])
def test_a_chain_into_nowhere_costs_its_bucket_only(frozen, dump, proc_dump, nowhere):
    victim = sockets_of(frozen[0])[5]
    dump.write(victim + SOCK_NEXT, nowhere)
    ours = proc_dump(f"dump:{dump.path}", "net/tcp")
    assert_cut(ours, frozen, b"missing")
    rows = [line[6:] for line in frozen[0].splitlines()]
    assert all(line[6:] in rows for line in ours.stdout.splitlines())
    assert len(ours.stdout.splitlines()) >= len(rows) - 3


@pytest.mark.parametrize("mask", [0xffffffff, 0x7fffffff, 0x12345, 0x00ffffff])
def test_a_mask_that_linux_does_not_make_is_refused(frozen, dump, proc_dump, mask):
    field = frozen[1] - KERNEL_MAP + HASHINFO_EHASH_MASK
    real = dump.read(field) & 0xffffffff
    assert real + 1 & real == 0 and 255 <= real < 1 << 20
    dump.write(field, mask, 4)
    assert_cut(proc_dump(f"dump:{dump.path}", "net/tcp"), frozen, b"mask")


def test_a_table_in_nowhere_is_given_up(frozen, dump, proc_dump):
    dump.write(frozen[1] - KERNEL_MAP, 0xffffd00000000000)
    assert_cut(proc_dump(f"dump:{dump.path}", "net/tcp"), frozen, b"missing")
