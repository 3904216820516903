/* SPDX-License-Identifier: GPL-2.0-or-later */
/* lib/maple_tree.c (6.1 to 7.2), mm/mmap.c (5.10),
 * arch/x86/entry/vsyscall/vsyscall_64.c. */
#include "guest/proc/vma.h"

#include "guest/proc/now.h"
#include "guest/proc/tree.h"

enum {
	/* An entry of the tree: below this it is the tree's own (xa_is_node()). */
	ENTRY_INTERNAL_MAX = 4096,
	ENTRY_KIND = 3,
	CONTEXT_HAS_VSYSCALL = 2, /* MM_CONTEXT_HAS_VSYSCALL (asm/mmu.h) */
	VSYSCALL_NONE = 2, /* vsyscall_mode: EMULATE, XONLY, NONE */
	MAPLE_NODE_SIZE = 256,
};

extern struct vm_area_struct gate_vma;
extern int vsyscall_mode;

static const struct vm_area_struct *next_in_tree(struct vma_walk *walk)
{
	const void *entry;
	u64 start;

	while ((entry = maple_walk_next(&walk->tree, &start)) != NULL) {
		if (((u64)entry & ENTRY_KIND) == 0)
			return entry;
		if ((u64)entry > ENTRY_INTERNAL_MAX)
			guest_fail(STATUS_MALFORMED, "a tree of memory areas holds something else");
	}
	return NULL;
}

static const struct vm_area_struct *next_in_list(struct vma_walk *walk)
{
	const struct vm_area_struct *vma;

	while ((vma = walk->vma) != NULL) {
		guest_bound(&walk->bound);
		walk->vma = READ_ONCE(vma->vm_next);
		if (vma->vm_end > walk->from)
			break;
	}
	return vma;
}

/* A process that has unmapped all that it had counts none. */
static void must_have_none(const struct mm_struct *mm)
{
	if (READ_ONCE(mm->map_count) != 0)
		guest_fail(STATUS_MALFORMED, "a process counts areas of memory, and has none");
}

/* The list, which says what is there, knows the area that the tree led to, and none before it that ends above `from`: a
 * tree that lacks areas would hide them. NULL: none ends there. */
static void must_be_first_in_list(const struct mm_struct *mm, const struct vm_area_struct *found, u64 from)
{
	if (found == NULL) {
		if (READ_ONCE(mm->highest_vm_end) > from)
			guest_fail(STATUS_MALFORMED, "a tree of memory areas lacks the last of the list");
		return;
	}
	const struct vm_area_struct *before = READ_ONCE(found->vm_prev);
	if (before != NULL && before->vm_end > from)
		guest_fail(STATUS_MALFORMED, "a tree of memory areas lacks some of the list");
	if ((before != NULL ? READ_ONCE(before->vm_next) : READ_ONCE(mm->mmap)) != found)
		guest_fail(STATUS_MALFORMED, "a tree of memory areas has one that the list lacks");
}

/* find_vma() before 6.1: as m_start() (fs/proc/task_mmu.c) does, by the tree, and then by the list. */
static const struct vm_area_struct *first_above(const struct mm_struct *mm, u64 from)
{
	const struct vm_area_struct *found = NULL;
	const struct rb_node *node = READ_ONCE(mm->mm_rb.rb_node);

	if (node == NULL)
		guest_fail(STATUS_MALFORMED, "a process has areas of memory in its list, and none in its tree");
	for (u32 depth = 0; node != NULL; depth++) {
		const struct vm_area_struct *vma = container_of(node, struct vm_area_struct, vm_rb);

		if (depth == TREE_WALK_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "a tree of memory areas is deeper than any could be");
		if (vma->vm_end <= from) {
			node = READ_ONCE(node->rb_right);
			continue;
		}
		found = vma;
		node = vma->vm_start <= from ? NULL : READ_ONCE(node->rb_left);
	}
	must_be_first_in_list(mm, found, from);
	return found;
}

