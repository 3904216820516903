// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/fake-kernel.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/profile.h"
#include "guest/kernel/profile-build.h"

static const uint64_t LINKED = 0xffffffff81000000, RUNNING = 0xffffffff9a600000;

static char last_message[2048];

static void remember(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

static struct span build(enum encoder_layout layout)
{
	struct fake_kernel kernel;
	struct span file;

	last_message[0] = '\0';
	fake_kernel_init(&kernel, LINKED, layout, true);
	struct span elf = fake_kernel_elf(&kernel);
	assert_int_equal(profile_build(elf, (uint8_t **)&file.data, &file.size), STATUS_OK);
	free((void *)elf.data);
	fake_kernel_deinit(&kernel);
	return file;
}

/* Apply a profile of `layout` to a running kernel of it. */
static status apply(const struct fake_kernel *running, enum encoder_layout layout)
{
	struct span file = build(layout);
	struct guest_profile *profile;
	struct guest_symbols *symbols;
	struct guest_types *types;

	assert_int_equal(guest_profile_create(file, &profile), STATUS_OK);
	status applied = guest_profile_apply(profile, &running->image.view, &symbols, &types);
	if (applied == STATUS_OK) {
		struct guest_va address;
		uint32_t id;
		assert_int_equal(guest_symbols_find(symbols, "tcp_filler_9", &address), STATUS_OK);
		assert_int_equal(address.value, RUNNING + 0x6000 + 16 * 9);
		assert_int_equal(guest_types_find(types, GUEST_TYPE_STRUCT, "task_struct", 0, &id), STATUS_OK);
		guest_symbols_destroy(symbols);
		guest_types_destroy(types);
	}
	guest_profile_destroy(profile);
	free((void *)file.data);
	return applied;
}

static void a_profile_fits_its_kernel_wherever_kaslr_put_it(void **state)
{
	(void)state;
	for (int layout = 0; layout < ENCODER_LAYOUT_COUNT; layout++) {
		struct fake_kernel running;
		fake_kernel_init(&running, RUNNING, (enum encoder_layout)layout, true);
		assert_int_equal(apply(&running, (enum encoder_layout)layout), STATUS_OK);
		fake_kernel_deinit(&running);
	}
}

static void expect_mismatch(size_t at, uint8_t flip, const char *what)
{
	struct fake_kernel running;

	fake_kernel_init(&running, RUNNING, ENCODER_6_12_PERCPU, true);
	running.image.bytes[at] ^= flip;
	assert_int_equal(apply(&running, ENCODER_6_12_PERCPU), STATUS_MISMATCH);
	assert_non_null(strstr(last_message, what));
	fake_kernel_deinit(&running);
}

static void what_differs_is_named(void **state)
{
	struct fake_kernel kernel;

	(void)state;
	fake_kernel_init(&kernel, RUNNING, ENCODER_6_12_PERCPU, true);
	struct encoder_image at = kernel.image;
	fake_kernel_deinit(&kernel);
	/* symbol 12 + 7 is tcp_filler_7 */
	expect_mismatch(at.values_at + 4 * (12 + 7), 1, "the address of symbol 19, \"tcp_filler_7\"");
	expect_mismatch(at.names_at + 1, 1, "the name of symbol 0, \"_text\"");
	expect_mismatch(at.tokens_at + 40, 1, "token table");
	expect_mismatch(at.token_index_at + 40, 1, "token table");
	expect_mismatch(FAKE_TYPES_AT + 24 + 8, 1, "type 1 \"long\"");
	expect_mismatch(FAKE_TYPES_AT + 24 + 16 + 30, 1, "type 2 \"task_struct\"");
	expect_mismatch(FAKE_TYPES_AT + 3, 1, "byte 3 of BTF");
	expect_mismatch(FAKE_BANNER_AT + 14, 2, "#1 SMP\", the target runs \"Linux version 7.77.0 (tests)");
}

static void pages_that_can_t_be_read_aren_t_compared(void **state)
{
	struct fake_kernel running;

	(void)state;
	fake_kernel_init(&running, RUNNING, ENCODER_7_2, true);
	size_t size = running.image.size;
	/* Only the banner's and the first table page are there. */
	running.image.size = FAKE_TABLES_AT + 0x1000;
	assert_int_equal(apply(&running, ENCODER_7_2), STATUS_OK);
	running.image.size = size;
	fake_kernel_deinit(&running);
}

/* Whoever hands in a profile could name a place where nothing can be read, or where he has put his own tables. */
static void tables_outside_the_kernels_image_are_refused(void **state)
{
	static const size_t cuts[] = {FAKE_TABLES_AT, FAKE_TABLES_AT + 0x1000, FAKE_TYPES_AT};
	struct fake_kernel running;

	(void)state;
	fake_kernel_init(&running, RUNNING, ENCODER_7_2, true);
	size_t size = running.image.view.region[0].size;
	for (size_t i = 0; i < sizeof cuts / sizeof cuts[0]; i++) {
		running.image.view.region[0].size = cuts[i];
		assert_int_equal(apply(&running, ENCODER_7_2), STATUS_MISMATCH);
		assert_non_null(strstr(last_message, "nothing of the kernel's image is mapped at"));
	}
	/* In one piece or two. */
	running.image.view.region_count = 2;
	running.image.view.region[0].size = FAKE_TABLES_AT + 0x1000;
	running.image.view.region[1] =
		(struct kernel_region){RUNNING + FAKE_TABLES_AT + 0x1000, size - FAKE_TABLES_AT - 0x1000, false};
	assert_int_equal(apply(&running, ENCODER_7_2), STATUS_OK);
	fake_kernel_deinit(&running);
}

static void any_changed_byte_of_a_profile_is_noticed(void **state)
{
	struct span file = build(ENCODER_7_2);
	struct guest_profile *profile = NULL;

	(void)state;
	for (size_t at = 0; at < file.size; at += at < 400 ? 1 : 577) {
		((uint8_t *)file.data)[at] ^= 0x10;
		assert_true(status_is_fault(guest_profile_create(file, &profile)));
		((uint8_t *)file.data)[at] ^= 0x10;
	}
	for (size_t cut = 0; cut < file.size; cut += cut < 400 ? 1 : 577)
		assert_true(status_is_fault(guest_profile_create((struct span){file.data, cut}, &profile)));
	assert_null(profile);
	assert_int_equal(guest_profile_create(file, &profile), STATUS_OK);
	assert_string_equal(profile->banner, FAKE_BANNER);
	assert_int_equal(profile->build_id.size, 20);
	guest_profile_destroy(profile);
	free((void *)file.data);
}

static void a_kernel_without_btf_has_no_profile(void **state)
{
	struct fake_kernel kernel;
	uint8_t *file;
	size_t size;

	(void)state;
	fake_kernel_init(&kernel, LINKED, ENCODER_7_2, false);
	struct span elf = fake_kernel_elf(&kernel);
	assert_int_equal(profile_build(elf, &file, &size), STATUS_UNSUPPORTED);
	assert_non_null(strstr(last_message, "CONFIG_DEBUG_INFO_BTF"));
	free((void *)elf.data);
	fake_kernel_deinit(&kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_profile_fits_its_kernel_wherever_kaslr_put_it),
		cmocka_unit_test(what_differs_is_named),
		cmocka_unit_test(pages_that_can_t_be_read_aren_t_compared),
		cmocka_unit_test(tables_outside_the_kernels_image_are_refused),
		cmocka_unit_test(any_changed_byte_of_a_profile_is_noticed),
		cmocka_unit_test(a_kernel_without_btf_has_no_profile),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
