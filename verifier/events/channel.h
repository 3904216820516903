/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One way out, by kind: the text of an event, and its delivery, by a thread that may wait. Internal to verifier/events.
 */
#ifndef VERIFIER_EVENTS_CHANNEL_H
#define VERIFIER_EVENTS_CHANNEL_H

#include "base/status.h"
#include "verifier/events/event.h"
#include "verifier/events/outputs.h"

/* An event as an output of that kind takes it: malloc()ed; NULL: out of memory. */
char *channel_text(enum output_kind kind, const struct event *event);

/* Lines at the end of a file: all of them are on the disk when this returns, with one sync, or none. It is opened each
 * time: whoever rotates logs needs to tell nobody. STATUS_IO, reported. */
MUST_USE status channel_file_write(const char *path, char *const *lines, size_t count);

/* One datagram. STATUS_IO, not reported: nobody takes it within three seconds. */
MUST_USE status channel_syslog_send(const char *place, const char *text);

/* One connection, that stays open where the server lets it. For one thread. */
struct webhook;
MUST_USE status webhook_create(const char *url, struct webhook **ret_webhook);
void webhook_destroy(struct webhook *webhook);
/* STATUS_IO, not reported: no 2xx answer within ten seconds. */
MUST_USE status webhook_post(struct webhook *webhook, const char *body);

#endif
