// SPDX-License-Identifier: GPL-2.0-or-later
// What an asynchronous exit saves and scrubs, and what ERESUME brings back: general registers, flags, x87, XMM, YMM.
#include "leaves.h"

enum {
	GPR = PAGE - 184,
	GPR_FLAGS = 128,
	GPR_RIP = 136,
	GPR_RSP = 144,
	GPR_RBP = 152,
	GPR_EXIT = 160,
	GPR_FS = 168,
	GPR_GS = 176,
	EXINFO = GPR - 16
};
enum {
	X87_FCW = 0,
	X87_FSW = 2,
	X87_FTW = 4,
	X87_FIP = 8,
	X87_FDP = 16,
	MXCSR = 24,
	ST = 32,
	XMM = 160,
	HEADER = 512,
	YMM = 576,
	XSAVE_END = 832
};

static uint8_t state[1024] __attribute__((aligned(64)));
static struct user back __attribute__((aligned(64)));

/* x87 with three values, TOP at 5, and another rounding; SSE with flags; all of XMM and YMM. */
static void make_state(void)
{
	static const uint16_t fcw = 0x0b7f, fsw = 5 << 11;
	static const uint32_t mxcsr = 0x3f95;

	fill(state, 0, sizeof(state));
	copy(state + X87_FCW, &fcw, 2);
	copy(state + X87_FSW, &fsw, 2);
	state[X87_FTW] = 0xe0; /* by register: 5, 6, 7 */
	copy(state + MXCSR, &mxcsr, 4);
	for (unsigned i = 0; i < 3; i++) {
		fill(state + ST + 16ull * i, (uint8_t)(0x91 + i), 8);
		state[ST + 16 * i + 7] |= 0x80;
		state[ST + 16 * i + 8] = (uint8_t)i;
		state[ST + 16 * i + 9] = 0x40;
	}
	for (unsigned i = 0; i < 16; i++) {
		fill(state + XMM + 16ull * i, (uint8_t)(0xa0 + i), 16);
		fill(state + YMM + 16ull * i, (uint8_t)(0xc0 + i), 16);
	}
	state[HEADER] = 7;
}

static void begin_state(const struct enclave *enclave, struct user *user, unsigned tcs, uint64_t turns)
{
	fill(&back, 0, sizeof(back));
	enclave_enter_prepare(enclave, user, tcs, COMMAND_STATE);
	user->rsi = (uint64_t)state;
	user->rdx = turns;
	user->r8 = (uint64_t)&back;
	/* What ring 3 has itself: nothing of it may be what the enclave finds afterwards, or be lost in the wrong
	 * place. */
	fill(user->xsave + YMM, 0x77, 256);
	user->xsave[HEADER] = 7;
}

static void check_scrubbed(const struct enclave *enclave, const struct user *user)
{
	const uint64_t *general = (const uint64_t *)user;

	check_equal("AEX: RAX is ERESUME", user->rax, ERESUME);
	check_equal("AEX: RBX is the TCS", user->rbx, linear_of(enclave, TCS0));
	check_equal("AEX: RCX is the AEP", user->rcx, (uint64_t)user_aep);
	check_equal("AEX: RIP is the AEP", user->rip, (uint64_t)user_aep);
	check_equal("AEX: RBP is outside's", user->rbp, 0xb0b0);
	check_true("AEX: RSP is outside's", user->rsp > 0x100000 && user->rsp < ENCLAVES);
	check_true("AEX: RDX, RSI and RDI are 0", general[2] == 0 && general[6] == 0 && general[7] == 0);
	check_true("AEX: R8 to R15 are 0", is_all(&user->r8, 0, 64));
	check_equal("AEX: the arithmetic flags are 0", user->rflags & 0x8d5, 0);
	check_true("AEX: FS and GS are outside's", user->fsbase == 0 && user->gsbase == 0);
	check_true("AEX: x87's registers are 0", is_all(user->xsave + ST, 0, 128));
	check_true("AEX: x87's control is as after FINIT", user->xsave[0] == 0x7f && user->xsave[1] == 3 &&
								   user->xsave[X87_FSW] == 0 &&
								   user->xsave[X87_FSW + 1] == 0);
	check_equal("AEX: x87's registers are empty", user->xsave[X87_FTW], 0);
	check_true("AEX: XMM0 to XMM15 are 0", is_all(user->xsave + XMM, 0, 256));
	check_true("AEX: the upper halves of YMM0 to YMM15 are 0", is_all(user->xsave + YMM, 0, 256));
	check_equal("AEX: MXCSR's flags aren't the enclave's", user->xsave[MXCSR] | user->xsave[MXCSR + 1] << 8,
		    0x1fb0);
}

