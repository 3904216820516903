// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/btf-encoder.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/linkage.h"

/* Kinds by their numbers in include/uapi/linux/btf.h. */
enum {
	INT = 1,
	PTR,
	ARRAY,
	STRUCT,
	UNION,
	ENUM,
	FWD,
	TYPEDEF,
	VOLATILE,
	CONST,
	RESTRICT,
	FUNC,
	FUNC_PROTO,
	VAR,
	DATASEC,
	FLOAT,
	DECL_TAG,
	TYPE_TAG,
	ENUM64,
	FUTURE = 20,
};

static struct btf_encoder encoder;
static char last_message[1024];

static void remember(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

static uint32_t put_int(const char *name, uint32_t size)
{
	uint32_t id = btf_encoder_type(&encoder, INT, false, 0, name, size);

	btf_encoder_word(&encoder, size * 8);
	return id;
}

static uint32_t put_array(uint32_t element, uint32_t index, uint32_t count)
{
	uint32_t id = btf_encoder_type(&encoder, ARRAY, false, 0, "", 0);

	btf_encoder_word(&encoder, element);
	btf_encoder_word(&encoder, index);
	btf_encoder_word(&encoder, count);
	return id;
}

static struct guest_types *finish(void)
{
	struct guest_types *types;
	size_t size;
	uint8_t *bytes = btf_encoder_finish(&encoder, NULL, 0, &size);

	last_message[0] = '\0';
	assert_int_equal(guest_types_create(bytes, size, &types), STATUS_OK);
	return types;
}

static uint32_t int_id, char_id, long_id;

/*
 * struct inner { int a; int b[3]; };
 * struct outer { char c; union { int u; struct { int x; const inner_t y; }; };
 *		  int f1 : 3, f2 : 5; struct inner list[2]; long tail[]; };
 */
static struct guest_types *make_structs(void)
{
	btf_encoder_init(&encoder);
	int_id = put_int("int", 4);
	char_id = put_int("char", 1);
	long_id = put_int("long", 8);
	uint32_t three = put_array(int_id, int_id, 3);
	uint32_t inner = btf_encoder_type(&encoder, STRUCT, false, 2, "inner", 16);
	btf_encoder_member(&encoder, "a", int_id, 0);
	btf_encoder_member(&encoder, "b", three, 32);
	uint32_t inner_t = btf_encoder_type(&encoder, TYPEDEF, false, 0, "inner_t", inner);
	uint32_t constant = btf_encoder_type(&encoder, CONST, false, 0, "", inner_t);
	uint32_t anonymous_struct = btf_encoder_type(&encoder, STRUCT, false, 2, "", 20);
	btf_encoder_member(&encoder, "x", int_id, 0);
	btf_encoder_member(&encoder, "y", constant, 32);
	uint32_t anonymous_union = btf_encoder_type(&encoder, UNION, false, 2, "", 20);
	btf_encoder_member(&encoder, "u", int_id, 0);
	btf_encoder_member(&encoder, "", anonymous_struct, 0);
	uint32_t two = put_array(inner, int_id, 2);
	uint32_t flexible = put_array(long_id, int_id, 0);
	btf_encoder_type(&encoder, STRUCT, true, 6, "outer", 64);
	btf_encoder_member(&encoder, "c", char_id, 0);
	btf_encoder_member(&encoder, "", anonymous_union, 32);
	btf_encoder_member(&encoder, "f1", int_id, 3 << 24 | 192);
	btf_encoder_member(&encoder, "f2", int_id, 5 << 24 | 195);
	btf_encoder_member(&encoder, "list", two, 224);
	btf_encoder_member(&encoder, "tail", flexible, 512);
	return finish();
}

static void expect_field(const struct guest_types *types, const char *path, uint64_t bit_offset, uint32_t bit_size)
{
	struct guest_field field;
	uint32_t outer;

	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "outer", 0, &outer), STATUS_OK);
	assert_int_equal(guest_types_field(types, outer, path, &field), STATUS_OK);
	assert_int_equal(field.bit_offset, bit_offset);
	assert_int_equal(field.bit_size, bit_size);
}

static void expect_no_field(const struct guest_types *types, const char *path, status expected)
{
	struct guest_field field = {.type = 77};
	uint32_t outer;

	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "outer", 0, &outer), STATUS_OK);
	assert_int_equal(guest_types_field(types, outer, path, &field), expected);
	assert_int_equal(field.type, 77);
}

