/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/program.h"

#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "host/loader/crash.h"
#include "host/serve/helper.h"

enum {
	HWCAP2_FSGSBASE_BIT = 1 << 1, /* arch/x86/include/uapi/asm/hwcap2.h */
	EXIT_CODE_SIGNAL = 128, /* as a shell has it */
	/* An enclave that answers the same exception so often with "resume" can't say
	 * what happened: #PF and #GP without SECS.MISCSELECT.EXINFO. */
	MUTE_EXCEPTION_COUNT_MAX = 16,
};

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

static status map_anonymous(size_t size, struct mapping *ret_mapping)
{
	/* Shared: a serving process may be another one. */
	void *data = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no %zu bytes of address space: %m", size);
	*ret_mapping = (struct mapping){data, size};
	return STATUS_OK;
}

static status map_open_file(const char *path, int fd, struct mapping *ret_mapping)
{
	struct stat stat;
	void *data;

	if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode) || stat.st_size == 0)
		return report(STATUS_UNSUPPORTED, "%s isn't a file with an image in it", path);
	data = mmap(NULL, (size_t)stat.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return report(STATUS_IO, "%s can't be mapped: %m", path);
	*ret_mapping = (struct mapping){data, (size_t)stat.st_size};
	return STATUS_OK;
}

static status map_file(const char *path, struct mapping *ret_mapping)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	status result;

	if (fd < 0)
		return report(STATUS_IO, "%s can't be opened: %m", path);
	result = map_open_file(path, fd, ret_mapping);
	close(fd);
	return result;
}

