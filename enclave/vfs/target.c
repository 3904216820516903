/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/target.h"

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "enclave/duty/duty.h"
#include "enclave/link/link.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/profile.h"
#include "enclave/runtime/runtime.h"
#include "enclave/runtime/source.h"
#include "enclave/vfs/epoch.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/pieces.h"
#include "guest/kernel/profile.h"
#include "guest/memory/caches.h"
#include "guest/memory/memory.h"
#include "guest/proc/running.h"
#include "guest/proc/view.h"
#include "link/request.h"
#include "wire/start.h"

enum {
	/* A look at the kernel takes a banner, a random number and tables on the way. */
	ASIDE_PAGE_COUNT = 32,
	ASIDE_LINE_COUNT = 512,
	/* 512 KiB of the profile at hand while it is looked into. */
	PROFILE_ROOM = 128,
};

static struct {
	struct guest_memory memory;
	void *storage, *lines;
	struct guest_profile *profile; /* NULL: the target says itself what it is */
	struct guest_kernel *kernel;
	uint64_t epoch; /* of the boot that `kernel` is of, as the link counts */
	bool is_current; /* the kernel was looked at in this epoch, which goes on */
	uint64_t checked; /* memory's questions when the kernel was last looked at */
	status failure; /* STATUS_OK: none yet */
	struct {
		bool is_known;
		struct proc_view view;
		char epoch[LINK_NAME_SIZE_MAX]; /* "": none that others share */
		bool epoch_is_new, pauses;
	} wish; /* the user's */
	bool in_shared_epoch;
	bool is_pausing; /* the target stands still for us */
	uint32_t pause_count;
	uint64_t paused_ns, paused_ns_max;
} target;

/* Where a link was given, nothing of the target ever comes by another way. */
static struct page_source *choose_source(void)
{
	if (runtime_has_link())
		return enclave_link_source();
	return runtime_has_source() ? runtime_source() : NULL;
}

static status no_room(size_t size)
{
	return report(STATUS_NO_MEMORY, "no %zu bytes for the page cache: raise `heap` in the image's manifest", size);
}

/* Without plans everything is the same and takes longer: for measurements and tests, whose
 * manifests let this through. */
static bool plans_are_off(void)
{
	const char *wish = getenv("BARTIZAN_READ_PLANS");

	return wish != NULL && strcmp(wish, "off") == 0;
}

static status prepare_lines(void)
{
	size_t size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);

	if (plans_are_off())
		return STATUS_OK;
	target.lines = aligned_alloc(64, (size + 63) & ~(size_t)63);
	return target.lines != NULL ? guest_memory_lines_init(&target.memory, target.lines, size) : no_room(size);
}

static status prepare_memory(void)
{
	size_t size = guest_memory_storage_size(PROGRAM_PAGE_COUNT);
	struct page_source *source = choose_source();

	if (source == NULL)
		return report(STATUS_MISSING, "this program reads /proc, but no target was given: use --target");
	target.storage = malloc(size);
	if (target.storage == NULL)
		return no_room(size);
	TRY(guest_memory_init(&target.memory, source, target.storage, size));
	return prepare_lines();
}

static status read_profile(void *context, uint64_t offset, void *destination, size_t size)
{
	(void)context;
	return runtime_profile_read(offset, destination, size);
}

/* For the verifier: the bytes that everything is decoded with, as the pieces hold the host to them. */
static status tell_profile(struct pieces *file, size_t size)
{
	uint8_t bytes[PIECE_SIZE];

	for (size_t at = 0; at < size; at += sizeof bytes) {
		const size_t part = size - at < sizeof bytes ? size - at : sizeof bytes;

		TRY(pieces_copy(file, at, bytes, part));
		duty_profile_note((struct span){bytes, part});
	}
	duty_profile_note((struct span){NULL, 0});
	return STATUS_OK;
}

/* The user's profile. It stays with the host, who must show the same bytes each
 * time they are asked for. */
