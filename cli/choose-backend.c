/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/choose-backend.h"

#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "host/loader/plain.h"
#include "host/loader/sgx.h"
#include "host/loader/sim.h"

status choose_backend(const char *name, bool (*sgx_works)(void), const struct backend **ret_backend)
{
	static const struct backend *const backends[] = {&sgx_backend, &sim_backend, &plain_backend};

	if (name == NULL) {
		*ret_backend = sgx_works() ? &sgx_backend : &sim_backend;
		return STATUS_OK;
	}
	for (size_t i = 0; i < ARRAY_COUNT(backends); i++)
		if (strcmp(name, backends[i]->name) == 0) {
			*ret_backend = backends[i];
			return STATUS_OK;
		}
	return report(STATUS_USAGE, "there is no backend %s: sgx, sim and plain exist", name);
}
