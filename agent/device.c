/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/source-plan.h"
#include "base/checked.h"
#include "base/report.h"
#include "kmod/bartizan.h"

struct device_target {
	struct target target; /* must be first */
	struct page_source source;
	int file;
	bool is_held; /* isn't ours to close */
	struct ram_map ram;
};

static struct {
	char *path;
	int file;
} held[DEVICE_HELD_COUNT_MAX];
static size_t held_count;

static struct device_target *device_of(struct page_source *source)
{
	return (struct device_target *)(void *)((char *)source - offsetof(struct device_target, source));
}

static status locked_down(const char *name)
{
	return report(
		STATUS_DENIED,
		"%s gives nothing any more: the kernel was locked down (/sys/kernel/security/lockdown) after it was "
		"opened",
		name);
}

/* A page's number, not a byte's, is the device's offset. ENXIO: no RAM; EIO: the kernel itself can't read it. */
static status read_page(const struct device_target *device, uint64_t number, uint8_t *page)
{
	const ssize_t got = pread(device->file, page, GUEST_PAGE_SIZE, (off_t)number);

	if (got == (ssize_t)GUEST_PAGE_SIZE)
		return STATUS_OK;
	if (got < 0 && (errno == ENXIO || errno == EIO))
		return STATUS_UNMAPPED;
	if (got < 0 && errno == EPERM)
		return locked_down(device->target.description.label);
	return report(STATUS_IO, "%s doesn't give page %llu: %s", device->target.description.label,
		      (unsigned long long)number, got < 0 ? strerror(errno) : "fewer bytes than asked for");
}

static status device_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	const uint64_t within = start.value % GUEST_PAGE_SIZE;
	uint8_t page[GUEST_PAGE_SIZE];

	if (within == 0 && size == GUEST_PAGE_SIZE)
		return read_page(device_of(source), start.value / GUEST_PAGE_SIZE, destination);
	if (size > GUEST_PAGE_SIZE - within)
		return report(STATUS_USAGE, "a read goes beyond its page");
	TRY(read_page(device_of(source), start.value / GUEST_PAGE_SIZE, page));
	memcpy(destination, page + within, size);
	return STATUS_OK;
}

static status device_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	*ret_map = device_of(source)->ram;
	return STATUS_OK;
}

/* Of whichever CPU answers: all of them have the kernel mapped alike. */
static status device_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct bartizan_registers found;

	if (cpu_index > 0)
		return STATUS_END;
	if (ioctl(device_of(source)->file, BARTIZAN_REGISTERS, &found) != 0)
		return STATUS_MISSING;
	*ret_registers = (struct cpu_registers){
		.cr0 = found.cr0,
		.cr3 = found.cr3,
		.cr4 = found.cr4,
		.efer = found.efer,
		.idt_base = found.idt_base,
	};
	return STATUS_OK;
}

static status device_check(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static status device_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			      struct plan_sink *sink)
{
	return source_plan_run(source, NULL, plan, cursor, sink);
}

static const struct page_source_ops device_ops = {
	.read = device_read,
	.ram_map = device_ram_map,
	.registers = device_registers,
	.run_plan = device_run_plan,
	.check = device_check,
};

/* What the kernel calls its RAM, in order. */
static status take_ram(struct device_target *device, const char *path)
{
	struct bartizan_ram ram = {0};

	for (;;) {
		const uint64_t asked = ram.from;

		if (ioctl(device->file, BARTIZAN_NEXT_RAM, &ram) != 0)
			return errno == EPERM ? locked_down(path)
					      : report(STATUS_USAGE,
						       "%s is no device of the module bartizan (kmod/) that shows this "
						       "machine: %s",
						       path, strerror(errno));
		if (ram.page_count == 0)
			return device->ram.range_count > 0 ? STATUS_OK
							   : report(STATUS_MALFORMED, "%s knows no memory", path);
		if (ram.from < asked || ram.from >= UINT64_MAX >> GUEST_PAGE_SHIFT ||
		    ram.page_count > (UINT64_MAX >> GUEST_PAGE_SHIFT) - ram.from)
			return report(STATUS_MALFORMED, "%s names memory that can't be", path);
		if (device->ram.range_count == RAM_RANGE_COUNT_MAX)
			return report(STATUS_LIMIT, "%s names more than %d pieces of memory", path,
				      RAM_RANGE_COUNT_MAX);
		device->ram.range[device->ram.range_count++] = (struct ram_range){
			{ram.from << GUEST_PAGE_SHIFT},
			ram.page_count << GUEST_PAGE_SHIFT,
		};
		ram.from += ram.page_count;
	}
}

static void describe(struct device_target *device, const char *path)
{
	struct target_description *description = &device->target.description;

	snprintf(description->label, sizeof description->label, "dev:%s", path);
	description->access = "module";
	description->layout = "module";
	description->registers = "module";
	description->ram = device->ram;
	for (uint32_t i = 0; i < device->ram.range_count; i++)
		description->memory_size += device->ram.range[i].size;
}

static void device_target_destroy(struct target *target)
{
	struct device_target *device = (struct device_target *)target;

	if (!device->is_held)
		close(device->file);
	free(device);
}

static status open_device(const char *path, int *ret_file)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat found;

	if (file < 0 && (errno == EPERM || errno == EACCES))
		return report(STATUS_DENIED,
			      "can't open %s: %s (it takes CAP_SYS_RAWIO, and a kernel that isn't locked down)", path,
			      strerror(errno));
	if (file < 0)
		return report(errno == ENOENT ? STATUS_MISSING : STATUS_IO,
			      "can't open %s: %s (the module bartizan, kmod/, makes it)", path, strerror(errno));
	if (fstat(file, &found) != 0 || !S_ISCHR(found.st_mode)) {
		close(file);
		return report(STATUS_USAGE, "%s is no device of the module bartizan (kmod/)", path);
	}
	*ret_file = file;
	return STATUS_OK;
}

static int held_file(const char *path)
{
	for (size_t i = 0; i < held_count; i++)
		if (strcmp(held[i].path, path) == 0)
			return held[i].file;
	return -1;
}

status device_hold(const char *path)
{
	int file;

	if (held_file(path) >= 0)
		return STATUS_OK;
	if (held_count == DEVICE_HELD_COUNT_MAX)
		return report(STATUS_LIMIT, "can't hold more than %d devices open", DEVICE_HELD_COUNT_MAX);
	TRY(open_device(path, &file));
	held[held_count].path = strdup(path);
	if (held[held_count].path == NULL) {
		close(file);
		return report(STATUS_NO_MEMORY, "out of memory");
	}
	held[held_count++].file = file;
	return STATUS_OK;
}

size_t device_held_files(int files[DEVICE_HELD_COUNT_MAX])
{
	for (size_t i = 0; i < held_count; i++)
		files[i] = held[i].file;
	return held_count;
}

static status take_file(struct device_target *device, const char *path)
{
	device->file = held_file(path);
	device->is_held = device->file >= 0;
	return device->is_held ? STATUS_OK : open_device(path, &device->file);
}

status device_target_create(const char *path, struct target **ret_target)
{
	struct device_target *device = calloc(1, sizeof *device);

	if (device == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	status result = take_file(device, path);
	if (result != STATUS_OK) {
		free(device);
		return result;
	}
	device->target.destroy = device_target_destroy;
	device->source.ops = &device_ops;
	device->target.source = &device->source;
	result = take_ram(device, path);
	if (result != STATUS_OK) {
		device_target_destroy(&device->target);
		return result;
	}
	describe(device, path);
	*ret_target = &device->target;
	return STATUS_OK;
}
