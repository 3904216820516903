// SPDX-License-Identifier: GPL-2.0-or-later
// EPA, EBLOCK, ETRACK, EWB, ELDB, ELDU with nobody inside; what the other processor changes about it is checks-two.c's.
#include "leaves.h"

static uint8_t evicted[PAGE] __attribute__((aligned(4096)));
static struct pcmd pcmd;

static struct outcome evict(uint64_t page, uint64_t slot, uint64_t *ret_linear)
{
	struct pageinfo pageinfo = {0, (uint64_t)evicted, (uint64_t)&pcmd, 0};
	struct outcome found = encls(EWB, (uint64_t)&pageinfo, page, slot);

	*ret_linear = pageinfo.linaddr;
	return found;
}

static struct outcome load(enum encls_leaf leaf, uint64_t linear, uint64_t secs, uint64_t page, uint64_t slot)
{
	struct pageinfo pageinfo = {linear, (uint64_t)evicted, (uint64_t)&pcmd, secs};

	return encls(leaf, (uint64_t)&pageinfo, page, slot);
}

static void check_epa(void)
{
	struct outcome found;

	found = encls(EPA, 2, epc(VA), 0);
	check_fault("EPA: another page type than a version array", &found, GP);
	found = encls(EPA, PT_VA >> 8, epc(VA) + 8, 0);
	check_fault("EPA: a page that isn't aligned", &found, GP);
	found = encls(EPA, PT_VA >> 8, (uint64_t)page_source, 0);
	check_epcm_fault("EPA: memory that isn't EPC", &found, (uint64_t)page_source);
	found = encls(EPA, PT_VA >> 8, epc(VA), 0);
	check_done("EPA: a version array", &found);
	found = encls(EPA, PT_VA >> 8, epc(VA), 0);
	check_epcm_fault("EPA: a page that is taken", &found, epc(VA));
}

static void check_block(const struct enclave *enclave)
{
	uint64_t linear;
	struct outcome found;

	found = encls(EBLOCK, 0, epc(FREE), 0);
	check_code("EBLOCK: a free page", &found, PG_INVLD);
	found = encls(EBLOCK, 0, secs_of(enclave), 0);
	check_code("EBLOCK: a SECS", &found, PG_IS_SECS);
	found = encls(EBLOCK, 0, epc(VA), 0);
	check_code("EBLOCK: a version array", &found, NOTBLOCKABLE);
	found = encls(EBLOCK, 0, epc(0) + 8, 0);
	check_fault("EBLOCK: a page that isn't aligned", &found, GP);
	found = encls(EBLOCK, 0, (uint64_t)page_source, 0);
	check_epcm_fault("EBLOCK: memory that isn't EPC", &found, (uint64_t)page_source);
	found = evict(page_of(enclave, READ_ONLY), epc(VA), &linear);
	check_code("EWB: a page that isn't blocked", &found, PAGE_NOT_BLOCKED);
	found = encls(EBLOCK, 0, page_of(enclave, READ_ONLY), 0);
	check_code("EBLOCK: a regular page", &found, DONE);
	found = encls(EBLOCK, 0, page_of(enclave, READ_ONLY), 0);
	check_code("EBLOCK: twice", &found, BLKSTATE);
	found = evict(page_of(enclave, READ_ONLY), epc(VA), &linear);
	check_code("EWB: a page whose epoch hasn't gone", &found, NOT_TRACKED);
	found = encls(ETRACK, 0, page_of(enclave, DATA), 0);
	check_epcm_fault("ETRACK: a regular page", &found, page_of(enclave, DATA));
	found = encls(ETRACK, 0, epc(FREE), 0);
	check_epcm_fault("ETRACK: a free page", &found, epc(FREE));
	found = encls(ETRACK, 0, secs_of(enclave) + 8, 0);
	check_fault("ETRACK: a SECS that isn't aligned", &found, GP);
	found = encls(ETRACK, 0, secs_of(enclave), 0);
	check_code("ETRACK: with nobody inside", &found, DONE);
}

