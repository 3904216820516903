/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/kernel-headers.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"

static bool holds(const char *directory, const char *file)
{
	char path[PATH_MAX];

	return snprintf(path, sizeof path, "%s/%s", directory, file) < (int)sizeof path && access(path, R_OK) == 0;
}

static const char a_common_header[] = "include/linux/sched.h";

/* Debian splits linux-headers-6.1.0-56-cloud-amd64 from linux-headers-6.1.0-56-common:
 * how many words the configuration's name has, only looking shows. */
static char *find_common(const char *own)
{
	char *stem = strdup(own), *found = NULL;

	if (stem == NULL || holds(own, a_common_header))
		return stem;
	for (char *dash; found == NULL && (dash = strrchr(stem, '-')) != NULL && strchr(dash, '/') == NULL;) {
		char *candidate;
		*dash = 0;
		if (asprintf(&candidate, "%s-common", stem) < 0)
			break;
		if (holds(candidate, a_common_header))
			found = candidate;
		else
			free(candidate);
	}
	free(stem);
	return found;
}

/* #define UTS_RELEASE "6.1.0-56-cloud-amd64" */
static status read_release(struct kernel_headers *headers)
{
	char path[PATH_MAX], line[256];

	if (snprintf(path, sizeof path, "%s/include/generated/utsrelease.h", headers->own) >= (int)sizeof path)
		return report(STATUS_USAGE, "%s: too long", headers->own);
	FILE *file = fopen(path, "re");
	if (file == NULL)
		return report(STATUS_MISSING,
			      "%s isn't there: --headers takes the headers of a configured kernel, as "
			      "/lib/modules/RELEASE/build leads to",
			      path);
	while (headers->release[0] == 0 && fgets(line, sizeof line, file) != NULL)
		(void)!sscanf(line, "#define UTS_RELEASE \"%64[^\"]\"", headers->release);
	fclose(file);
	return headers->release[0] != 0 ? STATUS_OK : report(STATUS_MISSING, "%s names no UTS_RELEASE", path);
}

static status list_includes(struct kernel_headers *headers)
{
	static const struct {
		bool common;
		const char *directory;
	} order[KERNEL_HEADERS_INCLUDE_COUNT] = {
		{true, "arch/x86/include"},
		{false, "arch/x86/include/generated"},
		{true, "include"},
		{false, "include"},
		{true, "arch/x86/include/uapi"},
		{false, "arch/x86/include/generated/uapi"},
		{true, "include/uapi"},
		{false, "include/generated/uapi"},
	};

	for (size_t i = 0; i < KERNEL_HEADERS_INCLUDE_COUNT; i++) {
		if (asprintf(&headers->includes[i], "%s/%s", order[i].common ? headers->common : headers->own,
			     order[i].directory) < 0) {
			headers->includes[i] = NULL;
			return report(STATUS_NO_MEMORY, "out of memory");
		}
	}
	return STATUS_OK;
}

status kernel_headers_init(struct kernel_headers *headers, const char *directory)
{
	*headers = (struct kernel_headers){0};
	headers->own = realpath(directory, NULL);
	if (headers->own == NULL)
		return report(STATUS_MISSING, "%s: no such directory", directory);
	headers->common = find_common(headers->own);
	if (headers->common == NULL)
		return report(STATUS_MISSING, "%s has no %s, and no directory beside it that ends in -common has",
			      headers->own, a_common_header);
	TRY(read_release(headers));
	return list_includes(headers);
}

void kernel_headers_deinit(struct kernel_headers *headers)
{
	for (size_t i = 0; i < KERNEL_HEADERS_INCLUDE_COUNT; i++)
		free(headers->includes[i]);
	free(headers->own);
	free(headers->common);
	*headers = (struct kernel_headers){0};
}

static bool is_below(const char *path, const char *directory)
{
	size_t size = strlen(directory);

	return strncmp(path, directory, size) == 0 && path[size] == '/';
}

bool kernel_headers_hold(const struct kernel_headers *headers, const char *path)
{
	return is_below(path, headers->own) || is_below(path, headers->common);
}
