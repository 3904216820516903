/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program runs in, where the user doesn't say: docs/run.md. */
#ifndef CLI_CHOOSE_BACKEND_H
#define CLI_CHOOSE_BACKEND_H

#include <stdbool.h>

#include "host/loader/backend.h"

/* By name; without one (NULL) sgx where it works (`sgx_works`), else sim: never without an enclave
 * unless that is asked for. STATUS_USAGE: no backend has the name (reported). */
MUST_USE status choose_backend(const char *name, bool (*sgx_works)(void), const struct backend **ret_backend);

#endif
