/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A profile: what a kernel's package says about it, in one file. Made offline
 * from the vmlinuz (profile-build.h); pins symbols and types, so that a target
 * can't choose them, and is checked against what the target has in memory.
 * The file's form is in docs/kernel.md. Its checksum finds accidents; whom the
 * file comes from is for its keeper to know.
 */
#ifndef GUEST_KERNEL_PROFILE_H
#define GUEST_KERNEL_PROFILE_H

#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms-tables.h"
#include "guest/kernel/view.h"

struct guest_symbols;
struct guest_types;

enum {
	PROFILE_VERSION = 1,
	PROFILE_BANNER_SIZE_MAX = 256, /* with its NUL */
	PROFILE_BUILD_ID_SIZE_MAX = 32,
	/* A file of the largest tables and types that are read, with room for
	 * header, banner, build id and tokens. */
	PROFILE_SIZE_MAX = KALLSYMS_NAMES_SIZE_MAX + 8 * KALLSYMS_SYMBOL_COUNT_MAX + GUEST_TYPES_SIZE_MAX + (1 << 20),
};

struct pieces;

/* Where sections of a profile's file are. */
struct profile_part {
	uint64_t at;
	size_t size;
};

struct guest_profile {
	struct pieces *file;
	char banner[PROFILE_BANNER_SIZE_MAX];
	struct profile_part build_id; /* empty where the kernel has none */
	uint64_t text; /* _text, as linked */
	uint64_t types_at; /* __start_BTF, as linked */
	struct kallsyms_tables tables; /* without names, values and tokens: */
	struct profile_part tokens, values, names;
	struct profile_part types;
};

/* Read a profile; `file` must outlive it. Reported: STATUS_MALFORMED (no
 * profile, cut short, or its checksum differs), STATUS_UNSUPPORTED (another
 * version), STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE status guest_profile_create(struct span file, struct guest_profile **ret_profile);
/* The same of a file of which only pieces are at hand; takes it over, also when
 * it fails. */
MUST_USE status guest_profile_create_from_pieces(struct pieces *file, struct guest_profile **ret_profile);
void guest_profile_destroy(struct guest_profile *profile);

/* Symbols and types from `profile`, moved to where the kernel behind `view`
 * runs, after comparing banner, symbol tables and BTF with what is there.
 * Pages of the tables that can't be read aren't compared. The types go on
 * reading the profile's file: it outlives them.
 * STATUS_MISMATCH, reported with what differs. */
MUST_USE status guest_profile_apply(const struct guest_profile *profile, const struct kernel_view *view,
				    struct guest_symbols **ret_symbols, struct guest_types **ret_types);

#endif
