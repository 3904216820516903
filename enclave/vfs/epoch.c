/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/epoch.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/vfs/inode.h"

enum {
	/* A program that waits for something by asking again and again gets a
	 * new look after so many questions: more than a pass over the
	 * numbers that processes usually have (pid_max is 32768 by default). */
	QUESTION_COUNT_MAX = 65536,
	/* Things read in one epoch, as hashes of eight bytes: five files of
	 * each of 50,000 processes take 4 MiB at half full. */
	SEEN_FIRST_SIZE = 256,
	SEEN_SIZE_MAX = 1 << 19,
};

/* Programs that reckon how long each process has been running ask for the time beside each of them. */
static const char clock_file[] = "/proc/uptime";

static struct {
	uint64_t *seen; /* open addressing; 0: free */
	size_t size, count;
	uint64_t last; /* what was seen last */
	uint32_t question_count;
} epoch;

/* Where `hash` is, or would be put. The table has free places. */
static uint64_t *place_of(uint64_t *table, size_t size, uint64_t hash)
{
	size_t i = (size_t)hash & (size - 1);

	while (table[i] != 0 && table[i] != hash)
		i = (i + 1) & (size - 1);
	return &table[i];
}

/* Room for one more, with half of the places free. */
static bool grow(void)
{
	size_t size = epoch.size != 0 ? epoch.size * 2 : SEEN_FIRST_SIZE;

	if (epoch.count < epoch.size / 2)
		return true;
	if (size > SEEN_SIZE_MAX)
		return false;
	uint64_t *table = calloc(size, sizeof *table);
	if (table == NULL)
		return false;
	for (size_t i = 0; i < epoch.size; i++)
		if (epoch.seen[i] != 0)
			*place_of(table, size, epoch.seen[i]) = epoch.seen[i];
	free(epoch.seen);
	epoch.seen = table;
	epoch.size = size;
	return true;
}

bool epoch_has_seen(const char *what)
{
	uint64_t hash = inode_of_path(what), *place; /* never 0; a collision ends an epoch early */

	if (!grow())
		return true;
	place = place_of(epoch.seen, epoch.size, hash);
	if (*place == hash && (epoch.last == hash || strcmp(what, clock_file) != 0))
		return true;
	epoch.count += *place == 0;
	*place = epoch.last = hash;
	return false;
}

bool epoch_is_asked_out(void)
{
	return ++epoch.question_count > QUESTION_COUNT_MAX;
}

void epoch_forget(void)
{
	if (epoch.count != 0)
		memset(epoch.seen, 0, epoch.size * sizeof *epoch.seen);
	epoch.count = 0;
	epoch.last = 0;
	epoch.question_count = 0;
}
