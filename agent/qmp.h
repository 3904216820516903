/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A guest's monitor (QMP), asked briefly and left alone.
 *
 * One client at a time can use a QMP socket, and somebody else may be it: a
 * connection is opened, used and closed within a fraction of a second, and
 * whatever doesn't answer in time counts as not there. Nothing that is asked
 * changes the guest, but for agent/pauser.c's "stop" and "cont".
 */
#ifndef AGENT_QMP_H
#define AGENT_QMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/source.h"

enum {
	/* For each answer. QEMU answers in under a millisecond when it runs at
	 * all; a paused or busy one must not hold us up. */
	QMP_TIMEOUT_MS = 100,
	QMP_CPU_COUNT_MAX = 1024,
	QMP_REGION_NAME_SIZE = 128,
};

struct qmp;

/* Connect to the socket at `path` as the process `pid` sees it.
 * STATUS_MISSING: no socket, another client has it, no greeting in time; not
 * reported (one can do without). STATUS_NO_MEMORY. */
MUST_USE status qmp_create(pid_t pid, const char *path, struct qmp **ret_qmp);
void qmp_destroy(struct qmp *qmp);

/* Wait so long for each answer from now on, where it matters more that it comes than when. */
void qmp_timeout_set(struct qmp *qmp, uint32_t timeout_ms);

/* The answer of a monitor command ("info registers -a") as text; to be freed
 * by the caller. STATUS_MISSING: no answer in time, or an error. */
MUST_USE status qmp_monitor(struct qmp *qmp, const char *command, char **ret_text);

/* Run a QMP command that has no arguments and no answer ("stop"). STATUS_MISSING: an error, or no answer in time. */
MUST_USE status qmp_execute(struct qmp *qmp, const char *command);
/* Do the guest's CPUs run (query-status)? STATUS_MISSING as above. */
MUST_USE status qmp_runs(struct qmp *qmp, bool *ret_runs);

/* The registers that matter from "info registers -a": those of up to
 * `count_max` CPUs. STATUS_MALFORMED if a CPU's part lacks one of them; not
 * reported. */
MUST_USE status qmp_parse_registers(const char *text, struct cpu_registers *ret_registers, uint32_t count_max,
				    uint32_t *ret_count);

/* A run of guest physical addresses with RAM behind it. */
struct qmp_region {
	struct ram_range range;
	char name[QMP_REGION_NAME_SIZE]; /* the memory region: "pc.ram", or a backend's */
};

enum { QMP_REGION_COUNT_MAX = RAM_RANGE_COUNT_MAX };

/* The RAM in the flat view of the address space "memory" from "info mtree -f",
 * neighbours of one region joined: what lies at address 0, its continuation
 * above 4 GiB, and regions that the machine holds as DIMMs or NUMA nodes. Not
 * video memory or firmware. STATUS_MALFORMED, STATUS_LIMIT: not reported. */
MUST_USE status qmp_parse_regions(const char *text, struct qmp_region ret_regions[QMP_REGION_COUNT_MAX],
				  uint32_t *ret_count);

/* The address from "gpa2hva": "Host virtual address for 0x0 (pc.ram) is 0x…". */
MUST_USE status qmp_parse_host_address(const char *text, struct host_va *ret_address);

#endif
