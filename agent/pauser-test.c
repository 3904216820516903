/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With a monitor of its own, whose guest stands and runs as the test says. */
#include "agent/pauser.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/qmp.h"
#include "agent/serve/clock.h"
#include "base/checked.h"
#include "base/test.h"

enum {
	LIMIT_MS = 60000,
	SHORT_LIMIT_MS = 1000,
	HELD_WAIT_MS = 500,
	LINE_SIZE = 256,
	IMPATIENT_MS = 100,
};

static char directory[] = "/tmp/pauser-XXXXXX", path[64];
static _Atomic bool runs;
static _Atomic int cont_count;
static _Atomic bool is_silent;
static _Atomic bool is_mute; /* the monitor: it hears nothing, and answers nothing */
static _Atomic bool is_read; /* by another session, while the guest goes on */

static _Atomic bool is_impatient;

/* In the place of libc's: a helper's answer needn't be waited for at length. */
int poll(struct pollfd *listen, nfds_t count, int wait_ms)
{
	const int least_ms = is_impatient && wait_ms > IMPATIENT_MS ? IMPATIENT_MS : wait_ms;
	const struct timespec wait = {least_ms / 1000, least_ms % 1000 * 1000000};

	return ppoll(listen, count, wait_ms < 0 ? NULL : &wait, NULL);
}

static void answer(int client, const char *line)
{
	char text[LINE_SIZE] = "{\"return\": {}}\n";

	if (strstr(line, "query-status") != NULL)
		snprintf(text, sizeof text, "{\"return\": {\"running\": %s}}\n", runs ? "true" : "false");
	if (strstr(line, "\"stop\"") != NULL)
		runs = false;
	if (strstr(line, "\"cont\"") != NULL) {
		if (is_read)
			pauser_note_read();
		runs = true;
		cont_count++;
	}
	(void)!write(client, text, strlen(text));
}

/* One client at a time, as QEMU. */
static void *monitor(void *argument)
{
	static const char greeting[] = "{\"QMP\": {}}\n";
	int listener = *(int *)argument;
	char line[LINE_SIZE];

	for (;;) {
		int client = accept(listener, NULL, NULL);
		FILE *lines = client >= 0 ? fdopen(client, "r") : NULL;

		if (lines == NULL)
			return NULL;
		if (!is_mute)
			(void)!write(client, greeting, strlen(greeting));
		while (fgets(line, sizeof line, lines) != NULL)
			if (!is_mute)
				answer(client, line);
		fclose(lines);
	}
}

static struct source_pause look(bool ran_before, bool runs_meanwhile)
{
	struct source_pause pause;

	runs = ran_before;
	cont_count = 0;
	assert_false(pauser_holds(getpid()));
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	assert_false(runs);
	/* Only where it is we who let it stand; nobody else's monitor is taken. */
	assert_int_equal(pauser_holds(getpid()), ran_before);
	assert_false(pauser_holds(getppid()));
	if (runs_meanwhile)
		runs = true;
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
	assert_false(pauser_holds(getpid()));
	return pause;
}

static void a_guest_stands_and_goes_on(void **state)
{
	(void)state;
	assert_false(look(true, false).was_late);
	assert_true(runs);
	assert_int_equal(cont_count, 1);
}

static void one_that_somebody_let_go_on_meanwhile_was_late(void **state)
{
	(void)state;
	assert_true(look(true, true).was_late);
	assert_true(runs);
	assert_false(look(true, false).was_late);
}

static void a_read_by_another_session_while_it_goes_on_makes_it_no_later(void **state)
{
	(void)state;
	is_read = true;
	assert_false(look(true, false).was_late);
	is_read = false;
}

static void one_that_stood_before_is_left_so(void **state)
{
	(void)state;
	assert_false(look(false, false).was_late);
	assert_false(runs);
	assert_int_equal(cont_count, 0);
}

static void one_that_stood_before_and_went_on_was_late(void **state)
{
	(void)state;
	assert_true(look(false, true).was_late);
	assert_int_equal(cont_count, 0);
}

static void between_two_pauses_a_guest_runs_as_long_as_it_stood(void **state)
{
	const struct timespec stands = {.tv_nsec = 150000000};
	struct source_pause pause;

	(void)state;
	runs = true;
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	nanosleep(&stands, NULL);
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
	const int64_t went_on_ns = clock_ns();
	assert_true(pause.stopped_ns >= 150000000);
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	assert_true((uint64_t)(clock_ns() - went_on_ns) >= pause.stopped_ns * 9 / 10);
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
}

/* A session that pauses, and then says nothing until it is told to end. */
static void *fall_silent(void *argument)
{
	struct source_pause *pause = argument;

	if (pauser_stop(getpid(), path) != STATUS_OK)
		return NULL;
	is_silent = true;
	while (is_silent)
		usleep(1000);
	return pauser_continue(pause) == STATUS_OK ? pause : NULL;
}

