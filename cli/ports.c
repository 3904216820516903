/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/ports.h"

#include <dirent.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"

static const char ending[] = ".enclave";
static const char *const places[] = {"ports", "../ports", "../../ports", "../lib/bartizan/ports"};

/* A machine that watches itself may have no /proc mounted: then, by what this program was started as. */
static status own_directory(char ret_path[PATH_MAX])
{
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *started_as = (const char *)getauxval(AT_EXECFN);

	if (length > 0)
		self[length] = '\0';
	else if (started_as == NULL || started_as[0] != '/' || realpath(started_as, self) == NULL)
		return report(STATUS_IO, "/proc/self/exe can't be read: %m");
	snprintf(ret_path, PATH_MAX, "%s", dirname(self));
	return STATUS_OK;
}

status ports_find(const char *name, char *ret_path, size_t size)
{
	char directory[PATH_MAX];

	TRY(own_directory(directory));
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		int needed = snprintf(ret_path, size, "%s/%s/%s%s", directory, places[i], name, ending);

		if (needed > 0 && (size_t)needed < size && access(ret_path, R_OK) == 0)
			return STATUS_OK;
	}
	return report(STATUS_MISSING,
		      "there is no program %s: `bartizan run --list' prints those that there are (make build builds "
		      "them); or give the path of an image",
		      name);
}

static int is_image(const struct dirent *entry)
{
	size_t length = strlen(entry->d_name), tail = sizeof ending - 1;

	return length > tail && strcmp(entry->d_name + length - tail, ending) == 0;
}

status ports_print(void)
{
	char directory[PATH_MAX], path[PATH_MAX + 32];
	struct dirent **entries;

	TRY(own_directory(directory));
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		snprintf(path, sizeof path, "%s/%s", directory, places[i]);
		int count = scandir(path, &entries, is_image, alphasort);

		for (int j = 0; j < count; j++) {
			printf("%.*s\n", (int)(strlen(entries[j]->d_name) - sizeof ending + 1), entries[j]->d_name);
			free(entries[j]);
		}
		if (count >= 0)
			free(entries);
		if (count > 0)
			return STATUS_OK;
	}
	return report(STATUS_MISSING,
		      "no programs that run inside are beside this one, in %s: `make build' builds them", directory);
}
