/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotes of this enclave: CALL_QUOTE_TARGET, CALL_QUOTE. */
#ifndef ENCLAVE_ATTEST_QUOTE_H
#define ENCLAVE_ATTEST_QUOTE_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/evidence.h"
#include "wire/sgx.h"

/* A quote over `report_data`, made by the host's quoting part. The host may give anything in its place:
 * the verifier notices. `quote` has EVIDENCE_QUOTE_SIZE_MAX bytes. STATUS_UNSUPPORTED: this backend has no quotes;
 * STATUS_IO: the host gave none; STATUS_MALFORMED: it answered what can't be; all reported. */
MUST_USE status attest_quote(const uint8_t report_data[SGX_REPORT_DATA_SIZE], uint8_t *quote, size_t *ret_size);

#endif
