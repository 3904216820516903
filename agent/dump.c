/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/dump.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/dump-layout.h"
#include "agent/dump-memory.h"
#include "agent/serve/guarded.h"
#include "base/report.h"

struct dump_target {
	struct target target; /* must be first */
	struct dump_memory memory;
};

/* Formats that aren't read, by their first bytes, and the way out. */
static const struct {
	const char *magic;
	size_t magic_size;
	const char *name, *advice;
} foreign_formats[] = {
	{"KDUMP   ", 8, "a kdump-compressed dump",
	 "convert it: makedumpfile -E IN OUT, or dump again without -z, -l, -s, -w"},
	{"DISKDUMP", 8, "a diskdump", "convert it with makedumpfile -E"},
	{"makedumpfile", 12, "a flattened kdump",
	 "restore it with makedumpfile -R, then convert it with makedumpfile -E"},
	{"EMiL", 4, "a LiME dump", "take it again with format=padded"},
	{"QEVM", 4, "a QEMU migration stream", "use QEMU's dump-guest-memory instead"},
	{"LibvirtQemudSave", 16, "a libvirt save file", "use `virsh dump --memory-only --format elf` instead"},
	{"PAGEDU64", 8, "a Windows crash dump", "only 64-bit Linux can be watched"},
	{"\x1f\x8b", 2, "gzip-compressed", "decompress it first: gunzip"},
	{"\x28\xb5\x2f\xfd", 4, "zstd-compressed", "decompress it first: unzstd"},
	{"\xfd"
	 "7zXZ",
	 5, "xz-compressed", "decompress it first: unxz"},
	{"\x04\x22\x4d\x18", 4, "lz4-compressed", "decompress it first: unlz4"},
};

/* "FILE" or "FILE,layout=NAME"; *ret_path is to be freed. */
static status parse_text(const char *text, char **ret_path, enum dump_layout *ret_layout)
{
	static const struct {
		const char *name;
		enum dump_layout layout;
	} names[] = {{"flat", DUMP_LAYOUT_FLAT}, {"q35", DUMP_LAYOUT_Q35}, {"pc", DUMP_LAYOUT_PC}};
	const char *option = strstr(text, ",layout=");
	enum dump_layout layout = DUMP_LAYOUT_GUESS;

	for (size_t i = 0; option != NULL && i < sizeof names / sizeof names[0]; i++)
		if (strcmp(option + 8, names[i].name) == 0)
			layout = names[i].layout;
	if (option != NULL && layout == DUMP_LAYOUT_GUESS)
		return report(STATUS_USAGE, "layout \"%s\" of a dump isn't known: give q35, pc or flat", option + 8);
	char *path = option != NULL ? strndup(text, (size_t)(option - text)) : strdup(text);
	if (path == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while opening the dump");
	*ret_path = path;
	*ret_layout = layout;
	return STATUS_OK;
}

static status map_opened(int file, const char *path, struct span *ret_bytes)
{
	struct stat found;

	if (fstat(file, &found) != 0 || !S_ISREG(found.st_mode))
		return report(STATUS_USAGE, "%s is no regular file", path);
	if (found.st_size == 0)
		return report(STATUS_MALFORMED, "the dump %s is empty", path);
	void *bytes = mmap(NULL, (size_t)found.st_size, PROT_READ, MAP_PRIVATE, file, 0);
	if (bytes == MAP_FAILED)
		return report(STATUS_IO, "can't map the dump %s: %s", path, strerror(errno));
	*ret_bytes = (struct span){bytes, (size_t)found.st_size};
	return STATUS_OK;
}

static status map_file(const char *path, struct span *ret_bytes, int *ret_file)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (file < 0) {
		status kind = errno == ENOENT ? STATUS_MISSING : errno == EACCES ? STATUS_DENIED : STATUS_IO;
		return report(kind, "can't open the dump %s: %s", path, strerror(errno));
	}
	status result = map_opened(file, path, ret_bytes);
	if (result == STATUS_OK)
		*ret_file = file;
	else
		close(file);
	return result;
}

