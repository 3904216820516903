/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One object made by guestcc, run over two layouts and over hostile memory. */
#include <string.h>

#include "base/test.h"
#include "guest/kernel/access.h"
#include "guest/kernel/guestcc-test/calls.h"
#include "guest/kernel/guestcc-test/layouts.h"
#include "guest/kernel/guestcc-test/world.h"

uint64_t sum_bytes(const uint8_t *bytes, uint64_t size)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < size; i++)
		sum += bytes[i];
	return sum;
}

static struct world world;

static int build(bool is_b)
{
	world_init(&world, is_b);
	return 0;
}

static int build_a(void **state)
{
	(void)state;
	return build(false);
}

static int build_b(void **state)
{
	(void)state;
	return build(true);
}

static int tear_down(void **state)
{
	(void)state;
	world_deinit(&world);
	return 0;
}

static struct test_call call_with(uint64_t in, uint64_t index)
{
	return (struct test_call){.in = in, .index = index};
}

static struct test_call runs(void (*fn)(void *call), uint64_t in, uint64_t index)
{
	struct test_call call = call_with(in, index);
	status outcome = guest_call(fn, &call, sizeof call);

	if (outcome != STATUS_OK)
		fail_msg("ended with %s: %s", status_name(outcome), guest_fault_last()->text);
	return call;
}

static void ends(void (*fn)(void *call), uint64_t in, uint64_t index, status outcome, enum guest_fault_kind kind)
{
	struct test_call call = call_with(in, index);

	call.out[0] = -77;
	assert_int_equal(guest_call(fn, &call, sizeof call), outcome);
	assert_int_equal(guest_fault_last()->kind, kind);
	assert_int_equal(guest_fault_last()->status, outcome);
}

static void fields_are_found_where_the_kernel_has_them(void **state)
{
	(void)state;
	struct test_call call = runs(test_plain_fields, world.init_task, 0);

	assert_int_equal(call.out[0], 100);
	assert_int_equal(call.out[1], 100);
	assert_int_equal(call.out[2], 1000);
	assert_int_equal(call.out[3], (int64_t)0xfedcba9876543210);
	assert_int_equal(call.out[4], 100);
	assert_int_equal(call.out[5], 6);
	assert_int_equal(call.out[6], 6);
	assert_int_equal(call.out[7], 100);
}

static void bit_fields_and_plain_fields_may_take_each_others_place(void **state)
{
	(void)state;
	struct test_call call = runs(test_bit_fields, world.init_task, 0);

	assert_int_equal(call.out[0], 2);
	assert_int_equal(call.out[1], 77);
	assert_int_equal(call.out[2], -9);
	assert_int_equal(call.out[3], 0xabcde);
}

static void a_bit_field_value_that_would_be_cut_ends_the_boundary(void **state)
{
	(void)state;
	((struct b_task *)world_at(&world, world.init_task))->state = 128;
	ends(test_bit_fields, world.init_task, 0, STATUS_UNSUPPORTED, GUEST_FAULT_MISSING);
	assert_non_null(strstr(guest_fault_last()->text, "struct task.state"));
	((struct b_task *)world_at(&world, world.init_task))->state = 1;
	((struct b_task *)world_at(&world, world.init_task))->nice = 16;
	assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
	ends(test_bit_fields, world.init_task, 0, STATUS_UNSUPPORTED, GUEST_FAULT_MISSING);
}

static void nested_and_unnamed_members_are_found(void **state)
{
	(void)state;
	struct test_call call = runs(test_nested_fields, world.init_task, 0);

	assert_int_equal(call.out[0], -5);
	assert_int_equal(call.out[1], 0x123456789abcfff0);
	assert_int_equal(call.out[2], -16);
	assert_int_equal(call.out[3], 22);
	assert_int_equal(call.out[4], world.is_b ? offsetof(struct b_task, in.half) : offsetof(struct a_task, in.half));
	assert_int_equal(call.out[5], world.is_b ? 24 : 16);
}

static void arrays_are_stepped_through_by_the_kernels_sizes(void **state)
{
	(void)state;
	struct test_call call = runs(test_arrays, world.init_task, 2);

	assert_int_equal(call.out[0], 12);
	assert_int_equal(call.out[1], 42);
	assert_int_equal(call.out[2], 41);
	assert_int_equal(call.out[3], 42);
	assert_int_equal(call.out[4], 1);
	assert_int_equal(call.out[5], world.is_b ? sizeof(struct b_thing) : sizeof(struct a_thing));
	assert_int_equal(call.out[6], 42);
	assert_int_equal(call.out[7], 22);
}

