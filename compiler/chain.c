/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/chain.h"

#include <stdio.h>
#include <string.h>

#include "compiler/metadata.h"
#include "compiler/unit.h"
#include "guest/kernel/linkage.h"

enum {
	/* Deeper than any C expression over kernel types. */
	CHAIN_STEPS_MAX = 32,
};

bool is_preserve_call(LLVMValueRef value)
{
	return is_call_of(value, "llvm.preserve.");
}

LLVMValueRef chain_skip_decay(LLVMValueRef pointer)
{
	while (LLVMIsAGetElementPtrInst(pointer)) {
		for (unsigned i = 1; i < (unsigned)LLVMGetNumOperands(pointer); i++) {
			LLVMValueRef index = LLVMGetOperand(pointer, i);
			if (!LLVMIsAConstantInt(index) || LLVMConstIntGetZExtValue(index) != 0)
				return pointer;
		}
		pointer = LLVMGetOperand(pointer, 0);
	}
	return pointer;
}

/* The C type that a step's index counts in: its elementtype attribute. */
static LLVMTypeRef element_type(LLVMValueRef call)
{
	unsigned kind = LLVMGetEnumAttributeKindForName("elementtype", strlen("elementtype"));
	LLVMAttributeRef attribute = LLVMGetCallSiteEnumAttribute(call, 1, kind);

	return attribute != NULL ? LLVMGetTypeAttributeValue(attribute) : NULL;
}

static bool append(struct chain *chain, const char *text)
{
	size_t used = strlen(chain->path), size = strlen(text);

	if (used + size + 2 > sizeof chain->path)
		return false;
	if (used != 0 && text[0] != '[')
		chain->path[used++] = '.';
	memcpy(chain->path + used, text, size + 1);
	return true;
}

static bool step_member(struct unit *unit, struct chain *chain, LLVMValueRef call, unsigned index_operand)
{
	LLVMValueRef type = LLVMGetMetadata(call, unit->access_index_kind);
	unsigned index = (unsigned)LLVMConstIntGetZExtValue(LLVMGetOperand(call, index_operand));
	LLVMValueRef member = type_member(type, index);

	if (member == NULL)
		return false;
	chain->member = member;
	chain->local_offset += member_offset_bits(member) / 8;
	/* Members of unnamed structs and unions are found by their own name. */
	return *member_name(member) == 0 || append(chain, member_name(member));
}

static uint64_t step_size(struct unit *unit, LLVMValueRef call)
{
	LLVMTypeRef type = element_type(call);

	if (type == NULL)
		return 0;
	if (LLVMConstIntGetZExtValue(LLVMGetOperand(call, 1)) != 0 && LLVMGetTypeKind(type) == LLVMArrayTypeKind)
		type = LLVMGetElementType(type);
	return LLVMABISizeOfType(unit->layout, type);
}

static bool step_index(struct unit *unit, struct chain *chain, LLVMValueRef call)
{
	unsigned long long index = LLVMConstIntGetZExtValue(LLVMGetOperand(call, 2));
	char text[32];

	snprintf(text, sizeof text, "[%llu]", index);
	chain->member = NULL;
	chain->local_offset += index * step_size(unit, call);
	return append(chain, text);
}

/* p[3].x: three whole objects on from p, then a field. Types of numbers and
 * pointers keep their size in every kernel. */
static bool start_with_index(struct unit *unit, struct chain *chain, LLVMValueRef call)
{
	LLVMTypeRef type = element_type(call);
	unsigned long long index = (unsigned)LLVMConstIntGetZExtValue(LLVMGetOperand(call, 2));
	LLVMValueRef indices[] = {unit_number(unit, 0), unit_number(unit, index)};
	bool in_array = LLVMConstIntGetZExtValue(LLVMGetOperand(call, 1)) != 0;

	if (type == NULL)
		return false;
	/* A plain step; strides.c makes the kernel's of it. */
	chain->root = LLVMBuildGEP2(unit->builder, type, LLVMGetOperand(call, 0), in_array ? indices : indices + 1,
				    in_array ? 2 : 1, "");
	return true;
}

static bool is_index_step(LLVMValueRef call)
{
	return is_call_of(call, "llvm.preserve.array.");
}

static bool start(struct unit *unit, struct chain *chain, LLVMValueRef call)
{
	LLVMValueRef type = LLVMGetMetadata(call, unit->access_index_kind);

	if (type == NULL)
		return false;
	if (type_name(type, chain->type, sizeof chain->type))
		return true;
	unit_error(unit, call, "the struct that this field belongs to has no name in the kernel: go from one that has");
	return false;
}

static bool follow(struct unit *unit, LLVMValueRef call, struct chain *chain)
{
	LLVMValueRef steps[CHAIN_STEPS_MAX];
	unsigned count = 0;

	for (LLVMValueRef at = call; is_preserve_call(at); at = LLVMGetOperand(at, 0)) {
		if (count == CHAIN_STEPS_MAX)
			return false;
		steps[count++] = at;
	}
	if (count == 0)
		return false;
	chain->root = LLVMGetOperand(steps[count - 1], 0);
	if (is_index_step(steps[count - 1])) {
		if (!start_with_index(unit, chain, steps[--count]))
			return false;
		if (count == 0)
			return true;
	}
	if (!start(unit, chain, steps[count - 1]))
		return false;
	while (count-- > 0) {
		LLVMValueRef at = steps[count];
		bool in_union = is_call_of(at, "llvm.preserve.union.");
		if (!(is_index_step(at) ? step_index(unit, chain, at) : step_member(unit, chain, at, in_union ? 1 : 2)))
			return false;
	}
	return true;
}

bool chain_follow(struct unit *unit, LLVMValueRef call, struct chain *ret_chain)
{
	struct chain chain = {0};
	size_t errors = unit->error_count;

	if (!follow(unit, call, &chain)) {
		if (unit->error_count == errors)
			unit_error(unit, call, "guestcc can't follow this access to a kernel type");
		return false;
	}
	*ret_chain = chain;
	return true;
}
