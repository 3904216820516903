/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The one way out of an image (wire/call.h): over the slot while a helper of the
 * host is awake, by leaving once where none is.
 *
 * Not reentrant: put, call and get belong together, and no other call may come
 * between them. Images have one thread.
 */
#ifndef ENCLAVE_RUNTIME_CALL_H
#define ENCLAVE_RUNTIME_CALL_H

#include <stddef.h>
#include <stdint.h>

#include "base/status.h"
#include "wire/call.h"

/* Make `window` the way out. Its range was checked to lie outside the image. */
void runtime_window_init(struct call_window *window);

/* Copy into the window's data area. `offset` is a multiple of 8, and the range
 * lies within CALL_DATA_SIZE: both are the caller's duty, a breach stops the
 * program. */
void runtime_window_put(size_t offset, const void *from, size_t size);

/* Copy out of the window's data area, each byte read exactly once and in whole
 * aligned words (a host that changes it meanwhile changes only what we get). */
void runtime_window_get(size_t offset, void *to, size_t size);

/* What no call gives: all callers refuse it as they refuse every other lie. */
#define CALL_RESULT_NONE INT64_MIN

/* Call the host. The result is whatever the host chose to say, read once;
 * CALL_RESULT_NONE if it let us come back again and again without having served
 * the call. Takes bounded time but for what the host itself takes. */
int64_t runtime_call_host(uint64_t number, uint64_t a, uint64_t b, uint64_t c, uint64_t d, uint64_t e);

/* End the program. */
_Noreturn void runtime_exit(int code);

/* Leave for good: whatever the host does now, this thread isn't entered again
 * (entry.S; unit tests have their own). */
_Noreturn void runtime_stop(void);

/* Hand the CPU to the host until it has served the slot: entry.S in an image,
 * a test's own host in a unit test. */
void runtime_enter_host(void);

#endif
