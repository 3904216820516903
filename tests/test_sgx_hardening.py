# SPDX-License-Identifier: GPL-2.0-or-later
"""On the model of SGX (docs/qemu-sgx.md), with 8 MiB of EPC: what tests/test_sim.py and tests/test_hostile_host.py ask of `sim`, asked of `sgx`; and
enclaves larger than the EPC, many at once, killed in the middle. No target is needed."""
import errno
import hashlib
import json
import os
import random
import re
import subprocess
import time
from pathlib import Path

import pytest

from conftest import ROOT, Guest
from test_agent import Monitor, qmp_path
from test_qemu_sgx import FULL, qemu   # pylint: disable=unused-import
from test_sim import BUILD, CC, CRASHES, FLAGS, INSIDE

EPC_MIB = 8
ERRORS = [errno.EPERM, errno.EIO, errno.ENXIO, errno.ENOMEM, errno.EACCES, errno.EFAULT, errno.EBUSY, errno.ENODEV, errno.EINVAL, errno.ENOTTY,
          errno.EMFILE]
CREATE, ADD, INIT = "ioctl 0x4008a400", "ioctl 0xc030a401", "ioctl 0x4008a402"
WHOLE = "before\nafter\n"
SECONDS = 600
EVICTING_PAGES = 5 * (EPC_MIB << 8) // 2   # tests/inside/refuse-call.c


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Where those of tests/inside are signed."""
    return str(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="module")
def machine(bartizan, qemu, images):   # pylint: disable=redefined-outer-name
    """With tests/run-plain, tests/soak-programs and the images of tests/inside."""
    directory = Path(images)
    passthrough = str(directory / "passthrough.o")
    subprocess.run([CC, *FLAGS, f"-I{BUILD}/include/enclave/vfs", "-c", "-o", passthrough, f"{INSIDE}/proc-passthrough.c"], check=True)
    files = {f"{BUILD}/tests/{name}": name for name in ("run-plain", "soak-programs", "refuse-call", "entry-probe")}
    found = subprocess.run(["ldd", f"{BUILD}/tests/entry-probe"], capture_output=True, text=True, check=True).stdout
    files |= {path: os.path.basename(path) for path in re.findall(r"=> (/\S*/libcmocka\S*) ", found)}
    for name, manifest in (("faults", "small"), ("state", "small"), ("entered", "small"), ("large", "large")):
        image = str(directory / name)
        subprocess.run([CC, f"--manifest={INSIDE}/{manifest}.manifest", *FLAGS, "-o", image, f"{INSIDE}/{name}.c", passthrough], check=True)
        files |= {image + suffix: name + suffix for suffix in ("", ".sig", ".debug")}
    guest = Guest(bartizan, f"--sgx={EPC_MIB}M", "--memory", "1024")
    for path, name in files.items():
        with open(path, "rb") as file:
            guest.exec(["sh", "-c", f"mkdir -p /t && cat >/t/{name} && chmod +x /t/{name}"], input=file.read())
    yield guest
    guest.down()


def run(machine, *words):
    return machine.exec(["/t/run-plain", "--sgx", *words], check=False, timeout=SECONDS)


def counts(machine):
    monitor = Monitor(qmp_path(machine.qemu_pid))
    text = monitor.execute("human-monitor-command", **{"command-line": "info sgx"})
    monitor.close()
    return {name: int(number) for name, number in re.findall(r"(\w+)=(\d+)", text)}


def counted(machine, action):
    before = counts(machine)
    result = action()
    return result, {name: number - before[name] for name, number in counts(machine).items()}


@pytest.mark.parametrize("how, code, said", CRASHES)
def test_a_crash_on_sgx_is_reported_as_on_sim(machine, how, code, said):
    """But for INT3: Linux's vDSO leaves it to signals, since it can't know whose it was (6.12, arch/x86/entry/vdso/extable.c): the exit code says it."""
    done, more = counted(machine, lambda: run(machine, "/t/faults", how))
    if how == "int3":
        said = None
    assert done.returncode == code, done
    assert done.stdout == (WHOLE.encode() if how == "nothing" else b"before\n")
    assert re.search(rb"the program inside crashed: " + said if said else rb"^$", done.stderr), done.stderr
    assert more["EINIT"] == 1 and (more["AEX"] > 0 or how == "nothing"), more


def test_state_survives_interrupts_on_sgx(machine):
    done, more = counted(machine, lambda: run(machine, "--timer", "/t/state", "300"))
    assert (done.returncode, done.stdout[:6]) == (0, b"whole:"), done
    assert more["AEX"] > 100 and more["ERESUME"] > 100, more


def test_the_entry_holds_against_a_hostile_host_on_sgx(machine):
    """tests/entry-probe.c by EENTER and ERESUME themselves. What it looks at in the CPU's own structures is `sim`'s alone: 4 tests are skipped."""
    done, more = counted(machine, lambda: machine.exec(["env", "LD_LIBRARY_PATH=/t", "/t/entry-probe", "--sgx", "/t/faults", "/t/state", "/t/entered"],
                                                       check=False, timeout=SECONDS))
    text = (done.stdout + done.stderr).decode()
    assert done.returncode == 0, text
    assert text.count("[       OK ]") == 14 and "[  SKIPPED ] 4 test(s)" in text, text
    assert more["EINIT"] > 40 and more["ERESUME"] > 0, more


CHANGED = """cd /t; for name in faults faults.sig; do cp $name changed${{name#faults}}; done
printf '\\{byte:03o}' | dd of=changed{suffix} bs=1 seek={at} conv=notrunc 2>/dev/null
./run-plain --sgx changed nothing; echo code $?
"""


def test_a_changed_byte_anywhere_is_refused_on_sgx(machine, images):
    chooser, script, places = random.Random(1), "", []
    for suffix in ("", ".sig"):
        with open(images + "/faults" + suffix, "rb") as file:
            good = file.read()
        for _ in range(200 if FULL else 8):
            at = chooser.randrange(len(good))
            places.append((suffix, at))
            script += CHANGED.format(byte=good[at] ^ 1 << chooser.randrange(8), suffix=suffix, at=at)
    text = machine.exec(["sh"], input=(script.replace("nothing;", "nothing 2>&1;")).encode(), timeout=SECONDS).stdout.decode(errors="replace")
    ends = re.findall(r"(.*?)code (\d+)\n", text, re.DOTALL)
    assert len(ends) == len(places)
    for place, (said, code) in zip(places, ends):
        assert code == "125" and said.startswith("bartizan: ") and len(said) > 40 and WHOLE not in said, (place, said, code)


def test_a_heap_larger_than_the_epc_is_evicted_and_comes_back(machine):
    done, more = counted(machine, lambda: run(machine, "/t/large", "14"))
    assert (done.returncode, done.stdout) == (0, b"whole: 14 MiB\n"), done
    assert more["EWB"] > 6 << 8 and more["ELDU"] + more["ELDB"] > 6 << 8, more


def test_twenty_enclaves_at_once_share_the_epc(machine):
    script = "for i in $(seq 20); do /t/run-plain --sgx /t/large 1 >/tmp/many.$i 2>&1 & done; wait; cat /tmp/many.*"
    done, more = counted(machine, lambda: machine.exec(["sh", "-c", script], check=False, timeout=SECONDS))
    assert done.stdout == 20 * b"whole: 1 MiB\n", done
    assert more["EINIT"] == 20 and more["EWB"] > 0, more


def pages_when_given_back(machine, wanted):
    for _ in range(100):   # the kernel gives pages back in its own time
        if counts(machine)["pages"] <= wanted:
            break
        time.sleep(0.2)
    return counts(machine)["pages"]


def test_an_enclave_killed_under_pressure_gives_all_its_pages_back(machine):
    """While it runs, and its pages come and go: after EINIT, and evictions since."""
    first = counts(machine)
    machine.exec(["sh", "-c", "(/t/run-plain --sgx /t/large 14 >/tmp/killed 2>&1 & echo $! >/tmp/pid; wait $!; echo $? >/tmp/code) >/dev/null 2>&1 &"])
    end = time.monotonic() + SECONDS
    while counts(machine)["EINIT"] == first["EINIT"] and time.monotonic() < end:
        time.sleep(0.05)
    loaded = counts(machine)
    while counts(machine)["EWB"] - loaded["EWB"] < 300 and time.monotonic() < end:
        time.sleep(0.05)
    done = machine.exec(["sh", "-c", "kill -9 $(cat /tmp/pid); until [ -s /tmp/code ]; do sleep 0.1; done; cat /tmp/code"], timeout=SECONDS)
    assert done.stdout == b"137\n", (done, machine.exec(["cat", "/tmp/killed"]).stdout)
    assert loaded["EADD"] - first["EADD"] > 2000
    assert pages_when_given_back(machine, first["pages"]) <= first["pages"]
    done = run(machine, "/t/large", "2")
    assert (done.returncode, done.stdout) == (0, b"whole: 2 MiB\n"), done
    log = machine.exec(["dmesg"]).stdout.decode(errors="replace")
    assert not re.search(r"WARNING:|BUG:|sgx: E[A-Z]+ returned", log), log


def refusing(machine, cases):
    """What comes of /t/faults with each of these (number of a call, errno): exit code, output, errors."""
    script = "".join(f"/t/refuse-call {number} {error} /t/run-plain --sgx /t/faults nothing >/tmp/said 2>/tmp/errors; echo code $?; cat /tmp/said; "
                     "echo errors; cat /tmp/errors; echo next\n" for number, error in cases)
    text = machine.exec(["sh"], input=script.encode(), timeout=SECONDS).stdout.decode()
    found = [re.fullmatch(r"code (\d+)\n(.*)errors\n(.*)", part, re.DOTALL).groups() for part in text.split("next\n")[:-1]]
    return [(int(code), said, errors.splitlines()) for code, said, errors in found]


def refused_step(errors):
    """What was refused, as refuse-call names it; what else was said."""
    words = [line for line in errors if not line.startswith("refuse-call: ")]
    return re.fullmatch(r"refuse-call: refused (.*) with \d+", next(line for line in errors if line not in words)).group(1), words


def test_a_kernel_that_refuses_any_step_is_told_in_a_sentence(machine):
    """Each system call that loads an enclave fails for Linux's own driver, with another errno each (a full run: each with all of them)."""
    (code, said, errors), = refusing(machine, [(0, 0)])
    calls = int(re.fullmatch(r"refuse-call: (\d+) calls", errors[-1]).group(1))
    assert (code, said) == (0, WHOLE) and calls > 20, errors
    cases = [(number, error) for number in range(1, calls + 1) for error in (ERRORS if FULL else [ERRORS[number % len(ERRORS)]])]
    pages, steps = counts(machine)["pages"], {}
    for case, (code, said, errors) in zip(cases, refusing(machine, cases)):
        step, words = refused_step(errors)
        steps[step] = case[0]
        assert (code, said, len(words)) == (125, "", 1) and len(words[0]) > 40, (case, code, said, errors)
        assert os.strerror(case[1]) in words[0] or "backend sgx" in words[0], (case, errors)
    assert set(steps) == {"open", "mmap", CREATE, ADD, INIT}, steps
    # A call that the kernel only says it made: no enclave comes of that, but for a page that nobody uses, and pages that are added once more.
    lies = [(number, 0) for number in (range(2, calls + 1) if FULL else (steps[CREATE], steps[ADD], steps[INIT], steps[INIT] + 1))]
    for case, (code, said, errors) in zip(lies, refusing(machine, lies)):
        step, words = refused_step(errors)
        assert (code == 0 and said == WHOLE and step in ("mmap", ADD)) or (code != 0 and said != WHOLE and len(words) == 1), (case, code, said, errors)
        assert step != INIT or "doesn't enter the enclave" in words[0], errors
    assert counts(machine)["pages"] <= pages


def test_an_enclave_killed_at_any_step_of_its_loading_gives_all_its_pages_back(machine):
    (_, _, errors), = refusing(machine, [(0, 0)])
    calls = int(re.fullmatch(r"refuse-call: (\d+) calls", errors[-1]).group(1))
    first = counts(machine)
    came, more = counted(machine, lambda: refusing(machine, [(number, "kill") for number in range(1, calls + 1)]))
    steps = [re.fullmatch(r"refuse-call: killed at (.*)", errors[0]).group(1) for _, _, errors in came]
    assert {(code, said) for code, said, _ in came} == {(137, "")} and set(steps) == {"open", "mmap", CREATE, ADD, INIT}, came
    # Killed before the call is made: all that came before it was.
    assert more["ECREATE"] == calls - 1 - steps.index(CREATE) and more["EINIT"] == calls - 1 - steps.index(INIT), (more, steps)
    assert more["EADD"] > steps.count(ADD) and more["EENTER"] == 0, more
    assert pages_when_given_back(machine, first["pages"]) <= first["pages"]


def evicting(machine, number):
    """/t/faults with all of its pages evicted before this of its calls; counts of it, and the steps."""
    command = ["/t/refuse-call", str(number), f"evict:{EVICTING_PAGES}", "/t/run-plain", "--sgx", "/t/faults", "nothing"]
    done, more = counted(machine, lambda: machine.exec(command, check=False, timeout=SECONDS))
    assert (done.returncode, done.stdout.decode()) == (0, WHOLE), (number, done)
    return more, re.findall(r"evicted at (.*)", done.stderr.decode()), done.stderr.decode()


def test_an_enclave_whose_pages_are_evicted_at_any_step_runs_as_if_nothing_had_been(machine):
    """Before calls that load it, and before those that it makes while it runs: then its TCS, its stack and its code are gone, too. What evicts never looks
    at its own pages again: each that is loaded is one of ours. (A full run: before each of them alone, and before all in one run.)"""
    (_, _, errors), = refusing(machine, [(0, 0)])
    loading = int(re.fullmatch(r"refuse-call: (\d+) calls", errors[-1]).group(1))
    # By the calls that load it: all but the first of them after EINIT (mmap), then the program's writes.
    numbers = range(1, loading + 3) if FULL else [loading // 2, loading, loading + 2]
    for number in numbers:
        more, steps, errors = evicting(machine, number)
        assert len(steps) == 1 and (steps == ["write"]) == (number > loading), (number, errors)
        assert more["EINIT"] == 1 and more["EWB"] > EVICTING_PAGES // 2, (number, more)
        # Nobody looks before EINIT at a page that was added.
        assert more["ELDU"] + more["ELDB"] > (10 if number >= loading else 0 if number >= loading // 2 else -1), (number, steps, more)
    if FULL:
        more, steps, errors = evicting(machine, 0)
        assert len(steps) == loading + 2 and more["ELDU"] + more["ELDB"] > 30, (steps, more)
        print(f"evicted at {len(steps)} steps: {more}")


def test_an_enclave_whose_pages_are_evicted_while_it_is_interrupted_goes_on(machine):
    """Its TCS and the frame with its registers, too: ERESUME finds neither until Linux brings them back."""
    def evicted_meanwhile(millions):
        """What the CPU did from the eviction on; None: it had counted to the end before."""
        first = counts(machine)
        machine.exec(["sh", "-c", f"rm -f /tmp/state.code; (/t/run-plain --sgx /t/state {millions} >/tmp/state 2>&1; echo $? >/tmp/state.code) >/dev/null 2>&1 &"])
        end = time.monotonic() + SECONDS
        while counts(machine)["EENTER"] == first["EENTER"] and time.monotonic() < end:
            time.sleep(0.05)
        started = counts(machine)
        is_over = machine.exec(["sh", "-c", f"/t/refuse-call evict {EVICTING_PAGES} || exit 1; ! [ -e /tmp/state.code ] || echo over"], timeout=SECONDS).stdout
        done = machine.exec(["sh", "-c", "until [ -s /tmp/state.code ]; do sleep 0.1; done; cat /tmp/state.code /tmp/state"], timeout=SECONDS)
        assert done.stdout.startswith(b"0\nwhole:"), done
        return None if is_over else {name: number - started[name] for name, number in counts(machine).items()}

    # On a busy machine the eviction is late, and what it counts isn't.
    tries = (evicted_meanwhile(millions) for millions in (600, 2400, 9600))
    more = next((more for more in tries if more is not None), None)
    assert more and more["ELDU"] + more["ELDB"] > 5 and more["AEX"] > 3, more
    print(f"evicted while interrupted: {more}")


@pytest.mark.parametrize("command", [["/t/soak-programs", "--count", "150" if FULL else "30", "--backend", "sgx",
                                      "/usr/lib/bartizan/ports/netstat.enclave", "--version"]], ids=["netstat"])
def test_a_program_on_sgx_prints_all_or_fails_under_a_host_that_lies(machine, command):
    done, more = counted(machine, lambda: machine.exec(command, check=False, timeout=1200))
    assert done.returncode == 0, done.stderr
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(rows) == 15 and all(row["bad"] == 0 for row in rows)
    assert sum(row["refused"] for row in rows) > 3 and sum(row["harmless"] for row in rows) > 3, rows
    assert more["EINIT"] >= 30, more


def test_the_images_are_the_ones_of_everywhere(bartizan, machine):
    """The port that ran above is the file that is signed on the host."""
    with open(os.path.join(ROOT, "build/ports/netstat.enclave"), "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    assert digest.encode() in machine.exec(["sha256sum", "/usr/lib/bartizan/ports/netstat.enclave"]).stdout
