/* SPDX-License-Identifier: GPL-2.0-or-later */
/* /proc/keys as root sees it who possesses none of them (security/keys/proc.c,
 * permission.c, keyring.c, user_defined.c, crypto/asymmetric_keys/; 5.10 to 7.2). */
#include "guest/proc/cpus.h"
#include "guest/proc/path.h"
#include "guest/proc/rows.h"
#include "guest/proc/shows.h"
#include "guest/proc/symbols.h"
#include "guest/proc/tree.h"
#include "guest/proc/types/basic.h"
#include "guest/proc/types/cred.h"
#include "guest/proc/types/time.h"

#include "guest/kernel/guestc-types-begin.h"

struct key_type {
	const char *name;
	const void *describe;
};

union key_payload {
	void *data[4];
};

struct assoc_array {
	unsigned long nr_leaves_on_tree;
};

struct key {
	refcount_t usage;
	s32 serial;
	struct rb_node serial_node;
	s64 expiry;
	kuid_t uid;
	kgid_t gid;
	u32 perm;
	unsigned short datalen;
	short state;
	unsigned long flags;
	struct key_type *type;
	char *description;
	union key_payload payload;
	struct assoc_array keys; /* of keyrings */
};

struct asymmetric_key_id {
	u16 len;
	u8 data[1];
};

struct asymmetric_key_ids {
	struct asymmetric_key_id *id[3];
};

struct asymmetric_key_subtype {
	const void *describe;
};

struct public_key {
	const char *id_type, *pkey_algo;
};

#include "guest/kernel/guestc-types-end.h"

enum {
	VIEW_OWNER = 0x00010000, /* KEY_USR_VIEW, KEY_GRP_VIEW, KEY_OTH_VIEW (linux/key.h) */
	VIEW_GROUP = 0x00000100,
	VIEW_OTHER = 0x00000001,
	GROUP_ALL = 0x00003f00,
	FLAG_DEAD = 1 << 0, /* KEY_FLAG_… */
	FLAG_REVOKED = 1 << 1,
	FLAG_IN_QUOTA = 1 << 2,
	FLAG_USER_CONSTRUCT = 1 << 3,
	FLAG_INVALIDATED = 1 << 5,
	STATE_POSITIVE = 1, /* KEY_IS_POSITIVE */
	PAYLOAD_KEY = 0, /* enum asymmetric_payload_bits */
	PAYLOAD_SUBTYPE = 1,
	PAYLOAD_IDS = 2,
	ID_SIZE = 4, /* its last bytes are shown */
	NAME_SIZE = 32,
	OVERFLOW_ID = 65534, /* DEFAULT_OVERFLOWUID */
	MINUTE = 60,
	HOUR = 60 * MINUTE,
	DAY = 24 * HOUR,
	WEEK = 7 * DAY,
};

static const s64 never = 0x7fffffffffffffff; /* TIME64_MAX; 0 in kernels that weren't repaired */

extern struct rb_root key_serial_tree;

/* key_task_permission() of uid and gid 0, without what a possessor may. */
static bool is_shown(const struct key *key)
{
	if (key->uid.val == 0)
		return (key->perm & VIEW_OWNER) != 0;
	if (key->gid.val == 0 && (key->perm & GROUP_ALL) != 0)
		return (key->perm & VIEW_GROUP) != 0;
	return (key->perm & VIEW_OTHER) != 0;
}

/* "%4s" of it. */
static void show_expiry(struct seq *seq, s64 expiry)
{
	s64 left = expiry - (s64)timekeeper_core()->xtime_sec;

	if (expiry == never || expiry == 0)
		seq_puts(seq, "perm");
	else if (left <= 0)
		seq_puts(seq, "expd");
	else if (left < MINUTE)
		seq_printf(seq, "%3llds", left);
	else if (left < HOUR)
		seq_printf(seq, "%3lldm", left / MINUTE);
	else if (left < DAY)
		seq_printf(seq, "%3lldh", left / HOUR);
	else if (left < WEEK)
		seq_printf(seq, "%3lldd", left / DAY);
	else
		seq_printf(seq, "%3lldw", left / WEEK);
}

static char flag(u64 flags, char letter, u64 bit)
{
	return (flags & bit) != 0 ? letter : '-';
}

