# SPDX-License-Identifier: GPL-2.0-or-later
"""What is forged, walker by walker: the question, the place (tests/forging.py says how one is written) in a kernel
6.12, and where another kernel keeps it elsewhere the place there, and the kinds of damage (tests/hostile_kinds.py)."""
import hostile_asked
import hostile_rest
import hostile_sysfs
from hostile_descriptors import descriptors, watches
from hostile_kinds import Forgery, count, either, fill, itself, leads_to, list_node, null, on, per_cpu, pointer, string
from hostile_values import page_types, sctp, values


def slabs():
    q, cache = "show /proc/slabinfo", "slab_caches * -kmem_cache.list"
    yield from list_node(q, "slab_caches *")
    yield from leads_to(q, "slab_caches", "init_task +task_struct.tasks")
    yield from pointer(q, f"{cache} +kmem_cache.name")
    yield from null(q, f"{cache} +kmem_cache.name")
    yield from string(q, f"{cache} +kmem_cache.name")
    yield from pointer(q, f"{cache} +kmem_cache.node")
    yield from pointer(q, f"{cache} +kmem_cache.node * +kmem_cache_node.partial")
    yield from leads_to(q, f"{cache} +kmem_cache.node * +kmem_cache_node.partial", "slab_caches")
    yield from count(q, f"{cache} +kmem_cache.oo")


def resources():
    for name in ("iomem", "ioport"):
        q, first = f"show /proc/{name}" + ("s" if name == "ioport" else ""), f"{name}_resource +resource.child *"
        yield from pointer(q, f"{name}_resource +resource.child")
        yield from pointer(q, f"{first} +resource.sibling")
        yield from leads_to(q, f"{first} +resource.sibling", first)
        yield from leads_to(q, f"{first} +resource.child", first, f"{name}_resource")
        yield from pointer(q, f"{first} +resource.name")
        yield from string(q, f"{first} +resource.name")
        yield Forgery(q, f"{name}_resource +resource.child", "a million siblings", "million resource.sibling", 8)
        yield Forgery(q, f"{name}_resource +resource.child", "a million deep", "million resource.child", 8)


def sysctl():
    root = "sysctl_table_root +ctl_table_root.default_set.dir.root"
    for q in ("show /proc/sys", "show /proc/sys/kernel", "show /proc/sys/kernel/ostype"):
        yield from pointer(q, root)
        yield from leads_to(q, f"{root} * +rb_node.rb_left", f"{root} *", may_be_whole=q != "show /proc/sys")
        yield from leads_to(q, f"{root} * +rb_node.rb_right", f"{root} *", may_be_whole=q != "show /proc/sys")
        yield from pointer(q, f"{root} * -ctl_node.node +ctl_node.header")
    node = f"{root} * -ctl_node.node"
    q = "show /proc/sys"
    yield from leads_to(q, f"{root} * +rb_node.rb_right", f"{root} * +rb_node.rb_left *")
    yield from null(q, f"{node} +ctl_node.header")
    yield from pointer(q, f"{node} +ctl_node.header * +ctl_table_header.ctl_table")
    yield from pointer(q, f"{node} +ctl_node.header * +ctl_table_header.ctl_table * +ctl_table.procname")
    yield from string(q, f"{node} +ctl_node.header * +ctl_table_header.ctl_table * +ctl_table.procname")
    q, entry = "show /proc/sys/kernel/arch", "uts_kern_table"
    yield from pointer(q, f"{entry} +ctl_table.data")
    yield from pointer(q, f"{entry} +ctl_table.proc_handler")
    yield from null(q, f"{entry} +ctl_table.proc_handler")
    yield from pointer(q, f"{entry} +ctl_table.procname")


def kernfs():
    children = "sysfs_root_kn * +kernfs_node.dir.children.rb_node"
    for q in ("show /sys", "show /sys/module"):
        yield from pointer(q, children)
        yield from leads_to(q, f"{children} * +rb_node.rb_left", f"{children} *")
        yield from leads_to(q, f"{children} * +rb_node.rb_right", f"{children} *")
        yield from pointer(q, f"{children} * -kernfs_node.rb +kernfs_node.name")
        yield from null(q, f"{children} * -kernfs_node.rb +kernfs_node.name")
        yield from string(q, f"{children} * -kernfs_node.rb +kernfs_node.name")
    yield from pointer("show /sys", "sysfs_root_kn")
    yield from null("show /sys", "sysfs_root_kn")
    yield from leads_to("show /sys", f"{children} * +rb_node.rb_right", f"{children} * +rb_node.rb_left *")
    lo = "init_net +net.loopback_dev * +net_device.dev.kobj.sd *"
    yield from leads_to("show /sys/class/net/lo", f"{lo} +kernfs_node.parent", lo)
    yield from pointer("show /sys/class/net/lo", f"{lo} +kernfs_node.parent")
    yield from string("show /sys/class/net/lo", f"{lo} +kernfs_node.name")


