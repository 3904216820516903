/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Unix sockets that servers of the verifier's side wait at. */
#ifndef VERIFIER_GRANTS_LISTEN_H
#define VERIFIER_GRANTS_LISTEN_H

#include "base/status.h"

/* A listening socket of our user alone (mode 0600), non-blocking, in place of one that nobody listens on any more.
 * `waiting_count`: connections that may wait. STATUS_USAGE: a path too long; STATUS_IO. Reported. */
MUST_USE status listen_unix(const char *path, int waiting_count, int *ret_listener);

#endif
