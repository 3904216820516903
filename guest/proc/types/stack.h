/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Kernel stacks, and how they are unwound (arch/x86/include/asm/ptrace.h,
 * asm/switch_to.h, asm/orc_types.h, include/asm-generic/vmlinux.lds.h). */
#ifndef GUEST_PROC_TYPES_STACK_H
#define GUEST_PROC_TYPES_STACK_H

#include "guest/proc/types/basic.h"

#include "guest/kernel/guestc-types-begin.h"

struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx, r11, r10, r9, r8, ax, cx, dx, si, di, orig_ax, ip, cs, flags, sp, ss;
};

struct inactive_task_frame {
	unsigned long bp, ret_addr;
};

/* How to find the caller's frame at an instruction. What the numbers mean has
 * changed: task-stack.guest.c. */
struct orc_entry {
	s16 sp_offset, bp_offset;
	u32 sp_reg : 32, bp_reg : 32, type : 32;
	u32 end : 32; /* before 6.4 */
	u32 signal : 32; /* from 6.4 */
};

#include "guest/kernel/guestc-types-end.h"

/* Kernels with Intel FRED leave room at a stack's top. */
extern const char asm_fred_entrypoint_user;

/* Where instructions begin that an entry holds for, relative to the number itself. */
extern const int __start_orc_unwind_ip[], __stop_orc_unwind_ip[];
extern const struct orc_entry __start_orc_unwind[];

extern const char _stext, _etext;
extern const char __sched_text_start, __sched_text_end, __lock_text_start, __lock_text_end;
/* The first task's stack, THREAD_SIZE bytes as all are: from 6.10, and before. */
extern const char __start_init_stack, __end_init_stack, __start_init_task, __end_init_task;
extern const char schedule, ret_from_fork, __get_wchan;

#endif
