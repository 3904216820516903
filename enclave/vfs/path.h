/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a path as a program says it to the thing it names, step by step as Linux
 * walks (path_resolution(7)): "." and "..", symbolic links, trailing slashes.
 *
 * /proc is the target's; below a host directory that the manifest allows as a
 * tree the host resolves the rest, so ".." there is taken by name.
 */
#ifndef ENCLAVE_VFS_PATH_H
#define ENCLAVE_VFS_PATH_H

#include <stdbool.h>
#include <stddef.h>

struct proc_node;

enum {
	VFS_PATH_SIZE_MAX = 4096, /* PATH_MAX: with the NUL */
	VFS_NAME_LENGTH_MAX = 255,
	VFS_LINK_COUNT_MAX = 40, /* MAXSYMLINKS, include/linux/namei.h */
};

enum place_kind {
	PLACE_PROC, /* a node of the target's /proc */
	PLACE_DIRECTORY, /* made up: leads to /proc or to an allowed host path */
	PLACE_HOST, /* a file or directory of the host */
};

struct place {
	enum place_kind kind;
	const struct proc_node *node; /* PLACE_PROC */
	bool must_be_directory; /* the path ended with a slash (PLACE_HOST: nobody looked yet) */
	char path[VFS_PATH_SIZE_MAX]; /* absolute, normalised */
};

/* What an absolute, normalised path names, without following it. -ENOENT. */
long path_lookup(const char *path, struct place *ret_place);

/* Resolve `path`, relative to `base` (absolute, normalised, a directory), and
 * follow it if its last part is a link and `follow` is set.
 * -ENOENT (also for ""), -ENOTDIR, -ELOOP, -ENAMETOOLONG. */
long path_resolve(const char *base, const char *path, bool follow, struct place *ret_place);

#endif
