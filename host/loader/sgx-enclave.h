/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend `sgx`: an image in an enclave of the CPU, by /dev/sgx_enclave and
 * the vDSO of Linux 5.11 and newer (Documentation/arch/x86/sgx.rst, asm/sgx.h).
 */
#ifndef HOST_LOADER_SGX_ENCLAVE_H
#define HOST_LOADER_SGX_ENCLAVE_H

#include <stdbool.h>

#include "host/image/image.h"
#include "host/loader/backend.h"
#include "host/loader/sgx-platform.h"

struct sgx_enclave {
	const struct sgx_kernel *kernel;
	vdso_sgx_enter_enclave_t enter;
	uint8_t *base;
	uint64_t size; /* 0: nothing is mapped */
	int fd; /* -1 once the enclave is loaded: the mappings keep it */
	uint64_t tcs_offset[IMAGE_THREAD_COUNT_MAX];
	uint32_t thread_count;
	uint8_t *stacks; /* a thread's own while it is inside, and of signal handlers meanwhile; NULL: none */
	struct enclave_counts counts;
};

/* Create, fill, measure and initialise the enclave and map its pages. The CPU
 * checks measurement and signature: it runs what was signed or nothing.
 * STATUS_UNSUPPORTED: SGX doesn't work here, or not as the SIGSTRUCT wants it.
 * STATUS_DENIED: the CPU doesn't accept the SIGSTRUCT. STATUS_NO_MEMORY.
 * STATUS_IO: the driver refuses something else. All are reported, and leave
 * nothing behind. On success the caller owes sgx_enclave_deinit(). */
MUST_USE status sgx_enclave_init(const struct sgx_kernel *kernel, const struct image *image,
				 const struct sgx_sigstruct *sigstruct, struct sgx_enclave *ret_enclave);
/* No thread may be inside. */
void sgx_enclave_deinit(struct sgx_enclave *enclave);

/* How the CPU came back. */
struct sgx_exit {
	bool exception; /* inside, by an exception that Linux would make a signal of */
	uint64_t rdi, rsi; /* no exception: as the image left them at EEXIT */
	/* An exception: what the kernel says of it. Inside, the SSA frame has more. */
	uint16_t vector, error_code;
	uint64_t address; /* of #PF; the page's, inside */
};

/* EENTER (or, with `resume`, ERESUME) thread `thread`, which is not inside
 * already. Returns when the image exits or an exception stops it; interrupts and
 * pages that the kernel must fetch back are its own business.
 * STATUS_IO: the CPU doesn't let anybody in: the enclave has lost its memory (the
 * machine slept, the virtual machine moved), or no SSA frame is free. STATUS_INTERNAL.
 * Both are reported. */
MUST_USE status sgx_enclave_enter(struct sgx_enclave *enclave, uint32_t thread, bool resume, uint64_t rdi, uint64_t rsi,
				  struct sgx_exit *ret_exit);

#endif
