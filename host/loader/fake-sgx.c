/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/fake-sgx.h"

#include <assert.h>
#include <errno.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#define PAGE UINT64_C(4096)

enum {
	FAKE_FD = 1000000, /* higher than any real one here */
	RESERVATION_COUNT_MAX = 64,
	TCS_COUNT_MAX = 64,

	/* SECS: SDM table 38-2. */
	SECS_RESERVED1 = 24,
	SECS_ATTRIBUTES = 48,
	SECS_XFRM = 56,
	SECS_MRENCLAVE = 64,
	/* TCS: table 38-6. */
	TCS_FLAGS = 8,
	TCS_OSSA = 16,
	TCS_CSSA = 24,
	TCS_NSSA = 28,
	TCS_OENTRY = 32,
	TCS_AEP = 40,
	TCS_OFSBASE = 48,
	TCS_OGSBASE = 56,
	TCS_RESERVED = 72,
	/* SECINFO.FLAGS: table 38-15. */
	FLAG_R = 1,
	FLAG_W = 2,
	FLAG_X = 4,
	TYPE_TCS = 1,
	TYPE_REG = 2,
	/* A page's byte in `pages`: what it may be mapped with, and its type. */
	PAGE_ADDED = 8,
	PAGE_IS_TCS = 16,

	LEAF_EENTER = 2,
	LEAF_ERESUME = 3,
	LEAF_EEXIT = 4,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
};

struct tcs {
	uint64_t offset, ossa, oentry;
	uint32_t cssa, nssa;
};

struct fake_sgx fake_sgx;

/* The one enclave. */
static struct {
	bool created, dead;
	uint8_t secs[PAGE];
	uint64_t base, size;
	uint32_t frame_pages;
	uint8_t *pages; /* one byte each */
	uint8_t *mapped; /* PROT_* with which each is mapped from the device */
	EVP_MD_CTX *measurement;
	struct tcs tcs[TCS_COUNT_MAX];
	uint32_t tcs_count;
} enclave;

/* What the loader has mapped: address ranges that are its own. */
static struct {
	uint64_t start, end;
} reservations[RESERVATION_COUNT_MAX];

/* For fake-sgx-enter.S. */
int fake_sgx_vdso(unsigned long rdi, unsigned long rsi, unsigned long rdx, unsigned int function, unsigned long r8,
		  unsigned long r9, struct sgx_enclave_run *run);
uint64_t *fake_sgx_enter(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint32_t leaf, uint64_t r8, uint64_t r9,
			 struct sgx_enclave_run *run);

/* errno = error; says why. */
__attribute__((format(printf, 2, 3))) static int refuse(int error, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(fake_sgx.refusal, sizeof fake_sgx.refusal, format, arguments);
	va_end(arguments);
	errno = error;
	return -1;
}

static uint64_t number(const uint8_t *bytes, size_t size)
{
	uint64_t value = 0;

	for (size_t i = size; i > 0; i--)
		value = value << 8 | bytes[i - 1];
	return value;
}

static bool zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

static bool power_of_two(uint64_t value)
{
	return value != 0 && (value & (value - 1)) == 0;
}

