// SPDX-License-Identifier: GPL-2.0-or-later
// Two processors: two threads in one enclave, epochs while one is inside, SMI, NMI and INIT there, both at one page.
#include "leaves.h"

static volatile uint8_t entered, may_go;
static struct user there;
static struct pcmd pcmd;

/* The other processor goes into the enclave by this TCS and stays. */
static void spin_begin(const struct enclave *enclave, unsigned tcs)
{
	entered = 0;
	may_go = 0;
	enclave_enter_prepare(enclave, &there, tcs, COMMAND_SPIN);
	there.rsi = (uint64_t)&entered;
	there.rdx = (uint64_t)&may_go;
	there.r14 = 0x5ec3e7;
	other_begin(&there);
	while (entered == 0 && !other_is_done())
		pause_for(1);
}

static void spin_resume(const struct enclave *enclave, unsigned tcs)
{
	user_init(&there);
	there.rax = ERESUME;
	there.rbx = linear_of(enclave, tcs);
	there.rip = (uint64_t)user_aep;
	there.rsp = 0x3000;
	other_begin(&there);
}

static void spin_end(void)
{
	may_go = 1;
	other_wait();
}

static void check_threads(const struct enclave *enclave)
{
	struct user user = {0};
	struct outcome found;

	spin_begin(enclave, TCS1);
	enclave_run(enclave, &user, TCS0, COMMAND_LOOK);
	check_equal("two processors are in one enclave by two TCS", user.vector, CALL);
	enclave_run(enclave, &user, TCS1, COMMAND_LOOK);
	check_equal("EENTER: a TCS that is in use", user.vector, GP);
	found = encls(EREMOVE, 0, page_of(enclave, DATA), 0);
	check_code("EREMOVE: while somebody is inside", &found, ENCLAVE_ACT);
	found = encls(EREMOVE, 0, page_of(enclave, TCS1), 0);
	check_code("EREMOVE: a TCS that is in use", &found, ENCLAVE_ACT);
	found = encls(EREMOVE, 0, secs_of(enclave), 0);
	check_code("EREMOVE: a SECS while somebody is inside", &found, CHILD_PRESENT);
	spin_end();
	check_equal("the other one has left by itself", there.vector, CALL);
	enclave_run(enclave, &user, TCS1, COMMAND_LOOK);
	check_equal("EENTER: a TCS that was left", user.vector, CALL);
}

static uint64_t evict(uint64_t page, uint64_t slot)
{
	struct pageinfo pageinfo = {0, (uint64_t)page_source, (uint64_t)&pcmd, 0};
	struct outcome found = encls(EWB, (uint64_t)&pageinfo, page, slot);

	return found.vector == VECTOR_NONE ? found.rax : 1000 + (uint64_t)found.vector;
}

static void check_epochs(const struct enclave *enclave)
{
	struct pageinfo pageinfo = {linear_of(enclave, READ_ONLY), (uint64_t)page_source, (uint64_t)&pcmd,
				    secs_of(enclave)};
	struct user user = {0};
	struct outcome found;

	spin_begin(enclave, TCS1);
	encls(EBLOCK, 0, page_of(enclave, READ_ONLY), 0);
	found = encls(ETRACK, 0, secs_of(enclave), 0);
	check_code("ETRACK: while somebody is inside", &found, DONE);
	check_equal("EWB: while somebody is inside who could have the page in a TLB",
		    evict(page_of(enclave, READ_ONLY), epc(VA)), NOT_TRACKED);
	found = encls(ETRACK, 0, secs_of(enclave), 0);
	check_code("ETRACK: while somebody is inside since the epoch before", &found, PREV_TRK_INCMPL);
	enclave_run(enclave, &user, TCS0, COMMAND_LOOK);
	check_equal("EWB: that somebody else came and went changes nothing",
		    evict(page_of(enclave, READ_ONLY), epc(VA)), NOT_TRACKED);
	ipi_send(DELIVER_FIXED);
	other_wait();
	check_true("an interrupt takes the other processor out",
		   there.vector == IPI && there.rip == (uint64_t)user_aep && there.r14 == 0);
	spin_resume(enclave, TCS1);
	check_equal("EWB: when all have left once", evict(page_of(enclave, READ_ONLY), epc(VA)), DONE);
	found = encls(ETRACK, 0, secs_of(enclave), 0);
	check_code("ETRACK: when all have left once", &found, DONE);
	spin_end();
	check_equal("ERESUME: on the other processor, to its end", there.vector, CALL);
	found = encls(ELDU, (uint64_t)&pageinfo, page_of(enclave, READ_ONLY), epc(VA));
	check_code("ELDU: after another's epochs", &found, DONE);
}

