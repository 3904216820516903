/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Directories that the host doesn't have: those of /proc, and the made-up ones
 * that lead to what the manifest allows. Their entries are taken down once, when
 * first listed: positions stay valid. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "enclave/runtime/manifest.h"
#include "enclave/vfs/absent.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/inode.h"
#include "guest/proc/node.h"

struct entry {
	uint64_t inode;
	uint8_t type; /* DT_* */
	char name[VFS_NAME_LENGTH_MAX + 1];
};

struct directory {
	struct file file;
	struct place place;
	struct entry *entries;
	size_t entry_count;
	bool listed;
};

static struct directory *directory_of(struct file *file)
{
	return (struct directory *)file;
}

static bool has_entry(const struct directory *directory, const char *name, size_t length)
{
	for (size_t i = 0; i < directory->entry_count; i++)
		if (strlen(directory->entries[i].name) == length &&
		    memcmp(directory->entries[i].name, name, length) == 0)
			return true;
	return false;
}

static long add_entry(struct directory *directory, const char *name, size_t length, uint64_t inode, uint8_t type)
{
	struct entry *entries, *entry;

	if (length > VFS_NAME_LENGTH_MAX || has_entry(directory, name, length))
		return 0;
	entries = reallocarray(directory->entries, directory->entry_count + 1, sizeof *entries);
	if (entries == NULL)
		return -ENOMEM;
	directory->entries = entries;
	entry = &entries[directory->entry_count++];
	*entry = (struct entry){.inode = inode, .type = type};
	memcpy(entry->name, name, length);
	return 0;
}

static long list_proc(struct directory *directory)
{
	const struct proc_node *node = directory->place.node;

	if (node->path[0] == '\0')
		absent_processes_listed();

	for (const struct proc_node *child = proc_node_next(node, NULL); child != NULL;
	     child = proc_node_next(node, child)) {
		const char *name = proc_node_name(child);
		long result = node_exists(child);

		if (result == -ENOENT)
			continue;
		if (result == 0)
			result = add_entry(directory, name, strlen(name), inode_of_node(child),
					   (uint8_t)IFTODT(child->mode));
		if (result < 0)
			return result;
	}
	return 0;
}

/* The next component of every allowed path below this directory. */
static long list_made_up(struct directory *directory)
{
	const char *path = directory->place.path;
	size_t prefix = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (const char *allowed = image_paths; *allowed != '\0'; allowed += strlen(allowed) + 1) {
		const char *rest = allowed + 1 + prefix + 1;
		bool below = strncmp(allowed + 1, path, prefix) == 0 && allowed[1 + prefix] == '/';
		size_t length = below ? strcspn(rest, "/") : 0;
		char full[VFS_PATH_SIZE_MAX];
		struct stat stat;
		struct place place;
		long result;

		if (!below || prefix + 1 + length >= sizeof full)
			continue;
		memcpy(full, allowed + 1, prefix + 1 + length);
		full[prefix + 1 + length] = '\0';
		/* What the host lacks isn't there. */
		if (path_lookup(full, &place) < 0 || place_stat(&place, false, &stat) < 0)
			continue;
		result = add_entry(directory, rest, length, stat.st_ino, (uint8_t)IFTODT(stat.st_mode));
		if (result < 0)
			return result;
	}
	return prefix == 0 ? add_entry(directory, "proc", 4, 1, DT_DIR) : 0;
}

static long take_down(struct directory *directory)
{
	struct stat stat;
	long result = place_stat(&directory->place, true, &stat);

	if (result == 0)
		result = add_entry(directory, ".", 1, stat.st_ino, DT_DIR);
	if (result == 0)
		result = add_entry(directory, "..", 2, 1, DT_DIR);
	if (result == 0)
		result = directory->place.kind == PLACE_PROC ? list_proc(directory) : list_made_up(directory);
	return result;
}

/* One struct linux_dirent64 (include/linux/dirent.h); its size, or 0 if it
 * doesn't fit. */
static size_t put_record(const struct entry *entry, int64_t next, uint8_t *buffer, size_t room)
{
	struct {
		uint64_t inode;
		int64_t next;
		uint16_t size;
		uint8_t type;
	} __attribute__((packed)) head = {entry->inode, next, 0, entry->type};
	size_t length = strlen(entry->name), size = (sizeof head + length + 1 + 7) & ~(size_t)7;

	if (size > room)
		return 0;
	memset(buffer, 0, size);
	head.size = (uint16_t)size;
	memcpy(buffer, &head, sizeof head);
	memcpy(buffer + sizeof head, entry->name, length);
	return size;
}

static long directory_list(struct file *file, void *buffer, size_t size)
{
	struct directory *directory = directory_of(file);
	size_t used = 0;

	if (!directory->listed) {
		long result = take_down(directory);

		if (result < 0)
			return result;
		directory->listed = true;
	}
	while ((uint64_t)file->position < directory->entry_count) {
		size_t record = put_record(&directory->entries[file->position], file->position + 1,
					   (uint8_t *)buffer + used, size - used);

		if (record == 0)
			return used > 0 ? (long)used : -EINVAL;
		used += record;
		file->position++;
	}
	return (long)used;
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
	free(directory_of(file)->entries);
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
