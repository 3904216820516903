/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between this process and an image in it: stack and FS base change hands.
 *
 *   int plain_enter(entry, start block)   returns when the image has ended
 *   plain_host_entry                      what the image calls
 *
 * One image at a time, so the saved state is in plain variables (plain.c).
 */
	.text
	.globl plain_enter
	.type plain_enter, @function
plain_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp			/* 16-byte aligned at calls from here */
	mov %rsp, plain_host_rsp(%rip)
	mov %rdi, %rax
	mov %rsi, %rdi
	jmp *%rax
	.size plain_enter, . - plain_enter

	.globl plain_host_entry
	.type plain_host_entry, @function
plain_host_entry:
	mov %rsp, plain_image_rsp(%rip)
	mov plain_host_rsp(%rip), %rsp
	cld
	cmpb $0, plain_fsgsbase(%rip)
	je 1f
	rdfsbase %rax
	mov %rax, plain_image_fs(%rip)
	mov plain_host_fs(%rip), %rax
	wrfsbase %rax
	jmp 2f
1:	mov plain_host_fs(%rip), %rsi
	call set_fs_by_call
2:	call plain_serve		/* -> not 0 if the image has ended */
	test %eax, %eax
	jnz 4f
	cmpb $0, plain_fsgsbase(%rip)
	je 3f
	mov plain_image_fs(%rip), %rax
	wrfsbase %rax
	mov plain_image_rsp(%rip), %rsp
	ret
3:	mov plain_image_fs(%rip), %rsi
	call set_fs_by_call
	mov plain_image_rsp(%rip), %rsp
	ret
4:	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size plain_host_entry, . - plain_host_entry

set_fs_by_call:				/* (RSI: address) */
	mov $0x1002, %edi		/* ARCH_SET_FS */
	mov $158, %eax			/* arch_prctl */
	syscall
	ret

	.section .note.GNU-stack, "", @progbits
