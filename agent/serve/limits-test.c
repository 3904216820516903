/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the daemon counts: handshakes, half-open connections, quotas. */
#include <string.h>

#include "agent/serve/answer.h"
#include "agent/serve/boot-watch.h"
#include "agent/serve/bucket.h"
#include "agent/serve/clock.h"
#include "agent/serve/half-open.h"
#include "agent/serve/quota.h"
#include "base/test.h"
#include "guest/memory/memory.h"

static const int64_t second_ns = 1000000000;

static uint32_t take_all(struct bucket *bucket, int64_t now_ns)
{
	uint32_t count = 0;

	while (count < 1000 && bucket_take(bucket, now_ns))
		count++;
	return count;
}

static void a_bucket_gives_its_burst_and_then_its_rate(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, 100, 20, 0);
	assert_int_equal(take_all(&bucket, 0), 20);
	assert_int_equal(bucket_wait_ns(&bucket, 0), second_ns / 100);
	assert_int_equal(take_all(&bucket, second_ns / 100 - 1), 0);
	assert_int_equal(take_all(&bucket, second_ns / 100), 1);
	assert_int_equal(take_all(&bucket, second_ns / 10 + second_ns / 100), 10);
}

static void a_bucket_never_holds_more_than_its_burst(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, 100, 20, 0);
	assert_int_equal(take_all(&bucket, INT64_MAX), 20);
	bucket_init(&bucket, 1000000000, 5, 0);
	assert_int_equal(take_all(&bucket, INT64_MAX), 5);
}

static void a_clock_that_goes_back_gives_nothing(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, 100, 1, 10 * second_ns);
	assert_true(bucket_take(&bucket, 10 * second_ns));
	assert_false(bucket_take(&bucket, 5 * second_ns));
	assert_false(bucket_take(&bucket, 5 * second_ns + 1));
}

static void without_a_rate_there_is_no_limit(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, 0, 0, 0);
	assert_int_equal(take_all(&bucket, 0), 1000);
	assert_int_equal(bucket_wait_ns(&bucket, 0), 0);
}

static void the_oldest_half_open_one_goes_first(void **state)
{
	struct half_open table;
	int entry[6];

	(void)state;
	half_open_init(&table, 3);
	assert_null(half_open_enter(&table, &entry[0]));
	assert_null(half_open_enter(&table, &entry[1]));
	assert_null(half_open_enter(&table, &entry[2]));
	assert_ptr_equal(half_open_enter(&table, &entry[3]), &entry[0]);
	half_open_leave(&table, &entry[2]);
	half_open_leave(&table, &entry[2]);
	half_open_leave(&table, &entry[0]);
	assert_int_equal(table.entry_count, 2);
	assert_null(half_open_enter(&table, &entry[4]));
	assert_ptr_equal(half_open_enter(&table, &entry[5]), &entry[1]);
	assert_ptr_equal(half_open_enter(&table, &entry[0]), &entry[3]);
}

static struct link_grant grant_with(uint8_t id, uint64_t bytes, uint64_t requests)
{
	struct link_grant grant = {.quota_bytes = bytes, .quota_requests = requests, .valid_until = 1000};

	grant.id[0] = id;
	return grant;
}

static void a_quota_outlives_the_session_but_not_the_grant(void **state)
{
	struct link_grant grant = grant_with(1, 10000, 3);
	struct quota *quota = NULL;
	struct quota_table table;
	uint64_t bytes, requests;

	(void)state;
	assert_int_equal(quota_table_init(&table), STATUS_OK);
	assert_int_equal(quota_acquire(&table, &grant, 900, &quota), STATUS_OK);
	assert_true(quota_take(&table, quota, 4096));
	assert_false(quota_take(&table, quota, 10000));
	quota_release(&table, quota);
	assert_int_equal(quota_acquire(&table, &grant, 950, &quota), STATUS_OK);
	assert_true(quota_take(&table, quota, 4096));
	quota_left(&table, quota, &bytes, &requests);
	assert_int_equal(bytes, 10000 - 2 * 4096);
	assert_int_equal(requests, 1);
	assert_true(quota_take(&table, quota, 0));
	assert_false(quota_take(&table, quota, 0));
	quota_release(&table, quota);
	quota_table_deinit(&table);
}

static void what_a_plan_did_not_use_is_given_back(void **state)
{
	struct link_grant grant = grant_with(4, 10000, 3);
	struct quota *quota = NULL;
	struct quota_table table;
	uint64_t bytes, requests;

	(void)state;
	assert_int_equal(quota_table_init(&table), STATUS_OK);
	assert_int_equal(quota_take_up_to(&table, NULL, 1 << 20), 1 << 20);
	quota_give_back(&table, NULL, 1 << 20);
	assert_int_equal(quota_acquire(&table, &grant, 900, &quota), STATUS_OK);
	assert_int_equal(quota_take_up_to(&table, quota, 1 << 20), 10000);
	assert_false(quota_take(&table, quota, 1));
	quota_give_back(&table, quota, 4000);
	quota_left(&table, quota, &bytes, &requests);
	assert_int_equal(bytes, 4000);
	assert_int_equal(requests, 2);
	assert_int_equal(quota_take_up_to(&table, quota, 72), 72);
	assert_true(quota_take(&table, quota, 0));
	/* No requests left, whatever there is in bytes. */
	assert_int_equal(quota_take_up_to(&table, quota, 72), 0);
	quota_left(&table, quota, &bytes, &requests);
	assert_int_equal(bytes, 4000 - 72);
	assert_int_equal(requests, 0);
	quota_release(&table, quota);
	quota_table_deinit(&table);
}

