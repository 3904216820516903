# SPDX-License-Identifier: GPL-2.0-or-later
"""Read plans: what they bring is what single pages would have said, and takes a fraction of the questions."""
import importlib.machinery
import importlib.util
import json
import os
import subprocess

import pytest

from conftest import ROOT

BARTIZAN = os.path.join(ROOT, "build/bin/bartizan")
BENCH = os.path.join(ROOT, "build/bin/bench-target")
PROCESS_LIST = os.path.join(ROOT, "build/ports/process-list.enclave")
CC = os.path.join(ROOT, "tools/bartizan-cc")
DUMP = os.path.join(ROOT, "build/tests/proc-dump")
CAT = os.path.join(ROOT, "build/ports/cat.enclave")
FILES = ["net/tcp", "net/tcp6", "net/udp", "net/unix", "net/raw"]


def run(target, *arguments, plans=True):
    environment = dict(os.environ, BARTIZAN_READ_PLANS="on" if plans else "off")
    return subprocess.run([BARTIZAN, "run", "--backend", "plain", "--target", target, PROCESS_LIST, *arguments],
                          check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, env=environment).stdout


def questions(guest, path, *options):
    done = subprocess.run([BENCH, "--repeat", "5", *options, f"qemu:{guest.qemu_pid}", path], check=True,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)
    return json.loads(done.stdout)


def test_the_process_list_is_the_same_without_plans_and_asks_many_times_more(guest):
    target = f"qemu:{guest.qemu_pid}"
    with guest.paused():
        with_plans, without = run(target), run(target, plans=False)
        assert with_plans == without
        rows = [line.split(None, 4) for line in with_plans.splitlines()]
        assert rows[0][0] == "1" and ["2", "0", "S", "0", "kthreadd"] in rows
        figures = json.loads(run(target, "--repeat", "5"))
        assert figures["cold_round_trips"] <= 3 and figures["warm_round_trips"] == 0, figures
        assert json.loads(run(target, "--repeat", "5", plans=False))["cold_round_trips"] >= 30


def program_that_can_do_without(tmp_path, port, name):
    """With a manifest that lets the word through that turns plans off."""
    with open(os.path.join(ROOT, f"ports/{port}/manifest"), encoding="utf-8") as f:
        text = f.read().replace("environment ", "environment BARTIZAN_READ_PLANS ", 1)
    assert "BARTIZAN_READ_PLANS" in text
    (tmp_path / "manifest").write_text(text, encoding="utf-8")
    compiled = subprocess.run([os.path.join(ROOT, "ports/build"), "--compiled", port], check=True, capture_output=True,
                              text=True, stdin=subprocess.DEVNULL).stdout.strip()
    image = tmp_path / name
    subprocess.run([CC, f"--manifest={tmp_path}/manifest", "-o", image, os.path.join(compiled, f"{name}.inside.o")], check=True,
                   capture_output=True, stdin=subprocess.DEVNULL)
    return str(image)


def test_lsof_shows_the_same_without_plans(guest, tmp_path):
    """Links, maps and descriptors: one with a long name, one that was removed."""
    image = program_that_can_do_without(tmp_path, "lsof", "lsof")
    guest.exec(["sh", "-c", f"cd /tmp; exec 7>{'n' * 60} 8>removed; rm removed; for i in 1 2 3 4 5 6 7 8; do sleep 1001 </dev/null >/dev/null 2>&1 & done;"
                            " until [ $(pidof sleep | wc -w) -ge 8 ]; do sleep 0.1; done"])
    with guest.paused():
        shown = [subprocess.run([BARTIZAN, "run", "--quiet", "--backend", "plain", "--target", f"qemu:{guest.qemu_pid}", image, "-nPl"], check=True,
                                capture_output=True, text=True, stdin=subprocess.DEVNULL,
                                env={**os.environ, "BARTIZAN_READ_PLANS": word}).stdout for word in ("on", "off")]
    guest.exec(["sh", "-c", "kill $(pidof sleep)"])
    assert shown[0].count("/tmp/removed (deleted)") >= 8 and shown[0].count("/tmp/nnnnnnnn") >= 8 and shown[0].count(" txt ") > 8
    assert shown[0] == shown[1]


