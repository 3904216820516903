// SPDX-License-Identifier: GPL-2.0-or-later
// The enclaves that the checks build.
#include "leaves.h"

struct tcs tcs_source __attribute__((aligned(4096)));
uint8_t page_source[PAGE] __attribute__((aligned(4096)));
static uint8_t zeros[PAGE] __attribute__((aligned(4096)));
static struct secs secs_source __attribute__((aligned(4096)));

void enclave_describe(struct enclave *enclave, unsigned number, uint64_t attributes, uint64_t xfrm, uint32_t miscselect)
{
	*enclave = (struct enclave){.base = ENCLAVES + number * 0x10000ull, .epc_first = (uint64_t)EPC_STRIDE * number};
	enclave->secs.size = (uint64_t)ENCLAVE_PAGES * PAGE;
	enclave->secs.base = enclave->base;
	enclave->secs.ssa_frame_pages = 1;
	enclave->secs.miscselect = miscselect;
	enclave->secs.attributes = attributes;
	enclave->secs.xfrm = xfrm;
}

struct outcome enclave_create(const struct enclave *enclave)
{
	struct secinfo secinfo = {.flags = PT_SECS};
	struct pageinfo pageinfo = {.srcpge = (uint64_t)&secs_source, .secinfo = (uint64_t)&secinfo};

	secs_source = enclave->secs;
	return encls(ECREATE, (uint64_t)&pageinfo, secs_of(enclave), 0);
}

struct outcome enclave_add(const struct enclave *enclave, unsigned page, uint64_t flags, const void *source)
{
	struct secinfo secinfo = {.flags = flags};
	struct pageinfo pageinfo = {linear_of(enclave, page), (uint64_t)source, (uint64_t)&secinfo, secs_of(enclave)};

	return encls(EADD, (uint64_t)&pageinfo, page_of(enclave, page), 0);
}

struct outcome enclave_aug(const struct enclave *enclave, unsigned page)
{
	struct pageinfo pageinfo = {linear_of(enclave, page), 0, 0, secs_of(enclave)};

	return encls(EAUG, (uint64_t)&pageinfo, page_of(enclave, page), 0);
}

void enclave_extend(const struct enclave *enclave, unsigned page)
{
	for (uint64_t at = 0; at < PAGE; at += 256)
		encls(EEXTEND, secs_of(enclave), page_of(enclave, page) + at, 0);
}

void launch_hash(const uint8_t hash[32])
{
	enum { SGXLEPUBKEYHASH0 = 0x8c };

	for (uint32_t i = 0; i < 4; i++)
		wrmsr(SGXLEPUBKEYHASH0 + i, *(const uint64_t *)(hash + (size_t)8 * i));
}

struct outcome enclave_init(const struct enclave *enclave, enum given_kind kind)
{
	launch_hash(GIVEN[kind].signer);
	return encls(EINIT, (uint64_t)GIVEN[kind].sigstruct, secs_of(enclave), (uint64_t)GIVEN[kind].token);
}

static struct tcs *tcs_for(unsigned ssa)
{
	tcs_source = (struct tcs){.ossa = (uint64_t)ssa * PAGE,
				  .nssa = 2,
				  .fslimit = 0xfff,
				  .gslimit = 0xfff,
				  .ofsbase = (uint64_t)DATA * PAGE,
				  .ogsbase = (uint64_t)READ_ONLY * PAGE};
	return &tcs_source;
}

static void add_measured(const struct enclave *enclave, unsigned page, uint64_t flags, const void *source)
{
	enclave_add(enclave, page, flags, source);
	enclave_extend(enclave, page);
}

void enclave_load(struct enclave *enclave, unsigned number, uint64_t attributes, uint64_t xfrm, uint32_t miscselect)
{
	enclave_describe(enclave, number, attributes, xfrm, miscselect);
	enclave_create(enclave);
	add_measured(enclave, CODE, PT_REG | R | X, enclave_code);
	add_measured(enclave, DATA, PT_REG | R | W, zeros);
	add_measured(enclave, TCS0, PT_TCS, tcs_for(SSA0));
	add_measured(enclave, SSA0, PT_REG | R | W, zeros);
	add_measured(enclave, SSA0 + 1, PT_REG | R | W, zeros);
	add_measured(enclave, TCS1, PT_TCS, tcs_for(SSA1));
	add_measured(enclave, SSA1, PT_REG | R | W, zeros);
	add_measured(enclave, SSA1 + 1, PT_REG | R | W, zeros);
	fill(page_source, 0x5a, PAGE);
	add_measured(enclave, READ_ONLY, PT_REG | R, page_source);
	for (unsigned page = 0; page < ENCLAVE_PAGES; page++)
		map(linear_of(enclave, page), page_of(enclave, page), PTE_P | PTE_W | PTE_U);
}

