/* SPDX-License-Identifier: GPL-2.0-or-later */
/* This machine, for firmware/handler: its memory map, its CPUs' saved states. EFI_STATUS ends here. */
#ifndef BARTIZAN_SMM_MACHINE_H
#define BARTIZAN_SMM_MACHINE_H

#include <PiSmm.h>

#include "firmware/handler/handler.h"

extern struct firmware_machine gBartizanMachine;

/* Find the protocols that saved states are read by. */
EFI_STATUS
MachineInitialize (VOID);

/* Does what is known of the saved states' layout (Machine.c) fit this CPU's, which is in SMM? */
BOOLEAN
MachineLayoutIsKnown (IN UINTN Index);

/* RAM from firmware's memory map, without SMRAM and what firmware keeps for itself. Before
 * SmmReadyToLock: afterwards boot services aren't to be trusted, and then they are gone. */
EFI_STATUS
MachineTakeMap (OUT struct firmware_map *Map);

/* The CPU that made this SMI: one whose RBX is the magic number and whose AL is the command. Where saved states say who
 * wrote to the port, that one; else whoever has those registers, each in turn. EFI_NOT_FOUND: none. */
EFI_STATUS
MachineFindCaller (IN UINT8 Command, OUT UINTN *RetIndex, OUT struct firmware_caller *RetCaller);

/* What the caller finds in RBX. */
VOID
MachineAnswer (IN UINTN Index, IN UINT64 Value);

#endif
