/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/rdrand.h"
#include "enclave/runtime/runtime.h"

bool runtime_random(void *destination, size_t size)
{
	return rdrand_bytes(destination, size);
}
