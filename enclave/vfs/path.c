/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "enclave/runtime/manifest.h"
#include "enclave/vfs/absent.h"
#include "enclave/vfs/device.h"
#include "enclave/vfs/entry.h"
#include "enclave/vfs/vfs.h"

bool path_is_in_tree(const char *path)
{
	for (size_t i = 0; i < proc_tree_count; i++) {
		size_t root = strlen(proc_trees[i].root);

		if (strncmp(path, proc_trees[i].root, root) == 0 && (path[root] == '\0' || path[root] == '/'))
			return true;
	}
	return false;
}

/* A program's own number is a name of /proc/self, as everywhere: ps looks itself up by it. It is
 * rewritten here, and so in no listing. */
static void rename_own_process(char *path)
{
	static const char self[] = "/proc/self";
	static char own[sizeof "/proc/" + 10];

	/* Once: programs name millions of paths. */
	if (own[0] == '\0')
		snprintf(own, sizeof own, "/proc/%d", (int)VFS_OWN_PID);
	if (strcmp(path, own) == 0)
		memcpy(path, self, sizeof self);
}

static long look_up_in_tree(const char *path, struct place *place)
{
	if (proc_entry_find(path, &place->entry) != STATUS_OK)
		return -ENOENT;
	place->kind = PLACE_PROC;
	return entry_mode(&place->entry, &place->mode);
}

long path_lookup(const char *path, struct place *ret_place)
{
	ret_place->must_be_directory = false;
	if (path_is_in_tree(path)) {
		long result = look_up_in_tree(path, ret_place);

		if (result < 0)
			return result;
	} else if (manifest_allows_path(path)) {
		ret_place->kind = PLACE_HOST;
	} else if (device_is_here(path)) {
		ret_place->kind = PLACE_DEVICE;
	} else if (strcmp(path, "/") == 0 || manifest_leads_to_path(path) || device_leads_here(path)) {
		ret_place->kind = PLACE_DIRECTORY;
	} else {
		return -ENOENT;
	}
	memmove(ret_place->path, path, strlen(path) + 1);
	return 0;
}

/* A walk under way. */
struct walk {
	char done[VFS_PATH_SIZE_MAX]; /* absolute, normalised; "" is the root */
	char left[VFS_PATH_SIZE_MAX]; /* what remains, without a leading slash */
	int link_count;
};

