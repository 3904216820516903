/* SPDX-License-Identifier: GPL-2.0-or-later */
/* An appraisal for people and for programs. */
#ifndef VERIFIER_APPRAISAL_PRINT_H
#define VERIFIER_APPRAISAL_PRINT_H

#include <stdio.h>

#include "base/status.h"
#include "verifier/appraisal/appraise.h"

/* Everything that is known, one `name: value` a line, the verdict first; or one JSON object with the
 * same names. STATUS_NO_MEMORY, STATUS_IO: reported. */
MUST_USE status appraisal_print(FILE *file, const struct appraisal *appraisal, const struct appraisal_terms *terms,
				bool as_json);

#endif
