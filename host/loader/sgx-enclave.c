/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/sgx-enclave.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "base/report.h"
#include "host/loader/sgx-words.h"

int sgx_enter_call(vdso_sgx_enter_enclave_t function, struct sgx_enclave_run *run, uint32_t leaf, uint64_t registers[2],
		   void *stack_end);

enum {
	/* Bytes that go to the driver in one call: whatever it is, a signal is
	 * answered after the page in work. */
	CHUNK_SIZE = 1 << 20,
	/* Interrupted calls in a row that bring nothing. Only a timer faster than
	 * one page is added could do that. */
	ATTEMPT_COUNT_MAX = 1000,
	/* For signal handlers of ours; below it a page that nobody may touch. */
	STACK_SIZE = 256 << 10,
	STACK_STEP = STACK_SIZE + SGX_PAGE_SIZE,
	STACKS_SIZE = STACK_STEP * IMAGE_THREAD_COUNT_MAX,
	VECTOR_PAGE_FAULT = 14,
	VECTOR_GENERAL_PROTECTION = 13,
};

/* What one load needs besides the enclave. */
struct loading {
	const struct sgx_kernel *kernel;
	const struct image *image;
	const struct sgx_sigstruct *sigstruct;
	struct sgx_platform platform;
	struct sgx_enclave enclave;
	/* Page-aligned copies of what the driver reads. Anonymous memory, so never
	 * from a file system without execute permission. */
	uint8_t *pages;
	struct sgx_secs *secs;
};

static void loading_deinit(struct loading *loading)
{
	free(loading->pages);
	free(loading->secs);
	sgx_enclave_deinit(&loading->enclave);
}

static status failed(enum sgx_step step, const char *what)
{
	int error = errno;
	status fault;
	const char *words = sgx_words_error(step, error, &fault);

	return report(fault, "%s fails: %s: %s", what, strerror(error), words);
}

static status failed_at(enum sgx_step step, const char *what, uint64_t offset)
{
	int error = errno;
	status fault;
	const char *words = sgx_words_error(step, error, &fault);

	return report(fault, "%s at offset 0x%" PRIx64 " fails: %s: %s", what, offset, strerror(error), words);
}

/* State components: what the machine allows, unless the signature has an opinion;
 * AVX-512's three come together and on top of AVX (SDM vol. 1, 13.3). */
static uint64_t choose_xfrm(uint64_t possible, const struct sgx_sigstruct *sigstruct)
{
	uint64_t xfrm = possible & IMAGE_XFRM_MAX, mask = sigstruct->attributes_mask.xfrm;

	if (!(xfrm & SGX_XFRM_AVX) || (xfrm & SGX_XFRM_AVX512) != SGX_XFRM_AVX512)
		xfrm &= ~SGX_XFRM_AVX512;
	return (xfrm & ~mask) | (sigstruct->attributes.xfrm & mask) | SGX_XFRM_LEGACY;
}

/* The driver would refuse all this too, but with one errno for everything. */
static status check_secs(const struct loading *loading, const struct sgx_secs *secs)
{
	const struct sgx_sigstruct *sigstruct = loading->sigstruct;
	const struct sgx_platform *platform = &loading->platform;
	uint64_t frame_size = sgx_platform_frame_size(loading->kernel, secs->attributes.xfrm, secs->misc_select);

	if (secs->attributes.xfrm & ~platform->xfrm)
		return report(STATUS_UNSUPPORTED,
			      "the image is signed to use state components (XFRM 0x%" PRIx64 ") that enclaves on this "
			      "machine don't have (0x%" PRIx64 "): sign it for this machine",
			      secs->attributes.xfrm, platform->xfrm);
	if (secs->misc_select & ~platform->misc_select)
		return report(STATUS_UNSUPPORTED,
			      "the image is signed to have MISCSELECT 0x%x; this CPU has 0x%x: sign it without",
			      secs->misc_select, platform->misc_select);
	if ((secs->attributes.flags ^ sigstruct->attributes.flags) & sigstruct->attributes_mask.flags)
		return report(STATUS_DENIED,
			      "the image is signed for attributes 0x%" PRIx64 " (mask 0x%" PRIx64 ") but has 0x%" PRIx64
			      ": sign it again (bartizan image sign)",
			      sigstruct->attributes.flags, sigstruct->attributes_mask.flags, secs->attributes.flags);
	if (secs->attributes.flags & ~platform->attributes)
		return report(STATUS_UNSUPPORTED,
			      "this CPU has no enclaves with attributes 0x%" PRIx64 ", only of 0x%" PRIx64,
			      secs->attributes.flags, platform->attributes);
	if (frame_size > (uint64_t)secs->ssa_frame_size * SGX_PAGE_SIZE)
		return report(STATUS_UNSUPPORTED,
			      "this CPU saves %" PRIu64 " bytes of state, the image has room for %" PRIu64
			      ": sign it for fewer state components",
			      frame_size, (uint64_t)secs->ssa_frame_size * SGX_PAGE_SIZE);
	/* By ECREATE's operation; CPUID's own text would allow the limit itself. */
	if (platform->enclave_size_bits < 64 && secs->size >= UINT64_C(1) << platform->enclave_size_bits)
		return report(STATUS_UNSUPPORTED,
			      "the image takes 0x%" PRIx64
			      " bytes of addresses; this CPU's enclaves have less than 2 to %u",
			      secs->size, platform->enclave_size_bits);
	return STATUS_OK;
}

