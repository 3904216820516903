// SPDX-License-Identifier: GPL-2.0-or-later
// What can't be switched on, and how an enclave is built: ECREATE, EADD, EEXTEND, EREMOVE, EDBGRD, EDBGWR.
#include "leaves.h"

enum { FEATURE_CONTROL = 0x3a, LOCKED = 1, SGX_LC = 1 << 17, SGX = 1 << 18, SGXLEPUBKEYHASH0 = 0x8c };

static void check_cpuid(void)
{
	uint32_t found[4];

	cpuid(7, 0, found);
	check_true("CPUID 7: SGX and launch control are there", (found[1] >> 2 & 1) != 0 && (found[2] >> 30 & 1) != 0);
	cpuid(0x12, 0, found);
	check_equal("CPUID 12H.0: SGX1, SGX2", found[0] & 3, 3);
	check_equal("CPUID 12H.0: EXINFO alone", found[1], 1);
	cpuid(0x12, 1, found);
	check_equal("CPUID 12H.1: the attributes that an enclave may have", found[0],
		    DEBUG | MODE64 | PROVISION | TOKENKEY);
	check_equal("CPUID 12H.1: x87, SSE and AVX in XFRM, and no more", found[2], 7);
	cpuid(0x12, 2, found);
	check_true("CPUID 12H.2: a section of EPC", (found[0] & 15) == 1 && (found[2] & 15) == 1 && epc_pages == 1024);
	cpuid(0x12, 3, found);
	check_equal("CPUID 12H.3: no other one", found[0] & 15, 0);
}

void checks_enabling(void)
{
	struct user user;
	struct outcome found;

	check_cpuid();
	found = encls(EREMOVE, 0, epc(0), 0);
	check_fault("ENCLS is #GP before firmware has switched SGX on", &found, GP);
	found = wrmsr(FEATURE_CONTROL, SGX);
	check_done("IA32_FEATURE_CONTROL can be written while it isn't locked", &found);
	found = encls(EREMOVE, 0, epc(0), 0);
	check_fault("ENCLS is #GP while IA32_FEATURE_CONTROL isn't locked", &found, GP);
	found = wrmsr(SGXLEPUBKEYHASH0, 0x1234);
	check_done("the signer's hash can be written before the lock", &found);
	found = wrmsr(FEATURE_CONTROL, SGX | SGX_LC | LOCKED);
	check_done("IA32_FEATURE_CONTROL can be locked", &found);
	found = wrmsr(FEATURE_CONTROL, 0);
	check_fault("IA32_FEATURE_CONTROL stays as it was locked", &found, GP);
	check_equal("it reads as it was written", rdmsr(FEATURE_CONTROL), SGX | SGX_LC | LOCKED);
	found = wrmsr(SGXLEPUBKEYHASH0 + 1, 0x5678);
	check_done("with launch control the signer's hash can be written after the lock", &found);
	check_equal("the signer's hash reads as it was written", rdmsr(SGXLEPUBKEYHASH0 + 1), 0x5678);
	found = encls(EREMOVE, 0, epc(0), 0);
	check_code("ENCLS works when SGX is on", &found, DONE);
	found = encls(ENCLS_LEAVES + 1, 0, epc(0), 0);
	check_fault("ENCLS refuses leaves that there aren't", &found, GP);
	found = enclu_by_kernel(CR0_USUAL);
	check_fault("ENCLU is #UD in ring 0", &found, UD);
	found = enclu_by_kernel(CR0_USUAL | CR0_TS);
	check_fault("ENCLU is #NM with CR0.TS, in ring 0, too", &found, NM);
	user_init(&user);
	user.rax = 100;
	user_run(&user);
	check_equal("ENCLU refuses leaves that there aren't", user.vector, GP);
	user_init(&user);
	user.rax = EEXIT;
	user_run(&user);
	check_equal("EEXIT is #GP outside", user.vector, GP);
	user_init(&user);
	user.rax = EREPORT;
	user_run(&user);
	check_equal("EREPORT is #GP outside", user.vector, GP);
}

static void check_secs(const char *name, uint64_t offset, uint64_t value, uint64_t size)
{
	struct enclave enclave;
	struct outcome found;

	enclave_describe(&enclave, 0, DEBUG | MODE64, 7, 1);
	copy((uint8_t *)&enclave.secs + offset, &value, size);
	found = enclave_create(&enclave);
	check_fault(name, &found, GP);
	enclave_remove(&enclave);
}

