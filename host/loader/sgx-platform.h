/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Can enclaves run on this machine, and with which features? */
#ifndef HOST_LOADER_SGX_PLATFORM_H
#define HOST_LOADER_SGX_PLATFORM_H

#include "base/status.h"
#include "host/loader/sgx-kernel.h"

#define SGX_DEVICE_PATH "/dev/sgx_enclave"

struct sgx_platform {
	vdso_sgx_enter_enclave_t enter;
	uint64_t attributes, xfrm; /* bits that SECS may have here */
	uint32_t misc_select;
	uint32_t enclave_size_bits; /* an enclave's size is less than 2 to this */
};

/* Why not, in words. */
struct sgx_absence {
	char reason[512];
};

/* Look at CPU, kernel, device and permissions; creates no enclave, takes well
 * under a millisecond. Reports nothing, because "no" is an expected outcome.
 * STATUS_MISSING: *absence says what is missing and what to do; elsewhere it stays
 * as it was. */
MUST_USE status sgx_platform_probe(const struct sgx_kernel *kernel, struct sgx_absence *absence,
				   struct sgx_platform *ret_platform);

/* Bytes of an SSA frame that the CPU needs with these (SDM vol. 3D, 38.9). */
uint64_t sgx_platform_frame_size(const struct sgx_kernel *kernel, uint64_t xfrm, uint32_t misc_select);

#endif
