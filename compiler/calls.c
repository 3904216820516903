/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls: pointers on their way to native code, calls through pointers, and the
 * budget that makes every loop and recursion end.
 */
#include <stdlib.h>
#include <string.h>

#include "compiler/own.h"
#include "compiler/steps.h"
#include "compiler/unit.h"

/* Checks its pointers itself, or is guest C and checks each access. */
static bool checks_itself(LLVMValueRef function)
{
	const char *name = value_name(function), *section = LLVMGetSection(function);

	if (!LLVMIsDeclaration(function) || name_starts(name, "guest") || name_starts(name, "llvm."))
		return true;
	return section != NULL && (strcmp(section, "guest_native_raw") == 0 || strcmp(section, "guest_c") == 0);
}

static void check_pointer_argument(struct unit *unit, LLVMValueRef call, LLVMValueRef pointer)
{
	LLVMValueRef check = unit_access_function(unit, "guestcc_native");

	if (check == NULL || LLVMGetTypeKind(LLVMTypeOf(pointer)) != LLVMPointerTypeKind || LLVMIsAFunction(pointer) ||
	    LLVMIsNull(pointer) || own_proven(unit, pointer, 1))
		return;
	LLVMValueRef arguments[] = {pointer, unit_site(unit, call)};
	unit_call(unit, check, arguments, 2);
}

static void check_native_call(struct unit *unit, LLVMValueRef call, LLVMValueRef target)
{
	/* seq_*, proc_*, listing_*: the first argument is the native handle of the file. */
	const char *name = value_name(target);
	bool handle = name_starts(name, "seq_") || name_starts(name, "proc_") || name_starts(name, "listing_");
	unsigned first = handle ? 1 : 0;

	unit_insert_before(unit, call);
	for (unsigned i = first; i < LLVMGetNumArgOperands(call); i++)
		check_pointer_argument(unit, call, LLVMGetOperand(call, i));
}

static bool is_noreturn(LLVMValueRef function)
{
	unsigned kind = LLVMGetEnumAttributeKindForName("noreturn", strlen("noreturn"));

	return LLVMGetEnumAttributeAtIndex(function, LLVMAttributeFunctionIndex, kind) != NULL;
}

/* Native code may read the guest's memory itself, behind the TLB's back. */
static void check_tlb_after(struct unit *unit, LLVMValueRef call, LLVMValueRef target)
{
	LLVMValueRef check = unit_access_function(unit, "guestcc_returned");
	const char *section = LLVMGetSection(target);

	if (check == NULL || !LLVMIsDeclaration(target) || name_starts(value_name(target), "llvm.") ||
	    is_noreturn(target) || (section != NULL && strcmp(section, "guest_c") == 0))
		return;
	unit_insert_before(unit, LLVMGetNextInstruction(call));
	unit_call(unit, check, NULL, 0);
}

static LLVMValueRef runtime_check(struct unit *unit)
{
	static const char name[] = "guest_access_call_check";
	LLVMValueRef function = LLVMGetNamedFunction(unit->module, name);
	LLVMTypeRef parameters[] = {unit->pointer, unit->pointer};

	return function != NULL
		       ? function
		       : LLVMAddFunction(unit->module, name, LLVMFunctionType(unit->nothing, parameters, 2, 0));
}

/* Only functions whose address guest C itself takes can be called so. */
static void check_function_pointer(struct unit *unit, LLVMValueRef call, LLVMValueRef function)
{
	LLVMValueRef arguments[] = {function, NULL};

	if (LLVMIsAFunction(function))
		return;
	unit_insert_before(unit, call);
	arguments[1] = unit_site(unit, call);
	unit_call(unit, runtime_check(unit), arguments, 2);
}

static void instrument_call(struct unit *unit, LLVMValueRef instruction)
{
	LLVMValueRef target = call_target(instruction);

	if (!LLVMIsACallInst(instruction))
		return;
	if (target == NULL)
		check_function_pointer(unit, instruction, LLVMGetCalledValue(instruction));
	else if (strcmp(value_name(target), "guest_try") == 0)
		check_function_pointer(unit, instruction, LLVMGetOperand(instruction, 0));
	else if (!checks_itself(target))
		check_native_call(unit, instruction, target);
	if (target != NULL)
		check_tlb_after(unit, instruction, target);
}

static bool is_address_taken(LLVMValueRef function)
{
	for (LLVMUseRef use = LLVMGetFirstUse(function); use != NULL; use = LLVMGetNextUse(use)) {
		LLVMValueRef user = LLVMGetUser(use);
		if (!LLVMIsACallInst(user) || LLVMGetCalledValue(user) != function)
			return true;
		for (unsigned i = 0; i < LLVMGetNumArgOperands(user); i++) {
			if (LLVMGetOperand(user, i) == function)
				return true;
		}
	}
	return false;
}

