/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/listing.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	FIRST_CAPACITY = 64, /* entries; names: bytes times 16 */
	/* Above this a list grows by a quarter, as seq.c's texts do. */
	DOUBLED_MAX = 64 << 10,
	FAULT_SIZE_MAX = 256,
};

struct named {
	uint64_t inode;
	uint32_t mode;
	uint32_t name; /* where it begins in `names` */
};

struct listing {
	struct named *named;
	char *names; /* one after the other, each with its NUL */
	uint32_t *numbers;
	size_t named_count, named_capacity;
	size_t names_size, names_capacity;
	size_t number_count, number_capacity;
	uint32_t number_mode;
	char fault[FAULT_SIZE_MAX];
	uint64_t fault_count;
	bool out_of_memory;
};

status listing_create(struct listing **ret_listing)
{
	struct listing *listing = calloc(1, sizeof *listing);

	if (listing == NULL)
		return STATUS_NO_MEMORY;
	*ret_listing = listing;
	return STATUS_OK;
}

void listing_destroy(struct listing *listing)
{
	if (listing == NULL)
		return;
	free(listing->named);
	free(listing->names);
	free(listing->numbers);
	free(listing);
}

/* Room for `more` items; false with the listing marked. Sizes are bounded by
 * LISTING_COUNT_MAX names of 256 bytes: nothing overflows. */
static bool reserve(struct listing *listing, void **items, size_t *capacity, size_t count, size_t more,
		    size_t item_size)
{
	size_t needed = *capacity != 0 ? *capacity : FIRST_CAPACITY;

	if (listing->out_of_memory)
		return false;
	if (*capacity - count >= more)
		return true;
	while (needed - count < more)
		needed += needed < DOUBLED_MAX ? needed : needed / 4;
	void *grown = realloc(*items, needed * item_size);
	if (grown == NULL) {
		listing->out_of_memory = true;
		return false;
	}
	*items = grown;
	*capacity = needed;
	return true;
}

static bool is_full(struct listing *listing)
{
	if (listing_count(listing) < LISTING_COUNT_MAX)
		return false;
	listing_fault(listing, "the directory is cut: it has more than %d entries", LISTING_COUNT_MAX);
	return true;
}

void listing_add(struct listing *listing, const char *name, uint32_t mode, uint64_t inode)
{
	size_t size = strnlen(name, LISTING_NAME_LENGTH_MAX + 1) + 1;

	if (size == 1 || size > LISTING_NAME_LENGTH_MAX + 1 || memchr(name, '/', size) != NULL) {
		listing_fault(listing, "an entry is missing: \"%.*s\" can't be a name",
			      (int)(size < 80 ? size - 1 : 80), name);
		return;
	}
	if (is_full(listing) ||
	    !reserve(listing, (void **)&listing->named, &listing->named_capacity, listing->named_count, 1,
		     sizeof *listing->named) ||
	    !reserve(listing, (void **)&listing->names, &listing->names_capacity, listing->names_size, size, 1))
		return;
	listing->named[listing->named_count++] =
		(struct named){.inode = inode, .mode = mode, .name = (uint32_t)listing->names_size};
	memcpy(listing->names + listing->names_size, name, size);
	listing->names_size += size;
}

void listing_add_number(struct listing *listing, uint32_t number, uint32_t mode, uint64_t inode)
{
	char name[sizeof "4294967295"];

	if (listing->number_count == 0)
		listing->number_mode = mode;
	if (inode != 0 || mode != listing->number_mode) {
		snprintf(name, sizeof name, "%u", number);
		listing_add(listing, name, mode, inode);
		return;
	}
	if (is_full(listing) || !reserve(listing, (void **)&listing->numbers, &listing->number_capacity,
					 listing->number_count, 1, sizeof *listing->numbers))
		return;
	listing->numbers[listing->number_count++] = number;
}

static int compare_numbers(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;

	return (left > right) - (left < right);
}

void listing_sort_numbers(struct listing *listing)
{
	size_t kept = 0;

	if (listing->number_count == 0)
		return;
	qsort(listing->numbers, listing->number_count, sizeof *listing->numbers, compare_numbers);
	for (size_t i = 1; i < listing->number_count; i++)
		if (listing->numbers[i] != listing->numbers[kept])
			listing->numbers[++kept] = listing->numbers[i];
	listing->number_count = kept + 1;
}

void listing_fault(struct listing *listing, const char *format, ...)
{
	va_list arguments;

	if (listing->fault_count++ != 0)
		return;
	va_start(arguments, format);
	vsnprintf(listing->fault, sizeof listing->fault, format, arguments);
	va_end(arguments);
}

size_t listing_count(const struct listing *listing)
{
	return listing->named_count + listing->number_count;
}

void listing_entry(const struct listing *listing, size_t index, struct listing_entry *ret_entry)
{
	if (index < listing->named_count) {
		const struct named *named = &listing->named[index];

		strcpy(ret_entry->name, listing->names + named->name); /* lint: allow unsafe-call: checked when added */
		ret_entry->mode = named->mode;
		ret_entry->inode = named->inode;
		return;
	}
	snprintf(ret_entry->name, sizeof ret_entry->name, "%u", listing->numbers[index - listing->named_count]);
	ret_entry->mode = listing->number_mode;
	ret_entry->inode = 0;
}

const char *listing_fault_line(const struct listing *listing)
{
	return listing->fault_count != 0 ? listing->fault : NULL;
}

bool listing_out_of_memory(const struct listing *listing)
{
	return listing->out_of_memory;
}
