/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A target that counts how often its registers are looked at. */
#include <pthread.h>
#include <string.h>
#include <time.h>

#include "agent/serve/answer.h"
#include "agent/serve/clock.h"
#include "base/checked.h"
#include "base/test.h"

enum {
	CPU_COUNT = 4,
	SLOW_MS = 20,
	PATIENCE_S = 10,
};

static const int64_t ms_ns = 1000000;

static struct {
	uint32_t look_count;
	status outcome;
	bool is_slow;
	struct register_looks *dropped; /* while they look */
} machine;

static status machine_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	const struct timespec slow = {.tv_nsec = SLOW_MS * ms_ns};

	(void)source;
	if (cpu_index == 0)
		machine.look_count++;
	if (cpu_index == 0 && machine.is_slow)
		nanosleep(&slow, NULL);
	if (machine.dropped != NULL)
		register_looks_drop(machine.dropped);
	TRY(machine.outcome);
	if (cpu_index >= CPU_COUNT)
		return STATUS_END;
	*ret_registers = (struct cpu_registers){.cr3 = machine.look_count << 12, .cpu_index = cpu_index};
	return STATUS_OK;
}

static status machine_pause(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static status machine_resume(struct page_source *source, struct source_pause *ret_pause)
{
	(void)source;
	*ret_pause = (struct source_pause){.stopped_ns = 1};
	return STATUS_OK;
}

static status machine_check(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static status machine_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	(void)source;
	*ret_map = (struct ram_map){.range = {{{0}, 1 << 20}}, .range_count = 1};
	return STATUS_OK;
}

static status machine_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	(void)start;
	memset(destination, 0, size);
	return STATUS_OK;
}

static const struct page_source_ops ops = {.ram_map = machine_ram_map,
					   .read = machine_read,
					   .registers = machine_registers,
					   .pause = machine_pause,
					   .resume = machine_resume,
					   .check = machine_check};
static struct page_source source = {.ops = &ops};

static int setup(void **state)
{
	(void)state;
	memset(&machine, 0, sizeof machine);
	return 0;
}

/* CR3 says which look it is of. */
static uint64_t ask(struct register_looks *looks, uint32_t cpu_index, int64_t now_ns)
{
	struct cpu_registers registers;

	assert_int_equal(register_looks_ask(looks, &source, cpu_index, now_ns, &registers), STATUS_OK);
	assert_int_equal(registers.cpu_index, cpu_index);
	return registers.cr3 >> 12;
}

static void what_is_asked_for_again_at_once_is_of_the_same_look(void **state)
{
	struct register_looks looks = {0};

	(void)state;
	assert_int_equal(ask(&looks, 0, 0), 1);
	assert_int_equal(ask(&looks, 0, REGISTER_LOOK_MS * ms_ns - 1), 1);
	assert_int_equal(ask(&looks, 3, REGISTER_LOOK_MS * ms_ns - 1), 1);
	/* However busy this machine is just then. */
	assert_int_equal(ask(&looks, 0, 3600000 * ms_ns), 2);
	assert_int_equal(machine.look_count, 2);
}

static void a_slow_monitor_is_asked_less_often(void **state)
{
	struct register_looks looks = {0};

	(void)state;
	machine.is_slow = true;
	assert_int_equal(ask(&looks, 0, 0), 1);
	assert_int_equal(ask(&looks, 0, SLOW_MS * ms_ns * REGISTER_LOOK_SHARE - 1), 1);
}

static void a_look_that_failed_is_not_tried_again_at_once(void **state)
{
	struct register_looks looks = {0};
	struct cpu_registers registers;

	(void)state;
	machine.outcome = STATUS_MISSING;
	for (uint32_t cpu = 0; cpu < CPU_COUNT; cpu++)
		assert_int_equal(register_looks_ask(&looks, &source, cpu, 0, &registers), STATUS_MISSING);
	assert_int_equal(machine.look_count, 1);
}

static void what_was_dropped_no_cpu_has(void **state)
{
	struct register_looks looks = {0};

	(void)state;
	assert_int_equal(ask(&looks, 0, 0), 1);
	register_looks_drop(&looks);
	assert_int_equal(ask(&looks, 2, 1), 2);
	assert_int_equal(ask(&looks, 0, 1), 2);
}

static void what_was_dropped_during_a_look_the_next_one_sees_anew(void **state)
{
	struct register_looks looks = {0};

	(void)state;
	machine.dropped = &looks;
	assert_int_equal(ask(&looks, 0, 0), 1);
	machine.dropped = NULL;
	assert_int_equal(ask(&looks, 2, 1), 2);
}

static struct target target = {.source = &source};
static struct hub_target hub_target = {.target = &target, .lock = PTHREAD_MUTEX_INITIALIZER};
static struct counters counters;

static void answer_all(struct answerer *answerer, const struct link_request *request, struct link_reply *ret_reply,
		       uint8_t *reply)
{
	uint8_t content[LINK_REQUEST_SIZE];
	size_t size;

	assert_int_equal(link_request_encode(request, content, &size), STATUS_OK);
	assert_int_equal(answerer_answer(answerer, (struct span){content, size}, clock_ns(), reply, &size), STATUS_OK);
	assert_int_equal(link_reply_decode(request, (struct span){reply, size}, ret_reply), STATUS_OK);
	for (uint32_t i = 0; i < ret_reply->result_count; i++)
		assert_int_equal(ret_reply->result[i].outcome, STATUS_OK);
}

