/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mpls_dump_routes() (net/mpls/af_mpls.c), 5.10 to 7.2: whether a dump of all families' routes would have any. They
 * aren't told. */
#include "guest/ask/mpls-route.h"

#include "guest/ask/request.h"
#include "guest/proc/task.h"
#include "guest/proc/types/net.h"

enum {
	LABEL_FIRST = 16, /* MPLS_LABEL_FIRST_UNRESERVED */
	TABLE_MAIN = 254, /* the only one that they are said to be in */
	LABEL_COUNT_MAX = 1 << 20, /* a label has 20 bits (RFC 3032) */
};

void mpls_routes_say(struct seq *seq)
{
	const struct net *net = net_subject();
	struct ask_request request;

	ask_request_copy(&request);
	if (!field_exists(struct net, mpls) || (request.table != 0 && request.table != TABLE_MAIN))
		return;
	u64 count = net->mpls.platform_labels;
	if (count > LABEL_COUNT_MAX)
		guest_fail(STATUS_MALFORMED, "there are more labels of MPLS than can be");
	for (u64 label = LABEL_FIRST; label < count; label++)
		if (net->mpls.platform_label[label] != NULL) {
			seq_fault(seq, "the target has MPLS routes, which aren't shown");
			return;
		}
}
