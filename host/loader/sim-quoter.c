/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Quotes of the backend sim, under this user's fake root. */
#include "host/loader/sim-enclave.h"
#include "host/serve/quoter.h"
#include "sim/quoting.h"

static status find_target(void *context, struct sgx_targetinfo *ret_target)
{
	(void)context;
	return sim_quoting_targetinfo(ret_target);
}

static status make_quote(void *context, const struct sgx_report *report, uint8_t *quote, size_t size, size_t *ret_size)
{
	struct sim_root root;

	(void)context;
	TRY(sim_root_load(&root));
	return sim_quote_make(&root, report, quote, size, ret_size);
}

const struct quoter sim_quoter = {.target = find_target, .quote = make_quote};