static status load_profile(void)
{
	struct pieces_source source = {.read = read_profile, .what = "the profile"};
	struct pieces *file;
	size_t size;

	TRY(runtime_profile_size(&size));
	source.size = size;
	TRY(pieces_create(&source, PROFILE_ROOM, &file));
	if (duty_has_verifier())
		TRY(tell_profile(file, size));
	return guest_profile_create_from_pieces(file, &target.profile);
}

static status find_kernel(void)
{
	if (target.storage == NULL)
		TRY(prepare_memory());
	if (target.profile == NULL && runtime_has_profile())
		TRY(load_profile());
	target.epoch = enclave_link_epoch();
	proc_user_memory_allow(enclave_link_may_read_user());
	return guest_kernel_create(&target.memory, target.profile, &target.kernel);
}

/* Is the kernel that was found still running? Looks at memory anew. */
static status look_again(void)
{
	TRY(guest_memory_refresh(&target.memory));
	status result = guest_kernel_check(target.kernel);
	/* The source has seen another boot, as its answers to the above say: memory of the one before
	 * may still look whole. */
	return enclave_link_epoch() != target.epoch ? STATUS_GONE : result;
}

/* Find the kernel of this moment: the first one, or the one after a reboot. */
static status attach(void)
{
	status result;

	if (target.kernel == NULL)
		return find_kernel();
	result = look_again();
	if (result != STATUS_GONE)
		return result;
	if (target.in_shared_epoch)
		return report(STATUS_IO, "the target booted again after the epoch %s began", target.wish.epoch);
	/* Rebooted, unless the source says that the target ended. */
	TRY(guest_memory_refresh(&target.memory));
	(void)!report(STATUS_GONE, "the target rebooted: what follows is of its new kernel");
	guest_kernel_destroy(target.kernel);
	target.kernel = NULL;
	return find_kernel();
}

/* Note a failure, in words if it has had none yet. */
static status fail(status result)
{
	runtime_fault_note();
	target.failure = result;
	if (result == STATUS_GONE)
		return report(result, "the target has ended");
	if (result == STATUS_NO_MEMORY)
		return report(result, "this target's kernel doesn't fit into the program's memory: raise `heap` in its "
				      "manifest");
	/* Faults were said where they arose. */
	if (!status_is_fault(result))
		return report(STATUS_IO, "the target can't be read any more: %s", status_name(result));
	return result;
}

static status read_epoch_wish(void)
{
	const char *wish = getenv(START_VARIABLE_EPOCH);

	if (wish == NULL)
		return STATUS_OK;
	if (strncmp(wish, "new:", 4) != 0 && strncmp(wish, "at:", 3) != 0)
		return report(STATUS_USAGE, "%s=%.40s names no epoch: new:NAME or at:NAME", START_VARIABLE_EPOCH, wish);
	target.wish.epoch_is_new = wish[0] == 'n';
	const char *name = strchr(wish, ':') + 1;
	if (strlen(name) == 0 || strlen(name) >= sizeof target.wish.epoch)
		return report(STATUS_USAGE, "'%.40s' can't be an epoch's name: 1 to %zu characters", name,
			      sizeof target.wish.epoch - 1);
	memcpy(target.wish.epoch, name, strlen(name) + 1);
	return STATUS_OK;
}

/* How the user wants to look. Read once: the program may change its environment. */
static status read_wish(void)
{
	const char *pid = getenv(START_VARIABLE_PID_NAMESPACE), *net = getenv(START_VARIABLE_NETNS);

	if (target.wish.is_known)
		return STATUS_OK;
	/* The host chooses the environment, and an empty namespace's answer would pass for the whole machine's. */
	if ((pid != NULL || net != NULL) && duty_has_verifier())
		return report(STATUS_USAGE,
			      "%s: a verifier is told of the whole target only, not of a part that this machine chose",
			      pid != NULL ? "--pid-namespace" : "--netns");
	if (pid != NULL)
		TRY(proc_view_parse("--pid-namespace", "pid", pid, &target.wish.view.pid));
	if (net != NULL)
		TRY(proc_view_parse("--netns", "net", net, &target.wish.view.net));
	TRY(read_epoch_wish());
	target.wish.pauses = getenv(START_VARIABLE_PAUSE) != NULL;
	target.wish.is_known = true;
	return STATUS_OK;
}

