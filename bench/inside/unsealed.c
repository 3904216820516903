/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linked with --wrap=enclave_primitives: an image that seals nothing (bench/unsealed.h). */
#include "bench/unsealed.h"
#include "enclave/crypto/primitives.h"

const struct link_primitives *__real_enclave_primitives(bool use_vaes);
const struct link_primitives *__wrap_enclave_primitives(bool use_vaes);

const struct link_primitives *__wrap_enclave_primitives(bool use_vaes)
{
	return unsealed_primitives(__real_enclave_primitives(use_vaes));
}
