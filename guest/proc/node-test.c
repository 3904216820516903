/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/node.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/test.h"

static struct proc_entry entry;

static const struct proc_node *find(const char *path)
{
	assert_int_equal(proc_entry_find(path, &entry), STATUS_OK);
	assert_non_null(entry.node);
	return entry.node;
}

/* The path of a node's parent, as in the table. */
static void parent_of(const char *path, char ret_parent[PROC_PATH_SIZE_MAX])
{
	const char *slash = strrchr(path, '/');

	snprintf(ret_parent, PROC_PATH_SIZE_MAX, "%.*s", slash != NULL ? (int)(slash - path) : 0, path);
}

static const struct proc_node *in_table(const struct proc_tree *tree, const char *path)
{
	for (size_t i = 0; i < tree->node_count; i++)
		if (strcmp(tree->nodes[i].path, path) == 0)
			return &tree->nodes[i];
	return NULL;
}

static void every_table_is_sorted_and_every_parent_is_in_it(void **state)
{
	(void)state;
	for (size_t t = 0; t < proc_tree_count; t++) {
		const struct proc_tree *tree = &proc_trees[t];

		for (size_t i = 0; i < tree->node_count; i++) {
			char parent[PROC_PATH_SIZE_MAX];
			const char *path = tree->nodes[i].path;

			if (i > 0 && strcmp(tree->nodes[i - 1].path, path) >= 0)
				fail_msg("%s: \"%s\" doesn't come after \"%s\"", tree->root, path,
					 tree->nodes[i - 1].path);
			assert_true(strlen(path) < sizeof parent);
			parent_of(path, parent);
			if (in_table(tree, parent) == NULL || S_ISREG(in_table(tree, parent)->mode))
				fail_msg("%s: \"%s\" has no directory \"%s\"", tree->root, path, parent);
		}
	}
}

static bool is_pattern(const char *part)
{
	return strcmp(part, "[pid]") == 0 || strcmp(part, "[tid]") == 0 || strcmp(part, "[n]") == 0 ||
	       strcmp(part, "[*]") == 0;
}

static void every_bracket_is_a_pattern_and_the_rest_comes_last(void **state)
{
	(void)state;
	for (size_t t = 0; t < proc_tree_count; t++)
		for (size_t i = 0; i < proc_trees[t].node_count; i++) {
			const struct proc_node *node = &proc_trees[t].nodes[i];
			char path[PROC_PATH_SIZE_MAX], *rest = path;
			const char *part;

			strcpy(path, node->path); /* lint: allow unsafe-call: the test above checks the length */
			while ((part = strsep(&rest, "/")) != NULL) {
				assert_true(part[0] != '[' || is_pattern(part));
				assert_true(strcmp(part, "[*]") != 0 || rest == NULL);
			}
			assert_true(node->mode != 0 || strstr(node->path, "[*]") != NULL);
		}
}

static void each_kind_of_node_has_what_its_kind_needs(void **state)
{
	(void)state;
	for (size_t t = 0; t < proc_tree_count; t++)
		for (size_t i = 0; i < proc_trees[t].node_count; i++) {
			const struct proc_node *node = &proc_trees[t].nodes[i];

			if (node->mode == 0) {
				assert_true(node->stat != NULL && node->list != NULL && node->show != NULL);
				continue;
			}
			assert_true(!S_ISREG(node->mode) || node->show != NULL);
			assert_true(!S_ISDIR(node->mode) || node->show == NULL);
			assert_int_equal(S_ISLNK(node->mode),
					 (node->target != NULL) != (node->show != NULL && !S_ISREG(node->mode)));
			assert_true(S_ISDIR(node->mode) || node->list == NULL);
			assert_true(S_ISLNK(node->mode) || node->stat == NULL);
		}
}

static void a_number_names_a_process_and_below_it_a_thread(void **state)
{
	(void)state;
	assert_string_equal(find("/proc/17")->path, "[pid]");
	assert_int_equal(entry.subject.pid, 17);
	assert_int_equal(entry.subject.tid, 0);
	assert_string_equal(find("/proc/17/task/18/comm")->path, "[pid]/task/[tid]/comm");
	assert_int_equal(entry.subject.pid, 17);
	assert_int_equal(entry.subject.tid, 18);
	find("/proc/version");
	assert_int_equal(entry.subject.pid, 0);
}

