// SPDX-License-Identifier: GPL-2.0-or-later
/* Looking up types, members and enumerators in BTF that btf.c has checked. */
#include "guest/kernel/btf.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/kernel/btf-format.h"

enum {
	/* Typedefs, qualifiers, arrays in a row: C code has up to about ten. */
	CHAIN_LENGTH_MAX = 64,
	/* Anonymous structs in anonymous structs: the kernel has up to five. */
	NESTING_MAX = 16,
	/* Members looked at for one step of a path: task_struct has 250. */
	VISIT_COUNT_MAX = 1 << 16,
	/* Steps of a path. */
	PATH_STEPS_MAX = 64,
};

void guest_types_visits_limit(struct guest_types *types, uint64_t *budget)
{
	types->visit_budget = budget;
}

static bool spend_visit(const struct guest_types *types)
{
	if (types->visit_budget == NULL)
		return true;
	if (*types->visit_budget == 0)
		return false;
	(*types->visit_budget)--;
	return true;
}

status guest_types_get(const struct guest_types *types, uint32_t id, struct guest_type *ret_type)
{
	if (id >= types->type_count)
		return STATUS_END;
	if (id == 0) {
		*ret_type = (struct guest_type){.kind = GUEST_TYPE_VOID, .name = ""};
		return STATUS_OK;
	}
	const uint8_t *type = btf_type(types, id);
	uint32_t info = btf_u32(type + BTF_INFO_AT);
	*ret_type = (struct guest_type){
		.kind = (enum guest_type_kind)btf_kind(info),
		.kind_flag = info >> 31,
		.member_count = btf_member_count(info),
		.size_or_type = btf_u32(type + BTF_SIZE_AT),
		.name = btf_string(types, btf_u32(type + BTF_NAME_AT)),
	};
	return STATUS_OK;
}

