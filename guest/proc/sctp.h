/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SCTP's two hash tables, of endpoints and of associations by their addresses. Guest C. */
#ifndef GUEST_PROC_SCTP_H
#define GUEST_PROC_SCTP_H

#include "guest/kernel/guestc.h"
#include "guest/proc/rows.h"
#include "guest/proc/types/sctp.h"

enum {
	/* Of one association or endpoint; the protocol's own chunks hold fewer. */
	SCTP_ADDRESSES_MAX = 1 << 12,
};

/* Is it known where they are? Not before 5.11, where the kernel keeps no types of modules; nor where there is no SCTP.
 */
GUEST_C bool sctp_is_known(void);
/* In the subject's network namespace? */
GUEST_C bool sctp_is_in_subject(const struct sock *sock);

/* Rows of all endpoints (struct sctp_endpoint); `list` says in which list the one at hand is. */
GUEST_C void sctp_endpoints_show(struct rows *rows, int *list);
/* Call show() for each association of the subject's namespace, in a row of its own. */
GUEST_C void sctp_associations_show(struct seq *seq, const void *context,
				    void (*show)(const void *context, struct seq *seq,
						 const struct sctp_association *association));

#endif
