/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How the papers' systems get at the target's memory, for comparison only (tools/test/bench-papers): one page for each
 * request, by pread() of a file of the host that stands for their device. No plans, nothing ahead, and in
 * clear, where SCwatcher's hypervisor encrypts with AES and its enclave decrypts: that is left out in its favour.
 *
 * Linked with --wrap=enclave_link_source before enclave/link, of which it keeps only what is asked once: the RAM's
 * map, registers, where RAM is populated. What a page says here is the host's word.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "enclave/link/link.h"
#include "enclave/runtime/host.h"
#include "guest/memory/source.h"

struct page_source *__real_enclave_link_source(void);
struct page_source *__wrap_enclave_link_source(void);

/* A page is at its physical address in the file, and so much further: the only RAM is that below 2 GiB. */
static struct {
	long file; /* 0: not open yet */
	int64_t offset;
} device;

static status open_device(void)
{
	const char *path = getenv("BENCH_DEVICE"), *offset = getenv("BENCH_OFFSET");

	if (device.file != 0)
		return STATUS_OK;
	if (path == NULL || offset == NULL)
		return report(STATUS_USAGE, "BENCH_DEVICE and BENCH_OFFSET say where the target's memory is");
	device.file = runtime_host_open(path, 0);
	device.offset = (int64_t)strtoull(offset, NULL, 0);
	return device.file > 0 ? STATUS_OK : report(STATUS_IO, "can't open %s", path);
}

static status read_page(struct guest_pa page, uint8_t *destination)
{
	TRY(open_device());
	long size =
		runtime_host_read((int)device.file, destination, GUEST_PAGE_SIZE, device.offset + (int64_t)page.value);

	return size == GUEST_PAGE_SIZE ? STATUS_OK : STATUS_UNMAPPED;
}

static status device_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	uint64_t offset = start.value % GUEST_PAGE_SIZE;
	uint8_t page[GUEST_PAGE_SIZE];

	if (!checked_within(offset, size, GUEST_PAGE_SIZE))
		return report(STATUS_INTERNAL, "a read of %zu bytes crosses a page", size);
	TRY(read_page((struct guest_pa){start.value - offset}, page));
	memcpy(destination, page + offset, size);
	return STATUS_OK;
}

static status device_read_pages(struct page_source *source, const struct guest_pa *pages, size_t page_count,
				uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	for (size_t i = 0; i < page_count; i++)
		results[i] = read_page(pages[i], destination[i]);
	return STATUS_OK;
}

struct page_source *__wrap_enclave_link_source(void)
{
	static struct page_source_ops ops;
	static struct page_source source = {.ops = &ops};
	const struct page_source *link = __real_enclave_link_source();

	if (link == NULL)
		return NULL;
	/* The link's functions use nothing of the source that they are given. */
	ops = (struct page_source_ops){
		.read = device_read,
		.read_pages = device_read_pages,
		.next_populated = link->ops->next_populated,
		.ram_map = link->ops->ram_map,
		.registers = link->ops->registers,
		.check = link->ops->check,
	};
	return &source;
}
