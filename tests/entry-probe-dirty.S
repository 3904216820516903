/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hostile host does around an entry: tests/entry-probe.c. */
	.text
	.globl probe_enter_dirty
	.type probe_enter_dirty, @function
probe_enter_dirty:		/* (frame, XSAVE area): switch_enter() with garbage everywhere */
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	push %rsi
	sub $16, %rsp
	stmxcsr 8(%rsp)
	fnstcw 12(%rsp)
	movl $0x7f80, (%rsp)	/* round to zero */
	ldmxcsr (%rsp)
	movw $0x0c7f, (%rsp)
	fldcw (%rsp)
	fld1
	fldpi
	fldz
	movq $-1, %rax
	movq %rax, %xmm0
	pshufd $0, %xmm0, %xmm0
	movdqa %xmm0, %xmm7
	movdqa %xmm0, %xmm15
	mov $0x1111111111111111, %rdx
	mov %rdx, %rcx
	mov %rdx, %r11
	mov %rdx, %rbp
	mov %rdx, %rbx
	mov %rdx, %r12
	mov %rdx, %r13
	mov %rdx, %r14
	mov %rdx, %r15
	pushfq
	orq $0x44cd5, (%rsp)	/* AC, NT, DF, OF, SF, ZF, PF, AF, CF */
	popfq
	call switch_enter
	mov 16(%rsp), %rsi
	mov $0xe7, %eax
	xor %edx, %edx
	xsave (%rsi)
	fninit
	ldmxcsr 8(%rsp)
	fldcw 12(%rsp)
	add $24, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size probe_enter_dirty, . - probe_enter_dirty
	/* Where switch_enter() jumps to: go on to the entry with a stack of the host's choice. */
	.globl probe_take_stack
	.type probe_take_stack, @function
probe_take_stack:
	mov probe_stack(%rip), %rsp
	jmp *probe_entry(%rip)
	.size probe_take_stack, . - probe_take_stack

	.section .note.GNU-stack, "", @progbits
