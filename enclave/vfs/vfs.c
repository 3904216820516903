/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/vfs.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "enclave/runtime/host.h"
#include "enclave/vfs/device.h"
#include "enclave/vfs/entry.h"
#include "enclave/vfs/file.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/path.h"
#include "enclave/vfs/target-file.h"
#include "enclave/vfs/target.h"

enum {
	/* As much as stdio writes at once: its buffer (enclave/libc/glibc.patch) and a line or two. */
	GATHERED_SIZE_MAX = 20 * 1024,
};

static char working_directory[VFS_PATH_SIZE_MAX] = "/";

void vfs_init(void)
{
	static const int flags[] = {O_RDONLY, O_WRONLY, O_WRONLY};

	for (int fd = 0; fd < 3; fd++) {
		struct file *file;

		if (host_stream_open(fd, flags[fd], &file) == 0 && descriptor_install(file, fd, false) != fd)
			file_release(file);
	}
}

/* Resolve a path of an *at() call. */
static long resolve(int directory_fd, const char *path, bool follow, struct place *ret_place)
{
	struct file *directory;
	struct stat stat;
	long result;

	if (path[0] == '/' || directory_fd == AT_FDCWD)
		return path_resolve(working_directory, path, follow, ret_place);
	result = descriptor_file(directory_fd, &directory);
	if (result < 0)
		return result;
	result = directory->path == NULL ? -ENOTDIR : directory->ops->stat(directory, &stat);
	if (result < 0)
		return result;
	if (!S_ISDIR(stat.st_mode))
		return -ENOTDIR;
	return path_resolve(directory->path, path, follow, ret_place);
}

long vfs_resolve(const char *path, struct place *ret_place)
{
	return resolve(AT_FDCWD, path, true, ret_place);
}

static bool is_proc_directory(const struct place *place)
{
	return place->kind == PLACE_PROC && S_ISDIR(place->mode);
}

static long open_place(const struct place *place, int flags, struct file **ret_file)
{
	bool directory = place->kind == PLACE_DIRECTORY || is_proc_directory(place);
	long result;

	if (flags & O_PATH)
		return path_file_open(place, flags, ret_file);
	if ((flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL))
		return -EEXIST;
	if (place->kind == PLACE_PROC) {
		result = entry_exists_now(&place->entry);
		if (result < 0)
			return result;
	}
	if (directory)
		return directory_open(place, flags, ret_file);
	if (place->kind == PLACE_HOST)
		return host_file_open(place, flags, ret_file);
	if (place->kind == PLACE_DEVICE)
		return device_open(place, flags, ret_file);
	if (S_ISLNK(place->mode))
		return flags & O_NOFOLLOW ? -ELOOP : -EACCES; /* magic: what it leads to isn't readable */
	if (flags & O_DIRECTORY)
		return -ENOTDIR;
	return proc_file_open(place, flags, ret_file);
}

long vfs_open(int directory_fd, const char *path, int flags)
{
	struct place place;
	struct file *file;
	long result;

	/* fs/namei.c, open_last_lookups(): before anything is looked up. */
	if ((flags & O_CREAT) && path[0] != '\0' && path[strlen(path) - 1] == '/')
		return -EISDIR;
	result = resolve(directory_fd, path, !(flags & O_NOFOLLOW), &place);
	/* Nothing can be made here: the file system is read-only to programs. */
	if (result == -ENOENT && (flags & O_CREAT) && path[0] != '\0')
		return -EROFS;
	if (result < 0)
		return result;
	result = open_place(&place, flags, &file);
	if (result < 0)
		return result;
	result = descriptor_install(file, 0, flags & O_CLOEXEC);
	if (result < 0)
		file_release(file);
	return result;
}

void vfs_epoch_end(void)
{
	target_epoch_end();
}

long vfs_read(int fd, void *buffer, size_t size, int64_t offset)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	return result < 0 ? result : file->ops->read(file, buffer, size, offset);
}

long vfs_write(int fd, const void *buffer, size_t size)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	return file->ops->write == NULL ? -EBADF : file->ops->write(file, buffer, size);
}

/* Read or write part after part until one comes back short. */
static long each_part(int fd, const struct iovec *parts, int part_count, int64_t offset, bool write)
{
	long total = 0;

	for (int i = 0; i < part_count; i++) {
		long done =
			write ? vfs_write(fd, parts[i].iov_base, parts[i].iov_len)
			      : vfs_read(fd, parts[i].iov_base, parts[i].iov_len, offset < 0 ? offset : offset + total);

		if (done < 0)
			return total > 0 ? total : done;
		total += done;
		if ((size_t)done < parts[i].iov_len)
			break;
	}
	return total;
}

