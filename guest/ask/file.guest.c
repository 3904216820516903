/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A file by its name: fs/namei.c (link_path_walk(), follow_dotdot(), step_into()) with nothing but
 * the cache of names (fs/dcache.c) below it, 5.10 to 7.2. */
#include "guest/ask/file.h"

#include "guest/proc/file.h"
#include "guest/proc/path.h"
#include "guest/proc/types/files.h"
#include "guest/proc/types/net.h"
#include "guest/proc/types/sock.h"

/* A directory that is looked up in with it has all of its names in memory (fs/libfs.c). */
extern const char simple_lookup;
/* Names the files that are sockets (net/socket.c). */
extern const char sockfs_dname;

enum {
	LINK_COUNT_MAX = 40, /* MAXSYMLINKS, include/linux/namei.h */
	/* Each takes 192 bytes and more of the kernel's memory: a directory with as many has
	 * 800 MB of names. */
	NAME_COUNT_MAX = 4 << 20,
	MOUNT_COUNT_MAX = 100000, /* fs.mount-max, fs/namespace.c: of a namespace */
	MOUNTED_OVER_MAX = MOUNT_COUNT_MAX,
	MODE_TYPE = 0170000,
	MODE_DIRECTORY = 0040000,
	MODE_LINK = 0120000,
};

struct walk {
	struct place root, here;
	u32 position; /* in `left`: what hasn't been walked yet */
	u32 link_count;
	char left[ASK_FILE_PATH_SIZE_MAX];
};

struct name {
	char *text;
	u32 length;
};

/* The next part of the path; false at its end. */
static bool take_name(struct walk *walk, struct name *ret_name)
{
	u32 end;

	while (walk->left[walk->position] == '/')
		walk->position++;
	for (end = walk->position; walk->left[end] != '/' && walk->left[end] != '\0';)
		end++;
	*ret_name = (struct name){walk->left + walk->position, end - walk->position};
	walk->position = end;
	return ret_name->length > 0;
}

/* Where nothing but slashes follows. */
static bool at_end(const struct walk *walk)
{
	u32 position = walk->position;

	while (walk->left[position] == '/')
		position++;
	return walk->left[position] == '\0';
}

static bool is_named(const struct dentry *dentry, const struct name *name)
{
	return dentry->d_name.len == name->length && dentry->d_hash.pprev != NULL &&
	       memcmp(dentry->d_name.name, name->text, name->length) == 0;
}

/* From 6.8 on the names of a directory hang in another kind of list. */
static const struct dentry *find_child(const struct dentry *parent, const struct name *name)
{
	struct guest_bound bound = GUEST_BOUND(NAME_COUNT_MAX, "names in a directory");
	const struct dentry *dentry;

	if (field_exists(struct dentry, d_children)) {
		hlist_for_each_entry (dentry, &parent->d_children, d_sib) {
			guest_bound(&bound);
			if (is_named(dentry, name))
				return dentry;
		}
		return NULL;
	}
	list_for_each_entry (dentry, &parent->d_subdirs, d_child) {
		guest_bound(&bound);
		if (is_named(dentry, name))
			return dentry;
	}
	return NULL;
}

static const struct mount *mounted_at(const struct place *place)
{
	struct guest_bound bound = GUEST_BOUND(MOUNT_COUNT_MAX, "mounts below a mount");
	const struct mount *child;

	list_for_each_entry (child, &place->mount->mnt_mounts, mnt_child) {
		guest_bound(&bound);
		if (READ_ONCE(child->mnt_mountpoint) == place->dentry)
			return child;
	}
	return NULL;
}

/* Down into whatever is mounted here. */
static void enter_mounts(struct place *here)
{
	struct guest_bound bound = GUEST_BOUND(MOUNTED_OVER_MAX, "mounts on top of each other");
	const struct mount *mount;

	while ((mount = mounted_at(here)) != NULL) {
		guest_bound(&bound);
		*here = (struct place){mount, mount->mnt.mnt_root};
	}
}

/* follow_dotdot() */
static void step_up(struct walk *walk)
{
	struct guest_bound bound = GUEST_BOUND(MOUNTED_OVER_MAX, "mounts on top of each other");
	struct place *here = &walk->here;

	while (here->dentry != walk->root.dentry || here->mount != walk->root.mount) {
		const struct mount *above = READ_ONCE(here->mount->mnt_parent);

		guest_bound(&bound);
		if (here->dentry != here->mount->mnt.mnt_root) {
			here->dentry = READ_ONCE(here->dentry->d_parent);
			break;
		}
		if (above == here->mount)
			break;
		*here = (struct place){above, READ_ONCE(here->mount->mnt_mountpoint)};
	}
	enter_mounts(here);
}

static u32 type_of(const struct dentry *dentry)
{
	const struct inode *inode = READ_ONCE(dentry->d_inode);

	return inode == NULL ? 0 : inode->i_mode & MODE_TYPE;
}

