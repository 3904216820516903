/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/hub.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/serve/clock.h"
#include "agent/serve/guarded.h"
#include "agent/serve/log.h"
#include "base/report.h"

enum {
	WATCH_INTERVAL_MS = 500,
	/* Until the kernel's tables are known, a reset shows in the registers alone, and under
	 * KVM firmware is done with after a fifth of a second. */
	UNKNOWN_INTERVAL_MS = 50,
};

static const int64_t second_ns = 1000000000;
/* Programs are run in a row: to attach each time anew would cost them milliseconds. */
static const int64_t linger_ns = 30 * second_ns;
/* A run of a fraction of a second isn't to share its processors with a search. */
static const int64_t first_look_ns = 2 * second_ns;

status hub_check_name(const struct hub *hub, const char *name)
{
	for (uint32_t i = 0; i < hub->allowed_count; i++)
		if (strcmp(hub->allowed[i], name) == 0)
			return STATUS_OK;
	if (hub->allowed_count == 0 && strncmp(name, "qemu:", 5) == 0)
		return STATUS_OK;
	return report(STATUS_DENIED, "the target \"%s\" isn't served here%s", name,
		      hub->allowed_count == 0 ? ": without --target, only qemu:… is" : " (see --target)");
}

/* PIDs come back: who was granted the process of that number isn't granted the next one. */
static status check_pin(struct hub *hub, const char *name, pid_t pid)
{
	uint64_t start_time;

	if (strncmp(name, "qemu:", 5) != 0 || strspn(name + 5, "0123456789") != strlen(name + 5))
		return STATUS_OK;
	if (qemu_process_start_time(pid, &start_time) != STATUS_OK)
		return report(STATUS_GONE, "QEMU process %d ended", (int)pid);
	for (uint32_t i = 0; i < hub->pin_count; i++) {
		if (hub->pin[i].pid != pid)
			continue;
		if (hub->pin[i].start_time == start_time)
			return STATUS_OK;
		return report(STATUS_DENIED,
			      "process %d isn't the QEMU any more that had this number when it was first served; "
			      "name the guest (-name, qemu:NAME), or start the agent anew",
			      (int)pid);
	}
	if (hub->pin_count == HUB_PIN_COUNT_MAX)
		return report(STATUS_LIMIT, "more than %d processes were served since the start; start the agent anew",
			      HUB_PIN_COUNT_MAX);
	hub->pin[hub->pin_count++] = (struct hub_pin){pid, start_time};
	return STATUS_OK;
}

static void destroy_target(struct hub_target *target)
{
	boot_watch_deinit(&target->watch);
	target_destroy(target->target);
	pthread_mutex_destroy(&target->lock);
	free(target);
}

static status fill_target(struct hub *hub, struct hub_target *target)
{
	TRY(target_create_owned(target->name, hub->owners, &target->target));
	TRY(check_pin(hub, target->name, target->target->description.pid));
	return boot_watch_init(&target->watch, target->target->source);
}

static status create_target(struct hub *hub, const char *name, struct hub_target **ret_target)
{
	struct hub_target *target = calloc(1, sizeof *target);

	if (target == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while attaching to %s", name);
	snprintf(target->name, sizeof target->name, "%s", name);
	pthread_mutex_init(&target->lock, NULL);
	status result = fill_target(hub, target);
	if (result != STATUS_OK) {
		destroy_target(target);
		return result;
	}
	target->epoch = ++hub->last_epoch;
	target->watch.next_look_ns = clock_ns() + first_look_ns;
	*ret_target = target;
	return STATUS_OK;
}

static void forget(struct hub *hub, uint32_t index)
{
	log_write(LOG_PRIORITY_INFO, "detached from %s", hub->target[index]->name);
	destroy_target(hub->target[index]);
	hub->target[index] = NULL;
}

/* One that is there; what has ended makes room for its successor. */
static struct hub_target *find(struct hub *hub, const char *name)
{
	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++) {
		struct hub_target *target = hub->target[i];

		if (target == NULL || strcmp(target->name, name) != 0)
			continue;
		if (hub_target_check(target) == STATUS_OK)
			return target;
		if (target->user_count == 0)
			forget(hub, i);
	}
	return NULL;
}

/* A free place, or that of the one idle for longest. */
static status find_place(struct hub *hub, uint32_t *ret_index)
{
	uint32_t best = HUB_TARGET_COUNT_MAX;

	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++) {
		const struct hub_target *target = hub->target[i];

		if (target == NULL) {
			*ret_index = i;
			return STATUS_OK;
		}
		if (target->user_count == 0 &&
		    (best == HUB_TARGET_COUNT_MAX || target->idle_since_ns < hub->target[best]->idle_since_ns))
			best = i;
	}
	if (best == HUB_TARGET_COUNT_MAX)
		return report(STATUS_LIMIT, "%d targets are in use, more can't be served at once",
			      HUB_TARGET_COUNT_MAX);
	forget(hub, best);
	*ret_index = best;
	return STATUS_OK;
}

