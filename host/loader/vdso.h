/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Functions that the kernel maps into every process (vdso(7)). The page comes
 * from our own kernel; it is parsed as carefully as any other file all the same,
 * because tools between (gVisor, valgrind, checkpointers) put their own there.
 */
#ifndef HOST_LOADER_VDSO_H
#define HOST_LOADER_VDSO_H

#include "base/reader.h"
#include "base/status.h"

/* This process's vDSO. STATUS_MISSING: it has none. */
MUST_USE status vdso_locate(struct span *ret_vdso);

/* Where the function `name` begins, as an offset into `vdso`, an ELF file as it
 * lies in memory. Reports nothing.
 * STATUS_MISSING: well-formed, but no such function. STATUS_MALFORMED. */
MUST_USE status vdso_find(struct span vdso, const char *name, uint64_t *ret_offset);

#endif
