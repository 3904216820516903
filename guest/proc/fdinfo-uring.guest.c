/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Queues of io_uring: io_uring_show_fdinfo() (io_uring/fdinfo.c; fs/io_uring.c before 6.0, which Debian's 5.10 has of
 * 5.15; to 7.2). */
#include "guest/proc/fault.h"
#include "guest/proc/fdinfo.h"
#include "guest/proc/mention.h"
#include "guest/proc/path.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task-facts.h"
#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/xarray.h"

#include "guest/kernel/guestc-types-begin.h"

struct io_uring {
	u32 head, tail;
};

struct io_uring_cqe {
	u64 user_data;
	s32 res;
	u32 flags;
	u64 big_cqe[2];
};

struct io_uring_sqe {
	u8 opcode, flags;
	s32 fd;
	u64 off, addr, user_data;
	u32 rw_flags;
	u16 buf_index;
};

struct io_rings {
	struct io_uring sq, cq;
	struct io_uring_cqe cqes[1];
};

struct io_op_def {
	const char *name; /* in io_op_defs, before 6.3 */
};

struct io_cold_def {
	const char *name; /* in io_cold_defs */
};

struct io_sq_data {
	struct task_struct *thread;
	u64 work_time; /* from 6.9: then times are shown */
};

struct io_fixed_file {
	unsigned long file_ptr;
};

struct io_rsrc_node {
	unsigned long file_ptr;
	struct io_mapped_ubuf *buf;
};

struct io_rsrc_data {
	unsigned int nr;
	struct io_rsrc_node **nodes;
};

struct io_file_table {
	struct io_fixed_file *files; /* before 6.13 */
	struct io_rsrc_data data;
};

struct io_mapped_ubuf {
	u64 ubuf, ubuf_end; /* the second before 6.12; then: */
	u32 len;
};

struct io_mapped_ubuf___long {
	u64 len; /* from 6.15 or so */
};

struct io_hash_bucket {
	struct hlist_head list;
};

struct io_hash_table {
	struct io_hash_bucket *hbs;
	unsigned int hash_bits;
};

struct io_uring_task {
	struct task_struct *task;
};

struct io_kiocb {
	u8 opcode;
	struct hlist_node hash_node;
	struct task_struct *task; /* before 6.13; then: */
	struct io_uring_task *tctx;
};

struct io_overflow_cqe {
	struct list_head list;
	struct io_uring_cqe cqe;
};

struct io_ring_ctx {
	unsigned int flags, cached_sq_head, cached_cq_tail, sq_entries, cq_entries;
	struct io_rings *rings;
	u32 *sq_array;
	struct io_uring_sqe *sq_sqes;
	struct io_sq_data *sq_data;
	unsigned int nr_user_files, nr_user_bufs; /* before 6.13 */
	struct io_mapped_ubuf **user_bufs;
	struct io_rsrc_data buf_table; /* from 6.13 */
	struct io_file_table file_table;
	struct xarray personalities;
	struct hlist_head *cancel_hash; /* before 6.0 */
	unsigned int cancel_hash_bits;
	struct io_hash_table cancel_table, cancel_table_locked; /* the second before 6.13 */
	struct list_head cq_overflow_list;
	bool napi_enabled; /* before 6.13 */
	u8 napi_track_mode;
};

struct task_struct___works {
	void *task_works;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	ENTRY_COUNT_MAX = 1 << 16, /* IORING_MAX_CQ_ENTRIES */
	SLOT_COUNT_MAX = 1 << 20, /* IORING_MAX_FIXED_FILES; of buffers there may be 1 << 14 */
	HASH_BITS_MAX = 16,
	REQUEST_COUNT_MAX = 1 << 20, /* what waits is memory of the kernel's, some 200 bytes each */
	SETUP_THREAD = 1 << 1, /* IORING_SETUP_… */
	SETUP_LONG_SUBMISSIONS = 1 << 10,
	SETUP_LONG_COMPLETIONS = 1 << 11,
	SETUP_NO_ARRAY = 1 << 16,
	SETUP_BOTH_COMPLETIONS = 1 << 18, /* IORING_SETUP_CQE_MIXED, 6.18 */
	COMPLETION_LONG = 1 << 15, /* IORING_CQE_F_32 */
	NAPI_INACTIVE = 255, /* IO_URING_NAPI_TRACKING_INACTIVE */
	NAME_SIZE = 64,
	LONG_WORDS = 8,
	FILE_BITS = 7, /* of io_fixed_file's word: FFS_… */
};

