/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/memo.h"

#include <string.h>

#include "guest/kernel/kernel.h"
#include "guest/proc/running.h"

enum {
	/* All questions of all generators are some dozens. */
	MEMO_ENTRY_COUNT = 256,
};

static struct {
	const struct guest_kernel *kernel;
	uint64_t boot_id;
	struct {
		uint64_t subject, question;
		bool answer, is_known;
	} entries[MEMO_ENTRY_COUNT];
} memo;

/* For the running kernel. False: none runs. */
static bool enter(void)
{
	const struct guest_kernel *kernel = proc_running_kernel();

	if (kernel == NULL)
		return false;
	if (memo.kernel != kernel || memo.boot_id != kernel->boot_id) {
		memset(&memo, 0, sizeof memo);
		memo.kernel = kernel;
		memo.boot_id = kernel->boot_id;
	}
	return true;
}

static size_t place(uint64_t subject, uint64_t question)
{
	/* 2⁶⁴ divided by the golden ratio spreads what differs in few bits. */
	return (size_t)((subject ^ question) * 0x9e3779b97f4a7c15ull >> 32) % MEMO_ENTRY_COUNT;
}

bool memo_find(uint64_t subject, uint64_t question, bool *ret_answer)
{
	size_t at = place(subject, question);

	if (!enter() || !memo.entries[at].is_known || memo.entries[at].subject != subject ||
	    memo.entries[at].question != question)
		return false;
	*ret_answer = memo.entries[at].answer;
	return true;
}

void memo_keep(uint64_t subject, uint64_t question, bool answer)
{
	size_t at = place(subject, question);

	if (!enter())
		return;
	memo.entries[at].subject = subject;
	memo.entries[at].question = question;
	memo.entries[at].answer = answer;
	memo.entries[at].is_known = true;
}
