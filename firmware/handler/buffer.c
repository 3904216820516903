/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/buffer.h"

#include "firmware/handler/walk.h"
#include "guest/memory/page-entry.h"

enum { SEEN_BITS = 512 };

/* Which pages there were, roughly: who isn't among them needs no search. */
struct seen_pages {
	uint64_t bits[SEEN_BITS / 64];
};

static bool is_known(const struct firmware_buffer *buffer, uint64_t page, struct seen_pages *seen)
{
	const uint64_t place = page / GUEST_PAGE_SIZE % SEEN_BITS, bit = UINT64_C(1) << place % 64;

	if ((seen->bits[place / 64] & bit) == 0) {
		seen->bits[place / 64] |= bit;
		return false;
	}
	for (uint32_t i = 0; i < buffer->page_count; i++)
		if (buffer->pages[i].value == page)
			return true;
	return false;
}

/* Every level must let the caller write: a page that it couldn't write itself isn't written for
 * it. That a copy-on-write page looks read-only is why callers touch their pages first. */
static enum firmware_refusal find_page(const struct firmware_walk *walk, uint64_t address, uint64_t *ret_page)
{
	struct firmware_mapping mapping;
	enum firmware_refusal refusal = firmware_walk_page(walk, address, &mapping);

	if (refusal != FIRMWARE_ACCEPTED)
		return refusal;
	if (!mapping.user || !mapping.writable)
		return FIRMWARE_NOT_WRITABLE;
	*ret_page = mapping.page.value;
	return FIRMWARE_ACCEPTED;
}

static enum firmware_refusal walk_pages(const struct firmware_walk *walk, const struct firmware_caller *caller,
					struct firmware_buffer *buffer)
{
	const uint64_t offset = caller->buffer % GUEST_PAGE_SIZE;
	const uint64_t page_count = (offset + caller->size + GUEST_PAGE_SIZE - 1) / GUEST_PAGE_SIZE;
	uint64_t address = caller->buffer - offset;
	struct seen_pages seen = {0};

	for (uint64_t i = 0; i < page_count; i++, address += GUEST_PAGE_SIZE) {
		uint64_t page;
		enum firmware_refusal refusal = find_page(walk, address, &page);

		if (refusal != FIRMWARE_ACCEPTED)
			return refusal;
		if (is_known(buffer, page, &seen))
			return FIRMWARE_PAGE_TWICE;
		buffer->pages[buffer->page_count++] = (struct guest_pa){page};
	}
	buffer->offset = (uint32_t)offset;
	buffer->size = (uint32_t)caller->size;
	return FIRMWARE_ACCEPTED;
}

/* The lower half of the canonical addresses, whole. */
static bool is_user_range(const struct guest_space *space, uint64_t start, uint64_t size)
{
	const uint64_t end = UINT64_C(1) << (address_bits(space) - 1);

	return start < end && size <= end - start;
}

enum firmware_refusal firmware_buffer_find(const struct firmware_map *map, struct firmware_memory *memory,
					   const struct firmware_caller *caller, struct firmware_buffer *ret_buffer)
{
	struct firmware_buffer buffer = {0};
	struct guest_space space, kernel_space;

	if (!caller->is_64_bit || guest_space_from_registers(&caller->registers, &space, &kernel_space) != STATUS_OK)
		return FIRMWARE_NOT_64_BIT;
	if (caller->registers.cpl != 3)
		return FIRMWARE_NOT_USER;
	if (caller->size == 0 || caller->size > FIRMWARE_BUFFER_SIZE_MAX)
		return FIRMWARE_SIZE;
	if (!is_user_range(&space, caller->buffer, caller->size))
		return FIRMWARE_ADDRESS;
	/* At CPL 3 the CPU's own root maps the caller, under KPTI too: no other one is tried. */
	struct firmware_last_table last = {0};
	const struct firmware_walk walk = {map, memory, &space, &last};
	enum firmware_refusal refusal = walk_pages(&walk, caller, &buffer);
	if (refusal == FIRMWARE_ACCEPTED)
		*ret_buffer = buffer;
	return refusal;
}

/* One visit per page that [offset, offset + size) touches. */
typedef void (*page_visit)(struct firmware_memory *memory, struct guest_pa at, uint8_t *bytes, uint32_t size);

static status visit_pages(const struct firmware_buffer *buffer, struct firmware_memory *memory, uint32_t offset,
			  uint8_t *bytes, uint32_t size, page_visit visit)
{
	if (offset > buffer->size || size > buffer->size - offset)
		return STATUS_USAGE;
	uint32_t place = buffer->offset + offset;
	while (size > 0) {
		uint32_t within = place % GUEST_PAGE_SIZE;
		uint32_t part = GUEST_PAGE_SIZE - within < size ? GUEST_PAGE_SIZE - within : size;

		visit(memory, (struct guest_pa){buffer->pages[place / GUEST_PAGE_SIZE].value + within}, bytes, part);
		place += part;
		bytes += part;
		size -= part;
	}
	return STATUS_OK;
}

static void visit_read(struct firmware_memory *memory, struct guest_pa at, uint8_t *bytes, uint32_t size)
{
	memory->read(memory, at, bytes, size);
}

static void visit_write(struct firmware_memory *memory, struct guest_pa at, uint8_t *bytes, uint32_t size)
{
	memory->write(memory, at, bytes, size);
}

status firmware_buffer_read(const struct firmware_buffer *buffer, struct firmware_memory *memory, uint32_t offset,
			    void *destination, uint32_t size)
{
	return visit_pages(buffer, memory, offset, destination, size, visit_read);
}

status firmware_buffer_write(const struct firmware_buffer *buffer, struct firmware_memory *memory, uint32_t offset,
			     const void *bytes, uint32_t size)
{
	/* visit_write() only reads them. */
	return visit_pages(buffer, memory, offset, (uint8_t *)(uintptr_t)bytes, size, visit_write);
}
