/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Is the model of the driver worth anything? It must take a right load and refuse
 * each single wrong thing, with the error of the kernel's code or of the SDM.
 */
#include "base/test.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "host/loader/fake-sgx-sign.h"
#include "host/loader/fake-sgx.h"

#define PAGE UINT64_C(4096)
#define ENCLAVE_SIZE UINT64_C(0x10000)

enum {
	PAGE_COUNT = 4,
	CODE = 0,
	DATA,
	SSA,
	TCS,
};

enum step { STEP_NONE, STEP_CREATE, STEP_ADD, STEP_INIT, STEP_MAP, STEP_ENTER };

/* A load by hand, each part of which a test may spoil. */
struct attempt {
	uint8_t secs[PAGE];
	uint8_t *source; /* PAGE_COUNT pages */
	uint8_t secinfo[PAGE_COUNT][64];
	struct sgx_enclave_add_pages add[PAGE_COUNT];
	uint8_t sigstruct[FAKE_SGX_SIGSTRUCT_SIZE];
	int protection[PAGE_COUNT];
	uint64_t map_size;
	int map_flags;
	uint8_t *base, *reserved;
	struct sgx_enclave_run run;
	unsigned leaf;
	bool no_create, create_twice, add_twice, no_init, init_first, init_twice, add_late, map_elsewhere, unmapped_tcs;
	void *sigstruct_address;
};

struct fault {
	const char *name;
	void (*spoil)(struct attempt *); /* before it is signed */
	void (*spoil_signed)(struct attempt *); /* afterwards */
	enum step step;
	int error; /* errno; the vector for STEP_ENTER */
	int einit_code;
};

static void put(uint8_t *at, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		at[i] = (uint8_t)(value >> 8 * i);
}

static void reserve(struct attempt *a)
{
	uint64_t start;

	a->reserved = fake_sgx_kernel.map(NULL, 2 * ENCLAVE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	assert_ptr_not_equal(a->reserved, MAP_FAILED);
	start = ((uint64_t)a->reserved + ENCLAVE_SIZE - 1) & -ENCLAVE_SIZE;
	a->base = (uint8_t *)start; /* NOLINT(performance-no-int-to-ptr) */
}

static void prepare_pages(struct attempt *a)
{
	static const uint64_t flags[PAGE_COUNT] = {0x205, 0x203, 0x203, 0x100};
	static const int protection[PAGE_COUNT] = {PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE,
						   PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
	uint8_t *tcs = a->source + TCS * PAGE;

	for (size_t i = 0; i < TCS * PAGE; i++)
		a->source[i] = (uint8_t)(i * 7 + i / 256);
	put(tcs + 16, SSA * PAGE, 8);
	put(tcs + 28, 1, 4);
	put(tcs + 32, 0, 8);
	put(tcs + 48, DATA * PAGE, 8);
	put(tcs + 56, DATA * PAGE, 8);
	put(tcs + 64, 0xfff, 4);
	put(tcs + 68, 0xfff, 4);
	for (uint64_t i = 0; i < PAGE_COUNT; i++) {
		put(a->secinfo[i], flags[i], 8);
		a->protection[i] = protection[i];
		a->add[i] = (struct sgx_enclave_add_pages){.src = (uint64_t)a->source + i * PAGE,
							   .offset = i * PAGE,
							   .length = PAGE,
							   .secinfo = (uint64_t)a->secinfo[i],
							   .flags = SGX_PAGE_MEASURE};
	}
}

static void prepare(struct attempt *a)
{
	*a = (struct attempt){
		.source = mmap(NULL, PAGE_COUNT * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
		.map_size = PAGE,
		.map_flags = MAP_SHARED | MAP_FIXED,
		.leaf = 2,
		.sigstruct_address = a->sigstruct};
	reserve(a);
	put(a->secs, ENCLAVE_SIZE, 8);
	put(a->secs + 8, (uint64_t)a->base, 8);
	put(a->secs + 16, 1, 4);
	put(a->secs + 48, 4, 8);
	put(a->secs + 56, 7, 8);
	prepare_pages(a);
	a->run.tcs = (uint64_t)a->base + TCS * PAGE;
}

static void release(struct attempt *a, int fd)
{
	munmap(a->source, PAGE_COUNT * PAGE);
	fake_sgx_kernel.unmap(a->reserved, 2 * ENCLAVE_SIZE);
	if (fd >= 0)
		assert_int_equal(fake_sgx_kernel.close(fd), 0);
	assert_int_equal(fake_sgx.open_count, 0);
	assert_int_equal(fake_sgx.mapped_size, 0);
}

static int create(struct attempt *a, int fd)
{
	struct sgx_enclave_create argument = {(uint64_t)a->secs};

	if (a->no_create)
		return 0;
	if (fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_CREATE, &argument) != 0)
		return -1;
	return a->create_twice ? fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_CREATE, &argument) : 0;
}

static int add(struct attempt *a, int fd)
{
	for (uint32_t i = 0; i < PAGE_COUNT; i++)
		if (fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_ADD_PAGES, &a->add[i]) != 0)
			return -1;
	return a->add_twice ? fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_ADD_PAGES, &a->add[DATA]) : 0;
}

