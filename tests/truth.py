# SPDX-License-Identifier: GPL-2.0-or-later
"""The list of what is compared with the guest's own /proc, and how.

One entry a line. Our text is one of the guest's two (before and after) byte for byte, or else, field by field
(what stands between blanks): a field is one of the guest's two, or a number between them. What that rule can't hold
for is an exception, with its reason: of a field (Exempt), of a path (Skip), of a file that we don't know whole (Lack).
"""
import errno
from dataclasses import dataclass, field


NUMBER = r"-?\d+(\.\d+)?"


@dataclass(frozen=True)
class Exempt:
    """A field of which the form alone is compared, or whose number lies within `slack` of the guest's two: also within
    half of the smaller one, so that a small number isn't taken for nothing, nor nothing for a small number."""
    where: str            # a label (first word of the line, as printed: with its ":") or a column ("14")
    why: str
    slack: float = None   # None: any word of this form
    form: str = NUMBER    # regular expression of a whole word
    small: str = ""       # why the slack holds whole for small numbers, too
    line: str = None      # column form: only in lines that start with this word
    path: str = None      # regular expression: only in these files
    kernels: tuple = None # None: on all


@dataclass(frozen=True)
class Skip:
    """Paths that aren't compared."""
    paths: str            # regular expression
    why: str


@dataclass(frozen=True)
class Lack:
    """What is said of a file that we know not to be whole: reading it is an error outside."""
    said: str             # regular expression
    why: str
    kernels: tuple = None # None: on all
    inside: int = None    # the errno that the guest itself answers with; None: any, or none


@dataclass(frozen=True)
class Look:
    kind: str             # f a file, l a link, d a directory, s stat() of what it leads to, o stat() of itself
    pattern: str          # as tests/inside/look.c takes them
    exempt: tuple = field(default=())
    own_paths: Skip = None # paths that are about the looking program (the guest's agent, and its pipes to it)
    lacks: tuple = field(default=())
    is_list: bool = False # its words are a list of any length: one field


def file(pattern, *exempt, **more):
    return Look("f", pattern, tuple(exempt), **more)


def link(pattern, *exempt, **more):
    return Look("l", pattern, tuple(exempt), **more)


def directory(pattern, *exempt, **more):
    return Look("d", pattern, tuple(exempt), **more)


def stat(pattern, *exempt, **more):
    return Look("s", pattern, tuple(exempt), **more)


MODULES_5_10 = (Lack(r"options are missing that only the file system (overlay|vfat|autofs|fuse) itself knows",
                     "before 5.11 kernels say nothing of their modules' types", kernels=("5.10",)),)
SCTP_5_10 = (Lack(r"sctp is a module whose types the kernel doesn't keep",
                  "before 5.11 kernels say nothing of their modules' types", kernels=("5.10",)),)
AGENT_FILES = Skip(r"/proc/1/(task/1/)?fd(info)?(/[0-9]+)?", "process 1 has pipes open to the program that looks")
AGENT = Skip(r"/proc/1/.*", "process 1 runs while the guest looks, and sleeps while the machine is stopped; "
             "the program that looks is its child")

# ---- values of processes and threads

_CLOCK = "how long the reader takes between two looks at its clock: no property of the task"
_AVERAGE = "an average that rises while a task runs and decays while it sleeps, whichever it does between the looks"
_CPUS_OWN = "each CPU has a scale of its own, and a task that is taken to another one between the looks is put on that"
_SCHED = (Exempt("clock-delta", _CLOCK), Exempt("se.vruntime", _CPUS_OWN), Exempt("se.avg.last_update_time", _CPUS_OWN), *(Exempt(f"se.avg.{name}", _AVERAGE) for name in (
    "load_sum", "runnable_sum", "util_sum", "load_avg", "runnable_avg", "util_avg", "util_est", "util_est.ewma",
    "util_est.enqueued")))

_VALUES = ["comm", "statm", "schedstat", "io", "limits", "loginuid", "sessionid", "oom_score", "oom_adj",
           "oom_score_adj", "cgroup", "cpuset", "personality", "patch_state", "uid_map", "gid_map", "projid_map",
           "setgroups", "arch_status", "cpu_resctrl_groups", "ksm_merging_pages", "ksm_stat", "attr/current", "attr/prev",
           "attr/exec", "attr/fscreate", "attr/keycreate", "attr/sockcreate", "attr/apparmor/current",
           "attr/apparmor/prev", "attr/apparmor/exec"]
