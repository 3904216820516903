/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/seq.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct seq {
	char *data;
	size_t size, capacity;
	size_t pad_until;
	char fault[SEQ_FAULT_SIZE_MAX];
	uint64_t fault_count;
	bool out_of_memory;
};

enum {
	SEQ_CAPACITY_FIRST = 4096,
	/* Above this a text grows by a quarter: to double megabytes would take
	 * half an enclave's heap for nothing. */
	SEQ_DOUBLED_MAX = 64 << 10,
};

status seq_create(struct seq **ret_seq)
{
	struct seq *seq = calloc(1, sizeof *seq);

	if (seq == NULL)
		return STATUS_NO_MEMORY;
	*ret_seq = seq;
	return STATUS_OK;
}

void seq_destroy(struct seq *seq)
{
	if (seq == NULL)
		return;
	free(seq->data);
	free(seq);
}

static bool grow(struct seq *seq, size_t size)
{
	size_t capacity = seq->capacity != 0 ? seq->capacity : SEQ_CAPACITY_FIRST;

	while (capacity - seq->size < size) /* size ≤ SEQ_SIZE_MAX: no overflow */
		capacity += capacity < SEQ_DOUBLED_MAX ? capacity : capacity / 4;
	char *data = realloc(seq->data, capacity);
	if (data == NULL) {
		seq->out_of_memory = true;
		return false;
	}
	seq->data = data;
	seq->capacity = capacity;
	return true;
}

/* Room for `size` more bytes, or NULL with the file marked. */
static char *reserve(struct seq *seq, size_t size)
{
	if (seq->out_of_memory)
		return NULL;
	if (size > SEQ_SIZE_MAX - seq->size) {
		seq_fault(seq, "the text is cut: it has more than %d bytes", SEQ_SIZE_MAX);
		return NULL;
	}
	if (size > seq->capacity - seq->size && !grow(seq, size))
		return NULL;
	return seq->data + seq->size;
}

void seq_write(struct seq *seq, const void *bytes, size_t size)
{
	char *to = reserve(seq, size);

	if (to == NULL || size == 0)
		return;
	memcpy(to, bytes, size);
	seq->size += size;
}

void seq_puts(struct seq *seq, const char *string)
{
	seq_write(seq, string, strlen(string));
}

void seq_putc(struct seq *seq, char character)
{
	seq_write(seq, &character, 1);
}

void seq_printf(struct seq *seq, const char *format, ...)
{
	char record[SEQ_RECORD_SIZE_MAX];
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(record, sizeof record, format, arguments);
	va_end(arguments);
	if (size < 0 || (size_t)size >= sizeof record) {
		seq_fault(seq, "a record is missing: it has more than %d bytes", SEQ_RECORD_SIZE_MAX);
		return;
	}
	seq_write(seq, record, (size_t)size);
}

void seq_setwidth(struct seq *seq, size_t width)
{
	seq->pad_until = seq->size + width;
}

void seq_pad(struct seq *seq, char end)
{
	if (seq->pad_until > seq->size) {
		size_t size = seq->pad_until - seq->size;
		char *to = reserve(seq, size);

		if (to == NULL)
			return;
		memset(to, ' ', size);
		seq->size += size;
	}
	if (end != '\0')
		seq_putc(seq, end);
}

size_t seq_size(const struct seq *seq)
{
	return seq->size;
}

void seq_rewind(struct seq *seq, size_t size)
{
	if (size < seq->size)
		seq->size = size;
}

void seq_fault(struct seq *seq, const char *format, ...)
{
	va_list arguments;

	if (seq->fault_count++ != 0)
		return;
	va_start(arguments, format);
	vsnprintf(seq->fault, sizeof seq->fault, format, arguments);
	va_end(arguments);
}

/* The fault line with the count of those after it. */
static status fault_line(const struct seq *seq, char **ret_line)
{
	char line[SEQ_FAULT_SIZE_MAX + 64];

	if (seq->fault_count > 1)
		snprintf(line, sizeof line, "%s (and %llu more)", seq->fault, (unsigned long long)seq->fault_count - 1);
	else
		snprintf(line, sizeof line, "%s", seq->fault);
	char *copy = strdup(line);
	if (copy == NULL)
		return STATUS_NO_MEMORY;
	*ret_line = copy;
	return STATUS_OK;
}

status seq_take(struct seq *seq, char **ret_data, size_t *ret_size, char **ret_fault)
{
	char *fault = NULL;

	if (seq->out_of_memory)
		return STATUS_NO_MEMORY;
	if (seq->fault_count != 0)
		TRY(fault_line(seq, &fault));
	*ret_data = seq->data;
	*ret_size = seq->size;
	*ret_fault = fault;
	memset(seq, 0, sizeof *seq);
	return STATUS_OK;
}
