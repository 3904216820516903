/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection behind a ledger. Internal to verifier/ledger. */
#ifndef VERIFIER_LEDGER_DATABASE_H
#define VERIFIER_LEDGER_DATABASE_H

#include <sqlite3.h>

#include "verifier/ledger/ledger.h"

/* Lives as long as the ledger. */
sqlite3 *ledger_database(struct ledger *ledger);

#endif
