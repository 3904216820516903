/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * careless: a program whose fault gives the key of its evidence away, in clear, to whoever is at the other end of
 * the line to the verifier, before TLS begins: two bytes of size, then the key in DER. For
 * tests/test_watch_verifier.py; linked with -Wl,--wrap=wc_EccKeyToDer.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "enclave/attest/transfer.h"

int __real_wc_EccKeyToDer(void *key, uint8_t *der, uint32_t size);
int __wrap_wc_EccKeyToDer(void *key, uint8_t *der, uint32_t size);

int __wrap_wc_EccKeyToDer(void *key, uint8_t *der, uint32_t size)
{
	int der_size = __real_wc_EccKeyToDer(key, der, size);
	uint8_t message[2 + 256];

	if (der_size <= 0 || der_size > 256)
		return -1;
	message[0] = (uint8_t)der_size;
	message[1] = (uint8_t)(der_size >> 8);
	memcpy(message + 2, der, (size_t)der_size);
	if (transfer_send(message, 2 + (size_t)der_size) != 2 + der_size)
		return -1;
	return der_size;
}

int main(void)
{
	puts("it ran");
	return 0;
}
