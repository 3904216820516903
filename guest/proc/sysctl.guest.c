/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The tree behind /proc/sys: fs/proc/proc_sysctl.c, net/sysctl_net.c,
 * kernel/ucount.c, ipc/ipc_sysctl.c, ipc/mq_sysctl.c, 5.10 to 7.2. */
#include "guest/proc/sysctl.h"

#include "guest/proc/listing.h"
#include "guest/proc/shows.h"
#include "guest/proc/subject.h"
#include "guest/proc/task.h"
#include "guest/proc/types/namespace.h"

#include "guest/kernel/guestc-types-begin.h"

/* Sets of names that belong to a namespace; which kernels have, and where. */
struct user_namespace___sysctl {
	struct ctl_table_set set;
};

struct ipc_namespace___sysctl {
	struct ctl_table_set mq_set, ipc_set; /* from 5.19 */
};

struct pid_namespace___sysctl {
	struct ctl_table_set set; /* newest kernels */
};

struct net___sysctl {
	struct ctl_table_set sysctls;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	MODE_TYPE = 0170000, /* S_IFMT */
	MODE_DIRECTORY = 0040000,
	MODE_LINK = 0120000,
	MODE_FILE = 0100000,
	MODE_PERMISSIONS = 07777,
	MODE_OWNER_READS = 0400,
	NOT_ALLOWED = 13, /* EACCES */
};

extern const char init_ipc_ns[];

/* One entry of a directory. */
struct place {
	const struct ctl_table_header *header;
	const struct ctl_table *entry;
};

/* The part of a path up to the next '/'. */
struct part {
	const char *name;
	u64 size;
};

static struct place place_of(const struct rb_node *tree_node)
{
	const struct ctl_node *node = container_of(tree_node, struct ctl_node, node);
	struct place place = {.header = READ_ONCE(node->header)};
	s64 index = guest_distance(struct ctl_node, place.header->node, node);

	if (index < 0 || index > SYSCTL_ENTRY_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "an entry of /proc/sys lies outside its table");
	place.entry = (const struct ctl_table *)((const char *)place.header->ctl_table +
						 (u64)index * type_size(struct ctl_table));
	return place;
}

/* namecmp() */
static int compare(const char *name, u64 size, const char *other, u64 other_size)
{
	int order = memcmp(name, other, min(size, other_size));

	if (order != 0)
		return order;
	return size == other_size ? 0 : size < other_size ? -1 : 1;
}

static void entry_name(const struct place *place, char ret_name[SYSCTL_NAME_SIZE])
{
	if (guest_string_copy(ret_name, SYSCTL_NAME_SIZE, place->entry->procname) == SYSCTL_NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "the name of an entry of /proc/sys has no end");
}

/* find_entry() */
static bool find(const struct ctl_dir *directory, const struct part *part, struct place *ret_place)
{
	const struct rb_node *node = READ_ONCE(directory->root.rb_node);
	struct guest_bound bound = GUEST_BOUND(SYSCTL_TREE_DEPTH_MAX, "a tree of /proc/sys");
	char name[SYSCTL_NAME_SIZE];

	while (node != NULL) {
		struct place place = place_of(node);

		guest_bound(&bound);
		entry_name(&place, name);
		int order = compare(part->name, part->size, name, strlen(name));
		if (order == 0) {
			*ret_place = place;
			return place.header->unregistering == NULL;
		}
		node = order < 0 ? node->rb_left : node->rb_right;
	}
	return false;
}

static bool belongs(const struct ctl_table_set *set, const struct ctl_table_root *root)
{
	return set->dir.header.root == root;
}

static const void *reader_ipc_namespace(void)
{
	return subject_view_pid_space() != 0 ? (const void *)task_view_namespaces()->ipc_ns : init_ipc_ns;
}

static const void *reader_user_namespace(void)
{
	return subject_view_pid_space() != 0 ? (const void *)task_view()->child_reaper->real_cred->user_ns
					     : &init_user_ns;
}

/* What the root's lookup() gives for a reader in the view's namespaces, or in
 * the network namespace that the file is about. */
static const struct ctl_table_set *set_of(const struct ctl_table_root *root)
{
	const struct net___sysctl *net = (const void *)net_subject();
	const struct user_namespace___sysctl *user = (const void *)reader_user_namespace();
	const struct ipc_namespace___sysctl *ipc = (const void *)reader_ipc_namespace();
	const struct pid_namespace___sysctl *pid = (const void *)task_view();

	if (field_exists(struct net___sysctl, sysctls) && belongs(&net->sysctls, root))
		return &net->sysctls;
	if (field_exists(struct user_namespace___sysctl, set) && belongs(&user->set, root))
		return &user->set;
	if (field_exists(struct ipc_namespace___sysctl, ipc_set) && belongs(&ipc->ipc_set, root))
		return &ipc->ipc_set;
	if (field_exists(struct ipc_namespace___sysctl, mq_set) && belongs(&ipc->mq_set, root))
		return &ipc->mq_set;
	if (field_exists(struct pid_namespace___sysctl, set) && belongs(&pid->set, root))
		return &pid->set;
	guest_fail(STATUS_UNSUPPORTED, "an entry of /proc/sys belongs to a kind of namespace that isn't known");
}

