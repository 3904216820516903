/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/hostile.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kind_names[HOSTILE_KIND_COUNT] = {
	[HOSTILE_ERRNO] = "each errno",
	[HOSTILE_OVERSIZE] = "oversize",
	[HOSTILE_NEGATIVE] = "negative",
	[HOSTILE_SHORT] = "short",
	[HOSTILE_POINTER] = "pointer",
	[HOSTILE_DESCRIPTOR] = "descriptor in use",
	[HOSTILE_STALE] = "stale",
	[HOSTILE_REPEATED] = "repeated",
	[HOSTILE_DELAYED] = "delayed",
	[HOSTILE_NEVER] = "never served",
	[HOSTILE_ORDER] = "out of order",
	[HOSTILE_SEQUENCE] = "sequence garbage",
	[HOSTILE_STATE] = "state garbage",
	[HOSTILE_DATA] = "data garbage",
	[HOSTILE_CHANGING] = "data changes while read",
};

const char *hostile_kind_name(enum hostile_kind kind)
{
	return kind_names[kind];
}

/* xorshift64* (Vigna, 2016): repeatable anywhere, which is all that is asked of it. */
uint64_t hostile_random(struct hostile *hostile)
{
	uint64_t x = hostile->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	hostile->random = x;
	return x * UINT64_C(0x2545f4914f6cdd1d);
}

static uint64_t below(struct hostile *hostile, uint64_t limit)
{
	return hostile_random(hostile) % limit;
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELEASE);
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_ACQUIRE);
}

static void set_result(struct call_slot *slot, int64_t result)
{
	store((uint64_t *)&slot->result, (uint64_t)result);
}

/* Numbers that code tends to get wrong, and any others. */
static int64_t oversize(struct hostile *hostile, int64_t honest, const struct call_slot *slot)
{
	const int64_t values[] = {
		honest + 1,
		honest + (int64_t)below(hostile, 65536),
		(int64_t)slot->argument[2] + 1, /* the size of most calls that have one */
		(int64_t)slot->argument[2] + (int64_t)below(hostile, 4096),
		CALL_DATA_SIZE,
		CALL_DATA_SIZE + 1,
		INT32_MAX,
		INT64_C(1) << 31,
		UINT32_MAX,
		(INT64_C(1) << 32) | honest,
		INT64_MAX,
		(int64_t)(hostile_random(hostile) >> 1),
	};

	return values[below(hostile, sizeof values / sizeof values[0])];
}

static int64_t negative(struct hostile *hostile)
{
	const int64_t values[] = {
		INT64_MIN, INT64_MIN + 1, INT32_MIN,
		-4096,	   -4097,	  -4096 - (int64_t)below(hostile, 1 << 20),
		-65536,	   -INT32_MAX,	  (int64_t)(hostile_random(hostile) | UINT64_C(1) << 63),
	};

	return values[below(hostile, sizeof values / sizeof values[0])];
}

/* An address of this process: in a backend that runs the image in it, some are the
 * image's. */
static int64_t pointer(struct hostile *hostile)
{
	uint64_t start, end, chosen = 0, seen = 0;
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], *rest;

	if (maps == NULL)
		return (int64_t)(uintptr_t)hostile;
	while (fgets(line, sizeof line, maps) != NULL) {
		start = strtoull(line, &rest, 16);
		end = *rest == '-' ? strtoull(rest + 1, NULL, 16) : start;
		if (end > start && below(hostile, ++seen) == 0)
			chosen = start + below(hostile, end - start);
	}
	fclose(maps);
	return (int64_t)(below(hostile, 2) ? chosen & ~7ull : chosen);
}

static void garbage(struct hostile *hostile)
{
	uint64_t *words = (uint64_t *)hostile->window->data;
	uint64_t first = below(hostile, HOSTILE_DATA_SIZE / 8);
	/* One word alone leaves the rest of an answer good. */
	uint64_t count = below(hostile, 2) ? 1 : 1 + below(hostile, 32);
	uint64_t at = load(&hostile->window->slot.argument[below(hostile, CALL_ARGUMENT_COUNT)]);

	/* Half of the time where answers begin: there is more to break. */
	if (below(hostile, 2))
		first = at < HOSTILE_DATA_SIZE ? at / 8 : 0;
	for (uint64_t i = first; i < first + count && i < HOSTILE_DATA_SIZE / 8; i++)
		store(&words[i], below(hostile, 3) == 0 ? UINT64_MAX >> below(hostile, 64) : hostile_random(hostile));
}

static void *change(void *argument)
{
	struct hostile *hostile = argument;
	uint64_t *words = (uint64_t *)hostile->window->data, value = 1;

	while (!hostile->stop) {
		/* In this order, and looked at once more: who clears `changing` and then sees us
		 * idle is sure that no word follows. */
		hostile->busy = true;
		if (!hostile->changing) {
			hostile->busy = false;
			__builtin_ia32_pause();
			continue;
		}
		for (size_t i = 0; i < HOSTILE_DATA_SIZE / 8 && hostile->changing; i++)
			store(&words[i], words[i] ^ (value = value * 6364136223846793005u + 1442695040888963407u));
		hostile->busy = false;
	}
	return NULL;
}

