/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a profile file, little-endian; docs/kernel.md. For profile*.c. */
#ifndef GUEST_KERNEL_PROFILE_FORMAT_H
#define GUEST_KERNEL_PROFILE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"

#define PROFILE_MAGIC "BRTZPROF"

struct profile_header {
	char magic[8];
	uint32_t version;
	uint32_t header_size;
	uint64_t file_size;
	uint64_t checksum; /* of everything after it */
	uint64_t text, types_at;
	uint64_t base, names_at, values_at, base_at, tokens_at, token_index_at;
	uint32_t symbol_count, addressing;
	/* The sections follow the header in this order, without gaps:
	 * banner, build id, token index (256 × 2 bytes), tokens, values, names, BTF. */
	uint32_t banner_size, build_id_size, tokens_size, names_size, types_size, reserved;
};

_Static_assert(sizeof(struct profile_header) == 128, "the file's form is fixed");

enum { PROFILE_SUMMED_FROM = offsetof(struct profile_header, checksum) + 8 };

/* FNV-1a over little-endian words of 8 bytes, the last one filled up with zeros: a
 * change within one word is always noticed. Against accidents, not against people. */
uint64_t profile_checksum(struct span bytes);

/* Bytes that come one after the other, each time but the last a multiple of 8 of
 * them: start with PROFILE_CHECKSUM_START. */
static const uint64_t PROFILE_CHECKSUM_START = 0xcbf29ce484222325;
uint64_t profile_checksum_add(uint64_t sum, struct span bytes);

#endif
