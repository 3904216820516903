/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Symbols of modules: each module keeps its own table
 * (kernel/module/kallsyms.c, before 5.19 kernel/module.c). */
#include "guest/proc/symbols.h"

#include "guest/proc/types/module.h"

enum {
	/* The largest modules have some ten thousand symbols. */
	MODULE_SYMBOL_COUNT_MAX = 1 << 20,
};

static bool find_in(const struct module *module, const void *address, char ret_name[SYMBOL_NAME_SIZE])
{
	const struct mod_kallsyms *table = module->kallsyms;
	const char *symbols = (const char *)table->symtab;
	u32 count = table->num_symtab;

	if (count > MODULE_SYMBOL_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a module has more symbols than any could have");
	for (u32 i = 1; i < count; i++) {
		const struct elf64_sym *symbol = (const void *)(symbols + i * type_size(struct elf64_sym));

		if (symbol->st_value != (u64)address || symbol->st_name == 0)
			continue;
		guest_string_copy(ret_name, SYMBOL_NAME_SIZE, table->strtab + symbol->st_name);
		return ret_name[0] != '\0';
	}
	return false;
}

bool module_symbol_name(const void *address, char ret_name[SYMBOL_NAME_SIZE])
{
	struct module *module;

	list_for_each_entry(module, &modules, list)
		if (module->kallsyms != NULL && find_in(module, address, ret_name))
			return true;
	return false;
}
