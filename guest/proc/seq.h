/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The text of one pseudo file while it is being made: the kernel's seq_file,
 * as far as a generator needs it. Native code; guest C calls it with values
 * and local strings only (pass a guest string through guest_string_copy()).
 */
#ifndef GUEST_PROC_SEQ_H
#define GUEST_PROC_SEQ_H

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
};

struct seq;

/* printf's conversions, C locale. Text beyond the file's limit
 * (SEQ_SIZE_MAX) marks the file as cut, which the reader of the file gets as
 * an error after the text: never as a shorter file that looks whole. */
__attribute__((format(printf, 2, 3))) void seq_printf(struct seq *seq, const char *format, ...);
void seq_puts(struct seq *seq, const char *string);
void seq_putc(struct seq *seq, char character);
void seq_write(struct seq *seq, const void *bytes, size_t size);
/* Pad the current line with blanks up to `width` and end it (the kernel's
 * seq_setwidth/seq_pad, fs/seq_file.c): `width` counts from here. */
void seq_setwidth(struct seq *seq, size_t width);
void seq_pad(struct seq *seq, char end);
/* Bytes so far. */
size_t seq_size(const struct seq *seq);
/* Drop what was written after seq_size() had been `size`: a record that could
 * not be finished. */
void seq_rewind(struct seq *seq, size_t size);

/* The file isn't whole: say what is missing and where. The first message is
 * kept, later ones are counted. Writing may go on. */
__attribute__((format(printf, 2, 3))) void seq_fault(struct seq *seq, const char *format, ...);

/* The environment's side: not for generators. */
MUST_USE status seq_create(struct seq **ret_seq);
void seq_destroy(struct seq *seq);
/* Hand over the text and the fault line (NULL where the file is whole), both
 * for free(); `seq` is empty afterwards. STATUS_NO_MEMORY: memory ran out on
 * the way, nothing is handed over. */
MUST_USE status seq_take(struct seq *seq, char **ret_data, size_t *ret_size, char **ret_fault);

#endif