static status fill_secs(struct loading *loading)
{
	const struct sgx_sigstruct *sigstruct = loading->sigstruct;
	struct sgx_secs *secs = loading->secs;

	image_secs_init(loading->image, loading->platform.xfrm, secs);
	secs->base = (uint64_t)loading->enclave.base;
	secs->attributes.xfrm = choose_xfrm(loading->platform.xfrm, sigstruct);
	secs->misc_select &= loading->platform.misc_select & ~sigstruct->misc_mask;
	secs->misc_select |= sigstruct->misc_select & sigstruct->misc_mask;
	return check_secs(loading, secs);
}

/* Twice the size holds an aligned range of it; the rest goes back. */
static status reserve(struct loading *loading)
{
	const struct sgx_kernel *kernel = loading->kernel;
	uint64_t size = loading->image->size, head;
	uint8_t *start;

	start = kernel->map(NULL, 2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
	if (start == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no 0x%" PRIx64 " bytes of address space for the enclave: %m",
			      2 * size);
	head = -(uint64_t)start & (size - 1);
	if (head != 0)
		kernel->unmap(start, head);
	kernel->unmap(start + head + size, size - head);
	loading->enclave.base = start + head;
	loading->enclave.size = size;
	return STATUS_OK;
}

static int call_driver(struct loading *loading, unsigned long request, void *argument)
{
	loading->enclave.counts.ioctls++;
	return loading->kernel->ioctl(loading->enclave.fd, request, argument);
}

static status create(struct loading *loading)
{
	struct sgx_enclave_create argument = {.src = (uint64_t)loading->secs};

	loading->enclave.fd = loading->kernel->open(SGX_DEVICE_PATH, O_RDWR | O_CLOEXEC);
	if (loading->enclave.fd < 0)
		return report(STATUS_IO, SGX_DEVICE_PATH " can't be opened: %m");
	if (call_driver(loading, SGX_IOC_ENCLAVE_CREATE, &argument) != 0)
		return failed(SGX_STEP_CREATE, "creating the enclave (SGX_IOC_ENCLAVE_CREATE)");
	return STATUS_OK;
}

/* May a call that brought nothing be tried again? Counts the attempts. */
static bool try_again(int result, uint32_t *attempt_count)
{
	return (result == 0 || errno == EINTR || errno == EAGAIN) && ++*attempt_count < ATTEMPT_COUNT_MAX;
}

/* Add what lies in loading->pages. The driver may stop anywhere between two pages
 * and says in `count` how far it came. */
static status add_chunk(struct loading *loading, uint64_t offset, uint64_t size, uint64_t secinfo_flags)
{
	struct sgx_secinfo secinfo __attribute__((aligned(64))) = {.flags = secinfo_flags};
	uint32_t attempt_count = 0;

	for (uint64_t done = 0; done < size;) {
		struct sgx_enclave_add_pages argument = {.src = (uint64_t)loading->pages + done,
							 .offset = offset + done,
							 .length = size - done,
							 .secinfo = (uint64_t)&secinfo,
							 .flags = SGX_PAGE_MEASURE};
		int result = call_driver(loading, SGX_IOC_ENCLAVE_ADD_PAGES, &argument);

		if (argument.count % SGX_PAGE_SIZE != 0 || argument.count > size - done)
			return report(STATUS_IO,
				      "the SGX driver says that it added %llu bytes of %" PRIu64
				      ": not one that is known here",
				      argument.count, size - done);
		done += argument.count;
		if (result != 0 && errno != EINTR && errno != EAGAIN)
			return failed_at(SGX_STEP_ADD, "adding a page (SGX_IOC_ENCLAVE_ADD_PAGES)", offset + done);
		if (argument.count != 0)
			attempt_count = 0;
		else if (!try_again(result, &attempt_count))
			return failed_at(SGX_STEP_ADD, "adding a page (SGX_IOC_ENCLAVE_ADD_PAGES)", offset + done);
	}
	return STATUS_OK;
}

static status add_run(struct loading *loading, const struct image_run *run)
{
	for (uint64_t done = 0; done < run->size;) {
		uint64_t size = run->size - done < CHUNK_SIZE ? run->size - done : CHUNK_SIZE;

		for (uint64_t at = 0; at < size; at += SGX_PAGE_SIZE)
			image_run_page(run, done + at, loading->pages + at);
		TRY(add_chunk(loading, run->offset + done, size, run->secinfo_flags));
		done += size;
	}
	return STATUS_OK;
}

static status initialise(struct loading *loading)
{
	struct sgx_enclave_init argument = {.sigstruct = (uint64_t)loading->sigstruct};
	uint32_t attempt_count = 0;
	int result;

	do {
		result = call_driver(loading, SGX_IOC_ENCLAVE_INIT, &argument);
	} while (result < 0 && try_again(result, &attempt_count));
	if (result > 0)
		return report(STATUS_DENIED, "the CPU refuses the enclave (EINIT, code %d): %s", result,
			      sgx_words_einit(result));
	if (result < 0)
		return failed(SGX_STEP_INIT, "initialising the enclave (SGX_IOC_ENCLAVE_INIT)");
	return STATUS_OK;
}

/* As much as the page's own permissions, which is what the driver allows; a TCS
 * is read and written by the CPU (sgx_encl_page_alloc()). */
static int protection_of(const struct image_run *run)
{
	return run->kind == IMAGE_RUN_TCS ? PROT_READ | PROT_WRITE : image_run_protection(run);
}

/* Guards stay what they are: reserved, and nobody's. */
static status map_run(struct loading *loading, const struct image_run *run)
{
	uint8_t *address = loading->enclave.base + run->offset;

	if (loading->kernel->map(address, run->size, protection_of(run), MAP_SHARED | MAP_FIXED, loading->enclave.fd) !=
	    address)
		return failed_at(SGX_STEP_MAP, "mapping the enclave's pages", run->offset);
	return STATUS_OK;
}

static status load(struct loading *loading)
{
	const struct image *image = loading->image;

	TRY(reserve(loading));
	TRY(fill_secs(loading));
	TRY(create(loading));
	for (uint32_t i = 0; i < image->run_count; i++)
		TRY(add_run(loading, &image->runs[i]));
	TRY(initialise(loading));
	for (uint32_t i = 0; i < image->run_count; i++)
		TRY(map_run(loading, &image->runs[i]));
	loading->kernel->close(loading->enclave.fd);
	loading->enclave.fd = -1;
	return STATUS_OK;
}

static status probe(struct loading *loading)
{
	struct sgx_absence absence;

	if (sgx_platform_probe(loading->kernel, &absence, &loading->platform) != STATUS_OK)
		return report(STATUS_UNSUPPORTED, "the backend sgx doesn't work here: %s", absence.reason);
	loading->enclave.enter = loading->platform.enter;
	return STATUS_OK;
}

static status allocate(struct loading *loading)
{
	loading->pages = aligned_alloc(SGX_PAGE_SIZE, CHUNK_SIZE);
	loading->secs = aligned_alloc(SGX_PAGE_SIZE, sizeof *loading->secs);
	if (loading->pages == NULL || loading->secs == NULL)
		return report(STATUS_NO_MEMORY, "no memory to load an enclave");
	return STATUS_OK;
}

static status make_stacks(struct sgx_enclave *enclave)
{
	uint8_t *stacks = mmap(NULL, STACKS_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (stacks == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no memory for the stacks of an enclave's threads");
	enclave->stacks = stacks;
	for (uint32_t i = 0; i < enclave->thread_count; i++)
		if (mprotect(stacks + (size_t)i * STACK_STEP, SGX_PAGE_SIZE, PROT_NONE) != 0)
			return report(STATUS_NO_MEMORY, "no memory for the stacks of an enclave's threads");
	return STATUS_OK;
}

status sgx_enclave_init(const struct sgx_kernel *kernel, const struct image *image,
			const struct sgx_sigstruct *sigstruct, struct sgx_enclave *ret_enclave)
{
	struct loading loading __attribute__((cleanup(loading_deinit))) = {
		.kernel = kernel, .image = image, .sigstruct = sigstruct, .enclave = {.kernel = kernel, .fd = -1}};

	TRY(probe(&loading));
	TRY(allocate(&loading));
	loading.enclave.thread_count = image->notes.manifest.thread_count;
	for (uint32_t i = 0; i < loading.enclave.thread_count; i++)
		loading.enclave.tcs_offset[i] = image->threads[i].tcs_offset;
	TRY(make_stacks(&loading.enclave));
	TRY(load(&loading));
	*ret_enclave = loading.enclave;
	loading.enclave = (struct sgx_enclave){.fd = -1};
	return STATUS_OK;
}

void sgx_enclave_deinit(struct sgx_enclave *enclave)
{
	if (enclave->size != 0)
		enclave->kernel->unmap(enclave->base, enclave->size);
	if (enclave->fd >= 0)
		enclave->kernel->close(enclave->fd);
	if (enclave->stacks != NULL)
		munmap(enclave->stacks, STACKS_SIZE);
	enclave->stacks = NULL;
	enclave->size = 0;
	enclave->fd = -1;
}

/* EENTER itself faulted, so nothing ran. */
static status refused(const struct sgx_enclave_run *run)
{
	return report(
		STATUS_IO,
		"the CPU doesn't enter the enclave (exception %u, code 0x%x): its memory is lost, which happens when "
		"the machine sleeps or the virtual machine moves, or the thread is inside already; start again",
		run->exception_vector, run->exception_error_code);
}

static void count_entry(struct enclave_counts *counts, bool resume, bool exception)
{
	counts->entries += !resume;
	counts->resumptions += resume;
	counts->exceptions += exception;
	counts->exits += !exception;
}

status sgx_enclave_enter(struct sgx_enclave *enclave, uint32_t thread, bool resume, uint64_t rdi, uint64_t rsi,
			 struct sgx_exit *ret_exit)
{
	struct sgx_enclave_run run = {0};
	uint64_t registers[2] = {rdi, rsi};
	int result;

	if (thread >= enclave->thread_count)
		return report(STATUS_INTERNAL, "the enclave has %u threads, not %u", enclave->thread_count, thread + 1);
	run.tcs = (uint64_t)enclave->base + enclave->tcs_offset[thread];
	result = sgx_enter_call(enclave->enter, &run, resume ? ENCLU_ERESUME : ENCLU_EENTER, registers,
				enclave->stacks + (size_t)STACK_STEP * (thread + 1));
	if (result != 0)
		return report(STATUS_INTERNAL, "the vDSO refuses to enter the enclave: %s", strerror(-result));
	if (run.function == ENCLU_EENTER)
		return refused(&run);
	*ret_exit = (struct sgx_exit){.exception = run.function == ENCLU_ERESUME};
	count_entry(&enclave->counts, resume, ret_exit->exception);
	if (ret_exit->exception) {
		ret_exit->vector = run.exception_vector;
		ret_exit->error_code = run.exception_error_code;
		ret_exit->address = run.exception_addr;
	} else {
		ret_exit->rdi = registers[0];
		ret_exit->rsi = registers[1];
	}
	return STATUS_OK;
}
