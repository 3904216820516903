/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Outside SMM, and before anything that isn't this platform's own firmware runs: nobody may make or change the
 * owner's variable any more, and a TPM, where there is one, learns who the source is. Where one of the two can't be had,
 * the SMM driver isn't told that it may serve.
 */
#include <PiDxe.h>

#include <Guid/EventGroup.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/PcdLib.h>
#include <Library/Tpm2CommandLib.h>
#include <Library/Tpm2DeviceLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiLib.h>
#include <Library/VariablePolicyHelperLib.h>
#include <Protocol/BartizanGuard.h>
#include <Protocol/BartizanSource.h>
#include <Protocol/Tcg2Protocol.h>
#include <Protocol/VariablePolicy.h>

#include <BartizanVariable.h>

/* PC Client Platform Firmware Profile 1.05, 3.3.4: the host platform manufacturer's own. The values of 0 to 3
 * are predicted by many, and our nonce is another at each start. */
#define SOURCE_PCR  6

/* As in BartizanSmm.c. */
#define DEBUG_PORT  0x402

/* The event's data in the TPM's log: what it is, then what was hashed. */
#define EVENT_TEXT  "bartizan source"
/* In the place of a source, where none was there in time: 64 zeros, which no key is. */
#define NONE_TEXT   "bartizan nobody"

struct source_event {
  CHAR8                       Text[sizeof EVENT_TEXT];
  struct bartizan_source    Source;
};

/* The source is in the PCR, or may not come into it any more. */
STATIC BOOLEAN  mIsClosed;
STATIC BOOLEAN  mIsLocked;

STATIC VOID
Say (IN CONST CHAR8 *Text)
{
  while (*Text != '\0') {
    IoWrite8 (DEBUG_PORT, (UINT8)*Text++);
  }
}

STATIC EFI_STATUS
Measure (IN EFI_TCG2_PROTOCOL *Tcg2, IN CONST CHAR8 *Text, IN CONST struct bartizan_source *Source)
{
  UINT8            Room[sizeof (EFI_TCG2_EVENT) + sizeof (struct source_event)];
  EFI_TCG2_EVENT   *Event;
  struct source_event     *Data;

  ZeroMem (Room, sizeof Room);
  Event                       = (EFI_TCG2_EVENT *)Room;
  Event->Size                 = (UINT32)(OFFSET_OF (EFI_TCG2_EVENT, Event) + sizeof *Data);
  Event->Header.HeaderSize    = sizeof Event->Header;
  Event->Header.HeaderVersion = EFI_TCG2_EVENT_HEADER_VERSION;
  Event->Header.PCRIndex      = SOURCE_PCR;
  Event->Header.EventType     = EV_COMPACT_HASH;
  Data                        = (struct source_event *)Event->Event;
  CopyMem (Data->Text, Text, sizeof Data->Text);
  CopyMem (&Data->Source, Source, sizeof *Source);
  return Tcg2->HashLogExtendEvent (Tcg2, 0, (EFI_PHYSICAL_ADDRESS)(UINTN)Source, sizeof *Source, Event);
}

/* When either of the two comes, and once at the start: without a TPM, or an SMM driver that serves, the other never
 * does. */
STATIC VOID EFIAPI
HandleProtocol (IN EFI_EVENT Event, IN VOID *Context)
{
  EFI_TCG2_PROTOCOL         *Tcg2;
  struct bartizan_source  *Source;

  if (mIsClosed || EFI_ERROR (gBS->LocateProtocol (&gEfiTcg2ProtocolGuid, NULL, (VOID **)&Tcg2)) ||
      EFI_ERROR (gBS->LocateProtocol (&gBartizanSourceProtocolGuid, NULL, (VOID **)&Source)))
  {
    return;
  }

  mIsClosed = !EFI_ERROR (Measure (Tcg2, EVENT_TEXT, Source));
  Say (mIsClosed ? "bartizan: PCR 6 has the source\n" : "bartizan: the TPM took no measurement\n");
}

STATIC CONST struct bartizan_source  mNobody;

/* Its first register, whichever interface it has (PC Client Platform TPM Profile 1.05: TPM_ACCESS_x, TPM_LOC_STATE_x): where nothing
 * is, all bits are alike. One that isn't ready yet is there, and a command that it doesn't take leaves the PCR open. */
STATIC BOOLEAN
HasTpm (VOID)
{
  UINT8  First;

  First = MmioRead8 ((UINTN)PcdGet64 (PcdTpmBaseAddress));
  return (First != MAX_UINT8) && (First != 0);
}

/* Without edk2's driver for it the TPM is there all the same, and whoever comes later could extend the PCR. That isn't in the
 * event log, which nobody keeps then. */
STATIC EFI_STATUS
CloseDirectly (VOID)
{
  TPM2B_EVENT         Event;
  TPML_DIGEST_VALUES  Digests;
  EFI_STATUS          Status;

  Status = Tpm2RequestUseTpm ();
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Event.size = sizeof mNobody;
  CopyMem (Event.buffer, &mNobody, sizeof mNobody);
  return Tpm2PcrEvent (SOURCE_PCR, &Event, &Digests);
}

