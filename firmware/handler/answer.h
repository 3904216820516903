/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a proven session asks for, answered from this machine's memory. */
#ifndef FIRMWARE_HANDLER_ANSWER_H
#define FIRMWARE_HANDLER_ANSWER_H

#include "firmware/handler/handler.h"

/* Answer `request` into `content`, which has room for link_request_reply_size(request) bytes.
 * Rights and quota are the session's; what is refused or isn't there is the outcome of its operation.
 * `caller`: the CPU whose tables a virtual address goes by; `is_still`: no other CPU runs meanwhile.
 * STATUS_INTERNAL, reported. */
MUST_USE status firmware_answer(struct firmware_handler *handler, struct firmware_session *session,
				const struct firmware_caller *caller, const struct link_request *request, bool is_still,
				uint8_t *content);

/* Take a read plan, with its cursor, out of a request, for firmware_answer_plan. STATUS_MALFORMED, reported: no plan,
 * or none that keeps to its rules. */
MUST_USE status firmware_plan_take(struct firmware_handler *handler, struct span request);

/* Answer the plan that was taken, as far as one SMI may go (handler.h). `content`: at most `capacity` bytes; *ret_size
 * of them are the reply. Rights and quota as above. STATUS_LIMIT: no reply fits. */
MUST_USE status firmware_answer_plan(struct firmware_handler *handler, struct firmware_session *session, bool is_still,
				     uint8_t *content, size_t capacity, size_t *ret_size);

#endif