long vfs_readv(int fd, const struct iovec *parts, int part_count, int64_t offset)
{
	if (part_count < 0 || part_count > IOV_MAX)
		return -EINVAL;
	return each_part(fd, parts, part_count, offset, false);
}

/* The parts one behind the other; false: there isn't room for all. */
static bool gather(const struct iovec *parts, int part_count, uint8_t *bytes, size_t room, size_t *ret_size)
{
	size_t size = 0;

	for (int i = 0; i < part_count; i++) {
		if (parts[i].iov_len > room - size)
			return false;
		if (parts[i].iov_len > 0)
			memcpy(bytes + size, parts[i].iov_base, parts[i].iov_len);
		size += parts[i].iov_len;
	}
	*ret_size = size;
	return true;
}

/* In one piece where that is possible, as Linux has it: what others write to the same pipe doesn't get between,
 * and it is one exit from an enclave. musl's stdio writes its buffer and what is new as two parts. */
long vfs_writev(int fd, const struct iovec *parts, int part_count)
{
	static uint8_t gathered[GATHERED_SIZE_MAX];
	size_t size;

	if (part_count < 0 || part_count > IOV_MAX)
		return -EINVAL;
	if (!gather(parts, part_count, gathered, sizeof gathered, &size))
		return each_part(fd, parts, part_count, -1, true);
	return vfs_write(fd, gathered, size);
}

long vfs_lseek(int fd, int64_t offset, int whence)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	return file->ops->seek == NULL ? -ESPIPE : file->ops->seek(file, offset, whence);
}

long vfs_getdents(int fd, void *buffer, size_t size)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	return file->ops->list == NULL ? -ENOTDIR : file->ops->list(file, buffer, size);
}

long vfs_ioctl(int fd, unsigned long request, void *argument)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	return file->ops->ioctl == NULL ? -ENOTTY : file->ops->ioctl(file, request, argument);
}

long vfs_map(int fd, void *memory, size_t size, int64_t offset)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	return file->ops->map == NULL ? -ENODEV : file->ops->map(file, memory, size, offset);
}

long vfs_fstat(int fd, struct stat *ret_stat)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	return result < 0 ? result : file->ops->stat(file, ret_stat);
}

long vfs_stat(int directory_fd, const char *path, int flags, struct stat *ret_stat)
{
	struct place place;
	bool follow = !(flags & AT_SYMLINK_NOFOLLOW);
	long result;

	if ((flags & AT_EMPTY_PATH) && path[0] == '\0' && directory_fd != AT_FDCWD)
		return vfs_fstat(directory_fd, ret_stat);
	if (target_file_is_named(path))
		return target_file_stat(path, follow, ret_stat);
	result = resolve(directory_fd, (flags & AT_EMPTY_PATH) && path[0] == '\0' ? "." : path, follow, &place);
	return result < 0 ? result : place_stat(&place, follow, ret_stat);
}

enum {
	/* PROC_SUPER_MAGIC, SYSFS_MAGIC, include/uapi/linux/magic.h */
	PROC_MAGIC = 0x9fa0,
	SYS_MAGIC = 0x62656572,
	MADE_UP_MAGIC = 0x01021994, /* TMPFS_MAGIC: small, in memory */
};

/* What statfs() says: no file system here has blocks. */
static void fill_statfs(struct statfs *stat, uint32_t magic)
{
	memset(stat, 0, sizeof *stat);
	stat->f_type = magic;
	stat->f_bsize = 4096;
	stat->f_frsize = 4096;
	stat->f_namelen = VFS_NAME_LENGTH_MAX;
	stat->f_flags = 1; /* ST_RDONLY */
}

static uint32_t magic_of(const struct place *place)
{
	if (place->kind != PLACE_PROC)
		return MADE_UP_MAGIC;
	return place->entry.tree == proc_trees ? PROC_MAGIC : SYS_MAGIC;
}

long vfs_statfs(const char *path, struct statfs *ret_stat)
{
	struct place place;
	struct stat stat;
	long result = resolve(AT_FDCWD, path, true, &place);

	if (result == 0)
		result = place_stat(&place, true, &stat);
	if (result == 0)
		fill_statfs(ret_stat, magic_of(&place));
	return result;
}