static void what_no_process_can_be_called_is_missing(void **state)
{
	static const char *const absent[] = {"/proc/0",
					     "/proc/01",
					     "/proc/-1",
					     "/proc/4194305",
					     "/proc/1x",
					     "/proc/ 1",
					     "/proc/+1",
					     "/proc/4294967297",
					     "/proc/[pid]",
					     "/proc/[pid]/comm",
					     "/proc/1/task/0",
					     "/proc/1/task/[tid]",
					     "/proc/99999999999999999999"};

	(void)state;
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
		if (proc_entry_find(absent[i], &entry) != STATUS_MISSING)
			fail_msg("%s is found", absent[i]);
	find("/proc/4194304");
}

static void a_process_has_the_files_of_net(void **state)
{
	(void)state;
	const struct proc_node *node = find("/proc/net/tcp");

	assert_ptr_equal(find("/proc/1/net/tcp"), node);
	assert_int_equal(entry.subject.pid, 1);
	assert_ptr_equal(find("/proc/1/task/1/net/tcp"), node);
	assert_int_equal(entry.subject.tid, 1);
	assert_string_equal(find("/proc/net")->target, "self/net");
	assert_true(S_ISDIR(find("/proc/1/net")->mode));
}

static void an_entry_can_say_its_path(void **state)
{
	static const char *const paths[] = {"/proc",
					    "/proc/17",
					    "/proc/17/task/18/comm",
					    "/proc/net/tcp",
					    "/proc/17/net/tcp",
					    "/proc/17/task/18/net/tcp",
					    "/proc/sys/kernel/ostype"};
	char name[PROC_NAME_SIZE_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
		find(paths[i]);
		proc_entry_name(&entry, name);
		assert_string_equal(name, paths[i]);
	}
}

static void what_is_not_in_the_table_is_missing(void **state)
{
	static const char *const absent[] = {"net/tcp",
					     "/proc/",
					     "/proc/net/",
					     "/proc/net/tc",
					     "/proc/net/tcpx",
					     "/proc//net/tcp",
					     "/proc/1/net/",
					     "/proc/nothing",
					     "/proc/net/tcp/",
					     "/process",
					     "/",
					     "",
					     "/proc/version/x",
					     "/proc/1/comm/x",
					     "/proc/1/task/1/task"};

	(void)state;
	entry.node = NULL;
	for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++)
		if (proc_entry_find(absent[i], &entry) != STATUS_MISSING)
			fail_msg("%s is found", absent[i]);
	assert_null(entry.node);
}

static bool lists(const char *path, const char *name)
{
	const struct proc_node *directory = find(path), *node = NULL;

	while ((node = proc_node_next(entry.tree, directory, node)) != NULL)
		if (strcmp(proc_node_name(node), name) == 0)
			return true;
	return false;
}

static void a_directory_lists_its_own_children_only(void **state)
{
	(void)state;
	assert_true(lists("/proc", "net"));
	assert_true(lists("/proc", "version"));
	assert_false(lists("/proc", "tcp"));
	assert_false(lists("/proc", ""));
	assert_false(lists("/proc", "[pid]"));
	assert_true(lists("/proc/1", "net"));
	assert_true(lists("/proc/1", "comm"));
	assert_true(lists("/proc/1/net", "tcp"));
	assert_true(lists("/proc/1/task/1/net", "tcp"));
	assert_false(lists("/proc/sys", "hostname"));
	assert_false(lists("/proc/version", "version"));
	assert_false(lists("/proc/net", "tcp")); /* a link */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_table_is_sorted_and_every_parent_is_in_it),
		cmocka_unit_test(every_bracket_is_a_pattern_and_the_rest_comes_last),
		cmocka_unit_test(each_kind_of_node_has_what_its_kind_needs),
		cmocka_unit_test(a_number_names_a_process_and_below_it_a_thread),
		cmocka_unit_test(what_no_process_can_be_called_is_missing),
		cmocka_unit_test(a_process_has_the_files_of_net),
		cmocka_unit_test(an_entry_can_say_its_path),
		cmocka_unit_test(what_is_not_in_the_table_is_missing),
		cmocka_unit_test(a_directory_lists_its_own_children_only),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
