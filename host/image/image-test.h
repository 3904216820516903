/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A tiny image, made by hand: what tests of this module begin with. */
#ifndef HOST_IMAGE_IMAGE_TEST_H
#define HOST_IMAGE_IMAGE_TEST_H

#include <elf.h>
#include <string.h>

#include "host/image/image.h"

enum {
	TINY_PROGRAM_COUNT = 4, /* headers and notes, code, data, and the notes again */
	TINY_CODE = 0x1000,
	TINY_DATA = 0x2000,
	TINY_DATA_ADDRESS = 0x3100,
	TINY_SIZE = TINY_DATA + 0x100 + 0x40, /* to the last loaded byte */
};

struct tiny_note {
	Elf64_Nhdr header;
	char owner[12];
};

struct tiny_file {
	Elf64_Ehdr header;
	Elf64_Phdr program[TINY_PROGRAM_COUNT];
	struct {
		struct tiny_note manifest_note;
		struct image_note_manifest manifest;
		struct tiny_note exit_note;
		struct image_note_exit exit;
		struct tiny_note paths_note;
		char paths[16];
		struct tiny_note environment_note;
		char environment[12];
		struct tiny_note calls_note;
		uint16_t calls[4];
		struct tiny_note programs_note;
		char programs[4];
	} __attribute__((packed)) notes;
	uint8_t rest[TINY_SIZE];
} __attribute__((packed));

static inline struct tiny_note tiny_note(uint32_t type, uint32_t size)
{
	struct tiny_note note = {.header = {sizeof IMAGE_NOTE_OWNER, size, type}};

	memcpy(note.owner, IMAGE_NOTE_OWNER, sizeof IMAGE_NOTE_OWNER);
	return note;
}

static inline void tiny_file_init_notes(struct tiny_file *file)
{
	static const char paths[16] = "f/etc/hosts\0t/x";
	const uint64_t at = offsetof(struct tiny_file, notes.exit);

	file->notes.manifest_note = tiny_note(IMAGE_NOTE_MANIFEST, sizeof file->notes.manifest);
	file->notes.manifest = (struct image_note_manifest){
		.heap_size = 0x3000, .stack_size = 0x2000, .thread_count = 2, .isv_prod_id = 9, .isv_svn = 4};
	file->notes.exit_note = tiny_note(IMAGE_NOTE_EXIT, sizeof file->notes.exit);
	file->notes.exit.offset = (int64_t)(TINY_CODE + 0x20 - at);
	file->notes.paths_note = tiny_note(IMAGE_NOTE_PATHS, sizeof paths);
	memcpy(file->notes.paths, paths, sizeof paths);
	/* Strings end with an empty one: shorten the last. */
	file->notes.paths[14] = '\0';
	file->notes.environment_note = tiny_note(IMAGE_NOTE_ENVIRONMENT, sizeof file->notes.environment);
	memcpy(file->notes.environment, "TERM\0LINES\0", 12);
	file->notes.calls_note = tiny_note(IMAGE_NOTE_CALLS, sizeof file->notes.calls);
	file->notes.calls[0] = 0;
	file->notes.calls[1] = 1;
	file->notes.calls[2] = 5;
	file->notes.calls[3] = IMAGE_NOTE_CALLS_END;
	file->notes.programs_note = tiny_note(IMAGE_NOTE_PROGRAMS, sizeof file->notes.programs);
	memcpy(file->notes.programs, "x=\0", 4);
}

static inline void tiny_file_init(struct tiny_file *file)
{
	static const uint8_t exit[] = {0x0f, 0x01, 0xd7, 0x0f, 0x0b};
	const uint64_t notes = offsetof(struct tiny_file, notes);
	uint8_t *bytes = (uint8_t *)file;

	memset(file, 0, sizeof *file);
	memcpy(file->header.e_ident, ELFMAG, SELFMAG);
	file->header.e_ident[EI_CLASS] = ELFCLASS64;
	file->header.e_ident[EI_DATA] = ELFDATA2LSB;
	file->header.e_machine = EM_X86_64;
	file->header.e_type = ET_DYN;
	file->header.e_phoff = sizeof file->header;
	file->header.e_phentsize = sizeof(Elf64_Phdr);
	file->header.e_phnum = TINY_PROGRAM_COUNT;
	file->header.e_entry = TINY_CODE + 0x10;
	file->program[0] = (Elf64_Phdr){.p_type = PT_LOAD, .p_flags = PF_R, .p_filesz = 0x800, .p_memsz = 0x800};
	file->program[1] = (Elf64_Phdr){.p_type = PT_LOAD,
					.p_flags = PF_R | PF_X,
					.p_offset = TINY_CODE,
					.p_vaddr = TINY_CODE,
					.p_filesz = 0x100,
					.p_memsz = 0x100};
	file->program[2] = (Elf64_Phdr){.p_type = PT_LOAD,
					.p_flags = PF_R | PF_W,
					.p_offset = TINY_DATA + 0x100,
					.p_vaddr = TINY_DATA_ADDRESS,
					.p_filesz = 0x40,
					.p_memsz = 0x1800};
	file->program[3] = (Elf64_Phdr){.p_type = PT_NOTE,
					.p_flags = PF_R,
					.p_offset = notes,
					.p_vaddr = notes,
					.p_filesz = sizeof file->notes,
					.p_memsz = sizeof file->notes};
	tiny_file_init_notes(file);
	for (uint32_t i = 0; i < 0x100; i++)
		bytes[TINY_CODE + i] = (uint8_t)(7 * i + 3);
	memcpy(bytes + TINY_CODE + 0x20, exit, sizeof exit);
	for (uint32_t i = 0; i < 0x40; i++)
		bytes[TINY_DATA + 0x100 + i] = (uint8_t)(0xff - i);
}

static inline struct span tiny_file_span(const struct tiny_file *file)
{
	return (struct span){(const uint8_t *)file, TINY_SIZE};
}

#endif
