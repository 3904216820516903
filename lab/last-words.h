/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The ends of a VM's two logs, for whoever must tell why it ended. */
#ifndef LAB_LAST_WORDS_H
#define LAB_LAST_WORDS_H

/* Opened while the VM runs: they can be read after its directory went. -1: there is none. */
struct last_words {
	int log_fd, console_fd;
};

/* What is missing or unreadable is left out; silent. */
void last_words_init(const char *machine_path, struct last_words *ret_words);
void last_words_deinit(struct last_words *words);

/* At most 6 KiB of each, with a title, to the descriptor; errors in writing are nobody's. */
void last_words_write(const struct last_words *words, int to_fd);

#endif
