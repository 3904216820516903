/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/counters.h"

static const char *const names[COUNTER_COUNT] = {
	[COUNTER_CONNECTIONS] = "connections",
	[COUNTER_HANDSHAKES] = "handshakes",
	[COUNTER_SESSIONS] = "sessions_total",
	[COUNTER_REQUESTS] = "requests",
	[COUNTER_OPERATIONS] = "operations",
	[COUNTER_PLANS] = "plans",
	[COUNTER_BYTES] = "bytes",
	[COUNTER_RENEWALS] = "renewals",
	[COUNTER_REVOCATIONS] = "revocations",
	[COUNTER_REFUSED_CROWDED] = "crowded",
	[COUNTER_REFUSED_EVICTED] = "evicted",
	[COUNTER_REFUSED_SILENT] = "silent",
	[COUNTER_REFUSED_FRAME] = "frame",
	[COUNTER_REFUSED_RATE] = "rate",
	[COUNTER_REFUSED_HANDSHAKE] = "handshake",
	[COUNTER_REFUSED_GRANT] = "grant",
	[COUNTER_REFUSED_POLICY] = "policy",
	[COUNTER_REFUSED_TARGET] = "target",
	[COUNTER_REFUSED_FULL] = "full",
	[COUNTER_REFUSED_RECORD] = "record",
	[COUNTER_REFUSED_EXPIRED] = "expired",
	[COUNTER_REFUSED_REVOKED] = "revoked",
	[COUNTER_REFUSED_RIGHTS] = "rights",
	[COUNTER_REFUSED_QUOTA] = "quota",
};

json_t *counters_json(const struct counters *counters)
{
	json_t *all = json_object(), *refused = json_object();

	for (int i = 0; i < COUNTER_COUNT; i++) {
		uint64_t value = __atomic_load_n(&counters->value[i], __ATOMIC_RELAXED);

		json_object_set_new(i < COUNTER_REFUSED_FIRST ? all : refused, names[i],
				    json_integer((json_int_t)value));
	}
	json_object_set_new(all, "refused", refused);
	return all;
}
