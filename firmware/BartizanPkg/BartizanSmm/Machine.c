/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "Machine.h"

#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/SmmServicesTableLib.h>
#include <Library/UefiBootServicesTableLib.h>
#include <Protocol/SmmAccess2.h>
#include <Protocol/SmmCpu.h>
#include <Protocol/SmmCpuService.h>

/* What edk2 doesn't give, in a saved state of 64-bit layout (AMD64 Architecture Programmer's Manual vol. 2, table 10-1, as
 * QEMU has it), from where gSmst->CpuSaveState points to (SMBASE + FC00h): CS's attributes are at FE12h of SMBASE, of
 * which bit 13 is L; IDTR's base is at FE88h (edk2 2025.02 gives its lower half twice); EFER is at FED0h. edk2's own LMA says
 * which layout the saved state has, not what the CPU did. */
#define SAVED_CS_ATTRIBUTES  0x212
#define CS_ATTRIBUTE_LONG    0x2000
#define SAVED_IDT_BASE       0x288
#define SAVED_EFER           0x2D0
/* Two that edk2 gives, too, wherever it finds them: by them it shows whether the layout is this one. */
#define SAVED_CR3  0x350
#define SAVED_RAX  0x3F8

STATIC EFI_SMM_CPU_PROTOCOL               *mCpu;
STATIC EFI_SMM_CPU_SERVICE_PROTOCOL       *mCpuService;
STATIC EDKII_SMM_CPU_RENDEZVOUS_PROTOCOL  *mRendezvous;

EFI_STATUS
MachineInitialize (VOID)
{
  EFI_STATUS  Status;

  Status = gSmst->SmmLocateProtocol (&gEfiSmmCpuProtocolGuid, NULL, (VOID **)&mCpu);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  /* Only platforms with relaxed synchronisation have it. */
  if (EFI_ERROR (gSmst->SmmLocateProtocol (&gEdkiiSmmCpuRendezvousProtocolGuid, NULL, (VOID **)&mRendezvous))) {
    mRendezvous = NULL;
  }

  if (EFI_ERROR (gSmst->SmmLocateProtocol (&gEfiSmmCpuServiceProtocolGuid, NULL, (VOID **)&mCpuService))) {
    mCpuService = NULL;
  }

  return EFI_SUCCESS;
}

#define MSR_LSTAR  0xC0000082
/* CPUs whose LSTAR can be told. */
#define LSTAR_COUNT  256
/* Some milliseconds, in all that one SMI asks for: a CPU that is in SMM has nothing else to do. */
#define LSTAR_PATIENCE  100000

/* SMM leaves LSTAR as it is, and no saved state has it: each CPU looks for itself. It may do so after it was told to, by
 * the end of this SMI at the latest, so what it writes to stays. */
struct lstar_answer {
  volatile UINT64     Value;
  volatile BOOLEAN    IsThere;
};

STATIC struct lstar_answer  mLstar[LSTAR_COUNT + 1];

STATIC struct lstar_answer *
LstarOf (IN UINTN Index)
{
  return &mLstar[Index < LSTAR_COUNT ? Index : LSTAR_COUNT];
}

STATIC VOID EFIAPI
ReadLstar (IN OUT VOID *Argument)
{
  struct lstar_answer  *Answer;

  Answer        = Argument;
  Answer->Value = AsmReadMsr64 (MSR_LSTAR);
  MemoryFence ();
  Answer->IsThere = TRUE;
}

/* Is this CPU in SMM? It stays until the SMI ends then. What is said of CPUs has no other way to be asked: one that
 * stayed outside isn't given anything to do (PI vol. 4, SmmStartupThisAp). Its saved state is of an earlier SMI. Always the
 * same procedure with the same argument: a CPU may take both while they are written for the next time. */
STATIC BOOLEAN
IsHere (IN UINTN Index)
{
  struct lstar_answer  *Answer;

  Answer          = LstarOf (Index);
  Answer->IsThere = FALSE;
  if (Index == gSmst->CurrentlyExecutingCpu) {
    ReadLstar (Answer);
    return TRUE;
  }

  return !EFI_ERROR (gSmst->SmmStartupThisAp (ReadLstar, Index, Answer));
}

