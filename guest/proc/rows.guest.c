/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/rows.h"

#include "guest/proc/fault.h"

enum {
	/* How often a list that ends as another one does is read: the kernel starts again without end. */
	LIST_TRY_COUNT_MAX = 4,
};

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
	if (is_empty || (u64)node == list->rows->end)
		return;
	/* An element was moved to another list while this one was read (Documentation/RCU/rculist_nulls.rst): to the
	 * next table's, where a table is made anew in another size. */
	if (GUEST_IS_NULLS(node) && list->rows->end != 0)
		guest_fail(STATUS_TORN, "a list ends as another one does");
	/* It would hide the rest of the list. */
	guest_fail(STATUS_MALFORMED, "a list doesn't end as it should");
}

/* As chain_walk_again() (socket-walk.guest.c): a walk that strayed starts again, without what it has shown. */
static status show_list_again(struct list *list)
{
	struct rows *rows = list->rows;
	size_t size = seq_size(rows->seq);
	u32 count = rows->count;
	status outcome = guest_try(show_list, list);

	for (int i = 1; i < LIST_TRY_COUNT_MAX && outcome == STATUS_TORN; i++) {
		seq_rewind(rows->seq, size);
		rows->count = count;
		outcome = guest_try(show_list, list);
	}
	return outcome;
}

static void try_list(struct list *list, const void *address)
{
	struct rows *rows = list->rows;

	if (rows->seq == NULL) {
		show_list(list);
		return;
	}
	if (show_list_again(list) == STATUS_OK)
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
