/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A program inside that crashes ends this process: with a line on stderr. */
#ifndef HOST_LOADER_CRASH_H
#define HOST_LOADER_CRASH_H

#include <stddef.h>
#include <stdint.h>

/* From now to crash_handlers_remove(), SIGSEGV, SIGBUS, SIGFPE and SIGILL say
 * where they arose (as an offset where it is in the image), and then do what they
 * do by default. One image at a time, one thread. */
void crash_handlers_install(uint64_t image, size_t image_size);
void crash_handlers_remove(void);

#endif
