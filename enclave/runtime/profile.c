/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/profile.h"

#include "base/report.h"
#include "enclave/runtime/call.h"
#include "guest/kernel/profile.h"

status runtime_profile_size(size_t *ret_size)
{
	int64_t answer = runtime_call_host(CALL_PROFILE_SIZE, 0, 0, 0, 0, 0);

	if (answer < 0 || answer > PROFILE_SIZE_MAX)
		return report(STATUS_MALFORMED, "not a profile: %lld bytes, where none has more than %d",
			      (long long)answer, PROFILE_SIZE_MAX);
	*ret_size = (size_t)answer;
	return STATUS_OK;
}

status runtime_profile_read(uint64_t offset, void *destination, size_t size)
{
	uint8_t *bytes = destination;

	for (size_t done = 0; done < size;) {
		size_t part = size - done < CALL_DATA_SIZE ? size - done : CALL_DATA_SIZE;
		int64_t answer = runtime_call_host(CALL_PROFILE_READ, offset + done, part, 0, 0, 0);

		if (answer != STATUS_OK)
			return report(STATUS_MALFORMED,
				      "the host answered %lld when asked for bytes %llu to %llu of the profile: the "
				      "machine that runs this program is broken or hostile",
				      (long long)answer, (unsigned long long)offset + done,
				      (unsigned long long)offset + done + part);
		runtime_window_get(0, bytes + done, part);
		done += part;
	}
	return STATUS_OK;
}
