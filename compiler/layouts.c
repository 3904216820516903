/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/layouts.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/kernel-headers.h"
#include "compiler/metadata.h"
#include "compiler/own.h"
#include "compiler/steps.h"
#include "compiler/unit.h"
#include "guest/kernel/linkage.h"

enum {
	NAME_SIZE = 128,
	/* Fields inside fields, as far as one address goes. */
	DEPTH_MAX = 32,
};

struct layout {
	char name[NAME_SIZE]; /* "struct sock" */
	LLVMValueRef type; /* debug metadata */
};

/* ---- the headers' types */

static int compare(const void *a, const void *b)
{
	const struct layout *left = a, *right = b;

	return strcmp(left->name, right->name);
}

static void sort(struct layouts *layouts)
{
	if (layouts->count != 0)
		qsort(layouts->entries, layouts->count, sizeof *layouts->entries, compare);
	layouts->sorted_count = layouts->count;
}

static const struct layout *find(const struct layouts *layouts, const struct layout *wanted)
{
	if (layouts->sorted_count == 0)
		return NULL;
	return bsearch(wanted, layouts->entries, layouts->sorted_count, sizeof *wanted, compare);
}

static void add(struct layouts *layouts, const struct layout *layout)
{
	if (layouts->count == layouts->room) {
		layouts->room = 2 * layouts->room + 1024;
		struct layout *grown = realloc(layouts->entries, layouts->room * sizeof *grown);
		if (grown == NULL) {
			fputs("guestcc: out of memory\n", stderr);
			exit(EXIT_FAILURE);
		}
		layouts->entries = grown;
	}
	layouts->entries[layouts->count++] = *layout;
}

static void collect(void *context, LLVMValueRef type)
{
	struct unit *unit = context;
	struct layout layout = {.type = type};
	char path[PATH_MAX];

	type_path(type, path, sizeof path);
	if (kernel_headers_hold(unit->headers, path) && type_outer_name(type, layout.name, sizeof layout.name) &&
	    find(&unit->layouts, &layout) == NULL)
		add(&unit->layouts, &layout);
}

/* Structs that are defined inside of others are found through those. */
static void collect_inner(struct unit *unit, LLVMValueRef type)
{
	LLVMValueRef member;

	for (unsigned i = 0; (member = type_member(type, i)) != NULL; i++) {
		LLVMValueRef core = member_core_type(member);
		if (type_is_record(core))
			collect(unit, core);
	}
}

void layouts_init(struct unit *unit)
{
	struct layouts *layouts = &unit->layouts;

	types_visit(unit->module, collect, unit);
	for (int depth = 0; depth < DEPTH_MAX && layouts->sorted_count != layouts->count; depth++) {
		size_t count = layouts->count;
		sort(layouts);
		for (size_t i = 0; i < count; i++)
			collect_inner(unit, layouts->entries[i].type);
	}
	sort(layouts);
}

void layouts_deinit(struct layouts *layouts)
{
	free(layouts->entries);
	*layouts = (struct layouts){0};
}

/* LLVM names a record "struct.sock"; NULL where it isn't one of the headers'. */
static const struct layout *layout_of(struct unit *unit, LLVMTypeRef type)
{
	const char *full = LLVMGetTypeKind(type) == LLVMStructTypeKind ? LLVMGetStructName(type) : NULL;
	const char *dot = full != NULL ? strchr(full, '.') : NULL;
	struct layout wanted;

	if (dot == NULL)
		return NULL;
	int size = snprintf(wanted.name, sizeof wanted.name, "%.*s %s", (int)(dot - full), full, dot + 1);
	return size < (int)sizeof wanted.name ? find(&unit->layouts, &wanted) : NULL;
}

/* ---- addresses */

static bool is_step(LLVMValueRef value)
{
	return LLVMIsAGetElementPtrInst(value) ||
	       (LLVMIsAConstantExpr(value) && LLVMGetConstOpcode(value) == LLVMGetElementPtr);
}

static LLVMTypeRef innermost(LLVMTypeRef type)
{
	while (LLVMGetTypeKind(type) == LLVMArrayTypeKind)
		type = LLVMGetElementType(type);
	return type;
}

/* The kernel's struct that an address is inside of; NULL where it is in none, or
 * in a variable of guest C's own. */
static const struct layout *kernel_layout(struct unit *unit, LLVMValueRef pointer)
{
	const struct layout *found = NULL;
	struct own_place place;

	if (own_place_find(unit, pointer, &place) &&
	    (LLVMIsAAllocaInst(place.object) || !LLVMIsDeclaration(place.object)))
		return NULL;
	for (int depth = 0; is_step(pointer) && depth < DEPTH_MAX; depth++) {
		const struct layout *layout = layout_of(unit, innermost(LLVMGetGEPSourceElementType(pointer)));
		if (layout != NULL)
			found = layout;
		pointer = LLVMGetOperand(pointer, 0);
	}
	return found;
}

bool layouts_kernel_place(struct unit *unit, LLVMValueRef pointer)
{
	return unit->headers != NULL && kernel_layout(unit, pointer) != NULL;
}

/* ---- stores */

