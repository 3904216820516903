// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/linkage.h"

#include <stdbool.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/module-types.h"

enum {
	/* Types of one name: vmlinux has at most a dozen. */
	CANDIDATE_COUNT_MAX = 64,
	WORD_BITS = 64,
	/* Members and enumerators looked at for all links of an object: some
	 * thousand links at 250 (task_struct has the most) make far below a
	 * million; enumerators without a type's name pass some ten thousand
	 * each. This takes a second or two. */
	VISIT_BUDGET = 1 << 26,
};

/* Answers one question about one candidate type; STATUS_MISSING sends the
 * resolver to the next candidate. */
typedef status (*answer)(const struct guest_types *types, uint32_t id, const struct guest_link *link,
			 uint64_t *ret_value);

static const struct {
	const char *prefix;
	enum guest_type_kind kind;
} prefixes[] = {
	{"struct ", GUEST_TYPE_STRUCT},
	{"union ", GUEST_TYPE_UNION},
	{"enum ", GUEST_TYPE_ENUM},
	{"typedef ", GUEST_TYPE_TYPEDEF},
};

/* Where a field is, with its size in bits, bit-field or not. */
struct placed_field {
	struct guest_field field;
	uint64_t size; /* of its declared type; 0 where it has none (flexible array) */
	uint64_t bit_count;
};

static status place_field(const struct guest_types *types, uint32_t id, const char *path,
			  struct placed_field *ret_placed)
{
	struct placed_field placed = {};

	TRY(guest_types_field(types, id, path, &placed.field));
	status sized = guest_types_size(types, placed.field.type, &placed.size);
	if (sized != STATUS_OK && sized != STATUS_MISSING)
		return sized;
	placed.bit_count = placed.field.bit_size != 0 ? placed.field.bit_size : 8 * placed.size;
	*ret_placed = placed;
	return STATUS_OK;
}

static status answer_field_offset(const struct guest_types *types, uint32_t id, const struct guest_link *link,
				  uint64_t *ret_value)
{
	struct placed_field placed;

	TRY(place_field(types, id, link->path, &placed));
	if (placed.field.bit_offset % 8 != 0)
		return STATUS_MISSING;
	if (link->load_size != 0 && (placed.field.bit_size != 0 || placed.size != link->load_size))
		return STATUS_MISSING;
	*ret_value = placed.field.bit_offset / 8;
	return STATUS_OK;
}

static status answer_field_exists(const struct guest_types *types, uint32_t id, const struct guest_link *link,
				  uint64_t *ret_value)
{
	struct guest_field field;

	TRY(guest_types_field(types, id, link->path, &field));
	*ret_value = 1;
	return STATUS_OK;
}

static status answer_field_size(const struct guest_types *types, uint32_t id, const struct guest_link *link,
				uint64_t *ret_value)
{
	struct placed_field placed;

	TRY(place_field(types, id, link->path, &placed));
	*ret_value = placed.size;
	return STATUS_OK;
}

/* The 8 bytes that hold a field of at most 64 bits: at its own byte, or as far
 * before it as keeps them inside the struct. */
static status place_word(const struct guest_types *types, uint32_t id, const struct guest_link *link,
			 uint64_t *ret_word, uint64_t *ret_shift, uint64_t *ret_bit_count)
{
	struct placed_field placed;
	uint64_t struct_size;

	TRY(place_field(types, id, link->path, &placed));
	TRY(guest_types_size(types, id, &struct_size));
	uint64_t word = placed.field.bit_offset / 8;
	if (struct_size >= 8 && word > struct_size - 8)
		word = struct_size - 8;
	if (struct_size < 8)
		word = 0;
	uint64_t shift = placed.field.bit_offset - 8 * word;
	if (placed.bit_count == 0 || shift >= WORD_BITS || placed.bit_count > WORD_BITS - shift)
		return STATUS_MISSING;
	*ret_word = word;
	*ret_shift = shift;
	*ret_bit_count = placed.bit_count;
	return STATUS_OK;
}

static status answer_bit_word(const struct guest_types *types, uint32_t id, const struct guest_link *link,
			      uint64_t *ret_value)
{
	uint64_t shift, bit_count;

	return place_word(types, id, link, ret_value, &shift, &bit_count);
}

static status answer_bit_shift(const struct guest_types *types, uint32_t id, const struct guest_link *link,
			       uint64_t *ret_value)
{
	uint64_t word, bit_count;

	return place_word(types, id, link, &word, ret_value, &bit_count);
}

