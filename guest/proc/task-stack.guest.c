/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel stacks of tasks that sleep: arch/x86/kernel/unwind_orc.c, process.c,
 * kernel/stacktrace.c, lib/syscall.c, kernel/sched/core.c; 5.10 to 7.2.
 *
 * The kernel says for each of its instructions where the caller's frame lies
 * (ORC). A sleeping task stands in a chain of calls below its entry into the
 * kernel, or below the start of a kernel thread, or below a fault that the
 * kernel itself took: then all registers lie there. Code of modules and generated code (BPF) has
 * its own tables, which aren't read: there the walk ends, and what is missing
 * is said.
 */
#include "guest/proc/task-stack.h"

#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/task-facts.h"

enum {
	/* MAX_STACK_TRACE_DEPTH (fs/proc/base.c) */
	FRAME_COUNT_MAX = 64,
	/* THREAD_SIZE is 16 KiB, 32 KiB with KASAN. */
	STACK_SIZE_MAX = 64 << 10,
	FRED_PADDING = 16,
	WORD_SIZE = 8,
	USER_MODE = 3, /* in cs */
	/* get_wchan() of 5.10 follows so many frame pointers. */
	POINTER_COUNT_MAX = 16,
	TASK_WAKING = 0x200,

	ORC_UNDEFINED = 0, /* as register: as in the caller; as type, from 6.4: nothing known */
	ORC_TYPE_END = 1, /* from 6.4 */
	ORC_OLD_SP = 5, /* ORC_REG_SP before 7.1 */
	ORC_OLD_BP = 4,
	ORC_OLD_PREV_SP = 1,
	ORC_NEW_SP = 3,
	ORC_NEW_BP = 4,
	ORC_NEW_PREV_SP = 8,
};

/* The numbers that this kernel gives to registers and kinds of frames. */
struct orc_numbers {
	u32 sp, bp, previous_sp, call, registers;
	bool has_end; /* a bit says where stacks end, not a type */
};

struct frame {
	u64 ip, sp, bp;
	bool is_exact; /* ip is where it will go on, not where a call returns to */
};

struct stack {
	u64 bottom, top;
	struct orc_numbers numbers;
};

static u64 distance_of_ends(void)
{
	if (symbol_exists(__end_init_stack))
		return (u64)&__end_init_stack - (u64)&__start_init_stack;
	return (u64)&__end_init_task - (u64)&__start_init_task;
}

/* THREAD_SIZE */
static u64 stack_size(void)
{
	u64 size = distance_of_ends();

	if (size == 0 || size > STACK_SIZE_MAX)
		guest_fail(STATUS_MALFORMED, "a kernel stack has a size that no kernel gives it");
	return size;
}

/* try_get_task_stack() */
static u64 stack_of(const struct task_struct *task)
{
	return task->stack_refcount.refs.counter != 0 ? (u64)task->stack : 0;
}

const struct pt_regs *task_registers(const struct task_struct *task)
{
	u64 stack = stack_of(task), padding = symbol_exists(asm_fred_entrypoint_user) ? FRED_PADDING : 0;

	if (stack == 0)
		return NULL;
	return (const void *)(stack + stack_size() - padding - type_size(struct pt_regs));
}

static bool lies_between(u64 address, const char *start, const char *end)
{
	return address >= (u64)start && address < (u64)end;
}

/* in_sched_functions() */
static bool is_scheduler(u64 address)
{
	if (lies_between(address, &__sched_text_start, &__sched_text_end))
		return true;
	return symbol_exists(__lock_text_start) && lies_between(address, &__lock_text_start, &__lock_text_end);
}

static u64 stack_word(const struct stack *stack, u64 address)
{
	u64 word;

	if (address < stack->bottom || address > stack->top - WORD_SIZE)
		guest_fail(STATUS_MALFORMED, "a frame of a kernel stack lies outside of it");
	guest_copy(&word, (const void *)address, sizeof word);
	return word;
}

/* orc_ip() */
static u64 entry_start(u64 index)
{
	const int *start = &__start_orc_unwind_ip[index];

	return (u64)start + (u64)(s64)*start;
}