_VALUES_OF_PROCESSES = ["timerslack_ns", "coredump_filter", "autogroup", "timers", "timens_offsets"]
_PLACES = ["status", "wchan", "syscall", "stack"]
# What the guest's look wakes runs on one CPU, and what the clock wakes while nobody looks on another: each time again.
# Threads that are bound to a CPU are compared without the slack (bound_threads_are_on_their_cpu).
_CPU = Exempt("39", "the CPU of a thread that isn't bound to one: between the looks it may run on another", slack=1,
              small="the guests have CPUs 0 and 1")


def _values_of_tasks():
    for base in ("/proc/[pid]", "/proc/[pid]/task/[tid]"):
        yield from (file(f"{base}/{name}") for name in _VALUES)
        yield file(f"{base}/sched", *_SCHED, own_paths=AGENT)
        yield file(f"{base}/stat", _CPU, own_paths=AGENT)
        yield from (file(f"{base}/{name}", own_paths=AGENT) for name in _PLACES)
    yield from (file(f"/proc/[pid]/{name}") for name in _VALUES_OF_PROCESSES)
    yield file("/proc/[pid]/task/[tid]/children", own_paths=AGENT, is_list=True)
    yield directory("/proc/[pid]/task")


# fs/proc/base.c: a process's files get theirs when they are first looked at, and lose them again.
MADE_UP = Exempt("16", "the inode number is made up: the kernel itself gives a new one at each look")


def own(pattern, *exempt, **more):
    return Look("o", pattern, tuple(exempt), **more)


# ---- the system as a whole

_LATER = "the guest's own look counts: it runs between ours and the one before"
# It has ended when the machine is stopped. How much it takes is nearly the same each time and on each kernel: the slacks are
# two to five times of that (measured: 38 to 54 pages of its own, 162 mapped, 16 KiB of kernel stack, 5 to 9 page tables, 680 KiB committed).
_PAGES = "pages that the looking program took and gave back"
# {counter: slack in pages, of kernel_stack in KiB}. Which of the two lists a new page comes to is the kernel's choice.
_OWN_PAGES = {"free_pages": 512, "free_pages_blocks": 512, "zone_active_anon": 128, "active_anon": 128, "zone_inactive_anon": 128,
              "inactive_anon": 128, "anon_pages": 128, "mapped": 400, "kernel_stack": 64, "page_table_pages": 24}
_OWN_KIB = {"MemFree": 2048, "MemAvailable": 2048, "Active": 512, "Active(anon)": 512, "Inactive": 512, "Inactive(anon)": 512,
            "AnonPages": 512, "Mapped": 1600, "KernelStack": 64, "PageTables": 96, "Committed_AS": 2048, "VmallocUsed": 128}
# /proc/pagetypeinfo's columns 7 to 17 (of /proc/buddyinfo, 5 to 15): free lists of 1, 2, 4, … 1024 pages. They are short.
_FREE_LISTS = {7: 64, 8: 32, **{column: 32 for column in range(9, 13)}, **{column: 8 for column in range(13, 17)}, 17: 2}
_FREE_CHOICE = "which free lists its pages come from and go to is the allocator's choice, and most are empty or nearly so"
_IDLE = "idle time goes on: as of the last update of the clock"
_TABLES = ["kernel", "kernel/keys", "kernel/pty", "kernel/random", "kernel/seccomp", "kernel/usermodehelper", "kernel/yama",
           "vm", "fs", "fs/inotify", "fs/epoll", "fs/mqueue", "fs/quota", "fs/fanotify", "fs/verity", "user", "abi", "crypto",
           "debug", "dev/hpet", "dev/tty", "net/core", "net/unix", "net/netfilter", "net/netfilter/nf_log", "net/sctp",
           "net/mptcp", "net/ipv4", "net/ipv4/conf/lo", "net/ipv4/conf/all", "net/ipv4/conf/default", "net/ipv4/neigh/lo",
           "net/ipv6", "net/ipv6/conf/lo", "net/ipv6/conf/all", "net/ipv6/neigh/default", "net/ipv6/icmp"]
