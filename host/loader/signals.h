/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Signals of a process that has an enclave in it. They arrive with whatever FS
 * and stack the interrupted code had, so every handler of this process goes
 * through one stub (switch.S) that puts the host's in place.
 */
#ifndef HOST_LOADER_SIGNALS_H
#define HOST_LOADER_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <ucontext.h>

/* Loaded when the handler returns: the interrupted code's, unless changed. */
struct signals_bases {
	uint64_t fs, gs;
};

/* A signal interrupted the thread that enters the enclave. True: dealt with. False:
 * treat it as if no enclave were there (its former handler, or what it does by
 * default). The signals of exceptions always come here, others only where the
 * process had a handler for them. */
typedef bool signals_hook(int number, const siginfo_t *info, ucontext_t *context, struct signals_bases *bases);

/* From now to signals_remove(), of the calling thread. Handlers that the process
 * installs meanwhile run on the enclave's FS: install them before. */
void signals_install(signals_hook *hook);
void signals_remove(void);

/* Did the CPU raise this signal, as opposed to somebody's kill()? */
bool signals_is_exception(int number, const siginfo_t *info);

#endif
