/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * `bartizan`, but it counts what passes in SMM: for tools/test/bench-smm; not installed. Linked with --wrap. The file
 * that BENCH_SMIS names, of 16 bytes, has the ticks of the time stamp counter in all SMIs so far, and their number.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "host/serve/smi.h"

struct smis {
	uint64_t ticks, count;
};

uint64_t __real_smi_port_call(void *buffer, size_t size);
uint64_t __wrap_smi_port_call(void *buffer, size_t size);

static struct smis *open_smis(void)
{
	static struct smis unseen;
	const char *path = getenv("BENCH_SMIS");
	int file = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (file < 0)
		return &unseen;
	void *smis = mmap(NULL, sizeof unseen, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	close(file);
	return smis != MAP_FAILED ? smis : &unseen;
}

uint64_t __wrap_smi_port_call(void *buffer, size_t size)
{
	static struct smis *smis;

	if (smis == NULL)
		smis = open_smis();
	_mm_lfence();
	const uint64_t start = __rdtsc();
	const uint64_t answer = __real_smi_port_call(buffer, size);

	_mm_lfence();
	smis->ticks += __rdtsc() - start;
	smis->count++;
	return answer;
}