extern const char io_uring_show_fdinfo[], __io_uring_show_fdinfo[];
extern const char io_op_defs[], io_cold_defs[], io_query;

/* Which of its forms does this kernel have? */
static bool says(const char *text)
{
	return code_mentions(io_uring_show_fdinfo, text) ||
	       (symbol_exists(__io_uring_show_fdinfo) && code_mentions(__io_uring_show_fdinfo, text));
}

static bool is_newest(void)
{
	return says("%5u: corrupted sqe");
}

struct queues {
	struct seq *seq;
	const struct io_ring_ctx *ring;
	u32 flags;
	u32 sq_head, sq_tail, cq_head, cq_tail, sq_mask, cq_mask;
	bool is_new; /* from 6.19 or so */
};

static u32 entry_count(u32 head, u32 tail, u32 most)
{
	if (most > ENTRY_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "an io_uring has more entries than any could have");
	return min(tail - head, most);
}

/* Each on its own: a symbol that the kernel doesn't have mustn't be asked for. NULL: beyond the last one. */
static __attribute__((noinline)) const char *name_of_old(u32 number)
{
	const char *const *place = &((const struct io_op_def *)io_op_defs)[number].name;

	return symbol_start((u64)place) == (u64)io_op_defs ? READ_ONCE(*place) : NULL;
}

static __attribute__((noinline)) const char *name_of(u32 number)
{
	const char *const *place = &((const struct io_cold_def *)io_cold_defs)[number].name;

	return symbol_start((u64)place) == (u64)io_cold_defs ? READ_ONCE(*place) : NULL;
}

/* io_uring_get_opcode() */
static void show_operation(struct seq *seq, u32 number)
{
	const char *there = symbol_exists(io_cold_defs) ? name_of(number) : name_of_old(number);
	char name[NAME_SIZE] = "INVALID";

	if (there != NULL)
		guest_string_copy(name, sizeof name, there);
	seq_printf(seq, "opcode:%s", name);
}

static void show_submission(const struct queues *q, u32 index)
{
	bool is_long = (q->flags & SETUP_LONG_SUBMISSIONS) != 0;
	const struct io_uring_sqe *entry = &q->ring->sq_sqes[index << is_long];
	const u64 *more = (const u64 *)&q->ring->sq_sqes[(index << is_long) + 1];

	seq_printf(q->seq, "%5u: ", index);
	show_operation(q->seq, entry->opcode);
	seq_printf(q->seq, ", fd:%d, flags:%x, off:%llu, addr:0x%llx, ", entry->fd, entry->flags, entry->off,
		   entry->addr);
	seq_printf(q->seq, "rw_flags:0x%x, buf_index:%d user_data:%llu", entry->rw_flags, entry->buf_index,
		   entry->user_data);
	for (u32 i = 0; is_long && i < LONG_WORDS; i++)
		seq_printf(q->seq, ", e%u:0x%llx", i, READ_ONCE(more[i]));
	seq_putc(q->seq, '\n');
}

static bool is_of_both_sizes(const struct queues *q)
{
	/* IORING_SETUP_SQE_MIXED */
	return q->is_new && (q->flags & 1 << 19) != 0;
}

