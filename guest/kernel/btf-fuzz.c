// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as BTF, with a module's BTF behind it; then every type's name, size,
 * members and enumerators. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LOOKUP_COUNT_MAX = 256 };

static void be_silent(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void use_members(const struct guest_types *types, uint32_t id, const struct guest_type *type)
{
	struct guest_member member;
	struct guest_field field;
	uint64_t value;

	for (uint32_t i = 0; i < type->member_count && i < LOOKUP_COUNT_MAX; i++) {
		if (guest_types_member(types, id, i, &member) != STATUS_OK)
			break;
		if (guest_types_field(types, id, member.name, &field) == STATUS_OK &&
		    field.type >= guest_types_count(types))
			abort();
	}
	(void)!guest_types_field(types, id, "a.b[3].c", &field);
	(void)!guest_types_field(types, id, "[1]", &field);
	(void)!guest_types_enumerator(types, id, type->name, &value);
}

static struct guest_types *load(const struct guest_types *base, const uint8_t *data, size_t size)
{
	struct guest_types *types;
	uint8_t *copy = malloc(size + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, data, size);
	return guest_types_create_split(base, copy, size, &types) == STATUS_OK ? types : NULL;
}

static void use(const struct guest_types *types, uint32_t start)
{
	struct guest_type type;

	for (uint32_t id = start; id < guest_types_count(types) && id - start < LOOKUP_COUNT_MAX; id++) {
		uint64_t type_size;
		uint32_t found;
		if (guest_types_get(types, id, &type) != STATUS_OK)
			abort();
		(void)!guest_types_size(types, id, &type_size);
		(void)!guest_types_find(types, type.kind, type.name, 0, &found);
		use_members(types, id, &type);
	}
}

/* The size of the first BTF, as its header says: what follows is a module's. */
static size_t first_size(const uint8_t *data, size_t size)
{
	uint32_t header[6];

	if (size < sizeof header)
		return size;
	memcpy(header, data, sizeof header);
	uint64_t end = (uint64_t)header[1] + header[4] + header[5];
	return end < size ? (size_t)end : size;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t split = first_size(data, size);

	report_sink_set(be_silent, NULL);
	/* As a whole; then as a kernel's, and what follows as a module's. */
	struct guest_types *types = load(NULL, data, size);
	if (types == NULL)
		return 0;
	use(types, 0);
	struct guest_types *base = load(NULL, data, split);
	struct guest_types *module = base != NULL ? load(base, data + split, size - split) : NULL;
	if (module != NULL)
		use(module, guest_types_count(base));
	guest_types_destroy(module);
	guest_types_destroy(base);
	guest_types_destroy(types);
	return 0;
}
