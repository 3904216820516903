/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The header of a profile file, little-endian; docs/kernel.md. For profile*.c. */
#ifndef GUEST_KERNEL_PROFILE_FORMAT_H
#define GUEST_KERNEL_PROFILE_FORMAT_H

#include <stdint.h>

#include "base/sha256.h"

#define PROFILE_MAGIC "BRTZPROF"

struct profile_header {
	char magic[8];
	uint32_t version;
	uint32_t header_size;
	uint64_t file_size;
	uint8_t digest[SHA256_SIZE]; /* of everything after it */
	uint64_t text, types_at;
	uint64_t base, names_at, values_at, base_at, tokens_at, token_index_at;
	uint32_t symbol_count, addressing;
	/* The sections follow the header in this order, without gaps:
	 * banner, build id, token index (256 × 2 bytes), tokens, values, names, BTF. */
	uint32_t banner_size, build_id_size, tokens_size, names_size, types_size, reserved;
};

_Static_assert(sizeof(struct profile_header) == 152, "the file's form is fixed");

#endif