static void paths_lead_through_anonymous_members_arrays_and_typedefs(void **state)
{
	struct guest_types *types = make_structs();

	(void)state;
	expect_field(types, "c", 0, 0);
	expect_field(types, "u", 32, 0);
	expect_field(types, "x", 32, 0);
	expect_field(types, "y", 64, 0);
	expect_field(types, "y.b", 96, 0);
	expect_field(types, "y.b[2]", 160, 0);
	expect_field(types, "f1", 192, 3);
	expect_field(types, "f2", 195, 5);
	expect_field(types, "list[1].b[1]", 224 + 128 + 64, 0);
	expect_field(types, "tail[100]", 512 + 6400, 0);
	expect_field(types, "", 0, 0);
	expect_field(types, "[2].f1", 2 * 512 + 192, 3);
	expect_no_field(types, "nothing", STATUS_MISSING);
	expect_no_field(types, "c.d", STATUS_MISSING);
	expect_no_field(types, "list[2]", STATUS_MISSING);
	expect_no_field(types, "c[0]", STATUS_MISSING);
	expect_no_field(types, "list[", STATUS_USAGE);
	expect_no_field(types, "list[x]", STATUS_USAGE);
	expect_no_field(types, "y..b", STATUS_USAGE);
	guest_types_destroy(types);
}

static void types_of_one_name_are_found_one_after_the_other(void **state)
{
	uint32_t first, second, id;

	(void)state;
	btf_encoder_init(&encoder);
	int_id = put_int("int", 4);
	first = btf_encoder_type(&encoder, STRUCT, false, 0, "twin", 4);
	btf_encoder_type(&encoder, UNION, false, 0, "twin", 8);
	btf_encoder_type(&encoder, FWD, false, 0, "twin", 0);
	second = btf_encoder_type(&encoder, STRUCT, false, 0, "twin", 16);
	uint32_t wide = btf_encoder_type(&encoder, ENUM64, false, 0, "wide", 8);
	struct guest_types *types = finish();
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "twin", 0, &id), STATUS_OK);
	assert_int_equal(id, first);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "twin", id, &id), STATUS_OK);
	assert_int_equal(id, second);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "twin", id, &id), STATUS_MISSING);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_ENUM, "wide", 0, &id), STATUS_OK);
	assert_int_equal(id, wide);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_TYPEDEF, "int", 0, &id), STATUS_MISSING);
	guest_types_destroy(types);
}

static void enumerators_keep_their_sign_and_their_64_bits(void **state)
{
	uint64_t value;

	(void)state;
	btf_encoder_init(&encoder);
	uint32_t plain = btf_encoder_type(&encoder, ENUM, false, 1, "plain", 4);
	btf_encoder_word(&encoder, btf_encoder_string(&encoder, "P"));
	btf_encoder_word(&encoder, 0xfffffff0);
	uint32_t with_sign = btf_encoder_type(&encoder, ENUM, true, 2, "", 4);
	btf_encoder_word(&encoder, btf_encoder_string(&encoder, "Z"));
	btf_encoder_word(&encoder, 0);
	btf_encoder_word(&encoder, btf_encoder_string(&encoder, "N"));
	btf_encoder_word(&encoder, 0xfffffff0);
	uint32_t wide = btf_encoder_type(&encoder, ENUM64, false, 1, "wide", 8);
	btf_encoder_word(&encoder, btf_encoder_string(&encoder, "W"));
	btf_encoder_word(&encoder, 0x89abcdef);
	btf_encoder_word(&encoder, 0x01234567);
	struct guest_types *types = finish();
	assert_int_equal(guest_types_enumerator(types, plain, "P", &value), STATUS_OK);
	assert_int_equal(value, 0xfffffff0);
	assert_int_equal(guest_types_enumerator(types, with_sign, "N", &value), STATUS_OK);
	assert_int_equal(value, (uint64_t)-16);
	assert_int_equal(guest_types_enumerator(types, wide, "W", &value), STATUS_OK);
	assert_int_equal(value, 0x0123456789abcdef);
	assert_int_equal(guest_types_enumerator(types, wide, "P", &value), STATUS_MISSING);
	guest_types_destroy(types);
}

