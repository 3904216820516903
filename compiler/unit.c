/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/unit.h"

#include <llvm-c/BitReader.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"

static const char triple[] = "x86_64-pc-linux-gnu";

static status make_machine(struct unit *unit)
{
	LLVMTargetRef target;
	char *message = NULL;

	LLVMInitializeX86TargetInfo();
	LLVMInitializeX86Target();
	LLVMInitializeX86TargetMC();
	LLVMInitializeX86AsmPrinter();
	if (LLVMGetTargetFromTriple(triple, &target, &message)) {
		status fault = report(STATUS_INTERNAL, "LLVM has no target %s: %s", triple, message);
		LLVMDisposeMessage(message);
		return fault;
	}
	unit->machine = LLVMCreateTargetMachine(target, triple, "x86-64", "", LLVMCodeGenLevelDefault, LLVMRelocPIC,
						LLVMCodeModelDefault);
	unit->layout = LLVMCreateTargetDataLayout(unit->machine);
	return STATUS_OK;
}

static status read_module(struct unit *unit, const char *path)
{
	LLVMMemoryBufferRef buffer;
	char *message = NULL;

	if (LLVMCreateMemoryBufferWithContentsOfFile(path, &buffer, &message)) {
		status fault = report(STATUS_IO, "%s: %s", path, message);
		LLVMDisposeMessage(message);
		return fault;
	}
	LLVMBool failed = LLVMParseBitcodeInContext2(unit->context, buffer, &unit->module);
	LLVMDisposeMemoryBuffer(buffer);
	if (failed)
		return report(STATUS_MALFORMED, "%s: the front end's bitcode can't be read: is it from another LLVM?",
			      path);
	return STATUS_OK;
}

/* The front end's BPF and x86-64 agree in everything that the front end has
 * decided (sizes, alignments, endianness); refuse.c rejects the rest. */
static void retarget(struct unit *unit)
{
	char *layout = LLVMCopyStringRepOfTargetData(unit->layout);

	LLVMSetTarget(unit->module, triple);
	LLVMSetDataLayout(unit->module, layout);
	LLVMDisposeMessage(layout);
}

status unit_init(struct unit *unit, const char *bitcode_path, const struct kernel_headers *headers)
{
	*unit = (struct unit){.headers = headers};
	unit->context = LLVMContextCreate();
	unit->builder = LLVMCreateBuilderInContext(unit->context);
	unit->i8 = LLVMInt8TypeInContext(unit->context);
	unit->i32 = LLVMInt32TypeInContext(unit->context);
	unit->i64 = LLVMInt64TypeInContext(unit->context);
	unit->pointer = LLVMPointerTypeInContext(unit->context, 0);
	unit->nothing = LLVMVoidTypeInContext(unit->context);
	unit->access_index_kind = LLVMGetMDKindIDInContext(unit->context, "llvm.preserve.access.index",
							   strlen("llvm.preserve.access.index"));
	unit->invariant_kind = LLVMGetMDKindIDInContext(unit->context, "invariant.load", strlen("invariant.load"));
	TRY(make_machine(unit));
	TRY(read_module(unit, bitcode_path));
	retarget(unit);
	if (headers != NULL)
		layouts_init(unit);
	return STATUS_OK;
}

void unit_deinit(struct unit *unit)
{
	links_deinit(&unit->links);
	layouts_deinit(&unit->layouts);
	if (unit->module != NULL)
		LLVMDisposeModule(unit->module);
	if (unit->layout != NULL)
		LLVMDisposeTargetData(unit->layout);
	if (unit->machine != NULL)
		LLVMDisposeTargetMachine(unit->machine);
	LLVMDisposeBuilder(unit->builder);
	LLVMContextDispose(unit->context);
}

void unit_error(struct unit *unit, LLVMValueRef value, const char *format, ...)
{
	unsigned size = 0;
	const char *file = LLVMGetDebugLocFilename(value, &size);
	va_list arguments;

	if (LLVMIsAInstruction(value) && LLVMGetDebugLocLine(value) == 0) {
		/* No place of its own: its function's. */
		value = LLVMGetBasicBlockParent(LLVMGetInstructionParent(value));
		file = LLVMGetDebugLocFilename(value, &size);
	}
	if (file == NULL)
		file = LLVMGetSourceFileName(unit->module, &(size_t){0});
	fprintf(stderr, "%.*s:%u: error: ", size != 0 ? (int)size : (int)strlen(file), file,
		LLVMGetDebugLocLine(value));
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	/* Code of the kernel's own headers says little by its line alone. */
	if (unit->headers != NULL && LLVMIsAInstruction(value))
		fprintf(stderr, " (in %s())", value_name(LLVMGetBasicBlockParent(LLVMGetInstructionParent(value))));
	fputc('\n', stderr);
	unit->error_count++;
}

static void each_in_function(struct unit *unit, LLVMValueRef function,
			     void (*visit)(struct unit *unit, LLVMValueRef instruction))
{
	for (LLVMBasicBlockRef block = LLVMGetFirstBasicBlock(function); block != NULL;
	     block = LLVMGetNextBasicBlock(block)) {
		LLVMValueRef next;
		for (LLVMValueRef instruction = LLVMGetFirstInstruction(block); instruction != NULL;
		     instruction = next) {
			next = LLVMGetNextInstruction(instruction);
			visit(unit, instruction);
		}
	}
}