void vma_walk_start(struct vma_walk *walk, const struct mm_struct *mm, u64 from)
{
	walk->from = from;
	walk->last_end = 0;
	walk->vma = NULL;
	walk->bound = GUEST_BOUND(VMA_COUNT_MAX, "areas of memory");
	if (!field_exists(struct mm_struct, mm_mt)) {
		walk->vma = READ_ONCE(mm->mmap);
		if (walk->vma == NULL)
			must_have_none(mm);
		else if (from != 0)
			walk->vma = first_above(mm, from);
		return;
	}
	if (READ_ONCE(mm->mm_mt.ma_root) == NULL)
		must_have_none(mm);
	maple_walk_start(&walk->tree, &mm->mm_mt, from);
	if (walk->tree.single != NULL)
		guest_fail(STATUS_MALFORMED, "a tree of memory areas has no root");
}

const struct vm_area_struct *vma_walk_next(struct vma_walk *walk)
{
	const struct vm_area_struct *vma =
		field_exists(struct mm_struct, mm_mt) ? next_in_tree(walk) : next_in_list(walk);

	if (vma == NULL)
		return NULL;
	if (vma->vm_start < walk->last_end || vma->vm_end <= vma->vm_start)
		guest_fail(STATUS_MALFORMED, "areas of memory aren't in order");
	walk->last_end = vma->vm_end;
	return vma;
}

const struct vm_area_struct *vma_find(const struct mm_struct *mm, u64 address)
{
	struct vma_walk walk;

	vma_walk_start(&walk, mm, address);
	return vma_walk_next(&walk);
}

/* From the root to the entry; behind the last one, the root alone. (Before 6.1 there is no such tree: an area's own
 * place in the other one isn't noted.) */
static void expect_way(const struct mm_struct *mm, u64 address)
{
	struct vma_walk walk;
	u64 root = (u64)mm->mm_mt.ma_root;

	proc_memory_expect((u64)&mm->mm_mt.ma_root, &root, sizeof root);
	/* A process that has unmapped all of it. */
	if (root == 0)
		return;
	vma_walk_start(&walk, mm, address);
	vma_walk_next(&walk);
	for (u32 i = 0; i < max(walk.tree.depth, 1u); i++) {
		u64 node = (u64)walk.tree.levels[i].pivots & ~(u64)(MAPLE_NODE_SIZE - 1);
		u8 bytes[MAPLE_NODE_SIZE];

		guest_copy(bytes, (const void *)node, sizeof bytes);
		proc_memory_expect(node, bytes, sizeof bytes);
	}
}

/* What the kernel changes with the area itself, under the same lock. */
static void expect_area(const struct mm_struct *mm, const struct vm_area_struct *vma)
{
	u64 start = vma->vm_start, end = vma->vm_end, flags = vma->vm_flags, operations = (u64)vma->vm_ops;

	proc_memory_expect((u64)&vma->vm_mm, &mm, sizeof mm);
	proc_memory_expect((u64)&vma->vm_start, &start, sizeof start);
	proc_memory_expect((u64)&vma->vm_end, &end, sizeof end);
	proc_memory_expect((u64)&vma->vm_flags, &flags, sizeof flags);
	proc_memory_expect((u64)&vma->vm_ops, &operations, sizeof operations);
}

void vma_expect(const struct mm_struct *mm, u64 address)
{
	const struct vm_area_struct *vma = vma_find(mm, address);
	int map_count = mm->map_count;

	proc_memory_expect_later();
	proc_memory_expect((u64)&mm->map_count, &map_count, sizeof map_count);
	if (field_exists(struct mm_struct, mm_mt))
		expect_way(mm, address);
	/* Behind the last one: are they this process's? */
	if (vma == NULL)
		vma = vma_find(mm, 0);
	if (vma != NULL)
		expect_area(mm, vma);
}

const struct vm_area_struct *vma_gate(const struct mm_struct *mm)
{
	bool has = field_exists(mm_context_t, ia32_compat) ? mm->context.ia32_compat == 0
							   : (mm->context.flags & CONTEXT_HAS_VSYSCALL) != 0;

	if (!symbol_exists(gate_vma) || !has || vsyscall_mode == VSYSCALL_NONE)
		return NULL;
	return &gate_vma;
}
