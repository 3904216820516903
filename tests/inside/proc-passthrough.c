/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests only: instead of a target's /proc, files of this machine's own, by
 * way of host calls. Linked before the libraries, it takes the place of
 * guest/proc/node.c and enclave/vfs/target.c, so that what lies between a
 * program and them can be compared with Linux itself.
 */
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

const struct proc_node proc_nodes[] = {
	DIRECTORY(""),
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
	DIRECTORY("self"),
	FILE_NODE("self/mounts"),
	DIRECTORY("self/net"),
	DIRECTORY("sys"),
	DIRECTORY("sys/kernel"),
	FILE_NODE("sys/kernel/hostname"),
	FILE_NODE("sys/kernel/osrelease"),
	FILE_NODE("torn"), /* below */
	FILE_NODE("uptime"),
	FILE_NODE("version"),
};

const size_t proc_node_count = sizeof proc_nodes / sizeof proc_nodes[0];

status proc_node_find(const char *path, const struct proc_node **ret_node)
{
	if (strncmp(path, "self/net/", 9) == 0)
		path += 5;
	for (size_t i = 0; i < proc_node_count; i++)
		if (strcmp(proc_nodes[i].path, path) == 0) {
			*ret_node = &proc_nodes[i];
			return STATUS_OK;
		}
	return STATUS_MISSING;
}

const struct proc_node *proc_node_next(const struct proc_node *directory, const struct proc_node *previous)
{
	const char *prefix = strcmp(directory->path, "self/net") == 0 ? "net" : directory->path;
	size_t length = strlen(prefix);

	for (const struct proc_node *node = previous != NULL ? previous + 1 : proc_nodes;
	     node < proc_nodes + proc_node_count; node++) {
		const char *name = node->path;

		if (length > 0) {
			if (strncmp(name, prefix, length) != 0 || name[length] != '/')
				continue;
			name += length + 1;
		}
		if (name[0] != '\0' && strchr(name, '/') == NULL)
			return node;
	}
	return NULL;
}

const char *proc_node_name(const struct proc_node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash != NULL ? slash + 1 : node->path;
}

status proc_node_check(struct guest_kernel *kernel, const struct proc_node *node)
{
	(void)kernel;
	(void)node;
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

status target_check(const char *path)
{
	(void)path;
	return STATUS_OK;
}

/* A file that broke off: what a list that loops leaves. */
static status torn_text(struct proc_text *ret_text)
{
	ret_text->data = strdup("first line\nsecond li");
	ret_text->size = strlen(ret_text->data);
	ret_text->fault = strdup("the list loops");
	return STATUS_OK;
}

status proc_text_init(struct guest_kernel *kernel, const struct proc_node *node, struct proc_text *ret_text)
{
	struct proc_text text = {0};
	char path[256];
	long host_fd, part;

	(void)kernel;
	if (strcmp(node->path, "torn") == 0)
		return torn_text(ret_text);
	snprintf(path, sizeof path, "/proc/%s", node->path);
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

void proc_text_deinit(struct proc_text *text)
{
	free(text->data);
	free(text->fault);
}
