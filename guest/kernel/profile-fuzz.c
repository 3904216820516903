// SPDX-License-Identifier: GPL-2.0-or-later
/* A profile whose bytes the input changes, with its checksum made good again, so
 * that the fuzzer gets past it; applied to the kernel that it was made of.
 * Records of (position: 3 bytes, value: 1 byte). */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/kernel/btf.h"
#include "guest/kernel/fake-kernel.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/profile.h"
#include "guest/kernel/profile-build.h"
#include "guest/kernel/profile-format.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { RECORD_SIZE = 4 };

static const uint64_t START = 0xffffffff81000000;

static struct fake_kernel kernel;
static struct span original;

static void be_silent(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void make_original(void)
{
	fake_kernel_init(&kernel, START, ENCODER_6_12_PERCPU, true);
	struct span elf = fake_kernel_elf(&kernel);
	if (profile_build(elf, (uint8_t **)&original.data, &original.size) != STATUS_OK)
		abort();
	free((void *)elf.data);
}

static void try_profile(struct span file)
{
	struct guest_profile *profile;
	struct guest_symbols *symbols;
	struct guest_types *types;

	if (guest_profile_create(file, &profile) != STATUS_OK)
		return;
	if (guest_profile_apply(profile, &kernel.image.view, &symbols, &types) == STATUS_OK) {
		guest_symbols_destroy(symbols);
		guest_types_destroy(types);
	}
	guest_profile_destroy(profile);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t checksum;

	report_sink_set(be_silent, NULL);
	if (original.data == NULL)
		make_original();
	uint8_t *file = malloc(original.size);
	if (file == NULL)
		return 0;
	memcpy(file, original.data, original.size);
	for (size_t at = 0; at + RECORD_SIZE <= size; at += RECORD_SIZE)
		file[(data[at] | data[at + 1] << 8 | data[at + 2] << 16) % original.size] = data[at + 3];
	checksum = profile_checksum((struct span){file + PROFILE_SUMMED_FROM, original.size - PROFILE_SUMMED_FROM});
	memcpy(file + offsetof(struct profile_header, checksum), &checksum, sizeof checksum);
	try_profile((struct span){file, original.size});
	free(file);
	return 0;
}
