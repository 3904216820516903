/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An epoch that several programs share: a copy of a target's memory, made page by page
 * when somebody first asks. Each page of it has exactly one version, the first that was
 * copied, for as long as the epoch lives.
 *
 * The copy is a mapping: of a file where several processes share it, anonymous within
 * one. Whoever may write to the file may change what all of them see. No locks: a
 * process that is killed while it copies leaves an unused place and nothing else.
 */
#ifndef AGENT_FROZEN_H
#define AGENT_FROZEN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/source.h"

enum {
	/* With its NUL; as many bytes as two words of a request hold. */
	FROZEN_NAME_SIZE = 16,
	/* "qemu:1234 since 567890" */
	FROZEN_SUBJECT_SIZE = 192,
	/* 128 MiB of pages, which take memory as they are copied: what all ports together read
	 * of a machine with some thousand processes is a tenth of it. */
	FROZEN_PAGE_COUNT_MAX = 32768,
	/* An epoch's life, in seconds: old enough to compare several programs' output, too young
	 * to be taken for the present. */
	FROZEN_LIFE_S = 600,
};

struct frozen_store;

/* 1 to 15 of A–Z a–z 0–9 . _ -, not beginning with '.'. */
bool frozen_name_is_valid(const char *name);

/* A new one. `file` -1: anonymous; else a file that is empty, which stays the caller's. `subject` says
 * of what it is. STATUS_NO_MEMORY, STATUS_IO; reported. */
MUST_USE status frozen_store_create(int file, const char *name, const char *subject, struct frozen_store **ret_store);
/* One that is in the file. STATUS_MALFORMED: isn't one, or was cut; STATUS_END: its time is over;
 * STATUS_NO_MEMORY; reported. */
MUST_USE status frozen_store_open(int file, struct frozen_store **ret_store);
/* Gives back this process's part. NULL is fine. */
void frozen_store_destroy(struct frozen_store *store);

const char *frozen_store_name(const struct frozen_store *store);
const char *frozen_store_subject(const struct frozen_store *store);
bool frozen_store_is_over(const struct frozen_store *store);
uint64_t frozen_store_age_ns(const struct frozen_store *store);
uint64_t frozen_store_page_count(const struct frozen_store *store);

/* A page source that answers from the store, and from `below` where nobody asked before. */
struct frozen {
	struct page_source source; /* must be first */
	struct page_source *below;
	struct frozen_store *store;
};

/* Both are borrowed. Any thread may read. Besides what `below` answers, reading gives STATUS_LIMIT, reported
 * once: the store is full, the file system has no room for its file, or its time is over. `source.now` is `below`. */
void frozen_init(struct frozen *frozen, struct page_source *below, struct frozen_store *store);

#endif
