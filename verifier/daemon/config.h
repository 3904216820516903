/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's configuration: a YAML file, docs/verifier.md. Whatever it can't mean is a fault with its line.
 */
#ifndef VERIFIER_DAEMON_CONFIG_H
#define VERIFIER_DAEMON_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "verifier/appraisal/policy.h"
#include "verifier/events/outputs.h"
#include "verifier/grants/grantor.h"
#include "verifier/ledger/granted.h"
#include "verifier/ledger/ledger.h"
#include "verifier/ledger/retention.h"
#include "verifier/vigil/vigil.h"

enum {
	CONFIG_SIZE_MAX = 16 << 20, /* a hundred thousand targets, each with a line or two */
	CONFIG_PATH_SIZE = 256, /* with its NUL */
	CONFIG_PLACE_SIZE = LEDGER_PLACE_SIZE,
	CONFIG_INTERVAL_MS_DEFAULT = 5000,
	CONFIG_LOOKS_MS_DEFAULT = 3600 * 1000,
	CONFIG_GRANT_MS_DEFAULT = 10 * 60 * 1000,
	CONFIG_CONNECTION_COUNT_DEFAULT = 20000,
	/* Of each target's results. */
	CONFIG_KEEP_DAYS_DEFAULT = 90,
	CONFIG_KEEP_MIB_DEFAULT = 256,
	CONFIG_QUOTA_MIB_DEFAULT = 1024,
	CONFIG_CONNECTION_COUNT_MAX = 200000,
};

/* What is kept of results; while reading, what isn't said is the file's. */
struct config_keep {
	struct ledger_retention retention;
	bool has_age, has_size, has_quota;
};

struct config_target {
	char name[LEDGER_NAME_SIZE];
	uint32_t interval_ms; /* 0 while reading: the file's */
	uint32_t looks_ms; /* it must look once in such a time; 0: it needn't */
	bool has_looks; /* while reading; else the file's */
	size_t line;
	struct policy_reference *references; /* NULL: the policy's are enough */
	size_t reference_count;
	char *policy; /* its own policy's file; NULL: only that for all */
	struct config_keep keep;
};

/* Where enclaves come to: TLS with evidence. */
struct config_listen {
	bool is_there;
	char socket[CONFIG_PATH_SIZE]; /* empty: the address */
	char address[64]; /* "192.0.2.1:8441", "[2001:db8::1]:8441" */
	char owner[CONFIG_PATH_SIZE]; /* its private key */
	char collateral[CONFIG_PATH_SIZE]; /* empty: no SGX platform is accepted */
	char policy[CONFIG_PATH_SIZE]; /* empty: the strict one, without reference values */
};

/* What enclaves get that were let in. */
struct config_grants {
	uint8_t sources[GRANTOR_SOURCE_COUNT_MAX][START_KEY_SIZE];
	/* Where each takes revocations: "/PATH" of a Unix socket, or "ADDRESS:PORT"; empty: nowhere. */
	char places[GRANTOR_SOURCE_COUNT_MAX][CONFIG_PLACE_SIZE];
	/* No grant for it reaches beyond this (seconds since 1970): a key on its way out. 0: no end. */
	int64_t ends_at[GRANTOR_SOURCE_COUNT_MAX];
	size_t source_count; /* 0: no grants */
	uint32_t rights; /* at most these */
	uint32_t valid_ms;
};

struct config {
	char store[CONFIG_PATH_SIZE];
	uint32_t interval_ms, looks_ms;
	uint32_t connection_count_max;
	struct config_keep keep; /* also of alerts, by their age, and of targets that went */
	struct config_target *targets; /* by name */
	size_t target_count;
	struct config_listen listen;
	struct config_grants grants;
	char page_socket[CONFIG_PATH_SIZE]; /* empty: no page there */
	uint16_t page_port; /* on the loopback; 0: none */
	char page_login[CONFIG_PATH_SIZE]; /* empty: none, and then no port */
	char control[CONFIG_PATH_SIZE]; /* the operator's socket; empty: none */
	struct output_settings outputs[OUTPUT_COUNT_MAX];
	size_t output_count;
};

/* STATUS_MALFORMED, reported with the line. */
MUST_USE status config_init(struct config *config, struct span yaml);
void config_deinit(struct config *config);

#endif
