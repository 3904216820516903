// SPDX-License-Identifier: GPL-2.0-or-later
// SGX2: EAUG, EMODPR, EMODT outside; EACCEPT, EMODPE, EACCEPTCOPY inside.
#include "leaves.h"

enum { SECINFO_AT = 0x400 }; /* in the enclave's data */

static struct outcome modify(enum encls_leaf leaf, uint64_t flags, uint64_t page)
{
	struct secinfo secinfo = {.flags = flags};

	return encls(leaf, (uint64_t)&secinfo, page, 0);
}

/* ENCLU's leaf with a SECINFO in the enclave's data. */
static struct outcome inside(const struct enclave *enclave, enum enclu_leaf leaf, uint64_t flags, unsigned page,
			     uint64_t rdx)
{
	struct secinfo secinfo = {.flags = flags};

	enclave_copy(enclave, linear_of(enclave, DATA) + SECINFO_AT, (uint64_t)&secinfo, sizeof(secinfo));
	return enclave_enclu(enclave, leaf, linear_of(enclave, DATA) + SECINFO_AT, linear_of(enclave, page), rdx);
}

static void check_eaug(const struct enclave *enclave)
{
	struct secinfo secinfo = {.flags = PT_REG | R | W};
	struct pageinfo pageinfo = {linear_of(enclave, ADDED), 0, 0, secs_of(enclave)}, changed = pageinfo;
	uint64_t page = page_of(enclave, ADDED);
	struct outcome found;

	changed.srcpge = (uint64_t)page_source;
	found = encls(EAUG, (uint64_t)&changed, page, 0);
	check_fault("EAUG: a source", &found, GP);
	changed = pageinfo;
	changed.linaddr += 8;
	found = encls(EAUG, (uint64_t)&changed, page, 0);
	check_fault("EAUG: a linear address that isn't aligned", &found, GP);
	changed.linaddr = enclave->base + (uint64_t)ENCLAVE_PAGES * PAGE;
	found = encls(EAUG, (uint64_t)&changed, page, 0);
	check_fault("EAUG: a linear address behind the enclave", &found, GP);
	changed = pageinfo;
	changed.secinfo = (uint64_t)&secinfo;
	secinfo.flags = PT_REG | R;
	found = encls(EAUG, (uint64_t)&changed, page, 0);
	check_fault("EAUG: SECINFO with other rights than to read and write", &found, GP);
	changed = pageinfo;
	changed.secs = epc(FREE);
	found = encls(EAUG, (uint64_t)&changed, page, 0);
	check_epcm_fault("EAUG: a SECS that is a free page", &found, epc(FREE));
	found = encls(EAUG, (uint64_t)&pageinfo, (uint64_t)page_source, 0);
	check_epcm_fault("EAUG: memory that isn't EPC", &found, (uint64_t)page_source);
	found = encls(EAUG, (uint64_t)&pageinfo, page_of(enclave, DATA), 0);
	check_epcm_fault("EAUG: a page that is taken", &found, page_of(enclave, DATA));
	found = enclave_aug(enclave, ADDED);
	check_done("EAUG: a page for an initialized enclave", &found);
}

static void check_eaug_early(void)
{
	struct enclave early;
	struct outcome found;

	enclave_load(&early, 4, DEBUG | MODE64, 7, 1);
	found = enclave_aug(&early, ADDED);
	check_fault("EAUG: before EINIT", &found, GP);
	encls(EREMOVE, 0, page_of(&early, ADDED), 0);
	found = modify(EMODPR, PT_REG | R, page_of(&early, DATA));
	check_fault("EMODPR: before EINIT", &found, GP);
	found = modify(EMODT, PT_TRIM, page_of(&early, DATA));
	check_fault("EMODT: before EINIT", &found, GP);
	enclave_remove(&early);
}

