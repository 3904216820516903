/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-version: what the target's kernel says of itself, straight from the guest
 * library, without /proc. */
#include <stdio.h>

#include "enclave/vfs/target.h"
#include "guest/kernel/kernel.h"

int main(void)
{
	struct guest_kernel *kernel;

	if (target_kernel(&kernel) != STATUS_OK)
		return 1;
	if (puts(kernel->banner) >= 0 && fflush(stdout) == 0)
		return 0;
	perror("kernel-version: standard output");
	return 1;
}
