# SPDX-License-Identifier: GPL-2.0-or-later
"""What is forged of files below /sys: tests/hostile_places.py has the rest, of its tree, too."""
from hostile_kinds import count, either, leads_to, null, on, per_cpu, pointer, string

LO = "init_net +net.loopback_dev *"
BLOCK = "/devices/virtual/block"


def file(path):
    """(question, its attribute, the struct kobject of its directory)"""
    return f"show /sys{path}", f"^{path} +kernfs_node.priv", f"^{path.rsplit('/', 1)[0]} +kernfs_node.priv"


def parameter(name):
    """(question, what leads to its struct kernel_param)"""
    q, attribute, _ = file(f"/module/{name}")
    return q, f"{attribute} * +param_attribute.param"


def parameters():
    q, param = parameter("brd/parameters/rd_nr")
    yield from pointer(q, file("/module/brd/parameters/rd_nr")[1])
    yield from pointer(q, param)
    yield from null(q, param)
    yield from pointer(q, f"{param} * +kernel_param.ops")
    yield from pointer(q, f"{param} * +kernel_param.ops * +kernel_param_ops.get")
    yield from null(q, f"{param} * +kernel_param.ops * +kernel_param_ops.get")
    yield from pointer(q, f"{param} * +kernel_param.arg")
    q, param = parameter("pstore/parameters/compress")
    yield from pointer(q, f"{param} * +kernel_param.arg")
    yield from pointer(q, f"{param} * +kernel_param.arg *")
    yield from string(q, f"{param} * +kernel_param.arg *", may_be_whole=True)
    q, param = parameter("firmware_class/parameters/path")
    yield from pointer(q, f"{param} * +kernel_param.arg")
    yield from pointer(q, f"{param} * +kernel_param.arg * +kparam_string.string")
    q, param = parameter("vt/parameters/default_red")
    array = f"{param} * +kernel_param.arg"
    yield from pointer(q, array)
    yield from pointer(q, f"{array} * +kparam_array.ops")
    yield from pointer(q, f"{array} * +kparam_array.num")
    yield from leads_to(q, f"{array} * +kparam_array.num", "init_task +task_struct.tasks")
    yield from count(q, f"{array} * +kparam_array.elemsize")
    yield from pointer(q, f"{array} * +kparam_array.elem")


def module_files():
    _, _, brd = file("/module/brd/refcnt")
    for name in ("refcnt", "coresize", "taint"):
        q = f"show /sys/module/brd/{name}"
        yield from pointer(q, f"{brd} * -module_kobject.kobj +module_kobject.mod")
        yield from null(q, f"{brd} * -module_kobject.kobj +module_kobject.mod")
    q, section, _ = file("/module/brd/sections/.text")
    read = f"{section} * +bin_attribute.read"
    yield from pointer(q, section)
    yield from pointer(q, read)
    q, note, _ = file("/module/brd/notes/.note.gnu.build-id")
    yield from pointer(q, note)
    yield from pointer(q, f"{note} * +bin_attribute.private")
    yield from null(q, f"{note} * +bin_attribute.private")
    yield from count(q, f"{note} * +bin_attribute.size", size=8)


def queues():
    _, _, place = file(f"{BLOCK}/loop0/queue/scheduler")
    disk = f"{place} * -gendisk.queue_kobj"
    # Until 6.1 what is shown is of the queue itself.
    queue = either(f"{disk} +gendisk.queue *", f"{place} * -request_queue.kobj")
    q = f"show /sys{BLOCK}/loop0/queue/scheduler"
    yield from pointer(q, place)
    yield from pointer(q, f"{disk} +gendisk.queue")
    yield from null(q, f"{disk} +gendisk.queue")
    yield from pointer(q, "elv_list")
    yield from null(q, "elv_list")
    yield from leads_to(q, "elv_list", "init_task +task_struct.tasks")
    yield from pointer(q, on(queue, "+request_queue.elevator"))
    q, attribute, _ = file(f"{BLOCK}/loop0/queue/read_ahead_kb")
    yield from pointer(q, attribute)
    yield from pointer(q, f"{attribute} * +queue_sysfs_entry.show")
    yield from null(q, f"{attribute} * +queue_sysfs_entry.show")
    yield from pointer(q, either(f"{disk} +gendisk.bdi", on(queue, "+request_queue.backing_dev_info")))
    q = f"show /sys{BLOCK}/loop0/queue/wbt_lat_usec"
    policy = on(queue, "+request_queue.rq_qos")
    yield from pointer(q, policy)
    yield from leads_to(q, policy, "init_task +task_struct.tasks")