/* The section "guest_functions" lists what may be called through a pointer. */
static void list_function(struct unit *unit, LLVMValueRef function)
{
	LLVMValueRef entry = LLVMAddGlobal(unit->module, unit->pointer, "guestcc.function");

	LLVMSetInitializer(entry, function);
	LLVMSetLinkage(entry, LLVMInternalLinkage);
	LLVMSetSection(entry, "guest_functions");
	LLVMValueRef used = LLVMGetNamedGlobal(unit->module, "llvm.used");
	unsigned count = used != NULL ? (unsigned)LLVMGetNumOperands(LLVMGetInitializer(used)) : 0;
	LLVMValueRef *kept = calloc(count + 1, sizeof *kept);
	if (kept == NULL)
		abort();
	for (unsigned i = 0; i < count; i++)
		kept[i] = LLVMGetOperand(LLVMGetInitializer(used), i);
	kept[count] = entry;
	LLVMValueRef value = LLVMConstArray2(unit->pointer, kept, count + 1);
	free(kept);
	if (used != NULL)
		LLVMDeleteGlobal(used);
	used = LLVMAddGlobal(unit->module, LLVMTypeOf(value), "llvm.used");
	LLVMSetInitializer(used, value);
	LLVMSetLinkage(used, LLVMAppendingLinkage);
	LLVMSetSection(used, "llvm.metadata");
}

static bool calls_guest_c(LLVMValueRef function)
{
	for (LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(function); block != NULL;
	     block = LLVMGetNextBasicBlock(block)) {
		for (LLVMValueRef at = LLVMGetFirstInstruction(block); at != NULL; at = LLVMGetNextInstruction(at)) {
			LLVMValueRef target = call_target(at);
			if (!LLVMIsACallInst(at))
				continue;
			if (target == NULL || (!LLVMIsDeclaration(target) && !is_access_function(target)) ||
			    strcmp(value_name(target), "guest_try") == 0 ||
			    (LLVMGetSection(target) != NULL && strcmp(LLVMGetSection(target), "guest_c") == 0))
				return true;
		}
	}
	return false;
}

static void add_entry_check(struct unit *unit, LLVMValueRef function)
{
	LLVMValueRef check = unit_access_function(unit, "guestcc_enter");
	LLVMValueRef place = LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(function));

	while (LLVMIsAAllocaInst(place))
		place = LLVMGetNextInstruction(place);
	if (check == NULL || !calls_guest_c(function))
		return;
	unit_insert_before(unit, place);
	LLVMValueRef site = unit_site(unit, place);
	unit_call(unit, check, &site, 1);
}

/* ---- loops */

enum visit { VISIT_NOT, VISIT_OPEN, VISIT_DONE };

struct walk {
	struct unit *unit;
	LLVMBasicBlockRef *blocks;
	enum visit *visits;
	unsigned count;
};

static unsigned block_index(const struct walk *walk, LLVMBasicBlockRef block)
{
	unsigned i = 0;

	while (i < walk->count && walk->blocks[i] != block)
		i++;
	return i;
}

static void add_step(struct unit *unit, LLVMValueRef terminator)
{
	LLVMValueRef step = unit_access_function(unit, "guestcc_step");

	if (step == NULL)
		return;
	unit_insert_before(unit, terminator);
	LLVMValueRef site = unit_site(unit, terminator);
	unit_call(unit, step, &site, 1);
}

/* Depth first: an edge to a block that is still open closes a loop; every
 * cycle has one. */
static void visit_block(struct walk *walk, unsigned index)
{
	LLVMValueRef terminator = LLVMGetBasicBlockTerminator(walk->blocks[index]);
	bool closes_loop = false;

	walk->visits[index] = VISIT_OPEN;
	for (unsigned i = 0; i < LLVMGetNumSuccessors(terminator); i++) {
		unsigned next = block_index(walk, LLVMGetSuccessor(terminator, i));
		if (walk->visits[next] == VISIT_NOT)
			visit_block(walk, next);
		else if (walk->visits[next] == VISIT_OPEN)
			closes_loop = true;
	}
	walk->visits[index] = VISIT_DONE;
	if (closes_loop)
		add_step(walk->unit, terminator);
}

static void add_loop_steps(struct unit *unit, LLVMValueRef function)
{
	unsigned count = LLVMCountBasicBlocks(function);
	struct walk walk = {.unit = unit, .count = count};

	walk.blocks = calloc(count, sizeof *walk.blocks);
	walk.visits = calloc(count, sizeof *walk.visits);
	if (walk.blocks == NULL || walk.visits == NULL)
		abort();
	LLVMGetBasicBlocks(function, walk.blocks);
	visit_block(&walk, block_index(&walk, LLVMGetEntryBasicBlock(function)));
	free(walk.blocks);
	free(walk.visits);
}

void instrument_calls(struct unit *unit)
{
	unit_each_instruction(unit, instrument_call);
	LLVMValueRef next;
	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL; function = next) {
		next = LLVMGetNextFunction(function);
		if (LLVMIsDeclaration(function) || is_access_function(function))
			continue;
		if (is_address_taken(function))
			list_function(unit, function);
		add_entry_check(unit, function);
		add_loop_steps(unit, function);
	}
}
