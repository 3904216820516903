/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/duty/output.h"

#include <errno.h>
#include <string.h>

#include "enclave/duty/duty.h"
#include "enclave/duty/results.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/output.h"

enum {
	/* Pieces of the program's output: what is printed within one wait goes together. */
	PIECE_SIZE = 8 * 1024,
	/* Of standard error: why something failed is said first. */
	ERROR_SIZE = 2 * 1024,
};

static_assert((int)PIECE_SIZE <= (int)RESULT_CONTENT_SIZE_MAX, "a piece is a result");

static struct {
	bool in_clear, is_telling;
	size_t piece_size, error_size;
	uint8_t piece[PIECE_SIZE], error[ERROR_SIZE];
} output;

void duty_output_flush(void)
{
	if (output.piece_size == 0 || output.is_telling)
		return;
	output.is_telling = true;
	/* What can't be told is missing there: the run must not look whole. */
	if (duty_tell(VERIFIER_RESULT_OUTPUT, NULL, (struct span){output.piece, output.piece_size}) != STATUS_OK)
		runtime_fault_note();
	output.piece_size = 0;
	output.is_telling = false;
}

static size_t keep(uint8_t *place, size_t room, size_t *used, const void *bytes, size_t size)
{
	const size_t part = size < room - *used ? size : room - *used;

	memcpy(place + *used, bytes, part);
	*used += part;
	return part;
}

static long take(void *context, enum output_stream stream, const void *buffer, size_t size)
{
	size_t taken = size;

	(void)context;
	if (stream == OUTPUT_PROGRAM) {
		if (output.piece_size == sizeof output.piece)
			duty_output_flush();
		taken = keep(output.piece, sizeof output.piece, &output.piece_size, buffer, size);
		/* Nobody takes it any more. */
		if (taken == 0)
			return -EIO;
	} else {
		(void)keep(output.error, sizeof output.error, &output.error_size, buffer, size);
	}
	if (output.in_clear) {
		/* The verifier's copy is what counts. */
		(void)output_write_clear(stream, buffer, taken);
	}
	return (long)taken;
}

void duty_output_take(bool in_clear)
{
	output.in_clear = in_clear;
	output_sink_set(take, NULL);
	if (!in_clear)
		runtime_fault_withhold();
}

struct span duty_output_errors(void)
{
	return (struct span){output.error, output.error_size};
}