/* What is left of it in this SMI. */
STATIC UINTN  mPatience;

/* Of a CPU that was found to be here just now, as the link has it. */
STATIC UINT64
TellLstar (IN UINTN Index)
{
  struct lstar_answer  *Answer;

  Answer = LstarOf (Index);
  for ( ; !Answer->IsThere && (mPatience > 0); mPatience--) {
    CpuPause ();
  }

  if ((Index >= LSTAR_COUNT) || !Answer->IsThere) {
    return CPU_LSTAR_LATE;
  }

  return Answer->Value != 0 ? Answer->Value : CPU_LSTAR_NONE;
}

/* Numbers are given to sockets that are empty, too. */
STATIC BOOLEAN
Exists (IN UINTN Index)
{
  EFI_PROCESSOR_INFORMATION  Information;

  return mCpuService == NULL || mCpuService->GetProcessorInfo (mCpuService, Index, &Information) != EFI_NOT_FOUND;
}

/* With relaxed synchronisation CPUs come when they come; the platform says how long they are waited for: twice
 * PcdCpuSmmApSyncTimeout at most, in all. Afterwards each takes one SmmStartupThisAp, which waits for no CPU but one that
 * hasn't yet done what it was given before, in SMM. */
STATIC bool
MachineGather (struct firmware_machine *Machine)
{
  UINTN  Index;

  if ((gSmst->NumberOfCpus > 1) && (mRendezvous != NULL)) {
    mRendezvous->WaitForAllProcessor (mRendezvous, TRUE);
  }

  for (Index = 0; Index < gSmst->NumberOfCpus; Index++) {
    if (!IsHere (Index) && Exists (Index)) {
      return false;
    }
  }

  return true;
}

/* Registers are kept with 8, 4 or 2 bytes. */
STATIC EFI_STATUS
ReadRegister (IN UINTN Index, IN EFI_SMM_SAVE_STATE_REGISTER Register, OUT UINT64 *RetValue)
{
  EFI_STATUS  Status;
  UINTN       Width;

  Status = EFI_NOT_FOUND;
  for (Width = sizeof (UINT64); Width >= sizeof (UINT16); Width /= 2) {
    *RetValue = 0;
    Status    = mCpu->ReadSaveState (mCpu, Width, Register, Index, RetValue);
    if (!EFI_ERROR (Status)) {
      break;
    }
  }

  return Status;
}

/* Where it lies in its saved state. */
STATIC UINT8 *
Saved (IN UINTN Index, IN UINTN Offset)
{
  return (UINT8 *)gSmst->CpuSaveState[Index] + Offset;
}

STATIC UINT64
RegisterOrZero (IN UINTN Index, IN EFI_SMM_SAVE_STATE_REGISTER Register)
{
  UINT64  Value;

  return EFI_ERROR (ReadRegister (Index, Register, &Value)) ? 0 : Value;
}

BOOLEAN
MachineLayoutIsKnown (IN UINTN Index)
{
  UINT64  Cr3, Rax;

  return !EFI_ERROR (ReadRegister (Index, EFI_SMM_SAVE_STATE_REGISTER_CR3, &Cr3)) &&
         !EFI_ERROR (ReadRegister (Index, EFI_SMM_SAVE_STATE_REGISTER_RAX, &Rax)) &&
         (*(UINT64 *)Saved (Index, SAVED_CR3) == Cr3) && (*(UINT64 *)Saved (Index, SAVED_RAX) == Rax);
}

