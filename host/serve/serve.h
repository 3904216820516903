/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of the window (wire/call.h): makes the calls that an image
 * asks for. The image may be anything, so every argument is checked here too;
 * what the image's manifest allows is the image's own affair, what no image may
 * ever do (write a file, follow an address) is refused here.
 */
#ifndef HOST_SERVE_SERVE_H
#define HOST_SERVE_SERVE_H

#include <pthread.h>
#include <stdbool.h>

#include "base/reader.h"
#include "guest/memory/source.h"
#include "wire/call.h"

enum { SERVE_FILE_COUNT_MAX = 1024 };

/* A call, copied once from the window. */
struct serve_request {
	uint64_t number;
	uint64_t argument[CALL_ARGUMENT_COUNT];
	uint64_t sequence;
};

struct agent_client;
struct grantor_client;
struct peers;
struct quoter;
struct unsent_files;
struct verifier_client;

struct serve {
	struct page_source *source; /* NULL: no target */
	/* Behind CALL_LINK_WAIT and CALL_GRANT: NULL after serve_init(), set by whoever has
	 * them, and not ours to destroy. */
	struct agent_client *agent;
	struct grantor_client *grantor;
	struct verifier_client *verifier; /* CALL_VERIFIER_*; likewise */
	struct unsent_files *unsent; /* CALL_UNSENT_*; likewise; NULL: nothing is kept */
	const struct quoter *quoter; /* CALL_QUOTE*; NULL: this backend has none */
	struct peers *peers; /* CALL_CHILD_*, CALL_PEER_*; likewise */
	struct span profile; /* of the target's kernel; data NULL: none */
	struct call_window *window;
	/* Whose turn it is, kept where no image can write: what the window says of
	 * the slot's state is for the image's eyes only. */
	pthread_mutex_t turn;
	_Atomic uint64_t served; /* sequence number of the last call served */
	/* Makes the answer to a call; serve_answer() unless a test or a backend has
	 * something to add. */
	int64_t (*answer)(struct serve *serve, const struct serve_request *request);
	uint8_t *plan_room; /* CALL_DATA_SIZE bytes, made when a plan first comes */
	bool open[SERVE_FILE_COUNT_MAX]; /* descriptors that this image opened */
	bool exited;
	int exit_code;
	/* Exited by CALL_CRASHED: its arguments. */
	bool crashed;
	struct serve_crash {
		uint64_t vector, offset, error_code, address;
	} crash;
};

/* `source` may be NULL, `profile` may have no data; all must outlive `serve`. */
void serve_init(struct serve *serve, struct call_window *window, struct page_source *source, struct span profile);
/* Close what the image left open. */
void serve_deinit(struct serve *serve);

/* For the thread that came out of the image: serve the call that waits in the
 * window, or wait for the thread that is serving it. Does nothing if none waits.
 * Afterwards serve->exited says whether it was the last. */
void serve_call(struct serve *serve);

/* For a helper: serve the call if one waits and nobody has taken it up. Returns
 * whether it did. What ends the program is left to the thread that comes out. Any
 * number of threads may call both. */
bool serve_try_call(struct serve *serve);

/* The honest answer to a call, with its data in the window; for serve->answer. */
int64_t serve_answer(struct serve *serve, const struct serve_request *request);

#endif
