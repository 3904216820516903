/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Running the generators: the border between native code and guest C. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/report.h"
#include "guest/kernel/access.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/module-types.h"
#include "guest/proc/fault.h"
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
} linked;

struct guest_kernel *proc_running_kernel(void)
{
	return linked.kernel;
}

static status enter(struct guest_kernel *kernel)
{
	size_t count;
	const struct guest_link *links = guest_access_links(&count);

	guest_access_enter(kernel->memory, &kernel->space);
	uint64_t modules_mark = guest_module_types_mark(kernel);
	if (linked.kernel == kernel && linked.boot_id == kernel->boot_id && linked.modules_mark == modules_mark)
		return STATUS_OK;
	linked.kernel = NULL;
	TRY(guest_linkage_resolve(kernel, links, count, NULL));
	linked.kernel = kernel;
	linked.boot_id = kernel->boot_id;
	linked.modules_mark = modules_mark;
	return STATUS_OK;
}

enum {
	/* Paths of programs, not of the table: two names of 255 bytes. */
	QUESTION_PATH_SIZE_MAX = 512,
};

struct question {
	proc_exists exists;
	bool answer;
	char path[QUESTION_PATH_SIZE_MAX]; /* guest C reads its own copy */
};

static void ask(void *argument)
{
	struct question *question = argument;

	question->answer = question->exists(question->path);
}

/* In the kernel that was entered. */
static status ask_about(proc_exists exists, const char *path)
{
	struct question question = {.exists = exists};
	size_t size = strlen(path) + 1;

	if (size > sizeof question.path)
		return report(STATUS_LIMIT, "/proc/%s: the path is too long to ask the target about it", path);
	memcpy(question.path, path, size);
	status outcome = guest_call(ask, &question, sizeof question);
	if (outcome != STATUS_OK)
		return report(status_is_fault(outcome) ? outcome : STATUS_MALFORMED,
			      "/proc/%s: can't tell whether the target has it: %s", path, guest_fault_last()->text);
	return question.answer ? STATUS_OK : STATUS_MISSING;
}

static status check(const struct proc_node *node)
{
	return node->exists == NULL ? STATUS_OK : ask_about(node->exists, node->path);
}

status proc_path_check(struct guest_kernel *kernel, const char *path)
{
	TRY(enter(kernel));
	return ask_about(entry_exists, path);
}

status proc_node_check(struct guest_kernel *kernel, const struct proc_node *node)
{
	if (node->exists == NULL)
		return STATUS_OK;
	TRY(enter(kernel));
	return check(node);
}

void proc_fault(struct seq *seq, const char *what, uint64_t address)
{
	seq_fault(seq, "%s at 0x%llx: %s", what, (unsigned long long)address, guest_fault_last()->text);
}

static void destroy_seq(struct seq **seq)
{
	seq_destroy(*seq);
}

static status make_text(const struct proc_node *node, struct proc_text *ret_text)
{
	__attribute__((cleanup(destroy_seq))) struct seq *seq = NULL;

	TRY(seq_create(&seq));
	/* The handle is the boundary's argument: so native code takes it back
	 * from guest C. proc_show differs from what guest_try() runs in the
	 * pointer's type alone. */
	status outcome = guest_try((void (*)(void *))node->show, seq);
	if (outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY)
		return outcome;
	if (outcome != STATUS_OK)
		seq_fault(seq, "%s", guest_fault_last()->text);
	return seq_take(seq, &ret_text->data, &ret_text->size, &ret_text->fault);
}

status proc_text_init(struct guest_kernel *kernel, const struct proc_node *node, struct proc_text *ret_text)
{
	if (!S_ISREG(node->mode))
		return report(STATUS_USAGE, "/proc/%s isn't a file", node->path);
	TRY(guest_memory_refresh(kernel->memory));
	TRY(enter(kernel));
	TRY(check(node));
	return make_text(node, ret_text);
}

void proc_text_deinit(struct proc_text *text)
{
	free(text->data);
	free(text->fault);
	*text = (struct proc_text){0};
}