void unit_each_instruction(struct unit *unit, void (*visit)(struct unit *unit, LLVMValueRef instruction))
{
	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL;
	     function = LLVMGetNextFunction(function)) {
		if (!is_access_function(function))
			each_in_function(unit, function, visit);
	}
}

const char *value_name(LLVMValueRef value)
{
	size_t size;
	const char *name = LLVMGetValueName2(value, &size);

	return name[0] == '\1' ? name + 1 : name;
}

bool name_starts(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

LLVMValueRef call_target(LLVMValueRef instruction)
{
	LLVMValueRef called = LLVMIsACallInst(instruction) ? LLVMGetCalledValue(instruction) : NULL;

	return called != NULL && LLVMIsAFunction(called) ? called : NULL;
}

bool is_call_of(LLVMValueRef value, const char *name_prefix)
{
	LLVMValueRef target = call_target(value);

	return target != NULL && name_starts(value_name(target), name_prefix);
}

bool is_access_function(LLVMValueRef function)
{
	return name_starts(value_name(function), "guestcc_");
}

bool unit_knows_function(LLVMValueRef function)
{
	static const char *const prefixes[] = {"llvm.", "guest", "seq_", "proc_", "listing_"};
	const char *name = value_name(function), *section = LLVMGetSection(function);

	for (size_t i = 0; i < sizeof prefixes / sizeof prefixes[0]; i++) {
		if (name_starts(name, prefixes[i]))
			return true;
	}
	return section != NULL && name_starts(section, "guest_");
}

LLVMValueRef unit_access_function(struct unit *unit, const char *name)
{
	LLVMValueRef function = LLVMGetNamedFunction(unit->module, name);

	if (function == NULL) {
		fprintf(stderr, "%s:1: error: guest C has to include guest/kernel/%s\n",
			LLVMGetSourceFileName(unit->module, &(size_t){0}),
			unit->headers == NULL ? "guestc.h" : "headers.h");
		unit->error_count++;
	}
	return function;
}

void unit_insert_before(struct unit *unit, LLVMValueRef place)
{
	LLVMValueRef function = LLVMGetBasicBlockParent(LLVMGetInstructionParent(place));
	LLVMMetadataRef location = LLVMInstructionGetDebugLoc(place), scope = LLVMGetSubprogram(function);

	LLVMPositionBuilderBefore(unit->builder, place);
	/* Calls that are going to be inlined need one, if only line 0. */
	if (location == NULL && scope != NULL)
		location = LLVMDIBuilderCreateDebugLocation(unit->context, 0, 0, scope, NULL);
	LLVMSetCurrentDebugLocation2(unit->builder, location);
}

LLVMValueRef unit_call(struct unit *unit, LLVMValueRef function, LLVMValueRef *arguments, unsigned count)
{
	return LLVMBuildCall2(unit->builder, LLVMGlobalGetValueType(function), function, arguments, count, "");
}

LLVMValueRef unit_number(struct unit *unit, unsigned long long value)
{
	return LLVMConstInt(unit->i64, value, 0);
}

LLVMValueRef unit_string(struct unit *unit, const char *text)
{
	char name[512];

	snprintf(name, sizeof name, "guestcc.text.%s", text);
	LLVMValueRef global = LLVMGetNamedGlobal(unit->module, name);
	if (global != NULL && strlen(name) < sizeof name - 1)
		return global;
	LLVMValueRef value = LLVMConstStringInContext2(unit->context, text, strlen(text), 0);
	global = LLVMAddGlobal(unit->module, LLVMTypeOf(value), name);
	LLVMSetInitializer(global, value);
	LLVMSetGlobalConstant(global, 1);
	LLVMSetLinkage(global, LLVMPrivateLinkage);
	LLVMSetUnnamedAddress(global, LLVMGlobalUnnamedAddr);
	/* A section of its own: or the optimiser would take an equal string of
	 * guest C's for this one, which guest C may not read. */
	LLVMSetSection(global, ".rodata.guestcc");
	return global;
}

LLVMValueRef unit_site(struct unit *unit, LLVMValueRef instruction)
{
	unsigned size = 0;
	const char *file = LLVMGetDebugLocFilename(instruction, &size);
	char text[256];

	if (file == NULL) {
		/* The optimiser may drop the location of what it merged. */
		LLVMValueRef function = LLVMGetBasicBlockParent(LLVMGetInstructionParent(instruction));
		snprintf(text, sizeof text, "in %s()", value_name(function));
		return unit_string(unit, text);
	}
	/* Without its directory: images are the same wherever they are built. */
	const char *slash = memrchr(file, '/', size);
	unsigned skip = slash != NULL ? (unsigned)(slash + 1 - file) : 0;
	snprintf(text, sizeof text, "%.*s:%u", (int)(size - skip), file + skip, LLVMGetDebugLocLine(instruction));
	return unit_string(unit, text);
}

LLVMValueRef unit_advance(struct unit *unit, LLVMValueRef pointer, LLVMValueRef bytes)
{
	return LLVMBuildGEP2(unit->builder, unit->i8, pointer, &bytes, 1, "");
}
