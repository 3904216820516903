/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/mention.h"

#include "guest/proc/memo.h"
#include "guest/proc/symbols.h"

enum {
	MENTION_CODE_SIZE = 16384,
	MENTION_PAIR_CODE_SIZE = 2048,
	MENTION_STRING_SIZE = 256,
	/* Where the next function may begin (CONFIG_FUNCTION_ALIGNMENT). */
	FUNCTION_ALIGNMENT = 16,
};

/* Where the kernel and its modules live: the top 2 GiB
 * (Documentation/arch/x86/x86_64/mm.rst), so that 32 bits, sign-extended, say
 * an address. */
static const u64 mention_lowest = 0xffffffff80000000;

struct question {
	const char *function;
	const char *string; /* or NULL: */
	u64 size; /* of `string` */
	u64 target;
	u64 candidate;
	bool found;
};

static void compare_at(void *argument)
{
	struct question *question = argument;
	char there[MENTION_STRING_SIZE];

	if (question->size > sizeof there)
		return;
	guest_copy(there, (const void *)question->candidate, question->size);
	question->found = memcmp(there, question->string, question->size) == 0;
}

static void try_address(struct question *question, u64 address)
{
	if (question->found || address < mention_lowest)
		return;
	if (question->string == NULL) {
		question->found = address == question->target;
		return;
	}
	question->candidate = address;
	/* Most four bytes of code aren't an address: unreadable is "no". */
	if (guest_try(compare_at, question) != STATUS_OK)
		question->found = false;
}

static void look_through(void *argument)
{
	struct question *question = argument;
	u64 function = symbol_start((u64)question->function);

	for (u64 i = 0; i < MENTION_CODE_SIZE && !question->found; i++) {
		s32 operand;

		if (i % FUNCTION_ALIGNMENT == 0 && symbol_start((u64)question->function + i) != function)
			return;
		guest_copy(&operand, question->function + i, sizeof operand);
		/* An absolute address, or one relative to the next instruction. */
		try_address(question, (u64)(s64)operand);
		try_address(question, (u64)question->function + i + sizeof operand + (u64)(s64)operand);
	}
}

/* FNV-1a: of our own strings, which are few and different. */
static u64 hash_string(const char *string)
{
	u64 hash = 0xcbf29ce484222325;

	for (u64 i = 0; string[i] != '\0'; i++)
		hash = (hash ^ (u8)string[i]) * 0x100000001b3;
	return hash;
}

static bool ask(struct question *question, u64 key)
{
	bool answer;

	if (memo_find((u64)question->function, key, &answer))
		return answer;
	/* What couldn't be read isn't known. */
	if (guest_try(look_through, question) != STATUS_OK)
		return false;
	memo_keep((u64)question->function, key, question->found);
	return question->found;
}

bool code_mentions(const char *function, const char *string)
{
	struct question question = {.function = function, .string = string, .size = strlen(string)};

	return ask(&question, hash_string(string));
}

const char *code_finds_bytes(const char *function, const char *bytes, u64 size)
{
	struct question question = {.function = function, .string = bytes, .size = size};

	if (guest_try(look_through, &question) != STATUS_OK || !question.found)
		return NULL;
	return (const char *)question.candidate;
}

bool code_refers_to(const char *function, const char *target)
{
	struct question question = {.function = function, .target = (u64)target};

	return ask(&question, (u64)target);
}

/* mov r64, [r64 + disp32]; the register it loads. */
static bool is_load(const u8 *code, u32 *ret_offset, u32 *ret_register)
{
	u32 offset;

	if ((code[0] & 0xfa) != 0x48 || code[1] != 0x8b || (code[2] & 0xc0) != 0x80 || (code[2] & 7) == 4)
		return false;
	memcpy(&offset, code + 3, sizeof offset);
	*ret_offset = offset;
	*ret_register = (code[2] >> 3 & 7) | (code[0] & 4) << 1;
	return true;
}