static void one_record_full_of_them_is_not_as_many_looks(void **state)
{
	const struct link_grant grant = {.rights = LINK_RIGHT_KERNEL};
	struct link_request request = {.operation_count = LINK_OPERATION_COUNT_MAX};
	static uint8_t content[LINK_REPLY_SIZE_MAX];
	struct answerer answerer;
	struct link_reply reply;

	(void)state;
	machine.is_slow = true; /* so that one look is good for longer than all that is asked here */
	answerer_init(&answerer, &hub_target, &grant, NULL, NULL, &counters);
	for (uint32_t i = 0; i < LINK_OPERATION_COUNT_MAX; i++)
		request.operation[i] = (struct link_operation){.type = LINK_REGISTERS, .address = i % CPU_COUNT};
	answer_all(&answerer, &request, &reply, content);
	assert_in_range(machine.look_count, 1, 2);
	answerer_deinit(&answerer);
	register_looks_drop(&hub_target.looks);
}

/* Which looks CPU 1's registers are of: before the pause, in it, after it. */
static void no_registers_are_of_before_a_pause_begins_or_ends(void **state)
{
	static const uint8_t types[] = {LINK_REGISTERS, LINK_PAUSE, LINK_REGISTERS, LINK_RESUME, LINK_REGISTERS};
	const struct link_grant grant = {.rights = LINK_RIGHT_KERNEL | LINK_RIGHT_PAUSE};
	struct link_request request = {.operation_count = ARRAY_COUNT(types)};
	static uint8_t content[LINK_REPLY_SIZE_MAX];
	struct call_registers registers;
	struct answerer answerer;
	struct link_reply reply;

	(void)state;
	answerer_init(&answerer, &hub_target, &grant, NULL, NULL, &counters);
	for (uint32_t i = 0; i < ARRAY_COUNT(types); i++)
		request.operation[i] = (struct link_operation){.type = types[i], .address = types[i] == LINK_REGISTERS};
	answer_all(&answerer, &request, &reply, content);
	for (uint32_t i = 0; i < ARRAY_COUNT(types); i += 2) {
		link_registers_read(content + link_request_slot(&request, i), &registers);
		assert_int_equal(registers.cr3 >> 12, 1 + i / 2);
	}
	answerer_deinit(&answerer);
}

static void *pause_and_resume(void *context)
{
	struct source_pause pause;

	return hub_target_pause(context) == STATUS_OK && hub_target_resume(context, &pause) == STATUS_OK ? context
													 : NULL;
}

/* The keeper, say, which searches all of memory. */
static void a_pause_waits_for_nobody_who_looks(void **state)
{
	struct timespec end;
	pthread_t thread;
	void *ended = NULL;

	(void)state;
	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += PATIENCE_S;
	pthread_mutex_lock(&hub_target.lock);
	assert_int_equal(pthread_create(&thread, NULL, pause_and_resume, &hub_target), 0);
	const int error = pthread_timedjoin_np(thread, &ended, &end);
	pthread_mutex_unlock(&hub_target.lock);
	assert_int_equal(error, 0);
	assert_ptr_equal(ended, &hub_target);
}

static uint64_t ask_hub(uint32_t cpu_index)
{
	struct cpu_registers registers;

	assert_int_equal(hub_target_registers(&hub_target, cpu_index, &registers), STATUS_OK);
	return registers.cr3 >> 12;
}

/* The source has the registers of all CPUs as of its own last look. */
static void a_search_for_the_kernel_leaves_no_cpu_at_an_older_look(void **state)
{
	struct guest_space space;

	(void)state;
	machine.is_slow = true;
	register_looks_drop(&hub_target.looks);
	assert_int_equal(boot_watch_init(&hub_target.watch, &source), STATUS_OK);
	const uint64_t first = ask_hub(0);
	assert_int_equal(hub_target_kernel_space(&hub_target, &space), STATUS_MISSING);
	const uint64_t second = ask_hub(0);
	assert_true(second > first);
	assert_int_equal(ask_hub(1), second);
	/* Nobody searches so soon again: what was seen is good. */
	assert_int_equal(hub_target_kernel_space(&hub_target, &space), STATUS_MISSING);
	assert_int_equal(ask_hub(1), second);
	assert_int_equal(ask_hub(0), second);
	boot_watch_deinit(&hub_target.watch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(what_is_asked_for_again_at_once_is_of_the_same_look, setup),
		cmocka_unit_test_setup(a_slow_monitor_is_asked_less_often, setup),
		cmocka_unit_test_setup(a_look_that_failed_is_not_tried_again_at_once, setup),
		cmocka_unit_test_setup(what_was_dropped_no_cpu_has, setup),
		cmocka_unit_test_setup(what_was_dropped_during_a_look_the_next_one_sees_anew, setup),
		cmocka_unit_test_setup(one_record_full_of_them_is_not_as_many_looks, setup),
		cmocka_unit_test_setup(no_registers_are_of_before_a_pause_begins_or_ends, setup),
		cmocka_unit_test_setup(a_pause_waits_for_nobody_who_looks, setup),
		cmocka_unit_test_setup(a_search_for_the_kernel_leaves_no_cpu_at_an_older_look, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
