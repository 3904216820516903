// SPDX-License-Identifier: GPL-2.0-or-later
/* A whole small target: RAM, page tables, a CPU, and a kernel in it. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/btf-encoder.h"
#include "guest/kernel/fake-kernel.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/linkage.h"
#include "guest/kernel/module-types.h"
#include "guest/kernel/profile.h"
#include "guest/kernel/profile-build.h"
#include "guest/memory/fake-guest.h"

enum {
	RAM_SIZE = 8 << 20,
	IMAGE_PHYSICAL = 0x100000,
	TABLES_PHYSICAL = 0x200000,
	IDT_PHYSICAL = IMAGE_PHYSICAL + FAKE_IDT_AT,
	CACHE_PAGES = 64,
	HOLE_AT = 0x3000, /* a page that nothing needs: like freed init memory */
};

static const uint64_t LINKED = 0xffffffff81000000, RUNNING = 0xffffffff9a600000;
static const uint64_t IDT = 0xfffffe0000000000 + FAKE_IDT_AT % GUEST_PAGE_SIZE;

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
	fake_guest_map(guest, &space, IDT & ~0xfffULL, IDT_PHYSICAL & ~0xfffULL, FAKE_PRESENT, &next_table);
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

/* The offsets' table holds FAKE_ROOT_AT once, as all that isn't per-CPU: −1 − it. */
static void a_page_table_that_starts_within_a_page_is_said_to_be_forged(void **state)
{
	const uint32_t honest = UINT32_MAX - FAKE_ROOT_AT, forged = honest - 8;
	struct fake_guest guest;
	int place_count = 0;

	(void)state;
	target_init(&guest, 4, true);
	for (uint64_t at = FAKE_TABLES_AT; at < FAKE_IMAGE_SIZE; at += sizeof honest) {
		uint8_t *word = fake_guest_at(&guest, IMAGE_PHYSICAL + at);

		if (memcmp(word, &honest, sizeof honest) != 0)
			continue;
		memcpy(word, &forged, sizeof forged);
		place_count++;
	}
	assert_int_equal(place_count, 1);
	expect_not_found(&guest, STATUS_MALFORMED, "isn't at the start of a page");
}

/* ------------------------------------------------------------------- CPUs */

/* Two CPUs that enter where the kernel says. */
static void cpus_init(struct fake_guest *guest)
{
	target_init(guest, 4, true);
	guest->registers[0].lstar = RUNNING + FAKE_ENTRY_AT;
	guest->registers[1] = guest->registers[0];
	guest->registers[1].cpu_index = 1;
	guest->cpu_count = 2;
}

static void cpus_that_are_where_their_kernel_says_are_taken(void **state)
{
	struct guest_kernel *kernel;
	struct fake_guest guest;

	(void)state;
	cpus_init(&guest);
	assert_int_equal(guest_kernel_create(&guest.memory, NULL, &kernel), STATUS_OK);
	guest_kernel_destroy(kernel);
	const struct cpu_registers others[] = {
		/* Not up yet: as it was switched on, in firmware's loop in long mode, in the kernel's first steps. */
		{.lstar = 0},
		{.lstar = CPU_LSTAR_NONE},
		{.cr0 = 0x80000011,
		 .cr3 = 0x30000,
		 .cr4 = 0x20,
		 .efer = 0x500,
		 .idt_base = 0x5000,
		 .lstar = CPU_LSTAR_NONE},
		/* Not asked in time. */
		{.cr0 = 0x80000011,
		 .cr3 = IMAGE_PHYSICAL + FAKE_ROOT_AT,
		 .cr4 = 0x20,
		 .efer = 0x500,
		 .idt_base = IDT,
		 .cpl = 3,
		 .lstar = CPU_LSTAR_LATE},
		/* With FRED. */
		{.cr0 = 0x80000011,
		 .cr3 = IMAGE_PHYSICAL + FAKE_ROOT_AT,
		 .cr4 = 0x100000020,
		 .efer = 0x500,
		 .cpl = 3,
		 .lstar = CPU_LSTAR_NONE},
	};
	for (size_t i = 0; i < ARRAY_COUNT(others); i++) {
		guest.registers[1] = others[i];
		guest.registers[1].cpu_index = 1;
		assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
		assert_int_equal(guest_kernel_create(&guest.memory, NULL, &kernel), STATUS_OK);
		assert_string_equal(last_message, "");
		guest_kernel_destroy(kernel);
	}
	fake_guest_deinit(&guest);
}