_RANDOM_LACKS = (Lack(r"each reader gets a random number of its own", "a random number, another for each reader"),)
# A module's own functions, by name: a text from tables or of a state that only it has.
_PARAMETER_LACKS = tuple(Lack(rf"\b({functions})\(\) makes this file's text", f"`{functions}`: {why}".replace("|", "`, `"))
                         for functions, why in (
    ("param_get_aabool|param_get_aauint|param_get_aaintbool|param_get_aacompressionlevel|param_get_aalockpolicy|"
     "param_get_audit|param_get_mode|param_get_debug", "AppArmor's policy, shown to those only whom it lets"),
    ("param_get_acpica_version|param_get_event_clearing", "words that only ACPI's code has"),
    ("damon_reclaim_enabled_load|damon_reclaim_kdamond_pid_load|damon_lru_sort_enabled_load|"
     "damon_lru_sort_kdamond_pid_load|damon_stat_enabled_load|damon_stat_kdamond_pid_load", "whether DAMON's thread runs"),
    ("shuffle_show", "whether free pages are shuffled: a static key"),
    ("crc_t10dif_transform_show|crc64_rocksoft_transform_show", "which algorithm the crypto layer chose"),
    ("get_online_policy|get_memmap_mode", "words that only memory hotplug's code has"),
    ("param_get_do_rcu_barrier|param_get_sample_interval|wq_affn_dfl_get|pcie_aspm_get_policy|nvme_get_iopolicy|"
     "ovl_ccup_get|panic_print_get", "one parameter's own function each"),
))
# Of devices: functions again, by name.
_DEVICE_LACKS = (
    Lack("the target itself answers with EINVAL", "a device that is down has none; outside all errors are EIO", inside=errno.EINVAL),
    Lack(r"name_assign_type_show\(\) makes", "of a device with a name of no known origin; outside all errors are EIO", inside=errno.EINVAL),
    *(Lack(rf"\b({functions})\(\) makes this file's text", f"`{functions}`: {why}".replace("|", "`, `"))
      for functions, why in (
        ("speed_show|duplex_show|phys_port_id_show|phys_port_name_show|phys_switch_id_show", "a question to the driver"),
        ("owner_show|group_show|tun_flags_show|tun_show_owner|tun_show_group|tun_show_flags", "the tun driver's own"),
        ("uevent_show", "what udev is told, which the device's bus, class and driver make"),
        ("rx_queue_attr_show|netdev_queue_attr_show", "how a queue's packets are spread over CPUs; read by no port"),
        ("disk_capability_show|disk_events_show|disk_events_async_show|disk_events_poll_msecs_show|partscan_show",
         "what a disk can do, and how removable media are polled; read by no port"),
      )))
_OPEN_FILES = Exempt("1", "the looking program's own files, counted in batches of 32 for each of two CPUs", slack=64, path="/proc/sys/fs/file-nr")


