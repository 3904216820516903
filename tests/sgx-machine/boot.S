/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From protected mode to 64 bits with paging; traps; to ring 3 and back; the instructions under test. */
#define XCR0 7
#define CR0 0x80010023 /* PG, WP, NE, MP, PE */
#define CR4 0x50620 /* OSXSAVE, FSGSBASE, OSXMMEXCPT, OSFXSR, PAE */

	.section .head, "ax"
	.code32
entry32:
	mov $0x1b, %ecx
	rdmsr
	mov %eax, %ebx
	mov $CR4, %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	rdmsr
	or $0x100, %eax
	wrmsr
	mov $CR0, %eax
	mov %eax, %cr0
	lgdt gdtr
	ljmp $0x18, $entry64

	.code64
entry64:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	xor %ecx, %ecx
	xor %edx, %edx
	mov $XCR0, %eax
	xsetbv
	test $0x100, %ebx
	jz other
	mov $bss_start, %edi
	mov $bss_end, %ecx
	sub %edi, %ecx
	xor %eax, %eax
	rep stosb
	mov $stack_first, %esp
	call machine_start
1:	hlt
	jmp 1b
other:
	mov $stack_other, %esp
	call machine_start_other
	jmp 1b

	.text
/* uint64_t encls_asm(uint64_t registers[5]): RAX, RBX, RCX, RDX in and out, the flags out. */
	.globl encls_asm
encls_asm:
	push %rbx
	mov 0(%rdi), %rax
	mov 8(%rdi), %rbx
	mov 16(%rdi), %rcx
	mov 24(%rdi), %rdx
	push $0x8d7 /* all that ENCLS clears */
	popfq
encls_insn:
	.byte 0x0f, 0x01, 0xcf
encls_after:
	pushfq
	mov %rax, 0(%rdi)
	mov %rbx, 8(%rdi)
	mov %rcx, 16(%rdi)
	mov %rdx, 24(%rdi)
	pop 32(%rdi)
	pop %rbx
	cld
	ret

/* void encls_32_asm(uint32_t page): EREMOVE in 32-bit code. */
	.globl encls_32_asm
encls_32_asm:
	push %rbx
	xor %ebx, %ebx
	mov %edi, %ecx
	mov $3, %eax
	pushq $0x8
	pushq $encls_32_insn
	lretq
	.code32
encls_32_insn:
	.byte 0x0f, 0x01, 0xcf
encls_32_after:
	ljmp $0x18, $1f
	.code64
1:	pop %rbx
	ret

	.globl enclu_in_ring0
enclu_in_ring0:
	push %rbx
	mov $2, %eax
enclu_ring0_insn:
	.byte 0x0f, 0x01, 0xd7
enclu_ring0_after:
	pop %rbx
	ret

/* void wrmsr_asm(uint32_t msr, uint64_t value) */
	.globl wrmsr_asm
wrmsr_asm:
	mov %edi, %ecx
	mov %esi, %eax
	mov %rsi, %rdx
	shr $32, %rdx
wrmsr_insn:
	wrmsr
wrmsr_after:
	ret

/* Where a fault in ring 0 is expected, and where it goes on then. */
	.section .rodata
	.balign 8
	.globl landings
landings:
	.quad encls_insn, encls_after
	.quad encls_32_insn, encls_32_after
	.quad enclu_ring0_insn, enclu_ring0_after
	.quad wrmsr_insn, wrmsr_after
	.quad 0

/* void user_enter(struct user *user, uint64_t *trap_stack_top): to ring 3; returns when something trapped. */
	.text
	.globl user_enter
user_enter:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	mov %rdi, (%rsi)
	mov %rsp, 168(%rdi)
	mov $XCR0, %eax
	xor %edx, %edx
	xrstor 192(%rdi)
	mov 176(%rdi), %rax
	wrfsbase %rax
	mov 184(%rdi), %rax
	wrgsbase %rax
	mov 1216(%rdi), %rax
	test %rax, %rax
	jz 1f
	mov %rax, %cr0
1:	pushq $0x23
	pushq 32(%rdi)
	pushq 136(%rdi)
	pushq $0x2b
	pushq 128(%rdi)
	mov 0(%rdi), %rax
	mov 8(%rdi), %rcx
	mov 16(%rdi), %rdx
	mov 24(%rdi), %rbx
	mov 40(%rdi), %rbp
	mov 48(%rdi), %rsi
	mov 64(%rdi), %r8
	mov 72(%rdi), %r9
	mov 80(%rdi), %r10
	mov 88(%rdi), %r11
	mov 96(%rdi), %r12
	mov 104(%rdi), %r13
	mov 112(%rdi), %r14
	mov 120(%rdi), %r15
	mov 56(%rdi), %rdi
	iretq

	.balign 16
	.globl vectors
vectors:
	.set n, 0
	.rept 256
	.balign 16
	.if n == 8 || (n >= 10 && n <= 14) || n == 17 || n == 21
	.else
	pushq $0
	.endif
	pushq $n
	jmp trapped
	.set n, n + 1
	.endr
	.balign 16

