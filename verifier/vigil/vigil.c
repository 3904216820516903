/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/vigil/vigil.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

enum { TARGET_COUNT_START = 64, INTERVALS_MISSED = 2 };

#define NS_PER_MS UINT64_C(1000000)

struct target {
	char name[VIGIL_NAME_SIZE];
	enum vigil_state state, before; /* before: it was told missing */
	uint32_t interval_ms, looks_ms;
	uint32_t again_ms; /* it was told to come again, and has so long beside its intervals; until it is heard */
	uint64_t heard_ns; /* watched time */
	uint64_t told_in; /* the look that told it */
	uint64_t looked_ns; /* watched time */
	uint64_t idle_in; /* the look that told it; 0: it isn't idle */
};

struct vigil {
	struct target *targets; /* by name */
	size_t target_count, target_capacity;
	uint64_t clock_ns; /* the steady clock at the last look */
	uint64_t watched_ns;
	uint64_t crowd_until_ns; /* watched time: who wasn't heard since the start may have to wait its turn */
	uint64_t look_count;
};

const char *vigil_state_name(enum vigil_state state)
{
	static const char *const names[] = {
		[VIGIL_UNKNOWN] = "unknown",
		[VIGIL_HEALTHY] = "healthy",
		[VIGIL_IDLE] = "idle",
		[VIGIL_MISSING] = "missing",
	};

	return names[state];
}