/* copy_from_user(): reads what is readable, and faults nowhere. */
static bool copy_in(void *to, uint64_t from, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)from, size}; /* NOLINT(performance-no-int-to-ptr) */

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static bool copy_out(uint64_t to, const void *from, size_t size)
{
	struct iovec local = {(void *)from, size}, remote = {(void *)to, size}; /* NOLINT(performance-no-int-to-ptr) */

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

/* VM_MAYEXEC of the mapping that holds `address`, from the kernel itself: "me" in
 * /proc/self/smaps. -1: there is none. */
static int may_execute(uint64_t address)
{
	FILE *smaps = fopen("/proc/self/smaps", "re");
	char line[4096];
	bool inside = false;
	int result = -1;

	while (smaps != NULL && result < 0 && fgets(line, sizeof line, smaps) != NULL) {
		char *dash;
		uint64_t start = strtoul(line, &dash, 16);

		/* "START-END rwxp …": only these lines begin with two numbers. */
		if (*dash == '-')
			inside = address >= start && address < strtoul(dash + 1, NULL, 16);
		else if (inside && strncmp(line, "VmFlags:", 8) == 0)
			result = strstr(line, " me") != NULL;
	}
	if (smaps != NULL)
		fclose(smaps);
	return result;
}

static bool injected(void)
{
	if (++fake_sgx.call_count != fake_sgx.fail_call)
		return false;
	errno = fake_sgx.fail_error;
	return true;
}

static void enclave_reset(void)
{
	free(enclave.pages);
	free(enclave.mapped);
	EVP_MD_CTX_free(enclave.measurement);
	memset(&enclave, 0, sizeof enclave);
	fake_sgx.initialised = false;
	fake_sgx.page_count = 0;
}

static int fake_open(const char *path, int flags)
{
	(void)flags;
	if (injected())
		return -1;
	if (strcmp(path, "/dev/sgx_enclave") != 0)
		return refuse(ENOENT, "%s isn't the driver's name", path);
	if (fake_sgx.open_error != 0)
		return refuse(fake_sgx.open_error, "no device");
	if (fake_sgx.open_count != 0)
		return refuse(EMFILE, "this model has one enclave at a time");
	enclave_reset();
	fake_sgx.open_count++;
	return FAKE_FD;
}

static int fake_close(int fd)
{
	if (fd != FAKE_FD || fake_sgx.open_count != 1)
		return refuse(EBADF, "close of %d", fd);
	fake_sgx.open_count--;
	return 0;
}

/* ECREATE: Operation; the limit of sizes: CPUID.12H.0:EDX. */
static int ecreate_checks(const uint8_t *secs)
{
	uint64_t size = number(secs, 8), base = number(secs + 8, 8), attributes = number(secs + SECS_ATTRIBUTES, 8),
		 xfrm = number(secs + SECS_XFRM, 8), frame_size = number(secs + 16, 4) * PAGE;
	uint32_t misc = (uint32_t)number(secs + 20, 4);
	/* XSAVE area in the standard form (SDM vol. 1, 13.4): AVX ends at 832, AVX-512 at 2688. */
	uint64_t need = (xfrm & 0xe0 ? 2688u : xfrm & 4 ? 832u : 576u) + (misc & 1 ? 16u : 0u) + 184u;

	if (size < 2 * PAGE || size >= UINT64_C(1) << fake_sgx.cpu.size_bits)
		return refuse(EIO, "ECREATE: size");
	if (base % size != 0 || base >> 47 != 0)
		return refuse(EIO, "ECREATE: base isn't aligned to the size");
	if (!zero(secs + SECS_RESERVED1, SECS_ATTRIBUTES - SECS_RESERVED1) ||
	    !zero(secs + SECS_MRENCLAVE, PAGE - SECS_MRENCLAVE))
		return refuse(EIO, "ECREATE: reserved bytes");
	if (!(attributes & 4))
		return refuse(EIO, "ECREATE: not MODE64BIT");
	if (attributes & ~fake_sgx.cpu.attributes)
		return refuse(EIO, "ECREATE: attributes");
	if ((xfrm & 3) != 3 || xfrm & ~fake_sgx.cpu.xfrm ||
	    ((xfrm & 0xe0) != 0 && ((xfrm & 0xe0) != 0xe0 || !(xfrm & 4))))
		return refuse(EIO, "ECREATE: XFRM");
	if (misc & ~fake_sgx.cpu.misc_select)
		return refuse(EIO, "ECREATE: MISCSELECT");
	if (frame_size < need)
		return refuse(EIO, "ECREATE: SSAFRAMESIZE");
	return 0;
}

static void measure_record(const char *name, uint64_t first, size_t first_size, const uint8_t *second,
			   size_t second_size)
{
	uint8_t record[64] = {0};

	for (size_t i = 0; name[i] != '\0'; i++)
		record[i] = (uint8_t)name[i];
	memcpy(record + 8, &first, first_size);
	memcpy(record + 8 + first_size, second, second_size);
	EVP_DigestUpdate(enclave.measurement, record, sizeof record);
}

static int ioctl_create(uint64_t argument)
{
	uint64_t source;

	if (enclave.created)
		return refuse(EINVAL, "the enclave is there already");
	if (!copy_in(&source, argument, 8) || !copy_in(enclave.secs, source, PAGE))
		return refuse(EFAULT, "SECS");
	if (!power_of_two(number(enclave.secs, 8)))
		return refuse(EINVAL, "the size is no power of two");
	if (ecreate_checks(enclave.secs) != 0)
		return -1;
	enclave.size = number(enclave.secs, 8);
	enclave.base = number(enclave.secs + 8, 8);
	enclave.frame_pages = (uint32_t)number(enclave.secs + 16, 4);
	enclave.pages = calloc(1, enclave.size / PAGE);
	enclave.mapped = calloc(1, enclave.size / PAGE);
	enclave.measurement = EVP_MD_CTX_new();
	EVP_DigestInit_ex(enclave.measurement, EVP_sha256(), NULL);
	measure_record("ECREATE", enclave.frame_pages, 4, enclave.secs, 8);
	enclave.created = true;
	return 0;
}

/* sgx_validate_secinfo(). */
static int secinfo_checks(const uint8_t *secinfo)
{
	uint64_t flags = number(secinfo, 8), type = flags >> 8 & 0xff;

	if (type != TYPE_REG && type != TYPE_TCS)
		return refuse(EINVAL, "SECINFO: page type");
	if ((flags & FLAG_W) && !(flags & FLAG_R))
		return refuse(EINVAL, "SECINFO: W without R");
	if (type == TYPE_TCS && (flags & 7))
		return refuse(EINVAL, "SECINFO: a TCS has no permissions");
	if (flags & ~UINT64_C(0xff07))
		return refuse(EINVAL, "SECINFO: reserved flags");
	if (!zero(secinfo + 8, 56))
		return refuse(EINVAL, "SECINFO: reserved bytes");
	return 0;
}

/* EADD: Operation. What it clears is cleared before it is measured. */
static int eadd_tcs(uint64_t offset, uint8_t *page)
{
	struct tcs tcs = {.offset = offset,
			  .ossa = number(page + TCS_OSSA, 8),
			  .oentry = number(page + TCS_OENTRY, 8),
			  .nssa = (uint32_t)number(page + TCS_NSSA, 4)};

	if (!zero(page + TCS_RESERVED, PAGE - TCS_RESERVED) || number(page + TCS_FLAGS, 8) & ~UINT64_C(1))
		return refuse(EIO, "EADD: TCS has reserved bytes");
	if (tcs.ossa % PAGE != 0 || number(page + TCS_OFSBASE, 8) % PAGE != 0 ||
	    number(page + TCS_OGSBASE, 8) % PAGE != 0)
		return refuse(EIO, "EADD: an offset in the TCS isn't aligned");
	if (enclave.tcs_count == TCS_COUNT_MAX)
		return refuse(ENOMEM, "this model has room for %d TCS", TCS_COUNT_MAX);
	memset(page, 0, TCS_OSSA); /* STATE, FLAGS */
	memset(page + TCS_CSSA, 0, 4);
	memset(page + TCS_AEP, 0, 8);
	enclave.tcs[enclave.tcs_count++] = tcs;
	return 0;
}

static void eextend(uint64_t offset, const uint8_t *page)
{
	static const uint8_t nothing[48];

	for (uint32_t at = 0; at < PAGE; at += 256) {
		measure_record("EEXTEND", offset + at, 8, nothing, sizeof nothing);
		EVP_DigestUpdate(enclave.measurement, page + at, 256);
	}
}

/* sgx_encl_add_page(): find_vma() and VM_MAYEXEC, xa_insert(), EADD, EEXTEND. */
static int add_page(uint64_t source, uint64_t offset, const uint8_t *secinfo, bool measure)
{
	uint8_t page[PAGE], *entry = &enclave.pages[offset / PAGE];
	uint64_t flags = number(secinfo, 8);
	bool is_tcs = (flags >> 8 & 0xff) == TYPE_TCS;

	if (*entry != 0)
		return refuse(EBUSY, "the page is there already");
	if (!copy_in(page, source, PAGE))
		return refuse(EFAULT, "the page's source");
	if (is_tcs && eadd_tcs(offset, page) != 0)
		return -1;
	*entry = (uint8_t)(PAGE_ADDED | (is_tcs ? PAGE_IS_TCS | FLAG_R | FLAG_W : (int)(flags & 7)));
	measure_record("EADD", offset, 8, secinfo, 48);
	if (measure)
		eextend(offset, page);
	fake_sgx.page_count++;
	return 0;
}

static int add_pages(struct sgx_enclave_add_pages *argument, const uint8_t *secinfo)
{
	uint64_t executable_from = 0;
	int result = 0;

	argument->count = 0;
	if (fake_sgx.interruptions > 0) {
		fake_sgx.interruptions--;
		return refuse(EINTR, "a signal came");
	}
	for (uint64_t at = 0; at < argument->length; at += PAGE) {
		/* The first and the last page stand for the whole run: one mapping. */
		if (at == 0 || at + PAGE >= argument->length)
			executable_from = argument->src + at;
		if (executable_from == argument->src + at && may_execute(executable_from) <= 0) {
			result = refuse(may_execute(executable_from) < 0 ? EFAULT : EACCES,
					"the source may never be executed");
			break;
		}
		if (fake_sgx.pages_per_call != 0 && at / PAGE == fake_sgx.pages_per_call)
			break;
		result = add_page(argument->src + at, argument->offset + at, secinfo,
				  argument->flags & SGX_PAGE_MEASURE);
		if (result != 0)
			break;
		argument->count += PAGE;
	}
	return result;
}

static int ioctl_add(uint64_t address)
{
	struct sgx_enclave_add_pages argument;
	uint8_t secinfo[64];
	int result, error;

	if (!enclave.created || fake_sgx.initialised)
		return refuse(EINVAL, "pages are added between CREATE and INIT");
	if (!copy_in(&argument, address, sizeof argument))
		return refuse(EFAULT, "the argument");
	if (argument.src % PAGE != 0)
		return refuse(EINVAL, "the source isn't aligned");
	if (argument.offset % PAGE != 0)
		return refuse(EINVAL, "the offset isn't aligned");
	if (argument.length == 0 || argument.length % PAGE != 0)
		return refuse(EINVAL, "the length isn't whole pages");
	if (argument.offset + argument.length < argument.offset || argument.offset + argument.length > enclave.size)
		return refuse(EINVAL, "outside the enclave");
	if (!copy_in(secinfo, argument.secinfo, sizeof secinfo))
		return refuse(EFAULT, "SECINFO");
	if (secinfo_checks(secinfo) != 0)
		return -1;
	result = add_pages(&argument, secinfo);
	error = errno;
	fake_sgx.add_count += argument.count != 0;
	argument.count += fake_sgx.count_lie;
	if (!copy_out(address, &argument, sizeof argument))
		return refuse(EFAULT, "the argument");
	errno = error;
	return result;
}

/* sgx_encl_init(): what the driver asks before the CPU. */
static int init_checks(const uint8_t *sigstruct)
{
	uint64_t vendor = number(sigstruct + 16, 4);

	if (vendor != 0 && vendor != 0x8086)
		return refuse(EINVAL, "vendor");
	if (number(enclave.secs + SECS_ATTRIBUTES, 8) & (1 << 4 | 1 << 5))
		return refuse(EACCES, "provisioning wasn't allowed");
	if (number(sigstruct + 928, 8) & number(sigstruct + 944, 8) & ~fake_sgx.cpu.attributes)
		return refuse(EINVAL, "the SIGSTRUCT demands attributes that this CPU lacks");
	if (number(sigstruct + 900, 4) & number(sigstruct + 904, 4) & ~(uint64_t)fake_sgx.cpu.misc_select)
		return refuse(EINVAL, "the SIGSTRUCT demands a MISCSELECT that this CPU lacks");
	if (number(sigstruct + 936, 8) & number(sigstruct + 952, 8) & ~fake_sgx.cpu.xfrm)
		return refuse(EINVAL, "the SIGSTRUCT demands an XFRM that this CPU lacks");
	return 0;
}

static int ioctl_init(uint64_t argument)
{
	uint8_t sigstruct[1808];
	EVP_MD_CTX *copy;
	uint64_t source;

	if (!enclave.created || fake_sgx.initialised)
		return refuse(EINVAL, "INIT comes once, after CREATE");
	if (!copy_in(&source, argument, 8) || !copy_in(sigstruct, source, sizeof sigstruct))
		return refuse(EFAULT, "SIGSTRUCT");
	if (fake_sgx.interruptions > 0) {
		fake_sgx.interruptions--;
		return refuse(EINTR, "a signal came");
	}
	if (init_checks(sigstruct) != 0)
		return -1;
	copy = EVP_MD_CTX_new();
	EVP_MD_CTX_copy_ex(copy, enclave.measurement);
	EVP_DigestFinal_ex(copy, fake_sgx.mrenclave, NULL);
	EVP_MD_CTX_free(copy);
	fake_sgx.einit_code = fake_sgx_einit(sigstruct, enclave.secs, fake_sgx.mrenclave);
	if (fake_sgx.einit_code != 0 && fake_sgx.einit_code_returned)
		return fake_sgx.einit_code;
	if (fake_sgx.einit_code != 0) {
		errno = EPERM;
		return -1;
	}
	fake_sgx.initialised = true;
	return 0;
}

/* Numbers as in include/uapi/asm-generic/ioctl.h, by hand: direction, size, 0xa4, number. */
static int fake_ioctl(int fd, unsigned long request, void *argument)
{
	fake_sgx.ioctl_count++;
	if (injected())
		return -1;
	if (fd != FAKE_FD || fake_sgx.open_count != 1)
		return refuse(EBADF, "ioctl of %d", fd);
	switch (request) {
	case 0x4008a400: return ioctl_create((uint64_t)argument);
	case 0xc030a401: return ioctl_add((uint64_t)argument);
	case 0x4008a402: return ioctl_init((uint64_t)argument);
	default: return refuse(ENOTTY, "ioctl 0x%lx", request);
	}
}

static bool is_reserved(uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < RESERVATION_COUNT_MAX; i++)
		if (reservations[i].end != 0 && start >= reservations[i].start && end <= reservations[i].end)
			return true;
	return false;
}

