/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The link's primitives where there is an ordinary C library: OpenSSL 3 for keys,
 * hashes and signatures, ipsec-mb for AES-256-GCM. For the agent, the
 * grantor's checks and tests.
 */
#ifndef AGENT_PRIMITIVES_H
#define AGENT_PRIMITIVES_H

#include "base/status.h"
#include "link/primitives.h"

/* The table, with the fastest AES-256-GCM that this CPU has. Made once; any thread may ask.
 * Lives as long as the process. STATUS_UNSUPPORTED, reported: the CPU has no
 * AES-NI and PCLMULQDQ, or ipsec-mb failed. */
MUST_USE status agent_primitives(const struct link_primitives **ret_primitives);

/* As agent_primitives(), but with the AES-256-GCM for SSE, which every CPU has that
 * ipsec-mb supports: for tests and measurements. */
MUST_USE status agent_primitives_sse(const struct link_primitives **ret_primitives);

#endif
