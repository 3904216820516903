/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A token bucket: so many a second in the long run, so many at once. */
#ifndef AGENT_SERVE_BUCKET_H
#define AGENT_SERVE_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct bucket {
	uint64_t per_second, burst; /* per_second 0: no limit */
	uint64_t filled_ns; /* tokens, each 10^9/per_second ns worth */
	int64_t updated_ns;
};

/* Full at `now_ns` (clock_ns()). `per_second` is 0 or at most 10^9. */
void bucket_init(struct bucket *bucket, uint64_t per_second, uint64_t burst, int64_t now_ns);

/* Take one token. False: there is none now. */
bool bucket_take(struct bucket *bucket, int64_t now_ns);

/* How long until there is one; 0: there is. */
int64_t bucket_wait_ns(const struct bucket *bucket, int64_t now_ns);

#endif