static void a_cpu_that_was_redirected_is_named(void **state)
{
	const struct guest_space shadow = {{0x30000}, 4, GUEST_PHYSICAL_BITS_MAX};
	uint64_t next_table = 0x31000;
	struct fake_guest guest;

	(void)state;
	for (int cpu = 0; cpu < 2; cpu++) {
		cpus_init(&guest);
		guest.registers[cpu].lstar += 0x100;
		expect_not_found(&guest, STATUS_MISMATCH, cpu == 0 ? "CPU 0's LSTAR" : "CPU 1's LSTAR");
	}
	/* One CPU that says nothing doesn't speak for the others, nor for itself. */
	cpus_init(&guest);
	guest.registers[0].lstar = 0;
	guest.registers[1].lstar += 0x100;
	expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's LSTAR");
	cpus_init(&guest);
	guest.registers[1].lstar = 0;
	guest.registers[1].idt_base = RUNNING + 0x5000;
	expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's IDT");
	/* Another table of gates than the kernel's: the same at the beginning, behind who knows. */
	cpus_init(&guest);
	guest.registers[1].idt_base = RUNNING + 0x5000;
	expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's IDT");
	/* Tables of its own, that show other code where the kernel's is. */
	cpus_init(&guest);
	for (uint64_t at = 0; at < FAKE_IMAGE_SIZE; at += GUEST_PAGE_SIZE)
		fake_guest_map(&guest, &shadow, RUNNING + at,
			       at == FAKE_ENTRY_AT / GUEST_PAGE_SIZE * GUEST_PAGE_SIZE ? 0x40000 : IMAGE_PHYSICAL + at,
			       FAKE_PRESENT, &next_table);
	fake_guest_map(&guest, &shadow, IDT & ~0xfffULL, IDT_PHYSICAL & ~0xfffULL, FAKE_PRESENT, &next_table);
	guest.registers[1].cr3 = shadow.root.value;
	expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's tables for the kernel's code");
}