static void check_pending(const struct enclave *enclave)
{
	struct user user = {.rsi = linear_of(enclave, ADDED)};
	struct outcome found = encls(EDBGRD, 0, page_of(enclave, ADDED), 0);

	check_code("EDBGRD: a page that wasn't accepted yet", &found, PAGE_NOT_DEBUGGABLE);
	enclave_run(enclave, &user, TCS0, COMMAND_JUMP);
	check_true("a page that wasn't accepted yet can't be executed",
		   user.vector == PF && user.cr2 == linear_of(enclave, ADDED) && (user.error & 0x8010) == 0x8010);
	enclave_unwind(enclave);
	user = (struct user){.rsi = linear_of(enclave, ADDED), .rdx = linear_of(enclave, DATA), .r8 = 8};
	enclave_run(enclave, &user, TCS0, COMMAND_COPY);
	check_true("a page that wasn't accepted yet can't be read",
		   user.vector == PF && user.cr2 == linear_of(enclave, ADDED) && (user.error & 0x8000) != 0);
	enclave_unwind(enclave);
	found = modify(EMODPR, PT_REG | R, page_of(enclave, ADDED));
	check_code("EMODPR: a page that wasn't accepted yet", &found, PAGE_NOT_MODIFIABLE);
	found = modify(EMODT, PT_TRIM, page_of(enclave, ADDED));
	check_code("EMODT: a page that wasn't accepted yet", &found, PAGE_NOT_MODIFIABLE);
	found = inside(enclave, EMODPE, PT_REG | R | W | X, ADDED, 0);
	check_true("EMODPE: a page that wasn't accepted yet",
		   found.vector == PF && found.address == linear_of(enclave, ADDED));
}

static void check_eaccept(const struct enclave *enclave)
{
	struct outcome found;

	found = inside(enclave, EACCEPT, PT_REG | R | W, ADDED, 0);
	check_fault("EACCEPT: nothing to accept", &found, GP);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING | MODIFIED, ADDED, 0);
	check_fault("EACCEPT: a regular page can't be modified", &found, GP);
	found = inside(enclave, EACCEPT, PT_SECS | MODIFIED, ADDED, 0);
	check_fault("EACCEPT: a SECS", &found, GP);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING | 1 << 20, ADDED, 0);
	check_fault("EACCEPT: SECINFO with a reserved flag", &found, GP);
	found = inside(enclave, EACCEPT, PT_REG | R | PENDING, ADDED, 0);
	check_code("EACCEPT: other rights than the page has", &found, PAGE_ATTRIBUTES_MISMATCH);
	found = enclave_enclu(enclave, EACCEPT, linear_of(enclave, DATA) + SECINFO_AT + 8, linear_of(enclave, ADDED),
			      0);
	check_fault("EACCEPT: SECINFO that isn't aligned", &found, GP);
	found = enclave_enclu(enclave, EACCEPT, linear_of(enclave, DATA) + SECINFO_AT, linear_of(enclave, ADDED) + 8,
			      0);
	check_fault("EACCEPT: a page that isn't aligned", &found, GP);
	found = enclave_enclu(enclave, EACCEPT, (uint64_t)page_source, linear_of(enclave, ADDED), 0);
	check_fault("EACCEPT: SECINFO outside", &found, GP);
	found = enclave_enclu(enclave, EACCEPT, linear_of(enclave, DATA) + SECINFO_AT, (uint64_t)page_source, 0);
	check_fault("EACCEPT: a page outside", &found, GP);
	map(linear_of(enclave, SPARE + 1), page_of(enclave, ADDED), PTE_P | PTE_W | PTE_U);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING, SPARE + 1, 0);
	check_code("EACCEPT: a page that was added at another address", &found, PAGE_ATTRIBUTES_MISMATCH);
	map(linear_of(enclave, SPARE + 1), epc(FREE), PTE_P | PTE_W | PTE_U);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING, SPARE + 1, 0);
	check_true("EACCEPT: a free page", found.vector == PF && found.address == linear_of(enclave, SPARE + 1));
	map(linear_of(enclave, SPARE + 1), page_of(enclave, SPARE + 1), PTE_P | PTE_W | PTE_U);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING, ADDED, 0);
	check_code("EACCEPT: the page that was added", &found, DONE);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING, ADDED, 0);
	check_code("EACCEPT: twice", &found, PAGE_ATTRIBUTES_MISMATCH);
	check_equal("EAUG: the page is empty", debug_read(enclave, ADDED, 128), 0);
	enclave_copy(enclave, linear_of(enclave, ADDED), linear_of(enclave, READ_ONLY), PAGE);
	check_equal("EACCEPT: the enclave can write the page then", debug_read(enclave, ADDED, 128),
		    0x5a5a5a5a5a5a5a5a);
}