static status check_foreign(void *context)
{
	const struct span file = *(const struct span *)context;

	for (size_t i = 0; i < sizeof foreign_formats / sizeof foreign_formats[0]; i++)
		if (file.size >= foreign_formats[i].magic_size &&
		    memcmp(file.data, foreign_formats[i].magic, foreign_formats[i].magic_size) == 0)
			return report(STATUS_UNSUPPORTED, "the dump is %s, which isn't read: %s",
				      foreign_formats[i].name, foreign_formats[i].advice);
	return STATUS_OK;
}

static status parse_raw(struct dump_memory *memory, enum dump_layout layout)
{
	struct span file = memory->file;

	TRY(guarded_run(check_foreign, &file));
	if (file.size % GUEST_PAGE_SIZE != 0)
		return report(
			STATUS_MALFORMED,
			"the dump is neither an ELF core nor raw memory: its %zu bytes aren't whole pages; if it is "
			"raw, it is truncated",
			file.size);
	if (layout == DUMP_LAYOUT_GUESS)
		TRY(dump_layout_guess(file, memory->descriptor, &layout));
	if (!dump_layout_apply(layout, file.size, &memory->contents))
		return report(STATUS_USAGE, "a raw dump of %zu bytes is too small to be split as that machine does",
			      file.size);
	return STATUS_OK;
}

/* What of the mapping is touched while attaching is touched by functions that own nothing: who overwrites the file may
 * cut it first (SIGBUS). STATUS_END: it isn't ELF. */
static status parse_elf(void *context)
{
	struct dump_memory *memory = context;

	return dump_is_elf(memory->file) ? dump_parse_elf(memory->file, &memory->contents) : STATUS_END;
}

static status parse_file(struct dump_target *dump, enum dump_layout layout)
{
	struct target_description *description = &dump->target.description;
	const status elf = guarded_run(parse_elf, &dump->memory);

	if (status_is_fault(elf))
		return elf; /* reported, with layout= or without */
	if (elf != STATUS_END) {
		if (layout != DUMP_LAYOUT_GUESS)
			return report(STATUS_USAGE,
				      "the dump is an ELF core: it says itself where RAM lies; leave out layout=");
		description->layout = "elf";
		return elf;
	}
	description->layout = layout == DUMP_LAYOUT_GUESS ? "guess" : "option";
	return parse_raw(&dump->memory, layout);
}

static void describe(struct dump_target *dump, const char *path)
{
	struct target_description *description = &dump->target.description;
	const struct dump_contents *contents = &dump->memory.contents;

	snprintf(description->label, sizeof description->label, "dump:%s", path);
	description->access = "file";
	description->registers = contents->cpu_count > 0 ? "dump" : "none";
	description->cpu_count = contents->cpu_count;
	description->ram.range_count = contents->segment_count;
	for (uint32_t i = 0; i < contents->segment_count; i++) {
		description->ram.range[i] = contents->segments[i].range;
		description->memory_size += contents->segments[i].range.size;
	}
}

static void dump_target_destroy(struct target *target)
{
	struct dump_target *dump = (struct dump_target *)target;

	munmap((void *)(uintptr_t)dump->memory.file.data, dump->memory.file.size);
	close(dump->memory.descriptor);
	free(dump);
}

static status create_mapped(struct span file, int descriptor, const char *path, enum dump_layout layout,
			    struct target **ret_target)
{
	struct dump_target *dump = calloc(1, sizeof *dump);

	if (dump == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while reading the dump");
	dump_memory_init(&dump->memory, file, descriptor);
	status result = parse_file(dump, layout);
	if (result != STATUS_OK) {
		free(dump);
		return result;
	}
	describe(dump, path);
	dump->target.source = &dump->memory.source;
	dump->target.destroy = dump_target_destroy;
	*ret_target = &dump->target;
	return STATUS_OK;
}

status dump_target_create(const char *text, struct target **ret_target)
{
	enum dump_layout layout = DUMP_LAYOUT_GUESS;
	struct span file = {0};
	char *path = NULL;
	int descriptor = -1;

	TRY(parse_text(text, &path, &layout));
	status result = map_file(path, &file, &descriptor);
	if (result == STATUS_OK) {
		result = create_mapped(file, descriptor, path, layout, ret_target);
		if (result != STATUS_OK) {
			munmap((void *)(uintptr_t)file.data, file.size);
			close(descriptor);
		}
	}
	free(path);
	return result;
}
