/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/now.h"

#include <stddef.h>

#include "base/siphash.h"
#include "guest/kernel/access.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/running.h"
#include "guest/proc/subject.h"

enum {
	/* A command line, and what it and its process hang on, are some twenty; a source answers so many in one
	   question. */
	NOTE_COUNT = PAGE_PART_COUNT_MAX,
	BYTES_MAX = 2 * GUEST_PAGE_SIZE,
	/* What task_expect() notes, with some of it across two pages. */
	HELD_COUNT = 32,
};

/* Part of one page. Its content is kept as a hash: this guards against chance, not
 * against a guest that makes two contents of one hash, which could as well lie at once. */
struct note {
	struct guest_pa address;
	uint32_t size;
	uint64_t hash;
};

static struct {
	struct note notes[NOTE_COUNT];
	size_t note_count, byte_count;
	uint64_t task;
	bool is_torn;
	bool needs_look;
	bool is_text, has_begun;
	uint64_t until; /* what was looked at so far counts for what was copied up to this tick */
	uint64_t known_count; /* ever */
} noted;

/* The task that was looked at last; that counts for what was copied up to this tick of that epoch. */
static struct {
	uint64_t task, epoch, until;
} looked_at;

/* What a task had when it was first read in an epoch. Where copies had to go meanwhile, what is copied anew may be
 * another's, and as it is then: that it is so still says nothing. */
static struct {
	struct note notes[HELD_COUNT];
	size_t note_count;
	uint64_t task, epoch;
	bool is_noting, is_lacking, is_whole;
} held;

static uint64_t hash_of(const uint8_t *bytes, size_t size)
{
	return siphash(bytes, size, 0, 0);
}

void proc_memory_forget(void)
{
	noted.note_count = noted.byte_count = 0;
	noted.task = 0;
	noted.until = UINT64_MAX;
	noted.is_torn = noted.needs_look = false;
	noted.has_begun = false;
	noted.is_text = true;
	held.is_noting = false;
}

void proc_memory_expect_later(void)
{
	noted.needs_look = true;
}

uint64_t proc_memory_known_count(void)
{
	return noted.known_count;
}

/* What was read for other processes isn't what this text is made of, nor are pages that were copied for texts before.
 * Texts of one process may count as one: the pointers that guest C holds are dear. */
void proc_memory_begin_task(void)
{
	static uint32_t number, thread;
	uint32_t next_number = subject_pid(), next_thread = subject_tid();

	if (noted.has_begun || !noted.is_text)
		return;
	noted.has_begun = true;
	if (number == next_number && thread == next_thread &&
	    !guest_memory_has_used_later(proc_running_kernel()->memory))
		return;
	number = next_number;
	thread = next_thread;
	guest_access_begin_use();
}

static bool is_held(void)
{
	return held.is_whole && held.task == noted.task && held.epoch == proc_running_kernel()->memory->epoch;
}

bool proc_memory_tells_of(uint64_t task)
{
	noted.task = task;
	if (!noted.is_text || is_held())
		return false;
	held.note_count = 0;
	held.task = task;
	held.epoch = proc_running_kernel()->memory->epoch;
	held.is_noting = true;
	held.is_lacking = held.is_whole = false;
	return true;
}

void proc_memory_hold(bool is_whole)
{
	held.is_noting = false;
	held.is_whole = is_whole && !held.is_lacking;
}

void proc_memory_text_is_read(void)
{
	noted.is_text = false;
}

uint64_t proc_memory_task(void)
{
	return noted.task;
}

bool proc_memory_task_was_still(void)
{
	const struct guest_memory *memory = proc_running_kernel()->memory;

	return noted.task == looked_at.task && memory->epoch == looked_at.epoch &&
	       memory->used_tick <= looked_at.until && noted.note_count == 0 && !noted.is_torn;
}

static void note_until(uint64_t tick)
{
	noted.until = tick < noted.until ? tick : noted.until;
}

void proc_memory_task_is_still(void)
{
	struct guest_memory *memory = proc_running_kernel()->memory;

	note_until(memory->tick++);
	looked_at.task = noted.task;
	looked_at.epoch = memory->epoch;
	looked_at.until = noted.until;
}

