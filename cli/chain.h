/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an enclave needs besides itself: an agent that reads the target, and a grantor that
 * gives it the right. Running ones, or children of this process for the time of one run:
 * the development chain. docs/run.md.
 */
#ifndef CLI_CHAIN_H
#define CLI_CHAIN_H

#include <stdbool.h>

#include "host/loader/program.h"
#include "host/serve/agent-client.h"
#include "host/serve/grantor-client.h"

struct chain_settings {
	const char *target; /* as choose_target_name() gives it */
	const char *agent; /* an address; NULL: start one */
	const char *grantor; /* a socket's path; NULL: start one, unless a verifier grants */
	const char *verifier; /* an address; NULL: none */
	const char
		*owner; /* file with the owner's public key; NULL: the grantor's word is taken; a verifier needs it */
	const char *image_path; /* the development grantor accepts exactly this image, */
	/* and these, which it runs: as a manifest has them, "NAME=MRENCLAVE", an empty one ends. data NULL: none. */
	struct span programs;
	/* The enclave is of an SGX CPU: a development grantor takes its report unproven. */
	bool is_sgx;
	int epoch_file; /* of an epoch that an agent started here shall show; -1: none */
	bool pauses; /* an agent and a grantor started here let the target stand still */
};

struct chain;

/* Start what is to be started, and connect. Signals that end this process wait until all is in
 * place, so that nothing stays behind. All reported; as agent_client_create() and
 * grantor_client_create(), and STATUS_MISSING: a program or the image's signature isn't there. */
MUST_USE status chain_create(const struct chain_settings *settings, struct chain **ret_chain);
/* Hang up, and end what was started. */
void chain_destroy(struct chain *chain);

/* Where others reach the same agent and grantor as long as the chain lives. */
const char *chain_agent_address(const struct chain *chain);
const char *chain_grantor_address(const struct chain *chain);

/* The fields of the start block, valid as long as the chain. */
const struct program_link *chain_link(const struct chain *chain);
/* Which of them were started: for the line on stderr. */
bool chain_started_agent(const struct chain *chain);
bool chain_started_grantor(const struct chain *chain);

/* After a run that failed: what those that were started said about it, to standard error. */
void chain_print_warnings(const struct chain *chain);

/* program.h's `prepare`: the context is the chain. */
void chain_prepare(struct serve *serve, void *chain);

#endif
