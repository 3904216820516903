/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The daemon: everything of it in one thread and one event loop. */
#ifndef VERIFIER_DAEMON_SERVE_H
#define VERIFIER_DAEMON_SERVE_H

#include "base/status.h"
#include "verifier/daemon/rules.h"

/* What the command line says besides. */
struct serve_options {
	struct rules_options rules;
	const char *unproven_socket; /* where anybody is believed; NULL: nowhere */
};

/* Serve until SIGTERM or SIGINT; SIGHUP reads the configuration, and all that it names, anew. Faults are reported. */
MUST_USE status serve(const struct serve_options *options);

#endif
