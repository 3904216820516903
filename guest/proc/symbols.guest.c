/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of modules: each module keeps its own table
 * (kernel/module/kallsyms.c, before 5.19 kernel/module.c). */
#include "guest/proc/symbols.h"

#include "guest/proc/row-loop.h"
#include "guest/proc/types/module.h"

enum {
	/* The largest modules have some ten thousand symbols. */
	MODULE_SYMBOL_COUNT_MAX = 1 << 20,
};

/* The symbol of a module that has this address or, where that is 0, this name;
 * NULL where none has. */
static const struct elf64_sym *find_in(const struct module *module, u64 address, const char *name)
{
	const struct mod_kallsyms *table = module->kallsyms;
	const char *symbols = (const char *)table->symtab;
	u32 count = table->num_symtab;

	if (count > MODULE_SYMBOL_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a module has more symbols than any could have");
	for (u32 i = 1; i < count; i++) {
		const struct elf64_sym *symbol = (const void *)(symbols + i * type_size(struct elf64_sym));
		const char *its_name = table->strtab + symbol->st_name;

		if (address != 0 ? symbol->st_value == address && its_name[0] != '\0' : strcmp(its_name, name) == 0)
			return symbol;
	}
	return NULL;
}

/* The module that has a symbol at `address`; NULL: none. */
static const struct module *module_of(const void *address, const struct elf64_sym **ret_symbol)
{
	struct row_loop loop = ROW_LOOP;
	struct module *module;

	list_for_each_entry (module, &modules, list) {
		row_loop_check(&loop, module);
		const struct elf64_sym *symbol = module->kallsyms != NULL ? find_in(module, (u64)address, NULL) : NULL;

		if (symbol != NULL) {
			*ret_symbol = symbol;
			return module;
		}
	}
	return NULL;
}

bool module_symbol_name(const void *address, char ret_name[SYMBOL_NAME_SIZE])
{
	const struct elf64_sym *symbol;
	const struct module *module = module_of(address, &symbol);

	if (module == NULL)
		return false;
	guest_string_copy(ret_name, SYMBOL_NAME_SIZE, module->kallsyms->strtab + symbol->st_name);
	return true;
}

/* Append to a text, as far as there is room. */
static u64 append(char text[SYMBOL_NAME_SIZE], u64 size, const char *more)
{
	for (u64 i = 0; size < SYMBOL_NAME_SIZE - 1 && more[i] != '\0'; i++)
		text[size++] = more[i];
	text[size] = '\0';
	return size;
}

static void address_text(char text[SYMBOL_NAME_SIZE], u64 address)
{
	u64 size = append(text, 0, "0x");

	for (int shift = 60; shift >= 0; shift -= 4) {
		char digit[2] = {"0123456789abcdef"[address >> shift & 15], '\0'};

		if (address >> shift != 0 || shift == 0)
			size = append(text, size, digit);
	}
}

void symbol_text(const void *address, char ret_text[SYMBOL_NAME_SIZE])
{
	const struct elf64_sym *symbol;
	const struct module *module;
	u64 size;

	if (symbol_name((u64)address, ret_text))
		return;
	module = module_of(address, &symbol);
	if (module == NULL) {
		address_text(ret_text, (u64)address);
		return;
	}
	guest_string_copy(ret_text, SYMBOL_NAME_SIZE, module->kallsyms->strtab + symbol->st_name);
	size = append(ret_text, strlen(ret_text), " [");
	size = append(ret_text, size, module->name);
	append(ret_text, size, "]");
}

const char *module_symbol_find(const char *name)
{
	u64 size;

	return module_symbol_find_sized(name, &size);
}

const char *module_symbol_find_sized(const char *name, u64 *ret_size)
{
	struct row_loop loop = ROW_LOOP;
	struct module *module;

	list_for_each_entry (module, &modules, list) {
		row_loop_check(&loop, module);
		const struct elf64_sym *symbol = module->kallsyms != NULL ? find_in(module, 0, name) : NULL;

		if (symbol != NULL) {
			*ret_size = symbol->st_size;
			return (const char *)symbol->st_value;
		}
	}
	return NULL;
}