static void check_accept_tracked(const struct enclave *enclave)
{
	struct secinfo less = {.flags = PT_REG | R}, accept = {.flags = PT_REG | R | PR};
	uint64_t data = linear_of(enclave, DATA);
	struct outcome found;

	enclave_copy(enclave, data + 0x400, (uint64_t)&accept, sizeof(accept));
	spin_begin(enclave, TCS1);
	encls(EMODPR, (uint64_t)&less, page_of(enclave, READ_ONLY), 0);
	encls(ETRACK, 0, secs_of(enclave), 0);
	found = enclave_enclu(enclave, EACCEPT, data + 0x400, linear_of(enclave, READ_ONLY), 0);
	check_code("EACCEPT: while somebody may have the old rights in a TLB", &found, NOT_TRACKED);
	ipi_send(DELIVER_FIXED);
	other_wait();
	found = enclave_enclu(enclave, EACCEPT, data + 0x400, linear_of(enclave, READ_ONLY), 0);
	check_code("EACCEPT: when all have left once", &found, DONE);
	spin_resume(enclave, TCS1);
	spin_end();
}

static struct {
	uint64_t page; /* to look at */
	uint64_t word;
	struct outcome leaf;
	volatile bool done;
} smm;

/* What System Management Mode finds; boot.S calls it there. */
void in_smm(void);
void in_smm(void)
{
	smm.word = *(volatile uint64_t *)smm.page;
	smm.leaf = encls(EREMOVE, 0, epc(FREE), 0);
	smm.done = true;
}

static void check_smi(const struct enclave *enclave)
{
	enum {
		SMBASE = 0x30000,
		SAVED_RIP = 0xff78,
		SAVED_RAX = 0xfff8,
		SAVED_R15 = 0xff80,
		SAVED_R14 = 0xff88,
		SAVED_RBX = 0xffe0,
		TURNS_MAX = 100000000 /* seconds */
	};
	struct user user = {0};

	copy((void *)(SMBASE + 0x8000), smi_handler, (size_t)(smi_handler_end - smi_handler));
	smm.page = page_of(enclave, DATA);
	spin_begin(enclave, TCS1);
	ipi_send(DELIVER_SMI);
	for (uint64_t turns = 0; !smm.done && turns < TURNS_MAX; turns++)
		pause_for(1);
	check_true("an SMI: the handler comes to its end", smm.done);
	pause_for(10000);
	check_equal("an SMI: the handler finds the AEP", *(uint64_t *)(SMBASE + SAVED_RIP), (uint64_t)user_aep);
	check_true("an SMI: the handler finds nothing of the enclave's",
		   *(uint64_t *)(SMBASE + SAVED_R14) == 0 && *(uint64_t *)(SMBASE + SAVED_R15) == 0);
	check_equal("an SMI: the handler finds ERESUME in RAX", *(uint64_t *)(SMBASE + SAVED_RAX), ERESUME);
	check_equal("an SMI: the handler finds the abort page in the EPC", smm.word, ~0ull);
	check_fault("ENCLS is #UD in System Management Mode", &smm.leaf, UD);
	check_true("an SMI: after it the processor goes back into the enclave", !other_is_done());
	spin_end();
	check_equal("an SMI: the enclave finishes", there.vector, CALL);
	enclave_run(enclave, &user, TCS1, COMMAND_LOOK);
	check_true("an SMI: its frame was used and given back", user.vector == CALL && user.r12 == 0);
}

static void check_nmi(const struct enclave *enclave)
{
	spin_begin(enclave, TCS1);
	ipi_send(DELIVER_NMI);
	other_wait();
	check_true("an NMI takes the other processor out, scrubbed",
		   there.vector == NMI && there.rip == (uint64_t)user_aep && there.r14 == 0 && there.rdx == 0);
	spin_resume(enclave, TCS1);
	spin_end();
	check_equal("an NMI: the enclave finishes", there.vector, CALL);
}

/* By a TCS that has a frame to resume, and is in use. */
static void check_busy_resume(const struct enclave *enclave)
{
	struct user user;

	spin_begin(enclave, TCS1);
	ipi_send(DELIVER_FIXED);
	other_wait();
	spin_begin(enclave, TCS1);
	user_init(&user);
	user.rax = ERESUME;
	user.rbx = linear_of(enclave, TCS1);
	user.rip = (uint64_t)user_aep;
	user.r9 = 0x9999;
	user_run(&user);
	check_true("ERESUME: a TCS that is in use", user.vector == GP && user.r9 == 0x9999);
	spin_end();
	spin_resume(enclave, TCS1);
	spin_end();
	check_equal("ERESUME: and when it's free", there.vector, CALL);
}

/* ---- one executes over a page's end, the other one writes to that page */

