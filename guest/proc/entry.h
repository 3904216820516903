/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the target's procfs itself says of a file: whether it is there, its
 * permissions, owner, links, number. Guest C; native code calls entry_facts()
 * through guest_call().
 */
#ifndef GUEST_PROC_ENTRY_H
#define GUEST_PROC_ENTRY_H

#include <stdint.h>

#include "guest/kernel/guest-call.h"
#include "guest/proc/listing.h"

enum {
	ENTRY_PATH_SIZE_MAX = 512, /* of a program, not of the table: two names of 255 bytes */
};

/* `path` is a node's ("[pid]/comm", "net/tcp"), about the subject. Fills
 * `answer` as far as the target knows it; its mode comes in with the node's type.
 * Ends the boundary with STATUS_MISSING where there is no such file, process or thread. */
struct entry_facts {
	char path[ENTRY_PATH_SIZE_MAX];
	struct stat_answer answer;
};
void entry_facts(void *facts);

#ifdef __bpf__
#include "guest/kernel/guestc.h"

struct proc_dir_entry;
struct task_struct;

enum {
	ENTRY_TYPE_MASK = 0170000, /* S_IFMT */
};

/* The entry of procfs at `path` ("net/tcp", "" is the root); what is below "net" is
 * of net_subject(). NULL: none. */
GUEST_C const struct proc_dir_entry *entry_find(const char *path);

/* A device number as stat() gives it: new_encode_dev() (include/linux/kdev_t.h). */
GUEST_C u64 device_shown(u32 device);

/* Of what lies below a process; `path` follows "[pid]": "", "/comm", "/fd/[n]". */
GUEST_C void process_entry_facts(const char *path, struct stat_answer *answer);
/* For plans (guest/proc/ahead.h): as process_entry_facts(), of the tables (roots), and of a task, the base. */
GUEST_C void process_entries_ahead(void);
GUEST_C void process_owner_ahead(void);
/* Does its table have the first part of `path` ("comm", "fd/3")? */
GUEST_C bool process_entry_exists(const char *path, bool of_thread);
#endif

#endif
