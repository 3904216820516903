/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/net/protocols (net/core/sock.c). */
#include "guest/proc/protocols.h"

#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/module.h"

enum {
	PROTOCOL_COUNT_MAX = 64, /* PROTO_INUSE_NR */
	PROTOCOL_LIST_MAX = 1 << 10, /* those without a place in prot_inuse, too */
	PROTOCOL_NAME_SIZE = 32,
	MODULE_NAME_SIZE = 56, /* MODULE_NAME_LEN */
};

extern struct list_head proto_list;

int protocol_sockets_in_use(const struct proto *protocol)
{
	u32 cpu, index = protocol->inuse_idx;
	int sum = 0;

	if (index >= PROTOCOL_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a protocol's number is beyond the table of sockets in use");
	for_each_possible_cpu (cpu) {
		const int *counts = per_cpu_ptr(net_subject()->core.prot_inuse, cpu)->val;

		sum += counts[index];
	}
	return max(sum, 0);
}

const struct proto *protocol_find(const char *name)
{
	struct guest_bound bound = GUEST_BOUND(PROTOCOL_LIST_MAX, "protocols");
	const struct list_head *node;
	char found[PROTOCOL_NAME_SIZE];

	for (node = READ_ONCE(proto_list.next); node != &proto_list; node = READ_ONCE(node->next)) {
		const struct proto *protocol = container_of(node, struct proto, node);

		guest_bound(&bound);
		guest_string_copy(found, sizeof found, protocol->name);
		if (strcmp(found, name) == 0)
			return protocol;
	}
	return NULL;
}

s64 protocol_memory(const struct proto *protocol)
{
	s64 pages = *protocol->memory_allocated;

	/* CPUs hold some in advance: the sum may be below 0 for a moment. */
	if (field_exists(struct proto, per_cpu_fw_alloc))
		return max(pages, 0ll);
	return pages;
}

static const char *pressure(const struct proto *protocol)
{
	if (protocol->memory_pressure == NULL)
		return "NI";
	return *protocol->memory_pressure != 0 ? "yes" : "no";
}

static void show_methods(struct seq *seq, const struct proto *p)
{
	const void *first[] = {p->close,   p->connect,	p->disconnect, p->accept,     p->ioctl,	  p->init,
			       p->destroy, p->shutdown, p->setsockopt, p->getsockopt, p->sendmsg, p->recvmsg};
	const void *last[] = {p->bind, p->backlog_rcv, p->hash, p->unhash, p->get_port, p->enter_memory_pressure};

	for (u32 i = 0; i < ARRAY_SIZE(first); i++)
		seq_printf(seq, " %2c", first[i] != NULL ? 'y' : 'n');
	if (field_exists(struct proto, sendpage))
		seq_printf(seq, " %2c", p->sendpage != NULL ? 'y' : 'n');
	for (u32 i = 0; i < ARRAY_SIZE(last); i++)
		seq_printf(seq, " %2c", last[i] != NULL ? 'y' : 'n');
	seq_putc(seq, '\n');
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct proto *p = row->object;
	char name[PROTOCOL_NAME_SIZE], owner[MODULE_NAME_SIZE] = "kernel";

	guest_string_copy(name, sizeof name, p->name);
	if (p->owner != NULL)
		guest_string_copy(owner, sizeof owner, p->owner->name);
	seq_printf(row->seq, "%-9s %4u %6d  %6lld   %-3s %6u   %-3s  %-10s", name, p->obj_size,
		   protocol_sockets_in_use(p), p->memory_allocated != NULL ? protocol_memory(p) : -1ll, pressure(p),
		   (u32)p->max_header, p->slab != NULL ? "yes" : "no", owner);
	show_methods(row->seq, p);
}

void protocols_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a protocol is missing"};
	struct guest_bound bound = GUEST_BOUND(PROTOCOL_LIST_MAX, "protocols");
	const struct list_head *node;

	seq_printf(seq, "%-9s %-4s %-8s %-6s %-5s %-7s %-4s %-10s %s", "protocol", "size", "sockets", "memory", "press",
		   "maxhdr", "slab", "module", "cl co di ac io in de sh ss gs se re ");
	seq_puts(seq, field_exists(struct proto, sendpage) ? "sp bi br ha uh gp em\n" : "bi br ha uh gp em\n");
	for (node = READ_ONCE(proto_list.next); node != &proto_list; node = READ_ONCE(node->next)) {
		guest_bound(&bound);
		rows_show(&rows, container_of(node, struct proto, node));
	}
}
