/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of modules: each module keeps its own table
 * (kernel/module/kallsyms.c, before 5.19 kernel/module.c). */
#include "guest/proc/symbols.h"

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

bool module_symbol_name(const void *address, char ret_name[SYMBOL_NAME_SIZE])
{
	struct module *module;

	list_for_each_entry(module, &modules, list) {
		const struct elf64_sym *symbol =
			module->kallsyms != NULL ? find_in(module, (u64)address, NULL) : NULL;

		if (symbol != NULL) {
			guest_string_copy(ret_name, SYMBOL_NAME_SIZE, module->kallsyms->strtab + symbol->st_name);
			return true;
		}
	}
	return false;
}

const char *module_symbol_find(const char *name)
{
	struct module *module;

	list_for_each_entry(module, &modules, list) {
		const struct elf64_sym *symbol = module->kallsyms != NULL ? find_in(module, 0, name) : NULL;

		if (symbol != NULL)
			return (const char *)symbol->st_value;
	}
	return NULL;
}
