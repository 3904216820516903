// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kallsyms-encoder.h"

enum {
	COUNT = 3001, /* not a multiple of 256, nor of 32 */
	NAME_SIZE = 400,
	PERCPU_COUNT = 40,
	IMAGE_SIZE = 1 << 20,
	TABLES_AT = 0x1238, /* 8-aligned */
};

static const uint64_t IMAGE_START = 0xffffffffa7200000;

static struct encoder_symbol symbols[COUNT];
static char names[COUNT][NAME_SIZE];
static char last_message[1024];

static void remember(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

/* A few per-CPU symbols at the bottom (as before Linux 6.15), aliases, static
 * duplicates, and names whose compressed length takes two bytes. */
static void make_symbols(bool percpu)
{
	uint64_t address = IMAGE_START;

	for (uint32_t i = 0; i < COUNT; i++) {
		char *name = names[i];
		snprintf(name, NAME_SIZE, "%s_sym_%u", i % 3 == 0 ? "tcp_v4" : "do_sys_x", i);
		if (i % 500 == 499)
			memset(name + strlen(name), 'q', 100 + i / 20);
		if (percpu && i < PERCPU_COUNT)
			symbols[i].address = 0x1000 + 8 * (uint64_t)i;
		else
			symbols[i].address = address += i % 7 == 0 ? 0 : 16 + i % 32;
		symbols[i].type = i % 2 != 0 ? 't' : 'D';
		symbols[i].name = name;
	}
	snprintf(names[1000], NAME_SIZE, "duplicate");
	snprintf(names[2000], NAME_SIZE, "duplicate");
	snprintf(names[2999], NAME_SIZE, "duplicate");
}

static bool has_percpu(enum encoder_layout layout)
{
	return layout != ENCODER_5_10_RELATIVE && layout != ENCODER_6_12_RELATIVE && layout != ENCODER_7_2;
}

static void image_init(struct encoder_image *image, enum encoder_layout layout)
{
	make_symbols(has_percpu(layout));
	last_message[0] = '\0';
	encoder_image_init(image, IMAGE_START, IMAGE_SIZE, TABLES_AT, layout, symbols, COUNT);
}

static void every_layout_decodes_to_the_symbols_that_were_encoded(void **state)
{
	(void)state;
	for (int layout = 0; layout < ENCODER_LAYOUT_COUNT; layout++) {
		struct encoder_image image;
		struct guest_symbols *found;
		struct guest_symbol symbol;
		image_init(&image, (enum encoder_layout)layout);
		assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_OK);
		assert_int_equal(guest_symbols_count(found), COUNT);
		for (uint32_t i = 0; i < COUNT; i++) {
			assert_int_equal(guest_symbols_get(found, i, &symbol), STATUS_OK);
			assert_string_equal(symbol.name, symbols[i].name);
			assert_int_equal(symbol.type, symbols[i].type);
			assert_int_equal(symbol.address.value, symbols[i].address);
		}
		assert_int_equal(guest_symbols_get(found, COUNT, &symbol), STATUS_END);
		guest_symbols_destroy(found);
		encoder_image_deinit(&image);
	}
}

static void every_name_is_found_at_its_first_address(void **state)
{
	struct encoder_image image;
	struct guest_symbols *found;
	struct guest_va address = {42};

	(void)state;
	image_init(&image, ENCODER_7_2);
	assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_OK);
	for (uint32_t i = 0; i < COUNT; i++) {
		assert_int_equal(guest_symbols_find(found, symbols[i].name, &address), STATUS_OK);
		bool duplicate = strcmp(symbols[i].name, "duplicate") == 0;
		assert_int_equal(address.value, symbols[duplicate ? 1000 : i].address);
	}
	address.value = 42;
	assert_int_equal(guest_symbols_find(found, "no_such_symbol", &address), STATUS_MISSING);
	assert_int_equal(guest_symbols_find(found, "", &address), STATUS_MISSING);
	assert_int_equal(guest_symbols_find(found, "Dtcp_v4_sym_0", &address), STATUS_MISSING);
	assert_int_equal(address.value, 42);
	guest_symbols_destroy(found);
	encoder_image_deinit(&image);
}

