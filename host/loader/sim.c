/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/sim.h"

#include <asm/prctl.h>
#include <cpuid.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/report.h"
#include "host/image/measure.h"
#include "host/image/sigstruct.h"
#include "host/loader/sim-enclave.h"

enum { VECTOR_UD = 6, VECTOR_GP = 13, VECTOR_PF = 14, XSAVE_LEAF = 0xd, XSAVE_LEGACY_SIZE = 576 };

/* For the signal handler: one enclave per process. */
static struct sim *sim_now;

static void allow_cpuid(const struct sim *sim, bool allow)
{
	if (sim->cpuid_faults)
		(void)syscall(SYS_arch_prctl, ARCH_SET_CPUID, allow);
}

static struct sim_exception exception_of(const greg_t *registers)
{
	struct sim_exception exception = {
		.valid = true,
		.vector = (uint32_t)registers[REG_TRAPNO],
		.error_code = (uint32_t)registers[REG_ERR],
		.address = (uint64_t)registers[REG_CR2],
	};

	/* CPUID faulting raises #GP, an enclave #UD: SDM vol. 3D, 36.6.1. */
	if (exception.vector == VECTOR_GP && sim_is_cpuid((uint64_t)registers[REG_RIP]))
		exception.vector = VECTOR_UD;
	return exception;
}

static bool handle_inside(struct sim *sim, int number, const siginfo_t *info, ucontext_t *context,
			  struct signals_bases *bases)
{
	const greg_t *registers = context->uc_mcontext.gregs;
	const uint32_t vector = (uint32_t)registers[REG_TRAPNO];
	struct sim_exception exception = {0};

	if (!signals_is_exception(number, info)) {
		/* An interrupt, as far as the enclave is concerned; then it is this
		 * process's own signal. */
		sim_aex(sim, context, bases, &exception);
		return false;
	}
	/* Where ENCLU exists it raises #GP here, elsewhere #UD. */
	if ((vector == VECTOR_UD || vector == VECTOR_GP) && sim_is_enclu((uint64_t)registers[REG_RIP])) {
		sim_enclu(sim, context, bases);
		return true;
	}
	exception = exception_of(registers);
	sim_aex(sim, context, bases, &exception);
	return true;
}

/* Code outside that runs with the enclave's bases: the few instructions around a
 * switch, or a jump out of the enclave, which no enclave survives (#GP: SDM vol. 3D,
 * 36.5.3). One to an address with code goes unnoticed here. */
static bool has_jumped_out(const struct sim *sim, const ucontext_t *context, const struct signals_bases *bases)
{
	const greg_t *registers = context->uc_mcontext.gregs;

	return bases->gs - sim->range.base < sim->range.size &&
	       (registers[REG_TRAPNO] == VECTOR_PF || registers[REG_TRAPNO] == VECTOR_GP) &&
	       registers[REG_CR2] == registers[REG_RIP] && sim->current->busy;
}

static bool handle_resume(struct sim *sim, ucontext_t *context, struct signals_bases *bases)
{
	if (sim_eresume(sim, context, bases))
		return true;
	sim->outcome = SIM_RESUME_FAILED;
	context->uc_mcontext.gregs[REG_RIP] = (greg_t)switch_aep;
	return true;
}

static bool hook(int number, const siginfo_t *info, ucontext_t *context, struct signals_bases *bases)
{
	const uint64_t at = (uint64_t)context->uc_mcontext.gregs[REG_RIP];
	struct sim *sim = sim_now;
	bool done = false;

	if (sim == NULL || sim->current == NULL)
		return false;
	allow_cpuid(sim, true);
	if (at - sim->range.base < sim->range.size) {
		done = handle_inside(sim, number, info, context, bases);
	} else if (signals_is_exception(number, info) && has_jumped_out(sim, context, bases)) {
		const struct sim_exception exception = {.valid = true, .vector = VECTOR_GP};

		sim_aex(sim, context, bases, &exception);
		done = true;
	} else if (at == (uint64_t)switch_resume_trap && signals_is_exception(number, info)) {
		done = handle_resume(sim, context, bases);
	}
	if ((uint64_t)context->uc_mcontext.gregs[REG_RIP] - sim->range.base < sim->range.size)
		allow_cpuid(sim, false);
	return done;
}

/* Pages are measured as they lie in the enclave, not as they lie in the file. */
struct measurement {
	struct measure measure;
	const struct sim *sim;
};

static status measure_mapped(void *context, const struct image_page *page)
{
	struct measurement *measurement = context;
	const struct image_page mapped = {
		.offset = page->offset,
		.secinfo_flags = page->secinfo_flags,
		.bytes = (const uint8_t *)measurement->sim->range.base + page->offset,
	};

	return measure_page(&measurement->measure, &mapped);
}