static status acquire_locked(struct hub *hub, const char *name, struct hub_target **ret_target)
{
	struct hub_target *target = find(hub, name);
	uint32_t place = 0;

	if (target == NULL) {
		TRY(find_place(hub, &place));
		TRY(create_target(hub, name, &target));
		hub->target[place] = target;
		log_write(LOG_PRIORITY_INFO, "attached to %s: %s, registers from %s", target->name,
			  target->target->description.access, target->target->description.registers);
	}
	target->user_count++;
	*ret_target = target;
	return STATUS_OK;
}

status hub_acquire(struct hub *hub, const char *name, struct hub_target **ret_target)
{
	TRY(hub_check_name(hub, name));
	/* Attaching waits for QMP, 0.1 s at most: sessions that stand aren't held up, new ones
	 * may be. */
	pthread_mutex_lock(&hub->lock);
	status result = acquire_locked(hub, name, ret_target);
	pthread_cond_signal(&hub->wanted);
	pthread_mutex_unlock(&hub->lock);
	return result;
}

void hub_release(struct hub *hub, struct hub_target *target)
{
	if (target == NULL)
		return;
	pthread_mutex_lock(&hub->lock);
	target->user_count--;
	target->idle_since_ns = clock_ns();
	pthread_mutex_unlock(&hub->lock);
}

status hub_target_check(struct hub_target *target)
{
	if (__atomic_load_n(&target->is_gone, __ATOMIC_ACQUIRE) != 0)
		return STATUS_GONE;
	status result = target->target->source->ops->check(target->target->source);
	if (result != STATUS_OK && __atomic_exchange_n(&target->is_gone, 1, __ATOMIC_ACQ_REL) == 0)
		log_write(LOG_PRIORITY_NOTICE, "the target %s is gone", target->name);
	return result;
}

uint64_t hub_target_epoch(const struct hub_target *target)
{
	return __atomic_load_n(&target->epoch, __ATOMIC_ACQUIRE);
}

status hub_target_registers(struct hub_target *target, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	pthread_mutex_lock(&target->lock);
	status result =
		register_looks_ask(&target->looks, target->target->source, cpu_index, clock_ns(), ret_registers);
	pthread_mutex_unlock(&target->lock);
	return result;
}

/* Without the lock: another session's pause may have to end first; and whoever has it searches memory perhaps, while
 * the guest stands. */
status hub_target_pause(struct hub_target *target)
{
	struct page_source *source = target->target->source;

	if (source->ops->pause == NULL)
		return STATUS_UNSUPPORTED;
	TRY(source->ops->pause(source));
	register_looks_drop(&target->looks);
	return STATUS_OK;
}

status hub_target_resume(struct hub_target *target, struct source_pause *ret_pause)
{
	struct page_source *source = target->target->source;
	status result = source->ops->resume(source, ret_pause);

	register_looks_drop(&target->looks);
	return result;
}

struct look {
	struct boot_watch *watch;
	bool find; /* the kernel, now */
	bool is_new;
};

static status look_work(void *context)
{
	struct look *look = context;

	return look->find ? boot_watch_find(look->watch, clock_ns())
			  : boot_watch_look(look->watch, clock_ns(), &look->is_new);
}

/* The source has the registers of this look now, or none: CPU 0 isn't answered from an older one. */
static status look_guarded(struct hub_target *target, struct look *look)
{
	look->watch = &target->watch;
	target->watch.has_asked = false;
	const status result = guarded_run(look_work, look);

	/* A look that is left in the middle leaves its thread quiet. */
	log_thread_quiet_set(false);
	if (target->watch.has_asked)
		register_looks_drop(&target->looks);
	return result;
}

status hub_target_kernel_space(struct hub_target *target, struct guest_space *ret_space)
{
	struct look look = {.find = true};

	pthread_mutex_lock(&target->lock);
	status result = look_guarded(target, &look);
	if (result == STATUS_OK)
		*ret_space = target->watch.root.space;
	pthread_mutex_unlock(&target->lock);
	return result;
}

static void count_epoch(struct hub *hub, struct hub_target *target)
{
	pthread_mutex_lock(&hub->lock);
	__atomic_store_n(&target->epoch, ++hub->last_epoch, __ATOMIC_RELEASE);
	pthread_mutex_unlock(&hub->lock);
	log_write(LOG_PRIORITY_NOTICE, "the system in %s was started anew", target->name);
}

