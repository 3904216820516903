/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/runtime/manifest.h"

#include <string.h>

#include "wire/start.h"

static const char *next(const char *string)
{
	return string + strlen(string) + 1;
}

/* Beside files ("f") and trees ("t") of the host. */
static bool is_of_target(const char *entry)
{
	return entry[0] == 'n';
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

		if (is_of_target(entry) || strncmp(path, allowed, length) != 0)
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
		if (!is_of_target(entry) && strncmp(entry + 1, path, length) == 0 && entry[1 + length] == '/')
			return true;
	return false;
}

/* Is it the variable `name`? */
static bool is_variable(const char *variable, const char *name)
{
	size_t length = strlen(name);

	return strncmp(variable, name, length) == 0 && variable[length] == '=';
}

static bool says_how_to_look(const char *variable)
{
	/* Before relocation: no table of pointers. */
	return is_variable(variable, START_VARIABLE_PID_NAMESPACE) || is_variable(variable, START_VARIABLE_NETNS) ||
	       is_variable(variable, START_VARIABLE_EPOCH) || is_variable(variable, START_VARIABLE_PAUSE);
}

bool manifest_names_target(const char *path)
{
	for (const char *entry = image_paths; *entry != '\0'; entry = next(entry)) {
		size_t length = strlen(entry + 1);

		/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): a beginning, on purpose */
		if (is_of_target(entry) && strncmp(path, entry + 1, length) == 0 &&
		    (path[length] == '\0' || path[length] == '/'))
			return true;
	}
	return false;
}

bool manifest_allows_environment(const char *variable)
{
	const char *equals = strchr(variable, '=');

	if (equals == NULL)
		return false;
	if (says_how_to_look(variable))
		return true;
	for (const char *name = image_environment; *name != '\0'; name = next(name))
		if (strlen(name) == (size_t)(equals - variable) && strncmp(name, variable, strlen(name)) == 0)
			return true;
	return false;
}

/* 0 … 15; 16: no hexadecimal digit. */
static unsigned digit_of(char c)
{
	return c >= '0' && c <= '9' ? (unsigned)(c - '0') : c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static bool read_hash(const char *text, uint8_t ret_hash[static SGX_HASH_SIZE])
{
	for (size_t i = 0; i < SGX_HASH_SIZE; i++) {
		unsigned high = digit_of(text[2 * i]), low = high > 15 ? 16 : digit_of(text[2 * i + 1]);

		if (high > 15 || low > 15)
			return false;
		ret_hash[i] = (uint8_t)(high << 4 | low);
	}
	return text[(size_t)2 * SGX_HASH_SIZE] == '\0';
}

bool manifest_program(const char *name, uint8_t ret_mrenclave[static SGX_HASH_SIZE])
{
	size_t length = strlen(name);

	for (const char *entry = image_programs; *entry != '\0'; entry = next(entry))
		if (strncmp(entry, name, length) == 0 && entry[length] == '=')
			return read_hash(entry + length + 1, ret_mrenclave);
	return false;
}
