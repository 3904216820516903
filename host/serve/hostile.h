/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A host that lies, for tests: it serves a call as the honest one does, and then
 * changes what the image gets to see. In no library and no program that is
 * installed: test programs list hostile.c among their sources.
 *
 * A seed decides everything: the same seed gives the same lies. (What another
 * thread changes while it is read is a race by nature; only its bytes repeat.)
 */
#ifndef HOST_SERVE_HOSTILE_H
#define HOST_SERVE_HOSTILE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/serve/serve.h"

enum hostile_kind {
	HOSTILE_ERRNO, /* each errno from 1 to 4095, in turn */
	HOSTILE_OVERSIZE, /* more than was asked for */
	HOSTILE_NEGATIVE, /* beyond every errno */
	HOSTILE_SHORT, /* less than there is */
	HOSTILE_POINTER, /* an address of this process, the image's pages among them */
	HOSTILE_DESCRIPTOR, /* a small number: one that is open, a standard stream */
	HOSTILE_STALE, /* what the call before got, data and all */
	HOSTILE_REPEATED, /* the call is made twice */
	HOSTILE_DELAYED, /* the image comes back some times before it is served */
	HOSTILE_NEVER, /* it comes back, and is never served */
	HOSTILE_ORDER, /* the answer has the number of another call, then its own */
	HOSTILE_SEQUENCE, /* the answer has any number */
	HOSTILE_STATE, /* garbage in every word of the slot that isn't the answer */
	HOSTILE_DATA, /* garbage in the data area */
	HOSTILE_CHANGING, /* another thread writes the data area while it is read */
	HOSTILE_KIND_COUNT,
};

const char *hostile_kind_name(enum hostile_kind kind);

enum {
	/* Data beyond that isn't tampered with: no answer but pages is longer. */
	HOSTILE_DATA_SIZE = 12288,
};

struct hostile {
	uint64_t random;
	uint64_t errno_next;
	unsigned delay; /* returns without service that are still to come */
	/* The call before. */
	int64_t last_result;
	uint8_t last_data[HOSTILE_DATA_SIZE];
	/* HOSTILE_CHANGING's thread. */
	pthread_t thread;
	bool thread_started;
	struct call_window *window;
	_Atomic bool changing, stop;
	_Atomic bool busy; /* it may still write one word */
};

void hostile_init(struct hostile *hostile, struct call_window *window, uint64_t seed);
void hostile_deinit(struct hostile *hostile);
uint64_t hostile_random(struct hostile *hostile);

/* For the thread that came out of the image, in the place of `serve_honestly`:
 * serve the waiting call and lie as `kind` says. A kind that lies about data does
 * so only if `with_data`. Keep calling it with the same kind until the image has
 * its answer or has given up. */
void hostile_serve(struct hostile *hostile, struct serve *serve, enum hostile_kind kind, bool with_data,
		   void (*serve_honestly)(struct serve *serve));

/* Nothing changes any more when it returns: the next call's data is whole. */
void hostile_stop_changing(struct hostile *hostile);

/* The image has had its answer: what changes meanwhile stops, and the truth is kept
 * for HOSTILE_STALE. Call it after honest calls too. */
void hostile_rest(struct hostile *hostile, const struct call_slot *slot);

#endif
