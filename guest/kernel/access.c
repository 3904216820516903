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
	 * read 64 KiB. Real files touch a dozen lines a row, and fail rarely. */
	STEP_BYTES = 64, /* of a string or copy */
	LINE_STEPS = 2, /* to translate and to find the line */
	ASK_STEPS = 8, /* to get what the cache lacks */
	FAULT_STEPS = 64, /* to describe a fault and unwind */
	/* guestcc's loads are at most 8 bytes, 16 for 128-bit numbers. */
	BOUNCE_SIZE = 64,
	LARGE_SHIFT = 21,
	LARGE_COUNT = 64, /* of the 512 in a GiB, of which a walk over some hundred objects touches a part */
};

#define IMAGE_START 0xffffffff80000000
#define IMAGE_SIZE (UINT64_C(1) << 30)

struct boundary {
	/* __builtin_setjmp's five words. Not on the stack: hostile pointers
	 * reach what is there. */
	void *context[5];
	const void *argument;
	size_t argument_size;
};

struct guest_access_state guest_access_state;

/* Where 2 MiB of a large page lie: the direct map is made of such, and objects that a walk goes through are in few
 * of them. */
struct large_page {
	uint64_t number; /* virtual address in 2 MiB, + 1; 0: none */
	uint64_t epoch;
	struct guest_pa physical;
};

static const uint64_t no_generation;

static struct {
	struct guest_memory *memory;
	const struct guest_space *space;
	struct guest_space entered; /* what it was */
	struct large_page large[LARGE_COUNT]; /* of that space, direct-mapped */
	struct boundary boundaries[GUEST_TRY_DEPTH_MAX];
	size_t depth;
	uint8_t bounce[BOUNCE_SIZE];
	struct guest_fault fault;
} access;

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

	/* By hand: "there is no such process" is said of millions of numbers. */
	access.fault.status = outcome == STATUS_OK ? STATUS_INTERNAL : outcome;
	access.fault.kind = GUEST_FAULT_RAISED;
	access.fault.address = 0;
	size = strnlen((const char *)bytes, size < GUEST_FAULT_TEXT_SIZE ? size : GUEST_FAULT_TEXT_SIZE - 1);
	memcpy(access.fault.text, bytes, size);
	access.fault.text[size] = '\0';
	leave_boundary();
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

/* "struct sock.sk_ino is at byte 24 there, and at byte 32 in" */
__attribute__((noreturn, cold)) static void layout_differs(const struct guest_link *link, const char *headers)
{
	const char *dot = *link->path != 0 ? "." : "", *what = *link->path != 0 ? "is at byte" : "has the size";
	char here[48] = "isn't";

	if (*link->slot != GUEST_LINK_POISON)
		snprintf(here, sizeof here, "%s %llu", what, (unsigned long long)*link->slot);
	fault(STATUS_MISMATCH, GUEST_FAULT_LAYOUT, 0,
	      "compiled against the headers of Linux %.64s, where %s%s%s %s %llu: it %s in the target's kernel",
	      headers, link->name, dot, link->path, what, (unsigned long long)link->local, here);
}

void guest_access_fixed_check(const struct guest_link *const *links, uint64_t count)
{
	for (uint64_t i = 0; i < count; i++) {
		if (*links[i]->slot == links[i]->local)
			continue;
		if (links[i]->kind != GUEST_LINK_RELEASE)
			layout_differs(links[i], links[0]->name);
		fault(STATUS_MISMATCH, GUEST_FAULT_LAYOUT, 0,
		      "compiled against the headers of Linux %.64s, and reads no other: the target runs Linux %.64s",
		      links[i]->name, guest_linkage_release());
	}
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
	for (size_t i = 0; i < GUEST_TLB_ENTRY_COUNT; i++)
		guest_access_state.tlb[i].line = GUEST_TLB_EMPTY;
	guest_access_state.tlb_generation = *guest_access_state.generation;
}

void guest_access_begin_use(void)
{
	if (access.memory == NULL)
		return;
	guest_access_flush();
	guest_memory_begin_use(access.memory);
}

static void flush_stale(void)
{
	if (guest_access_state.tlb_generation != *guest_access_state.generation)
		guest_access_flush();
}

static bool is_same_space(const struct guest_space *a, const struct guest_space *b)
{
	return a->root.value == b->root.value && a->level_count == b->level_count &&
	       a->physical_bits == b->physical_bits;
}

/* Program after program looks at the same: what the entries say holds as long as the memory's generation,
 * which no other memory of this process has, and the page tables are the same. */