/* At an address that suits it. */
static void check_largest(void)
{
	struct enclave enclave;
	struct outcome found;

	enclave_describe(&enclave, 0, DEBUG | MODE64, 7, 1);
	enclave.secs.size = enclave.secs.base = 1ull << 36;
	found = enclave_create(&enclave);
	check_fault("ECREATE: SIZE of CPUID's limit", &found, GP);
	enclave_remove(&enclave);
}

static void check_secs_fields(void)
{
	enum {
		AT_SIZE = 0,
		AT_BASE = 8,
		AT_SSA = 16,
		AT_MISC = 20,
		AT_RESERVED1 = 24,
		AT_ATTRIBUTES = 48,
		AT_XFRM = 56,
		AT_RESERVED2 = 96,
		AT_RESERVED3 = 160,
		AT_CONFIGID = 192,
		AT_CONFIGSVN = 260,
		AT_RESERVED4 = 262
	};

	check_secs("ECREATE: SIZE 0", AT_SIZE, 0, 8);
	check_secs("ECREATE: SIZE of one page", AT_SIZE, PAGE, 8);
	check_secs("ECREATE: SIZE that is no power of two", AT_SIZE, 0x11000, 8);
	check_secs("ECREATE: SIZE beyond CPUID's", AT_SIZE, 1ull << 37, 8);
	check_largest();
	check_secs("ECREATE: BASEADDR that isn't a multiple of SIZE", AT_BASE, ENCLAVES + PAGE, 8);
	check_secs("ECREATE: BASEADDR that isn't canonical", AT_BASE, 1ull << 60, 8);
	check_secs("ECREATE: SSAFRAMESIZE 0", AT_SSA, 0, 4);
	check_secs("ECREATE: MISCSELECT with a bit that CPUID hasn't", AT_MISC, 2, 4);
	check_secs("ECREATE: ATTRIBUTES.INIT", AT_ATTRIBUTES, INIT | DEBUG | MODE64, 8);
	check_secs("ECREATE: ATTRIBUTES with a bit that CPUID hasn't", AT_ATTRIBUTES, DEBUG | MODE64 | 0x80, 8);
	check_secs("ECREATE: ATTRIBUTES with a high bit", AT_ATTRIBUTES, MODE64 | 1ull << 40, 8);
	check_secs("ECREATE: a 32-bit enclave (not modelled)", AT_ATTRIBUTES, DEBUG, 8);
	check_secs("ECREATE: XFRM without x87", AT_XFRM, 2, 8);
	check_secs("ECREATE: XFRM without SSE", AT_XFRM, 5, 8);
	check_secs("ECREATE: XFRM with MPX", AT_XFRM, 3 | 0x18, 8);
	check_secs("ECREATE: XFRM with a component that isn't there", AT_XFRM, 3 | 1ull << 9, 8);
	check_secs("ECREATE: reserved bytes before ATTRIBUTES", AT_RESERVED1, 1, 1);
	check_secs("ECREATE: reserved bytes after MRENCLAVE", AT_RESERVED2, 1, 1);
	check_secs("ECREATE: reserved bytes after MRSIGNER", AT_RESERVED3, 1, 1);
	check_secs("ECREATE: CONFIGID without KSS", AT_CONFIGID, 1, 1);
	check_secs("ECREATE: CONFIGSVN without KSS", AT_CONFIGSVN, 1, 1);
	check_secs("ECREATE: reserved bytes at the end", AT_RESERVED4 + 3000, 1, 1);
}

static struct outcome create_with(uint64_t linaddr, uint64_t secs, uint64_t flags, uint64_t to)
{
	struct enclave enclave;
	static struct secs source __attribute__((aligned(4096)));
	struct secinfo secinfo = {.flags = flags};
	struct pageinfo pageinfo = {linaddr, (uint64_t)&source, (uint64_t)&secinfo, secs};

	enclave_describe(&enclave, 0, DEBUG | MODE64, 7, 1);
	source = enclave.secs;
	return encls(ECREATE, (uint64_t)&pageinfo, to, 0);
}

