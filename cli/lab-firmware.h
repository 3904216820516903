/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bartizan lab up --firmware`: a guest that watches itself through its firmware (docs/smm.md). Around the VM:
 * the firmware, made for this user's owner key; a fake root for the simulated CPU; and outside the guest a
 * grantor, which signs for the source that the firmware said it is before any operating system ran.
 */
#ifndef CLI_LAB_FIRMWARE_H
#define CLI_LAB_FIRMWARE_H

#include "base/status.h"
#include "lab/lab.h"

/* The port in the guest, behind which its grantor is. */
#define LAB_FIRMWARE_GRANTOR "grantor"

/* Boot it. `firmware`: "smm" (built, or taken from the cache), or an absolute directory with OVMF_CODE.fd and
 * OVMF_VARS.fd. As lab_up(); STATUS_MISSING: the sources that it is built from aren't there. */
MUST_USE status lab_firmware_up(const struct lab_options *options, const char *firmware);

#endif
