// SPDX-License-Identifier: GPL-2.0-or-later
// With and without debug opt-in: single steps and breakpoints; code that a debugger changes; what x87 leaves outside.
#include "leaves.h"

enum { EXITINFO = PAGE - 184 + 160, VALID = 0x80000000, HARDWARE = 3 << 8, PLACE = 0x700, MF = 16 };
enum { TCS_FLAGS = 8, OPT_IN = 1 };
enum breakpoint { NOTHING = 0x400, CODE_AT = 0x401, WRITE_OF_8 = 0x401 | 9 << 16 };

static void opt_in(const struct enclave *enclave, uint64_t flags)
{
	encls(EDBGWR, flags, page_of(enclave, TCS0) + TCS_FLAGS, 0);
}

static void breakpoint_set(uint64_t address, enum breakpoint control)
{
	__asm__ volatile("mov %0, %%dr0; mov %1, %%dr7" ::"r"(address), "r"((uint64_t)control));
}

static uint64_t code_of(const struct enclave *enclave, const char *label)
{
	return enclave->base + (uint64_t)(label - enclave_code);
}

/* What stopped the enclave's code at this label, which stores to PLACE if it stores; EXITINFO of it. */
static uint64_t run_at(const struct enclave *enclave, const char *label, uint64_t place, uint64_t *ret_info)
{
	struct user user = {.rdx = place, .r8 = 0x600d};

	enclave_jump(enclave, &user, code_of(enclave, label));
	breakpoint_set(0, NOTHING);
	*ret_info = 0;
	if (user.vector == CALL)
		return CALL;
	*ret_info = debug_read(enclave, SSA0, EXITINFO);
	enclave_unwind(enclave);
	return user.vector;
}

static void check_stops(const struct enclave *enclave)
{
	static uint64_t outside;
	uint64_t inside = linear_of(enclave, DATA) + PLACE, store = code_of(enclave, enclave_store), info;

	check_equal("without debug opt-in POPF sets no TF", run_at(enclave, enclave_single, inside, &info), CALL);
	breakpoint_set(store, CODE_AT);
	check_equal("without debug opt-in there are no breakpoints in the enclave's code",
		    run_at(enclave, enclave_store, inside, &info), CALL);
	breakpoint_set(inside, WRITE_OF_8);
	check_equal("without debug opt-in there are no breakpoints on the enclave's data",
		    run_at(enclave, enclave_store, inside, &info), CALL);
	breakpoint_set((uint64_t)&outside, WRITE_OF_8);
	check_equal("without debug opt-in there are breakpoints on data outside",
		    run_at(enclave, enclave_store, (uint64_t)&outside, &info), DB);
	check_equal("EXITINFO: a breakpoint", info, VALID | HARDWARE | DB);
	opt_in(enclave, OPT_IN);
	check_equal("with debug opt-in POPF sets TF", run_at(enclave, enclave_single, inside, &info), DB);
	breakpoint_set(store, CODE_AT);
	check_equal("with debug opt-in there are breakpoints in the enclave's code",
		    run_at(enclave, enclave_store, inside, &info), DB);
	breakpoint_set(inside, WRITE_OF_8);
	check_equal("with debug opt-in there are breakpoints on the enclave's data",
		    run_at(enclave, enclave_store, inside, &info), DB);
	opt_in(enclave, 0);
}

/* The first of enclave_others is UD2, translated by now. */
static void check_changed_code(const struct enclave *enclave)
{
	uint64_t at = (uint64_t)(enclave_others - enclave_code), was = debug_read(enclave, CODE, at), info;

	check_equal("EDBGWR: code as it was", run_at(enclave, enclave_others, 0, &info), UD);
	encls(EDBGWR, (was & ~0xffull) | 0xcc, page_of(enclave, CODE) + at, 0);
	check_equal("EDBGWR: what was written is executed", run_at(enclave, enclave_others, 0, &info), BP);
	encls(EDBGWR, was, page_of(enclave, CODE) + at, 0);
	check_equal("EDBGWR: and what was there again", run_at(enclave, enclave_others, 0, &info), UD);
}

static void check_x87_exception(const struct enclave *enclave)
{
	struct user user = {0};

	enclave_jump(enclave, &user, code_of(enclave, enclave_divide));
	check_true("AEX: an exception of x87", user.vector == MF && user.rip == (uint64_t)user_aep);
	check_equal("EXITINFO: an exception of x87", debug_read(enclave, SSA0, EXITINFO), VALID | HARDWARE | MF);
	check_equal("AEX: after an exception of x87 FCW is 37EH", *(uint16_t *)user.xsave, 0x37e);
	check_equal("AEX: after an exception of x87 FSW is 8081H", *(uint16_t *)(user.xsave + 2), 0x8081);
	check_equal("AEX: after an exception of x87 MXCSR is as after others", *(uint16_t *)(user.xsave + 24), 0x1fb0);
	enclave_unwind(enclave);
}

/* The page is one that could be removed. */
static void check_32_bits(void)
{
	uint64_t linear = ENCLAVES + 511ull * PAGE;
	struct outcome found;

	map(linear, epc(FREE), PTE_P | PTE_W | PTE_U);
	found = encls(EREMOVE, 0, linear, 0);
	check_code("EREMOVE: a free page", &found, DONE);
	found = encls_by_32_bits((uint32_t)linear);
	check_fault("ENCLS: #GP in 32-bit code (not modelled)", &found, GP);
	map(linear, 0, 0);
}

void checks_debug(void)
{
	struct enclave enclave;
	uint64_t info;

	check_32_bits();
	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	check_stops(&enclave);
	check_changed_code(&enclave);
	check_x87_exception(&enclave);
	check_equal("inside RDTSC and RDTSCP are legal", run_at(&enclave, enclave_clock, 0, &info), CALL);
	enclave_remove(&enclave);
}
