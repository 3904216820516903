/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/manifest.h"

#include <string.h>

static const char *next(const char *string)
{
	return string + strlen(string) + 1;
}

bool manifest_allows_call(uint64_t number)
{
	for (const uint16_t *call = image_calls; *call != (uint16_t)IMAGE_CALLS_END; call++)
		if (*call == number)
			return true;
	return false;
}

bool manifest_allows_path(const char *path)
{
	for (const char *entry = image_paths; *entry != '\0'; entry = next(entry)) {
		const char *allowed = entry + 1;
		size_t length = strlen(allowed);

		if (strncmp(path, allowed, length) != 0)
			continue;
		if (path[length] == '\0' || (entry[0] == 't' && path[length] == '/'))
			return true;
	}
	return false;
}

bool manifest_leads_to_path(const char *path)
{
	size_t length = strcmp(path, "/") == 0 ? 0 : strlen(path);

	for (const char *entry = image_paths; *entry != '\0'; entry = next(entry))
		if (strncmp(entry + 1, path, length) == 0 && entry[1 + length] == '/')
			return true;
	return false;
}

bool manifest_allows_environment(const char *variable)
{
	const char *equals = strchr(variable, '=');

	if (equals == NULL)
		return false;
	for (const char *name = image_environment; *name != '\0'; name = next(name))
		if (strlen(name) == (size_t)(equals - variable) && strncmp(name, variable, strlen(name)) == 0)
			return true;
	return false;
}
