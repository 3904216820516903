/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Mount options of overlay file systems: fs/overlayfs/super.c, params.c, 6.1 to
 * 7.2. What is the default, parameters of the module say. */
#include "guest/proc/mounts.h"
#include "guest/proc/symbols.h"
#include "guest/proc/types/overlay.h"

enum {
	LAYER_COUNT_MAX = 4096, /* OVL_MAX_STACK is 500 */
	WORD_SIZE_MAX = 16,
	REDIRECT_NOFOLLOW = 2, /* OVL_REDIRECT_… and so on (fs/overlayfs/overlayfs.h) */
	REDIRECT_FOLLOW = 1,
	REDIRECT_ON = 3,
	UUID_AUTO = 2,
	FSYNC_AUTO = 1,
};

/* A parameter of the module, or of the kernel that it is built into. */
#define PARAMETER(name)                                                      \
	extern bool name;                                                    \
	static bool parameter_##name(void)                                   \
	{                                                                    \
		const char *address;                                         \
		if (symbol_exists(name))                                     \
			return name;                                         \
		address = module_symbol_find(#name);                         \
		if (address == NULL)                                         \
			guest_fail(STATUS_MISSING, "overlay has no " #name); \
		return *address != 0;                                        \
	}

PARAMETER(ovl_redirect_dir_def)
PARAMETER(ovl_redirect_always_follow)
PARAMETER(ovl_index_def)
PARAMETER(ovl_nfs_export_def)
PARAMETER(ovl_metacopy_def)
PARAMETER(ovl_xino_auto_def)

static void show_path(struct seq *seq, const char *name, const char *path)
{
	seq_puts(seq, name);
	string_write(seq, path, ", \t\n\\");
}

static void show_word(struct seq *seq, const char *name, const char *const *words, u32 word_count, u32 index)
{
	if (index >= word_count)
		guest_fail(STATUS_MALFORMED, "an overlay has an option that isn't one");
	seq_puts(seq, name);
	seq_puts(seq, words[index]);
}

static void show_switch(struct seq *seq, const char *name, bool is_on, bool usual)
{
	if (is_on != usual) {
		seq_puts(seq, name);
		seq_puts(seq, is_on ? "on" : "off");
	}
}

static void show_layers(struct seq *seq, const struct ovl_fs *overlay)
{
	char **layers;
	u32 count, merged_count;

	if (field_exists(struct ovl_config, lowerdir)) {
		show_path(seq, ",lowerdir=", overlay->config.lowerdir);
		return;
	}
	layers = overlay->config.lowerdirs;
	if (layers[0] != NULL) {
		show_path(seq, ",lowerdir=", layers[0]);
		return;
	}
	count = overlay->numlayer;
	merged_count = count - overlay->numdatalayer;
	if (count > LAYER_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "an overlay has more layers than any could have");
	for (u32 i = 1; i < count; i++)
		show_path(seq, i < merged_count ? ",lowerdir+=" : ",datadir+=", layers[i]);
}

static void show_redirect_word(struct seq *seq, const struct ovl_fs___old *overlay)
{
	char word[WORD_SIZE_MAX];

	guest_string_copy(word, sizeof word, overlay->config.redirect_mode);
	if (strcmp(word, parameter_ovl_redirect_dir_def() ? "on" : "off") != 0)
		seq_printf(seq, ",redirect_dir=%s", word);
}

static void show_redirect(struct seq *seq, const struct ovl_fs *overlay)
{
	static const char *const words[] = {"off", "follow", "nofollow", "on"};
	u32 mode, usual = REDIRECT_NOFOLLOW;

	/* It was a string while there was one `lowerdir`. */
	if (field_exists(struct ovl_config, lowerdir)) {
		show_redirect_word(seq, (const struct ovl_fs___old *)overlay);
		return;
	}
	mode = (u32)overlay->config.redirect_mode;
	if (parameter_ovl_redirect_dir_def())
		usual = REDIRECT_ON;
	else if (parameter_ovl_redirect_always_follow())
		usual = REDIRECT_FOLLOW;
	if (mode != usual)
		show_word(seq, ",redirect_dir=", words, ARRAY_SIZE(words), mode);
}

static void show_uuid(struct seq *seq, const struct ovl_fs *overlay)
{
	static const char *const words[] = {"off", "null", "auto", "on"};

	if (field_exists(struct ovl_config, lowerdir)) {
		if (field_exists(struct ovl_config___old, uuid) && !((const struct ovl_fs___old *)overlay)->config.uuid)
			seq_puts(seq, ",uuid=off");
	} else if (field_size(struct ovl_config, uuid) == sizeof(int) && overlay->config.uuid != UUID_AUTO) {
		show_word(seq, ",uuid=", words, ARRAY_SIZE(words), (u32)overlay->config.uuid);
	}
}

static void show_durability(struct seq *seq, const struct ovl_fs *overlay)
{
	static const char *const words[] = {"volatile", "auto", "strict"};

	if (field_exists(struct ovl_config, fsync_mode)) {
		if (overlay->config.fsync_mode != FSYNC_AUTO)
			show_word(seq, ",fsync=", words, ARRAY_SIZE(words), (u32)overlay->config.fsync_mode);
	} else if (overlay->config.ovl_volatile) {
		seq_puts(seq, ",volatile");
	}
}

void overlay_options_show(struct seq *seq, const struct super_block *super)
{
	static const char *const xino_words[] = {"off", "auto", "on"};
	static const char *const verity_words[] = {"off", "on", "require"};
	const struct ovl_fs *overlay = super->s_fs_info;
	const struct ovl_config *config = &overlay->config;
	u32 xino = (u32)config->xino, xino_usual = parameter_ovl_xino_auto_def() ? 1 : 0;

	show_layers(seq, overlay);
	if (config->upperdir != NULL) {
		show_path(seq, ",upperdir=", config->upperdir);
		show_path(seq, ",workdir=", config->workdir);
	}
	if (config->default_permissions)
		seq_puts(seq, ",default_permissions");
	show_redirect(seq, overlay);
	show_switch(seq, ",index=", config->index, parameter_ovl_index_def());
	show_uuid(seq, overlay);
	show_switch(seq, ",nfs_export=", config->nfs_export, parameter_ovl_nfs_export_def());
	if (xino != xino_usual && overlay->xino_mode != 0)
		show_word(seq, ",xino=", xino_words, ARRAY_SIZE(xino_words), xino);
	show_switch(seq, ",metacopy=", config->metacopy, parameter_ovl_metacopy_def());
	show_durability(seq, overlay);
	if (field_exists(struct ovl_config, userxattr) && config->userxattr)
		seq_puts(seq, ",userxattr");
	if (field_exists(struct ovl_config, verity_mode) && config->verity_mode != 0)
		show_word(seq, ",verity=", verity_words, ARRAY_SIZE(verity_words), (u32)config->verity_mode);
}

const struct inode *overlay_inode_upper(const struct inode *inode)
{
	const struct dentry *upper;

	if (!type_exists(struct ovl_inode))
		return inode;
	upper = container_of(inode, struct ovl_inode, vfs_inode)->__upperdentry;
	return upper != NULL && upper->d_inode != NULL ? upper->d_inode : inode;
}
