/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The parts of the backend sim among themselves: what the CPU would hold. */
#ifndef HOST_LOADER_SIM_ENCLAVE_H
#define HOST_LOADER_SIM_ENCLAVE_H

#include <stdbool.h>
#include <ucontext.h>

#include "host/image/image.h"
#include "host/loader/backend.h"
#include "host/loader/elrange.h"
#include "host/loader/signals.h"
#include "host/loader/switch.h"
#include "sim/root.h"

/* sim-quoter.c */
extern const struct quoter sim_quoter;

/* A TCS, copied from its page when that was added: the CPU's alone from then on. */
struct sim_thread {
	struct sgx_tcs tcs; /* .cssa counts here */
	uint64_t address;
	bool busy;
};

/* How the thread that is out came out. */
enum sim_outcome { SIM_EXITED, SIM_INTERRUPTED, SIM_EXCEPTION, SIM_RESUME_FAILED };

struct sim {
	struct elrange range;
	const struct image *image;
	struct sim_root root;
	struct sgx_secs secs;
	struct sim_thread threads[IMAGE_THREAD_COUNT_MAX];
	uint32_t xsave_size; /* of the components in secs.attributes.xfrm */
	bool strict, cpuid_faults;
	/* Of the thread that is inside, or NULL; for the signal handler. */
	struct sim_thread *current;
	struct switch_frame frame;
	enum sim_outcome outcome;
	struct enclave_event event; /* where the outcome is SIM_EXCEPTION */
};

/* An exception, or an interrupt (valid false). */
struct sim_exception {
	bool valid;
	uint32_t vector, error_code;
	uint64_t address;
};

/* AEX (SDM vol. 3D, 37.3): save the thread in `context` into its SSA frame and make
 * of it what is found at the AEP. */
void sim_aex(struct sim *sim, ucontext_t *context, struct signals_bases *bases, const struct sim_exception *exception);

/* ERESUME: make of `context` what the last SSA frame says. False: the frame isn't
 * one, the CPU would raise #GP. */
bool sim_eresume(struct sim *sim, ucontext_t *context, struct signals_bases *bases);

/* Is the instruction at `address` ENCLU, or CPUID? Never faults. */
bool sim_is_enclu(uint64_t address);
bool sim_is_cpuid(uint64_t address);

/* ENCLU inside. */
void sim_enclu(struct sim *sim, ucontext_t *context, struct signals_bases *bases);

#endif
