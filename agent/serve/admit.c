/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/admit.h"

#include "base/report.h"

static status check_policy(const struct serve_settings *settings, const struct link_grant *grant)
{
	if (grant->backend == LINK_BACKEND_SIM && !settings->accept_sim)
		return report(STATUS_DENIED,
			      "the grant is for a simulated enclave (sim), which protects nothing from its host; this "
			      "agent was started without --insecure-accept-sim");
	if ((grant->flags & LINK_GRANT_DEBUG) != 0 && !settings->accept_debug)
		return report(STATUS_DENIED,
			      "the grant tolerates debug enclaves, which their host can read; this agent was "
			      "started without --insecure-accept-debug");
	return STATUS_OK;
}

static status check_grant(struct daemon *daemon, const struct link_caller *caller, struct link_grant *grant)
{
	const struct link_grant_use use = {.enclave_key = caller->key,
					   .source_key = daemon->identity.binding.source_key,
					   .source_nonce = daemon->identity.binding.source_nonce,
					   .target = caller->target,
					   .now = grant_clock_now(&daemon->clock)};

	TRY(link_grant_decode((struct span){caller->payload, caller->payload_size}, grant));
	TRY(link_grant_verify(grant, daemon->primitives, daemon->identity.binding.owner_key));
	return link_grant_check_use(grant, &use);
}

status admit_first(struct daemon *daemon, struct link_session *session, struct span message,
		   struct link_grant *ret_grant, enum counter *ret_why)
{
	struct link_caller caller;
	struct link_grant grant;

	*ret_why = COUNTER_REFUSED_HANDSHAKE;
	TRY(link_session_accept(session, daemon->primitives, &daemon->identity.key, &daemon->identity.binding, message,
				&caller));
	*ret_why = COUNTER_REFUSED_GRANT;
	TRY(check_grant(daemon, &caller, &grant));
	*ret_why = COUNTER_REFUSED_POLICY;
	TRY(check_policy(daemon->settings, &grant));
	*ret_why = COUNTER_REFUSED_TARGET;
	TRY(hub_check_name(&daemon->hub, grant.target));
	*ret_grant = grant;
	return STATUS_OK;
}
