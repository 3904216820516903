/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The fake root of the backend `sim`: what stands in place of the secret that
 * Intel burns into a CPU. A file that everybody who may read it can forge every
 * report and key with: it protects nothing, and whoever shows evidence made
 * with it says so.
 */
#ifndef SIM_ROOT_H
#define SIM_ROOT_H

#include <stdint.h>

#include "base/status.h"

enum {
	SIM_ROOT_SIZE = 32,
	SIM_FINGERPRINT_SIZE = 32,
};

struct sim_root {
	uint8_t secret[SIM_ROOT_SIZE];
};

/* This machine's (user's) fake root, ${XDG_STATE_HOME:-~/.local/state}/bartizan/
 * sim-root: made on first use, 0600. STATUS_IO: it can't be read or made.
 * STATUS_MALFORMED: the file isn't one. STATUS_DENIED: others may read it, or it
 * is another user's. */
MUST_USE status sim_root_load(struct sim_root *ret_root);

/* The same from any path. */
MUST_USE status sim_root_load_from(const char *path, struct sim_root *ret_root);

/* What may be shown: SHA-256 over a label and the secret. */
void sim_root_fingerprint(const struct sim_root *root, uint8_t ret_fingerprint[SIM_FINGERPRINT_SIZE]);

#endif
