/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The driver: keys at its start, the memory map at SmmReadyToLock, then one message per SMI. All that
 * decides something is in firmware/handler, which is tested without firmware.
 */
#include "Machine.h"

#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/IoLib.h>
#include <Library/PcdLib.h>
#include <Library/SmmServicesTableLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Library/UefiRuntimeServicesTableLib.h>
#include <Protocol/BartizanGuard.h>
#include <Protocol/BartizanSource.h>
#include <Protocol/SmmReadyToLock.h>
#include <Protocol/SmmVariable.h>

#include <BartizanVariable.h>

#include "OwnerKey.h"
#include "Window.h"
#include "firmware/crypto/primitives.h"

/* What a lab's QEMU writes into a file. A platform with a TPM has PCR 6 as well: BartizanDxe. */
#define DEBUG_PORT  0x402

#define SECONDS_PER_DAY  86400

STATIC struct firmware_handler  *mHandler;
STATIC struct firmware_map      mMap;
STATIC BOOLEAN                  mIsReady;
STATIC UINT64                   mSmiCount;

STATIC VOID
Print (IN CONST CHAR8 *Text)
{
  while (*Text != '\0') {
    IoWrite8 (DEBUG_PORT, (UINT8)*Text++);
  }
}

STATIC VOID
PrintHex (IN CONST UINT8 *Bytes, IN UINTN Size)
{
  UINTN  Index;

  for (Index = 0; Index < Size; Index++) {
    IoWrite8 (DEBUG_PORT, (UINT8)"0123456789abcdef"[Bytes[Index] >> 4]);
    IoWrite8 (DEBUG_PORT, (UINT8)"0123456789abcdef"[Bytes[Index] & 15]);
  }
}

/* RBX afterwards: the refusal, and behind it how many SMIs of ours there were. */
STATIC EFI_STATUS EFIAPI
HandleSmi (IN EFI_HANDLE Handle, IN CONST VOID *Context, IN OUT VOID *Buffer, IN OUT UINTN *BufferSize)
{
  STATIC struct firmware_caller  Caller;
  enum firmware_refusal          Refusal;
  UINTN                          Index;

  if (IoRead8 (SMI_PORT) != SMI_COMMAND) {
    return EFI_WARN_INTERRUPT_SOURCE_QUIESCED;
  }

  mSmiCount++;
  if (EFI_ERROR (MachineFindCaller (SMI_COMMAND, &Index, &Caller))) {
    return EFI_SUCCESS;
  }

  Refusal = FIRMWARE_INTERNAL;
  if (mIsReady) {
    WindowBegin ();
    Refusal = firmware_handler_call (mHandler, &Caller);
  }

  MachineAnswer (Index, (UINT64)Refusal | LShiftU64 (mSmiCount, SMI_REFUSAL_BITS));
  return EFI_SUCCESS;
}

/* The end of DXE has been: what BartizanDxe does was done, or couldn't be. */
STATIC EFI_STATUS EFIAPI
HandleReadyToLock (IN CONST EFI_GUID *Protocol, IN VOID *Interface, IN EFI_HANDLE Handle)
{
  VOID  *Guard;

  if (EFI_ERROR (gBS->LocateProtocol (&gBartizanGuardProtocolGuid, NULL, &Guard))) {
    Print ("bartizan: the owner's variable isn't locked, or PCR 6 is open: no service\n");
    return EFI_SUCCESS;
  }

  if (!MachineLayoutIsKnown (gSmst->CurrentlyExecutingCpu)) {
    Print ("bartizan: CPUs' saved states aren't laid out as this driver has it: no service\n");
    return EFI_SUCCESS;
  }

  mIsReady = !EFI_ERROR (MachineTakeMap (&mMap)) && !EFI_ERROR (WindowInitialize (&mMap));
  Print (mIsReady ? "bartizan: the memory map is taken\n" : "bartizan: no memory map, no service\n");
  return EFI_SUCCESS;
}

/* The owner is built in; or, where the build says so, stands in a variable, which BartizanDxe locks.
 * Never both: who could make a missing variable would take the place of the other. */
STATIC EFI_STATUS
FindOwner (OUT UINT8 *RetKey)
{
  EFI_SMM_VARIABLE_PROTOCOL  *Variables;
  EFI_STATUS                 Status;
  UINT8                      Key[BARTIZAN_OWNER_SIZE];
  UINT32                     Attributes;
  UINTN                      Size;

  if (!mOwnerInVariable) {
    CopyMem (RetKey, mOwnerKey, BARTIZAN_OWNER_SIZE);
    return EFI_SUCCESS;
  }

  Size   = sizeof Key;
  Status = gSmst->SmmLocateProtocol (&gEfiSmmVariableProtocolGuid, NULL, (VOID **)&Variables);
  if (!EFI_ERROR (Status)) {
    Status = Variables->SmmGetVariable (BARTIZAN_OWNER_VARIABLE, &gBartizanVariableGuid, &Attributes, &Size, Key);
  }

  if (EFI_ERROR (Status) || (Size != sizeof Key) || (Attributes != BARTIZAN_OWNER_ATTRIBUTES)) {
    Print ("bartizan: no owner in the variable BartizanOwner: no service\n");
    return EFI_NOT_FOUND;
  }

  CopyMem (RetKey, Key, sizeof Key);
  return EFI_SUCCESS;
}