def system():
    q = "show /proc/filesystems"
    yield from leads_to(q, "file_systems * +file_system_type.next", "file_systems *")
    yield from pointer(q, "file_systems * +file_system_type.next")
    yield from pointer(q, "file_systems * +file_system_type.name")
    yield from string(q, "file_systems * +file_system_type.name")
    yield Forgery(q, "file_systems", "a million", "million file_system_type.next", 8)
    q, device = "show /proc/devices", "chrdevs +8 *"
    yield from pointer(q, f"{device} +char_device_struct.next")
    yield from leads_to(q, f"{device} +char_device_struct.next", device)
    yield from fill(q, f"{device} +char_device_struct.name", 64, may_be_whole=True)
    q = "show /proc/misc"
    yield from list_node(q, "misc_list *")
    yield from pointer(q, "misc_list * -miscdevice.list +miscdevice.name")
    yield from string(q, "misc_list * -miscdevice.list +miscdevice.name", may_be_whole=True)
    q = "show /proc/interrupts"
    yield from pointer(q, "sparse_irqs +maple_tree.ma_root")
    yield from count(q, "nr_irqs")
    yield from count("show /proc/stat", "nr_irqs")
    q = "show /proc/swaps"
    yield from count(q, "nr_swapfiles")
    q = "show /proc/locks"
    yield from pointer(q, "file_lock_list % +file_lock_list_struct.hlist")
    yield from itself(q, "file_lock_list % +file_lock_list_struct.hlist *")
    lock = "file_lock_list % +file_lock_list_struct.hlist * -file_lock_core.flc_link"
    yield from pointer(q, f"{lock} +file_lock_core.flc_file")
    yield from pointer(q, f"{lock} +file_lock_core.flc_blocked_requests")
    yield from leads_to(q, f"{lock} +file_lock_core.flc_blocked_requests", f"{lock} +file_lock_core.flc_blocked_member")
    q = "show /proc/cgroups"
    yield from pointer(q, "cgroup_subsys")
    yield from null(q, "cgroup_subsys")
    yield from pointer(q, "cgroup_subsys * +cgroup_subsys.legacy_name")
    yield from pointer(q, "cgroup_subsys * +cgroup_subsys.root")
    for q in ("show /proc/buddyinfo", "show /proc/zoneinfo"):
        yield from pointer(q, "node_data")
        yield from pointer(q, "node_data * +pglist_data.node_zones +zone.name")
        yield from string(q, "node_data * +pglist_data.node_zones +zone.name")
    yield from per_cpu("show /proc/zoneinfo", "node_data * +pglist_data.node_zones +zone.per_cpu_zonestats")
    q = "show /proc/key-users"
    yield from pointer(q, "key_user_tree")
    yield from leads_to(q, "key_user_tree * +rb_node.rb_left", "key_user_tree *")
    yield from leads_to(q, "key_user_tree * +rb_node.rb_right", "key_user_tree *")
    yield from pointer("show /proc/consoles", "console_list")
    yield from itself("show /proc/consoles", "console_list *")
    yield from pointer("show /proc/cmdline", "saved_command_line")
    yield from null("show /proc/cmdline", "saved_command_line")
    yield from string("show /proc/cmdline", "saved_command_line")
    for q in ("show /proc/stat", "show /proc/softirqs", "show /proc/interrupts", "show /proc/vmstat"):
        yield from pointer(q, "__per_cpu_offset", may_be_whole=q.endswith("vmstat"))
    for q in ("show /proc/modules", "show /proc/kallsyms"):
        yield from pointer(q, "modules")
        yield from null(q, "modules")
        yield from leads_to(q, "modules", "init_task +task_struct.tasks")


