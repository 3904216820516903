/* SPDX-License-Identifier: GPL-2.0-or-later */
/* State save areas: SDM vol. 3D, chapter 37 (AEX) and 38.9 (SSA). */
#include <string.h>

#include "host/loader/sim-enclave.h"

enum {
	/* The XSAVE area: SDM vol. 1, 13.4. Linux keeps words of its own behind byte
	 * 464 of the legacy part (asm/sigcontext.h: struct _fpx_sw_bytes). */
	LEGACY_SIZE = 464,
	MXCSR_OFFSET = 24,
	MXCSR_MASK_OFFSET = 28,
	HEADER_OFFSET = 512,
	EXTENDED_OFFSET = 576,
	FPX_MAGIC_OFFSET = 464,
	FPX_SIZE_OFFSET = 480,
	FPX_MAGIC = 0x46505853,

	MXCSR_INITIAL = 0x1f80,
	MXCSR_MASK_DEFAULT = 0xffbf, /* vol. 1, 11.6.6 */

	VECTOR_BP = 3,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	TYPE_HARDWARE = 3,
	TYPE_SOFTWARE = 6,
};

struct xsave_header {
	uint64_t xstate_bv, xcomp_bv, reserved[6];
};

static const uint64_t flags_arithmetic = 0x8d5; /* CF PF AF ZF SF OF */
static const uint64_t flag_rf = 0x10000;
/* What ERESUME may set; TF, IOPL, VM and the like aren't a program's. */
static const uint64_t flags_resumable = 0x8d5 | 0x400 /* DF */ | 0x40000 /* AC */ | 0x200000 /* ID */;

/* EXITINFO says so for these only: table 38-10. #PF and #GP need MISCSELECT.EXINFO,
 * which ours have. */
static bool is_reported(uint32_t vector)
{
	return vector <= 19 && (UINT32_C(1) << vector & 0xb606b) != 0;
}

static uint8_t *ssa_frame(const struct sim *sim, uint32_t index)
{
	const struct sim_thread *thread = sim->current;

	return (uint8_t *)sim->range.base + thread->tcs.ossa +
	       (uint64_t)index * sim->secs.ssa_frame_size * SGX_PAGE_SIZE;
}

static struct sgx_gprsgx *gprsgx_of(const struct sim *sim, uint8_t *frame)
{
	return (struct sgx_gprsgx *)(frame + (size_t)sim->secs.ssa_frame_size * SGX_PAGE_SIZE) - 1;
}

/* Does the signal frame hold all that XFRM names? Linux says how much it saved. */
static bool has_extended_state(const struct sim *sim, const uint8_t *fpregs)
{
	uint32_t magic, size;

	memcpy(&magic, fpregs + FPX_MAGIC_OFFSET, sizeof magic);
	memcpy(&size, fpregs + FPX_SIZE_OFFSET, sizeof size);
	return magic == FPX_MAGIC && size >= sim->xsave_size;
}

static void save_state(const struct sim *sim, uint8_t *fpregs, uint8_t *frame)
{
	struct xsave_header *header = (struct xsave_header *)(frame + HEADER_OFFSET);
	const struct xsave_header *from = (const struct xsave_header *)(fpregs + HEADER_OFFSET);
	const uint64_t xfrm = sim->secs.attributes.xfrm;

	memset(frame, 0, sim->xsave_size);
	memcpy(frame, fpregs, LEGACY_SIZE);
	if (!has_extended_state(sim, fpregs)) {
		header->xstate_bv = SGX_XFRM_LEGACY;
		return;
	}
	header->xstate_bv = from->xstate_bv & xfrm;
	memcpy(frame + EXTENDED_OFFSET, fpregs + EXTENDED_OFFSET, sim->xsave_size - EXTENDED_OFFSET);
}

