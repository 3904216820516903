/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A kernel's worth of page tables in a buffer, and texts true and false. */
#include "guest/memory/root.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "base/test.h"
#include "guest/memory/fake-guest.h"
#include "guest/memory/root-note.h"

#define KERNEL_MAP 0xffffffff80000000ULL
#define TEXT (KERNEL_MAP + 0x1000000)
#define DIRECT_MAP 0xffff888000000000ULL
#define IDT 0xfffffe0000000000ULL
#define RELEASE "6.1.0-56-cloud-amd64"

enum {
	RAM_SIZE = 8 << 20,
	IMAGE = 0x100000, /* physical */
	UTS = IMAGE + 0x1000,
	ROOT = IMAGE + 0x2000,
	DATA = IMAGE + 0x3000, /* the pointer to the text */
	TABLES = 0x10000,
	NOTE = 0x200000,
	MANY_SIZE = 80 << 20, /* over 16 Ki texts */
	OTHER_NOTE = 0x300000,
	OTHER_KERNEL = 0x80000, /* added to all of the above for a second one */
	NX_DATA = FAKE_PRESENT | FAKE_WRITABLE,
};

static char last_message[1024];

static void keep_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

static void put_text(struct fake_guest *guest, uint64_t at, uint64_t image, const char *release, uint64_t kaslr)
{
	snprintf((char *)fake_guest_at(guest, at), 2048,
		 "OSRELEASE=%s\nBUILD-ID=3b43\nPAGESIZE=4096\nSYMBOL(init_uts_ns)=%llx\nSYMBOL(_stext)=%llx\n"
		 "NUMBER(phys_base)=%lld\nSYMBOL(init_top_pgt)=%llx\nNUMBER(pgtable_l5_enabled)=0\n"
		 "KERNELOFFSET=%llx\nNUMBER(KERNEL_IMAGE_SIZE)=1073741824\n",
		 release, (unsigned long long)TEXT + 0x1000, (unsigned long long)TEXT, (long long)image - 0x1000000,
		 (unsigned long long)TEXT + 0x2000, (unsigned long long)kaslr);
}

/* Page tables, init_uts_ns, and a pointer to the text at `note`. */
static void put_kernel(struct fake_guest *guest, uint64_t shift, uint64_t note)
{
	struct guest_space space = {{ROOT + shift}, 4, GUEST_PHYSICAL_BITS_MAX};
	uint64_t tables = TABLES + shift, pointer = DIRECT_MAP + note;

	fake_guest_map(guest, &space, TEXT, IMAGE + shift, FAKE_PRESENT, &tables);
	for (uint64_t page = 0x1000; page <= 0x3000; page += 0x1000)
		fake_guest_map(guest, &space, TEXT + page, IMAGE + shift + page, NX_DATA | FAKE_NO_EXECUTE, &tables);
	fake_guest_map(guest, &space, DIRECT_MAP + note, note, NX_DATA | FAKE_NO_EXECUTE, &tables);
	fake_guest_map(guest, &space, IDT, IMAGE + shift, FAKE_PRESENT | FAKE_NO_EXECUTE, &tables);
	memcpy(fake_guest_at(guest, UTS + shift + 4), "Linux", 6);
	memcpy(fake_guest_at(guest, UTS + shift + 4 + 130), RELEASE, sizeof RELEASE);
	memcpy(fake_guest_at(guest, DATA + shift + 0x128), &pointer, sizeof pointer);
}

static void guest_init(struct fake_guest *guest)
{
	struct ram_range range = {{0}, RAM_SIZE};

	fake_guest_init(guest, &range, 1, 64);
	put_kernel(guest, 0, NOTE);
	put_text(guest, NOTE, IMAGE, RELEASE, 0x7800000);
	report_sink_set(keep_message, NULL);
}

static void guest_deinit(struct fake_guest *guest)
{
	report_sink_set(NULL, NULL);
	fake_guest_deinit(guest);
}

