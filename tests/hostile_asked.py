# SPDX-License-Identifier: GPL-2.0-or-later
"""What is forged of what programs ask by system calls, and of the process list: tests/hostile_places.py has the rest."""
from hostile_kinds import count, either, fill, itself, leads_to, list_node, null, on, pointer

LO = "init_net +net.loopback_dev *"
# Until 6.5 in lists.
DEVICES = either("init_net +net.dev_by_index.xa_head", "init_net +net.dev_index_head * +8")


def interfaces():
    """SIOCGIF… and SIOCGIFCONF."""
    first = f"{LO} +net_device.ip_ptr * +in_device.ifa_list"
    for q in ("interface lo", "interfaces"):
        yield from pointer(q, DEVICES)
        yield from pointer(q, f"{LO} +net_device.ip_ptr")
        yield from pointer(q, first)
    q = "interfaces"
    yield from leads_to(q, f"{first} * +in_ifaddr.ifa_next", f"{first} *")
    yield from pointer(q, f"{first} * +in_ifaddr.ifa_next")
    yield from fill(q, f"{first} * +in_ifaddr.ifa_label", 16, may_be_whole=True)
    q = "interface lo"
    # Not the label that is asked for: then the list is walked to its end.
    yield from fill(q, f"{LO} +net_device.name", 16, may_be_absent=True)
    yield from count(q, f"{LO} +net_device.addr_len", size=1)
    yield from null(q, f"{LO} +net_device.ip_ptr", may_be_whole=True)
    yield from pointer(q, f"{LO} +net_device.dev_addr")


def named_files():
    """A file by its name (stat() of a port), and the protocol of a socket (lsof)."""
    fs = "init_pid_ns +pid_namespace.child_reaper * +task_struct.fs"
    root = f"{fs} * +fs_struct.root"
    # Newer kernels keep a directory's names in a list of another kind.
    children = either(f"{root} +path.dentry * +dentry.d_children", f"{root} +path.dentry * +dentry.d_subdirs")
    for q in ("file /tmp", "file /tmp/plain", "file /dev/shm/memory", "file /lib"):
        yield from pointer(q, fs)
        yield from pointer(q, f"{root} +path.mnt")
        yield from pointer(q, f"{root} +path.dentry")
        yield from null(q, f"{root} +path.dentry")
        yield from pointer(q, f"{root} +path.dentry * +dentry.d_inode")
        yield from pointer(q, f"{root} +path.mnt * -mount.mnt +mount.mnt_mounts")
        yield from null(q, f"{root} +path.mnt * -mount.mnt +mount.mnt_mounts")
        yield from pointer(q, children)
        yield from leads_to(q, on(children, "*"), on(children, "*"))
    q = "socket /proc/@open_files/fd/@open_files#socket"
    file = "@open_files#socket"
    yield from pointer(q, f"{file} +file.f_path.dentry")
    yield from null(q, f"{file} +file.f_path.dentry")
    yield from pointer(q, f"{file} +file.f_path.dentry * +dentry.d_op")
    yield from pointer(q, f"{file} +file.f_path.dentry * +dentry.d_name.name")
    yield from count(q, f"{file} +file.f_path.dentry * +dentry.d_name.len")
    yield from pointer(q, "init_net +net.rtnl")
    yield from null(q, "init_net +net.rtnl")
    yield from pointer(q, "init_net +net.rtnl * +sock.sk_socket")


