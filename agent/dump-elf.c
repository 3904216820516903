/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/dump-elf.h"

#include <elf.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"

enum {
	PROGRAM_HEADER_COUNT_MAX = 4096,
	NOTE_COUNT_MAX = 16384, /* QEMU writes two a CPU */
	/* target/i386/arch_dump.c, QEMUCPUState, version 1: two u32, 18 u64
	 * (rax … r15, rip, rflags), then segments of 24 bytes: cs ds es fs gs
	 * ss ldt tr gdt idt, then cr[5]. */
	QEMU_STATE_VERSION = 1,
	QEMU_SEGMENTS_OFFSET = 8 + 18 * 8,
	QEMU_SEGMENT_SIZE = 24,
	QEMU_SEGMENT_BASE = 16,
	QEMU_SEGMENT_SELECTOR = 0,
	QEMU_IDT_INDEX = 9,
	QEMU_CR_OFFSET = QEMU_SEGMENTS_OFFSET + 10 * QEMU_SEGMENT_SIZE,
	QEMU_STATE_SIZE_MIN = QEMU_CR_OFFSET + 5 * 8,
};

/* Kernel mode paging as every 64-bit Linux has it: the note lacks EFER. */
#define EFER_64_BIT 0x500ULL /* LME, LMA */
#define CR0_PG (1ULL << 31)
#define CR4_PAE (1ULL << 5)

struct program_header {
	uint32_t type, flags;
	uint64_t offset, virtual_address, physical_address, file_size, memory_size, alignment;
};

struct header {
	uint64_t program_offset;
	uint16_t entry_size;
	uint32_t entry_count;
};

bool dump_is_elf(struct span file)
{
	return file.size >= SELFMAG && memcmp(file.data, ELFMAG, SELFMAG) == 0;
}

/* With 65,535 segments or more their number is in section 0 (elf.h, PN_XNUM). */
static status read_large_count(struct reader *reader, uint64_t section_offset, uint32_t *ret_count)
{
	TRY(reader_seek(reader, section_offset));
	TRY(reader_skip(reader, offsetof(Elf64_Shdr, sh_info)));
	return reader_u32(reader, ret_count);
}

static status read_header(struct reader *reader, struct header *ret_header)
{
	uint8_t identification[EI_NIDENT];
	uint16_t type, machine, count;
	uint64_t section_offset;
	struct header header = {0};

	TRY(reader_copy(reader, identification, sizeof identification));
	TRY(reader_u16(reader, &type));
	TRY(reader_u16(reader, &machine));
	TRY(reader_skip(reader, offsetof(Elf64_Ehdr, e_phoff) - offsetof(Elf64_Ehdr, e_version)));
	TRY(reader_u64(reader, &header.program_offset));
	TRY(reader_u64(reader, &section_offset));
	TRY(reader_skip(reader, offsetof(Elf64_Ehdr, e_phentsize) - offsetof(Elf64_Ehdr, e_flags)));
	TRY(reader_u16(reader, &header.entry_size));
	TRY(reader_u16(reader, &count));
	header.entry_count = count;
	if (identification[EI_CLASS] != ELFCLASS64 || identification[EI_DATA] != ELFDATA2LSB || machine != EM_X86_64)
		return report(STATUS_UNSUPPORTED,
			      "the dump is an ELF file, but not of a 64-bit x86 machine (class %u, machine %u)",
			      identification[EI_CLASS], machine);
	if (type != ET_CORE)
		return report(STATUS_UNSUPPORTED,
			      "the file is an ELF file of type %u, not a core: give the memory dump itself", type);
	if (count == PN_XNUM)
		TRY(read_large_count(reader, section_offset, &header.entry_count));
	*ret_header = header;
	return STATUS_OK;
}

static status read_program_header(struct reader *reader, const struct header *header, uint32_t index,
				  struct program_header *ret_entry)
{
	struct program_header entry;
	uint64_t position;

