/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/sgx-kernel.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/loader/vdso.h"

enum {
	HWCAP2_FSGSBASE_BIT = 1 << 1, /* arch/x86/include/uapi/asm/hwcap2.h */
	CPUID_FEATURES = 1,
	CPUID_1_ECX_OSXSAVE = 1 << 27, /* SDM vol. 2A, CPUID */
	ATTEMPT_COUNT_MAX = 1000,
};

static int linux_open(const char *path, int flags)
{
	return open(path, flags);
}

static int linux_ioctl(int fd, unsigned long request, void *argument)
{
	return ioctl(fd, request, argument);
}

static void *linux_map(void *address, size_t size, int protection, int flags, int fd)
{
	void *place;
	unsigned attempt_count = 0;

	/* A process's first mapping of an enclave takes all locks of its memory, which a signal that is pending
	 * interrupts (6.12, mm/mmap.c, mm_take_all_locks()). */
	do
		place = mmap(address, size, protection, flags, fd, 0);
	while (place == MAP_FAILED && errno == EINTR && ++attempt_count < ATTEMPT_COUNT_MAX);
	return place;
}

static struct sgx_cpuid linux_cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct sgx_cpuid found = {0};

	if (!__get_cpuid_count(leaf, subleaf, &found.eax, &found.ebx, &found.ecx, &found.edx))
		return (struct sgx_cpuid){0};
	return found;
}

static uint64_t linux_xcr0(void)
{
	uint32_t low, high;

	if (!(linux_cpuid(CPUID_FEATURES, 0).ecx & CPUID_1_ECX_OSXSAVE))
		return 0;
	__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

static int linux_has_fsgsbase(void)
{
	return (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT) != 0;
}

static vdso_sgx_enter_enclave_t linux_find_enter(void)
{
	struct span vdso;
	uint64_t offset;

	if (vdso_locate(&vdso) != STATUS_OK || vdso_find(vdso, "__vdso_sgx_enter_enclave", &offset) != STATUS_OK)
		return NULL;
	return (vdso_sgx_enter_enclave_t)(vdso.data + offset);
}

const struct sgx_kernel sgx_kernel_linux = {
	.open = linux_open,
	.close = close,
	.ioctl = linux_ioctl,
	.map = linux_map,
	.unmap = munmap,
	.cpuid = linux_cpuid,
	.xcr0 = linux_xcr0,
	.has_fsgsbase = linux_has_fsgsbase,
	.find_enter = linux_find_enter,
};
