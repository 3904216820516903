/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * paper-files tcp|udp|processes…: pseudo files made by code that was compiled against
 * the headers of one kernel, as SCwatcher's and SSdetector's are. On any other kernel
 * each says so and is empty; it shows the initial namespaces alone. /proc has the same on every kernel, and in others.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "enclave/vfs/target.h"
#include "guest/headers/shows.h"
#include "guest/kernel/kernel.h"
#include "guest/proc/now.h"
#include "guest/proc/running.h"
#include "wire/start.h"

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

/* In the present epoch, or in a new one where that was ended. */
static status look(const char *name, void (*show)(struct seq *seq), struct proc_text *ret_text)
{
	const struct proc_subject nobody = {0};
	struct guest_kernel *kernel;

	TRY(target_kernel(&kernel));
	status result = proc_enter(kernel, &nobody);
	if (result == STATUS_OK)
		result = proc_text_make(show, ret_text);
	if (result != STATUS_OK) {
		(void)!target_refusal(result, name);
		return result;
	}
	result = target_check(name);
	if (result != STATUS_OK)
		proc_text_deinit(ret_text);
	return result;
}

static int print(const char *name, void (*show)(struct seq *seq))
{
	struct proc_text text;

	if (look(name, show, &text) != STATUS_OK)
		return 1;
	/* What changed while it was read is read anew. */
	for (int i = 1; i < PROC_TORN_TRIES && text.is_torn; i++) {
		proc_text_deinit(&text);
		target_epoch_end();
		if (look(name, show, &text) != STATUS_OK)
			return 1;
	}
	fwrite(text.data, 1, text.size, stdout);
	if (text.fault != NULL)
		fprintf(stderr, "paper-files: %s: %s\n", name, text.fault);
	int result = text.fault != NULL;
	proc_text_deinit(&text);
	return result;
}

/* All of it, at the end: what fwrite() couldn't write before is remembered. */
static int flush(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	perror("paper-files: standard output");
	return 1;
}

int main(int argc, char **argv)
{
	int failed = 0;

	for (int i = 1; i < argc; i++)
		failed |= find(argv[i]) == FILE_COUNT;
	if (argc < 2 || failed) {
		fprintf(stderr, "usage: paper-files tcp|udp|processes…\n");
		return 2;
	}
	if (getenv(START_VARIABLE_PID_NAMESPACE) != NULL || getenv(START_VARIABLE_NETNS) != NULL) {
		fprintf(stderr,
			"paper-files: shows the initial namespaces alone, and heeds neither --pid-namespace nor "
			"--netns: /proc does\n");
		return 2;
	}
	for (int i = 1; i < argc; i++)
		failed |= print(argv[i], files[find(argv[i])].show);
	return failed | flush();
}
