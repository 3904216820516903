/* SPDX-License-Identifier: GPL-2.0-or-later */
/* With a monitor of its own, whose guest stands and runs as the test says. */
#include "agent/pauser.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/test.h"

enum {
	LIMIT_MS = 60000,
	LINE_SIZE = 256,
};

static char directory[] = "/tmp/pauser-XXXXXX", path[64];
static _Atomic bool runs;
static _Atomic int cont_count;

static void answer(int client, const char *line)
{
	char text[LINE_SIZE] = "{\"return\": {}}\n";

	if (strstr(line, "query-status") != NULL)
		snprintf(text, sizeof text, "{\"return\": {\"running\": %s}}\n", runs ? "true" : "false");
	if (strstr(line, "\"stop\"") != NULL)
		runs = false;
	if (strstr(line, "\"cont\"") != NULL) {
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
		(void)!write(client, greeting, strlen(greeting));
		while (fgets(line, sizeof line, lines) != NULL)
			answer(client, line);
		fclose(lines);
	}
}

static struct source_pause look(bool ran_before, bool runs_meanwhile)
{
	struct source_pause pause;

	runs = ran_before;
	cont_count = 0;
	assert_int_equal(pauser_stop(getpid(), path), STATUS_OK);
	assert_false(runs);
	if (runs_meanwhile)
		runs = true;
	assert_int_equal(pauser_continue(&pause), STATUS_OK);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_guest_stands_and_goes_on),
		cmocka_unit_test(one_that_somebody_let_go_on_meanwhile_was_late),
		cmocka_unit_test(one_that_stood_before_is_left_so),
		cmocka_unit_test(one_that_stood_before_and_went_on_was_late),
	};
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	pthread_t thread;

	if (listener < 0 || mkdtemp(directory) == NULL)
		return 1;
	snprintf(path, sizeof path, "%s/qmp", directory);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	if (bind(listener, (struct sockaddr *)&address, sizeof address) != 0 || listen(listener, 8) != 0)
		return 1;
	/* Before threads: it makes a process. */
	if (pauser_start(LIMIT_MS, NULL, NULL) != STATUS_OK || pthread_create(&thread, NULL, monitor, &listener) != 0)
		return 1;
	int result = cmocka_run_group_tests(tests, NULL, NULL);
	unlink(path);
	rmdir(directory);
	return result;
}