static status answer_bit_mask(const struct guest_types *types, uint32_t id, const struct guest_link *link,
			      uint64_t *ret_value)
{
	uint64_t word, shift, bit_count;

	TRY(place_word(types, id, link, &word, &shift, &bit_count));
	*ret_value = UINT64_MAX >> (WORD_BITS - bit_count);
	return STATUS_OK;
}

static status answer_type_exists(const struct guest_types *types, uint32_t id, const struct guest_link *link,
				 uint64_t *ret_value)
{
	(void)types;
	(void)id;
	(void)link;
	*ret_value = 1;
	return STATUS_OK;
}

static status answer_type_size(const struct guest_types *types, uint32_t id, const struct guest_link *link,
			       uint64_t *ret_value)
{
	(void)link;
	return guest_types_size(types, id, ret_value);
}

static status answer_enum_value(const struct guest_types *types, uint32_t id, const struct guest_link *link,
				uint64_t *ret_value)
{
	return guest_types_enumerator(types, id, link->path, ret_value);
}

static status answer_enum_exists(const struct guest_types *types, uint32_t id, const struct guest_link *link,
				 uint64_t *ret_value)
{
	uint64_t value;

	TRY(guest_types_enumerator(types, id, link->path, &value));
	*ret_value = 1;
	return STATUS_OK;
}

static const answer type_answers[] = {
	[GUEST_LINK_FIELD_OFFSET] = answer_field_offset, [GUEST_LINK_FIELD_EXISTS] = answer_field_exists,
	[GUEST_LINK_FIELD_SIZE] = answer_field_size,	 [GUEST_LINK_BIT_WORD] = answer_bit_word,
	[GUEST_LINK_BIT_SHIFT] = answer_bit_shift,	 [GUEST_LINK_BIT_MASK] = answer_bit_mask,
	[GUEST_LINK_TYPE_EXISTS] = answer_type_exists,	 [GUEST_LINK_TYPE_SIZE] = answer_type_size,
	[GUEST_LINK_ENUM_EXISTS] = answer_enum_exists,	 [GUEST_LINK_ENUM_VALUE] = answer_enum_value,
};

static bool is_existence(uint64_t kind)
{
	return kind == GUEST_LINK_SYMBOL_EXISTS || kind == GUEST_LINK_FIELD_EXISTS || kind == GUEST_LINK_TYPE_EXISTS ||
	       kind == GUEST_LINK_ENUM_EXISTS;
}

/* Candidates in the order of BTF, until one has what is asked for. */
static status first_answer(const struct guest_types *types, answer ask, enum guest_type_kind kind, const char *name,
			   const struct guest_link *link, uint64_t *ret_value)
{
	uint32_t id = 0;

	for (int i = 0; i < CANDIDATE_COUNT_MAX; i++) {
		TRY(guest_types_find(types, kind, name, id, &id));
		status answered = ask(types, id, link, ret_value);
		if (answered != STATUS_MISSING)
			return answered;
	}
	return STATUS_MISSING;
}

/* An enumerator of an enum without a name: "enum ", path = enumerator. */
static status anonymous_enum_answer(const struct guest_types *types, answer ask, const struct guest_link *link,
				    uint64_t *ret_value)
{
	struct guest_type type;

	for (uint32_t id = 1; guest_types_get(types, id, &type) == STATUS_OK; id++) {
		if ((type.kind != GUEST_TYPE_ENUM && type.kind != GUEST_TYPE_ENUM64) || type.name[0] != '\0')
			continue;
		status answered = ask(types, id, link, ret_value);
		if (answered != STATUS_MISSING)
			return answered;
	}
	return STATUS_MISSING;
}

/* Types are read from modules at the first one that the kernel itself lacks. */
struct resolver {
	struct guest_kernel *kernel;
	struct guest_module_types *modules; /* NULL: not read yet */
	bool tried; /* and whether they can't be */
	uint64_t visit_budget;
};

static status read_modules(struct resolver *resolver)
{
	if (resolver->modules != NULL)
		return STATUS_OK;
	if (resolver->tried)
		return STATUS_MISSING;
	resolver->tried = true;
	TRY(guest_module_types_create(resolver->kernel, &resolver->modules));
	for (size_t i = 0; i < resolver->modules->count; i++)
		guest_types_visits_limit(resolver->modules->types[i], &resolver->visit_budget);
	return STATUS_OK;
}

