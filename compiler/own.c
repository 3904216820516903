/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/own.h"

#include "compiler/unit.h"

enum {
	/* Address computations are short; give up on longer ones (they are
	 * then checked at run time). */
	DEPTH_MAX = 32,
};

static bool is_step(LLVMValueRef value)
{
	return LLVMIsAGetElementPtrInst(value) ||
	       (LLVMIsAConstantExpr(value) && LLVMGetConstOpcode(value) == LLVMGetElementPtr);
}

/* Adds the step's bytes to *offset; false where an index isn't constant. */
static bool add_offset(struct unit *unit, LLVMValueRef step, int64_t *offset)
{
	LLVMTypeRef type = LLVMGetGEPSourceElementType(step);

	for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(step); i++) {
		LLVMValueRef index = LLVMGetOperand(step, i);
		if (!LLVMIsAConstantInt(index))
			return false;
		int64_t value = LLVMConstIntGetSExtValue(index);
		if (i == 1) {
			*offset += value * (int64_t)LLVMABISizeOfType(unit->layout, type);
		} else if (LLVMGetTypeKind(type) == LLVMStructTypeKind) {
			*offset += (int64_t)LLVMOffsetOfElement(unit->layout, type, (unsigned)value);
			type = LLVMStructGetTypeAtIndex(type, (unsigned)value);
		} else {
			type = LLVMGetElementType(type);
			*offset += value * (int64_t)LLVMABISizeOfType(unit->layout, type);
		}
	}
	return true;
}

static bool object_size(struct unit *unit, LLVMValueRef object, uint64_t *ret_size)
{
	LLVMTypeRef type;
	uint64_t count = 1;

	if (LLVMIsAAllocaInst(object)) {
		type = LLVMGetAllocatedType(object);
		count = LLVMConstIntGetZExtValue(LLVMGetOperand(object, 0));
	} else if (LLVMIsAGlobalVariable(object)) {
		type = LLVMGlobalGetValueType(object);
	} else {
		return false;
	}
	*ret_size = LLVMTypeIsSized(type) ? count * LLVMABISizeOfType(unit->layout, type) : 0;
	return true;
}

bool own_place_find(struct unit *unit, LLVMValueRef pointer, struct own_place *ret_place)
{
	struct own_place place = {.offset_known = true};
	int depth = 0;

	for (; is_step(pointer) && depth < DEPTH_MAX; depth++) {
		place.offset_known = add_offset(unit, pointer, &place.offset) && place.offset_known;
		pointer = LLVMGetOperand(pointer, 0);
	}
	if (!object_size(unit, pointer, &place.object_size))
		return false;
	place.object = pointer;
	*ret_place = place;
	return true;
}

bool own_proven(struct unit *unit, LLVMValueRef pointer, uint64_t size)
{
	struct own_place place;

	return own_place_find(unit, pointer, &place) && place.offset_known && place.offset >= 0 &&
	       size <= place.object_size && (uint64_t)place.offset <= place.object_size - size;
}
