/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files below /sys/module: kernel/params.c, kernel/module/sysfs.c, main.c
 * (before 5.19 kernel/module.c), 5.10 to 7.2. */
#include "guest/proc/modules.h"
#include "guest/proc/pointer.h"
#include "guest/proc/sysfs.h"

#include "guest/kernel/guestc-types-begin.h"

struct module_kobject {
	struct kobject kobj;
	struct module *mod;
};

struct module_attribute {
	struct attribute attr;
	const void *show;
};

struct kernel_param_ops {
	const void *get;
};

struct kparam_string {
	unsigned int maxlen;
	char *string;
};

struct kparam_array {
	unsigned int max, elemsize;
	unsigned int *num;
	const struct kernel_param_ops *ops;
	void *elem;
};

struct kernel_param {
	const struct kernel_param_ops *ops;
	void *arg; /* these in one union */
	const struct kparam_string *str;
	const struct kparam_array *arr;
};

struct param_attribute {
	struct module_attribute mattr;
	const struct kernel_param *param;
};

/* The version of a module that is part of the kernel. */
struct module_version_attribute {
	struct module_attribute mattr;
	const char *version;
};

struct module_sect_attr {
	struct bin_attribute battr;
	unsigned long address; /* newest kernels: battr.private */
};

struct module___info {
	const char *version, *srcversion;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	VALUE_SIZE = 4096, /* PAGE_SIZE: what a file of /sys can say */
	ARRAY_COUNT_MAX = 1 << 12,
	NOTES_SIZE_MAX = 1 << 16,
};

/* The scalar kinds of parameter (kernel/params.c, STANDARD_PARAM_DEF()). */
static bool show_scalar(struct sysfs_file *file, const void *value)
{
	struct seq *seq = file->seq;

	if (sysfs_is_shown_by(file, "param_get_bool"))
		seq_putc(seq, *(const u8 *)value != 0 ? 'Y' : 'N');
	else if (sysfs_is_shown_by(file, "param_get_invbool"))
		seq_putc(seq, *(const u8 *)value != 0 ? 'N' : 'Y');
	else if (sysfs_is_shown_by(file, "param_get_int"))
		seq_printf(seq, "%i", *(const s32 *)value);
	else if (sysfs_is_shown_by(file, "param_get_uint"))
		seq_printf(seq, "%u", *(const u32 *)value);
	else if (sysfs_is_shown_by(file, "param_get_short"))
		seq_printf(seq, "%i", *(const s16 *)value);
	else if (sysfs_is_shown_by(file, "param_get_ushort"))
		seq_printf(seq, "%u", *(const u16 *)value);
	else if (sysfs_is_shown_by(file, "param_get_byte"))
		seq_printf(seq, "%u", *(const u8 *)value);
	else if (sysfs_is_shown_by(file, "param_get_long"))
		seq_printf(seq, "%lld", *(const s64 *)value);
	else if (sysfs_is_shown_by(file, "param_get_ulong") || sysfs_is_shown_by(file, "param_get_ullong"))
		seq_printf(seq, "%llu", *(const u64 *)value);
	else if (sysfs_is_shown_by(file, "param_get_hexint"))
		seq_printf(seq, "%#08x", *(const u32 *)value);
	else
		return false;
	return true;
}

static void show_text(struct sysfs_file *file, const char *source, u64 size)
{
	char text[VALUE_SIZE];

	if (source == NULL) {
		seq_puts(file->seq, "(null)");
		return;
	}
	guest_string_copy(text, min(size + 1, (u64)sizeof text), source);
	seq_puts(file->seq, text);
}

/* An empty one says nothing, not even a line's end. */
static void show_array(struct sysfs_file *file, const struct kparam_array *array)
{
	u32 count = array->num != NULL ? *array->num : array->max;

	if (count > ARRAY_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "a module's parameter has more values than any has");
	if (!sysfs_show_name(file, array->ops->get))
		guest_fail(STATUS_UNSUPPORTED, "what shows a module's parameter has no name in the target");
	for (u32 i = 0; i < count; i++) {
		const char *element = (const char *)array->elem + (u64)i * array->elemsize;

		if (i != 0)
			seq_putc(file->seq, ',');
		if (sysfs_is_shown_by(file, "param_get_charp"))
			show_text(file, *(const char *const *)element, VALUE_SIZE - 1);
		else if (!show_scalar(file, element)) {
			sysfs_show_unknown(file);
			return;
		}
	}
	if (count != 0)
		seq_putc(file->seq, '\n');
}

