/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/ledger/cut-disk.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILE_COUNT = 8, NAME_SIZE = 128, SECTOR_SIZE = 512 };

/* One thing that isn't on the disk for sure yet. */
struct pending {
	struct pending *next;
	bool is_truncation;
	uint64_t offset;
	size_t size;
	uint8_t data[];
};

struct bytes {
	uint8_t *data;
	size_t size, capacity;
};

/* `now` is what a reader sees, `synced` what the disk has for sure. */
struct cut_file {
	char name[NAME_SIZE]; /* empty: no file */
	bool is_durable; /* its name survives */
	struct bytes now, synced;
	struct pending *first, **last;
};

struct handle {
	sqlite3_file base; /* must be first */
	struct cut_file *file;
};

static struct {
	struct cut_file files[FILE_COUNT];
	uint64_t random, operations_left, limit;
	bool is_counting, is_cut;
} disk;

/* xorshift64*: any sequence will do that is the same for the same seed. */
uint64_t cut_disk_random(uint64_t limit)
{
	disk.random ^= disk.random >> 12;
	disk.random ^= disk.random << 25;
	disk.random ^= disk.random >> 27;
	return (disk.random * UINT64_C(0x2545f4914f6cdd1d) >> 16) % limit;
}

static void *checked(void *memory)
{
	if (memory == NULL)
		abort();
	return memory;
}

static void bytes_resize(struct bytes *bytes, size_t size)
{
	if (size > bytes->capacity) {
		size_t capacity = 2 * size;

		bytes->data = checked(realloc(bytes->data, capacity));
		bytes->capacity = capacity;
	}
	if (size > bytes->size)
		memset(bytes->data + bytes->size, 0, size - bytes->size);
	bytes->size = size;
}

static void bytes_write(struct bytes *bytes, uint64_t offset, const uint8_t *data, size_t size)
{
	if (offset + size > bytes->size)
		bytes_resize(bytes, offset + size);
	memcpy(bytes->data + offset, data, size);
}

static void bytes_copy(struct bytes *to, const struct bytes *from)
{
	bytes_resize(to, from->size);
	if (from->size > 0)
		memcpy(to->data, from->data, from->size);
}

static void pending_free(struct cut_file *file)
{
	while (file->first != NULL) {
		struct pending *next = file->first->next;

		free(file->first);
		file->first = next;
	}
	file->last = &file->first;
}

static void file_remove(struct cut_file *file)
{
	pending_free(file);
	free(file->now.data);
	free(file->synced.data);
	*file = (struct cut_file){0};
}

/* Count one operation. False: the power is gone. */
static bool operate(void)
{
	if (disk.is_counting && !disk.is_cut) {
		if (disk.operations_left == 0)
			disk.is_cut = true;
		else
			disk.operations_left--;
	}
	return !disk.is_cut;
}

static void file_add_pending(struct cut_file *file, bool is_truncation, uint64_t offset, const void *data, size_t size)
{
	struct pending *pending = checked(malloc(sizeof *pending + size));

	*pending = (struct pending){.is_truncation = is_truncation, .offset = offset, .size = size};
	if (size > 0)
		memcpy(pending->data, data, size);
	*file->last = pending;
	file->last = &pending->next;
}

static struct cut_file *file_find(const char *name)
{
	for (int i = 0; i < FILE_COUNT; i++)
		if (strcmp(disk.files[i].name, name) == 0)
			return &disk.files[i];
	return NULL;
}

static struct cut_file *file_make(const char *name)
{
	struct cut_file *file = file_find("");

	if (file == NULL)
		abort();
	snprintf(file->name, sizeof file->name, "%s", name);
	file->last = &file->first;
	return file;
}

/* ---- SQLite's methods of a file */

static int disk_close(sqlite3_file *base)
{
	(void)base;
	return SQLITE_OK;
}

