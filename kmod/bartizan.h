/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program asks /dev/bartizan0 besides pread(): the module (machine.c) and agent/device.c share this. */
#ifndef KMOD_BARTIZAN_H
#define KMOD_BARTIZAN_H

enum {
	BARTIZAN_PAGE_SIZE = 4096,
	/* Pages of one pread(). */
	BARTIZAN_PAGE_COUNT_MAX = 256,
};

/* One run of RAM, whole pages. */
struct bartizan_ram {
	unsigned long long from; /* in: a page's number; out: the first at or behind it that is RAM */
	unsigned long long page_count; /* out; 0: no more */
};

/* ioctl(). _IOWR('B', 1, struct bartizan_ram): Linux, Documentation/userspace-api/ioctl/ioctl-decoding.rst */
#define BARTIZAN_NEXT_RAM 0xc0104201

/* How the CPU that answers translates addresses, in the kernel. */
struct bartizan_registers {
	unsigned long long cr0, cr3, cr4, efer, idt_base;
	unsigned long long cpu_index;
};

/* _IOR('B', 2, struct bartizan_registers) */
#define BARTIZAN_REGISTERS 0x80304202

#endif