static void existence_is_answered_by_the_running_kernel(void **state)
{
	(void)state;
	struct test_call call = runs(test_existence, 0, 0);

	assert_int_equal(call.out[0], !world.is_b);
	assert_int_equal(call.out[1], world.is_b);
	assert_int_equal(call.out[2], 1);
	assert_int_equal(call.out[3], 0);
	assert_int_equal(call.out[4], world.is_b ? -4 : 3);
	assert_int_equal(call.out[5], !world.is_b);
	assert_int_equal(call.out[6], 1);
}

static void what_the_kernel_lacks_is_named(void **state)
{
	(void)state;
	ends(test_missing_field, world.init_task, 0, STATUS_MISSING, GUEST_FAULT_MISSING);
	assert_string_equal(guest_fault_last()->text, "kernel has no field struct task.only_in_a of 4 bytes");
	ends(test_missing_symbol, 0, 0, STATUS_MISSING, GUEST_FAULT_MISSING);
	assert_string_equal(guest_fault_last()->text, "kernel has no symbol not_there");
	ends(test_other_size, world.init_task, 0, STATUS_MISSING, GUEST_FAULT_MISSING);
	assert_string_equal(guest_fault_last()->text, "kernel has no field struct task.other_size of 2 bytes");
}

static void lists_are_walked_to_their_ends(void **state)
{
	(void)state;
	struct test_call call = runs(test_list, 0, 0);

	assert_int_equal(call.out[0], WORLD_TASK_COUNT - 1);
	assert_int_equal(call.out[1], 101 + 102 + 103 + 104);
	call = runs(test_nulls_list, 0, 1);
	assert_int_equal(call.out[0], WORLD_TASK_COUNT);
	assert_int_equal(call.out[1], 100 + 101 + 102 + 103 + 104);
	call = runs(test_nulls_list, 0, 3);
	assert_int_equal(call.out[0], 0);
}

static void a_list_that_loops_ends_at_the_bound(void **state)
{
	(void)state;
	struct a_task *first = world_at(&world, world.init_task);
	struct a_task *second = world_at(&world, first->tasks.next - offsetof(struct a_task, tasks));

	second->tasks.next = first->tasks.next;
	ends(test_list, 0, 0, STATUS_LIMIT, GUEST_FAULT_LIMIT);
	assert_non_null(strstr(guest_fault_last()->text, "list"));
}

static void each_possible_cpu_has_its_copy(void **state)
{
	(void)state;
	struct test_call call = runs(test_per_cpu, 0, 0);

	assert_int_equal(call.out[0], WORLD_CPU_COUNT);
	assert_int_equal(call.out[1], 1 + 2 + 4);
}

static void own_text_that_names_a_field_stays_own(void **state)
{
	(void)state;
	struct test_call call = runs(test_text_like_a_field, world.init_task, 0);

	assert_int_equal(call.out[0], 'c' + 'o' + 'm' + 'm');
	assert_int_equal(call.out[1], 8);
}

static void string_functions_take_guest_pointers(void **state)
{
	(void)state;
	struct test_call call = runs(test_strings, world.init_task, 0);

	assert_int_equal(call.out[0], 8);
	assert_int_equal(call.out[1], 0);
	assert_int_equal(call.out[2], 0);
	assert_int_equal(call.out[3], 8);
	assert_string_equal(call.text, "kthreadd");
	assert_int_equal(call.out[4], 8);
	assert_int_equal(call.out[5], 1);
	assert_int_equal(call.out[6], 0);
	assert_int_equal(call.out[7], 4);
}

static void structs_are_copied_across_pages(void **state)
{
	(void)state;
	uint64_t address = WORLD_BASE + 10 * GUEST_PAGE_SIZE - 8;

	((uint64_t *)world_at(&world, address))[0] = 0x1122334455667788;
	((uint64_t *)world_at(&world, address))[1] = 99;
	struct test_call call = runs(test_copies, address, 0);
	assert_int_equal(call.out[0], 0x1122334455667788);
	assert_int_equal(call.out[1], 0);
	assert_int_equal(call.out[2], 0x44556677);
	assert_string_equal(call.text, "xxx");
}

static void loads_may_cross_pages_but_not_into_a_hole(void **state)
{
	(void)state;
	uint64_t edge = WORLD_BASE + 10 * GUEST_PAGE_SIZE, hole = WORLD_BASE + WORLD_HOLE_PAGE * GUEST_PAGE_SIZE;

	for (uint64_t before = 1; before < 8; before++) {
		memset(world_at(&world, edge - 8), 0x11, 8);
		memset(world_at(&world, edge), 0x22, 8);
		assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
		uint64_t expected;
		memcpy(&expected, world_at(&world, edge - before), 8);
		assert_int_equal(runs(test_wide_load, edge - before, 0).out[0], (int64_t)expected);
		assert_int_equal(runs(test_atomic_load, edge - before, 0).out[0], (int64_t)expected);
		ends(test_wide_load, hole - before, 0, STATUS_UNMAPPED, GUEST_FAULT_UNMAPPED);
	}
	ends(test_load, hole, 0, STATUS_UNMAPPED, GUEST_FAULT_UNMAPPED);
	assert_int_equal(guest_fault_last()->address, hole);
	ends(test_wide_load, UINT64_MAX - 3, 0, STATUS_UNMAPPED, GUEST_FAULT_UNMAPPED);
}

