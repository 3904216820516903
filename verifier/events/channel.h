/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One way out, by kind. Internal to verifier/events. */
#ifndef VERIFIER_EVENTS_CHANNEL_H
#define VERIFIER_EVENTS_CHANNEL_H

#include "base/status.h"
#include "verifier/events/event.h"

/* A file that lines are added to, on the disk when this returns. It is opened each time: whoever rotates logs needs to
 * tell nobody. STATUS_IO, reported. */
MUST_USE status channel_file_write(const char *path, const struct event *event);

/* One datagram. STATUS_IO, not reported: nobody takes it now. */
MUST_USE status channel_syslog_send(const char *place, const struct event *event);

/* A thread that posts, so that nobody waits for a slow server. */
struct webhook;
MUST_USE status webhook_create(const char *url, struct webhook **ret_webhook);
/* Waits for a request that is under way: ten seconds at most. */
void webhook_destroy(struct webhook *webhook);
/* Hand it one event. STATUS_TORN: it still has one. STATUS_NO_MEMORY. */
MUST_USE status webhook_post(struct webhook *webhook, const struct event *event);
/* What became of the last one: STATUS_TORN not known yet; STATUS_OK: a 2xx answer, told once; STATUS_IO: none, told
 * once, not reported; STATUS_END: nothing was posted. */
MUST_USE status webhook_result(struct webhook *webhook);

#endif