def net_tables():
    q = "show /proc/net/protocols"
    yield from list_node(q, "proto_list *")
    yield from fill(q, "proto_list * -proto.node +proto.name", 32, may_be_whole=True)
    yield from pointer(q, "proto_list * -proto.node +proto.memory_allocated")
    yield from count(q, "proto_list * -proto.node +proto.inuse_idx")
    yield from per_cpu(q, "init_net +net.core.prot_inuse")
    q = "show /proc/net/ptype"
    yield from list_node(q, "ptype_base *")
    yield from pointer(q, "ptype_base * -packet_type.list +packet_type.dev", may_be_whole=True)
    q = "show /proc/net/packet"
    yield from pointer(q, "init_net +net.packet.sklist")
    yield from itself(q, "init_net +net.packet.sklist *")
    q, table = "show /proc/net/netlink", "nl_table * +netlink_table.hash.tbl"
    yield from pointer(q, "nl_table")
    yield from null(q, "nl_table")
    yield from pointer(q, table)
    yield from count(q, f"{table} * +bucket_table.size")
    yield from count(q, f"{table} * +bucket_table.nest")
    yield from pointer(q, f"{table} * +bucket_table.future_tbl")
    yield from leads_to(q, f"{table} * +bucket_table.future_tbl", f"{table} *")
    q = "show /proc/net/tcp"
    yield from pointer(q, "tcp_hashinfo +inet_hashinfo.ehash")
    yield from null(q, "tcp_hashinfo +inet_hashinfo.ehash")
    yield from count(q, "tcp_hashinfo +inet_hashinfo.ehash_mask")
    yield from pointer(q, "tcp_hashinfo +inet_hashinfo.lhash2")
    yield from count(q, "tcp_hashinfo +inet_hashinfo.lhash2_mask")
    yield from pointer(q, "tcp_hashinfo +inet_hashinfo.ehash *")
    for name in ("udp", "udp6"):
        q = f"show /proc/net/{name}"
        yield from pointer(q, "udp_table +udp_table.hash")
        yield from null(q, "udp_table +udp_table.hash")
        yield from count(q, "udp_table +udp_table.mask")
        yield from pointer(q, "udp_table +udp_table.hash *")
    yield from pointer("show /proc/net/raw", "raw_v4_hashinfo +raw_hashinfo.ht")
    yield from itself("show /proc/net/raw", "raw_v4_hashinfo +raw_hashinfo.ht")
    q = "show /proc/net/unix"
    yield from pointer(q, "init_net +net.unx.table.buckets")
    yield from null(q, "init_net +net.unx.table.buckets")
    q = "show /proc/net/arp"
    yield from pointer(q, "arp_tbl +neigh_table.nht")
    yield from null(q, "arp_tbl +neigh_table.nht")
    yield from count(q, "arp_tbl +neigh_table.nht * +neigh_hash_table.hash_shift")
    yield from pointer(q, "arp_tbl +neigh_table.nht * +neigh_hash_table.hash_buckets")
    q, trie = "show /proc/net/route", "init_net +net.ipv4.fib_table_hash * +2032"
    table = f"{trie} * -fib_table.tb_hlist"
    yield from pointer(q, "init_net +net.ipv4.fib_table_hash")
    yield from pointer(q, trie)
    yield from pointer(q, f"{table} +fib_table.tb_data")
    root = f"{table} +fib_table.tb_data * +trie.kv"
    yield from count(q, f"{root} +key_vector.bits", size=1)
    yield from pointer(q, f"{root} +key_vector.tnode")
    yield from leads_to(q, f"{root} +key_vector.tnode *  +key_vector.tnode", f"{root} +key_vector.tnode *")
    for q in ("show /proc/net/dev", "show /proc/net/dev_mcast", "show /proc/net/igmp", "show /proc/net/igmp6"):
        yield from pointer(q, "init_net +net.dev_by_index.xa_head" if "/dev" in q else "init_net +net.dev_base_head")
    lo = "init_net +net.loopback_dev *"
    yield from pointer("show /proc/net/igmp", f"{lo} +net_device.ip_ptr * +in_device.mc_list")
    yield from leads_to("show /proc/net/igmp", f"{lo} +net_device.ip_ptr * +in_device.mc_list * +ip_mc_list.next_rcu",
                        f"{lo} +net_device.ip_ptr * +in_device.mc_list *")
    yield from pointer("show /proc/net/igmp6", f"{lo} +net_device.ip6_ptr * +inet6_dev.mc_list")
    yield from pointer("show /proc/net/if_inet6", "init_net +net.ipv6.inet6_addr_lst")
    yield from null("show /proc/net/if_inet6", "init_net +net.ipv6.inet6_addr_lst")
    for name, field in (("snmp", "tcp_statistics"), ("snmp", "ip_statistics"), ("snmp", "udp_statistics"),
                        ("netstat", "net_statistics"), ("snmp6", "ipv6_statistics")):
        yield from per_cpu(f"show /proc/net/{name}", f"init_net +net.mib.{field}")
    yield from per_cpu("show /proc/net/sockstat", "init_net +net.core.prot_inuse")
    for q in ("show /proc/net/fib_trie", "show /proc/net/fib_triestat"):
        yield from pointer(q, trie)
        yield from count(q, f"{root} +key_vector.bits", size=1)
        yield from pointer(q, f"{root} +key_vector.tnode")
        yield from leads_to(q, f"{root} +key_vector.tnode *  +key_vector.tnode", f"{root} +key_vector.tnode *")
    yield from pointer("show /proc/net/ip6_flowlabel", "fl_ht +64")
    yield from leads_to("show /proc/net/ip6_flowlabel", "fl_ht +64", "init_net +net.ipv6.rt6_stats *", may_be_whole=True)
    yield from pointer("show /proc/net/rt6_stats", "init_net +net.ipv6.rt6_stats")
    yield from null("show /proc/net/rt6_stats", "init_net +net.ipv6.rt6_stats")
    yield from pointer("show /proc/net/mcfilter", f"{lo} +net_device.ip_ptr * +in_device.mc_list")
    yield from pointer("show /proc/net/mcfilter6", f"{lo} +net_device.ip6_ptr * +inet6_dev.mc_list")
    yield from pointer("show /proc/net/anycast6", f"{lo} +net_device.ip6_ptr * +inet6_dev.ac_list")
    yield from pointer("show /proc/net/dev_snmp6/lo", f"{lo} +net_device.ip6_ptr * +inet6_dev.stats.icmpv6dev")
    yield from pointer("show /proc/net/connector", "cdev +cn_dev.cbdev")
    yield from null("show /proc/net/connector", "cdev +cn_dev.cbdev")
    for name in ("ip_mr_vif", "ip_mr_cache"):
        yield from pointer(f"show /proc/net/{name}", "init_net +net.ipv4.mr_tables")
    yield from per_cpu("show /proc/net/stat/arp_cache", "arp_tbl +neigh_table.stats")
    yield from per_cpu("show /proc/net/xfrm_stat", "init_net +net.mib.xfrm_statistics")


