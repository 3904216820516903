// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/fake-kernel.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest/kernel/btf-encoder.h"

enum { NAME_SIZE = 32, HEADERS_SIZE = 0x1000, SETUP_SECTORS = 5, PAYLOAD_AT = 0x300 };

static const struct {
	const char *name;
	uint64_t offset;
	bool of_types;
} landmarks[] = {
	{"_text", 0, false},
	{"_stext", 0, false},
	{"linux_banner", FAKE_BANNER_AT, false},
	{"__start_BTF", FAKE_TYPES_AT, true},
	{"__stop_BTF", 0, true}, /* after the types */
	{"init_top_pgt", FAKE_ROOT_AT, false},
	{"page_offset_base", FAKE_DATA_AT, false},
	{"vmalloc_base", FAKE_DATA_AT + 8, false},
	{"init_task", FAKE_DATA_AT + 64, false},
	{"btf_modules", FAKE_MODULES_AT, false},
	{"idt_table", FAKE_IDT_AT, false},
	{"entry_SYSCALL_64", FAKE_ENTRY_AT, false},
};

static uint8_t *make_types(size_t *ret_size)
{
	struct btf_encoder *encoder = malloc(sizeof *encoder);

	if (encoder == NULL)
		abort();
	btf_encoder_init(encoder);
	uint32_t id = btf_encoder_type(encoder, 1, false, 0, "long", 8);
	btf_encoder_word(encoder, 64);
	btf_encoder_type(encoder, 4, false, 2, "task_struct", 16);
	btf_encoder_member(encoder, "state", id, 0);
	btf_encoder_member(encoder, "stack_canary", id, 64);
	uint32_t list = btf_encoder_type(encoder, 4, false, 1, "list_head", 8);
	btf_encoder_member(encoder, "next", id, 0);
	btf_encoder_type(encoder, 4, false, 2, "btf_module", 24);
	btf_encoder_member(encoder, "list", list, 64);
	btf_encoder_member(encoder, "btf", id, 128);
	uint32_t number = btf_encoder_type(encoder, 1, false, 0, "unsigned int", 4);
	btf_encoder_word(encoder, 32);
	btf_encoder_type(encoder, 4, false, 3, "btf", 16);
	btf_encoder_member(encoder, "data", id, 0);
	btf_encoder_member(encoder, "data_size", number, 64);
	btf_encoder_member(encoder, "id", number, 96);
	uint8_t *bytes = btf_encoder_finish(encoder, NULL, 0, ret_size);
	free(encoder);
	return bytes;
}

void fake_kernel_init(struct fake_kernel *kernel, uint64_t start, enum encoder_layout layout, bool with_types)
{
	static struct encoder_symbol symbols[FAKE_SYMBOL_COUNT];
	static char names[FAKE_SYMBOL_COUNT][NAME_SIZE];
	uint8_t *types = make_types(&kernel->types_size);
	uint32_t count = 0;

	for (size_t i = 0; i < sizeof landmarks / sizeof landmarks[0]; i++) {
		if (landmarks[i].of_types && !with_types)
			continue;
		uint64_t offset = landmarks[i].offset;
		if (strcmp(landmarks[i].name, "__stop_BTF") == 0)
			offset = FAKE_TYPES_AT + kernel->types_size;
		symbols[count++] = (struct encoder_symbol){start + offset, 'D', landmarks[i].name};
	}
	for (uint32_t i = 0; count < FAKE_SYMBOL_COUNT; i++) {
		snprintf(names[i], NAME_SIZE, "tcp_filler_%u", i);
		symbols[count++] = (struct encoder_symbol){start + 0x6000 + 16 * (uint64_t)i, 't', names[i]};
	}
	encoder_image_init(&kernel->image, start, FAKE_IMAGE_SIZE, FAKE_TABLES_AT, layout, symbols, count);
	memcpy(kernel->image.bytes + FAKE_BANNER_AT, FAKE_BANNER "\n", sizeof FAKE_BANNER + 1);
	memcpy(kernel->image.bytes + FAKE_TYPES_AT, types, kernel->types_size);
	free(types);
}

void fake_kernel_deinit(struct fake_kernel *kernel)
{
	encoder_image_deinit(&kernel->image);
}

struct span fake_kernel_elf(const struct fake_kernel *kernel)
{
	size_t size = HEADERS_SIZE + kernel->image.size;
	uint8_t *bytes = calloc(1, size);
	Elf64_Ehdr elf = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_EXEC,
		.e_machine = EM_X86_64,
		.e_phoff = sizeof elf,
		.e_phentsize = sizeof(Elf64_Phdr),
		.e_phnum = 2,
	};
	const Elf64_Phdr headers[2] = {
		{.p_type = PT_LOAD,
		 .p_flags = PF_R | PF_X,
		 .p_offset = HEADERS_SIZE,
		 .p_vaddr = kernel->image.start,
		 .p_filesz = kernel->image.size,
		 .p_memsz = kernel->image.size + 0x3000},
		{.p_type = PT_NOTE, .p_offset = 0x800, .p_filesz = 36},
	};
	const Elf64_Nhdr note = {.n_namesz = 4, .n_descsz = 20, .n_type = NT_GNU_BUILD_ID};

	if (bytes == NULL)
		abort();
	memcpy(bytes, &elf, sizeof elf);
	memcpy(bytes + sizeof elf, headers, sizeof headers);
	memcpy(bytes + 0x800, &note, sizeof note);
	memcpy(bytes + 0x80c, "GNU\0twenty bytes of build", 24);
	memcpy(bytes + HEADERS_SIZE, kernel->image.bytes, kernel->image.size);
	return (struct span){bytes, size};
}

struct span fake_bzimage(struct span payload)
{
	size_t start = (SETUP_SECTORS + 1) * 512 + PAYLOAD_AT;
	uint8_t *bytes = calloc(1, start + payload.size);
	uint32_t numbers[2] = {PAYLOAD_AT, (uint32_t)payload.size};

	if (bytes == NULL)
		abort();
	bytes[0x1f1] = SETUP_SECTORS;
	static const uint8_t magic[] = {'H', 'd', 'r', 'S', 0x0f, 0x02}; /* boot protocol 2.15 */
	memcpy(bytes + 0x202, magic, sizeof magic);
	memcpy(bytes + 0x248, numbers, sizeof numbers);
	memcpy(bytes + start, payload.data, payload.size);
	return (struct span){bytes, start + payload.size};
}
