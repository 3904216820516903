// SPDX-License-Identifier: GPL-2.0-or-later
/* Reaching types and names in BTF of which only pieces are at hand. */
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf-format.h"

enum {
	/* Names are looked at in parts of this size; few are longer. */
	NAME_PART_SIZE = 64,
};

static status head_at(const struct guest_types *types, uint32_t place, struct btf_head *ret_head)
{
	uint8_t buffer[BTF_TYPE_SIZE];
	const uint8_t *type;

	TRY(btf_bytes(types, place, sizeof buffer, buffer, &type));
	*ret_head = (struct btf_head){
		.types = types,
		.place = place + BTF_TYPE_SIZE,
		.name = btf_u32(type + BTF_NAME_AT),
		.info = btf_u32(type + BTF_INFO_AT),
		.size_or_type = btf_u32(type + BTF_SIZE_AT),
	};
	return STATUS_OK;
}

status btf_head_get(const struct guest_types *types, uint32_t id, struct btf_head *ret_head)
{
	const struct guest_types *owner = id < types->first_id ? types->base : types; /* a base has none itself */
	uint32_t number = id - owner->own_start;
	uint32_t place = owner->place[number >> BTF_STRIDE_SHIFT];

	TRY(head_at(owner, place, ret_head));
	for (uint32_t skip = number & (BTF_STRIDE - 1); skip > 0; skip--) {
		/* All of this was inside when it was checked; it must still be
		 * (pieces don't change), and place fits 32 bits. */
		place = ret_head->place + (uint32_t)btf_tail_size(owner, ret_head->info);
		TRY(head_at(owner, place, ret_head));
	}
	return STATUS_OK;
}

/* Up to NAME_PART_SIZE bytes of a name from its character `from` on; a name
 * ends with a NUL at the end of the strings at the latest. */
static status name_part(const struct guest_types *types, uint32_t name, size_t from, void *buffer,
			const char **ret_part, size_t *ret_size)
{
	const struct guest_types *owner = name < types->strings_start ? types->base : types;
	uint64_t at = (uint64_t)name - owner->strings_start + from;
	size_t size = at < owner->strings_size ? owner->strings_size - (size_t)at : 0;
	const uint8_t *bytes;

	if (size == 0)
		return report(STATUS_INTERNAL, "a name in BTF without an end");
	if (size > NAME_PART_SIZE)
		size = NAME_PART_SIZE;
	TRY(pieces_get(owner->bytes, owner->strings_at + at, size, buffer, &bytes));
	*ret_part = (const char *)bytes;
	*ret_size = size;
	return STATUS_OK;
}

status btf_name_is(const struct guest_types *types, uint32_t name, const char *wanted, size_t length, bool *ret_is)
{
	char buffer[NAME_PART_SIZE];
	const char *part;
	size_t size;

	for (size_t done = 0;; done += size) {
		TRY(name_part(types, name, done, buffer, &part, &size));
		if (done + size > length) {
			*ret_is = memcmp(part, wanted + done, length - done) == 0 && part[length - done] == '\0';
			return STATUS_OK;
		}
		if (memcmp(part, wanted + done, size) != 0 || memchr(part, 0, size) != NULL) {
			*ret_is = false;
			return STATUS_OK;
		}
	}
}

status btf_name_is_empty(const struct guest_types *types, uint32_t name, bool *ret_is)
{
	return btf_name_is(types, name, "", 0, ret_is);
}

status btf_name_copy(const struct guest_types *types, uint32_t name, char ret_name[static GUEST_TYPE_NAME_SIZE])
{
	char buffer[NAME_PART_SIZE];
	size_t done = 0, size;
	const char *part;

	while (done < GUEST_TYPE_NAME_SIZE - 1) {
		TRY(name_part(types, name, done, buffer, &part, &size));
		if (size > GUEST_TYPE_NAME_SIZE - 1 - done)
			size = GUEST_TYPE_NAME_SIZE - 1 - done;
		memcpy(ret_name + done, part, size);
		done += size;
		if (memchr(ret_name + done - size, 0, size) != NULL)
			return STATUS_OK;
	}
	ret_name[done] = '\0';
	return STATUS_OK;
}

status btf_name_hash(const struct guest_types *types, uint32_t name, uint32_t *ret_hash)
{
	char buffer[NAME_PART_SIZE];
	uint32_t hash = 0;
	const char *part;
	size_t size;

	for (size_t done = 0; done < GUEST_TYPE_NAME_SIZE; done += size) {
		TRY(name_part(types, name, done, buffer, &part, &size));
		for (size_t i = 0; i < size; i++) {
			if (part[i] == '\0') {
				*ret_hash = name_hash_finish(hash);
				return STATUS_OK;
			}
			hash = name_hash_append(hash, part[i]);
		}
	}
	return STATUS_END;
}
