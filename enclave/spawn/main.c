/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Before main(): a program that another one runs gets from it what it starts with. (bartizan-cc links
 * images with --wrap=main.) */
#include <errno.h>

#include "enclave/link/link.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/runtime.h"
#include "enclave/spawn/parent.h"

int __real_main(int argument_count, char **arguments, char **environment);
int __wrap_main(int argument_count, char **arguments, char **environment);

int __wrap_main(int argument_count, char **arguments, char **environment)
{
	if (runtime_has_parent()) {
		if (parent_begin(&argument_count, &arguments, &environment) != STATUS_OK) {
			enclave_link_end();
			runtime_exit(EXIT_NOT_RUN);
		}
		program_invocation_name = program_invocation_short_name = arguments[0];
	}
	return __real_main(argument_count, arguments, environment);
}
