/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/target-file.h"

#include <errno.h>
#include <string.h>

#include "base/report.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/manifest.h"
#include "enclave/vfs/path.h"
#include "enclave/vfs/target.h"
#include "guest/ask/ask.h"

/* With one slash before it. */
static const char *plain(const char *path)
{
	return path + strspn(path, "/") - 1;
}

bool target_file_is_named(const char *path)
{
	return path[0] == '/' && !path_is_in_tree(plain(path)) && manifest_names_target(plain(path));
}

static long not_in_memory(const char *path)
{
	(void)!report(STATUS_UNSUPPORTED,
		      "%s: the target's memory doesn't tell whether it has this file: no process uses it", path);
	runtime_fault_note();
	return -EIO;
}

static long errno_of(uint32_t outcome, const char *path)
{
	switch (outcome) {
	case ASK_FILE_FOUND: return 0;
	case ASK_FILE_ABSENT: return -ENOENT;
	case ASK_FILE_NOT_DIRECTORY: return -ENOTDIR;
	case ASK_FILE_LOOP: return -ELOOP;
	case ASK_FILE_TOO_LONG: return -ENAMETOOLONG;
	default: return not_in_memory(path);
	}
}

static long ask(const char *path, bool follow, struct ask_file *file)
{
	struct guest_kernel *kernel;
	size_t length;

	path = plain(path);
	length = strlen(path);
	if (length >= sizeof file->path)
		return -ENAMETOOLONG;
	memset(file, 0, sizeof *file);
	memcpy(file->path, path, length);
	file->follow = follow;
	status result = target_kernel(&kernel);
	if (result == STATUS_OK)
		result = ask_file(kernel, file);
	if (result == STATUS_OK)
		return errno_of(file->outcome, path);
	return target_refusal(result, path);
}

long target_file_stat(const char *path, bool follow, struct stat *ret_stat)
{
	static struct ask_file file; /* too large for the stack of a program; there is one thread */
	long result = ask(path, follow, &file);

	if (result < 0)
		return result;
	memset(ret_stat, 0, sizeof *ret_stat);
	ret_stat->st_dev = file.stat.device;
	ret_stat->st_ino = file.stat.inode;
	ret_stat->st_mode = file.stat.mode;
	ret_stat->st_nlink = file.stat.link_count;
	ret_stat->st_uid = file.stat.uid;
	ret_stat->st_gid = file.stat.gid;
	ret_stat->st_rdev = file.stat.special_device;
	ret_stat->st_size = (off_t)file.stat.size;
	ret_stat->st_blksize = 4096;
	return 0;
}

long target_file_readlink(const char *path, char *buffer, size_t size)
{
	static struct ask_file file; /* as above */
	long result = ask(path, false, &file);

	if (result < 0)
		return result;
	if (!S_ISLNK(file.stat.mode) || size == 0)
		return -EINVAL;
	if (file.link[0] == '\0')
		return not_in_memory(path);
	size_t length = strnlen(file.link, sizeof file.link);
	if (length > size)
		length = size;
	memcpy(buffer, file.link, length);
	return (long)length;
}
