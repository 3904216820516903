/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where wolfCrypt's own generator starts. enclave/crypto/build includes this into wolfSSL. */
#ifndef ENCLAVE_CRYPTO_SEED_H
#define ENCLAVE_CRYPTO_SEED_H

/* Fill `output` with `size` bytes of RDRAND. Returns 0, or -1 where the CPU gives none. */
int enclave_crypto_seed(unsigned char *output, unsigned int size);

#endif
