/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/syscalls/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/runtime/runtime.h"
#include "enclave/syscalls/syscalls.h"
#include "enclave/vfs/vfs.h"

enum {
	PAGE_SIZE = 4096,
	/* 4 GiB of heap: as large as a manifest may ask for. */
	HEAP_PAGE_COUNT_MAX = 1 << 20,
	/* Pages for each of which one page has a bit that says whether it is in use. */
	PAGES_A_PAGE = 8 * PAGE_SIZE,
};

/* The heap but for its last pages, where the bits are: so many as the heap needs, where an array would have to be as
 * large as the largest heap does in each image. */
static struct {
	uint64_t *used;
	size_t page_count; /* 0: not known yet */
} heap;
static size_t used_page_count;
/* Everything below is in use: where a search starts. */
static size_t lowest_free;
/* What the program itself asked for first that there was no room for; 0: nothing. */
static size_t refused_size;
/* From here on no page was ever handed out: all zero, as the image was loaded. */
static size_t untouched;

static size_t heap_page_count(void)
{
	uint64_t count = runtime_heap_size() / PAGE_SIZE;

	if (heap.page_count != 0 || count == 0)
		return heap.page_count;
	if (count > HEAP_PAGE_COUNT_MAX)
		count = HEAP_PAGE_COUNT_MAX;
	heap.page_count = count - (count + PAGES_A_PAGE - 1) / PAGES_A_PAGE;
	heap.used = (uint64_t *)(void *)(runtime_heap() + heap.page_count * PAGE_SIZE);
	return heap.page_count;
}

static bool is_used(size_t page)
{
	return heap.used[page / 64] >> (page % 64) & 1;
}

static void mark(size_t page, size_t count, bool use)
{
	for (; count > 0; page++, count--) {
		if (is_used(page) == use)
			continue;
		heap.used[page / 64] ^= UINT64_C(1) << (page % 64);
		used_page_count += use ? 1 : (size_t)-1;
		if (!use && page < lowest_free)
			lowest_free = page;
	}
}

static bool to_pages(size_t size, size_t *ret_count)
{
	if (size == 0 || size > (size_t)HEAP_PAGE_COUNT_MAX * PAGE_SIZE)
		return false;
	*ret_count = (size + PAGE_SIZE - 1) / PAGE_SIZE;
	return true;
}

/* The heap pages of a range. False if it isn't whole pages of the heap. */
static bool to_range(const void *address, size_t size, size_t *ret_page, size_t *ret_count)
{
	uint64_t offset = (uint64_t)address - (uint64_t)runtime_heap();
	size_t count;

	if ((uint64_t)address % PAGE_SIZE != 0 || !to_pages(size, &count) ||
	    !checked_within(offset / PAGE_SIZE, count, heap_page_count()))
		return false;
	*ret_page = offset / PAGE_SIZE;
	*ret_count = count;
	return true;
}

static bool is_free(size_t page, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (is_used(page + i))
			return false;
	return true;
}

static uint8_t *page_address(size_t page)
{
	return runtime_heap() + page * PAGE_SIZE;
}

/* Hand out pages, zeroed; those that nobody had before aren't touched. */
static void claim(size_t page, size_t count)
{
	size_t end = page + count;

	mark(page, count, true);
	if (page < untouched)
		memset(page_address(page), 0, ((end < untouched ? end : untouched) - page) * PAGE_SIZE);
	if (end > untouched)
		untouched = end;
}

/* The first run of free pages that is long enough. */
static bool find_free(size_t count, size_t *ret_page)
{
	size_t end = heap_page_count(), run = 0;

	while (lowest_free < end && is_used(lowest_free))
		lowest_free++;
	for (size_t page = lowest_free; page < end; page++) {
		run = is_used(page) ? 0 : run + 1;
		if (run < count)
			continue;
		*ret_page = page + 1 - count;
		return true;
	}
	return false;
}

void *memory_map(size_t size)
{
	size_t page, count;

	if (!to_pages(size, &count) || !find_free(count, &page))
		return NULL;
	claim(page, count);
	return page_address(page);
}

bool memory_map_at(void *address, size_t size)
{
	size_t page, count;

	if (!to_range(address, size, &page, &count))
		return false;
	claim(page, count);
	return true;
}

