/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From instrumented IR to an object: position-independent, freestanding,
 * without debug information (images are the same wherever they are built).
 */
#include <llvm-c/Analysis.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "compiler/steps.h"
#include "compiler/unit.h"

static status verify(struct unit *unit)
{
	char *message = NULL;

	if (!LLVMVerifyModule(unit->module, LLVMReturnStatusAction, &message)) {
		LLVMDisposeMessage(message);
		return STATUS_OK;
	}
	status fault = report(STATUS_INTERNAL, "guestcc made IR that isn't well-formed: %s", message);
	LLVMDisposeMessage(message);
	return fault;
}

/* No vectors: instrumentation works on scalar accesses. */
status optimise(struct unit *unit)
{
	TRY(verify(unit));
	LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
	LLVMPassBuilderOptionsSetLoopVectorization(options, 0);
	LLVMPassBuilderOptionsSetSLPVectorization(options, 0);
	LLVMPassBuilderOptionsSetLoopInterleaving(options, 0);
	LLVMErrorRef error = LLVMRunPasses(unit->module, "default<O2>", unit->machine, options);
	LLVMDisposePassBuilderOptions(options);
	if (error == NULL)
		return STATUS_OK;
	char *message = LLVMGetErrorMessage(error);
	status fault = report(STATUS_INTERNAL, "the optimiser failed: %s", message);
	LLVMDisposeErrorMessage(message);
	return fault;
}

/* What has to stay: calling convention, what the source says, and how NULL is
 * treated. All else (memory effects, willreturn, nocapture…) the optimiser
 * may have inferred from code that had no translation in it yet. */
static bool attribute_stays(LLVMAttributeRef attribute)
{
	static const char *const stay[] = {"zeroext",	"signext",  "noreturn",	    "cold",
					   "nounwind",	"noinline", "alwaysinline", "null_pointer_is_valid",
					   "noredzone", "immarg",   "elementtype"};

	if (!LLVMIsEnumAttribute(attribute))
		return true;
	for (size_t i = 0; i < sizeof stay / sizeof stay[0]; i++) {
		if (LLVMGetEnumAttributeKind(attribute) == LLVMGetEnumAttributeKindForName(stay[i], strlen(stay[i])))
			return true;
	}
	return false;
}

static void forget_at_call(LLVMValueRef call, unsigned index)
{
	LLVMAttributeRef attributes[64];
	unsigned count = LLVMGetCallSiteAttributeCount(call, index);

	if (count > 64)
		return;
	LLVMGetCallSiteAttributes(call, index, attributes);
	for (unsigned i = 0; i < count; i++) {
		if (!attribute_stays(attributes[i]))
			LLVMRemoveCallSiteEnumAttribute(call, index, LLVMGetEnumAttributeKind(attributes[i]));
	}
}

static void forget_in_call(struct unit *unit, LLVMValueRef instruction)
{
	if (!LLVMIsACallInst(instruction) || is_call_of(instruction, "llvm."))
		return;
	forget_at_call(instruction, LLVMAttributeFunctionIndex);
	for (unsigned i = 0; i <= LLVMGetNumArgOperands(instruction); i++)
		forget_at_call(instruction, i);
	LLVMSetTailCall(instruction, 0);
}

static void forget_at_function(LLVMValueRef function, unsigned index)
{
	LLVMAttributeRef attributes[64];
	unsigned count = LLVMGetAttributeCountAtIndex(function, index);

	if (count > 64)
		return;
	LLVMGetAttributesAtIndex(function, index, attributes);
	for (unsigned i = 0; i < count; i++) {
		if (!attribute_stays(attributes[i]))
			LLVMRemoveEnumAttributeAtIndex(function, index, LLVMGetEnumAttributeKind(attributes[i]));
	}
}

void forget_inferences(struct unit *unit)
{
	unsigned redzone = LLVMGetEnumAttributeKindForName("noredzone", strlen("noredzone"));

	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL;
	     function = LLVMGetNextFunction(function)) {
		if (name_starts(value_name(function), "llvm."))
			continue;
		forget_at_function(function, LLVMAttributeFunctionIndex);
		for (unsigned i = 0; i <= LLVMCountParams(function); i++)
			forget_at_function(function, i);
		/* Guest C's window starts at the stack pointer: nothing may
		 * live below it. */
		LLVMAddAttributeAtIndex(function, LLVMAttributeFunctionIndex,
					LLVMCreateEnumAttribute(unit->context, redzone, 0));
	}
	unit_each_instruction(unit, forget_in_call);
}

