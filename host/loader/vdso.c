/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/vdso.h"

#include <elf.h>
#include <stdbool.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/checked.h"

enum {
	/* Linux's has 4 or 5. */
	PROGRAM_HEADER_COUNT_MAX = 16,
	/* Linux's has some 20 entries. */
	DYNAMIC_COUNT_MAX = 64,
	/* Linux's has some 10 symbols. */
	SYMBOL_COUNT_MAX = 1024,
	/* A page: whatever is mapped has that much. */
	HEAD_SIZE = 4096,
	/* Linux's is two pages of code. */
	VDSO_SIZE_MAX = 256 * 1024,
	NAME_SIZE_MAX = 256,
};

struct vdso_tables {
	uint64_t symbols, strings, strings_size, hash, gnu_hash; /* offsets; 0: not there */
};

/* Copy what lies at `offset`; addresses in a vDSO are offsets, because it is
 * linked at 0 and loaded as one piece. */
static status copy_at(struct span vdso, uint64_t offset, void *destination, size_t size)
{
	struct reader reader;

	reader_init(&reader, vdso);
	if (reader_seek(&reader, offset) != STATUS_OK || reader_copy(&reader, destination, size) != STATUS_OK)
		return STATUS_MALFORMED;
	return STATUS_OK;
}

static status read_header(struct span vdso, Elf64_Ehdr *ret_header)
{
	Elf64_Ehdr header;

	TRY(copy_at(vdso, 0, &header, sizeof header));
	if (memcmp(header.e_ident, ELFMAG, SELFMAG) != 0 || header.e_ident[EI_CLASS] != ELFCLASS64 ||
	    header.e_machine != EM_X86_64 || header.e_phentsize != sizeof(Elf64_Phdr) ||
	    header.e_phnum > PROGRAM_HEADER_COUNT_MAX)
		return STATUS_MALFORMED;
	*ret_header = header;
	return STATUS_OK;
}

static status find_segment(struct span vdso, uint32_t type, Elf64_Phdr *ret_segment)
{
	Elf64_Ehdr header;
	Elf64_Phdr segment;

	TRY(read_header(vdso, &header));
	for (uint64_t i = 0; i < header.e_phnum; i++) {
		uint64_t offset;

		if (!checked_add(header.e_phoff, i * sizeof segment, &offset))
			return STATUS_MALFORMED;
		TRY(copy_at(vdso, offset, &segment, sizeof segment));
		if (segment.p_type == type) {
			*ret_segment = segment;
			return STATUS_OK;
		}
	}
	return STATUS_MALFORMED;
}

status vdso_locate(struct span *ret_vdso)
{
	const uint8_t *start = (const uint8_t *)getauxval(AT_SYSINFO_EHDR);
	Elf64_Phdr load;

	if (start == NULL)
		return STATUS_MISSING;
	/* Its first page is there; the rest is as long as its one segment says. */
	if (find_segment((struct span){start, HEAD_SIZE}, PT_LOAD, &load) != STATUS_OK || load.p_vaddr != 0 ||
	    load.p_offset != 0 || load.p_memsz > VDSO_SIZE_MAX)
		return STATUS_MISSING;
	*ret_vdso = (struct span){start, load.p_memsz};
	return STATUS_OK;
}

static status read_tables(struct span vdso, struct vdso_tables *ret_tables)
{
	struct vdso_tables tables = {0};
	Elf64_Phdr dynamic;
	Elf64_Dyn entry;

	TRY(find_segment(vdso, PT_DYNAMIC, &dynamic));
	for (uint64_t i = 0; i < DYNAMIC_COUNT_MAX && (i + 1) * sizeof entry <= dynamic.p_memsz; i++) {
		uint64_t offset;

		if (!checked_add(dynamic.p_vaddr, i * sizeof entry, &offset))
			return STATUS_MALFORMED;
		TRY(copy_at(vdso, offset, &entry, sizeof entry));
		if (entry.d_tag == DT_NULL)
			break;
		if (entry.d_tag == DT_SYMTAB)
			tables.symbols = entry.d_un.d_ptr;
		if (entry.d_tag == DT_STRTAB)
			tables.strings = entry.d_un.d_ptr;
		if (entry.d_tag == DT_STRSZ)
			tables.strings_size = entry.d_un.d_val;
		if (entry.d_tag == DT_HASH)
			tables.hash = entry.d_un.d_ptr;
		if (entry.d_tag == DT_GNU_HASH)
			tables.gnu_hash = entry.d_un.d_ptr;
	}
	if (tables.symbols == 0 || tables.strings == 0 ||
	    !checked_within(tables.strings, tables.strings_size, vdso.size))
		return STATUS_MALFORMED;
	*ret_tables = tables;
	return STATUS_OK;
}