static status measure_enclave(struct sim *sim)
{
	struct measurement measurement = {.sim = sim};
	status result;

	TRY(measure_init(&measurement.measure, sim->secs.size, sim->secs.ssa_frame_size));
	result = image_visit_pages(sim->image, measure_mapped, &measurement);
	if (result == STATUS_OK)
		result = measure_end(&measurement.measure, sim->secs.mrenclave);
	measure_deinit(&measurement.measure);
	return result;
}

/* EINIT. */
static status initialise(struct sim *sim, const struct image_source *source)
{
	struct sgx_sigstruct sigstruct;
	char name[4096];

	if (source->sigstruct.data == NULL)
		return report(STATUS_MISSING, "%s isn't signed: there is no %s.sig (bartizan image sign %s)",
			      source->path, source->path, source->path);
	snprintf(name, sizeof name, "%s.sig", source->path);
	TRY(sigstruct_read(name, source->sigstruct, &sigstruct));
	TRY(sigstruct_check(name, &sigstruct));
	TRY(measure_enclave(sim));
	TRY(sigstruct_check_enclave(name, &sigstruct, &sim->secs, sim->secs.mrenclave));
	TRY(sigstruct_signer(&sigstruct, sim->secs.mrsigner));
	sim->secs.isv_prod_id = sigstruct.isv_prod_id;
	sim->secs.isv_svn = sigstruct.isv_svn;
	sim->secs.attributes.flags |= SGX_ATTRIBUTE_INIT;
	return STATUS_OK;
}

static uint64_t xcr0(void)
{
	uint32_t low, high;

	__asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return (uint64_t)high << 32 | low;
}

/* Where the last component of `xfrm` ends: CPUID leaf 0xd, SDM vol. 1, 13.2. */
static uint32_t xsave_size_of(uint64_t xfrm)
{
	uint32_t end = XSAVE_LEGACY_SIZE, size, offset, c, d;

	for (uint32_t i = 2; i < 63; i++)
		if (xfrm >> i & 1 && __get_cpuid_count(XSAVE_LEAF, i, &size, &offset, &c, &d) && offset + size > end)
			end = offset + size;
	return end;
}

static status create(struct sim *sim)
{
	const uint32_t room =
		(size_t)IMAGE_SSA_FRAME_PAGES * SGX_PAGE_SIZE - sizeof(struct sgx_gprsgx) - sizeof(struct sgx_exinfo);

	image_secs_init(sim->image, xcr0(), &sim->secs);
	sim->secs.base = sim->range.base;
	sim->xsave_size = xsave_size_of(sim->secs.attributes.xfrm);
	if (sim->xsave_size > room)
		return report(STATUS_UNSUPPORTED, "this CPU's registers take %u bytes, an SSA frame has room for %u",
			      sim->xsave_size, room);
	for (uint32_t i = 0; i < sim->image->notes.manifest.thread_count; i++) {
		sim->threads[i].address = sim->range.base + sim->image->threads[i].tcs_offset;
		memcpy(&sim->threads[i].tcs, (const void *)sim->threads[i].address, sizeof sim->threads[i].tcs);
	}
	return STATUS_OK;
}

static void be_strict(struct sim *sim)
{
	const char *strict = getenv("BARTIZAN_SIM_STRICT");

	sim->strict = strict != NULL && strcmp(strict, "1") == 0;
	if (!sim->strict)
		return;
	sim->cpuid_faults = syscall(SYS_arch_prctl, ARCH_SET_CPUID, 1) == 0;
	if (!sim->cpuid_faults)
		dprintf(STDERR_FILENO,
			"bartizan: BARTIZAN_SIM_STRICT: this CPU can't let CPUID fault, so programs inside "
			"may use it unseen\n");
}

static bool protect(const struct sim *sim)
{
	if (!sim->strict && !elrange_patch_exit(&sim->range, sim->image))
		return false;
	return elrange_protect(&sim->range, sim->image) && (!sim->strict || elrange_hide(&sim->range));
}

static status fill(struct sim *sim, const struct image_source *source)
{
	TRY(create(sim));
	TRY(initialise(sim, source));
	TRY(sim_root_load(&sim->root));
	be_strict(sim);
	if (!protect(sim))
		return report(STATUS_IO, "the enclave's pages can't be protected: %m");
	return STATUS_OK;
}

