/* SPDX-License-Identifier: GPL-2.0-or-later */
/* As the kernel's headers, as far as these examples need them. */
#ifndef LINUX_SCHED_H
#define LINUX_SCHED_H

#include <linux/types.h>

struct task_struct {
	unsigned int __state;
	atomic_t usage;
	union {
		int exit_state, exit_code;
	};
	unsigned flags : 3, more : 5;
	struct list_head tasks;
	int pid;
	char comm[16];
	struct operations {
		int (*open)(int number);
	} *operations;
};

extern struct task_struct init_task;
extern int task_prio(int number);
extern int pid_of(const struct task_struct *task);

#define container_of(pointer, type, member) ((type *)((char *)(pointer) - __builtin_offsetof(type, member)))

static inline struct task_struct *next_task(struct task_struct *task)
{
	return container_of(READ_ONCE(task->tasks.next), struct task_struct, tasks);
}

#define for_each_process(task) for ((task) = &init_task; ((task) = next_task(task)) != &init_task;)

static inline int task_state_index(struct task_struct *task)
{
	barrier();
	return fls(READ_ONCE(task->__state));
}

static inline struct task_struct *get_current(void)
{
	struct task_struct *task;

	__asm__("movq %%gs:0,%0" : "=r"(task));
	return task;
}

static inline void get_task_struct(struct task_struct *task)
{
	__asm__ volatile("lock; incl %0" : "+m"(task->usage.counter));
}

static inline void list_del(struct list_head *entry)
{
	entry->next->prev = entry->prev;
}

static inline int static_branch(void)
{
	__asm__ goto("jmp %l0" : : : : yes);
	return 0;
yes:
	return 1;
}

register unsigned long current_stack_pointer __asm__("rsp");

static inline unsigned long stack_pointer(void)
{
	return current_stack_pointer;
}

void __attribute__((error("too small"))) assertion_too_small(void);
#define ASSERT_LARGER_THAN(pointer, size)                        \
	do {                                                     \
		if (__builtin_object_size(pointer, 0) <= (size)) \
			assertion_too_small();                   \
	} while (0)

#endif
