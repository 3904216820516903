/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * For tests: a model of Linux's SGX driver and of the CPU's ECREATE, EADD,
 * EEXTEND, EINIT and EENTER, as far as the sequence of calls goes. It refuses
 * what they refuse, with their errors, and measures and verifies as they do.
 *
 * Written from asm/sgx.h, from Linux 6.12's arch/x86/kernel/cpu/sgx and from the
 * SDM (vol. 3D, chapters 38 and 40: "Operation" of each instruction), on raw bytes
 * and with OpenSSL's RSA: not a line or a struct is shared with host/image or
 * wire/sgx.h, so that a mistake there doesn't repeat itself here. It runs no code of
 * an enclave: entering it plays a script.
 */
#ifndef HOST_LOADER_FAKE_SGX_H
#define HOST_LOADER_FAKE_SGX_H

#include <stdbool.h>

#include "host/loader/sgx-kernel.h"

/* How the enclave comes out, and what it wants to have seen before. */
struct fake_sgx_step {
	uint32_t leaf; /* 2 EENTER, 3 ERESUME */
	uint64_t rdi, rsi; /* as passed in */
	bool exception;
	uint64_t exit_rdi, exit_rsi;
	uint16_t vector, error_code;
	uint64_t address;
};

/* The machine, which tests change at will after fake_sgx_reset(). */
struct fake_sgx {
	struct {
		bool sgx, sgx1, launch_control, rdrand, epc, fsgsbase, vdso;
		uint64_t attributes, xfrm, xcr0;
		uint32_t misc_select, size_bits;
	} cpu;
	int open_error; /* errno of open(), 0: none */
	bool dev_noexec; /* mount option of /dev */
	bool read_implies_exec; /* personality */

	/* Make the n-th call of open, ioctl, map (from 1) fail with this. */
	uint32_t fail_call;
	int fail_error;
	/* The driver's ioctl returns this number for EINIT's code (other drivers). */
	bool einit_code_returned;
	/* ADD_PAGES stops after so many pages, 0: never. */
	uint32_t pages_per_call;
	/* So many calls are interrupted first. */
	uint32_t interruptions;
	/* ADD_PAGES says that it added so many bytes more than it did. */
	uint64_t count_lie;

	const struct fake_sgx_step *steps;
	uint32_t step_count;

	/* What has been seen. */
	uint32_t call_count; /* of open, ioctl, map */
	uint32_t ioctl_count;
	uint32_t add_count; /* of ADD_PAGES that did something */
	uint32_t open_count; /* descriptors that are open */
	uint64_t mapped_size; /* bytes that are mapped */
	uint32_t steps_done;
	bool initialised;
	int einit_code; /* of the last EINIT */
	uint64_t page_count;
	uint8_t mrenclave[32], mrsigner[32];
	char refusal[256]; /* the last thing that was refused, and why */
};

extern struct fake_sgx fake_sgx;
extern const struct sgx_kernel fake_sgx_kernel;

/* A machine on which all is well, no device open. */
void fake_sgx_reset(void);

/* What the CPU's EINIT says to these 1808 bytes and an enclave with this SECS
 * (4096 bytes) and MRENCLAVE: 0 or the code of SDM table 37-4. */
int fake_sgx_einit(const uint8_t *sigstruct, const uint8_t *secs, const uint8_t *mrenclave);

#endif
