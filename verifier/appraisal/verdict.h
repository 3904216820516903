/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an appraisal found: every reason against the evidence, and every tolerance of the
 * policy that was needed. No reason: accepted.
 */
#ifndef VERIFIER_APPRAISAL_VERDICT_H
#define VERIFIER_APPRAISAL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

enum {
	/* More than one appraisal can give; the last place says that there were more. */
	VERDICT_REMARK_COUNT_MAX = 14,
	/* With its NUL; longer texts are cut, and say so. With words around it, it fits in EVIDENCE_SENTENCE_SIZE. */
	VERDICT_TEXT_SIZE = 448,
};

/* One word for programs, one sentence for people. */
struct verdict_remark {
	const char *code; /* a literal: "tcb-status" */
	char text[VERDICT_TEXT_SIZE];
};

struct verdict {
	struct verdict_remark reasons[VERDICT_REMARK_COUNT_MAX];
	size_t reason_count;
	struct verdict_remark tolerances[VERDICT_REMARK_COUNT_MAX];
	size_t tolerance_count;
};

/* Something speaks against the evidence. */
__attribute__((format(printf, 3, 4))) void verdict_refuse(struct verdict *verdict, const char *code, const char *format,
							  ...);
/* Something would, but the policy's line `code` lets it pass. */
__attribute__((format(printf, 3, 4))) void verdict_tolerate(struct verdict *verdict, const char *code,
							    const char *format, ...);

/* Of `size` bytes with its NUL, at least four, of which snprintf() has cut the rest: it ends with "…" now. */
void verdict_text_mark_cut(char *text, size_t size);

/* Nothing speaks against it. */
bool verdict_is_accepted(const struct verdict *verdict);

#endif