def processes():
    q = "show /proc"
    yield from itself(q, "init_task +task_struct.tasks")
    yield from list_node(q, "@family +task_struct.tasks")
    yield from leads_to(q, "@family +task_struct.tasks", "slab_caches")
    yield from pointer(q, "@family +task_struct.signal")
    head = "init_pid_ns +pid_namespace.idr.idr_rt.xa_head"
    for q in ("show /proc/@family/comm", "process @family"):
        yield from pointer(q, head)
        yield from count(q, f"{head} * &~3 +xa_node.shift", size=1, may_be_absent=True)
        # Processes 64 to 255, of which it is one.
        for slot in (8, 16, 24):
            yield from leads_to(q, f"{head} * &~3 +xa_node.slots +{slot}", f"{head} *", may_be_whole=True)
    for field in ("signal", "thread_pid", "real_cred"):
        yield from pointer("show /proc/@family/status", f"@family +task_struct.{field}")
    for field in ("real_cred", "cgroups", "nsproxy", "fs", "files"):
        yield from pointer({"real_cred": "show /proc/@family/uid_map", "cgroups": "show /proc/@family/cgroup",
                            "nsproxy": "show /proc/@family/ns/mnt", "fs": "show /proc/@family/cwd",
                            "files": "show /proc/@family/fd"}[field], f"@family +task_struct.{field}")
    yield from fill("show /proc/@family/stat", "@family +task_struct.comm", 16, may_be_whole=True)
    yield from pointer("show /proc/@family/task", "@family +task_struct.signal * +signal_struct.thread_head")
    yield from pointer("process @family", "@family +task_struct.signal")
    yield from pointer("process @family", "@family +task_struct.user_cpus_ptr", may_be_whole=True)


def files():
    table = "@family +task_struct.files * +files_struct.fdt"
    for name in ("fd", "fdinfo"):
        q = f"show /proc/@family/{name}"
        yield from pointer(q, table)
        yield from null(q, table)
        yield from count(q, f"{table} * +fdtable.max_fds")
        yield from pointer(q, f"{table} * +fdtable.fd")
    file = f"{table} * +fdtable.fd * *"
    q = "show /proc/@family/fd/0"
    yield from pointer(q, f"{table} * +fdtable.fd *")
    yield from pointer(q, f"{file} +file.f_path.dentry")
    yield from null(q, f"{file} +file.f_path.dentry")
    yield from pointer("show /proc/@family/fdinfo/0", f"{file} +file.f_path.mnt")
    yield from pointer("show /proc/@family/fdinfo/0", f"{file} +file.f_inode")
    for name, field in (("cwd", "pwd"), ("root", "root")):
        q, fs = f"show /proc/@family/{name}", "@family +task_struct.fs *"
        yield from pointer(q, f"{fs} +fs_struct.{field}.dentry")
        yield from null(q, f"{fs} +fs_struct.{field}.dentry")
        yield from pointer(q, f"{fs} +fs_struct.{field}.mnt")
        yield from null(q, f"{fs} +fs_struct.{field}.mnt")
    yield Forgery("show /proc/@family/cwd", "@family +task_struct.fs * +fs_struct.pwd.dentry", "a million dentries deep",
                  "dentries", 8)
    q, space = "show /proc/@family/mounts", "@family +task_struct.nsproxy * +nsproxy.mnt_ns *"
    # Until 6.7 in a list.
    first = either(f"{space} +mnt_namespace.list", f"{space} +mnt_namespace.mounts")
    mount = either(f"{space} +mnt_namespace.list * -mount.mnt_list", f"{space} +mnt_namespace.mounts * -mount.mnt_node")
    node = on(first, "*")
    for q in ("show /proc/@family/mounts", "show /proc/@family/mountinfo", "show /proc/@family/mountstats"):
        yield from pointer(q, first)
        yield from leads_to(q, either(f"{space} +mnt_namespace.list *", f"{space} +mnt_namespace.mounts * +rb_node.rb_left"), node)
        yield from pointer(q, on(mount, "+mount.mnt.mnt_sb"))
        yield from pointer(q, on(mount, "+mount.mnt_mountpoint"))
        yield from pointer(q, on(mount, "+mount.mnt_parent"))
        yield from pointer(q, on(mount, "+mount.mnt_devname"))
    yield from string("show /proc/@family/mounts", on(mount, "+mount.mnt_devname"))