static void *remember(void *address, size_t size)
{
	if (address == MAP_FAILED)
		return address;
	fake_sgx.mapped_size += size;
	for (size_t i = 0; i < RESERVATION_COUNT_MAX; i++)
		if (reservations[i].end == 0) {
			reservations[i].start = (uint64_t)address;
			reservations[i].end = (uint64_t)address + size;
			return address;
		}
	abort();
}

static void *refuse_map(int error, const char *why)
{
	refuse(error, "mmap: %s", why);
	return MAP_FAILED;
}

/* sgx_encl_may_map(): no page in the range with less than what is asked for. */
static bool pages_allow(uint64_t start, uint64_t end, int protection)
{

	static_assert(PROT_READ == FLAG_R && PROT_WRITE == FLAG_W && PROT_EXEC == FLAG_X, "same bits");
	if (!enclave.created)
		return true;
	for (uint64_t at = start; at < end; at += PAGE)
		if (at >= enclave.base && at < enclave.base + enclave.size &&
		    enclave.pages[(at - enclave.base) / PAGE] != 0 &&
		    protection & 7 & ~enclave.pages[(at - enclave.base) / PAGE])
			return false;
	return true;
}

static void *map_device(uint64_t start, size_t size, int protection, int flags)
{
	bool fixed = flags & MAP_FIXED;

	if ((flags & MAP_TYPE) == MAP_PRIVATE)
		return refuse_map(EINVAL, "the device is only mapped shared");
	if ((protection & PROT_EXEC) && fake_sgx.dev_noexec)
		return refuse_map(EPERM, "noexec");
	if (fake_sgx.read_implies_exec)
		return refuse_map(EACCES, "READ_IMPLIES_EXEC");
	if (fixed && !is_reserved(start, start + size))
		return refuse_map(EINVAL, "this address range isn't the loader's own");
	if (fixed && fake_sgx.initialised && (start < enclave.base || start + size > enclave.base + enclave.size))
		return refuse_map(EACCES, "outside the enclave");
	if (fixed && !pages_allow(start, start + size, protection))
		return refuse_map(EACCES, "more permissions than a page has");
	if (!fixed)
		return remember(mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), size);
	for (uint64_t at = start; enclave.created && at < start + size; at += PAGE)
		if (at >= enclave.base && at < enclave.base + enclave.size)
			enclave.mapped[(at - enclave.base) / PAGE] = (uint8_t)(PAGE_ADDED | protection);
	return (void *)start; /* NOLINT(performance-no-int-to-ptr): nothing is ever read there */
}

