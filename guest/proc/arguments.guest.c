/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/PID/{auxv,cmdline,environ} (fs/proc/base.c, 5.10 to 7.2). */
#include "guest/proc/mention.h"
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/task.h"
#include "guest/proc/user.h"

enum {
	/* exec() takes 6 MiB of arguments and environment at most
	 * (_STK_LIM / 4 * 3, fs/exec.c), but prctl(PR_SET_MM) lets a process
	 * point anywhere. */
	TEXT_SIZE_MAX = 32 << 20,
	TASK_KERNEL_THREAD = 0x00200000, /* PF_KTHREAD */
	AUXV_END = 0, /* AT_NULL */
	NO_PROCESS = 3, /* ESRCH */
};

extern const char __mem_open, environ_open;

/* get_task_mm() */
static const struct mm_struct *subject_mm(void)
{
	const struct task_struct *task = task_subject();

	return (task->flags & TASK_KERNEL_THREAD) != 0 ? NULL : READ_ONCE(task->mm);
}

/* Does __mem_open() refuse tasks without memory? From 6.12 on; nothing but its
 * code tells. */
static bool refuses_empty(void)
{
	const char *error = (const char *)-(u64)NO_PROCESS;

	if (symbol_exists(__mem_open))
		return code_refers_to(&__mem_open, error);
	return code_refers_to(&environ_open, error);
}

static const struct mm_struct *opened_mm(void)
{
	const struct mm_struct *mm = subject_mm();

	if (mm == NULL && refuses_empty()) {
		subject_refuse(NO_PROCESS);
		guest_fail(STATUS_MISSING, "the process has no memory");
	}
	return mm;
}

struct text {
	struct seq *seq;
	const struct mm_struct *mm;
	const char *what;
};

static void say_away(const struct text *text, u64 address)
{
	seq_fault(text->seq, "the rest of the %s is missing: it is swapped out at 0x%llx", text->what, address);
}

static void write_range(const struct text *text, u64 start, u64 end)
{
	u64 written = 0;

	while (start < end) {
		u8 page[USER_PAGE_SIZE];
		enum user_read_end why;
		u64 size = user_read(text->mm, start, page, min(end - start, (u64)USER_PAGE_SIZE), &why);

		seq_write(text->seq, page, size);
		start += size;
		written += size;
		if (why == USER_READ_AWAY)
			say_away(text, start);
		if (why != USER_READ_WHOLE)
			return;
		if (written > TEXT_SIZE_MAX && start < end)
			guest_fail(STATUS_LIMIT, "the text is cut: it has more than 32 MiB");
	}
}

/* get_mm_proctitle(): one string, which may go on behind the arguments. */
static void write_title(const struct text *text, u64 start)
{
	u8 page[USER_PAGE_SIZE];
	enum user_read_end why;
	u64 size = user_read(text->mm, start, page, sizeof page, &why);
	u64 length = strnlen((const char *)page, size);

	if (length == size && why == USER_READ_AWAY)
		say_away(text, start + size);
	seq_write(text->seq, page, length < size ? length + 1 : length);
}

/* get_mm_cmdline() */
static void write_cmdline(struct seq *seq, const struct mm_struct *mm)
{
	struct text text = {seq, mm, "command line"};
	u8 last[USER_PAGE_SIZE];
	enum user_read_end why;
	u64 start, end;

	if (mm == NULL || mm->env_end == 0)
		return;
	start = mm->arg_start;
	end = mm->arg_end;
	if (start >= end)
		return;
	if (user_read(mm, end - 1, last, 1, &why) == 1 && last[0] != 0)
		write_title(&text, start);
	else if (why == USER_READ_AWAY)
		say_away(&text, end - 1);
	else
		write_range(&text, start, end);
}

void pid_cmdline_show(struct seq *seq)
{
	const struct mm_struct *mm = subject_mm();

	write_cmdline(seq, mm);
	if (mm != NULL)
		user_memory_expect(task_subject(), mm);
}

/* environ_read() */
void pid_environ_show(struct seq *seq)
{
	const struct mm_struct *mm = opened_mm();
	struct text text = {seq, mm, "environment"};

	if (mm != NULL && mm->env_end != 0)
		write_range(&text, mm->env_start, mm->env_end);
	if (mm != NULL)
		user_memory_expect(task_subject(), mm);
}

/* auxv_read(): up to the pair that ends it, which is there or beyond the
 * array: the kernel looks no further than its own zeroes either. */
void pid_auxv_show(struct seq *seq)
{
	const struct mm_struct *mm = opened_mm();
	u32 count = (u32)(field_size(struct mm_struct, saved_auxv) / sizeof(u64)), i = 0;

	if (mm == NULL)
		return;
	if (count > AUXV_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "an auxiliary vector is larger than any could be");
	for (bool is_end = false; !is_end && i + 1 < count; i += 2) {
		u64 pair[2] = {mm->saved_auxv[i], mm->saved_auxv[i + 1]};

		is_end = pair[0] == AUXV_END;
		seq_write(seq, pair, sizeof pair);
	}
	user_memory_expect(task_subject(), mm);
}
