/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Sockets of families and protocols that a kernel tells of (SOCK_DIAG_BY_FAMILY) and we don't, SCTP's only where the
 * target keeps its module's types. No answer where the
 * kernel has none of their kind, an empty one where none is there: otherwise the answer says what it lacks. */
#include "guest/ask/dumps.h"
#include "guest/ask/request.h"
#include "guest/ask/sctp-socket.h"
#include "guest/proc/protocols.h"
#include "guest/proc/sctp.h"
#include "guest/proc/seq.h"
#include "guest/proc/symbols.h"

enum {
	FAMILY_TIPC = 30,
	FAMILY_SMC = 43,
	PROTOCOL_DCCP = 33,
	PROTOCOL_SCTP = 132,
	/* sctp_ctl_sock_init() makes one for each network namespace, which counts, unlike DCCP's. */
	SCTP_OWN_COUNT = 1,
};

static void say_missing(struct seq *seq, const char *name)
{
	seq_fault(seq, "the target has %s sockets, which aren't shown", name);
}

/* Protocols whose sockets the kernel counts. */
struct kind {
	const char *name;
	const char *protocols[4]; /* as they are registered; NULL: no more */
	const char *symbol; /* the first one's own, of its module */
	int own_count; /* sockets of the kernel's */
};

/* Who hides a protocol from the list leaves its module's symbols. */
static void say_if_there(const struct kind *kind)
{
	if (module_symbol_find(kind->symbol) != NULL)
		guest_fail(STATUS_MALFORMED, "a protocol's module is loaded, and the list of protocols lacks it");
	guest_fail(STATUS_MISSING, "the target's kernel has no such protocol");
}

static void say_if_in_use(struct seq *seq, const struct kind *kind)
{
	int found_count = 0, in_use_count = 0;

	for (u32 i = 0; i < ARRAY_SIZE(kind->protocols) && kind->protocols[i] != NULL; i++) {
		const struct proto *protocol = protocol_find(kind->protocols[i]);

		found_count += protocol != NULL;
		in_use_count += protocol != NULL ? protocol_sockets_in_use(protocol) : 0;
	}
	if (found_count == 0)
		say_if_there(kind);
	if (in_use_count > kind->own_count)
		say_missing(seq, kind->name);
}

void ask_other_sockets(struct seq *seq)
{
	struct ask_request request;

	ask_request_copy(&request);
	if (request.protocol == PROTOCOL_SCTP && sctp_is_known()) {
		ask_sctp_sockets(seq, &request);
	} else if (request.protocol == PROTOCOL_SCTP) {
		say_if_in_use(seq, &(struct kind){"SCTP", {"SCTP", "SCTPv6"}, "sctp_prot", SCTP_OWN_COUNT});
	} else if (request.protocol == PROTOCOL_DCCP) {
		say_if_in_use(seq, &(struct kind){"DCCP", {"DCCP", "DCCPv6"}, "dccp_v4_prot", 0});
	} else if (request.family == FAMILY_SMC) {
		/* From 6.11 on also by socket(AF_INET, …, IPPROTO_SMC) (net/smc/smc_inet.c). */
		say_if_in_use(seq, &(struct kind){"SMC", {"SMC", "SMC6", "INET_SMC", "INET6_SMC"}, "smc_proto", 0});
	} else if (request.family == FAMILY_TIPC) {
		/* It doesn't count them; its module is loaded by who uses it. */
		if (protocol_find("TIPC") == NULL && module_symbol_find("tipc_proto") == NULL)
			guest_fail(STATUS_MISSING, "the target's kernel has no TIPC");
		seq_fault(seq, "the target has TIPC, whose sockets aren't shown");
	} else {
		/* No kernel tells of others (5.10 to 7.2: who calls sock_diag_register() and inet_diag_register()). */
		guest_fail(STATUS_MISSING, "kernels don't tell of such sockets");
	}
}
