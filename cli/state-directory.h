/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where this user's keys are kept: ${XDG_STATE_HOME:-~/.local/state}/bartizan. */
#ifndef CLI_STATE_DIRECTORY_H
#define CLI_STATE_DIRECTORY_H

#include <limits.h>

#include "base/status.h"

/* Names inside. */
#define STATE_SIGNER_KEY "signer.pem" /* of images: RSA-3072 */
#define STATE_OWNER_KEY "owner.pem" /* of grants: P-256 */
#define STATE_OWNER_PUBLIC "owner.pub"
#define STATE_AGENT_KEY "agent.key" /* of this machine's source: X25519 */
#define STATE_AGENT_PUBLIC "agent.pub"

/* The path of a file in the directory, which is made (0700) where it is missing.
 * STATUS_USAGE: no home is known; STATUS_IO; STATUS_DENIED: it belongs to somebody
 * else, or others may write to it. Reported. */
MUST_USE status state_path(const char *name, char ret_path[PATH_MAX]);

#endif
