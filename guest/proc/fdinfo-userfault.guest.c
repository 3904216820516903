/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Page faults that a process takes for itself or another: fs/userfaultfd.c, 5.10 to 7.2. */
#include "guest/proc/fdinfo.h"
#include "guest/proc/mention.h"

#include "guest/kernel/guestc-types-begin.h"

struct wait_queue_head {
	struct list_head head;
};

struct wait_queue_entry {
	struct list_head entry;
};

struct userfaultfd_ctx {
	struct wait_queue_head fault_pending_wqh, fault_wqh;
	unsigned int features;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	PROTOCOL = 0xaa, /* UFFD_API */
};

/* _UFFDIO_API, _UFFDIO_UNREGISTER, _UFFDIO_REGISTER, which every kernel has, and _UFFDIO_WAKE (0x02) up to one of 0x1f.
 */
static const u64 calls_mask = 0xffffffff00000007, calls_value = 0x8000000000000007;

static u64 count_waiting(const struct wait_queue_head *queue)
{
	const struct wait_queue_entry *waiting;
	u64 count = 0;

	list_for_each_entry (waiting, &queue->head, entry)
		count++;
	return count;
}

/* userfaultfd_show_fdinfo(). Which calls this kernel takes is a constant that it prints. */
void fdinfo_userfault_show(struct seq *seq, const struct file *file)
{
	const struct userfaultfd_ctx *context = file->private_data;
	u64 pending = count_waiting(&context->fault_pending_wqh), calls;

	seq_printf(seq, "pending:\t%llu\ntotal:\t%llu\n", pending, pending + count_waiting(&context->fault_wqh));
	if (code_finds_constant(file->f_op->show_fdinfo, calls_mask, calls_value, &calls))
		seq_printf(seq, "API:\t%x:%x:%llx\n", PROTOCOL, context->features, calls);
	else
		seq_fault(seq, "which calls the kernel's userfaultfd takes isn't found in its code");
}
