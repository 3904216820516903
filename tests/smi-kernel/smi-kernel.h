/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Between tests/smi-kernel/smi-kernel.c and tests/inside/smi-probe.c. */
#ifndef TESTS_SMI_KERNEL_H
#define TESTS_SMI_KERNEL_H

#define SMI_KERNEL_COMMAND 0x5342

enum smi_kernel_operation {
	SMI_KERNEL_CALL, /* an SMI by the kernel itself: RDI, RCX; the result is RBX */
	SMI_KERNEL_READ, /* 8 bytes at a physical address */
	SMI_KERNEL_WRITE,
	SMI_KERNEL_CR3, /* the caller's, as it is in user mode */
	SMI_KERNEL_CR4,
	SMI_KERNEL_MSR, /* the first argument's, of whichever CPU this is */
};

struct smi_kernel_request {
	unsigned long long operation, first, second, result;
};

#endif
