/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All that the backend `sgx` asks of the operating system and of the CPU: the
 * one place where tests put a model of Linux's driver (fake-sgx.h) instead.
 */
#ifndef HOST_LOADER_SGX_KERNEL_H
#define HOST_LOADER_SGX_KERNEL_H

#include <asm/sgx.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct sgx_cpuid {
	uint32_t eax, ebx, ecx, edx;
};

/* As the functions of the C library with these names: errno, MAP_FAILED. */
struct sgx_kernel {
	int (*open)(const char *path, int flags);
	int (*close)(int fd);
	int (*ioctl)(int fd, unsigned long request, void *argument);
	void *(*map)(void *address, size_t size, int protection, int flags, int fd);
	int (*unmap)(void *address, size_t size);
	/* Zeros for leaves that the CPU doesn't have. */
	struct sgx_cpuid (*cpuid)(uint32_t leaf, uint32_t subleaf);
	/* XCR0: 0 where the system doesn't use XSAVE. */
	uint64_t (*xcr0)(void);
	/* May programs use WRFSBASE? */
	int (*has_fsgsbase)(void);
	/* __vdso_sgx_enter_enclave; NULL where the kernel has none. */
	vdso_sgx_enter_enclave_t (*find_enter)(void);
};

extern const struct sgx_kernel sgx_kernel_linux;

#endif
