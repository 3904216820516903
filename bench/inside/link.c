/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the enclave's primitives cost, as an image: link sse|vaes. */
#include <string.h>

#include "bench/link-costs.h"
#include "enclave/crypto/primitives.h"

int main(int argc, char **argv)
{
	return link_costs_print(enclave_primitives(argc > 1 && strcmp(argv[1], "vaes") == 0));
}
