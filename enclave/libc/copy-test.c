/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdbool.h>
#include <string.h>

#include "base/test.h"
#include "enclave/libc/copy.h"

enum {
	ROOM = 8192,
	GUARD = 80,
};

static unsigned char room[ROOM], expected[ROOM], before[ROOM];

static void fill(void)
{
	uint32_t state = 1;

	for (size_t i = 0; i < ROOM; i++) {
		state = state * 1664525 + 1013904223;
		before[i] = (unsigned char)(state >> 24);
	}
}

/* Byte by byte, by way of a copy: what memmove() is by C's definition (C23 7.26.2.3). */
static void move_slowly(size_t to, size_t from, size_t size)
{
	for (size_t i = 0; i < size; i++)
		expected[to + i] = before[from + i];
}

static void try_copy(size_t to, size_t from, size_t size)
{
	for (size_t i = 0; i < ROOM; i++)
		room[i] = expected[i] = before[i];
	move_slowly(to, from, size);
	libc_copy(room + to, room + from, size);
	for (size_t i = 0; i < ROOM; i++)
		if (room[i] != expected[i])
			fail_msg("%zu bytes from %zu to %zu: byte %zu is %u instead of %u", size, from, to, i, room[i],
				 expected[i]);
}

static void each_size_is_copied_whole_and_nothing_beside_it(void **state)
{
	(void)state;
	for (size_t size = 0; size < 400; size++)
		for (size_t offset = 0; offset < 3; offset++)
			try_copy(4096 + offset, GUARD + offset * 5, size);
	for (size_t size = LIBC_COPY_LARGE_SIZE - 2; size < LIBC_COPY_LARGE_SIZE + 66; size++)
		try_copy(4096 + size % 16, GUARD, size);
}

static void pieces_that_overlap_are_copied_as_they_were_before(void **state)
{
	static const size_t sizes[] = {1, 3, 8, 15, 17, 31, 33, 63, 64, 65, 127, 128, 129, 190, 257, 1023, 1024, 2049};

	(void)state;
	for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
		for (size_t distance = 0; distance <= 70; distance++) {
			try_copy(2000 + distance, 2000, sizes[i]);
			try_copy(2000, 2000 + distance, sizes[i]);
		}
}

static void pieces_that_nearly_touch_are_copied_whole(void **state)
{
	(void)state;
	for (size_t size = 100; size < 1300; size += 37)
		for (size_t gap = 0; gap < 3; gap++) {
			try_copy(2000 + size - 1 + gap, 2000, size);
			try_copy(2000, 2000 + size - 1 + gap, size);
		}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_size_is_copied_whole_and_nothing_beside_it),
		cmocka_unit_test(pieces_that_overlap_are_copied_as_they_were_before),
		cmocka_unit_test(pieces_that_nearly_touch_are_copied_whole),
	};

	fill();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
