/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Fuzzers over a recorded guest (guest/ask/record.h), one for each family of questions: the input
 * chooses a question and forges words of what it reads. Whatever it does, an answer ends, is
 * bounded, and says so where it is cut.
 *
 * BARTIZAN_FUZZ_GUEST names the record; `tests/record-guest FILE` makes one.
 */
#ifndef GUEST_ASK_WORLD_H
#define GUEST_ASK_WORLD_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* One input for a family; aborts where something doesn't hold. */
void world_fuzz(const char *family, const uint8_t *data, size_t size);

#endif