static void check_saved(const struct enclave *enclave)
{
	static uint8_t frame[PAGE] __attribute__((aligned(64)));
	const uint64_t *general = (const uint64_t *)(frame + GPR);
	uint64_t flags = general[GPR_FLAGS / 8];

	for (uint64_t at = 0; at < PAGE; at += 8)
		*(uint64_t *)(frame + at) = debug_read(enclave, SSA0, at);
	flags = general[GPR_FLAGS / 8];
	check_equal("AEX: the frame has RIP", general[GPR_RIP / 8],
		    enclave->base + (uint64_t)(enclave_faults - enclave_code));
	check_true("AEX: the frame has RAX, RCX, RDX, RBX",
		   is_all(frame + GPR, 0x10, 8) && is_all(frame + GPR + 8, 0x11, 8) &&
			   is_all(frame + GPR + 16, 0x12, 8) && is_all(frame + GPR + 24, 0x13, 8));
	check_equal("AEX: the frame has RSP", general[4], linear_of(enclave, DATA) + 0x700);
	check_true("AEX: the frame has RBP, RSI, RDI", is_all(frame + GPR + 40, 0x15, 8) &&
							       is_all(frame + GPR + 48, 0x16, 8) &&
							       is_all(frame + GPR + 56, 0x17, 8));
	check_true("AEX: the frame has R8 to R15", is_all(frame + GPR + 64, 0x18, 8) &&
							   is_all(frame + GPR + 96, 0x1c, 8) &&
							   is_all(frame + GPR + 120, 0x1f, 8));
	check_equal("AEX: the frame has the flags", flags & 0x8d5, 0x8d5);
	check_true("AEX: the frame has RF after a fault", (flags & 0x10000) != 0);
	check_equal("AEX: the frame has outside's RBP", general[GPR_RBP / 8], 0xb0b0);
	check_equal("AEX: the frame has FSBASE", general[GPR_FS / 8], linear_of(enclave, DATA));
	check_equal("AEX: EXITINFO says a page fault by hardware", general[GPR_EXIT / 8], 0x80000000 | 3 << 8 | PF);
	check_equal("AEX: EXINFO says where", *(uint64_t *)(frame + EXINFO), linear_of(enclave, SPARE));
	check_equal("AEX: EXINFO says what", *(uint32_t *)(frame + EXINFO + 8) & 0x8007, 0x8007);
	check_true("AEX: the frame has XMM", same(frame + XMM, state + XMM, 256));
	check_true("AEX: the frame has YMM", same(frame + YMM, state + YMM, 256));
	check_true("AEX: the frame has x87's registers in the order of the stack", same(frame + ST, state + ST, 48));
	check_true("AEX: the frame has x87's control, status and tags", same(frame, state, 5));
	check_equal("AEX: the frame has where x87's last instruction was", *(uint64_t *)(frame + X87_FIP),
		    enclave->base + (uint64_t)(enclave_x87 - enclave_code));
	check_equal("AEX: the frame has where x87's last operand was", *(uint64_t *)(frame + X87_FDP),
		    linear_of(enclave, DATA) + 0xb00);
	check_true("AEX: the frame has MXCSR", same(frame + MXCSR, state + MXCSR, 4));
	check_equal("AEX: the frame's header is XFRM", *(uint64_t *)(frame + HEADER) & 7, 7);
}

