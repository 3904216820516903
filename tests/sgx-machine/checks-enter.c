// SPDX-License-Identifier: GPL-2.0-or-later
// EENTER, ERESUME, EEXIT; what an enclave may touch, and what of it others see.
#include "leaves.h"

/* Enter by this TCS with this AEP, nothing but the entry. */
static void enter(const struct enclave *enclave, struct user *user, uint64_t tcs, uint64_t aep)
{
	enclave_enter_prepare(enclave, user, TCS0, COMMAND_LOOK);
	user->rbx = tcs;
	user->rcx = aep;
	user_run(user);
}

static bool is_frame_refused(const struct user *user, uint64_t frame)
{
	return user->vector == PF && (user->cr2 & ~4095ull) == frame && (user->error & 0x8000) != 0;
}

static void check_refused_entries(const struct enclave *enclave)
{
	uint64_t tcs = linear_of(enclave, TCS0);
	struct user user;

	enter(enclave, &user, tcs + 8, 0);
	check_equal("EENTER: a TCS that isn't aligned", user.vector, GP);
	enter(enclave, &user, tcs, 1ull << 60);
	check_equal("EENTER: an AEP that isn't canonical", user.vector, GP);
	enter(enclave, &user, (uint64_t)page_source, 0);
	check_true("EENTER: a TCS that isn't in the EPC",
		   user.vector == PF && user.cr2 == (uint64_t)page_source && (user.error & 0x8000) != 0);
	enter(enclave, &user, linear_of(enclave, DATA), 0);
	check_true("EENTER: a TCS that is a regular page",
		   user.vector == PF && user.cr2 == linear_of(enclave, DATA) && (user.error & 0x8000) != 0);
	map(linear_of(enclave, SPARE), page_of(enclave, TCS0), PTE_P | PTE_W | PTE_U);
	enter(enclave, &user, linear_of(enclave, SPARE), 0);
	check_true("EENTER: a TCS at another address",
		   user.vector == PF && user.cr2 == linear_of(enclave, SPARE) && (user.error & 0x8000) != 0);
	map(linear_of(enclave, SPARE), page_of(enclave, SPARE), PTE_P | PTE_W | PTE_U);
	encls(EBLOCK, 0, page_of(enclave, TCS1), 0);
	enter(enclave, &user, linear_of(enclave, TCS1), 0);
	check_true("EENTER: a TCS that is blocked",
		   user.vector == PF && user.cr2 == linear_of(enclave, TCS1) && (user.error & 0x8000) != 0);
	encls(EBLOCK, 0, page_of(enclave, SSA0), 0);
	enter(enclave, &user, tcs, 0);
	check_true("EENTER: a frame that is blocked", user.vector == PF &&
							      (user.cr2 & ~4095ull) == linear_of(enclave, SSA0) &&
							      (user.error & 0x8000) != 0);
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user.rax = ERESUME;
	user_run(&user);
	check_equal("ERESUME: without a frame to resume", user.vector, GP);
}

/* TCS1's frame, which is one page. Of the refusals those that nothing can be done about come last. */
static void check_refused_frames(const struct enclave *enclave, const struct enclave *second)
{
	uint64_t tcs = linear_of(enclave, TCS1), frame = linear_of(enclave, SSA1);
	struct secinfo less = {.flags = PT_REG | R};
	struct user user;

	map(frame, 0, 0);
	enter(enclave, &user, tcs, 0);
	check_true("EENTER: a frame that isn't mapped is an ordinary page fault",
		   user.vector == PF && (user.cr2 & ~4095ull) == frame && (user.error & 0x8001) == 0);
	map(frame, (uint64_t)page_source, PTE_P | PTE_W | PTE_U);
	enter(enclave, &user, tcs, 0);
	check_true("EENTER: a frame that isn't in the EPC", is_frame_refused(&user, frame));
	map(frame, page_of(second, SSA1), PTE_P | PTE_W | PTE_U);
	enter(enclave, &user, tcs, 0);
	check_true("EENTER: a frame of another enclave", is_frame_refused(&user, frame));
	map(frame, page_of(enclave, SSA1), PTE_P | PTE_W | PTE_U);
	enter(enclave, &user, tcs, 0);
	check_equal("EENTER: a frame as it should be", user.vector, CALL);
	encls(EMODPR, (uint64_t)&less, page_of(enclave, SSA1), 0);
	enter(enclave, &user, tcs, 0);
	check_true("EENTER: a frame that can't be written", is_frame_refused(&user, frame));
	encls(EREMOVE, 0, page_of(enclave, SSA1), 0);
	enclave_aug(enclave, SSA1);
	enter(enclave, &user, tcs, 0);
	check_true("EENTER: a frame that wasn't accepted", is_frame_refused(&user, frame));
}

