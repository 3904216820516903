/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc-dump TARGET PATH…: print pseudo files of a target, decoded in this very
 * process: no image, no program inside. For tests and for a look by hand. The
 * PATH "-" waits for a line on stdin, still attached.
 *
 * With --plans or --pages the caches are as small as an image's, with read plans or without, and
 * for each file a line on stderr says how many questions its source was asked. With --parts each text is made
 * in parts of hardly more than one piece (guest/proc/seq.h).
 *
 * Exit status: 0; 1 where a text isn't whole (what could be read is printed,
 * the fault goes to stderr); 2 where the target lacks a file; 3 for all else.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/target.h"
#include "guest/ask/joined.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/caches.h"
#include "guest/proc/node.h"

enum {
	EXIT_WHOLE = 0,
	EXIT_CUT = 1,
	EXIT_MISSING = 2,
	EXIT_FAULT = 3,
	/* 64 MiB of guest memory: the sockets of any test fit. */
	CACHE_PAGES = 16384,
	CACHE_ALIGNMENT = 4096,
	PART_SIZE = 256, /* of texts that come in parts: less than most rows */
};

struct caches {
	bool are_small, with_lines, in_parts;
	void *pages, *lines;
};

static int print(const char *path, struct proc_text *text)
{
	fwrite(text->data, 1, text->size, stdout);
	fflush(stdout);
	if (text->fault == NULL)
		return EXIT_WHOLE;
	fprintf(stderr, "proc-dump: %s: %s\n", path, text->fault);
	return EXIT_CUT;
}

static status list_text(const struct listing *listing, struct proc_text *ret_text)
{
	const char *fault = listing_fault_line(listing);
	FILE *file = open_memstream(&ret_text->data, &ret_text->size);
	struct listing_entry entry;

	for (size_t i = 0; file != NULL && i < listing_count(listing); i++) {
		listing_entry(listing, i, &entry);
		fprintf(file, "%s\n", entry.name);
	}
	if (file == NULL || fclose(file) != 0)
		return STATUS_NO_MEMORY;
	ret_text->fault = fault != NULL ? strdup(fault) : NULL;
	return STATUS_OK;
}

/* A file's text, where a link leads, or a directory's entries, one a line. */
static status make_text(struct guest_kernel *kernel, const struct proc_entry *entry, bool in_parts,
			struct proc_text *ret_text)
{
	struct stat_answer answer;
	struct listing *listing;

	TRY(proc_entry_stat(kernel, entry, false, &answer));
	if (S_ISLNK(answer.mode))
		return proc_link_init(kernel, entry, ret_text);
	if (!S_ISDIR(answer.mode))
		return in_parts ? joined_text_init(kernel, entry, PART_SIZE, UINT32_MAX, ret_text)
				: proc_text_init(kernel, entry, ret_text);
	TRY(proc_listing_create(kernel, entry, &listing));
	status outcome = list_text(listing, ret_text);
	listing_destroy(listing);
	return outcome;
}

static int dump(struct guest_kernel *kernel, const char *path, bool in_parts)
{
	char full[PROC_NAME_SIZE_MAX];
	struct proc_entry entry;
	struct proc_text text = {0};

	snprintf(full, sizeof full, "%s%s", path[0] == '/' ? "" : "/proc/", path);
	status outcome = proc_entry_find(full, &entry);
	if (outcome == STATUS_OK)
		outcome = guest_memory_refresh(kernel->memory);
	if (outcome == STATUS_OK)
		outcome = make_text(kernel, &entry, in_parts, &text);
	if (outcome == STATUS_MISSING) {
		fprintf(stderr, "proc-dump: %s: the target has no such file\n", path);
		return EXIT_MISSING;
	}
	if (outcome != STATUS_OK) {
		fprintf(stderr, "proc-dump: %s: %s\n", path, status_name(outcome));
		return EXIT_FAULT;
	}
	int result = print(path, &text);
	proc_text_deinit(&text);
	return result;
}

static int wait_for_line(void)
{
	int character;

	do
		character = getchar();
	while (character != '\n' && character != EOF);
	return EXIT_WHOLE;
}

static void *take(size_t size)
{
	return aligned_alloc(CACHE_ALIGNMENT, (size + CACHE_ALIGNMENT - 1) / CACHE_ALIGNMENT * CACHE_ALIGNMENT);
}

static status prepare(struct caches *caches, struct page_source *source, struct guest_memory *memory)
{
	size_t pages_size = guest_memory_storage_size(caches->are_small ? PROGRAM_PAGE_COUNT : CACHE_PAGES);
	size_t lines_size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);

	caches->pages = take(pages_size);
	if (caches->pages == NULL)
		return STATUS_NO_MEMORY;
	TRY(guest_memory_init(memory, source, caches->pages, pages_size));
	if (!caches->with_lines)
		return STATUS_OK;
	caches->lines = take(lines_size);
	return caches->lines != NULL ? guest_memory_lines_init(memory, caches->lines, lines_size) : STATUS_NO_MEMORY;
}

static status attach(const char *name, struct caches *caches, struct guest_memory *memory, struct target **ret_target,
		     struct guest_kernel **ret_kernel)
{
	TRY(target_create(name, ret_target));
	TRY(prepare(caches, (*ret_target)->source, memory));
	return guest_kernel_create(memory, NULL, ret_kernel);
}

static int dump_counted(struct guest_kernel *kernel, const char *path)
{
	uint64_t before = kernel->memory->question_count;
	int result = dump(kernel, path, false);

	fprintf(stderr, "questions %llu\n", (unsigned long long)(kernel->memory->question_count - before));
	return result;
}

int main(int argc, char **argv)
{
	struct caches caches = {0};
	struct guest_memory memory;
	struct guest_kernel *kernel = NULL;
	struct target *target = NULL;
	int worst = EXIT_WHOLE, first = 1;

	if (argc > 1 && (strcmp(argv[1], "--plans") == 0 || strcmp(argv[1], "--pages") == 0)) {
		caches.are_small = true;
		caches.with_lines = strcmp(argv[1], "--plans") == 0;
		first++;
	} else if (argc > 1 && strcmp(argv[1], "--parts") == 0) {
		caches.in_parts = true;
		first++;
	}
	if (argc < first + 2) {
		fprintf(stderr, "usage: proc-dump [--plans|--pages|--parts] qemu:PID|dump:FILE PATH…\n");
		return EXIT_FAULT;
	}
	if (attach(argv[first], &caches, &memory, &target, &kernel) != STATUS_OK) {
		worst = EXIT_FAULT;
		fprintf(stderr, "proc-dump: %s can't be looked at\n", argv[first]);
	}
	for (int i = first + 1; kernel != NULL && i < argc; i++) {
		int result = strcmp(argv[i], "-") == 0 ? wait_for_line()
			     : caches.are_small	       ? dump_counted(kernel, argv[i])
						       : dump(kernel, argv[i], caches.in_parts);

		worst = result > worst ? result : worst;
	}
	if (kernel != NULL)
		guest_kernel_destroy(kernel);
	if (target != NULL)
		target_destroy(target);
	free(caches.pages);
	free(caches.lines);
	return worst;
}
