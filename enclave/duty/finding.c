/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "enclave/duty/results.h"

enum {
	STRING_SIZE_MAX = 200,
	/* Of a string that was cut: its size and the beginning of its hash. */
	CUT_SIZE_MAX = 64,
	HASH_SHOWN_SIZE = 8,
	/* Each byte is five characters at most: \\xNN. */
	STRING_TEXT_SIZE_MAX = 5 * STRING_SIZE_MAX + CUT_SIZE_MAX,
	/* Title, command and numbers. */
	HEAD_SIZE_MAX = STRING_TEXT_SIZE_MAX + 5 * VERIFIER_PROGRAM_SIZE + 256,
	/* Of the lines of one list. */
	LIST_SIZE_MAX = 10 << 10,
	LIST_ENDS_SIZE_MAX = 128,
};

/* A line that has no room is taken out again, once it was written. */
static_assert((int)FINDING_SIZE_MAX >=
		      (int)HEAD_SIZE_MAX + 2 * ((int)LIST_SIZE_MAX + LIST_ENDS_SIZE_MAX) + STRING_TEXT_SIZE_MAX + 8,
	      "what closes the object always has room");
static_assert((int)FINDING_SIZE_MAX <= (int)RESULT_CONTENT_SIZE_MAX, "a finding is a result");

__attribute__((format(printf, 2, 3))) static void put(struct finding *finding, const char *format, ...)
{
	const size_t room = sizeof finding->text - finding->size;
	va_list arguments;

	va_start(arguments, format);
	int size = vsnprintf(finding->text + finding->size, room, format, arguments);
	va_end(arguments);
	if (size > 0 && (size_t)size < room)
		finding->size += (size_t)size;
}

/* What a hostile machine names its processes isn't always text. */
static void put_characters(struct finding *finding, const char *text)
{
	for (size_t i = 0; i < STRING_SIZE_MAX && text[i] != '\0'; i++) {
		const unsigned char c = (unsigned char)text[i];

		if (c == '"')
			put(finding, "\\\"");
		else if (c == '\\')
			put(finding, "\\\\\\\\");
		else if (c >= ' ' && c < 0x7f)
			put(finding, "%c", c);
		else
			put(finding, "\\\\x%02x", c);
	}
}

static void put_string(struct finding *finding, const char *text)
{
	const size_t size = strlen(text);
	uint8_t hash[VERIFIER_HASH_SIZE];

	put(finding, "\"");
	put_characters(finding, text);
	if (size > STRING_SIZE_MAX) {
		put(finding, "... (%zu bytes", size);
		if (finding->hash((struct span){(const uint8_t *)text, size}, hash)) {
			put(finding, ", SHA-256 ");
			for (size_t i = 0; i < HASH_SHOWN_SIZE; i++)
				put(finding, "%02x", hash[i]);
		}
		put(finding, ")");
	}
	put(finding, "\"");
}

static void begin(struct finding *finding, const char *before, const char *after, const char *severity)
{
	finding->size = 0;
	put(finding, "{\"title\":\"%s", before);
	put_characters(finding, finding->program);
	put(finding, "%s\",\"severity\":\"%s\",\"command\":", after, severity);
	put_string(finding, finding->words);
}

/* ---- lists of lines */

struct list {
	size_t start; /* in the finding's text */
	size_t count, named_count;
	bool is_full;
};

static void list_add(struct finding *finding, struct list *list, const char *line)
{
	const size_t before = finding->size;

	list->count++;
	if (list->is_full || list->named_count == FINDING_LINE_COUNT_MAX)
		return;
	put(finding, list->named_count == 0 ? "" : ",");
	put_string(finding, line);
	list->is_full = finding->size - list->start > LIST_SIZE_MAX;
	if (list->is_full)
		finding->size = before;
	else
		list->named_count++;
}

/* The lines of `a` that `b` lacks. */
static size_t put_missing(struct finding *finding, const char *name, const struct lines *a, const struct lines *b)
{
	struct list list = {0};
	size_t j = 0;

	put(finding, ",\"%s\":[", name);
	list.start = finding->size;
	for (size_t i = 0; i < a->count; i++) {
		while (j < b->count && strcmp(b->line[j], a->line[i]) < 0)
			j++;
		if (j == b->count || strcmp(b->line[j], a->line[i]) != 0)
			list_add(finding, &list, a->line[i]);
	}
	put(finding, "],\"%s_count\":%zu,\"%s_unnamed_count\":%zu", name, list.count, name,
	    list.count - list.named_count);
	return list.count;
}

bool finding_of_difference(struct finding *finding, const struct lines *last, const struct lines *now)
{
	begin(finding, "what ", " prints has changed", "medium");
	size_t count = put_missing(finding, "new", now, last);
	count += put_missing(finding, "gone", last, now);
	put(finding, "}");
	return count > 0;
}

void finding_of_failure(struct finding *finding, int exit_status)
{
	begin(finding, "", " could not look", "high");
	put(finding, ",\"exit_status\":%d}", exit_status);
}

void finding_of_baseline(struct finding *finding, const struct lines *now, size_t size)
{
	begin(finding, "what ", " prints at first", "informational");
	put(finding, ",\"kind\":\"baseline\",\"line_count\":%zu,\"size\":%zu}", now->count, size);
}
