# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs inside that run others (docs/spawn.md): tests/inside/spawner.c, honest hosts and lying ones (tests/lying-run.c)."""
import os
import shutil
import subprocess

import pytest

from conftest import ROOT

GUEST_ARGUMENTS = ["--kernel", "6.12"]
EXIT_PARTIAL_EVIDENCE = 74
PROGRAMS = ["bartizan-agent", "bartizan-grantor"]


def link(directory, name, manifest, **environment):
    image = str(directory / name)
    subprocess.run([f"{ROOT}/tools/bartizan-cc", f"--manifest={manifest}", "-O2", "-o", image, f"{ROOT}/tests/inside/spawner.c"],
                   check=True, capture_output=True, env={**os.environ, **environment}, timeout=120)
    return image


@pytest.fixture(scope="module")
def spawner(tmp_path_factory):
    return link(tmp_path_factory.mktemp("spawn"), "spawner", f"{ROOT}/tests/inside/spawner.manifest")


@pytest.fixture(scope="module", params=["plain", "sim"])
def run(request, bartizan, guest, spawner):
    """Run the spawner; (exit code, stdout, stderr)."""
    def run(*arguments, options=()):
        done = bartizan("run", "--backend", request.param, "--target", guest.target, *options, spawner, *arguments)
        return done.returncode, done.stdout.decode(), done.stderr.decode()

    return run


def test_what_popen_reads_is_what_the_program_prints(run, bartizan, guest):
    alone = bartizan("run", "--backend", "plain", "--target", guest.target, "ps", "--no-header", "-p", "1", "o", "pid,comm")
    code, out, err = run("read", "ps --no-header -p 1 o pid,comm")
    assert (code, out) == (0, alone.stdout.decode() + "popen: exit 0\n"), err


def test_a_pipeline_of_three_programs(run):
    code, out, err = run("read", "ps auxw -T|tr -s ' '|cut -d' ' -f2-", "2")
    assert code == 0, err
    lines = out.splitlines()
    assert lines[0].split()[:2] == ["PID", "SPID"] and lines[1].split()[:2] == ["1", "1"]
    assert "  " not in lines[1]


def test_a_pipeline_prints_what_it_prints_here(run, bartizan, guest):
    """tr and cut do to ps's lines what this machine's do."""
    ps, rest = "ps --no-header -e o pid,ppid,comm", "tr -s ' ' | cut -d' ' -f2,4-"
    with guest.paused():
        alone = bartizan("run", "--backend", "plain", "--target", guest.target, *ps.split())
        code, out, err = run("read", f"{ps} | {rest}", "100000")
    assert alone.returncode == 0 and alone.stdout.count(b"\n") > 20
    expected = subprocess.run(["sh", "-c", rest], input=alone.stdout, capture_output=True, check=True).stdout.decode()
    assert (code, out) == (0, expected + "popen: exit 0\n"), err


def test_what_is_written_reaches_the_program_whole(run):
    text = "x" * 100
    code, out, err = run("write", "tr x y", text, "3000")
    assert (code, out) == (0, f"{'y' * 100}\n" * 3000 + "popen: exit 0\n"), err


@pytest.mark.parametrize("backend", ["plain", "sim"])
def test_cut_reads_a_file_of_the_target(bartizan, guest, backend):
    version = guest.exec(["cat", "/proc/version"]).stdout
    done = bartizan("run", "--backend", backend, "--target", guest.target, "cut", "-d ", "-f1-3", "/proc/version")
    assert (done.returncode, done.stdout.split()) == (0, version.split()[:3]), done.stderr


def test_the_status_of_a_program_is_its_own(run):
    assert run("system", "ps --no-such-option >/dev/null 2>/dev/null")[1] == "system: exit 1\n"
    assert run("spawn", "/usr/bin/ps", "-p", "1")[1].endswith("posix_spawn: exit 0\nagain: no child\n")


def test_redirections_are_honoured(run):
    code, out, err = run("read", "ps --no-such-option 2>&1 >/dev/null", "1")
    assert code == 0 and "unknown gnu long option" in out and "unknown" not in err
    code, out, err = run("read", "ps --no-such-option 2>/dev/null")
    assert out == "popen: exit 1\n" and "unknown" not in err


@pytest.mark.parametrize("line, found", [
    ("grep x", "grep"), ("ps; ps", ";"), ("ps $HOME", "$HOME"), ("ps >/tmp/x", "a file"), ("ps *", "*"), ("PATH=/ ps", "a variable"),
    ("ps 'x", "a quote without an end"), ("ps || ps", "or"), ("", "no program")])
