/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The targets that the daemon serves: attached on first use, shared by all sessions,
 * watched for their end and for reboots. Thread-safe.
 */
#ifndef AGENT_SERVE_HUB_H
#define AGENT_SERVE_HUB_H

#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/serve/boot-watch.h"
#include "agent/serve/register-looks.h"
#include "agent/target.h"
#include "base/status.h"
#include "wire/start.h"

enum {
	/* Attached at once. */
	HUB_TARGET_COUNT_MAX = 64,
	/* qemu:PID names whose process is remembered. */
	HUB_PIN_COUNT_MAX = 1024,
};

struct hub_target {
	char name[START_TARGET_SIZE];
	struct target *target;
	/* For what isn't thread-safe of a source: its registers; and for `looks` (but to drop them) and `watch`.
	 * Reading pages needs no lock. */
	pthread_mutex_t lock;
	struct register_looks looks;
	struct boot_watch watch;
	uint64_t epoch; /* atomic; of the running system: no two boots have the same */
	uint32_t is_gone; /* atomic */
	uint32_t user_count; /* the hub's lock */
	int64_t idle_since_ns; /* the hub's lock; where there are no users */
};

/* Which process a qemu:PID meant when it was first served. */
struct hub_pin {
	pid_t pid;
	uint64_t start_time;
};

struct hub {
	const char *const *allowed; /* names; none: every local QEMU */
	uint32_t allowed_count;
	const struct qemu_owners *owners; /* of machines that are named by their -name */
	pthread_mutex_t lock;
	pthread_cond_t wanted; /* wakes the keeper */
	pthread_t keeper;
	bool keeper_runs, is_ending;
	struct hub_target *target[HUB_TARGET_COUNT_MAX]; /* NULL: free */
	uint64_t last_epoch;
	struct hub_pin pin[HUB_PIN_COUNT_MAX];
	uint32_t pin_count;
};

/* `allowed` and `owners` must outlive the hub. Starts a thread. STATUS_NO_MEMORY, reported. */
MUST_USE status hub_init(struct hub *hub, const char *const *allowed, uint32_t allowed_count,
			 const struct qemu_owners *owners);
void hub_deinit(struct hub *hub);

/* May this name be asked for at all? STATUS_DENIED, reported. Touches no target. */
MUST_USE status hub_check_name(const struct hub *hub, const char *name);

/* Attach, or share what is attached. Reported: as target_create(); STATUS_DENIED: not
 * served, or the PID is another process's by now; STATUS_LIMIT. */
MUST_USE status hub_acquire(struct hub *hub, const char *name, struct hub_target **ret_target);
void hub_release(struct hub *hub, struct hub_target *target);

/* Is it still there? STATUS_GONE, from then on always; STATUS_IO, reported. */
MUST_USE status hub_target_check(struct hub_target *target);
uint64_t hub_target_epoch(const struct hub_target *target);
/* As the page source's operation; what all sessions ask for together makes few looks (agent/serve/register-looks.h). */
MUST_USE status hub_target_registers(struct hub_target *target, uint32_t cpu_index,
				     struct cpu_registers *ret_registers);
/* As the page source's operations; registers are never of before. STATUS_UNSUPPORTED: this one can't stand. */
MUST_USE status hub_target_pause(struct hub_target *target);
MUST_USE status hub_target_resume(struct hub_target *target, struct source_pause *ret_pause);
/* The kernel's page tables, looked for now if need be. STATUS_MISSING: no kernel was found. */
MUST_USE status hub_target_kernel_space(struct hub_target *target, struct guest_space *ret_space);

/* [{"name": …, "epoch": …, "sessions": …, "gone": …}]; NULL without memory. */
json_t *hub_json(struct hub *hub);

#endif
