/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The enclave's one page of code, the same for all of them; test_sgx_machine.py takes it from the image to measure it.
 * RDI says what to do. R15 is where it exits to. The page after it is its data.
 */
#define DATA (enclave_code + 0x1000)
#define EXIT mov %r15, %rbx; mov $4, %eax; .byte 0x0f, 0x01, 0xd7

	.section .enclave, "ax"
	.globl enclave_code, enclave_snippets
	.balign 4096
enclave_code:
	mov %rcx, %r15
	cmp $1, %rdi
	je leaf
	jb copy
	cmp $3, %rdi
	jb jump
	je state
	cmp $5, %rdi
	jb spin
	/* 5: what does an entry bring? */
	mov %rax, %r12
	xor %ecx, %ecx
	xgetbv
	mov %rax, %r13
	rdfsbase %r14
	rdgsbase %r11
	EXIT

copy:	/* R8 bytes from RSI to RDX */
	mov %rdx, %rdi
	mov %r8, %rcx
	rep movsb
	EXIT

leaf:	/* ENCLU's leaf RSI with R8, R9, R10 as RBX, RCX, RDX; R12: RAX, R13: the flags */
	mov %rsi, %rax
	mov %r8, %rbx
	mov %r9, %rcx
	mov %r10, %rdx
	push $0x8d7
	popfq
	.byte 0x0f, 0x01, 0xd7
	mov %rax, %r12
	pushfq
	pop %r13
	cld
	EXIT

jump:	jmp *%rsi

spin:	/* until the byte at RDX is set; the one at RSI says that it began */
	movb $1, (%rsi)
1:	pause
	cmpb $0, (%rdx)
	je 1b
	EXIT

state:	/* Registers from the XSAVE image at RSI; then a page fault, if RDX is 0, or else 2^20 turns; to R8 what came back. */
	mov %rdx, %r14
	mov $7, %eax
	xor %edx, %edx
	xrstor (%rsi)
	fldt DATA + 0xb00(%rip)
	.globl enclave_x87
enclave_x87:
	fstp %st(0)
	mov %r15, DATA + 0x800(%rip)
	mov %r8, DATA + 0x808(%rip)
	mov %rsp, DATA + 0x810(%rip)
	lea DATA + 0x700(%rip), %rsp
	mov %r14, %rcx
	push $0x8d5
	test %rcx, %rcx
	mov $0x1010101010101010, %rax
	mov $0x1111111111111111, %rcx
	mov $0x1212121212121212, %rdx
	mov $0x1313131313131313, %rbx
	mov $0x1515151515151515, %rbp
	mov $0x1616161616161616, %rsi
	mov $0x1717171717171717, %rdi
	mov $0x1818181818181818, %r8
	mov $0x1919191919191919, %r9
	mov $0x1a1a1a1a1a1a1a1a, %r10
	mov $0x1b1b1b1b1b1b1b1b, %r11
	mov $0x1c1c1c1c1c1c1c1c, %r12
	mov $0x1d1d1d1d1d1d1d1d, %r13
	mov $0x1f1f1f1f1f1f1f1f, %r15
	jnz turns
	mov $0x1e1e1e1e1e1e1e1e, %r14
	popfq
	.globl enclave_faults
enclave_faults:
	mov %rax, DATA + 0x8000(%rip) /* page 9, which isn't there until it's added */
	jmp back
turns:	popfq
1:	lea -1(%r14), %r14
	xchg %r14, %rcx
	jrcxz 2f
	xchg %r14, %rcx
	jmp 1b
2:	xchg %r14, %rcx
	mov $0x1e1e1e1e1e1e1e1e, %r14