static void check_ewb_operands(const struct enclave *enclave)
{
	struct pageinfo pageinfo = {0, (uint64_t)evicted, (uint64_t)&pcmd, 0}, changed = pageinfo;
	uint64_t page = page_of(enclave, READ_ONLY);
	struct outcome found;

	changed.linaddr = PAGE;
	found = encls(EWB, (uint64_t)&changed, page, epc(VA));
	check_fault("EWB: a linear address", &found, GP);
	changed = pageinfo;
	changed.secs = secs_of(enclave);
	found = encls(EWB, (uint64_t)&changed, page, epc(VA));
	check_fault("EWB: a SECS", &found, GP);
	changed = pageinfo;
	changed.srcpge += 8;
	found = encls(EWB, (uint64_t)&changed, page, epc(VA));
	check_fault("EWB: a place that isn't aligned", &found, GP);
	changed = pageinfo;
	changed.secinfo += 64;
	found = encls(EWB, (uint64_t)&changed, page, epc(VA));
	check_fault("EWB: PCMD that isn't aligned", &found, GP);
	found = encls(EWB, (uint64_t)&pageinfo, page, epc(VA) + 4);
	check_fault("EWB: a slot that isn't aligned", &found, GP);
	found = encls(EWB, (uint64_t)&pageinfo, page, page + 8);
	check_fault("EWB: a slot in the page itself", &found, GP);
	found = encls(EWB, (uint64_t)&pageinfo, page, page_of(enclave, DATA));
	check_epcm_fault("EWB: a slot in a regular page", &found, page_of(enclave, DATA));
	found = encls(EWB, (uint64_t)&pageinfo, page, epc(FREE));
	check_epcm_fault("EWB: a slot in a free page", &found, epc(FREE));
	found = encls(EWB, (uint64_t)&pageinfo, epc(FREE), epc(VA));
	check_epcm_fault("EWB: a free page", &found, epc(FREE));
	map(ENCLAVES + 511ull * PAGE, 0, 0);
	changed = pageinfo;
	changed.srcpge = ENCLAVES + 511ull * PAGE;
	found = encls(EWB, (uint64_t)&changed, page, epc(VA));
	check_true("EWB: a place that isn't mapped is an ordinary page fault",
		   found.vector == PF && found.error == 2 && found.address == changed.srcpge);
}

/* The page and the slot come before PCMD, which isn't there. */
static void check_load_order(const struct enclave *enclave)
{
	struct pageinfo pageinfo = {linear_of(enclave, READ_ONLY), (uint64_t)evicted, ENCLAVES + 511ull * PAGE,
				    secs_of(enclave)};
	uint64_t page = page_of(enclave, READ_ONLY), data = page_of(enclave, DATA);
	struct outcome found = encls(ELDU, (uint64_t)&pageinfo, data, epc(VA) + 8);

	check_epcm_fault("ELDU: a page that is taken comes before PCMD", &found, data);
	found = encls(ELDU, (uint64_t)&pageinfo, page, data);
	check_epcm_fault("ELDU: a slot in a regular page comes before PCMD", &found, data);
	found = encls(ELDU, (uint64_t)&pageinfo, page, epc(VA) + 8);
	check_true("ELDU: PCMD that isn't mapped is an ordinary page fault",
		   found.vector == PF && (found.error & 0x8001) == 0 && found.address == pageinfo.secinfo);
}

/* Each of its other operands where nothing is mapped. */
static void check_load_unmapped(const struct enclave *enclave)
{
	static const char *const names[] = {"ELDU: a source that isn't mapped", "ELDU: PAGEINFO that isn't mapped",
					    "ELDU: a SECS that isn't mapped", "ELDU: a page that isn't mapped",
					    "ELDU: a slot that isn't mapped"};
	uint64_t nowhere = ENCLAVES + 511ull * PAGE;

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct pageinfo pageinfo = {linear_of(enclave, READ_ONLY), i == 0 ? nowhere : (uint64_t)evicted,
					    (uint64_t)&pcmd, i == 2 ? nowhere : secs_of(enclave)};
		struct outcome found =
			encls(ELDU, i == 1 ? nowhere : (uint64_t)&pageinfo,
			      i == 3 ? nowhere : page_of(enclave, READ_ONLY), i == 4 ? nowhere : epc(VA) + 8);

		check_true(names[i], found.vector == PF && (found.error & 0x8001) == 0 && found.address == nowhere);
	}
}

