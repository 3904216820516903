# SPDX-License-Identifier: GPL-2.0-or-later
"""What is forged of a process's open files that aren't plain ones: tests/hostile_places.py has the rest."""
from hostile_kinds import count, either, itself, leads_to, list_node, null, on, pointer, string


def fdinfo(process, what):
    """(question, the struct file)"""
    return f"show /proc/@{process}/fdinfo/@{process}#{what}", f"@{process}#{what}"


def descriptors():
    for what in ("eventpoll", "eventfd", "signalfd", "timerfd"):
        q, file = fdinfo("open_files", what)
        yield from pointer(q, f"{file} +file.private_data")
        yield from null(q, f"{file} +file.private_data")
    q, file = fdinfo("open_files", "eventpoll")
    yield from pointer(q, f"{file} +file.f_op")
    yield from null(q, f"{file} +file.f_op")
    yield from pointer(q, f"{file} +file.f_op * +file_operations.show_fdinfo")
    root = f"{file} +file.private_data * +eventpoll.rbr.rb_root.rb_node"
    yield from pointer(q, root)
    yield from itself(q, f"{root} * +rb_node.rb_left")
    for side in ("left", "right"):
        yield from pointer(q, f"{root} * +rb_node.rb_{side}")
        yield from leads_to(q, f"{root} * +rb_node.rb_{side}", f"{root} *")
    yield from pointer(q, f"{root} * -epitem.rbn +epitem.ffd.file")
    yield from null(q, f"{root} * -epitem.rbn +epitem.ffd.file")
    yield from pointer(q, f"{root} * -epitem.rbn +epitem.ffd.file * +file.f_inode")
    q, file = fdinfo("open_files", "timerfd")
    yield from count(q, f"{file} +file.private_data * +timerfd_ctx.clockid")
    q, file = fdinfo("open_files", "pid")
    pid = either(f"{file} has:pidfs_file_operations +file.f_inode * +inode.i_private", f"{file} +file.private_data")
    yield from pointer(q, pid)
    yield from null(q, pid)
    yield from count(q, on(pid, "* +pid.level"))
    q, file = fdinfo("open_files", "socket")
    yield from pointer(q, f"{file} +file.private_data")
    yield from null(q, f"{file} +file.private_data")
    yield from pointer(q, f"{file} +file.private_data * +socket.ops")
    yield from pointer(q, f"{file} +file.private_data * +socket.sk")
    q, file = fdinfo("terminals", "ptmx")
    yield from pointer(q, f"{file} +file.private_data")
    yield from null(q, f"{file} +file.private_data")
    yield from pointer(q, f"{file} +file.private_data * +tty_file_private.tty")
    yield from pointer(q, f"{file} +file.private_data * +tty_file_private.tty * +tty_struct.ops")
    for what, members in (("bpf-prog", ("bpf_prog.aux",)), ("bpf-map", ("bpf_map.ops",)), ("bpf_link", ("bpf_link.ops", "bpf_link.prog"))):
        q, file = fdinfo("bpf", what)
        yield from pointer(q, f"{file} +file.private_data")
        yield from null(q, f"{file} +file.private_data")
        for member in members:
            yield from pointer(q, f"{file} +file.private_data * +{member}")
    q, file = fdinfo("sockets", "tun")
    yield from pointer(q, f"{file} +file.private_data")
    yield from pointer(q, f"{file} +file.private_data * +tun_file.tun")
    yield from pointer(q, f"{file} +file.private_data * +tun_file.tun * +tun_struct.dev")
    q, file = fdinfo("locks", "locked")
    context = f"{file} +file.f_inode * +inode.i_flctx"
    yield from pointer(q, context)
    yield from pointer(q, f"{context} * +file_lock_context.flc_posix")
    yield from null(q, f"{context} * +file_lock_context.flc_posix")
    yield from itself(q, f"{context} * +file_lock_context.flc_posix *")
    for what in ("eventpoll", "socket", "pipe", "memfd"):
        q, file = f"show /proc/@open_files/fd/@open_files#{what}", f"@open_files#{what}"
        yield from pointer(q, f"{file} +file.f_path.dentry")
        yield from pointer(q, f"{file} +file.f_path.dentry * +dentry.d_op")
        yield from pointer(q, f"{file} +file.f_inode", may_be_whole=True)
    yield from string("show /proc/@open_files/fd/@open_files#memfd", "@open_files#memfd +file.f_path.dentry * +dentry.d_name.name",
                      may_be_whole=True)


def watches():
    for process, what in (("open_files", "inotify"), ("fanotify", "fanotify")):
        q, file = fdinfo(process, what)
        group = f"{file} +file.private_data"
        mark = f"{group} * +fsnotify_group.marks_list * -fsnotify_mark.g_list"
        yield from pointer(q, group)
        yield from null(q, group)
        yield from pointer(q, f"{group} * +fsnotify_group.marks_list")
        yield from null(q, f"{group} * +fsnotify_group.marks_list")
        yield from leads_to(q, f"{group} * +fsnotify_group.marks_list", "init_task +task_struct.tasks")
        yield from list_node(q, f"{mark} +fsnotify_mark.g_list")
        connector = f"{mark} +fsnotify_mark.connector"
        yield from pointer(q, connector)
        yield from pointer(q, f"{connector} * +fsnotify_mark_connector.obj")
        # From 6.10 on it is the object, before where that has its marks.
        inode = either(f"{connector} * has:fsnotify_mark_connector.prio +fsnotify_mark_connector.obj *",
                       f"{connector} * +fsnotify_mark_connector.obj * -inode.i_fsnotify_marks")
        yield from pointer(q, on(inode, "+inode.i_sb"))
        yield from null(q, on(inode, "+inode.i_sb"))
        yield from pointer(q, on(inode, "+inode.i_sb * +super_block.s_export_op"))
    # Of the file system that is watched last.
    yield from pointer(q, on(inode, "+inode.i_sb * +super_block.s_export_op * +export_operations.encode_fh"))
