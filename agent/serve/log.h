/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's log: stderr, with a priority before each line where systemd reads it
 * (sd-daemon(3)). Faults that were said with report() come here too; each thread
 * remembers its last, to tell its client. Thread-safe.
 */
#ifndef AGENT_SERVE_LOG_H
#define AGENT_SERVE_LOG_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "agent/serve/bucket.h"

enum log_priority {
	LOG_PRIORITY_WARNING = 4,
	LOG_PRIORITY_NOTICE = 5,
	LOG_PRIORITY_INFO = 6,
};

/* For lines that anybody can make: some are written, of the others their number. */
struct log_limit {
	pthread_mutex_t lock; /* for what follows */
	struct bucket lines;
	uint64_t left_out;
};

void log_limit_init(struct log_limit *limit);
/* What this thread says from now on is within the limit; NULL: within none. */
void log_thread_limit_set(struct log_limit *limit);

/* Take over report() for the whole process. */
void log_init(void);

__attribute__((format(printf, 2, 3))) void log_write(enum log_priority priority, const char *format, ...);

/* Whose faults this thread's are, as a word before each line: "client 7". */
void log_thread_name_set(const char *name);
/* Don't log this thread's faults: they are expected. In a program that hasn't called log_init(), and so has one thread
 * that reports, nothing is said at all meanwhile. */
void log_thread_quiet_set(bool quiet);
/* What this thread reports is told to its client, too: a notice here, no warning, so that
 * who runs both doesn't read it twice. */
void log_thread_told_set(bool told);
/* This thread's last fault, in words; "" where there was none since the last call of
 * log_thread_forget(). */
const char *log_thread_last(void);
void log_thread_forget(void);

#endif
