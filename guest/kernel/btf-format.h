/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The binary form of BTF: include/uapi/linux/btf.h of Linux 7.2, of which
 * older kernels use a part with the same meaning. And how its bytes are reached,
 * of which only pieces are at hand. For btf*.c. */
#ifndef GUEST_KERNEL_BTF_FORMAT_H
#define GUEST_KERNEL_BTF_FORMAT_H

#include <stdint.h>
#include <string.h>

#include "guest/kernel/btf.h"
#include "guest/kernel/name-index.h"
#include "guest/kernel/pieces.h"

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

/* What follows a type of some kind, in bytes. */
struct btf_tail {
	uint8_t info_size; /* once */
	uint8_t element_size; /* for each member */
};

enum {
	BTF_KIND_COUNT_MAX = 0x80,
	/* The place of every eighth type is kept: a lookup skips at most 7. */
	BTF_STRIDE_SHIFT = 3,
	BTF_STRIDE = 1 << BTF_STRIDE_SHIFT,
};

struct guest_types {
	struct pieces *bytes;
	uint32_t types_at, types_size; /* in bytes */
	uint32_t strings_at, strings_size; /* the last byte is NUL */
	const struct guest_types *base; /* of a module: the kernel's; else NULL */
	/* Ids and places in strings go on where the base's end. */
	uint32_t first_id; /* 0: void */
	uint32_t strings_start;
	uint32_t type_count; /* with void and the base's */
	uint32_t *place; /* from types_at on: of types own_start, own_start + BTF_STRIDE… */
	uint32_t own_start; /* the first type that is described */
	struct name_index names;
	struct name_index enumerators; /* of enums without a name: those enums */
	uint64_t *visit_budget; /* guest_types_visits_limit(); NULL: none */
	struct btf_tail tail[BTF_KIND_COUNT_MAX];
};

/* A type without what follows it. */
struct btf_head {
	const struct guest_types *types; /* where it is described */
	uint32_t place; /* of what follows it, from types_at on */
	uint32_t name, info, size_or_type;
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

/* What follows a type, `size` bytes of it; in `buffer` unless they are in one
 * piece. All of it was checked to lie inside. */
MUST_USE static inline status btf_bytes(const struct guest_types *types, uint32_t place, size_t size, void *buffer,
					const uint8_t **ret_bytes)
{
	return pieces_get(types->bytes, (uint64_t)types->types_at + place, size, buffer, ret_bytes);
}

/* Find type `id` < type_count, which isn't void. */
MUST_USE status btf_head_get(const struct guest_types *types, uint32_t id, struct btf_head *ret_head);

/* The size of what follows a type: at most 255 bytes and 2^24 times 255. */
static inline uint64_t btf_tail_size(const struct guest_types *types, uint32_t info)
{
	const struct btf_tail *tail = &types->tail[btf_kind(info)];

	return tail->info_size + (uint64_t)tail->element_size * btf_member_count(info);
}

/* Names: `name` < strings_start + strings_size, as in BTF. Is it `wanted`, of
 * `length` characters? Has it none? */
MUST_USE status btf_name_is(const struct guest_types *types, uint32_t name, const char *wanted, size_t length,
			    bool *ret_is);
MUST_USE status btf_name_is_empty(const struct guest_types *types, uint32_t name, bool *ret_is);
/* Cut where it doesn't fit. */
MUST_USE status btf_name_copy(const struct guest_types *types, uint32_t name,
			      char ret_name[static GUEST_TYPE_NAME_SIZE]);
/* name_hash() of all of it. STATUS_END: longer than GUEST_TYPE_NAME_SIZE. */
MUST_USE status btf_name_hash(const struct guest_types *types, uint32_t name, uint32_t *ret_hash);

#endif