enum { CROSSINGS = 4000 };
static const struct enclave *crossed;
static volatile uint32_t faults;

/* Each time a page fault, by the byte on the next page, and nothing translated of it that could be kept. */
static void cross(void)
{
	for (unsigned i = 0; i < CROSSINGS; i++) {
		user_init(&there);
		there.rax = ERESUME;
		there.rbx = linear_of(crossed, TCS1);
		there.rip = (uint64_t)user_aep;
		there.rsp = 0x3000;
		user_run(&there);
		faults += there.vector == PF && there.cr2 == linear_of(crossed, DATA);
	}
}

static void check_written_while_executed(void)
{
	enum { LAST_WORD = PAGE - 8 };
	struct enclave enclave;
	uint64_t writes = 0, good = 0;

	enclave_build(&enclave, 2, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	enclave_enter_prepare(&enclave, &there, TCS1, COMMAND_JUMP);
	there.rsi = enclave.base + (uint64_t)(enclave_last - enclave_code);
	there.rdx = linear_of(&enclave, DATA) + 0x700;
	other_begin(&there);
	other_wait();
	crossed = &enclave;
	faults = 0;
	other_call(cross);
	for (; !other_is_done(); writes++) {
		uint64_t word = debug_read(&enclave, CODE, LAST_WORD);
		struct outcome found = encls(EDBGWR, word, page_of(&enclave, CODE) + LAST_WORD, 0);

		good += found.vector == VECTOR_NONE && found.rax == DONE;
	}
	check_equal("EDBGWR: to code that is executed over the page's end: that goes on", faults, CROSSINGS);
	check_true("EDBGWR: to code that is executed over the page's end: it's written", good == writes && good > 100);
	enclave_remove(&enclave);
}

static void check_init(const struct enclave *enclave)
{
	struct user user = {0};
	struct outcome found;

	spin_begin(enclave, TCS1);
	other_start();
	enclave_run(enclave, &user, TCS1, COMMAND_LOOK);
	check_true("INIT takes the other processor out, its state in a frame", user.vector == CALL && user.r12 == 1);
	found = encls(EREMOVE, 0, page_of(enclave, READ_ONLY), 0);
	check_code("INIT: nobody is inside then", &found, DONE);
}

/* ---- both at one page */

enum { ROUNDS = 500, AT = 15 };
static const struct enclave *shared;
static volatile uint32_t gate, added[2], refused, bad;

static void add_rounds(unsigned who)
{
	for (uint32_t round = 1; round <= ROUNDS; round++) {
		struct outcome found;

		__atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
		while (gate < 4 * round - 2)
			pause_for(1);
		found = enclave_add(shared, AT, PT_REG | R, who == 0 ? page_source : (const uint8_t *)enclave_code);
		if (found.vector == VECTOR_NONE)
			__atomic_fetch_add(&added[who], 1, __ATOMIC_SEQ_CST);
		else
			__atomic_fetch_add(found.vector == PF && found.address == page_of(shared, AT) ? &refused : &bad,
					   1, __ATOMIC_SEQ_CST);
		__atomic_fetch_add(&gate, 1, __ATOMIC_SEQ_CST);
		while (gate < 4 * round)
			pause_for(1);
		found = encls(EREMOVE, 0, page_of(shared, AT), 0);
		if (found.vector != VECTOR_NONE || found.rax != DONE)
			__atomic_fetch_add(&bad, 1, __ATOMIC_SEQ_CST);
	}
}

static void add_there(void)
{
	add_rounds(1);
}

static void check_one_page(void)
{
	struct enclave enclave;
	struct outcome found;

	enclave_describe(&enclave, 8, DEBUG | MODE64, 7, 1);
	enclave_create(&enclave);
	shared = &enclave;
	gate = 0;
	other_call(add_there);
	add_rounds(0);
	other_wait();
	check_equal("two processors add one page: one of them gets it each time", added[0] + added[1], ROUNDS);
	check_equal("two processors add one page: the other one gets a page fault", refused, ROUNDS);
	check_equal("two processors add and remove one page: nothing else comes of it", bad, 0);
	found = encls(EREMOVE, 0, secs_of(&enclave), 0);
	check_code("two processors add and remove one page: it's counted right", &found, DONE);
}

void checks_two(void)
{
	struct enclave enclave;

	other_start();
	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	encls(EPA, PT_VA >> 8, epc(VA), 0);
	check_threads(&enclave);
	check_epochs(&enclave);
	check_accept_tracked(&enclave);
	check_smi(&enclave);
	check_nmi(&enclave);
	check_busy_resume(&enclave);
	check_init(&enclave);
	enclave_remove(&enclave);
	encls(EREMOVE, 0, epc(VA), 0);
	check_one_page();
	check_written_while_executed();
}