static int initialise(struct attempt *a, int fd)
{
	struct sgx_enclave_init argument = {(uint64_t)a->sigstruct_address};

	if (a->no_init)
		return 0;
	if (fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_INIT, &argument) != 0)
		return -1;
	return a->init_twice ? fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_INIT, &argument) : 0;
}

static int map(struct attempt *a, int fd)
{
	uint8_t *base = a->map_elsewhere ? a->base + 16 * ENCLAVE_SIZE : a->base;

	for (uint64_t i = 0; i < PAGE_COUNT; i++)
		if (!(a->unmapped_tcs && i == TCS) &&
		    fake_sgx_kernel.map(base + i * PAGE, a->map_size, a->protection[i], a->map_flags, fd) !=
			    base + i * PAGE)
			return -1;
	return 0;
}

static enum step load(struct attempt *a, int fd)
{
	if (a->init_first && initialise(a, fd) != 0)
		return STEP_INIT;
	if (create(a, fd) != 0)
		return STEP_CREATE;
	if (add(a, fd) != 0)
		return STEP_ADD;
	if (initialise(a, fd) != 0)
		return STEP_INIT;
	if (a->add_late) {
		a->add[DATA].offset = PAGE_COUNT * PAGE;
		if (fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_ADD_PAGES, &a->add[DATA]) != 0)
			return STEP_ADD;
	}
	return map(a, fd) != 0 ? STEP_MAP : STEP_NONE;
}

static const struct fake_sgx_step script[] = {{.leaf = 2, .exit_rdi = 7}};

/* What the enclave measures to, by a load that isn't signed. */
static void sign(struct attempt *a)
{
	struct attempt copy = *a;
	int fd = fake_sgx_kernel.open("/dev/sgx_enclave", 0);
	struct sgx_enclave_init argument = {(uint64_t)a->sigstruct};

	if (create(&copy, fd) == 0 && add(&copy, fd) == 0)
		(void)fake_sgx_kernel.ioctl(fd, SGX_IOC_ENCLAVE_INIT, &argument);
	fake_sgx_kernel.close(fd);
}

static enum step attempt(const struct fault *fault, int *ret_error)
{
	static struct attempt a;
	static const struct fault none = {0};
	enum step step;
	int fd;

	fault = fault != NULL ? fault : &none;
	fake_sgx_reset();
	prepare(&a);
	fake_sgx_sigstruct_init(a.sigstruct, fake_sgx.mrenclave);
	sign(&a);
	fake_sgx_sigstruct_init(a.sigstruct, fake_sgx.mrenclave);
	if (fault->spoil != NULL)
		fault->spoil(&a);
	fake_sgx_sigstruct_sign(a.sigstruct);
	if (fault->spoil_signed != NULL)
		fault->spoil_signed(&a);
	fake_sgx.einit_code = 0;
	fake_sgx.steps = script;
	fake_sgx.step_count = ARRAY_COUNT(script);
	fd = fake_sgx_kernel.open("/dev/sgx_enclave", 0);
	errno = 0;
	step = load(&a, fd);
	*ret_error = errno;
	if (step == STEP_NONE) {
		int result = fake_sgx_kernel.find_enter()(0, 0, 0, a.leaf, 0, 0, &a.run);

		__asm__ volatile("cld; fninit" ::: "memory", "r12", "r13", "r14", "r15");
		if (result != 0 || a.run.function != 4) {
			step = STEP_ENTER;
			*ret_error = result != 0 ? -result : a.run.exception_vector;
		}
	}
	release(&a, fd);
	return step;
}

