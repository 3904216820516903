/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Faults in words: said once, where they arise.
 *
 * The message says what was found and what to do next; it has no newline and
 * no "error:" prefix. Where it goes is the environment's choice: a program
 * prints it, a test collects it, firmware drops it. report-hosted.c serves
 * every place that has a C library; other places link their own variant.
 */
#ifndef BASE_REPORT_H
#define BASE_REPORT_H

#include "base/status.h"

/* Receives one finished message; must not keep the pointer. */
typedef void (*report_sink)(void *context, status fault, const char *message);

/* Say what went wrong and return `fault`, so that a function can end with
 * `return report(STATUS_MALFORMED, "…")`. Messages over 1023 bytes are cut. */
MUST_USE __attribute__((format(printf, 2, 3))) status report(status fault, const char *format, ...);

/* The analyzer doesn't see the body: tell it that what comes back is `fault`. */
#ifdef __clang_analyzer__
#define report(fault, ...) ((void)report(fault, __VA_ARGS__), (fault))
#endif

/* Set the receiver for this process; NULL restores the default (stderr,
 * prefixed with the program's name). */
void report_sink_set(report_sink sink, void *context);
/* The present receiver, for whoever sets another one for a while. */
void report_sink_get(report_sink *ret_sink, void **ret_context);

#endif