void hostile_init(struct hostile *hostile, struct call_window *window, uint64_t seed)
{
	memset(hostile, 0, sizeof *hostile);
	hostile->window = window;
	/* Neighbouring seeds must not begin alike, and 0 would stay 0. */
	hostile->random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15);
	for (int i = 0; i < 8; i++)
		(void)hostile_random(hostile);
	hostile->errno_next = below(hostile, 4095);
}

void hostile_deinit(struct hostile *hostile)
{
	if (!hostile->thread_started)
		return;
	hostile->stop = true;
	pthread_join(hostile->thread, NULL);
	hostile->thread_started = false;
}

static void lie_in_state(struct hostile *hostile, struct call_slot *slot)
{
	store(&slot->helper, below(hostile, 4) ? below(hostile, 4) : hostile_random(hostile));
	store(&slot->claimed, hostile_random(hostile));
	/* The image's own line: nobody but the host reads it, and this one has. */
	store(&slot->number, hostile_random(hostile));
	for (int i = 0; i < CALL_ARGUMENT_COUNT; i++)
		store(&slot->argument[i], hostile_random(hostile));
}

static void lie_in_sequence(struct hostile *hostile, struct call_slot *slot, bool any)
{
	uint64_t sequence = load(&slot->posted);
	const uint64_t near[] = {sequence + 1, sequence - 1, sequence - 2, sequence + 2, 0};

	store(&slot->done, any ? hostile_random(hostile) : near[below(hostile, sizeof near / sizeof near[0])]);
}

static void start_changing(struct hostile *hostile)
{
	if (!hostile->thread_started)
		hostile->thread_started = pthread_create(&hostile->thread, NULL, change, hostile) == 0;
	hostile->changing = true;
}

/* After the honest answer. */
static void lie(struct hostile *hostile, struct call_slot *slot, enum hostile_kind kind, bool with_data)
{
	int64_t honest = slot->result;

	switch (kind) {
	case HOSTILE_ERRNO: set_result(slot, -(int64_t)(1 + hostile->errno_next++ % 4095)); break;
	case HOSTILE_OVERSIZE: set_result(slot, oversize(hostile, honest, slot)); break;
	case HOSTILE_NEGATIVE: set_result(slot, negative(hostile)); break;
	case HOSTILE_SHORT: set_result(slot, honest > 0 ? (int64_t)below(hostile, (uint64_t)honest) : 0); break;
	case HOSTILE_POINTER: set_result(slot, pointer(hostile)); break;
	case HOSTILE_DESCRIPTOR: set_result(slot, (int64_t)below(hostile, 16)); break;
	case HOSTILE_STALE:
		set_result(slot, hostile->last_result);
		if (with_data)
			memcpy(hostile->window->data, hostile->last_data, HOSTILE_DATA_SIZE);
		break;
	case HOSTILE_SEQUENCE: lie_in_sequence(hostile, slot, true); break;
	case HOSTILE_STATE: lie_in_state(hostile, slot); break;
	case HOSTILE_DATA:
		if (with_data)
			garbage(hostile);
		break;
	case HOSTILE_CHANGING:
		if (with_data)
			start_changing(hostile);
		break;
	default: break;
	}
}

void hostile_serve(struct hostile *hostile, struct serve *serve, enum hostile_kind kind, bool with_data,
		   void (*serve_honestly)(struct serve *serve))
{
	struct call_slot *slot = &serve->window->slot;
	bool first = load(&slot->posted) != serve->served;

	if (kind == HOSTILE_NEVER)
		return;
	if (kind == HOSTILE_DELAYED) {
		if (hostile->delay == 0)
			hostile->delay = 1 + (unsigned)below(hostile, 40);
		if (--hostile->delay > 0)
			return;
	}
	if (kind == HOSTILE_ORDER && !first) {
		/* Its own number at last, or another one again. */
		if (below(hostile, 2))
			store(&slot->done, serve->served);
		else
			lie_in_sequence(hostile, slot, false);
		return;
	}
	if (kind == HOSTILE_SEQUENCE && !first) {
		lie_in_sequence(hostile, slot, true);
		return;
	}
	serve_honestly(serve);
	if (!first)
		return;
	if (kind == HOSTILE_REPEATED) {
		serve->served--;
		serve_honestly(serve);
	}
	if (kind == HOSTILE_ORDER)
		lie_in_sequence(hostile, slot, false);
	lie(hostile, slot, kind, with_data);
}

void hostile_stop_changing(struct hostile *hostile)
{
	hostile->changing = false;
	/* Its thread may have lost its core between looking and writing. */
	while (hostile->busy)
		sched_yield();
}

void hostile_rest(struct hostile *hostile, const struct call_slot *slot)
{
	hostile_stop_changing(hostile);
	hostile->delay = 0;
	hostile->last_result = slot->result;
	memcpy(hostile->last_data, hostile->window->data, HOSTILE_DATA_SIZE);
}
