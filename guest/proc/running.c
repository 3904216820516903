/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running guest C: the border between native code and it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/access.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/module-types.h"
#include "guest/proc/now.h"
#include "guest/proc/entry.h"
#include "guest/proc/fault.h"
#include "guest/proc/listing.h"
#include "guest/proc/node.h"
#include "guest/proc/running.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"

/* The kernel that guest C's links are resolved for: they are one set for the
 * process, as guest C itself is. */
static struct {
	struct guest_kernel *kernel;
	uint64_t boot_id;
	uint64_t modules_mark; /* guest_module_types_mark() */
	uint64_t generation; /* of the memory, when the mark was looked at */
} linked;

struct guest_kernel *proc_running_kernel(void)
{
	return linked.kernel;
}

status proc_enter(struct guest_kernel *kernel, const struct proc_subject *subject)
{
	size_t count;
	const struct guest_link *links = guest_access_links(&count);

	proc_subject_enter(subject);
	guest_access_enter(kernel->memory, &kernel->space);
	bool is_same = linked.kernel == kernel && linked.boot_id == kernel->boot_id;
	/* The copies are those in which the mark was found. */
	if (is_same && linked.generation == kernel->memory->generation)
		return STATUS_OK;
	uint64_t modules_mark = guest_module_types_mark(kernel);
	if (is_same && linked.modules_mark == modules_mark) {
		linked.generation = kernel->memory->generation;
		return STATUS_OK;
	}
	linked.kernel = NULL;
	TRY(guest_linkage_resolve(kernel, links, count, NULL));
	linked.kernel = kernel;
	kernel->read_more = ahead_with_check;
	linked.boot_id = kernel->boot_id;
	linked.modules_mark = modules_mark;
	linked.generation = kernel->memory->generation;
	return STATUS_OK;
}

/* Did guest C end with "there is no such thing", and not for want of a field? */
bool proc_is_absent(status outcome)
{
	return outcome == STATUS_MISSING && guest_fault_last()->kind == GUEST_FAULT_RAISED;
}

void proc_fault(struct seq *seq, const char *what, uint64_t address)
{
	seq_fault(seq, "%s at 0x%llx: %s", what, (unsigned long long)address, guest_fault_last()->text);
}

void proc_listing_fault(struct listing *listing, const char *what)
{
	listing_fault(listing, "%s: %s", what, guest_fault_last()->text);
}

static void destroy_seq(struct seq **seq)
{
	seq_destroy(*seq);
}

/* Is the task that the text tells of still there, with what it had? STATUS_TORN: no. Not reported. */
static status look_at_task(void)
{
	uint64_t task = proc_memory_task();

	if (task == 0)
		return proc_memory_is_still() ? STATUS_OK : STATUS_TORN;
	if (proc_memory_task_was_still())
		return STATUS_OK;
	if (!proc_memory_expect_held())
		TRY(guest_call(task_expect, &task, sizeof task));
	if (!proc_memory_is_still())
		return STATUS_TORN;
	proc_memory_task_is_still();
	return STATUS_OK;
}

/* The second look, at the end. */
static status look_again(struct seq *seq)
{
	status outcome = look_at_task();

	if (outcome == STATUS_TORN)
		seq_fault(seq, "the process ended, called exec(), changed its memory or who it is, while it was read");
	else if (outcome != STATUS_OK)
		seq_fault(seq, "the process can't be looked at a second time: %s", guest_fault_last()->text);
	return outcome;
}

status proc_text_make(proc_show show, struct proc_text *ret_text)
{
	return proc_text_make_part(show, NULL, ret_text);
}

status proc_text_make_part(proc_show show, const struct seq_place *start, struct proc_text *ret_text)
{
	__attribute__((cleanup(destroy_seq))) struct seq *seq = NULL;

	TRY(seq_create(&seq));
	if (start != NULL)
		seq_want_part(seq, start);
	proc_memory_forget();
	/* The handle is the boundary's argument: so native code takes it back
	 * from guest C. proc_show differs from what guest_try() runs in the
	 * pointer's type alone. */
	status outcome = guest_try((void (*)(void *))show, seq);
	proc_memory_text_is_read();
	if (outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY || proc_is_absent(outcome))
		return outcome;
	if (outcome != STATUS_OK)
		seq_fault(seq, "%s", guest_fault_last()->text);
	if (outcome != STATUS_TORN)
		outcome = look_again(seq);
	if (outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY)
		return outcome;
	ret_text->is_torn = outcome == STATUS_TORN;
	ret_text->refusal = seq_refusal(seq);
	ret_text->has_more = seq_has_more(seq, &ret_text->next);
	return seq_take(seq, &ret_text->data, &ret_text->size, &ret_text->fault);
}

void proc_text_deinit(struct proc_text *text)
{
	free(text->data);
	free(text->fault);
	*text = (struct proc_text){0};
}
