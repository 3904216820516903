/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The declared table of pseudo files below /proc.
 */
#ifndef GUEST_PROC_NODE_H
#define GUEST_PROC_NODE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct guest_kernel;
struct seq;

/* Makes a file's whole text: guest C. Runs inside an error boundary. */
typedef void (*proc_show)(struct seq *seq);

struct proc_node {
	const char *path; /* below /proc, without a leading slash: "net/tcp" */
	uint32_t mode; /* S_IFREG | 0444, S_IFDIR | 0555, S_IFLNK | 0777 */
	proc_show show; /* files */
	const char *target; /* symbolic links */
};

/* All nodes, sorted by path; directories are nodes too. */
extern const struct proc_node proc_nodes[];
extern const size_t proc_node_count;

/* Find the node of a normalised path ("net/tcp", "" for /proc itself).
 * STATUS_MISSING where there is none. */
MUST_USE status proc_node_find(const char *path, const struct proc_node **ret_node);

/* A finished file: owned by the caller, freed with proc_text_deinit(). */
struct proc_text {
	char *data;
	size_t size;
	/* Set where the text isn't whole (a list that loops, an unreadable
	 * record): one line that says what and where. The reader of the file
	 * must get an error after the text. NULL where it is whole. */
	char *fault;
};

/* Make the text of `node` from the kernel's memory, in a new epoch.
 * A failure on the way leaves what could be read and sets `fault`; only a
 * target that has gone or a lack of memory is a status. */
MUST_USE status proc_text_init(struct guest_kernel *kernel, const struct proc_node *node, struct proc_text *ret_text);
void proc_text_deinit(struct proc_text *text);

#endif
