/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a start of the daemon, or a SIGHUP, has read: the configuration and the gate that it makes. Read and
 * checked as a whole before anything of it counts.
 */
#ifndef VERIFIER_DAEMON_RULES_H
#define VERIFIER_DAEMON_RULES_H

#include "base/status.h"
#include "verifier/daemon/config.h"
#include "verifier/daemon/gate.h"

/* What the command line says besides. */
struct rules_options {
	const char *config; /* the configuration's file */
	/* Simulations under these are taken. */
	uint8_t sim_roots[GATE_SIM_ROOT_COUNT_MAX][APPRAISAL_SIM_FINGERPRINT_SIZE];
	size_t sim_root_count;
};

struct rules {
	struct config config;
	/* For enclaves with evidence: where the configuration has `enclaves`. */
	bool has_gate;
	struct gate gate;
};

/* From the files. As whole_file_read(), config_init() and gate_init(); reported. */
MUST_USE status rules_create(const struct rules_options *options, struct rules **ret_rules);
void rules_destroy(struct rules *rules);

/* Can a daemon that was started by `old` go on by `new`? STATUS_USAGE, reported: what needs a restart, by its name. */
MUST_USE status rules_check_change(const struct rules *old, const struct rules *new);

#endif
