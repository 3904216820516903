/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/report.h"
#include "guest/ask/joined.h"
#include "guest/kernel/kernel.h"

enum {
	STATES_ALL = 0xfff,
	PART_SIZE = 256, /* less than two rows of most files */
	EVEN_PARTS = 16,
};

static status list(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text)
{
	struct listing *listing;
	struct listing_entry name;
	struct proc_text text = {0};

	TRY(proc_listing_create(kernel, entry, &listing));
	const char *fault = listing_fault_line(listing);
	FILE *file = open_memstream(&text.data, &text.size);
	for (size_t i = 0; file != NULL && i < listing_count(listing); i++) {
		listing_entry(listing, i, &name);
		fprintf(file, "%s\n", name.name);
	}
	if (file != NULL)
		fclose(file);
	text.fault = fault != NULL ? strdup(fault) : NULL;
	listing_destroy(listing);
	*ret_text = text;
	return file != NULL ? STATUS_OK : STATUS_NO_MEMORY;
}

static status show(struct guest_kernel *kernel, const char *path, struct proc_text *ret_text)
{
	struct stat_answer what;
	struct proc_entry entry;

	TRY(proc_entry_find(path, &entry));
	TRY(proc_entry_stat(kernel, &entry, false, &what));
	if (S_ISDIR(what.mode))
		return list(kernel, &entry, ret_text);
	return S_ISLNK(what.mode) ? proc_link_init(kernel, &entry, ret_text) : proc_text_init(kernel, &entry, ret_text);
}

static status parts(struct guest_kernel *kernel, const char *path, struct proc_text *ret_text)
{
	struct stat_answer what;
	struct proc_entry entry;

	TRY(proc_entry_find(path, &entry));
	TRY(proc_entry_stat(kernel, &entry, false, &what));
	if (!S_ISREG(what.mode))
		return report(STATUS_USAGE, "%s: it is no file", path);
	return joined_text_init(kernel, &entry, PART_SIZE, EVEN_PARTS, ret_text);
}

static status dump(struct guest_kernel *kernel, const char *words, struct proc_text *ret_text)
{
	struct ask_request request = {.sequence = 1, .port = 1, .states = STATES_ALL, .show = UINT32_MAX};
	char *at;
	enum ask_dump what = strtoul(words, &at, 16);

	request.family = (uint8_t)strtoul(at, &at, 16);
	request.protocol = (uint16_t)strtoul(at, &at, 16);
	return ask_dump(kernel, what, &request, ret_text);
}

static status process(struct guest_kernel *kernel, const char *number, struct proc_text *ret_text)
{
	struct ask_process question = {.number = (uint32_t)strtoul(number, NULL, 16), .with_details = true};
	struct proc_text text = {0};

	TRY(ask_process(kernel, &question));
	if (!question.is_found)
		return STATUS_MISSING;
	int size = asprintf(&text.data, "%u %u %d %u %u\n", question.group, question.session, question.nice,
			    question.policy, question.affinity_size);
	if (size < 0)
		return STATUS_NO_MEMORY;
	text.size = (size_t)size;
	*ret_text = text;
	return STATUS_OK;
}

status question_ask(struct guest_kernel *kernel, const char *question, struct proc_text *ret_text)
{
	TRY(guest_memory_refresh(kernel->memory));
	return question_ask_again(kernel, question, ret_text);
}

status question_ask_again(struct guest_kernel *kernel, const char *question, struct proc_text *ret_text)
{
	static const struct {
		const char *word;
		status (*ask)(struct guest_kernel *kernel, const char *words, struct proc_text *ret_text);
	} kinds[] = {{"show ", show}, {"parts ", parts}, {"ask ", dump}, {"process ", process}};

	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
		size_t size = strlen(kinds[i].word);

		if (strncmp(question, kinds[i].word, size) == 0)
			return kinds[i].ask(kernel, question + size, ret_text);
	}
	return report(STATUS_USAGE, "\"%s\" is no question", question);
}
