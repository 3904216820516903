/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/kernel/access.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "guest/kernel/access-state.h"

enum {
	/* A file's budget: 64 Mi loop iterations and calls, a fraction of a
	 * second on the data that a hostile list keeps hot, and more than any
	 * real file needs (4 Mi tasks, PID_MAX_LIMIT, with 16 steps each). */
	STEPS_MAX = 64 << 20,
	/* What native code does for guest C costs steps too, or one step could
	 * read 64 KiB. Real files miss some pages a row, and fail rarely. */
	STEP_BYTES = 64, /* of a string or copy */
	PAGE_STEPS = 8, /* to walk the page tables and fetch a page */
	FAULT_STEPS = 64, /* to describe a fault and unwind */
	/* guestcc's loads are at most 8 bytes, 16 for 128-bit numbers. */
	BOUNCE_SIZE = 64,
};

struct boundary {
	/* __builtin_setjmp's five words. Not on the stack: hostile pointers
	 * reach what is there. */
	void *context[5];
	const void *argument;
	size_t argument_size;
};

struct guest_access_state guest_access_state;

static const uint64_t no_generation;

static struct {
	struct guest_memory *memory;
	const struct guest_space *space;
	struct boundary boundaries[GUEST_TRY_DEPTH_MAX];
	size_t depth;
	uint16_t filled[GUEST_TLB_ENTRY_COUNT]; /* TLB entries in use */
	size_t filled_count;
	uint8_t bounce[BOUNCE_SIZE];
	struct guest_fault fault;
} access = {.filled_count = 0};

/* Guest C's data and functions: the linker's bounds of the sections that
 * guestcc makes. Absent where a program has no guest C. */
extern const char __start_guest_rodata[] __attribute__((weak)), __stop_guest_rodata[] __attribute__((weak));
extern char __start_guest_data[] __attribute__((weak)), __stop_guest_data[] __attribute__((weak));
extern const void *const __start_guest_functions[] __attribute__((weak));
extern const void *const __stop_guest_functions[] __attribute__((weak));
extern const struct guest_link __start_guest_linkage[] __attribute__((weak));
extern const struct guest_link __stop_guest_linkage[] __attribute__((weak));

const struct guest_fault *guest_fault_last(void)
{
	return &access.fault;
}

const struct guest_link *guest_access_links(size_t *ret_count)
{
	*ret_count = (size_t)(__stop_guest_linkage - __start_guest_linkage);
	return __start_guest_linkage;
}

/* ---- faults */

__attribute__((noreturn, cold)) static void leave_boundary(void)
{
	/* Guest C runs inside a boundary only: proc_text_init() and tests see
	 * to that. There is nowhere to go otherwise. */
	if (access.depth == 0)
		__builtin_trap();
	__builtin_longjmp(access.boundaries[access.depth - 1].context, 1);
}

__attribute__((noreturn, cold, format(printf, 4, 5))) static void fault(status outcome, enum guest_fault_kind kind,
									uint64_t address, const char *format, ...)
{
	va_list arguments;

	access.fault = (struct guest_fault){.status = outcome, .kind = kind, .address = address};
	va_start(arguments, format);
	vsnprintf(access.fault.text, sizeof access.fault.text, format, arguments);
	va_end(arguments);
	leave_boundary();
}

static const uint8_t *span_at(uint64_t address, uint64_t size_max, const char *site, size_t *ret_size);

void guest_fail(status outcome, const char *text)
{
	size_t size;
	const uint8_t *bytes = span_at((uintptr_t)text, GUEST_FAULT_TEXT_SIZE - 1, "message", &size);

	fault(outcome == STATUS_OK ? STATUS_INTERNAL : outcome, GUEST_FAULT_RAISED, 0, "%.*s", (int)size,
	      (const char *)bytes);
}

void guest_fault_limit(const char *what)
{
	size_t size;
	const uint8_t *bytes = span_at((uintptr_t)what, GUEST_FAULT_TEXT_SIZE / 2, "message", &size);

	fault(STATUS_LIMIT, GUEST_FAULT_LIMIT, 0, "%.*s: longer than any kernel's (does it loop?)", (int)size,
	      (const char *)bytes);
}

