/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/helper.h"

#include <linux/futex.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum helper_order { ORDER_SLEEP, ORDER_WORK, ORDER_STOP };

enum {
	/* So many exits in a row, at most so long each, are a burst: less often, and
	 * the helper would be asleep again before the next call. */
	BURST_COUNT = 64,
	BURST_CALL_NS = 10000,
	/* Looks at the slot between two looks at the clock: 2 to 10 µs. */
	LOOKS_PER_ROUND = 128,
	/* Without a call for so long: sleep. */
	IDLE_NS = 50000,
	/* A round that took this long was interrupted for somebody else's sake. Rounds
	 * in which calls were served don't count: those may take any time. */
	PREEMPTED_NS = 300000,
};

static const uint64_t rest_min_ns = 1000000, rest_max_ns = 1000000000;

enum helper_mode helper_mode_choose(enum helper_mode otherwise)
{
	const char *text = getenv("BARTIZAN_HELPER");

	if (text == NULL)
		return otherwise;
	if (strcmp(text, "0") == 0)
		return HELPER_NEVER;
	if (strcmp(text, "1") == 0)
		return HELPER_ADAPTIVE;
	return strcmp(text, "always") == 0 ? HELPER_ALWAYS : otherwise;
}

static uint64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value)
{
	/* Woken early or not at all if the word has changed: the caller looks again. */
	(void)syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void give_order(struct helper *helper, uint32_t order)
{
	helper->order = order;
	(void)syscall(SYS_futex, &helper->order, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void tell_image(struct helper *helper, enum call_helper state)
{
	__atomic_store_n(&helper->serve->window->slot.helper, (uint64_t)state, __ATOMIC_RELAXED);
}

/* Serve until there has been nothing to do for a while, or the core was taken
 * away; in the latter case true. */
static bool work(struct helper *helper)
{
	uint64_t last_call = now_ns(), last = last_call;

	while (helper->order == ORDER_WORK) {
		uint64_t served = 0, now;

		for (int i = 0; i < LOOKS_PER_ROUND; i++) {
			if (serve_try_call(helper->serve))
				served++;
			else
				__builtin_ia32_pause();
		}
		helper->served_count += served;
		now = now_ns();
		if (helper->mode == HELPER_ADAPTIVE && served == 0) {
			if (now - last > PREEMPTED_NS)
				return true;
			if (now - last_call > IDLE_NS)
				return false;
		}
		if (served > 0)
			last_call = now;
		last = now;
	}
	return false;
}

/* A good while of work lets the machine's past be forgotten. */
static uint64_t next_rest(uint64_t rest, bool preempted, uint64_t worked_ns)
{
	if (!preempted)
		return worked_ns > 100 * rest_min_ns ? rest_min_ns : rest;
	return rest * 2 < rest_max_ns ? rest * 2 : rest_max_ns;
}

static void *helper_main(void *argument)
{
	struct helper *helper = argument;
	uint64_t rest = rest_min_ns;

	(void)prctl(PR_SET_NAME, "bartizan-helper");
	while (helper->order != ORDER_STOP) {
		uint32_t work_order = ORDER_WORK;
		uint64_t start;
		bool preempted;

		if (helper->order == ORDER_SLEEP) {
			futex_wait(&helper->order, ORDER_SLEEP);
			continue;
		}
		start = now_ns();
		helper->wake_count++;
		tell_image(helper, CALL_HELPER_AWAKE);
		preempted = work(helper);
		tell_image(helper, CALL_HELPER_ASLEEP);
		helper->preempted_count += preempted;
		rest = next_rest(rest, preempted, now_ns() - start);
		helper->not_before_ns = preempted ? now_ns() + rest : 0;
		(void)atomic_compare_exchange_strong(&helper->order, &work_order, ORDER_SLEEP);
	}
	return NULL;
}

/* Signals are for the image's thread. Without a thread all goes on as it is. */
static void start(struct helper *helper)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	helper->started = pthread_create(&helper->thread, NULL, helper_main, helper) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (!helper->started)
		helper->mode = HELPER_NEVER;
}

void helper_init(struct helper *helper, struct serve *serve, enum helper_mode mode)
{
	memset(helper, 0, sizeof *helper);
	helper->serve = serve;
	helper->mode = mode;
	tell_image(helper, mode == HELPER_NEVER ? CALL_HELPER_NONE : CALL_HELPER_ASLEEP);
	if (mode == HELPER_ALWAYS) {
		helper->order = ORDER_WORK;
		start(helper);
	}
}

void helper_deinit(struct helper *helper)
{
	if (!helper->started)
		return;
	give_order(helper, ORDER_STOP);
	pthread_join(helper->thread, NULL);
	helper->started = false;
}

/* Every BURST_COUNT exits: did they come fast enough? */
static void consider_waking(struct helper *helper)
{
	uint64_t now;

	if (++helper->exit_count < BURST_COUNT)
		return;
	helper->exit_count = 0;
	now = now_ns();
	if (now - helper->burst_start_ns < (uint64_t)BURST_COUNT * BURST_CALL_NS && now >= helper->not_before_ns) {
		if (!helper->started)
			start(helper);
		if (helper->started)
			give_order(helper, ORDER_WORK);
	}
	helper->burst_start_ns = now;
}

void helper_serve_call(struct helper *helper)
{
	serve_call(helper->serve);
	if (helper->mode == HELPER_ADAPTIVE && helper->order == ORDER_SLEEP)
		consider_waking(helper);
}