/* __orc_find(): the last entry that begins at or before `ip`. */
static const struct orc_entry *orc_find(u64 ip)
{
	u64 low = 0, high = ((u64)__stop_orc_unwind_ip - (u64)__start_orc_unwind_ip) / sizeof(int);
	struct guest_bound bound = GUEST_BOUND(64, "steps of a search through the kernel's unwind table");

	if (!lies_between(ip, &_stext, &_etext))
		return NULL;
	while (low < high) {
		guest_bound(&bound);
		u64 middle = low + (high - low) / 2;

		if (entry_start(middle) <= ip)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? &__start_orc_unwind[low - 1] : NULL;
}

/* At the first instruction of any function the frame is found by the stack
 * pointer and is a call's: so it shows both numbers. */
static void read_numbers(struct orc_numbers *ret_numbers)
{
	const struct orc_entry *entry = orc_find((u64)&schedule);

	if (entry == NULL)
		guest_fail(STATUS_UNSUPPORTED, "the kernel's unwind table doesn't have its own scheduler");
	u32 sp = entry->sp_reg;
	if (sp != ORC_OLD_SP && sp != ORC_NEW_SP)
		guest_fail(STATUS_UNSUPPORTED, "the kernel's unwind table is of no known kind");
	*ret_numbers = (struct orc_numbers){
		.sp = sp,
		.bp = sp == ORC_OLD_SP ? ORC_OLD_BP : ORC_NEW_BP,
		.previous_sp = sp == ORC_OLD_SP ? ORC_OLD_PREV_SP : ORC_NEW_PREV_SP,
		.call = entry->type,
		.registers = (u32)entry->type + 1,
		.has_end = field_exists(struct orc_entry, end),
	};
}

/* Does the stack end here? A kernel thread's at its start. */
static bool is_end(const struct orc_numbers *numbers, const struct orc_entry *entry)
{
	if (numbers->has_end)
		return entry->sp_reg == ORC_UNDEFINED && entry->end != 0;
	return entry->type == ORC_TYPE_END;
}

/* What a trap interrupted: its registers lie at `registers`. False: that was user mode. */
static bool step_over_trap(const struct stack *stack, struct frame *frame, const struct orc_entry *entry, u64 registers)
{
	if ((stack_word(stack, registers + field_offset(struct pt_regs, cs)) & USER_MODE) != 0)
		return false;
	u64 sp = stack_word(stack, registers + field_offset(struct pt_regs, sp));
	if (registers < frame->sp || sp <= registers)
		guest_fail(STATUS_MALFORMED, "the frames of a kernel stack go backwards");
	if (entry->bp_reg != ORC_UNDEFINED)
		guest_fail(STATUS_UNSUPPORTED, "a frame pointer on a kernel stack is kept in an unusual place");
	*frame = (struct frame){
		.ip = stack_word(stack, registers + field_offset(struct pt_regs, ip)),
		.sp = sp,
		.bp = stack_word(stack, registers + field_offset(struct pt_regs, bp)),
		.is_exact = !field_exists(struct orc_entry, signal) || entry->signal != 0,
	};
	return true;
}

/* The caller's frame: unwind_next_frame(). False: the stack ends, or goes on in
 * user mode. */
static bool step(const struct stack *stack, struct frame *frame)
{
	const struct orc_numbers *numbers = &stack->numbers;
	const struct orc_entry *entry = orc_find(frame->is_exact ? frame->ip : frame->ip - 1);
	u64 sp;

	if (entry == NULL)
		guest_fail(STATUS_UNSUPPORTED, "a kernel stack goes on in a module's or generated code");
	if (is_end(numbers, entry))
		return false;
	if (entry->sp_reg != numbers->sp && entry->sp_reg != numbers->bp)
		guest_fail(STATUS_UNSUPPORTED, "a frame of a kernel stack is found by an unusual register");
	sp = (entry->sp_reg == numbers->sp ? frame->sp : frame->bp) + (u64)(s64)entry->sp_offset;
	if (entry->type == numbers->registers)
		return step_over_trap(stack, frame, entry, sp);
	if (entry->type != numbers->call)
		guest_fail(STATUS_UNSUPPORTED, "a frame of a kernel stack is of an unusual kind");
	if (sp <= frame->sp)
		guest_fail(STATUS_MALFORMED, "the frames of a kernel stack go backwards");
	frame->ip = stack_word(stack, sp - WORD_SIZE);
	if (entry->bp_reg == numbers->previous_sp)
		frame->bp = stack_word(stack, sp + (u64)(s64)entry->bp_offset);
	else if (entry->bp_reg == numbers->bp)
		frame->bp = stack_word(stack, frame->bp + (u64)(s64)entry->bp_offset);
	else if (entry->bp_reg != ORC_UNDEFINED)
		guest_fail(STATUS_UNSUPPORTED, "a frame pointer on a kernel stack is kept in an unusual place");
	frame->sp = sp;
	frame->is_exact = false;
	return true;
}

/* The return addresses of a sleeping task's stack, the scheduler's left out.
 * `maximum` may be as few as are wanted. Says how many there are. */
static u32 unwind(const struct task_struct *task, u64 *addresses, u32 maximum)
{
	u64 sp = task->thread.sp;
	struct stack stack = {.bottom = stack_of(task)};
	struct frame frame;
	struct guest_bound bound = GUEST_BOUND(STACK_SIZE_MAX / WORD_SIZE, "frames of a kernel stack");
	u32 count = 0;

	if (stack.bottom == 0 || maximum == 0)
		return 0;
	stack.top = stack.bottom + stack_size();
	read_numbers(&stack.numbers);
	/* struct inactive_task_frame: where __switch_to_asm() left it. */
	frame.bp = stack_word(&stack, sp + field_offset(struct inactive_task_frame, bp));
	frame.ip = stack_word(&stack, sp + field_offset(struct inactive_task_frame, ret_addr));
	frame.sp = sp + type_size(struct inactive_task_frame);
	frame.is_exact = frame.ip == (u64)&ret_from_fork;
	do {
		guest_bound(&bound);
		if (frame.ip < (u64)&_stext)
			guest_fail(STATUS_MALFORMED, "a kernel stack leads out of the kernel's code");
		if (is_scheduler(frame.ip))
			continue;
		addresses[count++] = frame.ip;
	} while (count < maximum && step(&stack, &frame));
	return count;
}

/* get_wchan() of 5.10: follows frame pointers, which its code doesn't keep. */
static u64 wchan_by_pointers(const struct task_struct *task)
{
	u64 bottom = stack_of(task), sp = task->thread.sp, top, pointer;

	if (bottom == 0 || task_state(task) == 0)
		return 0;
	top = bottom + stack_size() - 2 * WORD_SIZE;
	if (sp < bottom || sp > top)
		return 0;
	guest_copy(&pointer, (const char *)sp + field_offset(struct inactive_task_frame, bp), sizeof pointer);
	for (u32 i = 0; i <= POINTER_COUNT_MAX; i++) {
		u64 words[2];

		if (pointer < bottom || pointer > top)
			return 0;
		guest_copy(words, (const void *)pointer, sizeof words);
		if (!is_scheduler(words[1]))
			return words[1];
		pointer = words[0];
	}
	return 0;
}

bool task_stat_unwinds(void)
{
	return !symbol_exists(__get_wchan);
}

u64 task_wchan(const struct task_struct *task)
{
	u32 state = task_state(task);
	u64 address;

	if (task_stat_unwinds())
		return wchan_by_pointers(task);
	if (state == 0 || state == TASK_WAKING || task->on_rq != 0)
		return 0;
	return unwind(task, &address, 1) == 1 ? address : 0;
}

/* proc_pid_wchan() */
void task_wchan_show(struct seq *seq)
{
	u64 address = task_wchan(task_subject());
	uint64_t offset, size;
	char name[SYMBOL_NAME_SIZE];

	if (address != 0 && symbol_around(address, name, &offset, &size))
		seq_puts(seq, name);
	else
		seq_putc(seq, '0');
}

static void show_frame(struct seq *seq, u64 address)
{
	char name[SYMBOL_NAME_SIZE];
	uint64_t offset, size;

	/* sprint_backtrace(): of the call, which may be its function's last instruction. */
	if (symbol_around(address - 1, name, &offset, &size))
		seq_printf(seq, "[<0>] %s+0x%lx/0x%lx\n", name, offset + 1, size);
	else
		seq_printf(seq, "[<0>] 0x%llx\n", address);
}

/* proc_pid_stack() */
void task_stack_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	u64 addresses[FRAME_COUNT_MAX];

	if (task->on_cpu != 0)
		return; /* the kernel's own unwinder refuses a task that runs */
	u32 count = unwind(task, addresses, FRAME_COUNT_MAX);
	for (u32 i = 0; i < count; i++)
		show_frame(seq, addresses[i]);
}

/* proc_pid_syscall(), task_current_syscall() */
void task_syscall_show(struct seq *seq)
{
	const struct task_struct *task = task_subject();
	const struct pt_regs *registers;

	if (task_state(task) == 0 || task->on_rq != 0) {
		seq_puts(seq, "running\n");
		return;
	}
	registers = task_registers(task);
	if (registers == NULL) {
		seq_puts(seq, "-1 0x0 0x0\n");
		return;
	}
	s32 number = (s32)registers->orig_ax;
	if (number < 0) {
		seq_printf(seq, "%d 0x%lx 0x%lx\n", number, registers->sp, registers->ip);
		return;
	}
	seq_printf(seq, "%d 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx 0x%lx\n", number, registers->di, registers->si,
		   registers->dx, registers->r10, registers->r8, registers->r9, registers->sp, registers->ip);
}
