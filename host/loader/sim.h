/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend `sim`: SGX's instructions done in software, for machines without
 * them. The image is laid out, measured and its SIGSTRUCT checked as EINIT does;
 * it runs with its pages' permissions, leaves by AEX into its SSA, and gets
 * reports and keys, under a fake root (sim/root.h). It protects nothing from
 * whoever can look into this process: it is for testing and for learning.
 *
 * $BARTIZAN_SIM_STRICT=1: EEXIT isn't patched, CPUID raises #UD inside where the
 * CPU can do that, and the enclave's memory is inaccessible while no thread is
 * inside, so that a system call that is passed one of its addresses fails.
 */
#ifndef HOST_LOADER_SIM_H
#define HOST_LOADER_SIM_H

#include "host/loader/backend.h"

extern const struct backend sim_backend;

#endif
