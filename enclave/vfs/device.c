/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/device.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "base/checked.h"
#include "enclave/vfs/files.h"

static const struct device {
	const char *name; /* "%": a number follows, without leading zeros */
	uint32_t major, minor_first, minor_count;
	mode_t mode;
} devices[] = {
	{"/dev/null", 1, 3, 1, 0666},		{"/dev/tty", 5, 0, 1, 0666},	     {"/dev/console", 5, 1, 1, 0600},
	{"/dev/pts/%", 136, 0, 1u << 20, 0620}, {"/dev/tty%", 4, 0, 64, 0620},	     {"/dev/ttyS%", 4, 64, 192, 0660},
	{"/dev/ttyUSB%", 188, 0, 512, 0660},	{"/dev/ttyACM%", 166, 0, 256, 0660}, {"/dev/hvc%", 229, 0, 64, 0660},
};

/* The number behind `prefix`, which ends in "%"; false where there is none. */
static bool numbered(const char *path, const char *prefix, uint32_t *ret_number)
{
	size_t length = strlen(prefix) - 1;
	uint32_t number = 0;

	if (strncmp(path, prefix, length) != 0)
		return false;
	path += length;
	if (path[0] == '\0' || (path[0] == '0' && path[1] != '\0') || strlen(path) > 7)
		return false;
	for (; *path != '\0'; path++) {
		if (*path < '0' || *path > '9')
			return false;
		number = number * 10 + (uint32_t)(*path - '0');
	}
	*ret_number = number;
	return true;
}

static const struct device *find(const char *path, uint32_t *ret_minor)
{
	for (size_t i = 0; i < ARRAY_COUNT(devices); i++) {
		const struct device *device = &devices[i];
		uint32_t number = 0;

		if (strchr(device->name, '%') != NULL ? !numbered(path, device->name, &number)
						      : strcmp(path, device->name) != 0)
			continue;
		if (number >= device->minor_count)
			continue;
		*ret_minor = device->minor_first + number;
		return device;
	}
	return NULL;
}

bool device_is_here(const char *path)
{
	uint32_t minor_number;

	return find(path, &minor_number) != NULL;
}

bool device_leads_here(const char *path)
{
	return strcmp(path, "/dev") == 0 || strcmp(path, "/dev/pts") == 0;
}

void device_stat(const char *path, mode_t *ret_mode, dev_t *ret_number)
{
	uint32_t minor_number = 0;
	const struct device *device = find(path, &minor_number);

	*ret_mode = S_IFCHR | (device != NULL ? device->mode : 0);
	*ret_number = device != NULL ? makedev(device->major, minor_number) : 0;
}

static long null_read(struct file *file, void *buffer, size_t size, int64_t offset)
{
	return (file->flags & O_ACCMODE) == O_WRONLY ? -EBADF : 0;
}

static long null_write(struct file *file, const void *buffer, size_t size)
{
	return (file->flags & O_ACCMODE) == O_RDONLY ? -EBADF : (long)size;
}

static long null_seek(struct file *file, int64_t offset, int whence)
{
	return 0; /* null_lseek(), drivers/char/mem.c */
}

static long null_stat(struct file *file, struct stat *ret_stat)
{
	struct place place = {.kind = PLACE_DEVICE};

	memcpy(place.path, file->path, strlen(file->path) + 1);
	return place_stat(&place, true, ret_stat);
}

static const struct file_ops null_ops = {
	.read = null_read,
	.write = null_write,
	.seek = null_seek,
	.stat = null_stat,
};

long device_open(const struct place *place, int flags, struct file **ret_file)
{
	struct file *file;
	long result;

	if (flags & O_DIRECTORY || place->must_be_directory)
		return -ENOTDIR;
	if (strcmp(place->path, "/dev/null") != 0)
		return -ENXIO;
	file = calloc(1, sizeof *file);
	if (file == NULL)
		return -ENOMEM;
	result = file_init(file, &null_ops, flags, place->path);
	if (result < 0) {
		free(file);
		return result;
	}
	*ret_file = file;
	return 0;
}
