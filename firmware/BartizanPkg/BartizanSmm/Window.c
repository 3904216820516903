/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "Window.h"

#include <Library/BaseLib.h>
#include <Library/BaseMemoryLib.h>
#include <Library/SmmServicesTableLib.h>

#define CR3_ADDRESS   0x000FFFFFFFFFF000ULL
#define CR4_LA57      BIT12
#define MSR_EFER      0xC0000080
#define EFER_NXE      BIT11
/* CPUID 8000_0001h, EDX. */
#define CPUID_1G_PAGES  BIT26

STATIC struct firmware_window  mWindow;
STATIC UINTN                   mOwnCr3;
STATIC BOOLEAN                 mInterruptState;

/* The lower half is what this CPU has, code, stack and exceptions' handlers included: edk2 gives each address of SMM there, and
 * changes its tables when it locks; while an SMI is handled it doesn't. */
VOID
WindowBegin (VOID)
{
  CopyMem (mWindow.top, (VOID *)(UINTN)(AsmReadCr3 () & CR3_ADDRESS), sizeof *mWindow.top / 2);
}

STATIC VOID
MemoryOpen (struct firmware_memory *Memory, const struct guest_pa *Writable, uint32_t WritableCount)
{
  firmware_window_set_writable (&mWindow, Writable, WritableCount);
  mInterruptState = SaveAndDisableInterrupts ();
  mOwnCr3         = AsmReadCr3 ();
  /* No page of ours is global, and SMM has no PCIDs: this empties the TLB of both. */
  AsmWriteCr3 ((UINTN)mWindow.root);
}

STATIC VOID
MemoryClose (struct firmware_memory *Memory)
{
  AsmWriteCr3 (mOwnCr3);
  SetInterruptState (mInterruptState);
}

/* A plan's lines, and entries of page tables: some instructions instead of two calls. */
#define LINE_SIZE   64
#define ENTRY_SIZE  8

STATIC VOID
MemoryRead (struct firmware_memory *Memory, struct guest_pa From, void *Destination, uint32_t Size)
{
  if (Size == LINE_SIZE) {
    __builtin_memcpy (Destination, (VOID *)(UINTN)(mWindow.base + From.value), LINE_SIZE);
    return;
  }

  if (Size == ENTRY_SIZE) {
    __builtin_memcpy (Destination, (VOID *)(UINTN)(mWindow.base + From.value), ENTRY_SIZE);
    return;
  }

  CopyMem (Destination, (VOID *)(UINTN)(mWindow.base + From.value), Size);
}

STATIC VOID
MemoryWrite (struct firmware_memory *Memory, struct guest_pa To, const void *Bytes, uint32_t Size)
{
  UINT64  Place;

  Place = firmware_window_writable (&mWindow, To);
  if (Place != 0) {
    CopyMem ((VOID *)(UINTN)Place, Bytes, Size);
  }
}

struct firmware_memory  gBartizanMemory = { MemoryOpen, MemoryClose, MemoryRead, MemoryWrite };

EFI_STATUS
WindowInitialize (IN CONST struct firmware_map *Map)
{
  struct firmware_window_place  Place;
  EFI_PHYSICAL_ADDRESS          Tables;
  EFI_STATUS                    Status;
  UINT32                        Eax, Edx;

  if ((AsmReadMsr64 (MSR_EFER) & EFER_NXE) == 0) {
    return EFI_UNSUPPORTED;
  }

  Edx = 0;
  AsmCpuid (0x80000000, &Eax, NULL, NULL, NULL);
  if (Eax >= 0x80000001) {
    AsmCpuid (0x80000001, NULL, NULL, NULL, &Edx);
  }

  Place.table_count = firmware_window_table_count (Map);
  Status            = gSmst->SmmAllocatePages (AllocateAnyPages, EfiRuntimeServicesData, Place.table_count, &Tables);
  if (EFI_ERROR (Status)) {
    return Status;
  }

  Place.tables       = (struct firmware_table *)(UINTN)Tables;
  Place.physical     = Tables;
  Place.level_count  = (AsmReadCr4 () & CR4_LA57) != 0 ? 5 : 4;
  Place.has_1g_pages = (Edx & CPUID_1G_PAGES) != 0;
  return firmware_window_init (&mWindow, Map, &Place) == STATUS_OK ? EFI_SUCCESS : EFI_OUT_OF_RESOURCES;
}
