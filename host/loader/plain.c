/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/plain.h"

#include <asm/prctl.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/report.h"
#include "host/image/elf.h"
#include "host/loader/crash.h"
#include "host/serve/helper.h"
#include "host/serve/serve.h"
#include "wire/start.h"

int plain_enter(uint64_t entry, const struct start_block *start);
void plain_host_entry(void);
int plain_serve(void);

/* Shared with plain-switch.S. */
uint64_t plain_host_rsp, plain_image_rsp, plain_host_fs, plain_image_fs;
uint8_t plain_fsgsbase;

static struct serve serve;
static struct helper helper;

/* The call that the loader itself serves; a helper leaves it to the thread that
 * came out of the image. */
static int64_t plain_answer(struct serve *this, const struct serve_request *request)
{
	if (request->number != CALL_THREAD_POINTER)
		return serve_answer(this, request);
	plain_image_fs = request->argument[0];
	return 0;
}

enum { HWCAP2_FSGSBASE_BIT = 1 << 1 }; /* arch/x86/include/uapi/asm/hwcap2.h */

/* Called on the host's stack with the host's FS; not 0 when the image has ended. */
int plain_serve(void)
{
	helper_serve_call(&helper);
	return serve.exited;
}

struct mapping {
	uint8_t *data;
	size_t size;
};

static void mapping_deinit(struct mapping *mapping)
{
	if (mapping->data != NULL)
		munmap(mapping->data, mapping->size);
}

#define CLEANUP_MAPPING __attribute__((cleanup(mapping_deinit)))

static status map_anonymous(size_t size, int protection, struct mapping *ret_mapping)
{
	void *data = mmap(NULL, size, protection, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no %zu bytes of address space: %m", size);
	*ret_mapping = (struct mapping){data, size};
	return STATUS_OK;
}

static status map_file(const char *path, struct mapping *ret_mapping)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat stat;
	void *data;

	if (fd < 0)
		return report(STATUS_IO, "%s can't be opened: %m", path);
	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size == 0) {
		close(fd);
		return report(STATUS_UNSUPPORTED, "%s isn't a file with an image in it", path);
	}
	data = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return report(STATUS_IO, "%s can't be mapped: %m", path);
	*ret_mapping = (struct mapping){data, (size_t)stat.st_size};
	return STATUS_OK;
}

static int protection_of(uint32_t access)
{
	return (access & IMAGE_READ ? PROT_READ : 0) | (access & IMAGE_WRITE ? PROT_WRITE : 0) |
	       (access & IMAGE_EXECUTE ? PROT_EXEC : 0);
}

/* Lay the segments out; gaps stay inaccessible. Never writable and executable at
 * once, not even now. */
static status map_image(const struct image_layout *layout, struct mapping *ret_mapping)
{
	struct mapping image CLEANUP_MAPPING = {0};

	TRY(map_anonymous(layout->size, PROT_NONE, &image));
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct image_segment *segment = &layout->segments[i];
		uint8_t *start = image.data + segment->offset;

		if (mprotect(start, segment->size, PROT_READ | PROT_WRITE) != 0)
			return report(STATUS_NO_MEMORY, "no memory for the image: %m");
		memcpy(start + segment->data_offset, segment->data.data, segment->data.size);
		if (mprotect(start, segment->size, protection_of(segment->access)) != 0)
			return report(STATUS_IO, "the image's pages can't be protected: %m");
	}
	*ret_mapping = image;
	image.data = NULL;
	return STATUS_OK;
}

/* Append strings with their NULs; their number goes to *ret_count. */
static status put_strings(struct start_block *start, const char *const *strings, uint32_t count_max,
			  uint32_t *ret_count)
{
	uint32_t count = 0;

	for (; strings[count] != NULL; count++) {
		size_t size = strlen(strings[count]) + 1;

		if (count == count_max || size > START_STRING_SIZE_MAX - start->strings_size)
			return report(STATUS_LIMIT,
				      "too many or too long arguments for a program inside (%u in %u bytes "
				      "are possible)",
				      count_max, START_STRING_SIZE_MAX);
		memcpy(start->strings + start->strings_size, strings[count], size);
		start->strings_size += size;
	}
	*ret_count = count;
	return STATUS_OK;
}

static status fill_start(const struct plain_program *program, struct call_window *window, struct start_block *start)
{
	start->magic = START_MAGIC;
	start->flags = (plain_fsgsbase ? START_FSGSBASE : 0) | (program->source != NULL ? START_HAS_SOURCE : 0) |
		       (program->profile.data != NULL ? START_HAS_PROFILE : 0);
	start->window = (uint64_t)window;
	start->enter = (uint64_t)plain_host_entry;
	TRY(put_strings(start, program->arguments, START_ARGUMENT_COUNT_MAX, &start->argument_count));
	return put_strings(start, program->environment, START_ENVIRONMENT_COUNT_MAX, &start->environment_count);
}

static void prepare_cpu(const struct plain_program *program)
{
	plain_fsgsbase = (getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT) && !program->without_fsgsbase;
	syscall(SYS_arch_prctl, ARCH_GET_FS, &plain_host_fs);
	plain_image_fs = plain_host_fs;
}

status plain_run(const struct plain_program *program, int *ret_exit_code)
{
	struct mapping file CLEANUP_MAPPING = {0}, image CLEANUP_MAPPING = {0}, window CLEANUP_MAPPING = {0},
			    start CLEANUP_MAPPING = {0};
	struct image_layout layout;

	prepare_cpu(program);
	TRY(map_file(program->image_path, &file));
	TRY(image_layout_read(program->image_path, (struct span){file.data, file.size}, &layout));
	TRY(map_image(&layout, &image));
	TRY(map_anonymous(sizeof(struct call_window), PROT_READ | PROT_WRITE, &window));
	TRY(map_anonymous(sizeof(struct start_block), PROT_READ | PROT_WRITE, &start));
	TRY(fill_start(program, (struct call_window *)window.data, (struct start_block *)start.data));

	serve_init(&serve, (struct call_window *)window.data, program->source, program->profile);
	serve.answer = plain_answer;
	/* Leaving costs nothing here, so that a helper couldn't save anything. */
	helper_init(&helper, &serve, helper_mode_choose(HELPER_NEVER));
	crash_handlers_install((uint64_t)image.data, image.size);
	plain_enter((uint64_t)image.data + layout.entry, (const struct start_block *)start.data);
	crash_handlers_remove();
	helper_deinit(&helper);
	serve_deinit(&serve);
	*ret_exit_code = serve.exit_code;
	return STATUS_OK;
}
