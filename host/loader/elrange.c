/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/elrange.h"

#include <string.h>
#include <sys/mman.h>

#include "base/report.h"
#include "host/loader/switch.h"

/* Reserve so much that an aligned range with a page below it is inside. */
static status reserve(struct elrange *range, uint64_t size)
{
	uint64_t reserved = 2 * (size + SGX_PAGE_SIZE), start, base;
	void *data = mmap(NULL, reserved, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (data == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no %llu bytes of address space for an enclave: %m",
			      (unsigned long long)reserved);
	start = (uint64_t)data;
	base = (start + SGX_PAGE_SIZE + size - 1) & ~(size - 1);
	if (base - SGX_PAGE_SIZE > start)
		munmap(data, base - SGX_PAGE_SIZE - start);
	munmap((void *)(base + size), start + reserved - base - size);
	*range = (struct elrange){.base = base, .size = size, .trampoline = base - SGX_PAGE_SIZE};
	return STATUS_OK;
}

static bool copy_run(const struct elrange *range, const struct image_run *run)
{
	uint8_t *start = (uint8_t *)range->base + run->offset;

	if (mprotect(start, run->size, PROT_READ | PROT_WRITE) != 0)
		return false;
	if (run->data.size != 0)
		memcpy(start + run->data_offset, run->data.data, run->data.size);
	return true;
}

status elrange_init(struct elrange *range, const struct image *image)
{
	TRY(reserve(range, image->size));
	/* Enclaves are neither forked nor dumped. */
	(void)madvise((void *)range->base, range->size, MADV_DONTFORK);
	(void)madvise((void *)range->base, range->size, MADV_DONTDUMP);
	for (uint32_t i = 0; i < image->run_count; i++)
		if (!copy_run(range, &image->runs[i])) {
			elrange_deinit(range);
			return report(STATUS_NO_MEMORY, "no memory for the image: %m");
		}
	return STATUS_OK;
}

void elrange_deinit(struct elrange *range)
{
	munmap((void *)range->trampoline, range->size + SGX_PAGE_SIZE);
}

bool elrange_patch_exit(const struct elrange *range, const struct image *image)
{
	/* jmp *0(%rip); the address. The distance fits 32 bits: the ELF is the
	 * image's first part, and far smaller than 2 GiB. */
	static const uint8_t jump[] = {0xff, 0x25, 0, 0, 0, 0};
	uint64_t target = (uint64_t)switch_exit, site = range->base + image->notes.exit_offset;
	uint8_t *trampoline = (uint8_t *)range->trampoline;
	int64_t distance = (int64_t)(range->trampoline - (site + 5));
	int32_t relative = (int32_t)distance;

	if (relative != distance || mprotect(trampoline, SGX_PAGE_SIZE, PROT_READ | PROT_WRITE) != 0)
		return false;
	memcpy(trampoline, jump, sizeof jump);
	memcpy(trampoline + sizeof jump, &target, sizeof target);
	*(uint8_t *)site = 0xe9; /* jmp rel32 */
	memcpy((uint8_t *)site + 1, &relative, sizeof relative);
	return mprotect(trampoline, SGX_PAGE_SIZE, PROT_READ | PROT_EXEC) == 0;
}

bool elrange_protect(const struct elrange *range, const struct image *image)
{
	for (uint32_t i = 0; i < image->run_count; i++) {
		const struct image_run *run = &image->runs[i];
		int protection = run->kind == IMAGE_RUN_TCS ? PROT_NONE : image_run_protection(run);

		if (mprotect((uint8_t *)range->base + run->offset, run->size, protection) != 0)
			return false;
	}
	return true;
}

bool elrange_hide(const struct elrange *range)
{
	return mprotect((void *)range->base, range->size, PROT_NONE) == 0;
}
