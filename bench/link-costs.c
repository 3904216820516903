/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bench/link-costs.h"
#include "link/request.h"

enum { ROUNDS = 101, PAGE_REPLY_SIZE = LINK_REPLY_HEAD_SIZE + LINK_PAGE_SIZE };

struct work {
	const struct link_primitives *primitives;
	struct link_aead_key key;
	uint8_t secret[LINK_KEY_SIZE], public[LINK_KEY_SIZE], nonce[LINK_NONCE_SIZE];
	uint8_t plain[LINK_REPLY_SIZE_MAX], sealed[LINK_REPLY_SIZE_MAX + LINK_TAG_SIZE];
};

typedef status (*work_step)(struct work *work);

uint64_t link_costs_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

static int compare_times(const void *a, const void *b)
{
	const uint64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

uint64_t link_costs_median(uint64_t *times, unsigned count)
{
	qsort(times, count, sizeof *times, compare_times);
	return times[count / 2];
}

static status seal_and_open(struct work *work, size_t size)
{
	TRY(work->primitives->aead_seal(&work->key, work->nonce,
					(struct span){.data = work->secret, .size = LINK_HEAD_SIZE},
					(struct span){.data = work->plain, .size = size}, work->sealed));
	return work->primitives->aead_open(
		&work->key, work->nonce, (struct span){.data = work->secret, .size = LINK_HEAD_SIZE},
		(struct span){.data = work->sealed, .size = size + LINK_TAG_SIZE}, work->plain);
}

static status seal_and_open_page(struct work *work)
{
	return seal_and_open(work, PAGE_REPLY_SIZE);
}

static status seal_and_open_request(struct work *work)
{
	return seal_and_open(work, LINK_REQUEST_SMALL_SIZE);
}

static status seal_and_open_32_pages(struct work *work)
{
	return seal_and_open(work, LINK_REPLY_SIZE_MAX);
}

static status schedule(struct work *work)
{
	work->primitives->aead_init(&work->key, work->secret);
	return STATUS_OK;
}

static status agree(struct work *work)
{
	uint8_t shared[LINK_KEY_SIZE];

	return work->primitives->x25519_shared(work->secret, work->public, shared);
}

/* A signature that doesn't fit takes as long as one that does; r = s = 1. */
static status verify(struct work *work)
{
	static const uint8_t signature[LINK_SIGNATURE_SIZE] = {[31] = 1, [63] = 1};
	static const uint8_t base_point[LINK_OWNER_KEY_SIZE] = {
		0x6b, 0x17, 0xd1, 0xf2, 0xe1, 0x2c, 0x42, 0x47, 0xf8, 0xbc, 0xe6, 0xe5, 0x63, 0xa4, 0x40, 0xf2,
		0x77, 0x03, 0x7d, 0x81, 0x2d, 0xeb, 0x33, 0xa0, 0xf4, 0xa1, 0x39, 0x45, 0xd8, 0x98, 0xc2, 0x96,
		0x4f, 0xe3, 0x42, 0xe2, 0xfe, 0x1a, 0x7f, 0x9b, 0x8e, 0xe7, 0xeb, 0x4a, 0x7c, 0x0f, 0x9e, 0x16,
		0x2b, 0xce, 0x33, 0x57, 0x6b, 0x31, 0x5e, 0xce, 0xcb, 0xb6, 0x40, 0x68, 0x37, 0xbf, 0x51, 0xf5,
	};

	status result = work->primitives->p256_verify(base_point, work->secret, signature);
	return result == STATUS_MALFORMED ? STATUS_OK : result;
}

static status measure(struct work *work, work_step step, unsigned repeat, uint64_t *ret_ns)
{
	uint64_t times[ROUNDS];

	for (unsigned round = 0; round < ROUNDS; round++) {
		uint64_t start = link_costs_now();

		for (unsigned i = 0; i < repeat; i++)
			TRY(step(work));
		times[round] = (link_costs_now() - start) / repeat;
	}
	*ret_ns = link_costs_median(times, ROUNDS);
	return STATUS_OK;
}

int link_costs_print(const struct link_primitives *primitives)
{
	static const struct {
		const char *name;
		work_step step;
		unsigned repeat;
	} operations[] = {
		{"schedule_ns", schedule, 200},
		{"seal_open_request_ns", seal_and_open_request, 200},
		{"seal_open_page_ns", seal_and_open_page, 200},
		{"seal_open_32_pages_ns", seal_and_open_32_pages, 10},
		{"x25519_ns", agree, 4},
		{"p256_verify_ns", verify, 4},
	};
	static struct work work;

	work.primitives = primitives;
	memset(work.secret, 5, sizeof work.secret);
	if (primitives->x25519_public(work.secret, work.public) != STATUS_OK || schedule(&work) != STATUS_OK)
		return 1;
	printf("{\"primitives\": \"%s\"", primitives->name);
	for (size_t i = 0; i < sizeof operations / sizeof operations[0]; i++) {
		uint64_t ns;

		if (measure(&work, operations[i].step, operations[i].repeat, &ns) != STATUS_OK)
			return 1;
		printf(", \"%s\": %llu", operations[i].name, (unsigned long long)ns);
	}
	printf("}\n");
	return 0;
}