void guest_access_too_long(const char *what)
{
	fault(STATUS_LIMIT, GUEST_FAULT_LIMIT, 0, "%s: longer than any kernel's", what);
}

static const char *missing_what(const struct guest_link *link)
{
	switch (link->kind) {
	case GUEST_LINK_SYMBOL: return "symbol";
	case GUEST_LINK_TYPE_SIZE: return "type";
	case GUEST_LINK_ENUM_VALUE: return "enumerator";
	default: return "field";
	}
}

void guest_access_missing(const struct guest_link *link)
{
	const char *dot = *link->path != 0 ? "." : "";

	if (link->load_size != 0)
		fault(STATUS_MISSING, GUEST_FAULT_MISSING, 0, "kernel has no field %s%s%s of %llu bytes", link->name,
		      dot, link->path, (unsigned long long)link->load_size);
	fault(STATUS_MISSING, GUEST_FAULT_MISSING, 0, "kernel has no %s %s%s%s", missing_what(link), link->name, dot,
	      link->path);
}

void guest_access_cut(const struct guest_link *link)
{
	fault(STATUS_UNSUPPORTED, GUEST_FAULT_MISSING, 0, "the kernel's %s.%s holds more bits than guest C reads",
	      link->name, link->path);
}

void guest_access_no_steps_left(const char *site)
{
	/* Stay at 0: boundaries further out must end too. */
	guest_access_state.steps_left = 0;
	fault(STATUS_LIMIT, GUEST_FAULT_LIMIT, 0, "%s: too many steps (does a list loop?)", site);
}

static void spend_steps(uint64_t steps, const char *site)
{
	if (guest_access_state.steps_left < steps)
		guest_access_no_steps_left(site);
	guest_access_state.steps_left -= steps;
}

void guest_access_no_stack_left(const char *site)
{
	fault(STATUS_LIMIT, GUEST_FAULT_LIMIT, 0, "%s: nested too deeply", site);
}

void guest_access_bad_division(const char *site)
{
	fault(STATUS_MALFORMED, GUEST_FAULT_DIVISION, 0, "%s: division by zero", site);
}

void guest_access_out_of_bounds(const void *pointer, uint64_t size, const char *site)
{
	fault(STATUS_MALFORMED, GUEST_FAULT_BOUNDS, (uintptr_t)pointer, "%s: index outside of an array", site);
}

__attribute__((noreturn, cold)) static void bad_pointer(uint64_t address, const char *site)
{
	if (address < GUEST_PAGE_SIZE)
		fault(STATUS_UNMAPPED, GUEST_FAULT_POINTER, address, "%s: NULL pointer (0x%llx)", site,
		      (unsigned long long)address);
	fault(STATUS_UNMAPPED, GUEST_FAULT_POINTER, address, "%s: 0x%llx isn't a kernel address", site,
	      (unsigned long long)address);
}

/* ---- own memory */

struct range {
	uint64_t start, end;
};

/* Is the address in the range? Then how many bytes from it to the range's end? */
static bool in_range(struct range range, uint64_t address, uint64_t *ret_left)
{
	if (address < range.start || address >= range.end)
		return false;
	*ret_left = range.end - address;
	return true;
}

/* How many bytes of guest C's own memory are at `address`? 0: none. Everything
 * else in the low half is the enclave's, and a hostile pointer's target. */
static uint64_t own_left(uint64_t address, bool for_store)
{
	struct range stack = {(uintptr_t)__builtin_frame_address(0), guest_access_state.window_end};
	struct range data = {(uintptr_t)__start_guest_data, (uintptr_t)__stop_guest_data};
	struct range constants = {(uintptr_t)__start_guest_rodata, (uintptr_t)__stop_guest_rodata};
	uint64_t left = 0;

	if (in_range(stack, address, &left) || in_range(data, address, &left) ||
	    (!for_store && in_range(constants, address, &left)))
		return left;
	for (size_t i = 0; i < access.depth; i++) {
		uint64_t start = (uintptr_t)access.boundaries[i].argument;
		if (in_range((struct range){start, start + access.boundaries[i].argument_size}, address, &left))
			return left;
	}
	return 0;
}