static void check_ecreate(void)
{
	struct outcome found;
	struct enclave enclave;

	check_secs_fields();
	found = create_with(PAGE, 0, PT_SECS, epc(0));
	check_fault("ECREATE: a linear address", &found, GP);
	found = create_with(0, epc(1), PT_SECS, epc(0));
	check_fault("ECREATE: a SECS", &found, GP);
	found = create_with(0, 0, PT_REG, epc(0));
	check_fault("ECREATE: SECINFO of a regular page", &found, GP);
	found = create_with(0, 0, PT_SECS | R | PENDING | MODIFIED | PR, epc(0));
	check_done("ECREATE: SECINFO's rights and state are ignored", &found);
	encls(EREMOVE, 0, epc(0), 0);
	found = create_with(0, 0, PT_SECS | 1 << 20, epc(0));
	check_fault("ECREATE: SECINFO with reserved flags", &found, GP);
	found = create_with(0, 0, PT_SECS, epc(0) + 256);
	check_fault("ECREATE: an EPC page that isn't aligned", &found, GP);
	found = create_with(0, 0, PT_SECS, (uint64_t)page_source);
	check_epcm_fault("ECREATE: memory that isn't EPC", &found, (uint64_t)page_source);
	found = encls(ECREATE, 8, epc(0), 0);
	check_fault("ECREATE: PAGEINFO that isn't aligned", &found, GP);
	map(ENCLAVES, 0, 0);
	found = create_with(0, 0, PT_SECS, ENCLAVES);
	check_true("ECREATE: an address that isn't mapped is an ordinary page fault",
		   found.vector == PF && found.error == 2 && found.address == ENCLAVES);
	enclave_describe(&enclave, 0, DEBUG | MODE64, 7, 1);
	found = enclave_create(&enclave);
	check_done("ECREATE: a SECS as it should be", &found);
	found = enclave_create(&enclave);
	check_epcm_fault("ECREATE: a page that is taken", &found, epc(0));
	enclave.secs.size = 0;
	found = enclave_create(&enclave);
	check_epcm_fault("ECREATE: a page that is taken comes before what is wrong with a SECS", &found, epc(0));
	check_true("the abort page is what ring 0 finds in the EPC", is_all((const void *)epc(0), 0xff, PAGE));
	fill((void *)epc(0), 0, PAGE);
	check_true("and it stays so when it's written", is_all((const void *)epc(0), 0xff, PAGE));
}

/* What is wrong with it EADD finds (GP), or leaves to EENTER (VECTOR_NONE). */
static void check_tcs(const struct enclave *enclave, const char *name, uint64_t offset, uint64_t value, int vector)
{
	struct outcome found;

	tcs_source = (struct tcs){.ossa = (uint64_t)SSA0 * PAGE, .nssa = 2};
	copy((uint8_t *)&tcs_source + offset, &value, sizeof(value));
	found = enclave_add(enclave, TCS0, PT_TCS, &tcs_source);
	check_fault(name, &found, vector);
	encls(EREMOVE, 0, page_of(enclave, TCS0), 0);
}

static void check_eadd_operands(const struct enclave *enclave)
{
	struct secinfo secinfo = {.flags = PT_REG | R};
	struct pageinfo pageinfo = {linear_of(enclave, 0), (uint64_t)page_source, (uint64_t)&secinfo, secs_of(enclave)};
	struct pageinfo changed = pageinfo;
	struct outcome found;

	changed.linaddr += 8;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_fault("EADD: a linear address that isn't aligned", &found, GP);
	changed.linaddr = enclave->base + (uint64_t)ENCLAVE_PAGES * PAGE;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_fault("EADD: a linear address behind the enclave", &found, GP);
	changed.linaddr = enclave->base - PAGE;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_fault("EADD: a linear address before the enclave", &found, GP);
	changed = pageinfo;
	changed.srcpge += 8;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_fault("EADD: a source that isn't aligned", &found, GP);
	changed = pageinfo;
	changed.secinfo += 32;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_fault("EADD: SECINFO that isn't aligned", &found, GP);
	changed = pageinfo;
	changed.secs += 256;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_fault("EADD: a SECS that isn't aligned", &found, GP);
	changed.secs = (uint64_t)page_source;
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_epcm_fault("EADD: a SECS that isn't in the EPC", &found, (uint64_t)page_source);
	changed.secs = epc(FREE);
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_epcm_fault("EADD: a SECS that is a free page", &found, epc(FREE));
	encls(EPA, PT_VA >> 8, epc(VA), 0);
	changed.secs = epc(VA);
	found = encls(EADD, (uint64_t)&changed, page_of(enclave, 0), 0);
	check_epcm_fault("EADD: a SECS that is a version array", &found, epc(VA));
	encls(EREMOVE, 0, epc(VA), 0);
}

