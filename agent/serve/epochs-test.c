/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/epochs.h"

#include "base/test.h"
#include "link/grant.h"

enum { RIGHTS = LINK_RIGHT_KERNEL | LINK_RIGHT_OUTPUT };

static struct epochs epochs;

static int setup(void **state)
{
	(void)state;
	epochs_init(&epochs);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	epochs_deinit(&epochs);
	return 0;
}

static struct shared_epoch *enter(const char *name, bool is_new)
{
	struct shared_epoch *epoch = NULL;

	assert_int_equal(epochs_enter(&epochs, name, is_new, "qemu:1", RIGHTS, &epoch), STATUS_OK);
	assert_non_null(epoch);
	return epoch;
}

static status try(const char *name, const char *target, uint32_t rights)
{
	struct shared_epoch *epoch = NULL;

	return epochs_enter(&epochs, name, false, target, rights, &epoch);
}

static void who_asks_for_the_same_shares_one(void **state)
{
	struct shared_epoch *first = enter("a", true), *second = enter("a", false);

	(void)state;
	assert_ptr_equal(first->store, second->store);
	epochs_leave(&epochs, second);
	epochs_leave(&epochs, first);
	/* It lives on without users. */
	assert_ptr_equal(enter("a", false)->store, first->store);
}

static void other_targets_and_other_rights_never_share(void **state)
{
	(void)state;
	enter("a", true);
	assert_int_equal(try("a", "qemu:2", RIGHTS), STATUS_MISSING);
	assert_int_equal(try("a", "qemu:1", RIGHTS | LINK_RIGHT_USER), STATUS_MISSING);
	assert_int_equal(try("a", "qemu:1", LINK_RIGHT_KERNEL), STATUS_MISSING);
	assert_int_equal(try("b", "qemu:1", RIGHTS), STATUS_MISSING);
}

static void a_new_one_of_the_same_name_leaves_the_old_to_its_users(void **state)
{
	struct shared_epoch *old = enter("a", true), *new = enter("a", true);

	(void)state;
	assert_ptr_not_equal(old->store, new->store);
	assert_ptr_equal(enter("a", false), new);
	epochs_leave(&epochs, old);
	assert_null(old->store);
}

static void they_are_few_and_unused_ones_make_room(void **state)
{
	struct shared_epoch *used[EPOCH_COUNT_MAX], *more;
	const char *const names[] = {"a", "b", "c", "d"};

	(void)state;
	for (int i = 0; i < EPOCH_COUNT_MAX; i++)
		used[i] = enter(names[i], true);
	assert_int_equal(epochs_enter(&epochs, "e", true, "qemu:1", RIGHTS, &more), STATUS_LIMIT);
	epochs_leave(&epochs, used[1]);
	enter("e", true);
	assert_int_equal(try("b", "qemu:1", RIGHTS), STATUS_MISSING);
	assert_int_equal(try("a", "qemu:1", RIGHTS), STATUS_OK);
}

static void what_is_no_name_makes_none(void **state)
{
	struct shared_epoch *epoch;

	(void)state;
	assert_int_equal(epochs_enter(&epochs, "a/b", true, "qemu:1", RIGHTS, &epoch), STATUS_USAGE);
	assert_int_equal(epochs_enter(&epochs, "a/b", false, "qemu:1", RIGHTS, &epoch), STATUS_MISSING);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(who_asks_for_the_same_shares_one, setup, teardown),
		cmocka_unit_test_setup_teardown(other_targets_and_other_rights_never_share, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_one_of_the_same_name_leaves_the_old_to_its_users, setup,
						teardown),
		cmocka_unit_test_setup_teardown(they_are_few_and_unused_ones_make_room, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_no_name_makes_none, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