/* All but LSTAR. */
STATIC status
SavedRegisters (IN UINTN Index, OUT struct cpu_registers *RetRegisters)
{
  UINT64  Cr3;

  if (!IsHere (Index) || !MachineLayoutIsKnown (Index) ||
      EFI_ERROR (ReadRegister (Index, EFI_SMM_SAVE_STATE_REGISTER_CR3, &Cr3))) {
    return STATUS_MISSING;
  }

  RetRegisters->cr3       = Cr3;
  RetRegisters->cr0       = RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_CR0);
  RetRegisters->cr4       = RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_CR4);
  RetRegisters->efer      = *(UINT64 *)Saved (Index, SAVED_EFER);
  RetRegisters->idt_base  = *(UINT64 *)Saved (Index, SAVED_IDT_BASE);
  RetRegisters->cpu_index = (uint32_t)Index;
  RetRegisters->cpl       = (uint32_t)(RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_SS) & 3);
  return STATUS_OK;
}

STATIC status
MachineRegisters (struct firmware_machine *Machine, uint32_t Index, struct cpu_registers *RetRegisters)
{
  status  Result;

  if (Index >= gSmst->NumberOfCpus) {
    return STATUS_END;
  }

  Result = SavedRegisters (Index, RetRegisters);
  if (Result == STATUS_OK) {
    RetRegisters->lstar = TellLstar (Index);
  }

  return Result;
}

struct firmware_machine  gBartizanMachine = { MachineRegisters, MachineGather };

STATIC BOOLEAN
HasCallersRegisters (IN UINTN Index, IN UINT8 Command)
{
  return RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_RBX) == SMI_CALLER &&
         (UINT8)RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_RAX) == Command;
}

/* Looked at before, as few have them, and once more: a CPU that comes in between has another saved state then, and what was
 * seen is of an SMI before. From here on it stays. */
STATIC BOOLEAN
IsCaller (IN UINTN Index, IN UINT8 Command)
{
  return HasCallersRegisters (Index, Command) && IsHere (Index) && HasCallersRegisters (Index, Command);
}

/* Did this CPU write to our port? Only platforms whose saved states have I/O information can say so: QEMU's haven't. */
STATIC BOOLEAN
SaysSo (IN UINTN Index)
{
  EFI_SMM_SAVE_STATE_IO_INFO  Information;

  return !EFI_ERROR (mCpu->ReadSaveState (mCpu, sizeof Information, EFI_SMM_SAVE_STATE_REGISTER_IO, Index, &Information)) &&
         (Information.IoPort == SMI_PORT) && (Information.IoType == EFI_SMM_SAVE_STATE_IO_TYPE_OUTPUT);
}

/* Whose question was answered last. */
STATIC UINTN  mLast;

/* Anybody's program can have the caller's registers, and wait for others' SMIs with them. Whose CPU is known to have written
 * comes first; else who comes behind the last one, in a circle, so that each gets his turn. */
STATIC UINTN
FindIndex (IN UINT8 Command)
{
  UINTN  Step, Index, Found;

  Found = gSmst->NumberOfCpus;
  for (Step = 1; Step <= gSmst->NumberOfCpus; Step++) {
    Index = (mLast + Step) % gSmst->NumberOfCpus;
    if (!IsCaller (Index, Command)) {
      continue;
    }

    if (SaysSo (Index)) {
      return Index;
    }

    if (Found == gSmst->NumberOfCpus) {
      Found = Index;
    }
  }

  return Found;
}

EFI_STATUS
MachineFindCaller (IN UINT8 Command, OUT UINTN *RetIndex, OUT struct firmware_caller *RetCaller)
{
  UINTN  Index;

  mPatience = LSTAR_PATIENCE;
  Index     = FindIndex (Command);
  if (Index == gSmst->NumberOfCpus && mRendezvous != NULL) {
    /* Perhaps it isn't here yet. */
    mRendezvous->WaitForAllProcessor (mRendezvous, TRUE);
    Index = FindIndex (Command);
  }

  if (Index == gSmst->NumberOfCpus) {
    return EFI_NOT_FOUND;
  }

  ZeroMem (RetCaller, sizeof *RetCaller);
  if (SavedRegisters (Index, &RetCaller->registers) != STATUS_OK) {
    return EFI_NOT_FOUND;
  }

  RetCaller->is_64_bit = (*(UINT16 *)Saved (Index, SAVED_CS_ATTRIBUTES) & CS_ATTRIBUTE_LONG) != 0;
  RetCaller->buffer    = RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_RDI);
  RetCaller->size      = RegisterOrZero (Index, EFI_SMM_SAVE_STATE_REGISTER_RCX);
  *RetIndex            = Index;
  mLast                = Index;
  return EFI_SUCCESS;
}

