/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "firmware/handler/map.h"

#include "guest/memory/space.h"

enum { PAGE_MASK = GUEST_PAGE_SIZE - 1 };

#define ADDRESS_END (UINT64_C(1) << GUEST_PHYSICAL_BITS_MAX)

/* UEFI 2.10, table 7.6, in its order. Unaccepted, persistent and special-purpose memory stays closed. */
bool firmware_map_is_system_memory(uint32_t uefi_type)
{
	enum {
		LOADER_CODE = 1,
		BOOT_SERVICES_DATA = 4,
		CONVENTIONAL = 7,
		ACPI_RECLAIM = 9,
	};

	return (uefi_type >= LOADER_CODE && uefi_type <= BOOT_SERVICES_DATA) || uefi_type == CONVENTIONAL ||
	       uefi_type == ACPI_RECLAIM;
}

void firmware_map_init(struct firmware_map *map)
{
	*map = (struct firmware_map){0};
}

static bool is_beyond(uint64_t start, uint64_t size)
{
	return start > ADDRESS_END || size > ADDRESS_END - start;
}

status firmware_map_add_ram(struct firmware_map *map, struct guest_pa start, uint64_t size)
{
	struct ram_map *ram = &map->ram;
	struct ram_range *last = ram->range_count > 0 ? &ram->range[ram->range_count - 1] : NULL;

	if (is_beyond(start.value, size))
		return STATUS_MALFORMED;
	uint64_t first = (start.value + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
	uint64_t end = (start.value + size) & ~(uint64_t)PAGE_MASK;
	if (end <= first)
		return STATUS_OK;
	if (last != NULL && first < last->start.value + last->size)
		return STATUS_MALFORMED;
	if (last != NULL && first == last->start.value + last->size) {
		last->size += end - first;
		return STATUS_OK;
	}
	if (ram->range_count == RAM_RANGE_COUNT_MAX)
		return STATUS_LIMIT;
	ram->range[ram->range_count++] = (struct ram_range){{first}, end - first};
	return STATUS_OK;
}

status firmware_map_forbid(struct firmware_map *map, struct guest_pa start, uint64_t size)
{
	if (size == 0)
		return STATUS_OK;
	if (is_beyond(start.value, size))
		return STATUS_MALFORMED;
	if (map->forbidden_count == FIRMWARE_FORBIDDEN_COUNT_MAX)
		return STATUS_LIMIT;
	uint64_t first = start.value & ~(uint64_t)PAGE_MASK;
	uint64_t end = (start.value + size + PAGE_MASK) & ~(uint64_t)PAGE_MASK;
	map->forbidden[map->forbidden_count++] = (struct ram_range){{first}, end - first};
	return STATUS_OK;
}

/* In its order: the last range that begins at `start` or before. */
static bool is_ram(const struct ram_map *ram, uint64_t start, uint64_t size)
{
	uint32_t low = 0, high = ram->range_count;

	while (low < high) {
		const uint32_t middle = (low + high) / 2;

		if (ram->range[middle].start.value <= start)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return false;
	const struct ram_range *range = &ram->range[low - 1];
	return start - range->start.value < range->size && size <= range->size - (start - range->start.value);
}

bool firmware_map_is_open(const struct firmware_map *map, struct guest_pa start, uint64_t size)
{
	if (is_beyond(start.value, size) || !is_ram(&map->ram, start.value, size))
		return false;
	for (uint32_t i = 0; i < map->forbidden_count; i++) {
		const struct ram_range *range = &map->forbidden[i];

		if (start.value < range->start.value + range->size && range->start.value < start.value + size)
			return false;
	}
	return true;
}