status guest_types_find(const struct guest_types *types, enum guest_type_kind kind, const char *name, uint32_t after,
			uint32_t *ret_id)
{
	uint32_t hash = name_hash(name), collision_count = 0, id;
	struct guest_type type;

	for (uint32_t cursor = name_index_start(&types->names, hash);
	     name_index_next(&types->names, hash, &cursor, &id);) {
		TRY(guest_types_get(types, id, &type));
		if (strcmp(type.name, name) != 0) {
			if (++collision_count == NAME_COLLISION_COUNT_MAX)
				return report(STATUS_LIMIT, "over %u types share the hash of \"%s\": made on purpose",
					      collision_count, name);
			continue;
		}
		if (id <= after || (type.kind != kind && !(kind == GUEST_TYPE_ENUM && type.kind == GUEST_TYPE_ENUM64)))
			continue;
		*ret_id = id;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}

uint32_t guest_types_id_at(const struct guest_types *types, size_t position)
{
	size_t start = (size_t)(types->types - types->data);
	uint32_t id = types->type_count - 1;

	if (position < start || position - start >= types->types_size)
		return 0;
	while (id > types->first_id && types->offset[id - types->first_id] > position - start)
		id--;
	return id;
}

static bool is_transparent(enum guest_type_kind kind)
{
	return kind == GUEST_TYPE_TYPEDEF || kind == GUEST_TYPE_VOLATILE || kind == GUEST_TYPE_CONST ||
	       kind == GUEST_TYPE_RESTRICT || kind == GUEST_TYPE_TYPE_TAG;
}

status guest_types_resolve(const struct guest_types *types, uint32_t id, uint32_t *ret_id)
{
	struct guest_type type;

	for (int i = 0; i < CHAIN_LENGTH_MAX; i++) {
		TRY(guest_types_get(types, id, &type));
		if (!is_transparent(type.kind)) {
			*ret_id = id;
			return STATUS_OK;
		}
		id = type.size_or_type;
	}
	return report(STATUS_LIMIT, "BTF type %u: over %u typedefs and qualifiers in a row", id, CHAIN_LENGTH_MAX);
}

/* An array's element type and count; `id` must be an array. */
static void array_get(const struct guest_types *types, uint32_t id, uint32_t *ret_element, uint32_t *ret_count)
{
	const uint8_t *array = btf_type(types, id) + BTF_TYPE_SIZE;

	*ret_element = btf_u32(array);
	*ret_count = btf_u32(array + 8);
}

status guest_types_size(const struct guest_types *types, uint32_t id, uint64_t *ret_size)
{
	uint64_t factor = 1;
	struct guest_type type;

	for (int i = 0; i < CHAIN_LENGTH_MAX; i++) {
		uint32_t count;
		TRY(guest_types_resolve(types, id, &id));
		TRY(guest_types_get(types, id, &type));
		switch (type.kind) {
		case GUEST_TYPE_INT:
		case GUEST_TYPE_STRUCT:
		case GUEST_TYPE_UNION:
		case GUEST_TYPE_ENUM:
		case GUEST_TYPE_ENUM64:
		case GUEST_TYPE_FLOAT:
		case GUEST_TYPE_DATASEC: break;
		case GUEST_TYPE_POINTER: type.size_or_type = 8; break;
		case GUEST_TYPE_ARRAY:
			array_get(types, id, &id, &count);
			if (!checked_multiply(factor, count, &factor))
				return report(STATUS_LIMIT, "BTF type %u: an array beyond 2^64 elements", id);
			continue;
		default: return STATUS_MISSING;
		}
		if (!checked_multiply(factor, type.size_or_type, ret_size))
			return report(STATUS_LIMIT, "BTF type %u: an array beyond 2^64 bytes", id);
		return STATUS_OK;
	}
	return report(STATUS_LIMIT, "BTF type %u: over %u arrays in arrays", id, CHAIN_LENGTH_MAX);
}

/* Without kind_flag an old encoding marks bit-fields by their integer type
 * (btf.rst, BTF_KIND_INT): fewer bits than its size, or an offset in it. */
static void apply_integer_bits(const struct guest_types *types, struct guest_member *member)
{
	uint32_t id;
	struct guest_type type;

	if (guest_types_get(types, member->type, &type) != STATUS_OK || type.kind != GUEST_TYPE_INT)
		return;
	id = member->type;
	uint32_t encoding = btf_u32(btf_type(types, id) + BTF_TYPE_SIZE);
	uint32_t bits = encoding & 0xff, offset = (encoding >> 16) & 0xff;
	if (offset == 0 && (bits == 0 || bits == 8 * (uint64_t)type.size_or_type))
		return;
	member->bit_offset += offset;
	member->bit_size = bits;
}

/* As guest_types_member(), of a type already looked up. */
static void member_get(const struct guest_types *types, uint32_t id, const struct guest_type *type, uint32_t index,
		       struct guest_member *ret_member)
{
	const uint8_t *member = btf_type(types, id) + BTF_TYPE_SIZE + (size_t)BTF_MEMBER_SIZE * index;
	uint32_t offset = btf_u32(member + 8);

	*ret_member = (struct guest_member){
		.name = btf_string(types, btf_u32(member)),
		.type = btf_u32(member + 4),
		.bit_offset = type->kind_flag ? offset & 0xffffff : offset,
		.bit_size = type->kind_flag ? offset >> 24 : 0,
	};
	if (!type->kind_flag)
		apply_integer_bits(types, ret_member);
}

static bool is_composite(enum guest_type_kind kind)
{
	return kind == GUEST_TYPE_STRUCT || kind == GUEST_TYPE_UNION;
}

status guest_types_member(const struct guest_types *types, uint32_t id, uint32_t index, struct guest_member *ret_member)
{
	struct guest_type type;

	TRY(guest_types_get(types, id, &type));
	if (!is_composite(type.kind) || index >= type.member_count)
		return STATUS_END;
	member_get(types, id, &type, index, ret_member);
	return STATUS_OK;
}

/* One name of a path, not terminated. */
struct path_name {
	const char *start;
	size_t length;
};

static bool name_is(const char *name, struct path_name wanted)
{
	return strncmp(name, wanted.start, wanted.length) == 0 && name[wanted.length] == '\0';
}

/* An anonymous struct or union on the way down, and its next member. */
struct nesting {
	uint64_t bit_offset;
	struct guest_type type;
	uint32_t id;
	uint32_t next;
};

static status enter(const struct guest_types *types, uint32_t id, uint64_t bit_offset, struct nesting *ret_nesting)
{
	struct guest_type type;

	TRY(guest_types_resolve(types, id, &id));
	TRY(guest_types_get(types, id, &type));
	if (!is_composite(type.kind))
		return STATUS_MISSING;
	*ret_nesting = (struct nesting){.id = id, .type = type, .bit_offset = bit_offset};
	return STATUS_OK;
}

/* Find a member by name, depth first through anonymous members. Adds to
 * field->bit_offset. */
static status find_member(const struct guest_types *types, struct path_name name, struct guest_field *field)
{
	struct nesting stack[NESTING_MAX];
	struct guest_member member;
	uint32_t depth = 1, visit_count = 0;

	TRY(enter(types, field->type, field->bit_offset, &stack[0]));
	while (depth > 0) {
		struct nesting *top = &stack[depth - 1];
		if (top->next == top->type.member_count) {
			depth--;
			continue;
		}
		if (++visit_count > VISIT_COUNT_MAX)
			return report(STATUS_LIMIT, "BTF type %u: over %u members to look at", field->type,
				      VISIT_COUNT_MAX);
		if (!spend_visit(types))
			return STATUS_LIMIT;
		member_get(types, top->id, &top->type, top->next++, &member);
		uint64_t bit_offset = top->bit_offset + member.bit_offset;
		if (name_is(member.name, name)) {
			*field = (struct guest_field){member.type, bit_offset, member.bit_size};
			return STATUS_OK;
		}
		if (member.name[0] != '\0')
			continue;
		if (depth == NESTING_MAX)
			return report(STATUS_LIMIT, "BTF type %u: over %u anonymous types in each other", field->type,
				      NESTING_MAX);
		status entered = enter(types, member.type, bit_offset, &stack[depth]);
		if (entered == STATUS_OK)
			depth++;
		else if (entered != STATUS_MISSING) /* a bit-field without a name is only padding */
			return entered;
	}
	return STATUS_MISSING;
}

/* "[n]", of an array, or at the start of a path of the root itself. */
static status find_element(const struct guest_types *types, uint64_t index, bool at_start, struct guest_field *field)
{
	struct guest_type type;
	uint32_t id, count;
	uint64_t size = 0, bytes = 0, bits = 0;

	TRY(guest_types_resolve(types, field->type, &id));
	TRY(guest_types_get(types, id, &type));
	if (type.kind == GUEST_TYPE_ARRAY) {
		array_get(types, id, &field->type, &count);
		if (count != 0 && index >= count) /* 0: a flexible array */
			return STATUS_MISSING;
	} else if (!at_start) {
		return STATUS_MISSING;
	}
	TRY(guest_types_size(types, field->type, &size));
	if (!checked_multiply(index, size, &bytes) || !checked_multiply(bytes, 8, &bits) ||
	    !checked_add(field->bit_offset, bits, &field->bit_offset))
		return report(STATUS_LIMIT, "element %llu lies beyond 2^61 bytes", (unsigned long long)index);
	return STATUS_OK;
}

/* "[123]": true with the number, and `path` after it. */
static bool parse_index(const char **path, uint64_t *ret_index)
{
	const char *p = *path + 1;
	uint64_t index = 0;

	if (*p < '0' || *p > '9')
		return false;
	for (; *p >= '0' && *p <= '9'; p++) {
		if (index > UINT32_MAX)
			return false;
		index = index * 10 + (uint64_t)(*p - '0');
	}
	if (*p != ']')
		return false;
	*path = p + 1;
	*ret_index = index;
	return true;
}

status guest_types_field(const struct guest_types *types, uint32_t root, const char *path,
			 struct guest_field *ret_field)
{
	struct guest_field field = {.type = root};
	const char *p = path;

	for (int step = 0; *p != '\0'; step++) {
		uint64_t index = 0;
		if (step == PATH_STEPS_MAX)
			return report(STATUS_LIMIT, "\"%s\" has over %u steps", path, PATH_STEPS_MAX);
		if (*p == '[') {
			if (!parse_index(&p, &index))
				return report(STATUS_USAGE, "\"%s\" isn't a path: no number in brackets", path);
			TRY(find_element(types, index, step == 0, &field));
			continue;
		}
		p += *p == '.' && step != 0;
		struct path_name name = {p, strcspn(p, ".[")};
		if (name.length == 0)
			return report(STATUS_USAGE, "\"%s\" isn't a path: an empty name", path);
		TRY(find_member(types, name, &field));
		p += name.length;
	}
	*ret_field = field;
	return STATUS_OK;
}

status guest_types_enumerator(const struct guest_types *types, uint32_t id, const char *name, uint64_t *ret_value)
{
	struct guest_type type;

	TRY(guest_types_resolve(types, id, &id));
	TRY(guest_types_get(types, id, &type));
	bool wide = type.kind == GUEST_TYPE_ENUM64;
	if (!wide && type.kind != GUEST_TYPE_ENUM)
		return STATUS_MISSING;
	const uint8_t *value = btf_type(types, id) + BTF_TYPE_SIZE;
	for (uint32_t i = 0; i < type.member_count; i++, value += wide ? BTF_ENUM64_SIZE : BTF_ENUM_SIZE) {
		if (!spend_visit(types))
			return STATUS_LIMIT;
		if (strcmp(btf_string(types, btf_u32(value)), name) != 0)
			continue;
		uint32_t low = btf_u32(value + 4);
		if (wide)
			*ret_value = (uint64_t)btf_u32(value + 8) << 32 | low;
		else /* kind_flag: signed */
			*ret_value = type.kind_flag ? (uint64_t)(int64_t)(int32_t)low : low;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}