static int disk_read(sqlite3_file *base, void *destination, int size, sqlite3_int64 offset)
{
	const struct bytes *now = &((struct handle *)base)->file->now;
	size_t wanted = (size_t)size, start = (size_t)offset;
	size_t there = start >= now->size ? 0 : now->size - start < wanted ? now->size - start : wanted;

	if (disk.is_cut)
		return SQLITE_IOERR_READ;
	memset(destination, 0, wanted);
	if (there > 0)
		memcpy(destination, now->data + start, there);
	return there == wanted ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static uint64_t used(void)
{
	uint64_t sum = 0;

	for (int i = 0; i < FILE_COUNT; i++)
		sum += disk.files[i].now.size;
	return sum;
}

static int disk_write(sqlite3_file *base, const void *data, int size, sqlite3_int64 offset)
{
	struct cut_file *file = ((struct handle *)base)->file;
	uint64_t end = (uint64_t)offset + (uint64_t)size;

	if (!operate())
		return SQLITE_IOERR_WRITE;
	if (disk.limit != 0 && end > file->now.size && used() + (end - file->now.size) > disk.limit)
		return SQLITE_FULL;
	bytes_write(&file->now, (uint64_t)offset, data, (size_t)size);
	file_add_pending(file, false, (uint64_t)offset, data, (size_t)size);
	return SQLITE_OK;
}

static int disk_truncate(sqlite3_file *base, sqlite3_int64 size)
{
	struct cut_file *file = ((struct handle *)base)->file;

	if (!operate())
		return SQLITE_IOERR_TRUNCATE;
	if ((size_t)size < file->now.size)
		bytes_resize(&file->now, (size_t)size);
	file_add_pending(file, true, (uint64_t)size, NULL, 0);
	return SQLITE_OK;
}

static int disk_sync(sqlite3_file *base, int flags)
{
	struct cut_file *file = ((struct handle *)base)->file;

	(void)flags;
	if (!operate())
		return SQLITE_IOERR_FSYNC;
	bytes_copy(&file->synced, &file->now);
	pending_free(file);
	file->is_durable = true;
	return SQLITE_OK;
}

static int disk_size(sqlite3_file *base, sqlite3_int64 *ret_size)
{
	*ret_size = (sqlite3_int64)((struct handle *)base)->file->now.size;
	return disk.is_cut ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}

/* One process, one connection: nobody to lock out. */
static int disk_lock(sqlite3_file *base, int level)
{
	(void)base, (void)level;
	return SQLITE_OK;
}

static int disk_check_lock(sqlite3_file *base, int *ret_is_locked)
{
	(void)base;
	*ret_is_locked = 0;
	return SQLITE_OK;
}

static int disk_control(sqlite3_file *base, int operation, void *argument)
{
	(void)base, (void)operation, (void)argument;
	return SQLITE_NOTFOUND;
}

static int disk_sector_size(sqlite3_file *base)
{
	(void)base;
	return SECTOR_SIZE;
}

/* No promises: no atomic writes, no order, no safe append. */
static int disk_characteristics(sqlite3_file *base)
{
	(void)base;
	return 0;
}

static const sqlite3_io_methods file_methods = {
	.iVersion = 1,
	.xClose = disk_close,
	.xRead = disk_read,
	.xWrite = disk_write,
	.xTruncate = disk_truncate,
	.xSync = disk_sync,
	.xFileSize = disk_size,
	.xLock = disk_lock,
	.xUnlock = disk_lock,
	.xCheckReservedLock = disk_check_lock,
	.xFileControl = disk_control,
	.xSectorSize = disk_sector_size,
	.xDeviceCharacteristics = disk_characteristics,
};

/* ---- and of a VFS */

static int disk_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *base, int flags, int *ret_flags)
{
	struct handle *handle = (struct handle *)base;

	(void)vfs;
	base->pMethods = NULL;
	if (disk.is_cut || name == NULL)
		return SQLITE_CANTOPEN;
	handle->file = file_find(name);
	if (handle->file == NULL && (flags & SQLITE_OPEN_CREATE) == 0)
		return SQLITE_CANTOPEN;
	if (handle->file == NULL)
		handle->file = file_make(name);
	base->pMethods = &file_methods;
	if (ret_flags != NULL)
		*ret_flags = flags;
	return SQLITE_OK;
}

static int disk_delete(sqlite3_vfs *vfs, const char *name, int is_synced)
{
	struct cut_file *file = file_find(name);

	(void)vfs, (void)is_synced;
	if (!operate())
		return SQLITE_IOERR_DELETE;
	if (file == NULL)
		return SQLITE_IOERR_DELETE_NOENT;
	file_remove(file);
	return SQLITE_OK;
}