def memory():
    mm = "@family +task_struct.mm *"
    for name in ("maps", "smaps_rollup"):
        q = f"show /proc/@family/{name}"
        yield from pointer(q, either(f"{mm} +mm_struct.mm_mt.ma_root", f"{mm} +mm_struct.mmap"))
        yield from null(q, either(f"{mm} +mm_struct.mm_mt.ma_root", f"{mm} +mm_struct.mmap"))
        yield from pointer(q, "@family +task_struct.mm")
    for name in ("cmdline", "environ"):
        q = f"show /proc/@family/{name}"
        yield from pointer(q, "@family +task_struct.mm")
        yield from pointer(q, f"{mm} +mm_struct.pgd")
        end = "arg_end" if name == "cmdline" else "env_end"
        yield from count(q, f"{mm} +mm_struct.{end}", size=8, may_be_whole=True)
    yield from pointer("show /proc/@family/maps", either(f"{mm} +mm_struct.mm_mt.ma_root * &~ff +maple_range_64.slot",
                                                         f"{mm} +mm_struct.mmap * +vm_area_struct.vm_next"))


def parts():
    """Of files that are made in parts: each begins where the one before ended."""
    mm = "@mapped +task_struct.mm *"
    q, root = "parts /proc/@mapped/maps", f"{mm} +mm_struct.mm_mt.ma_root"
    # Of two levels. Until 6.0 in a list.
    branches = f"{root} * &~ff +maple_arange_64.slot"
    slots = f"{branches} * &~ff +maple_range_64.slot"
    mmap, after = f"{mm} +mm_struct.mmap", "* +vm_area_struct.vm_next"
    yield from pointer(q, either(root, mmap))
    yield from null(q, either(root, mmap))
    yield from pointer(q, either(f"{branches} +8", f"{mmap} {after}"))
    yield from leads_to(q, either(f"{branches} +8", f"{mmap} {after} {after}"), either(f"{branches} *", f"{mmap} *"),
                        either(f"{root} *", f"{mmap} {after} *"))
    third = either(f"{slots} +24", f"{mmap} {after} {after}")
    area = either(f"{slots} +16 *", f"{mmap} {after} *")
    yield from pointer(q, third)
    yield from leads_to(q, third, either(f"{slots} +8 *", f"{mmap} *"), area)
    yield from count(q, on(area, "+vm_area_struct.vm_end"), size=8)
    yield from count(q, on(area, "+vm_area_struct.vm_start"), size=8)
    yield from pointer(q, on(area, "+vm_area_struct.vm_file"))
    yield from pointer(q, "@mapped +task_struct.mm")
    q = "parts /proc/net/tcp"
    yield from pointer(q, "tcp_hashinfo +inet_hashinfo.ehash")
    yield from count(q, "tcp_hashinfo +inet_hashinfo.ehash_mask")
    yield from pointer(q, "tcp_hashinfo +inet_hashinfo.ehash *")
    q = "parts /proc/net/unix"
    yield from pointer(q, "init_net +net.unx.table.buckets | unix_socket_table")
    yield from itself(q, "init_net +net.unx.table.buckets * ? * | unix_socket_table ? *")


