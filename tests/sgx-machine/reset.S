/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The top page of the machine's firmware, which is all the firmware that it has: where a processor is after reset, or
 * another one after its startup IPI. Copies the image to 1 MiB and goes there in 32-bit protected mode.
 */
#define HERE 0xff000
#define ROM 0xfffc0000
#define IMAGE 0x100000
#define IMAGE_SIZE 0x3f000

	.code16
	.globl start
start:
	cli
	ljmp $(HERE >> 4), $(1f - start)
1:	mov %cs, %ax
	mov %ax, %ds
	lgdtl gdtr - start
	mov %cr0, %eax
	or $1, %al
	mov %eax, %cr0
	ljmpl $8, $(HERE + protected - start)

	.code32
protected:
	mov $16, %ax
	mov %ax, %ds
	mov %ax, %es
	mov %ax, %ss
	mov $0x1b, %ecx /* IA32_APIC_BASE: is this the first processor? */
	rdmsr
	test $0x100, %eax
	jz 2f
	cld
	mov $ROM, %esi
	mov $IMAGE, %edi
	mov $(IMAGE_SIZE / 4), %ecx
	rep movsl
2:	mov $IMAGE, %eax
	jmp *%eax

	.balign 8
gdt:	.quad 0
	.quad 0x00cf9b000000ffff
	.quad 0x00cf93000000ffff
gdtr:	.word 23
	.long HERE + gdt - start

	.org 0xff0
	.code16
	ljmp $(HERE >> 4), $0
	.org 0x1000

	.section .note.GNU-stack, "", @progbits
