/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Short lists of /proc: devices, misc, consoles, cgroups, execdomains, fb,
 * key-users: fs/proc/devices.c, fs/char_dev.c, block/genhd.c,
 * drivers/char/misc.c, fs/proc/consoles.c, kernel/cgroup/cgroup-v1.c,
 * kernel/exec_domain.c, security/keys/proc.c, 5.10 to 7.2. */
#include "guest/proc/seq.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/cgroup.h"
#include "guest/proc/types/list.h"
#include "guest/proc/types/tty.h"

#include "guest/kernel/guestc-types-begin.h"

struct char_device_struct {
	struct char_device_struct *next;
	unsigned int major;
	char name[64];
};

struct blk_major_name {
	struct blk_major_name *next;
	int major;
	char name[16];
};

struct miscdevice {
	int minor;
	const char *name;
	struct list_head list;
};

struct console {
	char name[16];
	const void *write, *read, *device, *unblank;
	s16 flags, index;
	void *data;
	struct hlist_node node; /* from 6.2; before: next */
	struct console *next;
};

struct uart_driver {
	struct tty_driver *tty_driver;
};

struct fb_info {
	int node;
	char *dev;
};

struct static_key___cgroup {
	atomic_t enabled;
};

struct key_user {
	struct rb_node node;
	atomic_t nkeys, nikeys;
	refcount_t usage;
	kuid_t uid;
	int qnkeys, qnbytes;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	NAME_SIZE = 128,
	MAJOR_COUNT = 512, /* CHRDEV_MAJOR_MAX, BLKDEV_MAJOR_MAX */
	MAJOR_LIST_COUNT = 255, /* CHRDEV_MAJOR_HASH_SIZE, BLKDEV_MAJOR_HASH_SIZE */
	CHAIN_LENGTH_MAX = 1 << 12,
	LIST_COUNT_MAX = 1 << 12,
	CONTROLLER_COUNT_MAX = 64,
	USER_COUNT_MAX = 1 << 20,
	USER_TREE_DEPTH_MAX = 64,
	CONSOLE_NBCON = 1 << 8, /* include/linux/console.h */
	DEVICE_MINOR_BITS = 20,
};

extern struct char_device_struct *chrdevs[];
extern struct blk_major_name *major_names[];
extern struct list_head misc_list;
extern struct hlist_head console_list;
extern struct console *console_drivers; /* before 6.2 */
extern struct static_key___cgroup *cgroup_subsys_enabled_key[];
extern bool proc_show_all;
extern struct rb_root key_user_tree;
extern unsigned int key_quota_root_maxkeys, key_quota_root_maxbytes, key_quota_maxkeys, key_quota_maxbytes;
extern int num_registered_fb;

static void text_copy(char text[NAME_SIZE], const char *source)
{
	if (guest_string_copy(text, NAME_SIZE, source) == NAME_SIZE)
		guest_fail(STATUS_MALFORMED, "a name in a list of the system has no end");
}

static void show_major(struct seq *seq, u32 major, const char *name)
{
	char text[NAME_SIZE];

	text_copy(text, name);
	seq_printf(seq, "%3u %s\n", major, text);
}

void devices_file_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(CHAIN_LENGTH_MAX, "numbers of devices");

	seq_puts(seq, "Character devices:\n");
	for (u32 i = 0; i < MAJOR_COUNT; i++)
		for (const struct char_device_struct *d = chrdevs[i % MAJOR_LIST_COUNT]; d != NULL; d = d->next) {
			guest_bound(&bound);
			if (d->major == i)
				show_major(seq, i, d->name);
		}
	seq_puts(seq, "\nBlock devices:\n");
	for (u32 i = 0; i < MAJOR_COUNT; i++)
		for (const struct blk_major_name *d = major_names[i % MAJOR_LIST_COUNT]; d != NULL; d = d->next) {
			guest_bound(&bound);
			if ((u32)d->major == i)
				show_major(seq, i, d->name);
		}
}

void misc_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(LIST_COUNT_MAX, "misc devices");
	const struct miscdevice *device;
	char name[NAME_SIZE] = "";

	list_for_each_entry (device, &misc_list, list) {
		guest_bound(&bound);
		name[0] = '\0';
		if (device->name != NULL)
			text_copy(name, device->name);
		seq_printf(seq, "%3d %s\n", device->minor, name);
	}
}

/* The console's device() is asked; what it says is known of serial lines. */
static bool console_device(const struct console *console, u32 *ret_major, u32 *ret_minor)
{
	const struct uart_driver *uart = console->data;
	char name[SYMBOL_NAME_SIZE];

	if (console->device == NULL)
		return false;
	if (!symbol_name((u64)console->device, name) && !module_symbol_name(console->device, name))
		name[0] = '\0';
	if (strcmp(name, "uart_console_device") != 0)
		guest_fail(STATUS_UNSUPPORTED, "a console isn't a serial line: what device it is isn't known");
	*ret_major = (u32)uart->tty_driver->major;
	*ret_minor = (u32)uart->tty_driver->minor_start + (u32)console->index;
	return true;
}

