/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program writes to its standard output and error: the one place where its
 * findings leave the image. In clear they are the host's to read, so that whether
 * they may, and where they go otherwise, is decided here.
 */
#ifndef ENCLAVE_RUNTIME_OUTPUT_H
#define ENCLAVE_RUNTIME_OUTPUT_H

#include <stddef.h>

enum output_stream {
	OUTPUT_PROGRAM = 1, /* standard output */
	OUTPUT_ERROR = 2, /* standard error */
	/* The runtime's own lines about what went wrong, on standard error. They
	 * hold addresses and names of calls and files, no file's content. */
	OUTPUT_REPORT = 3,
};

/* Takes `size` bytes, at least one: how many it took (≥ 1), or a negative errno,
 * which the program gets from write(). */
typedef long (*output_sink)(void *context, enum output_stream stream, const void *buffer, size_t size);

/* Send everything through `sink` from now on; NULL: to the host, in clear, as at
 * the start. A sink that lets some of it out in clear passes it on to
 * output_write_clear(). */
void output_sink_set(output_sink sink, void *context);

/* Write as the current sink does it. ≥ 0: bytes written; or a negative errno. */
long output_write(enum output_stream stream, const void *buffer, size_t size);

/* To the host's standard output or error, for all to see. As output_write(). */
long output_write_clear(enum output_stream stream, const void *buffer, size_t size);

#endif
