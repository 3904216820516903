/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Into an enclave through the kernel's vDSO function.
 *
 *   int sgx_enter_call(function, struct sgx_enclave_run *run, uint32 leaf,
 *                      uint64 registers[2], void *stack_end)
 *
 * registers: RDI and RSI as the enclave finds them, then as it left them. The
 * function keeps only RBX, RBP and RSP (asm/sgx.h); whatever else the System V
 * ABI promises to our caller is saved here: R12 … R15, the direction flag, the
 * control words of x87 and SSE, an empty x87 stack. The enclave gets nothing of
 * ours in the registers that it isn't meant to read.
 *
 * An image leaves with RSP and RBP as it found them at EENTER, also when it was interrupted and came back by ERESUME,
 * which may be called from elsewhere. So the vDSO's function always has the same stack, up to stack_end (a multiple of
 * 16): its frame lies where it lay at EENTER, with the same in it.
 */
	.text
	.globl sgx_enter_call
	.type sgx_enter_call, @function
sgx_enter_call:
	push %rbp
	push %rbx
	push %r12
	push %r13
	push %r14
	push %r15
	push %rcx			/* registers; 16-byte aligned from here */
	sub $16, %rsp
	stmxcsr 0(%rsp)
	fnstcw 4(%rsp)
	mov %rsp, -8(%r8)
	mov %rsi, -16(%r8)		/* the seventh argument: run */
	lea -16(%r8), %rsp
	mov %rdi, %rax
	mov 0(%rcx), %rdi
	mov 8(%rcx), %rsi
	mov %edx, %ecx			/* the fourth: leaf */
	xor %edx, %edx
	xor %ebx, %ebx
	xor %ebp, %ebp
	xor %r8d, %r8d
	xor %r9d, %r9d
	xor %r10d, %r10d
	xor %r11d, %r11d
	xor %r12d, %r12d
	xor %r13d, %r13d
	xor %r14d, %r14d
	xor %r15d, %r15d
	call *%rax
	cld
	mov 8(%rsp), %rsp
	fninit
	fldcw 4(%rsp)
	ldmxcsr 0(%rsp)
	add $16, %rsp
	pop %rcx
	mov %rdi, 0(%rcx)
	mov %rsi, 8(%rcx)
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbx
	pop %rbp
	ret
	.size sgx_enter_call, . - sgx_enter_call

	.section .note.GNU-stack, "", @progbits
