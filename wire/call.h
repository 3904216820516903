/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Calls that leave an image (enclave) for the untrusted host, and the block
 * with which the host starts it. Every answer is hostile.
 *
 * Numbers below CALL_OWN_BASE are Linux x86-64 system calls, restricted to the
 * ones that the image's manifest lists; own calls start there.
 */
#ifndef WIRE_CALL_H
#define WIRE_CALL_H

#include <stdint.h>

enum {
	CALL_OWN_BASE = 0x10000,
	/* Page source (guest/memory/source.h). Arguments and answers as there;
	 * the result is a status from base/status.h. */
	CALL_SOURCE_READ_PAGES = CALL_OWN_BASE, /* addresses, count, pages, results */
	CALL_SOURCE_RAM_MAP, /* struct ram_map */
	CALL_SOURCE_REGISTERS, /* cpu index, struct cpu_registers */
	CALL_SOURCE_CHECK, /* – */
	/* End the program: exit code. Doesn't return. */
	CALL_EXIT,
};

#endif