	if (!checked_add(header->program_offset, (uint64_t)index * header->entry_size, &position))
		return STATUS_END;
	TRY(reader_seek(reader, position));
	TRY(reader_u32(reader, &entry.type));
	TRY(reader_u32(reader, &entry.flags));
	TRY(reader_u64(reader, &entry.offset));
	TRY(reader_u64(reader, &entry.virtual_address));
	TRY(reader_u64(reader, &entry.physical_address));
	TRY(reader_u64(reader, &entry.file_size));
	TRY(reader_u64(reader, &entry.memory_size));
	TRY(reader_u64(reader, &entry.alignment));
	*ret_entry = entry;
	return STATUS_OK;
}

static bool comes_after(const struct ram_range *a, const struct ram_range *b)
{
	if (a->start.value != b->start.value)
		return a->start.value > b->start.value;
	return a->size < b->size;
}

/* Sorted by address, of equal ones the larger first; neighbours stay apart, as their
 * bytes may lie apart in the file. */
static status insert_segment(struct dump_contents *contents, struct dump_segment segment)
{
	uint32_t at = contents->segment_count;

	if (at == RAM_RANGE_COUNT_MAX)
		return report(STATUS_LIMIT, "the dump has more than %d pieces of RAM", RAM_RANGE_COUNT_MAX);
	while (at > 0 && comes_after(&contents->segments[at - 1].range, &segment.range)) {
		contents->segments[at] = contents->segments[at - 1];
		at--;
	}
	contents->segments[at] = segment;
	contents->segment_count++;
	return STATUS_OK;
}

/* /proc/vmcore names the kernel's image once more by its virtual addresses: a
 * piece that lies in another one adds nothing. STATUS_MALFORMED where two
 * overlap in part. */
static status drop_contained(struct dump_contents *contents)
{
	uint32_t kept = 1;

	for (uint32_t i = 1; i < contents->segment_count; i++) {
		const struct ram_range *before = &contents->segments[kept - 1].range;
		const struct ram_range *range = &contents->segments[i].range;
		uint64_t before_end = before->start.value + before->size;

		if (range->start.value >= before_end)
			contents->segments[kept++] = contents->segments[i];
		else if (range->start.value + range->size > before_end)
			return report(STATUS_MALFORMED,
				      "the dump's pieces of RAM at 0x%" PRIx64 " and 0x%" PRIx64 " overlap",
				      before->start.value, range->start.value);
	}
	contents->segment_count = kept;
	return STATUS_OK;
}

static status take_load(struct span file, const struct program_header *entry, struct dump_contents *contents)
{
	uint64_t end = UINT64_MAX;

	if (entry->file_size == 0)
		return STATUS_OK;
	if (entry->physical_address == UINT64_MAX)
		return report(STATUS_UNSUPPORTED,
			      "the dump has no physical addresses: it is a process's core dump, or was "
			      "written without -p; use dump-guest-memory without paging");
	if (!checked_add(entry->offset, entry->file_size, &end) || end > file.size)
		return report(STATUS_MALFORMED,
			      "the dump is truncated: it ends at byte %zu, but RAM at 0x%" PRIx64
			      " goes on to byte %" PRIu64 "; copy it again",
			      file.size, entry->physical_address, end);
	if (entry->physical_address % GUEST_PAGE_SIZE != 0 || entry->file_size % GUEST_PAGE_SIZE != 0 ||
	    !checked_add(entry->physical_address, entry->file_size, &end))
		return report(STATUS_MALFORMED, "the dump's RAM at 0x%" PRIx64 " (%" PRIu64 " bytes) isn't whole pages",
			      entry->physical_address, entry->file_size);
	return insert_segment(contents,
			      (struct dump_segment){{{entry->physical_address}, entry->file_size}, entry->offset});
}

static uint64_t number_at(struct span bytes, size_t offset)
{
	struct reader reader;
	uint64_t value = 0;

	/* The caller has checked the size. */
	reader_init(&reader, bytes);
	if (reader_seek(&reader, offset) != STATUS_OK || reader_u64(&reader, &value) != STATUS_OK)
		return 0;
	return value;
}

