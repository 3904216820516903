/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A kernel's types, from its BTF (Documentation/bpf/btf.rst,
 * include/uapi/linux/btf.h). The bytes are hostile: they are checked once, at
 * creation, as far as memory safety goes; types may still refer to each other
 * in circles, so every walk has a bound.
 */
#ifndef GUEST_KERNEL_BTF_H
#define GUEST_KERNEL_BTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

enum guest_type_kind {
	GUEST_TYPE_VOID = 0,
	GUEST_TYPE_INT,
	GUEST_TYPE_POINTER,
	GUEST_TYPE_ARRAY,
	GUEST_TYPE_STRUCT,
	GUEST_TYPE_UNION,
	GUEST_TYPE_ENUM,
	GUEST_TYPE_FORWARD,
	GUEST_TYPE_TYPEDEF,
	GUEST_TYPE_VOLATILE,
	GUEST_TYPE_CONST,
	GUEST_TYPE_RESTRICT,
	GUEST_TYPE_FUNCTION,
	GUEST_TYPE_FUNCTION_PROTOTYPE,
	GUEST_TYPE_VARIABLE,
	GUEST_TYPE_DATASEC,
	GUEST_TYPE_FLOAT,
	GUEST_TYPE_DECL_TAG,
	GUEST_TYPE_TYPE_TAG,
	GUEST_TYPE_ENUM64,
	GUEST_TYPE_KIND_COUNT,
};

enum {
	/* BTF_MAX_TYPE; distribution kernels have 100 to 200 thousand types. */
	GUEST_TYPE_COUNT_MAX = 1 << 20,
	/* All of BTF; distribution kernels have 4 to 8 MiB. */
	GUEST_TYPES_SIZE_MAX = 32 << 20,
	/* KSYM_NAME_LEN, with the NUL: btf_name_valid_identifier() takes no
	 * longer one. A type with a longer name isn't found by it. */
	GUEST_TYPE_NAME_SIZE = 512,
};

struct guest_types;
struct pieces; /* guest/kernel/pieces.h */

struct guest_type {
	enum guest_type_kind kind;
	bool kind_flag;
	uint32_t member_count; /* members, enumerators, parameters, variables */
	uint32_t size_or_type; /* bytes, or the type referred to */
	char name[GUEST_TYPE_NAME_SIZE]; /* "" where it has none */
};

struct guest_member {
	char name[GUEST_TYPE_NAME_SIZE]; /* "" for an anonymous struct or union */
	uint32_t type;
	uint32_t bit_offset;
	uint32_t bit_size; /* of a bit-field; 0: not one */
};

/* Where a path ends. */
struct guest_field {
	uint32_t type; /* as declared: typedefs and qualifiers stay */
	uint64_t bit_offset; /* from the start of the root */
	uint32_t bit_size; /* of a bit-field; 0: not one */
};

/* All functions below that look into BTF can fail as pieces_get() does:
 * STATUS_TORN (reported), STATUS_NO_MEMORY, STATUS_GONE, STATUS_IO. */

/* Check and index BTF, of which `bytes` may have only pieces at hand. Takes
 * over `bytes`, also when it fails. A module's BTF goes on where the kernel's,
 * `base`, ends: see guest_types_create_split(). NULL: it stands alone.
 * Reported: STATUS_MALFORMED, STATUS_UNSUPPORTED (a kind that nobody
 * described), STATUS_LIMIT, STATUS_NO_MEMORY. */
MUST_USE status guest_types_create_from_pieces(const struct guest_types *base, struct pieces *bytes,
					       struct guest_types **ret_types);

/* The same of bytes that are kept. Takes over `data` (malloc), also when it
 * fails. */
MUST_USE status guest_types_create(uint8_t *data, size_t size, struct guest_types **ret_types);

/* The same for a module's BTF, which goes on where the kernel's ends (btf.rst,
 * "split BTF"): its types refer to the base's by id, its names to the base's
 * strings. All lookups by id work on both, guest_types_find() finds only the
 * module's own. `base` is borrowed and outlives it; it has no base itself. */
MUST_USE status guest_types_create_split(const struct guest_types *base, uint8_t *data, size_t size,
					 struct guest_types **ret_types);
void guest_types_destroy(struct guest_types *types);

/* From now on every member and enumerator that a lookup passes takes one from
 * *budget, until none is left: then guest_types_field() and
 * guest_types_enumerator() give STATUS_LIMIT without a report. Several types may
 * share a budget; it is borrowed until the next call (NULL: no limit). */
void guest_types_visits_limit(struct guest_types *types, uint64_t *budget);

/* Give back the memory of pieces that are at hand; what is asked for next is
 * fetched again. */
void guest_types_trim(const struct guest_types *types);

/* BTF as given: its size, and a part of it. */
size_t guest_types_bytes_size(const struct guest_types *types);
MUST_USE status guest_types_bytes_copy(const struct guest_types *types, size_t offset, void *destination, size_t size);
/* One more than the last type's id; ids start with 0 (void). */
uint32_t guest_types_count(const struct guest_types *types);
/* STATUS_END: no such id. */
MUST_USE status guest_types_get(const struct guest_types *types, uint32_t id, struct guest_type *ret_type);

/* The type whose description covers byte `position` of BTF; 0 where that is
 * the header or a string, or can't be told. For messages: a walk over all types. */
uint32_t guest_types_id_at(const struct guest_types *types, size_t position);

/* The type of that kind and name with the lowest id above `after` (0: the
 * first): kernels have several of one name. ENUM finds ENUM64 too. Only
 * structs, unions, enums, typedefs and integers have an index.
 * STATUS_MISSING; STATUS_LIMIT: hashes collide on purpose (reported). */
MUST_USE status guest_types_find(const struct guest_types *types, enum guest_type_kind kind, const char *name,
				 uint32_t after, uint32_t *ret_id);

/* The enum without a name that has (or whose enumerator has the hash of) that
 * enumerator; `cursor` is UINT32_MAX for the first, and is moved on.
 * STATUS_MISSING: no more. */
MUST_USE status guest_types_find_anonymous(const struct guest_types *types, const char *enumerator, uint32_t *cursor,
					   uint32_t *ret_id);

/* Go through typedefs, qualifiers and type tags. STATUS_LIMIT: they never end
 * (reported). */
MUST_USE status guest_types_resolve(const struct guest_types *types, uint32_t id, uint32_t *ret_id);

/* Size in bytes. STATUS_MISSING: has none (void, function, forward);
 * STATUS_LIMIT as above. */
MUST_USE status guest_types_size(const struct guest_types *types, uint32_t id, uint64_t *ret_size);

/* Member number `index` of a struct or union. STATUS_END beyond the last, or
 * where it is neither. */
MUST_USE status guest_types_member(const struct guest_types *types, uint32_t id, uint32_t index,
				   struct guest_member *ret_member);

/* Follow "a.b[2].c" from a type, through anonymous members. A leading "[n]"
 * steps over n of the type itself; "" is the type. STATUS_MISSING: no such
 * member, or an index beyond an array (of known length). STATUS_USAGE: the
 * path can't be parsed (reported). STATUS_LIMIT as above. */
MUST_USE status guest_types_field(const struct guest_types *types, uint32_t root, const char *path,
				  struct guest_field *ret_field);

/* The value of an enumerator, sign-extended where the enum says
 * that it is signed (BTF of 5.10 never does: there the low 32 bits count).
 * STATUS_MISSING: no enum (through typedefs), or no such enumerator. */
MUST_USE status guest_types_enumerator(const struct guest_types *types, uint32_t id, const char *name,
				       uint64_t *ret_value);

#endif