static void a_refresh_shows_what_changed_and_only_then(void **state)
{
	(void)state;
	uint64_t address = WORLD_BASE + 9 * GUEST_PAGE_SIZE;
	uint32_t *word = world_at(&world, address);

	*word = 1;
	assert_int_equal(runs(test_load, address, 0).out[0], 1);
	*word = 2;
	assert_int_equal(runs(test_load, address, 0).out[0], 1);
	assert_int_equal(guest_memory_refresh(&world.guest.memory), STATUS_OK);
	assert_int_equal(runs(test_load, address, 0).out[0], 2);
}

/* What the guest must never get at: our own memory. */
static uint32_t secret = 0x5ec4e7;

static void hostile_low_pointers_are_refused(void **state)
{
	(void)state;
	uint32_t on_stack = 1;
	uint32_t *on_heap = test_malloc(sizeof *on_heap);
	const uint64_t addresses[] = {
		0,
		8,
		GUEST_PAGE_SIZE,
		(uintptr_t)&secret,
		(uintptr_t)on_heap,
		(uintptr_t)&on_stack,
		(uintptr_t)runs,
		(uintptr_t)guest_fault_last(),
		0x7fffffffffff,
		0x800000000000,
		0x7ffffffffff00000,
	};

	*on_heap = 3;
	for (size_t i = 0; i < sizeof addresses / sizeof addresses[0]; i++) {
		ends(test_load, addresses[i], 0, STATUS_UNMAPPED, GUEST_FAULT_POINTER);
		assert_int_equal(guest_fault_last()->address, addresses[i]);
		ends(test_store, addresses[i], 0, STATUS_DENIED, GUEST_FAULT_STORE);
		ends(test_exchange, addresses[i], 0, STATUS_DENIED, GUEST_FAULT_STORE);
		ends(test_strings, addresses[i], 0, STATUS_UNMAPPED, GUEST_FAULT_POINTER);
		ends(test_copies, addresses[i], 0, STATUS_UNMAPPED, GUEST_FAULT_POINTER);
	}
	/* High, but not canonical. */
	ends(test_load, 0xfff0000000000000, 0, STATUS_UNMAPPED, GUEST_FAULT_UNMAPPED);
	assert_int_equal(secret, 0x5ec4e7);
	assert_int_equal(on_stack, 1);
	test_free(on_heap);
}

static void the_guest_is_never_written(void **state)
{
	(void)state;
	uint32_t *word = world_at(&world, WORLD_BASE + 9 * GUEST_PAGE_SIZE);

	*word = 5;
	ends(test_store, WORLD_BASE + 9 * GUEST_PAGE_SIZE, 0, STATUS_DENIED, GUEST_FAULT_STORE);
	ends(test_exchange, WORLD_BASE + 9 * GUEST_PAGE_SIZE, 0, STATUS_DENIED, GUEST_FAULT_STORE);
	assert_int_equal(*word, 5);
}

static void indices_stay_inside_their_arrays(void **state)
{
	(void)state;
	assert_int_equal(runs(test_local_index, 40, 7).out[0], 47);
	assert_int_equal(runs(test_constant_index, 0, 7).out[0], 49);
	const uint64_t outside[] = {8, 9, 1000, UINT64_C(1) << 61, UINT64_MAX};
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		ends(test_local_index, 0, outside[i], STATUS_MALFORMED, GUEST_FAULT_BOUNDS);
		ends(test_constant_index, 0, outside[i], STATUS_MALFORMED, GUEST_FAULT_BOUNDS);
	}
}

static void arithmetic_on_hostile_numbers_has_a_meaning(void **state)
{
	(void)state;
	assert_int_equal(runs(test_division, 42, 2).out[0], 21);
	ends(test_division, 42, 0, STATUS_MALFORMED, GUEST_FAULT_DIVISION);
	assert_int_equal(runs(test_shift, 1, 5).out[0], 32);
	assert_int_equal(runs(test_shift, 1, 69).out[0], 32);
	/* A bool that holds 2. */
	int64_t chosen = runs(test_boolean, world.init_task, 0).out[0];
	assert_true(chosen == 4 || chosen == 9);
}

