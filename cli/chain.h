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
	const char *grantor; /* a socket's path; NULL: start one */
	const char *owner; /* file with the owner's public key; NULL: the grantor's word is taken */
	const char *image_path; /* the development grantor accepts exactly this image */
	/* The enclave is of an SGX CPU: a development grantor takes its report unproven. */
	bool is_sgx;
};

struct chain;

/* Start what is to be started, and connect. Signals that end this process wait until all is in
 * place, so that nothing stays behind. All reported; as agent_client_create() and
 * grantor_client_create(), and STATUS_MISSING: a program or the image's signature isn't there. */
MUST_USE status chain_create(const struct chain_settings *settings, struct chain **ret_chain);
/* Hang up, and end what was started. */
void chain_destroy(struct chain *chain);

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