enum {
	LOAD_SIZE = 7,
	PAIR_SIZE = LOAD_SIZE + 8,
};

struct pair {
	const char *function;
	bool (*is_second)(const u8 *code, u32 loaded, u32 target_offset);
	u32 target_offset;
	u32 offset; /* the answer */
	bool found;
};

static void look_for_pair(void *argument)
{
	struct pair *pair = argument;
	u64 function = symbol_start((u64)pair->function);

	for (u64 i = 0; i < MENTION_PAIR_CODE_SIZE && !pair->found; i++) {
		u8 code[PAIR_SIZE];
		u32 loaded;

		if (i % FUNCTION_ALIGNMENT == 0 && symbol_start((u64)pair->function + i) != function)
			return;
		guest_copy(code, pair->function + i, sizeof code);
		if (is_load(code, &pair->offset, &loaded) &&
		    pair->is_second(code + LOAD_SIZE, loaded, pair->target_offset))
			pair->found = true;
	}
}

static bool find_pair(struct pair *pair, u32 *ret_offset)
{
	if (guest_try(look_for_pair, pair) != STATUS_OK || !pair->found)
		return false;
	*ret_offset = pair->offset;
	return true;
}

/* add [r64 + disp8], r64 */
static bool is_addition_to(const u8 *code, u32 loaded, u32 target_offset)
{
	return (code[0] & 0xfa) == 0x48 && code[1] == 0x01 && (code[2] & 0xc0) == 0x40 && (code[2] & 7) != 4 &&
	       (u32)((code[2] >> 3 & 7) | (code[0] & 4) << 1) == loaded && code[3] == target_offset;
}

/* add r64, [disp32 + r64 * 8] */
static bool is_percpu_addition(const u8 *code, u32 loaded, u32 target_offset)
{
	s32 table;

	(void)target_offset;
	memcpy(&table, code + 4, sizeof table);
	return (code[0] & 0xf8) == 0x48 && code[1] == 0x03 && (code[2] & 0xc7) == 0x04 && (code[3] & 0xc7) == 0xc5 &&
	       (u32)((code[2] >> 3 & 7) | (code[0] & 4) << 1) == loaded && (u64)(s64)table == (u64)__per_cpu_offset;
}

bool code_finds_word_added_to(const char *function, u32 target_offset, u32 *ret_offset)
{
	struct pair pair = {.function = function, .is_second = is_addition_to, .target_offset = target_offset};

	return target_offset < 0x80 && find_pair(&pair, ret_offset);
}

bool code_finds_percpu_pointer(const char *function, u32 *ret_offset)
{
	struct pair pair = {.function = function, .is_second = is_percpu_addition};

	return find_pair(&pair, ret_offset);
}

enum {
	CONSTANT_LOAD_SIZE = 10,
};

struct constant {
	const char *function;
	u64 mask, value;
	u64 found; /* 0: not yet */
};

static void look_for_constant(void *argument)
{
	struct constant *constant = argument;
	u64 function = symbol_start((u64)constant->function);

	for (u64 i = 0; i < MENTION_PAIR_CODE_SIZE; i++) {
		u8 code[CONSTANT_LOAD_SIZE];
		u64 number;

		if (i % FUNCTION_ALIGNMENT == 0 && symbol_start((u64)constant->function + i) != function)
			return;
		guest_copy(code, constant->function + i, sizeof code);
		memcpy(&number, code + 2, sizeof number);
		if ((code[0] & 0xfe) == 0x48 && (code[1] & 0xf8) == 0xb8 &&
		    (number & constant->mask) == constant->value) {
			constant->found = number;
			return;
		}
	}
}

bool code_finds_constant(const char *function, u64 mask, u64 value, u64 *ret_constant)
{
	struct constant constant = {.function = function, .mask = mask, .value = value};

	if (guest_try(look_for_constant, &constant) != STATUS_OK || constant.found == 0)
		return false;
	*ret_constant = constant.found;
	return true;
}