def dumps():
    lo = "init_net +net.loopback_dev *"
    links, addresses, routes4, routes6, neighbours, rules = ("ask 0 0 0", "ask 1 0 0", "ask 3 2 0", "ask 4 a 0", "ask 5 2 0",
                                                             "ask 6 2 0")
    for q in (links, addresses):
        yield from pointer(q, "init_net +net.dev_by_index.xa_head")
    yield from fill(links, f"{lo} +net_device.name", 16, may_be_whole=True)
    yield from pointer(links, f"{lo} +net_device.rtnl_link_ops", may_be_whole=True)
    yield from pointer(addresses, f"{lo} +net_device.ip_ptr * +in_device.ifa_list")
    yield from leads_to(addresses, f"{lo} +net_device.ip_ptr * +in_device.ifa_list * +in_ifaddr.ifa_next",
                        f"{lo} +net_device.ip_ptr * +in_device.ifa_list *")
    yield from pointer(addresses, f"{lo} +net_device.ip6_ptr * +inet6_dev.addr_list")
    table = "init_net +net.ipv4.fib_table_hash * +2032 * -fib_table.tb_hlist"
    yield from pointer(routes4, "init_net +net.ipv4.fib_table_hash")
    yield from pointer(routes4, f"{table} +fib_table.tb_data")
    yield from count(routes4, f"{table} +fib_table.tb_data * +trie.kv +key_vector.bits", size=1)
    yield from itself(routes4, "init_net +net.ipv4.fib_table_hash * +2032 *")
    table = "init_net +net.ipv6.fib6_main_tbl *"
    yield from pointer(routes6, "init_net +net.ipv6.fib_table_hash")
    yield from pointer(routes6, f"{table} +fib6_table.tb6_root.left")
    yield from leads_to(routes6, f"{table} +fib6_table.tb6_root.left", f"{table} +fib6_table.tb6_root")
    yield from pointer(neighbours, "arp_tbl +neigh_table.nht")
    yield from count(neighbours, "arp_tbl +neigh_table.nht * +neigh_hash_table.hash_shift")
    yield from pointer(rules, "init_net +net.rules_ops")
    yield from leads_to("ask 6 0 0", "init_net +net.rules_ops *", "init_net +net.rules_ops *")
    yield from list_node(rules, "init_net +net.ipv4.rules_ops * +fib_rules_ops.rules_list *")
    tcp = "ask 7 2 6"
    yield from pointer(tcp, "tcp_hashinfo +inet_hashinfo.ehash")
    yield from count(tcp, "tcp_hashinfo +inet_hashinfo.ehash_mask")
    yield from pointer(tcp, "tcp_hashinfo +inet_hashinfo.ehash *")
    yield from pointer("ask 7 2 11", "udp_table +udp_table.hash")
    yield from pointer("ask 8 1 0", "init_net +net.unx.table.buckets")


def areas():
    mm = "@family +task_struct.mm *"
    root, slots = f"{mm} +mm_struct.mm_mt.ma_root", f"{mm} +mm_struct.mm_mt.ma_root * &~ff +maple_range_64.slot"
    # The first slot is the hole below it. Until 6.0 in a list.
    first = either(f"{slots} +8", f"{mm} +mm_struct.mmap")
    second = either(f"{slots} +16", f"{mm} +mm_struct.mmap * +vm_area_struct.vm_next")
    area = on(first, "*")
    for q in ("show /proc/@family/smaps", "show /proc/@family/map_files"):
        yield from pointer(q, either(root, f"{mm} +mm_struct.mmap"))
        yield from pointer(q, "@family +task_struct.mm")
        yield from pointer(q, first)
        yield from leads_to(q, second, area)
        yield from pointer(q, on(area, "+vm_area_struct.vm_file"))
        yield from count(q, on(area, "+vm_area_struct.vm_end"), size=8)
    q = "show /proc/@family/smaps"
    yield from pointer(q, f"{mm} +mm_struct.pgd")
    yield from pointer(q, on(area, "+vm_area_struct.vm_mm"))
    yield from pointer(q, on(area, "+vm_area_struct.vm_ops"))
    yield from pointer(q, on(area, "+vm_area_struct.vm_file * +file.f_path.dentry"))
    yield from pointer(q, "vmemmap_base")


def ipc():
    head = "init_ipc_ns +ipc_namespace.ids +ipc_ids.ipcs_idr.idr_rt.xa_head"
    spaces = "init_task +task_struct.tasks * -task_struct.tasks +task_struct.nsproxy"
    for name, number in (("sem", 0), ("msg", 1), ("shm", 2)):
        q, place = f"show /proc/sysvipc/{name}", head + " +#ipc_ids" * number
        yield from pointer(q, spaces)
        yield from pointer(q, f"{spaces} * +nsproxy.ipc_ns")
        yield from pointer(q, place)
    shm = f"{head} +#ipc_ids +#ipc_ids"
    q, node = "show /proc/sysvipc/shm", f"{shm} * &~3"
    yield from pointer(q, f"{node} +xa_node.slots")
    yield from leads_to(q, f"{node} +xa_node.slots +8", f"{shm} *")
    segment = f"{node} +xa_node.slots * -shmid_kernel.shm_perm"
    yield from pointer(q, f"{segment} +shmid_kernel.shm_file")
    yield from null(q, f"{segment} +shmid_kernel.shm_file")
    yield from pointer(q, f"{segment} +shmid_kernel.shm_cprid")
    yield from pointer("show /proc/sysvipc/msg", f"{head} +#ipc_ids * -msg_queue.q_perm +msg_queue.q_lspid")
    yield from count("show /proc/sysvipc/sem", f"{head} * -sem_array.sem_perm +sem_array.sem_nsems")