struct outcome enclave_build(struct enclave *enclave, unsigned number, uint64_t attributes, uint64_t xfrm,
			     uint32_t miscselect, enum given_kind kind)
{
	enclave_load(enclave, number, attributes, xfrm, miscselect);
	return enclave_init(enclave, kind);
}

void enclave_remove(const struct enclave *enclave)
{
	for (unsigned page = EPC_STRIDE; page-- > 0;)
		encls(EREMOVE, 0, epc(enclave->epc_first + page), 0);
}

void epc_clean(void)
{
	/* Twice: an enclave's SECS goes after its pages. */
	for (uint64_t page = 0; page < 2 * epc_pages; page++)
		encls(EREMOVE, 0, epc(page % epc_pages), 0);
}

/* ---- inside */

void enclave_enter_prepare(const struct enclave *enclave, struct user *user, unsigned tcs, enum command command)
{
	static uint64_t stacks[2][512] __attribute__((aligned(16)));

	user_init(user);
	user->rax = EENTER;
	user->rbx = linear_of(enclave, tcs);
	user->rdi = command;
	user->rsp = (uint64_t)&stacks[tcs == TCS1][500];
	user->rbp = 0xb0b0;
}

void enclave_run(const struct enclave *enclave, struct user *user, unsigned tcs, enum command command)
{
	struct user wanted = *user;

	enclave_enter_prepare(enclave, user, tcs, command);
	user->rsi = wanted.rsi;
	user->rdx = wanted.rdx;
	user->r8 = wanted.r8;
	user->r9 = wanted.r9;
	user->r10 = wanted.r10;
	user_run(user);
}

struct outcome enclave_enclu(const struct enclave *enclave, uint64_t leaf, uint64_t rbx, uint64_t rcx, uint64_t rdx)
{
	struct user user = {.rsi = leaf, .r8 = rbx, .r9 = rcx, .r10 = rdx};
	struct outcome outcome = {.vector = VECTOR_NONE};

	enclave_run(enclave, &user, TCS0, COMMAND_LEAF);
	if (user.vector != CALL) {
		outcome.vector = (int)user.vector;
		outcome.error = user.error;
		outcome.address = user.vector == PF ? user.cr2 : 0;
		enclave_unwind(enclave);
	}
	outcome.rax = user.r12;
	outcome.rflags = user.r13;
	return outcome;
}

void enclave_copy(const struct enclave *enclave, uint64_t to, uint64_t from, uint64_t size)
{
	struct user user = {.rsi = from, .rdx = to, .r8 = size};

	enclave_run(enclave, &user, TCS0, COMMAND_COPY);
	if (user.vector != CALL)
		check_equal("the enclave could copy", user.vector, CALL);
}

void enclave_jump(const struct enclave *enclave, struct user *user, uint64_t linear)
{
	struct user wanted = *user;

	enclave_enter_prepare(enclave, user, TCS0, COMMAND_JUMP);
	user->rsi = linear;
	user->rdx = wanted.rdx;
	user->r8 = wanted.r8;
	user_run(user);
}

void enclave_unwind(const struct enclave *enclave)
{
	struct outcome outcome;

	/* An initialized enclave takes no TCS any more: the frames are given back by ERESUME of one that leaves at
	 * once. */
	if ((enclave->secs.attributes & DEBUG) == 0)
		return;
	/* The frame's RIP becomes that of an exit: enclave_others' fourth, whose load is from outside. */
	outcome = encls(EDBGWR, enclave->base + (uint64_t)(enclave_others - enclave_code) + 48,
			page_of(enclave, SSA0) + PAGE - 184 + 136, 0);
	if (outcome.vector == VECTOR_NONE)
		outcome = encls(EDBGWR, (uint64_t)user_enclu_after, page_of(enclave, SSA0) + PAGE - 184 + 120, 0);
	if (outcome.vector == VECTOR_NONE)
		outcome = encls(EDBGWR, (uint64_t)enclave_code, page_of(enclave, SSA0) + PAGE - 184 + 48, 0);
	if (outcome.vector == VECTOR_NONE) {
		struct user user;

		enclave_enter_prepare(enclave, &user, TCS0, COMMAND_LOOK);
		user.rax = ERESUME;
		user_run(&user);
		if (user.vector == CALL)
			return;
	}
	check_true("a frame could be given back", false);
}

uint64_t debug_read(const struct enclave *enclave, unsigned page, uint64_t offset)
{
	return encls(EDBGRD, 0, page_of(enclave, page) + offset, 0).rbx;
}
