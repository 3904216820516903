/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The declared table of pseudo files below /proc, and their texts.
 */
#ifndef GUEST_PROC_NODE_H
#define GUEST_PROC_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct guest_kernel;
struct seq;

enum {
	/* A node's path with its NUL. */
	PROC_PATH_SIZE_MAX = 64,
};

/* Makes a file's whole text: guest C. Runs inside an error boundary. */
typedef void (*proc_show)(struct seq *seq);
/* Does the target itself show the file? Guest C; runs inside an error
 * boundary. `path` as in the node. */
typedef bool (*proc_exists)(const char *path);

struct proc_node {
	const char *path; /* below /proc, without a leading slash: "net/tcp" */
	uint32_t mode; /* S_IFREG | 0444, S_IFDIR | 0555, S_IFLNK | 0777 */
	proc_show show; /* files */
	const char *target; /* symbolic links */
	proc_exists exists; /* NULL: on every target */
};

/* All nodes, sorted by path (strcmp); directories are nodes too. The table is
 * guest/proc/nodes.h, one entry a line. */
extern const struct proc_node proc_nodes[];
extern const size_t proc_node_count;

/* Find the node of a normalised path ("net/tcp", "" for /proc itself).
 * As on Linux, "net" is a link to self/net; a path through it ("net/tcp") and
 * one around it ("self/net/tcp") name the same file.
 * STATUS_MISSING where the table has none. */
MUST_USE status proc_node_find(const char *path, const struct proc_node **ret_node);

/* The nodes directly below `directory`, in the table's order: `previous` NULL
 * gives the first; NULL after the last. Includes nodes that the target may
 * lack: ask proc_node_check(). */
const struct proc_node *proc_node_next(const struct proc_node *directory, const struct proc_node *previous);

/* The last part of the node's path. */
const char *proc_node_name(const struct proc_node *node);

/* Does `kernel` have this file (its module may not be loaded, or a kernel may
 * have dropped it)? Asked in the current epoch.
 * STATUS_MISSING: it doesn't; the file must look absent (ENOENT). Other
 * outcomes: the question could not be answered, as proc_text_init(). */
MUST_USE status proc_node_check(struct guest_kernel *kernel, const struct proc_node *node);

/* Has the target an entry at this normalised path, which the table lacks
 * ("net/sctp/eps", "stat")? Asked in the current epoch. Processes and what is
 * below /proc/sys can't be told this way: STATUS_MISSING.
 * STATUS_MISSING: it hasn't. Other outcomes as proc_node_check(). */
MUST_USE status proc_path_check(struct guest_kernel *kernel, const char *path);

/* A finished file: owned by the caller, freed with proc_text_deinit(). */
struct proc_text {
	char *data;
	size_t size;
	/* Set where the text isn't whole (a list that loops, an unreadable
	 * record): one line that says what and where. The reader of the file
	 * must get an error after the text. NULL where it is whole. */
	char *fault;
};

/* Make the text of `node` (a file) from the kernel's memory, in a new epoch.
 * A failure on the way leaves what could be read and sets `fault`. Only these
 * are a status, with nothing to free: STATUS_MISSING (the target has no such
 * file), STATUS_GONE, STATUS_NO_MEMORY, STATUS_USAGE (not a file). */
MUST_USE status proc_text_init(struct guest_kernel *kernel, const struct proc_node *node, struct proc_text *ret_text);
void proc_text_deinit(struct proc_text *text);

#endif