static void set_cpu(struct fake_guest *guest, uint64_t cr3)
{
	guest->cpu_count = 1;
	guest->registers[0] =
		(struct cpu_registers){.cr0 = 0x80050033, .cr3 = cr3, .cr4 = 0x6b0, .efer = 0xd01, .idt_base = IDT};
}

static void a_kernel_is_found_without_registers(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.space.root.value, ROOT);
	assert_int_equal(root.space.level_count, 4);
	assert_int_equal(root.text_offset, 0x7800000);
	assert_int_equal(root.note.value, NOTE);
	assert_string_equal(root.release, RELEASE);
	assert_int_equal(root.evidence, GUEST_ROOT_CONSISTENT | GUEST_ROOT_POINTED_TO);
	guest_deinit(&guest);
}

static void the_elf_note_is_found_as_well(void **state)
{
	(void)state;
	const uint8_t header[24] = {11, 0,   0,	  0,   0xbc, 0x0c, 0,	0,   0,	  0,   0,
				    0,	'V', 'M', 'C', 'O',  'R',  'E', 'I', 'N', 'F', 'O'};
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	memset(fake_guest_at(&guest, NOTE), 0, 4096);
	memcpy(fake_guest_at(&guest, NOTE), header, sizeof header);
	put_text(&guest, NOTE + sizeof header, IMAGE, RELEASE, 0);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.space.root.value, ROOT);
	guest_deinit(&guest);
}

static void a_text_that_its_tables_contradict_is_refused(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	put_text(&guest, NOTE, IMAGE, "6.6.6-evil", 0); /* not the release in init_uts_ns */
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_MISSING);
	assert_non_null(strstr(last_message, "1 refused"));
	put_text(&guest, NOTE, IMAGE + 0x1000, RELEASE, 0); /* another page as root */
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_MISSING);
	memcpy(fake_guest_at(&guest, NOTE), "OSRELEASE=6\n", 13); /* nothing else */
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_MISSING);
	guest_deinit(&guest);
}

static void a_decoy_loses_to_the_text_that_the_kernel_points_to(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	/* A program's copy that lies about KASLR, and lies lower in memory. */
	put_text(&guest, 0x1000, IMAGE, RELEASE, 0x666000);
	put_text(&guest, OTHER_NOTE, IMAGE, "9.9.9", 0);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.text_offset, 0x7800000);
	assert_int_equal(root.note.value, NOTE);
	assert_int_equal(root.refused_count, 1);
	guest_deinit(&guest);
}

static void two_whole_kernels_are_told_apart_by_registers_only(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	put_kernel(&guest, OTHER_KERNEL, OTHER_NOTE);
	put_text(&guest, OTHER_NOTE, IMAGE + OTHER_KERNEL, RELEASE, 0);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_MISMATCH);
	assert_non_null(strstr(last_message, "two texts"));
	set_cpu(&guest, ROOT + OTHER_KERNEL);
	assert_int_equal(guest_memory_refresh(&guest.memory), STATUS_OK);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.space.root.value, ROOT + OTHER_KERNEL);
	assert_int_equal(root.evidence, GUEST_ROOT_CONSISTENT | GUEST_ROOT_POINTED_TO | GUEST_ROOT_IN_USE);
	guest_deinit(&guest);
}

static void more_decoys_than_can_be_weighed_are_an_error(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	for (uint64_t i = 0; i < 64; i++)
		put_text(&guest, OTHER_NOTE + i * 4096, IMAGE, RELEASE, 0x1000 * (i + 1));
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_LIMIT);
	assert_non_null(strstr(last_message, "decoys"));
	guest_deinit(&guest);
}

/* Guests of their own size, full of texts, with the true one last. */
static void copies_of_the_true_text_change_nothing(void **state)
{
	(void)state;
	const uint64_t last = MANY_SIZE - 0x1000;
	struct ram_range range = {{0}, MANY_SIZE};
	struct fake_guest guest;
	struct guest_root root;

	fake_guest_init(&guest, &range, 1, 64);
	put_kernel(&guest, 0, last);
	for (uint64_t at = RAM_SIZE; at <= last; at += 0x1000)
		put_text(&guest, at, IMAGE, RELEASE, 0x7800000);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.space.root.value, ROOT);
	assert_int_equal(root.text_offset, 0x7800000);
	/* Each page once for the scan and the text, and little else. */
	assert_true(guest.read_count + guest.batch_count < 2 * MANY_SIZE / 0x1000);
	fake_guest_deinit(&guest);
}