void guest_access_enter(struct guest_memory *memory, const struct guest_space *space)
{
	const uint64_t *generation = memory != NULL ? &memory->generation : &no_generation;
	bool holds = memory != NULL && access.memory == memory && *generation == guest_access_state.tlb_generation &&
		     is_same_space(space, &access.entered);

	if (!holds)
		memset(access.large, 0, sizeof access.large);
	access.memory = memory;
	access.space = space;
	access.entered = space != NULL ? *space : (struct guest_space){0};
	guest_access_state.generation = generation;
	if (!holds)
		guest_access_flush();
}

static struct guest_tlb_entry *entry_of(uint64_t line)
{
	return &guest_access_state.tlb[guest_tlb_index(line)];
}

static void remember(uint64_t line, const uint8_t *copy)
{
	struct guest_tlb_entry *entry = entry_of(line);

	*entry = (struct guest_tlb_entry){.line = line, .delta = (uintptr_t)copy - line};
}

/* Where a line lies. */
static status find_line(uint64_t line, struct guest_pa *ret_physical)
{
	uint64_t number = line >> LARGE_SHIFT, offset = line & ((UINT64_C(1) << LARGE_SHIFT) - 1);
	struct large_page *large = &access.large[number % LARGE_COUNT];
	struct guest_mapping mapping;

	if (large->number == number + 1 && large->epoch == access.memory->epoch) {
		ret_physical->value = large->physical.value + offset;
		return STATUS_OK;
	}
	status result = guest_space_translate(access.memory, access.space, (struct guest_va){line}, &mapping);
	if (result != STATUS_OK)
		return result;
	if (mapping.page_size >= UINT64_C(1) << LARGE_SHIFT)
		*large = (struct large_page){number + 1, access.memory->epoch, {mapping.address.value - offset}};
	*ret_physical = mapping.address;
	return STATUS_OK;
}

/* The kernel's own image, and its tables, are nobody else's a moment later: whenever it was copied, what is there is
 * the kernel's. (Where the image is: Documentation/arch/x86/x86_64/mm.rst.) */
static bool is_lasting(uint64_t address)
{
	return address >= IMAGE_START && address - IMAGE_START < IMAGE_SIZE;
}

/* This epoch's copy of the line at `line`, and of *ret_size bytes in all that follow it in one
 * piece; ends the boundary if there is none. */
static const uint8_t *fetch_line(uint64_t line, uint64_t address, const char *site, size_t *ret_size)
{
	const uint8_t *copy = NULL;
	struct guest_pa physical;

	if (access.memory == NULL)
		fault(STATUS_USAGE, GUEST_FAULT_UNMAPPED, address, "%s: no kernel to look at", site);
	spend_steps(LINE_STEPS, site);
	uint64_t question_count = access.memory->question_count, used_tick = access.memory->used_tick;
	status outcome = find_line(line, &physical);
	access.memory->used_tick = used_tick;
	if (outcome == STATUS_OK)
		outcome = guest_memory_bytes(access.memory, physical, &copy, ret_size);
	if (is_lasting(line))
		access.memory->used_tick = used_tick;
	/* Either call may have made older copies stale. */
	flush_stale();
	if (access.memory->question_count != question_count)
		spend_steps(ASK_STEPS, site);
	if (outcome != STATUS_OK)
		fault(outcome, GUEST_FAULT_UNMAPPED, address, "%s: 0x%llx isn't readable in the kernel: %s", site,
		      (unsigned long long)address, status_name(outcome));
	remember(line, copy);
	return copy;
}

/* As many bytes as are here in one piece from `address` on: to the end of its line, at least. */
static const uint8_t *find_bytes(uint64_t address, const char *site, size_t *ret_size)
{
	uint64_t offset = address & (GUEST_LINE_SIZE - 1), line = address - offset;
	const struct guest_tlb_entry *entry = entry_of(line);

	flush_stale();
	if (entry->line == line) {
		*ret_size = GUEST_LINE_SIZE - offset;
		return (const uint8_t *)(uintptr_t)(address + entry->delta);
	}
	const uint8_t *copy = fetch_line(line, address, site, ret_size);
	*ret_size -= offset;
	return copy + offset;
}

static bool is_kernel_half(uint64_t address)
{
	return (int64_t)address < 0;
}

static const uint8_t *span_at(uint64_t address, uint64_t size_max, const char *site, size_t *ret_size)
{
	const uint8_t *bytes;
	uint64_t left;

	if (is_kernel_half(address)) {
		bytes = find_bytes(address, site, &left);
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
	/* Across the end of a line, or of own memory (then the rest fails). */
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