static void types_in_a_circle_end_with_an_error(void **state)
{
	uint64_t size;
	uint32_t id;
	struct guest_field field;

	(void)state;
	btf_encoder_init(&encoder);
	btf_encoder_type(&encoder, TYPEDEF, false, 0, "a", 2);
	btf_encoder_type(&encoder, CONST, false, 0, "", 1);
	put_array(3, 3, 1);
	btf_encoder_type(&encoder, STRUCT, false, 1, "s", 4);
	btf_encoder_member(&encoder, "", 4, 0);
	struct guest_types *types = finish();
	assert_int_equal(guest_types_resolve(types, 1, &id), STATUS_LIMIT);
	assert_int_equal(guest_types_size(types, 1, &size), STATUS_LIMIT);
	assert_int_equal(guest_types_size(types, 3, &size), STATUS_LIMIT);
	assert_int_equal(guest_types_field(types, 4, "x", &field), STATUS_LIMIT);
	guest_types_destroy(types);
}

static void members_that_multiply_are_bounded(void **state)
{
	struct guest_field field;

	(void)state;
	btf_encoder_init(&encoder);
	put_int("int", 4);
	/* Each of ten structs holds the next one 30 times: 30^10 members. */
	for (uint32_t i = 0; i < 10; i++) {
		uint32_t id = btf_encoder_type(&encoder, STRUCT, false, 30, "", 4);
		for (int j = 0; j < 30; j++)
			btf_encoder_member(&encoder, "", i < 9 ? id + 1 : 1, 0);
	}
	struct guest_types *types = finish();
	assert_int_equal(guest_types_field(types, 2, "x", &field), STATUS_LIMIT);
	guest_types_destroy(types);
}

static void arrays_beyond_64_bits_have_no_size(void **state)
{
	uint64_t size;

	(void)state;
	btf_encoder_init(&encoder);
	uint32_t id = put_int("int", 4);
	for (int i = 0; i < 3; i++)
		id = put_array(id, 1, 0xffffffff);
	struct guest_types *types = finish();
	assert_int_equal(guest_types_size(types, 2, &size), STATUS_OK);
	assert_int_equal(size, 4 * 0xffffffffull);
	assert_int_equal(guest_types_size(types, id, &size), STATUS_LIMIT);
	guest_types_destroy(types);
}

static void every_kind_is_walked_over(void **state)
{
	struct guest_type type;
	uint32_t id;

	(void)state;
	btf_encoder_init(&encoder);
	put_int("int", 4);
	btf_encoder_type(&encoder, PTR, false, 0, "", 1);
	btf_encoder_type(&encoder, FWD, true, 0, "forward", 0);
	btf_encoder_type(&encoder, VOLATILE, false, 0, "", 1);
	btf_encoder_type(&encoder, RESTRICT, false, 0, "", 2);
	btf_encoder_type(&encoder, FUNC_PROTO, false, 2, "", 1);
	btf_encoder_word(&encoder, btf_encoder_string(&encoder, "p"));
	btf_encoder_word(&encoder, 1);
	btf_encoder_word(&encoder, 0);
	btf_encoder_word(&encoder, 0);
	btf_encoder_type(&encoder, FUNC, false, 1, "f", 6);
	btf_encoder_type(&encoder, VAR, false, 0, "v", 1);
	btf_encoder_word(&encoder, 1);
	btf_encoder_type(&encoder, DATASEC, false, 1, ".data", 4);
	btf_encoder_member(&encoder, "", 0, 4); /* type 0, offset 4… */
	btf_encoder_type(&encoder, FLOAT, false, 0, "double", 8);
	btf_encoder_type(&encoder, DECL_TAG, false, 0, "tag", 7);
	btf_encoder_word(&encoder, 0xffffffff);
	btf_encoder_type(&encoder, TYPE_TAG, false, 0, "rcu", 1);
	btf_encoder_type(&encoder, STRUCT, false, 0, "last", 4);
	struct guest_types *types = finish();
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "last", 0, &id), STATUS_OK);
	assert_int_equal(id, 13);
	assert_int_equal(guest_types_count(types), 14);
	assert_int_equal(guest_types_get(types, 12, &type), STATUS_OK);
	assert_int_equal(type.kind, GUEST_TYPE_TYPE_TAG);
	assert_int_equal(guest_types_get(types, 14, &type), STATUS_END);
	guest_types_destroy(types);
}

