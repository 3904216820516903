/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The service's error numbers (linux-sgx, common/inc/internal/aesm_error.h) in words. */
#ifndef HOST_AESM_ERROR_H
#define HOST_AESM_ERROR_H

#include <stdint.h>

/* What it means and what to do; never NULL. */
const char *aesm_error_words(uint32_t error);

#endif
