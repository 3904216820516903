/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a list of the target's processes takes that is made without /proc, straight from the guest library (as
 * enclave/programs/process-list.c makes it): processes --repeat N. Each of N looks is in an epoch of its own: nothing
 * is kept from the one before, once the kernel is found. One JSON line with each time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/link-costs.h"
#include "enclave/vfs/target.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/process-list.h"
#include "guest/proc/running.h"

enum { REPEAT_COUNT_MAX = 1000 };

struct look {
	uint64_t ns, questions;
	size_t bytes;
};

static status list(struct guest_kernel *kernel, struct look *ret_look)
{
	const struct proc_subject nobody = {0};
	uint64_t start = link_costs_now(), questions = kernel->memory->question_count;
	struct proc_text text;

	TRY(guest_memory_refresh(kernel->memory));
	TRY(proc_enter(kernel, &nobody));
	TRY(proc_text_make(process_list_show, &text));
	ret_look->ns = link_costs_now() - start;
	ret_look->questions = kernel->memory->question_count - questions;
	ret_look->bytes = text.size;
	bool is_whole = text.fault == NULL;
	proc_text_deinit(&text);
	return is_whole ? STATUS_OK : STATUS_IO;
}

int main(int argc, char **argv)
{
	size_t repeat = argc == 3 && strcmp(argv[1], "--repeat") == 0 ? strtoul(argv[2], NULL, 10) : 0;
	struct guest_kernel *kernel;
	struct look look;

	if (repeat == 0 || repeat > REPEAT_COUNT_MAX) {
		fprintf(stderr, "usage: processes --repeat N\n");
		return 2;
	}
	/* Once before, for what is found once. */
	if (target_kernel(&kernel) != STATUS_OK || list(kernel, &look) != STATUS_OK)
		return 1;
	printf("{\"times_ns\": [");
	for (size_t i = 0; i < repeat; i++) {
		if (list(kernel, &look) != STATUS_OK)
			return 1;
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)look.ns);
	}
	printf("], \"questions\": %llu, \"bytes\": %zu}\n", (unsigned long long)look.questions, look.bytes);
	return 0;
}