static void take_cpu(struct span state, struct dump_contents *contents)
{
	struct cpu_registers *registers = &contents->registers[contents->cpu_count];

	if (state.size < QEMU_STATE_SIZE_MIN || (uint32_t)number_at(state, 0) != QEMU_STATE_VERSION ||
	    contents->cpu_count == DUMP_CPU_COUNT_MAX)
		return;
	*registers = (struct cpu_registers){
		.cr0 = number_at(state, QEMU_CR_OFFSET),
		.cr3 = number_at(state, QEMU_CR_OFFSET + 3 * 8),
		.cr4 = number_at(state, QEMU_CR_OFFSET + 4 * 8),
		.idt_base =
			number_at(state, QEMU_SEGMENTS_OFFSET + QEMU_IDT_INDEX * QEMU_SEGMENT_SIZE + QEMU_SEGMENT_BASE),
		.cpu_index = contents->cpu_count,
		.cpl = (uint32_t)number_at(state, QEMU_SEGMENTS_OFFSET + QEMU_SEGMENT_SELECTOR) & 3,
	};
	if ((registers->cr0 & CR0_PG) != 0 && (registers->cr4 & CR4_PAE) != 0)
		registers->efer = EFER_64_BIT;
	contents->cpu_count++;
}

static status read_note(struct reader *reader, struct dump_contents *contents)
{
	uint32_t name_size, description_size, type;
	struct span name, description;

	TRY(reader_u32(reader, &name_size));
	TRY(reader_u32(reader, &description_size));
	TRY(reader_u32(reader, &type));
	TRY(reader_bytes(reader, name_size, &name));
	TRY(reader_align(reader, 4));
	TRY(reader_bytes(reader, description_size, &description));
	if (name.size == 5 && memcmp(name.data, "QEMU", 5) == 0 && type == 0)
		take_cpu(description, contents);
	return reader_align(reader, 4);
}

static status take_notes(struct span file, const struct program_header *entry, struct dump_contents *contents)
{
	struct reader reader;

	if (!checked_within(entry->offset, entry->file_size, file.size))
		return report(STATUS_MALFORMED,
			      "the dump is truncated: its notes reach beyond its %zu bytes; copy it again", file.size);
	reader_init(&reader, (struct span){file.data + entry->offset, (size_t)entry->file_size});
	for (int i = 0; i < NOTE_COUNT_MAX && reader_left(&reader) > 0; i++)
		if (read_note(&reader, contents) != STATUS_OK)
			break; /* padding at the end; what came before counts */
	return STATUS_OK;
}

static status truncated(status result, struct span file)
{
	if (result != STATUS_END)
		return result;
	return report(STATUS_MALFORMED, "the dump is truncated: its headers reach beyond its %zu bytes; copy it again",
		      file.size);
}

static status parse(struct span file, struct dump_contents *contents)
{
	struct reader reader;
	struct header header = {0};

	reader_init(&reader, file);
	TRY(truncated(read_header(&reader, &header), file));
	if (header.entry_size < sizeof(Elf64_Phdr) || header.entry_count > PROGRAM_HEADER_COUNT_MAX)
		return report(STATUS_MALFORMED, "the dump's program headers are broken: %u of %u bytes",
			      header.entry_count, header.entry_size);
	for (uint32_t i = 0; i < header.entry_count; i++) {
		struct program_header entry = {0};

		TRY(truncated(read_program_header(&reader, &header, i, &entry), file));
		if (entry.type == PT_LOAD)
			TRY(take_load(file, &entry, contents));
		else if (entry.type == PT_NOTE)
			TRY(take_notes(file, &entry, contents));
	}
	if (contents->segment_count == 0)
		return report(STATUS_MALFORMED, "the dump is an ELF core without any memory in it");
	return drop_contained(contents);
}

status dump_parse_elf(struct span file, struct dump_contents *ret_contents)
{
	memset(ret_contents, 0, sizeof *ret_contents);
	return parse(file, ret_contents);
}
