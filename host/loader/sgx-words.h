/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What Linux's SGX driver means by its errors. */
#ifndef HOST_LOADER_SGX_WORDS_H
#define HOST_LOADER_SGX_WORDS_H

#include "base/status.h"

enum sgx_step {
	SGX_STEP_CREATE, /* SGX_IOC_ENCLAVE_CREATE */
	SGX_STEP_ADD, /* SGX_IOC_ENCLAVE_ADD_PAGES */
	SGX_STEP_INIT, /* SGX_IOC_ENCLAVE_INIT */
	SGX_STEP_MAP, /* mmap of the device */
};

/* A sentence on `error` (errno) of a step, and which status it is; never NULL. */
const char *sgx_words_error(enum sgx_step step, int error, status *ret_fault);

/* A sentence on a code of EINIT (SDM vol. 3D, table 37-4): Linux's own driver makes
 * EPERM of them all, others return them as they are. Never NULL. */
const char *sgx_words_einit(int code);

#endif
