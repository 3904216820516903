/* SPDX-License-Identifier: GPL-2.0-or-later */
/* No libc here: this runs before it, and below it. */
#include "enclave/runtime/call.h"

#include "base/checked.h"

static struct call_window *host_window;

void runtime_window_init(struct call_window *window)
{
	host_window = window;
}

static void check_range(size_t offset, size_t size)
{
	if (offset % 8 != 0 || !checked_within(offset, size, CALL_DATA_SIZE))
		__builtin_trap();
}

void runtime_window_put(size_t offset, const void *from, size_t size)
{
	const uint8_t *bytes = from;
	volatile uint64_t *words;

	check_range(offset, size);
	/* Whole aligned words to the outside: partial writes to memory that the
	 * host watches can leak stale data on some CPUs (Intel DRPW, SA-00615). */
	words = (volatile uint64_t *)(host_window->data + offset);
	for (; size >= 8; size -= 8, bytes += 8) {
		uint64_t word;

		__builtin_memcpy(&word, bytes, 8);
		*words++ = word;
	}
	if (size > 0) {
		uint64_t word = 0;

		for (size_t i = 0; i < size; i++)
			word |= (uint64_t)bytes[i] << (8 * i);
		*words = word;
	}
}

void runtime_window_get(size_t offset, void *to, size_t size)
{
	uint8_t *bytes = to;
	const volatile uint64_t *words;

	check_range(offset, size);
	words = (const volatile uint64_t *)(host_window->data + offset);
	for (; size >= 8; size -= 8, bytes += 8) {
		uint64_t word = *words++;

		__builtin_memcpy(bytes, &word, 8);
	}
	if (size > 0) {
		uint64_t word = *words;

		for (size_t i = 0; i < size; i++)
			bytes[i] = (uint8_t)(word >> (8 * i));
	}
}

int64_t runtime_call_host(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e)
{
	volatile struct call_slot *slot = &host_window->slot;

	slot->number = number;
	slot->argument[0] = a;
	slot->argument[1] = b;
	slot->argument[2] = c;
	slot->argument[3] = d;
	slot->argument[4] = e;
	slot->argument[5] = 0;
	runtime_enter_host();
	return slot->result;
}

_Noreturn void runtime_exit(int code)
{
	runtime_call_host(CALL_EXIT, code & 0xff, 0, 0, 0, 0);
	/* A host that lets an ended program go on gets nothing out of it. */
	for (;;)
		__builtin_trap();
}