/* Returns after how long to look again. */
static uint32_t watch_target(struct hub *hub, struct hub_target *target)
{
	struct look look = {0};

	pthread_mutex_lock(&target->lock);
	status result = look_guarded(target, &look);
	uint32_t interval_ms = target->watch.root_known ? WATCH_INTERVAL_MS : UNKNOWN_INTERVAL_MS;
	pthread_mutex_unlock(&target->lock);
	if (result != STATUS_OK) {
		(void)!hub_target_check(target);
		return WATCH_INTERVAL_MS;
	}
	if (look.is_new)
		count_epoch(hub, target);
	return interval_ms;
}

/* Detach from what nobody uses. Returns how many are used. */
static uint32_t sweep(struct hub *hub)
{
	uint32_t used_count = 0;

	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++) {
		struct hub_target *target = hub->target[i];

		if (target == NULL)
			continue;
		if (target->user_count > 0)
			used_count++;
		else if (clock_ns() - target->idle_since_ns > linger_ns || hub_target_check(target) != STATUS_OK)
			forget(hub, i);
	}
	return used_count;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static uint32_t watch_all(struct hub *hub)
{
	uint32_t interval_ms = WATCH_INTERVAL_MS;

	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++) {
		pthread_mutex_lock(&hub->lock);
		struct hub_target *target = hub->target[i];
		/* A dump doesn't start anew. */
		bool is_used = target != NULL && target->user_count > 0 && target->target->description.pid != 0;
		if (is_used)
			target->user_count++; /* while we look */
		pthread_mutex_unlock(&hub->lock);
		if (!is_used)
			continue;
		if (__atomic_load_n(&target->is_gone, __ATOMIC_ACQUIRE) == 0)
			interval_ms = smaller(interval_ms, watch_target(hub, target));
		hub_release(hub, target);
	}
	return interval_ms;
}

static void wait_interval(struct hub *hub, uint32_t interval_ms)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += interval_ms * 1000000L;
	until.tv_sec += until.tv_nsec / second_ns;
	until.tv_nsec %= second_ns;
	pthread_cond_timedwait(&hub->wanted, &hub->lock, &until);
}

static bool is_empty(const struct hub *hub)
{
	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++)
		if (hub->target[i] != NULL)
			return false;
	return true;
}

static void *keep(void *context)
{
	uint32_t interval_ms = UNKNOWN_INTERVAL_MS;
	struct hub *hub = context;

	log_thread_name_set("keeper");
	pthread_mutex_lock(&hub->lock);
	while (!hub->is_ending) {
		if (is_empty(hub))
			pthread_cond_wait(&hub->wanted, &hub->lock);
		else
			wait_interval(hub, interval_ms);
		if (hub->is_ending)
			break;
		uint32_t used_count = sweep(hub);
		pthread_mutex_unlock(&hub->lock);
		interval_ms = used_count > 0 ? watch_all(hub) : WATCH_INTERVAL_MS;
		pthread_mutex_lock(&hub->lock);
	}
	pthread_mutex_unlock(&hub->lock);
	return NULL;
}

status hub_init(struct hub *hub, const char *const *allowed, uint32_t allowed_count, const struct qemu_owners *owners)
{
	*hub = (struct hub){.allowed = allowed,
			    .allowed_count = allowed_count,
			    .owners = owners,
			    .lock = PTHREAD_MUTEX_INITIALIZER,
			    .wanted = PTHREAD_COND_INITIALIZER};
	int error = pthread_create(&hub->keeper, NULL, keep, hub);
	if (error != 0)
		return report(STATUS_NO_MEMORY, "can't start a thread: %s", strerror(error));
	hub->keeper_runs = true;
	return STATUS_OK;
}

void hub_deinit(struct hub *hub)
{
	if (hub->keeper_runs) {
		pthread_mutex_lock(&hub->lock);
		hub->is_ending = true;
		pthread_cond_signal(&hub->wanted);
		pthread_mutex_unlock(&hub->lock);
		pthread_join(hub->keeper, NULL);
		hub->keeper_runs = false;
	}
	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++)
		if (hub->target[i] != NULL)
			destroy_target(hub->target[i]);
}

json_t *hub_json(struct hub *hub)
{
	json_t *targets = json_array();

	pthread_mutex_lock(&hub->lock);
	for (uint32_t i = 0; i < HUB_TARGET_COUNT_MAX; i++) {
		const struct hub_target *target = hub->target[i];

		if (target != NULL)
			json_array_append_new(targets,
					      json_pack("{s:s,s:I,s:i,s:b}", "name", target->name, "epoch",
							(json_int_t)hub_target_epoch(target), "sessions",
							(int)target->user_count, "gone",
							__atomic_load_n(&target->is_gone, __ATOMIC_ACQUIRE) != 0));
	}
	pthread_mutex_unlock(&hub->lock);
	return targets;
}