static void *fake_map(void *address, size_t size, int protection, int flags, int fd)
{
	if (injected())
		return MAP_FAILED;
	if (size == 0 || size % PAGE != 0 || (uint64_t)address % PAGE != 0)
		return refuse_map(EINVAL, "not whole pages");
	if (fd == FAKE_FD && fake_sgx.open_count == 1)
		return map_device((uint64_t)address, size, protection, flags);
	if (fd != -1 || flags & MAP_FIXED)
		return refuse_map(EBADF, "neither the device nor new memory");
	return remember(mmap(NULL, size, protection, flags, -1, 0), size);
}

static int fake_unmap(void *address, size_t size)
{
	uint64_t start = (uint64_t)address, end = start + size;

	if (size == 0 || !is_reserved(start, end))
		return refuse(EINVAL, "munmap of what isn't the loader's own");
	for (size_t i = 0; i < RESERVATION_COUNT_MAX; i++) {
		if (reservations[i].end == 0 || start < reservations[i].start || end > reservations[i].end)
			continue;
		if (start == reservations[i].start)
			reservations[i].start = end;
		else if (end == reservations[i].end)
			reservations[i].end = start;
		else
			abort(); /* nobody punches holes */
		if (reservations[i].start == reservations[i].end)
			reservations[i].start = reservations[i].end = 0;
		fake_sgx.mapped_size -= size;
		return munmap(address, size);
	}
	return 0;
}