static void an_address_leads_to_the_first_symbol_at_or_below_it(void **state)
{
	struct encoder_image image;
	struct guest_symbols *found;
	struct guest_symbol symbol;
	uint64_t distance;

	(void)state;
	image_init(&image, ENCODER_6_12_RELATIVE);
	assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_OK);
	/* 699 and 700 = 100 × 7 share an address. */
	assert_int_equal(symbols[699].address, symbols[700].address);
	for (uint64_t into = 0; into < 16; into += 5) {
		struct guest_va address = {symbols[700].address + into};
		assert_int_equal(guest_symbols_nearest(found, address, &symbol, &distance), STATUS_OK);
		assert_string_equal(symbol.name, symbols[699].name);
		assert_int_equal(distance, into);
	}
	assert_int_equal(guest_symbols_nearest(found, (struct guest_va){IMAGE_START - 1}, &symbol, &distance),
			 STATUS_MISSING);
	assert_int_equal(guest_symbols_nearest(found, (struct guest_va){UINT64_MAX}, &symbol, &distance), STATUS_OK);
	assert_string_equal(symbol.name, symbols[COUNT - 1].name);
	guest_symbols_destroy(found);
	encoder_image_deinit(&image);
}

static void digits_elsewhere_in_the_image_mislead_nobody(void **state)
{
	static const char decoy[] = "0\0001\0002\0003\0004\0005\0006\0007\0008\0009";
	struct encoder_image image;
	struct guest_symbols *found;

	(void)state;
	for (size_t at = 0x100; at < 0x110; at++) {
		image_init(&image, ENCODER_5_10_PERCPU);
		memcpy(image.bytes + at, decoy, sizeof decoy);
		assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_OK);
		guest_symbols_destroy(found);
		encoder_image_deinit(&image);
	}
}

static void the_token_table_is_found_at_any_distance_from_a_chunk_s_end(void **state)
{
	(void)state;
	make_symbols(true);
	for (size_t at = 0; at < 64; at += 8) {
		struct encoder_image image;
		struct guest_symbols *found;
		/* First see how far into the tables the digits are, then put them on the edge. */
		encoder_image_init(&image, IMAGE_START, IMAGE_SIZE, TABLES_AT, ENCODER_6_12_PERCPU, symbols, COUNT);
		size_t digits_at = image.tokens_at - TABLES_AT;
		encoder_image_deinit(&image);
		size_t tables_at = (0x30000 - digits_at - 128 + at * 4) & ~(size_t)7;
		encoder_image_init(&image, IMAGE_START, IMAGE_SIZE, tables_at, ENCODER_6_12_PERCPU, symbols, COUNT);
		assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_OK);
		guest_symbols_destroy(found);
		encoder_image_deinit(&image);
	}
}

static void expect_unsupported(struct encoder_image *image, const char *what)
{
	struct guest_symbols *found = NULL;

	assert_int_equal(guest_symbols_create(&image->view, &found), STATUS_UNSUPPORTED);
	assert_null(found);
	assert_non_null(strstr(last_message, what));
	encoder_image_deinit(image);
}

static void what_is_spoiled_is_refused_and_named(void **state)
{
	struct encoder_image image;

	(void)state;
	for (int layout = 0; layout < ENCODER_LAYOUT_COUNT; layout++) {
		image_init(&image, (enum encoder_layout)layout);
		image.bytes[image.tokens_at] ^= 1; /* an empty token gets a character: the index is off */
		expect_unsupported(&image, "none with a token index");
		image_init(&image, (enum encoder_layout)layout);
		image.bytes[image.token_index_at + 100] ^= 1;
		expect_unsupported(&image, "none with a token index");
		image_init(&image, (enum encoder_layout)layout);
		image.bytes[image.markers_at + 4 * 5] ^= 1;
		expect_unsupported(&image, "no names and markers");
		image_init(&image, (enum encoder_layout)layout);
		image.bytes[image.num_syms_at]++;
		expect_unsupported(&image, "no names and markers");
		image_init(&image, (enum encoder_layout)layout);
		image.bytes[image.names_at]++;
		expect_unsupported(&image, "no names and markers");
		image_init(&image, (enum encoder_layout)layout);
		memset(image.bytes + image.values_at + 4 * 1501, 0x5a, 8);
		expect_unsupported(&image, "no addresses that ascend");
	}
}

static void an_image_without_kallsyms_says_so(void **state)
{
	struct encoder_image image;

	(void)state;
	image_init(&image, ENCODER_7_2);
	memset(image.bytes, 0, image.size);
	expect_unsupported(&image, "CONFIG_KALLSYMS");
}

