/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qemu-file.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/checked.h"

static bool is_file_of(const struct stat *file, const struct qemu_mapping *mapping)
{
	return file->st_ino == mapping->inode && major(file->st_dev) == mapping->device_major &&
	       minor(file->st_dev) == mapping->device_minor;
}

/* Open `path` if it is the mapping's file and not another of that name. */
static int open_checked(const char *path, const struct qemu_mapping *mapping)
{
	int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat found;

	if (file >= 0 && (fstat(file, &found) != 0 || !is_file_of(&found, mapping))) {
		close(file);
		file = -1;
	}
	return file;
}

/* Needs CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
static int open_map_file(const struct qemu_process *process, const struct qemu_mapping *mapping)
{
	char path[128];
	DIR *directory;
	struct dirent *entry;
	int file = -1;

	/* The mapping may be joined from several: take the one at its start. */
	snprintf(path, sizeof path, "/proc/%d/map_files", (int)process->pid);
	directory = opendir(path);
	if (directory == NULL)
		return -1;
	while (file < 0 && (entry = readdir(directory)) != NULL) {
		if (strtoull(entry->d_name, NULL, 16) != mapping->start.value)
			continue;
		snprintf(path, sizeof path, "/proc/%d/map_files/%.64s", (int)process->pid, entry->d_name);
		file = open_checked(path, mapping);
	}
	closedir(directory);
	return file;
}

static int open_by_path(const struct qemu_process *process, const struct qemu_mapping *mapping)
{
	char path[QEMU_MAPPING_PATH_SIZE + 64];

	if (mapping->path[0] != '/')
		return -1;
	snprintf(path, sizeof path, "/proc/%d/root%s", (int)process->pid, mapping->path);
	return open_checked(path, mapping);
}

/* Among QEMU's own descriptors: a memfd has no other name. */
static int open_descriptor(const struct qemu_process *process, const struct qemu_mapping *mapping)
{
	struct dirent *entry;
	char path[320];
	int file = -1;

	snprintf(path, sizeof path, "/proc/%d/fd", (int)process->pid);
	DIR *directory = opendir(path);
	if (directory == NULL)
		return -1;
	while (file < 0 && (entry = readdir(directory)) != NULL) {
		struct stat found;

		snprintf(path, sizeof path, "/proc/%d/fd/%s", (int)process->pid, entry->d_name);
		if (stat(path, &found) == 0 && S_ISREG(found.st_mode) && is_file_of(&found, mapping))
			file = open_checked(path, mapping);
	}
	closedir(directory);
	return file;
}

int qemu_file_open(const struct qemu_process *process, const struct qemu_mapping *mapping)
{
	int file = open_map_file(process, mapping);

	if (file < 0)
		file = open_descriptor(process, mapping);
	return file >= 0 ? file : open_by_path(process, mapping);
}

bool qemu_file_holds(int file, uint64_t offset, uint64_t size)
{
	struct stat found;

	return fstat(file, &found) == 0 && found.st_size >= 0 && checked_within(offset, size, (uint64_t)found.st_size);
}
