/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The enclave's primitives as an image has them linked. Arguments: vaes|sse vectors|transcript. */
#include <stdio.h>
#include <string.h>

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

int main(int argc, char **argv)
{
	struct count count = {0};

	if (argc != 3)
		return 2;
	const struct link_primitives *primitives = enclave_primitives(strcmp(argv[1], "vaes") == 0);
	if (strcmp(argv[2], "transcript") == 0)
		return link_transcript_run(primitives, hear_message, NULL) == STATUS_OK ? 0 : 1;
	link_vectors_run(primitives, hear_vector, &count);
	printf("%s: %u vectors, %u failed\n", primitives->name, count.run, count.failed);
	return count.failed == 0 ? 0 : 1;
}
