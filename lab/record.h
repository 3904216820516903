/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A running VM's description, a file in its directory. */
#ifndef LAB_RECORD_H
#define LAB_RECORD_H

#include "base/status.h"
#include "lab/lab.h"

/* Appears whole or not at all. STATUS_IO (reported). */
MUST_USE status record_write(const char *machine_path, const struct lab_machine *machine);
/* STATUS_MISSING: none yet; STATUS_MALFORMED. Neither is reported. */
MUST_USE status record_read(const char *machine_path, struct lab_machine *ret_machine);

#endif
