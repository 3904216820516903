# SPDX-License-Identifier: GPL-2.0-or-later
"""What is forged of a process's values, of SCTP, and of free pages: tests/hostile_places.py has the rest."""
from hostile_kinds import Forgery, count, fill, itself, leads_to, list_node, null, pointer, string

CHILD = "@family +task_struct.children * -task_struct.sibling"


def values():
    q, timers = "show /proc/@timers/timers", "@timers +task_struct.signal * +signal_struct.posix_timers"
    yield from pointer(q, timers)
    yield from itself(q, f"{timers} *")
    yield from leads_to(q, timers, "init_task +task_struct.tasks")
    yield from pointer(q, f"{timers} *")
    yield from pointer(q, f"{timers} * -k_itimer.list +k_itimer.it_pid")
    yield from pointer(q, f"{timers} * -k_itimer.list +k_itimer.sigq")
    yield from count(q, f"{timers} * -k_itimer.list +k_itimer.it_sigev_notify")
    q = "show /proc/@family/task/@family/children"
    yield from pointer(q, "@family +task_struct.children")
    yield from null(q, "@family +task_struct.children")
    yield from leads_to(q, "@family +task_struct.children", "init_task +task_struct.tasks")
    yield from list_node(q, f"{CHILD} +task_struct.sibling")
    yield from pointer(q, f"{CHILD} +task_struct.thread_pid")
    q = "show /proc/@family/sched"
    for field in ("signal", "thread_pid", "mm", "numa_group"):
        yield from pointer(q, f"@family +task_struct.{field}", may_be_whole=field == "numa_group")
    yield from fill(q, "@family +task_struct.comm", 16, may_be_whole=True)
    yield from count(q, "nr_node_ids")
    for name in ("stack", "wchan", "syscall"):
        q = f"show /proc/@family/{name}"
        yield from pointer(q, "@family +task_struct.stack")
        if name != "syscall":
            yield from pointer(q, "@family +task_struct.thread.sp")
            yield from null(q, "@family +task_struct.thread.sp")
            yield from fill(q, "@family +task_struct.thread.sp *", 256)
    for field in ("signal", "sighand"):
        yield from pointer("show /proc/@family/limits", f"@family +task_struct.{field}", may_be_whole=field == "sighand")
        yield from null("show /proc/@family/limits", f"@family +task_struct.{field}")
    q, place = "show /proc/@family/attr/current", "@family +task_struct.real_cred * +cred.security * +[apparmor_blob_sizes]"
    yield from pointer(q, "@family +task_struct.real_cred")
    yield from pointer(q, "@family +task_struct.real_cred * +cred.security")
    yield from pointer(q, place)
    yield from null(q, place)
    profile = f"{place} * +aa_label.vec"
    yield from pointer(q, profile)
    yield from null(q, profile)
    yield from leads_to(q, f"{profile} +8", f"{profile} *")
    yield from pointer(q, f"{profile} * +aa_profile.ns")
    yield from pointer(q, f"{profile} * +aa_profile.base.hname")
    yield from string(q, f"{profile} * +aa_profile.base.hname")


def page_types():
    q, zone = "show /proc/pagetypeinfo", "node_data * +pglist_data.node_zones +#zone"
    yield from pointer(q, "node_data")
    yield from pointer(q, f"{zone} +zone.name")
    yield from string(q, f"{zone} +zone.name")
    # Of the largest pieces those that can be moved: there are always some.
    area = f"{zone} +zone.free_area" + " +#free_area" * 10
    free = f"{area} +free_area.free_list +16"
    yield from pointer(q, free)
    yield from null(q, free)
    yield from list_node(q, f"{free} *")
    yield from leads_to(q, free, "init_task +task_struct.tasks", "slab_caches")
    yield Forgery(q, free, "a million", "million list_head.next", 8)
    yield from count(q, f"{zone} +zone.spanned_pages", size=8)
    yield from count(q, f"{zone} +zone.zone_start_pfn", size=8)
    yield from pointer(q, "mem_section")
    yield from null(q, "mem_section")
    yield from pointer(q, "mem_section *")
    yield from null(q, "mem_section *")
    yield from pointer(q, "mem_section * * +mem_section.usage")
    yield from null(q, "mem_section * * +mem_section.usage")
    yield from pointer(q, "migratetype_names +8")
    yield from null(q, "migratetype_names +8")
    yield from string(q, "migratetype_names +8")


def sctp():
    q, lists = "show /proc/net/sctp/eps", "sctp_globals +sctp_globals.ep_hashtable"
    yield from pointer(q, lists)
    yield from null(q, lists)
    yield from count(q, "sctp_globals +sctp_globals.ep_hashsize")
    node = f"{lists} * ?"
    endpoint = f"{node} * -sctp_endpoint.node"
    yield from pointer(q, node)
    yield from pointer(q, f"{node} *")
    yield from itself(q, f"{node} *")
    yield from pointer(q, f"{endpoint} +sctp_endpoint.base.sk")
    yield from null(q, f"{endpoint} +sctp_endpoint.base.sk")
    addresses = f"{endpoint} +sctp_endpoint.base.bind_addr.address_list"
    yield from list_node(q, f"{addresses} *")
    yield from pointer(q, addresses)
    yield from null(q, addresses)
    yield from leads_to(q, addresses, "init_task +task_struct.tasks")
    yield Forgery(q, addresses, "a million", "million sctp_sockaddr_entry.list.next", 8)
    yield from count(q, f"{addresses} * -sctp_sockaddr_entry.list +sctp_sockaddr_entry.a", size=2)
    for name in ("assocs", "remaddr"):
        q, table = f"show /proc/net/sctp/{name}", "sctp_globals +sctp_globals.transport_hashtable.ht.tbl"
        yield from pointer(q, table)
        yield from null(q, table)
        yield from count(q, f"{table} * +bucket_table.size")
        yield from count(q, f"{table} * +bucket_table.nest")
        yield from pointer(q, f"{table} * +bucket_table.future_tbl")
        yield from itself(q, f"{table} * +bucket_table.future_tbl")
        node = f"{table} * +bucket_table.buckets ?"
        transport = f"{node} * &~1 -sctp_transport.node"
        yield from pointer(q, node)
        yield from pointer(q, f"{node} * &~1")
        yield from itself(q, f"{node} * &~1")
        yield from pointer(q, f"{transport} +sctp_transport.node.next")
        yield from leads_to(q, f"{transport} +sctp_transport.node.next", f"{transport} +sctp_transport.node")
        association = f"{transport} +sctp_transport.asoc"
        yield from pointer(q, association)
        yield from null(q, association)
        yield from pointer(q, f"{association} * +sctp_association.base.sk")
        yield from pointer(q, f"{association} * +sctp_association.peer.primary_path")
        yield from null(q, f"{association} * +sctp_association.peer.primary_path")
        others = f"{association} * +sctp_association.peer.transport_addr_list"
        yield from pointer(q, others)
        yield from null(q, others)
        yield from list_node(q, f"{others} *")
        yield from leads_to(q, others, "init_task +task_struct.tasks")
        yield from count(q, f"{transport} +sctp_transport.ipaddr", size=2)