static void who_does_not_end_a_pause_in_time_keeps_nobody_from_the_next_one(void **state)
{
	struct source_pause pause, lost = {0};
	pthread_t thread;
	void *ended;

	(void)state;
	runs = true;
	assert_int_equal(pthread_create(&thread, NULL, fall_silent, &lost), 0);
	while (!is_silent)
		usleep(1000);
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	cont_count = 0;
	is_silent = false;
	assert_int_equal(pthread_join(thread, &ended), 0);
	assert_non_null(ended);
	assert_true(lost.was_late);
	assert_false(runs);
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
	assert_false(pause.was_late);
	assert_int_equal(cont_count, 1);
	assert_true(runs);
}

enum { CONTENDER_COUNT = 4 };

static _Atomic int turn_count;
static _Thread_local int contender; /* its number, from 1; 0: none of them */
static _Atomic int looking; /* who of them may look once whether its turn has come */
static _Atomic bool is_parked[CONTENDER_COUNT + 1];

/* In the place of libc's, with which one waits for a turn: contenders look when the test says so. */
int nanosleep(const struct timespec *duration, struct timespec *left)
{
	if (contender == 0)
		return clock_nanosleep(CLOCK_MONOTONIC, 0, duration, left) == 0 ? 0 : -1;
	is_parked[contender] = true;
	while (looking != contender)
		usleep(100);
	is_parked[contender] = false;
	looking = 0;
	return 0;
}

static void *contend(void *argument)
{
	struct source_pause pause;
	int *turn = argument;

	if (pauser_stop(getpid(), path) != STATUS_OK)
		return NULL;
	*turn = ++turn_count;
	return pauser_continue(&pause) == STATUS_OK ? turn : NULL;
}

struct contender {
	pthread_t thread;
	int number, turn;
	_Atomic bool has_ended;
};

static void *contend_when_allowed(void *argument)
{
	struct contender *one = argument;

	contender = one->number;
	void *ended = contend(&one->turn);
	one->has_ended = true;
	return ended;
}

/* As long as the last pause was, and a little longer, nobody's turn comes. */
static void let_all_run(void)
{
	const int64_t from_ns = clock_ns();

	while (clock_ns() - from_ns < SHORT_LIMIT_MS * INT64_C(1000000) / 10)
		usleep(1000);
}

static void let_look(struct contender *one)
{
	if (one->has_ended)
		return;
	looking = one->number;
	while (looking != 0 || (!is_parked[one->number] && !one->has_ended))
		usleep(100);
}

/* Who came last is the first to look, each time. */
static void pauses_come_in_the_order_in_which_they_were_asked_for(void **state)
{
	struct contender all[CONTENDER_COUNT] = {0};
	struct source_pause pause;
	void *ended;

	(void)state;
	runs = true;
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	for (int i = 0; i < CONTENDER_COUNT; i++) {
		all[i].number = i + 1;
		assert_int_equal(pthread_create(&all[i].thread, NULL, contend_when_allowed, &all[i]), 0);
		while (!is_parked[i + 1])
			usleep(100);
	}
	assert_int_equal(pauser_waiter_count(), CONTENDER_COUNT);
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
	while (turn_count < CONTENDER_COUNT) {
		let_all_run();
		for (int i = CONTENDER_COUNT - 1; i >= 0; i--)
			let_look(&all[i]);
	}
	for (int i = 0; i < CONTENDER_COUNT; i++) {
		assert_int_equal(pthread_join(all[i].thread, &ended), 0);
		assert_non_null(ended);
		assert_int_equal(all[i].turn, i + 1);
	}
	assert_true(runs);
}

/* One holds the turn, the rest is more than there is time for: 60 s each. */
static void who_would_wait_for_too_long_is_told_at_once(void **state)
{
	struct source_pause pause;
	pthread_t thread;

	(void)state;
	runs = true;
	is_silent = false;
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	assert_int_equal(pthread_create(&thread, NULL, fall_silent, &pause), 0);
	while (pauser_waiter_count() == 0)
		usleep(1000);
	const int64_t asked_ns = clock_ns();
	assert_int_equal(pauser_stop(getpid(), path), STATUS_IO);
	assert_true(clock_ns() - asked_ns < LIMIT_MS * INT64_C(1000000));
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
	while (!is_silent)
		usleep(1000);
	is_silent = false;
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_true(runs);
}