static void check_back(const char *registers, const char *flags, const char *x87, const char *xmm, const char *ymm)
{
	const uint8_t *general = (const uint8_t *)&back;
	static const uint8_t values[16] = {0x10, 0x11, 0x12, 0x13, 0,	 0x15, 0x16, 0x17,
					   0x18, 0x19, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f};
	bool good = true;

	for (unsigned i = 0; i < 16; i++)
		good = good && (i == 4 || is_all(general + 8ull * i, values[i], 8));
	check_true(registers, good);
	check_equal(flags, ((const uint64_t *)general)[16] & 0x8d5, 0x8d5);
	check_true(x87, same(back.xsave, state, 5) && same(back.xsave + ST, state + ST, 48) &&
				same(back.xsave + MXCSR, state + MXCSR, 4));
	check_true(xmm, same(back.xsave + XMM, state + XMM, 256));
	check_true(ymm, same(back.xsave + YMM, state + YMM, 256));
}

static void resume(struct user *user, const struct enclave *enclave, unsigned tcs)
{
	user_init(user);
	/* What ring 3 has meanwhile is other than what the enclave had, and than nothing. */
	fill(user->xsave + XMM, 0x33, 256);
	fill(user->xsave + YMM, 0x44, 256);
	user->xsave[X87_FTW] = 0xff;
	user->xsave[HEADER] = 7;
	user->rax = ERESUME;
	user->rbx = linear_of(enclave, tcs);
	user->rip = (uint64_t)user_aep;
	user->rsp = 0x3000;
	user->rbp = 0x3333;
	user->r9 = 0x9999;
	user_run(user);
}

static void check_fault_and_resume(const struct enclave *enclave)
{
	struct user user;
	struct outcome found;
	struct secinfo secinfo = {.flags = PT_REG | R | W | PENDING};
	uint32_t x87[7]; /* as FNSTENV has it */

	make_state();
	begin_state(enclave, &user, TCS0, 0);
	user_run(&user);
	__asm__ volatile("fnstenv %0" : "=m"(x87));
	check_true("AEX: a page fault is the system's, without the place in the page",
		   user.vector == PF && user.cr2 == linear_of(enclave, SPARE));
	check_true("AEX: where x87's last instruction was, and its operand, is 0", is_all(&x87[3], 0, 16));
	check_scrubbed(enclave, &user);
	check_saved(enclave);
	found = enclave_aug(enclave, SPARE);
	check_done("EAUG: a page for the fault", &found);
	/* A handler of the enclave's accepts it, by the same TCS. */
	enclave_copy(enclave, linear_of(enclave, DATA) + 0x400, (uint64_t)&secinfo, sizeof(secinfo));
	user = (struct user){.rsi = EACCEPT, .r8 = linear_of(enclave, DATA) + 0x400, .r9 = linear_of(enclave, SPARE)};
	enclave_run(enclave, &user, TCS0, COMMAND_LEAF);
	check_true("EACCEPT: in a handler", user.vector == CALL && user.r12 == DONE);
	/* Outside's own last instruction of x87. */
	__asm__ volatile("fldz; fstps %0" : "=m"(x87[0]));
	resume(&user, enclave, TCS0);
	check_equal("ERESUME: the enclave goes on and exits", user.vector, CALL);
	check_back("ERESUME: the general registers are back", "ERESUME: the flags are back",
		   "ERESUME: x87 and MXCSR are back", "ERESUME: XMM is back", "ERESUME: YMM is back");
	check_equal("ERESUME: where x87's last instruction was is back", debug_read(enclave, DATA, 0xa08) >> 32,
		    enclave->base + (uint64_t)(enclave_x87 - enclave_code));
	check_equal("ERESUME: where x87's last operand was is back", debug_read(enclave, DATA, 0xa10) >> 32,
		    linear_of(enclave, DATA) + 0xb00);
	check_equal("ERESUME: RSP is back", back.rsp, linear_of(enclave, DATA) + 0x700);
	check_equal("ERESUME: the frame is free again", debug_read(enclave, TCS0, 24) & 0xffffffff, 0);
	check_equal("ERESUME: the instruction that faulted has run", debug_read(enclave, SPARE, 0), 0x1010101010101010);
	encls(EREMOVE, 0, page_of(enclave, SPARE), 0);
}

