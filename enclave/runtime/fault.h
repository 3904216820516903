/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Did anything in this run go wrong that the program itself may not have
 * noticed? Then the run must not end with success.
 */
#ifndef ENCLAVE_RUNTIME_FAULT_H
#define ENCLAVE_RUNTIME_FAULT_H

#include <stdbool.h>

enum {
	/* What a program that returned 0 exits with on partial evidence:
	 * sysexits.h's EX_IOERR. */
	EXIT_PARTIAL_EVIDENCE = 74,
	/* The program never ran: it got no right to watch its target. What env,
	 * timeout and others say, and `bartizan run` itself. */
	EXIT_NOT_RUN = 125,
};

void runtime_fault_note(void);
bool runtime_fault_noted(void);

/* From now on the report of a crash says which exception it was and nothing more: an
 * address may be made of what the program has read. */
void runtime_fault_withhold(void);
bool runtime_fault_is_withheld(void);

#endif
