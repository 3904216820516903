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
#include "enclave/runtime/outside.h"
#include "enclave/runtime/runtime.h"
#include "enclave/runtime/thread.h"
#include "wire/image.h"
#include "wire/sgx.h"
#include "wire/start.h"

extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));

void runtime_load_fs(void *pointer);
const struct image_thread_data *runtime_thread_data(void);
uint64_t runtime_start(const struct start_block *host_start);

#define SAME_OFFSET(name, field) static_assert(name == offsetof(struct image_thread_data, field), "thread.h")
SAME_OFFSET(THREAD_INDEX, thread_index);
SAME_OFFSET(THREAD_STACK_OFFSET, stack_offset);
SAME_OFFSET(THREAD_STACK_SIZE, stack_size);
SAME_OFFSET(THREAD_EXCEPTION_STACK_OFFSET, exception_stack_offset);
SAME_OFFSET(THREAD_EXCEPTION_STACK_SIZE, exception_stack_size);
SAME_OFFSET(THREAD_SSA_OFFSET, ssa_offset);
SAME_OFFSET(THREAD_SSA_FRAME_SIZE, ssa_frame_size);
SAME_OFFSET(THREAD_STATE, runtime);
static_assert(ENTRY_START == (int)IMAGE_ENTRY_START && ENTRY_RETURN == (int)IMAGE_ENTRY_RETURN, "thread.h");
static_assert(EXIT_CALL == (int)IMAGE_EXIT_CALL && EXIT_RESUME == (int)IMAGE_EXIT_RESUME &&
		      EXIT_REFUSED == (int)IMAGE_EXIT_REFUSED,
	      "thread.h");
static_assert(REFUSAL_BUSY == (int)IMAGE_REFUSAL_BUSY && REFUSAL_START == (int)IMAGE_REFUSAL_START &&
		      REFUSAL_THREAD == (int)IMAGE_REFUSAL_THREAD && (int)IMAGE_REFUSAL_CPU <= REFUSAL_MAX,
	      "thread.h");
static_assert(SSA_GPRSGX_SIZE == sizeof(struct sgx_gprsgx) &&
		      SSA_EXIT_INFO == sizeof(struct sgx_gprsgx) - offsetof(struct sgx_gprsgx, exit_info),
	      "thread.h");
static_assert(SSA_RSP == sizeof(struct sgx_gprsgx) - offsetof(struct sgx_gprsgx, rsp) &&
		      SSA_RIP == sizeof(struct sgx_gprsgx) - offsetof(struct sgx_gprsgx, rip),
	      "thread.h");
static_assert(IMAGE_XFRM_MAX == 0xe7, "entry.S cleans exactly these");

static struct start_block start;
static uint8_t random_bytes[16];

/* What FS points to until musl has its own, and while a crash is reported: the
 * first word points to itself, the canary is at 0x28 (AMD64 TLS ABI, gcc's
 * -fstack-protector). */
struct first_thread {
	uint64_t self;
	uint64_t unused[4];
	uint64_t canary;
	uint64_t above[64];
};

static_assert(offsetof(struct first_thread, canary) == 0x28, "gcc reads %fs:0x28");

__attribute__((visibility("hidden"))) struct first_thread runtime_first_thread;

enum { AUXILIARY_COUNT_MAX = 16 };

static_assert((3 + START_ARGUMENT_COUNT_MAX + START_ENVIRONMENT_COUNT_MAX + 2 * AUXILIARY_COUNT_MAX) * 8 <=
		      START_TABLE_SIZE,
	      "every table that a valid start block asks for fits");

