/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/maps (fs/proc/task_mmu.c, 5.10 to 7.2). */
#include "guest/proc/maps.h"

#include "guest/proc/ahead.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/user.h"
#include "guest/proc/vma.h"

enum {
	AREA_HEADER_WIDTH = 25 + 8 * 6 - 1, /* show_vma_header_prefix() */
	AREA_NAME_SIZE = 128, /* ANON_VMA_NAME_MAX_LEN is 80 */
	FILE_MODE_BACKING = 1 << 24, /* FMODE_BACKING, from 6.5 */
	TASK_KERNEL_THREAD = 0x00200000, /* PF_KTHREAD */
	MINOR_BITS = 20,
	PAGE_SHIFT = 12,
};

/* What vm_ops->name may be. */
extern const char special_mapping_name, gate_vma_name;
/* It came with a narrower meaning of "heap" (6.11). */
extern const char procfs_procmap_ioctl;

const struct mm_struct *mm_subject(void)
{
	const struct task_struct *task = task_subject();
	const struct mm_struct *mm = READ_ONCE(task->mm);

	if ((task->flags & TASK_KERNEL_THREAD) != 0 || mm == NULL || mm->mm_users.counter == 0)
		return NULL;
	return mm;
}

static bool is_backing(const struct file *file)
{
	return type_exists(struct backing_file) && (file->f_mode & FILE_MODE_BACKING) != 0;
}

const struct path *file_path_mapped(const struct file *file)
{
	return is_backing(file) ? &container_of(file, struct backing_file, file)->user_path : &file->f_path;
}

const struct inode *file_inode_mapped(const struct file *file)
{
	return is_backing(file) ? file_path_mapped(file)->dentry->d_inode : file->f_inode;
}

void area_header_show(struct seq *seq, u64 start, u64 end, u64 flags, u64 offset, u32 device, u64 inode)
{
	seq_setwidth(seq, AREA_HEADER_WIDTH);
	seq_printf(seq, "%08llx-%08llx %c%c%c%c %08llx %02x:%02x %llu ", start, end,
		   (flags & AREA_READ) != 0 ? 'r' : '-', (flags & AREA_WRITE) != 0 ? 'w' : '-',
		   (flags & AREA_EXECUTE) != 0 ? 'x' : '-', (flags & AREA_MAY_SHARE) != 0 ? 's' : 'p', offset,
		   device >> MINOR_BITS, device & ((1 << MINOR_BITS) - 1), inode);
}

static bool is_heap(const struct vm_area_struct *vma)
{
	const struct mm_struct *mm = vma->vm_mm;

	if (symbol_exists(procfs_procmap_ioctl))
		return vma->vm_start < mm->brk && vma->vm_end > mm->start_brk;
	return vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk;
}

static bool is_stack(const struct vm_area_struct *vma)
{
	return vma->vm_start <= vma->vm_mm->start_stack && vma->vm_end >= vma->vm_mm->start_stack;
}

static const char *name_by_operations(const struct vm_area_struct *vma)
{
	const void *function = vma->vm_ops != NULL ? vma->vm_ops->name : NULL;

	if (function == NULL)
		return NULL;
	if (symbol_exists(special_mapping_name) && function == (const void *)&special_mapping_name)
		return ((const struct vm_special_mapping *)vma->vm_private_data)->name;
	if (symbol_exists(gate_vma_name) && function == (const void *)&gate_vma_name)
		return "[vsyscall]";
	guest_fail(STATUS_UNSUPPORTED, "an area of memory whose name isn't known here");
}

/* Given by prctl(PR_SET_VMA_ANON_NAME). Before 6.2 it shares its place with
 * what areas of files have there. */
static const struct anon_vma_name *given_name(const struct vm_area_struct *vma)
{
	if (!field_exists(struct vm_area_struct, anon_name) || vma->vm_mm == NULL)
		return NULL;
	if (vma->vm_file != NULL &&
	    field_offset(struct vm_area_struct, anon_name) == field_offset(struct vm_area_struct, shared))
		return NULL;
	return vma->anon_name;
}

static void name_show(struct seq *seq, const char *format, const char *name)
{
	char copy[AREA_NAME_SIZE];

	if (guest_string_copy(copy, sizeof copy, name) == sizeof copy)
		guest_fail(STATUS_MALFORMED, "the name of an area of memory is longer than any could be");
	seq_pad(seq, ' ');
	seq_printf(seq, format, copy);
}

static void file_name_show(struct seq *seq, const struct vm_area_struct *vma, const struct place *root)
{
	const struct anon_vma_name *given = given_name(vma);
	struct path_text text;

	if (given != NULL) {
		name_show(seq, "[anon_shmem:%s]", given->name);
		return;
	}
	struct place place = place_make(file_path_mapped(vma->vm_file));
	path_text_make(&text, &place, root);
	seq_pad(seq, ' ');
	path_write(seq, &text, "\n");
}

/* get_vma_name() */
static void anonymous_name_show(struct seq *seq, const struct vm_area_struct *vma)
{
	const struct anon_vma_name *given = given_name(vma);
	const char *name = name_by_operations(vma);

	if (name == NULL && vma->vm_mm == NULL)
		name = "[vdso]";
	if (name == NULL && is_heap(vma))
		name = "[heap]";
	if (name == NULL && is_stack(vma))
		name = "[stack]";
	if (name != NULL)
		name_show(seq, "%s", name);
	else if (given != NULL)
		name_show(seq, "[anon:%s]", given->name);
}

void area_show(struct seq *seq, const struct vm_area_struct *vma, const struct place *root)
{
	const struct file *file = vma->vm_file;

	if (file == NULL) {
		area_header_show(seq, vma->vm_start, vma->vm_end, vma->vm_flags, 0, 0, 0);
		anonymous_name_show(seq, vma);
	} else {
		const struct inode *inode = file_inode_mapped(file);

		area_header_show(seq, vma->vm_start, vma->vm_end, vma->vm_flags, vma->vm_pgoff << PAGE_SHIFT,
				 inode->i_sb->s_dev, inode->i_ino);
		file_name_show(seq, vma, root);
	}
	seq_putc(seq, '\n');
}

/* Each area is a piece of the text, at a place that is its address: a part begins where it is looked up. */
static u64 place_of(const struct vm_area_struct *vma)
{
	return 1 + (vma->vm_start >> PAGE_SHIFT);
}

static u64 first_wanted(const struct seq *seq)
{
	u64 place = seq_start_place(seq);

	return place != 0 ? (place - 1) << PAGE_SHIFT : 0;
}

void areas_show(struct seq *seq, void (*show)(void *row), const void *own)
{
	struct areas areas = {.mm = mm_subject(), .own = own};
	const struct vm_area_struct *vma;
	struct vma_walk walk;
	struct rows rows = {.seq = seq, .show = show, .missing = "an area of memory is missing", .context = &areas};

	if (areas.mm == NULL)
		return;
	place_root(&areas.root);
	vma_walk_start(&walk, areas.mm, first_wanted(seq));
	while (!seq_is_full(seq) && (vma = vma_walk_next(&walk)) != NULL)
		if (seq_begins(seq, place_of(vma), 0))
			rows_show(&rows, vma);
	vma = vma_gate(areas.mm);
	if (vma != NULL && seq_begins(seq, place_of(vma), 0))
		rows_show(&rows, vma);
	user_memory_expect(task_subject(), areas.mm);
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct areas *areas = row->rows->context;

	area_show(row->seq, row->object, &areas->root);
}

void pid_maps_show(struct seq *seq)
{
	ahead_wish(AHEAD_WISH_AREAS);
	areas_show(seq, show_row, NULL);
}
