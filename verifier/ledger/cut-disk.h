/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a disk in memory, as a VFS of SQLite's, whose power can be cut. What was
 * written since a file's last sync is then there, or not, or there in part (by sectors of 512 bytes), each
 * write by itself and in any order; a file that was never synced may not exist at all.
 */
#ifndef VERIFIER_LEDGER_CUT_DISK_H
#define VERIFIER_LEDGER_CUT_DISK_H

#include <stdbool.h>
#include <stdint.h>

#define CUT_DISK_VFS "cut-disk"

/* An empty disk; the VFS is registered on first use. All that happens by chance follows `seed`. */
void cut_disk_init(uint64_t seed);
void cut_disk_deinit(void);

/* The power goes when so many more writes, syncs and deletions have been done. */
void cut_disk_cut_after(uint64_t operation_count);
bool cut_disk_is_cut(void);
/* The power is back: the disk is what it became. */
void cut_disk_restart(void);

/* From now on so many bytes can be stored at most: the rest finds the disk full. 0: no limit. */
void cut_disk_limit(uint64_t size);

/* A number from the same source of chance, below `limit`. */
uint64_t cut_disk_random(uint64_t limit);

#endif
