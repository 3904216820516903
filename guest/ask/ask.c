/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/ask.h"

#include "base/checked.h"
#include "base/report.h"
#include "guest/ask/dumps.h"
#include "guest/kernel/access.h"
#include "guest/proc/running.h"
#include "guest/proc/seq.h"

static const struct proc_subject nothing;
static struct ask_request current;

void ask_request_copy(struct ask_request *ret_request)
{
	*ret_request = current;
}

/* In words, where guest C ended with a fault of the target's making. */
static status outcome_of(status outcome, const char *what)
{
	if (outcome == STATUS_OK || outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY)
		return outcome;
	return report(status_is_fault(outcome) ? outcome : STATUS_MALFORMED, "%s: %s", what, guest_fault_last()->text);
}

status ask_process(struct guest_kernel *kernel, struct ask_process *process)
{
	TRY(proc_enter(kernel, &nothing));
	return outcome_of(guest_call(ask_process_run, process, sizeof *process), "can't tell about a process");
}

status ask_priority(struct guest_kernel *kernel, struct ask_priority *priority)
{
	TRY(proc_enter(kernel, &nothing));
	return outcome_of(guest_call(ask_priority_run, priority, sizeof *priority), "can't tell a priority");
}

status ask_system(struct guest_kernel *kernel, struct ask_system *system)
{
	TRY(proc_enter(kernel, &nothing));
	return outcome_of(guest_call(ask_system_run, system, sizeof *system), "can't tell about the system");
}

status ask_interface(struct guest_kernel *kernel, struct ask_interface *interface)
{
	TRY(proc_enter(kernel, &nothing));
	return outcome_of(guest_call(ask_interface_run, interface, sizeof *interface),
			  "can't tell about a network device");
}

status ask_file(struct guest_kernel *kernel, struct ask_file *file)
{
	TRY(proc_enter(kernel, &nothing));
	return outcome_of(guest_call(ask_file_run, file, sizeof *file), "can't tell about a file by its name");
}

status ask_socket_name(struct guest_kernel *kernel, const struct proc_subject *descriptor,
		       struct ask_socket_name *ret_name)
{
	status result;

	TRY(proc_enter(kernel, descriptor));
	result = guest_call(ask_socket_name_run, ret_name, sizeof *ret_name);
	return proc_is_absent(result) ? STATUS_MISSING : outcome_of(result, "can't tell a socket's protocol");
}

status ask_socket_device(struct guest_kernel *kernel, struct ask_socket_device *ret_device)
{
	TRY(proc_enter(kernel, &nothing));
	return outcome_of(guest_call(ask_socket_device_run, ret_device, sizeof *ret_device),
			  "can't tell sockets' device");
}

status ask_interface_list(struct guest_kernel *kernel, struct proc_text *ret_entries)
{
	TRY(proc_enter(kernel, &nothing));
	return proc_text_make(ask_interfaces, ret_entries);
}

status ask_dump(struct guest_kernel *kernel, enum ask_dump what, const struct ask_request *request,
		struct proc_text *ret_messages)
{
	static const proc_show dumps[] = {
		[ASK_LINKS] = ask_links,
		[ASK_ADDRESSES] = ask_addresses,
		[ASK_ROUTES] = ask_routes,
		[ASK_ROUTES4] = ask_routes4,
		[ASK_ROUTES6] = ask_routes6,
		[ASK_NEIGHBOURS] = ask_neighbours,
		[ASK_RULES] = ask_rules,
		[ASK_INET_SOCKETS] = ask_inet_sockets,
		[ASK_UNIX_SOCKETS] = ask_unix_sockets,
		[ASK_PACKET_SOCKETS] = ask_packet_sockets,
		[ASK_NETLINK_SOCKETS] = ask_netlink_sockets,
		[ASK_VSOCK_SOCKETS] = ask_vsock_sockets,
		[ASK_XDP_SOCKETS] = ask_xdp_sockets,
		[ASK_MULTICAST_ROUTES] = ask_multicast_routes,
		[ASK_OTHER_SOCKETS] = ask_other_sockets,
	};

	if ((size_t)what >= ARRAY_COUNT(dumps))
		return report(STATUS_USAGE, "there is no dump %d", (int)what);
	TRY(proc_enter(kernel, &nothing));
	current = *request;
	return proc_text_make(dumps[what], ret_messages);
}
