/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where an image begins, and the two things that C can't do.
 *
 * The backend `plain` jumps to image_entry with RDI = struct start_block of the
 * host, on a stack and with flags that mean nothing to us.
 */
	.text
	.globl image_entry
	.type image_entry, @function
image_entry:
	/* The caller's flags, rounding modes and stack aren't ours to trust:
	 * DF and AC clear, x87 and SSE as the ABI wants them. */
	cld
	lea image_stack(%rip), %rsp
	add image_stack_size(%rip), %rsp
	and $-16, %rsp
	push $2
	popfq
	fninit
	ldmxcsr default_mxcsr(%rip)
	xor %ebp, %ebp
	sub $49152, %rsp	/* start.c: TABLE_SIZE_MAX, the place of argv and envp */
	call runtime_start	/* (host's start block) -> initial stack pointer */
	mov %rax, %rsp
	xor %edx, %edx
	jmp _start		/* musl's rcrt1: relocates, then main */
	.size image_entry, . - image_entry

	.globl runtime_enter_host
	.hidden runtime_enter_host
	.type runtime_enter_host, @function
runtime_enter_host:
	/* The host's code keeps the callee-saved registers if it is kind; if
	 * not, that is our problem alone, so save and restore them here. What
	 * is caller-saved is cleared: the host has no use for it. */
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rsp, runtime_saved_rsp(%rip)
	mov runtime_host_entry(%rip), %rax
	xor %ecx, %ecx
	xor %edx, %edx
	xor %esi, %esi
	xor %edi, %edi
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	call *%rax
	mov runtime_saved_rsp(%rip), %rsp
	cld
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size runtime_enter_host, . - runtime_enter_host

	.globl runtime_load_fs
	.hidden runtime_load_fs
	.type runtime_load_fs, @function
runtime_load_fs:		/* (pointer) */
	wrfsbase %rdi
	ret
	.size runtime_load_fs, . - runtime_load_fs

	.section .rodata
	.balign 4
default_mxcsr:
	.long 0x1f80
	.bss
	.balign 8
runtime_saved_rsp:
	.quad 0
	.section .note.GNU-stack, "", @progbits