static void grants_without_limits_need_no_place(void **state)
{
	struct link_grant grant = grant_with(2, UINT64_MAX, UINT64_MAX), half = grant_with(3, UINT64_MAX, 2);
	struct quota_table table;
	struct quota *quota;
	uint64_t bytes, requests;

	(void)state;
	assert_int_equal(quota_table_init(&table), STATUS_OK);
	assert_int_equal(quota_acquire(&table, &grant, 1, &quota), STATUS_OK);
	assert_null(quota);
	assert_true(quota_take(&table, quota, UINT64_MAX));
	assert_int_equal(quota_acquire(&table, &half, 1, &quota), STATUS_OK);
	assert_true(quota_take(&table, quota, 1 << 30));
	quota_left(&table, quota, &bytes, &requests);
	assert_int_equal(bytes, UINT64_MAX);
	assert_int_equal(requests, 1);
	quota_release(&table, quota);
	quota_table_deinit(&table);
}

static void more_grants_than_can_be_counted_are_refused_until_some_end(void **state)
{
	struct quota_table table;
	struct quota *quota;

	(void)state;
	assert_int_equal(quota_table_init(&table), STATUS_OK);
	for (uint32_t i = 0; i <= QUOTA_COUNT_MAX; i++) {
		struct link_grant grant = grant_with(0, 1, 1);

		memcpy(grant.id, &i, sizeof i);
		grant.id[15] = 1;
		assert_int_equal(quota_acquire(&table, &grant, 900, &quota),
				 i < QUOTA_COUNT_MAX ? STATUS_OK : STATUS_LIMIT);
		if (i < QUOTA_COUNT_MAX)
			quota_release(&table, quota);
	}
	struct link_grant late = grant_with(9, 1, 1);
	late.valid_until = 2000;
	assert_int_equal(quota_acquire(&table, &late, 1001, &quota), STATUS_OK);
	quota_release(&table, quota);
	quota_table_deinit(&table);
}

static void the_page_tables_of_a_session_take_no_more_than_is_said(void **state)
{
	(void)state;
	assert_true(guest_memory_storage_size(GUEST_MEMORY_CACHE_PAGES_MIN) <= ANSWERER_STORAGE_KIB_MAX << 10);
}

static uint32_t search_count;

static status empty_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	(void)source;
	*ret_map = (struct ram_map){.range = {{{0}, 1 << 20}}, .range_count = 1};
	return STATUS_OK;
}

static status empty_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	(void)start;
	search_count++;
	memset(destination, 0, size);
	return STATUS_OK;
}

static status empty_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	(void)source;
	(void)cpu_index;
	(void)ret_registers;
	return STATUS_MISSING;
}

static status empty_check(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static void memory_without_a_kernel_is_not_searched_for_each_address(void **state)
{
	static const struct page_source_ops ops = {
		.ram_map = empty_ram_map, .read = empty_read, .registers = empty_registers, .check = empty_check};
	struct page_source source = {.ops = &ops};
	struct boot_watch watch;

	(void)state;
	assert_int_equal(boot_watch_init(&watch, &source), STATUS_OK);
	const int64_t now_ns = clock_ns();
	search_count = 0;
	assert_int_equal(boot_watch_find(&watch, now_ns), STATUS_MISSING);
	const uint32_t once = search_count;
	assert_true(once > 0);
	for (uint32_t i = 0; i < 32; i++)
		assert_int_equal(boot_watch_find(&watch, now_ns), STATUS_MISSING);
	assert_int_equal(search_count, once);
	assert_int_equal(boot_watch_find(&watch, now_ns + 3600 * second_ns), STATUS_MISSING);
	assert_true(search_count > once);
	boot_watch_deinit(&watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_bucket_gives_its_burst_and_then_its_rate),
		cmocka_unit_test(a_bucket_never_holds_more_than_its_burst),
		cmocka_unit_test(a_clock_that_goes_back_gives_nothing),
		cmocka_unit_test(without_a_rate_there_is_no_limit),
		cmocka_unit_test(the_oldest_half_open_one_goes_first),
		cmocka_unit_test(a_quota_outlives_the_session_but_not_the_grant),
		cmocka_unit_test(what_a_plan_did_not_use_is_given_back),
		cmocka_unit_test(grants_without_limits_need_no_place),
		cmocka_unit_test(more_grants_than_can_be_counted_are_refused_until_some_end),
		cmocka_unit_test(the_page_tables_of_a_session_take_no_more_than_is_said),
		cmocka_unit_test(memory_without_a_kernel_is_not_searched_for_each_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
