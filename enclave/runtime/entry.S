/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The way into an image and the only way out, by EENTER's convention on every
 * backend (Intel SDM vol. 3D, chapter 40, "EENTER"):
 *
 *   RAX = CSSA, RBX = TCS, RCX = where EEXIT goes, FS = GS = the thread data page:
 *         the CPU's word (of a backend without the instruction: the loader's);
 *   RDI, RSI: the host's arguments (wire/image.h);
 *   all else, flags, stack and vector state included: the host's, worth nothing.
 *
 * "A Tale of Two Worlds" (CCS 2019) says what goes wrong here: DF and AC, x87 and
 * MXCSR left as the host likes them, a stack pointer believed, registers not
 * cleared at the exit, a second entry where one is under way. An exception is
 * believed only if the CPU wrote it into the SSA: "Sigy" (2024) shows what
 * becomes of runtimes that take the host's word for it.
 */
#include "enclave/runtime/thread.h"

	/* x87, SSE, AVX and AVX-512 as after reset, MXCSR and the control word as the
	 * ABI wants them: XRSTOR of an image whose header says "all initial". What
	 * an enclave's XFRM hasn't, isn't touched (SDM vol. 1, 13.8). Clobbers RAX
	 * and RDX. Needs a stack: RFLAGS can be written by POPFQ only. */
	.macro clean_state
	mov $0xe7, %eax		/* IMAGE_XFRM_MAX */
	xor %edx, %edx
	xrstor initial_state(%rip)
	push $2
	popfq
	.endm

	.macro keep_host
	mov %rcx, %gs:THREAD_HOST_RETURN
	mov %rsp, %gs:THREAD_HOST_RSP
	mov %rbp, %gs:THREAD_HOST_RBP
	.endm

	/* Leave with nothing done and nothing touched: RSP and RBP are still the
	 * host's, the other registers too, but for RAX and R8 to R10. */
	.macro leave_as_entered exit, argument
	mov $\exit, %edi
	mov $\argument, %esi
	mov %rcx, %rbx
	xor %r8d, %r8d
	mov $4, %eax
	jmp exit_site
	.endm

	.text
	.globl image_entry
	.type image_entry, @function
image_entry:
	cld
	test %rax, %rax
	jnz entered_after_exception
	cmp $ENTRY_RETURN, %rdi
	je return_of_call
	test %rdi, %rdi		/* ENTRY_START */
	jnz refuse_busy
	cmpq $THREAD_NEW, %gs:THREAD_STATE
	jne refuse_busy
	cmpq $0, %gs:THREAD_INDEX
	jne refuse_thread
	movq $THREAD_INSIDE, %gs:THREAD_STATE
	keep_host
	lea __ehdr_start(%rip), %rsp
	add %gs:THREAD_STACK_OFFSET, %rsp
	add %gs:THREAD_STACK_SIZE, %rsp
	clean_state
	xor %ebp, %ebp
	sub $START_TABLE_SIZE, %rsp
	mov %rsi, %rdi
	call runtime_start	/* (host's start block) -> stack, or enum image_refusal */
	cmp $REFUSAL_MAX, %rax
	jbe start_failed
	mov %rax, %rsp
	xor %edx, %edx
	jmp _start		/* musl's rcrt1: relocates, then main */

start_failed:
	movq $THREAD_ENDED, %gs:THREAD_STATE
	mov $EXIT_REFUSED, %edi
	mov %rax, %rsi
	jmp leave_image
	.size image_entry, . - image_entry

refuse_busy:
	leave_as_entered EXIT_REFUSED, REFUSAL_BUSY
refuse_thread:
	leave_as_entered EXIT_REFUSED, REFUSAL_THREAD
only_resume:
	leave_as_entered EXIT_RESUME, 0

return_of_call:
	cmpq $THREAD_CALLING, %gs:THREAD_STATE
	jne refuse_busy
return_to_caller:		/* THREAD_STATE is a call's */
	decq %gs:THREAD_STATE
	keep_host
	mov %gs:THREAD_SAVED_RSP, %rsp
	clean_state
	ldmxcsr (%rsp)
	fldcw 4(%rsp)
	mov 8(%rsp), %rax
	wrfsbase %rax
	add $16, %rsp
	pop %r15
	pop %r14
	pop %r13
	pop %r12
	pop %rbp
	pop %rbx
	ret

	/* CSSA > 0: an AEX interrupted this thread, and the host entered it anew
	 * instead of resuming it. */
entered_after_exception:
	lea __ehdr_start(%rip), %r8
	add %gs:THREAD_SSA_OFFSET, %r8
	add %gs:THREAD_SSA_FRAME_SIZE, %r8	/* the end of frame 0 */
	cmp $1, %rax
	ja entered_twice
	cmpq $THREAD_HANDLING_CALL, %gs:THREAD_STATE
	jne 1f
	cmp $ENTRY_RETURN, %rdi
	je return_to_caller