long vfs_fstatfs(int fd, struct statfs *ret_stat)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	return file->path != NULL ? vfs_statfs(file->path, ret_stat) : (fill_statfs(ret_stat, MADE_UP_MAGIC), 0);
}

long vfs_readlink(int directory_fd, const char *path, char *buffer, size_t size)
{
	struct place place;
	long result;

	if (target_file_is_named(path))
		return target_file_readlink(path, buffer, size);
	result = resolve(directory_fd, path, false, &place);
	if (result < 0)
		return result;
	if ((long)size <= 0)
		return -EINVAL;
	if (place.kind == PLACE_HOST)
		return runtime_host_readlink(place.path, buffer, size);
	if (place.kind != PLACE_PROC || !S_ISLNK(place.mode))
		return -EINVAL;
	return entry_readlink(&place.entry, place.path, buffer, size);
}

long vfs_access(int directory_fd, const char *path, int mode, int flags)
{
	struct stat stat;
	long result;

	if (mode & ~(R_OK | W_OK | X_OK))
		return -EINVAL;
	result = vfs_stat(directory_fd, path, flags & (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH), &stat);
	if (result < 0)
		return result;
	if (mode & W_OK)
		return -EROFS;
	return (mode & X_OK) && !(stat.st_mode & 0111) ? -EACCES : 0;
}

static long change_directory(const struct place *place)
{
	struct stat stat;
	long result = place_stat(place, true, &stat);

	if (result < 0)
		return result;
	if (!S_ISDIR(stat.st_mode))
		return -ENOTDIR;
	memcpy(working_directory, place->path, strlen(place->path) + 1);
	return 0;
}

long vfs_chdir(const char *path)
{
	struct place place;
	long result = resolve(AT_FDCWD, path, true, &place);

	return result < 0 ? result : change_directory(&place);
}

long vfs_fchdir(int fd)
{
	struct place place;
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	if (file->path == NULL)
		return -ENOTDIR;
	result = path_resolve("/", file->path, true, &place);
	return result < 0 ? result : change_directory(&place);
}

/* Absolute, each part a name, without a slash at its end. */
static bool is_normalised(const char *path)
{
	size_t size;

	if (strcmp(path, "/") == 0)
		return true;
	for (; *path != '\0'; path += size) {
		if (*path++ != '/')
			return false;
		size = strcspn(path, "/");
		if (size == 0 || (size <= 2 && strncmp(path, "..", size) == 0))
			return false;
	}
	return true;
}

long vfs_directory_inherit(const char *path)
{
	if (strlen(path) >= sizeof working_directory)
		return -ENAMETOOLONG;
	if (path[0] != '/' || !is_normalised(path))
		return -EINVAL;
	memcpy(working_directory, path, strlen(path) + 1);
	return 0;
}

long vfs_getcwd(char *buffer, size_t size)
{
	size_t needed = strlen(working_directory) + 1;

	if (needed > size)
		return -ERANGE;
	memcpy(buffer, working_directory, needed);
	return (long)needed;
}

long vfs_close(int fd)
{
	return descriptor_close(fd);
}

long vfs_dup(int fd, int minimum, int close_on_exec)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	result = descriptor_install(file, minimum, close_on_exec);
	if (result >= 0)
		file->reference_count++;
	return result;
}

long vfs_dup2(int fd, int to, int flags, int is_dup3)
{
	struct file *file;
	long result;

	if (is_dup3 && (flags & ~O_CLOEXEC || fd == to))
		return -EINVAL;
	result = descriptor_file(fd, &file);
	if (result < 0 || fd == to)
		return result < 0 ? result : to;
	file->reference_count++;
	result = descriptor_replace(file, to, flags & O_CLOEXEC);
	if (result < 0)
		file->reference_count--;
	return result;
}

long vfs_fcntl(int fd, int command, long argument)
{
	struct file *file;
	long result = descriptor_file(fd, &file);

	if (result < 0)
		return result;
	switch (command) {
	case F_DUPFD: return vfs_dup(fd, (int)argument, 0);
	case F_DUPFD_CLOEXEC: return vfs_dup(fd, (int)argument, 1);
	case F_GETFD: return descriptor_flags(fd);
	case F_SETFD: return descriptor_flags_set(fd, argument & FD_CLOEXEC);
	case F_GETFL: return file->flags & ~(O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_CLOEXEC);
	case F_SETFL:
		file->flags = (file->flags & ~(O_APPEND | O_NONBLOCK)) | ((int)argument & (O_APPEND | O_NONBLOCK));
		return 0;
	default: return -EINVAL;
	}
}
