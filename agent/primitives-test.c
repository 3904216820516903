/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>

#include "agent/primitives.h"
#include "base/test.h"
#include "link/vectors.h"

struct count {
	unsigned run, failed;
};

static void hear(void *context, const char *name, bool holds)
{
	struct count *count = context;

	count->run++;
	if (!holds) {
		count->failed++;
		print_error("doesn't hold: %s\n", name);
	}
}

static void judge(const struct link_primitives *primitives)
{
	struct count count = {0};

	link_vectors_run(primitives, hear, &count);
	print_message("%s: %u vectors\n", primitives->name, count.run);
	assert_int_equal(count.failed, 0);
	assert_true(count.run > 90);
}

static void published_vectors_hold_with_the_best_cipher_of_this_cpu(void **state)
{
	const struct link_primitives *primitives;

	assert_int_equal(agent_primitives(&primitives), STATUS_OK);
	judge(primitives);
}

static void published_vectors_hold_with_the_cipher_for_every_cpu(void **state)
{
	const struct link_primitives *primitives;

	assert_int_equal(agent_primitives_sse(&primitives), STATUS_OK);
	judge(primitives);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(published_vectors_hold_with_the_best_cipher_of_this_cpu),
		cmocka_unit_test(published_vectors_hold_with_the_cipher_for_every_cpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
