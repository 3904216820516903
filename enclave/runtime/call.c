/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No libc here: this runs before it, and below it. */
#include "enclave/runtime/call.h"

#include <stdbool.h>

#include "base/checked.h"
#include "enclave/runtime/outside.h"

enum {
	/* A helper that is awake takes a call up within a microsecond. One that
	 * hasn't after this many pauses (13 to 140 cycles each, by CPU) has lost its
	 * core: spinning on would only keep it away from one. */
	PAUSES_UNTIL_CLAIMED = 100,
	/* Calls that take longer than this many pauses are worth an exit. */
	PAUSES_UNTIL_DONE = 2000,
	/* After a spin in vain so many calls leave without one, twice as many after
	 * each further one. */
	SPIN_PENALTY_MAX = 1024,
	/* A host may let us come back early: an interrupt, a signal. One that does it
	 * this often without serving the call never will. */
	ENTER_COUNT_MAX = 64,
};

static struct call_window *host_window;
static uint64_t call_sequence;
static unsigned spin_penalty, spins_to_skip;

void runtime_window_init(struct call_window *window)
{
	host_window = window;
	/* Our own line, of which nothing is ever read back. */
	outside_store(&window->slot.posted, 0);
	call_sequence = 0;
	spin_penalty = spins_to_skip = 0;
}

static void check_range(size_t offset, size_t size)
{
	if (offset % 8 != 0 || !checked_within(offset, size, CALL_DATA_SIZE))
		__builtin_trap();
}

void runtime_window_put(size_t offset, const void *from, size_t size)
{
	check_range(offset, size);
	outside_put((uint64_t *)(host_window->data + offset), from, size);
}

void runtime_window_get(size_t offset, void *to, size_t size)
{
	check_range(offset, size);
	outside_get(to, (const uint64_t *)(host_window->data + offset), size);
}

static bool is_done(const struct call_slot *slot)
{
	return outside_load_acquire(&slot->done) == call_sequence;
}

/* Did a helper serve the call while we watched? A host can make this take its
 * bounded time for nothing; it could take the CPU away as well. */
static bool spin_until_done(const struct call_slot *slot)
{
	if (outside_load(&slot->helper) != CALL_HELPER_AWAKE)
		return false;
	if (spins_to_skip > 0) {
		spins_to_skip--;
		return false;
	}
	for (unsigned i = 0; i < PAUSES_UNTIL_DONE; i++) {
		if (is_done(slot)) {
			spin_penalty = 0;
			return true;
		}
		if (i == PAUSES_UNTIL_CLAIMED && outside_load(&slot->claimed) != call_sequence) {
			spin_penalty = spin_penalty == 0 ? 1 : spin_penalty * 2;
			if (spin_penalty > SPIN_PENALTY_MAX)
				spin_penalty = SPIN_PENALTY_MAX;
			spins_to_skip = spin_penalty;
			return false;
		}
		__builtin_ia32_pause();
	}
	return false;
}

static bool leave_until_done(const struct call_slot *slot)
{
	for (unsigned i = 0; i < ENTER_COUNT_MAX; i++) {
		runtime_enter_host();
		if (is_done(slot))
			return true;
	}
	return false;
}

int64_t runtime_call_host(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	struct call_slot *slot = &host_window->slot;
	/* What ends the program, ends it in the thread that runs it. */
	bool must_leave = number == CALL_EXIT || number == CALL_CRASHED;

	outside_store(&slot->number, number);
	outside_store(&slot->argument[0], a);
	outside_store(&slot->argument[1], b);
	outside_store(&slot->argument[2], c);
	outside_store(&slot->argument[3], d);
	outside_store(&slot->argument[4], e);
	outside_store(&slot->argument[5], 0);
	outside_store_release(&slot->posted, ++call_sequence);
	if ((must_leave || !spin_until_done(slot)) && !leave_until_done(slot))
		return CALL_RESULT_NONE;
	return (int64_t)outside_load((const uint64_t *)&slot->result);
}
