/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How the target's kernel prints its pointers. */
#ifndef GUEST_PROC_POINTER_H
#define GUEST_PROC_POINTER_H

#include <stdbool.h>

#include "guest/kernel/guest-call.h"

enum {
	/* 16 characters and the NUL. */
	POINTER_TEXT_SIZE = 17,
};

/* As %pK prints it for a reader with CAP_SYSLOG, as root's `cat` in the target
 * has: hashed, plain or zeroes, as the target's kptr_restrict says. */
GUEST_C void pointer_text_restricted(char text[POINTER_TEXT_SIZE], const void *pointer);

/* As %p prints it: hashed, or plain after no_hash_pointers. */
GUEST_C void pointer_text(char text[POINTER_TEXT_SIZE], const void *pointer);

/* Does root see addresses in files that check who asks (kallsyms_show_value())? */
GUEST_C bool pointers_are_shown(void);

/* Roots of a plan (guest/proc/ahead.h): what decides how pointers are printed. */
GUEST_C void pointer_ahead(void);

#endif
