// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/vmlinux.h"

#include <elf.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "guest/kernel/layout.h"

static const struct vmlinux_segment *segment_of(const struct vmlinux *vmlinux, uint64_t address)
{
	for (uint32_t i = 0; i < vmlinux->segment_count; i++) {
		const struct vmlinux_segment *segment = &vmlinux->segment[i];
		if (address >= segment->start && address - segment->start < segment->size)
			return segment;
	}
	return NULL;
}

static status read_segments(void *context, struct guest_va start, void *destination, size_t size)
{
	uint8_t *to = destination;
	uint64_t address = start.value;

	while (size != 0) {
		const struct vmlinux_segment *segment = segment_of(context, address);
		if (segment == NULL)
			return STATUS_UNMAPPED;
		uint64_t offset = address - segment->start;
		bool in_file = offset < segment->bytes.size;
		uint64_t run = (in_file ? segment->bytes.size : segment->size) - offset;
		if (run > size)
			run = size;
		if (in_file)
			memcpy(to, segment->bytes.data + offset, run);
		else
			memset(to, 0, run);
		to += run;
		size -= run;
		address += run;
	}
	return STATUS_OK;
}

static status add_segment(struct vmlinux *vmlinux, struct span file, const Elf64_Phdr *header)
{
	struct kernel_view *view = &vmlinux->view;

	/* Per-CPU data of kernels before 6.15 is linked at 0. */
	if (header->p_vaddr < KERNEL_MAP_START || header->p_memsz == 0)
		return STATUS_OK;
	if (vmlinux->segment_count == VMLINUX_SEGMENT_COUNT_MAX)
		return report(STATUS_LIMIT, "over %u loadable segments: no Linux kernel has as many",
			      VMLINUX_SEGMENT_COUNT_MAX);
	if (!checked_within(header->p_offset, header->p_filesz, file.size) || header->p_filesz > header->p_memsz ||
	    !checked_within(header->p_vaddr - KERNEL_MAP_START, header->p_memsz, KERNEL_MAP_SIZE))
		return report(STATUS_MALFORMED, "a segment at %#llx lies outside the file or the kernel's range",
			      (unsigned long long)header->p_vaddr);
	if (header->p_vaddr < view->end)
		return report(STATUS_MALFORMED, "segments overlap or don't ascend at %#llx",
			      (unsigned long long)header->p_vaddr);
	if (vmlinux->segment_count == 0)
		view->start = header->p_vaddr;
	view->end = header->p_vaddr + header->p_memsz;
	vmlinux->segment[vmlinux->segment_count++] = (struct vmlinux_segment){
		.start = header->p_vaddr,
		.size = header->p_memsz,
		.bytes = {file.data + header->p_offset, header->p_filesz},
	};
	view->region[view->region_count++] = (struct kernel_region){
		.start = header->p_vaddr,
		.size = header->p_memsz,
		.executable = (header->p_flags & PF_X) != 0,
	};
	return STATUS_OK;
}

/* Notes that don't fit or say nothing are no fault: a build id is optional. */
static void find_build_id(struct vmlinux *vmlinux, struct span notes)
{
	struct reader reader;
	Elf64_Nhdr header;
	struct span name, value;

	reader_init(&reader, notes);
	while (reader_copy(&reader, &header, sizeof header) == STATUS_OK) {
		if (reader_bytes(&reader, header.n_namesz, &name) != STATUS_OK ||
		    reader_align(&reader, 4) != STATUS_OK ||
		    reader_bytes(&reader, header.n_descsz, &value) != STATUS_OK)
			return;
		if (header.n_type == NT_GNU_BUILD_ID && name.size == 4 && memcmp(name.data, "GNU", 4) == 0 &&
		    value.size <= BUILD_ID_SIZE_MAX) {
			memcpy(vmlinux->build_id, value.data, value.size);
			vmlinux->build_id_size = (uint32_t)value.size;
			return;
		}
		if (reader_align(&reader, 4) != STATUS_OK)
			return;
	}
}

status vmlinux_init(struct vmlinux *vmlinux, struct span file)
{
	struct reader reader;
	Elf64_Ehdr elf;
	Elf64_Phdr header;

	*vmlinux = (struct vmlinux){.view = {.read = read_segments, .context = vmlinux}};
	reader_init(&reader, file);
	if (reader_copy(&reader, &elf, sizeof elf) != STATUS_OK || memcmp(elf.e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf.e_ident[EI_CLASS] != ELFCLASS64 || elf.e_machine != EM_X86_64 || elf.e_phentsize != sizeof header)
		return report(STATUS_MALFORMED, "not the ELF file of an x86-64 kernel");
	if (reader_seek(&reader, elf.e_phoff) != STATUS_OK)
		return report(STATUS_MALFORMED, "the kernel's program headers lie beyond its file");
	for (uint32_t i = 0; i < elf.e_phnum; i++) {
		if (reader_copy(&reader, &header, sizeof header) != STATUS_OK)
			return report(STATUS_MALFORMED, "the kernel's file ends inside its program headers");
		if (header.p_type == PT_LOAD)
			TRY(add_segment(vmlinux, file, &header));
		if (header.p_type == PT_NOTE && checked_within(header.p_offset, header.p_filesz, file.size))
			find_build_id(vmlinux, (struct span){file.data + header.p_offset, header.p_filesz});
	}
	if (vmlinux->segment_count == 0)
		return report(STATUS_MALFORMED, "an ELF file without a segment at %#llx or above: not a kernel",
			      (unsigned long long)KERNEL_MAP_START);
	return STATUS_OK;
}