/* Each of its operands where nothing is mapped. */
static void check_eadd_unmapped(const struct enclave *enclave)
{
	static const char *const names[] = {"EADD: a source that isn't mapped", "EADD: SECINFO that isn't mapped",
					    "EADD: a SECS that isn't mapped", "EADD: PAGEINFO that isn't mapped",
					    "EADD: a page that isn't mapped"};
	uint64_t nowhere = ENCLAVES + 511ull * PAGE;

	map(nowhere, 0, 0);
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct secinfo secinfo = {.flags = PT_REG | R};
		struct pageinfo pageinfo = {linear_of(enclave, 0), (uint64_t)page_source, (uint64_t)&secinfo,
					    secs_of(enclave)};
		struct outcome found;

		if (i < 3)
			((uint64_t *)&pageinfo)[1 + i] = nowhere;
		found = encls(EADD, i == 3 ? nowhere : (uint64_t)&pageinfo, i == 4 ? nowhere : page_of(enclave, 0), 0);
		check_true(names[i], found.vector == PF && (found.error & 0x8001) == 0 && found.address == nowhere);
	}
}

static void check_eadd_flags(const struct enclave *enclave)
{
	static const struct {
		const char *name;
		uint64_t flags;
	} table[] = {
		{"EADD: SECINFO of a SECS", PT_SECS | R},
		{"EADD: SECINFO of a version array", PT_VA},
		{"EADD: SECINFO of a trimmed page", PT_TRIM},
		{"EADD: SECINFO with W and without R", PT_REG | W},
		{"EADD: SECINFO with a reserved flag", PT_REG | R | 0x40},
		{"EADD: SECINFO with a page type that there isn't", 0xf00 | R},
	};
	struct secinfo secinfo = {.flags = PT_REG | R, .reserved[55] = 1};
	struct pageinfo pageinfo = {linear_of(enclave, 0), (uint64_t)page_source, (uint64_t)&secinfo, secs_of(enclave)};
	struct outcome found;

	for (unsigned i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		found = enclave_add(enclave, CODE, table[i].flags, page_source);
		check_fault(table[i].name, &found, GP);
		encls(EREMOVE, 0, page_of(enclave, CODE), 0);
	}
	found = encls(EADD, (uint64_t)&pageinfo, page_of(enclave, 0), 0);
	check_fault("EADD: SECINFO with reserved bytes", &found, GP);
}

/* A page's state isn't SECINFO's to say: what EWB says of the page has none. */
static void check_eadd_state(const struct enclave *enclave)
{
	static uint8_t evicted[PAGE] __attribute__((aligned(4096)));
	static struct pcmd pcmd;
	struct pageinfo pageinfo = {0, (uint64_t)evicted, (uint64_t)&pcmd, 0};
	struct outcome found = enclave_add(enclave, CODE, PT_REG | R | PENDING | MODIFIED | PR, page_source);

	check_done("EADD: SECINFO with PENDING, MODIFIED and PR", &found);
	encls(EPA, PT_VA >> 8, epc(VA), 0);
	encls(EBLOCK, 0, page_of(enclave, CODE), 0);
	encls(ETRACK, 0, secs_of(enclave), 0);
	found = encls(EWB, (uint64_t)&pageinfo, page_of(enclave, CODE), epc(VA));
	check_true("EADD: and the page has none of them", found.vector == VECTOR_NONE && pcmd.flags == (PT_REG | R));
	encls(EREMOVE, 0, epc(VA), 0);
}

static void check_eadd_order(const struct enclave *enclave)
{
	struct secinfo secinfo = {.flags = PT_SECS};
	struct pageinfo pageinfo = {linear_of(enclave, 0), (uint64_t)page_source, (uint64_t)&secinfo, secs_of(enclave)};
	struct outcome found = encls(EADD, (uint64_t)&pageinfo, (uint64_t)page_source, 0);

	check_epcm_fault("EADD: memory that isn't EPC comes before SECINFO", &found, (uint64_t)page_source);
	found = enclave_add(enclave, CODE, PT_REG | W, page_source);
	check_epcm_fault("EADD: a page that is taken comes before W without R", &found, page_of(enclave, CODE));
	tcs_source = (struct tcs){.reserved[9] = 1};
	found = enclave_add(enclave, CODE, PT_TCS, &tcs_source);
	check_epcm_fault("EADD: a page that is taken comes before what is wrong with a TCS", &found,
			 page_of(enclave, CODE));
}