static void show_submissions(const struct queues *q)
{
	u32 count = entry_count(q->sq_head, q->sq_tail, q->ring->sq_entries);
	bool has_array = (q->flags & SETUP_NO_ARRAY) == 0;

	seq_printf(q->seq, "SQEs:\t%u\n", q->sq_tail - q->sq_head);
	if (!has_array && !q->is_new)
		return;
	if (is_of_both_sizes(q) && count != 0) {
		seq_fault(q->seq, "what waits in an io_uring with entries of both sizes is missing");
		return;
	}
	for (u32 i = 0; i < count; i++) {
		u32 index = (q->sq_head + i) & q->sq_mask;

		if (has_array)
			index = READ_ONCE(q->ring->sq_array[index]);
		if (index <= q->sq_mask)
			show_submission(q, index);
	}
}

static void show_completions(const struct queues *q)
{
	u32 count = entry_count(q->cq_head, q->cq_tail, q->ring->cq_entries);
	bool all_long = (q->flags & SETUP_LONG_COMPLETIONS) != 0;

	seq_printf(q->seq, "CQEs:\t%u\n", q->cq_tail - q->cq_head);
	/* Between 6.18, where both sizes came (and io_query()), and is_new kernels changed how long ones are counted.
	 */
	if (!q->is_new && symbol_exists(io_query) && count != 0 &&
	    (q->flags & (SETUP_LONG_COMPLETIONS | SETUP_BOTH_COMPLETIONS)) != 0) {
		seq_fault(q->seq,
			  "what an io_uring has done is missing: how this kernel counts long entries isn't known");
		return;
	}
	for (u32 i = 0; i < count; i++) {
		u32 index = (q->cq_head + i) & q->cq_mask;
		const struct io_uring_cqe *entry = &q->ring->rings->cqes[q->is_new ? index : index << all_long];
		bool is_long = all_long || (q->is_new && (entry->flags & COMPLETION_LONG) != 0);

		seq_printf(q->seq,
			   q->is_new ? "%5u: user_data:%llu, res:%d, flags:%x" : "%5u: user_data:%llu, res:%d, flag:%x",
			   index, entry->user_data, entry->res, entry->flags);
		if (is_long)
			seq_printf(q->seq, ", extra1:%llu, extra2:%llu", entry->big_cqe[0], entry->big_cqe[1]);
		if (is_long && !q->is_new)
			seq_putc(q->seq, '\n');
		seq_putc(q->seq, '\n');
		i += is_long && q->is_new;
	}
}

static void show_queues(struct seq *seq, const struct io_ring_ctx *ring)
{
	const struct io_rings *rings = ring->rings;
	struct queues q = {.seq = seq, .ring = ring, .flags = ring->flags};

	q.is_new = is_newest();
	q.sq_head = READ_ONCE(rings->sq.head);
	q.sq_tail = READ_ONCE(rings->sq.tail);
	q.cq_head = READ_ONCE(rings->cq.head);
	q.cq_tail = READ_ONCE(rings->cq.tail);
	q.sq_mask = ring->sq_entries - 1;
	q.cq_mask = ring->cq_entries - 1;
	seq_printf(seq, "SqMask:\t0x%x\nSqHead:\t%u\nSqTail:\t%u\n", q.sq_mask, q.sq_head, q.sq_tail);
	seq_printf(seq, "CachedSqHead:\t%u\nCqMask:\t0x%x\nCqHead:\t%u\n", ring->cached_sq_head, q.cq_mask, q.cq_head);
	seq_printf(seq, "CqTail:\t%u\nCachedCqTail:\t%u\n", q.cq_tail, ring->cached_cq_tail);
	show_submissions(&q);
	show_completions(&q);
}

