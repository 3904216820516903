/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a hostile host does around an entry: tests/entry-probe.c. */
	.text
	.globl probe_enter_dirty
	.type probe_enter_dirty, @function
probe_enter_dirty:		/* (frame, XSAVE area): probe_switch() with garbage everywhere */
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
	call *probe_switch(%rip)
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

	/* switch_enter() by the CPU's own EENTER; no page fault or interrupt shows but the timer's. */
	.globl probe_sgx_enter
	.type probe_sgx_enter, @function
probe_sgx_enter:		/* (frame) */
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	mov %rdi, sgx_frame(%rip)
	mov %rsp, sgx_host_rsp(%rip)
	mov %rsp, 192(%rdi)
	mov %rbp, 200(%rdi)
	lea probe_take_stack(%rip), %rcx
	mov 0(%rdi), %rbx
	/* Not by CMP: the garbage in the flags is for the enclave. */
	not %rbx
	lea 1(%rbx, %rcx), %rcx
	jrcxz 1f
	jmp 2f
1:	mov probe_stack(%rip), %rsp
2:	mov 16(%rdi), %rbx
	mov 8(%rdi), %rax		/* EENTER or ERESUME */
	mov 48(%rdi), %rsi
	mov 40(%rdi), %rdi
	lea sgx_aep(%rip), %rcx
	.byte 0x0f, 0x01, 0xd7
	jmp sgx_out
sgx_aep:			/* RAX, RBX and RCX are ERESUME's */
	cmpl $0, probe_alarms(%rip)
	jne sgx_out
	.byte 0x0f, 0x01, 0xd7
	ud2
sgx_out:
	mov %rcx, sgx_scratch(%rip)
	mov sgx_frame(%rip), %rcx
	mov %rax, 56(%rcx)
	mov %rdx, 72(%rcx)
	mov %rbx, 80(%rcx)
	mov %rsp, 88(%rcx)
	mov %rbp, 96(%rcx)
	mov %rsi, 104(%rcx)
	mov %rdi, 112(%rcx)
	mov %r8, 120(%rcx)
	mov %r9, 128(%rcx)
	mov %r10, 136(%rcx)
	mov %r11, 144(%rcx)
	mov %r12, 152(%rcx)
	mov %r13, 160(%rcx)
	mov %r14, 168(%rcx)
	mov %r15, 176(%rcx)
	mov sgx_scratch(%rip), %rax
	mov %rax, 64(%rcx)
	mov sgx_host_rsp(%rip), %rsp
	pushfq
	pop %rax
	mov %rax, 184(%rcx)
	push $2
	popfq
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	add $8, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret
	.size probe_sgx_enter, . - probe_sgx_enter

	.bss
	.balign 8
sgx_frame:
	.quad 0
sgx_host_rsp:
	.quad 0
sgx_scratch:
	.quad 0

	.section .note.GNU-stack, "", @progbits
