/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The connection behind a ledger. Internal to verifier/ledger. */
#ifndef VERIFIER_LEDGER_DATABASE_H
#define VERIFIER_LEDGER_DATABASE_H

#include <sqlite3.h>

#include "verifier/ledger/ledger.h"

/* Lives as long as the ledger. */
sqlite3 *ledger_database(struct ledger *ledger);

/* Run `change` as one transaction, or as a part of the batch: all of it, or nothing. What isn't a fault is kept, and
 * STATUS_MISMATCH and STATUS_LIMIT, too (an alert was kept instead). */
MUST_USE status ledger_transact(struct ledger *ledger, status (*change)(struct ledger *ledger, void *context),
				void *context);

#endif
