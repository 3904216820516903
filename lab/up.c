/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Booting a VM: everything before there is a supervisor. */
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/lab.h"
#include "lab/place.h"
#include "lab/qemu.h"
#include "lab/scope.h"
#include "lab/supervisor.h"
#include "lab/words.h"

struct lab_options lab_options_default(void)
{
	return (struct lab_options){
		.kernel = "6.12",
		.memory_mib = 512,
		.cpu_count = 1,
		.cpu_model = "max",
		.machine = "q35",
		.nic = "none",
		.append = "",
		.accelerator = "auto",
		.lifetime_seconds = 4 * 3600,
		.boot_seconds = 180,
	};
}

static void progress(const struct lab_options *options, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void progress(const struct lab_options *options, const char *format, ...)
{
	va_list arguments;

	if (options->quiet)
		return;
	va_start(arguments, format);
	fprintf(stderr, "lab: %s: ", options->name);
	vfprintf(stderr, format, arguments);
	fputc('\n', stderr);
	va_end(arguments);
}

/* In a process of its own: a broken KVM may kill or hang who asks it. */
static bool probe_kvm(void)
{
	enum { PROBE_SECONDS = 2 };
	pid_t pid = fork();
	int wait_status;

	if (pid == 0) {
		alarm(PROBE_SECONDS);
		_exit(qemu_kvm_works() ? 0 : 1);
	}
	if (pid < 0)
		return false;
	while (waitpid(pid, &wait_status, 0) < 0)
		if (errno != EINTR)
			return false;
	return WIFEXITED(wait_status) && WEXITSTATUS(wait_status) == 0;
}

static status make_initramfs(const char *kernel_directory, bool with_bartizan, char **ret_path)
{
	SCOPED_FREE char *programs = NULL, *cache = NULL;
	struct words words = {};
	status result;

	TRY(place_programs(&programs));
	TRY(place_cache("guests", &cache));
	words_add(&words, "sh");
	words_add(&words, "%s/build-initramfs", programs);
	words_add(&words, "%s", kernel_directory);
	words_add(&words, "%s", programs);
	words_add(&words, "%s", cache);
	if (with_bartizan)
		words_add(&words, "/proc/%d/exe", (int)getpid());
	result = words_run(&words, ret_path);
	words_deinit(&words);
	return result;
}

static status open_owner(pid_t owner, int *ret_fd)
{
	int fd;

	if (owner == 0) {
		*ret_fd = -1;
		return STATUS_OK;
	}
	fd = pidfd_open(owner, 0);
	if (fd < 0)
		return report(STATUS_MISSING, "no process %d to own the VM: %s", (int)owner, strerror(errno));
	*ret_fd = fd;
	return STATUS_OK;
}

/* Where nobody chose, and KVM passes the probe but no guest boots with it, the
 * slow way still works. */
static status start(struct supervisor_setup *setup)
{
	const struct lab_options *options = setup->options;
	bool automatic = strcmp(options->accelerator, "auto") == 0;
	status result;

	setup->accelerator = automatic ? (probe_kvm() ? "kvm" : "tcg") : options->accelerator;
	progress(options, "booting %s under %s", strrchr(setup->kernel_directory, '/') + 1, setup->accelerator);
	result = supervisor_start(setup);
	if (!automatic || strcmp(setup->accelerator, "tcg") == 0 || (result != STATUS_IO && result != STATUS_LIMIT))
		return result;
	setup->accelerator = "tcg";
	progress(options, "KVM doesn't work here; booting under tcg");
	return supervisor_start(setup);
}

status lab_up(const struct lab_options *options)
{
	SCOPED_FREE char *machine_path = NULL, *kernel_directory = NULL, *initramfs_path = NULL;
	SCOPED_FD int owner_fd = -1;
	struct timespec before, after;
	pid_t other;

	TRY(qemu_check(options));
	TRY(place_machine(options->name, &machine_path));
	if (place_lock_owner(machine_path, &other) == STATUS_OK)
		return report(STATUS_DENIED, "%s runs already: `bartizan lab down %s' ends it", options->name,
			      options->name);
	TRY(open_owner(options->owner, &owner_fd));
	TRY(lab_kernel_get(options->kernel, options->quiet, &kernel_directory));
	TRY(make_initramfs(kernel_directory, options->with_bartizan, &initramfs_path));
	struct supervisor_setup setup = {
		.options = options,
		.kernel_directory = kernel_directory,
		.initramfs_path = initramfs_path,
		.machine_path = machine_path,
		.owner_fd = owner_fd,
	};

	clock_gettime(CLOCK_MONOTONIC, &before);
	TRY(start(&setup));
	clock_gettime(CLOCK_MONOTONIC, &after);
	progress(options, "up after %.1f s",
		 (double)(after.tv_sec - before.tv_sec) + (double)(after.tv_nsec - before.tv_nsec) / 1e9);
	return STATUS_OK;
}
