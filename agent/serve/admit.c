/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/admit.h"

#include "agent/serve/log.h"
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

static status check_grant(struct daemon *daemon, struct span encoded, const uint8_t *enclave_key, const char *target,
			  struct link_grant *grant)
{
	const struct link_grant_use use = {.enclave_key = enclave_key,
					   .source_key = daemon->identity.binding.source_key,
					   .source_nonce = daemon->identity.binding.source_nonce,
					   .target = target,
					   .now = grant_clock_now(&daemon->clock)};

	TRY(link_grant_decode(encoded, grant));
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
	TRY(check_grant(daemon, (struct span){caller.payload, caller.payload_size}, caller.key, caller.target, &grant));
	*ret_why = COUNTER_REFUSED_REVOKED;
	if (revoked_has(&daemon->revoked, grant.id))
		return report(STATUS_DENIED, "the owner has taken this grant back");
	*ret_why = COUNTER_REFUSED_POLICY;
	TRY(check_policy(daemon->settings, &grant));
	*ret_why = COUNTER_REFUSED_TARGET;
	TRY(hub_check_name(&daemon->hub, grant.target));
	*ret_grant = grant;
	return STATUS_OK;
}

status admit_renewal(struct daemon *daemon, struct span encoded, const struct link_grant *held,
		     struct link_grant *ret_grant)
{
	struct link_grant grant;

	TRY(check_grant(daemon, encoded, held->enclave_key, held->target, &grant));
	if (revoked_has(&daemon->revoked, grant.id) || revoked_has(&daemon->revoked, held->id))
		return report(STATUS_DENIED, "the owner has taken this grant back");
	TRY(check_policy(daemon->settings, &grant));
	if (grant.backend != held->backend)
		return report(STATUS_DENIED, "a later grant is for another backend than that of the session");
	/* What the session has by its rights, an epoch that others share, stays as it is: who may do other things now
	 * begins a session. */
	if (grant.rights != held->rights)
		return report(STATUS_DENIED, "a later grant has other rights than that of the session");
	*ret_grant = grant;
	return STATUS_OK;
}

void admit_log(const struct link_grant *grant, const char *what)
{
	char id[2 * LINK_GRANT_ID_SIZE + 1];

	identity_hex(grant->id, sizeof grant->id, id);
	log_write(LOG_PRIORITY_INFO, "session%s%s: target %s, backend %s, rights%s%s%s%s, grant %s",
		  what[0] != '\0' ? " " : "", what, grant->target, grant->backend == LINK_BACKEND_SIM ? "sim" : "sgx",
		  (grant->rights & LINK_RIGHT_KERNEL) != 0 ? " kernel" : "",
		  (grant->rights & LINK_RIGHT_USER) != 0 ? " user" : "",
		  (grant->rights & LINK_RIGHT_OUTPUT) != 0 ? " output" : "",
		  (grant->rights & LINK_RIGHT_PAUSE) != 0 ? " pause" : "", id);
}

const char *admit_clear_words(status why)
{
	switch (why) {
	case STATUS_MISSING: return "the target isn't there: the agent's log says more";
	case STATUS_DENIED: return "the agent may not attach to the target: its log says why";
	case STATUS_GONE: return "the target has ended";
	default: return "the target can't be attached to: the agent's log says why";
	}
}
