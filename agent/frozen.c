/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/frozen.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/clock.h"
#include "agent/source-plan.h"
#include "base/report.h"

enum {
	/* At most half full: few steps to a page. */
	PLACE_COUNT = 2 * FROZEN_PAGE_COUNT_MAX,
	PLACE_BITS = 24, /* of a place: the page's index + 1; above it the page's number */
};

static_assert(FROZEN_PAGE_COUNT_MAX < (1 << PLACE_BITS) - 1, "an index fits a place");

static const uint64_t store_magic = UINT64_C(0x316e657a6f72467a); /* "zFrozen1" */

struct image {
	uint64_t magic;
	uint64_t created_ns; /* clock_ns() */
	char name[FROZEN_NAME_SIZE];
	char subject[FROZEN_SUBJECT_SIZE];
	_Atomic uint64_t used_count; /* of `pages`, some of them by those who came second */
	/* Open addressing; 0: free. Written once, after the page that it leads to. */
	_Atomic uint64_t places[PLACE_COUNT];
	_Alignas(GUEST_PAGE_SIZE) uint8_t pages[FROZEN_PAGE_COUNT_MAX][GUEST_PAGE_SIZE];
};

struct frozen_store {
	struct image *image;
	int file; /* our own handle of it; -1: anonymous */
	_Atomic bool is_end_told; /* that it is full, over, … */
};

bool frozen_name_is_valid(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < FROZEN_NAME_SIZE && name[0] != '.' &&
	       strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-") == length;
}

/* Have the file hold this part: a write to a mapping's page that the file system has no room for kills (SIGBUS). A file
 * system that can't say is written to as it is. */
static bool has_room(int file, size_t offset, size_t size)
{
	int result = 0;

	if (file < 0)
		return true;
	do
		result = fallocate(file, 0, (off_t)offset, (off_t)size);
	while (result != 0 && errno == EINTR);
	return result == 0 || errno == EOPNOTSUPP;
}

static void close_file(const struct frozen_store *store)
{
	if (store->file >= 0)
		close(store->file);
}

