/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/kallsyms: kernel/kallsyms.c, kernel/module/kallsyms.c,
 * kernel/bpf/core.c, kernel/kprobes.c, kernel/trace/ftrace.c, 5.10 to 7.2. */
#include "guest/proc/modules.h"
#include "guest/proc/pointer.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"

#include "guest/kernel/guestc-types-begin.h"

struct bpf_ksym {
	unsigned long start;
	char name[512];
	struct list_head lnode;
};

struct ftrace_ops {
	unsigned long trampoline;
	struct list_head list;
};

struct kprobe_insn_cache {
	const char *sym;
	struct list_head pages;
};

struct kprobe_insn_page {
	struct list_head list;
	void *insns;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	MODULE_SYMBOL_COUNT_MAX = 1 << 20,
	EXPORT_COUNT_MAX = 1 << 16,
	PROGRAM_COUNT_MAX = 1 << 20, /* compiled BPF programs and trampolines */
};

extern struct list_head bpf_kallsyms, ftrace_ops_trampoline_list, ftrace_mod_maps;
extern int bpf_jit_harden, bpf_jit_kallsyms;
extern struct kprobe_insn_cache kprobe_insn_slots, kprobe_optinsn_slots;

struct module_text {
	struct seq *seq;
	const struct module *module;
	const struct mod_kallsyms *table;
	bool with_addresses;
	char module_name[MODULE_NAME_SIZE];
};

static void show_symbol(struct seq *seq, u64 address, char type, const char *name, const char *module)
{
	seq_printf(seq, "%016llx %c %s\t[%s]\n", address, type, name, module);
}

static char to_case(char letter, bool upper)
{
	if (upper && letter >= 'a' && letter <= 'z')
		return (char)(letter - 'a' + 'A');
	return !upper && letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

static bool is_export(const char *entry, u64 value, const char *name)
{
	const struct kernel_symbol *symbol = (const struct kernel_symbol *)entry;
	u64 its_value =
		(u64)(entry + field_offset(struct kernel_symbol, value_offset)) + (u64)(s64)symbol->value_offset;
	u64 its_name = (u64)(entry + field_offset(struct kernel_symbol, name_offset)) + (u64)(s64)symbol->name_offset;

	return its_value == value && strcmp((const char *)its_name, name) == 0;
}

/* is_exported(), which looks through `syms` alone. */
static bool is_exported(const struct module_text *text, u64 value, const char *name)
{
	u32 count = text->module->num_syms;

	if (count > EXPORT_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a module exports more symbols than any could");
	for (u32 i = 0; i < count; i++)
		if (is_export((const char *)text->module->syms + i * type_size(struct kernel_symbol), value, name))
			return true;
	return false;
}

static void show_module(void *argument)
{
	struct module_text *text = argument;
	const struct mod_kallsyms *table = text->table;
	u32 count = table->num_symtab;
	char name[SYMBOL_NAME_SIZE];

	if (count > MODULE_SYMBOL_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a module has more symbols than any could have");
	for (u32 i = 0; i < count; i++) {
		const struct elf64_sym *symbol =
			(const void *)((const char *)table->symtab + i * type_size(struct elf64_sym));
		u64 value = symbol->st_value;

		guest_string_copy(name, sizeof name, table->strtab + symbol->st_name);
		if (name[0] == '\0')
			continue;
		show_symbol(text->seq, text->with_addresses ? value : 0,
			    to_case(table->typetab[i], is_exported(text, value, name)), name, text->module_name);
	}
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	struct module_text text = {.seq = row->seq, .module = row->object};

	if (!module_is_formed(text.module))
		return;
	text.table = text.module->kallsyms;
	text.with_addresses = *(const bool *)row->rows->context;
	module_name(text.module, text.module_name);
	show_module(&text);
}

static void show_modules(struct seq *seq, bool with_addresses)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a module's symbols are missing"};
	struct guest_bound bound = GUEST_BOUND(MODULE_COUNT_MAX, "modules");
	const struct list_head *node;
	u64 place = SYMBOLS_END_PLACE;

	rows.context = &with_addresses;
	for (node = READ_ONCE(modules.next); node != &modules; node = READ_ONCE(node->next)) {
		guest_bound(&bound);
		if (!seq_begins(seq, place++, 0))
			continue;
		rows_show(&rows, container_of(node, struct module, list));
	}
}

static void show_trampolines(struct seq *seq, bool with_addresses)
{
	struct guest_bound bound = GUEST_BOUND(PROGRAM_COUNT_MAX, "trampolines");
	const struct ftrace_ops *ops;

	if (symbol_exists(ftrace_mod_maps) && !list_empty(&ftrace_mod_maps))
		guest_fail(STATUS_UNSUPPORTED, "a module's functions of its start are traced: they aren't listed");
	if (!symbol_exists(ftrace_ops_trampoline_list))
		return;
	list_for_each_entry (ops, &ftrace_ops_trampoline_list, list) {
		guest_bound(&bound);
		show_symbol(seq, with_addresses ? ops->trampoline : 0, 't', "ftrace_trampoline", "__builtin__ftrace");
	}
}

static void show_programs(struct seq *seq, bool with_addresses)
{
	struct guest_bound bound = GUEST_BOUND(PROGRAM_COUNT_MAX, "BPF programs");
	const struct bpf_ksym *symbol;
	char name[SYMBOL_NAME_SIZE];

	if (!symbol_exists(bpf_kallsyms) || bpf_jit_harden != 0 || bpf_jit_kallsyms != 1)
		return;
	list_for_each_entry (symbol, &bpf_kallsyms, lnode) {
		guest_bound(&bound);
		guest_string_copy(name, sizeof name, symbol->name);
		show_symbol(seq, with_addresses ? symbol->start : 0, 't', name, "bpf");
	}
}

static void show_probes(struct seq *seq, const struct kprobe_insn_cache *cache, bool with_addresses)
{
	struct guest_bound bound = GUEST_BOUND(PROGRAM_COUNT_MAX, "pages of probes");
	const struct kprobe_insn_page *page;
	char name[SYMBOL_NAME_SIZE];

	list_for_each_entry (page, &cache->pages, list) {
		guest_bound(&bound);
		guest_string_copy(name, sizeof name, cache->sym);
		show_symbol(seq, with_addresses ? (u64)page->insns : 0, 't', name, "__builtin__kprobes");
	}
}

void kallsyms_show(struct seq *seq)
{
	bool with_addresses = pointers_are_shown();

	symbols_write(seq, with_addresses);
	show_modules(seq, with_addresses);
	show_trampolines(seq, with_addresses);
	show_programs(seq, with_addresses);
	if (symbol_exists(kprobe_insn_slots) && field_exists(struct kprobe_insn_cache, sym))
		show_probes(seq, &kprobe_insn_slots, with_addresses);
	if (symbol_exists(kprobe_optinsn_slots) && field_exists(struct kprobe_insn_cache, sym))
		show_probes(seq, &kprobe_optinsn_slots, with_addresses);
}
