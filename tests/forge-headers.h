/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions for the files of guest/headers, which no image but paper-files has. */
#ifndef TESTS_FORGE_HEADERS_H
#define TESTS_FORGE_HEADERS_H

#include <stdbool.h>

#include "guest/kernel/kernel.h"
#include "guest/proc/running.h"

/* "headers tcp", "headers udp", "headers processes"? */
bool headers_question_is_one(const char *line);
/* In a new epoch. As paper-files makes it; the status of proc_text_make(), STATUS_USAGE where there is no such file. */
status headers_question_ask(struct guest_kernel *kernel, const char *line, struct proc_text *ret_text);

#endif