#define SPOIL(name, statement)              \
	static void name(struct attempt *a) \
	{                                   \
		statement;                  \
	}

SPOIL(secs_size_odd, put(a->secs, 0x18000, 8))
SPOIL(secs_size_small, put(a->secs, PAGE, 8))
SPOIL(secs_size_large, put(a->secs, UINT64_C(1) << 40, 8))
SPOIL(secs_base, put(a->secs + 8, (uint64_t)a->base + PAGE, 8))
SPOIL(secs_reserved, a->secs[24] = 1)
SPOIL(secs_reserved_late, a->secs[PAGE - 1] = 1)
SPOIL(secs_mrenclave, a->secs[64] = 1)
SPOIL(secs_32_bit, put(a->secs + 48, 0, 8))
SPOIL(secs_init, put(a->secs + 48, 5, 8))
SPOIL(secs_attributes, put(a->secs + 48, 0x104, 8))
SPOIL(secs_no_sse, put(a->secs + 56, 1, 8))
SPOIL(secs_half_avx512, put(a->secs + 56, 0x27, 8))
SPOIL(secs_avx512_without_avx, put(a->secs + 56, 0xe3, 8))
SPOIL(secs_unknown_xfrm, put(a->secs + 56, 0x403, 8))
SPOIL(secs_misc, put(a->secs + 20, 2, 4))
SPOIL(secs_no_frame, put(a->secs + 16, 0, 4))
SPOIL(secs_missing, a->no_create = true)
SPOIL(secs_twice, a->create_twice = true)
SPOIL(add_source, a->add[DATA].src += 8)
SPOIL(add_source_unmapped, a->add[DATA].src = 0x1000)
SPOIL(add_offset, a->add[DATA].offset += 8)
SPOIL(add_no_length, a->add[DATA].length = 0)
SPOIL(add_odd_length, a->add[DATA].length = 100)
SPOIL(add_outside, a->add[DATA].offset = ENCLAVE_SIZE)
SPOIL(add_wraps, a->add[DATA].offset = UINT64_MAX - PAGE + 1)
SPOIL(add_beyond_end, (a->add[DATA].offset = ENCLAVE_SIZE - PAGE, a->add[DATA].length = 2 * PAGE))
SPOIL(add_twice, a->add_twice = true)
SPOIL(add_late, a->add_late = true)
SPOIL(add_write_only, put(a->secinfo[DATA], 0x202, 8))
SPOIL(add_type, put(a->secinfo[DATA], 0x003, 8))
SPOIL(add_tcs_readable, put(a->secinfo[TCS], 0x101, 8))
SPOIL(add_flags, put(a->secinfo[DATA], 0x20b, 8))
SPOIL(add_secinfo_reserved, a->secinfo[DATA][63] = 1)
SPOIL(add_no_secinfo, a->add[DATA].secinfo = 8)
SPOIL(add_tcs_reserved, a->source[TCS * PAGE + 100] = 1)
SPOIL(add_tcs_unaligned, put(a->source + TCS * PAGE + 16, SSA *PAGE + 64, 8))
SPOIL(measure_byte, a->source[DATA * PAGE + 4095] ^= 1)
SPOIL(measure_permission, put(a->secinfo[DATA], 0x207, 8))
SPOIL(measure_flag, a->add[DATA].flags = 0)
SPOIL(measure_order, {
	struct sgx_enclave_add_pages first = a->add[CODE];
	a->add[CODE] = a->add[DATA];
	a->add[DATA] = first;
})
SPOIL(measure_offset, a->add[DATA].offset = 8 * PAGE)
SPOIL(measure_frames, put(a->secs + 16, 2, 4))
SPOIL(measure_tcs, put(a->source + TCS * PAGE + 28, 2, 4))
SPOIL(init_first, a->init_first = true)
SPOIL(init_twice, a->init_twice = true)
SPOIL(init_pointer, a->sigstruct_address = (void *)8)
SPOIL(init_provision, (put(a->secs + 48, 0x14, 8), put(a->sigstruct + 928, 0x14, 8)))
SPOIL(sig_vendor, a->sigstruct[16] = 1)
SPOIL(sig_header, a->sigstruct[4] = 0xe2)
SPOIL(sig_header2, a->sigstruct[24] = 2)
SPOIL(sig_exponent, a->sigstruct[512] = 5)
SPOIL(sig_reserved1, a->sigstruct[44] = 1)
SPOIL(sig_reserved2, a->sigstruct[910] = 1)
SPOIL(sig_reserved3, a->sigstruct[1007] = 1)
SPOIL(sig_reserved4, a->sigstruct[1028] = 1)
SPOIL(sig_date, a->sigstruct[20] ^= 1)
SPOIL(sig_svn, a->sigstruct[1026] ^= 1)
SPOIL(sig_signature, a->sigstruct[516] ^= 1)
SPOIL(sig_modulus, a->sigstruct[140] ^= 2)
SPOIL(sig_q1, a->sigstruct[1040] ^= 1)
SPOIL(sig_q2, a->sigstruct[1424] ^= 1)
SPOIL(sig_measurement, a->sigstruct[960] ^= 1)
SPOIL(sig_debug, put(a->sigstruct + 928, 6, 8))
SPOIL(sig_xfrm, (put(a->sigstruct + 936, 3, 8), put(a->sigstruct + 952, 7, 8)))
SPOIL(sig_misc, (put(a->sigstruct + 900, 1, 4), put(a->sigstruct + 904, 1, 4)))
SPOIL(sig_unknown_xfrm, (put(a->sigstruct + 936, 0x20003, 8), put(a->sigstruct + 952, 0x20003, 8)))
SPOIL(map_write, a->protection[CODE] |= PROT_WRITE)
SPOIL(map_execute, a->protection[DATA] |= PROT_EXEC)
SPOIL(map_tcs_execute, a->protection[TCS] |= PROT_EXEC)
SPOIL(map_private, a->map_flags = MAP_PRIVATE | MAP_FIXED)
SPOIL(map_elsewhere, a->map_elsewhere = true)
SPOIL(map_over_next, (a->map_size = 2 * PAGE, a->protection[CODE] = PROT_READ | PROT_EXEC))
SPOIL(enter_not_initialised, a->no_init = true)
SPOIL(enter_tcs, a->run.tcs += PAGE)
SPOIL(enter_tcs_unmapped, a->unmapped_tcs = true)
SPOIL(enter_reserved, a->run.reserved[215] = 1)
SPOIL(enter_leaf, a->leaf = 4)
SPOIL(enter_resume, a->leaf = 3)

