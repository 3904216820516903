/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/sgx-platform.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "wire/sgx.h"

/* SDM vol. 2A, CPUID; vol. 3D, 37.7. */
enum {
	CPUID_FEATURES = 0x1,
	CPUID_1_ECX_RDRAND = 1 << 30,
	CPUID_EXTENDED_FEATURES = 0x7,
	CPUID_7_EBX_SGX = 1 << 2,
	CPUID_7_ECX_SGX_LC = 1 << 30,
	CPUID_XSAVE = 0xd,
	CPUID_SGX = 0x12,
	CPUID_12_0_EAX_SGX1 = 1 << 0,
	/* EPC sections are enumerated from here to the first invalid one. Linux
	 * looks at 8 (SGX_MAX_EPC_SECTIONS, 6.12). */
	CPUID_12_EPC_FIRST = 2,
	EPC_SECTION_COUNT_MAX = 8,
	EPC_SECTION_TYPE_MASK = 0xf,
	EPC_SECTION_VALID = 1,

	XSAVE_LEGACY_SIZE = 576, /* x87, SSE and the header: SDM vol. 1, 13.4 */
	XSAVE_COMPONENT_COUNT = 63,
};

__attribute__((format(printf, 2, 3))) MUST_USE static status absent(struct sgx_absence *absence, const char *format,
								    ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(absence->reason, sizeof absence->reason, format, arguments);
	va_end(arguments);
	return STATUS_MISSING;
}

static status probe_cpu(const struct sgx_kernel *kernel, struct sgx_absence *absence, struct sgx_platform *platform)
{
	struct sgx_cpuid features = kernel->cpuid(CPUID_EXTENDED_FEATURES, 0), sgx;

	if (!(features.ebx & CPUID_7_EBX_SGX))
		return absent(absence,
			      "this CPU has no SGX, or the firmware or a hypervisor hides it: switch it on in the "
			      "firmware's setup (\"enabled\", not \"software controlled\"), or use the backend sim");
	sgx = kernel->cpuid(CPUID_SGX, 0);
	if (!(sgx.eax & CPUID_12_0_EAX_SGX1))
		return absent(absence,
			      "this CPU names SGX but has its instructions switched off (CPUID 12H): switch SGX on "
			      "in the firmware's setup and reboot");
	if (!(features.ecx & CPUID_7_ECX_SGX_LC))
		return absent(absence,
			      "this CPU or its firmware has no flexible launch control (CPUID 7, SGX_LC), without "
			      "which Linux offers no enclaves: look for \"launch control: unlocked\" in the "
			      "firmware's setup");
	if (!(kernel->cpuid(CPUID_FEATURES, 0).ecx & CPUID_1_ECX_RDRAND))
		return absent(absence, "this CPU has no RDRAND, from which enclaves get all their random numbers");
	platform->misc_select = sgx.ebx;
	platform->enclave_size_bits = sgx.edx >> 8 & 0xff;
	sgx = kernel->cpuid(CPUID_SGX, 1);
	platform->attributes = (uint64_t)sgx.ebx << 32 | sgx.eax;
	/* An enclave can only be entered with what the system has switched on, too:
	 * SDM vol. 3D, EENTER. */
	platform->xfrm = ((uint64_t)sgx.edx << 32 | sgx.ecx) & (kernel->xcr0() | SGX_XFRM_LEGACY);
	return STATUS_OK;
}

static status probe_epc(const struct sgx_kernel *kernel, struct sgx_absence *absence)
{
	for (uint32_t i = 0; i < EPC_SECTION_COUNT_MAX; i++)
		if ((kernel->cpuid(CPUID_SGX, CPUID_12_EPC_FIRST + i).eax & EPC_SECTION_TYPE_MASK) == EPC_SECTION_VALID)
			return STATUS_OK;
	return absent(absence,
		      "no memory is set aside for enclaves (CPUID 12H names no EPC section): give SGX some in the "
		      "firmware's setup (\"PRMRR size\"), or the virtual machine an EPC section");
}