1:	cmpq $THREAD_HANDLING, %gs:THREAD_STATE
	jae refuse_busy
	testl $0x80000000, -SSA_EXIT_INFO(%r8)	/* SGX_EXIT_VALID */
	jz only_resume		/* an interrupt: the host's affair */
	movq $THREAD_HANDLING, %gs:THREAD_STATE
	keep_host
	lea __ehdr_start(%rip), %rsp
	add %gs:THREAD_EXCEPTION_STACK_OFFSET, %rsp
	add %gs:THREAD_EXCEPTION_STACK_SIZE, %rsp
	/* The program is dead from here on: were frame 0 resumed after the report,
	 * whatever made it crash may be mended by then (a host's page tables), and it
	 * would go on. Frames are resumed last in, first out, so nobody can leave out
	 * what is interrupted between here and there. */
	mov -SSA_RIP(%r8), %rsi
	lea runtime_stop(%rip), %rax
	mov %rax, -SSA_RIP(%r8)
	mov %rsp, -SSA_RSP(%r8)
	clean_state
	lea runtime_first_thread(%rip), %rax
	wrfsbase %rax
	xor %ebp, %ebp
	lea -SSA_GPRSGX_SIZE(%r8), %rdi
	call runtime_exception	/* (GPRSGX, where it crashed) */
	ud2

	/* The handler itself was interrupted (frame 1 says by what), or crashed. */
entered_twice:
	cmp $2, %rax
	ja refuse_busy
	add %gs:THREAD_SSA_FRAME_SIZE, %r8
	testl $0x80000000, -SSA_EXIT_INFO(%r8)
	jz only_resume
	movq $THREAD_ENDED, %gs:THREAD_STATE
	jmp refuse_busy

	/* Hand the CPU to the host until it has served the slot. */
	.globl runtime_enter_host
	.hidden runtime_enter_host
	.type runtime_enter_host, @function
runtime_enter_host:
	push %rbx
	push %rbp
	push %r12
	push %r13
	push %r14
	push %r15
	sub $16, %rsp
	stmxcsr (%rsp)
	fnstcw 4(%rsp)
	rdfsbase %rax
	mov %rax, 8(%rsp)
	mov %rsp, %gs:THREAD_SAVED_RSP
	mov %gs:THREAD_STATE, %rax
	cmp $THREAD_INSIDE, %rax
	je 1f
	cmp $THREAD_HANDLING, %rax
	jne runtime_stop	/* nothing of ours is to run */
1:	incq %gs:THREAD_STATE
	xor %edi, %edi		/* EXIT_CALL */
	xor %esi, %esi
	/* Falls through. */

	/* Leave with RDI and RSI. Nothing else of ours goes out; the stack is ours
	 * until the flags are clean. */
leave_image:
	clean_state
	mov $4, %eax		/* EEXIT */
	mov $0, %ecx
	mov $0, %edx
	mov $0, %r8d
	mov $0, %r9d
	mov $0, %r10d
	mov $0, %r11d
	mov $0, %r12d
	mov $0, %r13d
	mov $0, %r14d
	mov $0, %r15d
	mov %gs:THREAD_HOST_RETURN, %rbx
	mov %gs:THREAD_HOST_RBP, %rbp
	mov %gs:THREAD_HOST_RSP, %rsp
exit_site:
	.byte 0x0f, 0x01, 0xd7	/* enclu */
	ud2
	.size runtime_enter_host, . - runtime_enter_host

	.globl runtime_stop
	.hidden runtime_stop
	.type runtime_stop, @function
runtime_stop:			/* () */
	movq $THREAD_ENDED, %gs:THREAD_STATE
	mov $EXIT_REFUSED, %edi
	mov $REFUSAL_BUSY, %esi
	jmp leave_image
	.size runtime_stop, . - runtime_stop

	.globl runtime_load_fs
	.hidden runtime_load_fs
	.type runtime_load_fs, @function
runtime_load_fs:		/* (pointer) */
	wrfsbase %rdi
	ret
	.size runtime_load_fs, . - runtime_load_fs

	.globl runtime_thread_data
	.hidden runtime_thread_data
	.type runtime_thread_data, @function
runtime_thread_data:		/* () -> struct image_thread_data */
	rdgsbase %rax
	ret
	.size runtime_thread_data, . - runtime_thread_data

	.globl runtime_enclu
	.hidden runtime_enclu
	.type runtime_enclu, @function
runtime_enclu:			/* (leaf, RBX, RCX, RDX) -> RAX */
	push %rbx
	mov %edi, %eax
	mov %rsi, %rbx
	xchg %rdx, %rcx
	.byte 0x0f, 0x01, 0xd7
	pop %rbx
	ret
	.size runtime_enclu, . - runtime_enclu

	/* SDM vol. 1, 13.4.1 and 13.4.2: MXCSR is read from here even if the header
	 * says "initial"; the rest of the legacy area isn't. */
	.section .rodata.initial_state, "a", @progbits
	.balign 64
initial_state:
	.zero 24
	.long 0x1f80
	.zero 576 - 28

	/* wire/image.h: IMAGE_NOTE_EXIT. */
	.section .note.Bartizan.exit, "a", @note
	.balign 4
	.long 9, 8, 2
	.asciz "Bartizan"
	.balign 4
	.quad exit_site - .
	.section .note.GNU-stack, "", @progbits
