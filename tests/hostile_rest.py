# SPDX-License-Identifier: GPL-2.0-or-later
"""What is forged so that no file is without a question: tests/hostile_places.py has the rest."""
from hostile_kinds import count, itself, leads_to, null, per_cpu, pointer

# Files of a process, and what of it they are made of.
OF_TASK = {"signal": ("autogroup", "io", "oom_score", "oom_score_adj", "oom_adj"),
           "mm": ("auxv", "coredump_filter", "exe", "statm"),
           "cgroups": ("cpuset",),
           "real_cred": ("gid_map", "projid_map", "setgroups", "attr/apparmor/current", "attr/apparmor/exec", "attr/apparmor/prev", "attr/prev",
                         "attr/exec"),
           "nsproxy": ("timens_offsets", "ns/cgroup", "ns/ipc", "ns/net", "ns/time", "ns/time_for_children", "ns/uts"),
           "thread_pid": ("ns/pid", "ns/user", "arch_status", "loginuid", "sessionid", "personality", "schedstat", "patch_state", "timerslack_ns",
                          "ksm_merging_pages", "ksm_stat", "cpu_resctrl_groups", "attr/fscreate", "ns/pid_for_children")}


def of_tasks():
    for field, names in OF_TASK.items():
        for name in names:
            yield from pointer(f"show /proc/@family/{name}", f"@family +task_struct.{field}")
    yield from pointer("show /proc/@family/exe", "@family +task_struct.mm * +mm_struct.exe_file")
    yield from pointer("show /proc/@family/auxv", "@family +task_struct.mm * +mm_struct.binfmt", may_be_whole=True)
    yield from pointer("show /proc/@family/autogroup", "@family +task_struct.signal * +signal_struct.autogroup")


def of_system():
    yield from per_cpu("show /proc/cpuinfo", "__per_cpu_offset")
    yield from per_cpu("show /proc/uptime", "__per_cpu_offset")
    yield from pointer("show /proc/meminfo", "node_data")
    yield from pointer("show /proc/meminfo", "node_data * +pglist_data.per_cpu_nodestats", may_be_whole=True)
    yield from pointer("show /proc/tty/ldiscs", "tty_ldiscs")
    for name in ("icmp", "icmp6"):
        yield from pointer(f"show /proc/net/{name}", "ping_table")
    yield from pointer("show /proc/net/tcp6", "tcp_hashinfo +inet_hashinfo.ehash")
    yield from count("show /proc/net/tcp6", "tcp_hashinfo +inet_hashinfo.ehash_mask")
    yield from pointer("show /proc/net/raw6", "raw_v6_hashinfo +raw_hashinfo.ht")
    for name in ("udplite", "udplite6"):
        yield from pointer(f"show /proc/net/{name}", "udplite_table +udp_table.hash")
        yield from null(f"show /proc/net/{name}", "udplite_table +udp_table.hash")
    yield from per_cpu("show /proc/net/sockstat6", "init_net +net.core.prot_inuse")
    yield from pointer("show /proc/net/dev_snmp6", "init_net +net.dev_base_head")
    q = "ask 2 0 0"
    yield from pointer(q, "init_net +net.ipv4.fib_table_hash")
    yield from pointer(q, "init_net +net.ipv6.fib_table_hash")


def more_sysctl():
    """Of those that handlers of their own make."""
    for name, field in (("congestion_control", "init_net +net.ipv4.tcp_congestion_control"), ("available_congestion_control", "tcp_cong_list"),
                        ("allowed_congestion_control", "tcp_cong_list"), ("available_ulp", "tcp_ulp_list")):
        yield from pointer(f"show /proc/sys/net/ipv4/tcp_{name}", field)
        yield from null(f"show /proc/sys/net/ipv4/tcp_{name}", field)
    for name in ("available_congestion_control", "allowed_congestion_control"):
        q = f"show /proc/sys/net/ipv4/tcp_{name}"
        yield from leads_to(q, "tcp_cong_list", "init_task +task_struct.tasks")
        yield from itself(q, "tcp_cong_list *")
    yield from pointer("show /proc/sys/net/core/default_qdisc", "default_qdisc_ops")
    yield from per_cpu("show /proc/sys/fs/dentry-state", "__per_cpu_offset")
    yield from pointer("show /proc/sys/kernel/cad_pid", "cad_pid")


FAMILIES = {"more sysctl": more_sysctl, "of tasks": of_tasks, "of the system": of_system}
# Files without a question of their own, and why: all others are asked something, or made by the same function as one that is.
NOT_ASKED = {
    "[pid]/map_files/[*]": "the walk over areas of map_files",
    "execdomains": "a text without memory",
    "fb": "no frame buffer in a lab's guest",
    "loadavg": "numbers at symbols, and the PID namespace's as `process @family` asks for it",
    "net/psched": "numbers of the clock",
    "net/rt_cache": "a text without memory",
    "version": "the banner that the kernel was found by",
}