/* The symbols that a GNU hash table speaks of: the highest bucket's chain ends
 * with the last one, marked by bit 0. */
static status gnu_symbol_count(struct span vdso, uint64_t at, uint64_t *ret_count)
{
	uint32_t head[4], word, last = 0; /* buckets, first symbol, Bloom words, shift */
	uint64_t buckets, chains;

	TRY(copy_at(vdso, at, head, sizeof head));
	if (head[0] > SYMBOL_COUNT_MAX || head[2] > SYMBOL_COUNT_MAX)
		return STATUS_MALFORMED;
	buckets = at + sizeof head + head[2] * UINT64_C(8);
	chains = buckets + head[0] * UINT64_C(4);
	for (uint64_t i = 0; i < head[0]; i++) {
		TRY(copy_at(vdso, buckets + i * 4, &word, sizeof word));
		last = word > last ? word : last;
	}
	if (last < head[1]) {
		*ret_count = head[1]; /* nothing is hashed */
		return STATUS_OK;
	}
	for (uint64_t i = last - head[1]; i < SYMBOL_COUNT_MAX; i++) {
		TRY(copy_at(vdso, chains + i * 4, &word, sizeof word));
		if (word & 1) {
			*ret_count = head[1] + i + 1;
			return STATUS_OK;
		}
	}
	return STATUS_MALFORMED;
}

static status symbol_count(struct span vdso, const struct vdso_tables *tables, uint64_t *ret_count)
{
	uint32_t head[2]; /* buckets, chains: one of these per symbol */

	if (tables->hash == 0 && tables->gnu_hash == 0)
		return STATUS_MALFORMED;
	if (tables->hash == 0)
		return gnu_symbol_count(vdso, tables->gnu_hash, ret_count);
	TRY(copy_at(vdso, tables->hash, head, sizeof head));
	*ret_count = head[1];
	return STATUS_OK;
}

static bool has_name(struct span vdso, const struct vdso_tables *tables, uint64_t name_offset, const char *name)
{
	struct span strings = {vdso.data + tables->strings, tables->strings_size};
	struct reader reader;
	const char *found;

	reader_init(&reader, strings);
	return reader_seek(&reader, name_offset) == STATUS_OK &&
	       reader_string(&reader, NAME_SIZE_MAX, &found) == STATUS_OK && strcmp(found, name) == 0;
}

status vdso_find(struct span vdso, const char *name, uint64_t *ret_offset)
{
	struct vdso_tables tables;
	uint64_t count;

	TRY(read_tables(vdso, &tables));
	TRY(symbol_count(vdso, &tables, &count));
	if (count > SYMBOL_COUNT_MAX)
		return STATUS_MALFORMED;
	for (uint64_t i = 0; i < count; i++) {
		Elf64_Sym symbol;
		uint64_t offset;

		if (!checked_add(tables.symbols, i * sizeof symbol, &offset))
			return STATUS_MALFORMED;
		TRY(copy_at(vdso, offset, &symbol, sizeof symbol));
		if (symbol.st_shndx == SHN_UNDEF || ELF64_ST_TYPE(symbol.st_info) != STT_FUNC ||
		    !has_name(vdso, &tables, symbol.st_name, name))
			continue;
		if (symbol.st_value == 0 || symbol.st_value >= vdso.size)
			return STATUS_MALFORMED;
		*ret_offset = symbol.st_value;
		return STATUS_OK;
	}
	return STATUS_MISSING;
}