static const struct fault faults[] = {
	{"size no power of two", secs_size_odd, NULL, STEP_CREATE, EINVAL, 0},
	{"size of one page", secs_size_small, NULL, STEP_CREATE, EIO, 0},
	{"size beyond the CPU's", secs_size_large, NULL, STEP_CREATE, EIO, 0},
	{"base not aligned", secs_base, NULL, STEP_CREATE, EIO, 0},
	{"SECS reserved", secs_reserved, NULL, STEP_CREATE, EIO, 0},
	{"SECS reserved at the end", secs_reserved_late, NULL, STEP_CREATE, EIO, 0},
	{"SECS with an MRENCLAVE", secs_mrenclave, NULL, STEP_CREATE, EIO, 0},
	{"not MODE64BIT", secs_32_bit, NULL, STEP_CREATE, EIO, 0},
	{"INIT set by hand", secs_init, NULL, STEP_CREATE, EIO, 0},
	{"unknown attribute", secs_attributes, NULL, STEP_CREATE, EIO, 0},
	{"XFRM without SSE", secs_no_sse, NULL, STEP_CREATE, EIO, 0},
	{"XFRM with a part of AVX-512", secs_half_avx512, NULL, STEP_CREATE, EIO, 0},
	{"XFRM with AVX-512 without AVX", secs_avx512_without_avx, NULL, STEP_CREATE, EIO, 0},
	{"XFRM unknown", secs_unknown_xfrm, NULL, STEP_CREATE, EIO, 0},
	{"MISCSELECT unknown", secs_misc, NULL, STEP_CREATE, EIO, 0},
	{"no SSA frame", secs_no_frame, NULL, STEP_CREATE, EIO, 0},
	{"pages without CREATE", secs_missing, NULL, STEP_ADD, EINVAL, 0},
	{"CREATE twice", secs_twice, NULL, STEP_CREATE, EINVAL, 0},
	{"source not aligned", add_source, NULL, STEP_ADD, EINVAL, 0},
	{"source not mapped", add_source_unmapped, NULL, STEP_ADD, EFAULT, 0},
	{"offset not aligned", add_offset, NULL, STEP_ADD, EINVAL, 0},
	{"length 0", add_no_length, NULL, STEP_ADD, EINVAL, 0},
	{"length not whole pages", add_odd_length, NULL, STEP_ADD, EINVAL, 0},
	{"page outside", add_outside, NULL, STEP_ADD, EINVAL, 0},
	{"offset that wraps", add_wraps, NULL, STEP_ADD, EINVAL, 0},
	{"run that reaches outside", add_beyond_end, NULL, STEP_ADD, EINVAL, 0},
	{"page added twice", add_twice, NULL, STEP_ADD, EBUSY, 0},
	{"page after INIT", add_late, NULL, STEP_ADD, EINVAL, 0},
	{"W without R", add_write_only, NULL, STEP_ADD, EINVAL, 0},
	{"page type SECS", add_type, NULL, STEP_ADD, EINVAL, 0},
	{"TCS with permissions", add_tcs_readable, NULL, STEP_ADD, EINVAL, 0},
	{"SECINFO reserved flag", add_flags, NULL, STEP_ADD, EINVAL, 0},
	{"SECINFO reserved byte", add_secinfo_reserved, NULL, STEP_ADD, EINVAL, 0},
	{"SECINFO not mapped", add_no_secinfo, NULL, STEP_ADD, EFAULT, 0},
	{"TCS reserved", add_tcs_reserved, NULL, STEP_ADD, EIO, 0},
	{"TCS with unaligned SSA", add_tcs_unaligned, NULL, STEP_ADD, EIO, 0},
	{"one byte differs", measure_byte, NULL, STEP_INIT, EPERM, 4},
	{"one permission differs", measure_permission, NULL, STEP_INIT, EPERM, 4},
	{"one page isn't measured", measure_flag, NULL, STEP_INIT, EPERM, 4},
	{"pages in another order", measure_order, NULL, STEP_INIT, EPERM, 4},
	{"page elsewhere", measure_offset, NULL, STEP_INIT, EPERM, 4},
	{"another SSA frame size", measure_frames, NULL, STEP_INIT, EPERM, 4},
	{"another TCS", measure_tcs, NULL, STEP_INIT, EPERM, 4},
	{"INIT before CREATE", init_first, NULL, STEP_INIT, EINVAL, 0},
	{"INIT twice", init_twice, NULL, STEP_INIT, EINVAL, 0},
	{"SIGSTRUCT not mapped", init_pointer, NULL, STEP_INIT, EFAULT, 0},
	{"provisioning", init_provision, NULL, STEP_INIT, EACCES, 0},
	{"vendor", sig_vendor, NULL, STEP_INIT, EINVAL, 0},
	{"header", sig_header, NULL, STEP_INIT, EPERM, 1},
	{"header 2", sig_header2, NULL, STEP_INIT, EPERM, 1},
	{"exponent", NULL, sig_exponent, STEP_INIT, EPERM, 1},
	{"SIGSTRUCT reserved 1", sig_reserved1, NULL, STEP_INIT, EPERM, 1},
	{"SIGSTRUCT reserved 2", sig_reserved2, NULL, STEP_INIT, EPERM, 1},
	{"SIGSTRUCT reserved 3", sig_reserved3, NULL, STEP_INIT, EPERM, 1},
	{"SIGSTRUCT reserved 4", NULL, sig_reserved4, STEP_INIT, EPERM, 1},
	{"date changed after signing", NULL, sig_date, STEP_INIT, EPERM, 8},
	{"SVN changed after signing", NULL, sig_svn, STEP_INIT, EPERM, 8},
	{"signature", NULL, sig_signature, STEP_INIT, EPERM, 8},
	{"modulus", NULL, sig_modulus, STEP_INIT, EPERM, 8},
	{"Q1", NULL, sig_q1, STEP_INIT, EPERM, 8},
	{"Q2", NULL, sig_q2, STEP_INIT, EPERM, 8},
	{"another measurement", sig_measurement, NULL, STEP_INIT, EPERM, 4},
	{"signed for DEBUG", sig_debug, NULL, STEP_INIT, EPERM, 2},
	{"signed for another XFRM", sig_xfrm, NULL, STEP_INIT, EPERM, 2},
	{"signed for another MISCSELECT", sig_misc, NULL, STEP_INIT, EPERM, 2},
	{"signed for an XFRM that isn't there", sig_unknown_xfrm, NULL, STEP_INIT, EINVAL, 0},
	{"code mapped writable", map_write, NULL, STEP_MAP, EACCES, 0},
	{"data mapped executable", map_execute, NULL, STEP_MAP, EACCES, 0},
	{"TCS mapped executable", map_tcs_execute, NULL, STEP_MAP, EACCES, 0},
	{"mapped privately", map_private, NULL, STEP_MAP, EINVAL, 0},
	{"mapped elsewhere", map_elsewhere, NULL, STEP_MAP, EINVAL, 0},
	{"mapped over the next page", map_over_next, NULL, STEP_MAP, EACCES, 0},
	{"entered before INIT", enter_not_initialised, NULL, STEP_ENTER, 13, 0},
	{"entered at no TCS", enter_tcs, NULL, STEP_ENTER, 13, 0},
	{"TCS not mapped", enter_tcs_unmapped, NULL, STEP_ENTER, 14, 0},
	{"run's reserved bytes", enter_reserved, NULL, STEP_ENTER, EINVAL, 0},
	{"entered by EEXIT", enter_leaf, NULL, STEP_ENTER, EINVAL, 0},
	{"ERESUME without AEX", enter_resume, NULL, STEP_ENTER, 13, 0},
};

