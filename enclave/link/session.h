/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request and its reply over the sealed session: used by source.c alone. */
#ifndef ENCLAVE_LINK_SESSION_H
#define ENCLAVE_LINK_SESSION_H

#include "link/plan.h"
#include "link/request.h"

/* Send, wait, open, check. On success `ret_content` points to the reply's bytes, valid until
 * the next call; the data of operation i is at link_request_slot(request, i). No outcome is one that
 * its operation can't have; those that are faults have been reported.
 * Any fault of the session itself ends the session: it is reported once, and every later call returns it. */
MUST_USE status session_transact(const struct link_request *request, struct link_reply *ret_reply,
				 const uint8_t **ret_content);

/* The same for a read plan from where its cursor stands. `ret_runs` are the runs of lines, as the source
 * made them: bytes. */
MUST_USE status session_transact_plan(const uint8_t plan[static LINK_PLAN_CODE_SIZE],
				      const uint8_t cursor[static LINK_PLAN_CURSOR_SIZE],
				      struct link_plan_reply *ret_reply, struct span *ret_runs);

/* Did the last answer say that the target has ended (STATUS_GONE)? */
bool session_heard_end(void);
/* What ended the session; STATUS_OK: it stands. */
MUST_USE status session_failure(void);

/* The reply's data breaks its format, as the caller has reported: the session ends with `fault`, which
 * every later call returns. Returns `fault`. */
MUST_USE status session_end(status fault);

#endif