def _system():
    yield file("/proc/cmdline")
    yield file("/proc/loadavg", Exempt("4", _LATER, form=r"\d+/\d+"))
    yield file("/proc/stat", *[Exempt(column, _IDLE, slack=50, line=cpu) for column in ("5", "6")
                               for cpu in ("cpu", "cpu0")], Exempt("procs_running", _LATER))
    yield file("/proc/meminfo", *[Exempt(f"{label}:", _PAGES, slack=slack) for label, slack in _OWN_KIB.items()])
    yield file("/proc/vmstat", *[Exempt(f"nr_{name}", _PAGES, slack=slack) for name, slack in _OWN_PAGES.items()])
    yield file("/proc/cpuinfo")
    yield file("/proc/interrupts")
    yield file("/proc/softirqs")
    yield file("/proc/zoneinfo", *[Exempt(f"nr_{name}", _PAGES, slack=slack) for name, slack in _OWN_PAGES.items()],
               *[Exempt(label, _PAGES) for label in ("count:", "high:")], Exempt("3", _PAGES, slack=512, line="pages"))
    yield file("/proc/pagetypeinfo", *[
        Exempt(str(column), _PAGES, slack=slack, small=_FREE_CHOICE, line="Node") for column, slack in _FREE_LISTS.items()])
    yield file("/proc/buddyinfo", *[
        Exempt(str(column - 2), _PAGES, slack=slack, small=_FREE_CHOICE, line="Node") for column, slack in _FREE_LISTS.items()])
    for name in ("modules", "slabinfo", "devices", "misc", "consoles", "cgroups", "execdomains",
                 "fb", "key-users", "iomem", "ioports", "kallsyms"):
        yield file(f"/proc/{name}")
    for name in _TABLES:
        yield directory(f"/proc/sys/{name}")
        yield file(f"/proc/sys/{name}/[*]", *([_OPEN_FILES] if name == "fs" else []),
                   lacks=_RANDOM_LACKS if name == "kernel/random" else ())
    yield directory("/sys/module")
    yield directory("/sys/module/[*]")
    yield directory("/sys/class")
    for name in ("partitions", "diskstats", "crypto", "keys", "tty/drivers", "net/softnet_stat", "net/ipv6_route", "tty/ldiscs",
                 "sysvipc/msg", "sysvipc/sem", "sysvipc/shm"):
        yield file(f"/proc/{name}")
    for name in ("anycast6", "connector", "fib_trie", "fib_triestat", "ip6_flowlabel", "ip6_mr_cache", "ip6_mr_vif",
                 "ip_mr_cache", "ip_mr_vif", "mcfilter", "mcfilter6", "netfilter/nf_log", "psched", "rt6_stats", "rt_acct",
                 "rt_cache", "stat/arp_cache", "stat/ndisc_cache", "stat/rt_cache", "sctp/snmp", "xfrm_stat", "dev_snmp6/[*]"):
        yield file(f"/proc/net/{name}")
    for name in ("assocs", "eps", "remaddr"):
        yield file(f"/proc/net/sctp/{name}", lacks=SCTP_5_10)
    for name in ("dev_snmp6", "netfilter", "sctp", "stat"):
        yield directory(f"/proc/net/{name}")
    yield file("/proc/schedstat")
    yield directory("/sys/block")
    yield link("/sys/block/[*]")
    yield directory("/sys/class/block")
    yield link("/sys/class/block/[*]")
    yield directory("/sys/class/block/[*]")
    yield file("/sys/class/block/[*]/[*]", lacks=_DEVICE_LACKS)
    # "wbt_lat_usec" is refused by a disk without that policy.
    yield directory("/sys/block/[*]/queue")
    yield file("/sys/block/[*]/queue/[*]")
    yield directory("/sys/class/block/[*]/holders")
    yield directory("/sys/class/block/[*]/slaves")
    yield directory("/sys/class/net")
    yield link("/sys/class/net/[*]")
    for name in ("refcnt", "coresize", "initsize", "initstate", "taint"):
        yield file(f"/sys/module/[*]/{name}")
    yield link("/sys/module/[*]/holders/[*]")
    yield directory("/sys/module/[*]/sections")
    yield file("/sys/module/[*]/sections/[*]")
    yield file("/sys/module/[*]/parameters/[*]", lacks=_PARAMETER_LACKS)
    yield directory("/sys/class/net/[*]")
    yield file("/sys/class/net/[*]/[*]", lacks=_DEVICE_LACKS)
    yield directory("/sys/class/net/[*]/statistics")
    yield file("/sys/class/net/[*]/statistics/[*]")
    yield directory("/sys/class/net/[*]/queues")
    yield directory("/sys/class/net/[*]/queues/[*]")
    yield file("/sys/class/net/[*]/queues/[*]/[*]", lacks=_DEVICE_LACKS)
    for name in ("online", "possible", "present"):
        yield file(f"/sys/devices/system/cpu/{name}")


