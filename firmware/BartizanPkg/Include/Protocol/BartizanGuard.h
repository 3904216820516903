/* SPDX-License-Identifier: GPL-2.0-or-later */
/* There is at the end of DXE, and without an interface: BartizanDxe has done its part, so the SMM driver may serve. What nobody
 * locked or measured must not be relied upon, and nobody who relies on it reads firmware's messages. */
#ifndef BARTIZAN_GUARD_H
#define BARTIZAN_GUARD_H

extern EFI_GUID  gBartizanGuardProtocolGuid;

#endif
