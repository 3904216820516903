/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What goes out of the ledger to others' tools: alerts, and JSON findings of enclaves. One form inside,
 * three outside: OCSF's Detection Finding, falcosidekick's payload, RFC 5424.
 *
 * A finding's JSON was made inside an enclave, but from a hostile target's memory: names in it may be
 * anything. It is parsed with bounds and written again.
 */
#ifndef VERIFIER_EVENTS_EVENT_H
#define VERIFIER_EVENTS_EVENT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "verifier/ledger/ledger.h"

/* OCSF's severity_id. */
enum event_severity {
	EVENT_INFORMATIONAL = 1,
	EVENT_LOW = 2,
	EVENT_MEDIUM = 3,
	EVENT_HIGH = 4,
	EVENT_CRITICAL = 5,
};

enum {
	EVENT_TITLE_SIZE = 256, /* with its NUL */
	EVENT_ATTACK_COUNT_MAX = 8,
	EVENT_ATTACK_SIZE = 12, /* "T1562.001" */
	/* Deeper isn't any finding's; jansson's own bound is 2048. */
	EVENT_JSON_DEPTH_MAX = 32,
};

struct event {
	char uid[96]; /* the same each time: receivers can tell what they have */
	char target[LEDGER_NAME_SIZE];
	char kind[32]; /* an alert's, or "finding" */
	char title[EVENT_TITLE_SIZE];
	char text[EVENT_TITLE_SIZE];
	char program[LEDGER_PROGRAM_SIZE]; /* whose finding it is; "": the verifier's own */
	enum event_severity severity;
	int64_t at;
	char attacks[EVENT_ATTACK_COUNT_MAX][EVENT_ATTACK_SIZE];
	size_t attack_count;
	json_t *details; /* NULL: none */
};

void event_from_alert(const struct ledger_alert *alert, struct event *ret_event);
/* STATUS_END: it is a program's output, which isn't an event. What is no JSON object is an event that says so. */
MUST_USE status event_from_finding(const struct ledger_finding *finding, struct event *ret_event);
void event_deinit(struct event *event);
#define EVENT_CLEANUP __attribute__((cleanup(event_deinit)))

/* NULL: out of memory. The caller's. */
json_t *event_ocsf(const struct event *event);
json_t *event_falco(const struct event *event);
/* One message; cut where it is longer. `host`: this one's name. */
void event_syslog(const struct event *event, const char *host, char *ret_text, size_t size);

#endif
