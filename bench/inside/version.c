/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the version string of the target's kernel takes without /proc, straight from the guest library (as
 * enclave/programs/kernel-version.c prints it): version --repeat N. Each of N looks is in an epoch of its own: nothing
 * is kept from the one before, once the kernel is found. One JSON line with each time.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/link-costs.h"
#include "enclave/vfs/target.h"
#include "guest/kernel/kernel.h"

enum { REPEAT_COUNT_MAX = 1000 };

/* The string is read anew, and compared with the kernel's that was found. */
static status read_version(struct guest_kernel *kernel, uint64_t *ret_ns)
{
	const uint64_t start = link_costs_now();

	TRY(guest_memory_refresh(kernel->memory));
	TRY(guest_kernel_check(kernel));
	*ret_ns = link_costs_now() - start;
	return STATUS_OK;
}

int main(int argc, char **argv)
{
	size_t repeat = argc == 3 && strcmp(argv[1], "--repeat") == 0 ? strtoul(argv[2], NULL, 10) : 0;
	struct guest_kernel *kernel;
	uint64_t ns, questions;

	if (repeat == 0 || repeat > REPEAT_COUNT_MAX) {
		fprintf(stderr, "usage: version --repeat N\n");
		return 2;
	}
	if (target_kernel(&kernel) != STATUS_OK || read_version(kernel, &ns) != STATUS_OK)
		return 1;
	questions = kernel->memory->question_count;
	printf("{\"times_ns\": [");
	for (size_t i = 0; i < repeat; i++) {
		if (read_version(kernel, &ns) != STATUS_OK)
			return 1;
		printf("%s%llu", i > 0 ? ", " : "", (unsigned long long)ns);
	}
	questions = kernel->memory->question_count - questions;
	printf("], \"questions\": %llu, \"bytes\": %zu}\n", (unsigned long long)(questions / repeat),
	       strlen(kernel->banner));
	return 0;
}