static void check_interrupts(const struct enclave *enclave)
{
	enum { TURNS = 3000000, MOST = 2000, ATTEMPTS = 50 };
	struct user user = {.vector = CALL};
	unsigned turns = 0, exits = 0, scrubbed = 0;

	/* On a busy host the enclave may come to its end before its timer's thread has had a turn. */
	for (unsigned attempt = 0; attempt < ATTEMPTS && exits <= 2 && user.vector == CALL; attempt++) {
		make_state();
		begin_state(enclave, &user, TCS0, TURNS);
		timer_start(500000);
		user_run(&user);
		for (; user.vector == TIMER && turns < MOST; turns++) {
			timer_start(500000);
			exits += user.rip == (uint64_t)user_aep;
			scrubbed += user.rip == (uint64_t)user_aep && is_all(user.xsave + XMM, 0, 256) &&
				    is_all(user.xsave + YMM, 0, 256) && is_all(&user.r8, 0, 64) &&
				    (user.rflags & 0x8d5) == 0;
			user_run(&user);
		}
	}
	uint64_t ended_by = user.vector;

	timer_stop();
	check_equal("interrupts: the enclave finishes", ended_by, CALL);
	check_true("interrupts: some came while it ran", exits > 2);
	check_equal("interrupts: each found the registers scrubbed", scrubbed, exits);
	check_back("interrupts: the general registers are back", "interrupts: the flags are back",
		   "interrupts: x87 and MXCSR are back", "interrupts: XMM is back", "interrupts: YMM is back");
}

/* An enclave whose XFRM has no AVX leaves outside's upper halves alone. */
static void check_without_avx(void)
{
	struct enclave enclave;
	struct user user;

	enclave_build(&enclave, 6, DEBUG | MODE64, 3, 1, GIVEN_PLAIN_XFRM3);
	enclave_enter_prepare(&enclave, &user, TCS0, COMMAND_LOOK);
	user_run(&user);
	check_true("EENTER: XCR0 is an XFRM without AVX", user.vector == CALL && user.r13 == 3);
	enclave_enter_prepare(&enclave, &user, TCS0, COMMAND_JUMP);
	user.rsi = enclave.base + (uint64_t)(enclave_others - enclave_code) + 6 * 16;
	fill(user.xsave + YMM, 0x77, 256);
	user.xsave[HEADER] = 7;
	user_run(&user);
	check_equal("AVX is #UD in an enclave whose XFRM hasn't it", user.vector, UD);
	check_true("AEX: without AVX in XFRM outside's upper halves stay", is_all(user.xsave + YMM, 0x77, 256));
	enclave_remove(&enclave);
}