static bool is_directory(const struct place *place)
{
	return (place->entry->mode & MODE_TYPE) == MODE_DIRECTORY;
}

static const struct ctl_dir *directory_of(const struct place *place)
{
	return container_of(place->header, struct ctl_dir, header);
}

static struct part part_at(const char *path)
{
	struct part part = {path, 0};

	while (path[part.size] != '\0' && path[part.size] != '/')
		part.size++;
	return part;
}

/* The directory of `set` that the first `size` bytes of the path lead to. */
static const struct ctl_dir *directory_in(const struct ctl_table_set *set, const char *path, u64 size)
{
	const struct ctl_dir *directory = &set->dir;
	struct place place;

	/* Bounded by the path's length. */
	for (u64 at = 0; at < size;) {
		struct part part = part_at(path + at);

		if (!find(directory, &part, &place) || !is_directory(&place))
			return NULL;
		directory = directory_of(&place);
		at += part.size + 1;
	}
	return directory;
}

/* sysctl_follow_link(): a link stands for the entry of the same name in the set
 * of its root. `size` bytes of `path` lead to the directory that it is in. */
static bool follow(struct place *place, const char *path, u64 size, const struct part *part)
{
	if ((place->entry->mode & MODE_TYPE) != MODE_LINK)
		return true;
	const struct ctl_dir *directory = directory_in(set_of(place->entry->data), path, size);
	return directory != NULL && find(directory, part, place);
}

/* The entry at a path below /proc/sys ("" has none). */
static bool look_up(const char *path, struct place *ret_place)
{
	const struct ctl_dir *directory = &sysctl_table_root.default_set.dir;

	/* Bounded by the path's length. */
	for (u64 at = 0;;) {
		struct part part = part_at(path + at);

		if (!find(directory, &part, ret_place) || !follow(ret_place, path, at, &part))
			return false;
		at += part.size;
		if (path[at] == '\0')
			return true;
		if (!is_directory(ret_place))
			return false;
		directory = directory_of(ret_place);
		at++;
	}
}

struct walk {
	struct listing *listing;
	const char *path; /* of the directory */
	u32 depth;
	const struct rb_node *above[SYSCTL_TREE_DEPTH_MAX];
	char name[SYSCTL_NAME_SIZE]; /* of the last entry */
};

static void descend(struct walk *walk, const struct rb_node *node)
{
	for (; node != NULL; node = READ_ONCE(node->rb_left)) {
		if (walk->depth == SYSCTL_TREE_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "a tree of /proc/sys is deeper than any could be");
		walk->above[walk->depth++] = node;
	}
}

static u32 mode_of(const struct place *place)
{
	u32 mode = place->entry->mode;

	return is_directory(place) ? mode : (mode & MODE_PERMISSIONS) | MODE_FILE;
}

/* Names go upwards: so a tree whose branches share nodes is told. */
static void list_entry(struct walk *walk, const struct rb_node *node)
{
	struct place place = place_of(node);
	char name[SYSCTL_NAME_SIZE];

	entry_name(&place, name);
	if (walk->name[0] != '\0' && compare(walk->name, strlen(walk->name), name, strlen(name)) >= 0)
		guest_fail(STATUS_MALFORMED, "a tree of /proc/sys isn't in order");
	memcpy(walk->name, name, sizeof name);
	struct part part = {name, strlen(name)};
	if (place.header->unregistering == NULL && follow(&place, walk->path, strlen(walk->path), &part))
		listing_add(walk->listing, name, mode_of(&place), 0);
}

static void list_directory(struct listing *listing, const struct ctl_dir *directory, const char *path)
{
	struct guest_bound bound = GUEST_BOUND(SYSCTL_ENTRY_COUNT_MAX, "entries of /proc/sys");
	struct walk walk = {.listing = listing, .path = path};

	descend(&walk, READ_ONCE(directory->root.rb_node));
	while (walk.depth != 0) {
		const struct rb_node *node = walk.above[--walk.depth];

		guest_bound(&bound);
		list_entry(&walk, node);
		descend(&walk, READ_ONCE(node->rb_right));
	}
}

