// SPDX-License-Identifier: GPL-2.0-or-later
/* Any bytes as a kernel's file: bzImage, its payload, or the ELF file. The
 * first byte chooses; a payload gets a header and a plausible size. */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/fake-kernel.h"
#include "guest/kernel/profile-build.h"
#include "guest/kernel/vmlinux.h"
#include "guest/kernel/vmlinuz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { AS_PAYLOAD = 1, UNPACKED_SIZE_MAX = 1 << 20 };

static void be_silent(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void unpack(struct span file)
{
	uint8_t *unpacked;
	size_t size;

	if (vmlinuz_unpack(file, &unpacked, &size) != STATUS_OK)
		return;
	struct vmlinux vmlinux;
	uint8_t bytes[64];
	if (vmlinux_init(&vmlinux, (struct span){unpacked, size}) == STATUS_OK &&
	    kernel_view_read(&vmlinux.view, vmlinux.view.start, bytes, sizeof bytes) > STATUS_UNMAPPED)
		abort();
	free(unpacked);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint32_t unpacked_size;

	report_sink_set(be_silent, NULL);
	if (size < 5)
		return 0;
	struct span rest = {data + 1, size - 1};
	if (data[0] != AS_PAYLOAD) {
		unpack(rest);
		return 0;
	}
	memcpy(&unpacked_size, rest.data + rest.size - 4, sizeof unpacked_size);
	if (unpacked_size > UNPACKED_SIZE_MAX) /* spare the fuzzer's memory */
		return 0;
	struct span image = fake_bzimage(rest);
	unpack(image);
	free((void *)image.data);
	return 0;
}
