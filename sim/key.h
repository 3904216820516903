/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EGETKEY and EREPORT as the CPU does them, under the fake root: Intel SDM vol. 3D,
 * chapter 40, "EGETKEY" and "EREPORT", operation sections. The key derivation
 * itself, which Intel doesn't publish, is AES-CMAC-128 under the root over the
 * KEYDEPENDENCIES structure, laid out as sim/key.c says.
 */
#ifndef SIM_KEY_H
#define SIM_KEY_H

#include <stdint.h>

#include "base/status.h"
#include "sim/root.h"
#include "wire/sgx.h"

/* The fake CPU's security version: fixed, 16 bytes "BARTIZAN-SIM" and zeros, the
 * first one at 1. Neither more nor less than it exists. */
extern const uint8_t sim_cpusvn[SGX_CPUSVN_SIZE];

/* EGETKEY by the enclave `secs`. *ret_error is what the instruction leaves in RAX:
 * SGX_SUCCESS and the key, or an enum sgx_error and no key.
 * STATUS_MALFORMED: the instruction raises #GP (reserved bits set); nothing is
 * reported, since a program's mistake is its own. STATUS_INTERNAL: OpenSSL failed. */
MUST_USE status sim_key_get(const struct sim_root *root, const struct sgx_secs *secs,
			    const struct sgx_keyrequest *request, uint64_t *ret_error, uint8_t ret_key[SGX_KEY_SIZE]);

/* EREPORT by the enclave `secs` for `target`. STATUS_MALFORMED: #GP (reserved bits
 * set in `target`), not reported. STATUS_INTERNAL: OpenSSL failed. */
MUST_USE status sim_report_make(const struct sim_root *root, const struct sgx_secs *secs,
				const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
				struct sgx_report *ret_report);

/* Was `report` made for `target` under this root? What the target itself does with
 * its report key; whoever holds the root can do it for any target.
 * STATUS_DENIED: no (reported). STATUS_INTERNAL: OpenSSL failed. */
MUST_USE status sim_report_verify(const struct sim_root *root, const struct sgx_report *report,
				  const struct sgx_targetinfo *target);

#endif