static void a_kind_from_the_future_is_skipped_where_btf_says_how(void **state)
{
	uint8_t layout[4 * 21] = {};
	struct guest_types *types;
	size_t size;
	uint32_t id;
	static const uint8_t known[20][2] = {
		[INT] = {4, 0},	       [ARRAY] = {12, 0}, [STRUCT] = {0, 12},  [UNION] = {0, 12},   [ENUM] = {0, 8},
		[FUNC_PROTO] = {0, 8}, [VAR] = {4, 0},	  [DATASEC] = {0, 12}, [DECL_TAG] = {4, 0}, [ENUM64] = {0, 12},
	};

	(void)state;
	for (int kind = 0; kind < 20; kind++)
		memcpy(layout + 4 * kind, known[kind], 2);
	layout[4 * FUTURE] = 8;
	layout[4 * FUTURE + 1] = 4;
	btf_encoder_init(&encoder);
	btf_encoder_type(&encoder, FUTURE, false, 3, "", 0xffffffff);
	for (uint32_t i = 0; i < 2 + 3; i++)
		btf_encoder_word(&encoder, 0xffffffff);
	btf_encoder_type(&encoder, STRUCT, false, 0, "after", 4);
	uint8_t *bytes = btf_encoder_finish(&encoder, NULL, 0, &size);
	assert_int_equal(guest_types_create(bytes, size, &types), STATUS_UNSUPPORTED);
	bytes = btf_encoder_finish(&encoder, layout, sizeof layout, &size);
	assert_int_equal(guest_types_create(bytes, size, &types), STATUS_OK);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "after", 0, &id), STATUS_OK);
	assert_int_equal(id, 2);
	guest_types_destroy(types);
}

/* BTF with one word changed, in memory of exact size. */
static void expect_refused(size_t at, uint32_t word, const char *what)
{
	struct guest_types *types = NULL;
	size_t size;
	uint8_t *bytes;

	guest_types_destroy(make_structs());
	bytes = btf_encoder_finish(&encoder, NULL, 0, &size);
	memcpy(bytes + at, &word, sizeof word);
	assert_int_not_equal(guest_types_create(bytes, size, &types), STATUS_OK);
	assert_null(types);
	assert_non_null(strstr(last_message, what));
}

static void what_lies_out_of_bounds_is_refused(void **state)
{
	enum { HEADER = 24, ARRAY_AT = HEADER + 3 * 16, STRUCT_AT = ARRAY_AT + 24 };

	(void)state;
	expect_refused(0, 0x0001eb9e, "no BTF");
	expect_refused(0, 0x0002eb9f, "version");
	expect_refused(4, 0xfffffff0, "lie beyond");
	expect_refused(8, 0xfffffff0, "lie beyond");
	expect_refused(12, 0x7fffffff, "lie beyond");
	expect_refused(12, 20, "ends inside type");
	expect_refused(20, 0x7fffffff, "lie beyond");
	expect_refused(20, 0, "NUL");
	expect_refused(HEADER, 0x00ffffff, "out of bounds");
	expect_refused(HEADER + 4, 0x7f000000, "nobody described");
	expect_refused(ARRAY_AT + 12, 1000, "out of bounds");
	expect_refused(ARRAY_AT + 16, 1000, "out of bounds");
	expect_refused(STRUCT_AT + 4, 0x04ffffff, "runs beyond");
	expect_refused(STRUCT_AT + 12, 0x00ffffff, "out of bounds");
	expect_refused(STRUCT_AT + 16, 1000, "out of bounds");
}

static void btf_cut_short_anywhere_is_refused(void **state)
{
	struct guest_types *types;
	size_t size;

	(void)state;
	guest_types_destroy(make_structs());
	free(btf_encoder_finish(&encoder, NULL, 0, &size));
	for (size_t cut = 0; cut < size; cut++) {
		uint8_t *whole = btf_encoder_finish(&encoder, NULL, 0, &size);
		uint8_t *bytes = malloc(cut + 1);
		assert_non_null(bytes);
		memcpy(bytes, whole, cut);
		free(whole);
		assert_int_not_equal(guest_types_create(realloc(bytes, cut != 0 ? cut : 1), cut, &types), STATUS_OK);
	}
}

/* ------------------------------------------------------------------ split */

/* A module's struct with a member of its own struct, one of the kernel's, and
 * one whose name is the kernel's:
 * struct own { int count; }; struct driver { struct own mine; struct inner theirs; struct own y; }; */
