/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Arbitrary bytes as an ELF core: what is accepted must lie in the file. */
#include <stdbool.h>
#include <stdlib.h>

#include "agent/dump-elf.h"
#include "agent/dump-memory.h"
#include "base/checked.h"
#include "base/report.h"
#include "guest/memory/memory.h"

enum {
	CACHE_PAGES = GUEST_MEMORY_CACHE_PAGES_MIN,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void require(bool holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct dump_memory dump;
	static uint8_t storage[(GUEST_PAGE_SIZE + 512) * CACHE_PAGES + (64 << 10)] __attribute__((aligned(16)));
	struct guest_memory memory;

	report_sink_set(drop_message, NULL);
	dump_memory_init(&dump, (struct span){data, size}, -1);
	if (!dump_is_elf(dump.file) || dump_parse_elf(dump.file, &dump.contents) != STATUS_OK)
		return 0;
	/* Accepted: then the memory above takes its map, and every page reads. */
	require(guest_memory_init(&memory, &dump.source, storage, sizeof storage) == STATUS_OK);
	for (uint32_t i = 0; i < dump.contents.segment_count; i++) {
		const struct dump_segment *segment = &dump.contents.segments[i];
		struct guest_pa last = {segment->range.start.value + segment->range.size - GUEST_PAGE_SIZE};
		const uint8_t *page;

		require(checked_within(segment->offset, segment->range.size, size));
		require(guest_memory_page(&memory, segment->range.start, &page) == STATUS_OK);
		require(guest_memory_page(&memory, last, &page) == STATUS_OK);
	}
	return 0;
}
