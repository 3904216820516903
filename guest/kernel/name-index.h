/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a name's hash to the ordinals of what has that name: a few bytes per
 * name, no strings. Whoever uses it compares the names.
 */
#ifndef GUEST_KERNEL_NAME_INDEX_H
#define GUEST_KERNEL_NAME_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	/* An entry is an ordinal and, above it, 12 bits of the hash. */
	NAME_ORDINAL_BITS = 20,
	NAME_ORDINAL_COUNT_MAX = 1 << NAME_ORDINAL_BITS,
	/* Different names of one hash: an honest kernel has one or two. */
	NAME_COLLISION_COUNT_MAX = 256,
};

struct name_index {
	uint32_t bucket_mask;
	uint32_t *bucket; /* bucket_mask + 2: where each bucket starts in entry[] */
	uint32_t *entry; /* within a bucket in the order of building */
};

/* Go on with a hash by one more character; start with 0. The hash of joined
 * strings a and b is hash(a) × NAME_HASH_FACTOR ^ length(b) + hash(b). */
static const uint32_t NAME_HASH_FACTOR = 0x01000193;

static inline uint32_t name_hash_append(uint32_t hash, char character)
{
	return hash * NAME_HASH_FACTOR + (uint8_t)character;
}

/* Spread a finished polynomial over all bits. */
static inline uint32_t name_hash_finish(uint32_t hash)
{
	hash ^= hash >> 16;
	hash *= 0x85ebca6b;
	hash ^= hash >> 13;
	return hash;
}

static inline uint32_t name_hash(const char *name)
{
	uint32_t hash = 0;

	for (; *name != '\0'; name++)
		hash = name_hash_append(hash, *name);
	return name_hash_finish(hash);
}

/* Index `count` names: hashes[i] belongs to ordinals[i] <
 * NAME_ORDINAL_COUNT_MAX, or to i where `ordinals` is NULL.
 * STATUS_NO_MEMORY (reported). */
MUST_USE status name_index_init(struct name_index *index, const uint32_t *hashes, const uint32_t *ordinals,
				size_t count);
void name_index_deinit(struct name_index *index);

/* Go through the ordinals of one hash:
 *	for (cursor = name_index_start(…); name_index_next(…, &cursor, &ordinal);) */
static inline uint32_t name_index_start(const struct name_index *index, uint32_t hash)
{
	return index->bucket[hash & index->bucket_mask];
}

static inline int name_index_next(const struct name_index *index, uint32_t hash, uint32_t *cursor,
				  uint32_t *ret_ordinal)
{
	const uint32_t ordinal_mask = NAME_ORDINAL_COUNT_MAX - 1;

	while (*cursor < index->bucket[(hash & index->bucket_mask) + 1]) {
		uint32_t entry = index->entry[(*cursor)++];
		if (((entry ^ hash) & ~ordinal_mask) != 0)
			continue;
		*ret_ordinal = entry & ordinal_mask;
		return 1;
	}
	return 0;
}

#endif
