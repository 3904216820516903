/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recorded guest: the pages that a few questions read, and which lines of them
 * guest C looked at for each. What fuzzers mutate (guest/ask/world.h). Written and read on one machine, by
 * one build: no format for anybody else.
 *
 * A program that records is linked with -Wl,--wrap=guest_memory_bytes.
 */
#ifndef GUEST_ASK_RECORD_H
#define GUEST_ASK_RECORD_H

#include "base/status.h"
#include "guest/ask/question.h"
#include "guest/memory/source.h"

enum {
	RECORD_FAMILY_SIZE = 16,
	RECORD_QUESTION_COUNT_MAX = 1024,
	RECORD_LINE_COUNT_MAX = 4096,
};

#define RECORD_MAGIC 0x3165726f63657220ull

/* The file: this, then page_count of record_page, then question_count of record_question, each
 * followed by its lines (u64, physical address / 64). */
struct record_head {
	uint64_t magic;
	uint32_t page_count, question_count;
	bool has_registers;
	struct cpu_registers registers;
	struct ram_map ram;
};

struct record_page {
	uint64_t number;
	uint8_t bytes[GUEST_PAGE_SIZE];
};

struct record_question {
	char family[RECORD_FAMILY_SIZE];
	char text[QUESTION_SIZE_MAX];
	uint64_t line_count;
};

/* `below`, borrowed, and what is read of it is remembered. One for the process. */
struct page_source *record_source(struct page_source *below);

/* Questions from now on are of this family. STATUS_USAGE: the name is too long. */
MUST_USE status record_family(const char *name);
void record_begin(const char *question);
void record_end(void);
/* STATUS_IO, reported. */
MUST_USE status record_write(const char *path);

#endif
