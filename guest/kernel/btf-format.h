/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary form of BTF: include/uapi/linux/btf.h of Linux 7.2, of which
 * older kernels use a part with the same meaning. For btf*.c. */
#ifndef GUEST_KERNEL_BTF_FORMAT_H
#define GUEST_KERNEL_BTF_FORMAT_H

#include <stdint.h>
#include <string.h>

#include "guest/kernel/btf.h"
#include "guest/kernel/name-index.h"

enum {
	BTF_MAGIC = 0xeb9f,
	BTF_VERSION = 1,
	BTF_TYPE_SIZE = 12, /* name, info, size or type */
	BTF_NAME_AT = 0,
	BTF_INFO_AT = 4,
	BTF_SIZE_AT = 8,
	BTF_REFERENCE_AT = 8,
	/* Elements after the type: name, then type or value. */
	BTF_MEMBER_SIZE = 12,
	BTF_ENUM_SIZE = 8,
	BTF_ENUM64_SIZE = 12,
	BTF_PARAMETER_SIZE = 8,
	BTF_VARIABLE_SIZE = 12,
	BTF_ARRAY_SIZE = 12,
};

struct guest_types {
	uint8_t *data;
	size_t size;
	const uint8_t *types; /* in data */
	const char *strings; /* in data; the last byte is NUL */
	uint32_t types_size, strings_size;
	const struct guest_types *base; /* of a module: the kernel's; else NULL */
	/* Ids and places in strings go on where the base's end. */
	uint32_t first_id; /* 0: void */
	uint32_t strings_start;
	uint32_t type_count; /* with void and the base's */
	uint32_t *offset; /* of each type in `types`, from first_id on; that of void is unused */
	struct name_index names;
	uint64_t *visit_budget; /* guest_types_visits_limit(); NULL: none */
};

static inline uint32_t btf_u32(const uint8_t *bytes)
{
	uint32_t value;

	memcpy(&value, bytes, sizeof value);
	return value;
}

static inline uint32_t btf_kind(uint32_t info)
{
	return (info >> 24) & 0x7f;
}

static inline uint32_t btf_member_count(uint32_t info)
{
	return info & 0xffffff; /* 16 bits before 7.x, the rest zero */
}

static inline const uint8_t *btf_type(const struct guest_types *types, uint32_t id)
{
	if (id < types->first_id)
		types = types->base; /* which has no base itself */
	return types->types + types->offset[id - types->first_id];
}

/* The string at `offset` < strings_start + strings_size. */
static inline const char *btf_string(const struct guest_types *types, uint32_t offset)
{
	if (offset < types->strings_start)
		types = types->base;
	return types->strings + (offset - types->strings_start);
}

#endif