static void tables_cut_off_at_the_image_s_end_are_refused(void **state)
{
	(void)state;
	for (int layout = 0; layout < ENCODER_LAYOUT_COUNT; layout++) {
		struct encoder_image whole;
		image_init(&whole, (enum encoder_layout)layout);
		size_t ends[] = {whole.token_index_at + 511, whole.token_index_at + 100, whole.tokens_at + 90,
				 whole.markers_at + 4, whole.names_at + 100};
		encoder_image_deinit(&whole);
		for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++) {
			struct encoder_image image;
			struct guest_symbols *found;
			image_init(&image, (enum encoder_layout)layout);
			/* A copy of exact size, so that sanitizers see a byte too many. */
			uint8_t *cut = malloc(ends[i]);
			assert_non_null(cut);
			memcpy(cut, image.bytes, ends[i]);
			free(image.bytes);
			image.bytes = cut;
			image.size = image.view.region[0].size = ends[i];
			image.view.end = image.start + ends[i];
			assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_UNSUPPORTED);
			encoder_image_deinit(&image);
		}
	}
}

static void names_that_would_begin_before_their_region_are_refused(void **state)
{
	(void)state;
	for (int layout = 0; layout < ENCODER_LAYOUT_COUNT; layout++) {
		struct encoder_image image;
		image_init(&image, (enum encoder_layout)layout);
		/* Less is left before the markers than the last one counts. */
		image.view.region[0].start += image.markers_at - 100;
		image.view.region[0].size -= image.markers_at - 100;
		expect_unsupported(&image, "no names and markers");
	}
}

static void names_that_fit_from_everywhere_end_at_a_limit(void **state)
{
	/* A number of symbols, and a name of three characters. */
	static const uint8_t word[4] = {3, (COUNT - 1) / 256, 0, 0};
	struct encoder_image image;
	struct guest_symbols *found = NULL;

	(void)state;
	image_init(&image, ENCODER_6_12_RELATIVE);
	for (size_t i = 0; i < image.markers_at; i += sizeof word)
		memcpy(image.bytes + i, word, sizeof word);
	for (uint32_t i = 0; i <= (COUNT - 1) / 256; i++) {
		uint32_t marker = 256 * (uint32_t)sizeof word * i;
		memcpy(image.bytes + image.markers_at + 4 * (size_t)i, &marker, sizeof marker);
	}
	assert_int_equal(guest_symbols_create(&image.view, &found), STATUS_LIMIT);
	assert_null(found);
	encoder_image_deinit(&image);
}

/* Tables as a profile may bring them, to be spoiled. */
static struct kallsyms_tables located(void)
{
	struct encoder_image image;
	struct kallsyms_tables tables;

	image_init(&image, ENCODER_6_12_PERCPU);
	assert_int_equal(kallsyms_tables_locate(&image.view, &tables), STATUS_OK);
	encoder_image_deinit(&image);
	return tables;
}

static void expect_refused(struct kallsyms_tables *tables, status expected)
{
	struct guest_symbols *made = NULL;

	assert_int_equal(guest_symbols_create_from_tables(tables, &made), expected);
	assert_null(made);
	assert_null(tables->names); /* taken over, and freed */
}

static void tables_that_contradict_themselves_are_refused(void **state)
{
	struct kallsyms_tables tables;

	(void)state;
	tables = located();
	tables.token_index[7] = (uint16_t)tables.tokens_size;
	expect_refused(&tables, STATUS_MALFORMED);
	tables = located();
	tables.tokens[tables.tokens_size - 1] = 'x';
	expect_refused(&tables, STATUS_MALFORMED);
	tables = located();
	tables.tokens[tables.token_index['a']] = '\n';
	expect_refused(&tables, STATUS_MALFORMED);
	tables = located();
	tables.names_size -= 1;
	expect_refused(&tables, STATUS_MALFORMED);
	tables = located();
	tables.symbol_count = 0;
	expect_refused(&tables, STATUS_LIMIT);
	tables = located();
	tables.symbol_count = KALLSYMS_SYMBOL_COUNT_MAX + 1;
	expect_refused(&tables, STATUS_LIMIT);
	tables = located();
	memset(tables.values + 4 * 2000, 0, 4);
	expect_refused(&tables, STATUS_MALFORMED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layout_decodes_to_the_symbols_that_were_encoded),
		cmocka_unit_test(every_name_is_found_at_its_first_address),
		cmocka_unit_test(an_address_leads_to_the_first_symbol_at_or_below_it),
		cmocka_unit_test(digits_elsewhere_in_the_image_mislead_nobody),
		cmocka_unit_test(the_token_table_is_found_at_any_distance_from_a_chunk_s_end),
		cmocka_unit_test(what_is_spoiled_is_refused_and_named),
		cmocka_unit_test(an_image_without_kallsyms_says_so),
		cmocka_unit_test(tables_cut_off_at_the_image_s_end_are_refused),
		cmocka_unit_test(names_that_would_begin_before_their_region_are_refused),
		cmocka_unit_test(names_that_fit_from_everywhere_end_at_a_limit),
		cmocka_unit_test(tables_that_contradict_themselves_are_refused),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