static void check_emodpr(const struct enclave *enclave)
{
	uint64_t page = page_of(enclave, ADDED);
	struct secinfo secinfo = {.flags = PT_REG | R};
	struct user user = {.rsi = linear_of(enclave, READ_ONLY), .rdx = linear_of(enclave, ADDED), .r8 = 8};
	struct outcome found;

	found = modify(EMODPR, PT_REG | W, page);
	check_fault("EMODPR: W without R", &found, GP);
	found = encls(EMODPR, (uint64_t)&secinfo + 8, page, 0);
	check_fault("EMODPR: SECINFO that isn't aligned", &found, GP);
	found = modify(EMODPR, PT_REG | R | 1 << 20, page);
	check_fault("EMODPR: SECINFO with a reserved flag", &found, GP);
	found = modify(EMODPR, PT_REG | R, epc(FREE));
	check_epcm_fault("EMODPR: a free page", &found, epc(FREE));
	found = modify(EMODPR, PT_REG | R, secs_of(enclave));
	check_epcm_fault("EMODPR: a SECS", &found, secs_of(enclave));
	found = modify(EMODPR, PT_REG | R, page_of(enclave, TCS1));
	check_epcm_fault("EMODPR: a TCS", &found, page_of(enclave, TCS1));
	found = modify(EMODPR, PT_REG | R | X, page);
	check_code("EMODPR: a page", &found, DONE);
	found = inside(enclave, EACCEPT, PT_REG | R | PR, ADDED, 0);
	check_code("EACCEPT: before ETRACK", &found, NOT_TRACKED);
	encls(ETRACK, 0, secs_of(enclave), 0);
	found = inside(enclave, EACCEPT, PT_REG | R | X | PR, ADDED, 0);
	check_code("EMODPR: gives no rights", &found, PAGE_ATTRIBUTES_MISMATCH);
	found = inside(enclave, EACCEPT, PT_REG | R | PR, ADDED, 0);
	check_code("EACCEPT: fewer rights", &found, DONE);
	enclave_run(enclave, &user, TCS0, COMMAND_COPY);
	check_true("EMODPR: the enclave can't write the page any more",
		   user.vector == PF && user.cr2 == linear_of(enclave, ADDED) && (user.error & 0x8002) == 0x8002);
	enclave_unwind(enclave);
}

static void check_emodpe(const struct enclave *enclave)
{
	struct outcome found;

	found = inside(enclave, EMODPE, PT_REG | W | 1 << 20, ADDED, 0);
	check_fault("EMODPE: SECINFO with a reserved flag", &found, GP);
	found = enclave_enclu(enclave, EMODPE, linear_of(enclave, DATA) + SECINFO_AT, (uint64_t)page_source, 0);
	check_fault("EMODPE: a page outside", &found, GP);
	found = inside(enclave, EMODPE, PT_REG | R | W, TCS1, 0);
	check_true("EMODPE: a TCS", found.vector == PF && found.address == linear_of(enclave, TCS1));
	modify(EMODPR, PT_REG, page_of(enclave, ADDED));
	encls(ETRACK, 0, secs_of(enclave), 0);
	inside(enclave, EACCEPT, PT_REG | PR, ADDED, 0);
	found = inside(enclave, EMODPE, PT_REG | W, ADDED, 0);
	check_fault("EMODPE: W without R", &found, GP);
	found = inside(enclave, EMODPE, PT_REG | R | W, ADDED, 0);
	check_done("EMODPE: more rights", &found);
	enclave_copy(enclave, linear_of(enclave, ADDED), linear_of(enclave, DATA) + 0xa00, 8);
	check_equal("EMODPE: the enclave can write the page again", debug_read(enclave, ADDED, 0), 0);
}