LOOKS = [
    link("/proc/net"),
    own("/proc", Exempt("8", "a link for each process: the one that looks inside is one more", slack=2)),
    own("/proc/[pid]", MADE_UP),
    own("/proc/[pid]/comm", MADE_UP),
    own("/proc/[pid]/net", MADE_UP),
    own("/proc/[pid]/task", MADE_UP),
    own("/proc/net"),
    own("/proc/net/tcp"),
    own("/proc/net/unix"),
    own("/proc/sys", MADE_UP),
    own("/proc/sys/kernel", MADE_UP),
    own("/proc/sys/kernel/osrelease", MADE_UP),
    own("/proc/version"),
    file("/proc/version"),
    file("/proc/uptime", Exempt("1", "the clock source's counter can't be read: the time of the last update", slack=0.1),
         Exempt("2", "idle time as last booked", slack=0.2)),
    *(link(f"/proc/{name}", Exempt("1", "inside it leads to who looks; nobody looks from inside: it leads to process 1",
                                    form=r"1(/task/1)?"))
      for name in ("self", "thread-self")),
    *(file(f"/proc/net/{name}", Exempt("6", "a countdown that starts anew; tests/test_proc_net.py compares it",
                                        form=r"0[0-4]:[0-9A-F]{8}"))
      for name in ("tcp", "tcp6")),
    # tests/test_proc_net_misc.py has them, too, of a guest with more devices, routes and neighbours.
    *(file(f"/proc/net/{name}") for name in (
        "arp", "dev", "dev_mcast", "icmp", "icmp6", "if_inet6", "igmp", "igmp6", "netlink", "netstat", "packet",
        "protocols", "ptype", "raw", "raw6", "route", "snmp", "snmp6", "sockstat", "sockstat6", "udp", "udp6",
        "udplite", "udplite6", "unix")),
    # Of processes in other network namespaces too.
    file("/proc/[pid]/net/dev"),
    file("/proc/[pid]/net/if_inet6"),
    file("/proc/[pid]/net/udp"),
    file("/proc/[pid]/auxv"),
    file("/proc/[pid]/cmdline"),
    file("/proc/[pid]/environ"),
    file("/proc/[pid]/maps"),
    file("/proc/[pid]/mountinfo", lacks=MODULES_5_10),
    file("/proc/[pid]/mounts", lacks=MODULES_5_10),
    file("/proc/[pid]/mountstats"),
    link("/proc/[pid]/cwd"),
    link("/proc/[pid]/exe"),
    link("/proc/[pid]/root"),
    link("/proc/[pid]/fd/[n]", own_paths=AGENT_FILES),
    link("/proc/[pid]/ns/[*]"),
    link("/proc/mounts"),
    directory("/proc/[pid]/fd", own_paths=AGENT_FILES),
    Look("o", "/proc/[pid]/fd", (Exempt("12", "our /proc is a device of its own"),
                                 Exempt("16", "/proc numbers its directories as they are looked at")), own_paths=AGENT_FILES),
    directory("/proc/[pid]/ns"),
    stat("/proc/[pid]/cwd", Exempt("10", "before 5.11 a kernel doesn't say where an overlay's directory really is",
                                    slack=40, small="tmpfs counts 20 for each name", kernels=("5.10",))),
    stat("/proc/[pid]/exe"),
    stat("/proc/[pid]/root"),
    stat("/proc/[pid]/fd/[n]", own_paths=AGENT_FILES),
    stat("/proc/[pid]/ns/[*]"),
    Look("o", "/proc/[pid]/fd/[n]", (Exempt("12", "our /proc is a device of its own"),
                                       Exempt("16", "/proc numbers its links as they are looked at")),
         own_paths=AGENT_FILES),
    link("/proc/[pid]/task/[tid]/fd/[n]", own_paths=AGENT_FILES),
    directory("/proc/[pid]/task/[tid]/fd", own_paths=AGENT_FILES),
    *(file(f"/proc/[pid]/task/[tid]/{name}") for name in ("auxv", "cmdline", "environ", "maps")),
    *(file(f"/proc/[pid]/task/[tid]/{name}", lacks=MODULES_5_10) for name in ("mountinfo", "mounts")),
    *(link(f"/proc/[pid]/task/[tid]/{name}") for name in ("cwd", "exe", "root", "ns/[*]")),
    *_values_of_tasks(),
    *_system(),
    file("/proc/filesystems"),
    file("/proc/locks"),
    file("/proc/swaps"),
    file("/proc/[pid]/fdinfo/[n]", Exempt("it_value:", "a countdown; the time of the last update is what we know",
                                         form=r"\(\d+,|\d+\)"),
         own_paths=AGENT_FILES, lacks=(Lack(r"what tun_chr_show_fdinfo.* writes is missing",
                                             "before 5.11 kernels say nothing of the module's types",
                                             kernels=("5.10",)),)),
    directory("/proc/[pid]/fdinfo", own_paths=AGENT_FILES),
    directory("/proc/[pid]/task/[tid]/fdinfo", own_paths=AGENT_FILES),
    directory("/proc/[pid]/map_files"),
    link("/proc/[pid]/map_files/[*]"),
    stat("/proc/[pid]/map_files/[*]"),
    own("/proc/[pid]/map_files/[*]", Exempt("12", "our /proc is a device of its own"),
        Exempt("16", "/proc numbers its links as they are looked at")),
    file("/proc/[pid]/smaps"),
    file("/proc/[pid]/task/[tid]/smaps"),
    file("/proc/[pid]/smaps_rollup"),
]

