/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the CPU found wrong with the program becomes the last thing that is said
 * of it. Runs on the exception stack: the program's own may be what overflowed.
 *
 * No handler of the program's is ever called, whatever the host claims: entry.S
 * comes here only if the CPU itself marked the SSA frame as an exception
 * (SGX_EXIT_VALID), so a host can't inject one, and can't choose its vector.
 */
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/runtime.h"
#include "wire/image.h"
#include "wire/sgx.h"

_Noreturn void runtime_exception(const struct sgx_gprsgx *state, uint64_t crashed_at);

extern const uint8_t __ehdr_start[] __attribute__((visibility("hidden")));

enum { VECTOR_GP = 13, VECTOR_PF = 14 };

/* The frame is the CPU's, in our own memory: nobody else writes it, but for entry.S,
 * which has replaced RIP and RSP by then: `crashed_at` is what RIP was. */
_Noreturn void runtime_exception(const struct sgx_gprsgx *state, uint64_t crashed_at)
{
	const struct sgx_exinfo *info = (const struct sgx_exinfo *)state - 1;
	uint32_t vector = SGX_EXIT_VECTOR(state->exit_info);
	bool has_info = vector == VECTOR_GP || vector == VECTOR_PF;

	if (runtime_fault_is_withheld()) {
		runtime_call_host(CALL_CRASHED, vector, CALL_CRASH_WITHHELD, 0, 0, 0);
		runtime_stop();
	}
	runtime_call_host(CALL_CRASHED, vector, crashed_at - (uint64_t)__ehdr_start, has_info ? info->errcd : 0,
			  has_info ? info->maddr : 0, 0);
	runtime_stop();
}
