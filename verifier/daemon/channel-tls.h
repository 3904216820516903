/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * TLS with evidence between a connection's bytes and its frames, in memory: libevent moves the bytes.
 */
#ifndef VERIFIER_DAEMON_CHANNEL_TLS_H
#define VERIFIER_DAEMON_CHANNEL_TLS_H

#include <event2/buffer.h>

#include "base/reader.h"
#include "base/status.h"
#include "verifier/daemon/gate.h"

struct channel_tls;

/* STATUS_NO_MEMORY, reported. The gate is borrowed. */
MUST_USE status channel_tls_create(const struct gate *gate, struct channel_tls **ret_channel);
void channel_tls_destroy(struct channel_tls *channel);

/* What has come goes in, what has been opened is added to `clear`, what is to be sent to `output`. STATUS_OK: it goes
 * on; STATUS_GONE: it has ended. STATUS_DENIED: the evidence is refused, channel_tls_sentence() says why; send what
 * there is, and end. STATUS_MALFORMED, not reported: the peer broke TLS. Else reported. */
MUST_USE status channel_tls_take(struct channel_tls *channel, struct evbuffer *input, struct evbuffer *clear,
				 struct evbuffer *output);
/* Seal and send. STATUS_INTERNAL, not reported: the connection is of no use any more. */
MUST_USE status channel_tls_send(struct channel_tls *channel, struct span bytes, struct evbuffer *output);

/* Its evidence by another policy. As attest_session_judge(). */
MUST_USE status channel_tls_judge(const struct channel_tls *channel, const struct policy *policy, char *ret_sentence,
				  size_t sentence_size);

const char *channel_tls_sentence(const struct channel_tls *channel);
/* Whose it is; NULL: it hasn't shown it yet. */
const struct attest_enclave *channel_tls_enclave(const struct channel_tls *channel);
/* Another gate from now on; the old one isn't needed any more. */
void channel_tls_gate_set(struct channel_tls *channel, const struct gate *gate);
const struct gate *channel_tls_gate(const struct channel_tls *channel);

#endif