/* What may lie beside an image. Nothing is mapped if it doesn't. */
static status map_beside(const char *image_path, const char *ending, struct mapping *ret_mapping)
{
	char path[4096 + 16];

	if ((size_t)snprintf(path, sizeof path, "%s%s", image_path, ending) >= sizeof path)
		return report(STATUS_USAGE, "the path %s is too long", image_path);
	if (access(path, F_OK) != 0 && errno == ENOENT)
		return STATUS_OK;
	return map_file(path, ret_mapping);
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

static status put_link(struct start_block *start, const struct program_link *link)
{
	if (strlen(link->target) >= sizeof start->target)
		return report(STATUS_LIMIT, "the target's name %.40s… is too long", link->target);
	start->flags |= START_HAS_LINK;
	start->ring = (uint64_t)link->ring;
	memcpy(start->owner_key, link->owner_key, sizeof start->owner_key);
	memcpy(start->source_key, link->source_key, sizeof start->source_key);
	memcpy(start->source_nonce, link->source_nonce, sizeof start->source_nonce);
	memcpy(start->target, link->target, strlen(link->target));
	return STATUS_OK;
}

static bool cpu_has_vaes(void)
{
	unsigned a, b, c, d;

	return __get_cpuid_count(7, 0, &a, &b, &c, &d) && (c & bit_VAES) && (c & bit_VPCLMULQDQ);
}

/* An enclave believes a source by its link only. */
static bool has_source(const struct program *program)
{
	return program->source != NULL && program->link == NULL && (program->backend->start_flags & START_PLAIN);
}

static status fill_start(const struct program *program, struct call_window *window, struct start_block *start)
{
	start->magic = START_MAGIC;
	start->flags = program->backend->start_flags | (cpu_has_vaes() ? START_VAES : 0) |
		       (has_source(program) ? START_HAS_SOURCE : 0) |
		       (program->profile.data != NULL ? START_HAS_PROFILE : 0) |
		       (program->has_parent ? START_HAS_PARENT : 0);
	start->window = (uint64_t)window;
	if (program->link != NULL)
		TRY(put_link(start, program->link));
	if (program->verifier_key != NULL) {
		start->flags |= START_HAS_VERIFIER;
		memcpy(start->owner_key, program->verifier_key, sizeof start->owner_key);
	}
	TRY(put_strings(start, program->arguments, START_ARGUMENT_COUNT_MAX, &start->argument_count));
	return put_strings(start, program->environment, START_ENVIRONMENT_COUNT_MAX, &start->environment_count);
}

/* What every image needs of the CPU. */
static status check_cpu(void)
{
	unsigned a, b, c = 0, d;

	if (!(getauxval(AT_HWCAP2) & HWCAP2_FSGSBASE_BIT))
		return report(STATUS_UNSUPPORTED,
			      "this machine doesn't let programs use WRFSBASE (FSGSBASE), which programs "
			      "inside need: a CPU from 2012 on and Linux 5.9 or newer have it");
	if (!__get_cpuid(1, &a, &b, &c, &d) || !(c & bit_RDRND) || !(c & bit_OSXSAVE))
		return report(STATUS_UNSUPPORTED,
			      "this machine's CPU has no RDRAND or no XSAVE, which programs inside need");
	return STATUS_OK;
}

struct run {
	const struct backend *backend;
	void *enclave;
	struct serve serve;
	struct helper helper;
	uint32_t mute_exception_count;
};

static status refused(uint64_t reason)
{
	switch (reason) {
	case IMAGE_REFUSAL_BUSY: return report(STATUS_DENIED, "the image refuses to be entered: it isn't its turn");
	case IMAGE_REFUSAL_START: return report(STATUS_DENIED, "the image refuses its start block as malformed");
	case IMAGE_REFUSAL_THREAD:
		return report(STATUS_DENIED, "the image refuses to start in a thread that isn't its first");
	case IMAGE_REFUSAL_CPU:
		return report(STATUS_DENIED, "the image refuses to start: RDRAND gives no random numbers");
	default:
		return report(STATUS_DENIED, "the image refuses to run, for a reason that doesn't exist (%llu)",
			      (unsigned long long)reason);
	}
}

static status handle_exit(struct run *run, struct enclave_event *event)
{
	switch (event->reason) {
	case IMAGE_EXIT_CALL:
		helper_serve_call(&run->helper);
		if (run->serve.exited)
			return STATUS_END;
		return run->backend->enter(run->enclave, 0, IMAGE_ENTRY_RETURN, 0, event);
	case IMAGE_EXIT_RESUME:
		if (run->mute_exception_count > MUTE_EXCEPTION_COUNT_MAX)
			return report(STATUS_UNSUPPORTED,
				      "the program inside crashed (exception %u), and its enclave can't say where",
				      event->vector);
		return run->backend->resume(run->enclave, 0, event);
	case IMAGE_EXIT_REFUSED: return refused(event->argument);
	default:
		return report(STATUS_MALFORMED, "the image left for a reason that doesn't exist (%llu)",
			      (unsigned long long)event->reason);
	}
}

/* Until the program has ended. An enclave may go on for ever: so may any program. */
static status run_to_end(struct run *run, const struct start_block *start)
{
	struct enclave_event event;
	status result = run->backend->enter(run->enclave, 0, IMAGE_ENTRY_START, (uint64_t)start, &event);

	while (result == STATUS_OK) {
		if (event.kind == ENCLAVE_EXCEPTION) {
			/* Its handler looks at what the CPU wrote down, whatever we say. */
			run->mute_exception_count++;
			result = run->backend->enter(run->enclave, 0, IMAGE_ENTRY_START, 0, &event);
		} else {
			if (event.reason != IMAGE_EXIT_RESUME)
				run->mute_exception_count = 0;
			result = handle_exit(run, &event);
		}
	}
	return result == STATUS_END ? STATUS_OK : result;
}

static int exit_code_of(const struct serve *serve, struct span symbols)
{
	const struct crash crash = {
		.vector = serve->crash.vector > UINT8_MAX ? UINT8_MAX : (uint32_t)serve->crash.vector,
		.offset = serve->crash.offset,
		.error_code = (uint32_t)serve->crash.error_code,
		.address = serve->crash.address,
	};

	if (!serve->crashed)
		return serve->exit_code;
	crash_say(&crash, symbols);
	return EXIT_CODE_SIGNAL + crash_signal(crash.vector);
}

static enum helper_mode mode_of(const struct backend *backend)
{
	if (backend->may_serve_beside != NULL && !backend->may_serve_beside())
		return HELPER_NEVER;
	/* Where leaving costs nothing, a helper can't save anything. */
	return helper_mode_choose(backend->start_flags & START_PLAIN ? HELPER_NEVER : HELPER_ADAPTIVE);
}

static status run_enclave(const struct program *program, const struct image_source *source, void *enclave,
			  const struct start_block *start, int *ret_exit_code)
{
	/* The serving side is large. */
	static struct run run;
	status result;

	memset(&run, 0, sizeof run);
	run.backend = program->backend;
	run.enclave = enclave;
	serve_init(&run.serve, (struct call_window *)start->window, program->source, program->profile);
	run.serve.quoter = program->backend->quoter;
	if (program->prepare != NULL)
		program->prepare(&run.serve, program->prepare_context);
	helper_init(&run.helper, &run.serve, mode_of(program->backend));
	result = run_to_end(&run, start);
	helper_deinit(&run.helper);
	serve_deinit(&run.serve);
	if (result == STATUS_OK)
		*ret_exit_code = exit_code_of(&run.serve, source->symbols);
	return result;
}

static void image_cleanup(struct image **image)
{
	image_destroy(*image);
}

static void tell_counts(const struct program *program, const void *enclave)
{
	struct enclave_counts counts;

	if (program->counted == NULL || program->backend->count == NULL)
		return;
	program->backend->count(enclave, &counts);
	program->counted(&counts);
}

status program_run(const struct program *program, int *ret_exit_code)
{
	struct mapping file CLEANUP_MAPPING = {0}, sigstruct CLEANUP_MAPPING = {0}, symbols CLEANUP_MAPPING = {0},
			    window CLEANUP_MAPPING = {0}, start CLEANUP_MAPPING = {0};
	__attribute__((cleanup(image_cleanup))) struct image *image = NULL;
	struct image_source source = {.path = program->image_path};
	void *enclave;
	status result;

	TRY(check_cpu());
	TRY(map_anonymous(sizeof(struct call_window), &window));
	TRY(map_anonymous(sizeof(struct start_block), &start));
	TRY(fill_start(program, (struct call_window *)window.data, (struct start_block *)start.data));
	TRY(map_file(program->image_path, &file));
	source.file = (struct span){file.data, file.size};
	TRY(image_create(program->image_path, source.file, &image));
	if (image->notes.exit_offset == 0)
		return report(STATUS_UNSUPPORTED,
			      "%s doesn't say where it leaves: link it with this version's bartizan-cc",
			      program->image_path);
	source.image = image;
	if (!(program->backend->start_flags & START_PLAIN)) {
		TRY(map_beside(program->image_path, ".sig", &sigstruct));
		source.sigstruct = (struct span){sigstruct.data, sigstruct.size};
	}
	TRY(map_beside(program->image_path, ".debug", &symbols));
	source.symbols = (struct span){symbols.data, symbols.size};
	TRY(program->backend->load(&source, &enclave));
	result = run_enclave(program, &source, enclave, (const struct start_block *)start.data, ret_exit_code);
	tell_counts(program, enclave);
	program->backend->destroy(enclave);
	return result;
}
