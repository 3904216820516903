/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Kernel variables. `extern struct task_struct init_task;` in guest C names
 * the kernel's variable: each use becomes the address that kallsyms gave.
 */
#include <llvm-c/DebugInfo.h>
#include <string.h>

#include "compiler/steps.h"
#include "compiler/unit.h"
#include "guest/kernel/linkage.h"

/* Own variables that another object defines: guestc.h's GUEST_NATIVE,
 * GUEST_C, and the runtime's. */
static bool is_own(LLVMValueRef global)
{
	const char *section = LLVMGetSection(global);
	const char *name = value_name(global);

	return (section != NULL && name_starts(section, "guest_")) || name_starts(name, "guest_access_") ||
	       name_starts(name, "llvm.");
}

static bool is_symbol(LLVMValueRef value)
{
	return LLVMIsAGlobalVariable(value) && LLVMIsDeclaration(value) && !is_own(value);
}

/* Does a constant contain a kernel symbol? Constants form a tree: C
 * initialisers end. */
static LLVMValueRef symbol_inside(LLVMValueRef constant)
{
	if (is_symbol(constant))
		return constant;
	if (LLVMIsAGlobalValue(constant))
		return NULL;
	for (int i = 0; i < LLVMGetNumOperands(constant); i++) {
		LLVMValueRef operand = LLVMGetOperand(constant, (unsigned)i);
		LLVMValueRef found = LLVMIsAConstant(operand) ? symbol_inside(operand) : NULL;
		if (found != NULL)
			return found;
	}
	return NULL;
}

static LLVMValueRef load_symbol(struct unit *unit, LLVMValueRef symbol)
{
	struct question question = {.kind = GUEST_LINK_SYMBOL, .name = value_name(symbol), .path = ""};

	return LLVMBuildIntToPtr(unit->builder, links_require(unit, &question), unit->pointer, "");
}

static LLVMValueRef expand(struct unit *unit, LLVMValueRef constant);

static LLVMValueRef expand_step(struct unit *unit, LLVMValueRef constant)
{
	LLVMValueRef indices[16];
	unsigned count = (unsigned)LLVMGetNumOperands(constant) - 1;

	if (count > 16)
		return NULL;
	for (unsigned i = 0; i < count; i++)
		indices[i] = LLVMGetOperand(constant, i + 1);
	return LLVMBuildGEP2(unit->builder, LLVMGetGEPSourceElementType(constant),
			     expand(unit, LLVMGetOperand(constant, 0)), indices, count, "");
}

/* The instructions that compute what the constant expression would be; NULL
 * for an operation that C doesn't make of addresses. */
static LLVMValueRef expand(struct unit *unit, LLVMValueRef constant)
{
	if (is_symbol(constant))
		return load_symbol(unit, constant);
	if (symbol_inside(constant) == NULL)
		return constant;
	if (!LLVMIsAConstantExpr(constant))
		return NULL;
	LLVMOpcode opcode = LLVMGetConstOpcode(constant);
	if (opcode == LLVMGetElementPtr)
		return expand_step(unit, constant);
	LLVMValueRef first = expand(unit, LLVMGetOperand(constant, 0));
	if (first == NULL)
		return NULL;
	switch (opcode) {
	case LLVMPtrToInt: return LLVMBuildPtrToInt(unit->builder, first, LLVMTypeOf(constant), "");
	case LLVMIntToPtr: return LLVMBuildIntToPtr(unit->builder, first, LLVMTypeOf(constant), "");
	case LLVMTrunc: return LLVMBuildTrunc(unit->builder, first, LLVMTypeOf(constant), "");
	case LLVMAdd:
	case LLVMSub:
	case LLVMXor: {
		LLVMValueRef second = expand(unit, LLVMGetOperand(constant, 1));
		return second != NULL ? LLVMBuildBinOp(unit->builder, opcode, first, second, "") : NULL;
	}
	default: return NULL;
	}
}

static LLVMValueRef expand_or_refuse(struct unit *unit, LLVMValueRef constant, LLVMValueRef user)
{
	LLVMValueRef value = expand(unit, constant);

	if (value != NULL)
		return value;
	unit_error(unit, user, "the kernel's variable '%s' is used in a constant: it is known only at run time",
		   value_name(symbol_inside(constant)));
	return constant;
}

static void replace_in_phi(struct unit *unit, LLVMValueRef phi)
{
	for (unsigned i = 0; i < LLVMCountIncoming(phi); i++) {
		LLVMValueRef value = LLVMGetIncomingValue(phi, i);
		if (!LLVMIsAConstant(value) || symbol_inside(value) == NULL)
			continue;
		unit_insert_before(unit, LLVMGetBasicBlockTerminator(LLVMGetIncomingBlock(phi, i)));
		LLVMSetOperand(phi, i, expand_or_refuse(unit, value, phi));
	}
}

/* guest_symbol_exists(&x): the name is what matters, not the address. */
static void replace_existence(struct unit *unit, LLVMValueRef call)
{
	LLVMValueRef symbol = LLVMGetOperand(call, 0);

	if (!is_symbol(symbol)) {
		unit_error(unit, call, "symbol_exists() takes the name of a kernel variable (declared extern)");
		return;
	}
	struct question question = {
		.kind = GUEST_LINK_SYMBOL_EXISTS, .name = value_name(symbol), .path = "", .local = 1};
	unit_insert_before(unit, call);
	LLVMValueRef exists =
		LLVMBuildICmp(unit->builder, LLVMIntNE, links_load(unit, &question), unit_number(unit, 0), "");
	LLVMReplaceAllUsesWith(call, LLVMBuildZExtOrBitCast(unit->builder, exists, LLVMTypeOf(call), ""));
	LLVMInstructionEraseFromParent(call);
}

static void replace_in(struct unit *unit, LLVMValueRef instruction)
{
	if (is_call_of(instruction, "guest_symbol_exists")) {
		replace_existence(unit, instruction);
		return;
	}
	if (LLVMIsAPHINode(instruction)) {
		replace_in_phi(unit, instruction);
		return;
	}
	for (int i = 0; i < LLVMGetNumOperands(instruction); i++) {
		LLVMValueRef operand = LLVMGetOperand(instruction, (unsigned)i);
		if (operand == NULL || !LLVMIsAConstant(operand) || symbol_inside(operand) == NULL)
			continue;
		unit_insert_before(unit, instruction);
		LLVMSetOperand(instruction, (unsigned)i, expand_or_refuse(unit, operand, instruction));
	}
}

static void refuse_in_initialisers(struct unit *unit)
{
	for (LLVMValueRef global = LLVMGetFirstGlobal(unit->module); global != NULL;
	     global = LLVMGetNextGlobal(global)) {
		LLVMValueRef value = LLVMIsDeclaration(global) ? NULL : LLVMGetInitializer(global);
		LLVMValueRef symbol = value != NULL ? symbol_inside(value) : NULL;
		if (symbol != NULL)
			unit_error(unit, global,
				   "the initialiser of '%s' uses the kernel's variable '%s', whose address is known "
				   "only at run time: assign it in a function",
				   value_name(global), value_name(symbol));
	}
}

void lower_symbols(struct unit *unit)
{
	refuse_in_initialisers(unit);
	unit_each_instruction(unit, replace_in);
}
