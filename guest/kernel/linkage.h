/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an object made by guestcc asks of the kernel that it meets: symbols,
 * field offsets, sizes, enum values. guestcc writes one record per question
 * into the section "guest_linkage"; guest_linkage_resolve() fills the slots.
 * (The same idea as BPF CO-RE: one object serves every kernel.)
 */
#ifndef GUEST_KERNEL_LINKAGE_H
#define GUEST_KERNEL_LINKAGE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct guest_kernel;

enum guest_link_kind {
	/* name = symbol: its address (of a per-CPU variable: what kallsyms
	 * says, to which __per_cpu_offset[cpu] is added). */
	GUEST_LINK_SYMBOL = 1,
	/* name = symbol: 0 or 1. */
	GUEST_LINK_SYMBOL_EXISTS,
	/* name = type ("struct sock", "union …", "enum …", "typedef …"),
	 * path = "a.b[2].c". */
	GUEST_LINK_FIELD_OFFSET, /* bytes from the start of the type */
	GUEST_LINK_FIELD_EXISTS, /* 0 or 1 */
	GUEST_LINK_FIELD_SIZE, /* bytes; for a bit-field, of its declared type */
	/* A bit-field, or a plain field that took its place, is
	 * (8 bytes at WORD >> SHIFT) & MASK. WORD isn't necessarily aligned;
	 * the 8 bytes stay inside the struct where it has 8 bytes. Where the
	 * kernel's field is wider than 64 bits or doesn't fit into any 8 bytes,
	 * all three are poison. */
	GUEST_LINK_BIT_WORD, /* byte offset */
	GUEST_LINK_BIT_SHIFT,
	GUEST_LINK_BIT_MASK,
	GUEST_LINK_TYPE_EXISTS,
	GUEST_LINK_TYPE_SIZE,
	/* path = enumerator. */
	GUEST_LINK_ENUM_EXISTS,
	GUEST_LINK_ENUM_VALUE,
	/* name = a kernel's release, as uname says it: 1 where the kernel is of
	 * that one, else 0. Of an object that was compiled against headers. */
	GUEST_LINK_RELEASE,
};

/* Written by guestcc; layout fixed (tests assert it). */
struct guest_link {
	uint64_t *slot;
	const char *name;
	const char *path; /* "" where unused */
	uint64_t kind; /* enum guest_link_kind */
	uint64_t local; /* the answer in the layout that was compiled against */
	/* FIELD_OFFSET: guest C loads so many bytes there as one number or
	 * pointer. Where the kernel's field has another size, or is a
	 * bit-field, the answer is poison: a number cut short or with its
	 * neighbour's bytes would look like a good one. (Guest C that declares
	 * the field as a bit-field of full width, `u32 x : 32`, copes with
	 * both: it asks for BIT_*.) 0: any size will do. */
	uint64_t load_size;
};

enum {
	/* What an unresolved slot holds. Guest C compares before it uses an
	 * answer, and ends the error boundary with "kernel has no …". (It
	 * couldn't be an address either: not canonical in any half.) */
	GUEST_LINK_POISON = 0x7ffead0000000000,
};

/* Fill every slot of links[0..count), types from the kernel's BTF or, where it
 * lacks the name, from its modules': ask again when guest_module_types_mark()
 * changes. What the kernel lacks gets
 * GUEST_LINK_POISON (existence questions: 0); that is no fault.
 * `ret_unresolved_count` may be NULL. STATUS_LIMIT (reported): types with more
 * members to look at than any kernel has; not all slots are filled then. */
MUST_USE status guest_linkage_resolve(struct guest_kernel *kernel, const struct guest_link *links, size_t count,
				      size_t *ret_unresolved_count);

/* The release of the kernel that was asked last: what its banner says between
 * "Linux version " and the next blank. "" before. */
const char *guest_linkage_release(void);

#endif
