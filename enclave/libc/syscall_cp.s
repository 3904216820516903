# SPDX-License-Identifier: GPL-2.0-or-later
# Takes the place of musl's src/thread/x86_64/syscall_cp.s: a system call that
# is a cancellation point. Between __cp_begin and __cp_end the call may still
# be cancelled (musl's src/thread/pthread_cancel.c looks at these labels).
#
# long __syscall_cp_asm(volatile int *cancel, nr, a, b, c, d, e, f)
	.text
	.global __cp_begin, __cp_end, __cp_cancel, __syscall_cp_asm
	.hidden __cp_begin, __cp_end, __cp_cancel, __syscall_cp_asm
	.hidden __cancel, image_syscall
	.type __syscall_cp_asm, @function
__syscall_cp_asm:
__cp_begin:
	cmpl $0, (%rdi)
	jne __cp_cancel
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %rcx
	mov %r9, %r8
	mov 8(%rsp), %r9
	push 16(%rsp)		# f, the seventh argument; this also aligns the stack
	call image_syscall
__cp_end:
	add $8, %rsp
	ret
__cp_cancel:
	jmp __cancel
	.size __syscall_cp_asm, . - __syscall_cp_asm
	.section .note.GNU-stack, "", @progbits