/* param_attr_show() */
static void show_parameter(struct sysfs_file *file)
{
	const struct param_attribute *attribute = container_of(file->attribute, struct param_attribute, mattr.attr);
	const struct kernel_param *param = attribute->param;

	if (!sysfs_show_name(file, param->ops->get))
		guest_fail(STATUS_UNSUPPORTED, "what shows a module's parameter has no name in the target");
	if (sysfs_is_shown_by(file, "param_get_charp"))
		show_text(file, *(const char *const *)param->arg, VALUE_SIZE - 1);
	else if (sysfs_is_shown_by(file, "param_get_string"))
		show_text(file, param->str->string, param->str->maxlen);
	else if (sysfs_is_shown_by(file, "param_array_get")) {
		show_array(file, param->arr);
		return;
	} else if (!show_scalar(file, param->arg)) {
		sysfs_show_unknown(file);
		return;
	}
	seq_putc(file->seq, '\n');
}

static const char *state_name(const struct module *module)
{
	if (module->state == enum_value(enum module_state, MODULE_STATE_COMING))
		return "coming";
	return module->state == enum_value(enum module_state, MODULE_STATE_GOING) ? "going" : "live";
}

static void show_taints(struct sysfs_file *file, const struct module *module)
{
	char letters[MODULE_FLAGS_SIZE];

	module_taint_letters(module, letters);
	seq_printf(file->seq, "%s\n", letters);
}

static void show_line(struct sysfs_file *file, const char *text)
{
	show_text(file, text, VALUE_SIZE - 1);
	seq_putc(file->seq, '\n');
}

static bool show_module_fact(struct sysfs_file *file, const struct module *module)
{
	if (sysfs_is_shown_by(file, "show_refcnt"))
		seq_printf(file->seq, "%i\n", module_refcount(module));
	else if (sysfs_is_shown_by(file, "show_coresize"))
		seq_printf(file->seq, "%u\n", module_core_size(module));
	else if (sysfs_is_shown_by(file, "show_initsize"))
		seq_printf(file->seq, "%u\n", module_init_size(module));
	else if (sysfs_is_shown_by(file, "show_initstate"))
		seq_printf(file->seq, "%s\n", state_name(module));
	else if (sysfs_is_shown_by(file, "show_taint"))
		show_taints(file, module);
	else if (sysfs_is_shown_by(file, "show_modinfo_version"))
		show_line(file, ((const struct module___info *)module)->version);
	else if (sysfs_is_shown_by(file, "show_modinfo_srcversion"))
		show_line(file, ((const struct module___info *)module)->srcversion);
	else
		return false;
	return true;
}

void sysfs_show_module(struct sysfs_file *file)
{
	const struct module_attribute *attribute = container_of(file->attribute, struct module_attribute, attr);
	const struct module_kobject *object = container_of(file->object, struct module_kobject, kobj);

	if (!sysfs_show_name(file, attribute->show))
		guest_fail(STATUS_UNSUPPORTED, "what makes this file's text has no name in the target");
	if (sysfs_is_shown_by(file, "param_attr_show"))
		show_parameter(file);
	else if (sysfs_is_shown_by(file, "__modver_version_show"))
		show_line(file, container_of(attribute, struct module_version_attribute, mattr)->version);
	else if (object->mod == NULL || !show_module_fact(file, object->mod))
		sysfs_show_unknown(file);
}

static void show_address(struct sysfs_file *file, const struct bin_attribute *bytes)
{
	u64 address = field_exists(struct module_sect_attr, address)
			      ? container_of(bytes, struct module_sect_attr, battr)->address
			      : (u64)bytes->private;

	seq_printf(file->seq, "0x%016llx\n", pointers_are_shown() ? address : 0);
}

/* module_notes_read(): the notes as they lie in memory. */
static void show_notes(struct sysfs_file *file, const struct bin_attribute *bytes)
{
	u64 size = bytes->size;
	u8 part[256];

	if (size > NOTES_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "a module's notes are larger than any are");
	for (u64 at = 0; at < size; at += sizeof part) {
		u64 count = min(size - at, (u64)sizeof part);

		guest_copy(part, (const char *)bytes->private + at, count);
		seq_write(file->seq, part, count);
	}
}

void sysfs_show_module_bytes(struct sysfs_file *file)
{
	const struct bin_attribute *bytes = container_of(file->attribute, struct bin_attribute, attr);
	const void *read = bytes->read;

	if (read == NULL && field_exists(struct bin_attribute, read_new))
		read = bytes->read_new;
	if (!sysfs_show_name(file, read))
		guest_fail(STATUS_UNSUPPORTED, "what makes this file's bytes has no name in the target");
	if (sysfs_is_shown_by(file, "module_sect_read"))
		show_address(file, bytes);
	else if (sysfs_is_shown_by(file, "module_notes_read") || sysfs_is_shown_by(file, "sysfs_bin_attr_simple_read"))
		show_notes(file, bytes);
	else
		sysfs_show_unknown(file);
}
