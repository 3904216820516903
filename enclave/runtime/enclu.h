/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The two instructions by which an enclave shows who it is. */
#ifndef ENCLAVE_RUNTIME_ENCLU_H
#define ENCLAVE_RUNTIME_ENCLU_H

#include <stdint.h>

#include "base/status.h"
#include "wire/sgx.h"

/* EREPORT (SDM vol. 3D, chapter 40): who we are and `report_data`, with a MAC that
 * the enclave `target` can check. Any alignment.
 * STATUS_UNSUPPORTED: the backend is plain (reported). */
MUST_USE status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
			       struct sgx_report *ret_report);

/* EGETKEY. Any alignment. STATUS_UNSUPPORTED: the backend is plain.
 * STATUS_DENIED: the CPU gives no such key (enum sgx_error, reported). */
MUST_USE status runtime_key(const struct sgx_keyrequest *request, uint8_t ret_key[SGX_KEY_SIZE]);

#endif