void guest_access_check_store(void *pointer, size_t size)
{
	guest_access_store_slow(pointer, size, "copy");
}

void guest_access_store_slow(void *pointer, uint64_t size, const char *site)
{
	uint64_t address = (uintptr_t)pointer;

	if (size != 0 && own_left(address, true) < size)
		fault(STATUS_DENIED, GUEST_FAULT_STORE, address, "%s: store to 0x%llx, which isn't guest C's own", site,
		      (unsigned long long)address);
}

void guest_access_native_slow(const void *pointer, const char *site)
{
	uint64_t address = (uintptr_t)pointer;

	if (pointer == NULL || own_left(address, false) != 0)
		return;
	/* Handles come from native code as a boundary's argument. */
	for (size_t i = 0; i < access.depth; i++) {
		if (access.boundaries[i].argument == pointer)
			return;
	}
	fault(STATUS_DENIED, GUEST_FAULT_POINTER, address, "%s: 0x%llx goes to native code, and isn't guest C's own",
	      site, (unsigned long long)address);
}

void guest_access_call_check(const void *function, const char *site)
{
	for (const void *const *entry = __start_guest_functions; entry < __stop_guest_functions; entry++) {
		if (*entry == function)
			return;
	}
	fault(STATUS_MALFORMED, GUEST_FAULT_CALL, (uintptr_t)function, "%s: call through a pointer that is no function",
	      site);
}

/* ---- the guest's memory */

void guest_access_flush(void)
{
	for (size_t i = 0; i < access.filled_count; i++)
		guest_access_state.tlb[access.filled[i]].page = GUEST_TLB_EMPTY;
	access.filled_count = 0;
	guest_access_state.tlb_generation = *guest_access_state.generation;
}

static void flush_stale(void)
{
	if (guest_access_state.tlb_generation != *guest_access_state.generation)
		guest_access_flush();
}

static void empty_tlb(void)
{
	for (size_t i = 0; i < GUEST_TLB_ENTRY_COUNT; i++)
		guest_access_state.tlb[i].page = GUEST_TLB_EMPTY;
	access.filled_count = 0;
}

void guest_access_enter(struct guest_memory *memory, const struct guest_space *space)
{
	access.memory = memory;
	access.space = space;
	guest_access_state.generation = memory != NULL ? &memory->generation : &no_generation;
	empty_tlb();
	guest_access_state.tlb_generation = *guest_access_state.generation;
}

static void remember(uint64_t page, const uint8_t *copy)
{
	size_t index = (page >> GUEST_PAGE_SHIFT) & (GUEST_TLB_ENTRY_COUNT - 1);
	struct guest_tlb_entry *entry = &guest_access_state.tlb[index];

	if (entry->page == GUEST_TLB_EMPTY)
		access.filled[access.filled_count++] = (uint16_t)index;
	*entry = (struct guest_tlb_entry){.page = page, .delta = (uintptr_t)copy - page};
}

/* This epoch's copy of the page at `page`; ends the boundary if there is none. */
static const uint8_t *fetch_page(uint64_t page, uint64_t address, const char *site)
{
	struct guest_mapping mapping;
	const uint8_t *copy = NULL;

	if (access.memory == NULL)
		fault(STATUS_USAGE, GUEST_FAULT_UNMAPPED, address, "%s: no kernel to look at", site);
	spend_steps(PAGE_STEPS, site);
	status outcome = guest_space_translate(access.memory, access.space, (struct guest_va){page}, &mapping);
	if (outcome == STATUS_OK)
		outcome = guest_memory_page(access.memory, mapping.address, &copy);
	/* Either call may have made older copies stale. */
	flush_stale();
	if (outcome != STATUS_OK)
		fault(outcome, GUEST_FAULT_UNMAPPED, address, "%s: 0x%llx isn't readable in the kernel: %s", site,
		      (unsigned long long)address, status_name(outcome));
	remember(page, copy);
	return copy;
}