static void a_right_load_is_accepted(void **state)
{
	int error;

	(void)state;
	assert_int_equal(attempt(NULL, &error), STEP_NONE);
	assert_int_equal(fake_sgx.steps_done, 1);
}

/* By Python's hashlib, from SDM vol. 3D's description of the records alone. */
static void the_measurement_is_the_one_that_somebody_else_computed(void **state)
{
	static const uint8_t expected[32] = {0x98, 0xb4, 0x40, 0x70, 0xa5, 0x1a, 0x5e, 0xa5, 0x6c, 0x21, 0xd0,
					     0x6a, 0x75, 0xd1, 0x3b, 0x6d, 0xe0, 0x80, 0x70, 0x40, 0x67, 0x0c,
					     0xd9, 0xc8, 0x99, 0x23, 0x6b, 0xcf, 0x43, 0x03, 0x7c, 0x6f};
	int error;

	(void)state;
	assert_int_equal(attempt(NULL, &error), STEP_NONE);
	assert_memory_equal(fake_sgx.mrenclave, expected, 32);
}

static void each_single_fault_is_refused_where_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_COUNT(faults); i++) {
		const struct fault *fault = &faults[i];
		int error;
		enum step step = attempt(fault, &error);

		if (step != fault->step || error != fault->error || fake_sgx.einit_code != fault->einit_code)
			fail_msg("%s: step %d, error %d, EINIT %d (%s)", fault->name, step, error, fake_sgx.einit_code,
				 fake_sgx.refusal);
	}
}