static void a_cpu_is_not_left_out_for_what_its_registers_hold(void **state)
{
	struct fake_guest guest;

	(void)state;
	/* No LSTAR, as the source says itself: none of them, or one that runs programs. */
	for (uint64_t lstar = 0; lstar <= CPU_LSTAR_NONE; lstar += CPU_LSTAR_NONE) {
		cpus_init(&guest);
		guest.registers[0].lstar = CPU_LSTAR_NONE;
		guest.registers[1].lstar = lstar;
		guest.registers[1].idt_base = RUNNING + 0x5000;
		expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's IDT");
		cpus_init(&guest);
		guest.registers[1].lstar = lstar;
		guest.registers[1].cpl = 3;
		expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's LSTAR");
	}
	/* What it couldn't ask in time says nothing of the rest. */
	cpus_init(&guest);
	guest.registers[0].lstar = guest.registers[1].lstar = CPU_LSTAR_LATE;
	guest.registers[1].idt_base = RUNNING + 0x5000;
	expect_not_found(&guest, STATUS_MISMATCH, "CPU 1's IDT");
	/* Nothing of a kernel in its tables: none is being started that runs programs, or has an LSTAR. */
	for (int way = 0; way < 3; way++) {
		cpus_init(&guest);
		guest.registers[1].cr3 = 0x30000;
		guest.registers[1].cpl = way == 0 ? 0 : 3;
		guest.registers[1].lstar = way == 2 ? CPU_LSTAR_LATE : guest.registers[0].lstar;
		expect_not_found(&guest, STATUS_MISMATCH, "CPU 1 runs on page tables");
	}
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

/* ---------------------------------------------------------------- modules */

/* Modules in the kernel's page of data: struct btf_module and struct btf as
 * fake-kernel.c describes them, 0x300 bytes each, their BTF behind. */
enum { MODULE_AT = 0x5200, MODULE_SIZE = 0x300, MODULE_LIST = 8, BTF_AT = 0x40, BTF_DATA_AT = 0x80 };

static void put_word(struct fake_guest *guest, uint64_t at, uint64_t word)
{
	memcpy(fake_guest_at(guest, IMAGE_PHYSICAL + at), &word, sizeof word);
}

/* The list of modules: `count` of them, then `end`. */
static void put_list(struct fake_guest *guest, uint32_t count, uint64_t end)
{
	for (uint32_t i = 0; i <= count; i++) {
		uint64_t at = i == 0 ? FAKE_MODULES_AT : MODULE_AT + (i - 1) * MODULE_SIZE + MODULE_LIST;
		put_word(guest, at, i == count ? end : RUNNING + MODULE_AT + i * MODULE_SIZE + MODULE_LIST);
	}
}

/* A module with struct driver { [long pad;] long count; }. */
static void put_module(struct fake_guest *guest, const struct guest_kernel *kernel, uint32_t index, bool padded)
{
	static struct btf_encoder encoder, base;
	uint64_t at = MODULE_AT + index * MODULE_SIZE;
	uint32_t id;
	size_t size;

	assert_int_equal(guest_types_find(kernel->types, GUEST_TYPE_INT, "long", 0, &id), STATUS_OK);
	assert_int_equal(guest_types_bytes_copy(kernel->types, 20, &base.strings_size, sizeof base.strings_size),
			 STATUS_OK);
	base.type_count = guest_types_count(kernel->types) - 1;
	btf_encoder_init_split(&encoder, &base);
	btf_encoder_type(&encoder, GUEST_TYPE_STRUCT, false, 1 + padded, "driver", padded ? 16 : 8);
	if (padded)
		btf_encoder_member(&encoder, "pad", id, 0);
	btf_encoder_member(&encoder, "count", id, padded ? 64 : 0);
	uint8_t *data = btf_encoder_finish(&encoder, NULL, 0, &size);
	put_word(guest, at + 16, RUNNING + at + BTF_AT);
	put_word(guest, at + BTF_AT, RUNNING + at + BTF_DATA_AT);
	put_word(guest, at + BTF_AT + 8, (7ull + index) << 32 | size);
	memcpy(fake_guest_at(guest, IMAGE_PHYSICAL + at + BTF_DATA_AT), data, size);
	free(data);
}

static uint64_t ask_count(struct fake_guest *guest, struct guest_kernel *kernel)
{
	uint64_t slot = 0;
	const struct guest_link link = {&slot, "struct driver", "count", GUEST_LINK_FIELD_OFFSET, 0, 8};

	last_message[0] = '\0';
	assert_int_equal(guest_memory_refresh(&guest->memory), STATUS_OK);
	assert_int_equal(guest_linkage_resolve(kernel, &link, 1, NULL), STATUS_OK);
	return slot;
}

static struct guest_kernel *modules_init(struct fake_guest *guest)
{
	struct guest_kernel *kernel;

	target_init(guest, 4, true);
	put_list(guest, 0, RUNNING + FAKE_MODULES_AT);
	assert_int_equal(guest_kernel_create(&guest->memory, NULL, &kernel), STATUS_OK);
	put_module(guest, kernel, 0, true);
	put_module(guest, kernel, 1, true);
	return kernel;
}

static void types_that_the_kernel_lacks_are_those_of_its_modules(void **state)
{
	struct fake_guest guest;
	struct guest_kernel *kernel = modules_init(&guest);

	(void)state;
	assert_int_equal(ask_count(&guest, kernel), GUEST_LINK_POISON);
	assert_int_equal(guest_module_types_mark(kernel), 0);
	put_list(&guest, 1, RUNNING + FAKE_MODULES_AT);
	assert_int_equal(ask_count(&guest, kernel), 8);
	uint64_t mark = guest_module_types_mark(kernel);
	assert_int_not_equal(mark, 0);
	/* Another module in the same place. */
	*fake_guest_at(&guest, IMAGE_PHYSICAL + MODULE_AT + BTF_AT + 12) += 1;
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_not_equal(guest_module_types_mark(kernel), mark);
	/* Two that agree, then two that don't. */
	put_list(&guest, 2, RUNNING + FAKE_MODULES_AT);
	assert_int_equal(ask_count(&guest, kernel), 8);
	put_module(&guest, kernel, 1, false);
	assert_int_equal(ask_count(&guest, kernel), GUEST_LINK_POISON);
	assert_string_equal(last_message, "");
	guest_kernel_destroy(kernel);
	fake_guest_deinit(&guest);
}

static void forged_lists_of_modules_end_and_are_reported(void **state)
{
	struct fake_guest guest;
	struct guest_kernel *kernel = modules_init(&guest);

	(void)state;
	put_list(&guest, 1, RUNNING + MODULE_AT + MODULE_LIST); /* itself, for ever */
	assert_int_equal(ask_count(&guest, kernel), 8);
	assert_non_null(strstr(last_message, "over 1024 modules"));
	put_list(&guest, 1, 0x10);
	assert_int_equal(ask_count(&guest, kernel), 8);
	assert_non_null(strstr(last_message, "torn"));
	put_list(&guest, 2, RUNNING + FAKE_MODULES_AT);
	put_word(&guest, MODULE_AT + BTF_AT, RUNNING + HOLE_AT); /* the first one's BTF is gone */
	assert_int_equal(ask_count(&guest, kernel), 8);
	assert_non_null(strstr(last_message, "can't be read"));
	put_word(&guest, MODULE_AT + BTF_AT + 8, 0xffffffff); /* or of 4 GiB */
	assert_int_equal(ask_count(&guest, kernel), 8);
	assert_non_null(strstr(last_message, "16777216 bytes"));
	put_word(&guest, MODULE_AT + BTF_AT, RUNNING + FAKE_BANNER_AT); /* or isn't BTF */
	put_word(&guest, MODULE_AT + BTF_AT + 8, 64);
	assert_int_equal(ask_count(&guest, kernel), 8);
	assert_non_null(strstr(last_message, "no BTF"));
	guest_kernel_destroy(kernel);
	fake_guest_deinit(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_is_found_and_described),
		cmocka_unit_test(a_reboot_is_noticed),
		cmocka_unit_test(what_is_no_linux_is_said_to_be_none),
		cmocka_unit_test(a_page_table_that_starts_within_a_page_is_said_to_be_forged),
		cmocka_unit_test(cpus_that_are_where_their_kernel_says_are_taken),
		cmocka_unit_test(a_cpu_that_was_redirected_is_named),
		cmocka_unit_test(a_cpu_is_not_left_out_for_what_its_registers_hold),
		cmocka_unit_test(a_profile_takes_the_place_of_what_memory_says),
		cmocka_unit_test(types_that_the_kernel_lacks_are_those_of_its_modules),
		cmocka_unit_test(forged_lists_of_modules_end_and_are_reported),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
