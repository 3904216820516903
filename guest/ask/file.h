/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What stat() tells of a file of the target, by its name, from its first process's root.
 *
 * The target's disks aren't read. Names are looked up in the kernel's own cache of them
 * (dentries), which holds every name that is in use: open, mapped, run, somebody's working
 * directory, mounted on, bound to a socket. A name that isn't there is absent for certain only
 * where the file system keeps all of its names in memory (tmpfs, ramfs, devtmpfs), or where
 * the cache says that somebody looked for it in vain.
 */
#ifndef GUEST_ASK_FILE_H
#define GUEST_ASK_FILE_H

#include <stdbool.h>
#include <stdint.h>

#include "guest/proc/listing.h"

enum { ASK_FILE_PATH_SIZE_MAX = 4096 /* PATH_MAX: with the NUL */ };

enum ask_file_outcome {
	ASK_FILE_FOUND,
	ASK_FILE_ABSENT,
	ASK_FILE_NOT_IN_MEMORY, /* whether it exists can't be known */
	ASK_FILE_NOT_DIRECTORY, /* a part of the path that something else follows */
	ASK_FILE_LOOP, /* too many links */
	ASK_FILE_TOO_LONG, /* with its links written out */
};

struct ask_file {
	/* The question. */
	char path[ASK_FILE_PATH_SIZE_MAX]; /* absolute */
	bool follow; /* where the last part is a link */
	/* The answer. */
	uint32_t outcome; /* enum ask_file_outcome; what is below only where it was found */
	struct stat_answer stat;
	char link[ASK_FILE_PATH_SIZE_MAX]; /* where it is a link: its target; "" where that isn't in memory */
};

/* The device that every socket's inode is of (stat()'s st_dev). */
struct ask_socket_device {
	uint64_t device; /* the answer */
};

/* "system.sockprotoname" of what a process has open: sockfs_xattr_get() (net/socket.c). Asked with the
 * descriptor's subject. */
enum { ASK_SOCKET_NAME_SIZE_MAX = 64 /* twice what struct proto's name has */ };

struct ask_socket_name {
	bool is_socket; /* the answer, and what is below where it is */
	char name[ASK_SOCKET_NAME_SIZE_MAX];
};

/* Guest C, run with guest_call() on one of the structs. */
void ask_file_run(void *file);
void ask_socket_device_run(void *device);
void ask_socket_name_run(void *name);

#endif