def disks():
    devices = "$block_class +subsys_private.klist_devices.k_list"
    of_node = "* -klist_node.n_node -device_private.knode_class +device_private.device"
    device = f"{devices} {of_node}"
    disk = f"{device} * -block_device.bd_device +block_device.bd_disk"
    # Until 5.10 a disk has its device in itself.
    table = f"{disk} * +gendisk.part_tbl.xa_head"
    own = f"{device} * -hd_struct.__dev -gendisk.part0"
    own_parts = f"{own} +gendisk.part_tbl * +disk_part_tbl.part"
    parts = f"{table} * &~3 +xa_node.slots"
    # Behind the first disk come its two partitions; then the second disk.
    other = f"{devices} * * * {of_node} * -block_device.bd_device +block_device.bd_disk *"
    # Until 6.3 a class knows its own.
    classes = either("block_class +class.p", "class_kset")
    for q in ("show /proc/diskstats", "show /proc/partitions"):
        yield from pointer(q, classes)
        yield from null(q, classes)
        yield from list_node(q, "class_kset * +kset.list *")
        yield from leads_to(q, "class_kset * +kset.list", "init_task +task_struct.tasks")
        yield from leads_to(q, "class_kset", "init_task +task_struct.tasks")
        yield from list_node(q, devices + " *")
        yield from pointer(q, device)
        yield from null(q, device)
        yield from pointer(q, disk)
        yield from pointer(q, either(table, f"{own} +gendisk.part_tbl"))
        yield from leads_to(q, either(f"{parts} +8", f"{own_parts} +8"), either(f"{table} *", f"{own} +gendisk.part_tbl *"),
                            either(f"{parts} *", f"{own_parts} *"),
                            either(f"{other} +gendisk.part_tbl.xa_head *", f"{own_parts} +16 *"))
        yield from pointer(q, either(f"{parts} +8", f"{own_parts} +8"))
        yield from fill(q, either(f"{disk} * +gendisk.disk_name", f"{own} +gendisk.disk_name"), 32, may_be_whole=True)
    yield from per_cpu("show /proc/diskstats", f"{parts} * +block_device.bd_stats")


def keys():
    q, root = "show /proc/keys", "key_serial_tree"
    key = f"{root} * -key.serial_node"
    yield from pointer(q, root)
    yield from leads_to(q, f"{root} * +rb_node.rb_left", root + " *")
    yield from leads_to(q, f"{root} * +rb_node.rb_right", root + " *", f"{root} * +rb_node.rb_left *")
    yield from pointer(q, f"{key} +key.type")
    yield from null(q, f"{key} +key.type")
    yield from pointer(q, f"{key} +key.type * +key_type.name")
    yield from string(q, f"{key} +key.type * +key_type.name", may_be_whole=True)
    yield from pointer(q, f"{key} +key.type * +key_type.describe")
    yield from pointer(q, f"{key} +key.description")
    yield from string(q, f"{key} +key.description")


def algorithms():
    q, first = "show /proc/crypto", "crypto_alg_list * -crypto_alg.cra_list"
    yield from list_node(q, "crypto_alg_list *")
    yield from leads_to(q, "crypto_alg_list", "init_task +task_struct.tasks")
    yield from pointer(q, f"{first} +crypto_alg.cra_module")
    yield from pointer(q, f"{first} +crypto_alg.cra_type")
    yield from pointer(q, f"{first} +crypto_alg.cra_type * +crypto_type.show")
    yield from fill(q, f"{first} +crypto_alg.cra_name", 128, may_be_whole=True)
    q = "show /proc/tty/drivers"
    yield from list_node(q, "tty_drivers *")
    yield from pointer(q, "tty_drivers * -tty_driver.tty_drivers +tty_driver.name")
    yield from string(q, "tty_drivers * -tty_driver.tty_drivers +tty_driver.name", may_be_whole=True)
    yield from pointer(q, "tty_drivers * -tty_driver.tty_drivers +tty_driver.driver_name")


