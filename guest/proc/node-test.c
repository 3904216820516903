/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/node.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/test.h"

static const struct proc_node *find(const char *path)
{
	const struct proc_node *node = NULL;

	assert_int_equal(proc_node_find(path, &node), STATUS_OK);
	assert_non_null(node);
	return node;
}

static void the_table_is_sorted_and_every_parent_is_in_it(void **state)
{
	(void)state;
	for (size_t i = 0; i < proc_node_count; i++) {
		char parent[PROC_PATH_SIZE_MAX];
		const char *path = proc_nodes[i].path;
		const char *slash = strrchr(path, '/');

		if (i > 0)
			assert_true(strcmp(proc_nodes[i - 1].path, path) < 0);
		assert_true(strlen(path) < sizeof parent);
		snprintf(parent, sizeof parent, "%.*s", slash != NULL ? (int)(slash - path) : 0, path);
		assert_false(S_ISREG(find(parent)->mode));
	}
}

static void each_kind_of_node_has_what_its_kind_needs(void **state)
{
	(void)state;
	for (size_t i = 0; i < proc_node_count; i++) {
		const struct proc_node *node = &proc_nodes[i];

		assert_int_equal(S_ISREG(node->mode), node->show != NULL);
		assert_int_equal(S_ISLNK(node->mode), node->target != NULL);
		assert_true(S_ISREG(node->mode) || node->exists == NULL);
	}
}

static void a_file_below_net_has_two_paths(void **state)
{
	(void)state;
	assert_ptr_equal(find("net/tcp"), find("self/net/tcp"));
	assert_string_equal(find("net")->target, "self/net");
	assert_true(S_ISDIR(find("self/net")->mode));
}

static void what_is_not_in_the_table_is_missing(void **state)
{
	(void)state;
	static const char *const absent[] = {"net/",	  "net/tc",  "net/tcpx", "/net/tcp",
					     "self/net/", "nothing", "net/tcp/"};
	const struct proc_node *node = NULL;

	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
		assert_int_equal(proc_node_find(absent[i], &node), STATUS_MISSING);
	assert_null(node);
}

static bool lists(const struct proc_node *directory, const char *name)
{
	const struct proc_node *node = NULL;

	while ((node = proc_node_next(directory, node)) != NULL)
		if (strcmp(proc_node_name(node), name) == 0)
			return true;
	return false;
}

static void a_directory_lists_its_own_children_only(void **state)
{
	(void)state;
	assert_true(lists(find(""), "net"));
	assert_true(lists(find(""), "version"));
	assert_false(lists(find(""), "tcp"));
	assert_false(lists(find(""), ""));
	assert_true(lists(find("self"), "net"));
	assert_true(lists(find("self/net"), "tcp"));
	assert_true(lists(find("sys"), "kernel"));
	assert_false(lists(find("sys"), "hostname"));
	assert_null(proc_node_next(find("version"), NULL));
	assert_null(proc_node_next(find("net"), NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_every_parent_is_in_it),
		cmocka_unit_test(each_kind_of_node_has_what_its_kind_needs),
		cmocka_unit_test(a_file_below_net_has_two_paths),
		cmocka_unit_test(what_is_not_in_the_table_is_missing),
		cmocka_unit_test(a_directory_lists_its_own_children_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
