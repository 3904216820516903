/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel-facts TARGET NAME…: where things are in a target's kernel, for tests
 * that forge them. NAME is a symbol ("init_task"): its address; or a struct with
 * a path ("task_struct:tasks.next"): the offset in bytes. One number a line, in
 * hexadecimal.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/target.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"

enum {
	CACHE_PAGES = 4096,
	CACHE_ALIGNMENT = 4096,
	NAME_SIZE_MAX = 256,
};

static status offset_of(struct guest_kernel *kernel, const char *name, const char *colon, uint64_t *ret_offset)
{
	char type[NAME_SIZE_MAX];
	struct guest_field field;
	uint32_t id;

	snprintf(type, sizeof type, "%.*s", (int)(colon - name), name);
	TRY(guest_types_find(kernel->types, GUEST_TYPE_STRUCT, type, 0, &id));
	TRY(guest_types_field(kernel->types, id, colon + 1, &field));
	*ret_offset = field.bit_offset / 8;
	return STATUS_OK;
}

static status fact(struct guest_kernel *kernel, const char *name, uint64_t *ret_number)
{
	const char *colon = strchr(name, ':');
	struct guest_va address;

	if (colon != NULL)
		return offset_of(kernel, name, colon, ret_number);
	TRY(guest_symbols_find(kernel->symbols, name, &address));
	*ret_number = address.value;
	return STATUS_OK;
}

static int tell(struct guest_kernel *kernel, int count, char **names)
{
	for (int i = 0; i < count; i++) {
		uint64_t number;

		if (fact(kernel, names[i], &number) != STATUS_OK) {
			fprintf(stderr, "kernel-facts: the kernel has no %s\n", names[i]);
			return EXIT_FAILURE;
		}
		printf("%" PRIx64 "\n", number);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	size_t size = guest_memory_storage_size(CACHE_PAGES);
	struct guest_memory memory;
	struct guest_kernel *kernel = NULL;
	struct target *target = NULL;
	int result = EXIT_FAILURE;

	if (argc < 3) {
		fprintf(stderr, "usage: kernel-facts qemu:PID|dump:FILE NAME…\n");
		return EXIT_FAILURE;
	}
	size = (size + CACHE_ALIGNMENT - 1) / CACHE_ALIGNMENT * CACHE_ALIGNMENT;
	void *storage = aligned_alloc(CACHE_ALIGNMENT, size);
	if (storage != NULL && target_create(argv[1], &target) == STATUS_OK &&
	    guest_memory_init(&memory, target->source, storage, size) == STATUS_OK &&
	    guest_kernel_create(&memory, NULL, &kernel) == STATUS_OK)
		result = tell(kernel, argc - 2, argv + 2);
	if (kernel != NULL)
		guest_kernel_destroy(kernel);
	if (target != NULL)
		target_destroy(target);
	free(storage);
	return result;
}
