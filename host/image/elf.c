/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/elf.h"

#include <elf.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"

static uint64_t page_up(uint64_t value)
{
	return (value + IMAGE_PAGE_SIZE - 1) & ~(uint64_t)(IMAGE_PAGE_SIZE - 1);
}

static status read_header(const char *name, struct span file, Elf64_Ehdr *ret_header)
{
	struct reader reader;
	Elf64_Ehdr header = {0};

	reader_init(&reader, file);
	if (reader_copy(&reader, &header, sizeof header) != STATUS_OK || memcmp(header.e_ident, ELFMAG, SELFMAG) != 0)
		return report(STATUS_UNSUPPORTED, "%s isn't an ELF file: give an image made by bartizan-cc", name);
	if (header.e_ident[EI_CLASS] != ELFCLASS64 || header.e_ident[EI_DATA] != ELFDATA2LSB ||
	    header.e_machine != EM_X86_64 || header.e_type != ET_DYN)
		return report(STATUS_UNSUPPORTED, "%s isn't a static-PIE for x86-64: give an image made by bartizan-cc",
			      name);
	if (header.e_phentsize != sizeof(Elf64_Phdr) || header.e_phnum == 0)
		return report(STATUS_MALFORMED, "%s has no usable program headers", name);
	*ret_header = header;
	return STATUS_OK;
}

/* PT_LOAD: append to the layout, in ascending order and without overlap. */
static status add_segment(const char *name, struct span file, const Elf64_Phdr *header, struct image_layout *layout)
{
	struct image_segment *segment = &layout->segments[layout->segment_count];
	uint64_t start = header->p_vaddr & ~(uint64_t)(IMAGE_PAGE_SIZE - 1);

	if (layout->segment_count == IMAGE_SEGMENT_COUNT_MAX)
		return report(STATUS_MALFORMED, "%s has more than %d segments", name, IMAGE_SEGMENT_COUNT_MAX);
	if (header->p_memsz == 0)
		return STATUS_OK;
	if (header->p_filesz > header->p_memsz || !checked_within(header->p_offset, header->p_filesz, file.size) ||
	    !checked_within(header->p_vaddr, header->p_memsz, IMAGE_SIZE_MAX))
		return report(STATUS_MALFORMED, "%s: the segment at %#llx doesn't fit into the file or into %llu bytes",
			      name, (unsigned long long)header->p_vaddr, (unsigned long long)IMAGE_SIZE_MAX);
	if (start < layout->size)
		return report(STATUS_MALFORMED,
			      "%s: the segment at %#llx overlaps the one before it, or comes out of order", name,
			      (unsigned long long)header->p_vaddr);
	if ((header->p_flags & PF_W) && (header->p_flags & PF_X))
		return report(STATUS_MALFORMED, "%s: the segment at %#llx is writable and executable", name,
			      (unsigned long long)header->p_vaddr);
	*segment = (struct image_segment){
		.offset = start,
		.size = page_up(header->p_vaddr + header->p_memsz) - start,
		.data_offset = header->p_vaddr - start,
		.data = {file.data + header->p_offset, header->p_filesz},
		.access = (header->p_flags & PF_R ? IMAGE_READ : 0) | (header->p_flags & PF_W ? IMAGE_WRITE : 0) |
			  (header->p_flags & PF_X ? IMAGE_EXECUTE : 0),
	};
	layout->size = segment->offset + segment->size;
	layout->segment_count++;
	return STATUS_OK;
}

/* PT_NOTE: appended as the file says; checked when all segments are known. */
static status add_note_segment(const char *name, struct span file, const Elf64_Phdr *header,
			       struct image_layout *layout)
{
	if (layout->note_count == IMAGE_NOTE_SEGMENT_COUNT_MAX)
		return report(STATUS_MALFORMED, "%s has more than %d note segments", name,
			      IMAGE_NOTE_SEGMENT_COUNT_MAX);
	if (!checked_within(header->p_offset, header->p_filesz, file.size))
		return report(STATUS_MALFORMED, "%s: the notes at %#llx lie outside the file", name,
			      (unsigned long long)header->p_offset);
	layout->notes[layout->note_count++] = (struct image_note_segment){
		.offset = header->p_vaddr,
		.data = {file.data + header->p_offset, header->p_filesz},
	};
	return STATUS_OK;
}

/* What isn't loaded isn't measured, and could say anything. */
static bool is_loaded(const struct image_layout *layout, const struct image_note_segment *note)
{
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct image_segment *segment = &layout->segments[i];
		uint64_t start = note->offset - segment->offset - segment->data_offset;

		if (checked_within(start, note->data.size, segment->data.size) &&
		    note->data.data == segment->data.data + start)
			return true;
	}
	return false;
}

static status check_note_segments(const char *name, const struct image_layout *layout)
{
	for (uint32_t i = 0; i < layout->note_count; i++)
		if (!is_loaded(layout, &layout->notes[i]))
			return report(STATUS_MALFORMED, "%s: the notes at %#llx aren't part of a segment", name,
				      (unsigned long long)layout->notes[i].offset);
	return STATUS_OK;
}

static bool entry_is_code(const struct image_layout *layout)
{
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct image_segment *segment = &layout->segments[i];

		if ((segment->access & IMAGE_EXECUTE) && layout->entry >= segment->offset + segment->data_offset &&
		    layout->entry - segment->offset - segment->data_offset < segment->data.size)
			return true;
	}
	return false;
}

status image_layout_read(const char *name, struct span file, struct image_layout *ret_layout)
{
	struct image_layout layout = {0};
	struct reader reader;
	Elf64_Ehdr header = {0};

	TRY(read_header(name, file, &header));
	layout.entry = header.e_entry;
	reader_init(&reader, file);
	if (reader_seek(&reader, header.e_phoff) != STATUS_OK)
		return report(STATUS_MALFORMED, "%s: the program headers lie outside the file", name);
	for (uint32_t i = 0; i < header.e_phnum; i++) {
		Elf64_Phdr program;

		if (reader_copy(&reader, &program, sizeof program) != STATUS_OK)
			return report(STATUS_MALFORMED, "%s: the program headers lie outside the file", name);
		if (program.p_type == PT_INTERP)
			return report(STATUS_UNSUPPORTED, "%s needs a dynamic linker: build it with bartizan-cc", name);
		if (program.p_type == PT_LOAD)
			TRY(add_segment(name, file, &program, &layout));
		if (program.p_type == PT_NOTE)
			TRY(add_note_segment(name, file, &program, &layout));
	}
	if (layout.segment_count == 0 || layout.segments[0].offset != 0)
		return report(STATUS_MALFORMED, "%s: no segment starts at 0, where an image begins", name);
	if (!entry_is_code(&layout))
		return report(STATUS_MALFORMED, "%s: the entry point %#llx isn't in its code", name,
			      (unsigned long long)layout.entry);
	TRY(check_note_segments(name, &layout));
	*ret_layout = layout;
	return STATUS_OK;
}
