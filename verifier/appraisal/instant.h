/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Points in time as collateral and users write them: 2025-06-20T00:00:00Z (RFC 3339, UTC,
 * whole seconds). */
#ifndef VERIFIER_APPRAISAL_INSTANT_H
#define VERIFIER_APPRAISAL_INSTANT_H

#include <time.h>

#include "base/status.h"

enum { INSTANT_TEXT_SIZE = sizeof "2025-06-20T00:00:00Z" };

/* STATUS_MALFORMED, not reported: another form, or no such day or hour. */
MUST_USE status instant_parse(const char *text, time_t *ret_instant);
/* Years 0000 to 9999. */
void instant_format(time_t instant, char ret_text[INSTANT_TEXT_SIZE]);

#endif
