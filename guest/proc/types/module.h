/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules and their symbols (include/linux/module.h, elf.h). */
#ifndef GUEST_PROC_TYPES_MODULE_H
#define GUEST_PROC_TYPES_MODULE_H

#include "guest/proc/types/basic.h"
#include "guest/proc/types/list.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct elf64_sym {
	uint32_t st_name;
	uint64_t st_value;
};

struct mod_kallsyms {
	struct elf64_sym *symtab;
	unsigned int num_symtab;
	char *strtab;
};

struct module {
	struct list_head list; /* in modules */
	char name[56];
	struct mod_kallsyms *kallsyms;
};

#pragma clang attribute pop

extern struct list_head modules;

#endif