/* The thread that looks for new entries, where the ring has one. */
static void show_thread(struct seq *seq, const struct io_ring_ctx *ring, bool is_new)
{
	const struct task_struct *thread = NULL;
	int cpu = -1, number = -1;

	if ((ring->flags & SETUP_THREAD) != 0)
		thread = READ_ONCE(ring->sq_data->thread);
	if (thread != NULL) {
		number = (int)(is_new ? task_pid_shown(thread) : (u32)thread->pid);
		cpu = (int)task_cpu(thread);
	}
	seq_printf(seq, "SqThread:\t%d\nSqThreadCpu:\t%d\n", number, cpu);
	if (!field_exists(struct io_sq_data, work_time))
		return;
	if (thread == NULL)
		seq_puts(seq, "SqTotalTime:\t0\nSqWorkTime:\t0\n");
	else
		seq_fault(seq, "how long an io_uring's thread has run is missing");
}

static void show_file(struct seq *seq, u32 index, const struct file *file)
{
	struct place place, root;
	struct path_text text;
	char name[NAME_SIZE];

	seq_printf(seq, "%5u: ", index);
	if (field_exists(struct io_file_table, data)) {
		place = place_make(&file->f_path);
		place_root(&root);
		path_text_make(&text, &place, &root);
		path_write(seq, &text, " \t\n\\");
	} else {
		/* Where a short name is kept; where there is a longer one, nothing that could be relied upon. */
		guest_string_copy(name, sizeof name, (const char *)file->f_path.dentry->d_iname);
		seq_puts(seq, name);
	}
	seq_putc(seq, '\n');
}

static const struct file *file_of_slot(const struct io_ring_ctx *ring, u32 index)
{
	const struct io_rsrc_node *node;

	if (!field_exists(struct io_file_table, data))
		return (const struct file *)(ring->file_table.files[index].file_ptr & ~(unsigned long)FILE_BITS);
	node = READ_ONCE(ring->file_table.data.nodes[index]);
	return node == NULL ? NULL : (const struct file *)(node->file_ptr & ~(unsigned long)FILE_BITS);
}

static void show_files(struct seq *seq, const struct io_ring_ctx *ring)
{
	struct guest_bound bound = GUEST_BOUND(SLOT_COUNT_MAX, "files of an io_uring");
	bool has_nodes = field_exists(struct io_file_table, data);
	u32 count = has_nodes ? ring->file_table.data.nr : ring->nr_user_files;

	seq_printf(seq, "UserFiles:\t%u\n", count);
	for (u32 i = 0; i < count; i++) {
		const struct file *file = file_of_slot(ring, i);

		guest_bound(&bound);
		if (file != NULL)
			show_file(seq, i, file);
		else if (!has_nodes)
			seq_printf(seq, "%5u: <none>\n", i);
	}
}

static const struct io_mapped_ubuf *buffer_of_slot(const struct io_ring_ctx *ring, u32 index)
{
	const struct io_rsrc_node *node;

	if (!field_exists(struct io_ring_ctx, buf_table))
		return READ_ONCE(ring->user_bufs[index]);
	node = READ_ONCE(ring->buf_table.nodes[index]);
	return node == NULL ? NULL : node->buf;
}

static u64 buffer_size(const struct io_mapped_ubuf *buffer)
{
	if (field_exists(struct io_mapped_ubuf, ubuf_end))
		return (u32)(buffer->ubuf_end - buffer->ubuf);
	if (field_size(struct io_mapped_ubuf, len) == sizeof(u64))
		return ((const struct io_mapped_ubuf___long *)buffer)->len;
	return buffer->len;
}

static void show_buffers(struct seq *seq, const struct io_ring_ctx *ring)
{
	struct guest_bound bound = GUEST_BOUND(SLOT_COUNT_MAX, "buffers of an io_uring");
	u32 count = field_exists(struct io_ring_ctx, buf_table) ? ring->buf_table.nr : ring->nr_user_bufs;

	seq_printf(seq, "UserBufs:\t%u\n", count);
	for (u32 i = 0; i < count; i++) {
		const struct io_mapped_ubuf *buffer = buffer_of_slot(ring, i);

		guest_bound(&bound);
		if (buffer == NULL)
			seq_printf(seq, "%5u: <none>\n", i);
		else
			seq_printf(seq, "%5u: 0x%llx/%llu\n", i, buffer->ubuf, buffer_size(buffer));
	}
}

