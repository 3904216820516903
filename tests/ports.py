# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of programs that are compared with themselves, run in the guest, and how (tests/test_ports.py).

A word that the guest printed the same before and after must be the same outside. One that moved must lie between the
two, if it is a number or a time. What that rule can't hold for is an exception, with its reason.
"""
import glob
import subprocess
from dataclasses import dataclass, field

from conftest import ROOT


@dataclass(frozen=True)
class Moves:
    """What may differ, and why: matches of a regular expression are made the same on all sides."""
    what: str
    why: str
    to: str = "~"


@dataclass(frozen=True)
class Case:
    command: str                # a line of sh
    keyed: tuple = ()           # columns that say what a line is about; lines that came or went aren't compared
    sort: bool = False          # the order of lines is nobody's
    moves: tuple = ()
    own: str = ""               # regular expression: lines about the looking program itself
    exit: int = 0
    partial: str = ""           # regular expression of each line that may be said where not all can be known; what isn't said ends with 0
    outside: str = None         # where the image is called otherwise
    slack: tuple = (0, "")      # numbers that moved may lie outside of the guest's two by that share, and why
    drifts: str = ""            # regular expression of a line, the number in < >: that slack counts where it hasn't moved, too
    names: tuple = ()           # columns with names of users, which are the caller's
    fleeting: str = ""          # lines come and go by themselves, and why: each is compared that stayed
    merged: bool = False        # what it writes to standard error is part of it


KWORKER = Moves(r"\[?kworker/\S+", "a worker is named after its work of the moment")
NOW = Moves(r"\d\d:\d\d:\d\d", "the time of day is the caller's clock", "TIME")
CPU = Moves(r"^(\s*\S+\s+\d+\s+)\d+\.\d", "share of the time since the start, which goes on", r"\1CPU")
STARTED = Moves(r"\b\d\d:\d\d\b", "started so long ago: ps counts from its own clock, which is the caller's", "HH:MM")
STATE = Moves(r"(?<= )[SRI](?=[<NLsl+W]*\s)", "who runs at that moment", "S")
USERS = Moves(r"users?,", "one user, no users")
LOAD_AVERAGE = Moves(r"Load average:.*", "the load of the moment")
LOAD = Moves(r"load average:.*", "the load of the moment")

TASKS = Moves(r"^Tasks:.*", "the looking program is one of them inside")
TOP_CPU = Moves(r"^%Cpu.*", "of the time since the start: what the looking program does is a part of it")
RUNS = Moves(r"^\s*\d+(?=\s+\d+\s+\d+)", "how many run at that moment")
SHARES = Moves(r"(\s+\d+){8}$", "rates and shares of the time since the start: what the test runs is most of it")
TOP_TIMES = Moves(r"^(\s*\d+\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+\s+\S+)\s+\d+\.\d",
                  "measured for a fifth of a second, in which a stopped machine does nothing", r"\1 CPU")
BUSYBOX_TIMES = Moves(r"\s\d+%(?= \S+(\s|$))|(?<=CPU:).*", "as top's", " CPU")
# The test's own: what it runs in the guest. "R 1 (" is a name chosen to be hard to print, as a locale decides.
OWN_NAMES = r"\bsh\b|\bsleep\b|R 1 \("
# Made anew for each reader; a measurement of the scheduler's that rises and decays between two looks.
SYSCTL_OWN = r"random\.uuid|stable_secret|max_newidle_lb_cost"
# Kernels before 5.11 don't say how an overlay's inode is laid out: which size is shown of a directory isn't known.
OVERLAY = Moves(r"^(overlay\s+\d+\s+\d+\s+cwd\s+DIR\s+\S+)\s+\d+", "an overlay's directory", r"\1 SIZE")
ENDS = "connections that have ended go after a minute or two, whatever happens"

# Where lines have a PID for a key, those of processes that came or went aren't compared, as the test's own do: none need be left out.
NOTHING = r"(?!)"
# A name that was chosen to be hard to print: Debian's programs run without a locale in the guest.
ODD = r"R 1 \("
# The busier the machine, the later: 300 of them wait at one moment, and none at the next.
CLOSED = "files that were closed, and nodes of trees of memory areas, are freed when RCU gets to it"
FREED_OF_VMSTAT = Moves(r"^(filp|maple_node)\s+\d+\s+\d+", CLOSED, r"\1 COUNTS")
FREED_OF_SLABTOP = Moves(r"^\s*\d+\s+\d+\s+\d+%(\s+[\d.]+K)\s+\d+(\s+\d+)\s+\d+K(?= (?:filp|maple_node))", CLOSED, r"N N N%\1 N\2 NK")
# What the list itself writes lies in the guest's memory too, and grows while it runs.
GROWS = "memory moves with what the test writes to the guest's /tmp"
WHOLE = "objects of a slab that is a CPU's own count as used, all of them, and small caches have a few slabs"
# Counts that a looking program is itself part of, so that they can be the same both times that it runs inside, and not outside.
FREE = r"^Mem: \d+ .*<"
TOP_MEMORY = r"^MiB Mem : \S+ total, .*<|^MiB Swap: .* used\. <"
BUSYBOX_TOP_MEMORY = r"^Mem: .*<"
VMSTAT_S = r"> K ((used|active|inactive|free|buffer) memory|swap cache)$"
VMSTAT_W = r"^\S+ \d+ (\d+ ){0,2}<"
VMSTAT_M = r"^\S+ (\d+ )?<"
SLABTOP = r"^(\S+ ){0,2}<|^(\S+ ){4}<|^(\S+ ){6}<"
SYSCTL = r"^fs\.(file-nr|inode-nr|inode-state) = (\d+ )?<|^fs\.dentry-state = (\d+ ){0,1}<|^fs\.dentry-state = (\d+ ){4}<"

# What nobody can know but the kernel itself: a number made anew for each reader, and secrets that aren't set.
SECRETS = r"/(random/uuid|stable_secret) isn't whole: |^sysctl: (error reading|reading) key .*(uuid|stable_secret)"
# What docs/proc.md says of these files; lsof opens them for all processes.
UNKNOWN = r"/fdinfo/\d+ isn't whole: what tun_chr_show_fdinfo \[tun\]\(\) |/net/sctp/\w+ isn't whole: sctp is a module"

STAT = "stat -c %n:%F:%a:%u:%g:%h:%s /proc/1/status /proc/2/fd /proc/1/ns/net"
FIND = "find /proc/1/ns /proc/1/net /proc/sys/kernel"

CASES = [
    Case("ps aux", keyed=(1,), own=NOTHING, names=(0,), moves=(KWORKER, CPU, STARTED, STATE)),
    Case("ps -eo pid,ppid,pgid,sid,uid,gid,euser,nlwp,tty,ni,pri,rss,vsz", keyed=(0,), own=NOTHING, names=(6,)),
    Case("ps axjf", keyed=(1,), own=NOTHING, moves=(KWORKER, STATE)),
    Case("top -b -n1 -w 500", keyed=(0,), names=(1,), slack=(0.3, GROWS), drifts=TOP_MEMORY,
         moves=(KWORKER, NOW, USERS, LOAD, TASKS, TOP_CPU, STATE, TOP_TIMES), own=ODD),
    Case("free", slack=(0.3, GROWS), drifts=FREE),
    Case("free -w -b", slack=(0.3, GROWS), drifts=FREE),
    Case("vmstat -s", slack=(0.3, GROWS), drifts=VMSTAT_S),
    Case("vmstat -m", moves=(FREED_OF_VMSTAT,), slack=(0.5, WHOLE), drifts=VMSTAT_M),
    Case("vmstat -w", slack=(0.3, GROWS), drifts=VMSTAT_W, moves=(RUNS, SHARES)),
    Case("uptime", moves=(NOW, USERS, LOAD)),
    Case("slabtop -o -s n", keyed=(7,), moves=(FREED_OF_SLABTOP,), slack=(0.5, WHOLE), drifts=SLABTOP, own=r"^ *(Active|Minimum) /"),
    Case("w", moves=(NOW, USERS, LOAD)),
    Case("pgrep -l .", keyed=(0,), moves=(KWORKER,), own=ODD),
    Case("pgrep -f -a processes"),
    Case("pmap 1"),
    Case("pmap -x 1"),
    Case("pidof processes sockets init"),
    Case("pwdx 1 2"),
    Case("sysctl -a", keyed=(0,), slack=(0.3, GROWS), drifts=SYSCTL, own=SYSCTL_OWN, partial=SECRETS),
    Case("pstree -p -A", own=r"pstree|sh\(\d+\)(-+sleep\(\d+\))?$"),
    Case("prtstat 1", moves=(Moves(r"CPU#:\s+\d+", "where it ran last"),)),
    Case("fuser -v /tmp/plain /tmp/stream.sock /tmp/nothing", merged=True),
    Case("fuser -v /usr/bin/busybox", merged=True, own=r" (sh|sleep)$"),
    Case("fuser -v -n tcp 7000 7001 9", merged=True),
    Case("fuser -v -m /dev/shm", merged=True),
    Case("lsof -nPl", moves=(OVERLAY,), own=NOTHING, fleeting="the lab runs commands in the guest", partial=UNKNOWN),
    Case("lsof -nPl -i", fleeting=ENDS, partial=UNKNOWN),
    Case("lsof -nPl /tmp/plain", partial=UNKNOWN),
    Case("pscap -a", own=OWN_NAMES),
    Case("netcap"),
    Case("ifpromisc"),
    Case("memstat -w -n", own=r"^-|^ *\d+k \(|/(busybox|sleep|memstat)\b|libc|ld-linux"),
    Case("lsmod"),
    Case("findmnt -l -o TARGET,SOURCE,FSTYPE,OPTIONS,PROPAGATION"),
    Case("netstat -tuxwan", fleeting=ENDS),
    Case("netstat -tunap", fleeting=ENDS),
    Case("netstat -s"),
    Case("netstat -gn"),
    Case("netstat -rn"),
    Case("netstat -ien"),
    Case("route -n"),
    Case("route -A inet6 -n"),
    Case("arp -an"),
    Case("ss -tuxan", fleeting=ENDS),
    Case("ss -tanp", fleeting=ENDS),
    Case("ss -xap"),
    Case("ip addr"),
    Case("ip -s link"),
    Case("ip route"),
    Case("ip -6 route show table all"),
    Case("ip neigh"),
    Case("ip rule"),
    Case("busybox-debian ps", outside="busybox ps", keyed=(0,), own=NOTHING, names=(1,), moves=(KWORKER,)),
    Case("busybox-debian free", outside="busybox free", slack=(0.3, GROWS), drifts=FREE),
    Case("busybox-debian uptime", outside="busybox uptime", moves=(NOW, USERS, LOAD)),
    Case("busybox-debian top -b -n1", outside="busybox top -b -n1", keyed=(0,), names=(2,), slack=(0.3, GROWS), drifts=BUSYBOX_TOP_MEMORY,
         moves=(KWORKER, STATE, BUSYBOX_TIMES, LOAD_AVERAGE), own=ODD),
    Case("busybox-debian lsmod", outside="busybox lsmod"),
    Case("busybox-debian netstat -tuxwan", outside="busybox netstat -tuxwan", fleeting=ENDS,
         moves=(Moves(r"%\d+", "a number that busybox never sets"),)),
    Case("busybox-debian ifconfig -a", outside="busybox ifconfig -a"),
    Case("busybox-debian route -n", outside="busybox route -n"),
    Case("busybox-debian arp -an", outside="busybox arp -an"),
    # Debian's binary was made with headers that don't name the state of an interface.
    Case("busybox-port ip addr", outside="busybox ip addr"),
    Case("busybox-debian ip route", outside="busybox ip route"),
    Case("busybox-port ip link", outside="busybox ip link"),
    Case("busybox-debian ip rule", outside="busybox ip rule"),
    Case("busybox-debian mount", outside="busybox mount"),
    Case("busybox-debian uname -a", outside="busybox uname -a"),
    Case("busybox-debian sysctl -a", outside="busybox sysctl -a", keyed=(0,), slack=(0.3, GROWS), drifts=SYSCTL, own=SYSCTL_OWN,
         exit=1, partial=SECRETS),
    Case("busybox-debian ls -l /proc/1/ns", outside="busybox ls -l /proc/1/ns",
         moves=(Moves(r"[A-Z][a-z]{2}\s+\d+\s+\d+:\d+", "when it was first looked at"),)),
    Case("busybox-debian grep -H ^State /proc/1/status", outside="busybox grep -H ^State /proc/1/status"),
    Case("busybox-port pgrep -l .", outside="busybox pgrep -l .", keyed=(0,), moves=(KWORKER,)),
    Case("busybox-port pmap 1", outside="busybox pmap 1"),
    Case("busybox-port pstree", outside="busybox pstree", own=r"busybox|\bsh\b|sleep"),
    Case("busybox-port pwdx 1 2", outside="busybox pwdx 1 2"),
    Case("busybox-port lsof", outside="busybox lsof", own=r"/busybox", fleeting="the lab runs commands in the guest"),
    Case("busybox-port fuser /tmp/plain", outside="busybox fuser /tmp/plain"),
    Case("busybox-port pidof processes sockets", outside="busybox pidof processes sockets"),
    Case("busybox-port w", outside="busybox w", moves=(NOW, USERS, LOAD)),
    Case("busybox-debian nproc --all", outside="busybox nproc --all"),
    Case("busybox-debian taskset -p 1", outside="busybox taskset -p 1"),
    Case("busybox-debian hostname", outside="busybox hostname"),
    Case("busybox-debian ip neigh", outside="busybox ip neigh"),
    Case(f"busybox-debian {STAT}", outside=f"busybox {STAT}"),
    Case(f"busybox-debian {FIND}", outside=f"busybox {FIND}", sort=True),
    Case("busybox-debian cat /proc/1/maps", outside="busybox cat /proc/1/maps"),
    Case("busybox-debian awk {print} /proc/1/mountinfo", outside="busybox awk {print} /proc/1/mountinfo"),
]

# What looks for hidden processes: over a process that tests/hiding.py has hidden.
HUNTERS = ["unhide quick", "unhide proc", "unhide sys", "chkproc -v -v"]


def programs_of_ports():
    """{port: its programs}, by the recipes."""
    found = {}
    for recipe in glob.glob(f"{ROOT}/ports/*/recipe"):
        words = subprocess.run(["bash", "-c", f'. "{recipe}"; echo $programs'], check=True, capture_output=True, text=True).stdout
        found[recipe.split("/")[-2]] = {word.split("=")[0] for word in words.split()}
    return found
