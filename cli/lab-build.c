/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/lab-build.h"

#include <unistd.h>

#include "base/report.h"
#include "lab/place.h"
#include "lab/scope.h"
#include "lab/words.h"

status lab_build(const char *script, const char *const *arguments, const char *hint, char **ret_output)
{
	SCOPED_FREE char *programs = NULL;
	struct words words = {};

	TRY(place_programs(&programs));
	words_add(&words, "%s/../../tools/build/%s", programs, script);
	for (; *arguments != NULL; arguments++)
		words_add(&words, "%s", *arguments);
	status result = words_check(&words);
	if (result == STATUS_OK && access(words.items[0], X_OK) != 0)
		result = report(STATUS_MISSING, "this is built from the source tree, and %s isn't there: %s",
				words.items[0], hint);
	if (result == STATUS_OK)
		result = words_run(&words, ret_output);
	words_deinit(&words);
	return result;
}