static void show_text(struct seq *seq, const char *text)
{
	string_write(seq, text, "");
}

/* asymmetric_key_describe(), public_key_describe() */
static void describe_asymmetric(struct seq *seq, const struct key *key)
{
	const struct asymmetric_key_subtype *subtype = key->payload.data[PAYLOAD_SUBTYPE];
	const struct asymmetric_key_ids *ids = key->payload.data[PAYLOAD_IDS];
	const struct public_key *public = key->payload.data[PAYLOAD_KEY];
	char name[SYMBOL_NAME_SIZE];

	show_text(seq, key->description);
	if (subtype == NULL)
		return;
	seq_puts(seq, ": ");
	symbol_text(subtype->describe, name);
	if (strcmp(name, "public_key_describe") != 0) {
		seq_fault(seq, "what %s() writes is missing", name);
		return;
	}
	if (public != NULL) {
		show_text(seq, public->id_type);
		seq_putc(seq, '.');
		show_text(seq, public->pkey_algo);
	}
	if (ids != NULL && ids->id[1] != NULL) {
		const struct asymmetric_key_id *id = ids->id[1];
		const u8 *bytes = id->data;
		u32 size = id->len;

		seq_putc(seq, ' ');
		for (u32 i = size > ID_SIZE ? size - ID_SIZE : 0; i < size; i++)
			seq_printf(seq, "%02x", bytes[i]);
	}
	seq_puts(seq, " []");
}

static void describe(struct seq *seq, const struct key *key)
{
	const void *function = key->type->describe;
	bool is_positive = key->state == STATE_POSITIVE;
	char name[SYMBOL_NAME_SIZE];

	if (function == NULL)
		return;
	symbol_text(function, name);
	if (strcmp(name, "asymmetric_key_describe") == 0) {
		describe_asymmetric(seq, key);
		return;
	}
	if (strcmp(name, "keyring_describe") == 0) {
		show_text(seq, key->description != NULL ? key->description : "[anon]");
		if (is_positive && key->keys.nr_leaves_on_tree != 0)
			seq_printf(seq, ": %lu", key->keys.nr_leaves_on_tree);
		else if (is_positive)
			seq_puts(seq, ": empty");
	} else if (strcmp(name, "user_describe") == 0) {
		show_text(seq, key->description);
		if (is_positive)
			seq_printf(seq, ": %u", key->datalen);
	} else if (strcmp(name, "blacklist_describe") == 0) {
		show_text(seq, key->description);
	} else {
		seq_fault(seq, "what %s() writes is missing", name);
	}
}

/* from_kuid_munged() */
static u32 shown_id(u32 id)
{
	return id == ~0u ? OVERFLOW_ID : id;
}

/* proc_keys_show() */
static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct key *key = row->object;
	struct seq *seq = row->seq;
	char type[NAME_SIZE];
	u64 flags = key->flags;

	if (!is_shown(key))
		return;
	guest_string_copy(type, sizeof type, key->type->name);
	seq_printf(seq, "%08x %c%c%c%c%c%c%c %5d ", (u32)key->serial, key->state != 0 ? 'I' : '-',
		   flag(flags, 'R', FLAG_REVOKED), flag(flags, 'D', FLAG_DEAD), flag(flags, 'Q', FLAG_IN_QUOTA),
		   flag(flags, 'U', FLAG_USER_CONSTRUCT), key->state < 0 ? 'N' : '-',
		   flag(flags, 'i', FLAG_INVALIDATED), key->usage.refs.counter);
	show_expiry(seq, key->expiry);
	seq_printf(seq, " %08x %5u %5u %-9.9s ", key->perm, shown_id(key->uid.val), shown_id(key->gid.val), type);
	describe(seq, key);
	seq_putc(seq, '\n');
}

void keys_show(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a key is missing"};
	const struct rb_node *node;
	struct tree_walk walk;
	s64 last = -1;

	tree_walk_start(&walk, &key_serial_tree);
	while ((node = tree_walk_next(&walk)) != NULL) {
		const struct key *key = container_of(node, struct key, serial_node);

		if (key->serial <= last)
			guest_fail(STATUS_MALFORMED, "the tree of keys isn't in order");
		last = key->serial;
		rows_show(&rows, key);
	}
}