/* Let the target stand still. An epoch that others began, or that was begun with a pause, is at rest already. */
static status pause_target(void)
{
	struct page_source *source = target.memory.source;

	if (!target.wish.pauses || target.in_shared_epoch)
		return STATUS_OK;
	status result = source->ops->pause != NULL ? source->ops->pause(source) : STATUS_UNSUPPORTED;
	if (result == STATUS_UNSUPPORTED)
		return report(result,
			      "--pause: this target can't be let stand still: it is no running machine, has no QMP "
			      "socket, or its agent wasn't started with --allow-pause");
	if (result == STATUS_DENIED)
		return report(result, "--pause: the grant doesn't give the right `pause`");
	if (result == STATUS_OK)
		target.is_pausing = true;
	return result;
}

static void let_go(void)
{
	struct page_source *source = target.memory.source;
	struct source_pause pause;

	if (!target.is_pausing)
		return;
	target.is_pausing = false;
	if (source->ops->resume(source, &pause) != STATUS_OK) {
		runtime_fault_note();
		return;
	}
	target.pause_count++;
	target.paused_ns += pause.stopped_ns;
	if (pause.stopped_ns > target.paused_ns_max)
		target.paused_ns_max = pause.stopped_ns;
	if (!pause.was_late)
		return;
	runtime_fault_note();
	(void)!report(STATUS_TORN,
		      "the target was let go on after %llu ms, before all was read: what was read later isn't "
		      "of the same moment",
		      (unsigned long long)pause.stopped_ns / 1000000);
}

void target_end(void)
{
	let_go();
	if (target.pause_count == 0)
		return;
	(void)!report(STATUS_OK, "the target stood still for %llu.%03llu ms (%u times, %llu.%03llu ms at most)",
		      (unsigned long long)target.paused_ns / 1000000,
		      (unsigned long long)target.paused_ns / 1000 % 1000, target.pause_count,
		      (unsigned long long)target.paused_ns_max / 1000000,
		      (unsigned long long)target.paused_ns_max / 1000 % 1000);
}

static status enter_shared_epoch(void)
{
	if (target.wish.epoch[0] == '\0' || target.in_shared_epoch)
		return STATUS_OK;
	if (runtime_has_link())
		TRY(enclave_link_epoch_enter(target.wish.epoch, target.wish.epoch_is_new));
	else
		runtime_source_epoch_enter();
	target.in_shared_epoch = true;
	return STATUS_OK;
}

/* An epoch that others began may be of a kernel that runs no more. */
static status look_into_epoch(void)
{
	status result = look_again();

	if (result == STATUS_GONE && target.in_shared_epoch)
		return report(STATUS_IO, "the target booted again after the epoch %s began", target.wish.epoch);
	return result;
}

static status begin_epoch(void)
{
	let_go();
	TRY(read_wish());
	TRY(attach());
	if (target.wish.pauses || (target.wish.epoch[0] != '\0' && !target.in_shared_epoch)) {
		TRY(pause_target());
		TRY(enter_shared_epoch());
		TRY(look_into_epoch());
	}
	TRY(proc_view_enter(target.kernel, &target.wish.view));
	duty_look_note(target.epoch);
	return STATUS_OK;
}

static status current_kernel(struct guest_kernel **ret_kernel)
{
	status result;

	if (target.failure != STATUS_OK)
		return target.failure;
	if (!target.is_current) {
		epoch_forget();
		result = begin_epoch();
		if (result != STATUS_OK)
			return fail(result);
		target.is_current = true;
		/* What came together with the look was copied after it: one more, when the first file is made, is of
		 * all. */
		target.checked = target.memory.question_count - (ahead_has_come_with_check() ? 1 : 0);
	}
	*ret_kernel = target.kernel;
	return STATUS_OK;
}

status target_kernel(struct guest_kernel **ret_kernel)
{
	if (epoch_is_asked_out())
		target.is_current = false;
	return current_kernel(ret_kernel);
}

