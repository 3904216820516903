/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/source-plan.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/memory/plan-run.h"

enum {
	/* What one run copies of memory that isn't mapped: direct-mapped, by page number. A
	 * process list of 256 tasks touches some 700 pages, each for a short while. */
	PAGE_COUNT = 256,
};

/* A thread's storage, from its first plan on; what isn't used stays untouched. */
struct store {
	uint64_t table[PLAN_TABLE_COUNT_MAX];
	uint64_t numbers[PLAN_RUN_LINE_COUNT_MAX];
	uint8_t lines[PLAN_RUN_LINE_COUNT_MAX][PLAN_LINE_SIZE];
	uint64_t page_number[PAGE_COUNT]; /* + 1; 0: none */
	uint8_t pages[PAGE_COUNT][GUEST_PAGE_SIZE];
	uint8_t *answer; /* NULL until a sink lends no room */
};

static_assert(sizeof(struct store) <= SOURCE_PLAN_STORE_KIB << 10, "no larger than is said");

struct source_access {
	struct plan_access access; /* must be first */
	struct page_source *source;
	source_mapped mapped;
	struct store *store;
	/* What is mapped in one piece, as it was found last: most of RAM is one. */
	struct ram_range piece;
	const uint8_t *piece_bytes; /* of its start */
};

static pthread_key_t store_key;
static pthread_once_t store_once = PTHREAD_ONCE_INIT;
static bool has_store_key;

static void store_destroy(void *argument)
{
	struct store *store = argument;

	free(store->answer);
	free(store);
}

static void make_store_key(void)
{
	has_store_key = pthread_key_create(&store_key, store_destroy) == 0;
}

static status find_store(struct store **ret_store)
{
	pthread_once(&store_once, make_store_key);
	struct store *store = has_store_key ? pthread_getspecific(store_key) : NULL;
	if (has_store_key && store == NULL) {
		store = calloc(1, sizeof *store);
		if (store != NULL && pthread_setspecific(store_key, store) != 0) {
			free(store);
			store = NULL;
		}
	}
	if (store == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for read plans");
	*ret_store = store;
	return STATUS_OK;
}

/* Not mapped: by way of the run's copy of its page. */
static status read_from_page(struct source_access *access, struct guest_pa line, uint8_t *destination)
{
	uint64_t number = line.value >> GUEST_PAGE_SHIFT, slot = number % PAGE_COUNT;
	struct store *store = access->store;

	if (store->page_number[slot] != number + 1) {
		store->page_number[slot] = 0;
		TRY(access->source->ops->read(access->source, (struct guest_pa){number << GUEST_PAGE_SHIFT},
					      store->pages[slot], GUEST_PAGE_SIZE));
		store->page_number[slot] = number + 1;
	}
	memcpy(destination, store->pages[slot] + line.value % GUEST_PAGE_SIZE, PLAN_LINE_SIZE);
	return STATUS_OK;
}

/* NULL: not mapped. */
static const uint8_t *find_mapped(struct source_access *access, struct guest_pa line)
{
	struct ram_range piece;
	uint64_t offset = line.value - access->piece.start.value;

	/* Both are lines, and no piece begins or ends within one. */
	if (offset < access->piece.size)
		return access->piece_bytes + offset;
	if (access->mapped == NULL)
		return NULL;
	const uint8_t *bytes = access->mapped(access->source, line, &piece);

	if (bytes == NULL)
		return NULL;
	offset = line.value - piece.start.value;
	if (offset % PLAN_LINE_SIZE == 0 && piece.size % PLAN_LINE_SIZE == 0) {
		access->piece = piece;
		access->piece_bytes = bytes - offset;
	}
	return bytes;
}

static status read_line(struct plan_access *base, struct guest_pa line, uint8_t *destination)
{
	struct source_access *access = (struct source_access *)base;
	const uint8_t *bytes = find_mapped(access, line);

	if (bytes == NULL)
		return read_from_page(access, line, destination);
	memcpy(destination, bytes, PLAN_LINE_SIZE);
	return STATUS_OK;
}

/* One after the other, as read_line does it for what is mapped. The rest is asked for by parts where the source can. */
static status read_again(struct plan_access *base, const uint64_t *numbers, uint32_t count,
			 uint8_t (*destination)[PLAN_LINE_SIZE])
{
	struct source_access *access = (struct source_access *)base;

	for (uint32_t i = 0; i < count; i++) {
		struct guest_pa line = {numbers[i] << PLAN_LINE_SHIFT};
		const uint8_t *bytes = find_mapped(access, line);

		if (bytes != NULL)
			memcpy(destination[i], bytes, PLAN_LINE_SIZE);
		else
			TRY(access->source->ops->read(access->source, line, destination[i], PLAN_LINE_SIZE));
	}
	return STATUS_OK;
}

static void expect_line(struct plan_access *base, struct guest_pa line)
{
	struct source_access *access = (struct source_access *)base;
	const uint8_t *bytes = find_mapped(access, line);

	if (bytes != NULL)
		__builtin_prefetch(bytes);
}

static bool peek(struct plan_access *base, struct guest_pa address, uint64_t *ret_value)
{
	const struct guest_pa line = {address.value & ~(uint64_t)(PLAN_LINE_SIZE - 1)};
	const uint8_t *bytes = find_mapped((struct source_access *)base, line);

	if (bytes != NULL)
		memcpy(ret_value, bytes + address.value % PLAN_LINE_SIZE, sizeof *ret_value);
	return bytes != NULL;
}

static status find_room(struct store *store, const struct plan_sink *sink, struct plan_room *ret_room)
{
	*ret_room = (struct plan_room){sink->room,
				       sink->room_size,
				       store->lines,
				       store->numbers,
				       PLAN_RUN_LINE_COUNT_MAX,
				       store->table,
				       PLAN_TABLE_COUNT_MAX,
				       0};
	if (sink->room != NULL)
		return STATUS_OK;
	if (store->answer == NULL)
		store->answer = malloc(PLAN_ANSWER_SIZE_MAX);
	if (store->answer == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for a read plan's answer");
	ret_room->answer = store->answer;
	ret_room->answer_size = PLAN_ANSWER_SIZE_MAX;
	return STATUS_OK;
}

status source_plan_run(struct page_source *source, source_mapped mapped, const struct plan *plan,
		       struct plan_cursor *cursor, struct plan_sink *sink)
{
	struct source_access access = {
		.access = {.read_line = read_line, .read_again = read_again, .expect_line = expect_line, .peek = peek},
		.source = source,
		.mapped = mapped};
	struct plan_room room;
	size_t size;

	TRY(find_store(&access.store));
	TRY(find_room(access.store, sink, &room));
	memset(access.store->page_number, 0, sizeof access.store->page_number);
	if (sink->line_count_max != 0 && sink->line_count_max < room.line_count)
		room.line_count = sink->line_count_max;
	TRY(plan_run(plan, cursor, &access.access, &room, &size, &sink->line_count));
	return sink->take(sink, (struct span){room.answer, size});
}
