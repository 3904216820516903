# SPDX-License-Identifier: GPL-2.0-or-later
"""Programs inside: bartizan-cc, the backend plain, the file system that they see. No guest is needed."""
import os
import re
import subprocess

import pytest

from conftest import ROOT, find_bartizan

BUILD = os.path.join(ROOT, "build")
CC = os.path.join(ROOT, "tools/bartizan-cc")
INSIDE = os.path.join(ROOT, "tests/inside")
FLAGS = ["-O1", "-std=gnu2x", "-D_GNU_SOURCE", "-Wall", "-Werror"]


def run_plain(*arguments, **more):
    more = {"stdin": subprocess.DEVNULL, "timeout": 60, **more}
    if "input" in more:
        more.pop("stdin")
    return subprocess.run([os.path.join(BUILD, "tests/run-plain"), *arguments], capture_output=True, check=False, **more)


@pytest.fixture(scope="session")
def passthrough(tmp_path_factory):
    """An object that takes the place of a target's /proc: this machine's own."""
    out = tmp_path_factory.mktemp("inside") / "proc-passthrough.o"
    subprocess.run([CC, *FLAGS, f"-I{BUILD}/include/enclave/vfs", "-c", "-o", out, f"{INSIDE}/proc-passthrough.c"], check=True)
    return out


@pytest.fixture(params=["plain", "sim", "strict"])
def run_inside(request, monkeypatch):
    """Runs an image in each backend that every machine has."""
    if request.param == "strict":
        monkeypatch.setenv("BARTIZAN_SIM_STRICT", "1")
    return lambda *arguments, **more: run_plain(*([] if request.param == "plain" else ["--sim"]), *arguments, **more)


@pytest.fixture(scope="session")
def image(tmp_path_factory, passthrough):
    """Builds tests/inside/NAME.c into an image."""
    directory = tmp_path_factory.mktemp("images")

    def build(name):
        out = directory / name
        if not out.exists():
            subprocess.run([CC, f"--manifest={INSIDE}/probe.manifest", *FLAGS, "-o", out, f"{INSIDE}/{name}.c", passthrough],
                           check=True)
        return str(out)
    return build


def test_file_system_calls_do_inside_what_they_do_under_linux(run_inside, image, tmp_path):
    native = tmp_path / "native"
    subprocess.run(["gcc", *FLAGS, "-o", native, f"{INSIDE}/vfs-probe.c"], check=True)
    expected = subprocess.run([native], check=True, capture_output=True, cwd="/").stdout.decode().splitlines()
    inside = run_inside(image("vfs-probe"))
    assert inside.stdout.decode().splitlines() == expected
    assert len(expected) > 300


@pytest.mark.parametrize("what", ["memory", "arithmetic", "clocks", "fork", "execute"])
def test_a_program_runs_to_its_end(run_inside, image, what):
    done = run_inside(image("calls"), what)
    assert done.returncode == 0, done.stderr.decode()


def test_arguments_input_and_exit_code_pass_unchanged(run_inside, image):
    odd = ["", "two words", "ünï", "a=b", "-x", "\n"]
    assert run_inside(image("calls"), "arguments", *odd).stdout.decode().split("\n", 2)[2] == "".join(a + "\n" for a in odd)
    data = bytes(range(256)) * 3000
    assert run_inside(image("calls"), "input", input=data).stdout == data
    assert [run_inside(image("calls"), "exit", str(code)).returncode for code in (0, 1, 77, 255)] == [0, 1, 77, 255]
    assert run_inside(image("calls"), "abort").returncode == 128 + 6


def test_only_the_manifests_environment_passes(run_inside, image):
    done = run_inside(image("calls"), "environment",
                     env={"PROBE": "1", "SECRET": "2", "LD_PRELOAD": "", "TERM": "x", "PROBES": "3", "HOME": os.environ["HOME"],
                          **({"BARTIZAN_SIM_STRICT": "1"} if "BARTIZAN_SIM_STRICT" in os.environ else {})})
    assert sorted(done.stdout.decode().split()) == ["PROBE=1", "TERM=x"]