STATIC EFI_STATUS
Close (VOID)
{
  EFI_TCG2_PROTOCOL  *Tcg2;

  if (EFI_ERROR (gBS->LocateProtocol (&gEfiTcg2ProtocolGuid, NULL, (VOID **)&Tcg2))) {
    /* Without a TPM there is nothing to close. */
    return HasTpm () ? CloseDirectly () : EFI_SUCCESS;
  }

  if (EFI_ERROR (Measure (Tcg2, NONE_TEXT, &mNobody))) {
    return CloseDirectly ();
  }

  Say ("bartizan: PCR 6 has no source\n");
  return EFI_SUCCESS;
}

/* Policies can be switched off until they are locked. edk2's variable driver does that at the end of DXE itself (VariableSmm.c,
 * SmmEndOfDxeCallback()); that it was done counts here, by whomever. */
STATIC BOOLEAN
LockPolicies (VOID)
{
  EDKII_VARIABLE_POLICY_PROTOCOL  *Policy;
  EFI_STATUS                      Status;
  BOOLEAN                         IsEnabled;

  IsEnabled = FALSE;
  if (EFI_ERROR (gBS->LocateProtocol (&gEdkiiVariablePolicyProtocolGuid, NULL, (VOID **)&Policy))) {
    return FALSE;
  }

  Status = Policy->LockVariablePolicy ();
  return (!EFI_ERROR (Status) || (Status == EFI_WRITE_PROTECTED)) &&
         !EFI_ERROR (Policy->IsVariablePolicyEnabled (&IsEnabled)) && IsEnabled;
}

/* Behind this, code runs that isn't the platform's own: option ROMs, a boot loader. Where no source was measured, the
 * PCR would still be as at the start, and whoever comes first could extend it by a source of his own. */
STATIC VOID EFIAPI
HandleAfterEndOfDxe (IN EFI_EVENT Event, IN VOID *Context)
{
  EFI_HANDLE  Handle;
  BOOLEAN     IsSafe;

  gBS->CloseEvent (Event);
  IsSafe    = mIsClosed || !EFI_ERROR (Close ());
  mIsClosed = TRUE;
  if (!IsSafe) {
    Say ("bartizan: PCR 6 stays open, so there is no service\n");
    return;
  }

  if (!mIsLocked || !LockPolicies ()) {
    Say ("bartizan: the owner's variable can't be locked, so there is no service\n");
    return;
  }

  Handle = NULL;
  gBS->InstallProtocolInterface (&Handle, &gBartizanGuardProtocolGuid, EFI_NATIVE_INTERFACE, NULL);
}

/* An event of our own runs when all others that wait for the end of DXE have run (UEFI 2.10, 7.1: first in, first out at one
 * level): edk2's variable driver makes policies for MOR there, which it couldn't once they were locked. */
STATIC VOID EFIAPI
HandleEndOfDxe (IN EFI_EVENT Event, IN VOID *Context)
{
  EFI_EVENT  After;

  gBS->CloseEvent (Event);
  if (EFI_ERROR (gBS->CreateEvent (EVT_NOTIFY_SIGNAL, TPL_CALLBACK, HandleAfterEndOfDxe, NULL, &After))) {
    Say ("bartizan: no event is left, so there is no service\n");
    return;
  }

  gBS->SignalEvent (After);
}

/* Until the next start, signed or not. Its signer isn't who protects it: edk2 lets anybody delete an authenticated
 * variable where the platform says that a user is present (AuthService.c, ProcessVariable(); OVMF always says so), and who
 * makes the next one is its signer. */
STATIC EFI_STATUS
LockOwner (VOID)
{
  EDKII_VARIABLE_POLICY_PROTOCOL  *Policy;
  EFI_STATUS                      Status;

  Status = gBS->LocateProtocol (&gEdkiiVariablePolicyProtocolGuid, NULL, (VOID **)&Policy);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  return RegisterBasicVariablePolicy (
           Policy, &gBartizanVariableGuid, BARTIZAN_OWNER_VARIABLE, VARIABLE_POLICY_NO_MIN_SIZE, VARIABLE_POLICY_NO_MAX_SIZE,
           VARIABLE_POLICY_NO_MUST_ATTR, VARIABLE_POLICY_NO_CANT_ATTR, VARIABLE_POLICY_TYPE_LOCK_NOW
           );
}

EFI_STATUS EFIAPI
BartizanDxeEntry (IN EFI_HANDLE ImageHandle, IN EFI_SYSTEM_TABLE *SystemTable)
{
  VOID        *Registration;
  EFI_EVENT   EndOfDxe;
  EFI_STATUS  Status;

  mIsLocked = !EFI_ERROR (LockOwner ());
  if (mIsLocked) {
    Say ("bartizan: the owner's variable is locked\n");
  }

  EfiCreateProtocolNotifyEvent (&gEfiTcg2ProtocolGuid, TPL_CALLBACK, HandleProtocol, NULL, &Registration);
  EfiCreateProtocolNotifyEvent (&gBartizanSourceProtocolGuid, TPL_CALLBACK, HandleProtocol, NULL, &Registration);
  Status = gBS->CreateEventEx (EVT_NOTIFY_SIGNAL, TPL_CALLBACK, HandleEndOfDxe, NULL, &gEfiEndOfDxeEventGroupGuid, &EndOfDxe);
  if (EFI_ERROR (Status)) {
    Say ("bartizan: nobody says when DXE ends, so there is no service\n");
  }

  return Status;
}
