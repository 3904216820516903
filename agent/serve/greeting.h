/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a connection begins with: who only asks for our state or brings a revocation gets it here, others hello. */
#ifndef AGENT_SERVE_GREETING_H
#define AGENT_SERVE_GREETING_H

#include "agent/serve/client-state.h"

/* Answer a first frame, whose body is in the channel. STATUS_OK: hello was said, and messages follow; STATUS_END: that
 * was all; anything else: it is over. */
MUST_USE status greeting_answer(struct client *client, const struct agent_frame *head);
/* Tell it that this is no beginning, and why. STATUS_MALFORMED. */
MUST_USE status greeting_refuse(struct client *client, const char *why);
struct agent_hello greeting_hello(const struct client *client, bool with_ring);

#endif