def test_only_the_manifests_files_can_be_read(run_inside, image, tmp_path):
    assert run_inside(image("calls"), "file", "/etc/services").stdout == open("/etc/services", "rb").read()
    (tmp_path / "secret").write_text("secret")
    for path in (str(tmp_path / "secret"), "/etc/../var/log/dpkg.log", f"/etc/../{tmp_path}/secret"):
        done = run_inside(image("calls"), "file", path)
        assert (done.returncode, done.stdout) == (1, b"No such file or directory\n")


def test_a_refused_call_is_named_on_stderr(run_inside, image):
    assert b"fork" in run_inside(image("calls"), "fork").stderr


def test_a_call_that_the_manifest_lacks_is_named_on_stderr(image, tmp_path, passthrough):
    (tmp_path / "manifest").write_text("heap 64M\nstack 1M\ncall read write fstat ioctl clock_gettime\n")
    subprocess.run([CC, f"--manifest={tmp_path}/manifest", *FLAGS, "-o", tmp_path / "calls", f"{INSIDE}/calls.c", passthrough],
                   check=True)
    assert run_plain(tmp_path / "calls", "clocks").stderr.count(b"clock_nanosleep") == 1


def test_partial_evidence_never_ends_with_success(run_inside, image):
    done = run_inside(image("calls"), "file", "/proc/torn")
    assert done.stdout == b"first line\n"  # fgets() drops what an error cut
    assert b"the list loops" in done.stderr
    assert done.returncode == 74


def test_what_the_target_has_and_this_version_lacks_is_no_silent_absence(image):
    done = run_plain(image("calls"), "probe", "/proc/net/stat", "/proc/net/nothing", "/proc/net/stat/", "/proc/meminfo")
    assert done.stderr.decode().splitlines() == [
        f"bartizan: /proc/{path}: the target has this file, but this version can't show it" for path in ("net/stat", "meminfo")]
    assert done.returncode == 74
    done = run_plain(image("calls"), "probe", "/proc/nothing")
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_crash_inside_is_said_and_ends_with_its_signal(image):
    done = run_plain(image("calls"), "crash")
    assert done.returncode == -11
    assert re.search(rb"the program inside crashed: SIGSEGV \(page fault\) at address 0x1234, by the instruction at image\+0x[0-9a-f]+ \(main\+0x[0-9a-f]+\)\n", done.stderr)


def test_a_closed_pipe_ends_the_program(image):
    done = subprocess.run(["bash", "-c", '"$1" "$2" input </dev/zero | head -c 10 >/dev/null; exit ${PIPESTATUS[0]}', "-",
                           os.path.join(BUILD, "tests/run-plain"), image("calls")], check=False, timeout=60)
    assert done.returncode == 128 + 13


def compile_inside(tmp_path, text, *arguments):
    source = tmp_path / "x.c"
    source.write_text(text)
    return subprocess.run([CC, "-o", tmp_path / "x", source, *arguments], capture_output=True, check=False, cwd=tmp_path)


@pytest.mark.parametrize("text, said", [
    ('int main(void) { __asm__ volatile("syscall"); }', b"forbidden instructions"),
    ('int main(void) { __asm__ volatile("cpuid" ::: "eax", "ebx", "ecx", "edx"); }', b"forbidden instructions"),
    ('int main(void) { __asm__ volatile("int $0x80"); }', b"forbidden instructions"),
    ("int missing(void); int main(void) { return missing(); }", b"missing"),
])
def test_what_cannot_run_in_an_enclave_is_not_linked(tmp_path, passthrough, text, said):
    done = compile_inside(tmp_path, text, str(passthrough))
    assert done.returncode != 0
    assert said in done.stderr


def test_shared_objects_and_foreign_libraries_are_refused(tmp_path, passthrough):
    assert b"-shared" in compile_inside(tmp_path, "int x;", "-shared").stderr
    done = compile_inside(tmp_path, "int main(void) { return 0; }", "-lssl")
    assert done.returncode != 0 and b"-lssl" in done.stderr
    assert compile_inside(tmp_path, "int main(void) { return 0; }", "-lm", "-lpthread", "-l", "dl", str(passthrough)).returncode == 0