def other_dumps():
    """Netlink's dumps of packet, vsock, XDP, MPTCP and netlink sockets, and of IPv6's neighbours."""
    q, first = "ask 9 11 0", "init_net +net.packet.sklist"
    yield from pointer(q, first)
    yield from leads_to(q, f"{first} *", f"{first} *")
    socket = f"{first} * -sock.__sk_common.skc_node"
    yield from pointer(q, f"{socket} +sock.__sk_common.skc_node.next")
    yield from pointer(q, f"{socket} +packet_sock.mclist")
    q, table = "ask a 10 ff", "nl_table * +netlink_table.hash.tbl"
    yield from pointer(q, "nl_table")
    yield from null(q, "nl_table")
    yield from pointer(q, table)
    yield from count(q, f"{table} * +bucket_table.size")
    yield from leads_to(q, f"{table} * +bucket_table.future_tbl", f"{table} *")
    yield from pointer(q, "nl_table * +netlink_table.mc_list")
    q, first = "ask b 28 0", "vsock_bind_table nonempty"
    yield from pointer(q, first)
    yield from null(q, first)
    yield from pointer(q, "vsock_connected_table nonempty")
    yield from leads_to(q, "vsock_connected_table nonempty", "vsock_bind_table nonempty *")
    bound = "vsock_bind_table nonempty * -vsock_sock.bound_table"
    yield from pointer(q, f"{bound} +sock.__sk_common.skc_net.net")
    connected = "vsock_connected_table nonempty * -vsock_sock.connected_table"
    # As if it were bound, and in no list of those that are: shown all the same, or said.
    yield from pointer(q, f"{connected} +vsock_sock.bound_table.next", may_be_whole=True)
    yield from pointer(q, f"{connected} +vsock_sock.bound_table.prev", may_be_whole=True)
    q, first = "ask c 2c 0", "init_net +net.xdp.list"
    yield from pointer(q, first)
    yield from leads_to(q, f"{first} *", f"{first} *")
    xdp = f"{first} * -sock.__sk_common.skc_node"
    yield from pointer(q, f"{xdp} +xdp_sock.umem")
    yield from pointer(q, f"{xdp} +sock.__sk_common.skc_node.next")
    q = "ask 7 2 106"
    yield from pointer(q, "token_hash")
    yield from null(q, "token_hash")
    yield from count(q, "token_mask")
    yield from pointer(q, "token_hash * +token_bucket.msk_chain")
    yield from pointer(q, "tcp_hashinfo +inet_hashinfo.lhash2")
    q, neighbours = "ask 5 a 0", "nd_tbl +neigh_table.nht"
    yield from pointer(q, neighbours)
    yield from null(q, neighbours)
    yield from count(q, f"{neighbours} * +neigh_hash_table.hash_shift")
    yield from pointer(q, f"{neighbours} * +neigh_hash_table.hash_buckets")
    q, proxies = "ask 5 2 0 1", "arp_tbl +neigh_table.phash_buckets"
    yield from pointer(q, proxies)
    yield from null(q, proxies)
    yield from pointer("ask e 80 0", "init_net +net.ipv4.mr_tables")
    q, sctp = "ask d 0 84", "sctp_globals"
    yield from pointer(q, f"{sctp} +sctp_globals.ep_hashtable")
    yield from count(q, f"{sctp} +sctp_globals.ep_hashsize")
    table = f"{sctp} +sctp_globals.transport_hashtable.ht.tbl"
    yield from pointer(q, table)
    yield from count(q, f"{table} * +bucket_table.size")
    transport = f"{table} * +bucket_table.buckets ? * -sctp_transport.node"
    yield from pointer(q, f"{transport} +sctp_transport.asoc")
    association = f"{transport} +sctp_transport.asoc *"
    yield from pointer(q, f"{association} +sctp_association.ep")
    yield from pointer(q, f"{association} +sctp_association.asocs.prev")
    yield from pointer(q, f"{association} +sctp_association.ep * +sctp_endpoint.asocs.next")
    yield from leads_to(q, f"{association} +sctp_association.asocs.next", f"{association} +sctp_association.asocs.next")
    yield from pointer(q, f"{association} +sctp_association.base.bind_addr.address_list.next")
    yield from pointer(q, f"{association} +sctp_association.peer.primary_path")
    yield from pointer(q, f"{association} +sctp_association.peer.transport_addr_list.next")


def process_list():
    """The list for programs that want just that."""
    q = "processes"
    yield from itself(q, "init_task +task_struct.tasks")
    yield from list_node(q, "@family +task_struct.tasks")
    yield from leads_to(q, "@family +task_struct.tasks", "slab_caches")
    yield from pointer(q, "@family +task_struct.real_parent")
    yield from null(q, "@family +task_struct.real_parent")
    yield from pointer(q, "@family +task_struct.real_cred")
    yield from null(q, "@family +task_struct.real_cred")
    yield from fill(q, "@family +task_struct.comm", 16, may_be_whole=True)


FAMILIES = {"interfaces": interfaces, "named files": named_files, "other dumps": other_dumps, "process list": process_list}