def block_files():
    _, _, kobject = file(f"{BLOCK}/ram0/stat")
    device = f"{kobject} * -device.kobj -block_device.bd_device"
    old = f"{kobject} * -device.kobj -hd_struct.__dev"
    for name in ("stat", "inflight"):
        q = f"show /sys{BLOCK}/ram0/{name}"
        yield from per_cpu(q, either(f"{device} +block_device.bd_stats", f"{old} +hd_struct.dkstats"))
        yield from per_cpu(q, "__per_cpu_offset")
    q, _, kobject = file(f"{BLOCK}/ram0/ram0p1/alignment_offset")
    part = f"{kobject} * -device.kobj -block_device.bd_device"
    yield from pointer(q, f"{part} +block_device.bd_disk")
    yield from null(q, f"{part} +block_device.bd_disk")
    yield from pointer(q, f"{part} +block_device.bd_disk * +gendisk.queue")


def net_files():
    net = "/devices/virtual/net/lo"
    for q in (f"show /sys{net}/statistics/rx_packets", "show /proc/net/dev"):
        yield from per_cpu(q, f"{LO} +net_device.lstats")
    for name in ("address", "broadcast"):
        yield from count(f"show /sys{net}/{name}", f"{LO} +net_device.addr_len", size=1)
    yield from pointer(f"show /sys{net}/address", f"{LO} +net_device.dev_addr")
    yield from pointer(f"show /sys{net}/ifalias", f"{LO} +net_device.ifalias")
    yield from pointer(f"show /sys{net}/iflink", f"{LO} +net_device.netdev_ops")
    yield from count(f"show /sys{net}/operstate", f"{LO} +net_device.operstate", size=1)
    q, attribute, kobject = file(f"{net}/mtu")
    yield from pointer(q, attribute)
    yield from pointer(q, f"{attribute} * +device_attribute.show")
    yield from pointer(q, kobject)
    yield from pointer(q, f"{LO} +net_device.dev.class")
    yield from null(q, f"{LO} +net_device.dev.class")
    yield from string(q, f"{LO} +net_device.dev.class * +class.name")
    yield from pointer("show /sys/class/net/lo", "^/class/net/lo +kernfs_node.symlink.target_kn")
    yield from leads_to("show /sys/class/net/lo", "^/class/net/lo +kernfs_node.symlink.target_kn", "^/class/net/lo", may_be_whole=True)


def device_files():
    q, attribute, kobject = file("/devices/system/cpu/online")
    yield from pointer(q, f"{attribute} * +cpu_attr.map")
    yield from null(q, f"{attribute} * +cpu_attr.map")
    kind = f"{kobject} * +kobject.ktype"
    yield from pointer(q, kind)
    yield from null(q, kind)
    yield from pointer(q, f"{kind} * +kobj_type.sysfs_ops")
    yield from null(q, f"{kind} * +kobj_type.sysfs_ops")
    yield from pointer(q, f"{kind} * +kobj_type.sysfs_ops * +sysfs_ops.show")


FAMILIES = {"parameters": parameters, "module files": module_files, "queues": queues, "block files": block_files,
            "net files": net_files, "device files": device_files}