static struct sgx_cpuid fake_cpuid(uint32_t leaf, uint32_t subleaf)
{
	const uint64_t attributes = fake_sgx.cpu.attributes, xfrm = fake_sgx.cpu.xfrm;

	switch ((uint64_t)leaf << 32 | subleaf) {
	case 0x100000000: return (struct sgx_cpuid){.ecx = fake_sgx.cpu.rdrand ? 1u << 30 : 0};
	case 0x700000000:
		return (struct sgx_cpuid){.ebx = fake_sgx.cpu.sgx ? 1u << 2 : 0,
					  .ecx = fake_sgx.cpu.launch_control ? 1u << 30 : 0};
	case 0xd00000002: return (struct sgx_cpuid){.eax = 256, .ebx = 576};
	case 0xd00000005: return (struct sgx_cpuid){.eax = 64, .ebx = 1088};
	case 0xd00000006: return (struct sgx_cpuid){.eax = 512, .ebx = 1152};
	case 0xd00000007: return (struct sgx_cpuid){.eax = 1024, .ebx = 1664};
	case 0x1200000000:
		return (struct sgx_cpuid){
			.eax = fake_sgx.cpu.sgx1, .ebx = fake_sgx.cpu.misc_select, .edx = fake_sgx.cpu.size_bits << 8};
	case 0x1200000001:
		return (struct sgx_cpuid){(uint32_t)attributes, (uint32_t)(attributes >> 32), (uint32_t)xfrm,
					  (uint32_t)(xfrm >> 32)};
	case 0x1200000002: return (struct sgx_cpuid){.eax = fake_sgx.cpu.epc};
	default: return (struct sgx_cpuid){0};
	}
}

