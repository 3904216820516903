/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Serial ports that several want: terminals, which keep nobody out who is root. */
#include "host/serve/agent-address.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/test.h"

enum {
	PATH_SIZE = 64,
	PATIENCE_MS = 10000,
};

struct terminal {
	int master;
	char path[PATH_SIZE];
};

static struct terminal open_terminal(void)
{
	struct terminal terminal = {.master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC)};

	assert_true(terminal.master >= 0);
	assert_int_equal(grantpt(terminal.master), 0);
	assert_int_equal(unlockpt(terminal.master), 0);
	assert_int_equal(ptsname_r(terminal.master, terminal.path, sizeof terminal.path), 0);
	return terminal;
}

static struct agent_address parse(const char *text)
{
	struct agent_address address;

	assert_int_equal(agent_address_parse(text, "agent", &address), STATUS_OK);
	return address;
}

static int connect_at(const struct agent_address *address)
{
	int file = -1;

	assert_int_equal(agent_address_connect(address, &file), STATUS_OK);
	return file;
}

/* What is written to the port comes out there. */
static void assert_is_at(int file, const struct terminal *terminal)
{
	char byte = 0;
	struct pollfd listen = {.fd = terminal->master, .events = POLLIN};

	assert_int_equal(write(file, "x", 1), 1);
	assert_int_equal(poll(&listen, 1, PATIENCE_MS), 1);
	assert_int_equal(read(terminal->master, &byte, 1), 1);
	assert_int_equal(byte, 'x');
}

static void a_port_carries_one_at_a_time(void **state)
{
	const struct terminal terminal = open_terminal();
	char text[AGENT_ADDRESS_SIZE];
	int second = -1;

	(void)state;
	snprintf(text, sizeof text, "serial:%s", terminal.path);
	const struct agent_address address = parse(text);
	int first = connect_at(&address);
	assert_int_equal(agent_address_connect(&address, &second), STATUS_DENIED);
	assert_int_equal(second, -1);
	assert_is_at(first, &terminal);
	close(first);
	close(terminal.master);
}

static void of_two_ports_each_has_its_own(void **state)
{
	const struct terminal a = open_terminal(), b = open_terminal();
	char text[AGENT_ADDRESS_SIZE];
	int third = -1;

	(void)state;
	snprintf(text, sizeof text, "serial:%s,%s", a.path, b.path);
	const struct agent_address address = parse(text);
	int first = connect_at(&address), second = connect_at(&address);
	assert_is_at(first, &a);
	assert_is_at(second, &b);
	assert_int_equal(agent_address_connect(&address, &third), STATUS_DENIED);
	close(first);
	close(second);
	close(a.master);
	close(b.master);
}

/* No terminal, so that nothing but us keeps others out, whoever runs this. */
static void a_port_that_was_left_is_free_again(void **state)
{
	char path[] = "/tmp/port-XXXXXX", text[AGENT_ADDRESS_SIZE];
	int made = mkstemp(path), second = -1;

	(void)state;
	assert_true(made >= 0);
	close(made);
	snprintf(text, sizeof text, "serial:%s", path);
	const struct agent_address address = parse(text);
	int first = connect_at(&address);
	assert_int_equal(agent_address_connect(&address, &second), STATUS_DENIED);
	close(first);
	close(connect_at(&address));
	unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_port_carries_one_at_a_time),
		cmocka_unit_test(of_two_ports_each_has_its_own),
		cmocka_unit_test(a_port_that_was_left_is_free_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
