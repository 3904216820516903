/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The kernels that guests boot: fetched by lab/fetch-kernel, which knows about
 * packages; here is only the choice. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "lab/lab.h"
#include "lab/place.h"
#include "lab/scope.h"
#include "lab/words.h"

static status run_script(const char *option, const char *what, const char *kernel, char **ret_output)
{
	SCOPED_FREE char *programs = NULL, *cache = NULL;
	struct words words = {};
	status result;

	TRY(place_programs(&programs));
	TRY(place_cache("kernels", &cache));
	words_add(&words, "sh");
	words_add(&words, "%s/fetch-kernel", programs);
	if (option != NULL)
		words_add(&words, "%s", option);
	words_add(&words, "--cache");
	words_add(&words, "%s", cache);
	words_add(&words, "%s", what);
	if (kernel != NULL)
		words_add(&words, "%s", kernel);
	result = words_run(&words, ret_output);
	words_deinit(&words);
	return result;
}

/* One line of the script's list: "SERIES VERSION" or "SERIES -". */
static status read_kernel(char *line, struct lab_kernel *ret_kernel)
{
	struct lab_kernel kernel = {};
	char *space = strchr(line, ' ');

	if (space == NULL)
		return report(STATUS_INTERNAL, "fetch-kernel: can't read its line \"%s\"", line);
	*space++ = '\0';
	if (strcmp(space, "-") == 0)
		space += 1;
	if (strlen(line) >= sizeof kernel.series || strlen(space) >= sizeof kernel.version)
		return report(STATUS_INTERNAL, "fetch-kernel: a name is too long: \"%s %s\"", line, space);
	memcpy(kernel.series, line, strlen(line) + 1);
	memcpy(kernel.version, space, strlen(space) + 1);
	*ret_kernel = kernel;
	return STATUS_OK;
}

status lab_kernels(struct lab_kernel ret_kernels[LAB_KERNEL_COUNT])
{
	SCOPED_FREE char *text = NULL;
	char *rest, *line;

	TRY(run_script(NULL, "list", NULL, &text));
	rest = text;
	for (size_t i = 0; i < LAB_KERNEL_COUNT; i++) {
		line = strsep(&rest, "\n");
		if (line == NULL)
			return report(STATUS_INTERNAL, "fetch-kernel listed fewer than %d kernels", LAB_KERNEL_COUNT);
		TRY(read_kernel(line, &ret_kernels[i]));
	}
	return STATUS_OK;
}

static status check_kernel(const char *kernel)
{
	if (strspn(kernel, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.+~-") != strlen(kernel) ||
	    kernel[0] == '-' || kernel[0] == '.' || kernel[0] == '\0')
		return report(STATUS_USAGE, "\"%s\" can't be a kernel: see `bartizan lab kernels'", kernel);
	return STATUS_OK;
}

status lab_kernel_get(const char *kernel, bool quiet, char **ret_directory)
{
	TRY(check_kernel(kernel));
	return run_script(quiet ? "--quiet" : NULL, "get", kernel, ret_directory);
}

status lab_kernel_update(const char *kernel)
{
	SCOPED_FREE char *directory = NULL;

	TRY(check_kernel(kernel));
	return run_script("--refresh", "get", kernel, &directory);
}