static uint64_t fake_xcr0(void)
{
	return fake_sgx.cpu.xcr0;
}

static int fake_has_fsgsbase(void)
{
	return fake_sgx.cpu.fsgsbase;
}

static vdso_sgx_enter_enclave_t fake_find_enter(void)
{
	return fake_sgx.cpu.vdso ? fake_sgx_vdso : NULL;
}

const struct sgx_kernel fake_sgx_kernel = {
	.open = fake_open,
	.close = fake_close,
	.ioctl = fake_ioctl,
	.map = fake_map,
	.unmap = fake_unmap,
	.cpuid = fake_cpuid,
	.xcr0 = fake_xcr0,
	.has_fsgsbase = fake_has_fsgsbase,
	.find_enter = fake_find_enter,
};

void fake_sgx_reset(void)
{
	enclave_reset();
	memset(reservations, 0, sizeof reservations);
	/* An Ice Lake server, on which x87, SSE, AVX and AVX-512 are switched on. */
	fake_sgx = (struct fake_sgx){.cpu = {.sgx = true,
					     .sgx1 = true,
					     .launch_control = true,
					     .rdrand = true,
					     .epc = true,
					     .fsgsbase = true,
					     .vdso = true,
					     .attributes = 0x36,
					     .xfrm = 0x2e7,
					     .xcr0 = 0x2e7,
					     .misc_select = 1,
					     .size_bits = 36}};
}

