/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/file.h"

#include <elf.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

/* The headers must be loaded, so that what they say is measured. */
static status check_headers(const char *name, struct span file, const struct image_layout *layout)
{
	const struct image_segment *first = &layout->segments[0];
	Elf64_Ehdr header;
	uint64_t table_size;

	memcpy(&header, file.data, sizeof header);
	table_size = (uint64_t)header.e_phnum * sizeof(Elf64_Phdr);
	if (first->data.data != file.data || first->data_offset != 0 || table_size > first->data.size ||
	    header.e_phoff > first->data.size - table_size)
		return report(STATUS_MALFORMED,
			      "%s: the ELF's headers aren't part of its first segment: link it with "
			      "bartizan-cc",
			      name);
	return STATUS_OK;
}

/* Where the last segment's bytes end in the file. */
static size_t loaded_end(struct span file, const struct image_layout *layout)
{
	size_t end = 0;

	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct span *data = &layout->segments[i].data;
		size_t segment_end = (size_t)(data->data - file.data) + data->size;

		if (data->size != 0 && segment_end > end)
			end = segment_end;
	}
	return end;
}

/* What the file should be, `size` bytes. */
static void fill(struct span file, const struct image_layout *layout, uint8_t *bytes, size_t size)
{
	Elf64_Ehdr header;

	memset(bytes, 0, size);
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct span *data = &layout->segments[i].data;

		memcpy(bytes + (data->data - file.data), data->data, data->size);
	}
	memcpy(&header, bytes, sizeof header);
	header.e_shoff = 0;
	header.e_shentsize = 0;
	header.e_shnum = 0;
	header.e_shstrndx = SHN_UNDEF;
	memcpy(bytes, &header, sizeof header);
}

static status make(const char *name, struct span linked, const struct image_layout *layout, uint8_t **ret_bytes,
		   size_t *ret_size)
{
	uint8_t *bytes;
	size_t size;

	TRY(check_headers(name, linked, layout));
	size = loaded_end(linked, layout);
	bytes = malloc(size);
	if (bytes == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the %zu bytes of %s", size, name);
	fill(linked, layout, bytes, size);
	*ret_bytes = bytes;
	*ret_size = size;
	return STATUS_OK;
}

status image_file_make(const char *name, struct span linked, uint8_t **ret_bytes, size_t *ret_size)
{
	struct image_layout layout;

	TRY(image_layout_read(name, linked, &layout));
	return make(name, linked, &layout, ret_bytes, ret_size);
}

status image_file_check(const char *name, struct span file, const struct image_layout *layout)
{
	uint8_t *wanted;
	size_t size;
	bool same;

	TRY(make(name, file, layout, &wanted, &size));
	same = size == file.size && memcmp(wanted, file.data, size) == 0;
	free(wanted);
	if (!same)
		return report(STATUS_MALFORMED,
			      "%s holds more than the image, or was changed outside of it: what is measured "
			      "isn't all of it. If it comes from a linker, run `bartizan image build`",
			      name);
	return STATUS_OK;
}