static int disk_access(sqlite3_vfs *vfs, const char *name, int flags, int *ret_is_there)
{
	(void)vfs, (void)flags;
	*ret_is_there = file_find(name) != NULL;
	return disk.is_cut ? SQLITE_IOERR_ACCESS : SQLITE_OK;
}

static int disk_full_name(sqlite3_vfs *vfs, const char *name, int size, char *ret_name)
{
	(void)vfs;
	snprintf(ret_name, (size_t)size, "%s", name);
	return SQLITE_OK;
}

static int disk_randomness(sqlite3_vfs *vfs, int size, char *ret_bytes)
{
	(void)vfs;
	for (int i = 0; i < size; i++)
		ret_bytes[i] = (char)cut_disk_random(256);
	return size;
}

static int disk_sleep(sqlite3_vfs *vfs, int microseconds)
{
	(void)vfs;
	return microseconds;
}

static int disk_time(sqlite3_vfs *vfs, double *ret_days)
{
	(void)vfs;
	*ret_days = 2460000;
	return SQLITE_OK;
}

static int disk_last_error(sqlite3_vfs *vfs, int size, char *ret_text)
{
	(void)vfs, (void)size, (void)ret_text;
	return 0;
}

static sqlite3_vfs disk_vfs = {
	.iVersion = 1,
	.szOsFile = sizeof(struct handle),
	.mxPathname = NAME_SIZE - 1,
	.zName = CUT_DISK_VFS,
	.xOpen = disk_open,
	.xDelete = disk_delete,
	.xAccess = disk_access,
	.xFullPathname = disk_full_name,
	.xRandomness = disk_randomness,
	.xSleep = disk_sleep,
	.xCurrentTime = disk_time,
	.xGetLastError = disk_last_error,
};

void cut_disk_init(uint64_t seed)
{
	if (sqlite3_vfs_register(&disk_vfs, 0) != SQLITE_OK)
		abort();
	disk.random = seed * UINT64_C(0x9e3779b97f4a7c15) | 1;
	disk.is_counting = disk.is_cut = false;
	disk.limit = 0;
}

void cut_disk_deinit(void)
{
	for (int i = 0; i < FILE_COUNT; i++)
		if (disk.files[i].name[0] != '\0')
			file_remove(&disk.files[i]);
}

void cut_disk_cut_after(uint64_t operation_count)
{
	disk.operations_left = operation_count;
	disk.is_counting = true;
}

bool cut_disk_is_cut(void)
{
	return disk.is_cut;
}

void cut_disk_limit(uint64_t size)
{
	disk.limit = size;
}

/* Some sectors of one write got to the disk. */
static void write_sectors(struct bytes *bytes, const struct pending *pending)
{
	for (size_t at = 0; at < pending->size;) {
		size_t part = SECTOR_SIZE - (pending->offset + at) % SECTOR_SIZE;

		if (part > pending->size - at)
			part = pending->size - at;
		if (cut_disk_random(2) == 0)
			bytes_write(bytes, pending->offset + at, pending->data + at, part);
		at += part;
	}
}

static void pending_settle(struct bytes *bytes, const struct pending *pending)
{
	uint64_t chance = cut_disk_random(3);

	if (chance == 0)
		return;
	if (pending->is_truncation) {
		if (pending->offset < bytes->size)
			bytes_resize(bytes, pending->offset);
	} else if (chance == 1) {
		bytes_write(bytes, pending->offset, pending->data, pending->size);
	} else {
		write_sectors(bytes, pending);
	}
}

void cut_disk_restart(void)
{
	for (int i = 0; i < FILE_COUNT; i++) {
		struct cut_file *file = &disk.files[i];

		if (file->name[0] == '\0')
			continue;
		if (!file->is_durable && cut_disk_random(2) == 0) {
			file_remove(file);
			continue;
		}
		for (const struct pending *pending = file->first; pending != NULL; pending = pending->next)
			pending_settle(&file->synced, pending);
		pending_free(file);
		bytes_copy(&file->now, &file->synced);
		file->is_durable = true;
	}
	disk.is_counting = disk.is_cut = false;
}