static void loops_and_recursions_end(void **state)
{
	(void)state;
	uint64_t address = WORLD_BASE + 9 * GUEST_PAGE_SIZE;

	*(uint64_t *)world_at(&world, address) = address;
	ends(test_endless_loop, address, 0, STATUS_LIMIT, GUEST_FAULT_LIMIT);
	ends(test_recursion, UINT64_MAX, 0, STATUS_LIMIT, GUEST_FAULT_LIMIT);
	runs(test_recursion, 10, 0);
}

static void what_native_code_does_for_guest_c_costs_steps(void **state)
{
	(void)state;
	ends(test_endless_copies, WORLD_BASE, 0, STATUS_LIMIT, GUEST_FAULT_LIMIT);
	ends(test_endless_faults, 0, 0, STATUS_LIMIT, GUEST_FAULT_LIMIT);
}

static void an_inner_boundary_keeps_a_fault_from_the_outer_one(void **state)
{
	(void)state;
	uint64_t address = WORLD_BASE + 9 * GUEST_PAGE_SIZE;

	*(uint32_t *)world_at(&world, address) = 12;
	struct test_call call = runs(test_nested_boundary, address, 0);
	assert_int_equal(call.out[0], STATUS_UNMAPPED);
	assert_int_equal(call.out[1], STATUS_OK);
	assert_int_equal(call.out[2], 12);
}

static void native_code_gets_no_guest_pointers(void **state)
{
	(void)state;
	ends(test_native_pointer, world.init_task, 0, STATUS_DENIED, GUEST_FAULT_POINTER);
	ends(test_native_pointer, (uintptr_t)&secret, 0, STATUS_DENIED, GUEST_FAULT_POINTER);
}

static void only_guest_cs_functions_are_called_through_pointers(void **state)
{
	(void)state;
	ends(test_function_pointer, (uintptr_t)sum_bytes, 0, STATUS_MALFORMED, GUEST_FAULT_CALL);
	ends(test_function_pointer, world.init_task, 1, STATUS_MALFORMED, GUEST_FAULT_CALL);
}

static void own_memory_is_reached_through_any_pointer(void **state)
{
	(void)state;
	struct test_call call = runs(test_own_memory, 0, 0);

	assert_int_equal(call.out[0], 10);
	assert_int_equal(call.out[1], 140);
	assert_int_equal(call.out[2], 8);
}

static void without_a_kernel_every_load_ends_the_boundary(void **state)
{
	(void)state;
	guest_access_enter(NULL, NULL);
	ends(test_load, world.init_task, 0, STATUS_USAGE, GUEST_FAULT_UNMAPPED);
}

#define IN_A(test) cmocka_unit_test_setup_teardown(test, build_a, tear_down)
#define IN_B(test) cmocka_unit_test_setup_teardown(test, build_b, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_A(fields_are_found_where_the_kernel_has_them),
		IN_B(fields_are_found_where_the_kernel_has_them),
		IN_A(bit_fields_and_plain_fields_may_take_each_others_place),
		IN_B(bit_fields_and_plain_fields_may_take_each_others_place),
		IN_B(a_bit_field_value_that_would_be_cut_ends_the_boundary),
		IN_A(nested_and_unnamed_members_are_found),
		IN_B(nested_and_unnamed_members_are_found),
		IN_A(arrays_are_stepped_through_by_the_kernels_sizes),
		IN_B(arrays_are_stepped_through_by_the_kernels_sizes),
		IN_A(existence_is_answered_by_the_running_kernel),
		IN_B(existence_is_answered_by_the_running_kernel),
		IN_B(what_the_kernel_lacks_is_named),
		IN_A(lists_are_walked_to_their_ends),
		IN_B(lists_are_walked_to_their_ends),
		IN_A(a_list_that_loops_ends_at_the_bound),
		IN_A(each_possible_cpu_has_its_copy),
		IN_A(own_text_that_names_a_field_stays_own),
		IN_A(string_functions_take_guest_pointers),
		IN_B(string_functions_take_guest_pointers),
		IN_A(structs_are_copied_across_pages),
		IN_A(loads_may_cross_pages_but_not_into_a_hole),
		IN_A(a_refresh_shows_what_changed_and_only_then),
		IN_A(hostile_low_pointers_are_refused),
		IN_A(the_guest_is_never_written),
		IN_A(indices_stay_inside_their_arrays),
		IN_A(arithmetic_on_hostile_numbers_has_a_meaning),
		IN_A(loops_and_recursions_end),
		IN_A(what_native_code_does_for_guest_c_costs_steps),
		IN_A(an_inner_boundary_keeps_a_fault_from_the_outer_one),
		IN_A(native_code_gets_no_guest_pointers),
		IN_A(only_guest_cs_functions_are_called_through_pointers),
		IN_A(own_memory_is_reached_through_any_pointer),
		IN_A(without_a_kernel_every_load_ends_the_boundary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
