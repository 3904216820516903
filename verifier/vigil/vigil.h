/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Who was heard of in time, and who is missing. Nothing else decides that: no closed connection, no
 * clock that can be set.
 *
 * Time here is the time that the verifier has watched: it advances with each heartbeat and look by what a
 * steady clock (CLOCK_MONOTONIC) says, but by VIGIL_LOOK_NS_MAX at most. A verifier that was stopped, swapped
 * out or suspended for an hour has not watched for an hour, and finds nobody missing for what it
 * couldn't hear; it hears what is waiting first, then looks.
 *
 * After a start every target is unknown until it is heard. Where all come at once, each may have to wait for its turn:
 * so long as vigil_crowd_expect() said, nobody is missing who wasn't heard since the start. One that stays silent for
 * two intervals is missing, whether it was healthy or unknown before. One that is heard, and says again and again that
 * it has looked at its target as often as before, is idle: its host answers for nothing but heartbeats.
 */
#ifndef VERIFIER_VIGIL_VIGIL_H
#define VERIFIER_VIGIL_VIGIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

/* Look at least this often: an alert is then no later than two intervals and a second. */
#define VIGIL_LOOK_NS_MAX UINT64_C(1000000000)

enum {
	VIGIL_NAME_SIZE = 64, /* with its NUL */
	/* For who was told by a shorter interval to come again: its half second, two quotes, and a busy machine. */
	VIGIL_AGAIN_MS = 2000,
	/* Ten thousand are promised (docs/bench.md); each takes 120 bytes. */
	VIGIL_TARGET_COUNT_MAX = 100000,
	/* For a moment: those before a reload and those after it. */
	VIGIL_TARGET_COUNT_BOTH = 2 * VIGIL_TARGET_COUNT_MAX,
};

enum vigil_state {
	VIGIL_UNKNOWN, /* not heard since the verifier's start */
	VIGIL_HEALTHY,
	VIGIL_IDLE, /* heard, and hasn't looked for too long */
	VIGIL_MISSING,
};

const char *vigil_state_name(enum vigil_state state);

struct vigil;

/* `now_ns`: the steady clock's time. STATUS_NO_MEMORY, reported. */
MUST_USE status vigil_create(uint64_t now_ns, struct vigil **ret_vigil);
void vigil_destroy(struct vigil *vigil);

/* Expect a target from now on, unknown as yet; one that is expected keeps its state and gets the
 * new interval; a shorter one counts from now on (VIGIL_AGAIN_MS at least, until it is heard), and `silent_ns` with it,
 * but for who is missing. STATUS_USAGE, reported: an empty or long name, or no interval. STATUS_LIMIT,
 * STATUS_NO_MEMORY: reported. */
MUST_USE status vigil_expect(struct vigil *vigil, const char *name, uint32_t interval_ms);
/* Who wasn't heard yet has until then, where that is longer than two intervals; 0: they have all had their turn. */
void vigil_crowd_expect(struct vigil *vigil, uint64_t at_most_ns);
/* From now on the target must have looked once in `looks_ms`; 0: it needn't. STATUS_MISSING, not reported: nobody
 * expects it. */
MUST_USE status vigil_looks_expect(struct vigil *vigil, const char *name, uint32_t looks_ms);
/* STATUS_MISSING, not reported: nobody expects it. */
MUST_USE status vigil_dismiss(struct vigil *vigil, const char *name);

/* A good heartbeat came, at `now_ns` by the steady clock. *ret_before: what it was until now; MISSING says that it is
 * back. STATUS_MISSING, not reported: nobody expects it. */
MUST_USE status vigil_hear(struct vigil *vigil, const char *name, uint64_t now_ns, enum vigil_state *ret_before);

/* Did that heartbeat say that its enclave has looked once more? *ret_was_idle: it was told to be idle, and isn't any
 * more, since it has looked, or needn't. STATUS_MISSING as
 * above. */
MUST_USE status vigil_looked(struct vigil *vigil, const char *name, bool has_looked, bool *ret_was_idle);

/* What is known of a target. `silent_ns`: watched time since it was heard, or since it was expected. `state` is MISSING
 * once that is too long, whether or not a look could tell it. */
struct vigil_target {
	const char *name; /* until the next vigil_expect() or _dismiss() */
	enum vigil_state state;
	uint32_t interval_ms, looks_ms;
	uint64_t silent_ns, unlooked_ns; /* the same since it has looked */
};

/* Let time go on to `now_ns`, after all that is waiting was heard, and visit each target that has become
 * missing, or idle, by it, once. Ends early with what isn't STATUS_OK; the others are visited by the next look. */
typedef status (*vigil_visit)(void *context, const struct vigil_target *target);
MUST_USE status vigil_look(struct vigil *vigil, uint64_t now_ns, vigil_visit visit, void *context);

/* What the last look told couldn't be kept: it didn't happen, and the next look tells it. */
void vigil_look_undo(struct vigil *vigil);

/* STATUS_MISSING, not reported: nobody expects it. */
MUST_USE status vigil_find(const struct vigil *vigil, const char *name, struct vigil_target *ret_target);

/* Each target, by name. */
MUST_USE status vigil_visit_all(const struct vigil *vigil, vigil_visit visit, void *context);

#endif
