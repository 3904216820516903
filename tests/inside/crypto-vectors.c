/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The enclave's primitives as an image has them linked. Arguments: vaes|sse vectors|transcript. */
#include <stdio.h>
#include <string.h>

#include "enclave/crypto/cmac.h"
#include "enclave/crypto/primitives.h"
#include "link/transcript.h"
#include "link/vectors.h"

struct count {
	unsigned run, failed;
};

static void hear_vector(void *context, const char *name, bool holds)
{
	struct count *count = context;

	count->run++;
	if (!holds) {
		count->failed++;
		printf("doesn't hold: %s\n", name);
	}
}

static void hear_message(void *context, const char *name, struct span message)
{
	printf("%s: ", name);
	for (size_t i = 0; i < message.size; i++)
		printf("%02x", message.data[i]);
	printf("\n");
}

/* RFC 4493 section 4: one key, four lengths of one message. */
static void run_cmac_vectors(struct count *count)
{
	static const uint8_t key[ENCLAVE_CMAC_SIZE] = {0x2b, 0x7e, 0x15, 0x16, 0x28, 0xae, 0xd2, 0xa6,
						       0xab, 0xf7, 0x15, 0x88, 0x09, 0xcf, 0x4f, 0x3c};
	static const uint8_t message[64] = {
		0x6b, 0xc1, 0xbe, 0xe2, 0x2e, 0x40, 0x9f, 0x96, 0xe9, 0x3d, 0x7e, 0x11, 0x73, 0x93, 0x17, 0x2a,
		0xae, 0x2d, 0x8a, 0x57, 0x1e, 0x03, 0xac, 0x9c, 0x9e, 0xb7, 0x6f, 0xac, 0x45, 0xaf, 0x8e, 0x51,
		0x30, 0xc8, 0x1c, 0x46, 0xa3, 0x5c, 0xe4, 0x11, 0xe5, 0xfb, 0xc1, 0x19, 0x1a, 0x0a, 0x52, 0xef,
		0xf6, 0x9f, 0x24, 0x45, 0xdf, 0x4f, 0x9b, 0x17, 0xad, 0x2b, 0x41, 0x7b, 0xe6, 0x6c, 0x37, 0x10,
	};
	static const struct {
		size_t size;
		const char *name;
		uint8_t mac[ENCLAVE_CMAC_SIZE];
	} vectors[] = {
		{0,
		 "RFC 4493 example 1",
		 {0xbb, 0x1d, 0x69, 0x29, 0xe9, 0x59, 0x37, 0x28, 0x7f, 0xa3, 0x7d, 0x12, 0x9b, 0x75, 0x67, 0x46}},
		{16,
		 "RFC 4493 example 2",
		 {0x07, 0x0a, 0x16, 0xb4, 0x6b, 0x4d, 0x41, 0x44, 0xf7, 0x9b, 0xdd, 0x9d, 0xd0, 0x4a, 0x28, 0x7c}},
		{40,
		 "RFC 4493 example 3",
		 {0xdf, 0xa6, 0x67, 0x47, 0xde, 0x9a, 0xe6, 0x30, 0x30, 0xca, 0x32, 0x61, 0x14, 0x97, 0xc8, 0x27}},
		{64,
		 "RFC 4493 example 4",
		 {0x51, 0xf0, 0xbe, 0xbf, 0x7e, 0x3b, 0x9d, 0x92, 0xfc, 0x49, 0x74, 0x17, 0x79, 0x36, 0x3c, 0xfe}},
	};

	for (size_t i = 0; i < sizeof vectors / sizeof *vectors; i++) {
		uint8_t mac[ENCLAVE_CMAC_SIZE];

		hear_vector(count, vectors[i].name,
			    enclave_cmac(key, (struct span){message, vectors[i].size}, mac) == STATUS_OK &&
				    memcmp(mac, vectors[i].mac, sizeof mac) == 0);
	}
}

int main(int argc, char **argv)
{
	struct count count = {0};

	if (argc != 3)
		return 2;
	const struct link_primitives *primitives = enclave_primitives(strcmp(argv[1], "vaes") == 0);
	if (strcmp(argv[2], "transcript") == 0)
		return link_transcript_run(primitives, hear_message, NULL) == STATUS_OK ? 0 : 1;
	link_vectors_run(primitives, hear_vector, &count);
	run_cmac_vectors(&count);
	printf("%s: %u vectors, %u failed\n", primitives->name, count.run, count.failed);
	return count.failed == 0 ? 0 : 1;
}
