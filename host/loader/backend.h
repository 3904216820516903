/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a program inside runs in: plain, sim or sgx. One table of operations; the
 * program runner (program.h) is the same for all.
 */
#ifndef HOST_LOADER_BACKEND_H
#define HOST_LOADER_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "host/image/image.h"

/* How a thread came out of an enclave. */
enum enclave_event_kind {
	ENCLAVE_EXITED, /* EEXIT */
	ENCLAVE_EXCEPTION, /* an AEX by what looks like the program's own exception */
};

struct enclave_event {
	enum enclave_event_kind kind;
	/* ENCLAVE_EXITED: RDI and RSI (enum image_exit), the enclave's word. */
	uint64_t reason, argument;
	/* ENCLAVE_EXCEPTION: as this side sees it (an address without its low 12
	 * bits, where the CPU hides them). */
	uint32_t vector, error_code;
	uint64_t address;
};

/* What a run took of the operating system and of the CPU. */
struct enclave_counts {
	uint64_t ioctls; /* calls of the driver */
	uint64_t entries, resumptions; /* EENTER, ERESUME that we asked for */
	uint64_t exits, exceptions; /* how they ended: by EEXIT, by an exception that we were told of */
};

struct quoter;

struct image_source {
	const char *path; /* stands in messages */
	struct span file; /* what `image` was made from */
	const struct image *image;
	struct span sigstruct; /* PATH.sig; data NULL: there is none */
	struct span symbols; /* PATH.debug, for messages alone; data NULL: there is none */
};

struct backend {
	const char *name;
	uint64_t start_flags; /* START_PLAIN or 0 */
	const struct quoter *quoter; /* makes quotes of its reports (host/serve/quoter.h); NULL: nothing does */
	/* May a thread outside serve calls while another is inside? NULL: yes. */
	bool (*may_serve_beside)(void);

	/* Make an enclave of the image; nothing runs yet. The source must outlive it.
	 * At most one at a time in a process, and all further calls by this thread.
	 * Faults are reported: STATUS_DENIED (signature, measurement), STATUS_MISSING
	 * (no signature where one is needed), STATUS_UNSUPPORTED (this machine can't),
	 * STATUS_NO_MEMORY, STATUS_IO. */
	status (*load)(const struct image_source *source, void **ret_enclave);
	/* EENTER of thread `thread` with these arguments (wire/image.h). Returns when
	 * it comes out again: interrupts are resumed before that.
	 * STATUS_DENIED: the entry isn't possible (TCS busy, no SSA frame left). */
	status (*enter)(void *enclave, uint32_t thread, uint64_t entry, uint64_t argument,
			struct enclave_event *ret_event);
	/* ERESUME, after ENCLAVE_EXCEPTION. STATUS_DENIED: nothing to resume; on `sgx` that is another
	 * ENCLAVE_EXCEPTION, #GP, since nobody outside can tell the two apart. */
	status (*resume)(void *enclave, uint32_t thread, struct enclave_event *ret_event);
	/* Since it was loaded. NULL: there is nothing to count. */
	void (*count)(const void *enclave, struct enclave_counts *ret_counts);
	void (*destroy)(void *enclave);
};

#endif
