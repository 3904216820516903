/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What is asked of an entry, and made of it: guest C is run in its kernel. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/access.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/module-types.h"
#include "guest/proc/entry.h"
#include "guest/proc/fault.h"
#include "guest/proc/listing.h"
#include "guest/proc/node.h"
#include "guest/proc/running.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"

struct question {
	bool answer;
	char path[ENTRY_PATH_SIZE_MAX]; /* guest C reads its own copy */
	proc_exists exists;
};

static void ask(void *argument)
{
	struct question *question = argument;

	question->answer = question->exists(question->path);
}

/* A boundary ended without an answer: `name` is in the message. */
static status cannot(status outcome, const char *name, const char *what)
{
	if (proc_is_absent(outcome) || outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY)
		return outcome;
	return report(status_is_fault(outcome) ? outcome : STATUS_MALFORMED, "%s: %s: %s", name, what,
		      guest_fault_last()->text);
}

static status cannot_of(status outcome, const struct proc_entry *entry, const char *what)
{
	char name[PROC_NAME_SIZE_MAX];

	/* Where there is nothing to say: programs ask about millions of processes that don't exist. */
	if (proc_is_absent(outcome))
		return outcome;
	proc_entry_name(entry, name);
	return cannot(outcome, name, what);
}

/* In the kernel that was entered. `path` has ENTRY_PATH_SIZE_MAX bytes at most. Not reported. */
static status ask_about(proc_exists exists, const char *path, bool *ret_answer)
{
	struct question question = {.exists = exists};

	strcpy(question.path, path); /* lint: allow unsafe-call: of a size that the caller knows */
	status outcome = guest_call(ask, &question, sizeof question);
	if (outcome == STATUS_OK)
		*ret_answer = question.answer;
	return outcome;
}

/* Only procfs's own entries are looked up in its tables. */
static bool is_of_procfs(const struct proc_entry *entry)
{
	return entry->tree == &proc_trees[0];
}

static status ask_exists(const struct proc_entry *entry)
{
	bool answer = false;
	status outcome = ask_about(entry->node->exists, entry->node->path, &answer);

	if (outcome != STATUS_OK)
		return cannot_of(outcome, entry, "can't tell whether the target has it");
	return answer ? STATUS_OK : STATUS_MISSING;
}

static status ask_facts(const struct proc_entry *entry, struct stat_answer *answer)
{
	struct entry_facts facts = {.answer = *answer};

	strcpy(facts.path, entry->node->path); /* lint: allow unsafe-call: a path of the table */
	status outcome = guest_call(entry_facts, &facts, sizeof facts);
	if (outcome != STATUS_OK)
		return cannot_of(outcome, entry, "can't tell whether the target has it");
	*answer = facts.answer;
	return STATUS_OK;
}

static status ask_stat(const struct proc_entry *entry, proc_stat stat, struct stat_answer *answer)
{
	status outcome = guest_call(stat, answer, sizeof *answer);

	return outcome == STATUS_OK ? STATUS_OK : cannot_of(outcome, entry, "can't tell what it is");
}

/* In the kernel that was entered: is it there, and what is it? */
static status check(const struct proc_entry *entry, struct stat_answer *ret_answer)
{
	const struct proc_node *node = entry->node;
	struct stat_answer answer = {.mode = node->mode};

	if (is_of_procfs(entry))
		TRY(ask_facts(entry, &answer));
	if (node->exists != NULL)
		TRY(ask_exists(entry));
	if (node->own != NULL)
		TRY(ask_stat(entry, node->own, &answer));
	if (node->mode == 0)
		TRY(ask_stat(entry, node->stat, &answer));
	*ret_answer = answer;
	return STATUS_OK;
}

status proc_path_check(struct guest_kernel *kernel, const char *path)
{
	static const struct proc_subject nothing;
	char name[ENTRY_PATH_SIZE_MAX + sizeof "/proc/"];
	bool answer = false;

	TRY(proc_enter(kernel, &nothing));
	snprintf(name, sizeof name, "/proc/%s", path);
	if (strlen(path) >= ENTRY_PATH_SIZE_MAX)
		return report(STATUS_LIMIT, "%s: the path is too long to ask the target about it", name);
	status outcome = ask_about(entry_exists, path, &answer);
	if (outcome != STATUS_OK)
		return cannot(outcome, name, "can't tell whether the target has it");
	return answer ? STATUS_OK : STATUS_MISSING;
}

status proc_entry_stat(struct guest_kernel *kernel, const struct proc_entry *entry, bool follow,
		       struct stat_answer *ret_answer)
{
	struct stat_answer answer;

	TRY(proc_enter(kernel, &entry->subject));
	TRY(check(entry, &answer));
	if (follow && proc_node_is_magic(entry->node)) {
		answer = (struct stat_answer){0};
		TRY(ask_stat(entry, entry->node->stat, &answer));
	}
	*ret_answer = answer;
	return STATUS_OK;
}

status proc_text_init(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text)
{
	return proc_text_part_init(kernel, entry, NULL, ret_text);
}

status proc_text_part_init(struct guest_kernel *kernel, const struct proc_entry *entry, const struct seq_place *start,
			   struct proc_text *ret_text)
{
	struct stat_answer answer;

	TRY(proc_enter(kernel, &entry->subject));
	TRY(check(entry, &answer));
	return proc_text_make_part(entry->node->show, start, ret_text);
}

static status fixed_text(const char *target, struct proc_text *ret_text)
{
	char *copy = strdup(target);

	if (copy == NULL)
		return STATUS_NO_MEMORY;
	*ret_text = (struct proc_text){.data = copy, .size = strlen(copy)};
	return STATUS_OK;
}

status proc_link_init(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text)
{
	struct stat_answer answer;

	if (entry->node->target != NULL)
		return fixed_text(entry->node->target, ret_text);
	TRY(proc_enter(kernel, &entry->subject));
	TRY(check(entry, &answer));
	return proc_text_make(entry->node->show, ret_text);
}

static status add_fixed(const struct proc_entry *directory, struct listing *listing)
{
	struct proc_entry child = *directory;

	for (child.node = NULL; (child.node = proc_node_next(directory->tree, directory->node, child.node)) != NULL;) {
		struct stat_answer answer;
		status outcome = check(&child, &answer);

		if (outcome == STATUS_MISSING)
			continue;
		TRY(outcome);
		listing_add(listing, proc_node_name(child.node), answer.mode, answer.inode);
	}
	return STATUS_OK;
}

static status add_found(const struct proc_entry *directory, struct listing *listing)
{
	status outcome =
		directory->node->list == NULL ? STATUS_OK : guest_try((void (*)(void *))directory->node->list, listing);

	if (outcome == STATUS_GONE || outcome == STATUS_NO_MEMORY || proc_is_absent(outcome))
		return outcome;
	if (outcome != STATUS_OK)
		listing_fault(listing, "%s", guest_fault_last()->text);
	return listing_out_of_memory(listing) ? STATUS_NO_MEMORY : STATUS_OK;
}

static void destroy_listing(struct listing **listing)
{
	listing_destroy(*listing);
}

status proc_listing_create(struct guest_kernel *kernel, const struct proc_entry *entry, struct listing **ret_listing)
{
	__attribute__((cleanup(destroy_listing))) struct listing *listing = NULL;
	struct stat_answer answer;

	TRY(listing_create(&listing));
	TRY(proc_enter(kernel, &entry->subject));
	TRY(check(entry, &answer));
	TRY(add_fixed(entry, listing));
	TRY(add_found(entry, listing));
	*ret_listing = listing;
	listing = NULL;
	return STATUS_OK;
}
