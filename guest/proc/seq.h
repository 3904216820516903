/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of one pseudo file while it is being made: the kernel's seq_file,
 * as far as a generator needs it. Native code; guest C calls it with values
 * and local strings only (pass a guest string through guest_string_copy()).
 */
#ifndef GUEST_PROC_SEQ_H
#define GUEST_PROC_SEQ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

enum {
	/* The longest text of one file. 150 bytes a row make 400,000 sockets:
	 * far beyond what a guest holds, and little enough for an enclave. */
	SEQ_SIZE_MAX = 64 << 20,
	/* The longest result of one seq_printf(). */
	SEQ_RECORD_SIZE_MAX = 4096,
	SEQ_FAULT_SIZE_MAX = 256,
	/* Of a text that is made in parts, about so much is in memory at a time: 10,000 rows of
	 * /proc/net/tcp (150 bytes each), and so all that most machines have, are one part. */
	SEQ_PART_SIZE = 1536 << 10,
};

struct seq;

/* printf's conversions, C locale. Text beyond the file's limit
 * (SEQ_SIZE_MAX) marks the file as cut, which the reader of the file gets as
 * an error after the text: never as a shorter file that looks whole. */
__attribute__((format(printf, 2, 3))) void seq_printf(struct seq *seq, const char *format, ...);
void seq_puts(struct seq *seq, const char *string);
void seq_putc(struct seq *seq, char character);
/* About so many bytes are to come: room for them is made at once, so that the
 * text isn't copied while it grows. A wish: no room now, none later. */
void seq_expect(struct seq *seq, size_t size);
void seq_write(struct seq *seq, const void *bytes, size_t size);
/* Pad the current line with blanks up to `width` and end it (the kernel's
 * seq_setwidth/seq_pad, fs/seq_file.c): `width` counts from here. */
void seq_setwidth(struct seq *seq, size_t width);
void seq_pad(struct seq *seq, char end);
/* Bytes so far. */
size_t seq_size(const struct seq *seq);
/* A text that may be long is made in parts, as the kernel's seq_file does it: the reader has one, and
 * for the next one the generator runs again, in the same epoch. Its walk says before each piece (some rows, a few
 * tens of KiB) that the piece begins, at a `place` of its own choice: above 0, and each higher than the one
 * before. False: this piece isn't wanted (it belongs to an earlier part, or to a later one), and what is
 * written before the next that is wanted goes nowhere.
 *
 * What is written before the first piece belongs to the first part, what follows the last piece to that one.
 * `count` is kept for the walk: rows so far, say. */
bool seq_begins(struct seq *seq, uint64_t place, uint32_t count);
/* Pieces at lower places needn't be walked to: seq_begins() would say no. */
uint64_t seq_start_place(const struct seq *seq);
/* The `count` that the walk gave for the piece that this part begins with; 0 in the first part. */
uint32_t seq_start_count(const struct seq *seq);
/* No piece is wanted any more: the walk may end. */
bool seq_is_full(const struct seq *seq);
/* Drop what was written after seq_size() had been `size`: a record that could
 * not be finished. */
void seq_rewind(struct seq *seq, size_t size);

/* The file isn't whole: say what is missing and where. The first message is
 * kept, later ones are counted. Writing may go on. */
__attribute__((format(printf, 2, 3))) void seq_fault(struct seq *seq, const char *format, ...);

/* The target's own kernel lets the file be opened and refuses to have it read,
 * with this error number of Linux (EINVAL…): the reader gets the same, after
 * what was written. That isn't a fault. */
void seq_refuse(struct seq *seq, int error);

/* The environment's side: not for generators. */
MUST_USE status seq_create(struct seq **ret_seq);
void seq_destroy(struct seq *seq);
/* Where a part begins: {0}: with the text. */
struct seq_place {
	uint64_t place;
	uint32_t count;
	uint32_t part_size; /* in bytes; 0: SEQ_PART_SIZE */
};
/* Make a part alone, from `start` on, of its size or one piece more. Before anything is written. */
void seq_want_part(struct seq *seq, const struct seq_place *start);
/* Does anything follow this part? Then `ret_next` says where. */
bool seq_has_more(const struct seq *seq, struct seq_place *ret_next);
/* What seq_refuse() said; 0: nothing. */
int seq_refusal(const struct seq *seq);
/* Hand over the text and the fault line (NULL where the file is whole), both
 * for free(); `seq` is empty afterwards. STATUS_NO_MEMORY: memory ran out on
 * the way, nothing is handed over. */
MUST_USE status seq_take(struct seq *seq, char **ret_data, size_t *ret_size, char **ret_fault);

#endif
