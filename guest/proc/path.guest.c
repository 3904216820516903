/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fs/d_path.c, fs/seq_file.c, 5.10 to 7.2. */
#include "guest/proc/path.h"

#include "guest/proc/task.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/pid.h"

#include "guest/kernel/guestc-types-begin.h"

struct dma_buf {
	const char *name;
};

#include "guest/kernel/guestc-types-end.h"

/* Whose names they make: pseudo file systems, whose files hang in no tree. */
extern const char pipefs_dname, sockfs_dname, ns_dname, anon_inodefs_dname, pidfs_dname, simple_dname, dmabuffs_dname;

enum {
	/* Steps up: a dentry adds two characters to the name, and mounts are
	 * nested less deep than names are long. */
	PATH_STEP_COUNT_MAX = PATH_TEXT_SIZE,
	ESCAPED_SIZE = 4,
	DMABUF_NAME_SIZE = 32, /* DMA_BUF_NAME_LEN */
	/* "pid_for_children" is the longest (fs/proc/namespaces.c). */
	NAMESPACE_KIND_SIZE = 32,
};

void place_root(struct place *ret_root)
{
	const struct task_struct *init = task_view()->child_reaper;
	const struct fs_struct *fs = init->fs;

	if (fs == NULL)
		guest_fail(STATUS_MISSING, "the first process has no root any more");
	*ret_root = place_make(&fs->root);
}

/* ---- filling the text, from its end */

static void text_reset(struct path_text *text)
{
	text->start = PATH_TEXT_SIZE;
}

static void prepend(struct path_text *text, const void *bytes, u64 size)
{
	if (size > text->start)
		guest_fail(STATUS_LIMIT, "a file's name is longer than 16 KiB");
	text->start -= (u32)size;
	guest_copy(text->bytes + text->start, bytes, size);
}

static void prepend_string(struct path_text *text, const char *string)
{
	prepend(text, string, strlen(string));
}

static void prepend_name(struct path_text *text, const struct dentry *dentry)
{
	prepend(text, dentry->d_name.name, dentry->d_name.len);
	prepend_string(text, "/");
}

static void prepend_number(struct path_text *text, u64 number)
{
	do {
		prepend(text, &"0123456789"[number % 10], 1);
		number /= 10;
	} while (number != 0);
}

/* ---- places */

static bool is_root(const struct dentry *dentry)
{
	return dentry->d_parent == dentry;
}

/* d_unlinked() */
static bool is_deleted(const struct dentry *dentry)
{
	return dentry->d_hash.pprev == NULL && !is_root(dentry);
}

static const struct dentry *mount_root(const struct mount *mount)
{
	return mount->mnt.mnt_root;
}

enum walk_end {
	WALK_AT_ROOT,
	WALK_ABOVE, /* at the root of all mounts, or of a detached one: outside of the root asked for */
	WALK_ESCAPED, /* above the mount's own root: it was moved out of a bind mount */
};

/* __prepend_path() */
static enum walk_end walk_up(struct path_text *text, const struct place *place, const struct place *root)
{
	struct guest_bound bound = GUEST_BOUND(PATH_STEP_COUNT_MAX, "directories above a file");
	const struct dentry *dentry = place->dentry;
	const struct mount *mount = place->mount;

	while (dentry != root->dentry || mount != root->mount) {
		guest_bound(&bound);
		if (dentry == mount_root(mount)) {
			const struct mount *above = READ_ONCE(mount->mnt_parent);

			if (above == mount)
				return WALK_ABOVE;
			dentry = READ_ONCE(mount->mnt_mountpoint);
			mount = above;
			continue;
		}
		if (is_root(dentry))
			return WALK_ESCAPED;
		prepend_name(text, dentry);
		dentry = READ_ONCE(dentry->d_parent);
	}
	return WALK_AT_ROOT;
}

/* prepend_path() */
static enum walk_end prepend_path(struct path_text *text, const struct place *place, const struct place *root)
{
	u32 before = text->start;
	enum walk_end end = walk_up(text, place, root);

	if (end == WALK_ESCAPED)
		text->start = before;
	if (text->start == before)
		prepend_string(text, "/");
	return end;
}

/* ---- pseudo file systems */

#define IS_FUNCTION(pointer, function) (symbol_exists(function) && (u64)(pointer) == (u64) & (function))

static void dmabuf_name(struct path_text *text, const struct dentry *dentry)
{
	const struct dma_buf *buffer = dentry->d_fsdata;
	char name[DMABUF_NAME_SIZE] = "";

	if (buffer->name != NULL)
		guest_string_copy(name, sizeof name, buffer->name);
	prepend_string(text, name);
	prepend_string(text, ":");
	prepend_name(text, dentry);
}

static void numbered_name(struct path_text *text, const char *kind, u64 inode)
{
	prepend_string(text, "]");
	prepend_number(text, inode);
	prepend_string(text, ":[");
	prepend_string(text, kind);
}

