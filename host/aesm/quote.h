/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What came as a quote: is it one, of the right kind, about our report? */
#ifndef HOST_AESM_QUOTE_H
#define HOST_AESM_QUOTE_H

#include "base/reader.h"
#include "base/status.h"
#include "wire/sgx.h"

/* *ret_size is the quote's own: what stands behind it is left out (the service gives as many bytes as it was allowed).
 * Its signatures are the verifier's matter. STATUS_MALFORMED: cut, or about another report; STATUS_UNSUPPORTED: another
 * kind of quote; reported. */
MUST_USE status aesm_quote_check(struct span bytes, const struct sgx_report *report, size_t *ret_size);

#endif
