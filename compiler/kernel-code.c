/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The kernel's own inline functions, compiled to read another machine's memory
 * (guestcc --headers). What only speaks to the kernel's compiler goes; what would
 * act, on this machine or the target, is refused with the function that it is in.
 */
#include <llvm-c/DebugInfo.h>
#include <stdio.h>
#include <string.h>

#include "compiler/kernel-code.h"
#include "compiler/steps.h"
#include "compiler/unit.h"

static bool is_assembly(LLVMValueRef instruction)
{
	return LLVMIsACallInst(instruction) && LLVMIsAInlineAsm(LLVMGetCalledValue(instruction));
}

/* barrier(): orders what the compiler does with memory that changes meanwhile;
 * an epoch's copies don't. */
static void drop_barrier(struct unit *unit, LLVMValueRef instruction)
{
	size_t size;

	(void)unit;
	if (!is_assembly(instruction) || LLVMGetTypeKind(LLVMTypeOf(instruction)) != LLVMVoidTypeKind)
		return;
	LLVMGetInlineAsmAsmString(LLVMGetCalledValue(instruction), &size);
	if (size == 0)
		LLVMInstructionEraseFromParent(instruction);
}

/* The functions that take guest's and own pointers alike: in the other mode
 * guestc.h gives their names to the usual ones. */
static void redirect_strings(struct unit *unit)
{
	static const char *const names[] = {"strlen", "strnlen", "strcmp", "strncmp", "memcmp",
					    "memcpy", "memmove", "memset", "strcpy"};
	char ours[32];

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		LLVMValueRef function = LLVMGetNamedFunction(unit->module, names[i]);
		if (function == NULL || !LLVMIsDeclaration(function))
			continue;
		int size = snprintf(ours, sizeof ours, "guest_%s", names[i]);
		LLVMSetValueName2(function, ours, (size_t)size);
	}
}

void adopt_kernel_code(struct unit *unit)
{
	if (unit->headers == NULL)
		return;
	unit_each_instruction(unit, drop_barrier);
	redirect_strings(unit);
}

/* ---- what is refused */

bool is_assertion(LLVMValueRef function)
{
	/* __attribute__((error("…"))) */
	static const char name[] = "dontcall-error";

	return LLVMGetStringAttributeAtIndex(function, LLVMAttributeFunctionIndex, name, sizeof name - 1) != NULL;
}

static void refuse_assertion(struct unit *unit, LLVMValueRef instruction)
{
	LLVMValueRef target = call_target(instruction);

	if (target != NULL && is_assertion(target))
		unit_error(unit, instruction, "an assertion of the kernel's headers fails: %s()", value_name(target));
}

void refuse_assertions(struct unit *unit)
{
	unit_each_instruction(unit, refuse_assertion);
}

static bool is_another_address_space(LLVMTypeRef type)
{
	return LLVMGetTypeKind(type) == LLVMPointerTypeKind && LLVMGetPointerAddressSpace(type) != 0;
}

static void refuse_registers(struct unit *unit, LLVMValueRef instruction)
{
	static const char *const names[] = {"llvm.read_register", "llvm.read_volatile_register", "llvm.write_register",
					    "llvm.returnaddress", "llvm.frameaddress",		 "llvm.x86."};

	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (is_call_of(instruction, names[i]))
			unit_error(unit, instruction,
				   "reads a register: guest C runs on another machine than the kernel's");
	}
}

static void refuse_instruction(struct unit *unit, LLVMValueRef instruction)
{
	bool elsewhere = is_another_address_space(LLVMTypeOf(instruction));

	for (int i = 0; i < LLVMGetNumOperands(instruction); i++)
		elsewhere |= is_another_address_space(LLVMTypeOf(LLVMGetOperand(instruction, (unsigned)i)));
	if (elsewhere)
		unit_error(unit, instruction,
			   "an address relative to a segment register: this CPU's own data, not the "
			   "target's");
	if (LLVMGetInstructionOpcode(instruction) == LLVMCallBr)
		unit_error(unit, instruction,
			   "inline assembly that jumps (asm goto): guest C runs on another machine than the kernel's");
	refuse_registers(unit, instruction);
}

/* Only what guest C defines has an address here. */
static void refuse_address_of(struct unit *unit, LLVMValueRef function)
{
	if (!LLVMIsDeclaration(function) || unit_knows_function(function) || is_assertion(function))
		return;
	for (LLVMUseRef use = LLVMGetFirstUse(function); use != NULL; use = LLVMGetNextUse(use)) {
		LLVMValueRef user = LLVMGetUser(use);
		if (call_target(user) != function)
			unit_error(unit, LLVMIsAInstruction(user) ? user : function,
				   "takes the address of '%s', a function of the kernel's: declare another name for "
				   "it, extern const char",
				   value_name(function));
	}
}

void refuse_kernel_code(struct unit *unit)
{
	size_t size;

	if (unit->headers == NULL)
		return;
	LLVMGetModuleInlineAsm(unit->module, &size);
	LLVMValueRef global = LLVMGetNamedGlobal(unit->module, "llvm.global_ctors");
	if (size != 0 || global != NULL || LLVMGetNamedGlobal(unit->module, "llvm.global_dtors") != NULL) {
		fprintf(stderr, "%s:1: error: %s\n", LLVMGetSourceFileName(unit->module, &size),
			global == NULL ? "assembly at file level, or a destructor: guest C runs on another machine "
					 "than the kernel's"
				       : "constructors: guest C runs only where it is called, on a kernel");
		unit->error_count++;
	}
	unit_each_instruction(unit, refuse_instruction);
	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL;
	     function = LLVMGetNextFunction(function))
		refuse_address_of(unit, function);
}
