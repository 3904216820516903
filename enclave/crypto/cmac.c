/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/crypto/cmac.h"

#include <wolfssl/options.h>
#include <wolfssl/wolfcrypt/cmac.h>

#include "base/report.h"

status enclave_cmac(const uint8_t key[static ENCLAVE_CMAC_SIZE], struct span message,
		    uint8_t ret_mac[static ENCLAVE_CMAC_SIZE])
{
	word32 size = ENCLAVE_CMAC_SIZE;
	int code = wc_AesCmacGenerate(ret_mac, &size, message.data, (word32)message.size, key, ENCLAVE_CMAC_SIZE);

	return code == 0 ? STATUS_OK
			 : report(STATUS_INTERNAL, "wolfCrypt failed to compute a CMAC: its error %d", code);
}
