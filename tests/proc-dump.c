/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proc-dump TARGET PATH…: print pseudo files of a target, decoded in this very
 * process: no image, no program inside. For tests and for a look by hand. The
 * PATH "-" waits for a line on stdin, still attached.
 *
 * Exit status: 0; 1 where a text isn't whole (what could be read is printed,
 * the fault goes to stderr); 2 where the target lacks a file; 3 for all else.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/target.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/node.h"

enum {
	EXIT_WHOLE = 0,
	EXIT_CUT = 1,
	EXIT_MISSING = 2,
	EXIT_FAULT = 3,
	/* 64 MiB of guest memory: the sockets of any test fit. */
	CACHE_PAGES = 16384,
	CACHE_ALIGNMENT = 4096,
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

static int dump(struct guest_kernel *kernel, const char *path)
{
	const struct proc_node *node;
	struct proc_text text = {0};

	status outcome = proc_node_find(path, &node);
	if (outcome == STATUS_OK)
		outcome = proc_text_init(kernel, node, &text);
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

static status attach(const char *name, struct guest_memory *memory, void *storage, size_t storage_size,
		     struct target **ret_target, struct guest_kernel **ret_kernel)
{
	TRY(target_create(name, ret_target));
	TRY(guest_memory_init(memory, (*ret_target)->source, storage, storage_size));
	return guest_kernel_create(memory, NULL, ret_kernel);
}

int main(int argc, char **argv)
{
	size_t storage_size = guest_memory_storage_size(CACHE_PAGES);
	struct guest_memory memory;
	struct guest_kernel *kernel = NULL;
	struct target *target = NULL;
	int worst = EXIT_WHOLE;

	if (argc < 3) {
		fprintf(stderr, "usage: proc-dump qemu:PID|dump:FILE PATH…\n");
		return EXIT_FAULT;
	}
	storage_size = (storage_size + CACHE_ALIGNMENT - 1) / CACHE_ALIGNMENT * CACHE_ALIGNMENT;
	void *storage = aligned_alloc(CACHE_ALIGNMENT, storage_size);
	if (storage == NULL || attach(argv[1], &memory, storage, storage_size, &target, &kernel) != STATUS_OK) {
		worst = EXIT_FAULT;
		fprintf(stderr, "proc-dump: %s can't be looked at\n", argv[1]);
	}
	for (int i = 2; kernel != NULL && i < argc; i++) {
		int result = strcmp(argv[i], "-") == 0 ? wait_for_line() : dump(kernel, argv[i]);
		worst = result > worst ? result : worst;
	}
	if (kernel != NULL)
		guest_kernel_destroy(kernel);
	if (target != NULL)
		target_destroy(target);
	free(storage);
	return worst;
}