static status map(int file, struct frozen_store **ret_store)
{
	struct frozen_store *store = calloc(1, sizeof *store);
	int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;

	if (store == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for an epoch");
	store->file = file < 0 ? -1 : fcntl(file, F_DUPFD_CLOEXEC, 0);
	if (file >= 0 && store->file < 0) {
		free(store);
		return report(STATUS_IO, "an epoch's file can't be kept open: %m");
	}
	store->image = mmap(NULL, sizeof *store->image, PROT_READ | PROT_WRITE, flags | MAP_NORESERVE, file, 0);
	if (store->image == MAP_FAILED) {
		close_file(store);
		free(store);
		return report(STATUS_NO_MEMORY, "no %zu MiB of addresses for an epoch: %m", sizeof(struct image) >> 20);
	}
	*ret_store = store;
	return STATUS_OK;
}

status frozen_store_create(int file, const char *name, const char *subject, struct frozen_store **ret_store)
{
	struct frozen_store *store;

	if (!frozen_name_is_valid(name) || strlen(subject) >= FROZEN_SUBJECT_SIZE)
		return report(STATUS_USAGE, "'%.80s' can't be an epoch's name: 1 to %d of A-Z a-z 0-9 . _ -", name,
			      FROZEN_NAME_SIZE - 1);
	if (file >= 0 &&
	    (ftruncate(file, sizeof *store->image) != 0 || !has_room(file, 0, offsetof(struct image, pages))))
		return report(STATUS_IO, "no room for an epoch's file: %m");
	TRY(map(file, &store));
	memcpy(store->image->name, name, strlen(name) + 1);
	memcpy(store->image->subject, subject, strlen(subject) + 1);
	store->image->created_ns = (uint64_t)clock_ns();
	atomic_thread_fence(memory_order_release);
	store->image->magic = store_magic;
	*ret_store = store;
	return STATUS_OK;
}

static bool is_whole(const struct image *image)
{
	return image->magic == store_magic && memchr(image->name, 0, sizeof image->name) != NULL &&
	       memchr(image->subject, 0, sizeof image->subject) != NULL && frozen_name_is_valid(image->name) &&
	       image->created_ns <= (uint64_t)clock_ns();
}

status frozen_store_open(int file, struct frozen_store **ret_store)
{
	struct frozen_store *store;
	struct stat stat;

	if (fstat(file, &stat) != 0 || !S_ISREG(stat.st_mode) || stat.st_size != sizeof *store->image)
		return report(STATUS_MALFORMED, "this is no epoch's file: begin one anew with --new-epoch");
	TRY(map(file, &store));
	status result = STATUS_OK;
	if (!is_whole(store->image))
		result = report(STATUS_MALFORMED, "this is no epoch's file: begin one anew with --new-epoch");
	else if (frozen_store_is_over(store))
		result = report(STATUS_END, "the epoch %s is over: it began %llu s ago, and epochs last %d s",
				store->image->name, (unsigned long long)(frozen_store_age_ns(store) / 1000000000),
				FROZEN_LIFE_S);
	if (result != STATUS_OK) {
		frozen_store_destroy(store);
		return result;
	}
	*ret_store = store;
	return STATUS_OK;
}

void frozen_store_destroy(struct frozen_store *store)
{
	if (store == NULL)
		return;
	munmap(store->image, sizeof *store->image);
	close_file(store);
	free(store);
}

const char *frozen_store_name(const struct frozen_store *store)
{
	return store->image->name;
}

const char *frozen_store_subject(const struct frozen_store *store)
{
	return store->image->subject;
}

uint64_t frozen_store_age_ns(const struct frozen_store *store)
{
	uint64_t now = (uint64_t)clock_ns(), created = store->image->created_ns;

	return now > created ? now - created : 0;
}

bool frozen_store_is_over(const struct frozen_store *store)
{
	return frozen_store_age_ns(store) > FROZEN_LIFE_S * UINT64_C(1000000000);
}

uint64_t frozen_store_page_count(const struct frozen_store *store)
{
	uint64_t count = atomic_load(&store->image->used_count);

	return count < FROZEN_PAGE_COUNT_MAX ? count : FROZEN_PAGE_COUNT_MAX;
}

/* ---- the table */

static uint64_t page_of(uint64_t place)
{
	return place >> PLACE_BITS;
}

/* NULL: what the file says can't be. */
static const uint8_t *bytes_of(const struct image *image, uint64_t place)
{
	uint64_t index = (place & ((1 << PLACE_BITS) - 1)) - 1;

	return index < FROZEN_PAGE_COUNT_MAX ? image->pages[index] : NULL;
}

static size_t first_place(uint64_t page)
{
	/* 2⁶⁴ divided by the golden ratio */
	return (size_t)(page * UINT64_C(0x9e3779b97f4a7c15) >> 40) % PLACE_COUNT;
}

/* The page's copy; NULL: nobody has asked for it. *ret_free is where it would stand. */
static const uint8_t *find(struct image *image, uint64_t page, size_t from, size_t *ret_free)
{
	for (size_t i = 0; i < PLACE_COUNT; i++) {
		size_t at = (from + i) % PLACE_COUNT;
		uint64_t place = atomic_load_explicit(&image->places[at], memory_order_acquire);

		if (place == 0) {
			*ret_free = at;
			return NULL;
		}
		if (page_of(place) == page)
			return bytes_of(image, place);
	}
	*ret_free = PLACE_COUNT;
	return NULL;
}

/* Nothing more comes from it. */
static status end(struct frozen_store *store, const char *why)
{
	if (!atomic_exchange(&store->is_end_told, true))
		return report(STATUS_LIMIT, "the epoch %s %s; begin another (--new-epoch)", store->image->name, why);
	return STATUS_LIMIT;
}

static status full(struct frozen_store *store)
{
	char why[64];

	snprintf(why, sizeof why, "is full: %d pages were copied for it", FROZEN_PAGE_COUNT_MAX);
	return end(store, why);
}

static status over(struct frozen_store *store)
{
	char why[64];

	snprintf(why, sizeof why, "is over: epochs last %d s", FROZEN_LIFE_S);
	return end(store, why);
}

/* Put a copy into the table, unless somebody else's was there first: his counts. */
static status publish(struct frozen_store *store, uint64_t page, const uint8_t *copy, const uint8_t **ret_bytes)
{
	struct image *image = store->image;
	uint64_t index = atomic_fetch_add(&image->used_count, 1);
	size_t at = first_place(page);

	if (index >= FROZEN_PAGE_COUNT_MAX)
		return full(store);
	if (!has_room(store->file, offsetof(struct image, pages) + index * GUEST_PAGE_SIZE, GUEST_PAGE_SIZE))
		return end(store, "can't grow: the file system has no room for its file");
	/* The analyzer takes `pages`, the image's last member, for nothing. */
	memcpy(&image->pages[index], copy, GUEST_PAGE_SIZE); /* NOLINT(clang-analyzer-core.NonNullParamChecker) */
	/* A place that was taken meanwhile is looked at again: no more than there are. */
	for (size_t tries = 0; tries <= PLACE_COUNT; tries++) {
		const uint8_t *found = find(image, page, at, &at);
		uint64_t none = 0;

		if (found == NULL && at == PLACE_COUNT)
			break;
		if (found == NULL &&
		    !atomic_compare_exchange_strong(&image->places[at], &none, page << PLACE_BITS | (index + 1)))
			continue;
		*ret_bytes = found != NULL ? found : image->pages[index];
		return STATUS_OK;
	}
	return full(store);
}

/* The one version of the page. */
static status page_bytes(struct frozen *frozen, uint64_t page, const uint8_t **ret_bytes)
{
	uint8_t copy[GUEST_PAGE_SIZE];
	size_t unused;

	if (frozen_store_is_over(frozen->store))
		return over(frozen->store);
	*ret_bytes = find(frozen->store->image, page, first_place(page), &unused);
	if (*ret_bytes != NULL)
		return STATUS_OK;
	TRY(frozen->below->ops->read(frozen->below, (struct guest_pa){page << GUEST_PAGE_SHIFT}, copy, sizeof copy));
	return publish(frozen->store, page, copy, ret_bytes);
}

/* ---- the source */

static struct frozen *from_source(struct page_source *source)
{
	return (struct frozen *)source;
}

static status source_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	const uint8_t *bytes;

	if (size == 0)
		return STATUS_OK;
	TRY(page_bytes(from_source(source), start.value >> GUEST_PAGE_SHIFT, &bytes));
	memcpy(destination, bytes + start.value % GUEST_PAGE_SIZE, size);
	return STATUS_OK;
}