/* On the stack: vector, error code, RIP, CS, RFLAGS, RSP, SS, and (from ring 3) the struct user. */
trapped:
	testb $3, 24(%rsp)
	jz trapped_in_ring0
	push %rdi
	mov 64(%rsp), %rdi
	mov %rax, 0(%rdi)
	mov %rcx, 8(%rdi)
	mov %rdx, 16(%rdi)
	mov %rbx, 24(%rdi)
	mov %rbp, 40(%rdi)
	mov %rsi, 48(%rdi)
	mov %r8, 64(%rdi)
	mov %r9, 72(%rdi)
	mov %r10, 80(%rdi)
	mov %r11, 88(%rdi)
	mov %r12, 96(%rdi)
	mov %r13, 104(%rdi)
	mov %r14, 112(%rdi)
	mov %r15, 120(%rdi)
	pop 56(%rdi)
	pop 144(%rdi)
	pop 152(%rdi)
	pop 128(%rdi)
	pop %rax
	pop 136(%rdi)
	pop 32(%rdi)
	mov %cr2, %rax
	mov %rax, 160(%rdi)
	rdfsbase %rax
	mov %rax, 176(%rdi)
	rdgsbase %rax
	mov %rax, 184(%rdi)
	mov $CR0, %eax /* XSAVE needs it so */
	mov %rax, %cr0
	mov $XCR0, %eax
	xor %edx, %edx
	xsave 192(%rdi)
	mov 168(%rdi), %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	cld
	ret

trapped_in_ring0:
	push %rax
	push %rcx
	push %rdx
	push %rsi
	push %rdi
	push %r8
	push %r9
	push %r10
	push %r11
	cld
	lea 72(%rsp), %rdi
	call trap_in_ring0
	pop %r11
	pop %r10
	pop %r9
	pop %r8
	pop %rdi
	pop %rsi
	pop %rdx
	pop %rcx
	pop %rax
	add $16, %rsp
	iretq

/* What ring 3 runs outside of enclaves. */
	.balign 64
	.globl user_enclu, user_enclu_after, user_aep, user_load, user_load_then_enclu, user_call, user_prefixed, user_compat
user_load_then_enclu:
	mov (%rsi), %r14
user_enclu:
	.byte 0x0f, 0x01, 0xd7
user_enclu_after:
	int $0x80
user_aep:
	.byte 0x0f, 0x01, 0xd7
	int $0x80
user_load:
	mov (%rsi), %r14
	int $0x80
user_call:
	int $0x80
user_compat: /* ENCLU in 32-bit code */
	pushq $0x53
	pushq $1f
	lretq
	.code32
1:	.byte 0x0f, 0x01, 0xd7
	int $0x80
	.code64
	/* ENCLU with a prefix, 16 bytes each. */
	.balign 16
user_prefixed:
	.irp prefix, 0x66, 0xf2, 0xf3, 0xf0
	.byte \prefix, 0x0f, 0x01, 0xd7
	int $0x80
	.balign 16
	.endr

/* Copied to SMBASE + 0x8000: to 64 bits by the machine's own tables, then in_smm(). */
	.globl smi_handler, smi_handler_end
	.code16
smi_handler:
	lgdtl %cs:(smi_gdtr - smi_handler + 0x8000)
	mov $CR4, %eax
	mov %eax, %cr4
	mov $pml4, %eax
	mov %eax, %cr3
	mov $0xc0000080, %ecx
	mov $0x100, %eax
	xor %edx, %edx
	wrmsr
	mov $CR0, %eax
	mov %eax, %cr0
	ljmpl $0x18, $smi_long
smi_gdtr:
	.word 87
	.long gdt
smi_handler_end:
	.code64
smi_long:
	mov $0x10, %eax
	mov %eax, %ds
	mov %eax, %es
	mov %eax, %ss
	mov $stack_smm, %esp
	call in_smm
	rsm

	.section .tables, "aw"
	.balign 4096
pml4:	.quad pdpt + 7
	.fill 511, 8, 0
pdpt:	.quad 0x87
	.quad directory + 7
	.set n, 2
	.rept 510
	.quad (n << 30) | 0x87
	.set n, n + 1
	.endr
directory:
	.quad enclave_table + 7
	.fill 511, 8, 0
	.globl enclave_table
enclave_table:
	.fill 512, 8, 0
	.balign 16
	.globl gdt
gdt:	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
	.quad 0x00af9b000000ffff
	.quad 0x00cff3000000ffff
	.quad 0x00affb000000ffff
	.fill 4, 8, 0
	.quad 0x00cffb000000ffff
gdtr:	.word 87
	.quad gdt

	.bss
	.balign 64
	.fill 16384, 1, 0
stack_first:
	.fill 16384, 1, 0
stack_other:
	.fill 16384, 1, 0
stack_smm:

	.section .note.GNU-stack, "", @progbits
