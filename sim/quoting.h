/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake quoting part of the backend `sim`: outside every enclave, it takes the place of Intel's
 * quoting enclave, and turns a report that was made for it into a quote of version 3 in Intel's
 * format (Intel SGX ECDSA Quote Library Reference, appendix A). Anybody who can read the fake root can
 * make any such quote: vendor, names and versions say so.
 */
#ifndef SIM_QUOTING_H
#define SIM_QUOTING_H

#include "base/status.h"
#include "sim/platform.h"
#include "wire/sgx.h"

enum {
	/* With its chain of certificates; about 2.6 KiB. */
	SIM_QUOTE_SIZE_MAX = 8 << 10,
};

/* For whom reports are made that are to become quotes. STATUS_INTERNAL, reported. */
MUST_USE status sim_quoting_targetinfo(struct sgx_targetinfo *ret_target);

/* `report` was made for sim_quoting_targetinfo() under `root`. STATUS_DENIED, reported: it wasn't.
 * STATUS_LIMIT, reported: `size` is too small. STATUS_INTERNAL, reported. */
MUST_USE status sim_quote_make(const struct sim_root *root, const struct sgx_report *report, uint8_t *quote,
			       size_t size, size_t *ret_size);

#endif