static void check_emodt(const struct enclave *enclave)
{
	uint64_t page = page_of(enclave, ADDED);
	struct outcome found;

	found = modify(EMODT, PT_REG, page);
	check_fault("EMODT: to a regular page", &found, GP);
	found = modify(EMODT, PT_SECS, page);
	check_fault("EMODT: to a SECS", &found, GP);
	found = modify(EMODT, PT_TRIM, epc(FREE));
	check_epcm_fault("EMODT: a free page", &found, epc(FREE));
	found = modify(EMODT, PT_TRIM, secs_of(enclave));
	check_epcm_fault("EMODT: a SECS", &found, secs_of(enclave));
	found = modify(EMODT, PT_TCS, page_of(enclave, TCS1));
	check_epcm_fault("EMODT: a TCS to a TCS", &found, page_of(enclave, TCS1));
	found = modify(EMODT, PT_TRIM, page);
	check_code("EMODT: to a trimmed page", &found, DONE);
	found = modify(EMODT, PT_TRIM, page);
	check_epcm_fault("EMODT: a trimmed page", &found, page);
	found = modify(EMODPR, PT_REG | R, page);
	check_code("EMODPR: a page that became another and wasn't accepted", &found, PAGE_NOT_MODIFIABLE);
	found = inside(enclave, EACCEPT, PT_TRIM | MODIFIED, ADDED, 0);
	check_code("EACCEPT: a trimmed page before ETRACK", &found, NOT_TRACKED);
	encls(ETRACK, 0, secs_of(enclave), 0);
	found = inside(enclave, EACCEPT, PT_TRIM | MODIFIED, ADDED, 0);
	check_code("EACCEPT: a trimmed page", &found, DONE);
	found = modify(EMODPR, PT_REG | R, page);
	check_epcm_fault("EMODPR: a trimmed page that was accepted", &found, page);
	found = encls(EREMOVE, 0, page, 0);
	check_code("EREMOVE: a trimmed page", &found, DONE);
}

/* Where it can't go to it says so by a code, whatever the page is. */
static void check_acceptcopy_target(const struct enclave *enclave)
{
	uint64_t from = linear_of(enclave, READ_ONLY), spare = linear_of(enclave, SPARE + 1);
	struct enclave twin;
	struct outcome found;

	found = inside(enclave, EACCEPTCOPY, PT_REG | R | PENDING | MODIFIED | PR, DATA, from);
	check_code("EACCEPTCOPY: SECINFO's state is ignored", &found, PAGE_ATTRIBUTES_MISMATCH);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, TCS1, from);
	check_code("EACCEPTCOPY: to a TCS", &found, PAGE_ATTRIBUTES_MISMATCH);
	map(spare, epc(FREE), PTE_P | PTE_W | PTE_U);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, SPARE + 1, from);
	check_code("EACCEPTCOPY: to a free page", &found, PAGE_ATTRIBUTES_MISMATCH);
	map(spare, page_of(enclave, ADDED), PTE_P | PTE_W | PTE_U);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, SPARE + 1, from);
	check_code("EACCEPTCOPY: to a page that was added at another address", &found, PAGE_ATTRIBUTES_MISMATCH);
	enclave_describe(&twin, 9, DEBUG | MODE64, 7, 1);
	twin.base = twin.secs.base = enclave->base;
	enclave_create(&twin);
	enclave_add(&twin, SPARE + 1, PT_REG | R | W, page_source);
	map(spare, page_of(&twin, SPARE + 1), PTE_P | PTE_W | PTE_U);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, SPARE + 1, from);
	check_code("EACCEPTCOPY: to another enclave's page", &found, PAGE_ATTRIBUTES_MISMATCH);
	enclave_remove(&twin);
	map(spare, page_of(enclave, SPARE + 1), PTE_P | PTE_W | PTE_U);
}

