// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as BTF; then every type's name, size, members and enumerators. */
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

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guest_types *types;
	struct guest_type type;
	uint8_t *copy = malloc(size + 1);

	report_sink_set(be_silent, NULL);
	if (copy == NULL)
		return 0;
	memcpy(copy, data, size);
	if (guest_types_create(copy, size, &types) != STATUS_OK)
		return 0;
	for (uint32_t id = 0; id < guest_types_count(types) && id < LOOKUP_COUNT_MAX; id++) {
		uint64_t type_size;
		uint32_t found;
		if (guest_types_get(types, id, &type) != STATUS_OK)
			abort();
		(void)!guest_types_size(types, id, &type_size);
		(void)!guest_types_find(types, type.kind, type.name, 0, &found);
		use_members(types, id, &type);
	}
	guest_types_destroy(types);
	return 0;
}
