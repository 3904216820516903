/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel modules and their symbols (include/linux/module.h, elf.h). */
#ifndef GUEST_PROC_TYPES_MODULE_H
#define GUEST_PROC_TYPES_MODULE_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct elf64_sym {
	u32 st_name;
	u64 st_value, st_size;
};

struct mod_kallsyms {
	struct elf64_sym *symtab;
	unsigned int num_symtab;
	char *strtab, *typetab;
};

/* Offsets from themselves (CONFIG_HAVE_ARCH_PREL32_RELOCATIONS, on x86 always). */
struct kernel_symbol {
	int value_offset, name_offset;
};

enum module_state {
	/* The target's values are asked for. */
	MODULE_STATE_LIVE,
	MODULE_STATE_COMING,
	MODULE_STATE_GOING,
	MODULE_STATE_UNFORMED,
};

struct module_layout {
	void *base;
	unsigned int size;
};

struct module_memory {
	void *base;
	unsigned int size;
};

struct module;

struct module_use {
	struct list_head source_list; /* in the used module's */
	struct module *source; /* who uses it */
};

struct module {
	enum module_state state;
	struct list_head list; /* in modules */
	char name[56];
	struct mod_kallsyms *kallsyms;
	const struct kernel_symbol *syms;
	unsigned int num_syms;
	const void *init, *exit;
	struct module_layout core_layout, init_layout; /* before 6.4; then: */
	struct module_memory mem[1]; /* as many as the kernel has: ask field_size() */
	unsigned long taints;
	struct list_head source_list;
	atomic_t refcnt;
};

/* What a bit of `taints` looks like. */
struct taint_flag {
	char c_true;
	bool module; /* older kernels: does it stand in a module's flags? */
};

#include "guest/kernel/guestc-types-end.h"

extern struct list_head modules;
extern const struct taint_flag taint_flags[];

#endif