static void check_eadd(void)
{
	struct enclave enclave;
	struct outcome found;

	enclave_describe(&enclave, 1, DEBUG | MODE64, 7, 1);
	enclave_create(&enclave);
	check_eadd_operands(&enclave);
	check_eadd_unmapped(&enclave);
	check_eadd_flags(&enclave);
	check_eadd_state(&enclave);
	check_tcs(&enclave, "EADD: a TCS with reserved bytes", 100, 1, GP);
	check_tcs(&enclave, "EADD: a TCS with FLAGS", offsetof(struct tcs, flags), 2, VECTOR_NONE);
	check_tcs(&enclave, "EADD: a TCS with OSSA that isn't aligned", offsetof(struct tcs, ossa), 0x3008,
		  VECTOR_NONE);
	check_tcs(&enclave, "EADD: a TCS with OFSBASE that isn't aligned", offsetof(struct tcs, ofsbase), 8,
		  VECTOR_NONE);
	check_tcs(&enclave, "EADD: a TCS with OGSBASE that isn't aligned", offsetof(struct tcs, ogsbase), 8,
		  VECTOR_NONE);
	found = enclave_add(&enclave, CODE, PT_REG | R, page_source);
	check_done("EADD: a regular page", &found);
	found = enclave_add(&enclave, CODE, PT_REG | R, page_source);
	check_epcm_fault("EADD: a page that is taken", &found, page_of(&enclave, CODE));
	check_eadd_order(&enclave);
	tcs_source =
		(struct tcs){.state = 5, .flags = 1, .ossa = (uint64_t)SSA0 * PAGE, .cssa = 9, .nssa = 2, .aep = 77};
	found = enclave_add(&enclave, TCS0, PT_TCS | R | W, &tcs_source);
	check_done("EADD: a TCS", &found);
	check_equal("EADD: a TCS begins with CSSA 0", debug_read(&enclave, TCS0, 24) & 0xffffffff, 0);
	check_equal("EADD: a TCS keeps NSSA", debug_read(&enclave, TCS0, 24) >> 32, 2);
	check_equal("EADD: a TCS begins without AEP", debug_read(&enclave, TCS0, 40), 0);
	check_equal("EADD: a TCS begins without DBGOPTIN", debug_read(&enclave, TCS0, 8), 0);
	found = encls(EREMOVE, 0, secs_of(&enclave), 0);
	check_code("EREMOVE: a SECS that has pages", &found, CHILD_PRESENT);
	enclave_remove(&enclave);
	found = encls(EREMOVE, 0, secs_of(&enclave), 0);
	check_code("EREMOVE: a free page", &found, DONE);
	found = encls(EREMOVE, 0, epc(0) + 8, 0);
	check_fault("EREMOVE: a page that isn't aligned", &found, GP);
	found = encls(EREMOVE, 0, (uint64_t)page_source, 0);
	check_epcm_fault("EREMOVE: memory that isn't EPC", &found, (uint64_t)page_source);
}

static void check_eextend(void)
{
	struct enclave enclave, second;
	struct outcome found;

	enclave_load(&enclave, 2, DEBUG | MODE64, 7, 1);
	enclave_load(&second, 3, DEBUG | MODE64, 7, 1);
	found = encls(EEXTEND, secs_of(&enclave), page_of(&enclave, 0) + 8, 0);
	check_fault("EEXTEND: an address that isn't aligned", &found, GP);
	found = encls(EEXTEND, secs_of(&second), page_of(&enclave, 0), 0);
	check_fault("EEXTEND: another enclave's SECS", &found, GP);
	found = encls(EEXTEND, secs_of(&enclave), epc(FREE), 0);
	check_epcm_fault("EEXTEND: a free page", &found, epc(FREE));
	found = encls(EEXTEND, secs_of(&enclave), secs_of(&enclave), 0);
	check_epcm_fault("EEXTEND: a SECS", &found, secs_of(&enclave));
	found = encls(EEXTEND, secs_of(&enclave), (uint64_t)page_source, 0);
	check_epcm_fault("EEXTEND: memory that isn't EPC", &found, (uint64_t)page_source);
	found = encls(EEXTEND, secs_of(&enclave) + 8, page_of(&enclave, 0), 0);
	check_fault("EEXTEND: a SECS that isn't aligned", &found, GP);
	found = encls(EEXTEND, (uint64_t)page_source, page_of(&enclave, 0) + 8, 0);
	check_epcm_fault("EEXTEND: a SECS that isn't in the EPC comes before the address", &found,
			 (uint64_t)page_source);
	found = enclave_init(&enclave, GIVEN_DEBUG);
	check_code("EEXTEND: what it refused isn't measured", &found, DONE);
	found = encls(EEXTEND, secs_of(&enclave), page_of(&enclave, 0), 0);
	check_fault("EEXTEND: after EINIT", &found, GP);
	found = enclave_add(&enclave, SPARE, PT_REG | R, page_source);
	check_fault("EADD: after EINIT", &found, GP);
	enclave_remove(&enclave);
	enclave_remove(&second);
}

