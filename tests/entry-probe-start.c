/* SPDX-License-Identifier: GPL-2.0-or-later */
/* entry-probe.c's start blocks that lie. */
#include "base/test.h"

#include <string.h>

#include "base/checked.h"
#include "entry-probe.h"
#include "wire/image.h"

/* Each lie costs the enclave its one start. */
static void refuses_start(void (*lie)(void))
{
	uint64_t block;

	probe_teardown(NULL);
	probe_load(probe_image_path);
	lie();
	block = (uint64_t)probe.start;
	probe_enter(0, IMAGE_ENTRY_START, block);
	probe_expect_refusal(IMAGE_REFUSAL_START);
	probe_enter(0, IMAGE_ENTRY_START, block);
	probe_expect_refusal(IMAGE_REFUSAL_BUSY);
}

static void lie_magic(void)
{
	probe.start->magic++;
}
static void lie_flag(void)
{
	probe.start->flags = 1u << 30;
}
static void lie_source(void)
{
	probe.start->flags = START_HAS_SOURCE;
}
static void lie_window_inside(void)
{
	probe.start->window = probe.base + 0x10000;
}
static void lie_window_reaches_in(void)
{
	probe.start->window = probe.base - 4096;
}
static void lie_window_wraps(void)
{
	probe.start->window = UINT64_MAX - 4095;
}
static void lie_window_crooked(void)
{
	probe.start->window += 8;
}
static void lie_ring(void)
{
	probe.start->ring = 4096;
}
static void lie_no_ring(void)
{
	probe.start->flags = START_HAS_LINK;
	probe.start->target[0] = 'x';
}
static void lie_ring_at(uint64_t ring)
{
	probe.start->flags = START_HAS_LINK;
	probe.start->target[0] = 'x';
	probe.start->ring = ring;
}
static void lie_ring_inside(void)
{
	lie_ring_at(probe.base + 0x10000);
}
static void lie_ring_reaches_in(void)
{
	lie_ring_at(probe.base - 64);
}
static void lie_ring_crooked(void)
{
	lie_ring_at((uint64_t)probe.ring + 8);
}
static void lie_ring_is_window(void)
{
	lie_ring_at((uint64_t)probe.window);
}
static void lie_ring_ends_in_window(void)
{
	lie_ring_at((uint64_t)probe.window - sizeof(struct link_ring) + 64);
}
static void lie_ring_begins_in_window(void)
{
	lie_ring_at((uint64_t)(probe.window + 1) - 64);
}
static void lie_no_arguments(void)
{
	probe.start->argument_count = 0;
}
static void lie_arguments(void)
{
	probe.start->argument_count = 3;
}
static void lie_environment(void)
{
	probe.start->environment_count = UINT32_MAX;
}
static void lie_size(void)
{
	probe.start->strings_size = UINT64_MAX;
}
static void lie_no_end(void)
{
	probe.start->strings_size = 9;
}

static void lie_target(void)
{
	probe.start->flags = START_HAS_LINK;
	probe.start->ring = (uint64_t)probe.ring;
	memset(probe.start->target, 'x', sizeof probe.start->target);
}

/* What the lies are measured by: the same with the truth is taken. */
void an_honest_link_is_taken(void **state)
{
	(void)state;
	/* Anew: cmocka has put its own signal handlers in place since the setup. */
	probe_teardown(NULL);
	probe_load(probe_image_path);
	lie_ring_at((uint64_t)probe.ring);
	probe_enter(0, IMAGE_ENTRY_START, (uint64_t)probe.start);
	assert_int_equal(probe.event.reason, IMAGE_EXIT_CALL);
}

void a_start_block_that_lies_is_refused(void **state)
{
	static void (*const lies[])(void) = {
		lie_magic,
		lie_flag,
		lie_source,
		lie_window_inside,
		lie_window_reaches_in,
		lie_window_wraps,
		lie_window_crooked,
		lie_ring,
		lie_no_ring,
		lie_no_arguments,
		lie_arguments,
		lie_environment,
		lie_size,
		lie_no_end,
		lie_target,
		lie_ring_inside,
		lie_ring_reaches_in,
		lie_ring_crooked,
		lie_ring_is_window,
		lie_ring_ends_in_window,
		lie_ring_begins_in_window,
	};

	(void)state;
	for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++)
		refuses_start(lies[i]);
}
