/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Is KVM usable? Asked of the processor, then by running a guest of two instructions. */
#include <cpuid.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lab/qemu.h"
#include "lab/scope.h"

enum { GUEST_PAGE_SIZE = 4096, GUEST_PORT = 0x10 };

struct tiny_guest {
	int vm_fd;
	int cpu_fd;
	struct kvm_run *run;
	size_t run_size;
	uint8_t *ram;
};

static void tiny_guest_deinit(struct tiny_guest *guest)
{
	if (guest->run != MAP_FAILED)
		munmap(guest->run, guest->run_size);
	if (guest->ram != MAP_FAILED)
		munmap(guest->ram, GUEST_PAGE_SIZE);
	scope_close(&guest->cpu_fd);
	scope_close(&guest->vm_fd);
}

static bool tiny_guest_init(struct tiny_guest *guest, int kvm_fd)
{
	/* out %al,$0x10; hlt */
	static const uint8_t code[] = {0xe6, GUEST_PORT, 0xf4};
	struct kvm_userspace_memory_region region = {.memory_size = GUEST_PAGE_SIZE};
	int run_size = ioctl(kvm_fd, KVM_GET_VCPU_MMAP_SIZE, 0);

	*guest = (struct tiny_guest){.vm_fd = ioctl(kvm_fd, KVM_CREATE_VM, 0), .cpu_fd = -1, .run = MAP_FAILED};
	guest->ram = mmap(NULL, GUEST_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (guest->vm_fd < 0 || guest->ram == MAP_FAILED || run_size < (int)sizeof *guest->run)
		return false;
	memcpy(guest->ram, code, sizeof code);
	region.userspace_addr = (uintptr_t)guest->ram;
	if (ioctl(guest->vm_fd, KVM_SET_USER_MEMORY_REGION, &region) != 0)
		return false;
	guest->cpu_fd = ioctl(guest->vm_fd, KVM_CREATE_VCPU, 0);
	if (guest->cpu_fd < 0)
		return false;
	guest->run_size = (size_t)run_size;
	guest->run = mmap(NULL, guest->run_size, PROT_READ | PROT_WRITE, MAP_SHARED, guest->cpu_fd, 0);
	return guest->run != MAP_FAILED;
}

static bool tiny_guest_runs(struct tiny_guest *guest)
{
	struct kvm_sregs system;
	struct kvm_regs registers = {.rflags = 2};

	if (ioctl(guest->cpu_fd, KVM_GET_SREGS, &system) != 0)
		return false;
	system.cs.base = 0;
	system.cs.selector = 0;
	if (ioctl(guest->cpu_fd, KVM_SET_SREGS, &system) != 0 || ioctl(guest->cpu_fd, KVM_SET_REGS, &registers) != 0)
		return false;
	return ioctl(guest->cpu_fd, KVM_RUN, 0) == 0 && guest->run->exit_reason == KVM_EXIT_IO &&
	       guest->run->io.port == GUEST_PORT && ioctl(guest->cpu_fd, KVM_RUN, 0) == 0 &&
	       guest->run->exit_reason == KVM_EXIT_HLT;
}

/* VMX (SDM vol. 2A, CPUID leaf 1) or SVM (APM vol. 3, leaf 8000_0001). There
 * are variants of KVM that do without, by emulating the guest's kernel; no
 * distribution kernel boots there: they don't know all of its instructions. */
static bool processor_virtualises(void)
{
	enum { LEAF_FEATURES = 1, BIT_VMX = 1 << 5, BIT_SVM = 1 << 2 };
	const unsigned int leaf_amd_features = 0x80000001;
	unsigned int eax, ebx, ecx, edx;

	if (__get_cpuid(LEAF_FEATURES, &eax, &ebx, &ecx, &edx) != 0 && (ecx & BIT_VMX) != 0)
		return true;
	return __get_cpuid(leaf_amd_features, &eax, &ebx, &ecx, &edx) != 0 && (ecx & BIT_SVM) != 0;
}

bool qemu_kvm_works(void)
{
	SCOPED_FD int fd = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	struct tiny_guest guest;
	bool works;

	if (fd < 0 || !processor_virtualises() || ioctl(fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
		return false;
	works = tiny_guest_init(&guest, fd) && tiny_guest_runs(&guest);
	tiny_guest_deinit(&guest);
	return works;
}
