/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Questions that programs ask by system calls, answered about the target: in
 * the current epoch, from other structures than those that /proc is made of.
 *
 * Each returns STATUS_OK with an answer (which may be "there is none"), or, as
 * proc_text_init(): STATUS_GONE, STATUS_NO_MEMORY, and reported STATUS_MALFORMED and others
 * where the target's memory can't be understood.
 */
#ifndef GUEST_ASK_ASK_H
#define GUEST_ASK_ASK_H

#include "base/status.h"
#include "guest/ask/file.h"
#include "guest/ask/interface.h"
#include "guest/ask/process.h"
#include "guest/ask/request.h"
#include "guest/ask/system.h"
#include "guest/proc/node.h"

/* The question stands in the struct, and so does the answer. */
MUST_USE status ask_process(struct guest_kernel *kernel, struct ask_process *process);
MUST_USE status ask_priority(struct guest_kernel *kernel, struct ask_priority *priority);
MUST_USE status ask_system(struct guest_kernel *kernel, struct ask_system *system);
MUST_USE status ask_interface(struct guest_kernel *kernel, struct ask_interface *interface);
MUST_USE status ask_file(struct guest_kernel *kernel, struct ask_file *file);
/* `descriptor`: of an entry [pid]/fd/[n]. STATUS_MISSING: it was closed. */
MUST_USE status ask_socket_name(struct guest_kernel *kernel, const struct proc_subject *descriptor,
				struct ask_socket_name *ret_name);
MUST_USE status ask_socket_device(struct guest_kernel *kernel, struct ask_socket_device *ret_device);

/* All of SIOCGIFCONF's entries. proc_text_deinit() frees them; `fault` set: some are missing. */
MUST_USE status ask_interface_list(struct guest_kernel *kernel, struct proc_text *ret_entries);

enum ask_dump {
	ASK_LINKS,
	ASK_ADDRESSES,
	ASK_ROUTES,
	ASK_ROUTES4,
	ASK_ROUTES6,
	ASK_NEIGHBOURS,
	ASK_RULES,
	ASK_INET_SOCKETS,
	ASK_UNIX_SOCKETS,
	ASK_PACKET_SOCKETS,
	ASK_NETLINK_SOCKETS,
	ASK_VSOCK_SOCKETS,
	ASK_XDP_SOCKETS,
	ASK_OTHER_SOCKETS, /* which aren't told: the answer isn't whole where the target has some */
	ASK_MULTICAST_ROUTES, /* alone */
};

/* Netlink messages, one behind the other, without the last one that ends a dump. STATUS_MISSING: the target's kernel
 * has no such protocol. */
MUST_USE status ask_dump(struct guest_kernel *kernel, enum ask_dump what, const struct ask_request *request,
			 struct proc_text *ret_messages);

#endif
