/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A VM on firmware of ours, instead of QEMU's BIOS. */
#ifndef LAB_FIRMWARE_H
#define LAB_FIRMWARE_H

#include "lab/lab.h"
#include "lab/words.h"

#define FIRMWARE_CODE "OVMF_CODE.fd"
#define FIRMWARE_VARIABLES "OVMF_VARS.fd"
/* In the VM's directory. */
#define FIRMWARE_OWN_VARIABLES "variables.fd"
#define FIRMWARE_LOG "firmware.log"

/* Are both files in the directory? STATUS_USAGE, reported: not. */
MUST_USE status firmware_check(const char *directory);
/* The VM's own variables, new. STATUS_IO, STATUS_MISSING; reported. */
MUST_USE status firmware_prepare(const char *directory, const char *machine_path);
/* QEMU's options for it; `state` is escaped for them. STATUS_NO_MEMORY, reported. */
MUST_USE status firmware_words(const char *directory, const char *state, struct words *words);

/* The line in which the driver says who it is, in all that firmware wrote. STATUS_MISSING: none, or more than one. */
MUST_USE status firmware_find_source(const char *log, struct lab_source *ret_source);

#endif