static bool holds_addresses(LLVMValueRef constant)
{
	if (LLVMIsAGlobalValue(constant))
		return true;
	for (int i = 0; i < LLVMGetNumOperands(constant); i++) {
		LLVMValueRef operand = LLVMGetOperand(constant, (unsigned)i);
		if (LLVMIsAConstant(operand) && holds_addresses(operand))
			return true;
	}
	return false;
}

/* Own sections, so that access.c can tell guest C's data from all other memory
 * of the process. Constants with addresses in them need relocation, so they
 * go with the variables. */
void place_data(struct unit *unit)
{
	for (LLVMValueRef global = LLVMGetFirstGlobal(unit->module); global != NULL;
	     global = LLVMGetNextGlobal(global)) {
		const char *name = value_name(global);
		if (LLVMIsDeclaration(global) || name_starts(name, "llvm.") || name_starts(name, "guestcc."))
			continue;
		bool constant = LLVMIsGlobalConstant(global) && !holds_addresses(LLVMGetInitializer(global));
		LLVMSetGlobalConstant(global, constant);
		LLVMSetUnnamedAddress(global, LLVMNoUnnamedAddr);
		LLVMSetSection(global, constant ? "guest_rodata" : "guest_data");
	}
}

/* The access functions call guestcc_stack_pointer(): a register on x86-64. */
static void replace_stack_pointer(struct unit *unit, LLVMValueRef function)
{
	unsigned id = LLVMLookupIntrinsicID("llvm.read_register", strlen("llvm.read_register"));
	LLVMValueRef read = LLVMGetIntrinsicDeclaration(unit->module, id, &unit->i64, 1);
	LLVMMetadataRef name = LLVMMDStringInContext2(unit->context, "rsp", 3);
	LLVMValueRef argument = LLVMMetadataAsValue(unit->context, LLVMMDNodeInContext2(unit->context, &name, 1));
	LLVMUseRef use;

	while ((use = LLVMGetFirstUse(function)) != NULL) {
		LLVMValueRef call = LLVMGetUser(use);
		unit_insert_before(unit, call);
		LLVMReplaceAllUsesWith(call, unit_call(unit, read, &argument, 1));
		LLVMInstructionEraseFromParent(call);
	}
}

static void drop_scaffolding(struct unit *unit)
{
	LLVMValueRef stack_pointer = LLVMGetNamedFunction(unit->module, "guestcc_stack_pointer");
	LLVMValueRef used = LLVMGetNamedGlobal(unit->module, "llvm.compiler.used");
	static const char *const cpu[] = {"target-cpu", "target-features", "tune-cpu"};

	if (stack_pointer != NULL)
		replace_stack_pointer(unit, stack_pointer);
	if (used != NULL)
		LLVMDeleteGlobal(used);
	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL;
	     function = LLVMGetNextFunction(function)) {
		for (size_t i = 0; i < 3; i++)
			LLVMRemoveStringAttributeAtIndex(function, LLVMAttributeFunctionIndex, cpu[i],
							 (unsigned)strlen(cpu[i]));
	}
}

static void drop_origin(struct unit *unit)
{
	size_t size;
	const char *file = LLVMGetSourceFileName(unit->module, &size);
	const char *slash = strrchr(file, '/');
	char *base = strdup(slash != NULL ? slash + 1 : file);

	if (base != NULL)
		LLVMSetSourceFileName(unit->module, base, strlen(base));
	free(base);
	LLVMStripModuleDebugInfo(unit->module);
}

status emit_object(struct unit *unit, const char *path)
{
	char *message = NULL;

	drop_scaffolding(unit);
	TRY(optimise(unit));
	place_data(unit);
	drop_origin(unit);
	TRY(verify(unit));
	if (LLVMTargetMachineEmitToFile(unit->machine, unit->module, path, LLVMObjectFile, &message)) {
		status fault = report(STATUS_IO, "%s: %s", path, message);
		LLVMDisposeMessage(message);
		return fault;
	}
	return STATUS_OK;
}
