/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/image.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/report.h"
#include "host/image/file.h"

static const uint64_t read_write = SGX_SECINFO_TYPE_REG | SGX_SECINFO_R | SGX_SECINFO_W;

/* Append a run at *end, which moves behind it. There is room for all that can
 * come: IMAGE_RUN_COUNT_MAX counts them. */
static struct image_run *add_run(struct image *image, enum image_run_kind kind, uint64_t size, uint64_t *end)
{
	struct image_run *run = &image->runs[image->run_count++];

	*run = (struct image_run){.kind = kind, .offset = *end, .size = size, .secinfo_flags = read_write};
	image->page_count += size / SGX_PAGE_SIZE;
	*end += size;
	return run;
}

static uint64_t secinfo_of(const struct image_segment *segment)
{
	return SGX_SECINFO_TYPE_REG | (segment->access & IMAGE_READ ? SGX_SECINFO_R : 0) |
	       (segment->access & IMAGE_WRITE ? SGX_SECINFO_W : 0) |
	       (segment->access & IMAGE_EXECUTE ? SGX_SECINFO_X : 0);
}

static void add_segments(struct image *image, const struct image_layout *layout)
{
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct image_segment *segment = &layout->segments[i];
		uint64_t end = segment->offset;
		struct image_run *run = add_run(image, IMAGE_RUN_SEGMENT, segment->size, &end);

		run->data_offset = segment->data_offset;
		run->data = segment->data;
		run->secinfo_flags = secinfo_of(segment);
	}
}

/* SDM vol. 3D, table 38-6; EADD wants the limits to end in 0xfff. */
static void fill_tcs(const struct image *image, struct image_thread *thread)
{
	thread->tcs = (struct sgx_tcs){
		.ossa = thread->data.ssa_offset,
		.nssa = IMAGE_SSA_FRAME_COUNT,
		.oentry = image->entry,
		.ofsbase = thread->data_offset,
		.ogsbase = thread->data_offset,
		.fslimit = 0xfff,
		.gslimit = 0xfff,
	};
}

static void add_thread(struct image *image, uint32_t index, uint64_t *end)
{
	struct image_thread *thread = &image->threads[index];
	const uint64_t ssa_size = (uint64_t)IMAGE_SSA_FRAME_PAGES * SGX_PAGE_SIZE;
	struct image_run *run;

	thread->data = (struct image_thread_data){.thread_index = index, .ssa_frame_size = ssa_size};
	*end += IMAGE_GUARD_SIZE;
	thread->data.stack_offset = *end;
	thread->data.stack_size = image->notes.manifest.stack_size;
	add_run(image, IMAGE_RUN_STACK, thread->data.stack_size, end);
	*end += IMAGE_GUARD_SIZE;
	thread->data.exception_stack_offset = *end;
	thread->data.exception_stack_size = IMAGE_EXCEPTION_STACK_SIZE;
	add_run(image, IMAGE_RUN_EXCEPTION_STACK, IMAGE_EXCEPTION_STACK_SIZE, end);
	*end += IMAGE_GUARD_SIZE;
	thread->data.ssa_offset = *end;
	add_run(image, IMAGE_RUN_SSA, IMAGE_SSA_FRAME_COUNT * ssa_size, end);
	thread->data_offset = *end;
	thread->data.self_offset = *end;
	run = add_run(image, IMAGE_RUN_THREAD_DATA, sizeof thread->data, end);
	run->data = (struct span){(const uint8_t *)&thread->data, sizeof thread->data};
	thread->tcs_offset = *end;
	run = add_run(image, IMAGE_RUN_TCS, sizeof thread->tcs, end);
	run->data = (struct span){(const uint8_t *)&thread->tcs, sizeof thread->tcs};
	run->secinfo_flags = SGX_SECINFO_TYPE_TCS;
	fill_tcs(image, thread);
}

/* At most 8 GiB of segments, 16 GiB of stacks and 4 of heap: no sum overflows,
 * and the result is below the 2^36 that every SGX CPU has. */