bool memory_unmap(void *address, size_t size)
{
	size_t page, count;

	if (!to_range(address, size, &page, &count))
		return false;
	mark(page, count, false);
	return true;
}

/* To where there is room for more, its own place included: a text that grows to half of the heap isn't there twice. */
static void *move(size_t page, size_t count, size_t new_count)
{
	size_t new_page;

	mark(page, count, false);
	if (!find_free(new_count, &new_page)) {
		mark(page, count, true);
		return NULL;
	}
	memmove(page_address(new_page), page_address(page), count * PAGE_SIZE);
	mark(new_page, count, true);
	claim(new_page + count, new_count - count);
	return page_address(new_page);
}

void *memory_remap(void *address, size_t size, size_t new_size, bool may_move)
{
	size_t page, count, new_count;

	if (!to_range(address, size, &page, &count) || !to_pages(new_size, &new_count))
		return NULL;
	if (new_count <= count) {
		mark(page + new_count, count - new_count, false);
		return address;
	}
	if (checked_within(page + count, new_count - count, heap_page_count()) &&
	    is_free(page + count, new_count - count)) {
		claim(page + count, new_count - count);
		return address;
	}
	return may_move ? move(page, count, new_count) : NULL;
}

bool memory_owns(const void *address, size_t size)
{
	return checked_within((uint64_t)address - (uint64_t)runtime_heap(), size,
			      (uint64_t)heap_page_count() * PAGE_SIZE);
}

size_t memory_size(void)
{
	return heap_page_count() * PAGE_SIZE;
}

size_t memory_used_size(void)
{
	return used_page_count * PAGE_SIZE;
}

/* At the end: most programs say "out of memory", which is nothing that a person could raise, and some go on without. */
void memory_report_refused(void)
{
	if (refused_size == 0)
		return;
	(void)!report(STATUS_NO_MEMORY,
		      "the program asked for %zu KiB more when its heap of %zu KiB was too full, and got none: what it "
		      "shows may not be all; raise `heap` in its manifest",
		      (refused_size + 1023) >> 10, memory_size() >> 10);
	refused_size = 0;
}

long call_mmap(const long *a)
{
	void *address = (void *)a[0];
	size_t size = (size_t)a[1];
	int protection = (int)a[2], flags = (int)a[3];

	if (protection & PROT_EXEC)
		return -EPERM;
	if (size == 0 || a[5] % PAGE_SIZE != 0)
		return -EINVAL;
	if (!(flags & MAP_ANONYMOUS) && (flags & MAP_TYPE) == MAP_SHARED && (protection & PROT_WRITE))
		return -EACCES; /* files are read-only */
	if (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE))
		address = memory_map_at(address, size) ? address : NULL;
	else
		address = memory_map(size);
	if (address == NULL) {
		if (refused_size == 0 && syscall_is_programs())
			refused_size = size;
		return -ENOMEM;
	}
	if (!(flags & MAP_ANONYMOUS)) {
		long result = vfs_map((int)a[4], address, size, a[5]);

		if (result < 0) {
			(void)memory_unmap(address, size);
			return result;
		}
	}
	return (long)address;
}

long call_munmap(const long *a)
{
	return memory_unmap((void *)a[0], (size_t)a[1]) ? 0 : -EINVAL;
}

long call_mremap(const long *a)
{
	void *address;

	if (a[3] & ~MREMAP_MAYMOVE)
		return -EINVAL;
	if (!memory_owns((void *)a[0], (size_t)a[1]))
		return -EFAULT;
	address = memory_remap((void *)a[0], (size_t)a[1], (size_t)a[2], a[3] & MREMAP_MAYMOVE);
	return address != NULL ? (long)address : -ENOMEM;
}

/* The break is 0 and never moves: musl's malloc then takes mmap(). */
long call_brk(const long *a)
{
	return 0;
}

/* Protection inside an image is fixed when it is built (SGX1 can't change it).
 * Asking for less, as for a guard page, is accepted and has no effect. */
long call_mprotect(const long *a)
{
	return a[2] & PROT_EXEC ? -EACCES : 0;
}

long call_madvise(const long *a)
{
	size_t page, count;

	if (!to_range((void *)a[0], (size_t)a[1], &page, &count))
		return -ENOMEM;
	if (a[2] == MADV_DONTNEED)
		memset((void *)a[0], 0, count * PAGE_SIZE);
	return 0;
}
