/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The declared tables of pseudo files, what a path names in them, and what is
 * made of it: a text, a link's target, a listing, an answer to stat().
 *
 * Where a function says "as proc_text_init()": STATUS_MISSING (the target has
 * no such file, or the process is gone: it must look absent), STATUS_GONE,
 * STATUS_NO_MEMORY; other faults have been reported.
 */
#ifndef GUEST_PROC_NODE_H
#define GUEST_PROC_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/proc/listing.h"
#include "guest/proc/seq.h"
#include "guest/proc/subject.h"

struct guest_kernel;
struct seq;

enum {
	/* A node's path with its NUL. */
	PROC_PATH_SIZE_MAX = 64,
	/* What a path names, written out: the tree, the node with its numbers, the rest; with its NUL. */
	PROC_NAME_SIZE_MAX = PROC_PATH_SIZE_MAX + PROC_REST_SIZE_MAX + 64,
};

/* Makes a file's whole text, or what readlink() gives: guest C. Runs inside an
 * error boundary; guest_fail(STATUS_MISSING, …): there is no such file. */
typedef void (*proc_show)(struct seq *seq);
/* Does the target itself show the file? Guest C; runs inside an error
 * boundary. `path` as in the node. */
typedef bool (*proc_exists)(const char *path);
/* Adds a directory's entries: guest C, as proc_show. */
typedef void (*proc_list)(struct listing *listing);
/* Fills a struct stat_answer, which holds the defaults: guest C, as proc_show. */
typedef void (*proc_stat)(void *answer);

struct proc_node {
	const char *path; /* below the tree's root, without a leading slash: "net/tcp", "[pid]/comm" */
	uint32_t mode; /* with its type; 0: `stat` says it (TREE_NODE) */
	proc_show show; /* files; links that have no `target` */
	const char *target; /* fixed symbolic links */
	proc_exists exists; /* NULL: on every target */
	proc_list list; /* directories: entries beside the fixed ones; may be NULL */
	proc_stat stat; /* of what a magic link leads to; of everything below a TREE_NODE */
	proc_stat own; /* of the entry itself, where its type says too little, or a link is there or not; may be NULL */
};

/* A mounted tree: its nodes are sorted by path (strcmp); directories are nodes
 * too, and every node's parent is one. */
struct proc_tree {
	const char *root; /* "/proc" */
	const struct proc_node *nodes;
	size_t node_count;
};

extern const struct proc_tree proc_trees[];
extern const size_t proc_tree_count;

/* What a path names: a node, and what it is about. */
struct proc_entry {
	const struct proc_tree *tree;
	const struct proc_node *node;
	struct proc_subject subject;
};

/* The entry of an absolute, normalised path ("/proc/17/comm"); links aren't
 * followed. Below a process's "net" are the nodes of "net". Nothing is asked of
 * the target: proc_entry_stat() does.
 * STATUS_MISSING where no tree has it. */
MUST_USE status proc_entry_find(const char *path, struct proc_entry *ret_entry);

/* The path that leads to it. */
void proc_entry_name(const struct proc_entry *entry, char ret_name[PROC_NAME_SIZE_MAX]);

/* A link that leads somewhere without its text being walked as a path. */
bool proc_node_is_magic(const struct proc_node *node);

/* The fixed nodes directly below `directory`, in the table's order: `previous`
 * NULL gives the first; NULL after the last. Includes nodes that the target may
 * lack. */
const struct proc_node *proc_node_next(const struct proc_tree *tree, const struct proc_node *directory,
				       const struct proc_node *previous);

/* The last part of the node's path. */
const char *proc_node_name(const struct proc_node *node);

/* ---- questions to the target */

/* What open() or readlink() says after STATUS_MISSING, a Linux errno: ENOENT, or
 * what the generator said (subject_refuse()). Told once. */
uint32_t proc_refusal(void);

/* Has the target an entry at this normalised path below /proc, which the table
 * lacks ("net/sctp/eps", "stat", "[pid]/io")? Asked in the current epoch. What is
 * below /proc/sys can't be told this way: STATUS_MISSING.
 * STATUS_MISSING: it hasn't. Other outcomes as proc_text_init(). */
MUST_USE status proc_path_check(struct guest_kernel *kernel, const char *path);

/* What stat() says in the current epoch: of the entry itself, or with `follow`
 * of what a magic link leads to. STATUS_MISSING: its module may not be loaded, the
 * kernel may lack the file, the process may have ended. `inode` and
 * `link_count` are 0 where they are to be made up. Outcomes as proc_text_init(). */
MUST_USE status proc_entry_stat(struct guest_kernel *kernel, const struct proc_entry *entry, bool follow,
				struct stat_answer *ret_answer);

/* A finished file: owned by the caller, freed with proc_text_deinit(). */
struct proc_text {
	char *data;
	size_t size;
	/* Set where the text isn't whole (a list that loops, an unreadable
	 * record): one line that says what and where. The reader of the file
	 * must get an error after the text. NULL where it is whole. */
	char *fault;
	/* The fault is that the target changed meanwhile, so that it may be whole in another epoch. */
	bool is_torn;
	/* Reading it ends with this error of the target's own (EINVAL…); 0: it doesn't. */
	int refusal;
	/* It is a part, and the text goes on at `next` (proc_text_part_init()). */
	bool has_more;
	struct seq_place next;
};

/* Make the text of a file from the kernel's memory, in the present epoch. A failure on
 * the way leaves what could be read and sets `fault`. Only these are a status,
 * with nothing to free: STATUS_MISSING (the target has no such file),
 * STATUS_GONE, STATUS_NO_MEMORY, STATUS_USAGE (not a file). */
MUST_USE status proc_text_init(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text);
/* The same of a part alone, which bounds the memory of what is long (guest/proc/seq.h): `start` is {0}, or the
 * `next` of the part before, which was made in the same epoch: else the two don't fit together. */
MUST_USE status proc_text_part_init(struct guest_kernel *kernel, const struct proc_entry *entry,
				    const struct seq_place *start, struct proc_text *ret_text);
/* The same for what readlink() gives of a link. */
MUST_USE status proc_link_init(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text);
void proc_text_deinit(struct proc_text *text);

/* A directory's entries, "." and ".." not among them, in the present epoch; the
 * caller's, freed with listing_destroy(). What isn't whole says listing_fault_line().
 * Outcomes as proc_text_init(); STATUS_USAGE: not a directory. */
MUST_USE status proc_listing_create(struct guest_kernel *kernel, const struct proc_entry *entry,
				    struct listing **ret_listing);

#endif