static status open_failed(struct sgx_absence *absence)
{
	switch (errno) {
	case ENOENT:
	case ENODEV:
	case ENXIO:
		return absent(absence,
			      "the CPU has SGX, but there is no device " SGX_DEVICE_PATH " (%s): it takes Linux 5.11 "
			      "or newer with CONFIG_X86_SGX; `dmesg | grep -i sgx` says why not; in a container, "
			      "pass the device on",
			      strerror(errno));
	case EACCES:
	case EPERM:
		return absent(absence,
			      SGX_DEVICE_PATH " may not be opened (%s): ask the administrator to add you to the group "
					      "that owns it (`ls -l " SGX_DEVICE_PATH "`; mostly `usermod -aG sgx "
					      "$USER`), then log in again",
			      strerror(errno));
	default: return absent(absence, SGX_DEVICE_PATH " can't be opened: %s", strerror(errno));
	}
}

/* The kernel refuses executable mappings of files from file systems mounted
 * noexec, which /dev often is. */
static status probe_mapping(const struct sgx_kernel *kernel, int fd, struct sgx_absence *absence)
{
	void *page = kernel->map(NULL, SGX_PAGE_SIZE, PROT_READ | PROT_EXEC, MAP_SHARED, fd);

	if (page == MAP_FAILED && errno == EPERM)
		return absent(absence,
			      "/dev is mounted noexec, so an enclave's code can't be mapped: `mount -o remount,exec "
			      "/dev` as root");
	if (page == MAP_FAILED && errno == EACCES)
		return absent(absence,
			      "the driver refuses to map an enclave's code (%s): this process runs with readable "
			      "memory executable (`setarch -X`?), or a security module forbids it",
			      strerror(errno));
	if (page == MAP_FAILED)
		return absent(absence, SGX_DEVICE_PATH " can't be mapped: %s", strerror(errno));
	kernel->unmap(page, SGX_PAGE_SIZE);
	return STATUS_OK;
}

static status probe_device(const struct sgx_kernel *kernel, struct sgx_absence *absence)
{
	int fd = kernel->open(SGX_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	status result;

	if (fd < 0)
		return open_failed(absence);
	result = probe_mapping(kernel, fd, absence);
	kernel->close(fd);
	return result;
}

status sgx_platform_probe(const struct sgx_kernel *kernel, struct sgx_absence *absence,
			  struct sgx_platform *ret_platform)
{
	struct sgx_platform platform = {0};

	TRY(probe_cpu(kernel, absence, &platform));
	TRY(probe_epc(kernel, absence));
	if (!kernel->has_fsgsbase())
		return absent(absence,
			      "programs may not use WRFSBASE here, which enclaves need: it takes Linux 5.9 or newer, "
			      "not started with nofsgsbase");
	platform.enter = kernel->find_enter();
	if (platform.enter == NULL)
		return absent(absence,
			      "the kernel's vDSO has no __vdso_sgx_enter_enclave: it takes Linux 5.11 or newer with "
			      "CONFIG_X86_SGX");
	TRY(probe_device(kernel, absence));
	*ret_platform = platform;
	return STATUS_OK;
}

uint64_t sgx_platform_frame_size(const struct sgx_kernel *kernel, uint64_t xfrm, uint32_t misc_select)
{
	uint64_t size = XSAVE_LEGACY_SIZE;

	/* The standard form, not the compacted one: SDM vol. 3D, 38.9.1. */
	for (uint32_t i = 2; i < XSAVE_COMPONENT_COUNT; i++) {
		struct sgx_cpuid component;

		if (!(xfrm >> i & 1))
			continue;
		component = kernel->cpuid(CPUID_XSAVE, i);
		if ((uint64_t)component.ebx + component.eax > size)
			size = (uint64_t)component.ebx + component.eax;
	}
	if (misc_select & SGX_MISC_EXINFO)
		size += sizeof(struct sgx_exinfo);
	return size + sizeof(struct sgx_gprsgx);
}