/* Memory that may never be executed is rare: the kernel's own variables, mapped
 * into every process without VM_MAYEXEC. */
static uint64_t unexecutable_page(void)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512];
	uint64_t found = 0;

	if (maps == NULL)
		return 0;
	while (fgets(line, sizeof line, maps) != NULL)
		if (strstr(line, "[vvar") != NULL)
			found = strtoul(line, NULL, 16);
	fclose(maps);
	return found;
}

static uint64_t source_of_fault;

SPOIL(add_unexecutable, a->add[DATA].src = source_of_fault)

static void pages_come_from_memory_that_may_be_executed(void **state)
{
	static const struct fault fault = {"source may not be executed", add_unexecutable, NULL, STEP_ADD, EACCES, 0};
	int error;

	(void)state;
	source_of_fault = unexecutable_page();
	if (source_of_fault == 0) {
		print_message("skipped: this process has no [vvar]\n");
		skip();
	}
	assert_int_equal(attempt(&fault, &error), STEP_ADD);
	assert_int_equal(error, EACCES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_right_load_is_accepted),
		cmocka_unit_test(the_measurement_is_the_one_that_somebody_else_computed),
		cmocka_unit_test(each_single_fault_is_refused_where_it_is),
		cmocka_unit_test(pages_come_from_memory_that_may_be_executed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
