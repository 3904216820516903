/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Run a program inside: start it, serve its calls, until it ends. */
#ifndef HOST_LOADER_PROGRAM_H
#define HOST_LOADER_PROGRAM_H

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/source.h"
#include "host/loader/backend.h"
#include "host/serve/serve.h"
#include "wire/link-ring.h"
#include "wire/start.h"

/* The source that the program shall talk to: wire/start.h's fields. */
struct program_link {
	struct link_ring *ring;
	uint8_t owner_key[START_OWNER_KEY_SIZE];
	uint8_t source_key[START_KEY_SIZE];
	uint8_t source_nonce[START_NONCE_SIZE];
	const char *target; /* printable, shorter than START_TARGET_SIZE */
};

struct program {
	const struct backend *backend;
	const char *image_path; /* its SIGSTRUCT is in IMAGE_PATH.sig */
	const char *const *arguments; /* argv[0] is the program's name; NULL ends */
	const char *const *environment; /* the image's manifest chooses from these; NULL ends */
	struct page_source *source; /* plain only; NULL: no target, /proc can't be read */
	bool has_parent; /* another program inside runs it: its peer PEER_PARENT */
	struct span profile; /* of the target's kernel, as the user gave it; data NULL: none */
	const struct program_link *link; /* NULL: none */
	/* Of the remote verifier behind CALL_VERIFIER_*, START_OWNER_KEY_SIZE bytes (the link's own, if there is
	 * one); NULL: none. */
	const uint8_t *verifier_key;
	/* Called once at the end, where not NULL and where the backend counts (enclave_counts). */
	void (*counted)(const struct enclave_counts *counts);
	/* Called once before the start, where not NULL: for calls that the serving
	 * side needs more for (serve->answer, an agent's connection). */
	void (*prepare)(struct serve *serve, void *context);
	void *prepare_context;
};

/* Run the program to its end. *ret_exit_code is its own, or 128 + the number of the
 * signal that fits where it crashed (and where the backend is plain, this process
 * ends with that signal). Signals act on this process as on any other: Ctrl-C and
 * a closed pipe end it. One at a time, one thread.
 * STATUS_IO: the file can't be read. STATUS_MALFORMED, STATUS_UNSUPPORTED: not an
 * image, or not one for this machine. STATUS_LIMIT: too many or too long arguments.
 * STATUS_DENIED: the backend or the image refused. STATUS_NO_MEMORY. */
MUST_USE status program_run(const struct program *program, int *ret_exit_code);

#endif
