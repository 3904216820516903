/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Dumps put together by hand, byte for byte, and what is made of them. */
#include "agent/dump.h"

#include <elf.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/dump-elf.h"
#include "agent/dump-layout.h"
#include "base/report.h"
#include "base/test.h"

enum {
	PAGE = GUEST_PAGE_SIZE,
	NOTE_OFFSET = 0x400,
	QEMU_STATE_SIZE = 0x1b8, /* as readelf -n shows in dumps of QEMU 7.2 */
	LOAD_OFFSET = 0x870, /* QEMU doesn't align them in the file */
};

static char last_message[1024];

static void keep_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

struct core {
	uint8_t bytes[LOAD_OFFSET + 4 * PAGE];
	size_t size;
};

static Elf64_Phdr *program_header(struct core *core, int index)
{
	return (Elf64_Phdr *)(void *)(core->bytes + sizeof(Elf64_Ehdr)) + index;
}

/* A core of two pages at 0 and two at 4 GiB, with one CPU's note. */
static void core_init(struct core *core)
{
	Elf64_Ehdr header = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_CORE,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof header,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 3,
	};
	const Elf64_Nhdr note = {.n_namesz = 5, .n_descsz = QEMU_STATE_SIZE, .n_type = 0};

	memset(core, 0, sizeof *core);
	core->size = sizeof core->bytes;
	memcpy(core->bytes, &header, sizeof header);
	/* High memory comes first in the file: they are to be sorted. */
	*program_header(core, 0) = (Elf64_Phdr){.p_type = PT_LOAD,
						.p_offset = LOAD_OFFSET + 2 * PAGE,
						.p_paddr = 1ULL << 32,
						.p_filesz = 2 * PAGE,
						.p_memsz = 2 * PAGE};
	*program_header(core, 1) = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = LOAD_OFFSET, .p_paddr = 0, .p_filesz = 2 * PAGE, .p_memsz = 2 * PAGE};
	*program_header(core, 2) =
		(Elf64_Phdr){.p_type = PT_NOTE, .p_offset = NOTE_OFFSET, .p_filesz = 12 + 8 + QEMU_STATE_SIZE};
	memcpy(core->bytes + NOTE_OFFSET, &note, sizeof note);
	memcpy(core->bytes + NOTE_OFFSET + 12, "QEMU", 5);
	uint8_t *cpu = core->bytes + NOTE_OFFSET + 20;
	/* Offsets as in the dump of a real guest: cs, idt base, cr0, cr3, cr4. */
	const uint32_t version = 1, selector = 0x10;
	const uint64_t idt = 0xfffffe0000000000, cr0 = 0x80050033, cr3 = 0x10082a000, cr4 = 0x6b0;
	memcpy(cpu, &version, 4);
	memcpy(cpu + 0x98, &selector, 4);
	memcpy(cpu + 0x180, &idt, 8);
	memcpy(cpu + 0x188, &cr0, 8);
	memcpy(cpu + 0x1a0, &cr3, 8);
	memcpy(cpu + 0x1a8, &cr4, 8);
	for (int page = 0; page < 4; page++)
		memset(core->bytes + LOAD_OFFSET + page * PAGE, 'a' + page, PAGE);
}

static status parse(const struct core *core, struct dump_contents *contents)
{
	report_sink_set(keep_message, NULL);
	status result = dump_parse_elf((struct span){core->bytes, core->size}, contents);
	report_sink_set(NULL, NULL);
	return result;
}

struct parsed {
	struct core core;
	struct dump_contents contents;
};

static void a_core_is_sorted_and_its_registers_are_read(void **state)
{
	(void)state;
	struct parsed *parsed = calloc(1, sizeof *parsed);
	const struct dump_contents *contents = &parsed->contents;

	core_init(&parsed->core);
	assert_int_equal(parse(&parsed->core, &parsed->contents), STATUS_OK);
	assert_int_equal(contents->segment_count, 2);
	assert_int_equal(contents->segments[0].range.start.value, 0);
	assert_int_equal(contents->segments[0].offset, LOAD_OFFSET);
	assert_int_equal(contents->segments[1].range.start.value, 1ULL << 32);
	assert_int_equal(contents->cpu_count, 1);
	assert_int_equal(contents->registers[0].cr3, 0x10082a000);
	assert_int_equal(contents->registers[0].cr0, 0x80050033);
	assert_int_equal(contents->registers[0].cr4, 0x6b0);
	assert_int_equal(contents->registers[0].idt_base, 0xfffffe0000000000);
	assert_int_equal(contents->registers[0].cpl, 0);
	free(parsed);
}