static void check_acceptcopy(const struct enclave *enclave)
{
	struct outcome found;

	enclave_aug(enclave, ADDED);
	found = inside(enclave, EACCEPTCOPY, PT_REG | W, ADDED, linear_of(enclave, READ_ONLY));
	check_fault("EACCEPTCOPY: W without R", &found, GP);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, ADDED, (uint64_t)page_source);
	check_fault("EACCEPTCOPY: a source outside", &found, GP);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, ADDED, linear_of(enclave, READ_ONLY) + 8);
	check_fault("EACCEPTCOPY: a source that isn't aligned", &found, GP);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, DATA, linear_of(enclave, READ_ONLY));
	check_code("EACCEPTCOPY: a page that is there already", &found, PAGE_ATTRIBUTES_MISMATCH);
	check_acceptcopy_target(enclave);
	found = inside(enclave, EACCEPTCOPY, PT_REG | R | X, ADDED, linear_of(enclave, READ_ONLY));
	check_code("EACCEPTCOPY: a page that was added", &found, DONE);
	check_equal("EACCEPTCOPY: has the content", debug_read(enclave, ADDED, 4088), 0x5a5a5a5a5a5a5a5a);
	found = modify(EMODT, PT_TCS, page_of(enclave, ADDED));
	encls(ETRACK, 0, secs_of(enclave), 0);
	found = inside(enclave, EACCEPT, PT_TCS | MODIFIED, ADDED, 0);
	check_fault("EACCEPT: a TCS whose content isn't one", &found, GP);
	encls(EREMOVE, 0, page_of(enclave, ADDED), 0);
}

/* A page that becomes a TCS, with this in it: to be accepted. */
static void new_tcs(const struct enclave *enclave, uint64_t offset, uint64_t value)
{
	enclave_aug(enclave, ADDED);
	inside(enclave, EACCEPT, PT_REG | R | W | PENDING, ADDED, 0);
	tcs_source = (struct tcs){.ossa = (uint64_t)SSA1 * PAGE, .nssa = 2, .fslimit = 0xfff, .gslimit = 0xfff};
	copy((uint8_t *)&tcs_source + offset, &value, sizeof(value));
	enclave_copy(enclave, linear_of(enclave, ADDED), (uint64_t)&tcs_source, PAGE);
	modify(EMODT, PT_TCS, page_of(enclave, ADDED));
	encls(ETRACK, 0, secs_of(enclave), 0);
}

/* What EACCEPT finds wrong with a TCS, and what EENTER. */
static void check_bad_tcs(const struct enclave *enclave)
{
	static const struct {
		const char *name, *entered; /* entered: EACCEPT takes it */
		uint64_t offset, value;
	} table[] = {
		{"EACCEPT: a TCS with DBGOPTIN", NULL, offsetof(struct tcs, flags), 1},
		{"EACCEPT: a TCS whose CSSA is NSSA", NULL, offsetof(struct tcs, cssa), 2ull << 32 | 2},
		{"EACCEPT: a TCS with an AEP", NULL, offsetof(struct tcs, aep), 0x1000},
		{"EACCEPT: a TCS with a state", NULL, offsetof(struct tcs, state), 1},
		{"EACCEPT: a TCS with reserved bytes", NULL, offsetof(struct tcs, reserved), 1},
		{"EACCEPT: a TCS with a reserved flag", "EENTER: a new TCS with a reserved flag",
		 offsetof(struct tcs, flags), 2},
		{"EACCEPT: a TCS with OSSA that isn't aligned", "EENTER: a TCS with OSSA that isn't aligned",
		 offsetof(struct tcs, ossa), (uint64_t)SSA1 * PAGE + 8},
		{"EACCEPT: a TCS with OFSBASE that isn't aligned", "EENTER: a TCS with OFSBASE that isn't aligned",
		 offsetof(struct tcs, ofsbase), 8},
		{"EACCEPT: a TCS with OGSBASE that isn't aligned", "EENTER: a TCS with OGSBASE that isn't aligned",
		 offsetof(struct tcs, ogsbase), 8},
		{"EACCEPT: a TCS with OENTRY that isn't canonical", "EENTER: OENTRY that isn't canonical",
		 offsetof(struct tcs, oentry), 1ull << 60},
	};
	struct outcome found;

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct user user = {0};

		new_tcs(enclave, table[i].offset, table[i].value);
		found = inside(enclave, EACCEPT, PT_TCS | MODIFIED, ADDED, 0);
		if (table[i].entered == NULL) {
			check_fault(table[i].name, &found, GP);
		} else {
			check_code(table[i].name, &found, DONE);
			enclave_run(enclave, &user, ADDED, COMMAND_LOOK);
			check_true(table[i].entered, user.vector == GP && user.rip == (uint64_t)user_enclu);
		}
		encls(EREMOVE, 0, page_of(enclave, ADDED), 0);
	}
}

