/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The operator's socket: a Unix socket for the daemon's own user and root, one line each way.
 *
 *     revoke|lift target|enclave|source|grant VALUE [REASON]     VALUE: hexadecimal digits, of a target's name, too
 *     ok WORDS / error WORDS
 */
#ifndef VERIFIER_DAEMON_CONTROL_H
#define VERIFIER_DAEMON_CONTROL_H

#include <event2/event.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/status.h"
#include "verifier/ledger/barred.h"

enum {
	CONTROL_LINE_SIZE = 512,
	CONTROL_REASON_SIZE = 100, /* with its NUL */
	CONTROL_WORDS_SIZE = 256,
	CONTROL_CLIENT_COUNT_MAX = 8,
	CONTROL_CLIENT_SECONDS = 5,
};

extern const char *const control_subject_names[]; /* by enum ledger_subject_kind */
enum { CONTROL_SUBJECT_COUNT = 4 };

struct control_request {
	bool is_lift;
	struct ledger_subject subject;
	char reason[CONTROL_REASON_SIZE]; /* printable; empty: none was given */
	uid_t user;
};

/* Do it, and say what was done, or why not (then not STATUS_OK). */
typedef status (*control_apply)(void *context, const struct control_request *request,
				char ret_words[static CONTROL_WORDS_SIZE]);

struct control;

/* Serve at a listening socket (taken over). STATUS_NO_MEMORY, reported. */
MUST_USE status control_create(struct event_base *base, int listener, control_apply apply, void *context,
			       struct control **ret_control);
void control_destroy(struct control *control);

/* What the request means, without a newline. STATUS_MALFORMED, not reported. */
MUST_USE status control_parse(const char *line, struct control_request *ret_request);

#endif
