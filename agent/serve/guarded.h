/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Using memory that somebody else may cut: a guest's RAM file, or one shared with a
 * guest, that becomes shorter is SIGBUS for whoever has it mapped. One guest must
 * not end the agent for all others.
 */
#ifndef AGENT_SERVE_GUARDED_H
#define AGENT_SERVE_GUARDED_H

#include "base/status.h"

/* Handle SIGBUS; once, before threads start. STATUS_IO: reported. */
MUST_USE status guarded_init(void);

/* What work(context) returns, or, where memory vanished under it, STATUS_IO, reported. `work`
 * is left in the middle then: it must hold no lock and own nothing. */
typedef status (*guarded_work)(void *context);
MUST_USE status guarded_run(guarded_work work, void *context);

#endif
