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

static enum guest_type_kind kind_of(const struct btf_head *head)
{
	return (enum guest_type_kind)btf_kind(head->info);
}

/* As guest_types_get(), without a copy of the name. */
static status head_get(const struct guest_types *types, uint32_t id, struct btf_head *ret_head)
{
	if (id >= types->type_count)
		return STATUS_END;
	if (id != 0)
		return btf_head_get(types, id, ret_head);
	*ret_head = (struct btf_head){.types = types};
	return STATUS_OK;
}

status guest_types_get(const struct guest_types *types, uint32_t id, struct guest_type *ret_type)
{
	struct btf_head head;

	TRY(head_get(types, id, &head));
	ret_type->name[0] = '\0';
	if (id != 0)
		TRY(btf_name_copy(types, head.name, ret_type->name));
	ret_type->kind = kind_of(&head);
	ret_type->kind_flag = head.info >> 31;
	ret_type->member_count = btf_member_count(head.info);
	ret_type->size_or_type = head.size_or_type;
	return STATUS_OK;
}

status guest_types_find(const struct guest_types *types, enum guest_type_kind kind, const char *name, uint32_t after,
			uint32_t *ret_id)
{
	uint32_t hash = name_hash(name), collision_count = 0, id;
	size_t length = strlen(name);
	struct btf_head head;
	bool is_it;

	for (uint32_t cursor = name_index_start(&types->names, hash);
	     name_index_next(&types->names, hash, &cursor, &id);) {
		TRY(head_get(types, id, &head));
		TRY(btf_name_is(types, head.name, name, length, &is_it));
		if (!is_it) {
			if (++collision_count == NAME_COLLISION_COUNT_MAX)
				return report(STATUS_LIMIT, "over %u types share the hash of \"%s\": made on purpose",
					      collision_count, name);
			continue;
		}
		enum guest_type_kind found = kind_of(&head);
		if (id <= after || (found != kind && !(kind == GUEST_TYPE_ENUM && found == GUEST_TYPE_ENUM64)))
			continue;
		*ret_id = id;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}

status guest_types_find_anonymous(const struct guest_types *types, const char *enumerator, uint32_t *cursor,
				  uint32_t *ret_id)
{
	uint32_t hash = name_hash(enumerator);

	if (*cursor == UINT32_MAX)
		*cursor = name_index_start(&types->enumerators, hash);
	return name_index_next(&types->enumerators, hash, cursor, ret_id) ? STATUS_OK : STATUS_MISSING;
}

uint32_t guest_types_id_at(const struct guest_types *types, size_t position)
{
	struct btf_head head;
	uint32_t id = 0;

	if (position < types->types_at || position - types->types_at >= types->types_size)
		return 0;
	for (uint32_t next = types->own_start; next < types->type_count; next++) {
		if (head_get(types, next, &head) != STATUS_OK)
			return 0;
		if (head.place - BTF_TYPE_SIZE > position - types->types_at)
			break;
		id = next;
	}
	return id;
}

static bool is_transparent(enum guest_type_kind kind)
{
	return kind == GUEST_TYPE_TYPEDEF || kind == GUEST_TYPE_VOLATILE || kind == GUEST_TYPE_CONST ||
	       kind == GUEST_TYPE_RESTRICT || kind == GUEST_TYPE_TYPE_TAG;
}

status guest_types_resolve(const struct guest_types *types, uint32_t id, uint32_t *ret_id)
{
	struct btf_head head;

	for (int i = 0; i < CHAIN_LENGTH_MAX; i++) {
		TRY(head_get(types, id, &head));
		if (!is_transparent(kind_of(&head))) {
			*ret_id = id;
			return STATUS_OK;
		}
		id = head.size_or_type;
	}
	return report(STATUS_LIMIT, "BTF type %u: over %u typedefs and qualifiers in a row", id, CHAIN_LENGTH_MAX);
}

/* An array's element type and count. */
static status array_get(const struct btf_head *head, uint32_t *ret_element, uint32_t *ret_count)
{
	uint8_t buffer[BTF_ARRAY_SIZE];
	const uint8_t *array;

	TRY(btf_bytes(head->types, head->place, sizeof buffer, buffer, &array));
	*ret_element = btf_u32(array);
	*ret_count = btf_u32(array + 8);
	return STATUS_OK;
}

status guest_types_size(const struct guest_types *types, uint32_t id, uint64_t *ret_size)
{
	uint64_t factor = 1;
	struct btf_head head;

	for (int i = 0; i < CHAIN_LENGTH_MAX; i++) {
		uint32_t count;
		TRY(guest_types_resolve(types, id, &id));
		TRY(head_get(types, id, &head));
		switch (kind_of(&head)) {
		case GUEST_TYPE_INT:
		case GUEST_TYPE_STRUCT:
		case GUEST_TYPE_UNION:
		case GUEST_TYPE_ENUM:
		case GUEST_TYPE_ENUM64:
		case GUEST_TYPE_FLOAT:
		case GUEST_TYPE_DATASEC: break;
		case GUEST_TYPE_POINTER: head.size_or_type = 8; break;
		case GUEST_TYPE_ARRAY:
			TRY(array_get(&head, &id, &count));
			if (!checked_multiply(factor, count, &factor))
				return report(STATUS_LIMIT, "BTF type %u: an array beyond 2^64 elements", id);
			continue;
		default: return STATUS_MISSING;
		}
		if (!checked_multiply(factor, head.size_or_type, ret_size))
			return report(STATUS_LIMIT, "BTF type %u: an array beyond 2^64 bytes", id);
		return STATUS_OK;
	}
	return report(STATUS_LIMIT, "BTF type %u: over %u arrays in arrays", id, CHAIN_LENGTH_MAX);
}

/* A member as it is written down. */
struct member {
	uint32_t name, type, bit_offset, bit_size;
};

/* Without kind_flag an old encoding marks bit-fields by their integer type
 * (btf.rst, BTF_KIND_INT): fewer bits than its size, or an offset in it. */
static status apply_integer_bits(const struct guest_types *types, struct member *member)
{
	struct btf_head head;
	uint8_t buffer[4];
	const uint8_t *info;

	TRY(head_get(types, member->type, &head));
	if (kind_of(&head) != GUEST_TYPE_INT)
		return STATUS_OK;
	TRY(btf_bytes(head.types, head.place, sizeof buffer, buffer, &info));
	uint32_t encoding = btf_u32(info);
	uint32_t bits = encoding & 0xff, offset = (encoding >> 16) & 0xff;
	if (offset == 0 && (bits == 0 || bits == 8 * (uint64_t)head.size_or_type))
		return STATUS_OK;
	member->bit_offset += offset;
	member->bit_size = bits;
	return STATUS_OK;
}

/* Member `index` of a struct or union, but for the old encoding's bits. */
static status member_get(const struct btf_head *head, uint32_t index, struct member *ret_member)
{
	uint8_t buffer[BTF_MEMBER_SIZE];
	const uint8_t *member;
	bool kind_flag = head->info >> 31;

	TRY(btf_bytes(head->types, head->place + BTF_MEMBER_SIZE * index, sizeof buffer, buffer, &member));
	uint32_t offset = btf_u32(member + 8);
	*ret_member = (struct member){
		.name = btf_u32(member),
		.type = btf_u32(member + 4),
		.bit_offset = kind_flag ? offset & 0xffffff : offset,
		.bit_size = kind_flag ? offset >> 24 : 0,
	};
	return STATUS_OK;
}

static status member_bits(const struct guest_types *types, const struct btf_head *head, struct member *member)
{
	return head->info >> 31 ? STATUS_OK : apply_integer_bits(types, member);
}

static bool is_composite(enum guest_type_kind kind)
{
	return kind == GUEST_TYPE_STRUCT || kind == GUEST_TYPE_UNION;
}

status guest_types_member(const struct guest_types *types, uint32_t id, uint32_t index, struct guest_member *ret_member)
{
	struct btf_head head;
	struct member member;

	TRY(head_get(types, id, &head));
	if (!is_composite(kind_of(&head)) || index >= btf_member_count(head.info))
		return STATUS_END;
	TRY(member_get(&head, index, &member));
	TRY(member_bits(types, &head, &member));
	TRY(btf_name_copy(types, member.name, ret_member->name));
	ret_member->type = member.type;
	ret_member->bit_offset = member.bit_offset;
	ret_member->bit_size = member.bit_size;
	return STATUS_OK;
}

/* One name of a path, not terminated. */
struct path_name {
	const char *start;
	size_t length;
};

/* An anonymous struct or union on the way down, and its next member. */
struct nesting {
	uint64_t bit_offset;
	struct btf_head head;
	uint32_t next;
};

static status enter(const struct guest_types *types, uint32_t id, uint64_t bit_offset, struct nesting *ret_nesting)
{
	struct btf_head head;

	TRY(guest_types_resolve(types, id, &id));
	TRY(head_get(types, id, &head));
	if (!is_composite(kind_of(&head)))
		return STATUS_MISSING;
	*ret_nesting = (struct nesting){.head = head, .bit_offset = bit_offset};
	return STATUS_OK;
}

/* Find a member by name, depth first through anonymous members. Adds to
 * field->bit_offset. */
static status find_member(const struct guest_types *types, struct path_name name, struct guest_field *field)
{
	struct nesting stack[NESTING_MAX];
	struct member member;
	uint32_t depth = 1, visit_count = 0;
	bool is_it, is_anonymous;

	TRY(enter(types, field->type, field->bit_offset, &stack[0]));
	while (depth > 0) {
		struct nesting *top = &stack[depth - 1];
		if (top->next == btf_member_count(top->head.info)) {
			depth--;
			continue;
		}
		if (++visit_count > VISIT_COUNT_MAX)
			return report(STATUS_LIMIT, "BTF type %u: over %u members to look at", field->type,
				      VISIT_COUNT_MAX);
		if (!spend_visit(types))
			return STATUS_LIMIT;
		TRY(member_get(&top->head, top->next++, &member));
		TRY(btf_name_is(types, member.name, name.start, name.length, &is_it));
		if (is_it) {
			TRY(member_bits(types, &top->head, &member));
			*field =
				(struct guest_field){member.type, top->bit_offset + member.bit_offset, member.bit_size};
			return STATUS_OK;
		}
		TRY(btf_name_is_empty(types, member.name, &is_anonymous));
		if (!is_anonymous)
			continue;
		if (depth == NESTING_MAX)
			return report(STATUS_LIMIT, "BTF type %u: over %u anonymous types in each other", field->type,
				      NESTING_MAX);
		status entered = enter(types, member.type, top->bit_offset + member.bit_offset, &stack[depth]);
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
	struct btf_head head;
	uint32_t id, count;
	uint64_t size = 0, bytes = 0, bits = 0;

	TRY(guest_types_resolve(types, field->type, &id));
	TRY(head_get(types, id, &head));
	if (kind_of(&head) == GUEST_TYPE_ARRAY) {
		TRY(array_get(&head, &field->type, &count));
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
	uint8_t buffer[BTF_ENUM64_SIZE];
	size_t length = strlen(name);
	struct btf_head head;
	const uint8_t *value;
	bool is_it;

	TRY(guest_types_resolve(types, id, &id));
	TRY(head_get(types, id, &head));
	bool wide = kind_of(&head) == GUEST_TYPE_ENUM64;
	if (!wide && kind_of(&head) != GUEST_TYPE_ENUM)
		return STATUS_MISSING;
	uint32_t size = wide ? BTF_ENUM64_SIZE : BTF_ENUM_SIZE;
	for (uint32_t i = 0; i < btf_member_count(head.info); i++) {
		if (!spend_visit(types))
			return STATUS_LIMIT;
		TRY(btf_bytes(head.types, head.place + i * size, size, buffer, &value));
		uint32_t low = btf_u32(value + 4), high = wide ? btf_u32(value + 8) : 0;
		TRY(btf_name_is(types, btf_u32(value), name, length, &is_it));
		if (!is_it)
			continue;
		if (wide)
			*ret_value = (uint64_t)high << 32 | low;
		else /* kind_flag: signed */
			*ret_value = head.info >> 31 ? (uint64_t)(int64_t)(int32_t)low : low;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}