static void check_new_tcs(const struct enclave *enclave)
{
	struct user user = {0};
	struct outcome found;

	new_tcs(enclave, offsetof(struct tcs, cssa), 2ull << 32 | 1);
	enclave_run(enclave, &user, ADDED, COMMAND_LOOK);
	check_true("EENTER: a new TCS that wasn't accepted",
		   user.vector == PF && user.cr2 == linear_of(enclave, ADDED));
	found = inside(enclave, EACCEPT, PT_TCS | MODIFIED, ADDED, 0);
	check_code("EACCEPT: a new TCS", &found, DONE);
	enclave_run(enclave, &user, ADDED, COMMAND_LOOK);
	check_true("EENTER: by the new TCS, which begins with the CSSA that was in it",
		   user.vector == CALL && user.r12 == 1);
	encls(EREMOVE, 0, page_of(enclave, ADDED), 0);
}

/* The last: a page stays blocked. */
static void check_blocked(const struct enclave *enclave)
{
	struct outcome found;

	enclave_aug(enclave, ADDED);
	encls(EBLOCK, 0, page_of(enclave, ADDED), 0);
	found = inside(enclave, EACCEPT, PT_REG | R | W | PENDING, ADDED, 0);
	check_true("EACCEPT: a page that is blocked", found.vector == PF && found.address == linear_of(enclave, ADDED));
	found = inside(enclave, EACCEPTCOPY, PT_REG | R, ADDED, linear_of(enclave, DATA));
	check_code("EACCEPTCOPY: to a page that is blocked", &found, PAGE_ATTRIBUTES_MISMATCH);
	encls(EBLOCK, 0, page_of(enclave, READ_ONLY), 0);
	found = inside(enclave, EMODPE, PT_REG | R | X, READ_ONLY, 0);
	check_true("EMODPE: a page that is blocked",
		   found.vector == PF && found.address == linear_of(enclave, READ_ONLY));
}

/* Where the enclave's page will be added is something of an earlier one's. */
static void leave_something(void)
{
	struct enclave earlier;

	enclave_describe(&earlier, 0, DEBUG | MODE64, 7, 1);
	enclave_create(&earlier);
	fill(page_source, 0x5a, PAGE);
	enclave_add(&earlier, ADDED, PT_REG | R | W, page_source);
	enclave_remove(&earlier);
}

void checks_dynamic(void)
{
	struct enclave enclave;

	leave_something();
	check_eaug_early();
	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_eaug(&enclave);
	check_pending(&enclave);
	check_eaccept(&enclave);
	check_emodpr(&enclave);
	check_emodpe(&enclave);
	check_emodt(&enclave);
	check_acceptcopy(&enclave);
	check_bad_tcs(&enclave);
	check_new_tcs(&enclave);
	check_blocked(&enclave);
	enclave_remove(&enclave);
}
