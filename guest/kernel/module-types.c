// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/module-types.h"

#include <stdbool.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/pieces.h"

enum {
	/* 256 KiB at hand; most modules have less. */
	ROOM = 64,
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
static status find_places(const struct guest_kernel *kernel, struct guest_module_places *places)
{
	const struct guest_types *types = kernel->types;
	uint32_t id;

	TRY(guest_symbols_find(kernel->symbols, "btf_modules", &places->head));
	TRY(guest_types_find(types, GUEST_TYPE_STRUCT, "btf_module", 0, &id));
	TRY(find_field(types, id, "list.next", 8, &places->list));
	TRY(find_field(types, id, "btf", 8, &places->btf));
	TRY(guest_types_find(types, GUEST_TYPE_STRUCT, "btf", 0, &id));
	TRY(find_field(types, id, "data", 8, &places->data));
	TRY(find_field(types, id, "data_size", 4, &places->data_size));
	return find_field(types, id, "id", 4, &places->id);
}

/* What a type or symbol that is made up can't cause. */
static bool ends_everything(status s)
{
	return s == STATUS_TORN || s == STATUS_NO_MEMORY || s == STATUS_GONE || s == STATUS_IO;
}

status guest_module_places_init(const struct guest_kernel *kernel, struct guest_module_places *ret_places)
{
	struct guest_module_places places = {};
	status found = find_places(kernel, &places);

	if (ends_everything(found))
		return found;
	places.known = found == STATUS_OK;
	*ret_places = places;
	return STATUS_OK;
}

static status read_entry(struct guest_kernel *kernel, struct guest_va node, struct entry *ret_entry)
{
	const struct guest_module_places *places = &kernel->modules;
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

/* A module's BTF while it is looked at. */
struct module_bytes {
	struct guest_kernel *kernel;
	struct guest_va start;
};

static status read_module(void *context, uint64_t offset, void *destination, size_t size)
{
	const struct module_bytes *bytes = context;

	return guest_kernel_read(bytes->kernel, (struct guest_va){bytes->start.value + offset}, destination, size);
}

static status visit_module(struct guest_kernel *kernel, const struct entry *entry, guest_module_visit visit,
			   void *context)
{
	struct module_bytes module = {kernel, entry->data};
	const struct pieces_source source = {
		.read = read_module,
		.context = &module,
		.what = "a module's BTF",
		.start = entry->data.value,
		.size = entry->data_size,
	};
	struct guest_types *types;
	struct pieces *bytes;

	TRY(pieces_create(&source, ROOM, &bytes));
	TRY(guest_types_create_from_pieces(kernel->types, bytes, &types));
	status visited = visit(context, types);
	guest_types_destroy(types);
	return visited;
}

/* What only this module lacks; the others are still worth reading. */
static bool is_skipped(status visited)
{
	return visited == STATUS_MALFORMED || visited == STATUS_UNSUPPORTED || visited == STATUS_LIMIT ||
	       visited == STATUS_TORN;
}

static status visit_all(struct guest_kernel *kernel, guest_module_visit visit, void *context)
{
	const struct guest_va head = kernel->modules.head;
	struct entry entry;
	struct guest_va node;
	uint32_t size = 0;

	TRY(guest_kernel_read(kernel, head, &node.value, 8));
	/* A list that comes back to itself ends at the limit. */
	for (size_t i = 0; node.value != head.value; i++, node = entry.next) {
		if (i == GUEST_MODULE_COUNT_MAX)
			return report(STATUS_LIMIT, "over %u modules have types: some aren't known",
				      GUEST_MODULE_COUNT_MAX);
		TRY(read_entry(kernel, node, &entry));
		if (entry.data_size > GUEST_MODULE_TYPES_SIZE_MAX - size) {
			(void)!report(STATUS_LIMIT, "the modules' types take more than %u bytes: some aren't known",
				      GUEST_MODULE_TYPES_SIZE_MAX);
			continue;
		}
		status visited = visit_module(kernel, &entry, visit, context);
		if (visited != STATUS_OK && !is_skipped(visited))
			return visited;
		size += visited == STATUS_OK ? entry.data_size : 0;
	}
	return STATUS_OK;
}

status guest_module_types_visit(struct guest_kernel *kernel, guest_module_visit visit, void *context)
{
	if (!kernel->modules.known)
		return STATUS_OK;
	status visited = visit_all(kernel, visit, context);
	if (is_of_the_target(visited))
		visited = report(STATUS_MALFORMED, "the kernel's list of modules' types is torn: some aren't known");
	return is_skipped(visited) ? STATUS_OK : visited;
}

/* New modules come first (list_add()), and ids are never given twice in a row
 * (idr_alloc_cyclic()), so a load shows at the head. An unload elsewhere
 * doesn't; then answers about that module's types stay, which harms nobody. */
uint64_t guest_module_types_mark(struct guest_kernel *kernel)
{
	const struct guest_module_places *places = &kernel->modules;
	struct guest_va node;
	struct entry entry;

	guest_kernel_read_ahead(kernel);
	if (!places->known || guest_kernel_read(kernel, places->head, &node.value, 8) != STATUS_OK ||
	    node.value == places->head.value || read_entry(kernel, node, &entry) != STATUS_OK)
		return 0;
	return (uint64_t)entry.id << 32 ^ node.value;
}
