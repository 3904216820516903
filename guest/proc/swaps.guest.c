/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/swaps (mm/swapfile.c, 5.10 to 7.2). */
#include "guest/proc/path.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/types/files.h"

#include "guest/kernel/guestc-types-begin.h"

struct swap_info_struct {
	short prio;
	unsigned int pages;
	u64 inuse_pages : 64; /* a word of 32 bits before 6.12 or so; then with flags in its top bits */
	struct file *swap_file; /* NULL: not in use */
};

#include "guest/kernel/guestc-types-end.h"

enum {
	SWAP_COUNT_MAX = 32, /* MAX_SWAPFILES is less */
	PAGE_KIB = 4,
	NAME_WIDTH = 40,
	WIDE_NUMBER = 10000000,
	MODE_TYPE = 0170000,
	TYPE_BLOCK = 0060000,
};

/* SWAP_USAGE_COUNTER_MASK: the bit above says that nothing is free. */
static const u64 usage_mask = ~(1ull << 62);

extern struct swap_info_struct *swap_info[SWAP_COUNT_MAX];
extern unsigned int nr_swapfiles;

/* The kernel's numbers have 32 bits in older kernels: what doesn't fit is cut
 * there, and here it isn't. */
static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct swap_info_struct *swap = row->object;
	const struct place *root = row->rows->context;
	struct place place = place_make(&swap->swap_file->f_path);
	u64 size = (u64)swap->pages * PAGE_KIB, used = (swap->inuse_pages & usage_mask) * PAGE_KIB;
	size_t start = seq_size(row->seq);
	struct path_text text;

	path_text_make(&text, &place, root);
	path_write(row->seq, &text, " \t\n\\");
	int length = (int)(seq_size(row->seq) - start);
	seq_printf(row->seq, "%*s%s\t%llu\t%s%llu\t%s%d\n", length < NAME_WIDTH ? NAME_WIDTH - length : 1, " ",
		   (swap->swap_file->f_inode->i_mode & MODE_TYPE) == TYPE_BLOCK ? "partition" : "file\t", size,
		   size < WIDE_NUMBER ? "\t" : "", used, used < WIDE_NUMBER ? "\t" : "", swap->prio);
}

void swaps_show(struct seq *seq)
{
	struct place root;
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a swap area is missing", .context = &root};
	u32 count = nr_swapfiles;

	if (count > SWAP_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "there are more swap areas than any kernel has");
	seq_puts(seq, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n");
	place_root(&root);
	for (u32 i = 0; i < count; i++) {
		const struct swap_info_struct *swap = READ_ONCE(swap_info[i]);

		if (swap != NULL && swap->swap_file != NULL)
			rows_show(&rows, swap);
	}
}