status target_epoch_share(void)
{
	struct guest_kernel *kernel;

	/* Without a link who started us has begun it. */
	if (!runtime_has_link() || target.in_shared_epoch || getenv(START_VARIABLE_EPOCH) == NULL)
		return STATUS_OK;
	if (target.failure != STATUS_OK)
		return target.failure;
	status result = read_wish();
	if (result != STATUS_OK)
		return fail(result);
	return target.wish.epoch_is_new ? target_kernel(&kernel) : STATUS_OK;
}

status target_kernel_to_read(const char *what, struct guest_kernel **ret_kernel)
{
	if (epoch_has_seen(what))
		target.is_current = false;
	TRY(current_kernel(ret_kernel));
	/* Where the epoch has just begun it must be remembered in that. */
	(void)epoch_has_seen(what);
	return STATUS_OK;
}

uint64_t target_epoch(void)
{
	return target.is_current ? target.memory.epoch : 0;
}

status target_kernel_in(uint64_t epoch, struct guest_kernel **ret_kernel)
{
	if (target_epoch() != epoch)
		return STATUS_TORN;
	return current_kernel(ret_kernel);
}

void target_epoch_end(void)
{
	target.is_current = false;
	let_go();
}

/* As memory is: past an epoch that is shared. */
static struct page_source *source_now(void)
{
	return target.memory.source->now != NULL ? target.memory.source->now : target.memory.source;
}

/* A cache beside the epoch's, for looks that must not be of its copies. */
static status open_aside(struct guest_memory *aside)
{
	size_t pages_size = guest_memory_storage_size(ASIDE_PAGE_COUNT);
	size_t lines_size = (guest_memory_lines_storage_size(ASIDE_LINE_COUNT) + 63) & ~(size_t)63;
	void *pages = malloc(pages_size), *lines = plans_are_off() ? NULL : aligned_alloc(64, lines_size);
	status result = pages != NULL ? guest_memory_init(aside, source_now(), pages, pages_size) : no_room(pages_size);

	if (result == STATUS_OK && lines != NULL)
		result = guest_memory_lines_init(aside, lines, lines_size);
	if (result != STATUS_OK) {
		free(lines);
		free(pages);
	}
	return result;
}

/* Is it still the same kernel, by what memory holds at this moment? */
static status look_aside(void)
{
	static struct guest_memory aside;
	static bool is_open;

	if (is_open)
		TRY(guest_memory_refresh(&aside));
	else
		TRY(open_aside(&aside));
	is_open = true;
	struct guest_kernel kernel = *target.kernel;
	kernel.memory = &aside;
	kernel.read_more = NULL;
	status result = guest_kernel_check(&kernel);
	return enclave_link_epoch() != target.epoch ? STATUS_GONE : result;
}

status target_still_same(void)
{
	if (enclave_link_epoch() != target.epoch)
		return STATUS_GONE;
	/* All that came to this epoch came before the last look: then it is of one boot. */
	if (target.memory.question_count == target.checked || enclave_link_is_of_this_machine())
		return STATUS_OK;
	TRY(look_aside());
	target.checked = target.memory.question_count;
	return STATUS_OK;
}

status target_check(const char *path)
{
	status result = target_still_same();

	if (result == STATUS_OK)
		return STATUS_OK;
	target.is_current = false;
	if (result != STATUS_GONE)
		return fail(result);
	runtime_fault_note();
	if (guest_memory_refresh(&target.memory) == STATUS_GONE) {
		target.failure = STATUS_GONE;
		return report(STATUS_GONE, "the target ended while %s was read", path);
	}
	return report(STATUS_GONE, "the target rebooted while %s was read", path);
}

long target_refusal(status outcome, const char *what)
{
	runtime_fault_note();
	if (outcome == STATUS_NO_MEMORY) {
		(void)!report(outcome, "%s doesn't fit into the program's memory: raise `heap` in its manifest", what);
		return -ENOMEM;
	}
	/* What can't be read any more was said when that began. */
	if (target.failure == STATUS_OK && !status_is_fault(outcome) && target_check(what) == STATUS_OK)
		(void)!report(STATUS_IO, "%s can't be told: %s", what, status_name(outcome));
	return -EIO;
}