# ---- what the guest's own directories list and ours don't

_MEMORY = "the process's memory itself: bartizan doesn't hand out contents"
_RAM = "the machine's memory itself, or a word for each of its pages"
_ACTS = "for writing only"
_HARDWARE = "what devices and firmware say when they are asked; the kernel keeps no copy"
_DETAIL = "read by no port; the driver's own text"

# {directory: {name: reason}}; "tests/test_proc_truth.py" holds that nothing else is missing, and that all of these are.
LEFT_OUT = {
    "/proc": {
        "acpi": _HARDWARE, "bus": _DETAIL, "driver": _HARDWARE, "dynamic_debug": _DETAIL,
        "fs": "file systems' own counters", "irq": "in which way interrupts are spread; /proc/interrupts has the interrupts",
        "kcore": _RAM, "kmsg": "the kernel's log: reading it takes it away", "kpagecgroup": _RAM, "kpagecount": _RAM,
        "kpageflags": _RAM, "mtrr": _HARDWARE,
        "pressure": "averages that the kernel brings up to date for who reads them",
        "sched_debug": "a debugging text; from 5.13 on not in /proc", "sysrq-trigger": _ACTS,
        "timer_list": "a debugging text of the clocks' own state, which moves all the time",
        "vmallocinfo": "the kernel's own areas; no port reads it",
    },
    "/proc/1": {
        "clear_refs": _ACTS, "mem": _MEMORY, "pagemap": "a word for each page; smaps has the sums",
        "numa_maps": "places of pages on nodes; the lab's guests have one node",
    },
    "/proc/1/task/1": {
        "clear_refs": _ACTS, "mem": _MEMORY, "pagemap": "a word for each page; smaps has the sums",
        "numa_maps": "places of pages on nodes; the lab's guests have one node",
    },
    "/proc/tty": {
        "driver": _DETAIL, "ldisc": "empty",
    },
}
_MODULE = "made by a module that no guest loads; not read by any port"
_NET = {name: _MODULE for name in (
    "ip_tables_matches", "ip_tables_names", "ip_tables_targets", "ip6_tables_names", "nf_conntrack", "nf_conntrack_expect",
    "vlan", "bonding", "tls_stat", "pppol2tp", "rpc", "pktgen", "ip_vs", "ip_vs_conn", "ip_vs_stats", "rxrpc")}
_NET["wireless"] = "wireless extensions, which no lab kernel is built with"
LEFT_OUT["/proc/net"] = {}
LEFT_OUT["/proc/1/net"] = {}
LEFT_OUT["/proc/net/sctp"] = {}
LEFT_OUT["/proc/net/stat"] = {}
LEFT_OUT["/proc/net/netfilter"] = {}

# {directory: {name: reason}}: as LEFT_OUT, of names that no lab kernel's guest lists.
ELSEWHERE = {
    "/proc": {"latency_stats": "switched on by developers only", "scsi": _DETAIL},
    "/proc/1": {"seccomp_cache": "a debugging aid"}, "/proc/1/task/1": {"seccomp_cache": "a debugging aid"},
    "/proc/net": _NET, "/proc/1/net": _NET,
}

# {(kind, pattern): reason}: looks that find nothing in any of the lab's guests; tests/test_proc_truth.py holds that
# all others compare something on some kernel.
IN_NO_GUEST = {
    **{("f", f"/proc/[pid]{task}/attr/{name}"): "empty unless a security module was told so; the guests' are at rest"
       for task in ("", "/task/[tid]")
       for name in ("prev", "exec", "fscreate", "keycreate", "sockcreate", "apparmor/prev", "apparmor/exec")},
    **{("f", f"/proc/[pid]{task}/arch_status"): "empty without AVX-512"
       for task in ("", "/task/[tid]")},
    **{("l", f"/proc/{name}"): "the whole link is what differs" for name in ("self", "thread-self")},
    ("f", "/proc/fb"): "empty: the guests have no frame buffer",
    ("d", "/sys/class/block/[*]/holders"): "empty: no device-mapper or RAID over the disks",
    ("d", "/sys/class/block/[*]/slaves"): "empty: no device-mapper or RAID over the disks",
    ("f", "/sys/class/net/[*]/queues/[*]/[*]"): "none of them is known here, which is said of each",
    ("f", "/sys/module/[*]/taint"): "empty: the guests' modules are the distribution's own",
}
