/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names of files as the kernel prints them. Guest C.
 *
 * A name is made as the kernel makes it (fs/d_path.c): from the file upwards, by
 * dentries and mounts, until a root is reached. Whose root decides what a name
 * looks like: a chroot's files are named from the chroot where the process
 * itself looks, and from the machine's root where we do.
 */
#ifndef GUEST_PROC_PATH_H
#define GUEST_PROC_PATH_H

#include "guest/kernel/guestc.h"
#include "guest/proc/seq.h"
#include "guest/proc/types/dentry.h"

enum {
	/* The longest name that is printed. The kernel's readlink() gives a
	 * page; its other files have no limit, and we must have one: four times
	 * what any program can open. */
	PATH_TEXT_SIZE = 16 << 10,
	/* What readlink() of a name in /proc gives at most (do_proc_readlink(),
	 * fs/proc/base.c: a page with its NUL). */
	PATH_LINK_LENGTH_MAX = 4095,
};

/* A file's place in the tree: what the kernel's struct path holds. */
struct place {
	const struct mount *mount;
	const struct dentry *dentry;
};

static inline struct place place_make(const struct path *path)
{
	return (struct place){container_of(path->mnt, struct mount, mnt), path->dentry};
}

/* Filled from its end, as the kernel's own buffer. */
struct path_text {
	u32 start; /* the text is bytes[start…PATH_TEXT_SIZE) */
	char bytes[PATH_TEXT_SIZE];
};

/* The root of who reads /proc: of the view's first process, which is the
 * machine's own in the initial view. */
GUEST_C void place_root(struct place *ret_root);

/* d_path(): the name that links and maps show, " (deleted)" and the names of
 * pseudo file systems ("socket:[123]") included. A place outside of `root` is
 * named from as far up as its mounts lead. */
GUEST_C void path_text_make(struct path_text *ret_text, const struct place *place, const struct place *root);

/* __d_path(): false where the place isn't below `root` (then a mount isn't
 * shown); else its name, with nothing said about deleted ones. */
GUEST_C bool path_text_below(struct path_text *ret_text, const struct place *place, const struct place *root);

/* dentry_path(): the name inside its file system; "//deleted" behind it where
 * it has been. */
GUEST_C void path_text_inside(struct path_text *ret_text, const struct dentry *dentry);

/* mangle_path(): write the text, the characters in `escape` as \ooo. */
GUEST_C void path_write(struct seq *seq, const struct path_text *text, const char *escape);

/* seq_escape() for a string of the guest's: at most PATH_LINK_LENGTH_MAX bytes. */
GUEST_C void string_write(struct seq *seq, const char *string, const char *escape);

#endif
