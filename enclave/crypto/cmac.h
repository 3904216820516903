/* SPDX-License-Identifier: GPL-2.0-or-later */
/* AES-128-CMAC (NIST SP 800-38B, RFC 4493): what the CPU puts under its reports. */
#ifndef ENCLAVE_CRYPTO_CMAC_H
#define ENCLAVE_CRYPTO_CMAC_H

#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

enum { ENCLAVE_CMAC_SIZE = 16 };

/* STATUS_INTERNAL, reported, if the library fails. */
MUST_USE status enclave_cmac(const uint8_t key[static ENCLAVE_CMAC_SIZE], struct span message,
			     uint8_t ret_mac[static ENCLAVE_CMAC_SIZE]);

#endif
