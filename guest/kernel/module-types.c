// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/module-types.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"

/* Where things are in struct btf_module and struct btf (kernel/bpf/btf.c). */
struct places {
	struct guest_va head; /* btf_modules */
	uint64_t list, btf; /* in struct btf_module */
	uint64_t data, data_size, id; /* in struct btf */
};

/* One module's entry, copied. */
struct entry {
	struct guest_va next; /* the next one's list_head */
	struct guest_va data;
	uint32_t data_size;
	uint32_t id;
};

static bool is_of_the_target(status s)
{
	return s == STATUS_UNMAPPED || s == STATUS_MALFORMED;
}

/* A field that must have `size` bytes. */
static status find_field(const struct guest_types *types, uint32_t id, const char *path, uint64_t size,
			 uint64_t *ret_offset)
{
	struct guest_field field;
	uint64_t its_size;

	TRY(guest_types_field(types, id, path, &field));
	TRY(guest_types_size(types, field.type, &its_size));
	if (field.bit_size != 0 || field.bit_offset % 8 != 0 || its_size != size)
		return STATUS_MISSING;
	*ret_offset = field.bit_offset / 8;
	return STATUS_OK;
}

/* STATUS_MISSING: a kernel without BTF of modules. */
static status find_places(const struct guest_kernel *kernel, struct places *ret_places)
{
	const struct guest_types *types = kernel->types;
	struct places places = {};
	uint32_t id;

	if (kernel->symbols == NULL)
		return STATUS_MISSING;
	TRY(guest_symbols_find(kernel->symbols, "btf_modules", &places.head));
	TRY(guest_types_find(types, GUEST_TYPE_STRUCT, "btf_module", 0, &id));
	TRY(find_field(types, id, "list.next", 8, &places.list));
	TRY(find_field(types, id, "btf", 8, &places.btf));
	TRY(guest_types_find(types, GUEST_TYPE_STRUCT, "btf", 0, &id));
	TRY(find_field(types, id, "data", 8, &places.data));
	TRY(find_field(types, id, "data_size", 4, &places.data_size));
	TRY(find_field(types, id, "id", 4, &places.id));
	*ret_places = places;
	return STATUS_OK;
}

static status read_entry(struct guest_kernel *kernel, const struct places *places, struct guest_va node,
			 struct entry *ret_entry)
{
	uint64_t module = node.value - places->list, btf;
	struct entry entry;

	TRY(guest_kernel_read(kernel, node, &entry.next.value, 8));
	TRY(guest_kernel_read(kernel, (struct guest_va){module + places->btf}, &btf, 8));
	TRY(guest_kernel_read(kernel, (struct guest_va){btf + places->data}, &entry.data.value, 8));
	TRY(guest_kernel_read(kernel, (struct guest_va){btf + places->data_size}, &entry.data_size, 4));
	TRY(guest_kernel_read(kernel, (struct guest_va){btf + places->id}, &entry.id, 4));
	*ret_entry = entry;
	return STATUS_OK;
}

static status add(struct guest_kernel *kernel, const struct entry *entry, struct guest_module_types *modules)
{
	if (entry->data_size > GUEST_MODULE_TYPES_SIZE_MAX - modules->size)
		return report(STATUS_LIMIT, "the modules' types take more than %u bytes: some aren't known",
			      GUEST_MODULE_TYPES_SIZE_MAX);
	uint8_t *bytes = malloc(entry->data_size != 0 ? entry->data_size : 1);
	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %u bytes of a module's types", entry->data_size);
	status read = guest_kernel_read(kernel, entry->data, bytes, entry->data_size);
	if (read != STATUS_OK) {
		free(bytes);
		if (!is_of_the_target(read))
			return read;
		return report(STATUS_MALFORMED, "a module's BTF at %#llx can't be read",
			      (unsigned long long)entry->data.value);
	}
	TRY(guest_types_create_split(kernel->types, bytes, entry->data_size, &modules->types[modules->count]));
	modules->count++;
	modules->size += entry->data_size;
	return STATUS_OK;
}

/* What only this module lacks; the others are still worth reading. */
static bool is_skipped(status added)
{
	return added == STATUS_MALFORMED || added == STATUS_UNSUPPORTED || added == STATUS_LIMIT;
}

/* A list that comes back to itself ends at the limit. */
static status load(struct guest_kernel *kernel, const struct places *places, struct guest_module_types *modules)
{
	struct entry entry;
	struct guest_va node;

	TRY(guest_kernel_read(kernel, places->head, &node.value, 8));
	for (size_t i = 0; node.value != places->head.value; i++, node = entry.next) {
		if (i == GUEST_MODULE_COUNT_MAX)
			return report(STATUS_LIMIT, "over %u modules have types: some aren't known",
				      GUEST_MODULE_COUNT_MAX);
		TRY(read_entry(kernel, places, node, &entry));
		status added = add(kernel, &entry, modules);
		if (added != STATUS_OK && !is_skipped(added))
			return added;
	}
	return STATUS_OK;
}

status guest_module_types_create(struct guest_kernel *kernel, struct guest_module_types **ret_modules)
{
	struct guest_module_types *modules = calloc(1, sizeof *modules);
	struct places places;
	status loaded;

	if (modules == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the modules' types");
	loaded = find_places(kernel, &places);
	if (loaded == STATUS_OK)
		loaded = load(kernel, &places, modules);
	if (is_of_the_target(loaded))
		loaded = report(STATUS_MALFORMED, "the kernel's list of modules' types is torn: some aren't known");
	if (loaded != STATUS_OK && loaded != STATUS_MISSING && !is_skipped(loaded)) {
		guest_module_types_destroy(modules);
		return loaded;
	}
	*ret_modules = modules;
	return STATUS_OK;
}

void guest_module_types_destroy(struct guest_module_types *modules)
{
	if (modules == NULL)
		return;
	for (size_t i = 0; i < modules->count; i++)
		guest_types_destroy(modules->types[i]);
	free(modules);
}

/* New modules come first (list_add()), and ids are never given twice in a row
 * (idr_alloc_cyclic()), so a load shows at the head. An unload elsewhere
 * doesn't; then answers about that module's types stay, which harms nobody. */
uint64_t guest_module_types_mark(struct guest_kernel *kernel)
{
	struct places places;
	struct guest_va node;
	struct entry entry;

	if (find_places(kernel, &places) != STATUS_OK ||
	    guest_kernel_read(kernel, places.head, &node.value, 8) != STATUS_OK || node.value == places.head.value ||
	    read_entry(kernel, &places, node, &entry) != STATUS_OK)
		return 0;
	return (uint64_t)entry.id << 32 ^ node.value;
}
