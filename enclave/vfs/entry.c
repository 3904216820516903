/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/entry.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/vfs/target.h"
#include "guest/proc/now.h"

/* The errno for what wasn't made; why was said already. */
static long errno_of(status outcome)
{
	switch (outcome) {
	case STATUS_OK: return 0;
	case STATUS_MISSING: return -(long)proc_refusal();
	case STATUS_NO_MEMORY: return -ENOMEM;
	default: return -EIO;
	}
}

/* NULL: for a single question; else to read `path` as a whole. */
static long find_kernel(const char *path, struct guest_kernel **ret_kernel)
{
	status outcome = path == NULL ? target_kernel(ret_kernel) : target_kernel_to_read(path, ret_kernel);

	return outcome == STATUS_NO_MEMORY ? -ENOMEM : outcome != STATUS_OK ? -EIO : 0;
}

/* What came of a question: faults are noted, and said where memory ran out. */
static long settle(status outcome, const char *path)
{
	if (outcome == STATUS_OK || outcome == STATUS_MISSING)
		return errno_of(outcome);
	return target_refusal(outcome, path);
}

long entry_mode(const struct proc_entry *entry, uint32_t *ret_mode)
{
	struct stat_answer answer;
	long result;

	if (entry->node->mode != 0) {
		*ret_mode = entry->node->mode;
		return 0;
	}
	result = entry_stat(entry, false, &answer);
	if (result == 0)
		*ret_mode = answer.mode;
	return result;
}

long entry_exists_now(const struct proc_entry *entry)
{
	struct stat_answer answer;

	return entry_stat(entry, false, &answer);
}

long entry_stat(const struct proc_entry *entry, bool follow, struct stat_answer *ret_answer)
{
	char name[PROC_NAME_SIZE_MAX];
	struct guest_kernel *kernel;
	long result = find_kernel(NULL, &kernel);

	if (result < 0)
		return result;
	status outcome = proc_entry_stat(kernel, entry, follow, ret_answer);
	/* Its name is for words alone: programs ask millions of such questions. */
	if (outcome == STATUS_OK || outcome == STATUS_MISSING)
		return errno_of(outcome);
	proc_entry_name(entry, name);
	return settle(outcome, name);
}

/* After something was made: is the kernel still the same? Even "no such file" is
 * an answer of a kernel that is still there. */
static long check_after(status outcome, const char *path)
{
	status after = target_check(path);

	return after == STATUS_OK ? settle(outcome, path) : errno_of(after == STATUS_MISSING ? STATUS_IO : after);
}

static void not_whole(const char *path, const char *fault)
{
	runtime_fault_note();
	(void)!report(STATUS_MALFORMED, "%s isn't whole: %s", path, fault);
}

long entry_readlink(const struct proc_entry *entry, const char *path, char *buffer, size_t size)
{
	struct guest_kernel *kernel = NULL;
	struct proc_text text;
	long result = 0;

	if (entry->node->target == NULL)
		result = find_kernel(NULL, &kernel);
	if (result == 0)
		result = settle(proc_link_init(kernel, entry, &text), path);
	if (result < 0)
		return result;
	if (text.fault != NULL) {
		not_whole(path, text.fault);
		result = -EIO;
	} else {
		result = (long)(text.size < size ? text.size : size);
		if (result > 0)
			memcpy(buffer, text.data, (size_t)result);
	}
	proc_text_deinit(&text);
	return result;
}

/* What is made in one go, and thrown away where it can't be trusted. */
struct making {
	status (*make)(struct guest_kernel *kernel, const struct proc_entry *entry, void *ret_thing);
	void (*forget)(void *thing);
	const struct proc_entry *entry;
	const char *path;
	void *thing;
};

static long make_once(const struct making *making, status *ret_outcome)
{
	struct guest_kernel *kernel;
	long result = find_kernel(making->path, &kernel);

	if (result == 0)
		*ret_outcome = making->make(kernel, making->entry, making->thing);
	return result;
}

/* A reboot on the way: what was made may be of two boots, and is made again, of the
 * new one. */
static long make(const struct making *making)
{
	status outcome;
	long result = make_once(making, &outcome);

	if (result == 0 && target_still_same() == STATUS_GONE) {
		if (outcome == STATUS_OK)
			making->forget(making->thing);
		target_epoch_end();
		result = make_once(making, &outcome);
	}
	if (result < 0)
		return result;
	result = check_after(outcome, making->path);
	if (result < 0 && outcome == STATUS_OK)
		making->forget(making->thing);
	return result;
}

static status make_text(struct guest_kernel *kernel, const struct proc_entry *entry, void *ret_text)
{
	static const struct seq_place beginning;

	return proc_text_part_init(kernel, entry, &beginning, ret_text);
}

static void forget_text(void *text)
{
	proc_text_deinit(text);
}

long entry_text(const struct proc_entry *entry, const char *path, struct proc_text *ret_text)
{
	const struct making making = {make_text, forget_text, entry, path, ret_text};
	long result = make(&making);

	/* What changed while it was read is read anew: what the epoch has of it is of two moments. */
	for (int i = 1; i < PROC_TORN_TRIES && result == 0 && ret_text->is_torn; i++) {
		proc_text_deinit(ret_text);
		target_epoch_end();
		result = make(&making);
	}
	if (result == 0 && ret_text->fault != NULL)
		not_whole(path, ret_text->fault);
	return result;
}

long entry_text_next(const struct proc_entry *entry, const char *path, uint64_t epoch, const struct seq_place *next,
		     struct proc_text *ret_text)
{
	struct guest_kernel *kernel;
	status outcome = target_kernel_in(epoch, &kernel);

	if (outcome == STATUS_TORN) {
		not_whole(path, "the program let time pass, or read something else a second time, before it had read "
				"all of it: the rest would be of another moment");
		return -EIO;
	}
	if (outcome == STATUS_OK)
		outcome = proc_text_part_init(kernel, entry, next, ret_text);
	long result = check_after(outcome, path);
	if (result < 0 && outcome == STATUS_OK)
		proc_text_deinit(ret_text);
	/* It was there a moment ago. */
	if (result == -ENOENT)
		result = -EIO;
	if (result == 0 && ret_text->fault != NULL)
		not_whole(path, ret_text->fault);
	return result;
}

static status make_listing(struct guest_kernel *kernel, const struct proc_entry *entry, void *ret_listing)
{
	return proc_listing_create(kernel, entry, ret_listing);
}

static void forget_listing(void *listing)
{
	listing_destroy(*(struct listing **)listing);
}

long entry_listing(const struct proc_entry *entry, const char *path, struct listing **ret_listing)
{
	struct listing *listing = NULL;
	const struct making making = {make_listing, forget_listing, entry, path, &listing};
	long result = make(&making);

	if (result < 0)
		return result;
	if (listing_fault_line(listing) != NULL)
		not_whole(path, listing_fault_line(listing));
	*ret_listing = listing;
	return 0;
}
