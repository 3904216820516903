/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include "cli/choose-backend.h"
#include "host/loader/plain.h"
#include "host/loader/sgx.h"
#include "host/loader/sim.h"

static unsigned ask_count;

static bool works(void)
{
	ask_count++;
	return true;
}

static bool works_not(void)
{
	ask_count++;
	return false;
}

static const struct backend *chosen(const char *name, bool (*sgx_works)(void))
{
	const struct backend *backend = NULL;

	assert_int_equal(choose_backend(name, sgx_works, &backend), STATUS_OK);
	return backend;
}

static void sgx_is_taken_where_it_works_and_sim_elsewhere(void **state)
{
	(void)state;
	assert_ptr_equal(chosen(NULL, works), &sgx_backend);
	assert_ptr_equal(chosen(NULL, works_not), &sim_backend);
}

static void what_was_asked_for_is_taken_whatever_works(void **state)
{
	(void)state;
	ask_count = 0;
	assert_ptr_equal(chosen("sim", works), &sim_backend);
	assert_ptr_equal(chosen("plain", works), &plain_backend);
	assert_ptr_equal(chosen("sgx", works_not), &sgx_backend);
	assert_int_equal(ask_count, 0);
}

static void an_unknown_name_is_refused(void **state)
{
	const struct backend *backend = NULL;

	(void)state;
	assert_int_equal(choose_backend("sgx2", works, &backend), STATUS_USAGE);
	assert_int_equal(choose_backend("", works, &backend), STATUS_USAGE);
	assert_null(backend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sgx_is_taken_where_it_works_and_sim_elsewhere),
		cmocka_unit_test(what_was_asked_for_is_taken_whatever_works),
		cmocka_unit_test(an_unknown_name_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
