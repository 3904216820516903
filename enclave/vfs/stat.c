/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stat() says about things that aren't the host's: as /proc does it
 * (fs/proc/generic.c, fs/proc/root.c): size 0, owner root, stable inodes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "enclave/runtime/host.h"
#include "enclave/vfs/device.h"
#include "enclave/vfs/entry.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/inode.h"

enum {
	/* fs/proc: the root is inode 1, the others count from here
	 * (PROC_DYNAMIC_FIRST). */
	PROC_ROOT_INODE = 1,
	BLOCK_SIZE = 1024, /* fs/proc/inode.c: s_blocksize */
	/* Anonymous devices, as the kernel gives to file systems without one: the last there are. It
	 * counts them from 1 on, and programs compare them with those of the target's files. */
	PROC_DEVICE_MINOR = (1 << 20) - 8, /* and the other trees' after it */
	MADE_UP_DEVICE_MINOR = PROC_DEVICE_MINOR - 1,
};

/* FNV-1a: any stable number that tells paths apart will do. */
uint64_t inode_of_path(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *path != '\0'; path++)
		hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
	return hash | 2;
}

uint64_t inode_of_entry(const struct proc_entry *entry, const char *path)
{
	const struct proc_node *node = entry->node;

	/* One file, whatever leads to it, as long as it is about nothing but the system. */
	if (entry->subject.pid != 0 || node->mode == 0 || strchr(node->path, '[') != NULL || entry->tree != proc_trees)
		return inode_of_path(path);
	return node->path[0] == '\0' ? PROC_ROOT_INODE : UINT64_C(0xf0000000) + (uint64_t)(node - entry->tree->nodes);
}

static uint32_t link_count(const struct proc_entry *entry)
{
	const struct proc_node *node = entry->node, *child = NULL;
	uint32_t count = 1;

	if (!S_ISDIR(node->mode))
		return 1;
	while ((child = proc_node_next(entry->tree, node, child)) != NULL)
		count += S_ISDIR(child->mode);
	return count + 1;
}

/* When the image first looked: /proc's inodes are made when they are first
 * looked at, too. */
static struct timespec first_look(void)
{
	static struct timespec time;

	if (time.tv_sec == 0)
		(void)runtime_host_clock(CLOCK_REALTIME, &time);
	return time;
}

static void fill(struct stat *stat, uint32_t mode, uint64_t inode, uint32_t links, unsigned minor_number)
{
	struct timespec time = first_look();

	memset(stat, 0, sizeof *stat);
	stat->st_dev = makedev(0, minor_number);
	stat->st_ino = inode;
	stat->st_mode = mode;
	stat->st_nlink = links;
	stat->st_blksize = BLOCK_SIZE;
	stat->st_atim = stat->st_mtim = stat->st_ctim = time;
}

static long stat_entry(const struct place *place, bool follow, struct stat *ret_stat)
{
	struct stat_answer answer;
	long result = entry_stat(&place->entry, follow, &answer);

	if (result < 0)
		return result;
	if (place->must_be_directory && !S_ISDIR(answer.mode))
		return -ENOTDIR;
	fill(ret_stat, answer.mode,
	     answer.inode != 0 || answer.device != 0 ? answer.inode : inode_of_entry(&place->entry, place->path),
	     /* A file of the target's may well have none: it has been removed. */
	     answer.link_count != 0 || (follow && proc_node_is_magic(place->entry.node)) ? answer.link_count
											 : link_count(&place->entry),
	     PROC_DEVICE_MINOR + (unsigned)(place->entry.tree - proc_trees));
	if (answer.device != 0)
		ret_stat->st_dev = answer.device;
	ret_stat->st_rdev = answer.special_device;
	ret_stat->st_uid = answer.uid;
	ret_stat->st_gid = answer.gid;
	ret_stat->st_size = (off_t)answer.size;
	return 0;
}

static long stat_device(const struct place *place, struct stat *ret_stat)
{
	mode_t mode;
	dev_t number;

	if (place->must_be_directory)
		return -ENOTDIR;
	device_stat(place->path, &mode, &number);
	fill(ret_stat, mode, inode_of_path(place->path), 1, MADE_UP_DEVICE_MINOR);
	ret_stat->st_rdev = number;
	return 0;
}

long place_stat(const struct place *place, bool follow, struct stat *ret_stat)
{
	long result;

	switch (place->kind) {
	case PLACE_HOST:
		result = runtime_host_stat(place->path, follow ? 0 : AT_SYMLINK_NOFOLLOW, ret_stat);
		if (result == 0 && place->must_be_directory && !S_ISDIR(ret_stat->st_mode))
			return -ENOTDIR;
		return result;
	case PLACE_DIRECTORY:
		fill(ret_stat, S_IFDIR | 0555, inode_of_path(place->path), 2, MADE_UP_DEVICE_MINOR);
		return 0;
	case PLACE_DEVICE: return stat_device(place, ret_stat);
	case PLACE_PROC: return stat_entry(place, follow, ret_stat);
	}
	return -ENOENT;
}
