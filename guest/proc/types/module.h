/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules and their symbols (include/linux/module.h, elf.h). */
#ifndef GUEST_PROC_TYPES_MODULE_H
#define GUEST_PROC_TYPES_MODULE_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct elf64_sym {
	u32 st_name;
	u64 st_value;
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

#include "guest/kernel/guestc-types-end.h"

extern struct list_head modules;

#endif
