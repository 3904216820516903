/* SPDX-License-Identifier: GPL-2.0-or-later */
/* switch.h. Trusts nothing that an enclave left in a register. */
	.text
	.macro save_host
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $8, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	mov %rdi, switch_frame_now(%rip)
	mov %rsp, switch_host_rsp(%rip)
	mov %rsp, 192(%rdi)
	mov %rbp, 200(%rdi)
	rdfsbase %rax
	mov %rax, switch_host_fs(%rip)
	rdgsbase %rax
	mov %rax, switch_host_gs(%rip)
	.endm

	.globl switch_enter
	.type switch_enter, @function
switch_enter:			/* (frame) */
	save_host
	mov 0(%rdi), %r10
	mov 8(%rdi), %rax
	mov 16(%rdi), %rbx
	mov 24(%rdi), %r8
	mov 32(%rdi), %r9
	mov 48(%rdi), %rsi
	mov 40(%rdi), %rdi
	lea switch_aep(%rip), %rcx
	wrfsbase %r8
	wrgsbase %r9
	jmp *%r10
	.size switch_enter, . - switch_enter

	.globl switch_exit
	.type switch_exit, @function
switch_exit:
	mov switch_host_fs(%rip), %rcx
	wrfsbase %rcx
	mov switch_host_gs(%rip), %rcx
	wrgsbase %rcx
	lea switch_aep(%rip), %rcx
	/* EEXIT goes to RBX; ours is the only place that it may lead to. */
	.size switch_exit, . - switch_exit

	.globl switch_aep
	.type switch_aep, @function
switch_aep:
	mov %rcx, switch_scratch(%rip)
	mov switch_frame_now(%rip), %rcx
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
	mov switch_scratch(%rip), %rax
	mov %rax, 64(%rcx)
	mov switch_host_rsp(%rip), %rsp
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
	.size switch_aep, . - switch_aep

	.globl switch_resume
	.type switch_resume, @function
switch_resume:			/* (frame) */
	save_host
	.globl switch_resume_trap
switch_resume_trap:
	hlt			/* #GP: SIGSEGV, whose handler replaces all registers */
	ud2
	.size switch_resume, . - switch_resume

	/* A signal handler (signo, siginfo, ucontext). On the stack of the thread that
	 * enters enclaves FS may be an enclave's: the host's goes in its place while C
	 * runs, and what C leaves in the pair goes back. */
	.globl signals_stub
	.type signals_stub, @function
signals_stub:
	lea signals_stack(%rip), %rax
	mov %rsp, %rcx
	sub %rax, %rcx
	cmp signals_stack_size(%rip), %rcx
	jae 1f
	push $2
	popfq
	push %rbx		/* for alignment */
	rdgsbase %rax
	push %rax
	rdfsbase %rax
	push %rax
	mov switch_host_gs(%rip), %rax
	wrgsbase %rax
	mov switch_host_fs(%rip), %rax
	wrfsbase %rax
	mov %rsp, %rcx
	call signals_handle	/* (signo, siginfo, ucontext, FS and GS) */
	pop %rax
	wrfsbase %rax
	pop %rax
	wrgsbase %rax
	pop %rbx
	ret
1:	xor %ecx, %ecx
	jmp signals_handle
	.size signals_stub, . - signals_stub

	.bss
	.balign 8
	.globl switch_host_fs, switch_host_gs
switch_host_fs:
	.quad 0
switch_host_gs:
	.quad 0
switch_host_rsp:
	.quad 0
switch_frame_now:
	.quad 0
switch_scratch:
	.quad 0
	.section .note.GNU-stack, "", @progbits
