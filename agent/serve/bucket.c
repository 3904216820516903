/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/bucket.h"

static const uint64_t second_ns = 1000000000;

static uint64_t token_ns(const struct bucket *bucket)
{
	return second_ns / bucket->per_second;
}

static uint64_t filled_at(const struct bucket *bucket, int64_t now_ns)
{
	uint64_t passed = now_ns > bucket->updated_ns ? (uint64_t)(now_ns - bucket->updated_ns) : 0;
	uint64_t full = bucket->burst * token_ns(bucket);

	return passed >= full - bucket->filled_ns ? full : bucket->filled_ns + passed;
}

void bucket_init(struct bucket *bucket, uint64_t per_second, uint64_t burst, int64_t now_ns)
{
	*bucket = (struct bucket){.per_second = per_second, .burst = burst, .updated_ns = now_ns};
	if (per_second != 0)
		bucket->filled_ns = burst * token_ns(bucket);
}

bool bucket_take(struct bucket *bucket, int64_t now_ns)
{
	if (bucket->per_second == 0)
		return true;
	bucket->filled_ns = filled_at(bucket, now_ns);
	bucket->updated_ns = now_ns;
	if (bucket->filled_ns < token_ns(bucket))
		return false;
	bucket->filled_ns -= token_ns(bucket);
	return true;
}

int64_t bucket_wait_ns(const struct bucket *bucket, int64_t now_ns)
{
	if (bucket->per_second == 0)
		return 0;
	uint64_t filled = filled_at(bucket, now_ns);

	return filled >= token_ns(bucket) ? 0 : (int64_t)(token_ns(bucket) - filled);
}
