// SPDX-License-Identifier: GPL-2.0-or-later
// Leaves with whatever operands, by both processors at once, and inside; and a reset with an enclave that runs.
#include "leaves.h"

enum { CALLS = 20000, CALLS_INSIDE = 2000 };
#define SEED_USUAL 0x9e3779b97f4a7c15
/* Of the ROM's (test_sgx_machine.py), so that a run with another one can be had again. */
#define SEED (GIVEN[0].seed != 0 ? GIVEN[0].seed : SEED_USUAL)
static struct enclave victim;
static volatile uint64_t calls_done[2], calls_good[2];

static uint64_t next(uint64_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 7;
	*seed ^= *seed << 17;
	return *seed;
}

/* An address: of the EPC, of ordinary memory, of nothing; now and then not aligned. */
static uint64_t any_address(uint64_t *seed)
{
	uint64_t kind = next(seed) % 16, slip = next(seed) % 16 == 0 ? next(seed) % PAGE : 0;

	if (kind < 9)
		return epc(next(seed) % 40) + slip;
	if (kind < 11)
		return epc(VA) + next(seed) % 512 * 8;
	if (kind < 13)
		return (uint64_t)page_source + slip;
	if (kind < 15)
		return linear_of(&victim, (unsigned)(next(seed) % 32)) + slip;
	return next(seed);
}

static void any_call(uint64_t *seed, unsigned who)
{
	static struct {
		struct pageinfo pageinfo;
		uint8_t secinfo[128];
	} operands[2] __attribute__((aligned(128)));
	static uint8_t evicted[2][PAGE] __attribute__((aligned(4096)));
	static const uint64_t types[] = {PT_SECS, PT_TCS, PT_REG, PT_REG, PT_TRIM, PT_VA};
	struct pageinfo *pageinfo = &operands[who].pageinfo;
	uint64_t leaf = next(seed) % (ENCLS_LEAVES + 1), rbx = (uint64_t)pageinfo;
	struct outcome found;

	*(uint64_t *)operands[who].secinfo = types[next(seed) % 6] | next(seed) % (next(seed) % 8 == 0 ? 256 : 8);
	*pageinfo = (struct pageinfo){linear_of(&victim, (unsigned)(next(seed) % 20)), (uint64_t)evicted[who],
				      (uint64_t)operands[who].secinfo, secs_of(&victim)};
	if (leaf == ECREATE || leaf == EWB)
		pageinfo->linaddr = pageinfo->secs = 0;
	if (leaf == EAUG)
		pageinfo->srcpge = 0;
	if (leaf == EEXTEND)
		rbx = secs_of(&victim);
	if (leaf == EMODPR || leaf == EMODT)
		rbx = (uint64_t)operands[who].secinfo;
	if (leaf == EPA)
		rbx = 3;
	if (leaf == EINIT)
		rbx = (uint64_t)GIVEN[GIVEN_DEBUG].sigstruct;
	if (next(seed) % 16 == 0)
		((uint64_t *)pageinfo)[next(seed) % 4] = any_address(seed);
	/* Nothing may be written over this program: EWB's outputs are the only ones, and go where pageinfo says. */
	if (leaf == EWB)
		pageinfo->srcpge = (uint64_t)evicted[who], pageinfo->secinfo = (uint64_t)operands[who].secinfo;
	found = encls(leaf, rbx, any_address(seed),
		      leaf == EINIT ? (uint64_t)GIVEN[GIVEN_DEBUG].token : any_address(seed));
	calls_done[who]++;
	calls_good[who] += found.vector == VECTOR_NONE;
}

static void any_calls(unsigned who)
{
	uint64_t seed = SEED * (who + 1);

	for (unsigned i = 0; i < CALLS; i++)
		any_call(&seed, who);
}

static void any_calls_there(void)
{
	any_calls(1);
}

/* ---- ENCLU */

static volatile uint8_t spinning, may_stop;
static struct user spinner;

