/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For unit tests: a small /proc, in the place of guest/proc/node.c and
 * enclave/vfs/target.c. Include once in a test program. */
#ifndef ENCLAVE_VFS_FAKE_PROC_H
#define ENCLAVE_VFS_FAKE_PROC_H

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "enclave/vfs/target.h"
#include "guest/proc/node.h"

static bool never(const char *path)
{
	(void)path;
	return false;
}

const struct proc_node proc_nodes[] = {
	{.path = "", .mode = S_IFDIR | 0555},
	{.path = "absent", .mode = S_IFREG | 0444, .exists = never},
	{.path = "loop", .mode = S_IFLNK | 0777, .target = "pool"},
	{.path = "net", .mode = S_IFLNK | 0777, .target = "self/net"},
	{.path = "outside", .mode = S_IFLNK | 0777, .target = "/etc/services"},
	{.path = "pool", .mode = S_IFLNK | 0777, .target = "loop"},
	{.path = "self", .mode = S_IFDIR | 0555},
	{.path = "self/net", .mode = S_IFDIR | 0555},
	{.path = "self/net/tcp", .mode = S_IFREG | 0444},
	{.path = "torn", .mode = S_IFREG | 0444},
	{.path = "version", .mode = S_IFREG | 0444},
};

const size_t proc_node_count = ARRAY_COUNT(proc_nodes);

status proc_node_find(const char *path, const struct proc_node **ret_node)
{
	for (size_t i = 0; i < ARRAY_COUNT(proc_nodes); i++)
		if (strcmp(proc_nodes[i].path, path) == 0) {
			*ret_node = &proc_nodes[i];
			return STATUS_OK;
		}
	return STATUS_MISSING;
}

const char *proc_node_name(const struct proc_node *node)
{
	const char *slash = strrchr(node->path, '/');

	return slash != NULL ? slash + 1 : node->path;
}

const struct proc_node *proc_node_next(const struct proc_node *directory, const struct proc_node *previous)
{
	size_t length = strlen(directory->path);

	for (const struct proc_node *node = previous != NULL ? previous + 1 : proc_nodes + 1;
	     node < proc_nodes + ARRAY_COUNT(proc_nodes); node++) {
		const char *rest = node->path + length + (length > 0);

		if (strncmp(node->path, directory->path, length) == 0 && (length == 0 || node->path[length] == '/') &&
		    strchr(rest, '/') == NULL)
			return node;
	}
	return NULL;
}

status proc_node_check(struct guest_kernel *kernel, const struct proc_node *node)
{
	(void)kernel;
	return node->exists == NULL || node->exists(node->path) ? STATUS_OK : STATUS_MISSING;
}

/* The target has these, and this table lacks them. */
status proc_path_check(struct guest_kernel *kernel, const char *path)
{
	(void)kernel;
	return strcmp(path, "net/sctp/eps") == 0 || strcmp(path, "stat") == 0 ? STATUS_OK : STATUS_MISSING;
}

static status fake_target = STATUS_OK;

status target_kernel(struct guest_kernel **ret_kernel)
{
	*ret_kernel = NULL;
	return fake_target;
}

status target_check(const char *path)
{
	(void)path;
	return STATUS_OK;
}

status proc_text_init(struct guest_kernel *kernel, const struct proc_node *node, struct proc_text *ret_text)
{
	(void)kernel;
	ret_text->data = strdup("0123456789");
	ret_text->size = 10;
	ret_text->fault = strcmp(node->path, "torn") == 0 ? strdup("the list loops") : NULL;
	return STATUS_OK;
}

void proc_text_deinit(struct proc_text *text)
{
	free(text->data);
	free(text->fault);
}

#endif