static bool keeps_all_names(const struct dentry *directory)
{
	const struct inode_operations *operations = directory->d_inode->i_op;

	return symbol_exists(simple_lookup) && (u64)operations->lookup == (u64)&simple_lookup;
}

/* The link's text, where the inode has it; what is longer than a path isn't one. */
static u32 link_text(const struct inode *inode, char text[ASK_FILE_PATH_SIZE_MAX])
{
	const char *target = READ_ONCE(inode->i_link);

	text[0] = '\0';
	return target == NULL ? 0 : (u32)guest_string_copy(text, ASK_FILE_PATH_SIZE_MAX, target);
}

/* Put the link's target in front of what is left; `before` is the directory that it is in. */
static u32 follow(struct walk *walk, const struct place *before)
{
	char joined[ASK_FILE_PATH_SIZE_MAX];
	u32 length = link_text(walk->here.dentry->d_inode, joined), left = (u32)strlen(walk->left + walk->position);

	if (++walk->link_count > LINK_COUNT_MAX)
		return ASK_FILE_LOOP;
	if (length == 0)
		return ASK_FILE_NOT_IN_MEMORY;
	if (length + left >= sizeof joined)
		return ASK_FILE_TOO_LONG;
	memcpy(joined + length, walk->left + walk->position, left + 1);
	memcpy(walk->left, joined, length + left + 1);
	walk->position = 0;
	walk->here = joined[0] == '/' ? walk->root : *before;
	return ASK_FILE_FOUND;
}

/* walk_component() */
static u32 step_down(struct walk *walk, const struct name *name, bool follow_last)
{
	const struct place before = walk->here;
	const struct dentry *child;
	/* What ends with a slash is followed. */
	bool is_last = at_end(walk), slash = walk->left[walk->position] == '/';

	if (type_of(before.dentry) != MODE_DIRECTORY)
		return ASK_FILE_NOT_DIRECTORY;
	child = find_child(before.dentry, name);
	if (child == NULL)
		return keeps_all_names(before.dentry) ? ASK_FILE_ABSENT : ASK_FILE_NOT_IN_MEMORY;
	if (READ_ONCE(child->d_inode) == NULL)
		return ASK_FILE_ABSENT;
	walk->here.dentry = child;
	enter_mounts(&walk->here);
	if (type_of(walk->here.dentry) == MODE_LINK && (!is_last || slash || follow_last))
		return follow(walk, &before);
	return slash && type_of(walk->here.dentry) != MODE_DIRECTORY ? ASK_FILE_NOT_DIRECTORY : ASK_FILE_FOUND;
}

static u32 take_step(struct walk *walk, const struct name *name, bool follow_last)
{
	if (name->length == 1 && name->text[0] == '.')
		return ASK_FILE_FOUND;
	if (name->length == 2 && name->text[0] == '.' && name->text[1] == '.') {
		step_up(walk);
		return ASK_FILE_FOUND;
	}
	return step_down(walk, name, follow_last);
}

void ask_file_run(void *argument)
{
	/* Each part is a character and a slash at least; links bring more of them. */
	struct guest_bound bound = GUEST_BOUND((LINK_COUNT_MAX + 1) * ASK_FILE_PATH_SIZE_MAX, "parts of a path");
	struct ask_file *file = argument;
	struct walk walk = {.position = 0};
	struct name name;

	place_root(&walk.root);
	walk.here = walk.root;
	memcpy(walk.left, file->path, sizeof walk.left);
	file->outcome = ASK_FILE_FOUND;
	while (file->outcome == ASK_FILE_FOUND && take_name(&walk, &name)) {
		guest_bound(&bound);
		file->outcome = take_step(&walk, &name, file->follow);
	}
	if (file->outcome != ASK_FILE_FOUND)
		return;
	inode_stat(walk.here.dentry->d_inode, &file->stat);
	file->link[0] = '\0';
	if (type_of(walk.here.dentry) == MODE_LINK)
		link_text(walk.here.dentry->d_inode, file->link);
}

/* Every network namespace has this socket of the kernel's own (rtnetlink_net_init()). */
void ask_socket_device_run(void *argument)
{
	struct ask_socket_device *answer = argument;
	const struct socket *socket = READ_ONCE(init_net.rtnl->sk_socket);

	answer->device = device_number(container_of(socket, struct socket_alloc, socket)->vfs_inode.i_sb->s_dev);
}

void ask_socket_name_run(void *argument)
{
	const struct dentry *dentry = file_subject()->f_path.dentry;
	struct ask_socket_name *answer = argument;

	answer->is_socket = dentry->d_op != NULL && (u64)dentry->d_op->d_dname == (u64)&sockfs_dname;
	if (!answer->is_socket)
		return;
	if (dentry->d_name.len >= sizeof(answer->name))
		guest_fail(STATUS_MALFORMED, "a socket's protocol has a longer name than any has");
	guest_copy(answer->name, dentry->d_name.name, dentry->d_name.len);
}
