/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories that the host doesn't have: those of /proc, and the made-up ones
 * that lead to what the manifest allows. Their entries are taken down once, when
 * first listed: positions stay valid. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "enclave/runtime/manifest.h"
#include "enclave/vfs/entry.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/inode.h"

enum {
	DOT_COUNT = 2, /* "." and "..", before all entries */
};

struct directory {
	struct file file;
	struct place place;
	struct listing *listing; /* NULL: not listed yet */
	bool fault_told; /* the reader had its error */
};

static struct directory *directory_of(struct file *file)
{
	return (struct directory *)file;
}

static bool has_entry(const struct listing *listing, const char *name)
{
	struct listing_entry entry;

	for (size_t i = 0; i < listing_count(listing); i++) {
		listing_entry(listing, i, &entry);
		if (strcmp(entry.name, name) == 0)
			return true;
	}
	return false;
}

static void add_once(struct listing *listing, const char *name, uint32_t mode, uint64_t inode)
{
	if (!has_entry(listing, name))
		listing_add(listing, name, mode, inode);
}

/* The next component of every allowed path below this directory. */
static long list_made_up(const struct place *directory, struct listing *listing)
{
	const char *path = directory->path;
	size_t prefix = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (const char *allowed = image_paths; *allowed != '\0'; allowed += strlen(allowed) + 1) {
		const char *rest = allowed + 1 + prefix + 1;
		bool below = strncmp(allowed + 1, path, prefix) == 0 && allowed[1 + prefix] == '/';
		size_t length = below ? strcspn(rest, "/") : 0;
		char full[VFS_PATH_SIZE_MAX];
		struct stat stat;
		struct place place;

		if (!below || prefix + 1 + length >= sizeof full)
			continue;
		memcpy(full, allowed + 1, prefix + 1 + length);
		full[prefix + 1 + length] = '\0';
		/* What the host lacks isn't there. */
		if (path_lookup(full, &place) == 0 && place_stat(&place, false, &stat) == 0)
			add_once(listing, full + prefix + 1, stat.st_mode, stat.st_ino);
	}
	for (size_t i = 0; prefix == 0 && i < proc_tree_count; i++)
		add_once(listing, proc_trees[i].root + 1, S_IFDIR | 0555, 1);
	if (prefix == 0)
		add_once(listing, "dev", S_IFDIR | 0555, 0);
	/* Which terminals there are, nobody asked (enclave/vfs/device.h). */
	if (strcmp(path, "/dev") == 0) {
		add_once(listing, "null", S_IFCHR | 0666, 0);
		add_once(listing, "pts", S_IFDIR | 0555, 0);
	}
	return listing_out_of_memory(listing) ? -ENOMEM : 0;
}

static long take_down(struct directory *directory)
{
	const struct place *place = &directory->place;
	struct listing *listing;
	long result;

	if (place->kind == PLACE_PROC)
		return entry_listing(&place->entry, place->path, &directory->listing);
	if (listing_create(&listing) != STATUS_OK)
		return -ENOMEM;
	result = list_made_up(place, listing);
	if (result == 0)
		directory->listing = listing;
	else
		listing_destroy(listing);
	return result;
}

static uint64_t made_up_inode(const struct place *directory, const char *name)
{
	struct proc_entry entry;
	char path[VFS_PATH_SIZE_MAX];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", directory->path, name) >= sizeof path)
		return inode_of_path(name);
	return directory->kind == PLACE_PROC && proc_entry_find(path, &entry) == STATUS_OK
		       ? inode_of_entry(&entry, path)
		       : inode_of_path(path);
}

/* The entry at a position below the end. */
static long entry_at(const struct directory *directory, uint64_t position, struct listing_entry *ret_entry)
{
	struct stat stat;
	long result = 0;

	if (position >= DOT_COUNT) {
		listing_entry(directory->listing, position - DOT_COUNT, ret_entry);
		if (ret_entry->inode == 0)
			ret_entry->inode = made_up_inode(&directory->place, ret_entry->name);
		return 0;
	}
	*ret_entry = (struct listing_entry){.name = "..", .mode = S_IFDIR, .inode = 1};
	if (position == 0) {
		ret_entry->name[1] = '\0';
		result = place_stat(&directory->place, true, &stat);
		ret_entry->inode = stat.st_ino;
	}
	return result;
}

/* One struct linux_dirent64 (include/linux/dirent.h); its size, or 0 if it
 * doesn't fit. */
static size_t put_record(const struct listing_entry *entry, int64_t next, uint8_t *buffer, size_t room)
{
	struct {
		uint64_t inode;
		int64_t next;
		uint16_t size;
		uint8_t type;
	} __attribute__((packed)) head = {entry->inode, next, 0, (uint8_t)IFTODT(entry->mode)};
	size_t length = strlen(entry->name), size = (sizeof head + length + 1 + 7) & ~(size_t)7;

	if (size > room)
		return 0;
	memset(buffer, 0, size);
	head.size = (uint16_t)size;
	memcpy(buffer, &head, sizeof head);
	memcpy(buffer + sizeof head, entry->name, length);
	return size;
}

/* At the end of a directory that isn't whole the reader gets one error. */
static long end_of(struct directory *directory)
{
	if (listing_fault_line(directory->listing) == NULL || directory->fault_told)
		return 0;
	directory->fault_told = true;
	return -EIO;
}

static long directory_list(struct file *file, void *buffer, size_t size)
{
	struct directory *directory = directory_of(file);
	long result = directory->listing == NULL ? take_down(directory) : 0;
	size_t used = 0;

	if (result < 0)
		return result;
	while ((uint64_t)file->position < DOT_COUNT + listing_count(directory->listing)) {
		struct listing_entry entry;
		size_t record;

		result = entry_at(directory, (uint64_t)file->position, &entry);
		if (result < 0)
			return used > 0 ? (long)used : result;
		record = put_record(&entry, file->position + 1, (uint8_t *)buffer + used, size - used);
		if (record == 0)
			return used > 0 ? (long)used : -EINVAL;
		used += record;
		file->position++;
	}
	return used > 0 ? (long)used : end_of(directory);
}

static long directory_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	return -EISDIR;
}

static long directory_seek(struct file *file, int64_t offset, int whence)
{
	if (whence == SEEK_CUR)
		offset += file->position;
	else if (whence != SEEK_SET)
		return -EINVAL;
	if (offset < 0)
		return -EINVAL;
	file->position = offset;
	return offset;
}

static long directory_stat(struct file *file, struct stat *ret_stat)
{
	return place_stat(&directory_of(file)->place, true, ret_stat);
}

static void directory_close(struct file *file)
{
	listing_destroy(directory_of(file)->listing);
}

static const struct file_ops directory_ops = {
	.read = directory_read,
	.seek = directory_seek,
	.stat = directory_stat,
	.list = directory_list,
	.close = directory_close,
};

long directory_open(const struct place *place, int flags, struct file **ret_file)
{
	struct directory *directory;
	long result;

	if ((flags & O_ACCMODE) != O_RDONLY || (flags & O_CREAT))
		return -EISDIR;
	directory = calloc(1, sizeof *directory);
	if (directory == NULL)
		return -ENOMEM;
	directory->place = *place;
	result = file_init(&directory->file, &directory_ops, flags, place->path);
	if (result < 0) {
		free(directory);
		return result;
	}
	*ret_file = &directory->file;
	return 0;
}
