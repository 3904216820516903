/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The vDSO's function as a test has it: keeps RBX, RBP and RSP as promised, and
 * leaves behind in every other register what an unkind enclave could.
 */
	.text
	.globl fake_sgx_vdso
	.type fake_sgx_vdso, @function
fake_sgx_vdso:
	push %rbp
	mov %rsp, %rbp
	push %rbx
	mov %r10, %rax			/* what leaks from the caller to the enclave */
	or %r11, %rax
	or %r12, %rax
	or %r13, %rax
	or %r14, %rax
	or %r15, %rax
	mov %rax, fake_sgx_leak(%rip)
	push 16(%rbp)			/* run */
	call fake_sgx_enter		/* -> RAX, RDI, RSI */
	add $8, %rsp
	mov 8(%rax), %rdi
	mov 16(%rax), %rsi
	mov 0(%rax), %rax
	mov $0x5555, %ecx
	mov %rcx, %rdx
	mov %rcx, %r8
	mov %rcx, %r9
	mov %rcx, %r10
	mov %rcx, %r11
	mov %rcx, %r12
	mov %rcx, %r13
	mov %rcx, %r14
	mov %rcx, %r15
	ldmxcsr unkind_mxcsr(%rip)
	fldcw unkind_fcw(%rip)
	fld1
	pcmpeqd %xmm0, %xmm0
	std
	pop %rbx
	pop %rbp
	ret
	.size fake_sgx_vdso, . - fake_sgx_vdso

	.section .rodata
	.balign 4
unkind_mxcsr:
	.long 0x7f80			/* rounds towards zero */
unkind_fcw:
	.short 0x0c7f			/* and so does x87, in single precision */
	.bss
	.balign 8
	.globl fake_sgx_leak
fake_sgx_leak:
	.quad 0
	.section .note.GNU-stack, "", @progbits
