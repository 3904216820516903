/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/metadata.h"

#include <llvm-c/DebugInfo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	/* More typedefs and qualifiers around one type than anybody writes. */
	TYPE_DEPTH_MAX = 64,
	OPERAND_NAME = 2,
	OPERAND_BASE = 3,
	OPERAND_EXTRA = 4,
	OPERAND_ELEMENTS = 4,
	/* DWARF 5, 7.3 and 7.8 */
	DW_TAG_enumeration_type = 0x04,
	DW_TAG_structure_type = 0x13,
	DW_TAG_typedef = 0x16,
	DW_TAG_union_type = 0x17,
};

static LLVMValueRef operand(LLVMValueRef node, unsigned index)
{
	unsigned count = node != NULL ? (unsigned)LLVMGetMDNodeNumOperands(node) : 0;

	if (index >= count)
		return NULL;
	LLVMValueRef *operands = calloc(count, sizeof *operands);
	if (operands == NULL)
		abort();
	LLVMGetMDNodeOperands(node, operands);
	LLVMValueRef value = operands[index];
	free(operands);
	return value;
}

static const char *operand_text(LLVMValueRef node, unsigned index)
{
	LLVMValueRef text = operand(node, index);
	unsigned size;

	return text != NULL ? LLVMGetMDString(text, &size) : "";
}

static bool is_derived(LLVMValueRef type)
{
	return LLVMGetMetadataKind(LLVMValueAsMetadata(type)) == LLVMDIDerivedTypeMetadataKind;
}

static unsigned tag_of(LLVMValueRef type)
{
	return LLVMGetDINodeTag(LLVMValueAsMetadata(type));
}

LLVMValueRef type_strip(LLVMValueRef type)
{
	for (int depth = 0; type != NULL && is_derived(type) && depth < TYPE_DEPTH_MAX; depth++)
		type = operand(type, OPERAND_BASE);
	return type;
}

static const char *keyword_of(LLVMValueRef type)
{
	switch (tag_of(type)) {
	case DW_TAG_structure_type: return "struct";
	case DW_TAG_union_type: return "union";
	case DW_TAG_enumeration_type: return "enum";
	case DW_TAG_typedef: return "typedef";
	default: return NULL;
	}
}

static bool write_name(const char *keyword, const char *name, char *ret_name, size_t name_size)
{
	const char *flavour = strstr(name, "___");
	size_t size = flavour != NULL && flavour != name ? (size_t)(flavour - name) : strlen(name);

	if (keyword == NULL || size == 0)
		return false;
	return snprintf(ret_name, name_size, "%s %.*s", keyword, (int)size, name) < (int)name_size;
}

bool type_outer_name(LLVMValueRef type, char *ret_name, size_t name_size)
{
	for (int depth = 0; type != NULL && depth < TYPE_DEPTH_MAX; depth++) {
		if (!is_derived(type) || tag_of(type) == DW_TAG_typedef)
			return write_name(keyword_of(type), operand_text(type, OPERAND_NAME), ret_name, name_size);
		type = operand(type, OPERAND_BASE);
	}
	return false;
}

bool type_name(LLVMValueRef type, char *ret_name, size_t name_size)
{
	LLVMValueRef core = type_strip(type);

	if (core == NULL)
		return false;
	if (write_name(keyword_of(core), operand_text(core, OPERAND_NAME), ret_name, name_size))
		return true;
	/* An unnamed struct is known by the typedef next to it. */
	LLVMValueRef nearest = NULL;
	for (int depth = 0; type != core && depth < TYPE_DEPTH_MAX; depth++) {
		if (tag_of(type) == DW_TAG_typedef)
			nearest = type;
		type = operand(type, OPERAND_BASE);
	}
	return nearest != NULL && write_name("typedef", operand_text(nearest, OPERAND_NAME), ret_name, name_size);
}

uint64_t type_size(LLVMValueRef type)
{
	LLVMValueRef core = type_strip(type);

	return core != NULL ? LLVMDITypeGetSizeInBits(LLVMValueAsMetadata(core)) / 8 : 0;
}

LLVMValueRef type_member(LLVMValueRef type, unsigned index)
{
	return operand(operand(type_strip(type), OPERAND_ELEMENTS), index);
}

const char *member_name(LLVMValueRef member)
{
	return operand_text(member, OPERAND_NAME);
}

bool member_is_bit_field(LLVMValueRef member)
{
	return (LLVMDITypeGetFlags(LLVMValueAsMetadata(member)) & LLVMDIFlagBitField) != 0;
}

uint64_t member_offset_bits(LLVMValueRef member)
{
	return LLVMDITypeGetOffsetInBits(LLVMValueAsMetadata(member));
}

uint64_t member_size_bits(LLVMValueRef member)
{
	return LLVMDITypeGetSizeInBits(LLVMValueAsMetadata(member));
}

uint64_t member_storage_bits(LLVMValueRef member)
{
	LLVMValueRef extra = operand(member, OPERAND_EXTRA);

	return extra != NULL && LLVMIsAConstantInt(extra) ? LLVMConstIntGetZExtValue(extra) : 0;
}

bool member_is_signed(LLVMValueRef member)
{
	/* LLVM-C doesn't give a basic type's encoding: go by C's name. */
	LLVMValueRef core = type_strip(operand(member, OPERAND_BASE));
	const char *name = core != NULL ? operand_text(core, OPERAND_NAME) : "";

	return *name != 0 && strstr(name, "unsigned") == NULL && strstr(name, "Bool") == NULL &&
	       strcmp(name, "bool") != 0 && keyword_of(core) == NULL;
}