/* Lines come as parts of their pages: what a plan brings and what is read later is one version. */
static const uint8_t *stored_line(struct page_source *source, struct guest_pa line, struct ram_range *ret_range)
{
	const uint8_t *bytes;

	if (page_bytes(from_source(source), line.value >> GUEST_PAGE_SHIFT, &bytes) != STATUS_OK)
		return NULL;
	*ret_range = (struct ram_range){{line.value - line.value % GUEST_PAGE_SIZE}, GUEST_PAGE_SIZE};
	return bytes + line.value % GUEST_PAGE_SIZE;
}

static status source_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			      struct plan_sink *sink)
{
	if (from_source(source)->below->ops->run_plan == NULL)
		return STATUS_UNSUPPORTED;
	return source_plan_run(source, stored_line, plan, cursor, sink);
}

/* What lies where is no matter of the moment. */
static status source_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	struct page_source *below = from_source(source)->below;

	return below->ops->ram_map(below, ret_map);
}

static status source_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				    const uint8_t **ret_bytes)
{
	struct page_source *below = from_source(source)->below;

	return below->ops->next_populated(below, start, ret_range, ret_bytes);
}

/* Used to find the kernel's page tables, whose upper half is the same for all. */
static status source_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct page_source *below = from_source(source)->below;

	return below->ops->registers(below, cpu_index, ret_registers);
}

static status source_check(struct page_source *source)
{
	struct page_source *below = from_source(source)->below;

	return below->ops->check(below);
}

static const struct page_source_ops all_ops = {
	.read = source_read,
	.next_populated = source_next_populated,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.run_plan = source_run_plan,
	.check = source_check,
};

static const struct page_source_ops ops_without_search = {
	.read = source_read,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.run_plan = source_run_plan,
	.check = source_check,
};

void frozen_init(struct frozen *frozen, struct page_source *below, struct frozen_store *store)
{
	*frozen = (struct frozen){
		.source = {.ops = below->ops->next_populated != NULL ? &all_ops : &ops_without_search, .now = below},
		.below = below,
		.store = store,
	};
}
