/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C that was compiled against a kernel's headers, on that kernel and on others. */
#include <stddef.h>
#include <string.h>

#include "base/test.h"
#include "guest/kernel/access.h"
#include "guest/kernel/headers-test/calls.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/linkage.h"
#include "guest/memory/fake-guest.h"

enum {
	TABLES = 0x100000,
	PHYSICAL = 0x10000,
	PAGE_COUNT = 4,
	TASK_COUNT = 3,
	TASK_DISTANCE = 0x400,
};
#define BASE UINT64_C(0xffff888000000000)

/* As compiler/made-up-headers/include/linux/sched.h has it. */
struct made_up_task {
	uint32_t state;
	int32_t usage, exit_state;
	uint32_t flags;
	uint64_t next, prev;
	int32_t pid;
	char comm[16];
	uint64_t operations;
};

static struct fake_guest guest;
static struct guest_space space;

static uint64_t task_address(uint64_t number)
{
	return BASE + number % TASK_COUNT * TASK_DISTANCE;
}

static struct made_up_task *task_at(uint64_t number)
{
	return (struct made_up_task *)fake_guest_at(&guest, PHYSICAL + number * TASK_DISTANCE);
}

/* What the headers say is what the kernel has, until a test says otherwise. */
static void answer_all(void)
{
	size_t count;
	const struct guest_link *links = guest_access_links(&count);

	assert_true(count > 5);
	for (size_t i = 0; i < count; i++) {
		*links[i].slot = links[i].local;
		if (links[i].kind == GUEST_LINK_SYMBOL)
			*links[i].slot = task_address(0);
	}
}

static const struct guest_link *link_of(uint64_t kind, const char *name, const char *path)
{
	size_t count;
	const struct guest_link *links = guest_access_links(&count);

	for (size_t i = 0; i < count; i++) {
		if (links[i].kind == kind && strcmp(links[i].name, name) == 0 && strcmp(links[i].path, path) == 0)
			return &links[i];
	}
	fail_msg("nobody asks about %s %s", name, path);
	return NULL;
}

static int build(void **state)
{
	struct ram_range ram = {.start = {0}, .size = 0x200000};
	uint64_t next_table = TABLES + GUEST_PAGE_SIZE;

	(void)state;
	space = (struct guest_space){{TABLES}, 4, 52};
	fake_guest_init(&guest, &ram, 1, 64);
	for (uint64_t page = 0; page < PAGE_COUNT; page++)
		fake_guest_map(&guest, &space, BASE + page * GUEST_PAGE_SIZE, PHYSICAL + page * GUEST_PAGE_SIZE,
			       FAKE_PRESENT, &next_table);
	for (uint64_t i = 0; i < TASK_COUNT; i++) {
		*task_at(i) = (struct made_up_task){
			.state = 1U << i,
			.pid = 100 * (int32_t)i,
			.next = task_address(i + 1) + offsetof(struct made_up_task, next),
		};
		memcpy(task_at(i)->comm, i == 0 ? "swapper" : "another", 8);
	}
	answer_all();
	guest_access_enter(&guest.memory, &space);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	guest_access_enter(NULL, NULL);
	fake_guest_deinit(&guest);
	return 0;
}

static void ends(void (*fn)(void *call), uint64_t in, status outcome, enum guest_fault_kind kind, const char *text)
{
	struct headers_call call = {.in = in};

	assert_int_equal(guest_call(fn, &call, sizeof call), outcome);
	assert_int_equal(guest_fault_last()->kind, kind);
	if (strstr(guest_fault_last()->text, text) == NULL)
		fail_msg("\"%s\" doesn't say \"%s\"", guest_fault_last()->text, text);
	assert_int_equal(call.count, 0);
}

static void kernel_s_own_macros_read_the_target(void **state)
{
	struct headers_call call = {0};

	(void)state;
	assert_int_equal(guest_call(headers_walk, &call, sizeof call), STATUS_OK);
	assert_int_equal(call.count, TASK_COUNT - 1);
	assert_int_equal(call.pid_sum, 300);
	assert_int_equal(call.state_index, 3);
	assert_string_equal(call.comm, "another");
}

static void string_functions_take_the_target_s_strings(void **state)
{
	struct headers_call call = {0};

	(void)state;
	assert_int_equal(guest_call(headers_length, &call, sizeof call), STATUS_OK);
	assert_int_equal(call.count, 7);
}

static void resolve_release(const char *banner)
{
	const struct guest_link *link = link_of(GUEST_LINK_RELEASE, "1.2.3-made-up", "");
	struct guest_kernel kernel = {0};

	memcpy(kernel.banner, banner, strlen(banner) + 1);
	assert_int_equal(guest_linkage_resolve(&kernel, link, 1, NULL), STATUS_OK);
}

