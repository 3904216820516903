/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Another configuration, for a store whose disk is full somewhere on the way. */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "verifier/daemon/enrol.h"
#include "verifier/ledger/cut-disk.h"

enum { TARGET_COUNT = 200, PAGE_SIZE = 4096, LIMIT_PAGES_MAX = 1000, SILENT_S = 8 };

static struct config_target old_targets[TARGET_COUNT], new_targets[TARGET_COUNT];
#define SECOND UINT64_C(1000000000)

static const struct config old_config = {.targets = old_targets, .target_count = TARGET_COUNT};
static const struct config new_config = {.targets = new_targets, .target_count = TARGET_COUNT};

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static uint64_t steady_ns = SECOND;

static uint64_t steady(void)
{
	return steady_ns;
}

static void ignore(void *context, struct station_peer *peer, uint16_t type, struct span body)
{
	(void)context, (void)peer, (void)type, (void)body;
}

/* Half of the names are in both, by other intervals. */
static void make_configs(void)
{
	for (int i = 0; i < TARGET_COUNT; i++) {
		snprintf(old_targets[i].name, sizeof old_targets[i].name, "vm-%04d", i);
		snprintf(new_targets[i].name, sizeof new_targets[i].name, "vm-%04d", i + TARGET_COUNT / 2);
		old_targets[i].interval_ms = 7000;
		new_targets[i].interval_ms = 5000;
	}
}

struct expected {
	const struct config *config;
	size_t count;
};

static void is_next(struct expected *expected, const char *name, uint32_t interval_ms)
{
	assert_in_range(expected->count, 0, expected->config->target_count - 1);
	const struct config_target *target = &expected->config->targets[expected->count++];
	assert_string_equal(name, target->name);
	assert_int_equal(interval_ms, target->interval_ms);
}

static status check_kept(void *context, const struct ledger_target *target)
{
	is_next(context, target->name, target->interval_ms);
	return STATUS_OK;
}

/* A reload that failed has forgiven nobody his silence: the old interval is the longer one, too. */
static status check_watched(void *context, const struct vigil_target *target)
{
	const struct expected *expected = context;

	if (expected->config == &old_config)
		assert_int_equal(target->silent_ns, SILENT_S * SECOND);
	is_next(context, target->name, target->interval_ms);
	return STATUS_OK;
}

static void both_expect(struct ledger *ledger, const struct station *station, const struct config *config)
{
	struct expected kept = {.config = config}, watched = {.config = config};

	assert_int_equal(ledger_targets_visit(ledger, check_kept, &kept), STATUS_OK);
	assert_int_equal(kept.count, config->target_count);
	assert_int_equal(vigil_visit_all(station_vigil(station), check_watched, &watched), STATUS_OK);
	assert_int_equal(watched.count, config->target_count);
}

static void store_and_station_expect_the_same_wherever_the_disk_is_full(void **state)
{
	struct ledger *ledger;
	struct station *station;
	int failure_count = 0, pages = 1;

	(void)state;
	report_sink_set(drop, NULL);
	make_configs();
	cut_disk_init(1);
	assert_int_equal(ledger_create_through("/ledger", CUT_DISK_VFS, &ledger), STATUS_OK);
	assert_int_equal(enrol_targets(&old_config, ledger, NULL), STATUS_OK);
	assert_int_equal(station_create(ledger, ignore, NULL, steady, NULL, &station), STATUS_OK);
	for (int i = 0; i < SILENT_S; i++) {
		steady_ns += SECOND;
		assert_int_equal(station_look(station), STATUS_OK);
	}
	for (; pages < LIMIT_PAGES_MAX; pages++) {
		cut_disk_limit((uint64_t)pages * PAGE_SIZE);
		const status result = enrol_targets(&new_config, ledger, station);
		cut_disk_limit(0);
		both_expect(ledger, station, result == STATUS_OK ? &new_config : &old_config);
		if (result == STATUS_OK)
			break;
		failure_count++;
	}
	assert_true(failure_count > 0 && pages < LIMIT_PAGES_MAX);
	station_destroy(station);
	ledger_destroy(ledger);
	cut_disk_deinit();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(store_and_station_expect_the_same_wherever_the_disk_is_full),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
