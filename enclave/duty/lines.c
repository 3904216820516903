/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/lines.h"

#include <stdlib.h>
#include <string.h>

void lines_deinit(struct lines *lines)
{
	free(lines->text);
	free(lines->line);
	*lines = (struct lines){0};
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

bool lines_init(struct lines *lines, char *text)
{
	size_t room = 1, count = 0, kept = 0;

	for (const char *c = text; *c != '\0'; c++)
		room += *c == '\n';
	char **line = calloc(room, sizeof *line);
	if (line == NULL)
		return false;
	for (char *rest = text, *next; (next = strsep(&rest, "\n")) != NULL;)
		if (*next != '\0' && count < room)
			line[count++] = next;
	qsort(line, count, sizeof *line, by_text);
	for (size_t i = 0; i < count; i++)
		if (kept == 0 || strcmp(line[kept - 1], line[i]) != 0)
			line[kept++] = line[i];
	*lines = (struct lines){.text = text, .line = line, .count = kept};
	return true;
}
