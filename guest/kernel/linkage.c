// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/linkage.h"

#include <stdbool.h>
#include <stdlib.h>
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
	uint32_t cursor = UINT32_MAX, id;

	for (int i = 0; i < CANDIDATE_COUNT_MAX; i++) {
		TRY(guest_types_find_anonymous(types, link->path, &cursor, &id));
		status answered = ask(types, id, link, ret_value);
		if (answered != STATUS_MISSING)
			return answered;
	}
	return STATUS_MISSING;
}

/* A question about a type that the kernel itself lacks: for its modules. They
 * know nothing of each other's names, so where several have a type of that name,
 * all must give the same answer. */
struct deferred {
	const struct guest_link *link;
	uint64_t value;
	bool found, differs;
};

struct resolver {
	struct guest_kernel *kernel;
	struct deferred *deferred;
	size_t deferred_count;
	uint64_t visit_budget;
};

/* The type that a link is about. Base types are written as they are: "int". */
static const char *type_of(const struct guest_link *link, enum guest_type_kind *ret_kind)
{
	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		size_t length = strlen(prefixes[i].prefix);
		if (strncmp(link->name, prefixes[i].prefix, length) != 0)
			continue;
		*ret_kind = prefixes[i].kind;
		return link->name + length;
	}
	*ret_kind = GUEST_TYPE_INT;
	return link->name;
}

static answer answer_of(const struct guest_link *link)
{
	return link->kind < sizeof type_answers / sizeof type_answers[0] ? type_answers[link->kind] : NULL;
}

static status type_answer(struct resolver *resolver, const struct guest_link *link, uint64_t *ret_value)
{
	const struct guest_types *types = resolver->kernel->types;
	answer ask = answer_of(link);
	enum guest_type_kind kind;
	const char *name = type_of(link, &kind);
	uint32_t id;

	if (ask == NULL)
		return STATUS_MISSING;
	if (name[0] == '\0' && kind == GUEST_TYPE_ENUM)
		return anonymous_enum_answer(types, ask, link, ret_value);
	status found = guest_types_find(types, kind, name, 0, &id);
	if (found == STATUS_MISSING)
		resolver->deferred[resolver->deferred_count++] = (struct deferred){.link = link};
	TRY(found);
	return first_answer(types, ask, kind, name, link, ret_value);
}

/* A release is at most 64 bytes long: __NEW_UTS_LEN. The banner is the target's to
 * write: where it lies, layouts that are asked for, too, differ, or the answers are
 * as wrong as all else that such a target shows. */
static char release[65];

const char *guest_linkage_release(void)
{
	return release;
}

static void remember_release(const char *banner)
{
	static const char before[] = "Linux version ";
	size_t size = 0;

	if (strncmp(banner, before, sizeof before - 1) == 0) {
		banner += sizeof before - 1;
		size = strcspn(banner, " ");
	}
	if (size >= sizeof release)
		size = 0;
	memcpy(release, banner, size);
	release[size] = 0;
}

static status answer_link(struct resolver *resolver, const struct guest_link *link, uint64_t *ret_value)
{
	struct guest_va address;

	if (link->kind == GUEST_LINK_RELEASE) {
		*ret_value = strcmp(link->name, release) == 0;
		return STATUS_OK;
	}
	if (link->kind != GUEST_LINK_SYMBOL && link->kind != GUEST_LINK_SYMBOL_EXISTS)
		return type_answer(resolver, link, ret_value);
	TRY(guest_symbols_find(resolver->kernel->symbols, link->name, &address));
	*ret_value = link->kind == GUEST_LINK_SYMBOL ? address.value : 1;
	return STATUS_OK;
}

/* What is no answer, but the end of asking. All else that goes wrong on the way
 * (types in a circle) was reported and makes one answer missing, not the whole
 * object unusable. */
static bool ends_all(status s)
{
	return s == STATUS_TORN || s == STATUS_GONE || s == STATUS_NO_MEMORY || s == STATUS_IO;
}

