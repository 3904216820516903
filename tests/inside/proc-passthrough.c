/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests only: instead of a target's /proc, files of this machine's own, by
 * way of host calls. Linked before the libraries, it takes the place of
 * guest/proc/nodes.c and text.c and of enclave/vfs/target.c, so that what lies between a
 * program and them can be compared with Linux itself.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "enclave/runtime/host.h"
#include "enclave/vfs/target.h"
#include "guest/proc/node.h"

#define DIRECTORY(path_) {.path = path_, .mode = S_IFDIR | 0555}
#define LINK(path_, target_) {.path = path_, .mode = S_IFLNK | 0777, .target = target_}
#define FILE_NODE(path_) {.path = path_, .mode = S_IFREG | 0444}

static const struct proc_node nodes[] = {
	DIRECTORY(""),
	DIRECTORY("[pid]"),
	FILE_NODE("[pid]/mounts"),
	DIRECTORY("[pid]/net"),
	LINK("mounts", "self/mounts"),
	LINK("net", "self/net"),
	FILE_NODE("net/arp"),
	FILE_NODE("net/dev"),
	FILE_NODE("net/if_inet6"),
	FILE_NODE("net/netlink"),
	FILE_NODE("net/packet"),
	FILE_NODE("net/raw"),
	FILE_NODE("net/raw6"),
	FILE_NODE("net/route"),
	FILE_NODE("net/snmp"),
	FILE_NODE("net/sockstat"),
	FILE_NODE("net/tcp"),
	FILE_NODE("net/tcp6"),
	FILE_NODE("net/udp"),
	FILE_NODE("net/udp6"),
	FILE_NODE("net/udplite"),
	FILE_NODE("net/udplite6"),
	FILE_NODE("net/unix"),
	LINK("self", "1"),
	DIRECTORY("sys"),
	DIRECTORY("sys/kernel"),
	FILE_NODE("sys/kernel/hostname"),
	FILE_NODE("sys/kernel/osrelease"),
	FILE_NODE("torn"), /* below */
	FILE_NODE("uptime"),
	FILE_NODE("version"),
};

const struct proc_tree proc_trees[] = {
	{.root = "/proc", .nodes = nodes, .node_count = sizeof nodes / sizeof nodes[0]},
};

const size_t proc_tree_count = 1;

status proc_entry_stat(struct guest_kernel *kernel, const struct proc_entry *entry, bool follow,
		       struct stat_answer *ret_answer)
{
	(void)kernel;
	(void)follow;
	*ret_answer = (struct stat_answer){.mode = entry->node->mode};
	return STATUS_OK;
}

/* What this machine has and the table above lacks. */
status proc_path_check(struct guest_kernel *kernel, const char *path)
{
	struct stat stat;
	char full[300];

	(void)kernel;
	snprintf(full, sizeof full, "/proc/%s", path);
	return runtime_host_stat(full, 0, &stat) == 0 ? STATUS_OK : STATUS_MISSING;
}

status target_kernel(struct guest_kernel **ret_kernel)
{
	*ret_kernel = NULL;
	return STATUS_OK;
}

status target_kernel_to_read(const char *what, struct guest_kernel **ret_kernel)
{
	(void)what;
	return target_kernel(ret_kernel);
}

void target_epoch_end(void)
{
}

status target_epoch_share(void)
{
	return STATUS_OK;
}

uint64_t target_epoch(void)
{
	return 1;
}

status target_kernel_in(uint64_t epoch, struct guest_kernel **ret_kernel)
{
	return epoch == target_epoch() ? target_kernel(ret_kernel) : STATUS_TORN;
}

status target_still_same(void)
{
	return STATUS_OK;
}

status target_check(const char *path)
{
	(void)path;
	return STATUS_OK;
}

long target_refusal(status outcome, const char *what)
{
	(void)what;
	return outcome == STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

/* A file that broke off: what a list that loops leaves. */
static status torn_text(struct proc_text *ret_text)
{
	ret_text->data = strdup("first line\nsecond li");
	ret_text->size = strlen(ret_text->data);
	ret_text->fault = strdup("the list loops");
	return STATUS_OK;
}

status proc_text_part_init(struct guest_kernel *kernel, const struct proc_entry *entry, const struct seq_place *start,
			   struct proc_text *ret_text)
{
	struct proc_text text = {0};
	char path[PROC_NAME_SIZE_MAX];
	long host_fd, part;

	(void)kernel;
	(void)start;
	if (strcmp(entry->node->path, "torn") == 0)
		return torn_text(ret_text);
	proc_entry_name(entry, path);
	host_fd = runtime_host_open(path, 0);
	if (host_fd < 0)
		return STATUS_MISSING;
	do {
		text.data = realloc(text.data, text.size + 65536);
		part = runtime_host_read((int)host_fd, text.data + text.size, 65536, -1);
		text.size += part > 0 ? (size_t)part : 0;
	} while (part > 0);
	runtime_host_close((int)host_fd);
	*ret_text = text;
	return STATUS_OK;
}

status proc_link_init(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text)
{
	(void)kernel;
	*ret_text = (struct proc_text){.data = strdup(entry->node->target), .size = strlen(entry->node->target)};
	return STATUS_OK;
}

status proc_listing_create(struct guest_kernel *kernel, const struct proc_entry *entry, struct listing **ret_listing)
{
	const struct proc_node *child = NULL;

	(void)kernel;
	TRY(listing_create(ret_listing));
	while ((child = proc_node_next(entry->tree, entry->node, child)) != NULL)
		listing_add(*ret_listing, proc_node_name(child), child->mode, 0);
	return STATUS_OK;
}

/* There is nothing to be ended. */
void target_end(void)
{
}