static void check_spoiled_frame(const struct enclave *enclave)
{
	static const struct {
		const char *name;
		uint64_t offset, value;
	} table[] = {
		{"ERESUME: a frame whose header has more than XFRM", HEADER, 0x207},
		{"ERESUME: a frame with a reserved word in its header", HEADER + 16, 1},
		{"ERESUME: a frame with reserved bits of MXCSR", MXCSR, 0xffffffff00101f80},
		{"ERESUME: a frame whose RIP isn't canonical", GPR + GPR_RIP, 1ull << 60},
		{"ERESUME: a frame whose FSBASE isn't canonical", GPR + GPR_FS, 1ull << 60},
		{"ERESUME: a frame whose GSBASE isn't canonical", GPR + GPR_GS, 1ull << 60},
	};
	struct user user;
	uint64_t was;

	begin_state(enclave, &user, TCS0, 0);
	user_run(&user);
	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		was = debug_read(enclave, SSA0, table[i].offset);
		encls(EDBGWR, table[i].value, page_of(enclave, SSA0) + table[i].offset, 0);
		resume(&user, enclave, TCS0);
		/* By the instruction, not after it, which scrubs. */
		check_true(table[i].name, user.vector == GP && user.r9 == 0x9999);
		encls(EDBGWR, was, page_of(enclave, SSA0) + table[i].offset, 0);
	}
	check_equal("ERESUME: what it refused left the frame", debug_read(enclave, TCS0, 24) & 0xffffffff, 1);
	resume(&user, enclave, TCS0);
	check_true("ERESUME: and it faults again", user.vector == PF && user.cr2 == linear_of(enclave, SPARE));
	for (uint64_t at = HEADER + 24; at < YMM; at += 8)
		encls(EDBGWR, ~0ull, page_of(enclave, SSA0) + at, 0);
	resume(&user, enclave, TCS0);
	check_true("ERESUME: of the header's last 40 bytes nobody asks",
		   user.vector == PF && user.cr2 == linear_of(enclave, SPARE) && user.r9 == 0);
}

static void resume_plainly(struct user *user, uint64_t tcs)
{
	user_init(user);
	user->rax = ERESUME;
	user->rbx = tcs;
	user->rip = (uint64_t)user_aep;
	user->r9 = 0x9999;
	user_run(user);
}

/* There is a frame, and it's good. */
static void check_refused_resumes(const struct enclave *enclave)
{
	uint64_t elsewhere = linear_of(enclave, SPARE + 1);
	struct user user;

	__asm__ volatile("xsetbv" ::"a"(3), "d"(0), "c"(0));
	resume_plainly(&user, linear_of(enclave, TCS0));
	__asm__ volatile("xsetbv" ::"a"(7), "d"(0), "c"(0));
	check_true("ERESUME: XFRM has more than XCR0", user.vector == GP && user.r9 == 0x9999);
	map(elsewhere, page_of(enclave, TCS0), PTE_P | PTE_W | PTE_U);
	resume_plainly(&user, elsewhere);
	check_true("ERESUME: a TCS at another address",
		   user.vector == PF && user.cr2 == elsewhere && (user.error & 0x8000) != 0 && user.r9 == 0x9999);
	map(elsewhere, page_of(enclave, SPARE + 1), PTE_P | PTE_W | PTE_U);
	resume_plainly(&user, linear_of(enclave, TCS0) + 8);
	check_true("ERESUME: a TCS that isn't aligned", user.vector == GP && user.r9 == 0x9999);
	map(linear_of(enclave, SSA0), 0, 0);
	resume_plainly(&user, linear_of(enclave, TCS0));
	check_true("ERESUME: a frame that isn't mapped is an ordinary page fault",
		   user.vector == PF && (user.cr2 & ~4095ull) == linear_of(enclave, SSA0) &&
			   (user.error & 0x8001) == 0 && user.r9 == 0x9999);
	map(linear_of(enclave, SSA0), page_of(enclave, SSA0), PTE_P | PTE_W | PTE_U);
	resume_plainly(&user, linear_of(enclave, TCS0));
	check_true("ERESUME: without any of that", user.vector == PF && user.r9 == 0);
	encls(EBLOCK, 0, page_of(enclave, TCS0), 0);
	resume_plainly(&user, linear_of(enclave, TCS0));
	check_true("ERESUME: a TCS that is blocked", user.vector == PF && user.cr2 == linear_of(enclave, TCS0) &&
							     (user.error & 0x8000) != 0 && user.r9 == 0x9999);
}

void checks_state(void)
{
	struct enclave enclave;

	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_fault_and_resume(&enclave);
	check_interrupts(&enclave);
	check_spoiled_frame(&enclave);
	check_refused_resumes(&enclave);
	enclave_remove(&enclave);
	check_without_avx();
}