static void show_flags(struct seq *seq, const struct console *console)
{
	static const struct {
		u32 flag;
		char letter;
	} flags[] = {{1 << 2, 'E'}, {1 << 1, 'C'}, {1 << 3, 'B'}, {CONSOLE_NBCON, 'N'},
		     {1 << 0, 'p'}, {1 << 5, 'b'}, {1 << 4, 'a'}};

	for (u32 i = 0; i < ARRAY_SIZE(flags); i++) {
		/* Newer kernels have a column more, with the kind of console. */
		if (flags[i].flag == CONSOLE_NBCON && !symbol_exists(console_list))
			continue;
		seq_putc(seq, ((u32)console->flags & flags[i].flag) != 0 ? flags[i].letter : ' ');
	}
}

static void show_console(struct seq *seq, const struct console *console)
{
	u32 major, minor;
	char name[NAME_SIZE];
	bool atomic = ((u32)console->flags & CONSOLE_NBCON) != 0 && symbol_exists(console_list);

	text_copy(name, console->name);
	seq_setwidth(seq, 20);
	seq_printf(seq, "%s%d", name, console->index);
	seq_pad(seq, ' ');
	seq_printf(seq, "%c%c%c (", console->read != NULL ? 'R' : '-', atomic || console->write != NULL ? 'W' : '-',
		   console->unblank != NULL ? 'U' : '-');
	show_flags(seq, console);
	seq_putc(seq, ')');
	if (console_device(console, &major, &minor))
		seq_printf(seq, " %4u:%u", major, minor);
	seq_putc(seq, '\n');
}

void consoles_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(LIST_COUNT_MAX, "consoles");
	const struct console *console;

	if (symbol_exists(console_list)) {
		hlist_for_each_entry (console, &console_list, node) {
			guest_bound(&bound);
			show_console(seq, console);
		}
		return;
	}
	for (console = console_drivers; console != NULL; console = console->next) {
		guest_bound(&bound);
		show_console(seq, console);
	}
}

static bool is_absent(const struct cgroup_subsys *controller)
{
	return symbol_exists(proc_show_all) && !proc_show_all && controller->legacy_cftypes == NULL &&
	       controller->dfl_cftypes != NULL;
}

void cgroups_show(struct seq *seq)
{
	s64 count = enum_value(enum cgroup_subsys_id, CGROUP_SUBSYS_COUNT);
	char name[NAME_SIZE];

	seq_puts(seq, "#subsys_name\thierarchy\tnum_cgroups\tenabled\n");
	for (s64 i = 0; i < min(count, (s64)CONTROLLER_COUNT_MAX); i++) {
		const struct cgroup_subsys *controller = cgroup_subsys[i];

		if (is_absent(controller))
			continue;
		text_copy(name, controller->legacy_name);
		seq_printf(seq, "%s\t%d\t%d\t%d\n", name, controller->root->hierarchy_id,
			   controller->root->nr_cgrps.counter, cgroup_subsys_enabled_key[i]->enabled.counter > 0);
	}
}

/* There is but one. */
void execdomains_show(struct seq *seq)
{
	seq_puts(seq, "0-0\tLinux           \t[kernel]\n");
}

void fb_show(struct seq *seq)
{
	if (symbol_exists(num_registered_fb) && num_registered_fb != 0)
		seq_fault(seq, "the target's frame buffers aren't listed");
}

struct users {
	struct seq *seq;
	u32 depth;
	const struct rb_node *above[USER_TREE_DEPTH_MAX];
	s64 last; /* uids go upwards: a tree that shares nodes is told */
};

static void descend(struct users *users, const struct rb_node *node)
{
	for (; node != NULL; node = READ_ONCE(node->rb_left)) {
		if (users->depth == USER_TREE_DEPTH_MAX)
			guest_fail(STATUS_MALFORMED, "the tree of keys' users is deeper than any could be");
		users->above[users->depth++] = node;
	}
}

static void show_user(struct users *users, const struct key_user *user)
{
	u32 uid = user->uid.val;

	if ((s64)uid <= users->last)
		guest_fail(STATUS_MALFORMED, "the tree of keys' users isn't in order");
	users->last = uid;
	seq_printf(users->seq, "%5u: %5d %d/%d %d/%d %d/%d\n", uid, user->usage.refs.counter, user->nkeys.counter,
		   user->nikeys.counter, user->qnkeys, (int)(uid == 0 ? key_quota_root_maxkeys : key_quota_maxkeys),
		   user->qnbytes, (int)(uid == 0 ? key_quota_root_maxbytes : key_quota_maxbytes));
}

void key_users_show(struct seq *seq)
{
	struct guest_bound bound = GUEST_BOUND(USER_COUNT_MAX, "keys' users");
	struct users users = {.seq = seq, .last = -1};

	descend(&users, READ_ONCE(key_user_tree.rb_node));
	while (users.depth != 0) {
		const struct rb_node *node = users.above[--users.depth];

		guest_bound(&bound);
		show_user(&users, container_of(node, struct key_user, node));
		descend(&users, READ_ONCE(node->rb_right));
	}
}
