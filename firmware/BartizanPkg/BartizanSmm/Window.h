/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The operating system's memory, for firmware/handler: by page tables of our own (firmware/handler/window.h), which
 * this CPU uses between open and close only. */
#ifndef BARTIZAN_SMM_WINDOW_H
#define BARTIZAN_SMM_WINDOW_H

#include <PiSmm.h>

#include "firmware/handler/window.h"

extern struct firmware_memory gBartizanMemory;

/* Make the tables for `Map`, in SMRAM; nothing is allocated afterwards. EFI_UNSUPPORTED: this CPU, or SMM as it was
 * set up, has no execute-disable. */
EFI_STATUS
WindowInitialize (IN CONST struct firmware_map *Map);

/* Once in each SMI, before gBartizanMemory is used: take over where SMM itself lies. */
VOID
WindowBegin (VOID);

#endif
