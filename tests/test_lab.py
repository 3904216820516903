# SPDX-License-Identifier: GPL-2.0-or-later
"""The lab: commands inside guests behave like commands, and nothing of a guest stays behind."""
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest

PATIENCE_SECONDS = 60   # a bound on what must happen, not a measurement


def wait_until(condition):
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def is_gone(pid):
    """Ended, or a zombie whose parent hasn't looked yet: either way it holds nothing any more."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
            return f.read().rpartition(")")[2].split()[0] in "ZX"
    except (FileNotFoundError, ProcessLookupError):
        return True


def state_directory(bartizan):
    return os.path.join(bartizan.environment["XDG_RUNTIME_DIR"], "bartizan/lab")


# Commands.

@pytest.mark.parametrize("argument", [b"", b"two words", b"a\nb", b"'\"$HOME`id`\\", b"-n", b"--", b"*", b"\xff\xfe\x80",
                                      "héllo".encode(), b"x" * 100_000])
def test_arguments_arrive_unchanged(guest, argument):
    assert guest.exec([b"printf", b"%s|%s", argument, b"end"]).stdout == argument + b"|end"


def test_stdout_and_stderr_stay_apart(guest):
    done = guest.exec(["sh", "-c", "echo out; echo err >&2"])
    assert (done.stdout, done.stderr) == (b"out\n", b"err\n")


@pytest.mark.parametrize("code", [0, 1, 42, 255])
def test_exit_code_is_the_commands(guest, code):
    assert guest.exec(["sh", "-c", f"exit {code}"], check=False).returncode == code


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM, signal.SIGSEGV])
def test_exit_code_of_a_killed_command_is_128_and_the_signal(guest, number):
    assert guest.exec(["sh", "-c", f"kill -{int(number)} $$"], check=False).returncode == 128 + number


def test_missing_command_is_127(guest):
    done = guest.exec(["/no/such/command"], check=False)
    assert done.returncode == 127
    assert b"/no/such/command" in done.stderr


def test_file_that_cannot_run_is_126(guest):
    assert guest.exec(["/etc/passwd"], check=False).returncode == 126


def test_returns_when_the_command_exits_though_its_child_holds_the_output(guest):
    done = guest.exec(["sh", "-c", "sleep 1000 & echo $!"])
    child = done.stdout.strip()
    # Its child is alive and well: no signal, and its output goes nowhere.
    guest.exec(["kill", "-0", child])
    guest.exec(["kill", child])


def test_children_may_go_on_writing(guest):
    guest.exec(["sh", "-c", "(sleep 1; head -c 1000000 /dev/zero; touch /tmp/survived) & true"])
    assert wait_until(lambda: guest.exec(["test", "-e", "/tmp/survived"], check=False).returncode == 0)


def test_stdin_and_stdout_carry_every_byte(guest):
    data = os.urandom(3_000_000) + bytes(range(256)) * 100
    assert guest.exec(["cat"], input=data).stdout == data


def test_stdin_ends(guest):
    assert guest.exec(["wc", "-c"], input=b"x" * 1000).stdout.strip() == b"1000"
    assert guest.exec(["cat"]).stdout == b""


def test_command_that_does_not_read_its_input_ends_anyway(guest):
    assert guest.exec(["true"], input=b"x" * 5_000_000).returncode == 0


def test_large_output_arrives_whole(guest):
    done = guest.exec(["sh", "-c", "head -c 30000000 /dev/zero | tr '\\0' 'z'; head -c 1000000 /dev/zero >&2"])
    assert len(done.stdout) == 30_000_000 and done.stdout.count(b"z") == 30_000_000
    assert done.stderr == b"\0" * 1_000_000


def test_a_reader_that_stops_stops_only_its_own_command(guest):
    stuck = subprocess.Popen([guest.bartizan.path, "lab", "exec", guest.name, "--", "yes"], stdin=subprocess.DEVNULL,
                             stdout=subprocess.PIPE, env=guest.bartizan.environment)
    try:
        assert stuck.stdout.read(4) == b"y\ny\n"
        assert guest.exec(["sh", "-c", "head -c 2000000 /dev/zero"]).stdout == b"\0" * 2_000_000
        assert stuck.poll() is None
    finally:
        stuck.kill()
        stuck.wait()


def test_many_commands_at_once(guest):
    command = [guest.bartizan.path, "lab", "exec", guest.name, "--", "sh", "-c"]
    running = [subprocess.Popen(command + [f"sleep 1; echo {i}; exit {i}"], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, env=guest.bartizan.environment) for i in range(80)]
    outputs = [(process.communicate(timeout=PATIENCE_SECONDS * 2)[0], process.returncode) for process in running]
    assert outputs == [(b"%d\n" % i, i) for i in range(80)]


def test_killed_client_ends_its_command_and_no_other(guest):
    command = [guest.bartizan.path, "lab", "exec", guest.name, "--"]
    options = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": guest.bartizan.environment}
    other = subprocess.Popen(command + ["cat"], **options)
    killed = subprocess.Popen(command + ["sh", "-c", "echo $$; exec sleep 1000"], **options)
    pid = killed.stdout.readline().strip()
    killed.kill()
    killed.communicate()
    assert wait_until(lambda: guest.exec(["kill", "-0", pid], check=False).returncode != 0)
    assert other.communicate(b"still here", timeout=PATIENCE_SECONDS)[0] == b"still here"


def test_exec_goes_on_after_a_pause(guest):
    guest.pause()
    waiting = subprocess.Popen([guest.bartizan.path, "lab", "exec", guest.name, "--", "echo", "late"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, env=guest.bartizan.environment)
    time.sleep(0.3)
    assert waiting.poll() is None
    guest.resume()
    assert waiting.communicate(timeout=PATIENCE_SECONDS)[0] == b"late\n"


def test_guest_is_called_by_its_name(guest):
    assert guest.exec(["hostname"]).stdout.decode().strip() == guest.name


def test_net_tools_in_the_guest_are_the_hosts(guest):
    inside = guest.exec(["netstat", "--version"]).stdout
    assert inside == subprocess.run(["netstat", "--version"], capture_output=True, check=True).stdout
    assert b"net-tools" in inside


# Guests of all kinds.

TCP_STATES = {"ESTABLISHED": 1, "SYN_SENT": 2, "SYN_RECV": 3, "FIN_WAIT1": 4, "FIN_WAIT2": 5, "TIME_WAIT": 6,
              "CLOSE_WAIT": 8, "LAST_ACK": 9, "LISTEN": 10, "CLOSING": 11}


def lab_kernels(bartizan):
    return [line.split()[0].decode() for line in bartizan("lab", "kernels").stdout.splitlines()]


@pytest.mark.parametrize("index", range(4))
def test_sockets_of_every_tcp_state_are_held_on_every_kernel(bartizan, boot, index):
    machine = boot("--kernel", lab_kernels(bartizan)[index])
    assert machine.exec(["sockets"]).stdout == b"ready\n"
    for name in ("tcp", "tcp6"):
        rows = machine.exec(["cat", f"/proc/net/{name}"]).stdout.decode().splitlines()[1:]
        states = {int(row.split()[3], 16) for row in rows}
        assert states == set(TCP_STATES.values()), name
    for name in ("udp", "udp6", "raw", "raw6", "icmp", "icmp6", "unix", "packet", "netlink"):
        assert len(machine.exec(["cat", f"/proc/net/{name}"]).stdout.splitlines()) > 1, name


def test_sockets_makes_as_many_as_asked(guest):
    guest.exec(["sockets", "--tcp", "1000"])
    assert len(guest.exec(["cat", "/proc/net/tcp"]).stdout.splitlines()) == 1001
    guest.exec(["killall", "sockets"])


def test_options_reach_the_guest(boot):
    machine = boot("--memory", "1G", "--cpus", "2", "--kaslr", "off", "--pti", "on", "--la57", "on", "--machine", "pc",
                   "--append", "word=1 other=2")
    line = machine.exec(["cat", "/proc/cmdline"]).stdout.decode()
    assert "nokaslr" in line and "pti=on" in line and line.endswith("word=1 other=2\n")
    assert machine.exec(["nproc"]).stdout == b"2\n"
    flags = machine.exec(["grep", "-m1", "^flags", "/proc/cpuinfo"]).stdout.decode().split()
    assert "la57" in flags and "pti" in flags
    total_kib = int(machine.exec(["grep", "MemTotal", "/proc/meminfo"]).stdout.split()[1])
    assert 800_000 < total_kib < 1_048_576
    symbols = machine.exec(["grep", " T _text$", "/proc/kallsyms"]).stdout
    assert symbols.startswith(b"ffffffff81000000 ")


def shared_mappings(machine):
    with open(f"/proc/{machine.qemu_pid}/maps", encoding="utf-8") as f:
        return [line for line in f if " rw-s " in line and "memory-backend-memfd" in line]


def test_ram_is_mappable_and_qmp_answers(boot):
    machine = boot()
    assert len(shared_mappings(machine)) == 1
    low, high = (int(part, 16) for part in shared_mappings(machine)[0].split()[0].split("-"))
    assert high - low == 512 << 20
    with socket.socket(socket.AF_UNIX) as qmp:
        qmp.connect(machine.describe()["qmp"])
        assert "QMP" in json.loads(qmp.makefile().readline())


def test_private_memory_is_not_shared_and_no_qmp_is_none(boot):
    machine = boot("--private-memory", "--no-qmp")
    assert not shared_mappings(machine)
    assert "qmp" not in machine.describe()


def test_guest_that_may_reboot_comes_back_in_the_same_process(boot):
    machine = boot("--may-reboot")
    before = machine.exec(["cat", "/proc/sys/kernel/random/boot_id"]).stdout
    done = machine.exec(["reboot", "-f"], check=False)
    assert done.returncode == 125 and b"rebooted" in done.stderr
    assert machine.exec(["cat", "/proc/sys/kernel/random/boot_id"]).stdout not in (before, b"")
    assert not is_gone(machine.qemu_pid)


def test_guest_that_may_not_reboot_ends(boot):
    machine = boot()
    assert machine.exec(["reboot", "-f"], check=False).returncode == 125
    assert wait_until(lambda: is_gone(machine.qemu_pid))


# Nothing stays behind.

def test_a_panic_is_shown_to_the_command_that_it_ended(boot):
    machine = boot()
    done = machine.exec(["sh", "-c", "echo 1 > /proc/sys/kernel/sysrq; echo c > /proc/sysrq-trigger"], check=False)
    assert done.returncode == 125 and b"the VM ended before the command did" in done.stderr, done.stderr
    assert b"the end of the guest's console:" in done.stderr and b"Kernel panic" in done.stderr
    assert b"QEMU ended with 0" in done.stderr


def test_down_leaves_nothing(bartizan, boot):
    before = set(os.listdir("/dev/shm"))
    machine = boot()
    about = machine.describe()
    assert bartizan("lab", "down", machine.name).returncode == 0
    assert is_gone(about["qemu_pid"]) and is_gone(about["supervisor_pid"])
    assert machine.name not in os.listdir(state_directory(bartizan))
    left = [name for name in set(os.listdir("/dev/shm")) - before if machine.name in name or "memfd" in name]
    assert not left
    assert machine.name.encode() not in bartizan("lab", "ls").stdout


def test_down_ends_a_paused_guest_and_its_commands(bartizan, boot):
    machine = boot()
    waiting = subprocess.Popen([bartizan.path, "lab", "exec", machine.name, "--", "sh", "-c", "echo on; exec sleep 1000"],
                               stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               env=bartizan.environment)
    assert waiting.stdout.readline() == b"on\n"
    machine.pause()
    assert bartizan("lab", "down", machine.name).returncode == 0
    assert is_gone(machine.qemu_pid)
    assert b"ended" in waiting.communicate(timeout=PATIENCE_SECONDS)[1]
    assert waiting.returncode == 125


def test_killed_supervisor_takes_its_qemu_along_and_frees_the_name(bartizan, boot):
    machine = boot()
    os.kill(machine.describe()["supervisor_pid"], signal.SIGKILL)
    assert wait_until(lambda: is_gone(machine.qemu_pid))
    assert machine.name not in [about["name"] for about in json.loads(bartizan("lab", "ls", "--json").stdout)]
    assert machine.name not in os.listdir(state_directory(bartizan))
    done = bartizan("lab", "up", machine.name, "--owner-pid", str(os.getpid()))
    assert done.returncode == 0, done.stderr
    assert machine.exec(["echo", "again"]).stdout == b"again\n"


def test_killed_owner_takes_its_guest_along(bartizan):
    owner = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    try:
        done = bartizan("lab", "up", "owned", "--owner-pid", str(owner.pid))
        assert done.returncode == 0, done.stderr
        machines = json.loads(bartizan("lab", "ls", "--json").stdout)
    finally:
        owner.kill()
        owner.wait()
    about = next(machine for machine in machines if machine["name"] == "owned")
    assert wait_until(lambda: is_gone(about["qemu_pid"]) and is_gone(about["supervisor_pid"]))
    assert "owned" not in os.listdir(state_directory(bartizan))


def test_killed_lab_up_leaves_no_guest(bartizan):
    starting = subprocess.Popen([bartizan.path, "lab", "up", "aborted"], stdin=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL, env=bartizan.environment)
    directory = os.path.join(state_directory(bartizan), "aborted")
    assert wait_until(lambda: os.path.exists(os.path.join(directory, "vm.json")))
    with open(os.path.join(directory, "vm.json"), encoding="utf-8") as f:
        qemu = json.load(f)["qemu"]
    starting.kill()
    starting.wait()
    assert wait_until(lambda: is_gone(qemu) and not os.path.exists(directory))


def test_lifetime_ends_a_guest(bartizan):
    done = bartizan("lab", "up", "brief", "--lifetime", "1", "--owner-pid", str(os.getpid()))
    assert done.returncode == 0, done.stderr
    assert wait_until(lambda: "brief" not in os.listdir(state_directory(bartizan)))
    assert bartizan("lab", "exec", "brief", "--", "true").returncode == 125


# Mistakes.

def test_two_guests_of_one_name_are_refused(bartizan, guest):
    done = bartizan("lab", "up", guest.name)
    assert done.returncode == 1
    assert b"runs already" in done.stderr


def test_guest_that_cannot_boot_shows_its_console(bartizan):
    done = bartizan("lab", "up", "broken", "--append", "rdinit=/no/such/init")
    assert done.returncode == 1
    assert b"console" in done.stderr and b"panic" in done.stderr
    assert "broken" not in os.listdir(state_directory(bartizan))


def test_qemu_that_cannot_start_says_why(bartizan):
    done = bartizan("lab", "up", "broken", "--cpu", "no-such-cpu")
    assert done.returncode == 1
    assert b"no-such-cpu" in done.stderr


@pytest.mark.parametrize("arguments", [("up",), ("up", "a/b"), ("up", "x", "--memory", "lots"), ("up", "x", "--la57", "maybe"),
                                       ("up", "x", "--cpus", "0"), ("up", "x", "--machine", "vax"), ("exec",), ("exec", "x"),
                                       ("down",), ("up", "x", "--no-such-option"), ("kernels", "surplus"), ()])
def test_wrong_use_is_2(bartizan, arguments):
    done = bartizan("lab", *arguments)
    assert done.returncode == 2
    assert done.stderr and not done.stdout


def test_what_is_not_there_is_said(bartizan):
    assert bartizan("lab", "exec", "nobody", "--", "true").returncode == 125
    done = bartizan("lab", "down", "nobody")
    assert done.returncode == 1 and b"nobody" in done.stderr
    done = bartizan("lab", "up", "x", "--kernel", "nonsense/..")
    assert done.returncode == 2
    done = bartizan("lab", "up", "x", "--owner-pid", "4194304")
    assert done.returncode == 1 and b"4194304" in done.stderr


def test_unknown_command_names_the_close_ones(bartizan):
    done = bartizan("lba")
    assert done.returncode == 2
    assert b"did you mean: lab" in done.stderr
    assert b"kernels" in bartizan("lab", "kernel").stderr


@pytest.mark.parametrize("arguments", [(), ("lab",), ("lab", "up"), ("lab", "exec"), ("lab", "ls"), ("lab", "down"),
                                       ("lab", "kernels")])
def test_every_command_has_help(bartizan, arguments):
    done = bartizan(*arguments, "--help")
    assert done.returncode == 0
    assert b"Usage: bartizan" in done.stdout


def test_kernels_are_listed_oldest_first(bartizan):
    listed = bartizan("lab", "kernels").stdout.decode().splitlines()
    assert [line.split()[0] for line in listed[:3]] == ["5.10", "6.1", "6.12"]
    assert len(listed) == 4
    as_json = json.loads(bartizan("lab", "kernels", "--json").stdout)
    assert [kernel["kernel"] for kernel in as_json] == [line.split()[0] for line in listed]


def test_a_channel_carries_bytes_between_the_guest_and_a_socket(bartizan, boot, tmp_path):
    path = str(tmp_path / "channel")
    guest = boot("--bartizan", "--channel", f"source={path}")
    command = "exec 3<>/dev/virtio-ports/source; printf hello >&3; head -c 5 <&3"
    for _ in range(2):   # peers come and go
        with socket.socket(socket.AF_UNIX) as peer:
            peer.connect(path)
            peer.settimeout(60)
            running = subprocess.Popen([bartizan.path, "lab", "exec", guest.name, "--", "sh", "-c", command],
                                       stdout=subprocess.PIPE, env=bartizan.environment)
            assert peer.recv(5, socket.MSG_WAITALL) == b"hello"
            peer.sendall(b"\0\xff\n\rx")
            assert running.communicate(timeout=60)[0] == b"\0\xff\n\rx"
    assert b"Usage: bartizan run" in guest.exec(["bartizan", "run", "--help"]).stdout


def test_a_channel_over_an_existing_file_is_refused(bartizan, tmp_path):
    (tmp_path / "file").touch()
    done = bartizan("lab", "up", "nobody", "--channel", f"source={tmp_path}/file")
    assert done.returncode == 1
    assert b"is there already" in done.stderr
