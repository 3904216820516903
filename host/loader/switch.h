/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Between this process and an enclave in it, for the backends without the
 * instruction: EENTER's and EEXIT's effect on the registers. One enclave, one
 * thread at a time, so the host's side is kept in plain variables.
 */
#ifndef HOST_LOADER_SWITCH_H
#define HOST_LOADER_SWITCH_H

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

enum {
	/* RAX RCX RDX RBX RSP RBP RSI RDI R8…R15 RFLAGS. */
	SWITCH_REGISTER_COUNT = 17,
	SWITCH_RAX = 0,
	SWITCH_RBX = 3,
	SWITCH_RSP = 4,
	SWITCH_RBP = 5,
	SWITCH_RSI = 6,
	SWITCH_RDI = 7,
	SWITCH_RFLAGS = 16,
};

/* Offsets are switch.S's. */
struct switch_frame {
	uint64_t entry, cssa, tcs, fs, gs; /* in */
	uint64_t rdi, rsi; /* in */
	/* As they were when the thread came out, before anything was put right. */
	uint64_t out[SWITCH_REGISTER_COUNT];
	uint64_t rsp_at_entry, rbp_at_entry; /* out */
};
static_assert(offsetof(struct switch_frame, out) == 56, "switch.S");
static_assert(offsetof(struct switch_frame, rsp_at_entry) == 192, "switch.S");

/* The host's own, valid while a thread is inside. */
extern uint64_t switch_host_fs, switch_host_gs;

/* Enter; returns when the thread came out by EEXIT (out[SWITCH_RAX] is 4), or when
 * a signal handler sent it to switch_aep (3). */
void switch_enter(struct switch_frame *frame);

/* Where EEXIT and AEX lead: code addresses, not to be called. switch_exit is for
 * a jump out of the enclave with the enclave's FS and GS; switch_aep wants the
 * host's. */
void switch_exit(void);
void switch_aep(void);

/* A trap (`hlt`) of this thread: signals.c's handler does what ERESUME would. With
 * the same frame and the same results as switch_enter(). */
void switch_resume(struct switch_frame *frame);
void switch_resume_trap(void);

#endif