/* For ring 3, outside or inside: an address of the enclave's (not its code, which EREPORT may write to), or any. */
static uint64_t user_address(uint64_t *seed)
{
	static const uint64_t slips[] = {0, 0, 0x200, 0x400, 0x600, 0x800, 0xa00, 8};
	uint64_t slip = slips[next(seed) % 8];

	if (next(seed) % 8 != 0)
		return linear_of(&victim, (unsigned)(next(seed) % 2 != 0 ? DATA : DATA + next(seed) % 10)) + slip;
	return any_address(seed);
}

/* EENTER, ERESUME and the leaves that there aren't or that are for inside. */
static uint64_t any_enclu_outside(uint64_t *seed)
{
	struct user user;

	enclave_enter_prepare(&victim, &user, TCS0, COMMAND_LOOK);
	if (next(seed) % 4 != 0)
		user.rax = next(seed) % (ENCLU_LEAVES + 1);
	if (next(seed) % 2 != 0)
		user.rbx = user_address(seed);
	if (next(seed) % 4 == 0)
		user.rcx = next(seed);
	user_run(&user);
	return user.vector;
}

/* All but EEXIT, which goes wherever it's told to. */
static uint64_t any_enclu_inside(uint64_t *seed)
{
	static const uint8_t leaves[] = {EREPORT, EGETKEY,     EGETKEY, EENTER, ERESUME,      EACCEPT,
					 EMODPE,  EACCEPTCOPY, EACCEPT, EMODPE, ENCLU_LEAVES, EREPORT};
	uint64_t leaf = leaves[next(seed) % sizeof(leaves)], data = linear_of(&victim, DATA);
	static const uint64_t flags[] = {PT_REG | R | W | PENDING, PT_REG | R | W, PT_REG | R | W | X, PT_REG | R};
	static struct secinfo secinfo;
	uint64_t rbx = data + 0x400;
	struct outcome found;

	/* At DATA + 0x400: a SECINFO, or a request for a key; zeros are a TARGETINFO. */
	secinfo.flags = flags[next(seed) % 4] ^ (next(seed) % 4 == 0 ? next(seed) % 1024 : 0);
	if (leaf == EGETKEY)
		secinfo.flags = next(seed) % 6;
	enclave_copy(&victim, data + 0x400, (uint64_t)&secinfo, sizeof(secinfo));
	if (leaf == EREPORT || next(seed) % 4 == 0)
		rbx = user_address(seed);
	found = enclave_enclu(&victim, leaf, rbx, user_address(seed), user_address(seed));
	return found.vector == VECTOR_NONE ? CALL : (uint64_t)found.vector;
}

static void spin_inside(void)
{
	spinning = may_stop = 0;
	enclave_enter_prepare(&victim, &spinner, TCS1, COMMAND_SPIN);
	spinner.rsi = (uint64_t)&spinning;
	spinner.rdx = (uint64_t)&may_stop;
	other_begin(&spinner);
	while (spinning == 0)
		pause_for(1);
}

