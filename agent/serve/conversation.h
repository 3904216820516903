/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A client's session, from its handshake to its end. */
#ifndef AGENT_SERVE_CONVERSATION_H
#define AGENT_SERVE_CONVERSATION_H

#include "agent/serve/client-state.h"

/* One session, once hello was said. STATUS_END: a port's client begins anew; STATUS_GONE: it hung up; anything else was
 * said. conversation_end() follows in any case. */
MUST_USE status conversation_hold(struct client *client);
/* Give back all that the session had. Idempotent. */
void conversation_end(struct client *client);

#endif
