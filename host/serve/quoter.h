/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Who makes a backend's reports quotes: CALL_QUOTE_TARGET, CALL_QUOTE. Untrusted, as all of the host. */
#ifndef HOST_SERVE_QUOTER_H
#define HOST_SERVE_QUOTER_H

#include <stddef.h>

#include "base/status.h"
#include "wire/sgx.h"

struct quoter {
	void *context; /* of both */
	/* For whom reports are to be made. Any fault of it, reported. */
	status (*target)(void *context, struct sgx_targetinfo *ret_target);
	/* At most `size` bytes. STATUS_DENIED: the report isn't for it; STATUS_LIMIT: no room; any fault of it; all
	 * reported. */
	status (*quote)(void *context, const struct sgx_report *report, uint8_t *quote, size_t size, size_t *ret_size);
};

#endif
