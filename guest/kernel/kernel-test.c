// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole small target: RAM, page tables, a CPU, and a kernel in it. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/fake-kernel.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/profile.h"
#include "guest/kernel/profile-build.h"
#include "guest/memory/fake-guest.h"

enum {
	RAM_SIZE = 8 << 20,
	IMAGE_PHYSICAL = 0x100000,
	TABLES_PHYSICAL = 0x200000,
	IDT_PHYSICAL = 0x90000,
	CACHE_PAGES = 64,
	HOLE_AT = 0x3000, /* a page that nothing needs: like freed init memory */
};

static const uint64_t LINKED = 0xffffffff81000000, RUNNING = 0xffffffff9a600000;
static const uint64_t IDT = 0xfffffe0000000000;

static char last_message[2048];

static void remember(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

static void put_gate(struct fake_guest *guest, uint64_t handler)
{
	uint8_t *gate = fake_guest_at(guest, IDT_PHYSICAL);

	memcpy(gate, &handler, 2);
	memcpy(gate + 6, (uint8_t *)&handler + 2, 6);
}

static void target_init(struct fake_guest *guest, uint32_t level_count, bool with_types)
{
	const struct ram_range ram = {{0}, RAM_SIZE};
	const struct guest_space space = {{IMAGE_PHYSICAL + FAKE_ROOT_AT}, level_count, GUEST_PHYSICAL_BITS_MAX};
	uint64_t next_table = TABLES_PHYSICAL;
	struct fake_kernel kernel;

	last_message[0] = '\0';
	fake_guest_init(guest, &ram, 1, CACHE_PAGES);
	fake_kernel_init(&kernel, RUNNING, ENCODER_6_12_PERCPU, with_types);
	memcpy(fake_guest_at(guest, IMAGE_PHYSICAL), kernel.image.bytes, kernel.image.size);
	fake_kernel_deinit(&kernel);
	memset(fake_guest_at(guest, IMAGE_PHYSICAL + FAKE_ROOT_AT), 0, GUEST_PAGE_SIZE);
	for (uint64_t at = 0; at < FAKE_IMAGE_SIZE; at += GUEST_PAGE_SIZE) {
		if (at != HOLE_AT)
			fake_guest_map(guest, &space, RUNNING + at, IMAGE_PHYSICAL + at, FAKE_PRESENT, &next_table);
	}
	fake_guest_map(guest, &space, IDT, IDT_PHYSICAL, FAKE_PRESENT, &next_table);
	put_gate(guest, RUNNING + 0x6100);
	guest->cpu_count = 1;
	guest->registers[0] = (struct cpu_registers){
		.cr0 = 0x80000011,
		.cr3 = space.root.value,
		.cr4 = 1 << 5 | (uint64_t)(level_count == 5) << 12,
		.efer = 0x500,
		.idt_base = IDT,
	};
}

static void a_kernel_is_found_and_described(void **state)
{
	(void)state;
	for (uint32_t level_count = 4; level_count <= 5; level_count++) {
		struct fake_guest guest;
		struct guest_kernel *kernel;
		struct guest_va address;
		target_init(&guest, level_count, true);
		assert_int_equal(guest_kernel_create(&guest.memory, NULL, &kernel), STATUS_OK);
		assert_int_equal(kernel->text.value, RUNNING);
		assert_int_equal(kernel->text_offset, RUNNING - LINKED);
		assert_int_equal(kernel->space.root.value, IMAGE_PHYSICAL + FAKE_ROOT_AT);
		assert_int_equal(kernel->space.level_count, level_count);
		assert_string_equal(kernel->banner, FAKE_BANNER);
		assert_string_equal(kernel->origin, "memory");
		assert_int_equal(guest_symbols_find(kernel->symbols, "tcp_filler_3", &address), STATUS_OK);
		assert_int_equal(address.value, RUNNING + 0x6000 + 16 * 3);
		assert_int_equal(guest_kernel_check(kernel), STATUS_OK);
		guest_kernel_destroy(kernel);
		fake_guest_deinit(&guest);
	}
}

/* After `at` in the image changed, is the kernel gone? */
static void expect_gone_after(uint64_t at)
{
	struct fake_guest guest;
	struct guest_kernel *kernel;

	target_init(&guest, 4, true);
	assert_int_equal(guest_kernel_create(&guest.memory, NULL, &kernel), STATUS_OK);
	*fake_guest_at(&guest, IMAGE_PHYSICAL + at) ^= 1;
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(guest_kernel_check(kernel), STATUS_GONE);
	guest_kernel_destroy(kernel);
	fake_guest_deinit(&guest);
}

static void a_reboot_is_noticed(void **state)
{
	(void)state;
	expect_gone_after(FAKE_BANNER_AT + 20);
	expect_gone_after(FAKE_DATA_AT); /* page_offset_base */
	expect_gone_after(FAKE_DATA_AT + 64 + 8); /* init_task's canary */
	expect_gone_after(FAKE_ROOT_AT + 511 * 8ull); /* the kernel's tables */
}

static void expect_not_found(struct fake_guest *guest, status expected, const char *what)
{
	struct guest_kernel *kernel = NULL;

	assert_int_equal(guest_kernel_create(&guest->memory, NULL, &kernel), expected);
	assert_null(kernel);
	assert_non_null(strstr(last_message, what));
	fake_guest_deinit(guest);
}

static void what_is_no_linux_is_said_to_be_none(void **state)
{
	struct fake_guest guest;

	(void)state;
	target_init(&guest, 4, true);
	put_gate(&guest, 0xfffff80000001000); /* as another system has it */
	expect_not_found(&guest, STATUS_MISSING, "0xfffff80000001000");
	target_init(&guest, 4, true);
	put_gate(&guest, RUNNING + HOLE_AT + 5);
	expect_not_found(&guest, STATUS_MISSING, "no Linux kernel");
	target_init(&guest, 4, false);
	expect_not_found(&guest, STATUS_UNSUPPORTED, "CONFIG_DEBUG_INFO_BTF");
	target_init(&guest, 4, true);
	memset(fake_guest_at(&guest, IMAGE_PHYSICAL + FAKE_TABLES_AT), 0, FAKE_IMAGE_SIZE - FAKE_TABLES_AT);
	expect_not_found(&guest, STATUS_UNSUPPORTED, "kallsyms");
	target_init(&guest, 4, true);
	fake_guest_at(&guest, IMAGE_PHYSICAL + FAKE_BANNER_AT)[0] = 'l';
	expect_not_found(&guest, STATUS_MISSING, "Linux version");
}

static void a_profile_takes_the_place_of_what_memory_says(void **state)
{
	struct fake_kernel linked;
	struct fake_guest guest;
	struct guest_profile *profile;
	struct guest_kernel *kernel = NULL;
	uint8_t *file;
	size_t size;

	(void)state;
	fake_kernel_init(&linked, LINKED, ENCODER_6_12_PERCPU, true);
	struct span elf = fake_kernel_elf(&linked);
	assert_int_equal(profile_build(elf, &file, &size), STATUS_OK);
	assert_int_equal(guest_profile_create((struct span){file, size}, &profile), STATUS_OK);
	target_init(&guest, 4, true);
	assert_int_equal(guest_kernel_create(&guest.memory, profile, &kernel), STATUS_OK);
	assert_string_equal(kernel->origin, "profile");
	assert_int_equal(kernel->text.value, RUNNING);
	assert_int_equal(guest_kernel_check(kernel), STATUS_OK);
	guest_kernel_destroy(kernel);
	fake_guest_at(&guest, IMAGE_PHYSICAL + FAKE_TYPES_AT)[40] ^= 1;
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(guest_kernel_create(&guest.memory, profile, &kernel), STATUS_MISMATCH);
	guest_profile_destroy(profile);
	fake_guest_deinit(&guest);
	fake_kernel_deinit(&linked);
	free((void *)elf.data);
	free(file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_is_found_and_described),
		cmocka_unit_test(a_reboot_is_noticed),
		cmocka_unit_test(what_is_no_linux_is_said_to_be_none),
		cmocka_unit_test(a_profile_takes_the_place_of_what_memory_says),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
