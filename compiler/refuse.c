/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Constructs that guestcc doesn't compile: each with file and line, never
 * silently wrong. Runs on the front end's unoptimised output, so that what is
 * refused doesn't depend on the optimiser. (syntax-check.c refuses what LLVM
 * can't see any more: sizeof, copies, own variables of kernel types.)
 */
#include <llvm-c/DebugInfo.h>
#include <string.h>

#include "compiler/chain.h"
#include "compiler/kernel-code.h"
#include "compiler/layouts.h"
#include "compiler/steps.h"
#include "compiler/unit.h"

enum {
	/* The stack check of guestc-access.h happens once a function's frame
	 * is there; access.c leaves this much room for it. */
	FRAME_SIZE_MAX = 48 << 10,
};

static bool has_attribute(LLVMValueRef function, unsigned index, const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	return LLVMGetEnumAttributeAtIndex(function, index, kind) != NULL;
}

static bool passes_in_registers(LLVMTypeRef type)
{
	switch (LLVMGetTypeKind(type)) {
	case LLVMVoidTypeKind:
	case LLVMPointerTypeKind: return true;
	case LLVMIntegerTypeKind: return LLVMGetIntTypeWidth(type) <= 64;
	default: return false;
	}
}

/* `place` is where the complaint goes: a call, or the function itself. */
static void check_signature(struct unit *unit, LLVMValueRef function, LLVMValueRef place)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(function);
	unsigned count = LLVMCountParams(function);

	if (!passes_in_registers(LLVMGetReturnType(type)))
		unit_error(unit, place, "'%s' returns a struct, a floating-point or a 128-bit value: pass a pointer",
			   value_name(function));
	for (unsigned i = 0; i < count; i++) {
		LLVMTypeRef parameter = LLVMTypeOf(LLVMGetParam(function, i));
		if (has_attribute(function, i + 1, "sret"))
			unit_error(unit, place, "'%s' returns a struct by value: pass a pointer", value_name(function));
		else if (!passes_in_registers(parameter) || has_attribute(function, i + 1, "byval"))
			unit_error(unit, place,
				   "'%s' takes a struct, a floating-point or a 128-bit value: pass a pointer",
				   value_name(function));
	}
}

static bool is_foreign_type(LLVMTypeRef type)
{
	switch (LLVMGetTypeKind(type)) {
	case LLVMHalfTypeKind:
	case LLVMBFloatTypeKind:
	case LLVMFloatTypeKind:
	case LLVMDoubleTypeKind:
	case LLVMX86_FP80TypeKind:
	case LLVMFP128TypeKind:
	case LLVMPPC_FP128TypeKind:
	case LLVMVectorTypeKind:
	case LLVMScalableVectorTypeKind: return true;
	default: return false;
	}
}

static void check_types(struct unit *unit, LLVMValueRef instruction)
{
	bool foreign = is_foreign_type(LLVMTypeOf(instruction));

	for (int i = 0; i < LLVMGetNumOperands(instruction); i++)
		foreign |= is_foreign_type(LLVMTypeOf(LLVMGetOperand(instruction, (unsigned)i)));
	if (foreign)
		unit_error(unit, instruction, "guest C has no floating-point and no vector types");
}

static void check_alloca(struct unit *unit, LLVMValueRef instruction)
{
	LLVMTypeRef type = LLVMGetAllocatedType(instruction);

	if (is_foreign_type(type))
		unit_error(unit, instruction, "guest C has no floating-point and no vector types");
	if (!LLVMIsAConstantInt(LLVMGetOperand(instruction, 0)))
		unit_error(unit, instruction, "a local array needs a constant size");
	else if (LLVMABISizeOfType(unit->layout, type) * LLVMConstIntGetZExtValue(LLVMGetOperand(instruction, 0)) >
		 FRAME_SIZE_MAX)
		unit_error(unit, instruction, "a local variable of more than %d bytes: guest C's stack is small",
			   FRAME_SIZE_MAX);
}

static bool is_noreturn_call(LLVMValueRef instruction)
{
	unsigned kind = LLVMGetEnumAttributeKindForName("noreturn", strlen("noreturn"));
	LLVMValueRef target = instruction != NULL ? call_target(instruction) : NULL;

	if (instruction == NULL || !LLVMIsACallInst(instruction))
		return false;
	return LLVMGetCallSiteEnumAttribute(instruction, LLVMAttributeFunctionIndex, kind) != NULL ||
	       (target != NULL && has_attribute(target, LLVMAttributeFunctionIndex, "noreturn")) ||
	       (target != NULL && name_starts(value_name(target), "llvm.trap"));
}

