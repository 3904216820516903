/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Two enclaves on one CPU show each other who they are: local attestation (SDM vol. 3D, 39.4.1.1
 * "Intra-platform enclave to enclave attestation"). A program of the backend plain has nothing to show,
 * and believes another one without it; an enclave never does.
 */
#ifndef ENCLAVE_SPAWN_ATTEST_H
#define ENCLAVE_SPAWN_ATTEST_H

#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/primitives.h"
#include "wire/sgx.h"

/* What another enclave makes a report for this one with; zeros in plain. As runtime_report(). */
MUST_USE status attest_target(struct sgx_targetinfo *ret_target);

/* A report for `target` about SHA-256 of `parts`; zeros in plain. STATUS_MALFORMED, reported: `target`,
 * which somebody else sent, is none. As runtime_report(), and faults of the primitives. */
MUST_USE status attest_make(const struct link_primitives *primitives, const struct sgx_targetinfo *target,
			    const struct span *parts, size_t part_count, struct sgx_report *ret_report);

/* Was `report` made on this CPU for this enclave, about these parts, by an enclave whose host can look into it no
 * more than into this one? `who` stands in messages. STATUS_DENIED, reported; faults of the primitives. */
MUST_USE status attest_check(const struct link_primitives *primitives, const char *who, const struct sgx_report *report,
			     const struct span *parts, size_t part_count);

/* Has it this enclave's signer? STATUS_DENIED, reported. */
MUST_USE status attest_check_signer(const char *who, const struct sgx_report *peer_report);

#endif