def test_ps_shows_the_same_without_plans(guest, tmp_path):
    image = program_that_can_do_without(tmp_path, "procps", "ps")
    guest.exec(["sh", "-c", "for i in 1 2 3 4 5 6 7 8; do A=b sleep 1000 </dev/null >/dev/null 2>&1 & done;"
                            " until [ $(pidof sleep | wc -w) -ge 8 ]; do sleep 0.1; done"])
    with guest.paused():
        shown = [subprocess.run([BARTIZAN, "run", "--backend", "plain", "--target", f"qemu:{guest.qemu_pid}", image, "axeo",
                                 "pid,ppid,uid,stat,time,rss,vsz,nlwp,args"], check=True, capture_output=True, text=True,
                                stdin=subprocess.DEVNULL, env={**os.environ, "BARTIZAN_READ_PLANS": word, "COLUMNS": "300"}).stdout
                 for word in ("on", "off")]
    assert shown[0].count("sleep 1000") >= 8 and shown[0].count("A=b") >= 8 and "kthreadd" in shown[0]
    assert shown[0] == shown[1]


def test_what_ps_aux_reads_takes_few_round_trips_also_where_one_process_has_much(guest):
    """A large environment is read by pages; what these are read for no other process's files are made of. All that a file
    needs at most is a look by itself: without what plans show, that was four for each process. The guest stands still: who
    runs is looked at by himself, and how many do depends on how busy this machine is."""
    guest.exec(["sh", "-c", "A=$(head -c 9000 /dev/zero | tr '\\0' a) sleep 2000 </dev/null >/dev/null 2>&1 &"
                            " for i in $(seq 100); do sleep 2001 </dev/null >/dev/null 2>&1 & done;"
                            " until [ $(pidof sleep | wc -w) -ge 101 ]; do sleep 0.1; done"])
    bench = load_bench()
    with guest.paused(), bench.Chain(f"qemu:{guest.qemu_pid}", bench.inside_image()) as chain:
        once, thrice = (chain.run(repeat, bench.PS_FILES) for repeat in (1, 3))
    guest.exec(["sh", "-c", "kill $(pidof sleep)"])
    assert once[0]["lines"] > 100
    assert (thrice[1]["requests"] - once[1]["requests"]) / 2 <= 60, (once, thrice)


# What goes through all processes, and the round trips that a hundred processes more may take.
PROGRAMS = {"ps aux": 60, "pgrep -f .": 60, "top -b -n1": 60, "pstree -p": 60, "lsof -nPl": 60}


def test_a_hundred_processes_more_take_few_round_trips(guest):
    """Whole programs, less what finds the kernel: that depends on where the target's memory is in use. The guest stands still: who
    runs is looked at by himself."""
    bench = load_bench()

    def trips(command):
        name, *arguments = command.split()
        with bench.Chain(f"qemu:{guest.qemu_pid}", os.path.join(ROOT, f"build/ports/{name}.enclave")) as chain:
            printed, counts = chain.say(*arguments, TERM="dumb", COLUMNS="500", LINES="1000")
        return printed.count("\n"), counts["requests"]

    def all_trips():
        with guest.paused():
            found = trips("kernel-version")[1]
            return {command: (lines, requests - found) for command in PROGRAMS for lines, requests in [trips(command)]}

    # Others' of this module may not have ended yet.
    guest.exec(["sh", "-c", "kill $(pidof sleep); while pidof sleep; do sleep 0.1; done"], check=False)
    few = all_trips()
    guest.exec(["sh", "-c", "for i in $(seq 100); do sleep 2002 </dev/null >/dev/null 2>&1 & done;"
                            " until [ $(pidof sleep | wc -w) -ge 100 ]; do sleep 0.1; done"])
    more = all_trips()
    guest.exec(["sh", "-c", "kill $(pidof sleep)"])
    told = {command: (few[command], more[command]) for command in PROGRAMS}
    assert all(many - some >= 95 for (some, _), (many, _) in told.values()), told   # pstree's first stands beside its parent
    assert all(0 < some and many - some <= PROGRAMS[command] for command, ((_, some), (_, many)) in told.items()), told


