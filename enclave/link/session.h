/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One request and its reply over the sealed session: used by source.c alone. */
#ifndef ENCLAVE_LINK_SESSION_H
#define ENCLAVE_LINK_SESSION_H

#include "link/request.h"

/* Send, wait, open, check. On success `ret_content` points to the reply's bytes, valid until
 * the next call; the data of operation i is at link_request_slot(request, i). No outcome is one that
 * its operation can't have; those that are faults have been reported.
 * Any fault of the session itself ends the session: it is reported once, and every later call returns it. */
MUST_USE status session_transact(const struct link_request *request, struct link_reply *ret_reply,
				 const uint8_t **ret_content);

/* The reply's data breaks its format, as the caller has reported: the session ends with `fault`, which
 * every later call returns. Returns `fault`. */
MUST_USE status session_end(status fault);

#endif