def test_a_configure_scripts_probes_run_on_this_machine(tmp_path):
    (tmp_path / "conftest.c").write_text('#include <stdio.h>\nint main(void) { puts("probe"); return 3; }\n')
    subprocess.run([CC, "-o", "conftest", "conftest.c"], check=True, cwd=tmp_path)
    done = subprocess.run([tmp_path / "conftest"], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (3, b"probe\n")


SORTS = r"""
#define _GNU_SOURCE
#include <assert.h>
#include <stdlib.h>
#include <sys/resource.h>
#define COUNT 100000
static struct card { int key, place; } cards[COUNT];
static int compare(const void *l, const void *r) { return ((const struct card *)l)->key - ((const struct card *)r)->key; }
static int compare_with(const void *l, const void *r, void *times) { ++*(int *)times; return compare(l, r); }
static void shuffle(int keys)
{
	for (int i = 0; i < COUNT; i++)
		cards[i] = (struct card){.key = rand() % keys, .place = i};
}
static int disorder(int places)
{
	for (int i = 1; i < COUNT; i++) {
		int keys = cards[i - 1].key - cards[i].key;
		if (keys > 0 || (places && keys == 0 && cards[i - 1].place > cards[i].place))
			return 1;
	}
	return 0;
}
int main(void)
{
	int times = 0;
	shuffle(100);
	qsort(cards, COUNT, sizeof(*cards), compare);
	assert(!disorder(1));
	shuffle(100);
	qsort_r(cards, COUNT, sizeof(*cards), compare_with, &times);
	assert(!disorder(1) && times > COUNT);
	/* Without memory: sorted all the same, in place. */
	assert(setrlimit(RLIMIT_AS, &(struct rlimit){4096, 4096}) == 0);
	shuffle(100);
	qsort(cards, COUNT, sizeof(*cards), compare);
	assert(!disorder(0) && disorder(1));
	return 0;
}
"""


NUMBERS = r"""
#include <assert.h>
#include <errno.h>
#include <stdlib.h>
int main(void)
{
	errno = 0;
	assert(strtol("self", NULL, 10) == 0 && errno == 0);
	assert(strtoull("", NULL, 0) == 0 && errno == 0);
	assert(strtol("12", NULL, 10) == 12 && errno == 0);
	(void)strtol("99999999999999999999", NULL, 10);
	assert(errno == ERANGE);
	return 0;
}
"""


def test_what_is_no_number_is_no_error_as_in_glibc(tmp_path):
    (tmp_path / "conftest.c").write_text(NUMBERS)
    subprocess.run([CC, "-o", "conftest", "conftest.c"], check=True, cwd=tmp_path)
    subprocess.run([tmp_path / "conftest"], check=True)


def test_sorting_keeps_the_order_of_equals_as_in_glibc(tmp_path):
    (tmp_path / "conftest.c").write_text(SORTS)
    subprocess.run([CC, "-o", "conftest", "conftest.c"], check=True, cwd=tmp_path)
    subprocess.run([tmp_path / "conftest"], check=True)


def test_an_image_is_the_same_whenever_and_wherever_it_is_built(image, tmp_path, passthrough):
    out = tmp_path / "again"
    subprocess.run([CC, f"--manifest={INSIDE}/probe.manifest", *FLAGS, "-o", out, f"{INSIDE}/calls.c", passthrough], check=True,
                   env={**os.environ, "TMPDIR": str(tmp_path)})
    assert out.read_bytes() == open(image("calls"), "rb").read()


@pytest.mark.parametrize("port", ["netstat", "ifconfig", "route", "arp", "cat"])
def test_every_port_passes_the_audit(port):
    subprocess.run([os.path.join(ROOT, "tools/image-audit"), f"{BUILD}/ports/{port}.enclave"], check=True)


def test_unknown_programs_targets_and_backends_say_what_to_do():
    bartizan = find_bartizan()
    for arguments, code, said in [
        (["run", "--target", "qemu:1", "nosuchprogram"], 125, b"there is no program nosuchprogram"),
        (["run", "--backend", "magic", "netstat"], 2, b"there is no backend magic"),
        (["run"], 2, b"which program?"),
        (["cat"], 2, b"which file?"),
        (["cat", "--target", "dump:/nonexistent", "net/tcp"], 125, b"/nonexistent"),
    ]:
        done = subprocess.run([bartizan, *arguments], capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=60)
        assert said in done.stderr, (arguments, done.stderr)
        assert done.returncode == code, (arguments, done.stderr)
        assert done.stdout == b""