static void step_up(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* Take the next component off `left`. Returns its length, 0 at the end. It may
 * be longer than a name can be: then it names nothing, as in Linux's /proc. */
static size_t next_component(struct walk *walk, char name[VFS_PATH_SIZE_MAX])
{
	size_t skip = strspn(walk->left, "/"), length = strcspn(walk->left + skip, "/");

	memcpy(name, walk->left + skip, length);
	name[length] = '\0';
	memmove(walk->left, walk->left + skip + length, strlen(walk->left + skip + length) + 1);
	return length;
}

static long append(struct walk *walk, const char *name)
{
	size_t length = strlen(walk->done);

	if (length + 1 + strlen(name) + 1 > sizeof walk->done)
		return -ENAMETOOLONG;
	walk->done[length] = '/';
	memcpy(walk->done + length + 1, name, strlen(name) + 1);
	return 0;
}

/* `done` names a link: put its target in front of what is left. */
static long follow_link(struct walk *walk, const char *target)
{
	char joined[VFS_PATH_SIZE_MAX];

	if (++walk->link_count > VFS_LINK_COUNT_MAX)
		return -ELOOP;
	if ((size_t)snprintf(joined, sizeof joined, "%s%s", target, walk->left) >= sizeof joined)
		return -ENAMETOOLONG;
	if (target[0] == '/')
		walk->done[0] = '\0';
	else
		step_up(walk);
	memcpy(walk->left, joined, strlen(joined) + 1);
	return 0;
}

static bool is_directory(const struct place *place)
{
	switch (place->kind) {
	case PLACE_PROC: return S_ISDIR(place->mode);
	case PLACE_DIRECTORY:
	case PLACE_HOST: /* the host will say */ return true;
	case PLACE_DEVICE: return false;
	}
	return false;
}

/* At a link of the target's; `last`: nothing of the path is left but slashes. */
static long arrive_at_link(struct walk *walk, bool last, const struct place *place)
{
	char target[VFS_PATH_SIZE_MAX];
	long length;

	if (proc_node_is_magic(place->entry.node))
		return last ? 0 : -EACCES;
	length = entry_readlink(&place->entry, place->path, target, sizeof target);
	if (length < 0)
		return length;
	if (length >= (long)sizeof target)
		return -ENAMETOOLONG;
	target[length] = '\0';
	return follow_link(walk, target);
}

/* `done` has just grown by one component; where does the walk stand now? */
static long arrive(struct walk *walk, bool follow, struct place *place)
{
	bool last = walk->left[strspn(walk->left, "/")] == '\0', slash = walk->left[0] == '/';
	long result = path_lookup(walk->done, place);

	/* Where there is a node the target itself said no. */
	if (result == -ENOENT && proc_entry_find(walk->done, &place->entry) != STATUS_OK)
		absent_path_named(walk->done, walk->left);
	if (result < 0)
		return result;
	if (place->kind == PLACE_PROC && S_ISLNK(place->mode) && (!last || slash || follow))
		return arrive_at_link(walk, last, place);
	if ((!last || slash) && !is_directory(place))
		return -ENOTDIR;
	if (!last && place->kind == PLACE_PROC)
		return entry_exists_now(&place->entry);
	/* A single file of the host has nothing below it. */
	if (!last && place->kind == PLACE_HOST && !manifest_leads_to_path(walk->done)) {
		char below[VFS_PATH_SIZE_MAX];

		if ((size_t)snprintf(below, sizeof below, "%s/-", walk->done) < sizeof below &&
		    !manifest_allows_path(below))
			return -ENOTDIR;
	}
	return 0;
}

/* Put the start of the walk into `done`. */
static long walk_init(struct walk *walk, const char *base, const char *path)
{
	if (path[0] == '\0')
		return -ENOENT;
	if (strlen(path) >= sizeof walk->left || strlen(base) >= sizeof walk->done)
		return -ENAMETOOLONG;
	if (path[0] == '/' || strcmp(base, "/") == 0)
		base = "";
	memcpy(walk->done, base, strlen(base) + 1);
	memcpy(walk->left, path, strlen(path) + 1);
	walk->link_count = 0;
	return 0;
}

/* Not the rest of the room for the path. */
static void place_copy(struct place *to, const struct place *from)
{
	memcpy(to, from, offsetof(struct place, path) + strlen(from->path) + 1);
}

long path_resolve(const char *base, const char *path, bool follow, struct place *ret_place)
{
	char name[VFS_PATH_SIZE_MAX];
	struct place place;
	struct walk walk;
	bool slash = path[0] != '\0' && path[strlen(path) - 1] == '/';
	long result = walk_init(&walk, base, path);

	place.path[0] = '\0';

	/* Bounded: each round takes a component off, or follows one of at most
	 * VFS_LINK_COUNT_MAX links. */
	while (result == 0 && next_component(&walk, name) > 0) {
		if (strcmp(name, ".") == 0)
			continue;
		if (strcmp(name, "..") == 0) {
			step_up(&walk);
			continue;
		}
		result = append(&walk, name);
		rename_own_process(walk.done);
		if (result == 0)
			result = arrive(&walk, follow, &place);
	}
	if (result < 0)
		return result;
	/* Mostly it is where the walk has just arrived. */
	if (walk.done[0] == '\0' || strcmp(place.path, walk.done) != 0)
		result = path_lookup(walk.done[0] == '\0' ? "/" : walk.done, &place);
	if (result < 0)
		return result;
	place.must_be_directory = slash;
	place_copy(ret_place, &place);
	return 0;
}
