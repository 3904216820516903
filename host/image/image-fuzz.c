/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Notes and layout: the file's beginning is the tiny image's, so that most inputs
 * get as far as the notes. */
#include <stdlib.h>

#include "base/report.h"
#include "host/image/file.h"
#include "host/image/image-test.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void drop(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* What the loaders rely on. */
static void check(const struct image *image)
{
	uint64_t end = 0;

	for (uint32_t i = 0; i < image->run_count; i++) {
		const struct image_run *run = &image->runs[i];
		uint8_t page[SGX_PAGE_SIZE];

		if (run->offset < end || run->size == 0 || run->offset % SGX_PAGE_SIZE != 0 ||
		    run->size % SGX_PAGE_SIZE != 0 || run->data_offset + run->data.size > run->size ||
		    ((run->secinfo_flags & SGX_SECINFO_W) && (run->secinfo_flags & SGX_SECINFO_X)))
			abort();
		image_run_page(run, 0, page);
		image_run_page(run, run->size - SGX_PAGE_SIZE, page);
		end = run->offset + run->size;
	}
	if (end + IMAGE_GUARD_SIZE > image->size || (image->size & (image->size - 1)) != 0)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct tiny_file tiny;
	const size_t from = sizeof tiny.header;
	struct image *image = NULL;
	uint8_t *bytes = NULL;
	size_t made_size = 0;

	report_sink_set(drop, NULL);
	if (image_create("fuzz", (struct span){data, size}, &image) == STATUS_OK) {
		check(image);
		image_destroy(image);
	}
	tiny_file_init(&tiny);
	for (size_t i = 0; i < size && from + i < TINY_SIZE; i++)
		((uint8_t *)&tiny)[from + i] ^= data[i];
	if (image_file_make("fuzz", tiny_file_span(&tiny), &bytes, &made_size) != STATUS_OK)
		return 0;
	if (image_create("fuzz", (struct span){bytes, made_size}, &image) == STATUS_OK) {
		check(image);
		image_destroy(image);
	}
	free(bytes);
	return 0;
}
