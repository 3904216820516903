/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper-files tcp|udp|processes…: pseudo files made by code that was compiled against
 * the headers of one kernel, as SCwatcher's and SSdetector's are. On any other kernel
 * each says so and is empty. /proc has the same on every kernel.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "enclave/vfs/target.h"
#include "guest/headers/shows.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/running.h"

static const struct {
	const char *name;
	void (*show)(struct seq *seq);
} files[] = {
	{"tcp", headers_tcp_show},
	{"udp", headers_udp_show},
	{"processes", headers_processes_show},
};

enum { FILE_COUNT = sizeof files / sizeof files[0] };

static size_t find(const char *name)
{
	size_t i = 0;

	while (i < FILE_COUNT && strcmp(files[i].name, name) != 0)
		i++;
	return i;
}

static int print(struct guest_kernel *kernel, const char *name, void (*show)(struct seq *seq))
{
	const struct proc_subject nobody = {0};
	struct proc_text text;

	if (proc_enter(kernel, &nobody) != STATUS_OK || proc_text_make(show, &text) != STATUS_OK)
		return 1;
	bool cut = text.fault != NULL;
	if (text.size != 0)
		cut |= fwrite(text.data, text.size, 1, stdout) != 1;
	if (text.fault != NULL)
		fprintf(stderr, "paper-files: %s: %s\n", name, text.fault);
	proc_text_deinit(&text);
	return cut;
}

int main(int argc, char **argv)
{
	struct guest_kernel *kernel;
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= find(argv[i]) == FILE_COUNT;
	if (argc < 2 || failed) {
		fprintf(stderr, "usage: paper-files tcp|udp|processes…\n");
		return 2;
	}
	if (target_kernel(&kernel) != STATUS_OK)
		return 1;
	for (int i = 1; i < argc; i++)
		failed |= print(kernel, argv[i], files[find(argv[i])].show);
	return failed != 0 || fflush(stdout) != 0;
}
