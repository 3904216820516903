/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A target by its name: "qemu:PID", "qemu:NAME", "dump:FILE", "dev:DEVICE".
 *
 * ("lab:NAME" is the command line's word for a VM of the lab; bartizan
 * translates it to qemu:PID before it comes here.)
 */
#ifndef AGENT_TARGET_H
#define AGENT_TARGET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "agent/qemu-process.h"
#include "base/status.h"
#include "guest/memory/source.h"

enum {
	TARGET_LABEL_SIZE = 256,
};

/* What was found at the start, for people and for --json. */
struct target_description {
	char label[TARGET_LABEL_SIZE]; /* "qemu:1234 (web1)", "dump:FILE" */
	pid_t pid; /* of the QEMU; 0 for a dump */
	struct ram_map ram;
	uint64_t memory_size; /* all ranges together */
	/* How RAM is read: "mapped" (the RAM's file, shared with QEMU),
	 * "process_vm_readv", "mixed", "file", "module". */
	const char *access;
	/* Who said where RAM lies: "qmp", "command line", "elf", "guess", "module". */
	const char *layout;
	/* Who knows the CPUs' registers: "qmp", "dump", "module", "none". */
	const char *registers;
	uint32_t cpu_count; /* with known registers */
};

struct target {
	struct page_source *source; /* valid as long as the target */
	struct target_description description;
	void (*destroy)(struct target *target); /* for target_destroy() */
};

/* Attach. The target isn't paused or changed. All statuses are reported:
 * STATUS_USAGE: no target of that form; STATUS_MISSING: no such process, file,
 * not a QEMU; STATUS_DENIED: permissions; STATUS_UNSUPPORTED; STATUS_MALFORMED;
 * STATUS_GONE: it ended meanwhile. */
MUST_USE status target_create(const char *name, struct target **ret_target);
/* The same, where a name may mean QEMUs of `owners` only; STATUS_DENIED: it is somebody else's. */
MUST_USE status target_create_owned(const char *name, const struct qemu_owners *owners, struct target **ret_target);
void target_destroy(struct target *target);

#endif