static void a_search_among_endless_decoys_is_given_up(void **state)
{
	(void)state;
	struct ram_range range = {{0}, MANY_SIZE};
	struct fake_guest guest;
	struct guest_root root;

	fake_guest_init(&guest, &range, 1, 64);
	report_sink_set(keep_message, NULL);
	put_kernel(&guest, 0, NOTE);
	for (uint64_t at = RAM_SIZE; at < MANY_SIZE; at += 0x1000)
		put_text(&guest, at, IMAGE, "6.6.6-evil", at);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_LIMIT);
	assert_non_null(strstr(last_message, "plants decoys"));
	guest_deinit(&guest);
}

static void without_a_text_the_registers_give_the_root(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	memset(fake_guest_at(&guest, NOTE), 0, 4096);
	/* KPTI: CR3 names the user half, one page above the kernel's. */
	set_cpu(&guest, ROOT | 0x1000);
	memcpy(fake_guest_at(&guest, ROOT + 0x1000), fake_guest_at(&guest, ROOT), 2048);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.space.root.value, ROOT);
	assert_false(root.from_note);
	assert_int_equal(root.idt.value, IDT);
	guest_deinit(&guest);
}

/* RAM outlives a reset: the old kernel's text and tables are all there. */
static void a_text_of_an_earlier_boot_is_not_taken_for_a_kernel(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	set_cpu(&guest, 0);
	guest.registers[0].cr0 = 0x10; /* real mode: in the firmware */
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_MISSING);
	guest_deinit(&guest);
}

/* The same without registers: low memory tells which kernel booted last. */
static void of_two_kernels_the_one_that_starts_cpus_is_found(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	put_kernel(&guest, OTHER_KERNEL, OTHER_NOTE);
	put_text(&guest, OTHER_NOTE, IMAGE + OTHER_KERNEL, RELEASE, 0);
	memcpy(fake_guest_at(&guest, 0x9000 + 511 * 8), fake_guest_at(&guest, ROOT + OTHER_KERNEL + 511 * 8), 8);
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_OK);
	assert_int_equal(root.space.root.value, ROOT + OTHER_KERNEL);
	assert_int_equal(root.evidence, GUEST_ROOT_CONSISTENT | GUEST_ROOT_POINTED_TO | GUEST_ROOT_STARTED_FROM);
	guest_deinit(&guest);
}

static void a_target_that_ends_meanwhile_is_gone(void **state)
{
	(void)state;
	struct fake_guest guest;
	struct guest_root root;

	guest_init(&guest);
	guest.gone = true;
	assert_int_equal(guest_root_find(&guest.memory, &root), STATUS_GONE);
	guest_deinit(&guest);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_kernel_is_found_without_registers),
		cmocka_unit_test(the_elf_note_is_found_as_well),
		cmocka_unit_test(a_text_that_its_tables_contradict_is_refused),
		cmocka_unit_test(a_decoy_loses_to_the_text_that_the_kernel_points_to),
		cmocka_unit_test(two_whole_kernels_are_told_apart_by_registers_only),
		cmocka_unit_test(copies_of_the_true_text_change_nothing),
		cmocka_unit_test(a_search_among_endless_decoys_is_given_up),
		cmocka_unit_test(more_decoys_than_can_be_weighed_are_an_error),
		cmocka_unit_test(without_a_text_the_registers_give_the_root),
		cmocka_unit_test(a_text_of_an_earlier_boot_is_not_taken_for_a_kernel),
		cmocka_unit_test(of_two_kernels_the_one_that_starts_cpus_is_found),
		cmocka_unit_test(a_target_that_ends_meanwhile_is_gone),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
