/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest C: what `ss -i` shows of TCP. */
#ifndef GUEST_ASK_TCP_INFO_H
#define GUEST_ASK_TCP_INFO_H

#include "guest/ask/socket-message.h"
#include "guest/proc/ticks.h"

/* Read once for a dump. */
struct tcp_clock {
	struct ticks ticks;
	u64 per_second; /* ticks */
	u64 now_ns; /* as ktime_get() */
	bool delay_is_bounded; /* tcpi_ato is cut to what the kernel would wait */
};
GUEST_C void tcp_clock_init(struct tcp_clock *clock);

/* INET_DIAG_INFO: struct tcp_info, as long as the target's own. */
GUEST_C void tcp_put_info(struct ask_message *message, const struct tcp_clock *clock, const struct sock *socket);
/* INET_DIAG_CONG */
GUEST_C void tcp_put_congestion(struct ask_message *message, const struct sock *socket);
/* What stands behind the two where INET_DIAG_INFO is asked for. What only a module's own code
 * tells marks the answer as not whole. */
GUEST_C void tcp_put_rest(struct ask_message *message, const struct sock *socket);

#endif