/* The synthetic state, table 37-2: everything initial. */
static void clear_state(const struct sim *sim, uint8_t *fpregs)
{
	const uint32_t mxcsr = MXCSR_INITIAL;
	struct xsave_header *header = (struct xsave_header *)(fpregs + HEADER_OFFSET);

	if (has_extended_state(sim, fpregs)) {
		header->xstate_bv &= ~sim->secs.attributes.xfrm;
	} else {
		memset(fpregs, 0, LEGACY_SIZE);
		fpregs[0] = 0x7f;
		fpregs[1] = 0x03;
	}
	memcpy(fpregs + MXCSR_OFFSET, &mxcsr, sizeof mxcsr);
}

static bool load_state(const struct sim *sim, const uint8_t *frame, uint8_t *fpregs)
{
	const struct xsave_header *from = (const struct xsave_header *)(frame + HEADER_OFFSET);
	struct xsave_header *header = (struct xsave_header *)(fpregs + HEADER_OFFSET);
	const uint64_t xfrm = sim->secs.attributes.xfrm;
	uint32_t mxcsr, mask, own_mask;

	if ((from->xstate_bv & ~xfrm) != 0 || from->xcomp_bv != 0)
		return false;
	memcpy(&mxcsr, frame + MXCSR_OFFSET, sizeof mxcsr);
	memcpy(&own_mask, fpregs + MXCSR_MASK_OFFSET, sizeof own_mask);
	mask = own_mask != 0 ? own_mask : MXCSR_MASK_DEFAULT;
	if ((mxcsr & ~mask) != 0)
		return false;
	memcpy(fpregs, frame, LEGACY_SIZE);
	memcpy(fpregs + MXCSR_MASK_OFFSET, &own_mask, sizeof own_mask);
	if (has_extended_state(sim, fpregs)) {
		header->xstate_bv = (header->xstate_bv & ~xfrm) | from->xstate_bv;
		memcpy(fpregs + EXTENDED_OFFSET, frame + EXTENDED_OFFSET, sim->xsave_size - EXTENDED_OFFSET);
	}
	return true;
}

static void save_registers(const greg_t *from, const struct switch_frame *outside, const struct signals_bases *bases,
			   struct sgx_gprsgx *to)
{
	*to = (struct sgx_gprsgx){
		.rax = (uint64_t)from[REG_RAX],
		.rcx = (uint64_t)from[REG_RCX],
		.rdx = (uint64_t)from[REG_RDX],
		.rbx = (uint64_t)from[REG_RBX],
		.rsp = (uint64_t)from[REG_RSP],
		.rbp = (uint64_t)from[REG_RBP],
		.rsi = (uint64_t)from[REG_RSI],
		.rdi = (uint64_t)from[REG_RDI],
		.r8 = (uint64_t)from[REG_R8],
		.r9 = (uint64_t)from[REG_R9],
		.r10 = (uint64_t)from[REG_R10],
		.r11 = (uint64_t)from[REG_R11],
		.r12 = (uint64_t)from[REG_R12],
		.r13 = (uint64_t)from[REG_R13],
		.r14 = (uint64_t)from[REG_R14],
		.r15 = (uint64_t)from[REG_R15],
		.rip = (uint64_t)from[REG_RIP],
		.rflags = (uint64_t)from[REG_EFL],
		.ursp = outside->rsp_at_entry,
		.urbp = outside->rbp_at_entry,
		.fs_base = bases->fs,
		.gs_base = bases->gs,
	};
}

static void load_registers(const struct sgx_gprsgx *from, greg_t *to)
{
	to[REG_RAX] = (greg_t)from->rax;
	to[REG_RCX] = (greg_t)from->rcx;
	to[REG_RDX] = (greg_t)from->rdx;
	to[REG_RBX] = (greg_t)from->rbx;
	to[REG_RSP] = (greg_t)from->rsp;
	to[REG_RBP] = (greg_t)from->rbp;
	to[REG_RSI] = (greg_t)from->rsi;
	to[REG_RDI] = (greg_t)from->rdi;
	to[REG_R8] = (greg_t)from->r8;
	to[REG_R9] = (greg_t)from->r9;
	to[REG_R10] = (greg_t)from->r10;
	to[REG_R11] = (greg_t)from->r11;
	to[REG_R12] = (greg_t)from->r12;
	to[REG_R13] = (greg_t)from->r13;
	to[REG_R14] = (greg_t)from->r14;
	to[REG_R15] = (greg_t)from->r15;
	to[REG_RIP] = (greg_t)from->rip;
	to[REG_EFL] = (greg_t)((from->rflags & flags_resumable) | ((uint64_t)to[REG_EFL] & ~flags_resumable));
}

