/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>

#include "enclave/runtime/hostile-host.h"

static void a_file_allows_itself_only(void **state)
{
	assert_true(manifest_allows_path("/etc/services"));
	assert_false(manifest_allows_path("/etc/services2"));
	assert_false(manifest_allows_path("/etc/services/x"));
	assert_false(manifest_allows_path("/etc"));
	assert_false(manifest_allows_path("/etc/shadow"));
}

static void a_tree_allows_what_is_below_it(void **state)
{
	assert_true(manifest_allows_path("/usr/share/zoneinfo"));
	assert_true(manifest_allows_path("/usr/share/zoneinfo/UTC"));
	assert_false(manifest_allows_path("/usr/share/zoneinfos"));
	assert_false(manifest_allows_path("/usr/share"));
}

static void directories_lead_to_what_is_allowed(void **state)
{
	assert_true(manifest_leads_to_path("/"));
	assert_true(manifest_leads_to_path("/etc"));
	assert_true(manifest_leads_to_path("/etc/ssl"));
	assert_true(manifest_leads_to_path("/usr/share"));
	assert_false(manifest_leads_to_path("/etc/services"));
	assert_false(manifest_leads_to_path("/et"));
	assert_false(manifest_leads_to_path("/var"));
}

static void names_of_the_target_are_not_the_hosts(void **state)
{
	assert_true(manifest_names_target("/run/named"));
	assert_true(manifest_names_target("/run/named/session.key"));
	assert_false(manifest_names_target("/run/name"));
	assert_false(manifest_names_target("/run/namedd"));
	assert_false(manifest_names_target("/run"));
	assert_false(manifest_names_target("/etc/services"));
	assert_false(manifest_allows_path("/run/named"));
	assert_false(manifest_leads_to_path("/run"));
}

static void only_listed_variables_and_calls_pass(void **state)
{
	assert_true(manifest_allows_environment("TERM=xterm"));
	assert_false(manifest_allows_environment("TERMCAP=x"));
	assert_false(manifest_allows_environment("TER=x"));
	assert_false(manifest_allows_environment("TERM"));
	assert_false(manifest_allows_environment("LD_PRELOAD=x"));
	assert_true(manifest_allows_call(SYS_read));
	assert_false(manifest_allows_call(SYS_execve));
	assert_false(manifest_allows_call(0xffff));
	assert_false(manifest_allows_call(0x10000));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_file_allows_itself_only),
		cmocka_unit_test(a_tree_allows_what_is_below_it),
		cmocka_unit_test(directories_lead_to_what_is_allowed),
		cmocka_unit_test(names_of_the_target_are_not_the_hosts),
		cmocka_unit_test(only_listed_variables_and_calls_pass),
	};

	(void)hostile_init;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
