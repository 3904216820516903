/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What generators of directories and of links fill. Native code; guest C calls
 * it with values and local strings only.
 */
#ifndef GUEST_PROC_LISTING_H
#define GUEST_PROC_LISTING_H

#include <stdint.h>

struct listing;

enum {
	/* Entries of one directory: a process for each number, and the files beside them. */
	LISTING_COUNT_MAX = (4 << 20) + 4096,
	LISTING_NAME_LENGTH_MAX = 255, /* NAME_MAX */
};

/* One entry; `mode` has its type (S_IFDIR…), `inode` 0: one is made up from
 * the path. A name that is empty, longer than 255 bytes, or has a '/' in it is
 * refused: the directory is marked as not whole. */
void listing_add(struct listing *listing, const char *name, uint32_t mode, uint64_t inode);
/* The same for a number. Numbers of one mode without an inode take four bytes
 * each, and come after all other entries. */
void listing_add_number(struct listing *listing, uint32_t number, uint32_t mode, uint64_t inode);
/* Put the numbers in ascending order, each once. */
void listing_sort_numbers(struct listing *listing);
/* The directory isn't whole: say what is missing (as seq_fault()). */
__attribute__((format(printf, 2, 3))) void listing_fault(struct listing *listing, const char *format, ...);

/* What stat() says of an entry, or of what a link leads to. All members are as
 * in struct stat; what isn't set stays as it is by default (mode of the node,
 * owner root, inode made up from the path). */
struct stat_answer {
	uint32_t mode, uid, gid, link_count;
	uint64_t inode, device, special_device, size;
};

#ifndef __bpf__ /* ---- the environment's side: not for generators */

#include <stdbool.h>
#include <stddef.h>

#include "base/status.h"

MUST_USE status listing_create(struct listing **ret_listing);
void listing_destroy(struct listing *listing); /* NULL is fine */

struct listing_entry {
	char name[LISTING_NAME_LENGTH_MAX + 1];
	uint32_t mode;
	uint64_t inode; /* 0: to be made up */
};

size_t listing_count(const struct listing *listing);
/* The entry `index` < listing_count(). */
void listing_entry(const struct listing *listing, size_t index, struct listing_entry *ret_entry);
/* NULL where the directory is whole. The listing's own memory. */
const char *listing_fault_line(const struct listing *listing);
/* Did memory run out? Then entries are missing. */
bool listing_out_of_memory(const struct listing *listing);

#endif

#endif
