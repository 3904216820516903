/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a guest of the lab needs and the distribution doesn't have is built by scripts of the source tree. */
#ifndef CLI_LAB_BUILD_H
#define CLI_LAB_BUILD_H

#include "base/status.h"

/* Run tools/build/`script` with the arguments (NULL ends them); *ret_output is what it prints, to be freed: where the
 * result is. STATUS_MISSING, reported: there is no source tree around this program; `hint` says what to do then.
 * STATUS_IO, reported: it failed, and said why itself. STATUS_NO_MEMORY, reported. */
MUST_USE status lab_build(const char *script, const char *const *arguments, const char *hint, char **ret_output);

#endif