static struct btf_encoder module;

static struct guest_types *make_module(struct guest_types *base, status expected)
{
	struct guest_types *types = NULL;
	size_t size;
	uint8_t *bytes = btf_encoder_finish(&module, NULL, 0, &size);

	assert_int_equal(guest_types_create_split(base, bytes, size, &types), expected);
	return types;
}

static uint32_t put_own(uint32_t type)
{
	uint32_t id;

	btf_encoder_init_split(&module, &encoder);
	id = btf_encoder_type(&module, STRUCT, false, 1, "own", 4);
	btf_encoder_member(&module, "count", type, 0);
	return id;
}

static void a_module_s_types_go_on_where_the_kernel_s_end(void **state)
{
	struct guest_types *base = make_structs(), *types;
	uint32_t inner, own, driver, found, base_count = guest_types_count(base);
	struct guest_field field;
	struct guest_member member;
	uint64_t size;

	(void)state;
	assert_int_equal(guest_types_find(base, GUEST_TYPE_STRUCT, "inner", 0, &inner), STATUS_OK);
	own = put_own(int_id);
	assert_int_equal(own, base_count);
	driver = btf_encoder_type(&module, STRUCT, false, 3, "driver", 24);
	btf_encoder_member(&module, "mine", own, 0);
	btf_encoder_member(&module, "theirs", inner, 32);
	btf_encoder_word(&module, 1); /* the base's first string */
	btf_encoder_word(&module, own);
	btf_encoder_word(&module, 160);
	types = make_module(base, STATUS_OK);
	assert_int_equal(guest_types_count(types), base_count + 2);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "driver", 0, &found), STATUS_OK);
	assert_int_equal(found, driver);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "inner", 0, &found), STATUS_MISSING);
	assert_int_equal(guest_types_find(base, GUEST_TYPE_STRUCT, "driver", 0, &found), STATUS_MISSING);
	assert_int_equal(guest_types_field(types, driver, "theirs.b[1]", &field), STATUS_OK);
	assert_int_equal(field.bit_offset, 32 + 64);
	assert_int_equal(guest_types_field(types, driver, "mine.count", &field), STATUS_OK);
	assert_int_equal(field.type, int_id);
	assert_int_equal(guest_types_size(types, field.type, &size), STATUS_OK);
	assert_int_equal(size, 4);
	assert_int_equal(guest_types_member(types, driver, 2, &member), STATUS_OK);
	assert_string_equal(member.name, encoder.strings + 1);
	guest_types_destroy(types);
	guest_types_destroy(base);
}

static void a_module_that_points_beyond_its_own_end_is_refused(void **state)
{
	struct guest_types *base = make_structs();

	(void)state;
	put_own(guest_types_count(base) + 1); /* one beyond its only type */
	make_module(base, STATUS_MALFORMED);
	put_own(int_id);
	module.words[3] = module.strings_start + module.strings_size; /* the member's name */
	make_module(base, STATUS_MALFORMED);
	module.words[3] = module.strings_start + module.strings_size - 1;
	guest_types_destroy(make_module(base, STATUS_OK));
	module.strings[module.strings_size - 1] = 'x';
	make_module(base, STATUS_MALFORMED);
	guest_types_destroy(base);
}

static void a_module_may_have_no_strings_of_its_own(void **state)
{
	struct guest_types *base = make_structs(), *types;
	uint32_t found;

	(void)state;
	btf_encoder_init_split(&module, &encoder);
	btf_encoder_type(&module, STRUCT, false, 0, "", 8);
	module.words[0] = 1;
	types = make_module(base, STATUS_OK);
	assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, encoder.strings + 1, 0, &found), STATUS_OK);
	assert_int_equal(found, guest_types_count(base));
	guest_types_destroy(types);
	guest_types_destroy(base);
}

/* ---------------------------------------------------------------- linkage */

static uint64_t resolve(struct guest_types *types, enum guest_link_kind kind, const char *name, const char *path,
			uint64_t load_size)
{
	struct guest_kernel kernel = {.types = types};
	uint64_t slot = 0x1234;
	struct guest_link link = {&slot, name, path, kind, 0, load_size};
	size_t unresolved_count = 99;

	assert_int_equal(guest_linkage_resolve(&kernel, &link, 1, &unresolved_count), STATUS_OK);
	assert_int_equal(unresolved_count, slot == GUEST_LINK_POISON);
	return slot;
}

