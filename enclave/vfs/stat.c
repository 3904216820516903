/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What stat() says about things that aren't the host's: as /proc does it
 * (fs/proc/generic.c, fs/proc/root.c): size 0, owner root, stable inodes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sysmacros.h>
#include <time.h>

#include "enclave/runtime/fault.h"
#include "enclave/runtime/host.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/inode.h"
#include "enclave/vfs/target.h"
#include "guest/proc/node.h"

enum {
	/* fs/proc: the root is inode 1, the others count from here
	 * (PROC_DYNAMIC_FIRST). */
	PROC_ROOT_INODE = 1,
	BLOCK_SIZE = 1024, /* fs/proc/inode.c: s_blocksize */
	/* Anonymous devices, as the kernel gives to file systems without one. */
	PROC_DEVICE_MINOR = 22,
	MADE_UP_DEVICE_MINOR = 23,
};

uint64_t inode_of_node(const struct proc_node *node)
{
	return node->path[0] == '\0' ? PROC_ROOT_INODE : UINT64_C(0xf0000000) + (uint64_t)(node - proc_nodes);
}

/* FNV-1a: any stable number that tells paths apart will do. */
uint64_t inode_of_path(const char *path)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *path != '\0'; path++)
		hash = (hash ^ (uint8_t)*path) * UINT64_C(0x100000001b3);
	return hash | 2;
}

static uint32_t link_count(const struct proc_node *node)
{
	uint32_t count = 1;

	if (!S_ISDIR(node->mode))
		return 1;
	for (const struct proc_node *child = proc_node_next(node, NULL); child != NULL;
	     child = proc_node_next(node, child))
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

long node_exists(const struct proc_node *node)
{
	struct guest_kernel *kernel;

	if (node->exists == NULL)
		return 0;
	if (target_kernel(&kernel) != STATUS_OK)
		return -EIO;
	switch (proc_node_check(kernel, node)) {
	case STATUS_OK: return 0;
	case STATUS_MISSING: return -ENOENT;
	default: runtime_fault_note(); return -EIO;
	}
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
	case PLACE_PROC:
		result = node_exists(place->node);
		if (result < 0)
			return result;
		fill(ret_stat, place->node->mode, inode_of_node(place->node), link_count(place->node),
		     PROC_DEVICE_MINOR);
		return 0;
	}
	return -ENOENT;
}
