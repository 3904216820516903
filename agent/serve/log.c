/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/log.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/serve/clock.h"
#include "base/report.h"

enum {
	LINE_SIZE = 1200,
	/* Enough to see what goes on; 2 MB a day. */
	LIMITED_PER_SECOND = 1,
	LIMITED_BURST = 100,
};

static bool with_priority;
static _Thread_local char thread_name[64], last[LINE_SIZE];
static _Thread_local bool is_quiet, is_told;
static _Thread_local struct log_limit *thread_limit;

/* One write a line: lines of several threads don't mix. */
static void put_line(enum log_priority priority, const char *message)
{
	char line[LINE_SIZE + 128], prefix[8] = "";
	const char *name = thread_name;

	if (with_priority)
		snprintf(prefix, sizeof prefix, "<%d>", (int)priority);
	int size = snprintf(line, sizeof line, "%sbartizan-agent: %s%s%s\n", prefix, name, name[0] != 0 ? ": " : "",
			    message);
	if (size >= (int)sizeof line) {
		size = sizeof line - 1;
		line[size - 1] = '\n';
	}
	/* Names come from others, a QEMU's command line above all: they make no lines of
	 * their own, and steer no terminal. The rest may be UTF-8. */
	for (int i = 0; i < size - 1; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = '?';
	if (size > 0)
		(void)!write(STDERR_FILENO, line, (size_t)size);
}

/* How many lines were left out before one that may be written; −1: it mayn't. */
static int64_t take(struct log_limit *limit)
{
	pthread_mutex_lock(&limit->lock);
	bool taken = bucket_take(&limit->lines, clock_ns());
	int64_t left_out = taken ? (int64_t)limit->left_out : -1;
	limit->left_out = taken ? 0 : limit->left_out + 1;
	pthread_mutex_unlock(&limit->lock);
	return left_out;
}

static void put(enum log_priority priority, const char *message)
{
	int64_t left_out = thread_limit != NULL ? take(thread_limit) : 0;
	char more[128];

	if (left_out < 0)
		return;
	if (left_out > 0) {
		snprintf(more, sizeof more, "%" PRId64 " more lines about clients that proved no enclave", left_out);
		put_line(LOG_PRIORITY_NOTICE, more);
	}
	put_line(priority, message);
}

static void sink(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last, sizeof last, "%s", message);
	if (!is_quiet)
		put(is_told ? LOG_PRIORITY_NOTICE : LOG_PRIORITY_WARNING, message);
}

void log_init(void)
{
	with_priority = getenv("JOURNAL_STREAM") != NULL;
	report_sink_set(sink, NULL);
}

void log_write(enum log_priority priority, const char *format, ...)
{
	char message[LINE_SIZE];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof message, format, arguments);
	va_end(arguments);
	put(priority, message);
}

void log_limit_init(struct log_limit *limit)
{
	*limit = (struct log_limit){.lock = PTHREAD_MUTEX_INITIALIZER};
	bucket_init(&limit->lines, LIMITED_PER_SECOND, LIMITED_BURST, clock_ns());
}

void log_thread_limit_set(struct log_limit *limit)
{
	thread_limit = limit;
}

void log_thread_name_set(const char *name)
{
	snprintf(thread_name, sizeof thread_name, "%s", name);
}

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

void log_thread_quiet_set(bool quiet)
{
	static report_sink loud;
	static void *loud_context;
	report_sink current;
	void *context;

	is_quiet = quiet;
	/* Ours asks whose message it is: others are heard while this thread is quiet. */
	report_sink_get(&current, &context);
	if (current == sink)
		return;
	if (quiet && current != drop) {
		loud = current;
		loud_context = context;
		report_sink_set(drop, NULL);
	} else if (!quiet && current == drop) {
		report_sink_set(loud, loud_context);
	}
}

void log_thread_told_set(bool told)
{
	is_told = told;
}

const char *log_thread_last(void)
{
	return last;
}

void log_thread_forget(void)
{
	last[0] = 0;
}
