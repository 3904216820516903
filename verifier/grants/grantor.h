/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The grantor's judgement: does this enclave get a grant, and which? Part of the
 * verifier; never runs in a process that loads images. docs/grants.md.
 *
 * Everything in a request is hostile.
 */
#ifndef VERIFIER_GRANTS_GRANTOR_H
#define VERIFIER_GRANTS_GRANTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reader.h"
#include "link/grant.h"
#include "sim/root.h"
#include "verifier/grants/keys.h"
#include "wire/agent.h"
#include "wire/grantor.h"

enum {
	GRANTOR_SOURCE_COUNT_MAX = 64,
	GRANTOR_IMAGE_COUNT_MAX = 64,
	GRANTOR_SENTENCE_SIZE = 512, /* with its NUL */
	/* Anything that is ever sent back: a key, a grant or a sentence. */
	GRANTOR_REPLY_SIZE_MAX = LINK_GRANT_SIZE > GRANTOR_SENTENCE_SIZE ? LINK_GRANT_SIZE : GRANTOR_SENTENCE_SIZE,
};

/* An image, or a signer's product, that gets grants. */
struct grantor_image {
	enum link_identity_kind identity;
	uint8_t measurement[SGX_HASH_SIZE]; /* MRENCLAVE or MRSIGNER */
	uint16_t isv_prod_id, isv_svn_min; /* LINK_IDENTITY_MRSIGNER */
};

struct grantor_policy {
	struct owner_key *owner;
	/* The sources that this owner enrolled: grants for others would hand the
	 * enclave to an impostor. */
	uint8_t sources[GRANTOR_SOURCE_COUNT_MAX][START_KEY_SIZE];
	size_t source_count;
	struct grantor_image images[GRANTOR_IMAGE_COUNT_MAX];
	size_t image_count;
	char target[START_TARGET_SIZE]; /* the only one; empty: any target of these sources */
	uint32_t rights; /* enum link_right: at most these */
	uint64_t valid_seconds;
	uint64_t quota_bytes, quota_requests; /* UINT64_MAX: no limit */
	bool accept_debug;
	/* Reports under this one fake root are taken. */
	bool accept_sim;
	struct sim_root sim_root;
	/* Reports of an SGX CPU are taken although nothing proves them here: whoever asks could
	 * have made them up. For development on one machine. */
	bool accept_unproven_sgx;
};

/* Check the request, and make a signed grant. STATUS_DENIED: no, and why in
 * `sentence`, which names what was found. `now`: seconds since 1970. Anything else is a fault,
 * reported. */
MUST_USE status grantor_decide(const struct grantor_policy *policy, const struct grantor_request *request, uint64_t now,
			       struct link_grant *ret_grant, char sentence[static GRANTOR_SENTENCE_SIZE]);

/* The same where a quote over the enclave's own connection has proven who asks: the report says what that quote said,
 * and what it bound stands in REPORTDATA. `evidence` only names the backend. */
MUST_USE status grantor_decide_proven(const struct grantor_policy *policy, const struct grantor_request *request,
				      uint64_t now, struct link_grant *ret_grant,
				      char sentence[static GRANTOR_SENTENCE_SIZE]);

/* What to answer to one frame of a client. */
struct grantor_reply {
	enum grantor_frame_type type;
	uint8_t body[GRANTOR_REPLY_SIZE_MAX];
	size_t size;
};

/* Never fails: what can't be answered is refused in words. */
void grantor_answer(const struct grantor_policy *policy, uint16_t type, struct span body, uint64_t now,
		    struct grantor_reply *ret_reply);

/* REPORTDATA that binds these four together (wire/grantor.h). STATUS_INTERNAL. */
MUST_USE status grantor_report_data(const struct grantor_request *request,
				    uint8_t ret_data[static SGX_REPORT_DATA_SIZE]);
/* The TARGETINFO that reports for grantors are made for. STATUS_INTERNAL. */
MUST_USE status grantor_targetinfo(struct sgx_targetinfo *ret_target);

#endif
