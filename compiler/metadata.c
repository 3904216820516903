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
	/* DICompileUnit */
	OPERAND_RETAINED_TYPES = 5,
	/* Structs without a name inside of one another. */
	MEMBER_DEPTH_MAX = 16,
	/* DWARF 5, 7.3 and 7.8 */
	DW_TAG_array_type = 0x01,
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

static LLVMValueRef member_at(LLVMValueRef type, uint64_t offset_bits, int depth)
{
	LLVMValueRef member;

	for (unsigned i = 0; depth < MEMBER_DEPTH_MAX && (member = type_member(type, i)) != NULL; i++) {
		uint64_t offset = member_offset_bits(member);
		if (member_is_bit_field(member) || offset > offset_bits)
			continue;
		if (*member_name(member) != 0 && offset == offset_bits)
			return member;
		LLVMValueRef inner =
			*member_name(member) == 0 ? member_at(member, offset_bits - offset, depth + 1) : NULL;
		if (inner != NULL)
			return inner;
	}
	return NULL;
}

LLVMValueRef type_member_at(LLVMValueRef type, uint64_t offset_bits)
{
	return member_at(type, offset_bits, 0);
}

static LLVMValueRef compile_unit(LLVMModuleRef module)
{
	static const char name[] = "llvm.dbg.cu";
	LLVMValueRef unit;

	/* One source file has one. */
	if (LLVMGetNamedMetadataNumOperands(module, name) != 1)
		return NULL;
	LLVMGetNamedMetadataOperands(module, name, &unit);
	return unit;
}

bool type_is_record(LLVMValueRef type)
{
	LLVMMetadataRef metadata = type != NULL ? LLVMValueAsMetadata(type) : NULL;

	return metadata != NULL && LLVMGetMetadataKind(metadata) == LLVMDICompositeTypeMetadataKind &&
	       (tag_of(type) == DW_TAG_structure_type || tag_of(type) == DW_TAG_union_type) &&
	       (LLVMDITypeGetFlags(metadata) & LLVMDIFlagFwdDecl) == 0;
}

/* Files below the directory that clang runs in are named relative to it. */
void type_path(LLVMValueRef type, char *ret_path, size_t path_size)
{
	LLVMMetadataRef file = LLVMDIScopeGetFile(LLVMValueAsMetadata(type));
	unsigned name_size = 0, directory_size = 0;
	const char *name = file != NULL ? LLVMDIFileGetFilename(file, &name_size) : "";
	const char *directory = file != NULL ? LLVMDIFileGetDirectory(file, &directory_size) : "";

	if (name_size != 0 && name[0] == '/')
		directory_size = 0;
	snprintf(ret_path, path_size, "%.*s%s%.*s", (int)directory_size, directory, directory_size != 0 ? "/" : "",
		 (int)name_size, name);
}

LLVMValueRef member_core_type(LLVMValueRef member)
{
	LLVMValueRef core = type_strip(member);

	for (int depth = 0; core != NULL && tag_of(core) == DW_TAG_array_type && depth < TYPE_DEPTH_MAX; depth++)
		core = type_strip(operand(core, OPERAND_BASE));
	return core;
}

void types_visit(LLVMModuleRef module, void (*visit)(void *context, LLVMValueRef type), void *context)
{
	LLVMValueRef retained = operand(compile_unit(module), OPERAND_RETAINED_TYPES);
	unsigned count = retained != NULL ? (unsigned)LLVMGetMDNodeNumOperands(retained) : 0;
	LLVMValueRef *types = calloc(count + 1, sizeof *types);

	if (types == NULL)
		abort();
	if (count != 0)
		LLVMGetMDNodeOperands(retained, types);
	for (unsigned i = 0; i < count; i++) {
		if (type_is_record(types[i]))
			visit(context, types[i]);
	}
	free(types);
}
