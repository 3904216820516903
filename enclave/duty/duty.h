/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an enclave owes the remote verifier whom it was started with (wire/verifier.h): its evidence, heartbeats as long
 * as it runs, and what its program finds, numbered and chained, until the verifier has it on its disk. What it gets
 * for that is its grant.
 *
 * All of this happens in the program's one thread, where the program waits or asks for something: a program that
 * computes for two intervals without a system call is missing until its next one. Nothing here may run while the
 * program's malloc() does (the heap's own system calls), since TLS allocates.
 *
 * A program that another one runs (wire/peer.h) gets its own grant, and answers to its parent otherwise.
 * Where no verifier was given, or no target, everything here does nothing.
 */
#ifndef ENCLAVE_DUTY_DUTY_H
#define ENCLAVE_DUTY_DUTY_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/grant.h"
#include "link/primitives.h"
#include "wire/verifier.h"

/* Does this run get its grant from a verifier? */
bool duty_has_verifier(void);

/* A grant for the keys in `request`, whose hash is bound to the connection: which is made by the first call, and what
 * was left over from earlier runs is told first. Not checked: that is the caller's. All reported: STATUS_DENIED:
 * refused, with the verifier's words; STATUS_UNSUPPORTED: no evidence on this backend; STATUS_IO: no connection;
 * STATUS_MALFORMED: what answers is no verifier; STATUS_INTERNAL, STATUS_NO_MEMORY. */
MUST_USE status duty_ask_grant(const struct link_primitives *primitives, const struct verifier_grant_request *request,
			       uint8_t ret_grant[static LINK_GRANT_SIZE]);

/* The last such grant holds for `left_ms` from now on, by the source's clock. Half of that later duty_pump() and
 * duty_sleep(), whichever comes first, call `renew`, which gets another one and notes it here; where it fails,
 * again and again, until the source has ended it all. `renew` NULL: no more. */
void duty_grant_note(uint64_t left_ms, status (*renew)(void));

/* The target stands still for the program, until `is_held` is false or, by the host's clock, for 2.5 s: nothing is
 * done meanwhile that waits for the verifier. */
void duty_hold(bool is_held);

/* From now on what the program prints goes to the verifier, and in clear too only if `in_clear`. False: not here, where
 * no verifier is, or another program gets the output. */
bool duty_output_begin(bool in_clear);

/* The program looks at the target: what is said of it in heartbeats. */
void duty_look_note(uint64_t epoch);
/* The pinned profile of the target's kernel, of which heartbeats tell the hash: piece by piece, an empty one ends. */
void duty_profile_note(struct span piece);
/* For a program that runs others: one of them has looked, and ended so. */
void duty_program_note(const char *program, uint32_t exit_status);

/* Tell the verifier: a JSON object, or what a program printed. It is kept here until the verifier has it; where too
 * much waits, so does this. STATUS_NO_MEMORY, STATUS_INTERNAL, reported; STATUS_MISSING: nobody is there to be told. */
MUST_USE status duty_tell(enum verifier_result_kind kind, const char *program, struct span content);

/* The verifier's time in ms, which the host can hold up and can't stop: what counts is the difference of two. It stands
 * still where no verifier is heard. */
int64_t duty_verified_ms(void);
/* By how much it goes on at a time: a difference of two may be that much more than what has passed. 0: it stands. */
int64_t duty_verified_step_ms(void);

/* Answer what the verifier has asked meanwhile. Often called; cheap. */
void duty_pump(void);
/* Sleep, and answer meanwhile. False: there is nobody to answer, sleep otherwise. */
bool duty_sleep(const struct timespec *duration);

/* The program ends with this exit status: tell it, wait for what isn't acknowledged, or leave it to the next run,
 * sealed. */
void duty_end(int exit_status);

#endif