def test_what_cannot_be_run_is_named(run, line, found):
    code, out, err = run("read", line)
    assert out == "popen: exit 127\n" and found in err
    assert code == EXIT_PARTIAL_EVIDENCE


def test_fork_and_exec_are_refused_by_name(run):
    _, out, err = run("fork")
    assert out.count("Function not implemented") == 3
    assert "fork (57)" in err and "execve (59)" in err and "posix_spawn()" in err


def test_a_program_that_was_run_runs_no_other(bartizan, guest, spawner, tmp_path):
    programs = tmp_path / "ports"
    programs.mkdir()
    shutil.copy(spawner, programs / "spawner.enclave")
    (tmp_path / "manifest").write_text("heap 24M\nstack 1M\nprogram spawner\ncall write\n")
    link(tmp_path, "outer", tmp_path / "manifest", BARTIZAN_PROGRAMS=str(programs))
    inspected = bartizan("image", "inspect", str(tmp_path / "outer")).stdout.decode()
    measured = bartizan("image", "measure", spawner).stdout.decode().split()[0]
    assert f"spawner={measured}" in inspected


# ---- a host that lies

@pytest.fixture(scope="module")
def liar(bartizan, guest, spawner, tmp_path_factory):
    """Run the spawner under a host that lies so; with all its programs in one place."""
    place = tmp_path_factory.mktemp("liar")
    built = os.path.dirname(bartizan.path)
    shutil.copy(f"{ROOT}/build/tests/lying-run", place / "bartizan")
    for name in PROGRAMS:
        shutil.copy(f"{built}/{name}", place / name)
    os.symlink(f"{ROOT}/build/ports", place / "ports")

    def run(lie, *arguments):
        done = subprocess.run([str(place / "bartizan"), "run", "--quiet", "--backend", "sim", "--target", guest.target, spawner, *arguments],
                              stdin=subprocess.DEVNULL, capture_output=True, check=False, timeout=120,
                              env={**bartizan.environment, **({"LIE": lie} if lie else {})})
        return done.returncode, done.stdout.decode(errors="replace"), done.stderr.decode(errors="replace")

    return run


COMMAND = "ps --no-header -p 1 o pid"


def test_the_lying_host_can_be_honest(liar):
    code, out, err = liar(None, "read", COMMAND)
    assert (code, out.split()) == (0, ["1", "popen:", "exit", "0"]), err


@pytest.mark.parametrize("lie, words", [
    ("other", "another image"), ("plain", "no proof of an enclave"), ("source", "about something else"),
    ("flip:1", "no proof of an enclave|about something else|what can't be"), ("truncate:1", "isn't a program inside"),
    ("forge:1", "no proof of an enclave|what can't be"),
    ("flip:2", "altered"), ("replay:2", "handshake|message|head"), ("forge:2", "altered")])
def test_a_child_that_cannot_prove_itself_gets_nothing(liar, lie, words):
    code, out, err = liar(lie, "read", COMMAND)
    assert out == "read: I/O error\npopen: signal 9\n", err
    assert any(part in err for part in words.split("|")), err
    assert code == EXIT_PARTIAL_EVIDENCE


@pytest.mark.parametrize("lie, words", [
    ("flip:3", "altered"), ("truncate:3", "says it has"), ("drop:3", "dropped"), ("replay:3", "message|record|handshake"),
    ("forge:3", "altered"), ("end:3", "is gone"), ("kill:3", "is gone")])
def test_what_a_child_prints_is_whole_or_an_error(liar, lie, words):
    code, out, err = liar(lie, "read", COMMAND)
    assert out == "read: I/O error\npopen: signal 9\n", err
    assert any(part in err for part in words.split("|")), err
    assert code == EXIT_PARTIAL_EVIDENCE


@pytest.mark.parametrize("lie", ["flip:4", "truncate:4", "drop:4", "replay:4", "forge:4", "end:4", "kill:4"])
def test_how_a_child_ended_cannot_be_forged(liar, lie):
    code, out, err = liar(lie, "read", COMMAND)
    assert out.split()[0] == "1" and "exit" not in out and out.endswith("popen: signal 9\n"), err
    assert "read: I/O error" in out
    assert err.startswith("bartizan: ")
    assert code == EXIT_PARTIAL_EVIDENCE
