/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * EGETKEY and EREPORT as the CPU does them, under the fake root: Intel SDM vol. 3D,
 * chapter 40, "EGETKEY" and "EREPORT", operation sections. The key derivation
 * itself, which Intel doesn't publish, is AES-256-CMAC under the root over struct
 * sim_key_dependencies.
 */
#ifndef SIM_KEY_H
#define SIM_KEY_H

#include <assert.h>
#include <stdint.h>

#include "base/status.h"
#include "sim/root.h"
#include "wire/sgx.h"

/* The fake CPU's security version: text that no CPU has, for ever. Keys can be asked for
 * with any that is lower or equal in every byte. */
extern const uint8_t sim_cpusvn[SGX_CPUSVN_SIZE];

/* KEYDEPENDENCIES (SDM vol. 3D, "EGETKEY", "Key Dependencies"): everything that a
 * key depends on, little-endian. The owner epoch and the fuses are the root's. */
struct sim_key_dependencies {
	uint16_t key_name;
	uint16_t isv_prod_id;
	uint16_t isv_svn;
	uint16_t config_svn;
	uint16_t key_policy;
	uint16_t reserved;
	uint32_t misc_select;
	uint32_t misc_mask;
	uint32_t reserved2;
	struct sgx_attributes attributes;
	struct sgx_attributes attributes_mask;
	uint8_t mrenclave[SGX_HASH_SIZE];
	uint8_t mrsigner[SGX_HASH_SIZE];
	uint8_t key_id[SGX_KEYID_SIZE];
	uint8_t cpusvn[SGX_CPUSVN_SIZE];
	uint8_t isv_family_id[16];
	uint8_t isv_ext_prod_id[16];
	uint8_t config_id[SGX_CONFIG_ID_SIZE];
};
static_assert(sizeof(struct sim_key_dependencies) == 264, "no padding");

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
