/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/target.h"

#include <stdlib.h>

#include "base/report.h"
#include "enclave/link/link.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/profile.h"
#include "enclave/runtime/runtime.h"
#include "enclave/runtime/source.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/pieces.h"
#include "guest/kernel/profile.h"
#include "guest/memory/memory.h"

enum {
	/* 3.5 MiB: what 1,000 sockets take in the kernel (2.4 KiB each, and 0.8 KiB
	 * for the inode) and the tables around them. Every page of it is part of
	 * the enclave, so more would cost each start; of larger files some pages
	 * are fetched more than once. */
	CACHE_PAGE_COUNT = 896,
	/* 512 KiB of the profile at hand while it is looked into. */
	PROFILE_ROOM = 128,
};

static struct {
	struct guest_memory memory;
	void *storage;
	struct guest_profile *profile; /* NULL: the target says itself what it is */
	struct guest_kernel *kernel;
	uint64_t epoch; /* of the boot that `kernel` is of, as the link counts */
	status failure; /* STATUS_OK: none yet */
} target;

/* Where a link was given, nothing of the target ever comes by another way. */
static struct page_source *choose_source(void)
{
	if (runtime_has_link())
		return enclave_link_source();
	return runtime_has_source() ? runtime_source() : NULL;
}

static status prepare_memory(void)
{
	size_t size = guest_memory_storage_size(CACHE_PAGE_COUNT);
	struct page_source *source = choose_source();

	if (source == NULL)
		return report(STATUS_MISSING, "this program reads /proc, but no target was given: use --target");
	target.storage = malloc(size);
	if (target.storage == NULL)
		return report(STATUS_NO_MEMORY, "no %zu bytes for the page cache: raise `heap` in the image's manifest",
			      size);
	return guest_memory_init(&target.memory, source, target.storage, size);
}

static status read_profile(void *context, uint64_t offset, void *destination, size_t size)
{
	(void)context;
	return runtime_profile_read(offset, destination, size);
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
	return guest_profile_create_from_pieces(file, &target.profile);
}

static status find_kernel(void)
{
	if (target.storage == NULL)
		TRY(prepare_memory());
	if (target.profile == NULL && runtime_has_profile())
		TRY(load_profile());
	target.epoch = enclave_link_epoch();
	return guest_kernel_create(&target.memory, target.profile, &target.kernel);
}

/* Is the kernel that was found still running? Looks at memory anew. */
static status look_again(void)
{
	TRY(guest_memory_refresh(&target.memory));
	/* The source has seen another boot: memory of the one before may still look whole. */
	if (enclave_link_epoch() != target.epoch)
		return STATUS_GONE;
	return guest_kernel_check(target.kernel);
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
	return result;
}

status target_kernel(struct guest_kernel **ret_kernel)
{
	status result;

	if (target.failure != STATUS_OK)
		return target.failure;
	result = attach();
	if (result != STATUS_OK)
		return fail(result);
	*ret_kernel = target.kernel;
	return STATUS_OK;
}

status target_check(const char *path)
{
	status result = look_again();

	if (result != STATUS_GONE)
		return result == STATUS_OK ? result : fail(result);
	runtime_fault_note();
	if (guest_memory_refresh(&target.memory) == STATUS_GONE) {
		target.failure = STATUS_GONE;
		return report(STATUS_GONE, "the target ended while /proc/%s was read", path);
	}
	return report(STATUS_GONE, "the target rebooted while /proc/%s was read", path);
}