/* RAX = ERESUME, RBX = TCS, RCX = AEP, the untrusted stack; the rest zero. */
static void load_synthetic(const struct sim *sim, greg_t *to)
{
	struct sgx_gprsgx synthetic = {
		.rax = ENCLU_ERESUME,
		.rbx = sim->current->address,
		.rcx = (uint64_t)switch_aep,
		.rsp = sim->frame.rsp_at_entry,
		.rbp = sim->frame.rbp_at_entry,
		.rip = (uint64_t)switch_aep,
		.rflags = (uint64_t)to[REG_EFL] & ~(flags_arithmetic | flag_rf),
	};

	load_registers(&synthetic, to);
}

static void fill_exception(const struct sim_exception *exception, struct sgx_gprsgx *registers)
{
	struct sgx_exinfo *info = (struct sgx_exinfo *)registers - 1;
	uint32_t type = exception->vector == VECTOR_BP ? TYPE_SOFTWARE : TYPE_HARDWARE;

	memset(info, 0, sizeof *info);
	if (!exception->valid || !is_reported(exception->vector))
		return;
	registers->exit_info = SGX_EXIT_VALID | type << 8 | exception->vector;
	if (exception->vector != VECTOR_PF && exception->vector != VECTOR_GP)
		return;
	info->maddr = exception->vector == VECTOR_PF ? exception->address : 0;
	info->errcd = exception->error_code;
}

void sim_aex(struct sim *sim, ucontext_t *context, struct signals_bases *bases, const struct sim_exception *exception)
{
	struct sim_thread *thread = sim->current;
	uint8_t *frame = ssa_frame(sim, thread->tcs.cssa), *fpregs = (uint8_t *)context->uc_mcontext.fpregs;
	struct sgx_gprsgx *registers = gprsgx_of(sim, frame);

	save_state(sim, fpregs, frame);
	save_registers(context->uc_mcontext.gregs, &sim->frame, bases, registers);
	fill_exception(exception, registers);
	thread->tcs.cssa++;
	thread->busy = false;
	load_synthetic(sim, context->uc_mcontext.gregs);
	clear_state(sim, fpregs);
	*bases = (struct signals_bases){switch_host_fs, switch_host_gs};
	sim->outcome = exception->valid ? SIM_EXCEPTION : SIM_INTERRUPTED;
	/* The operating system sees the page, not the address: SDM vol. 3D, 37.4.1. */
	sim->event = (struct enclave_event){.kind = ENCLAVE_EXCEPTION,
					    .vector = exception->vector,
					    .error_code = exception->error_code,
					    .address = exception->address & ~(uint64_t)(SGX_PAGE_SIZE - 1)};
}

static bool is_canonical(uint64_t address)
{
	return (uint64_t)((int64_t)(address << 16) >> 16) == address;
}

bool sim_eresume(struct sim *sim, ucontext_t *context, struct signals_bases *bases)
{
	struct sim_thread *thread = sim->current;
	uint8_t *frame = ssa_frame(sim, thread->tcs.cssa - 1), *fpregs = (uint8_t *)context->uc_mcontext.fpregs;
	const struct sgx_gprsgx registers = *gprsgx_of(sim, frame);

	if (registers.rip - sim->range.base >= sim->range.size || !is_canonical(registers.fs_base) ||
	    !is_canonical(registers.gs_base) || !load_state(sim, frame, fpregs))
		return false;
	load_registers(&registers, context->uc_mcontext.gregs);
	*bases = (struct signals_bases){registers.fs_base, registers.gs_base};
	thread->tcs.cssa--;
	thread->busy = true;
	return true;
}
