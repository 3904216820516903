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

struct seq;

/* printf's conversions, C locale. Text beyond the file's limit
 * (SEQ_SIZE_MAX) marks the file as cut, which the reader of the file gets as
 * an error after the text: never as a shorter file that looks whole. */
__attribute__((format(printf, 2, 3))) void seq_printf(struct seq *seq, const char *format, ...);
void seq_puts(struct seq *seq, const char *string);
void seq_putc(struct seq *seq, char character);
void seq_write(struct seq *seq, const void *bytes, size_t size);
/* Pad the current line with blanks up to `width` and end it (the kernel's
 * seq_setwidth/seq_pad, fs/seq_file.c). */
void seq_setwidth(struct seq *seq, size_t width);
void seq_pad(struct seq *seq, char end);
/* Bytes so far. */
size_t seq_size(const struct seq *seq);

#endif
