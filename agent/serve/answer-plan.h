/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Read plans that a proven session asks for: rights, quota, bounds, and the run. Used by
 * answer.c alone. */
#ifndef AGENT_SERVE_ANSWER_PLAN_H
#define AGENT_SERVE_ANSWER_PLAN_H

#include "agent/serve/answer.h"

/* Answer a record for which link_plan_request_is(); the target was seen as `seen`. `ret_content`
 * has room for LINK_PLAN_REPLY_SIZE_MAX bytes, and lies so that they are aligned to 16. What goes
 * wrong with the run is the reply's outcome. STATUS_MALFORMED, reported: no plan. */
MUST_USE status answerer_answer_plan(struct answerer *answerer, struct span content, status seen, uint8_t *ret_content,
				     size_t *ret_size);

#endif