def test_a_probe_never_leaves_the_enclave(guest, tmp_path):
    """All that asks by a process's number, of 29,000 numbers more: no question more to the agent (but one may come by time)."""
    image = str(tmp_path / "asker")
    subprocess.run([CC, f"--manifest={ROOT}/tests/inside/look.manifest", "-O2", "-D_GNU_SOURCE", "-o", image,
                    f"{ROOT}/tests/inside/asker.c"], check=True, capture_output=True, stdin=subprocess.DEVNULL)
    bench = load_bench()
    with guest.paused(), bench.Chain(f"qemu:{guest.qemu_pid}", image) as chain:
        few, many_ = (chain.say(count) for count in ("1000", "30000"))
    assert few[0].count("\n") > 50 and many_[0].startswith(few[0])
    assert abs(many_[1]["requests"] - few[1]["requests"]) <= 5, (few[1], many_[1])


def test_another_look_at_netstats_four_files_takes_three_round_trips(guest):
    """What the look before it has read comes with the look at the kernel, as far as one plan has room for it (that is UDP's): not TCP's, and one more look
    at the kernel after the first file that is made."""
    bench = load_bench()
    with guest.paused(), bench.Chain(f"qemu:{guest.qemu_pid}", bench.inside_image()) as chain:
        few, more = (chain.run(repeat, bench.SOCKET_FILES) for repeat in (2, 6))
    assert few[0]["lines"] == more[0]["lines"] > 0
    assert more[1]["requests"] - few[1]["requests"] == 4 * 3, (few, more)


@pytest.fixture(scope="module")
def many(guest):
    guest.exec(["sockets", "--tcp", "10000"], timeout=300)
    return guest


def test_sockets_are_the_same_without_plans_and_take_many_times_more_questions(many):
    with many.paused():
        planned, single = questions(many, "net/tcp"), questions(many, "net/tcp", "--without-plans")
        assert planned["lines"] == single["lines"] > 10000
        assert planned["questions"] * 1000 < single["questions"], (planned, single)
        texts = [subprocess.run([DUMP, how, f"qemu:{many.qemu_pid}", *FILES], check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
                 for how in ("--plans", "--pages")]
    assert texts[0].count(b"\n") > 10000
    assert texts[0] == texts[1], "another text without plans"


def load_bench():
    loader = importlib.machinery.SourceFileLoader("bench", os.path.join(ROOT, "tools/test/bench"))
    bench = importlib.util.module_from_spec(importlib.util.spec_from_loader("bench", loader))
    loader.exec_module(bench)
    return bench


def test_netstats_four_files_with_10000_sockets_take_ten_round_trips(many):
    """From a sealed image through the agent: what two looks more take than one."""
    bench = load_bench()
    with many.paused(), bench.Chain(f"qemu:{many.qemu_pid}", bench.inside_image()) as chain:
        once, thrice = (chain.run(repeat, bench.SOCKET_FILES) for repeat in (1, 3))
        assert once[0]["lines"] == thrice[0]["lines"] > 10000
        assert (thrice[1]["requests"] - once[1]["requests"]) / 2 <= 10


def test_a_text_that_is_made_in_parts_is_the_text(many):
    """More sockets than a part holds (SEQ_PART_SIZE, guest/proc/seq.h), in a namespace of their own."""
    many.exec(["unshare", "-n", "sh", "-c", "ifconfig lo up; exec sockets --tcp 11000"], timeout=300)
    other = many.exec(["sh", "-c", "for p in /proc/[0-9]*; do [ $(readlink $p/ns/net) = $(readlink /proc/1/ns/net) ] ||"
                                   " echo ${p#/proc/}; done 2>/dev/null"]).stdout.decode().split()
    with many.paused():
        for path in (f"/proc/{other[0]}/net/tcp", "/proc/net/unix"):
            whole = subprocess.run([DUMP, f"qemu:{many.qemu_pid}", path], check=True, capture_output=True,
                                   stdin=subprocess.DEVNULL).stdout
            parts = subprocess.run([BARTIZAN, "run", "--backend", "plain", "--target", f"qemu:{many.qemu_pid}", CAT, path],
                                   check=True, capture_output=True, stdin=subprocess.DEVNULL).stdout
            assert parts == whole, path
            assert path == "/proc/net/unix" or len(whole) > 1536 << 10
