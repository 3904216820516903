/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/seq.h"

#include <assert.h>
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
	int refusal;
	bool out_of_memory;
	/* Of a text that is made in parts. */
	struct {
		size_t size; /* 0: all of it is one */
		struct seq_place start, next;
		uint64_t last; /* place that was said */
		bool is_before; /* the first piece that is wanted hasn't come yet */
		bool is_full; /* `next` isn't wanted any more */
	} part;
};

enum {
	/* Of a number. */
	SEQ_FIELD_WIDTH_MAX = 64,
	SEQ_CAPACITY_FIRST = 4096,
	/* Above this a text grows by a quarter: to double megabytes would take
	 * half an enclave's heap for nothing. */
	SEQ_DOUBLED_MAX = 64 << 10,
	/* One in so much is spared for the last piece of a part. */
	SPARE = 32,
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

/* What a part needs, unless its last piece is large. */
static size_t part_capacity(const struct seq *seq)
{
	return seq->part.size + seq->part.size / SPARE;
}

static bool grow(struct seq *seq, size_t size)
{
	size_t capacity = seq->capacity != 0 ? seq->capacity : SEQ_CAPACITY_FIRST;

	while (capacity - seq->size < size) /* size ≤ SEQ_SIZE_MAX: no overflow */
		capacity += capacity < SEQ_DOUBLED_MAX ? capacity : capacity / 4;
	if (capacity > part_capacity(seq) && part_capacity(seq) >= seq->size + size)
		capacity = part_capacity(seq);
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
	/* Nothing needs no room, and there may be none yet. */
	if (seq->out_of_memory || size == 0 || seq->part.is_before || seq->part.is_full)
		return NULL;
	if (size > SEQ_SIZE_MAX - seq->size) {
		seq_fault(seq, "the text is cut: it has more than %d bytes", SEQ_SIZE_MAX);
		return NULL;
	}
	if (size > seq->capacity - seq->size && !grow(seq, size))
		return NULL;
	return seq->data + seq->size;
}

void seq_expect(struct seq *seq, size_t size)
{
	if (seq->part.size != 0 && size > part_capacity(seq))
		size = part_capacity(seq);
	if (seq->capacity != 0 || size > SEQ_SIZE_MAX)
		return;
	seq->data = malloc(size);
	if (seq->data != NULL)
		seq->capacity = size;
}

/* ---- parts */

void seq_want_part(struct seq *seq, const struct seq_place *start)
{
	seq->part.size = start->part_size != 0 ? start->part_size : SEQ_PART_SIZE;
	seq->part.start = *start;
	seq->part.is_before = start->place != 0;
}

bool seq_begins(struct seq *seq, uint64_t place, uint32_t count)
{
	if (seq->part.size == 0)
		return true;
	/* Where no next part could begin: it goes with the piece before. */
	if (place <= seq->part.last)
		return !seq->part.is_before && !seq->part.is_full;
	seq->part.last = place;
	if (seq->part.is_full || place < seq->part.start.place)
		return false;
	if (!seq->part.is_before && seq->size >= seq->part.size) {
		seq->part.next = (struct seq_place){place, count, seq->part.start.part_size};
		seq->part.is_full = true;
		return false;
	}
	seq->part.is_before = false;
	return true;
}

uint64_t seq_start_place(const struct seq *seq)
{
	return seq->part.start.place;
}

uint32_t seq_start_count(const struct seq *seq)
{
	return seq->part.start.count;
}

bool seq_is_full(const struct seq *seq)
{
	return seq->part.is_full;
}

bool seq_has_more(const struct seq *seq, struct seq_place *ret_next)
{
	if (seq->part.is_full)
		*ret_next = seq->part.next;
	return seq->part.is_full;
}

void seq_write(struct seq *seq, const void *bytes, size_t size)
{
	char *to = reserve(seq, size);

	if (to == NULL)
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

/* ---- printf: what nearly all files are made of, without the C library's generality */

enum { DIGIT_COUNT_MAX = 20 };

struct conversion {
	size_t width;
	bool zeros, left;
	int longs;
	char kind;
};

struct arguments {
	va_list list;
};

struct record {
	char *bytes;
	size_t size;
};

/* Behind '%'; NULL: more than is done here. */
static const char *parse_conversion(const char *at, struct arguments *arguments, struct conversion *ret)
{
	*ret = (struct conversion){0};
	for (; *at == '0' || *at == '-'; at++)
		*(*at == '0' ? &ret->zeros : &ret->left) = true;
	if (*at == '*') {
		int width = va_arg(arguments->list, int);

		if (width < 0 || width > SEQ_RECORD_SIZE_MAX)
			return NULL;
		ret->width = (size_t)width;
		at++;
	}
	for (; *at >= '0' && *at <= '9' && ret->width <= SEQ_RECORD_SIZE_MAX; at++)
		ret->width = ret->width * 10 + (size_t)(*at - '0');
	for (; *at == 'l' && ret->longs < 2; at++)
		ret->longs++;
	ret->kind = *at;
	return *at != '\0' ? at + 1 : NULL;
}

/* False: it doesn't fit. */
static bool put_field(struct record *record, const struct conversion *conversion, const char *text, size_t size)
{
	size_t padding = conversion->width > size ? conversion->width - size : 0;

	if (size > SEQ_RECORD_SIZE_MAX || padding > SEQ_RECORD_SIZE_MAX ||
	    record->size + padding + size >= SEQ_RECORD_SIZE_MAX)
		return false;
	if (padding > 0 && !conversion->left) {
		memset(record->bytes + record->size, ' ', padding);
		record->size += padding;
	}
	memcpy(record->bytes + record->size, text, size);
	record->size += size;
	if (padding > 0 && conversion->left) {
		memset(record->bytes + record->size, ' ', padding);
		record->size += padding;
	}
	return true;
}

static bool put_number(struct record *record, struct conversion *conversion, uint64_t value, bool is_negative)
{
	const char *digits = conversion->kind == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
	char text[SEQ_FIELD_WIDTH_MAX + DIGIT_COUNT_MAX + 2], *at = text + sizeof text;
	bool is_hexadecimal = conversion->kind == 'x' || conversion->kind == 'X';

	if (conversion->width > SEQ_FIELD_WIDTH_MAX)
		return false;
	if (is_hexadecimal) {
		do {
			*--at = digits[value % 16];
			value /= 16;
		} while (value != 0);
	} else {
		do {
			*--at = (char)('0' + value % 10);
			value /= 10;
		} while (value != 0);
	}
	while (conversion->zeros && !conversion->left &&
	       (size_t)(text + sizeof text - at) + is_negative < conversion->width)
		*--at = '0';
	if (is_negative)
		*--at = '-';
	return put_field(record, conversion, at, (size_t)(text + sizeof text - at));
}

static bool put_conversion(struct record *record, struct conversion *conversion, struct arguments *arguments)
{
	const char *string;
	char character;
	int64_t value;

	switch (conversion->kind) {
	case 's':
		string = va_arg(arguments->list, const char *);
		return !conversion->zeros && string != NULL && put_field(record, conversion, string, strlen(string));
	case 'c':
		character = (char)va_arg(arguments->list, int);
		return !conversion->zeros && put_field(record, conversion, &character, 1);
	case 'd':
		value = conversion->longs > 0 ? va_arg(arguments->list, long) : va_arg(arguments->list, int);
		return put_number(record, conversion, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
	case 'u':
	case 'x':
	case 'X':
		return put_number(record, conversion,
				  conversion->longs > 0 ? va_arg(arguments->list, unsigned long)
							: va_arg(arguments->list, unsigned int),
				  false);
	default: return false;
	}
}

static_assert(sizeof(long) == sizeof(long long), "one l is as good as two");

static unsigned digit_count(uint64_t value)
{
	unsigned count = 1;

	for (uint64_t limit = 10; count < DIGIT_COUNT_MAX && value >= limit; limit *= 10)
		count++;
	return count;
}

/* There is room. */
static void put_decimal(struct record *record, uint64_t value, bool is_negative)
{
	char *at = record->bytes + record->size;

	if (is_negative)
		*at++ = '-';
	at += digit_count(value);
	record->size = (size_t)(at - record->bytes);
	do {
		*--at = (char)('0' + value % 10);
		value /= 10;
	} while (value != 0);
}

/* What most conversions are: a letter alone. False: another one, and nothing was done. */
static bool put_bare(struct record *record, char kind, struct arguments *arguments)
{
	if (record->size + DIGIT_COUNT_MAX + 1 >= SEQ_RECORD_SIZE_MAX)
		return false;
	if (kind == 'u') {
		put_decimal(record, va_arg(arguments->list, unsigned int), false);
	} else if (kind == 'd') {
		int64_t value = va_arg(arguments->list, int);

		put_decimal(record, value < 0 ? -(uint64_t)value : (uint64_t)value, value < 0);
	} else if (kind == 'c') {
		record->bytes[record->size++] = (char)va_arg(arguments->list, int);
	} else {
		return false;
	}
	return true;
}

/* False: not done, or it doesn't fit. */
static bool print_plainly(struct record *record, const char *format, struct arguments *arguments)
{
	while (*format != '\0') {
		struct conversion conversion;

		/* Between conversions there are a few characters at most: a search costs more than it saves. */
		if (*format != '%') {
			if (record->size + 1 >= SEQ_RECORD_SIZE_MAX)
				return false;
			record->bytes[record->size++] = *format++;
			continue;
		}
		if (put_bare(record, format[1], arguments)) {
			format += 2;
			continue;
		}
		format = parse_conversion(format + 1, arguments, &conversion);
		if (format == NULL || !put_conversion(record, &conversion, arguments))
			return false;
	}
	return true;
}

/* May a record be made where it is to be? It is nothing before its size counts. */
static bool has_room_for_any(const struct seq *seq)
{
	return seq->capacity - seq->size >= SEQ_RECORD_SIZE_MAX && !seq->out_of_memory && !seq->part.is_before &&
	       !seq->part.is_full && seq->size <= SEQ_SIZE_MAX - SEQ_RECORD_SIZE_MAX;
}

void seq_printf(struct seq *seq, const char *format, ...)
{
	char bytes[SEQ_RECORD_SIZE_MAX];
	bool is_in_place = has_room_for_any(seq);
	struct record record = {.bytes = is_in_place ? seq->data + seq->size : bytes};
	struct arguments arguments;

	va_start(arguments.list, format);
	bool is_done = print_plainly(&record, format, &arguments);
	va_end(arguments.list);
	if (is_done && is_in_place) {
		seq->size += record.size;
		return;
	}
	if (is_done) {
		seq_write(seq, bytes, record.size);
		return;
	}
	va_start(arguments.list, format);
	int size = vsnprintf(bytes, sizeof bytes, format, arguments.list);
	va_end(arguments.list);
	if (size < 0 || (size_t)size >= sizeof bytes) {
		seq_fault(seq, "a record is missing: it has more than %d bytes", SEQ_RECORD_SIZE_MAX);
		return;
	}
	seq_write(seq, bytes, (size_t)size);
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

	/* The next part meets it again. */
	if (seq->part.is_full || seq->fault_count++ != 0)
		return;
	va_start(arguments, format);
	vsnprintf(seq->fault, sizeof seq->fault, format, arguments);
	va_end(arguments);
}

void seq_refuse(struct seq *seq, int error)
{
	seq->refusal = error;
}

int seq_refusal(const struct seq *seq)
{
	return seq->refusal;
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
	if (seq->part.is_before)
		seq_fault(seq, "the rest is missing: the walk doesn't come to where it was to go on");
	if (seq->fault_count != 0)
		TRY(fault_line(seq, &fault));
	*ret_data = seq->data;
	*ret_size = seq->size;
	*ret_fault = fault;
	memset(seq, 0, sizeof *seq);
	return STATUS_OK;
}