static void refuse_store(struct unit *unit, LLVMValueRef instruction)
{
	LLVMValueRef target;

	if (LLVMIsAStoreInst(instruction))
		target = LLVMGetOperand(instruction, 1);
	else if (LLVMIsAAtomicRMWInst(instruction) || LLVMIsAAtomicCmpXchgInst(instruction) ||
		 is_call_of(instruction, "llvm.mem"))
		target = LLVMGetOperand(instruction, 0);
	else
		return;
	const struct layout *layout = kernel_layout(unit, target);
	if (layout != NULL)
		unit_error(unit, instruction, "stores to a field of the kernel's %s: guest C only reads its data",
			   layout->name);
}

/* ---- questions */

static void ask_size(struct unit *unit, const struct layout *layout)
{
	struct question question = {
		.kind = GUEST_LINK_TYPE_SIZE, .name = layout->name, .path = "", .local = type_size(layout->type)};

	links_record(unit, &question);
}

/* Which field it is, its place says: LLVM counts storage, not members. */
static void ask_offset(struct unit *unit, const struct layout *layout, LLVMTypeRef type, LLVMValueRef index)
{
	uint64_t offset = LLVMOffsetOfElement(unit->layout, type, (unsigned)LLVMConstIntGetZExtValue(index));
	LLVMValueRef member = type_member_at(layout->type, 8 * offset);

	/* Storage of bit-fields, or what has no name to ask by: the size of the
	 * struct and its other fields have to do. */
	if (member == NULL)
		return;
	struct question question = {
		.kind = GUEST_LINK_FIELD_OFFSET, .name = layout->name, .path = member_name(member), .local = offset};
	links_record(unit, &question);
}

static void ask_step(struct unit *unit, LLVMValueRef step)
{
	LLVMTypeRef type = LLVMGetGEPSourceElementType(step);
	const struct layout *layout = layout_of(unit, innermost(type));

	if (layout == NULL)
		return;
	ask_size(unit, layout);
	if (LLVMGetTypeKind(type) == LLVMStructTypeKind && LLVMGetNumOperands(step) > 2 &&
	    LLVMIsAConstantInt(LLVMGetOperand(step, 2)))
		ask_offset(unit, layout, type, LLVMGetOperand(step, 2));
}

static void ask_steps(struct unit *unit, LLVMValueRef instruction)
{
	if (is_step(instruction))
		ask_step(unit, instruction);
	/* In constants, which other constants may be in. */
	for (int i = 0; i < LLVMGetNumOperands(instruction); i++) {
		LLVMValueRef operand = LLVMGetOperand(instruction, (unsigned)i);
		for (int depth = 0; operand != NULL && is_step(operand) && depth < DEPTH_MAX; depth++) {
			ask_step(unit, operand);
			operand = LLVMGetOperand(operand, 0);
		}
	}
}

static bool is_fixed(uint64_t kind)
{
	return kind == GUEST_LINK_RELEASE || kind == GUEST_LINK_TYPE_SIZE || kind == GUEST_LINK_FIELD_OFFSET;
}

static LLVMValueRef fixed_table(struct unit *unit, uint64_t *ret_count)
{
	LLVMValueRef list = links_list(unit, is_fixed, ret_count);
	LLVMValueRef table = LLVMAddGlobal(unit->module, LLVMTypeOf(list), "guestcc.fixed");

	LLVMSetInitializer(table, list);
	LLVMSetLinkage(table, LLVMInternalLinkage);
	/* It needs relocation, and isn't guest C's data. */
	LLVMSetSection(table, "guest_fixed");
	return table;
}

static LLVMValueRef check_function(struct unit *unit)
{
	LLVMTypeRef parameters[] = {unit->pointer, unit->i64};

	return LLVMAddFunction(unit->module, "guest_access_fixed_check",
			       LLVMFunctionType(unit->nothing, parameters, 2, 0));
}

static void check_at_entry(struct unit *unit, LLVMValueRef function, LLVMValueRef check, LLVMValueRef *arguments)
{
	LLVMValueRef place = LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(function));

	while (LLVMIsAAllocaInst(place))
		place = LLVMGetNextInstruction(place);
	unit_insert_before(unit, place);
	unit_call(unit, check, arguments, 2);
}

void check_layouts(struct unit *unit)
{
	uint64_t count;

	if (unit->headers == NULL)
		return;
	unit_each_instruction(unit, refuse_store);
	/* First, so that another kernel is called by its name. */
	struct question release = {.kind = GUEST_LINK_RELEASE, .name = unit->headers->release, .path = "", .local = 1};
	links_record(unit, &release);
	unit_each_instruction(unit, ask_steps);
	LLVMValueRef table = fixed_table(unit, &count);
	LLVMValueRef arguments[] = {table, unit_number(unit, count)}, check = check_function(unit);
	for (LLVMValueRef function = LLVMGetFirstFunction(unit->module); function != NULL;
	     function = LLVMGetNextFunction(function)) {
		if (!LLVMIsDeclaration(function) && !is_access_function(function) &&
		    LLVMGetLinkage(function) != LLVMInternalLinkage)
			check_at_entry(unit, function, check, arguments);
	}
}
