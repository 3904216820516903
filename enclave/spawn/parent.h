/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program that runs this one, where one does (wire/peer.h). */
#ifndef ENCLAVE_SPAWN_PARENT_H
#define ENCLAVE_SPAWN_PARENT_H

#include "base/status.h"

/* Shake hands with the parent and take from it what a program starts with: arguments, environment,
 * directory and standard streams. Call once, before main(). All faults are reported; without success there is
 * nothing to run. */
MUST_USE status parent_begin(int *ret_argument_count, char ***ret_arguments, char ***ret_environment);

/* The last words: how this program ends, as wait() has it. Harmless where there is no parent. */
void parent_end(int wait_status);

#endif
