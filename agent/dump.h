/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A memory dump as source.
 *
 * An ELF core, as QEMU's dump-guest-memory and makedumpfile -E write it: its
 * program headers say which physical addresses it holds, and QEMU's notes the
 * CPUs' registers. Any other file is raw memory, laid out as the machine's RAM
 * without its hole; where that file is larger than 2 GiB, where the hole was
 * must be known: "dump:FILE,layout=q35" (hole from 2 GiB), "layout=pc" (from
 * 3 GiB), "layout=flat" (the hole is part of the file); without the option
 * whichever has a kernel in it is taken.
 */
#ifndef AGENT_DUMP_H
#define AGENT_DUMP_H

#include "agent/target.h"

/* `text` is "FILE" or "FILE,layout=…". Statuses as target_create(), and
 * STATUS_MALFORMED: a broken or truncated dump; STATUS_UNSUPPORTED: a
 * compressed or foreign one, with how to convert it. */
MUST_USE status dump_target_create(const char *text, struct target **ret_target);

#endif
