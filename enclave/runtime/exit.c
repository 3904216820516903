/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/call.h"

_Noreturn void runtime_exit(int code)
{
	(void)runtime_call_host(CALL_EXIT, code & 0xff, 0, 0, 0, 0);
	/* A host that lets an ended program go on gets nothing out of it. */
	runtime_stop();
}