static void show_request(struct seq *seq, const struct io_kiocb *request)
{
	const struct task_struct *task;

	if (field_exists(struct io_kiocb, task))
		task = request->task;
	else
		task = request->tctx->task;
	seq_printf(seq, "  op=%d, task_works=%d\n", request->opcode,
		   READ_ONCE(((const struct task_struct___works *)task)->task_works) != NULL);
}

/* All lists of a ring have one bound: each may lead to the same requests. */
static void show_requests(struct seq *seq, const struct hlist_head *list, struct guest_bound *bound)
{
	const struct io_kiocb *request;

	hlist_for_each_entry (request, list, hash_node) {
		guest_bound(bound);
		show_request(seq, request);
	}
}

static u32 bucket_count(u32 bits)
{
	if (bits > HASH_BITS_MAX)
		guest_fail(STATUS_MALFORMED, "an io_uring has a larger table of requests than any could have");
	return 1u << bits;
}

static void show_polls(struct seq *seq, const struct io_ring_ctx *ring)
{
	struct guest_bound bound = GUEST_BOUND(REQUEST_COUNT_MAX, "requests of an io_uring");
	bool is_old = field_exists(struct io_ring_ctx, cancel_hash);
	const u32 count = bucket_count(is_old ? ring->cancel_hash_bits : ring->cancel_table.hash_bits);

	seq_puts(seq, "PollList:\n");
	for (u32 i = 0; i < count; i++) {
		if (is_old) {
			show_requests(seq, &ring->cancel_hash[i], &bound);
			continue;
		}
		show_requests(seq, &ring->cancel_table.hbs[i].list, &bound);
		if (field_exists(struct io_ring_ctx, cancel_table_locked))
			show_requests(seq, &ring->cancel_table_locked.hbs[i].list, &bound);
	}
}

static void show_overflow(struct seq *seq, const struct io_ring_ctx *ring)
{
	const struct io_overflow_cqe *lost;

	seq_puts(seq, "CqOverflowList:\n");
	list_for_each_entry (lost, &ring->cq_overflow_list, list)
		seq_printf(seq, "  user_data=%llu, res=%d, flags=%x\n", lost->cqe.user_data, lost->cqe.res,
			   lost->cqe.flags);
}

static void show_network_polls(struct seq *seq, const struct io_ring_ctx *ring)
{
	bool is_on;

	if (field_exists(struct io_ring_ctx, napi_track_mode))
		is_on = ring->napi_track_mode != NAPI_INACTIVE;
	else if (field_exists(struct io_ring_ctx, napi_enabled) &&
		 says("NAPI:\tdisabled\n")) /* 6.9 to 6.11 say nothing */
		is_on = ring->napi_enabled;
	else
		return;
	if (is_on)
		seq_fault(seq, "how an io_uring polls network devices is missing");
	else
		seq_puts(seq, "NAPI:\tdisabled\n");
}

void fdinfo_uring_show(struct seq *seq, const struct file *file)
{
	const struct io_ring_ctx *ring = file->private_data;

	if (!says("UserFiles:\t%u\n")) { /* all kernels do: the function isn't found where this one has it */
		seq_fault(seq, "what an io_uring shows isn't found in the kernel's code");
		return;
	}
	if (says("SqMask:\t0x%x\n"))
		show_queues(seq, ring);
	show_thread(seq, ring, is_newest());
	show_files(seq, ring);
	show_buffers(seq, ring);
	if (READ_ONCE(ring->personalities.xa_head) != NULL && says("Personalities:\n"))
		seq_fault(seq, "as whom an io_uring may work (its personalities) is missing");
	show_polls(seq, ring);
	if (says("CqOverflowList:\n"))
		show_overflow(seq, ring);
	show_network_polls(seq, ring);
}