static void a_truncated_core_is_named_at_every_length(void **state)
{
	(void)state;
	struct parsed *parsed = calloc(1, sizeof *parsed);

	core_init(&parsed->core);
	for (size_t size = 4; size < sizeof parsed->core.bytes; size += size < 0x900 ? 1 : 997) {
		parsed->core.size = size;
		assert_int_equal(parse(&parsed->core, &parsed->contents), STATUS_MALFORMED);
		assert_non_null(strstr(last_message, "truncated"));
	}
	free(parsed);
}

static void broken_cores_are_refused(void **state)
{
	(void)state;
	struct parsed *parsed = calloc(1, sizeof *parsed);
	struct core *core = &parsed->core;

	core_init(core);
	program_header(core, 0)->p_paddr = PAGE; /* overlaps in part */
	assert_int_equal(parse(core, &parsed->contents), STATUS_MALFORMED);
	core_init(core);
	program_header(core, 0)->p_paddr = 0x123;
	assert_int_equal(parse(core, &parsed->contents), STATUS_MALFORMED);
	core_init(core);
	program_header(core, 0)->p_paddr = UINT64_MAX; /* a process's core */
	assert_int_equal(parse(core, &parsed->contents), STATUS_UNSUPPORTED);
	core_init(core);
	program_header(core, 0)->p_offset = UINT64_MAX - PAGE;
	assert_int_equal(parse(core, &parsed->contents), STATUS_MALFORMED);
	core_init(core);
	program_header(core, 0)->p_type = program_header(core, 1)->p_type = PT_NULL;
	assert_int_equal(parse(core, &parsed->contents), STATUS_MALFORMED);
	core_init(core);
	core->bytes[EI_CLASS] = ELFCLASS32;
	assert_int_equal(parse(core, &parsed->contents), STATUS_UNSUPPORTED);
	core_init(core);
	core->bytes[offsetof(Elf64_Ehdr, e_type)] = ET_DYN;
	assert_int_equal(parse(core, &parsed->contents), STATUS_UNSUPPORTED);
	free(parsed);
}

/* The second mapping of the kernel's image in a vmcore. */
static void a_piece_within_another_is_left_out(void **state)
{
	(void)state;
	struct parsed *parsed = calloc(1, sizeof *parsed);

	core_init(&parsed->core);
	*program_header(&parsed->core, 0) = (Elf64_Phdr){
		.p_type = PT_LOAD, .p_offset = LOAD_OFFSET + PAGE, .p_paddr = PAGE, .p_filesz = PAGE, .p_memsz = PAGE};
	assert_int_equal(parse(&parsed->core, &parsed->contents), STATUS_OK);
	assert_int_equal(parsed->contents.segment_count, 1);
	assert_int_equal(parsed->contents.segments[0].range.size, 2 * PAGE);
	free(parsed);
}

static void a_broken_note_costs_the_registers_only(void **state)
{
	(void)state;
	struct parsed *parsed = calloc(1, sizeof *parsed);

	core_init(&parsed->core);
	memset(parsed->core.bytes + NOTE_OFFSET + 4, 0xff, 4); /* n_descsz */
	assert_int_equal(parse(&parsed->core, &parsed->contents), STATUS_OK);
	assert_int_equal(parsed->contents.cpu_count, 0);
	free(parsed);
}

/* Open `bytes` as a dump file. */
static status open_dump(const void *bytes, size_t size, const char *options, struct target **ret_target)
{
	char path[] = "/tmp/bartizan-dump-test-XXXXXX", text[128];
	int file = mkstemp(path);

	assert_true(file >= 0);
	assert_int_equal(write(file, bytes, size), (ssize_t)size);
	snprintf(text, sizeof text, "%s%s", path, options);
	report_sink_set(keep_message, NULL);
	status result = dump_target_create(text, ret_target);
	report_sink_set(NULL, NULL);
	close(file);
	unlink(path);
	return result;
}