/* One struct that holds many anonymous ones that hold many: each link alone is
 * within its own limit. */
static void links_that_take_too_many_members_together_are_an_error(void **state)
{
	enum { WIDTH = 240, LINK_COUNT = 2000 };
	static struct guest_link links[LINK_COUNT];
	static uint64_t slot;
	uint32_t id;

	(void)state;
	btf_encoder_init(&encoder);
	id = btf_encoder_type(&encoder, STRUCT, false, 0, "", 8);
	for (int depth = 0; depth < 2; depth++) {
		uint32_t inner = id;

		id = btf_encoder_type(&encoder, STRUCT, false, WIDTH, depth == 1 ? "wide" : "", 8);
		for (int i = 0; i < WIDTH; i++)
			btf_encoder_member(&encoder, "", inner, 0);
	}
	struct guest_types *types = finish();
	struct guest_kernel kernel = {.types = types};
	for (size_t i = 0; i < LINK_COUNT; i++)
		links[i] = (struct guest_link){&slot, "struct wide", "nothing", GUEST_LINK_FIELD_EXISTS, 0, 0};
	assert_int_equal(guest_linkage_resolve(&kernel, links, 10, NULL), STATUS_OK);
	assert_int_equal(slot, 0);
	assert_int_equal(guest_linkage_resolve(&kernel, links, LINK_COUNT, NULL), STATUS_LIMIT);
	assert_non_null(strstr(last_message, "BTF is forged"));
	assert_int_equal(guest_linkage_resolve(&kernel, links, 10, NULL), STATUS_OK); /* a budget of its own */
	guest_types_destroy(types);
}

static void links_are_answered_in_the_kernel_s_own_layout(void **state)
{
	struct guest_types *types = make_structs();

	(void)state;
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "struct outer", "y.b[1]", 4), 16);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "struct outer", "y.b[1]", 8), GUEST_LINK_POISON);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "struct outer", "f1", 4), GUEST_LINK_POISON);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "struct outer", "list", 0), 28);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "union outer", "list", 0), GUEST_LINK_POISON);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "typedef inner_t", "b", 0), 4);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_EXISTS, "struct outer", "f2", 0), 1);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_EXISTS, "struct outer", "f3", 0), 0);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_EXISTS, "struct nothing", "f3", 0), 0);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_SIZE, "struct outer", "list", 0), 32);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_SIZE, "struct outer", "f1", 0), 4);
	assert_int_equal(resolve(types, GUEST_LINK_TYPE_EXISTS, "struct inner", "", 0), 1);
	assert_int_equal(resolve(types, GUEST_LINK_TYPE_EXISTS, "struct none", "", 0), 0);
	assert_int_equal(resolve(types, GUEST_LINK_TYPE_SIZE, "struct outer", "", 0), 64);
	assert_int_equal(resolve(types, GUEST_LINK_TYPE_SIZE, "long", "", 0), 8);
	guest_types_destroy(types);
}

/* Read a bit-field as guest C does, from a struct of `size` bytes. */
static uint64_t read_bits(struct guest_types *types, const char *name, const char *path, const uint8_t *bytes,
			  size_t size)
{
	uint64_t word_at = resolve(types, GUEST_LINK_BIT_WORD, name, path, 0), word = 0;

	assert_true(word_at + 8 <= size);
	memcpy(&word, bytes + word_at, sizeof word);
	return word >> resolve(types, GUEST_LINK_BIT_SHIFT, name, path, 0) &
	       resolve(types, GUEST_LINK_BIT_MASK, name, path, 0);
}

