/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * One result type for the whole project.
 *
 * Zero is success. A positive status is an expected outcome (the page is not
 * mapped, the object has gone) on which the caller decides. A negative status
 * is a fault: it is reported once, in words, where it arises (base/report.h),
 * and forwarded unchanged from there on.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

#define MUST_USE __attribute__((warn_unused_result))

/* nodiscard on the type itself: every call that drops a status is a warning,
 * and warnings are errors. */
typedef enum [[nodiscard]] status {
	STATUS_OK = 0,

	/* Expected outcomes. */
	STATUS_UNMAPPED = 1, /* no translation, or no RAM behind it */
	STATUS_MISSING = 2, /* no such symbol, type, field, file, target */
	STATUS_GONE = 3, /* the target ended, or is no longer the one we attached to */
	STATUS_TORN = 4, /* changed while being read: try again or mark it */
	STATUS_END = 5, /* nothing more to read */

	/* Faults. */
	STATUS_MALFORMED = -1, /* input that breaks its own format */
	STATUS_UNSUPPORTED = -2, /* well-formed, but nothing we know how to read */
	STATUS_LIMIT = -3, /* a bound on a walk, a size or a count was reached */
	STATUS_NO_MEMORY = -4,
	STATUS_IO = -5, /* the operating system refused or failed */
	STATUS_DENIED = -6, /* policy or permission */
	STATUS_MISMATCH = -7, /* two sources of one fact disagree */
	STATUS_USAGE = -8, /* the caller's or the user's mistake */
	STATUS_INTERNAL = -9, /* a bug of ours */
} status;

/* A stable name for messages ("unmapped", "malformed"); never NULL. */
const char *status_name(status s);

static inline int status_is_fault(status s)
{
	return s < 0;
}

/* Forward anything but success to the caller. The one flow macro. */
#define TRY(expression)                            \
	do {                                       \
		status try_status_ = (expression); \
		if (try_status_ != STATUS_OK)      \
			return try_status_;        \
	} while (0)

#endif
