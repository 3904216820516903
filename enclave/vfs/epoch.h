/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * When a program's look at the target begins anew. What it reads within one
 * epoch is of one copy of the target's memory; the epoch ends when the program
 * would otherwise be shown what it has already seen, or lets time pass:
 *  - it reads a file, a directory or a table as a whole that it has read in
 *    this epoch (/proc/uptime: twice, and nothing else in between. pgrep and pstree read it
 *    before each process, and all of them are of one time);
 *  - it sleeps, waits or polls, or reads from its standard input;
 *  - it has asked many single questions (stat(), readlink(), kill(pid, 0)).
 */
#ifndef ENCLAVE_VFS_EPOCH_H
#define ENCLAVE_VFS_EPOCH_H

#include <stdbool.h>

/* `what` (a path; the name of a table) is about to be read as a whole. True: the
 * epoch must end first. What no memory is left to remember ends it, too. */
bool epoch_has_seen(const char *what);

/* A single question is about to be asked. True: the epoch must end first. */
bool epoch_is_asked_out(void);

/* A new one begins: nothing has been seen in it. */
void epoch_forget(void);

#endif
