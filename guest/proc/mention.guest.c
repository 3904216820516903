/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/mention.h"

#include "guest/proc/symbols.h"

enum {
	MENTION_CODE_SIZE = 2048,
	MENTION_STRING_SIZE = 128,
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
	u64 target;
	u64 candidate;
	bool found;
};

static void compare_at(void *argument)
{
	struct question *question = argument;
	char there[MENTION_STRING_SIZE];
	size_t size = strlen(question->string);

	if (size > sizeof there)
		return;
	guest_copy(there, (const void *)question->candidate, size);
	question->found = memcmp(there, question->string, size) == 0;
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

bool code_mentions(const char *function, const char *string)
{
	struct question question = {.function = function, .string = string};

	return guest_try(look_through, &question) == STATUS_OK && question.found;
}

bool code_refers_to(const char *function, const char *target)
{
	struct question question = {.function = function, .target = (u64)target};

	return guest_try(look_through, &question) == STATUS_OK && question.found;
}