/* An entry that is right, but for the processor's state, or a prefix. */
static void check_refused_enclu(const struct enclave *enclave)
{
	static const char *const prefixes[] = {"ENCLU: #UD with prefix 66", "ENCLU: #UD with prefix F2",
					       "ENCLU: #UD with prefix F3", "ENCLU: #UD with LOCK"};
	uint64_t cr4;
	struct user user;

	for (unsigned i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
		user.rip = (uint64_t)user_prefixed + 16ull * i;
		user_run(&user);
		check_equal(prefixes[i], user.vector, UD);
	}
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user.cr0 = CR0_USUAL | CR0_TS;
	user_run(&user);
	check_equal("ENCLU: #NM with CR0.TS", user.vector, NM);
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user.cr0 = CR0_USUAL & ~(uint64_t)CR0_NE;
	user_run(&user);
	check_equal("ENCLU: #GP without CR0.NE", user.vector, GP);
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user.rip = (uint64_t)user_compat;
	user_run(&user);
	check_equal("EENTER: from 32-bit code into a 64-bit enclave", user.vector, GP);
	__asm__ volatile("mov %%cr4, %0" : "=r"(cr4));
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4 & ~(uint64_t)CR4_OSFXSR));
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user_run(&user);
	__asm__ volatile("mov %0, %%cr4" ::"r"(cr4));
	check_equal("EENTER: without CR4.OSFXSR", user.vector, GP);
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user_run(&user);
	check_equal("EENTER: without any of that", user.vector, CALL);
}

static void check_exit(const struct enclave *enclave)
{
	struct user user = {.rsi = EEXIT, .r8 = 1ull << 60};

	enclave_run(enclave, &user, TCS0, COMMAND_LEAF);
	check_true("EEXIT: to an address that isn't canonical is a fault inside",
		   user.vector == GP && user.rip == (uint64_t)user_aep);
	enclave_unwind(enclave);
}

static void check_not_initialized(void)
{
	struct enclave enclave;
	struct user user;

	enclave_load(&enclave, 5, DEBUG | MODE64, 7, 1);
	enter(&enclave, &user, linear_of(&enclave, TCS0), 0);
	check_equal("EENTER: before EINIT", user.vector, GP);
	enclave_remove(&enclave);
}

static void check_xcr0(const struct enclave *enclave)
{
	struct user user;

	__asm__ volatile("xsetbv" ::"a"(3), "d"(0), "c"(0));
	enter(enclave, &user, linear_of(enclave, TCS0), 0);
	__asm__ volatile("xsetbv" ::"a"(7), "d"(0), "c"(0));
	check_equal("EENTER: XFRM has more than XCR0", user.vector, GP);
}

static void check_what_entry_brings(const struct enclave *enclave)
{
	struct user user;

	enter(enclave, &user, linear_of(enclave, TCS0), (uint64_t)user_aep);
	check_equal("EENTER and EEXIT", user.vector, CALL);
	check_equal("EENTER: RAX is CSSA", user.r12, 0);
	check_equal("EENTER: RCX is what follows", user.r15, (uint64_t)user_enclu_after);
	check_equal("EENTER: XCR0 is XFRM inside", user.r13, enclave->secs.xfrm);
	check_equal("EENTER: FS is the TCS's", user.r14, linear_of(enclave, DATA));
	check_equal("EENTER: GS is the TCS's", user.r11, linear_of(enclave, READ_ONLY));
	check_equal("EEXIT: RCX is the AEP", user.rcx, (uint64_t)user_aep);
	check_true("EEXIT: FS and GS are what they were", user.fsbase == 0 && user.gsbase == 0);
	check_equal("EENTER: RSP stays outside's", user.rbp, 0xb0b0);
	check_equal("EENTER: writes the AEP to the TCS", debug_read(enclave, TCS0, 40), (uint64_t)user_aep);
	check_equal("EENTER: writes URBP to the frame", debug_read(enclave, SSA0, PAGE - 184 + 152), 0xb0b0);
}

/* The enclave copies SIZE bytes; what stopped it. */
static void try_copy(const struct enclave *enclave, struct user *user, uint64_t to, uint64_t from, uint64_t size)
{
	*user = (struct user){.rsi = from, .rdx = to, .r8 = size};
	enclave_run(enclave, user, TCS0, COMMAND_COPY);
}