static status check_budget(const struct resolver *resolver, const struct guest_link *link)
{
	if (resolver->visit_budget != 0)
		return STATUS_OK;
	return report(STATUS_LIMIT,
		      "the kernel's types have more members than any Linux: %u were looked at, the last ones for "
		      "\"%s %s\"; the BTF is forged, use a profile",
		      VISIT_BUDGET, link->name, link->path);
}

static uint64_t missing_value(const struct guest_link *link)
{
	return is_existence(link->kind) ? 0 : GUEST_LINK_POISON;
}

static status answer_all(struct resolver *resolver, const struct guest_link *links, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		uint64_t value = 0;
		status answered = answer_link(resolver, &links[i], &value);
		if (ends_all(answered))
			return answered;
		*links[i].slot = answered == STATUS_OK ? value : missing_value(&links[i]);
		TRY(check_budget(resolver, &links[i]));
	}
	return STATUS_OK;
}

static status ask_module(void *context, struct guest_types *types)
{
	struct resolver *resolver = context;

	guest_types_visits_limit(types, &resolver->visit_budget);
	for (size_t i = 0; i < resolver->deferred_count; i++) {
		struct deferred *deferred = &resolver->deferred[i];
		enum guest_type_kind kind;
		const char *name = type_of(deferred->link, &kind);
		uint64_t value = 0;
		uint32_t id;

		status answered = guest_types_find(types, kind, name, 0, &id);
		if (answered == STATUS_MISSING)
			continue;
		if (answered == STATUS_OK)
			answered = first_answer(types, answer_of(deferred->link), kind, name, deferred->link, &value);
		if (ends_all(answered))
			return answered;
		if (answered != STATUS_OK || (deferred->found && deferred->value != value))
			deferred->differs = true;
		deferred->found = true;
		deferred->value = value;
		TRY(check_budget(resolver, deferred->link));
	}
	return STATUS_OK;
}

static status ask_modules(struct resolver *resolver)
{
	if (resolver->deferred_count == 0)
		return STATUS_OK;
	TRY(guest_module_types_visit(resolver->kernel, ask_module, resolver));
	if (resolver->visit_budget == 0)
		return STATUS_LIMIT; /* reported */
	for (size_t i = 0; i < resolver->deferred_count; i++) {
		const struct deferred *deferred = &resolver->deferred[i];
		if (deferred->found && !deferred->differs)
			*deferred->link->slot = deferred->value;
	}
	return STATUS_OK;
}

static size_t count_unresolved(const struct guest_link *links, size_t count)
{
	size_t unresolved_count = 0;

	for (size_t i = 0; i < count; i++)
		unresolved_count += *links[i].slot == GUEST_LINK_POISON;
	return unresolved_count;
}

static void free_deferred(struct deferred **deferred)
{
	free(*deferred);
}

status guest_linkage_resolve(struct guest_kernel *kernel, const struct guest_link *links, size_t count,
			     size_t *ret_unresolved_count)
{
	__attribute__((cleanup(free_deferred))) struct deferred *deferred = calloc(count + 1, sizeof *deferred);
	struct resolver resolver = {.kernel = kernel, .deferred = deferred, .visit_budget = VISIT_BUDGET};

	if (deferred == NULL)
		return report(STATUS_NO_MEMORY, "no memory to ask for %zu links", count);
	remember_release(kernel->banner);
	if (kernel->types != NULL)
		guest_types_visits_limit(kernel->types, &resolver.visit_budget);
	status answered = answer_all(&resolver, links, count);
	if (answered == STATUS_OK)
		answered = ask_modules(&resolver);
	if (kernel->types != NULL)
		guest_types_visits_limit(kernel->types, NULL);
	guest_kernel_trim(kernel);
	if (answered == STATUS_OK && ret_unresolved_count != NULL)
		*ret_unresolved_count = count_unresolved(links, count);
	return answered;
}
