/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link's primitives inside an image: wolfCrypt for keys, hashes and signatures, ipsec-mb
 * for AES-256-GCM, RDRAND for random bytes. enclave/crypto/build makes the archives.
 */
#ifndef ENCLAVE_CRYPTO_PRIMITIVES_H
#define ENCLAVE_CRYPTO_PRIMITIVES_H

#include <stdbool.h>

#include "link/primitives.h"

/* The table whose AES-256-GCM uses VAES and AVX-512, or the one for every CPU that has AES-NI
 * and PCLMULQDQ. An image asks no CPUID: `use_vaes` is START_VAES, where XFRM has
 * SGX_XFRM_AVX512. A host that lies about it gets an undefined instruction, nothing else. */
const struct link_primitives *enclave_primitives(bool use_vaes);

#endif
