/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The store, and the station, expect just the configuration's targets. */
#ifndef VERIFIER_DAEMON_ENROL_H
#define VERIFIER_DAEMON_ENROL_H

#include "base/status.h"
#include "verifier/daemon/config.h"
#include "verifier/ledger/ledger.h"
#include "verifier/station/station.h"

/* `station`: NULL before there is one; else it has nothing pending. As the ledger's, reported: nothing has changed. */
MUST_USE status enrol_targets(const struct config *config, struct ledger *ledger, struct station *station);

/* How often each must look at its target: the station knows them all. */
void enrol_looks(const struct config *config, struct station *station);

#endif