static struct tcs *find_tcs(uint64_t address)
{
	for (uint32_t i = 0; i < enclave.tcs_count; i++)
		if (enclave.base + enclave.tcs[i].offset == address)
			return &enclave.tcs[i];
	return NULL;
}

static bool is_mapped(uint64_t offset, int protection)
{
	return offset < enclave.size && (enclave.mapped[offset / PAGE] & protection) == protection;
}

/* EENTER and ERESUME: Operation. 0, or the vector of the fault. */
static uint16_t enter_checks(struct tcs *tcs, uint32_t leaf)
{
	uint64_t frame;

	if (!fake_sgx.initialised || tcs == NULL)
		return VECTOR_GP;
	if (!is_mapped(tcs->offset, PROT_READ | PROT_WRITE))
		return VECTOR_PF;
	if (leaf == LEAF_EENTER ? tcs->cssa >= tcs->nssa : tcs->cssa == 0)
		return VECTOR_GP;
	frame = tcs->ossa + (uint64_t)(leaf == LEAF_EENTER ? tcs->cssa : tcs->cssa - 1) * enclave.frame_pages * PAGE;
	for (uint32_t i = 0; i < enclave.frame_pages; i++)
		if (!is_mapped(frame + (uint64_t)i * PAGE, PROT_READ | PROT_WRITE))
			return VECTOR_PF;
	if (!is_mapped(tcs->oentry, PROT_READ | PROT_EXEC))
		return VECTOR_PF;
	return 0;
}

static void say_exception(struct sgx_enclave_run *run, uint32_t leaf, uint16_t vector, uint16_t code, uint64_t address)
{
	run->function = leaf;
	run->exception_vector = vector;
	run->exception_error_code = code;
	run->exception_addr = address;
}

static void play(struct tcs *tcs, const struct fake_sgx_step *step, struct sgx_enclave_run *run, uint64_t *registers)
{
	fake_sgx.steps_done++;
	if (step->leaf == LEAF_ERESUME)
		tcs->cssa--;
	if (!step->exception) {
		run->function = LEAF_EEXIT;
		registers[1] = step->exit_rdi;
		registers[2] = step->exit_rsi;
		return;
	}
	tcs->cssa++; /* AEX */
	say_exception(run, LEAF_ERESUME, step->vector, step->error_code, step->address);
}

/* __vdso_sgx_enter_enclave() of 6.12, arch/x86/entry/vdso/vsgx.S. Returns RAX, RDI, RSI. */
uint64_t *fake_sgx_enter(uint64_t rdi, uint64_t rsi, uint64_t rdx, uint32_t leaf, uint64_t r8, uint64_t r9,
			 struct sgx_enclave_run *run)
{
	static uint64_t registers[3];
	const struct fake_sgx_step *step = &fake_sgx.steps[fake_sgx.steps_done];
	struct tcs *tcs = find_tcs(run->tcs);
	uint16_t vector;

	registers[0] = (uint64_t)-EINVAL;
	registers[1] = registers[2] = UINT64_C(0xdead);
	if (leaf < LEAF_EENTER || leaf > LEAF_ERESUME || !zero(run->reserved, sizeof run->reserved))
		return registers;
	registers[0] = 0;
	vector = enter_checks(tcs, leaf);
	if (vector != 0) {
		refuse(EFAULT, "ENCLU[%u]: exception %u", leaf, vector);
		say_exception(run, leaf, vector, vector == VECTOR_PF ? 0x8004 : 0, run->tcs);
		return registers;
	}
	if (fake_sgx.steps_done == fake_sgx.step_count || step->leaf != leaf || step->rdi != rdi || step->rsi != rsi ||
	    rdx != 0 || r8 != 0 || r9 != 0 || run->user_handler != 0) {
		refuse(EPROTO, "step %u: ENCLU[%u] with 0x%lx 0x%lx isn't what the script has", fake_sgx.steps_done,
		       leaf, rdi, rsi);
		say_exception(run, leaf, VECTOR_GP, 0, 0);
		return registers;
	}
	play(tcs, step, run, registers);
	return registers;
}
