/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mount options of file systems that programs make: fs/fuse/inode.c, 5.10 to 7.2. */
#include "guest/proc/id-map.h"
#include "guest/proc/mounts.h"
#include "guest/proc/types/fuse.h"

enum {
	TYPE_SIZE = 16,
	USUAL_BLOCK_BITS = 9, /* FUSE_DEFAULT_BLKSIZE */
};

static void show_dax(struct seq *seq, const struct fuse_conn *connection)
{
	static const char *const modes[] = {"", ",dax=always", ",dax=never", ",dax=inode"}; /* enum fuse_dax_mode */

	if (field_exists(struct fuse_conn, dax_mode)) {
		u32 mode = connection->dax_mode;

		seq_puts(seq, mode < ARRAY_SIZE(modes) ? modes[mode] : "");
	} else if (field_exists(struct fuse_conn, dax) && connection->dax != NULL) {
		seq_puts(seq, ",dax");
	}
}

/* fuse_show_options(); virtiofs shows no more than the last. */
bool fuse_options_show(struct seq *seq, const struct super_block *super)
{
	const struct fuse_conn *connection;
	char type[TYPE_SIZE];

	guest_string_copy(type, sizeof type, super->s_type->name);
	if ((strcmp(type, "fuse") != 0 && strcmp(type, "fuseblk") != 0 && strcmp(type, "virtiofs") != 0) ||
	    !type_exists(struct fuse_mount))
		return false;
	connection = ((const struct fuse_mount *)super->s_fs_info)->fc;
	if (connection->legacy_opts_show) {
		const struct user_namespace *space = connection->user_ns;

		seq_printf(seq, ",user_id=%u", id_map_user(space, connection->user_id.val));
		seq_printf(seq, ",group_id=%u", id_map_group(space, connection->group_id.val));
		if (connection->default_permissions)
			seq_puts(seq, ",default_permissions");
		if (connection->allow_other)
			seq_puts(seq, ",allow_other");
		if (connection->max_read != (u32)-1)
			seq_printf(seq, ",max_read=%u", connection->max_read);
		if (super->s_bdev != NULL && super->s_blocksize_bits != USUAL_BLOCK_BITS)
			seq_printf(seq, ",blksize=%u", 1u << (super->s_blocksize_bits & 31));
	}
	show_dax(seq, connection);
	return true;
}
