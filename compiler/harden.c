/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What C leaves undefined, hostile values will try: give it a meaning before
 * the optimiser builds on "this can't happen".
 */
#include <string.h>

#include "compiler/steps.h"
#include "compiler/unit.h"

/* A bool that holds 2, a pointer that isn't aligned, a number out of range:
 * all of them occur in hostile memory. */
static void forget_promises(struct unit *unit, LLVMValueRef load)
{
	static const char *const promises[] = {"range",	  "tbaa",  "tbaa.struct",     "noundef",
					       "nonnull", "align", "dereferenceable", "dereferenceable_or_null"};

	for (size_t i = 0; i < sizeof promises / sizeof promises[0]; i++)
		LLVMSetMetadata(load,
				LLVMGetMDKindIDInContext(unit->context, promises[i], (unsigned)strlen(promises[i])),
				NULL);
	if (LLVMGetOrdering(load) == LLVMAtomicOrderingNotAtomic && !LLVMIsAAllocaInst(LLVMGetOperand(load, 0)) &&
	    !LLVMIsAGlobalVariable(LLVMGetOperand(load, 0)))
		LLVMSetAlignment(load, 1);
}

/* Shift as the CPU does, by the amount modulo the width: C's undefined
 * otherwise. */
static void mask_shift(struct unit *unit, LLVMValueRef shift)
{
	LLVMValueRef amount = LLVMGetOperand(shift, 1);
	unsigned width = LLVMGetIntTypeWidth(LLVMTypeOf(amount));

	if (LLVMIsAConstantInt(amount) || (width & (width - 1)) != 0)
		return;
	unit_insert_before(unit, shift);
	LLVMSetOperand(shift, 1,
		       LLVMBuildAnd(unit->builder, amount, LLVMConstInt(LLVMTypeOf(amount), width - 1, 0), ""));
}

static void check_division(struct unit *unit, LLVMValueRef division, bool is_signed)
{
	LLVMValueRef dividend = LLVMGetOperand(division, 0), divisor = LLVMGetOperand(division, 1);
	LLVMTypeRef type = LLVMTypeOf(divisor);
	LLVMValueRef check;

	if (LLVMIsAConstantInt(divisor) && !LLVMIsNull(divisor) &&
	    !(is_signed && LLVMConstIntGetSExtValue(divisor) == -1))
		return;
	check = unit_access_function(unit, "guestcc_divide");
	if (check == NULL)
		return;
	unit_insert_before(unit, division);
	LLVMBuilderRef builder = unit->builder;
	LLVMValueRef bad = LLVMBuildICmp(builder, LLVMIntEQ, divisor, LLVMConstNull(type), "");
	if (is_signed) {
		LLVMValueRef least = LLVMConstInt(type, 1ull << (LLVMGetIntTypeWidth(type) - 1), 0);
		LLVMValueRef overflows =
			LLVMBuildAnd(builder, LLVMBuildICmp(builder, LLVMIntEQ, divisor, LLVMConstAllOnes(type), ""),
				     LLVMBuildICmp(builder, LLVMIntEQ, dividend, least, ""), "");
		bad = LLVMBuildOr(builder, bad, overflows, "");
	}
	LLVMValueRef arguments[] = {bad, unit_site(unit, division)};
	unit_call(unit, check, arguments, 2);
}

/* clz(0), ctz(0), abs(least): the number's width, or itself. */
static void define_intrinsic(struct unit *unit, LLVMValueRef call)
{
	if (is_call_of(call, "llvm.ctlz.") || is_call_of(call, "llvm.cttz.") || is_call_of(call, "llvm.abs."))
		LLVMSetOperand(call, 1, LLVMConstInt(LLVMInt1TypeInContext(unit->context), 0, 0));
}

static void harden_instruction(struct unit *unit, LLVMValueRef instruction)
{
	switch (LLVMGetInstructionOpcode(instruction)) {
	case LLVMLoad: forget_promises(unit, instruction); break;
	case LLVMGetElementPtr: LLVMSetIsInBounds(instruction, 0); break;
	case LLVMAdd:
	case LLVMSub:
	case LLVMMul:
		LLVMSetNSW(instruction, 0);
		LLVMSetNUW(instruction, 0);
		break;
	case LLVMShl:
		LLVMSetNSW(instruction, 0);
		LLVMSetNUW(instruction, 0);
		mask_shift(unit, instruction);
		break;
	case LLVMLShr:
	case LLVMAShr:
		LLVMSetExact(instruction, 0);
		mask_shift(unit, instruction);
		break;
	case LLVMUDiv:
	case LLVMURem: check_division(unit, instruction, false); break;
	case LLVMSDiv:
	case LLVMSRem: check_division(unit, instruction, true); break;
	case LLVMCall: define_intrinsic(unit, instruction); break;
	default: break;
	}
}

void harden(struct unit *unit)
{
	unit_each_instruction(unit, harden_instruction);
}