static void namespace_name(struct path_text *text, const struct inode *inode)
{
	const struct ns_common *ns = inode->i_private;
	char kind[NAMESPACE_KIND_SIZE];

	guest_string_copy(kind, sizeof kind, ns->ops->name);
	numbered_name(text, kind, inode->i_ino);
}

static void anon_name(struct path_text *text, const struct dentry *dentry)
{
	prepend(text, dentry->d_name.name, dentry->d_name.len);
	prepend_string(text, "anon_inode:");
}

static void simple_name(struct path_text *text, const struct dentry *dentry)
{
	prepend_string(text, " (deleted)");
	prepend_name(text, dentry);
}

static void pseudo_name(struct path_text *text, const struct dentry *dentry, const void *function)
{
	if (IS_FUNCTION(function, sockfs_dname))
		numbered_name(text, "socket", dentry->d_inode->i_ino);
	else if (IS_FUNCTION(function, pipefs_dname))
		numbered_name(text, "pipe", dentry->d_inode->i_ino);
	else if (IS_FUNCTION(function, anon_inodefs_dname))
		anon_name(text, dentry);
	else if (IS_FUNCTION(function, simple_dname))
		simple_name(text, dentry);
	else if (IS_FUNCTION(function, ns_dname))
		namespace_name(text, dentry->d_inode);
	else if (IS_FUNCTION(function, pidfs_dname))
		prepend_string(text, "anon_inode:[pidfd]");
	else if (IS_FUNCTION(function, dmabuffs_dname))
		dmabuf_name(text, dentry);
	else
		guest_fail(STATUS_UNSUPPORTED, "a file of a pseudo file system whose names aren't known here");
}

/* The function that makes its name; NULL: it hangs in a tree. */
static const void *pseudo_function(const struct place *place)
{
	const struct dentry *dentry = place->dentry;

	if (dentry->d_op == NULL || dentry->d_op->d_dname == NULL)
		return NULL;
	return is_root(dentry) && dentry == mount_root(place->mount) ? NULL : dentry->d_op->d_dname;
}

void path_text_make(struct path_text *ret_text, const struct place *place, const struct place *root)
{
	const void *function = pseudo_function(place);

	text_reset(ret_text);
	if (function != NULL) {
		pseudo_name(ret_text, place->dentry, function);
		return;
	}
	if (is_deleted(place->dentry))
		prepend_string(ret_text, " (deleted)");
	prepend_path(ret_text, place, root);
}

bool path_text_below(struct path_text *ret_text, const struct place *place, const struct place *root)
{
	text_reset(ret_text);
	return prepend_path(ret_text, place, root) == WALK_AT_ROOT;
}

/* __dentry_path() */
void path_text_inside(struct path_text *ret_text, const struct dentry *dentry)
{
	struct guest_bound bound = GUEST_BOUND(PATH_STEP_COUNT_MAX, "directories above a file");

	text_reset(ret_text);
	if (is_deleted(dentry))
		prepend_string(ret_text, "//deleted");
	if (is_root(dentry)) {
		prepend_string(ret_text, "/");
		return;
	}
	for (; !is_root(dentry); dentry = READ_ONCE(dentry->d_parent)) {
		guest_bound(&bound);
		prepend_name(ret_text, dentry);
	}
}

/* ---- writing it */

static bool has_character(const char *characters, char character)
{
	for (u64 i = 0; characters[i] != '\0'; i++)
		if (characters[i] == character)
			return true;
	return false;
}

static void write_escaped(struct seq *seq, char character)
{
	u8 value = (u8)character;
	char escaped[ESCAPED_SIZE] = {'\\', (char)('0' + (value >> 6)), (char)('0' + (value >> 3 & 7)),
				      (char)('0' + (value & 7))};

	seq_write(seq, escaped, sizeof escaped);
}

/* Runs of plain characters at once. */
static void write_bytes(struct seq *seq, const char *bytes, u64 size, const char *escape)
{
	u64 start = 0;

	for (u64 i = 0; i < size; i++) {
		if (!has_character(escape, bytes[i]))
			continue;
		seq_write(seq, bytes + start, i - start);
		write_escaped(seq, bytes[i]);
		start = i + 1;
	}
	seq_write(seq, bytes + start, size - start);
}

void path_write(struct seq *seq, const struct path_text *text, const char *escape)
{
	write_bytes(seq, text->bytes + text->start, PATH_TEXT_SIZE - text->start, escape);
}

void string_write(struct seq *seq, const char *string, const char *escape)
{
	char copy[PATH_LINK_LENGTH_MAX + 1];
	size_t length = guest_string_copy(copy, sizeof copy, string);

	if (length == sizeof copy)
		guest_fail(STATUS_LIMIT, "a string has more than 4095 bytes");
	write_bytes(seq, copy, length, escape);
}
