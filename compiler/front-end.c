/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/front-end.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>

#include "base/report.h"
#include "compiler/kernel-headers.h"

extern char **environ;

/*
 * BPF is the only target whose front end keeps accesses to
 * preserve_access_index types symbolic.
 */
static const char *const symbolic_arguments[] = {"-target", "bpf", "-std=gnu2x", "-nostdlibinc", NULL};

/*
 * What the kernel's own Makefile gives modules, as far as it decides what its
 * headers mean. Its checked string functions (fortify-string.h) would be called
 * under other names: the switch that its own early code uses leaves them out.
 * All types of the file go into the debug information: layouts.c asks there.
 */
static const char *const fixed_arguments[] = {
	"-target",
	"x86_64-pc-linux-gnu",
	"-std=gnu11",
	"-nostdinc",
	"-fPIC",
	"-fno-eliminate-unused-debug-types",
	"-D__KERNEL__",
	"-D__NO_FORTIFY",
	"-DKBUILD_MODNAME=\"guest\"",
	"-D__GUESTCC_HEADERS__",
	NULL,
};

/* The kernel's Makefile includes these before every file. */
static const char *const first_headers[] = {"linux/compiler-version.h", "linux/kconfig.h", "linux/compiler_types.h"};

/*
 * -O1 without passes: the IR of an optimising build, not yet optimised. The -f
 * options take back promises that hostile data breaks (NULL is never followed,
 * loops end, numbers don't wrap); locals start as zero, so that none of our
 * memory shows.
 */
static const char *const common_arguments[] = {
	"-ffreestanding",
	"-fno-builtin",
	"-fwrapv",
	"-fno-strict-aliasing",
	"-fno-delete-null-pointer-checks",
	"-fno-finite-loops",
	"-ftrivial-auto-var-init=zero",
	"-fno-jump-tables",
	"-Wall",
	"-Wextra",
	"-Wno-unused-parameter",
	"-Wno-unused-function",
	"-Werror=int-conversion",
	"-Werror=incompatible-pointer-types",
	"-Werror=implicit-function-declaration",
	"-Werror=return-type",
	"-Werror=uninitialized",
	"-Wvla",
	NULL,
};

enum { COMMAND_MAX = FRONT_END_ARGUMENTS_MAX + 96 };

struct command {
	const char *words[COMMAND_MAX];
	size_t count;
};

static void add(struct command *command, const char *word)
{
	/* COMMAND_MAX has room for all fixed words beyond those given. */
	command->words[command->count++] = word;
}

static status run(const struct command *command, const char *stdout_path)
{
	posix_spawn_file_actions_t actions;
	pid_t child;
	int ended;

	if (posix_spawn_file_actions_init(&actions) != 0)
		return report(STATUS_NO_MEMORY, "out of memory");
	int error = stdout_path != NULL ? posix_spawn_file_actions_addopen(&actions, 1, stdout_path,
									   O_WRONLY | O_CREAT | O_TRUNC, 0600)
					: 0;
	if (error == 0)
		error = posix_spawnp(&child, command->words[0], &actions, NULL, (char **)command->words, environ);
	posix_spawn_file_actions_destroy(&actions);
	if (error != 0)
		return report(STATUS_IO, "can't run %s: %s (guestcc needs clang 19; GUESTCC_CLANG says where it is)",
			      command->words[0], strerror(error));
	while (waitpid(child, &ended, 0) < 0) {
		if (errno != EINTR)
			return report(STATUS_IO, "waiting for %s: %s", command->words[0], strerror(errno));
	}
	return WIFEXITED(ended) && WEXITSTATUS(ended) == 0 ? STATUS_OK : STATUS_MALFORMED;
}

static void add_all(struct command *command, const char *const *words)
{
	for (; *words != NULL; words++)
		add(command, *words);
}

static void add_headers(struct command *command, const struct kernel_headers *headers)
{
	add_all(command, fixed_arguments);
	for (size_t i = 0; i < KERNEL_HEADERS_INCLUDE_COUNT; i++) {
		add(command, "-isystem");
		add(command, headers->includes[i]);
	}
	for (size_t i = 0; i < sizeof first_headers / sizeof first_headers[0]; i++) {
		add(command, "-include");
		add(command, first_headers[i]);
	}
}

static void begin(struct command *command, const struct front_end *front_end)
{
	*command = (struct command){0};
	add(command, front_end->clang);
	if (front_end->headers != NULL)
		add_headers(command, front_end->headers);
	else
		add_all(command, symbolic_arguments);
	add_all(command, common_arguments);
}

static bool is_dependency_option(const char *word)
{
	return strncmp(word, "-M", 2) == 0;
}

status front_end_compile(const struct front_end *front_end, const char *bitcode_path)
{
	/* What C itself doesn't call constant mustn't be made constant: the
	 * syntax tree doesn't show an array's size as it was written. */
	static const char *const words[] = {"-Werror=gnu-folding-constant", "-g",	  "-O1", "-Xclang",
					    "-disable-llvm-passes",	    "-emit-llvm", "-c",	 "-o"};
	struct command command;

	begin(&command, front_end);
	for (size_t i = 0; i < front_end->argument_count; i++)
		add(&command, front_end->arguments[i]);
	for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
		add(&command, words[i]);
	add(&command, bitcode_path);
	add(&command, front_end->source);
	return run(&command, NULL);
}

/* Read the source once more, in another way; dependencies are written already. */
static status read_again(const struct front_end *front_end, const char *const *words, size_t word_count,
			 const char *output)
{
	struct command command;

	begin(&command, front_end);
	for (size_t i = 0; i < front_end->argument_count; i++) {
		if (!is_dependency_option(front_end->arguments[i]))
			add(&command, front_end->arguments[i]);
		else if (strcmp(front_end->arguments[i], "-MD") != 0 && strcmp(front_end->arguments[i], "-MMD") != 0)
			i++; /* and its value */
	}
	for (size_t i = 0; i < word_count; i++)
		add(&command, words[i]);
	add(&command, front_end->source);
	return run(&command, output);
}

status front_end_syntax_tree(const struct front_end *front_end, const char *tree_path)
{
	static const char *const words[] = {"-w", "-fsyntax-only", "-Xclang", "-ast-dump=json"};

	return read_again(front_end, words, 4, tree_path);
}

status front_end_preprocess(const struct front_end *front_end, const char *text_path)
{
	static const char *const words[] = {"-w", "-E"};

	return read_again(front_end, words, 2, text_path);
}