/* Whoever asked it for registers would wait behind us, while the guest stands. */
static void a_monitor_is_held_before_the_helper_has_it(void **state)
{
	int turn = 0;
	bool was_held = false;
	pthread_t thread;
	void *ended;

	(void)state;
	runs = true;
	is_mute = true;
	assert_int_equal(pthread_create(&thread, NULL, contend, &turn), 0);
	for (int i = 0; i < HELD_WAIT_MS && !was_held; i++) {
		usleep(1000);
		was_held = pauser_holds(getpid());
	}
	is_mute = false;
	assert_int_equal(pthread_join(thread, &ended), 0);
	assert_true(was_held);
	assert_false(pauser_holds(getpid()));
	/* One that can't be had isn't held. */
	assert_int_equal(pauser_stop(getpid(), "/nowhere/qmp"), STATUS_UNSUPPORTED);
	assert_false(pauser_holds(getpid()));
}

static pid_t only_child(void)
{
	FILE *list = fopen("/proc/thread-self/children", "re");
	char line[LINE_SIZE] = "";

	if (list != NULL) {
		(void)!fgets(line, sizeof line, list);
		fclose(list);
	}
	return (pid_t)strtol(line, NULL, 10);
}

static void retry(void)
{
	struct qmp *qmp;

	assert_int_equal(qmp_create(getpid(), path, &qmp), STATUS_OK);
	pauser_retry(getpid(), qmp);
	qmp_destroy(qmp);
}

/* The answer that nobody waited for isn't the next order's. */
static void a_late_answer_is_not_taken_for_the_next_ones(void **state)
{
	const pid_t helper = only_child();
	struct source_pause pause;

	(void)state;
	assert_true(helper > 0);
	runs = true;
	assert_int_equal(kill(helper, SIGSTOP), 0);
	is_impatient = true;
	assert_int_equal(pauser_stop(getpid(), path), STATUS_IO);
	is_impatient = false;
	assert_int_equal(kill(helper, SIGCONT), 0);
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	assert_false(runs);
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
	assert_true(pause.stopped_ns > 0);
	assert_true(runs);
	assert_false(look(true, false).was_late);
}

/* The last test: there is no helper after it. */
static void a_guest_whose_helper_and_monitor_fail_goes_on_when_it_answers_again(void **state)
{
	const pid_t helper = only_child();
	struct source_pause pause;

	(void)state;
	assert_true(helper > 0);
	runs = true;
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	cont_count = 0;
	is_mute = true;
	assert_int_equal(kill(helper, SIGKILL), 0);
	assert_int_equal(waitpid(helper, NULL, 0), helper);
	assert_int_equal(pauser_continue(&pause), STATUS_IO);
	assert_false(runs);
	/* Or nobody would ever ask it again. */
	assert_false(pauser_holds(getpid()));
	is_mute = false;
	retry();
	assert_true(runs);
	retry();
	assert_int_equal(cont_count, 1);
	assert_int_equal(pauser_stop(getpid(), path), STATUS_IO);
	assert_true(runs);
}

static int run_with(uint32_t limit_ms, int *listener, const struct CMUnitTest *tests, size_t count)
{
	pthread_t thread;

	/* Before threads: it makes a process. */
	if (pauser_start(limit_ms, NULL, NULL) != STATUS_OK || pthread_create(&thread, NULL, monitor, listener) != 0)
		return 1;
	return _cmocka_run_group_tests("tests", tests, count, NULL, NULL);
}

int main(void)
{
	const struct CMUnitTest short_tests[] = {
		cmocka_unit_test(who_does_not_end_a_pause_in_time_keeps_nobody_from_the_next_one),
		cmocka_unit_test(pauses_come_in_the_order_in_which_they_were_asked_for),
	};
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_stands_and_goes_on),
		cmocka_unit_test(one_that_somebody_let_go_on_meanwhile_was_late),
		cmocka_unit_test(a_read_by_another_session_while_it_goes_on_makes_it_no_later),
		cmocka_unit_test(one_that_stood_before_is_left_so),
		cmocka_unit_test(one_that_stood_before_and_went_on_was_late),
		cmocka_unit_test(between_two_pauses_a_guest_runs_as_long_as_it_stood),
		cmocka_unit_test(who_would_wait_for_too_long_is_told_at_once),
		cmocka_unit_test(a_monitor_is_held_before_the_helper_has_it),
		cmocka_unit_test(a_late_answer_is_not_taken_for_the_next_ones),
		cmocka_unit_test(a_guest_whose_helper_and_monitor_fail_goes_on_when_it_answers_again),
	};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int code = 1;

	if (listener < 0 || mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/qmp", directory);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0)
		return 1;
	/* A process has one limit. */
	pid_t child = fork();
	if (child == 0)
		return run_with(SHORT_LIMIT_MS, &listener, short_tests, ARRAY_COUNT(short_tests));
	if (child < 0 || waitpid(child, &code, 0) != child)
		return 1;
	int result = run_with(LIMIT_MS, &listener, tests, ARRAY_COUNT(tests));
	unlink(path);
	rmdir(directory);
	return result != 0 || code != 0;
}
