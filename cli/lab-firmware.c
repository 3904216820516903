/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/lab-firmware.h"

#include <dirent.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/report.h"
#include "base/whole-file.h"
#include "cli/lab-build.h"
#include "cli/ports.h"
#include "cli/state-directory.h"
#include "host/image/sigstruct.h"
#include "lab/scope.h"
#include "lab/words.h"
#include "sim/root.h"
#include "verifier/grants/keys.h"

enum {
	HASH_HEX_SIZE = 2 * SGX_HASH_SIZE + 1,
	GRANTOR_PARENT_FD = 3,
	/* Half of it is the guest's file system, which has all programs that run inside. */
	MEMORY_MIB_MIN = 1024,
};

/* What one grant is good for: a GiB, in a million requests. A run of ps needs a thousandth of that. */
#define QUOTA_BYTES "1073741824"
#define QUOTA_REQUESTS "1048576"

/* Where grants are good for as long as the machine runs: firmware has no clock. */
#define VALID_SECONDS "86400"

static status owner_public_path(char ret_path[PATH_MAX])
{
	char path[PATH_MAX];
	struct owner_key *key;

	TRY(state_path(STATE_OWNER_KEY, path));
	TRY(state_path(STATE_OWNER_PUBLIC, ret_path));
	TRY(owner_key_load_or_make(path, ret_path, &key));
	owner_key_destroy(key);
	return STATUS_OK;
}

/* Where the two files of the firmware are that serves this user's grants. */
static status build_firmware(char **ret_directory)
{
	char owner[PATH_MAX];

	TRY(owner_public_path(owner));
	const char *const arguments[] = {owner, "--insecure-accept-sim", NULL};
	return lab_build("firmware", arguments,
			 "build the firmware where the sources are, for the owner's key in bartizan's state directory, "
			 "and give --firmware DIRECTORY",
			 ret_directory);
}

/* ---- into the guest */

static void exec_with_input(const char *name, int input, char *const *argv)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC), code = 1;

	if (null < 0 || dup2(input, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0)
		_exit(1);
	_exit(lab_exec(name, argv, &code) == STATUS_OK ? code : 1);
}

/* What stands in the file, put into the guest's. In a process of its own, whose standard input it is. */
static status put_into_guest(const char *name, const char *path, const char *script)
{
	const char *argv[] = {"sh", "-c", script, NULL};
	SCOPED_FD int input = open(path, O_RDONLY | O_CLOEXEC);
	int wait_status = -1;

	if (input < 0)
		return report(STATUS_IO, "can't read %s: %m", path);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		exec_with_input(name, input, (char *const *)argv);
	if (pid < 0 || waitpid(pid, &wait_status, 0) != pid || !WIFEXITED(wait_status) || WEXITSTATUS(wait_status) != 0)
		return report(STATUS_IO, "the guest %s doesn't take a file", name);
	return STATUS_OK;
}

/* The model of SGX keeps its fake root beside it (tools/build/qemu-sgx): its reports are checked as the simulator's. */
static status model_root_path(const char *qemu, char ret_path[PATH_MAX])
{
	char directory[PATH_MAX];

	if ((size_t)snprintf(directory, sizeof directory, "%s", qemu) >= sizeof directory ||
	    (size_t)snprintf(ret_path, PATH_MAX, "%s/sim-root", dirname(directory)) >= PATH_MAX)
		return report(STATUS_IO, "the path %s is too long", qemu);
	return STATUS_OK;
}

/* The CPU's fake root, simulated or modelled: the same in the guest as outside, where the grantor checks reports with
 * it. */
static status share_root(const struct lab_options *options, char ret_path[PATH_MAX])
{
	struct sim_root root;

	if (options->sgx_qemu != NULL) {
		TRY(model_root_path(options->sgx_qemu, ret_path));
	} else {
		TRY(state_path("sim-root", ret_path));
		TRY(sim_root_load(&root));
	}
	return put_into_guest(options->name, ret_path,
			      "umask 077; mkdir -p ~/.local/state/bartizan && cat >~/.local/state/bartizan/sim-root");
}

/* ---- the grantor */

static int is_signature(const struct dirent *entry)
{
	const size_t size = strlen(entry->d_name);

	return size > 12 && strcmp(entry->d_name + size - 12, ".enclave.sig") == 0;
}

static status add_image(struct words *words, const char *path)
{
	struct sgx_sigstruct sigstruct;
	char hex[HASH_HEX_SIZE];
	struct span file;

	TRY(whole_file_read(path, &file));
	status result = sigstruct_read(path, file, &sigstruct);
	free((void *)file.data);
	TRY(result);
	key_to_hex(sigstruct.mrenclave, SGX_HASH_SIZE, hex);
	words_add(words, "--mrenclave=%s", hex);
	return STATUS_OK;
}