/* For what isn't done in SMM: BartizanDxe. */
STATIC EFI_STATUS
TellSource (VOID)
{
  struct bartizan_source  *Source;
  EFI_HANDLE              Handle;
  EFI_STATUS              Status;

  Status = gBS->AllocatePool (EfiBootServicesData, sizeof *Source, (VOID **)&Source);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  CopyMem (Source->Key, mHandler->binding.source_key, sizeof Source->Key);
  CopyMem (Source->Nonce, mHandler->binding.source_nonce, sizeof Source->Nonce);
  Handle = NULL;
  return gBS->InstallProtocolInterface (&Handle, &gBartizanSourceProtocolGuid, EFI_NATIVE_INTERFACE, Source);
}

/* In seconds since 1970: days since then by the calendar's rule, January and February counted as the year's before. */
STATIC UINT64
SecondsOf (IN CONST EFI_TIME *Time)
{
  UINT64  Year, Month, Days;

  Year  = Time->Month <= 2 ? Time->Year - 1 : Time->Year;
  Month = Time->Month <= 2 ? Time->Month + 9 : Time->Month - 3;
  Days  = Year * 365 + Year / 4 - Year / 100 + Year / 400 + (Month * 153 + 2) / 5 + Time->Day - 1 - 719468;
  return Days * SECONDS_PER_DAY + Time->Hour * 3600 + Time->Minute * 60 + Time->Second;
}

/* By the machine's clock, before an operating system runs that could set it in this start. Less a day: it may go by any zone's time.
 * 0: it says nothing. */
STATIC UINT64
EarliestTime (VOID)
{
  EFI_TIME  Time;

  if (!FeaturePcdGet (PcdBartizanClockAtStart) || EFI_ERROR (gRT->GetTime (&Time, NULL)) || (Time.Year <= 1970) ||
      (Time.Month < 1) || (Time.Month > 12) || (Time.Day < 1))
  {
    Print ("bartizan: no clock, grants end by their quota\n");
    return 0;
  }

  return SecondsOf (&Time) - SECONDS_PER_DAY;
}

STATIC EFI_STATUS
MakeHandler (VOID)
{
  struct firmware_settings  Settings;
  EFI_STATUS                Status;

  ZeroMem (&Settings, sizeof Settings);
  if (firmware_primitives (&Settings.primitives) != STATUS_OK) {
    Print ("bartizan: this CPU lacks AES-NI, PCLMULQDQ or RDRAND: no service\n");
    return EFI_UNSUPPORTED;
  }

  Status = FindOwner (Settings.owner_key);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gSmst->SmmAllocatePages (AllocateAnyPages, EfiRuntimeServicesData, EFI_SIZE_TO_PAGES (sizeof *mHandler),
                                    (EFI_PHYSICAL_ADDRESS *)&mHandler);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Settings.target        = SMI_TARGET;
  Settings.accept_sim    = mAcceptSim;
  Settings.earliest_time = EarliestTime ();
  Settings.map           = &mMap;
  Settings.memory        = &gBartizanMemory;
  Settings.machine       = &gBartizanMachine;
  return firmware_handler_init (mHandler, &Settings) == STATUS_OK ? EFI_SUCCESS : EFI_DEVICE_ERROR;
}

EFI_STATUS EFIAPI
BartizanSmmEntry (IN EFI_HANDLE ImageHandle, IN EFI_SYSTEM_TABLE *SystemTable)
{
  EFI_HANDLE  Handle;
  EFI_STATUS  Status;
  VOID        *Registration;

  Status = MachineInitialize ();
  if (!EFI_ERROR (Status)) {
    Status = MakeHandler ();
  }

  if (EFI_ERROR (Status)) {
    return Status;
  }

  /* Before any operating system: a key that one of those hands over proves nothing. */
  Print ("bartizan: source key ");
  PrintHex (mHandler->binding.source_key, sizeof mHandler->binding.source_key);
  Print (" nonce ");
  PrintHex (mHandler->binding.source_nonce, sizeof mHandler->binding.source_nonce);
  Print ("\n");
  Status = TellSource ();
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Status = gSmst->SmmRegisterProtocolNotify (&gEfiSmmReadyToLockProtocolGuid, HandleReadyToLock, &Registration);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Handle = NULL;
  return gSmst->SmiHandlerRegister (HandleSmi, NULL, &Handle);
}