static bool is_sgx_fault(const struct user *user, uint64_t address, uint64_t error)
{
	return user->vector == PF && user->cr2 == (address & ~4095ull) && user->error == (0x8005 | error);
}

static void check_own_pages(const struct enclave *enclave)
{
	uint64_t data = linear_of(enclave, DATA), read_only = linear_of(enclave, READ_ONLY);
	static uint64_t outside[2];
	struct user user;

	try_copy(enclave, &user, (uint64_t)outside, read_only, 16);
	check_true("an enclave reads its pages and writes outside",
		   user.vector == CALL && outside[1] == 0x5a5a5a5a5a5a5a5a);
	try_copy(enclave, &user, read_only + 0x123, data, 8);
	check_true("an enclave can't write a page that can be read only", is_sgx_fault(&user, read_only, 2));
	check_true("where in the page a fault was is kept from the system", (user.cr2 & 4095) == 0);
	enclave_unwind(enclave);
	try_copy(enclave, &user, data, linear_of(enclave, TCS1), 8);
	check_true("an enclave can't read a TCS", is_sgx_fault(&user, linear_of(enclave, TCS1), 0));
	enclave_unwind(enclave);
	enclave_jump(enclave, &user, data);
	check_true("an enclave can't execute a page that can't be executed", is_sgx_fault(&user, data, 0x10));
	enclave_unwind(enclave);
	enclave_jump(enclave, &user, (uint64_t)user_call);
	check_equal("an enclave can't execute what is outside", user.vector, GP);
	enclave_unwind(enclave);
	map(ENCLAVES + 511ull * PAGE, 0, 0);
	enclave_jump(enclave, &user, ENCLAVES + 511ull * PAGE);
	check_equal("an enclave can't execute what is outside, and it's so whatever the page tables say", user.vector,
		    GP);
	enclave_unwind(enclave);
}

static void check_mapped_elsewhere(const struct enclave *enclave, const struct enclave *second)
{
	uint64_t data = linear_of(enclave, DATA), spare = linear_of(enclave, SPARE + 2);
	struct user user;

	map(spare, page_of(enclave, READ_ONLY), PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, data, spare, 8);
	check_true("a page of the enclave at another address", is_sgx_fault(&user, spare, 0));
	enclave_unwind(enclave);
	map(spare, page_of(second, READ_ONLY), PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, data, spare, 8);
	check_true("another enclave's page", is_sgx_fault(&user, spare, 0));
	enclave_unwind(enclave);
	map(linear_of(enclave, READ_ONLY), page_of(second, READ_ONLY), PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, data, linear_of(enclave, READ_ONLY), 8);
	check_true("another enclave's page in place of an own one",
		   is_sgx_fault(&user, linear_of(enclave, READ_ONLY), 0));
	enclave_unwind(enclave);
	map(linear_of(enclave, READ_ONLY), page_of(enclave, READ_ONLY), PTE_P | PTE_W | PTE_U);
	map(spare, (uint64_t)page_source, PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, data, spare, 8);
	check_true("ordinary memory at an address of the enclave's", is_sgx_fault(&user, spare, 0));
	enclave_unwind(enclave);
	map(spare, epc(FREE), PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, data, spare, 8);
	check_true("a free page at an address of the enclave's", is_sgx_fault(&user, spare, 0));
	enclave_unwind(enclave);
	map(spare, page_of(enclave, SPARE + 2), PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, data, linear_of(second, READ_ONLY), 8);
	check_true("another enclave's page at its address is the abort page",
		   user.vector == CALL && debug_read(enclave, DATA, 0) == ~0ull);
	map(linear_of(enclave, READ_ONLY), page_of(enclave, READ_ONLY), PTE_P | PTE_W);
	try_copy(enclave, &user, data, linear_of(enclave, READ_ONLY), 8);
	check_true("what the page tables don't allow comes first", user.vector == PF && (user.error & 0x8000) == 0);
	enclave_unwind(enclave);
	map(linear_of(enclave, READ_ONLY), page_of(enclave, READ_ONLY), PTE_P | PTE_W | PTE_U);
}

