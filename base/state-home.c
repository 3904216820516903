/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/state-home.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/report.h"

status state_home(char *ret_path, size_t size)
{
	const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	int used;

	if (state != NULL && state[0] == '/')
		used = snprintf(ret_path, size, "%s/bartizan", state);
	else if (home != NULL && home[0] == '/')
		used = snprintf(ret_path, size, "%s/.local/state/bartizan", home);
	else
		return report(STATUS_USAGE,
			      "neither XDG_STATE_HOME nor HOME says where keys are kept: set one of them");
	if (used < 0 || (size_t)used >= size)
		return report(STATUS_USAGE, "the path in XDG_STATE_HOME or HOME is too long");
	return STATUS_OK;
}
