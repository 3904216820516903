/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/question.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/report.h"
#include "guest/ask/joined.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/process-list.h"
#include "guest/proc/running.h"

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
	request.is_proxy = strtoul(at, &at, 16) != 0;
	return ask_dump(kernel, what, &request, ret_text);
}

/* A line of text; `size` is what asprintf() said. */
static status line(char *text, int size, struct proc_text *ret_text)
{
	if (size < 0)
		return STATUS_NO_MEMORY;
	*ret_text = (struct proc_text){.data = text, .size = (size_t)size};
	return STATUS_OK;
}

static status process(struct guest_kernel *kernel, const char *number, struct proc_text *ret_text)
{
	struct ask_process question = {.number = (uint32_t)strtoul(number, NULL, 16), .with_details = true};
	char *text;

	TRY(ask_process(kernel, &question));
	if (!question.is_found)
		return STATUS_MISSING;
	int size = asprintf(&text, "%u %u %d %u %u\n", question.group, question.session, question.nice, question.policy,
			    question.affinity_size);
	return line(text, size, ret_text);
}

static status processes(struct guest_kernel *kernel, const char *nothing, struct proc_text *ret_text)
{
	static const struct proc_subject subject;

	(void)nothing;
	TRY(proc_enter(kernel, &subject));
	return proc_text_make(process_list_show, ret_text);
}

static status interface(struct guest_kernel *kernel, const char *name, struct proc_text *ret_text)
{
	struct ask_interface question = {0};
	char *text;

	snprintf(question.name, sizeof question.name, "%s", name);
	TRY(ask_interface(kernel, &question));
	if (!question.is_found)
		return STATUS_MISSING;
	int size = asprintf(&text, "%d %x %u %u %u %d %x %x %x %x\n", question.index, question.flags, question.type,
			    question.mtu, question.hardware_address_size, question.has_address, question.address,
			    question.peer, question.broadcast, question.mask);
	return line(text, size, ret_text);
}

static status interfaces(struct guest_kernel *kernel, const char *nothing, struct proc_text *ret_text)
{
	(void)nothing;
	return ask_interface_list(kernel, ret_text);
}

static status file(struct guest_kernel *kernel, const char *path, struct proc_text *ret_text)
{
	struct ask_file question = {.follow = false};
	char *text;

	snprintf(question.path, sizeof question.path, "%s", path);
	TRY(ask_file(kernel, &question));
	if (question.outcome != ASK_FILE_FOUND)
		return STATUS_MISSING;
	int size = asprintf(&text, "%o %llu %llu %s\n", question.stat.mode, (unsigned long long)question.stat.inode,
			    (unsigned long long)question.stat.size, question.link);
	return line(text, size, ret_text);
}

static status socket_name(struct guest_kernel *kernel, const char *path, struct proc_text *ret_text)
{
	struct ask_socket_device device;
	struct ask_socket_name name;
	struct proc_entry entry;
	char *text;

	TRY(proc_entry_find(path, &entry));
	TRY(ask_socket_name(kernel, &entry.subject, &name));
	TRY(ask_socket_device(kernel, &device));
	int size = asprintf(&text, "%d %s %llx\n", name.is_socket, name.is_socket ? name.name : "",
			    (unsigned long long)device.device);
	return line(text, size, ret_text);
}

static const struct kind {
	const char *word;
	status (*ask)(struct guest_kernel *kernel, const char *words, struct proc_text *ret_text);
} kinds[] = {
	{"show ", show},
	{"parts ", parts},
	{"ask ", dump},
	{"process ", process},
	{"processes", processes},
	{"interface ", interface},
	{"interfaces", interfaces},
	{"file ", file},
	{"socket ", socket_name},
};

static const struct kind *kind_of(const char *question)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (strncmp(question, kinds[i].word, strlen(kinds[i].word)) == 0)
			return &kinds[i];
	return NULL;
}

bool question_is_one(const char *line)
{
	return kind_of(line) != NULL;
}

status question_ask(struct guest_kernel *kernel, const char *question, struct proc_text *ret_text)
{
	TRY(guest_memory_refresh(kernel->memory));
	return question_ask_again(kernel, question, ret_text);
}

status question_ask_again(struct guest_kernel *kernel, const char *question, struct proc_text *ret_text)
{
	const struct kind *kind = kind_of(question);

	if (kind == NULL)
		return report(STATUS_USAGE, "\"%s\" is no question", question);
	return kind->ask(kernel, question + strlen(kind->word), ret_text);
}
