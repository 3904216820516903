/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Reading C types out of debug metadata. LLVM-C has no getters for a
 * composite's elements or a bit-field's storage, so these go by operand
 * (llvm/include/llvm/IR/DebugInfoMetadata.h, LLVM 19: DIType 2 = name;
 * DIDerivedType 3 = base type, 4 = extra data; DICompositeType 4 = elements).
 */
#ifndef COMPILER_METADATA_H
#define COMPILER_METADATA_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The type behind typedefs and qualifiers; NULL for void. */
LLVMValueRef type_strip(LLVMValueRef type);

/* Write the name by which the kernel's BTF knows a type: "struct sock",
 * "typedef atomic_t" for an unnamed struct behind a typedef; what follows a
 * triple underscore is our own flavour and left out. False where the type has
 * no name, or it doesn't fit. */
bool type_name(LLVMValueRef type, char *ret_name, size_t name_size);

/* As type_name(), of the outermost name: typedefs aren't looked through. */
bool type_outer_name(LLVMValueRef type, char *ret_name, size_t name_size);

uint64_t type_size(LLVMValueRef type);

/* Member `index` of a struct or union (behind typedefs), or NULL. */
LLVMValueRef type_member(LLVMValueRef type, unsigned index);

const char *member_name(LLVMValueRef member); /* "" where it has none */
bool member_is_bit_field(LLVMValueRef member);
uint64_t member_offset_bits(LLVMValueRef member);
uint64_t member_size_bits(LLVMValueRef member);
/* Where the storage unit of a bit-field starts, in bits. */
uint64_t member_storage_bits(LLVMValueRef member);
/* The member that begins so many bits into a struct or union, through members
 * without a name; NULL where none does, or a bit-field. */
LLVMValueRef type_member_at(LLVMValueRef type, uint64_t offset_bits);

/* Is it a struct or union, with its members? */
bool type_is_record(LLVMValueRef type);

/* What a member is of, points to, or is an array of; NULL for void. */
LLVMValueRef member_core_type(LLVMValueRef member);

/* The source file that defines a record; "" where unknown. */
void type_path(LLVMValueRef type, char *ret_path, size_t path_size);

/* Call `visit` for each struct and union that the file defines or includes, if
 * the front end was told to keep them all; not for those inside of others. */
void types_visit(LLVMModuleRef module, void (*visit)(void *context, LLVMValueRef type), void *context);

/* Is a bit-field's type signed? */
bool member_is_signed(LLVMValueRef member);

#endif
