/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For tests: SIGSTRUCTs made from raw bytes, without host/image. */
#ifndef HOST_LOADER_FAKE_SGX_SIGN_H
#define HOST_LOADER_FAKE_SGX_SIGN_H

#include <stdint.h>

enum { FAKE_SGX_SIGSTRUCT_SIZE = 1808 };

/* Header, MODE64BIT, XFRM 3 with everything demanded but XFRM's and MISCSELECT's
 * optional bits, this MRENCLAVE: all but what the signature fills in. */
void fake_sgx_sigstruct_init(uint8_t *sigstruct, const uint8_t mrenclave[32]);

/* Sign with a key that is new in each process: exponent, modulus, signature, Q1, Q2. */
void fake_sgx_sigstruct_sign(uint8_t *sigstruct);

#endif
