/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of soak-calls. */
#ifndef TESTS_SOAK_CALLS_H
#define TESTS_SOAK_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "host/serve/serve.h"

enum {
	GUARD_SIZE = 256,
	ROOM_SIZE = 40 * 1024,
};

enum verdict { REFUSED, HARMLESS, BAD };

/* Where answers go: a guard, the room, a guard. */
extern struct calls_memory {
	uint8_t before[GUARD_SIZE];
	_Alignas(8) uint8_t room[ROOM_SIZE];
	uint8_t after[GUARD_SIZE];
} calls_memory;

/* Is the host lying now? */
extern bool calls_lying;

enum verdict calls_bad(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* The status is none: bad; success is harmless, all else a refusal. */
enum verdict calls_status_verdict(status result);
/* A number that this lie's seed chooses. */
uint64_t calls_below(uint64_t limit);
/* Does this kind of lie leave the answer as it is? Then whoever accepts it has the truth. */
bool calls_answer_is_honest(void);
bool calls_room_is_untouched_from(size_t offset);

/* calls-verifier.c: what an enclave asks of its host on behalf of a remote verifier. */
void calls_verifier_init(const char *directory);
void calls_verifier_deinit(void);
/* The host is made anew: what stands behind these calls, too. */
void calls_verifier_renew(struct serve *serve);
enum verdict try_quote(void);
enum verdict try_verifier_send(void);
enum verdict try_verifier_receive(void);
enum verdict try_verifier_connect(void);
enum verdict try_unsent_put(void);
enum verdict try_unsent_get(void);
enum verdict try_unsent_clear(void);

/* calls-plan.c: read plans. The honest source's operation, then the tries. */
status calls_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
		      struct plan_sink *sink);
enum verdict try_plan(void);
enum verdict try_plan_lines(void);

/* calls-children.c: programs that a program inside runs. */
void calls_children_init(void);
void calls_children_deinit(void);
void calls_children_renew(struct serve *serve);
enum verdict try_child_start(void);
enum verdict try_child_end(void);
enum verdict try_peer_wait(void);
enum verdict try_peer_send(void);
enum verdict try_peer_receive(void);

#endif
