/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Outside of an image there is no verifier to answer to. */
#include "enclave/duty/duty.h"

bool duty_has_verifier(void)
{
	return false;
}

status duty_ask_grant(const struct link_primitives *primitives, const struct verifier_grant_request *request,
		      uint8_t ret_grant[static LINK_GRANT_SIZE])
{
	return STATUS_UNSUPPORTED;
}

void duty_grant_note(uint64_t left_ms, status (*renew)(void))
{
}

void duty_hold(bool is_held)
{
}

bool duty_output_begin(bool in_clear)
{
	return false;
}

void duty_look_note(uint64_t epoch)
{
}

void duty_profile_note(struct span piece)
{
}

void duty_program_note(const char *program, uint32_t exit_status)
{
}

status duty_tell(enum verifier_result_kind kind, const char *program, struct span content)
{
	return STATUS_MISSING;
}

int64_t duty_verified_ms(void)
{
	return 0;
}

int64_t duty_verified_step_ms(void)
{
	return 0;
}

void duty_pump(void)
{
}

bool duty_sleep(const struct timespec *duration)
{
	return false;
}

void duty_end(int exit_status)
{
}
