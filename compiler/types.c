/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/types.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct known {
	char *keyword, *name;
};

static struct known *known;
static size_t known_count, known_room;

__attribute__((noreturn)) static void out_of_memory(void)
{
	fputs("guestcc: out of memory\n", stderr);
	exit(EXIT_FAILURE);
}

void kernel_type_add(const char *keyword, const char *name)
{
	struct known type = {strdup(keyword), strdup(name)};

	if (known_count == known_room) {
		known_room = 2 * known_room + 64;
		struct known *grown = realloc(known, known_room * sizeof *known);
		if (grown == NULL)
			out_of_memory();
		known = grown;
	}
	if (type.keyword == NULL || type.name == NULL)
		out_of_memory();
	known[known_count++] = type;
}

void kernel_types_clear(void)
{
	for (size_t i = 0; i < known_count; i++) {
		free(known[i].keyword);
		free(known[i].name);
	}
	free(known);
	known = NULL;
	known_count = known_room = 0;
}

static const struct known *find(const char *keyword, const char *name, size_t name_size)
{
	for (size_t i = 0; i < known_count; i++) {
		if (strlen(known[i].name) == name_size && memcmp(known[i].name, name, name_size) == 0 &&
		    (keyword == NULL || strcmp(known[i].keyword, keyword) == 0))
			return &known[i];
	}
	return NULL;
}

bool kernel_type_known(const char *printed)
{
	static const char *const keywords[] = {"struct", "union"};

	for (size_t i = 0; i < 2; i++) {
		size_t size = strlen(keywords[i]);
		if (strncmp(printed, keywords[i], size) == 0 && printed[size] == ' ' &&
		    (find(keywords[i], printed + size + 1, strlen(printed + size + 1)) != NULL ||
		     find("typedef", printed + size + 1, strlen(printed + size + 1)) != NULL))
			return true;
	}
	return find("typedef", printed, strlen(printed)) != NULL;
}

/* LLVM names a record "struct.NAME", with ".NUMBER" after it where two share
 * the name, and an unnamed one by its typedef, or "anon". */
enum kernel_type kernel_type_of(LLVMTypeRef type, char *ret_name, size_t name_size)
{
	const char *full = LLVMGetTypeKind(type) == LLVMStructTypeKind ? LLVMGetStructName(type) : NULL;
	const char *name = full != NULL ? strchr(full, '.') : NULL;

	if (name++ == NULL)
		return KERNEL_TYPE_NOT;
	size_t size = strcspn(name, ".");
	const struct known *entry = find(NULL, name, size);
	if (entry == NULL)
		return KERNEL_TYPE_NOT;
	const char *flavour = strstr(entry->name, "___");
	if (flavour != NULL && flavour != entry->name)
		size = (size_t)(flavour - entry->name);
	return snprintf(ret_name, name_size, "%s %.*s", entry->keyword, (int)size, name) < (int)name_size
		       ? KERNEL_TYPE_NAMED
		       : KERNEL_TYPE_UNNAMED;
}
