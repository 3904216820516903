/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Answers about the running kernel that cost much to find and stay the same
 * while it runs: what its code does (mention.h). Kept for the kernel that the
 * generators run on, and forgotten when that is another or has booted again.
 */
#ifndef GUEST_PROC_MEMO_H
#define GUEST_PROC_MEMO_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/kernel/guest-call.h"

/* Is the answer to this question known? `subject` and `question` name it. */
GUEST_NATIVE bool memo_find(uint64_t subject, uint64_t question, bool *ret_answer);
/* Keep it; where there are too many, it takes another's place. */
GUEST_NATIVE void memo_keep(uint64_t subject, uint64_t question, bool answer);

#endif