static void check_refused_loads(const struct enclave *enclave, const struct enclave *second)
{
	uint64_t page = page_of(enclave, READ_ONLY), linear = linear_of(enclave, READ_ONLY);
	struct outcome found;

	found = load(ELDU, linear, secs_of(enclave), page_of(enclave, DATA), epc(VA) + 8);
	check_epcm_fault("ELDU: a page that is taken", &found, page_of(enclave, DATA));
	found = load(ELDU, linear, secs_of(enclave), page, page_of(enclave, DATA));
	check_epcm_fault("ELDU: a slot in a regular page", &found, page_of(enclave, DATA));
	found = load(ELDU, linear, epc(FREE), page, epc(VA) + 8);
	check_epcm_fault("ELDU: a SECS that is a free page", &found, epc(FREE));
	found = load(ELDU, linear, page_of(enclave, DATA), page, epc(VA) + 8);
	check_epcm_fault("ELDU: a SECS that is a regular page", &found, page_of(enclave, DATA));
	found = load(ELDU, linear + 8, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: a linear address that isn't aligned", &found, MAC_COMPARE_FAIL);
	check_load_order(enclave);
	check_load_unmapped(enclave);
	found = load(ELDU, linear, secs_of(second), page, epc(VA) + 8);
	check_code("ELDU: another enclave's SECS", &found, MAC_COMPARE_FAIL);
	found = load(ELDU, linear + PAGE, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: another linear address", &found, MAC_COMPARE_FAIL);
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 16);
	check_code("ELDU: another slot", &found, MAC_COMPARE_FAIL);
	evicted[77] ^= 1;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: another content", &found, MAC_COMPARE_FAIL);
	evicted[77] ^= 1;
	pcmd.flags |= W;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: other rights", &found, MAC_COMPARE_FAIL);
	pcmd.flags &= ~(uint64_t)W;
	pcmd.mac[3] ^= 1;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: another MAC", &found, MAC_COMPARE_FAIL);
	pcmd.mac[3] ^= 1;
	pcmd.reserved2[0] = 1;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: PCMD with reserved bytes", &found, MAC_COMPARE_FAIL);
	pcmd.reserved2[0] = 0;
	pcmd.reserved1[55] = 1;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: PCMD with reserved bytes of SECINFO", &found, MAC_COMPARE_FAIL);
	pcmd.reserved1[55] = 0;
	pcmd.flags |= 1 << 20;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: PCMD with reserved flags", &found, MAC_COMPARE_FAIL);
	pcmd.flags ^= 1 << 20 | PT_REG | 0x700;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: PCMD with a page type that there isn't", &found, MAC_COMPARE_FAIL);
	pcmd.flags ^= PT_REG | 0x700;
}

static void check_evict_and_load(const struct enclave *enclave, const struct enclave *second)
{
	uint64_t page = page_of(enclave, READ_ONLY), linear;
	struct outcome found;

	fill(evicted, 0, PAGE);
	found = evict(page, epc(VA) + 8, &linear);
	check_code("EWB: a regular page", &found, DONE);
	found = encls(EDBGRD, 0, epc(VA) + 8, 0);
	check_true("EDBGRD: a slot that is occupied, and no version",
		   found.vector == VECTOR_NONE && found.rbx == ~0ull);
	found = encls(EDBGRD, 5, epc(VA) + 16, 0);
	check_true("EDBGRD: a slot that is empty", found.vector == VECTOR_NONE && found.rbx == 0);
	found = encls(EDBGWR, 0, epc(VA) + 8, 0);
	check_epcm_fault("EDBGWR: a version array", &found, epc(VA) + 8);
	check_equal("EWB: says where the page was", linear, linear_of(enclave, READ_ONLY));
	check_equal("EWB: says what the page was", pcmd.flags, PT_REG | R);
	check_true("EWB: what is written isn't what was in the page",
		   !is_all(evicted, 0x5a, 64) && !is_all(evicted, 0, PAGE));
	found = encls(EBLOCK, 0, page, 0);
	check_code("EWB: the page is free then", &found, PG_INVLD);
	check_refused_loads(enclave, second);
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: the page comes back", &found, DONE);
	check_equal("ELDU: with its content", debug_read(enclave, READ_ONLY, 96), 0x5a5a5a5a5a5a5a5a);
	encls(EREMOVE, 0, page, 0);
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 8);
	check_code("ELDU: the same page a second time", &found, MAC_COMPARE_FAIL);
}

