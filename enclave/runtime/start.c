/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From the host's start block to the stack that a Linux kernel would have made
 * (System V ABI, AMD64 supplement, 3.4.1), on which musl's rcrt1 then starts.
 *
 * Runs before relocation and before libc: no pointers in initialised data, and
 * of the library only functions that have none (strlen, strchr, strncmp).
 */
#include <elf.h>

#include "base/checked.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "wire/start.h"

extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));
extern uint8_t _end[] __attribute__((visibility("hidden")));

void runtime_load_fs(void *pointer);
uint64_t *runtime_start(const struct start_block *host_start);

/* Read by entry.S. */
__attribute__((visibility("hidden"))) uint64_t runtime_host_entry;

static struct start_block start;
static uint8_t random_bytes[16];

/* What FS points to until musl has its own: the first word points to itself,
 * the canary is at 0x28 (AMD64 TLS ABI, gcc's -fstack-protector). */
static struct {
	uint64_t below[64];
	uint64_t self;
	uint64_t unused[4];
	uint64_t canary;
	uint64_t above[64];
} first_thread;

static_assert(offsetof(typeof(first_thread), canary) - offsetof(typeof(first_thread), self) == 0x28,
	      "gcc reads %fs:0x28");

enum {
	AUXILIARY_COUNT_MAX = 16,
	/* What entry.S leaves free above our frames. */
	TABLE_SIZE_MAX = 48 * 1024,
};

static_assert((3 + START_ARGUMENT_COUNT_MAX + START_ENVIRONMENT_COUNT_MAX + 2 * AUXILIARY_COUNT_MAX) * 8 <=
		      TABLE_SIZE_MAX,
	      "every table that a valid start block asks for fits");

static void copy_start(const struct start_block *host_start)
{
	const volatile uint64_t *from = (const volatile uint64_t *)host_start;
	uint64_t *to = (uint64_t *)&start;

	for (size_t i = 0; i < sizeof start / 8; i++)
		to[i] = from[i];
}

static bool outside_image(uint64_t address, uint64_t size)
{
	uint64_t image = (uint64_t)__ehdr_start, end = (uint64_t)_end, last;

	if (!checked_add(address, size, &last))
		return false;
	return last <= image || address >= end;
}

/* Do the strings hold exactly as many NULs as were promised, the last at the end? */
static bool strings_are_whole(void)
{
	uint64_t count = 0;

	if (start.strings_size == 0 || start.strings_size > START_STRING_SIZE_MAX ||
	    start.strings[start.strings_size - 1] != '\0')
		return false;
	for (uint64_t i = 0; i < start.strings_size; i++)
		count += start.strings[i] == '\0';
	return count == (uint64_t)start.argument_count + start.environment_count;
}

static bool start_is_valid(void)
{
	return start.magic == START_MAGIC && start.window % 4096 == 0 &&
	       outside_image(start.window, sizeof(struct call_window)) && outside_image(start.enter, 1) &&
	       start.argument_count >= 1 && start.argument_count <= START_ARGUMENT_COUNT_MAX &&
	       start.environment_count <= START_ENVIRONMENT_COUNT_MAX && strings_are_whole();
}

int runtime_thread_pointer_set(void *pointer)
{
	if (start.flags & START_FSGSBASE)
		runtime_load_fs(pointer);
	else
		runtime_call_host(CALL_THREAD_POINTER, (uint64_t)pointer, 0, 0, 0, 0);
	return 0;
}

bool runtime_memory_owns(uint64_t address, uint64_t size, bool write)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(__ehdr_start + header->e_phoff);
	uint64_t offset = address - (uint64_t)__ehdr_start;

	for (uint16_t i = 0; i < header->e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) && (!write || (segment->p_flags & PF_W)) &&
		    offset >= segment->p_vaddr && checked_within(offset - segment->p_vaddr, size, segment->p_memsz))
			return true;
	return false;
}

bool runtime_has_source(void)
{
	return start.flags & START_HAS_SOURCE;
}

bool runtime_has_profile(void)
{
	return start.flags & START_HAS_PROFILE;
}

static uint8_t *next_string(uint8_t *string)
{
	while (*string != '\0')
		string++;
	return string + 1;
}

static uint64_t *put_auxiliary(uint64_t *at, uint64_t type, uint64_t value)
{
	*at++ = type;
	*at++ = value;
	return at;
}

static uint64_t *build_stack(uint64_t *bottom)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
	uint8_t *string = start.strings;
	uint64_t *at = bottom;

	*at++ = start.argument_count;
	for (uint32_t i = 0; i < start.argument_count; i++, string = next_string(string))
		*at++ = (uint64_t)string;
	*at++ = 0;
	for (uint32_t i = 0; i < start.environment_count; i++, string = next_string(string))
		if (manifest_allows_environment((const char *)string))
			*at++ = (uint64_t)string;
	*at++ = 0;
	at = put_auxiliary(at, AT_PHDR, (uint64_t)__ehdr_start + header->e_phoff);
	at = put_auxiliary(at, AT_PHENT, header->e_phentsize);
	at = put_auxiliary(at, AT_PHNUM, header->e_phnum);
	at = put_auxiliary(at, AT_PAGESZ, 4096);
	at = put_auxiliary(at, AT_ENTRY, (uint64_t)__ehdr_start + header->e_entry);
	at = put_auxiliary(at, AT_UID, 0);
	at = put_auxiliary(at, AT_EUID, 0);
	at = put_auxiliary(at, AT_GID, 0);
	at = put_auxiliary(at, AT_EGID, 0);
	at = put_auxiliary(at, AT_SECURE, 0);
	at = put_auxiliary(at, AT_CLKTCK, 100);
	at = put_auxiliary(at, AT_RANDOM, (uint64_t)random_bytes);
	put_auxiliary(at, AT_NULL, 0);
	return bottom;
}

__attribute__((no_stack_protector)) uint64_t *runtime_start(const struct start_block *host_start)
{
	uint64_t words, top, size;

	if ((uint64_t)host_start % 8 != 0 || !outside_image((uint64_t)host_start, sizeof start))
		__builtin_trap();
	copy_start(host_start);
	if (!start_is_valid())
		__builtin_trap();
	runtime_host_entry = start.enter;
	runtime_window_init((struct call_window *)start.window);
	first_thread.self = (uint64_t)&first_thread.self;
	if (!runtime_random(&first_thread.canary, 8) || !runtime_random(random_bytes, sizeof random_bytes))
		runtime_exit(1);
	runtime_thread_pointer_set(&first_thread.self);

	words = 3 + start.argument_count + start.environment_count + 2 * AUXILIARY_COUNT_MAX;
	size = (words * 8 + 15) & ~15ull;
	top = ((uint64_t)image_stack + image_stack_size) & ~15ull;
	return build_stack((uint64_t *)(top - size));
}