bool runtime_memory_is_outside(uint64_t address, uint64_t size)
{
	uint64_t image = (uint64_t)__ehdr_start, end = image + runtime_thread_data()->enclave_size, last;

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

static bool flags_are_valid(void)
{
	if (start.flags & ~(uint64_t)START_FLAGS)
		return false;
	/* Without an enclave there is no evidence to show. */
	if ((start.flags & START_PLAIN) && (start.flags & START_HAS_VERIFIER))
		return false;
	/* Only where nothing is protected may memory come from nobody knows where. */
	if (start.flags & START_HAS_SOURCE)
		return (start.flags & START_PLAIN) && !(start.flags & START_HAS_LINK);
	return true;
}

/* Printable ASCII, a NUL, and nothing but zeros behind it. */
static bool target_is_valid(void)
{
	size_t length = 0;

	while (length < START_TARGET_SIZE && start.target[length] != '\0') {
		if (start.target[length] < ' ' || start.target[length] > '~')
			return false;
		length++;
	}
	for (size_t i = length; i < START_TARGET_SIZE; i++)
		if (start.target[i] != '\0')
			return false;
	return length > 0 && length < START_TARGET_SIZE;
}

static bool link_is_valid(void)
{
	if (!(start.flags & START_HAS_LINK))
		return start.ring == 0;
	return start.ring != 0 && start.ring % _Alignof(struct link_ring) == 0 &&
	       runtime_memory_is_outside(start.ring, sizeof(struct link_ring)) && target_is_valid();
}

static bool overlaps(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size)
{
	return a < b ? b - a < a_size : a - b < b_size;
}

/* Calls must not write into the ring, nor records into the window: what was
 * checked as the one would be read as the other. */
static bool ring_is_apart(void)
{
	return start.ring == 0 ||
	       !overlaps(start.ring, sizeof(struct link_ring), start.window, sizeof(struct call_window));
}

static bool start_is_valid(void)
{
	return start.magic == START_MAGIC && flags_are_valid() && start.window != 0 && start.window % 4096 == 0 &&
	       runtime_memory_is_outside(start.window, sizeof(struct call_window)) && link_is_valid() &&
	       ring_is_apart() && start.argument_count >= 1 && start.argument_count <= START_ARGUMENT_COUNT_MAX &&
	       start.environment_count <= START_ENVIRONMENT_COUNT_MAX && strings_are_whole();
}

int runtime_thread_pointer_set(void *pointer)
{
	runtime_load_fs(pointer);
	return 0;
}

static bool segments_own(uint64_t offset, uint64_t size, bool write)
{
	const Elf64_Ehdr *header = (const Elf64_Ehdr *)__ehdr_start;
	const Elf64_Phdr *segment = (const Elf64_Phdr *)(__ehdr_start + header->e_phoff);

	for (uint16_t i = 0; i < header->e_phnum; i++, segment++)
		if (segment->p_type == PT_LOAD && (segment->p_flags & PF_R) && (!write || (segment->p_flags & PF_W)) &&
		    offset >= segment->p_vaddr && checked_within(offset - segment->p_vaddr, size, segment->p_memsz))
			return true;
	return false;
}

static bool is_inside(uint64_t offset, uint64_t size, uint64_t start_offset, uint64_t length)
{
	return offset >= start_offset && checked_within(offset - start_offset, size, length);
}

bool runtime_memory_owns(uint64_t address, uint64_t size, bool write)
{
	const struct image_thread_data *thread = runtime_thread_data();
	uint64_t offset = address - (uint64_t)__ehdr_start;

	return is_inside(offset, size, thread->heap_offset, thread->heap_size) ||
	       is_inside(offset, size, thread->stack_offset, thread->stack_size) || segments_own(offset, size, write);
}

uint8_t *runtime_heap(void)
{
	return (uint8_t *)__ehdr_start + runtime_thread_data()->heap_offset;
}

size_t runtime_heap_size(void)
{
	return runtime_thread_data()->heap_size;
}

size_t runtime_stack_size(void)
{
	return runtime_thread_data()->stack_size;
}

bool runtime_is_plain(void)
{
	return start.flags & START_PLAIN;
}

bool runtime_has_source(void)
{
	return start.flags & START_HAS_SOURCE;
}

bool runtime_has_profile(void)
{
	return start.flags & START_HAS_PROFILE;
}

bool runtime_has_parent(void)
{
	return start.flags & START_HAS_PARENT;
}

bool runtime_has_link(void)
{
	return start.flags & START_HAS_LINK;
}

bool runtime_has_verifier(void)
{
	return start.flags & START_HAS_VERIFIER;
}

struct link_ring *runtime_link_ring(void)
{
	return (struct link_ring *)start.ring;
}

const uint8_t *runtime_owner_key(void)
{
	return start.owner_key;
}

const uint8_t *runtime_source_key(void)
{
	return start.source_key;
}

const uint8_t *runtime_source_nonce(void)
{
	return start.source_nonce;
}

const char *runtime_target(void)
{
	return start.target;
}

bool runtime_has_vaes(void)
{
	const uint64_t needed = SGX_XFRM_AVX | SGX_XFRM_AVX512;

	return (start.flags & START_VAES) && (runtime_xfrm() & needed) == needed;
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

static uint64_t *place_of_table(void)
{
	const struct image_thread_data *thread = runtime_thread_data();
	uint64_t words = 3 + start.argument_count + start.environment_count + 2 * AUXILIARY_COUNT_MAX;
	uint64_t size = (words * 8 + 15) & ~15ull;

	return (uint64_t *)((uint64_t)__ehdr_start + thread->stack_offset + thread->stack_size - size);
}

/* Returns the program's first stack pointer, or why there is none. */
__attribute__((no_stack_protector)) uint64_t runtime_start(const struct start_block *host_start)
{
	if ((uint64_t)host_start % 8 != 0 || !runtime_memory_is_outside((uint64_t)host_start, sizeof start))
		return IMAGE_REFUSAL_START;
	outside_get(&start, (const uint64_t *)host_start, sizeof start);
	if (!start_is_valid())
		return IMAGE_REFUSAL_START;
	runtime_first_thread.self = (uint64_t)&runtime_first_thread;
	if (!runtime_random(&runtime_first_thread.canary, 8) || !runtime_random(random_bytes, sizeof random_bytes))
		return IMAGE_REFUSAL_CPU;
	/* As libc does: a string that runs over ends at a zero byte. */
	runtime_first_thread.canary &= ~UINT64_C(0xff);
	runtime_window_init((struct call_window *)start.window);
	runtime_load_fs(&runtime_first_thread);
	return (uint64_t)build_stack(place_of_table());
}
