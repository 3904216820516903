/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C: what netlink tells of SCTP. */
#ifndef GUEST_ASK_SCTP_SOCKET_H
#define GUEST_ASK_SCTP_SOCKET_H

#include "guest/ask/message.h"

/* The answer to SOCK_DIAG_BY_FAMILY, where sctp_is_known() (guest/proc/sctp.h). */
GUEST_C void ask_sctp_sockets(struct seq *seq, const struct ask_request *request);

#endif