static status sim_load(const struct image_source *source, void **ret_enclave)
{
	struct sim *sim = calloc(1, sizeof *sim);
	status result;

	if (sim == NULL)
		return report(STATUS_NO_MEMORY, "no memory to load %s", source->path);
	sim->image = source->image;
	result = elrange_init(&sim->range, source->image);
	if (result == STATUS_OK) {
		result = fill(sim, source);
		if (result != STATUS_OK)
			elrange_deinit(&sim->range);
	}
	if (result != STATUS_OK) {
		free(sim);
		return result;
	}
	sim_now = sim;
	signals_install(hook);
	*ret_enclave = sim;
	return STATUS_OK;
}

static void sim_destroy(void *enclave)
{
	struct sim *sim = enclave;

	signals_remove();
	sim_now = NULL;
	elrange_deinit(&sim->range);
	explicit_bzero(&sim->root, sizeof sim->root);
	free(sim);
}

/* In between a thread may be inside, and memory is as the enclave sees it. */
static status go_inside(struct sim *sim, struct sim_thread *thread, bool resume)
{
	sim->current = thread;
	sim->outcome = SIM_EXITED;
	if (sim->strict && !elrange_protect(&sim->range, sim->image))
		return report(STATUS_IO, "the enclave's pages can't be protected: %m");
	allow_cpuid(sim, false);
	if (resume)
		switch_resume(&sim->frame);
	else
		switch_enter(&sim->frame);
	allow_cpuid(sim, true);
	sim->current = NULL;
	if (sim->strict && !elrange_hide(&sim->range))
		return report(STATUS_IO, "the enclave's pages can't be hidden: %m");
	return STATUS_OK;
}

/* Interrupts are resumed at once, as the vDSO does for a real enclave. */
static status run(struct sim *sim, struct sim_thread *thread, bool resume, struct enclave_event *ret_event)
{
	for (;; resume = true) {
		TRY(go_inside(sim, thread, resume));
		switch (sim->outcome) {
		case SIM_INTERRUPTED: continue;
		case SIM_RESUME_FAILED:
			return report(STATUS_DENIED, "the enclave can't be resumed: its saved state isn't one (#GP)");
		case SIM_EXCEPTION: *ret_event = sim->event; return STATUS_OK;
		case SIM_EXITED:
		default:
			/* By the patched EEXIT no handler came by. */
			thread->busy = false;
			*ret_event = (struct enclave_event){.kind = ENCLAVE_EXITED,
							    .reason = sim->frame.out[SWITCH_RDI],
							    .argument = sim->frame.out[SWITCH_RSI]};
			return STATUS_OK;
		}
	}
}

/* The thread, if it exists and nobody is in it: EENTER and ERESUME alike. */
static status find_thread(struct sim *sim, uint32_t index, struct sim_thread **ret_thread)
{
	if (index >= sim->image->notes.manifest.thread_count)
		return report(STATUS_DENIED, "the enclave has no thread %u (#GP)", index);
	if (sim->threads[index].busy)
		return report(STATUS_DENIED, "thread %u of the enclave is in use already (#GP: TCS busy)", index);
	*ret_thread = &sim->threads[index];
	return STATUS_OK;
}

static status sim_enter(void *enclave, uint32_t index, uint64_t entry, uint64_t argument,
			struct enclave_event *ret_event)
{
	struct sim *sim = enclave;
	struct sim_thread *thread = NULL;

	TRY(find_thread(sim, index, &thread));
	if (thread->tcs.cssa >= thread->tcs.nssa)
		return report(STATUS_DENIED, "thread %u of the enclave has no SSA frame left (#GP)", index);
	sim->frame = (struct switch_frame){
		.entry = sim->range.base + thread->tcs.oentry,
		.cssa = thread->tcs.cssa,
		.tcs = thread->address,
		.fs = sim->range.base + thread->tcs.ofsbase,
		.gs = sim->range.base + thread->tcs.ogsbase,
		.rdi = entry,
		.rsi = argument,
	};
	thread->busy = true;
	return run(sim, thread, false, ret_event);
}

static status sim_resume(void *enclave, uint32_t index, struct enclave_event *ret_event)
{
	struct sim *sim = enclave;
	struct sim_thread *thread = NULL;

	TRY(find_thread(sim, index, &thread));
	if (thread->tcs.cssa == 0)
		return report(STATUS_DENIED, "thread %u of the enclave has nothing to resume (#GP)", index);
	return run(sim, thread, true, ret_event);
}

static bool sim_may_serve_beside(void)
{
	const char *strict = getenv("BARTIZAN_SIM_STRICT");

	return strict == NULL || strcmp(strict, "1") != 0;
}

const struct backend sim_backend = {
	.name = "sim",
	.quoter = &sim_quoter,
	.may_serve_beside = sim_may_serve_beside,
	.load = sim_load,
	.enter = sim_enter,
	.resume = sim_resume,
	.destroy = sim_destroy,
};
