/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Letting a guest stand still for a moment (QMP's stop and cont), and go on in any case.
 *
 * A process of its own does it, made by pauser_start(). It holds the monitor's connection while
 * the guest stands, and lets it go on when it is told to, when the time is over, and when
 * the process that it serves has ended, however that ended. Only who kills that
 * process too leaves a guest that stands.
 *
 * A guest that stood before (its owner stopped it, it crashed) is left as it is. Between two pauses guests run for as
 * long as the first one was: whoever pauses all the time slows them to a half.
 */
#ifndef AGENT_PAUSER_H
#define AGENT_PAUSER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"
#include "guest/memory/source.h"

struct qmp;

/* Make the process, which calls `confine` (NULL: nothing) first and ends where that fails. For the life of
 * this process, once, before its threads. `limit_ms`: how long a guest may stand. STATUS_IO, STATUS_NO_MEMORY;
 * reported. */
MUST_USE status pauser_start(uint32_t limit_ms, status (*confine)(void *context), void *context);

/* Let the guest of the QEMU process stand; `path` is its QMP socket's, "" where it has none. Other
 * callers' pauses, and the time after each, are waited for, one after the other as they asked, if that takes 20 s at
 * most; whoever doesn't end his in time loses it. Thread-safe. STATUS_UNSUPPORTED, reported: pauses aren't allowed
 * here, or its monitor can't be had; STATUS_IO, reported: the helper has ended, or too many wait. */
MUST_USE status pauser_stop(pid_t pid, const char *path);
/* Let it go on, and tell how long it stood. After each success of pauser_stop(), by the same thread where several
 * have pauses. One that was lost is late, and changes nothing. STATUS_IO, reported. */
MUST_USE status pauser_continue(struct source_pause *ret_pause);

/* How many callers of pauser_stop() wait for their turn. */
uint32_t pauser_waiter_count(void);

/* Has this guest's pause the monitor, or wants it now, so that nobody else can ask it? Cheap. */
bool pauser_holds(pid_t pid);

/* To be called with each monitor that answers: where this guest couldn't be told to go on when its pause was over, it
 * is told now. */
void pauser_retry(pid_t pid, struct qmp *qmp);

/* To be called after each copy of memory of a guest that stands: was its time over? Cheap. */
void pauser_note_read(void);

#endif
