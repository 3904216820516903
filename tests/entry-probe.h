/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of entry-probe.c share. */
#ifndef ENTRY_PROBE_H
#define ENTRY_PROBE_H

#include <stdint.h>

#include "base/reader.h"
#include "host/loader/backend.h"
#include "host/loader/sgx-enclave.h"
#include "host/loader/sim-enclave.h"
#include "host/loader/switch.h"
#include "wire/call.h"
#include "wire/link-ring.h"
#include "wire/start.h"

/* What a test holds. */
struct probe {
	struct span file, sigstruct;
	struct image *image;
	void *enclave;
	struct sim *sim; /* NULL: the backend is sgx */
	struct sgx_enclave *sgx; /* NULL: the backend is sim */
	uint64_t base, size, xfrm;
	struct switch_frame *frame; /* of a raw entry: sim's own, or this */
	struct switch_frame sgx_frame;
	struct call_window *window;
	struct start_block *start;
	struct link_ring *ring;
	struct enclave_event event;
};
extern struct probe probe;

/* tests/inside/faults.c */
extern const char *probe_image_path;

/* Load this image, and prepare its start; cmocka's teardown. */
void probe_load(const char *path);
int probe_teardown(void **state);
/* EENTER, which comes out by EEXIT; probe.event. */
void probe_enter(uint32_t thread, uint64_t entry, uint64_t argument);
/* It came out so, for this reason (enum image_refusal). */
void probe_expect_refusal(uint64_t why);

/* entry-probe-start.c */
void an_honest_link_is_taken(void **state);
void a_start_block_that_lies_is_refused(void **state);

#endif
