/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A thread that serves an image's calls while the image stays inside: it looks at
 * the window, so that posting a call is all that the image has to do.
 *
 * It is worth having while a core is free and calls come fast. So it starts with
 * the first burst of calls, sleeps as soon as none come, and stays asleep, longer
 * each time, where it finds that it is being kept from running: on a machine whose
 * cores are busy a thread that spins takes time from the very image that it
 * serves. Whether it is there changes nothing but speed.
 */
#ifndef HOST_SERVE_HELPER_H
#define HOST_SERVE_HELPER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/serve/serve.h"

enum helper_mode {
	HELPER_NEVER, /* every call is served by the thread that comes out */
	HELPER_ADAPTIVE,
	HELPER_ALWAYS, /* awake as long as the image runs: for measurements */
};

/* $BARTIZAN_HELPER, if it is set to 0 (never), 1 (adaptive) or "always"; else
 * `otherwise`. */
enum helper_mode helper_mode_choose(enum helper_mode otherwise);

struct helper {
	struct serve *serve;
	enum helper_mode mode;
	pthread_t thread;
	bool started;
	/* Of the thread that comes out: exits since burst_start_ns. */
	uint32_t exit_count;
	uint64_t burst_start_ns;
	/* Shared by both: futex, enum helper_order in helper.c. */
	_Atomic uint32_t order;
	_Atomic uint64_t not_before_ns;
	/* Counters, for tests and measurements. */
	_Atomic uint64_t served_count, wake_count, preempted_count;
};

/* No thread is started yet unless the mode is HELPER_ALWAYS. Both must outlive
 * the helper. */
void helper_init(struct helper *helper, struct serve *serve, enum helper_mode mode);
/* Ends the thread: after the image has ended. */
void helper_deinit(struct helper *helper);

/* As serve_call(), for the thread that came out of the image; wakes the helper
 * where that promises something. */
void helper_serve_call(struct helper *helper);

#endif