static void check_debug_tcs(const struct enclave *enclave)
{
	struct user user = {0};
	struct outcome found = encls(EDBGWR, 3, page_of(enclave, TCS0) + 8, 0);

	check_code("EDBGWR: FLAGS of a TCS", &found, DONE);
	check_equal("EDBGWR: all of a TCS's FLAGS", debug_read(enclave, TCS0, 8), 3);
	enclave_run(enclave, &user, TCS0, COMMAND_LOOK);
	check_true("EENTER: a TCS with a reserved flag", user.vector == GP && user.rip == (uint64_t)user_enclu);
	encls(EDBGWR, 0, page_of(enclave, TCS0) + 8, 0);
	found = encls(EDBGWR, 0, page_of(enclave, TCS0) + 16, 0);
	check_fault("EDBGWR: another field of a TCS", &found, GP);
	found = encls(EDBGRD, 0, page_of(enclave, TCS0) + 64, 0);
	check_true("EDBGRD: the last field of a TCS", found.vector == VECTOR_NONE && found.rbx == 0xfff00000fff);
	found = encls(EDBGRD, 0, page_of(enclave, TCS0) + 72, 0);
	check_fault("EDBGRD: behind the fields of a TCS", &found, GP);
}

/* What isn't accepted comes before what isn't for debugging. */
static void check_debug_pending(const struct enclave *plain)
{
	struct outcome found;

	enclave_aug(plain, ADDED);
	found = encls(EDBGRD, 0, page_of(plain, ADDED), 0);
	check_code("EDBGRD: a page that wasn't accepted, of an enclave that isn't for debugging", &found,
		   PAGE_NOT_DEBUGGABLE);
	found = encls(EDBGWR, 0, page_of(plain, ADDED), 0);
	check_code("EDBGWR: a page that wasn't accepted, of an enclave that isn't for debugging", &found,
		   PAGE_NOT_DEBUGGABLE);
}

static void check_debug(void)
{
	struct enclave enclave, plain;
	struct outcome found;

	enclave_build(&enclave, 2, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	found = encls(EDBGRD, 0, page_of(&enclave, READ_ONLY) + 8, 0);
	check_true("EDBGRD: a word of a debug enclave", found.vector == VECTOR_NONE && found.rbx == 0x5a5a5a5a5a5a5a5a);
	found = encls(EDBGWR, 0x1234567890, page_of(&enclave, DATA) + 16, 0);
	check_done("EDBGWR: a word of a debug enclave", &found);
	check_equal("EDBGWR: the word is there", debug_read(&enclave, DATA, 16), 0x1234567890);
	check_debug_tcs(&enclave);
	found = encls(EDBGRD, 0, page_of(&enclave, DATA) + 4, 0);
	check_fault("EDBGRD: an address that isn't aligned", &found, GP);
	found = encls(EDBGRD, 0, secs_of(&enclave), 0);
	check_epcm_fault("EDBGRD: a SECS", &found, secs_of(&enclave));
	found = encls(EDBGRD, 0, epc(FREE), 0);
	check_epcm_fault("EDBGRD: a free page", &found, epc(FREE));
	found = encls(EDBGWR, 0, epc(FREE), 0);
	check_epcm_fault("EDBGWR: a free page", &found, epc(FREE));
	found = enclave_build(&plain, 3, MODE64, 7, 1, GIVEN_PLAIN);
	check_code("EINIT: an enclave that isn't for debugging", &found, DONE);
	found = encls(EDBGRD, 0, page_of(&plain, READ_ONLY), 0);
	check_fault("EDBGRD: an enclave that isn't for debugging", &found, GP);
	found = encls(EDBGWR, 0, page_of(&plain, DATA), 0);
	check_fault("EDBGWR: an enclave that isn't for debugging", &found, GP);
	check_debug_pending(&plain);
	enclave_remove(&enclave);
	enclave_remove(&plain);
}

void checks_build(void)
{
	check_ecreate();
	epc_clean();
	check_eadd();
	check_eextend();
	check_debug();
}
