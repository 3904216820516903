/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that can be asked of a target, as a line of text: for tests and fuzzers.
 *
 *   show PATH                  a file's text, where a link leads, a directory's entries
 *   parts PATH                 a file's text, made in small parts
 *   ask DUMP FAMILY PROTOCOL [PROXY]   a netlink dump (enum ask_dump); PROXY: of neighbours, 1
 *   process NUMBER             what system calls tell of a process
 *   processes                  the process list
 *   interface NAME             what SIOCGIF… tell of a network device
 *   interfaces                 what SIOCGIFCONF tells of all
 *   file PATH                  what is known of a file of the target by its name
 *   socket PATH                /proc/PID/fd/N: of which protocol, and of which device all sockets are
 *
 * Numbers are hexadecimal.
 */
#ifndef GUEST_ASK_QUESTION_H
#define GUEST_ASK_QUESTION_H

#include <stdbool.h>

#include "guest/ask/ask.h"

enum {
	QUESTION_SIZE_MAX = 512,
};

/* Is the line a question, by its first word? */
bool question_is_one(const char *line);

/* In an epoch of its own. proc_text_deinit() frees the answer. As proc_text_init();
 * STATUS_USAGE: no question (reported). */
MUST_USE status question_ask(struct guest_kernel *kernel, const char *question, struct proc_text *ret_text);
/* The same in the present epoch. */
MUST_USE status question_ask_again(struct guest_kernel *kernel, const char *question, struct proc_text *ret_text);

#endif