static const uint8_t *find_page(uint64_t address, const char *site)
{
	uint64_t page = address & ~(uint64_t)(GUEST_PAGE_SIZE - 1);
	const struct guest_tlb_entry *entry =
		&guest_access_state.tlb[(page >> GUEST_PAGE_SHIFT) & (GUEST_TLB_ENTRY_COUNT - 1)];

	flush_stale();
	if (entry->page == page)
		return (const uint8_t *)(uintptr_t)(page + entry->delta);
	return fetch_page(page, address, site);
}

static bool is_kernel_half(uint64_t address)
{
	return (int64_t)address < 0;
}

static const uint8_t *span_at(uint64_t address, uint64_t size_max, const char *site, size_t *ret_size)
{
	uint64_t offset = address & (GUEST_PAGE_SIZE - 1), left;
	const uint8_t *bytes;

	if (is_kernel_half(address)) {
		left = GUEST_PAGE_SIZE - offset;
		bytes = find_page(address, site) + offset;
	} else {
		left = own_left(address, false);
		bytes = (const uint8_t *)(uintptr_t)address;
		if (left == 0)
			bad_pointer(address, site);
	}
	*ret_size = left < size_max ? left : size_max;
	return bytes;
}

const uint8_t *guest_access_span(const void *pointer, size_t size_max, size_t *ret_size)
{
	const uint8_t *bytes = span_at((uintptr_t)pointer, size_max, "copy", ret_size);

	spend_steps(1 + *ret_size / STEP_BYTES, "copy");
	return bytes;
}

const void *guest_access_load_slow(const void *pointer, uint64_t size, const char *site)
{
	uint64_t address = (uintptr_t)pointer, done = 0;
	size_t part;

	const uint8_t *bytes = span_at(address, size, site, &part);
	if (part == size)
		return bytes;
	/* Across the end of a page, or of own memory (then the rest fails). */
	if (size > BOUNCE_SIZE)
		fault(STATUS_INTERNAL, GUEST_FAULT_POINTER, address, "%s: a load of %llu bytes", site,
		      (unsigned long long)size);
	while (done < size) {
		bytes = span_at(address + done, size - done, site, &part);
		memcpy(access.bounce + done, bytes, part);
		done += part;
	}
	return access.bounce;
}

/* ---- boundaries */

__attribute__((noinline)) static status run(struct boundary *boundary, void (*fn)(void *argument), void *argument)
{
	if (__builtin_setjmp(boundary->context) != 0)
		return access.fault.status;
	fn(argument);
	return STATUS_OK;
}

static void open_window(const void *frame)
{
	guest_access_state.window_end = (uintptr_t)frame;
	guest_access_state.stack_limit = (uintptr_t)frame - GUEST_STACK_SIZE;
	guest_access_state.steps_left = STEPS_MAX;
	flush_stale();
}

static void close_window(void)
{
	guest_access_state.window_end = 0;
	guest_access_state.stack_limit = 0;
	guest_access_state.steps_left = 0;
}

__attribute__((noinline)) static status run_in_boundary(void (*fn)(void *argument), void *argument,
							size_t argument_size)
{
	size_t depth = access.depth;

	if (depth == GUEST_TRY_DEPTH_MAX)
		return STATUS_LIMIT;
	if (guest_access_state.generation == NULL)
		guest_access_enter(NULL, NULL);
	/* Guest C's frames lie below this one: it ends the window. */
	if (depth == 0)
		open_window(__builtin_frame_address(0));
	access.boundaries[depth].argument = argument;
	access.boundaries[depth].argument_size = argument_size;
	access.depth = depth + 1;
	status outcome = run(&access.boundaries[depth], fn, argument);
	access.depth = depth;
	if (outcome != STATUS_OK)
		guest_access_state.steps_left -=
			guest_access_state.steps_left < FAULT_STEPS ? guest_access_state.steps_left : FAULT_STEPS;
	if (depth == 0)
		close_window();
	return outcome;
}

status guest_try(void (*fn)(void *argument), void *argument)
{
	return run_in_boundary(fn, argument, 0);
}

status guest_call(void (*fn)(void *argument), void *argument, size_t argument_size)
{
	return run_in_boundary(fn, argument, argument_size);
}
