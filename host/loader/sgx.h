/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The backend `sgx` in the runner's table. */
#ifndef HOST_LOADER_SGX_H
#define HOST_LOADER_SGX_H

#include "host/loader/backend.h"
#include "host/loader/sgx-platform.h"

extern const struct backend sgx_backend;

/* Can images run in enclaves here? For who chooses a backend: quick, and says
 * nothing. STATUS_OK, or STATUS_MISSING with the reason in *absence. */
MUST_USE status sgx_backend_works(struct sgx_absence *absence);

#endif