static void a_core_file_is_read_by_physical_address(void **state)
{
	(void)state;
	struct core *core = malloc(sizeof *core);
	struct target *target = NULL;
	uint8_t bytes[16];

	core_init(core);
	assert_int_equal(open_dump(core->bytes, core->size, "", &target), STATUS_OK);
	const struct page_source_ops *ops = target->source->ops;
	assert_int_equal(ops->read(target->source, (struct guest_pa){PAGE + 5}, bytes, 16), STATUS_OK);
	assert_memory_equal(bytes, "bbbbbbbbbbbbbbbb", 16);
	assert_int_equal(ops->read(target->source, (struct guest_pa){(1ULL << 32) + PAGE}, bytes, 16), STATUS_OK);
	assert_memory_equal(bytes, "dddddddddddddddd", 16);
	assert_int_equal(ops->read(target->source, (struct guest_pa){2 * PAGE}, bytes, 16), STATUS_UNMAPPED);
	struct cpu_registers registers;
	assert_int_equal(ops->registers(target->source, 0, &registers), STATUS_OK);
	assert_int_equal(ops->registers(target->source, 1, &registers), STATUS_END);
	assert_string_equal(target->description.layout, "elf");
	assert_int_equal(target->description.memory_size, 4 * PAGE);
	target_destroy(target);
	assert_int_equal(open_dump(core->bytes, core->size, ",layout=q35", &target), STATUS_USAGE);
	assert_non_null(strstr(last_message, "leave out layout="));
	/* What is broken isn't the option's fault. */
	assert_int_equal(open_dump(core->bytes, core->size - 1, ",layout=q35", &target), STATUS_MALFORMED);
	assert_non_null(strstr(last_message, "truncated"));
	free(core);
}

static void raw_memory_is_read_and_what_is_neither_is_named(void **state)
{
	(void)state;
	struct target *target = NULL;
	uint8_t pages[2 * PAGE] = {0};
	uint8_t byte;

	pages[PAGE] = 7;
	assert_int_equal(open_dump(pages, sizeof pages, "", &target), STATUS_OK);
	assert_int_equal(target->source->ops->read(target->source, (struct guest_pa){PAGE}, &byte, 1), STATUS_OK);
	assert_int_equal(byte, 7);
	target_destroy(target);
	assert_int_equal(open_dump(pages, sizeof pages - 1, "", &target), STATUS_MALFORMED);
	assert_non_null(strstr(last_message, "truncated"));
	assert_int_equal(open_dump(pages, 0, "", &target), STATUS_MALFORMED);
	assert_int_equal(open_dump(pages, sizeof pages, ",layout=q35", &target), STATUS_USAGE);
	assert_int_equal(open_dump(pages, sizeof pages, ",layout=mips", &target), STATUS_USAGE);
	memcpy(pages, "KDUMP   ", 8);
	assert_int_equal(open_dump(pages, sizeof pages, "", &target), STATUS_UNSUPPORTED);
	assert_non_null(strstr(last_message, "makedumpfile"));
	report_sink_set(keep_message, NULL);
	assert_int_equal(dump_target_create("/nonexistent/dump", &target), STATUS_MISSING);
	assert_int_equal(dump_target_create("/tmp", &target), STATUS_USAGE);
	report_sink_set(NULL, NULL);
}

static void raw_layouts_are_those_of_the_machines(void **state)
{
	(void)state;
	struct dump_contents *contents = calloc(1, sizeof *contents);
	const uint64_t size = 4ULL << 30;

	assert_true(dump_layout_apply(DUMP_LAYOUT_FLAT, size, contents));
	assert_int_equal(contents->segment_count, 1);
	assert_true(dump_layout_apply(DUMP_LAYOUT_Q35, size, contents));
	assert_int_equal(contents->segments[0].range.size, 0x80000000);
	assert_int_equal(contents->segments[1].range.start.value, size);
	assert_int_equal(contents->segments[1].offset, 0x80000000);
	assert_true(dump_layout_apply(DUMP_LAYOUT_PC, size, contents));
	assert_int_equal(contents->segments[1].offset, 0xc0000000);
	assert_int_equal(contents->segments[1].range.size, 0x40000000);
	assert_false(dump_layout_apply(DUMP_LAYOUT_PC, 3ULL << 30, contents));
	free(contents);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_core_is_sorted_and_its_registers_are_read),
		cmocka_unit_test(a_truncated_core_is_named_at_every_length),
		cmocka_unit_test(broken_cores_are_refused),
		cmocka_unit_test(a_piece_within_another_is_left_out),
		cmocka_unit_test(a_broken_note_costs_the_registers_only),
		cmocka_unit_test(a_core_file_is_read_by_physical_address),
		cmocka_unit_test(raw_memory_is_read_and_what_is_neither_is_named),
		cmocka_unit_test(raw_layouts_are_those_of_the_machines),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