VOID
MachineAnswer (IN UINTN Index, IN UINT64 Value)
{
  mCpu->WriteSaveState (mCpu, sizeof Value, EFI_SMM_SAVE_STATE_REGISTER_RBX, Index, &Value);
}

STATIC EFI_STATUS
ForbidSmram (IN OUT struct firmware_map *Map)
{
  EFI_SMM_ACCESS2_PROTOCOL  *Access;
  EFI_SMRAM_DESCRIPTOR      Ranges[16];
  EFI_STATUS                Status;
  UINTN                     Size;
  UINTN                     Index;

  Status = gBS->LocateProtocol (&gEfiSmmAccess2ProtocolGuid, NULL, (VOID **)&Access);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Size   = sizeof Ranges;
  Status = Access->GetCapabilities (Access, &Size, Ranges);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  for (Index = 0; Index < Size / sizeof *Ranges; Index++) {
    if (firmware_map_forbid (Map, (struct guest_pa){Ranges[Index].PhysicalStart}, Ranges[Index].PhysicalSize) != STATUS_OK) {
      return EFI_BAD_BUFFER_SIZE;
    }
  }

  return EFI_SUCCESS;
}

/* The map's next range at or above `From`. FALSE: no more. UEFI promises no order. */
STATIC BOOLEAN
NextRange (IN UINT8 *Map, IN UINTN MapSize, IN UINTN Step, IN UINT64 From, OUT UINT64 *RetStart, OUT UINT64 *RetSize)
{
  EFI_MEMORY_DESCRIPTOR  *Entry;
  BOOLEAN                IsFound;
  UINTN                  Offset;

  IsFound = FALSE;
  for (Offset = 0; Offset + Step <= MapSize; Offset += Step) {
    Entry = (EFI_MEMORY_DESCRIPTOR *)(Map + Offset);
    if (!firmware_map_is_system_memory (Entry->Type) || (Entry->PhysicalStart < From) || (Entry->NumberOfPages == 0)) {
      continue;
    }

    if (!IsFound || (Entry->PhysicalStart < *RetStart)) {
      *RetStart = Entry->PhysicalStart;
      *RetSize  = EFI_PAGES_TO_SIZE (Entry->NumberOfPages);
      IsFound   = TRUE;
    }
  }

  return IsFound;
}

/* Room for a map that grows while it is fetched. */
#define MAP_SIZE_MAX  (64 * 1024)

EFI_STATUS
MachineTakeMap (OUT struct firmware_map *Map)
{
  EFI_STATUS  Status;
  UINT8       *Memory;
  UINTN       Size, Key, Step;
  UINT32      Version;
  UINT64      Start, Length, From;

  Start  = 0;
  Length = 0;
  firmware_map_init (Map);
  Status = gSmst->SmmAllocatePool (EfiRuntimeServicesData, MAP_SIZE_MAX, (VOID **)&Memory);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Size   = MAP_SIZE_MAX;
  Status = gBS->GetMemoryMap (&Size, (EFI_MEMORY_DESCRIPTOR *)Memory, &Key, &Step, &Version);
  for (From = 0; !EFI_ERROR (Status) && NextRange (Memory, Size, Step, From, &Start, &Length); From = Start + Length) {
    if (firmware_map_add_ram (Map, (struct guest_pa){Start}, Length) != STATUS_OK) {
      Status = EFI_BAD_BUFFER_SIZE;
    }
  }

  gSmst->SmmFreePool (Memory);
  return EFI_ERROR (Status) ? Status : ForbidSmram (Map);
}