/* Did a field of a kernel type hold this value? Goes through the local
 * variable that the front end may have put it into at once. */
static bool comes_from_guest(struct unit *unit, LLVMValueRef value)
{
	if (!LLVMIsALoadInst(value))
		return false;
	LLVMValueRef place = LLVMGetOperand(value, 0);
	return is_preserve_call(chain_skip_decay(place)) || layouts_kernel_place(unit, place);
}

static bool has_pointer_parameter(LLVMValueRef function)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(function);
	bool has = LLVMIsFunctionVarArg(type) || LLVMGetReturnType(type) == LLVMTypeOf(function);

	for (unsigned i = 0; i < LLVMCountParams(function); i++)
		has |= LLVMGetTypeKind(LLVMTypeOf(LLVMGetParam(function, i))) == LLVMPointerTypeKind;
	return has;
}

static void check_call(struct unit *unit, LLVMValueRef call)
{
	LLVMValueRef called = LLVMGetCalledValue(call), target = call_target(call);

	if (LLVMIsAInlineAsm(called)) {
		unit_error(unit, call, "inline assembly: guest C runs on another machine than the kernel's");
		return;
	}
	if (target == NULL) {
		if (comes_from_guest(unit, called))
			unit_error(unit, call, "calls a function of the kernel: guest C only reads its data");
		return;
	}
	const char *name = value_name(target);
	if (name_starts(name, "llvm.va_"))
		unit_error(unit, call, "va_start, va_arg: variadic functions can't be defined in guest C");
	else if (name_starts(name, "llvm.assume"))
		unit_error(unit, call, "__builtin_assume: hostile data makes every assumption false");
	else if (name_starts(name, "llvm.stacksave"))
		unit_error(unit, call, "a local array needs a constant size");
	if (name_starts(name, "llvm.") || name_starts(name, "guest") || !LLVMIsDeclaration(target))
		return;
	check_signature(unit, target, call);
	if (unit_knows_function(target) || is_assertion(target))
		return;
	if (unit->headers != NULL)
		unit_error(unit, call,
			   "calls '%s', a function of the kernel's: guest C only reads its data (what is its own is "
			   "declared GUEST_NATIVE, GUEST_NATIVE_RAW or GUEST_C)",
			   name);
	else if (has_pointer_parameter(target))
		unit_error(unit, call,
			   "'%s' isn't known to guest C, and takes pointers: declare it GUEST_NATIVE (own memory "
			   "only), GUEST_NATIVE_RAW (checks guest addresses itself) or GUEST_C (is guest C)",
			   name);
}

static void refuse_in(struct unit *unit, LLVMValueRef instruction)
{
	check_types(unit, instruction);
	switch (LLVMGetInstructionOpcode(instruction)) {
	case LLVMAlloca: check_alloca(unit, instruction); break;
	case LLVMCall: check_call(unit, instruction); break;
	case LLVMVAArg:
		unit_error(unit, instruction, "va_start, va_arg: variadic functions can't be defined in guest C");
		break;
	case LLVMUnreachable:
		/* The front end's own ones (after leaving a scope in several
		 * ways) have no line. */
		if (LLVMGetDebugLocLine(instruction) != 0 && !is_noreturn_call(LLVMGetPreviousInstruction(instruction)))
			unit_error(unit, instruction,
				   "__builtin_unreachable: hostile data reaches every place; use guest_fail()");
		break;
	case LLVMCallBr:
	case LLVMIndirectBr: unit_error(unit, instruction, "computed jumps can't be checked: use switch"); break;
	case LLVMFence: unit_error(unit, instruction, "guest C reads copies: there is nothing to order"); break;
	default: break;
	}
}

static void refuse_function(struct unit *unit, LLVMValueRef function)
{
	if (LLVMIsDeclaration(function) || is_access_function(function))
		return;
	/* Between static functions both sides are compiled by the same rules. */
	if (LLVMGetLinkage(function) != LLVMInternalLinkage)
		check_signature(unit, function, function);
	if (LLVMIsFunctionVarArg(LLVMGlobalGetValueType(function)))
		unit_error(unit, function, "variadic functions can't be defined in guest C");
}

void refuse_constructs(struct unit *unit)
{
	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL;
	     function = LLVMGetNextFunction(function))
		refuse_function(unit, function);
	for (LLVMValueRef global = LLVMGetFirstGlobal(unit->module); global != NULL;
	     global = LLVMGetNextGlobal(global)) {
		if (LLVMIsThreadLocal(global))
			unit_error(unit, global, "thread-local variables: guest C runs on one thread at a time");
	}
	unit_each_instruction(unit, refuse_in);
}
