/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "forge-headers.h"

#include <string.h>

#include "base/report.h"
#include "guest/headers/shows.h"

static const struct {
	const char *line;
	void (*show)(struct seq *seq);
} files[] = {
	{"headers tcp", headers_tcp_show},
	{"headers udp", headers_udp_show},
	{"headers processes", headers_processes_show},
};

bool headers_question_is_one(const char *line)
{
	return strncmp(line, "headers ", strlen("headers ")) == 0;
}

status headers_question_ask(struct guest_kernel *kernel, const char *line, struct proc_text *ret_text)
{
	static const struct proc_subject nobody;

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		if (strcmp(files[i].line, line) == 0) {
			TRY(guest_memory_refresh(kernel->memory));
			TRY(proc_enter(kernel, &nobody));
			return proc_text_make(files[i].show, ret_text);
		}
	return report(STATUS_USAGE, "\"%s\" is no question", line);
}
