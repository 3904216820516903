/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/boot-watch.h"

#include <stdlib.h>

#include "agent/serve/clock.h"
#include "agent/serve/log.h"
#include "base/checked.h"
#include "base/report.h"

enum {
	CACHE_PAGES = 64,
	/* Above it: the display's memory and firmware. */
	LOW_MEMORY_SIZE = 640 * 1024,
	/* Looks in a row that find nothing, until the kernel counts as gone: what is in the
	 * middle of being changed is looked at again. */
	LOST_COUNT_MAX = 3,
	CPU_COUNT_MAX = 1024,
	/* A look may take this part of a processor's time. */
	LOOK_SHARE = 20,
};

/* Between looks that a changing low memory asks for. */
static const int64_t look_interval_ns = 2000000000;

status boot_watch_init(struct boot_watch *watch, struct page_source *source)
{
	size_t size = guest_memory_storage_size(CACHE_PAGES);
	void *storage = aligned_alloc(16, (size + 15) & ~(size_t)15);

	if (storage == NULL)
		return report(STATUS_NO_MEMORY, "out of memory for watching a target");
	*watch = (struct boot_watch){.storage = storage};
	status result = guest_memory_init(&watch->memory, source, storage, size);
	if (result != STATUS_OK)
		boot_watch_deinit(watch);
	return result;
}

void boot_watch_deinit(struct boot_watch *watch)
{
	free(watch->storage);
	watch->storage = NULL;
}

/* FNV-1a over words: not against an enemy, who could hide a reboot anyway. */
static uint64_t digest(uint64_t hash, const uint8_t *page)
{
	const uint64_t prime = 0x100000001b3;

	for (uint32_t i = 0; i < GUEST_PAGE_SIZE; i += sizeof(uint64_t)) {
		uint64_t word;

		__builtin_memcpy(&word, page + i, sizeof word);
		hash = (hash ^ word) * prime;
	}
	return hash;
}

static status digest_low_memory(const struct boot_watch *watch, uint64_t *ret_digest)
{
	struct page_source *source = watch->memory.source;
	uint8_t page[GUEST_PAGE_SIZE];
	uint64_t hash = 0xcbf29ce484222325;

	for (uint64_t at = 0; at < LOW_MEMORY_SIZE; at += GUEST_PAGE_SIZE) {
		status result = source->ops->read(source, (struct guest_pa){at}, page, sizeof page);

		if (result == STATUS_UNMAPPED)
			continue;
		TRY(result);
		hash = digest(hash, page);
	}
	*ret_digest = hash;
	return STATUS_OK;
}

/* SDM vol. 3A, 4.1.1: long-mode paging. */
static bool has_long_mode(const struct cpu_registers *registers)
{
	const uint64_t paging = 1ull << 31, active = 1ull << 10;

	return (registers->cr0 & paging) != 0 && (registers->efer & active) != 0;
}

/* Does every CPU run on what comes before a 64-bit kernel? CPUs that Linux hasn't started
 * wait in real mode, so one that is in long mode is enough against it. */
static bool is_resetting(const struct boot_watch *watch)
{
	struct page_source *source = watch->memory.source;
	struct cpu_registers registers;
	uint32_t i = 0;

	while (i < CPU_COUNT_MAX && source->ops->registers(source, i, &registers) == STATUS_OK) {
		if (has_long_mode(&registers))
			return false;
		i++;
	}
	return i > 0;
}

/* What runs now? Faults are the ordinary case: it boots, or resets. */
static status find_quietly(struct boot_watch *watch, struct guest_root *ret_root)
{
	log_thread_quiet_set(true);
	status result = guest_memory_refresh(&watch->memory);
	if (result == STATUS_OK)
		result = guest_root_find(&watch->memory, ret_root);
	log_thread_quiet_set(false);
	return result;
}

/* Is it another system than the one known so far? */
static bool compare(struct boot_watch *watch, bool found, const struct guest_root *now)
{
	bool was_known = watch->root_known, is_new = false;

	watch->lost_count = found ? 0 : watch->lost_count + 1;
	if (found) {
		is_new = was_known && now->space.root.value != watch->root.space.root.value;
		watch->root = *now;
		watch->root_known = true;
	} else if (was_known && watch->lost_count >= LOST_COUNT_MAX) {
		is_new = true;
		watch->root_known = false;
	}
	return is_new;
}

static status look_for_kernel(struct boot_watch *watch, bool *ret_is_new)
{
	struct guest_root now;
	int64_t started_ns = clock_ns();
	watch->has_asked = true;
	status result = find_quietly(watch, &now);

	if (result == STATUS_GONE)
		return STATUS_GONE;
	/* Registers alone don't make a kernel: it may be firmware's tables. */
	*ret_is_new = compare(watch, result == STATUS_OK && now.from_note, &now);
	int64_t ended_ns = clock_ns(), pause_ns = (ended_ns - started_ns) * LOOK_SHARE;
	watch->next_find_ns = ended_ns + pause_ns;
	watch->next_look_ns = ended_ns + (pause_ns > look_interval_ns ? pause_ns : look_interval_ns);
	return STATUS_OK;
}

status boot_watch_look(struct boot_watch *watch, int64_t now_ns, bool *ret_is_new)
{
	bool is_new = false;
	uint64_t low_memory;

	TRY(watch->memory.source->ops->check(watch->memory.source));
	watch->has_asked = true;
	if (is_resetting(watch)) {
		/* Before anything ran it is the boot that we came into. */
		is_new = !watch->in_reset && watch->has_run;
		watch->in_reset = true;
		watch->root_known = false;
		*ret_is_new = is_new;
		return STATUS_OK;
	}
	watch->in_reset = false;
	watch->has_run = true;
	TRY(digest_low_memory(watch, &low_memory));
	bool changed = low_memory != watch->low_memory || !watch->root_known || watch->lost_count > 0;
	if (changed && now_ns >= watch->next_look_ns) {
		TRY(look_for_kernel(watch, &is_new));
		watch->low_memory = low_memory;
	}
	*ret_is_new = is_new;
	return STATUS_OK;
}

status boot_watch_find(struct boot_watch *watch, int64_t now_ns)
{
	bool is_new;

	/* Each virtual address that a session asks for comes here. */
	if (!watch->root_known && now_ns >= watch->next_find_ns)
		TRY(look_for_kernel(watch, &is_new));
	return watch->root_known ? STATUS_OK : STATUS_MISSING;
}
