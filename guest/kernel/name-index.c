// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/name-index.h"

#include <stdlib.h>
#include <string.h>

#include "base/report.h"

/* Counting sort by bucket: stable, so that the first stays first. */
static void fill(struct name_index *index, const uint32_t *hashes, const uint32_t *ordinals, size_t count)
{
	const uint32_t ordinal_mask = NAME_ORDINAL_COUNT_MAX - 1;
	uint32_t *bucket = index->bucket;

	for (size_t i = 0; i < count; i++)
		bucket[(hashes[i] & index->bucket_mask) + 1]++;
	for (uint32_t i = 0; i <= index->bucket_mask; i++)
		bucket[i + 1] += bucket[i];
	for (size_t i = 0; i < count; i++) {
		uint32_t ordinal = ordinals != NULL ? ordinals[i] : (uint32_t)i;
		index->entry[bucket[hashes[i] & index->bucket_mask]++] = ordinal | (hashes[i] & ~ordinal_mask);
	}
	/* Each start has moved to its bucket's end, where the next one starts. */
	memmove(bucket + 1, bucket, (size_t)(index->bucket_mask + 1) * sizeof *bucket);
	bucket[0] = 0;
}

status name_index_init(struct name_index *index, const uint32_t *hashes, const uint32_t *ordinals, size_t count)
{
	struct name_index made = {.bucket_mask = 1};

	/* Four to eight names a bucket: of these, bits of the hash rule out nearly all. */
	while (made.bucket_mask < count / 8)
		made.bucket_mask = made.bucket_mask << 1 | 1;
	made.bucket = calloc((size_t)made.bucket_mask + 2, sizeof *made.bucket);
	made.entry = calloc(count + 1, sizeof *made.entry);
	if (made.bucket == NULL || made.entry == NULL) {
		name_index_deinit(&made);
		return report(STATUS_NO_MEMORY, "no memory for an index of %zu names", count);
	}
	fill(&made, hashes, ordinals, count);
	*index = made;
	return STATUS_OK;
}

void name_index_deinit(struct name_index *index)
{
	free(index->bucket);
	free(index->entry);
	*index = (struct name_index){};
}
