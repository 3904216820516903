/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The enclave's end of the link: from the start's hints to a session with a source that
 * the owner's grant names, and what the grant allows. docs/run.md, docs/link.md.
 *
 * One session per run. A record that isn't what the source sent ends it; nothing of
 * the target is read by another way then.
 */
#ifndef ENCLAVE_LINK_LINK_H
#define ENCLAVE_LINK_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"
#include "guest/memory/source.h"

/* Where a link was given: make a key, get a grant for it, shake hands. Call once, before the
 * program can do anything; without the grant's right to local output, what the program
 * writes is withheld from then on (output.h). STATUS_OK without a link, too. Everything else is reported
 * and means that the target can't be watched. */
MUST_USE status enclave_link_start(void);

/* The end of the run: forget the keys and the last pages that came. Nothing of the target can be
 * read afterwards. Harmless without a link. */
void enclave_link_end(void);

/* The target's memory through the session. NULL without a link. */
struct page_source *enclave_link_source(void);

/* May what lies in processes' own memory be shown: does the grant give the right `user`? The source can't judge that,
 * to which it is physical memory as any other (docs/agent.md). True without a link: whoever runs the program reads as
 * he likes. */
bool enclave_link_may_read_user(void);

/* From now on the source shows an epoch that other programs share: one that is there, or with `is_new` one
 * that begins now. Its `now` shows memory as it is. STATUS_USAGE: no such epoch, or no name; STATUS_LIMIT,
 * STATUS_UNSUPPORTED: not this agent; and faults of the session; all reported. */
MUST_USE status enclave_link_epoch_enter(const char *name, bool is_new);

/* Is the source the firmware of the machine that this program runs on? Then no boot of the target comes while it runs:
 * one that does ends the program, and the session's keys with it. The name is the grant's, and the source's own, or no
 * session stands. */
bool enclave_link_is_of_this_machine(void);

/* Number of the target's boot as the source last counted it; 0 without a link. */
uint64_t enclave_link_epoch(void);

#endif
