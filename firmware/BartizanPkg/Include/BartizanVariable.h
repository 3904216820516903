/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The variable with the owner's public key: x and y of a point on P-256. docs/firmware.md. */
#ifndef BARTIZAN_VARIABLE_H
#define BARTIZAN_VARIABLE_H

#define BARTIZAN_OWNER_VARIABLE  L"BartizanOwner"
#define BARTIZAN_OWNER_SIZE      64

/* Without the signature it isn't believed; the operating system may read it. */
#define BARTIZAN_OWNER_ATTRIBUTES \
  (EFI_VARIABLE_NON_VOLATILE | EFI_VARIABLE_BOOTSERVICE_ACCESS | EFI_VARIABLE_RUNTIME_ACCESS | \
   EFI_VARIABLE_TIME_BASED_AUTHENTICATED_WRITE_ACCESS)

extern EFI_GUID  gBartizanVariableGuid;

#endif