back:	mov %rax, DATA + 0x900(%rip)
	mov %rcx, DATA + 0x908(%rip)
	mov %rdx, DATA + 0x910(%rip)
	mov %rbx, DATA + 0x918(%rip)
	mov %rsp, DATA + 0x920(%rip)
	mov %rbp, DATA + 0x928(%rip)
	mov %rsi, DATA + 0x930(%rip)
	mov %rdi, DATA + 0x938(%rip)
	mov %r8, DATA + 0x940(%rip)
	mov %r9, DATA + 0x948(%rip)
	mov %r10, DATA + 0x950(%rip)
	mov %r11, DATA + 0x958(%rip)
	mov %r12, DATA + 0x960(%rip)
	mov %r13, DATA + 0x968(%rip)
	mov %r14, DATA + 0x970(%rip)
	mov %r15, DATA + 0x978(%rip)
	pushfq
	pop DATA + 0x980(%rip)
	cld
	fnstenv DATA + 0xa00(%rip)
	mov DATA + 0x808(%rip), %rdi
	lea DATA + 0x900(%rip), %rsi
	mov $0x88, %ecx
	rep movsb
	mov DATA + 0x808(%rip), %rdi
	mov $7, %eax
	xor %edx, %edx
	xsave 192(%rdi)
	mov DATA + 0x810(%rip), %rsp
	mov DATA + 0x800(%rip), %r15
	EXIT

	/* One instruction in 16 bytes each, in the order of checks-illegal.c. */
	.macro snippet
	.balign 16
	.endm
	.balign 64
enclave_snippets:
	snippet; cpuid
	snippet; syscall
	snippet; int $0x80
	snippet; .byte 0xcf
	snippet; in %dx, %al
	snippet; out %al, %dx
	snippet; insb
	snippet; outsb
	snippet; mov %eax, %ds
	snippet; mov %eax, %ss
	snippet; pop %fs
	snippet; pop %gs
	snippet; .byte 0xff, 0x18 /* far CALL by memory */
	snippet; .byte 0xff, 0x28 /* far JMP by memory */
	snippet; lretl
	snippet; .byte 0x0f, 0x02, 0xc0 /* LAR */
	snippet; str %eax
	snippet; sldt %eax
	snippet; verr %ax
	snippet; verw %ax
	snippet; sgdt (%rax)
	snippet; sidt (%rax)
	snippet; smsw %eax
	snippet; vmcall
	snippet; sysenter
	snippet; rdpmc
	snippet; .byte 0x0f, 0x37 /* GETSEC */
	snippet; .byte 0x0f, 0xb2, 0x00 /* LSS */
	snippet; .byte 0x0f, 0xb4, 0x00 /* LFS */
	snippet; .byte 0x0f, 0xb5, 0x00 /* LGS */
	snippet; .byte 0x0f, 0x01, 0xd4 /* VMFUNC */
	snippet; mov %eax, %es
	snippet; mov %eax, %fs
	snippet; mov %eax, %gs
	.balign 16
	.globl enclave_others
enclave_others:
	snippet; ud2
	snippet; int3
	snippet; xor %ecx, %ecx; div %ecx
	snippet; mov (%rsi), %r12; EXIT
	snippet; mov %r8, (%rsi); EXIT
	snippet; hlt
	snippet; .byte 0xc4, 0xe1, 0x7c, 0x57, 0xc0 /* VXORPS */
	EXIT

	/* Longer ones, of checks-debug.c. */
	.globl enclave_single, enclave_store, enclave_divide, enclave_clock
enclave_single: /* TF by POPF */
	pushfq
	orl $0x100, (%rsp)
	popfq
	nop
	EXIT
enclave_store:
	mov %r8, (%rdx)
	nop
	EXIT
enclave_divide: /* 1 by 0 in x87, not masked */
	pushq $0x37b
	fldcw (%rsp)
	fldz
	fld1
	fdiv %st(1), %st
	fwait
	EXIT
enclave_clock:
	rdtsc
	rdtscp
	EXIT

	/* The page ends in the middle of an instruction; its next byte can't be fetched. */
	.org enclave_code + 4096 - 4
	.globl enclave_last
enclave_last:
	mov %r8, (%rdx)
	.byte 0xff
	.org enclave_code + 4096

	.section .note.GNU-stack, "", @progbits
