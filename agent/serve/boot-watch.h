/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Has the target been started anew? RAM outlives a reset, so a reader wouldn't notice
 * by itself. Two signs:
 *
 *   - the CPUs are not in 64-bit paging, where registers are known (QMP): firmware runs;
 *   - another kernel's page tables are found, or for a while none. To look for them
 *     costs a walk through RAM; it is done when the memory below 640 KiB changed,
 *     which firmware and the kernel's early code write at every start, and which
 *     Linux 5.13 and later leaves alone otherwise (arch/x86/kernel/setup.c).
 *
 * A guest that wants to can hide a reboot from both; what a session reads is the same
 * hostile memory either way.
 */
#ifndef AGENT_SERVE_BOOT_WATCH_H
#define AGENT_SERVE_BOOT_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/root.h"

struct boot_watch {
	struct guest_memory memory;
	void *storage;
	struct guest_root root;
	bool root_known;
	bool has_run; /* a look found it past its firmware */
	bool in_reset; /* seen by the registers, counted already */
	bool has_asked; /* for registers; whoever wants to know says false before */
	uint32_t lost_count; /* looks in a row without a kernel */
	uint64_t low_memory; /* digest */
	int64_t next_look_ns; /* not before: looking is expensive; */
	int64_t next_find_ns; /* nor for a session */
};

/* Watch this source, which must outlive the watch. STATUS_NO_MEMORY, reported; faults of the
 * source. */
MUST_USE status boot_watch_init(struct boot_watch *watch, struct page_source *source);
void boot_watch_deinit(struct boot_watch *watch);

/* Look; `now_ns` is clock_ns(). STATUS_OK: *ret_is_new says whether the system was started
 * anew since the last look. STATUS_GONE: the target has ended. STATUS_IO, reported. */
MUST_USE status boot_watch_look(struct boot_watch *watch, int64_t now_ns, bool *ret_is_new);

/* Find the kernel's tables now, if they aren't known, and looking doesn't take more than its part of the time.
 * `now_ns` is clock_ns(). STATUS_MISSING: none; STATUS_GONE. */
MUST_USE status boot_watch_find(struct boot_watch *watch, int64_t now_ns);

#endif
