// SPDX-License-Identifier: GPL-2.0-or-later
// What an enclave can't do: SDM 3D, "Illegal Instructions"; and of which events it is told.
#include "leaves.h"

enum { SNIPPET = 16, EXITINFO = PAGE - 184 + 160, SAVED_RIP = PAGE - 184 + 136 };

static const char *const illegal[] = {
	"#UD inside: CPUID",
	"#UD inside: SYSCALL",
	"#UD inside: INT n",
	"#UD inside: IRET",
	"#UD inside: IN",
	"#UD inside: OUT",
	"#UD inside: INS",
	"#UD inside: OUTS",
	"#UD inside: MOV to DS",
	"#UD inside: MOV to SS",
	"#UD inside: POP FS",
	"#UD inside: POP GS",
	"#UD inside: far CALL by memory",
	"#UD inside: far JMP by memory",
	"#UD inside: far RET",
	"#UD inside: LAR",
	"#UD inside: STR",
	"#UD inside: SLDT",
	"#UD inside: VERR",
	"#UD inside: VERW",
	"#UD inside: SGDT",
	"#UD inside: SIDT",
	"#UD inside: SMSW",
	"#UD inside: VMCALL",
	"#UD inside: SYSENTER",
	"#UD inside: RDPMC",
	"#UD inside: GETSEC",
	"#UD inside: LSS",
	"#UD inside: LFS",
	"#UD inside: LGS",
	"#UD inside: VMFUNC",
	"#UD inside: MOV to ES",
	"#UD inside: MOV to FS",
	"#UD inside: MOV to GS",
};

static void check_event(const struct enclave *enclave, unsigned number, const char *name, uint64_t vector,
			uint64_t info)
{
	struct user user = {0};

	enclave_jump(enclave, &user,
		     enclave->base + (uint64_t)(enclave_others - enclave_code) + (uint64_t)number * SNIPPET);
	check_true(name, user.vector == vector && user.rip == (uint64_t)user_aep &&
				 debug_read(enclave, SSA0, EXITINFO) == info);
	enclave_unwind(enclave);
}

/* The byte that tells whether it's illegal is on the next page, which isn't code: that fault is this instruction's, and
 * the one before has been done. */
static void check_page_end(const struct enclave *enclave)
{
	enum { WRITTEN = 0x700, LAST = PAGE - 1 };
	uint64_t at = enclave->base + (uint64_t)(enclave_last - enclave_code);
	struct user user = {.rdx = linear_of(enclave, DATA) + WRITTEN, .r8 = 0x7a11};

	enclave_jump(enclave, &user, at);
	check_true("a fetch beyond the page's end: a page fault",
		   user.vector == PF && user.cr2 == linear_of(enclave, DATA));
	check_equal("a fetch beyond the page's end: of the instruction that goes on there",
		    debug_read(enclave, SSA0, SAVED_RIP), linear_of(enclave, CODE) + LAST);
	check_equal("a fetch beyond the page's end: the instruction before it was done",
		    debug_read(enclave, DATA, WRITTEN), 0x7a11);
	enclave_unwind(enclave);
}

void checks_illegal(void)
{
	enum { VALID = 0x80000000, HARDWARE = 3 << 8, SOFTWARE = 6 << 8 };
	struct enclave enclave, without;
	struct outcome found;
	struct user user = {0};

	enclave_build(&enclave, 0, DEBUG | MODE64, 7, 1, GIVEN_DEBUG);
	for (unsigned i = 0; i < sizeof(illegal) / sizeof(illegal[0]); i++) {
		uint64_t at = enclave.base + (uint64_t)(enclave_snippets - enclave_code) + (uint64_t)i * SNIPPET;

		enclave_jump(&enclave, &user, at);
		/* This one, not one behind it. */
		check_true(illegal[i], user.vector == UD && user.rip == (uint64_t)user_aep &&
					       debug_read(&enclave, SSA0, SAVED_RIP) == at);
		enclave_unwind(&enclave);
	}
	check_event(&enclave, 0, "EXITINFO: UD2", UD, VALID | HARDWARE | UD);
	check_event(&enclave, 1, "EXITINFO: INT3", BP, VALID | SOFTWARE | BP);
	check_event(&enclave, 2, "EXITINFO: a division by 0", DE, VALID | HARDWARE | DE);
	check_event(&enclave, 5, "EXITINFO: a general protection fault", GP, VALID | HARDWARE | GP);
	check_page_end(&enclave);
	found = enclave_enclu(&enclave, EENTER, linear_of(&enclave, TCS1), (uint64_t)user_aep, 0);
	check_fault("EENTER: #GP inside", &found, GP);
	found = enclave_enclu(&enclave, ERESUME, linear_of(&enclave, TCS1), (uint64_t)user_aep, 0);
	check_fault("ERESUME: #GP inside", &found, GP);
	enclave_remove(&enclave);
	enclave_build(&without, 7, DEBUG | MODE64, 7, 0, GIVEN_WRONG_MISC);
	check_event(&without, 5, "EXITINFO: nothing of a general protection fault without EXINFO", GP, 0);
	user = (struct user){.rsi = linear_of(&without, SPARE), .rdx = linear_of(&without, DATA), .r8 = 8};
	enclave_run(&without, &user, TCS0, COMMAND_COPY);
	check_true("EXITINFO: nothing of a page fault without EXINFO",
		   user.vector == PF && debug_read(&without, SSA0, EXITINFO) == 0);
	enclave_remove(&without);
}