void sysctl_list(struct listing *listing)
{
	char path[PROC_REST_SIZE_MAX];
	struct place place;

	subject_rest(path, sizeof path);
	if (path[0] == '\0') {
		list_directory(listing, &sysctl_table_root.default_set.dir, path);
		return;
	}
	if (!look_up(path, &place) || !is_directory(&place))
		guest_fail(STATUS_MISSING, "the target has no such directory below /proc/sys");
	list_directory(listing, directory_of(&place), path);
}

void sysctl_stat(void *answer)
{
	struct stat_answer *stat = answer;
	char path[PROC_REST_SIZE_MAX];
	struct place place;

	subject_rest(path, sizeof path);
	if (!look_up(path, &place))
		guest_fail(STATUS_MISSING, "the target has no such entry below /proc/sys");
	stat->mode = mode_of(&place);
}

static void show_generic(struct sysctl *sysctl);

void sysctl_show(struct seq *seq)
{
	struct sysctl sysctl = {.seq = seq};
	char path[PROC_REST_SIZE_MAX];
	struct place place;

	subject_rest(path, sizeof path);
	if (!look_up(path, &place) || is_directory(&place))
		guest_fail(STATUS_MISSING, "the target has no such file below /proc/sys");
	/* test_perm() gives root what the owner has, and nothing beside. */
	if ((place.entry->mode & MODE_OWNER_READS) == 0) {
		subject_refuse(NOT_ALLOWED);
		guest_fail(STATUS_MISSING, "the file can't be read");
	}
	sysctl.entry = place.entry;
	if (!symbol_name((u64)place.entry->proc_handler, sysctl.handler) &&
	    !module_symbol_name(place.entry->proc_handler, sysctl.handler))
		guest_fail(STATUS_UNSUPPORTED, "what makes this file's value has no name in the target");
	show_generic(&sysctl);
}

/* Handlers whose reading is that of the kernel's own kinds of value: what else
 * they do, they do when somebody writes. */
static const struct {
	const char *handler;
	enum sysctl_number kind;
} numbers[] = {
#include "guest/proc/sysctl-handlers.h"
};

static const char *const strings[] = {
	"proc_dostring",      "proc_dostring_coredump", "devkmsg_sysctl_set_loglvl", "numa_zonelist_order_handler",
	"proc_do_uts_string",
};

static u64 size_of(const struct sysctl *sysctl)
{
	return sysctl->entry->maxlen > 0 ? (u64)sysctl->entry->maxlen : 0;
}

/* get_uts(), get_ipc(), get_mq(): tables name the initial namespaces' values; a reader elsewhere is
 * given those of his own. */
static const void *readers_value(const void *data)
{
	u64 in_uts = (u64)data - (u64)&init_uts_ns, in_ipc = (u64)data - (u64)init_ipc_ns;

	if (subject_view_pid_space() == 0)
		return data;
	if (in_uts < type_size(struct uts_namespace))
		return (const char *)task_view_namespaces()->uts_ns + in_uts;
	if (in_ipc < type_size(struct ipc_namespace))
		return (const char *)task_view_namespaces()->ipc_ns + in_ipc;
	return data;
}

static bool show_number(struct sysctl *sysctl)
{
	for (u32 i = 0; i < ARRAY_SIZE(numbers); i++) {
		if (strcmp(numbers[i].handler, sysctl->handler) != 0)
			continue;
		if (sysctl->entry->data != NULL)
			sysctl_show_numbers(sysctl->seq, numbers[i].kind, readers_value(sysctl->entry->data),
					    size_of(sysctl));
		return true;
	}
	return false;
}

static bool show_string(struct sysctl *sysctl)
{
	for (u32 i = 0; i < ARRAY_SIZE(strings); i++) {
		if (strcmp(strings[i], sysctl->handler) != 0)
			continue;
		if (sysctl->entry->data != NULL && size_of(sysctl) != 0)
			sysctl_show_string(sysctl->seq, readers_value(sysctl->entry->data), size_of(sysctl));
		return true;
	}
	return false;
}

static bool show_bits(struct sysctl *sysctl)
{
	if (strcmp(sysctl->handler, "proc_do_large_bitmap") != 0 &&
	    strcmp(sysctl->handler, "proc_watchdog_cpumask") != 0)
		return false;
	const unsigned long *bits = *(const unsigned long *const *)sysctl->entry->data;
	if (bits != NULL && size_of(sysctl) != 0)
		sysctl_show_bits(sysctl->seq, bits, size_of(sysctl));
	return true;
}

static void show_generic(struct sysctl *sysctl)
{
	if (sysctl_show_special(sysctl) || sysctl_show_special_net(sysctl) || show_number(sysctl) ||
	    show_string(sysctl) || show_bits(sysctl))
		return;
	seq_fault(sysctl->seq, "%s() makes this file's value, and what it says isn't known", sysctl->handler);
}
