/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Whom the source talks to: the decision over an enclave's first message. */
#ifndef AGENT_SERVE_ADMIT_H
#define AGENT_SERVE_ADMIT_H

#include "agent/serve/daemon.h"
#include "link/grant.h"
#include "link/session.h"

/* Read FIRST and check its grant: the owner's signature, made for this enclave, source,
 * start and target, not over, and nothing that the settings refuse. No target is touched,
 * and no answer made: FIRST may be a replay. Initialises the session in every case.
 * STATUS_OK, or a fault, reported, and *ret_why says which counter it belongs to. */
MUST_USE status admit_first(struct daemon *daemon, struct link_session *session, struct span message,
			    struct link_grant *ret_grant, enum counter *ret_why);

/* Take a later grant in place of the one that a session has: it must be good as that of FIRST, and for the same
 * enclave, target, backend and rights, while the one that it has isn't taken back. STATUS_OK, or a fault, reported:
 * then nothing changes. */
MUST_USE status admit_renewal(struct daemon *daemon, struct span encoded, const struct link_grant *held,
			      struct link_grant *ret_grant);

/* Into the log: whom a session is for; `what` becomes of it, "" where it begins. */
void admit_log(const struct link_grant *grant, const char *what);

/* Errors travel in clear, and why a target can't be attached to may name files and processes of this machine: what may
 * be said of that to strangers. */
const char *admit_clear_words(status why);

#endif