static void check_blocked_load(const struct enclave *enclave)
{
	uint64_t page = page_of(enclave, DATA), linear;
	struct outcome found;

	encls(EBLOCK, 0, page, 0);
	encls(ETRACK, 0, secs_of(enclave), 0);
	evict(page, epc(VA) + 16, &linear);
	found = load(ELDB, linear, secs_of(enclave), page, epc(VA) + 16);
	check_code("ELDB: the page comes back", &found, DONE);
	found = encls(EBLOCK, 0, page, 0);
	check_code("ELDB: blocked", &found, BLKSTATE);
	found = evict(page, epc(VA) + 16, &linear);
	check_code("EWB: what ELDB brought may go again at once", &found, DONE);
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 16);
	check_code("ELDU: after ELDB and EWB", &found, DONE);
	found = encls(EBLOCK, 0, page, 0);
	check_code("ELDU: not blocked", &found, DONE);
	encls(ETRACK, 0, secs_of(enclave), 0);
	evict(page, epc(VA) + 16, &linear);
	load(ELDU, linear, secs_of(enclave), page, epc(VA) + 16);
}

static void check_old_version(const struct enclave *enclave)
{
	static uint8_t older[PAGE];
	struct pcmd older_pcmd;
	uint64_t page = page_of(enclave, SSA1), linear;
	struct outcome found;

	encls(EBLOCK, 0, page, 0);
	encls(ETRACK, 0, secs_of(enclave), 0);
	evict(page, epc(VA) + 24, &linear);
	copy(older, evicted, PAGE);
	older_pcmd = pcmd;
	load(ELDB, linear, secs_of(enclave), page, epc(VA) + 24);
	evict(page, epc(VA) + 24, &linear);
	check_true("EWB: twice the same page gives two ciphertexts", !same(older, evicted, PAGE));
	copy(evicted, older, PAGE);
	pcmd = older_pcmd;
	found = load(ELDU, linear, secs_of(enclave), page, epc(VA) + 24);
	check_code("ELDU: an older version of the page", &found, MAC_COMPARE_FAIL);
}

static void check_secs_and_va(const struct enclave *enclave)
{
	uint64_t linear, eid;
	struct outcome found;

	found = evict(secs_of(enclave), epc(VA) + 32, &linear);
	check_code("EWB: a SECS that has pages", &found, CHILD_PRESENT);
	enclave_remove(enclave);
	enclave_create(enclave);
	enclave_add(enclave, CODE, PT_REG | R, page_source);
	encls(EBLOCK, 0, page_of(enclave, CODE), 0);
	encls(ETRACK, 0, secs_of(enclave), 0);
	evict(page_of(enclave, CODE), epc(VA) + 48, &linear);
	eid = pcmd.enclave;
	found = evict(secs_of(enclave), epc(VA) + 32, &linear);
	check_code("EWB: a SECS without pages", &found, DONE);
	check_equal("EWB: a SECS has no linear address", linear, 0);
	check_true("EWB: PCMD of a SECS and of its pages name the enclave", eid != 0 && pcmd.enclave == eid);
	found = load(ELDU, 0, epc(FREE), secs_of(enclave), epc(VA) + 32);
	check_fault("ELDU: a SECS under a SECS", &found, GP);
	found = load(ELDU, 0, 0, secs_of(enclave), epc(VA) + 32);
	check_code("ELDU: a SECS", &found, DONE);
	found = enclave_add(enclave, CODE, PT_REG | R, page_source);
	check_done("ELDU: a SECS takes pages again", &found);
	enclave_remove(enclave);
	encls(EPA, PT_VA >> 8, epc(FREE), 0);
	found = evict(epc(FREE), epc(VA) + 40, &linear);
	check_code("EWB: a version array", &found, DONE);
	found = encls(EPA, PT_VA >> 8, epc(FREE), 0);
	found = evict(epc(FREE), epc(VA) + 40, &linear);
	check_code("EWB: a slot that is occupied", &found, VA_SLOT_OCCUPIED);
	found = load(ELDU, 0, 0, epc(FREE), epc(VA) + 40);
	check_code("ELDU: a version array", &found, DONE);
	encls(EREMOVE, 0, epc(FREE), 0);
}

void checks_paging(void)
{
	struct enclave enclave, second;

	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	enclave_build(&second, 1, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_epa();
	check_block(&enclave);
	check_ewb_operands(&enclave);
	check_evict_and_load(&enclave, &second);
	check_blocked_load(&enclave);
	check_old_version(&enclave);
	check_secs_and_va(&enclave);
	enclave_remove(&second);
	encls(EREMOVE, 0, epc(VA), 0);
}