static void kernel_of_another_release_is_refused_with_both_names(void **state)
{
	(void)state;
	resolve_release("Linux version 4.5.6-other (somebody@somewhere) #1 SMP");
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "headers of Linux 1.2.3-made-up,");
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "target runs Linux 4.5.6-other");
	ends(headers_length, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "target runs Linux 4.5.6-other");
}

static void kernel_of_the_same_release_is_taken(void **state)
{
	struct headers_call call = {0};

	(void)state;
	resolve_release("Linux version 4.5.6-other (somebody@somewhere) #1 SMP");
	resolve_release("Linux version 1.2.3-made-up (somebody@somewhere) #1 SMP");
	assert_int_equal(guest_call(headers_walk, &call, sizeof call), STATUS_OK);
}

static void release_that_only_begins_alike_is_refused(void **state)
{
	(void)state;
	resolve_release("Linux version 1.2.3-made-up-rt (somebody@somewhere) #1 SMP");
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "1.2.3-made-up-rt");
	resolve_release("Linux version ");
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "reads no other");
	resolve_release("Minix 1.2.3-made-up (somebody@somewhere)");
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "reads no other");
}

static void release_of_any_length_is_said_without_harm(void **state)
{
	char banner[256];

	(void)state;
	memset(banner, 'x', sizeof banner - 1);
	memcpy(banner, "Linux version ", 14);
	banner[sizeof banner - 1] = 0;
	resolve_release(banner);
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "reads no other");
}

static void field_elsewhere_is_refused_by_name(void **state)
{
	(void)state;
	*link_of(GUEST_LINK_FIELD_OFFSET, "struct task_struct", "pid")->slot += 8;
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "struct task_struct.pid is at byte 32: ");
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "at byte 40 in the target's");
}

static void struct_of_another_size_is_refused_by_name(void **state)
{
	(void)state;
	*link_of(GUEST_LINK_TYPE_SIZE, "struct task_struct", "")->slot = 4096;
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "struct task_struct has the size 64: ");
}

static void field_that_the_kernel_lacks_is_refused_by_name(void **state)
{
	(void)state;
	*link_of(GUEST_LINK_FIELD_OFFSET, "struct list_head", "next")->slot = GUEST_LINK_POISON;
	ends(headers_walk, 0, STATUS_MISMATCH, GUEST_FAULT_LAYOUT, "struct list_head.next");
}

static void stores_reach_nothing_but_guest_c_s_own(void **state)
{
	static int outside;

	(void)state;
	ends(headers_store, task_address(1), STATUS_DENIED, GUEST_FAULT_STORE, "headers.guest.c");
	ends(headers_store, (uintptr_t)&outside, STATUS_DENIED, GUEST_FAULT_STORE, "headers.guest.c");
	assert_int_equal(outside, 0);
}

static void list_without_end_ends(void **state)
{
	struct headers_call call = {0};

	(void)state;
	task_at(2)->next = task_address(1) + offsetof(struct made_up_task, next);
	assert_int_equal(guest_call(headers_walk, &call, sizeof call), STATUS_LIMIT);
	assert_int_equal(guest_fault_last()->kind, GUEST_FAULT_LIMIT);
}

static void pointer_out_of_the_kernel_is_no_load(void **state)
{
	static uint64_t outside[64];
	struct headers_call call = {0};

	(void)state;
	task_at(1)->next = (uintptr_t)outside + offsetof(struct made_up_task, next);
	assert_int_equal(guest_call(headers_walk, &call, sizeof call), STATUS_UNMAPPED);
	assert_int_equal(guest_fault_last()->kind, GUEST_FAULT_POINTER);
	task_at(1)->next = 0;
	assert_int_equal(guest_call(headers_walk, &call, sizeof call), STATUS_UNMAPPED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, build, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(kernel_s_own_macros_read_the_target),
		TEST(string_functions_take_the_target_s_strings),
		TEST(kernel_of_another_release_is_refused_with_both_names),
		TEST(kernel_of_the_same_release_is_taken),
		TEST(release_that_only_begins_alike_is_refused),
		TEST(release_of_any_length_is_said_without_harm),
		TEST(field_elsewhere_is_refused_by_name),
		TEST(struct_of_another_size_is_refused_by_name),
		TEST(field_that_the_kernel_lacks_is_refused_by_name),
		TEST(stores_reach_nothing_but_guest_c_s_own),
		TEST(list_without_end_ends),
		TEST(pointer_out_of_the_kernel_is_no_load),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
