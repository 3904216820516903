/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Accesses to fields of kernel types. The front end keeps each as a chain of
 * llvm.preserve.*.access.index calls with the types as metadata (made for
 * BPF's CO-RE); a chain becomes "root + the kernel's offset of this path".
 */
#include <errno.h>
#include <llvm-c/DebugInfo.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/bit-fields.h"
#include "compiler/chain.h"
#include "compiler/metadata.h"
#include "compiler/steps.h"
#include "compiler/unit.h"
#include "guest/kernel/linkage.h"

/* How many bytes does `user` load as one value through `address`? 0 where it
 * only passes the address on. */
static uint64_t loaded_size(struct unit *unit, LLVMValueRef user)
{
	if (!LLVMIsALoadInst(user))
		return 0;
	return LLVMStoreSizeOfType(unit->layout, LLVMTypeOf(user));
}

static bool is_store_through(LLVMValueRef user, LLVMValueRef address)
{
	if (LLVMIsAStoreInst(user))
		return LLVMGetOperand(user, 1) == address;
	if (LLVMIsAAtomicRMWInst(user) || LLVMIsAAtomicCmpXchgInst(user))
		return LLVMGetOperand(user, 0) == address;
	return (is_call_of(user, "llvm.mem")) && LLVMGetOperand(user, 0) == address;
}

static LLVMValueRef field_address(struct unit *unit, const struct chain *chain, uint64_t load_size)
{
	struct question question = {
		.kind = GUEST_LINK_FIELD_OFFSET,
		.name = chain->type,
		.path = chain->path,
		.local = chain->local_offset,
		.load_size = load_size,
	};

	return unit_advance(unit, chain->root, links_require(unit, &question));
}

static void replace_operand(LLVMValueRef user, LLVMValueRef from, LLVMValueRef to)
{
	for (int i = 0; i < LLVMGetNumOperands(user); i++) {
		if (LLVMGetOperand(user, (unsigned)i) == from)
			LLVMSetOperand(user, (unsigned)i, to);
	}
}

static void lower_user(struct unit *unit, const struct chain *chain, LLVMValueRef call, LLVMValueRef user)
{
	if (is_store_through(user, call)) {
		unit_error(unit, user, "stores to the kernel's %s, field %s: guest C only reads", chain->type,
			   chain->path);
		replace_operand(user, call, chain->root);
		return;
	}
	unit_insert_before(unit, LLVMIsAPHINode(user) ? LLVMGetNextInstruction(call) : user);
	replace_operand(user, call, field_address(unit, chain, loaded_size(unit, user)));
}

/* Who uses the address, other than the chain's next step? */
static LLVMValueRef first_user(LLVMValueRef call)
{
	for (LLVMUseRef use = LLVMGetFirstUse(call); use != NULL; use = LLVMGetNextUse(use)) {
		if (!is_preserve_call(LLVMGetUser(use)))
			return LLVMGetUser(use);
	}
	return NULL;
}

static void lower_chain(struct unit *unit, LLVMValueRef call)
{
	LLVMValueRef user;
	struct chain chain;

	if (!is_preserve_call(call) || first_user(call) == NULL)
		return;
	unit_insert_before(unit, call);
	if (!chain_follow(unit, call, &chain))
		return;
	bool is_bit_field = chain.member != NULL && member_is_bit_field(chain.member);
	while ((user = first_user(call)) != NULL) {
		if (chain.type[0] == 0)
			replace_operand(user, call, chain.root);
		else if (is_bit_field)
			lower_bit_field(unit, &chain, call, user);
		else
			lower_user(unit, &chain, call, user);
	}
}

/* Front-end values of __builtin_preserve_*_info's second argument
 * (clang/docs/LanguageExtensions.rst, LLVM 19). */
enum { INFO_OFFSET = 0, INFO_SIZE = 1, INFO_EXISTS = 2, TYPE_INFO_EXISTS = 0, TYPE_INFO_SIZE = 1, ENUM_EXISTS = 0 };

static void replace_with_answer(struct unit *unit, LLVMValueRef call, const struct question *question, bool required)
{
	LLVMValueRef answer = required ? links_require(unit, question) : links_load(unit, question);

	LLVMReplaceAllUsesWith(call, LLVMBuildIntCast2(unit->builder, answer, LLVMTypeOf(call), 0, ""));
	LLVMInstructionEraseFromParent(call);
}

static void lower_field_info(struct unit *unit, LLVMValueRef call)
{
	LLVMValueRef field = chain_skip_decay(LLVMGetOperand(call, 0));
	unsigned long long what = LLVMConstIntGetZExtValue(LLVMGetOperand(call, 1));
	struct chain chain;
	struct question question = {0};

	unit_insert_before(unit, call);
	if (!is_preserve_call(field)) {
		unit_error(unit, call, "this asks about a field of a type that isn't the kernel's");
		return;
	}
	if (!chain_follow(unit, field, &chain))
		return;
	question.name = chain.type;
	question.path = chain.path;
	switch (what) {
	case INFO_OFFSET:
		question.kind = GUEST_LINK_FIELD_OFFSET;
		question.local = chain.local_offset;
		break;
	case INFO_SIZE:
		question.kind = GUEST_LINK_FIELD_SIZE;
		question.local = chain.member != NULL ? member_size_bits(chain.member) / 8 : 0;
		break;
	case INFO_EXISTS:
		question.kind = GUEST_LINK_FIELD_EXISTS;
		question.local = 1;
		break;
	default: unit_error(unit, call, "unknown question %llu about a field", what); return;
	}
	replace_with_answer(unit, call, &question, what != INFO_EXISTS);
}

static void lower_type_info(struct unit *unit, LLVMValueRef call)
{
	LLVMValueRef type = LLVMGetMetadata(call, unit->access_index_kind);
	unsigned long long what = LLVMConstIntGetZExtValue(LLVMGetOperand(call, 1));
	char name[CHAIN_NAME_SIZE];

	if (type == NULL || !type_outer_name(type, name, sizeof name)) {
		unit_error(unit, call, "this asks about a type that has no name in the kernel");
		return;
	}
	if (what != TYPE_INFO_EXISTS && what != TYPE_INFO_SIZE) {
		unit_error(unit, call, "unknown question %llu about a type", what);
		return;
	}
	struct question question = {.name = name, .path = ""};
	question.kind = what == TYPE_INFO_SIZE ? GUEST_LINK_TYPE_SIZE : GUEST_LINK_TYPE_EXISTS;
	question.local = what == TYPE_INFO_SIZE ? type_size(type) : 1;
	unit_insert_before(unit, call);
	replace_with_answer(unit, call, &question, what == TYPE_INFO_SIZE);
}

/* The front end hands an enumerator over as the string "NAME:value". As with
 * types, what follows ___ is ours: two enums of the kernel may share a name. */
static bool split_enumerator(const char *string, size_t size, char enumerator[CHAIN_PATH_SIZE], uint64_t *ret_value)
{
	char text[CHAIN_PATH_SIZE], *end;

	if (size >= sizeof text)
		return false;
	memcpy(text, string, size);
	text[size] = '\0';
	char *colon = strchr(text, ':');
	if (colon == NULL || colon == text)
		return false;
	*colon = '\0';
	errno = 0;
	/* A negative one wraps round, as its type does. */
	uint64_t value = strtoull(colon + 1, &end, 10);
	if (end == colon + 1 || errno != 0)
		return false;
	char *flavour = strstr(text, "___");
	if (flavour != NULL && flavour != text)
		*flavour = '\0';
	memcpy(enumerator, text, strlen(text) + 1);
	*ret_value = value;
	return true;
}

static void lower_enum(struct unit *unit, LLVMValueRef call)
{
	LLVMValueRef text = LLVMGetOperand(call, 1), type = LLVMGetMetadata(call, unit->access_index_kind);
	unsigned long long what = LLVMConstIntGetZExtValue(LLVMGetOperand(call, 2));
	char name[CHAIN_NAME_SIZE], enumerator[CHAIN_PATH_SIZE];
	size_t size;
	uint64_t local = 0;
	const char *string = LLVMGetAsString(LLVMGetInitializer(text), &size);
	if (type == NULL || !type_name(type, name, sizeof name) ||
	    !split_enumerator(string, size, enumerator, &local)) {
		unit_error(unit, call, "this asks about an enum that has no name in the kernel");
		return;
	}
	struct question question = {.name = name, .path = enumerator};
	question.kind = what == ENUM_EXISTS ? GUEST_LINK_ENUM_EXISTS : GUEST_LINK_ENUM_VALUE;
	question.local = what == ENUM_EXISTS ? 1 : local;
	unit_insert_before(unit, call);
	replace_with_answer(unit, call, &question, what != ENUM_EXISTS);
}

static void lower_question(struct unit *unit, LLVMValueRef instruction)
{
	if (is_call_of(instruction, "llvm.bpf.preserve.field.info"))
		lower_field_info(unit, instruction);
	else if (is_call_of(instruction, "llvm.bpf.preserve.type.info"))
		lower_type_info(unit, instruction);
	else if (is_call_of(instruction, "llvm.bpf.preserve.enum.value"))
		lower_enum(unit, instruction);
}

static bool erased_one;

static void erase_unused_link(struct unit *unit, LLVMValueRef instruction)
{
	if ((is_preserve_call(instruction) || LLVMIsAGetElementPtrInst(instruction)) &&
	    LLVMGetFirstUse(instruction) == NULL) {
		LLVMInstructionEraseFromParent(instruction);
		erased_one = true;
	}
}

static void refuse_leftover(struct unit *unit, LLVMValueRef instruction)
{
	if (is_preserve_call(instruction))
		unit_error(unit, instruction, "guestcc can't follow this access to a kernel type");
}

void lower_fields(struct unit *unit)
{
	unit_each_instruction(unit, lower_question);
	unit_each_instruction(unit, lower_chain);
	do {
		erased_one = false;
		unit_each_instruction(unit, erase_unused_link);
	} while (erased_one);
	if (unit->error_count == 0)
		unit_each_instruction(unit, refuse_leftover);
}