/* Exactly the programs that are put into the guest. */
static status add_images(struct words *words)
{
	char path[PATH_MAX], signature[PATH_MAX + NAME_MAX + 2];
	struct dirent **entries;
	status result = STATUS_OK;

	TRY(ports_find("netstat", path, sizeof path));
	const char *directory = dirname(path);
	int count = scandir(directory, &entries, is_signature, alphasort);
	if (count < 0)
		return report(STATUS_IO, "can't list %s: %m", directory);
	for (int i = 0; i < count; i++) {
		snprintf(signature, sizeof signature, "%s/%s", directory, entries[i]->d_name);
		if (result == STATUS_OK)
			result = add_image(words, signature);
		free(entries[i]);
	}
	free(entries);
	return result;
}

static status grantor_words(const char *name, const struct lab_source *source, const char *root_path,
			    struct words *words)
{
	SCOPED_FREE char *socket = NULL;
	char path[PATH_MAX], key[2 * START_KEY_SIZE + 1];
	ssize_t size = readlink("/proc/self/exe", path, sizeof path - 1);

	if (size <= 0)
		return report(STATUS_IO, "/proc/self/exe can't be read: %m");
	path[size] = '\0';
	TRY(lab_file(name, LAB_FIRMWARE_GRANTOR, &socket));
	key_to_hex(source->key, sizeof source->key, key);
	words_add(words, "%s/bartizan-grantor", dirname(path));
	words_add(words, "--serial");
	words_add(words, "%s", socket);
	TRY(state_path(STATE_OWNER_KEY, path));
	words_add(words, "--owner");
	words_add(words, "%s", path);
	words_add(words, "--source-key");
	words_add(words, "%s", key);
	const char *const rest[] = {"--parent-fd",	"3",
				    "--target",		"smm:",
				    "--rights",		"kernel,user,local-output",
				    "--valid",		VALID_SECONDS,
				    "--quota-bytes",	QUOTA_BYTES,
				    "--quota-requests", QUOTA_REQUESTS};
	for (size_t i = 0; i < sizeof rest / sizeof *rest; i++)
		words_add(words, "%s", rest[i]);
	words_add(words, "--insecure-accept-sim=%s", root_path);
	TRY(add_images(words));
	return words_check(words);
}

/* In the new process: it ends with the VM, whose supervisor's end the pidfd says. */
static void become_grantor(const struct words *words, int supervisor, const char *log_path)
{
	int null = open("/dev/null", O_RDWR), log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);

	setsid();
	if (null < 0 || log < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0)
		_exit(1);
	/* dup2() of a descriptor to itself would leave it to be closed by execv(). */
	if (supervisor == GRANTOR_PARENT_FD ? fcntl(supervisor, F_SETFD, 0) < 0
					    : dup2(supervisor, GRANTOR_PARENT_FD) < 0)
		_exit(1);
	close_range(GRANTOR_PARENT_FD + 1, ~0U, 0);
	if (fork() == 0)
		execv(words->items[0], words->items);
	_exit(0);
}

static status start_grantor(const char *name, const struct words *words)
{
	SCOPED_FREE char *log_path = NULL;
	SCOPED_FD int supervisor = -1;
	struct lab_machine machine;

	TRY(lab_machine_find(name, &machine));
	TRY(lab_file(name, "grantor.log", &log_path));
	supervisor = pidfd_open(machine.supervisor, 0);
	if (supervisor < 0)
		return report(STATUS_GONE, "the VM %s ended", name);
	fflush(NULL);
	pid_t pid = fork();
	if (pid == 0)
		become_grantor(words, supervisor, log_path);
	if (pid < 0 || waitpid(pid, NULL, 0) != pid)
		return report(STATUS_IO, "no process for the grantor: %m");
	return STATUS_OK;
}

static status complete(const struct lab_options *options)
{
	const char *name = options->name;
	struct lab_source source;
	struct words words = {};
	char root_path[PATH_MAX];

	if (lab_firmware_source(name, &source) != STATUS_OK)
		return report(
			STATUS_MISSING,
			"the firmware doesn't say that it has a driver of ours that works: needed are a CPU with "
			"AES-NI, PCLMULQDQ and RDRAND (`--cpu max` has them), and firmware that tools/build/firmware "
			"made");
	TRY(share_root(options, root_path));
	status result = grantor_words(name, &source, root_path, &words);
	if (result == STATUS_OK)
		result = start_grantor(name, &words);
	words_deinit(&words);
	return result;
}

status lab_firmware_up(const struct lab_options *options, const char *firmware)
{
	SCOPED_FREE char *directory = NULL, *socket = NULL;
	struct lab_options all = *options;

	if (options->channel_count == LAB_CHANNEL_COUNT_MAX)
		return report(STATUS_USAGE, "with --firmware a VM has at most %d other channels",
			      LAB_CHANNEL_COUNT_MAX - 1);
	if (strcmp(firmware, "smm") == 0)
		TRY(build_firmware(&directory));
	TRY(lab_file(options->name, LAB_FIRMWARE_GRANTOR, &socket));
	all.firmware = directory != NULL ? directory : firmware;
	all.with_bartizan = true;
	if (all.memory_mib < MEMORY_MIB_MIN)
		all.memory_mib = MEMORY_MIB_MIN;
	all.channels[all.channel_count++] = (struct lab_channel){LAB_FIRMWARE_GRANTOR, socket};
	TRY(lab_up(&all));
	status result = complete(options);
	if (result != STATUS_OK)
		(void)!lab_down(options->name);
	return result;
}
