/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/symbol.h"

#include <elf.h>

#include "base/checked.h"

enum {
	/* What is worth printing. */
	NAME_SIZE_MAX = 256,
	/* A linker makes some tens of sections and, for the largest program, some ten
	 * thousand symbols. */
	SECTION_COUNT_MAX = 4096,
	SYMBOL_COUNT_MAX = 1 << 20,
};

static bool read_section(struct span file, const Elf64_Ehdr *header, uint32_t index, Elf64_Shdr *ret_section)
{
	struct reader reader;

	reader_init(&reader, file);
	return index < header->e_shnum && index < SECTION_COUNT_MAX && header->e_shoff <= file.size &&
	       reader_seek(&reader, header->e_shoff) == STATUS_OK &&
	       reader_skip(&reader, (size_t)index * sizeof *ret_section) == STATUS_OK &&
	       reader_copy(&reader, ret_section, sizeof *ret_section) == STATUS_OK;
}

static bool bytes_of(struct span file, const Elf64_Shdr *section, struct span *ret_bytes)
{
	if (!checked_within(section->sh_offset, section->sh_size, file.size))
		return false;
	*ret_bytes = (struct span){file.data + section->sh_offset, section->sh_size};
	return true;
}

/* Symbols, and the names that they point into. */
static bool find_table(struct span file, struct span *ret_symbols, struct span *ret_names)
{
	struct reader reader;
	Elf64_Ehdr header;
	Elf64_Shdr section, names;

	reader_init(&reader, file);
	if (reader_copy(&reader, &header, sizeof header) != STATUS_OK || header.e_shentsize != sizeof section)
		return false;
	for (uint32_t i = 0; read_section(file, &header, i, &section); i++)
		if (section.sh_type == SHT_SYMTAB)
			return read_section(file, &header, section.sh_link, &names) &&
			       bytes_of(file, &section, ret_symbols) && bytes_of(file, &names, ret_names);
	return false;
}

static bool read_name(struct span names, uint32_t at, const char **ret_name)
{
	struct reader reader;
	const char *name;

	reader_init(&reader, names);
	if (reader_seek(&reader, at) != STATUS_OK || reader_string(&reader, NAME_SIZE_MAX, &name) != STATUS_OK)
		return false;
	for (const char *c = name; *c != '\0'; c++)
		if (*c <= ' ' || *c > '~')
			return false;
	*ret_name = name;
	return *name != '\0';
}

bool image_symbol_find(struct span file, uint64_t offset, const char **ret_name, uint64_t *ret_distance)
{
	struct span symbols, names;
	struct reader reader;
	Elf64_Sym symbol;

	if (!find_table(file, &symbols, &names))
		return false;
	reader_init(&reader, symbols);
	for (uint32_t i = 0; i < SYMBOL_COUNT_MAX && reader_copy(&reader, &symbol, sizeof symbol) == STATUS_OK; i++) {
		uint64_t distance = offset - symbol.st_value;

		/* Assembly without .size: the very first instruction only. */
		if (ELF64_ST_TYPE(symbol.st_info) != STT_FUNC || symbol.st_shndx == SHN_UNDEF ||
		    distance >= (symbol.st_size != 0 ? symbol.st_size : 1) ||
		    !read_name(names, symbol.st_name, ret_name))
			continue;
		*ret_distance = distance;
		return true;
	}
	return false;
}
