/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The host's side of the window (wire/call.h): makes the calls that an image
 * asks for. The image may be anything, so every argument is checked here too;
 * what the image's manifest allows is the image's own affair, what no image may
 * ever do (write a file, follow an address) is refused here.
 */
#ifndef HOST_SERVE_SERVE_H
#define HOST_SERVE_SERVE_H

#include <stdbool.h>

#include "base/reader.h"
#include "guest/memory/source.h"
#include "wire/call.h"

enum { SERVE_FILE_COUNT_MAX = 1024 };

struct serve {
	struct page_source *source; /* NULL: no target */
	struct span profile; /* of the target's kernel; data NULL: none */
	struct call_window *window;
	bool open[SERVE_FILE_COUNT_MAX]; /* descriptors that this image opened */
	bool exited;
	int exit_code;
};

/* `source` may be NULL, `profile` may have no data; all must outlive `serve`. */
void serve_init(struct serve *serve, struct call_window *window, struct page_source *source, struct span profile);
/* Close what the image left open. */
void serve_deinit(struct serve *serve);

/* Serve the one call in the window. Afterwards serve->exited says whether it was
 * the last. CALL_THREAD_POINTER isn't served here: it is the loader's. */
void serve_call(struct serve *serve);

#endif
