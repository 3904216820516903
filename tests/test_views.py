# SPDX-License-Identifier: GPL-2.0-or-later
"""--pid-namespace and --netns: the target as a process in a container, or in another network namespace, sees it."""
import os
import re
import subprocess
from dataclasses import replace

import pytest

from conftest import ROOT, Guest
from test_ask import asker, without_own
from test_proc_truth import KERNELS, compare_all, look_image, parse, words
from truth import LOOKS

assert look_image and asker  # fixtures
TRIES = 4
SYSTEM = {"/proc/locks", "/proc/net", "/proc/mounts", "/proc/net/tcp", "/proc/net/udp", "/proc/net/unix", "/proc/net/dev",
          "/proc/net/route", "/proc/sys/kernel/[*]", "/proc/sys/net/core/[*]", "/proc/sys/net/ipv4/[*]"}
# In a container /proc/1 is no agent of the lab's.
VIEWED = [replace(look, own_paths=None) for look in LOOKS if "[pid]" in look.pattern or look.pattern in SYSTEM]
# What the looking process itself moves: it takes numbers, and has pages.
OWN = re.compile(r"/proc/sys/kernel/ns_last_pid|/proc/(loadavg|self.*)")


@pytest.fixture(scope="module", params=KERNELS)
def zoo(request, bartizan):
    machine = Guest(bartizan, "--kernel", request.param)
    machine.kernel = request.param
    machine.exec(["processes"])
    machine.exec(["sh", "-c", "mkdir -p /run/netns && : >/run/netns/blue && "
                  "unshare -n sh -c 'ip link set lo up && (nc -l -p 4711 </dev/zero >/dev/null 2>&1 & sleep 1) && "
                  "mount --bind /proc/self/ns/net /run/netns/blue'"])
    machine.container = inside(machine, "container")
    yield machine
    machine.down()


def inside(guest, name):
    """The number of the process of that name."""
    script = f'for p in /proc/[0-9]*; do [ "$(cat $p/comm)" = "{name}" ] && echo ${{p#/proc/}}; done'
    return int(guest.exec(["sh", "-c", script], check=False).stdout.split()[0])


def look(guest, looks, image, enter, view):
    """(before, ours, after, what was said)"""
    def own():
        return parse(guest.exec([*enter, "look"], input=words(looks), timeout=300).stdout)

    before = own()
    with guest.paused():
        done = guest.bartizan("run", "--backend", "plain", "--target", f"qemu:{guest.qemu_pid}", *view, image,
                              input=words(looks), timeout=300)
    return before, parse(done.stdout), own(), done.stderr.decode(errors="replace")


def differences(guest, looks, image, enter, view):
    """What stays wrong after a few looks at it, or never stood still; and how many words were right."""
    right = 0
    for turn in range(TRIES):
        before, ours, after, said = look(guest, looks, image, enter, view)
        assert len(ours) > 0, said
        tallies, wrong, unsettled = compare_all(before, ours, after, looks, guest.kernel, said)
        right += sum(tally.compared.total() for tally in tallies.values())
        again = {one: texts for one, texts in
                 [*wrong.items(), *((one, [f"{one[1][1].decode()}: never the same lines twice inside"]) for one in unsettled)]
                 if not OWN.fullmatch(one[1][1].decode())}
        if turn == 0:
            print(f"{guest.kernel} {' '.join(view)}: {len(again)} of {len(before)} answers need a second look")
        if not again:
            break
        looks = [replace(found, pattern=key[1].decode()) for found, key in again]
    return [text for texts in again.values() for text in texts], right


def test_a_pid_namespace_shows_what_a_process_in_it_sees(zoo, look_image):
    enter = ["nsenter", "-t", str(zoo.container), "-m", "-u", "-i", "-n", "-p", "--"]
    wrong, right = differences(zoo, VIEWED, look_image, enter, ["--pid-namespace", str(zoo.container)])
    assert not wrong, "\n".join(wrong[:12])
    assert right > 500, right


def test_processes_outside_are_not_there(zoo):
    done = zoo.bartizan("run", "--backend", "plain", "--target", zoo.target, "--pid-namespace", str(zoo.container),
                        "ps", "-e", "-o", "pid=,ppid=,comm=")
    assert done.returncode == 0, done.stderr
    assert [line.split(None, 2) for line in done.stdout.splitlines()] == [
        [b"1", b"0", b"container"], [b"2", b"1", b"in container"]]
    probed = zoo.bartizan("run", "--backend", "plain", "--target", zoo.target, "--pid-namespace", str(zoo.container),
                          "process-list")
    assert [line.split()[0] for line in probed.stdout.splitlines()] == [b"1", b"2"], (probed.stdout, probed.stderr)


def test_the_inode_of_a_pid_namespace_names_it_too(zoo):
    link = zoo.exec(["readlink", f"/proc/{zoo.container}/ns/pid"]).stdout.decode().strip()
    for word in (link, re.search(r"\d+", link).group()):
        done = zoo.bartizan("cat", "--backend", "plain", "--target", zoo.target, "--pid-namespace", word, "1/comm")
        assert (done.returncode, done.stdout) == (0, b"container\n"), done.stderr