/* Modules know nothing of each other's names: where several have a type of that
 * name, all must give the same answer. */
static status module_answer(struct resolver *resolver, answer ask, enum guest_type_kind kind, const char *name,
			    const struct guest_link *link, uint64_t *ret_value)
{
	uint64_t value = 0, first = 0;
	bool found = false;
	uint32_t id;

	TRY(read_modules(resolver));
	for (size_t i = 0; i < resolver->modules->count; i++) {
		const struct guest_types *types = resolver->modules->types[i];
		if (guest_types_find(types, kind, name, 0, &id) != STATUS_OK)
			continue;
		TRY(first_answer(types, ask, kind, name, link, &value));
		if (found && value != first)
			return STATUS_MISSING;
		first = value;
		found = true;
	}
	if (!found)
		return STATUS_MISSING;
	*ret_value = first;
	return STATUS_OK;
}

static status named_answer(struct resolver *resolver, answer ask, enum guest_type_kind kind, const char *name,
			   const struct guest_link *link, uint64_t *ret_value)
{
	const struct guest_types *types = resolver->kernel->types;
	uint32_t id;

	if (guest_types_find(types, kind, name, 0, &id) == STATUS_MISSING)
		return module_answer(resolver, ask, kind, name, link, ret_value);
	return first_answer(types, ask, kind, name, link, ret_value);
}

static status type_answer(struct resolver *resolver, const struct guest_link *link, uint64_t *ret_value)
{
	answer ask = link->kind < sizeof type_answers / sizeof type_answers[0] ? type_answers[link->kind] : NULL;

	if (ask == NULL)
		return STATUS_MISSING;
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i].prefix);
		if (strncmp(link->name, prefixes[i].prefix, length) != 0)
			continue;
		const char *name = link->name + length;
		if (name[0] == '\0' && prefixes[i].kind == GUEST_TYPE_ENUM)
			return anonymous_enum_answer(resolver->kernel->types, ask, link, ret_value);
		return named_answer(resolver, ask, prefixes[i].kind, name, link, ret_value);
	}
	/* A base type: "int", "unsigned long". */
	return named_answer(resolver, ask, GUEST_TYPE_INT, link->name, link, ret_value);
}

static status answer_link(struct resolver *resolver, const struct guest_link *link, uint64_t *ret_value)
{
	struct guest_va address;

	if (link->kind != GUEST_LINK_SYMBOL && link->kind != GUEST_LINK_SYMBOL_EXISTS)
		return type_answer(resolver, link, ret_value);
	TRY(guest_symbols_find(resolver->kernel->symbols, link->name, &address));
	*ret_value = link->kind == GUEST_LINK_SYMBOL ? address.value : 1;
	return STATUS_OK;
}

static status answer_all(struct resolver *resolver, const struct guest_link *links, size_t count,
			 size_t *ret_unresolved_count)
{
	size_t unresolved_count = 0;

	for (size_t i = 0; i < count; i++) {
		uint64_t value;
		/* A fault on the way (types in a circle) was reported and
		 * makes this answer missing, not the whole object unusable. */
		if (answer_link(resolver, &links[i], &value) != STATUS_OK) {
			value = is_existence(links[i].kind) ? 0 : GUEST_LINK_POISON;
			unresolved_count += !is_existence(links[i].kind);
		}
		*links[i].slot = value;
		if (resolver->visit_budget == 0)
			return report(STATUS_LIMIT,
				      "the kernel's types have more members than any Linux: \"%s %s\" was link %zu of "
				      "%zu, and %u were looked at; the BTF is forged, use a profile",
				      links[i].name, links[i].path, i + 1, count, VISIT_BUDGET);
	}
	*ret_unresolved_count = unresolved_count;
	return STATUS_OK;
}

status guest_linkage_resolve(struct guest_kernel *kernel, const struct guest_link *links, size_t count,
			     size_t *ret_unresolved_count)
{
	struct resolver resolver = {.kernel = kernel, .visit_budget = VISIT_BUDGET};
	size_t unresolved_count = 0;

	if (kernel->types != NULL)
		guest_types_visits_limit(kernel->types, &resolver.visit_budget);
	status answered = answer_all(&resolver, links, count, &unresolved_count);
	if (kernel->types != NULL)
		guest_types_visits_limit(kernel->types, NULL);
	guest_module_types_destroy(resolver.modules);
	if (answered == STATUS_OK && ret_unresolved_count != NULL)
		*ret_unresolved_count = unresolved_count;
	return answered;
}