static void bit_fields_are_read_without_leaving_the_struct(void **state)
{
	/* The compiler says where bit-fields are; BTF is made from its layout. */
	struct bits {
		uint32_t a : 3, b : 7, c : 22;
		uint16_t plain;
		uint8_t d : 2, e : 6;
		uint8_t last;
	} __attribute__((packed)) value = {5, 100, 0x2abcde, 0xbeef, 2, 41, 0x77};
	uint8_t bytes[sizeof value];

	(void)state;
	_Static_assert(sizeof value == 8, "");
	memcpy(bytes, &value, sizeof bytes);
	btf_encoder_init(&encoder);
	int_id = put_int("int", 4);
	uint32_t short_id = put_int("short", 2);
	char_id = put_int("char", 1);
	btf_encoder_type(&encoder, STRUCT, true, 7, "bits", 8);
	btf_encoder_member(&encoder, "a", int_id, 3 << 24 | 0);
	btf_encoder_member(&encoder, "b", int_id, 7 << 24 | 3);
	btf_encoder_member(&encoder, "c", int_id, 22 << 24 | 10);
	btf_encoder_member(&encoder, "plain", short_id, 32);
	btf_encoder_member(&encoder, "d", char_id, 2 << 24 | 48);
	btf_encoder_member(&encoder, "e", char_id, 6 << 24 | 50);
	btf_encoder_member(&encoder, "last", char_id, 56);
	struct guest_types *types = finish();
	assert_int_equal(read_bits(types, "struct bits", "a", bytes, sizeof bytes), 5);
	assert_int_equal(read_bits(types, "struct bits", "b", bytes, sizeof bytes), 100);
	assert_int_equal(read_bits(types, "struct bits", "c", bytes, sizeof bytes), 0x2abcde);
	assert_int_equal(read_bits(types, "struct bits", "plain", bytes, sizeof bytes), 0xbeef);
	assert_int_equal(read_bits(types, "struct bits", "d", bytes, sizeof bytes), 2);
	assert_int_equal(read_bits(types, "struct bits", "e", bytes, sizeof bytes), 41);
	assert_int_equal(read_bits(types, "struct bits", "last", bytes, sizeof bytes), 0x77);
	assert_int_equal(resolve(types, GUEST_LINK_BIT_MASK, "struct bits", "none", 0), GUEST_LINK_POISON);
	guest_types_destroy(types);
}

static void the_first_type_of_a_name_that_has_the_path_answers(void **state)
{
	(void)state;
	btf_encoder_init(&encoder);
	int_id = put_int("int", 4);
	btf_encoder_type(&encoder, STRUCT, false, 1, "twin", 4);
	btf_encoder_member(&encoder, "old", int_id, 0);
	btf_encoder_type(&encoder, STRUCT, false, 2, "twin", 8);
	btf_encoder_member(&encoder, "pad", int_id, 0);
	btf_encoder_member(&encoder, "wanted", int_id, 32);
	btf_encoder_type(&encoder, ENUM, false, 1, "", 4);
	btf_encoder_word(&encoder, btf_encoder_string(&encoder, "LOOSE"));
	btf_encoder_word(&encoder, 7);
	struct guest_types *types = finish();
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "struct twin", "wanted", 4), 4);
	assert_int_equal(resolve(types, GUEST_LINK_FIELD_OFFSET, "struct twin", "old", 4), 0);
	assert_int_equal(resolve(types, GUEST_LINK_ENUM_VALUE, "enum ", "LOOSE", 0), 7);
	assert_int_equal(resolve(types, GUEST_LINK_ENUM_EXISTS, "enum ", "NONE", 0), 0);
	assert_int_equal(resolve(types, GUEST_LINK_ENUM_VALUE, "enum ", "NONE", 0), GUEST_LINK_POISON);
	guest_types_destroy(types);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(paths_lead_through_anonymous_members_arrays_and_typedefs),
		cmocka_unit_test(types_of_one_name_are_found_one_after_the_other),
		cmocka_unit_test(enumerators_keep_their_sign_and_their_64_bits),
		cmocka_unit_test(types_in_a_circle_end_with_an_error),
		cmocka_unit_test(members_that_multiply_are_bounded),
		cmocka_unit_test(arrays_beyond_64_bits_have_no_size),
		cmocka_unit_test(every_kind_is_walked_over),
		cmocka_unit_test(a_kind_from_the_future_is_skipped_where_btf_says_how),
		cmocka_unit_test(what_lies_out_of_bounds_is_refused),
		cmocka_unit_test(btf_cut_short_anywhere_is_refused),
		cmocka_unit_test(a_module_s_types_go_on_where_the_kernel_s_end),
		cmocka_unit_test(a_module_that_points_beyond_its_own_end_is_refused),
		cmocka_unit_test(a_module_may_have_no_strings_of_its_own),
		cmocka_unit_test(links_that_take_too_many_members_together_are_an_error),
		cmocka_unit_test(links_are_answered_in_the_kernel_s_own_layout),
		cmocka_unit_test(bit_fields_are_read_without_leaving_the_struct),
		cmocka_unit_test(the_first_type_of_a_name_that_has_the_path_answers),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