def net_counters():
    q, table = "show /proc/net/ipv6_route", "init_net +net.ipv6.fib6_main_tbl *"
    yield from pointer(q, "init_net +net.ipv6.fib_table_hash")
    yield from null(q, "init_net +net.ipv6.fib_table_hash")
    for side in ("left", "right"):
        yield from pointer(q, f"{table} +fib6_table.tb6_root.{side}")
        yield from leads_to(q, f"{table} +fib6_table.tb6_root.{side}", f"{table} +fib6_table.tb6_root")
    yield from leads_to(q, f"{table} +fib6_table.tb6_root.right", f"{table} +fib6_table.tb6_root.left *")
    yield from pointer(q, f"{table} +fib6_table.tb6_root.leaf")
    route = f"{table} +fib6_table.tb6_root.leaf *"
    yield from itself(q, f"{route} +fib6_info.fib6_next")
    yield from pointer(q, f"{route} +fib6_info.nh")
    yield from pointer(q, f"{route} +fib6_info.fib6_nh +fib6_nh.nh_common.nhc_dev")
    q = "show /proc/net/softnet_stat"
    yield from per_cpu(q, "__per_cpu_offset")
    yield from pointer(q, "softnet_data % +softnet_data.flow_limit")
    q = "show /proc/schedstat"
    yield from per_cpu(q, "__per_cpu_offset")
    yield from pointer(q, "runqueues % +rq.sd")
    yield from leads_to(q, "runqueues % +rq.sd", "class_kset * +kset.list *")
    q = "show /proc/net/sctp/snmp"
    yield from per_cpu(q, "init_net +net.sctp.sctp_statistics")
    yield from per_cpu(q, "__per_cpu_offset")
    yield from list_node(q, "modules *")
    q = "show /proc/net/netfilter/nf_log"
    yield from pointer(q, "init_net +net.nf.nf_loggers +16")
    yield from pointer(q, "loggers +32")
    yield from pointer(q, "loggers +40")
    yield from string(q, "loggers +32")
    yield from per_cpu("show /proc/net/rt_acct", "ip_rt_acct")
    yield from per_cpu("show /proc/net/stat/ndisc_cache", "nd_tbl +neigh_table.stats")
    yield from per_cpu("show /proc/net/stat/rt_cache", "ipv4_dst_ops +dst_ops.pcpuc_entries.counters")
    yield from per_cpu("show /proc/net/stat/rt_cache", "__per_cpu_offset")
    yield from pointer("show /proc/net/stat/arp_cache", "__per_cpu_offset")
    yield from pointer("show /proc/net/ip6_mr_vif", "init_net +net.ipv6.mr6_tables")
    for name, tables in (("ip", "init_net +net.ipv4.mr_tables"), ("ip6", "init_net +net.ipv6.mr6_tables")):
        q, found = f"show /proc/net/{name}_mr_vif", f"{tables} * -mr_table.list"
        yield from count(q, f"{found} +mr_table.maxvif")
        yield from pointer(q, f"{found} +mr_table.vif_table +vif_device.dev")
        q = f"show /proc/net/{name}_mr_cache"
        yield from pointer(q, f"{found} +mr_table.mfc_cache_list")
        yield from null(q, f"{found} +mr_table.mfc_cache_list")
        yield from itself(q, f"{found} +mr_table.mfc_cache_list *")
        yield from pointer(q, f"{found} +mr_table.mfc_unres_queue")
        route = f"{found} +mr_table.mfc_cache_list * -mr_mfc.list"
        yield from count(q, f"{route} +mr_mfc.mfc_un.res.maxvif")


# vsock, XDP, MPTCP, as far as the kernel has them.
FAMILIES_LOADED = """cd /lib/modules
for module in $(cat sockets); do [ $module = tipc.ko ] || insmod $module; done
sockets --families"""
# Two disks of memory, the first with two partitions; then one with a queue.
DISKS = r"""
insmod /lib/modules/brd.ko rd_nr=2 rd_size=16384 max_part=8
printf 'o\nn\np\n1\n\n+10M\nn\np\n2\n\n\nw\n' | fdisk /dev/ram0 >/dev/null 2>&1
until grep -q ram0p2 /proc/partitions; do sleep 0.1; done
insmod /lib/modules/loop.ko max_loop=1
"""
FAMILIES = {"slabs": slabs, "resources": resources, "sysctl": sysctl, "kernfs": kernfs, "system": system, "net": net_tables,
            "processes": processes, "files": files, "memory": memory, "dumps": dumps, "areas": areas, "parts": parts, "ipc": ipc,
            "disks": disks, "keys": keys, "algorithms": algorithms, "net counters": net_counters, "descriptors": descriptors,
            "watches": watches, "values": values, "page types": page_types, "sctp": sctp, **hostile_asked.FAMILIES, **hostile_sysfs.FAMILIES,
            **hostile_rest.FAMILIES}
FORGERIES = [(name, forgery) for name, family in FAMILIES.items() for forgery in family()]
