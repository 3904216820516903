/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/joined.h"

#include <stdio.h>
#include <string.h>

#include "guest/proc/seq.h"

static status add_part(struct guest_kernel *kernel, const struct proc_entry *entry, FILE *file, struct seq_place *next,
		       struct proc_text *text)
{
	const struct seq_place start = *next;
	struct proc_text part;

	TRY(proc_text_part_init(kernel, entry, &start, &part));
	fwrite(part.data, 1, part.size, file);
	text->fault = part.fault != NULL ? strdup(part.fault) : NULL;
	text->has_more = part.has_more && part.fault == NULL;
	*next = part.next;
	proc_text_deinit(&part);
	return STATUS_OK;
}

status joined_text_init(struct guest_kernel *kernel, const struct proc_entry *entry, uint32_t part_size,
			uint32_t even_count, struct proc_text *ret_text)
{
	struct seq_place next = {.part_size = part_size};
	struct proc_text text = {.has_more = true};
	FILE *file = open_memstream(&text.data, &text.size);
	status outcome = file != NULL ? STATUS_OK : STATUS_NO_MEMORY;

	for (uint32_t i = 0; outcome == STATUS_OK && text.has_more; i++) {
		outcome = add_part(kernel, entry, file, &next, &text);
		if (i >= even_count && next.part_size < SEQ_SIZE_MAX)
			next.part_size *= 2;
	}
	if (file != NULL && fclose(file) != 0)
		outcome = STATUS_NO_MEMORY;
	if (outcome == STATUS_OK)
		*ret_text = text;
	else
		proc_text_deinit(&text);
	return outcome;
}
