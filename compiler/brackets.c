/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/brackets.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"

struct scan {
	FILE *stream;
	char file[512];
	long line;
	int depth; /* of open [ */
	size_t error_count;
};

static int next(struct scan *scan)
{
	int c = getc(scan->stream);

	if (c == '\n')
		scan->line++;
	return c;
}

static void put_back(struct scan *scan, int c)
{
	if (c == '\n')
		scan->line--;
	ungetc(c, scan->stream);
}

/* # 12 "file" … */
static void read_marker(struct scan *scan)
{
	char text[1024];
	char *at;

	if (fgets(text, sizeof text, scan->stream) == NULL)
		return;
	scan->line++;
	errno = 0;
	long line = strtol(text, &at, 10);
	if (at == text || errno != 0 || strncmp(at, " \"", 2) != 0)
		return;
	size_t size = strcspn(at + 2, "\"");
	snprintf(scan->file, sizeof scan->file, "%.*s", (int)size, at + 2);
	scan->line = line;
}

static void skip_literal(struct scan *scan, int quote)
{
	int c;

	while ((c = next(scan)) != EOF && c != quote) {
		if (c == '\\')
			next(scan);
	}
}

static int next_solid(struct scan *scan)
{
	int c;

	do
		c = next(scan);
	while (c != EOF && isspace(c));
	return c;
}

/* The syntax tree doesn't say which type _Alignas(TYPE) was given. */
static void check_alignas(struct scan *scan)
{
	long line = scan->line;
	int c = next_solid(scan);

	if (c != '(') {
		put_back(scan, c);
		return;
	}
	c = next_solid(scan);
	put_back(scan, c);
	if (isdigit(c))
		return;
	fprintf(stderr, "%s:%ld: error: _Alignas can't be checked for kernel types: give it a number\n", scan->file,
		line);
	scan->error_count++;
}

static void read_word(struct scan *scan, int c)
{
	static const char *const fixed[] = {"sizeof",
					    "_Alignof",
					    "alignof",
					    "__alignof",
					    "__alignof__",
					    "__builtin_offsetof",
					    "offsetof",
					    "__builtin_object_size",
					    "__builtin_dynamic_object_size"};
	char word[64];
	size_t size = 0;

	for (; c == '_' || isalnum(c); c = next(scan)) {
		if (size < sizeof word - 1)
			word[size++] = (char)c;
	}
	put_back(scan, c);
	word[size] = 0;
	if (strcmp(word, "_Alignas") == 0 || strcmp(word, "alignas") == 0)
		check_alignas(scan);
	for (size_t i = 0; scan->depth > 0 && i < sizeof fixed / sizeof fixed[0]; i++) {
		if (strcmp(word, fixed[i]) != 0)
			continue;
		fprintf(stderr,
			"%s:%ld: error: %s between [ and ] can't be checked for kernel types: name it by an "
			"enum constant first\n",
			scan->file, scan->line, word);
		scan->error_count++;
	}
}

static void scan_text(struct scan *scan)
{
	bool at_line_start = true;
	int c;

	while ((c = next(scan)) != EOF) {
		if (c == '#' && at_line_start)
			read_marker(scan);
		else if (c == '"' || c == '\'')
			skip_literal(scan, c);
		else if (c == '[')
			scan->depth++;
		else if (c == ']' && scan->depth > 0)
			scan->depth--;
		else if (c == '_' || isalnum(c))
			read_word(scan, c);
		at_line_start = c == '\n' || (c == '#' && at_line_start);
	}
}

status brackets_check(const char *preprocessed_path)
{
	struct scan scan = {.stream = fopen(preprocessed_path, "r"), .line = 1};

	if (scan.stream == NULL)
		return report(STATUS_IO, "%s: %s", preprocessed_path, strerror(errno));
	scan_text(&scan);
	fclose(scan.stream);
	return scan.error_count == 0 ? STATUS_OK : STATUS_MALFORMED;
}
