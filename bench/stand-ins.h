/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * enclave/link in a program that is no enclave: what stands in the places of start.c, enclu.c and an image's manifest.
 * Whoever links stand-ins.c defines enclave_primitives() (OpenSSL and ipsec-mb, as the agent has them, or what it
 * likes) and runtime_enter_host(), the host who answers CALL_GRANT and CALL_LINK_WAIT.
 */
#ifndef BENCH_STAND_INS_H
#define BENCH_STAND_INS_H

#include "link/session.h"
#include "wire/call.h"
#include "wire/link-ring.h"

enum { STAND_IN_MEASUREMENT_BYTE = 0x11 }; /* each byte of MRENCLAVE in the report */

/* Whom the enclave asks for what; filled in before enclave_link_start(). */
struct stand_in {
	struct link_binding binding;
	char target[START_TARGET_SIZE];
	struct call_window window __attribute__((aligned(4096)));
	struct link_ring ring __attribute__((aligned(4096)));
};

extern struct stand_in stand_in;

#endif