status vigil_create(uint64_t now_ns, struct vigil **ret_vigil)
{
	struct vigil *vigil = calloc(1, sizeof *vigil);

	if (vigil == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	vigil->clock_ns = now_ns;
	*ret_vigil = vigil;
	return STATUS_OK;
}

void vigil_destroy(struct vigil *vigil)
{
	if (vigil == NULL)
		return;
	free(vigil->targets);
	free(vigil);
}

/* Where the name is, or would be. */
static size_t place_of(const struct vigil *vigil, const char *name, bool *ret_found)
{
	size_t low = 0, high = vigil->target_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(vigil->targets[middle].name, name);

		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	*ret_found = false;
	return low;
}

static status make_room(struct vigil *vigil)
{
	if (vigil->target_count < vigil->target_capacity)
		return STATUS_OK;
	if (vigil->target_count == VIGIL_TARGET_COUNT_BOTH)
		return report(STATUS_LIMIT, "%d targets are watched already: more need another verifier",
			      VIGIL_TARGET_COUNT_BOTH);
	size_t capacity = vigil->target_capacity == 0 ? TARGET_COUNT_START : 2 * vigil->target_capacity;
	struct target *targets = reallocarray(vigil->targets, capacity, sizeof *targets);
	if (targets == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu targets", capacity);
	vigil->targets = targets;
	vigil->target_capacity = capacity;
	return STATUS_OK;
}

static bool is_silent(const struct vigil *vigil, const struct target *target)
{
	if (target->state == VIGIL_UNKNOWN && vigil->watched_ns < vigil->crowd_until_ns)
		return false;
	return vigil->watched_ns - target->heard_ns >
	       NS_PER_MS * (INTERVALS_MISSED * (uint64_t)target->interval_ms + target->again_ms);
}

/* Nobody was asked for a heartbeat as often as that until now: who was in time by the longer interval has two of the
 * shorter one from here, and at least the time to come again. */
static void change_interval(const struct vigil *vigil, struct target *target, uint32_t interval_ms)
{
	if (interval_ms < target->interval_ms && target->state != VIGIL_MISSING && !is_silent(vigil, target)) {
		target->heard_ns = vigil->watched_ns;
		target->again_ms = INTERVALS_MISSED * interval_ms < VIGIL_AGAIN_MS
					   ? VIGIL_AGAIN_MS - INTERVALS_MISSED * interval_ms
					   : 0;
	}
	target->interval_ms = interval_ms;
}

status vigil_expect(struct vigil *vigil, const char *name, uint32_t interval_ms)
{
	bool is_found;

	if (name[0] == '\0' || strlen(name) >= VIGIL_NAME_SIZE || interval_ms == 0)
		return report(STATUS_USAGE, "a target has a name of 1 to %d bytes and an interval",
			      VIGIL_NAME_SIZE - 1);
	size_t place = place_of(vigil, name, &is_found);
	if (is_found) {
		change_interval(vigil, &vigil->targets[place], interval_ms);
		return STATUS_OK;
	}
	TRY(make_room(vigil));
	struct target *target = &vigil->targets[place];
	memmove(target + 1, target, (vigil->target_count - place) * sizeof *target);
	*target = (struct target){
		.state = VIGIL_UNKNOWN,
		.interval_ms = interval_ms,
		.heard_ns = vigil->watched_ns,
		.looked_ns = vigil->watched_ns,
	};
	snprintf(target->name, sizeof target->name, "%s", name);
	vigil->target_count++;
	return STATUS_OK;
}

status vigil_looks_expect(struct vigil *vigil, const char *name, uint32_t looks_ms)
{
	bool is_found;
	size_t place = place_of(vigil, name, &is_found);

	if (!is_found)
		return STATUS_MISSING;
	struct target *target = &vigil->targets[place];
	/* As with the interval: who was in time by the longer one has all of the shorter one. */
	if (looks_ms != target->looks_ms && target->idle_in == 0)
		target->looked_ns = vigil->watched_ns;
	/* With none it isn't idle any more, which its next heartbeat tells. */
	target->looks_ms = looks_ms;
	return STATUS_OK;
}

void vigil_crowd_expect(struct vigil *vigil, uint64_t at_most_ns)
{
	vigil->crowd_until_ns = vigil->watched_ns + at_most_ns;
}

status vigil_dismiss(struct vigil *vigil, const char *name)
{
	bool is_found;
	size_t place = place_of(vigil, name, &is_found);

	if (!is_found)
		return STATUS_MISSING;
	struct target *target = &vigil->targets[place];
	vigil->target_count--;
	memmove(target, target + 1, (vigil->target_count - place) * sizeof *target);
	return STATUS_OK;
}

static void advance(struct vigil *vigil, uint64_t now_ns)
{
	/* A steady clock doesn't go back; one that does is taken to stand still. */
	uint64_t step = now_ns > vigil->clock_ns ? now_ns - vigil->clock_ns : 0;

	vigil->watched_ns += step < VIGIL_LOOK_NS_MAX ? step : VIGIL_LOOK_NS_MAX;
	vigil->clock_ns = now_ns;
}

status vigil_hear(struct vigil *vigil, const char *name, uint64_t now_ns, enum vigil_state *ret_before)
{
	bool is_found;
	size_t place = place_of(vigil, name, &is_found);

	if (!is_found)
		return STATUS_MISSING;
	struct target *target = &vigil->targets[place];
	*ret_before = target->state;
	advance(vigil, now_ns);
	/* That it wasn't there was told: it begins anew. */
	if (target->state != VIGIL_HEALTHY)
		target->looked_ns = vigil->watched_ns;
	target->state = VIGIL_HEALTHY;
	target->heard_ns = vigil->watched_ns;
	target->again_ms = 0;
	return STATUS_OK;
}

status vigil_looked(struct vigil *vigil, const char *name, bool has_looked, bool *ret_was_idle)
{
	bool is_found;
	size_t place = place_of(vigil, name, &is_found);

	if (!is_found)
		return STATUS_MISSING;
	struct target *target = &vigil->targets[place];
	*ret_was_idle = target->idle_in != 0 && (has_looked || target->looks_ms == 0);
	if (has_looked)
		target->looked_ns = vigil->watched_ns;
	if (*ret_was_idle)
		target->idle_in = 0;
	return STATUS_OK;
}

/* It was heard, and hasn't looked for too long. */
static bool is_idle(const struct vigil *vigil, const struct target *target)
{
	return target->state == VIGIL_HEALTHY && target->looks_ms != 0 &&
	       (target->idle_in != 0 || vigil->watched_ns - target->looked_ns > NS_PER_MS * target->looks_ms);
}

static enum vigil_state state_of(const struct vigil *vigil, const struct target *target)
{
	if (is_silent(vigil, target))
		return VIGIL_MISSING;
	return is_idle(vigil, target) ? VIGIL_IDLE : target->state;
}

static struct vigil_target describe(const struct vigil *vigil, const struct target *target)
{
	return (struct vigil_target){
		.name = target->name,
		.state = state_of(vigil, target),
		.interval_ms = target->interval_ms,
		.looks_ms = target->looks_ms,
		.silent_ns = vigil->watched_ns - target->heard_ns,
		.unlooked_ns = vigil->watched_ns - target->looked_ns,
	};
}

/* It was heard in time. */
static status look_for_idle(struct vigil *vigil, struct target *target, vigil_visit visit, void *context)
{
	if (target->idle_in != 0 || !is_idle(vigil, target))
		return STATUS_OK;
	target->idle_in = vigil->look_count;
	const struct vigil_target seen = describe(vigil, target);
	const status result = visit(context, &seen);
	if (result != STATUS_OK)
		target->idle_in = 0;
	return result;
}

status vigil_look(struct vigil *vigil, uint64_t now_ns, vigil_visit visit, void *context)
{
	advance(vigil, now_ns);
	vigil->look_count++;
	for (size_t i = 0; i < vigil->target_count; i++) {
		struct target *target = &vigil->targets[i];

		if (!is_silent(vigil, target))
			TRY(look_for_idle(vigil, target, visit, context));
		if (target->state == VIGIL_MISSING || !is_silent(vigil, target))
			continue;
		target->before = target->state;
		target->state = VIGIL_MISSING;
		target->told_in = vigil->look_count;
		const struct vigil_target seen = describe(vigil, target);
		status result = visit(context, &seen);
		if (result != STATUS_OK) {
			/* It wasn't told: the next look tells it. */
			target->state = target->before;
			return result;
		}
	}
	return STATUS_OK;
}

void vigil_look_undo(struct vigil *vigil)
{
	for (size_t i = 0; i < vigil->target_count; i++) {
		struct target *target = &vigil->targets[i];

		if (target->state == VIGIL_MISSING && target->told_in == vigil->look_count)
			target->state = target->before;
		if (target->idle_in == vigil->look_count)
			target->idle_in = 0;
	}
}

status vigil_find(const struct vigil *vigil, const char *name, struct vigil_target *ret_target)
{
	bool is_found;
	size_t place = place_of(vigil, name, &is_found);

	if (!is_found)
		return STATUS_MISSING;
	*ret_target = describe(vigil, &vigil->targets[place]);
	return STATUS_OK;
}

status vigil_visit_all(const struct vigil *vigil, vigil_visit visit, void *context)
{
	for (size_t i = 0; i < vigil->target_count; i++) {
		const struct vigil_target seen = describe(vigil, &vigil->targets[i]);

		TRY(visit(context, &seen));
	}
	return STATUS_OK;
}