def test_groups_and_users_are_told_as_in_the_container(zoo, asker):
    """getpriority() of a user heeds the view's processes alone; of a group, those that its number stands for there."""
    image, program = asker
    with open(program, "rb") as f:
        zoo.exec(["sh", "-c", "cat > /tmp/asker; chmod +x /tmp/asker"], input=f.read())
    # Better than any of the container's: whoever counts it shows another number.
    zoo.exec(["sh", "-c", "nice -n -7 sleep 1000 >/dev/null 2>&1 & renice -n 3 -p " + str(zoo.container)])
    own = ["nsenter", "-t", str(zoo.container), "-p", "--", "/tmp/asker", "groups", "100"]
    before = zoo.exec(own).stdout.decode()
    with zoo.paused():
        done = zoo.bartizan("run", "--backend", "plain", "--target", zoo.target, "--pid-namespace", str(zoo.container),
                            image, "groups", "100")
    after = zoo.exec(own).stdout.decode()
    first, ours, last = (without_own(text, ()) for text in (before, done.stdout.decode(), after))
    stable = {number: line for number, line in first.items() if last.get(number) == line}
    assert "2" in stable and done.returncode == 0, (stable, done.stderr)
    assert {number: ours.get(number) for number in stable} == stable


@pytest.mark.parametrize("view", ["--netns", "--pid-namespace"])
def test_paper_files_has_no_views_and_says_so(zoo, view):
    done = zoo.bartizan("run", "--backend", "plain", "--target", zoo.target, view, str(zoo.container), "paper-files", "tcp")
    assert (done.returncode, done.stdout) == (2, b"") and view.encode() in done.stderr, done.stderr


@pytest.mark.parametrize("word", ["blue", "container"])
def test_a_network_namespace_by_its_name_and_by_a_process(zoo, word, look_image):
    if word == "blue":
        enter = ["nsenter", "-n/run/netns/blue", "--"]
    else:
        enter, word = ["nsenter", "-t", str(zoo.container), "-n", "--"], str(zoo.container)
    looks = [replace(found, pattern=found.pattern.replace("/proc/net", "/proc/self/net")) for found in LOOKS
             if found.pattern in SYSTEM and found.pattern.startswith("/proc/net/")]
    wrong, right = differences(zoo, looks, look_image, enter, ["--netns", word])
    assert not wrong, "\n".join(wrong[:12])
    assert right > 20, right
    # By netlink and by /proc/net.
    shown = {}
    for argv in (["ip", "-o", "link"], ["netstat", "-tan"]):
        done = zoo.bartizan("run", "--backend", "plain", "--target", zoo.target, "--netns", word, *argv)
        assert done.returncode == 0, done.stderr
        shown[argv[0]] = done.stdout
    expected = zoo.exec([*enter, "cat", "/proc/net/dev"]).stdout
    assert set(re.findall(rb"^\d+: (\S+?)[@:]", shown["ip"], re.M)) == set(re.findall(rb"^ *(\S+):", expected, re.M))
    assert (b":4711 " in shown["netstat"]) == (enter[1] == "-n/run/netns/blue"), shown["netstat"]


@pytest.mark.parametrize("backend", ["plain", "sim"])
def test_what_is_not_there_is_said_and_nothing_is_shown(zoo, backend):
    if zoo.exec(["uname", "-r"]).stdout.startswith(b"6.12") is False:
        pytest.skip("one kernel is enough for words")
    for view, words_ in ((["--pid-namespace", "4000000"], "no process 4000000"),
                         (["--pid-namespace", "pid:[4026539999]"], "no namespace pid:[4026539999]"),
                         (["--pid-namespace", "me"], "not 'me'"), (["--netns", "red"], "no /run/netns/red"),
                         (["--netns", "a/b"], "not 'a/b'")):
        done = zoo.bartizan("cat", "--backend", backend, "--target", zoo.target, *view, "uptime", "net/dev")
        assert done.returncode != 0 and done.stdout == b"", (view, done)
        assert words_ in done.stderr.decode(), done.stderr


def test_the_users_own_environment_does_not_count(zoo):
    environment = {**zoo.bartizan.environment, "BARTIZAN_PID_NAMESPACE": str(zoo.container)}
    done = subprocess.run([zoo.bartizan.path, "cat", "--quiet", "--backend", "plain", "--target", zoo.target, "1/comm"],
                          capture_output=True, check=True, env=environment, timeout=60)
    assert done.stdout != b"container\n" and os.path.isdir(ROOT)


# A namespace of its own, named NAME, until the name is taken away; prints its inode.
MAKE = """: >/run/netns/NAME && unshare -n sh -c 'ip link set lo up && mount --bind /proc/self/ns/net /run/netns/NAME' &&
nsenter -n/run/netns/NAME -- readlink /proc/self/ns/net"""
TAKE = "umount /run/netns/NAME && rm /run/netns/NAME"


def test_a_namespace_that_got_the_number_of_one_that_is_gone_is_not_taken_for_it(zoo):
    """A program looks a second time (standard input ends an epoch) when another one has the same name and the same inode."""
    def make():
        return zoo.exec(["sh", "-c", MAKE.replace("NAME", "short")]).stdout

    inode = make()
    program = subprocess.Popen([zoo.bartizan.path, "run", "--quiet", "--backend", "plain", "--target", zoo.target, "--netns", "short",
                                "busybox", "cat", "/proc/net/dev", "-", "/proc/net/dev"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, env=zoo.bartizan.environment)
    first = program.stdout.read1()
    for _ in range(TRIES * 5):   # the kernel takes its time to end one
        zoo.exec(["sh", "-c", TAKE.replace("NAME", "short")])
        if make() == inode:
            break
    else:
        pytest.fail("the kernel didn't give the number to another namespace")
    rest, said = program.communicate(timeout=60)
    zoo.exec(["sh", "-c", TAKE.replace("NAME", "short")])
    assert b"lo:" in first and rest == b"" and program.returncode != 0, (first, rest, said)
    assert b"has no namespace " + inode.strip() + b" (of /run/netns/short) any more" in said, said
