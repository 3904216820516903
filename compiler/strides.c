/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Steps through arrays of kernel types (p + 1, p[i], p->array[i]): the
 * element's size is the kernel's, so each becomes base + index × answer.
 */
#include <stdio.h>
#include <string.h>

#include "compiler/chain.h"
#include "compiler/steps.h"
#include "compiler/types.h"
#include "compiler/unit.h"
#include "guest/kernel/linkage.h"

enum {
	DIMENSIONS_MAX = 8,
};

/* An array's innermost element, and how many dimensions it has. */
static LLVMTypeRef innermost(LLVMTypeRef type, unsigned *ret_depth)
{
	unsigned depth = 0;

	for (; LLVMGetTypeKind(type) == LLVMArrayTypeKind; depth++)
		type = LLVMGetElementType(type);
	*ret_depth = depth;
	return type;
}

static bool all_indices_zero(LLVMValueRef step)
{
	for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(step); i++) {
		LLVMValueRef index = LLVMGetOperand(step, i);
		if (!LLVMIsAConstantInt(index) || LLVMConstIntGetZExtValue(index) != 0)
			return false;
	}
	return true;
}

/* Does the step count in whole arrays? How long these are in the kernel can't be
 * asked: BTF has only the product of an array's dimensions. */
static bool steps_over_arrays(LLVMValueRef step)
{
	LLVMTypeRef type = LLVMGetGEPSourceElementType(step);

	for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(step); i++) {
		LLVMValueRef index = LLVMGetOperand(step, i);
		if (i > 1)
			type = LLVMGetElementType(type);
		if (LLVMGetTypeKind(type) == LLVMArrayTypeKind &&
		    (!LLVMIsAConstantInt(index) || LLVMConstIntGetZExtValue(index) != 0))
			return true;
	}
	return false;
}

static void lower_step(struct unit *unit, LLVMValueRef step)
{
	char name[CHAIN_NAME_SIZE];
	unsigned depth;

	if (!LLVMIsAGetElementPtrInst(step) || all_indices_zero(step))
		return;
	LLVMTypeRef type = innermost(LLVMGetGEPSourceElementType(step), &depth);
	enum kernel_type kind = kernel_type_of(type, name, sizeof name);
	if (kind == KERNEL_TYPE_NOT)
		return;
	if (kind == KERNEL_TYPE_UNNAMED || depth > DIMENSIONS_MAX || (unsigned)LLVMGetNumOperands(step) > depth + 2) {
		unit_error(unit, step,
			   "the size of this array's elements can't be asked of the kernel: their struct "
			   "has no name there");
		return;
	}
	if (steps_over_arrays(step)) {
		unit_error(unit, step,
			   "arrays of arrays of a kernel type: the kernel's inner dimensions can't be asked for");
		return;
	}
	struct question question = {.kind = GUEST_LINK_TYPE_SIZE, .name = name, .path = ""};
	question.local = LLVMABISizeOfType(unit->layout, type);
	unit_insert_before(unit, step);
	/* All others are 0. */
	LLVMValueRef last = LLVMGetOperand(step, (unsigned)LLVMGetNumOperands(step) - 1);
	LLVMValueRef count = LLVMBuildIntCast2(unit->builder, last, unit->i64, 1, "");
	LLVMValueRef bytes = LLVMBuildMul(unit->builder, count, links_require(unit, &question), "");
	LLVMReplaceAllUsesWith(step, unit_advance(unit, LLVMGetOperand(step, 0), bytes));
	LLVMInstructionEraseFromParent(step);
}

void lower_strides(struct unit *unit)
{
	unit_each_instruction(unit, lower_step);
}
