/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The seam of enclave/libc/syscall_arch.h for programs that run outside, on
 * the build machine: what ./configure compiles to find something out
 * (docs/decisions/conftest-runs-natively.md). Never part of an image; the
 * image audit would refuse it for its SYSCALL.
 */
	.text
	.globl image_syscall
	.hidden image_syscall
	.type image_syscall, @function
image_syscall:			/* (nr, a, b, c, d, e, f on the stack) */
	mov %rdi, %rax
	mov %rsi, %rdi
	mov %rdx, %rsi
	mov %rcx, %rdx
	mov %r8, %r10
	mov %r9, %r8
	mov 8(%rsp), %r9
	syscall
	ret
	.size image_syscall, . - image_syscall

	.globl runtime_thread_pointer_set
	.hidden runtime_thread_pointer_set
	.type runtime_thread_pointer_set, @function
runtime_thread_pointer_set:	/* (pointer) */
	mov %rdi, %rsi
	mov $0x1002, %edi	/* ARCH_SET_FS */
	mov $158, %eax		/* arch_prctl */
	syscall
	ret
	.size runtime_thread_pointer_set, . - runtime_thread_pointer_set
	.section .note.GNU-stack, "", @progbits
