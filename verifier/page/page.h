/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The page that a person reads, and /metrics for Prometheus: HTTP by libmicrohttpd, inside the caller's event
 * loop. Only GET and HEAD: nothing can be changed here. On a Unix socket whoever may open it reads; on
 * a port of the loopback there is a login.
 */
#ifndef VERIFIER_PAGE_PAGE_H
#define VERIFIER_PAGE_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "verifier/events/outputs.h"
#include "verifier/ledger/ledger.h"
#include "verifier/station/station.h"

enum {
	PAGE_CLIENT_COUNT_MAX = 64,
	PAGE_CLIENT_SECONDS_MAX = 20, /* silent */
	/* Of the latest alerts and findings each. */
	PAGE_EVENT_COUNT_MAX = 200,
	/* Of a program's output; the store has all of it. */
	PAGE_TEXT_SIZE_MAX = 4096,
	PAGE_HISTORY_SECONDS = 24 * 3600,
	/* /api/state may take such a part of the thread's time: what took 50 ms to make is good for a second; what took
	 * less than the other one is made for each who asks. */
	PAGE_STATE_SHARE = 20,
	PAGE_STATE_CHEAP_NS = 5000000,
};

/* What there is to show; all borrowed. */
struct page_sources {
	struct ledger *ledger;
	const struct station *station;
	const struct outputs *outputs;
	size_t output_count;
	const uint32_t *connection_count;
	const uint64_t *dropped_count;
	const bool *is_reload_failing; /* the configuration's file isn't what counts */
	const uint64_t *trimmed_count; /* results */
	bool is_unproven; /* anybody's word is taken for an enclave's: the page says so */
};

struct page;

/* Serve at a listening socket (taken over). `login`: its file, or NULL for none. STATUS_IO, and as login_init():
 * reported. */
MUST_USE status page_create(const struct page_sources *sources, int listener, const char *login,
			    struct page **ret_page);
void page_destroy(struct page *page);

/* A descriptor that is readable when page_serve() has something to do; also call it a few times a second. */
int page_file(const struct page *page);
void page_serve(struct page *page);

/* The texts; the caller's, NULL: out of memory or a fault of the ledger, reported. */
char *page_state_text(const struct page_sources *sources);
char *page_metrics_text(const struct page_sources *sources);

#endif
