/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Loads, stores and copies. What isn't proven to stay inside one of guest C's
 * own objects goes through the functions of guest/kernel/guestc-access.h. Runs
 * after the optimiser, so that what it removed costs nothing.
 */
#include "compiler/own.h"
#include "compiler/steps.h"
#include "compiler/unit.h"

/* An own object, at an offset that only the run shows. */
static void check_bounds(struct unit *unit, LLVMValueRef instruction, LLVMValueRef pointer,
			 const struct own_place *place, uint64_t size)
{
	LLVMValueRef check = unit_access_function(unit, "guestcc_bounds");

	if (place->object_size == 0) {
		unit_error(unit, instruction, "the size of '%s' isn't known here: declare it complete",
			   value_name(place->object));
		return;
	}
	LLVMValueRef arguments[] = {pointer, place->object, unit_number(unit, place->object_size),
				    unit_number(unit, size), unit_site(unit, instruction)};
	if (check != NULL)
		unit_call(unit, check, arguments, 5);
}

static void instrument_load(struct unit *unit, LLVMValueRef load)
{
	LLVMValueRef pointer = LLVMGetOperand(load, 0);
	uint64_t size = LLVMStoreSizeOfType(unit->layout, LLVMTypeOf(load));
	LLVMValueRef translate = unit_access_function(unit, "guestcc_load");
	struct own_place place;

	if (translate == NULL || own_proven(unit, pointer, size))
		return;
	unit_insert_before(unit, load);
	if (own_place_find(unit, pointer, &place)) {
		check_bounds(unit, load, pointer, &place, size);
		return;
	}
	LLVMValueRef arguments[] = {pointer, unit_number(unit, size), unit_site(unit, load)};
	LLVMSetOperand(load, 0, unit_call(unit, translate, arguments, 3));
}

static void instrument_store(struct unit *unit, LLVMValueRef store, LLVMValueRef pointer, LLVMValueRef value)
{
	uint64_t size = LLVMStoreSizeOfType(unit->layout, LLVMTypeOf(value));
	LLVMValueRef check = unit_access_function(unit, "guestcc_store");
	struct own_place place;

	if (check == NULL || own_proven(unit, pointer, size))
		return;
	unit_insert_before(unit, store);
	if (own_place_find(unit, pointer, &place)) {
		check_bounds(unit, store, pointer, &place, size);
		return;
	}
	LLVMValueRef arguments[] = {pointer, unit_number(unit, size), unit_site(unit, store)};
	unit_call(unit, check, arguments, 3);
}

static LLVMValueRef runtime_function(struct unit *unit, const char *name, LLVMTypeRef second)
{
	LLVMValueRef function = LLVMGetNamedFunction(unit->module, name);
	LLVMTypeRef parameters[] = {unit->pointer, second, unit->i64};

	if (function != NULL)
		return function;
	return LLVMAddFunction(unit->module, name, LLVMFunctionType(unit->pointer, parameters, 3, 0));
}

static void replace_with_call(struct unit *unit, LLVMValueRef intrinsic, const char *name, LLVMValueRef second)
{
	LLVMValueRef function = runtime_function(unit, name, LLVMTypeOf(second));
	LLVMValueRef size = LLVMBuildIntCast2(unit->builder, LLVMGetOperand(intrinsic, 2), unit->i64, 0, "");
	LLVMValueRef arguments[] = {LLVMGetOperand(intrinsic, 0), second, size};

	unit_call(unit, function, arguments, 3);
	LLVMInstructionEraseFromParent(intrinsic);
}

static void instrument_copy(struct unit *unit, LLVMValueRef copy)
{
	LLVMValueRef size = LLVMGetOperand(copy, 2);

	if (LLVMIsAConstantInt(size) && own_proven(unit, LLVMGetOperand(copy, 0), LLVMConstIntGetZExtValue(size)) &&
	    own_proven(unit, LLVMGetOperand(copy, 1), LLVMConstIntGetZExtValue(size)))
		return;
	unit_insert_before(unit, copy);
	replace_with_call(unit, copy, "guest_memmove", LLVMGetOperand(copy, 1));
}

static void instrument_fill(struct unit *unit, LLVMValueRef fill)
{
	LLVMValueRef size = LLVMGetOperand(fill, 2);

	if (LLVMIsAConstantInt(size) && own_proven(unit, LLVMGetOperand(fill, 0), LLVMConstIntGetZExtValue(size)))
		return;
	unit_insert_before(unit, fill);
	LLVMValueRef byte = LLVMBuildIntCast2(unit->builder, LLVMGetOperand(fill, 1), unit->i32, 0, "");
	replace_with_call(unit, fill, "guest_memset", byte);
}

static void instrument(struct unit *unit, LLVMValueRef instruction)
{
	switch (LLVMGetInstructionOpcode(instruction)) {
	case LLVMLoad: instrument_load(unit, instruction); break;
	case LLVMStore:
		instrument_store(unit, instruction, LLVMGetOperand(instruction, 1), LLVMGetOperand(instruction, 0));
		break;
	case LLVMAtomicRMW:
	case LLVMAtomicCmpXchg:
		instrument_store(unit, instruction, LLVMGetOperand(instruction, 0), LLVMGetOperand(instruction, 1));
		break;
	case LLVMCall:
		if (is_call_of(instruction, "llvm.memcpy") || is_call_of(instruction, "llvm.memmove"))
			instrument_copy(unit, instruction);
		else if (is_call_of(instruction, "llvm.memset"))
			instrument_fill(unit, instruction);
		else if (is_call_of(instruction, "llvm.masked."))
			unit_error(unit, instruction, "the optimiser made a vector access: a bug of guestcc's");
		break;
	default: break;
	}
}

void instrument_accesses(struct unit *unit)
{
	unit_each_instruction(unit, instrument);
}
