# SPDX-License-Identifier: GPL-2.0-or-later
"""What the VM tests share: the bartizan command, and guests.

    guest           one guest per test module, of the default kind; a module may ask for
                    another by GUEST_ARGUMENTS = ["--kernel", "6.1", …]
    boot            boots further ones: boot("--kernel", "5.10"), ended with the test
    headers         the kernel headers that part of the build was compiled against

A guest is bound to the test process: if that is killed, nothing stays behind. The lab's
state is in a directory of this run, so that runs, and the user's own guests, don't meet.
"""
import itertools
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import types

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BOOT_SECONDS = 600   # a cold cache: packages come over the network
EXEC_SECONDS = 120


# Two workers take these files one after the other: what takes minutes first, so that neither works alone at the end.
LONGEST_FIRST = ["test_watch", "test_ports", "test_proc_truth", "test_ask", "test_proc_net_misc", "test_sgx_images", "test_lab", "test_proc_net_nic",
                 "test_agent", "test_sgx_hardening", "test_proc_net", "test_hostile", "test_watch_verifier", "test_image", "test_module",
                 "test_two_machines", "test_views", "test_read_plans", "test_qemu_sgx", "test_resilience", "test_kernel"]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items):
    place = {name: i for i, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.path.stem, len(place)))


def without_cpuid_warning(stderr):
    """What BARTIZAN_SIM_STRICT says where it can't have all: not every CPU lets CPUID fault (AMD's don't)."""
    return stderr.replace(b"bartizan: BARTIZAN_SIM_STRICT: this CPU can't let CPUID fault, so programs inside may use it unseen\n", b"")


def find_bartizan():
    """The command under test: BARTIZAN, or the build tree's."""
    places = [os.environ.get("BARTIZAN"), os.path.join(ROOT, "build/bin/bartizan"),
              os.path.join(ROOT, "build/tools/build/bartizan")]
    for place in places:
        if place and os.access(place, os.X_OK):
            return os.path.realpath(place)
    return None


@pytest.fixture(scope="session")
def lab_environment():
    # Short: the paths of UNIX sockets have at most 107 bytes.
    runtime = tempfile.mkdtemp(prefix="bartizan-test-", dir="/tmp")
    yield {**os.environ, "XDG_RUNTIME_DIR": runtime}
    shutil.rmtree(runtime, ignore_errors=True)


@pytest.fixture(scope="session")
def bartizan(lab_environment):
    """Run `bartizan ARGUMENTS…`; gives a CompletedProcess with bytes."""
    path = find_bartizan()
    assert path, "there is no build/tools/build/bartizan: run `make build` first"

    def run(*arguments, **more):
        # What the run is made of is said on stderr: tests/test_run_link.py looks at that, nobody else.
        if arguments[0] in ("run", "cat"):
            arguments = (arguments[0], "--quiet", *arguments[1:])
        more = {"stdin": subprocess.DEVNULL, "timeout": EXEC_SECONDS, **more}
        if "input" in more:
            more.pop("stdin")
        return subprocess.run([path, *arguments], capture_output=True, check=False, env=lab_environment, **more)

    run.path = path
    run.environment = lab_environment
    return run


def fetch_kernel(what, kernel):
    """The directory that lab/fetch-kernel prints."""
    cache = os.path.join(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache"), "bartizan/kernels")
    done = subprocess.run(["sh", f"{ROOT}/lab/fetch-kernel", "--cache", cache, what, kernel], capture_output=True,
                          check=True, text=True, stdin=subprocess.DEVNULL, timeout=BOOT_SECONDS)
    return done.stdout.strip()


@pytest.fixture(scope="session")
def kernel_directory():
    """Gives the directory with a lab kernel's vmlinuz and modules/: kernel_directory("6.1")."""
    return lambda kernel: fetch_kernel("get", kernel)


@pytest.fixture(scope="session")
def headers():
    """The kernel headers that guest/headers was compiled against: .directory, .release."""
    directory = fetch_kernel("headers", "6.1")
    with open(f"{directory}/include/generated/utsrelease.h", encoding="utf-8") as file:
        return types.SimpleNamespace(directory=directory, release=file.read().split('"')[1])


class Guest:
    """A VM of the lab."""

    counter = itertools.count()

    def __init__(self, bartizan, *arguments):
        self.bartizan = bartizan
        self.name = f"test{next(self.counter)}"
        done = self.up(arguments)
        if done.returncode != 0 and (b"the guest didn't answer within" in done.stderr or b"Kernel panic" in done.stderr):
            # Under TCG, 7.2 now and then hangs while it looks for its clocks, or panics, long before anything of ours runs.
            print(f"{self.name}: booted a second time:\n{done.stderr.decode(errors='replace')}", file=sys.stderr)
            done = self.up(arguments)
        assert done.returncode == 0, done.stderr.decode(errors="replace")
        self.qemu_pid = self.describe()["qemu_pid"]

    def up(self, arguments):
        return self.bartizan("lab", "up", self.name, "--owner-pid", str(os.getpid()), *arguments, timeout=BOOT_SECONDS)

    def describe(self):
        import json
        machines = json.loads(self.bartizan("lab", "ls", "--json").stdout)
        return next(machine for machine in machines if machine["name"] == self.name)

    @property
    def target(self):
        return f"lab:{self.name}"

    def exec(self, argv, check=True, **more):
        """Run a command inside; stdout and stderr as bytes. With check, it must exit with 0."""
        done = self.bartizan("lab", "exec", self.name, "--", *argv, **more)
        # A text, not a tuple, which pytest shortens: the console of a guest that ended is in it.
        assert not check or done.returncode == 0, f"{argv}: exit {done.returncode}: {(done.stderr or b'').decode(errors='replace')}"
        return done

    def pause(self):
        """Stop the whole machine: nothing in it changes, nothing in it can help."""
        os.kill(self.qemu_pid, signal.SIGSTOP)

    def resume(self):
        os.kill(self.qemu_pid, signal.SIGCONT)

    def paused(self):
        return Paused(self)

    def down(self):
        self.bartizan("lab", "down", self.name)


class Paused:
    """`with guest.paused():` resumes in any case."""

    def __init__(self, guest):
        self.guest = guest

    def __enter__(self):
        self.guest.pause()

    def __exit__(self, *exception):
        self.guest.resume()


@pytest.fixture
def boot(bartizan):
    guests = []

    def up(*arguments):
        guests.append(Guest(bartizan, *arguments))
        return guests[-1]

    yield up
    for guest in guests:
        guest.down()


@pytest.fixture(scope="module")
def guest(bartizan, request):
    machine = Guest(bartizan, *getattr(request.module, "GUEST_ARGUMENTS", []))
    yield machine
    machine.down()
