/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/rows.h"

#include "guest/proc/fault.h"

void rows_show(struct rows *rows, const void *object)
{
	struct row row = {rows, rows->seq, object};

	if (rows->count++ == ROW_COUNT_MAX)
		guest_fault_limit("rows of a file");
	if (rows->seq == NULL) {
		rows->show(&row);
		return;
	}
	size_t size = seq_size(rows->seq);
	if (guest_try(rows->show, &row) == STATUS_OK)
		return;
	seq_rewind(rows->seq, size);
	proc_fault(rows->seq, rows->missing, (u64)object);
}

struct list {
	struct rows *rows;
	const struct hlist_head *head; /* or NULL and first */
	const void *first;
	u64 node_offset;
};

/* Nodes of both kinds of list (hlist, hlist_nulls) have one shape. */
static void show_list(void *argument)
{
	const struct list *list = argument;
	const void *node = list->head != NULL ? READ_ONCE(list->head->first) : list->first;
	bool is_empty = node == NULL;
	struct row_loop loop = ROW_LOOP;

	while (node != NULL && !GUEST_IS_NULLS(node)) {
		row_loop_check(&loop, node);
		rows_show(list->rows, (const char *)node - list->node_offset);
		node = READ_ONCE(((const struct hlist_node *)node)->next);
	}
	/* It would hide the rest of the list. */
	if (!is_empty && (u64)node != list->rows->end)
		guest_fail(STATUS_MALFORMED, "a list doesn't end as it should");
}

static void try_list(struct list *list, const void *address)
{
	struct rows *rows = list->rows;

	if (rows->seq == NULL) {
		show_list(list);
		return;
	}
	if (guest_try(show_list, list) == STATUS_OK)
		return;
	proc_fault(rows->seq, "the rest of a list is missing", (u64)address);
	if (rows->count > ROW_COUNT_MAX || ++rows->bad_list_count > ROW_BAD_LIST_COUNT_MAX)
		guest_fail(STATUS_LIMIT, "the rest of the lists is given up");
}

void rows_show_list(struct rows *rows, const void *first, u64 node_offset)
{
	struct list list = {.rows = rows, .first = first, .node_offset = node_offset};

	try_list(&list, first);
}

void rows_show_table(struct rows *rows, const struct hlist_head *lists, u32 count, u64 node_offset)
{
	for (u32 i = 0; i < count; i++) {
		if (rows->in_parts && !seq_begins(rows->seq, 1 + (u64)i, 0))
			continue;
		struct list list = {.rows = rows, .head = &lists[i], .node_offset = node_offset};

		try_list(&list, &lists[i]);
	}
}
