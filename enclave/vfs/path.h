/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a path as a program says it to the thing it names, step by step as Linux
 * walks (path_resolution(7)): "." and "..", symbolic links, trailing slashes.
 *
 * /proc is the target's; what a magic link of it leads to (/proc/1/cwd) is of the
 * target's disks: it has a stat(), and no path goes through it. Below a host directory that the manifest allows as a
 * tree the host resolves the rest, so ".." there is taken by name.
 */
#ifndef ENCLAVE_VFS_PATH_H
#define ENCLAVE_VFS_PATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/proc/node.h"

enum {
	VFS_PATH_SIZE_MAX = 4096, /* PATH_MAX: with the NUL */
	VFS_NAME_LENGTH_MAX = 255,
	VFS_LINK_COUNT_MAX = 40, /* MAXSYMLINKS, include/linux/namei.h */
};

enum place_kind {
	PLACE_PROC, /* an entry of one of the target's trees (/proc) */
	PLACE_DIRECTORY, /* made up: leads to /proc or to an allowed host path */
	PLACE_HOST, /* a file or directory of the host */
	PLACE_DEVICE, /* one of those of device.h */
};

struct place {
	enum place_kind kind;
	struct proc_entry entry; /* PLACE_PROC */
	uint32_t mode; /* PLACE_PROC: its type and permissions */
	bool must_be_directory; /* the path ended with a slash (PLACE_HOST: nobody looked yet) */
	char path[VFS_PATH_SIZE_MAX]; /* absolute, normalised */
};

/* Does the absolute path begin with one of the target's trees? By name alone: a path that leads out of
 * /proc again begins there, too. */
bool path_is_in_tree(const char *path);

/* What an absolute, normalised path names, without following it. Whether a place
 * of /proc is there was not asked yet, unless its kind depends on that. -ENOENT,
 * -EIO where the target can't be read. */
long path_lookup(const char *path, struct place *ret_place);

/* As path_resolve() from the working directory, links followed (vfs.c). */
long vfs_resolve(const char *path, struct place *ret_place);

/* Resolve `path`, relative to `base` (absolute, normalised, a directory), and
 * follow it if its last part is a link and `follow` is set; at a magic link it ends.
 * -ENOENT (also for ""), -ENOTDIR, -ELOOP, -ENAMETOOLONG, -EACCES (through a magic link). */
long path_resolve(const char *base, const char *path, bool follow, struct place *ret_place);

#endif