/* An enclave at the same addresses: only whose page it is differs. */
static void check_twin(const struct enclave *enclave)
{
	struct enclave twin;
	struct user user;

	enclave_describe(&twin, 9, DEBUG | MODE64, 7, 1);
	twin.base = twin.secs.base = enclave->base;
	enclave_create(&twin);
	enclave_add(&twin, READ_ONLY, PT_REG | R, page_source);
	map(linear_of(enclave, READ_ONLY), page_of(&twin, READ_ONLY), PTE_P | PTE_W | PTE_U);
	try_copy(enclave, &user, linear_of(enclave, DATA), linear_of(enclave, READ_ONLY), 8);
	check_true("another enclave's page of the same address", is_sgx_fault(&user, linear_of(enclave, READ_ONLY), 0));
	enclave_unwind(enclave);
	map(linear_of(enclave, READ_ONLY), page_of(enclave, READ_ONLY), PTE_P | PTE_W | PTE_U);
	enclave_remove(&twin);
}

static void check_blocked_access(const struct enclave *enclave)
{
	struct user user;

	encls(EBLOCK, 0, page_of(enclave, READ_ONLY), 0);
	try_copy(enclave, &user, linear_of(enclave, DATA), linear_of(enclave, READ_ONLY), 8);
	check_true("a page that is blocked", is_sgx_fault(&user, linear_of(enclave, READ_ONLY), 0));
	enclave_unwind(enclave);
}

static void load_outside(struct user *user, uint64_t address)
{
	user_init(user);
	user->rip = (uint64_t)user_load;
	user->rsi = address;
	user_run(user);
}

static void check_tlb(const struct enclave *enclave)
{
	uint64_t read_only = linear_of(enclave, READ_ONLY);
	struct user user;

	load_outside(&user, read_only);
	check_equal("ring 3 finds the abort page in the EPC", user.r14, ~0ull);
	/* The same instruction stream looks first from outside, then enters. */
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_COPY);
	user.rip = (uint64_t)user_load_then_enclu;
	user.rsi = read_only;
	user.rdx = linear_of(enclave, DATA);
	user.r8 = 8;
	user_run(&user);
	check_true("EENTER: what was seen from outside isn't seen inside",
		   user.vector == CALL && debug_read(enclave, DATA, 0) == 0x5a5a5a5a5a5a5a5a);
	try_copy(enclave, &user, linear_of(enclave, DATA), read_only, 8);
	load_outside(&user, read_only);
	check_equal("EEXIT: what was seen inside isn't seen outside", user.r14, ~0ull);
	try_copy(enclave, &user, read_only, read_only, 8);
	load_outside(&user, read_only);
	check_equal("an asynchronous exit: what was seen inside isn't seen outside", user.r14, ~0ull);
	enclave_unwind(enclave);
	load_outside(&user, (uint64_t)enclave_code);
	check_equal("ring 3 goes on as it was", user.vector, CALL);
}

/* EENTER again while a frame is there, until there's no room. */
static void check_nesting(const struct enclave *enclave)
{
	struct user user, second;

	try_copy(enclave, &user, linear_of(enclave, READ_ONLY), linear_of(enclave, DATA), 8);
	enter(enclave, &second, linear_of(enclave, TCS0), (uint64_t)user_aep);
	check_true("EENTER: after an asynchronous exit RAX is 1", second.vector == CALL && second.r12 == 1);
	check_equal("an asynchronous exit counts CSSA up", debug_read(enclave, TCS0, 24) & 0xffffffff, 1);
	enclave_run(enclave, &user, TCS0, COMMAND_JUMP);
	check_equal("a fault in a handler", user.vector, GP);
	enter(enclave, &second, linear_of(enclave, TCS0), (uint64_t)user_aep);
	check_equal("EENTER: without a free frame", second.vector, GP);
	/* Frame 1 jumped to 0: it's resumed there and faults again; that's what it is. */
	enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
	user.rax = ERESUME;
	user_run(&user);
	check_true("ERESUME: goes on where it was", user.vector == GP && user.rip == (uint64_t)user_aep);
	check_equal("ERESUME and a fault: CSSA is as before", debug_read(enclave, TCS0, 24) & 0xffffffff, 2);
}

void checks_enter(void)
{
	struct enclave enclave, second;

	check_not_initialized();
	enclave_build(&second, 1, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_what_entry_brings(&enclave);
	check_xcr0(&enclave);
	check_refused_enclu(&enclave);
	check_exit(&enclave);
	check_own_pages(&enclave);
	check_mapped_elsewhere(&enclave, &second);
	check_twin(&enclave);
	check_tlb(&enclave);
	check_blocked_access(&enclave);
	check_nesting(&enclave);
	enclave_remove(&enclave);
	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_refused_frames(&enclave, &second);
	check_refused_entries(&enclave);
	enclave_remove(&enclave);
	enclave_remove(&second);
}
