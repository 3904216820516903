/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The front end has already decided how to read a bit-field: load a storage
 * unit of its own layout, shift, mask. Only the load is still ours, so the
 * unit is made up: the kernel's bits, taken from wherever they are, put where
 * the front end's shifts expect them.
 */
#include "compiler/bit-fields.h"

#include "compiler/chain.h"
#include "compiler/metadata.h"
#include "compiler/unit.h"
#include "guest/kernel/linkage.h"

static uint64_t low_bits(uint64_t count)
{
	return count >= 64 ? ~UINT64_C(0) : (UINT64_C(1) << count) - 1;
}

static struct question bit_question(const struct chain *chain, uint64_t kind, uint64_t local)
{
	return (struct question){.kind = kind, .name = chain->type, .path = chain->path, .local = local};
}

/* The kernel's value, extended to 64 bits as its type asks. */
static LLVMValueRef load_value(struct unit *unit, const struct chain *chain)
{
	uint64_t offset = member_offset_bits(chain->member), width = member_size_bits(chain->member);
	struct question word = bit_question(chain, GUEST_LINK_BIT_WORD, offset / 64 * 8);
	struct question shift = bit_question(chain, GUEST_LINK_BIT_SHIFT, offset % 64);
	struct question mask = bit_question(chain, GUEST_LINK_BIT_MASK, low_bits(width));
	LLVMBuilderRef builder = unit->builder;

	LLVMValueRef address = unit_advance(unit, chain->root, links_require(unit, &word));
	LLVMValueRef value = LLVMBuildLoad2(builder, unit->i64, address, "");
	LLVMSetAlignment(value, 1);
	LLVMValueRef bits = LLVMBuildAnd(builder, links_load(unit, &shift), unit_number(unit, 63), "");
	LLVMValueRef kernel_mask = links_load(unit, &mask);
	value = LLVMBuildAnd(builder, LLVMBuildLShr(builder, value, bits, ""), kernel_mask, "");
	if (!member_is_signed(chain->member))
		return value;
	/* Sign bit = the mask's highest bit, mask ^ mask >> 1:
	 * (value ^ sign) − sign extends it. */
	LLVMValueRef half = LLVMBuildLShr(builder, kernel_mask, unit_number(unit, 1), "");
	LLVMValueRef sign = LLVMBuildXor(builder, kernel_mask, half, "");
	return LLVMBuildSub(builder, LLVMBuildXor(builder, value, sign, ""), sign, "");
}

/* A kernel's field may be wider than ours: end the boundary where this value
 * would be cut. */
static void check_fit(struct unit *unit, const struct chain *chain, LLVMValueRef value, uint64_t width)
{
	struct question word = bit_question(chain, GUEST_LINK_BIT_WORD, member_offset_bits(chain->member) / 64 * 8);
	LLVMValueRef check = unit_access_function(unit, "guestcc_fits");
	LLVMValueRef arguments[] = {value, unit_number(unit, width),
				    LLVMConstInt(unit->i32, member_is_signed(chain->member), 0),
				    links_record(unit, &word)};

	if (check != NULL && width < 64)
		unit_call(unit, check, arguments, 4);
}

static void replace_load(struct unit *unit, const struct chain *chain, LLVMValueRef load)
{
	uint64_t width = member_size_bits(chain->member);
	uint64_t position = member_offset_bits(chain->member) - member_storage_bits(chain->member);
	LLVMTypeRef type = LLVMTypeOf(load);

	if (LLVMGetTypeKind(type) != LLVMIntegerTypeKind || LLVMGetIntTypeWidth(type) > 64 ||
	    position + width > LLVMGetIntTypeWidth(type)) {
		unit_error(unit, load, "guestcc can't follow this access to the bit-field %s of %s", chain->path,
			   chain->type);
		LLVMSetOperand(load, 0, chain->root);
		return;
	}
	unit_insert_before(unit, load);
	LLVMValueRef value = load_value(unit, chain);
	check_fit(unit, chain, value, width);
	value = LLVMBuildAnd(unit->builder, value, unit_number(unit, low_bits(width)), "");
	value = LLVMBuildShl(unit->builder, value, unit_number(unit, position), "");
	value = LLVMBuildTruncOrBitCast(unit->builder, value, type, "");
	LLVMReplaceAllUsesWith(load, value);
	/* Not erased: somebody may be about to visit it. The optimiser drops it. */
	LLVMSetOperand(load, 0, chain->root);
	LLVMSetVolatile(load, 0);
}

void lower_bit_field(struct unit *unit, const struct chain *chain, LLVMValueRef address, LLVMValueRef user)
{
	if (LLVMIsALoadInst(user)) {
		replace_load(unit, chain, user);
		return;
	}
	unit_error(unit, user, "the bit-field %s of the kernel's %s can only be read", chain->path, chain->type);
	for (int i = 0; i < LLVMGetNumOperands(user); i++) {
		if (LLVMGetOperand(user, (unsigned)i) == address)
			LLVMSetOperand(user, (unsigned)i, chain->root);
	}
}
