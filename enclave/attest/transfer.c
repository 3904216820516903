/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/attest/transfer.h"

#include "enclave/runtime/call.h"

static size_t part_of(size_t size)
{
	return size < TRANSFER_SIZE_MAX ? size : TRANSFER_SIZE_MAX;
}

/* Nothing but a count of what was asked for is one. */
static int transferred(int64_t host_answer, size_t size)
{
	return host_answer < 0 || host_answer > (int64_t)size ? -1 : (int)host_answer;
}

int transfer_send(const void *bytes, size_t size)
{
	const size_t part = part_of(size);

	runtime_window_put(0, bytes, part);
	return transferred(runtime_call_host(CALL_VERIFIER_SEND, 0, part, 0, 0, 0), part);
}

int transfer_receive(void *bytes, size_t size, uint32_t wait_ms)
{
	const size_t part = part_of(size);
	int count = transferred(runtime_call_host(CALL_VERIFIER_RECEIVE, 0, part, wait_ms, 0, 0), part);

	if (count > 0)
		runtime_window_get(0, bytes, (size_t)count);
	return count;
}

status transfer_connect(void)
{
	return runtime_call_host(CALL_VERIFIER_CONNECT, 0, 0, 0, 0, 0) == STATUS_OK ? STATUS_OK : STATUS_IO;
}