static void lay_out(struct image *image, const struct image_layout *layout)
{
	uint64_t end = layout->size, heap_offset;
	const uint32_t thread_count = image->notes.manifest.thread_count;

	image->entry = layout->entry;
	image->elf_size = layout->size;
	add_segments(image, layout);
	for (uint32_t i = 0; i < thread_count; i++)
		add_thread(image, i, &end);
	end += IMAGE_GUARD_SIZE;
	heap_offset = end;
	add_run(image, IMAGE_RUN_HEAP, image->notes.manifest.heap_size, &end);
	end += IMAGE_GUARD_SIZE;
	for (image->size = SGX_PAGE_SIZE; image->size < end;)
		image->size *= 2;
	for (uint32_t i = 0; i < thread_count; i++) {
		image->threads[i].data.heap_offset = heap_offset;
		image->threads[i].data.heap_size = image->notes.manifest.heap_size;
		image->threads[i].data.enclave_size = image->size;
	}
}

status image_create(const char *name, struct span file, struct image **ret_image)
{
	struct image_layout layout;
	struct image_notes notes;
	struct image *image;

	TRY(image_layout_read(name, file, &layout));
	TRY(image_file_check(name, file, &layout));
	TRY(image_notes_read(name, &layout, &notes));
	image = calloc(1, sizeof *image);
	if (image == NULL)
		return report(STATUS_NO_MEMORY, "no memory for the layout of %s", name);
	image->notes = notes;
	lay_out(image, &layout);
	*ret_image = image;
	return STATUS_OK;
}

void image_destroy(struct image *image)
{
	free(image);
}

int image_run_protection(const struct image_run *run)
{
	if (run->kind == IMAGE_RUN_TCS)
		return PROT_READ;
	return (run->secinfo_flags & SGX_SECINFO_R ? PROT_READ : 0) |
	       (run->secinfo_flags & SGX_SECINFO_W ? PROT_WRITE : 0) |
	       (run->secinfo_flags & SGX_SECINFO_X ? PROT_EXEC : 0);
}

void image_run_page(const struct image_run *run, uint64_t offset, uint8_t ret_page[SGX_PAGE_SIZE])
{
	uint64_t data_end = run->data_offset + run->data.size;
	uint64_t from = offset > run->data_offset ? offset : run->data_offset;
	uint64_t to = offset + SGX_PAGE_SIZE < data_end ? offset + SGX_PAGE_SIZE : data_end;

	memset(ret_page, 0, SGX_PAGE_SIZE);
	if (from < to)
		memcpy(ret_page + (from - offset), run->data.data + (from - run->data_offset), to - from);
}

status image_visit_pages(const struct image *image, image_page_visitor *visit, void *context)
{
	uint8_t bytes[SGX_PAGE_SIZE];

	for (uint32_t i = 0; i < image->run_count; i++) {
		const struct image_run *run = &image->runs[i];
		struct image_page page = {.secinfo_flags = run->secinfo_flags, .bytes = bytes};

		for (uint64_t offset = 0; offset < run->size; offset += SGX_PAGE_SIZE) {
			image_run_page(run, offset, bytes);
			page.offset = run->offset + offset;
			TRY(visit(context, &page));
		}
	}
	return STATUS_OK;
}

void image_secs_init(const struct image *image, uint64_t xfrm_possible, struct sgx_secs *secs)
{
	*secs = (struct sgx_secs){
		.size = image->size,
		.ssa_frame_size = IMAGE_SSA_FRAME_PAGES,
		.misc_select = SGX_MISC_EXINFO,
		.attributes.flags = SGX_ATTRIBUTE_MODE64BIT | (image->notes.manifest.debug ? SGX_ATTRIBUTE_DEBUG : 0),
		.attributes.xfrm = (xfrm_possible & IMAGE_XFRM_MAX) | SGX_XFRM_LEGACY,
	};
}
