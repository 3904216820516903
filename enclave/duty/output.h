/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a program prints, on its way to the verifier. Used by duty.c alone. */
#ifndef ENCLAVE_DUTY_OUTPUT_H
#define ENCLAVE_DUTY_OUTPUT_H

#include <stdbool.h>

#include "base/reader.h"

/* Take over the program's standard output and error; what it prints is also in clear only if `in_clear`. */
void duty_output_take(bool in_clear);
/* Tell the verifier what waits to be a whole piece. */
void duty_output_flush(void);
/* What was said on standard error so far, by program and runtime: its beginning. */
struct span duty_output_errors(void);

#endif