/* While the other processor is inside: ENCLU, then ENCLS, on its enclave. */
static void check_any_inside(void)
{
	uint64_t seed = SEED, good = 0, bad = 0;

	enclave_build(&victim, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	enclave_aug(&victim, ADDED);
	enclave_aug(&victim, ADDED + 1);
	spin_inside();
	for (unsigned i = 0; i < CALLS_INSIDE; i++) {
		uint64_t vector = next(&seed) % 4 == 0 ? any_enclu_outside(&seed) : any_enclu_inside(&seed);

		good += vector == CALL;
		bad += vector != CALL && vector != GP && vector != PF;
	}
	check_equal("ENCLU with whatever operands: nothing but #GP, #PF and codes comes of it", bad, 0);
	check_true("ENCLU with whatever operands: some did something, and some didn't",
		   good > CALLS_INSIDE / 50 && good < CALLS_INSIDE / 50 * 49);
	for (unsigned i = 0; i < CALLS_INSIDE; i++)
		any_call(&seed, 0);
	check_true("leaves with whatever operands: who is inside stays there, or is out by a page fault",
		   !other_is_done() || spinner.vector == PF);
	may_stop = 1;
	other_wait();
	check_true("leaves with whatever operands: and comes to its end",
		   spinner.vector == CALL || spinner.vector == PF);
	epc_clean();
}

void checks_bad_input(void)
{
	struct outcome found;
	bool clean = true;

	print("seed ");
	print_number(SEED);
	print("\n");
	check_any_inside();
	calls_done[0] = calls_good[0] = 0;
	enclave_build(&victim, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	encls(EPA, PT_VA >> 8, epc(VA), 0);
	other_call(any_calls_there);
	any_calls(0);
	other_wait();
	check_equal("leaves with whatever operands, by two processors at once", calls_done[0] + calls_done[1],
		    2ull * CALLS);
	check_true("leaves with whatever operands: some of them did something",
		   calls_good[0] > CALLS / 50 && calls_good[1] > CALLS / 50);
	epc_clean();
	for (uint64_t page = 0; page < epc_pages; page++) {
		found = encls(EBLOCK, 0, epc(page), 0);
		clean = clean && found.vector == VECTOR_NONE && found.rax == PG_INVLD;
	}
	check_true("leaves with whatever operands: all pages can be removed then", clean);
}

/* A word that a reset leaves, unlike a machine's start. */
#define BOOTED ((volatile uint64_t *)0x7000)
#define BOOTED_BEFORE 0x7365636f6e64
#define BOOTED_TWICE 0x7468697264

static void reset(uint64_t next)
{
	*BOOTED = next;
	__asm__ volatile("outb %0, %1" ::"a"((uint8_t)6), "Nd"((uint16_t)0xcf9));
	for (;;)
		pause_for(1);
}

/* Firmware that locks without switching on: until the next reset. */
static void locked_without_sgx(void)
{
	struct outcome found;
	struct user user;

	wrmsr(0x3a, 1);
	found = encls(EREMOVE, 0, epc(0), 0);
	check_fault("ENCLS is #GP where firmware locked SGX out", &found, GP);
	found = enclu_by_kernel(CR0_USUAL);
	check_fault("ENCLU is #UD in ring 0 where firmware locked SGX out", &found, UD);
	user_init(&user);
	user_run(&user);
	check_equal("ENCLU is #GP where firmware locked SGX out", user.vector, GP);
	user_init(&user);
	user.cr0 = CR0_USUAL | CR0_TS;
	user_run(&user);
	check_equal("ENCLU is #NM with CR0.TS where firmware locked SGX out, too", user.vector, NM);
}

static void reset_with_a_live_enclave(void)
{
	static volatile uint8_t entered, may_go;
	static struct user there;
	struct enclave enclave;

	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	enclave_enter_prepare(&enclave, &there, TCS1, COMMAND_SPIN);
	there.rsi = (uint64_t)&entered;
	there.rdx = (uint64_t)&may_go;
	other_begin(&there);
	while (entered == 0)
		pause_for(1);
	check_true("reset: an enclave runs", !other_is_done());
	reset(BOOTED_BEFORE);
}

static void after_reset(void)
{
	enum { FEATURE_CONTROL = 0x3a, ON = 1 | 1 << 17 | 1 << 18 };
	struct enclave enclave;
	struct outcome found;
	bool clean = true;

	check_equal("reset: IA32_FEATURE_CONTROL is what it is at power-on", rdmsr(FEATURE_CONTROL), 0);
	wrmsr(FEATURE_CONTROL, ON);
	for (uint64_t page = 0; page < epc_pages; page++) {
		found = encls(EBLOCK, 0, epc(page), 0);
		clean = clean && found.vector == VECTOR_NONE && found.rax == PG_INVLD;
	}
	check_true("reset: no page of the EPC is anybody's", clean);
	found = enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_code("reset: an enclave can be built again", &found, DONE);
	other_start();
	check_true("reset: the other processor starts again", true);
}

void checks_run(void);
void checks_run(void)
{
	if (*BOOTED == BOOTED_BEFORE) {
		after_reset();
		reset(BOOTED_TWICE);
	}
	if (*BOOTED == BOOTED_TWICE) {
		locked_without_sgx();
		return;
	}
	checks_enabling();
	checks_build();
	checks_init();
	checks_paging();
	checks_dynamic();
	checks_enter();
	checks_state();
	checks_illegal();
	checks_debug();
	checks_keys();
	checks_two();
	checks_bad_input();
	reset_with_a_live_enclave();
}
