/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/modules: kernel/module/procfs.c, kernel/module/main.c (before 5.19
 * kernel/module.c), 5.10 to 7.2. */
#include "guest/proc/modules.h"

#include "guest/proc/pointer.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"

enum {
	MODULE_REFERENCE_BASE = 1, /* MODULE_REF_BASE */
	MODULE_PART_COUNT_MAX = 16, /* MOD_MEM_NUM_TYPES is 7 */
};

enum mod_mem_type {
	MOD_TEXT, /* the target's values are asked for */
	MOD_INIT_TEXT,
	MOD_INIT_DATA,
	MOD_INIT_RODATA,
};

bool module_is_formed(const struct module *module)
{
	return module->state != enum_value(enum module_state, MODULE_STATE_UNFORMED);
}

void module_name(const struct module *module, char ret_name[MODULE_NAME_SIZE])
{
	if (guest_string_copy(ret_name, MODULE_NAME_SIZE, module->name) == MODULE_NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of a module has no end");
}

const char *module_state(const struct module *module)
{
	if (module->state == enum_value(enum module_state, MODULE_STATE_GOING))
		return "Unloading";
	return module->state == enum_value(enum module_state, MODULE_STATE_COMING) ? "Loading" : "Live";
}

s32 module_refcount(const struct module *module)
{
	return module->refcnt.counter - MODULE_REFERENCE_BASE;
}

static const struct module_memory *part(const struct module *module, u64 index)
{
	return (const void *)((const char *)module->mem + index * type_size(struct module_memory));
}

static bool is_for_start(s64 index)
{
	return index == enum_value(enum mod_mem_type, MOD_INIT_TEXT) ||
	       index == enum_value(enum mod_mem_type, MOD_INIT_DATA) ||
	       index == enum_value(enum mod_mem_type, MOD_INIT_RODATA);
}

static u32 size_of_parts(const struct module *module, bool for_start)
{
	u64 count = field_size(struct module, mem) / type_size(struct module_memory);
	u32 size = 0;

	for (u64 i = 0; i < count && i < MODULE_PART_COUNT_MAX; i++)
		if (is_for_start((s64)i) == for_start)
			size += part(module, i)->size;
	return size;
}

u32 module_core_size(const struct module *module)
{
	return field_exists(struct module, mem) ? size_of_parts(module, false) : module->core_layout.size;
}

u32 module_init_size(const struct module *module)
{
	return field_exists(struct module, mem) ? size_of_parts(module, true) : module->init_layout.size;
}

static const void *base(const struct module *module)
{
	if (field_exists(struct module, mem))
		return part(module, (u64)enum_value(enum mod_mem_type, MOD_TEXT))->base;
	return module->core_layout.base;
}

/* module_flags_taint() */
void module_taint_letters(const struct module *module, char ret_letters[MODULE_FLAGS_SIZE])
{
	const char *flags = (const char *)taint_flags;
	u64 start = symbol_start((u64)flags), taints = module->taints;
	u32 size = 0;

	for (u64 bit = 0; bit < 32 && symbol_start((u64)flags + bit * type_size(struct taint_flag)) == start; bit++) {
		const struct taint_flag *flag = (const void *)(flags + bit * type_size(struct taint_flag));

		if ((taints >> bit & 1) != 0 && (!field_exists(struct taint_flag, module) || flag->module))
			ret_letters[size++] = flag->c_true;
	}
	ret_letters[size] = '\0';
}

static void show_users(struct seq *seq, const struct module *module)
{
	struct guest_bound bound = GUEST_BOUND(MODULE_USER_COUNT_MAX, "users of a module");
	const struct module_use *use;
	char name[MODULE_NAME_SIZE];
	bool any = false;

	seq_printf(seq, " %i ", module_refcount(module));
	list_for_each_entry (use, &module->source_list, source_list) {
		guest_bound(&bound);
		module_name(use->source, name);
		seq_puts(seq, name);
		seq_putc(seq, ',');
		any = true;
	}
	if (module->init != NULL && module->exit == NULL) {
		seq_puts(seq, "[permanent],");
		any = true;
	}
	if (!any)
		seq_putc(seq, '-');
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct module *module = row->object;
	char name[MODULE_NAME_SIZE], letters[MODULE_FLAGS_SIZE];

	if (!module_is_formed(module))
		return;
	module_name(module, name);
	seq_printf(row->seq, "%s %u", name, module_init_size(module) + module_core_size(module));
	if (field_exists(struct module, source_list))
		show_users(row->seq, module);
	else
		seq_puts(row->seq, " - -");
	seq_printf(row->seq, " %s 0x%016llx", module_state(module), pointers_are_shown() ? (u64)base(module) : 0);
	module_taint_letters(module, letters);
	if (module->taints != 0) {
		bool going = module->state == enum_value(enum module_state, MODULE_STATE_GOING);
		bool coming = module->state == enum_value(enum module_state, MODULE_STATE_COMING);
		seq_printf(row->seq, " (%s%s%s)", letters, going ? "-" : "", coming ? "+" : "");
	}
	seq_putc(row->seq, '\n');
}

void modules_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a module is missing"};
	struct guest_bound bound = GUEST_BOUND(MODULE_COUNT_MAX, "modules");
	const struct list_head *node;

	for (node = READ_ONCE(modules.next); node != &modules; node = READ_ONCE(node->next)) {
		guest_bound(&bound);
		rows_show(&rows, container_of(node, struct module, list));
	}
}