/* Are the bytes that were read just now, one part behind the other, what was noted? */
static bool are_as_noted(const uint8_t *bytes)
{
	for (size_t i = 0; i < noted.note_count; i++) {
		const struct note *note = &noted.notes[i];

		if (hash_of(bytes, note->size) != note->hash)
			return false;
		bytes += note->size;
	}
	return true;
}

/* Was there a moment, as far as plans have shown, at which memory held all that is noted, and after which nothing was
 * copied that was read? */
static bool was_at_once(const struct guest_memory *memory)
{
	struct guest_moments moments = GUEST_MOMENTS_ALL;
	uint8_t bytes[GUEST_PAGE_SIZE];

	for (size_t i = 0; i < noted.note_count; i++) {
		const struct note *note = &noted.notes[i];

		if (!guest_memory_read_moments(memory, note->address, bytes, note->size, &moments) ||
		    hash_of(bytes, note->size) != note->hash)
			return false;
	}
	/* What has the moment's number was copied after it. */
	note_until(moments.last - 1);
	return true;
}

/* False says nothing. */
static bool is_known(struct guest_memory *memory)
{
	if (noted.needs_look || noted.note_count == 0)
		return false;
	if (was_at_once(memory))
		return true;
	/* Perhaps the end of it isn't unpacked yet. */
	return guest_memory_unpack_more(memory) && was_at_once(memory);
}

/* Look at all that is noted. */
static void look(void)
{
	static uint8_t bytes[BYTES_MAX];
	struct guest_memory *memory = proc_running_kernel()->memory;
	struct page_part parts[NOTE_COUNT];
	uint8_t *at = bytes;

	if (is_known(memory)) {
		noted.known_count++;
		noted.note_count = noted.byte_count = 0;
		return;
	}
	for (size_t i = 0; i < noted.note_count; i++) {
		parts[i] = (struct page_part){noted.notes[i].address, at, noted.notes[i].size};
		at += noted.notes[i].size;
	}
	note_until(memory->tick);
	if (guest_memory_read_now(memory, parts, noted.note_count) != STATUS_OK || !are_as_noted(bytes))
		noted.is_torn = true;
	noted.note_count = noted.byte_count = 0;
}

/* Parts that files have in common are noted once. */
static bool is_noted(struct guest_pa address, uint64_t hash, size_t size)
{
	for (size_t i = 0; i < noted.note_count; i++) {
		const struct note *note = &noted.notes[i];

		if (note->address.value == address.value && note->size == size && note->hash == hash)
			return true;
	}
	return false;
}

static void hold(const struct note *note)
{
	if (held.note_count == HELD_COUNT)
		held.is_lacking = true;
	else
		held.notes[held.note_count++] = *note;
}

static void add_note(const struct note *note)
{
	if (is_noted(note->address, note->hash, note->size))
		return;
	if (noted.note_count == NOTE_COUNT || noted.byte_count + note->size > BYTES_MAX)
		look();
	noted.notes[noted.note_count++] = *note;
	noted.byte_count += note->size;
}

bool proc_memory_expect_held(void)
{
	if (!is_held())
		return false;
	for (size_t i = 0; i < held.note_count; i++)
		add_note(&held.notes[i]);
	return true;
}

/* Within one page. */
static void expect_part(uint64_t address, const uint8_t *bytes, size_t size)
{
	struct guest_kernel *kernel = proc_running_kernel();
	struct guest_mapping mapping;

	/* The kernel's tables aren't of what is told. */
	uint64_t used_tick = kernel->memory->used_tick;
	status result = guest_space_translate(kernel->memory, &kernel->space, (struct guest_va){address}, &mapping);
	kernel->memory->used_tick = used_tick;
	if (result != STATUS_OK) {
		noted.is_torn = true;
		/* What is held would lack it, and the next text be compared with less. */
		held.is_lacking = true;
		return;
	}
	const struct note note = {mapping.address, (uint32_t)size, hash_of(bytes, size)};
	if (held.is_noting)
		hold(&note);
	else
		add_note(&note);
}

void proc_memory_expect(uint64_t address, const void *bytes, uint64_t size)
{
	const uint8_t *at = bytes;

	while (size > 0) {
		const uint64_t left = GUEST_PAGE_SIZE - address % GUEST_PAGE_SIZE, part = left < size ? left : size;

		expect_part(address, at, part);
		address += part;
		at += part;
		size -= part;
	}
}

bool proc_memory_is_still(void)
{
	if (noted.note_count != 0)
		look();
	return !noted.is_torn;
}
