/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The backend `plain`: an image runs in this very process, on its own stack,
 * with no enclave around it. Nothing is protected from anybody; it is what the
 * other backends are measured against.
 */
#ifndef HOST_LOADER_PLAIN_H
#define HOST_LOADER_PLAIN_H

#include <stdbool.h>

#include "base/reader.h"
#include "base/status.h"
#include "guest/memory/source.h"

struct plain_program {
	const char *image_path;
	const char *const *arguments; /* argv[0] is the program's name; NULL ends */
	const char *const *environment; /* the image's manifest chooses from these; NULL ends */
	struct page_source *source; /* NULL: no target, /proc can't be read */
	struct span profile; /* of the target's kernel, as the user gave it; data NULL: none */
	/* Do without FSGSBASE even where the CPU has it (tests). */
	bool without_fsgsbase;
};

/* Run the program to its end. Signals act on this process as on any other: Ctrl-C
 * and a closed pipe end it. One at a time, one thread.
 * STATUS_IO: the file can't be read. STATUS_MALFORMED, STATUS_UNSUPPORTED: not an
 * image. STATUS_LIMIT: too many or too long arguments. STATUS_NO_MEMORY. */
MUST_USE status plain_run(const struct plain_program *program, int *ret_exit_code);

#endif
