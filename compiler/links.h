/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The questions that the object asks about the kernel that it will meet:
 * guest/kernel/linkage.h's records and the slots for their answers.
 */
#ifndef COMPILER_LINKS_H
#define COMPILER_LINKS_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct unit;

/* One question: as struct guest_link. */
struct question {
	uint64_t kind; /* enum guest_link_kind */
	const char *name, *path;
	uint64_t local, load_size;
};

struct link_table {
	struct link_entry *entries;
	size_t entry_count, entry_room;
};

void links_deinit(struct link_table *links);

/* The answer to a question, as an i64 loaded where the builder stands; equal
 * questions share a slot. Copies the texts. */
LLVMValueRef links_load(struct unit *unit, const struct question *question);

/* As links_load(), and ends the error boundary where the kernel lacks it. */
LLVMValueRef links_require(struct unit *unit, const struct question *question);

/* The record of a question, for messages: a pointer. */
LLVMValueRef links_record(struct unit *unit, const struct question *question);

/* All records of these kinds, as a constant array of pointers with *ret_count
 * elements; the first that was asked for comes first. */
LLVMValueRef links_list(struct unit *unit, bool (*wanted)(uint64_t kind), uint64_t *ret_count);

/* Write all records into the section "guest_linkage". */
void links_emit(struct unit *unit);

#endif
