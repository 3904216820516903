/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/vfs/path.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "enclave/runtime/manifest.h"
#include "enclave/vfs/absent.h"
#include "guest/proc/node.h"

static const char proc_root[] = "/proc";

long path_lookup(const char *path, struct place *ret_place)
{
	size_t root = sizeof proc_root - 1;

	ret_place->node = NULL;
	ret_place->must_be_directory = false;
	if (strncmp(path, proc_root, root) == 0 && (path[root] == '\0' || path[root] == '/')) {
		if (proc_node_find(path[root] == '/' ? path + root + 1 : "", &ret_place->node) != STATUS_OK)
			return -ENOENT;
		ret_place->kind = PLACE_PROC;
	} else if (manifest_allows_path(path)) {
		ret_place->kind = PLACE_HOST;
	} else if (strcmp(path, "/") == 0 || manifest_leads_to_path(path)) {
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
	case PLACE_PROC: return S_ISDIR(place->node->mode);
	case PLACE_DIRECTORY:
	case PLACE_HOST: /* the host will say */ return true;
	}
	return false;
}

/* `done` has just grown by one component; where does the walk stand now? */
static long arrive(struct walk *walk, bool follow, struct place *place)
{
	bool last = walk->left[strspn(walk->left, "/")] == '\0', slash = walk->left[0] == '/';
	long result = path_lookup(walk->done, place);

	if (result == -ENOENT)
		absent_path_named(walk->done, walk->left);
	if (result < 0)
		return result;
	if (place->kind == PLACE_PROC && S_ISLNK(place->node->mode) && (!last || slash || follow))
		return follow_link(walk, place->node->target);
	if ((!last || slash) && !is_directory(place))
		return -ENOTDIR;
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

long path_resolve(const char *base, const char *path, bool follow, struct place *ret_place)
{
	char name[VFS_PATH_SIZE_MAX];
	struct place place;
	struct walk walk;
	bool slash = path[0] != '\0' && path[strlen(path) - 1] == '/';
	long result = walk_init(&walk, base, path);

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
		if (result == 0)
			result = arrive(&walk, follow, &place);
	}
	if (result < 0)
		return result;
	result = path_lookup(walk.done[0] == '\0' ? "/" : walk.done, &place);
	if (result < 0)
		return result;
	place.must_be_directory = slash;
	*ret_place = place;
	return 0;
}
