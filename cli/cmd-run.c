/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan run, bartizan cat: programs that see a target instead of this
 * machine. Described in docs/run.md. */
#include <argp.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "cli/chain.h"
#include "cli/choose-backend.h"
#include "cli/choose-target.h"
#include "cli/command.h"
#include "cli/whole-file.h"
#include "host/loader/plain.h"
#include "host/loader/program.h"
#include "host/loader/sgx.h"
#include "host/loader/sim.h"

enum {
	/* The program never ran: nothing that a program itself exits with by
	 * habit (as env, timeout and others do). */
	EXIT_CODE_NOT_RUN = 125,
	KEY_TARGET = 256,
	KEY_BACKEND,
	KEY_PROFILE,
	KEY_AGENT,
	KEY_GRANTOR,
	KEY_OWNER,
	KEY_QUIET,
};

struct settings {
	const char *target, *backend, *profile;
	const char *agent, *grantor, *owner;
	bool quiet;
	const char *program; /* NULL: the first argument names it */
	char **arguments; /* from the program's name or the first path on */
	const char *none_given; /* the usage error where arguments are missing */
};

static const struct argp_option options[] = {
	{"target", KEY_TARGET, "T", 0, "qemu:PID, qemu:NAME, lab:NAME or dump:FILE (the only VM that runs here)", 0},
	{"backend", KEY_BACKEND, "NAME", 0,
	 "what the program runs in: sgx, sim (a simulation, which protects nothing from root) or plain (this process, "
	 "unprotected); where it isn't given: sgx where that works, else sim",
	 0},
	{"agent", KEY_AGENT, "ADDRESS", 0,
	 "who reads the target: unix:PATH, tcp:HOST:PORT, vsock:CID:PORT or serial:PATH; started for this run where it "
	 "isn't given",
	 0},
	{"grantor", KEY_GRANTOR, "SOCKET", 0,
	 "who grants access to the target; started for this run where it isn't given", 0},
	{"owner", KEY_OWNER, "FILE", 0, "whose grants the enclave accepts: a public key (the grantor's own)", 0},
	{"quiet", KEY_QUIET, NULL, 0, "don't say on stderr what the run is made of", 0},
	{"profile", KEY_PROFILE, "FILE", 0,
	 "take the kernel's symbols and types from this profile; refuse another kernel", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case KEY_TARGET: settings->target = argument; return 0;
	case KEY_BACKEND: settings->backend = argument; return 0;
	case KEY_PROFILE: settings->profile = argument; return 0;
	case KEY_AGENT: settings->agent = argument; return 0;
	case KEY_GRANTOR: settings->grantor = argument; return 0;
	case KEY_OWNER: settings->owner = argument; return 0;
	case KEY_QUIET: settings->quiet = true; return 0;
	case ARGP_KEY_ARG:
		/* All the rest belongs to the program, options too. */
		settings->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (settings->arguments == NULL)
			argp_error(state, "%s", settings->none_given);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static void parse(struct settings *settings, const char *usage, const char *text, int argc, char **argv)
{
	const struct argp argp = {.options = options, .parser = parse_option, .args_doc = usage, .doc = text};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, settings) != 0)
		exit(EXIT_CODE_USAGE);
}

static bool sgx_works(void)
{
	struct sgx_absence absence;

	return sgx_backend_works(&absence) == STATUS_OK;
}

/* plain reads the target by itself; nobody else has a say. */
static status check_settings(const struct settings *settings, const struct backend *backend)
{
	if (backend == &plain_backend &&
	    (settings->agent != NULL || settings->grantor != NULL || settings->owner != NULL))
		return report(STATUS_USAGE, "--agent, --grantor and --owner belong to an enclave; the backend plain "
					    "has none");
	return STATUS_OK;
}

/* A port's image: ports/NAME.enclave beside this program, as it lies in the build
 * directory or as it is installed. */
static status find_port(const char *name, char *ret_path, size_t size)
{
	static const char *const places[] = {"ports", "../ports", "../../ports", "../lib/bartizan/ports"};
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof self - 1);
	const char *directory;

	if (length <= 0)
		return report(STATUS_IO, "/proc/self/exe can't be read: %m");
	self[length] = '\0';
	directory = dirname(self);
	for (size_t i = 0; i < ARRAY_COUNT(places); i++) {
		int needed = snprintf(ret_path, size, "%s/%s/%s.enclave", directory, places[i], name);

		if (needed > 0 && (size_t)needed < size && access(ret_path, R_OK) == 0)
			return STATUS_OK;
	}
	return report(STATUS_MISSING,
		      "there is no program %s: give the path of an image, or build the ports "
		      "(make build)",
		      name);
}

static status find_image(const char *program, char *ret_path, size_t size)
{
	if (strchr(program, '/') == NULL)
		return find_port(program, ret_path, size);
	if ((size_t)snprintf(ret_path, size, "%s", program) >= size)
		return report(STATUS_USAGE, "the path %s is too long", program);
	return STATUS_OK;
}

/* argv[0] as programs print it: the image's name without directory and ending. */
static void program_name(const char *path, char name[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	char *ending;

	snprintf(name, PATH_MAX, "%s", slash != NULL ? slash + 1 : path);
	ending = strstr(name, ".enclave");
	if (ending != NULL && strcmp(ending, ".enclave") == 0)
		*ending = '\0';
}

/* What a run holds, undone in the opposite order. */
struct run {
	struct target *target; /* plain */
	struct chain *chain; /* all others */
	const char **arguments;
	struct span profile;
};

static void run_deinit(struct run *run)
{
	free((void *)run->profile.data);
	free(run->arguments);
	if (run->chain != NULL)
		chain_destroy(run->chain);
	if (run->target != NULL)
		target_destroy(run->target);
}

static status copy_arguments(struct run *run, const struct settings *settings, const char *name)
{
	size_t count = 0, skip = settings->program == NULL;

	while (settings->arguments[count] != NULL)
		count++;
	run->arguments = calloc(count + 2, sizeof *run->arguments);
	if (run->arguments == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu arguments", count);
	run->arguments[0] = name;
	memcpy(run->arguments + 1, settings->arguments + skip, (count - skip) * sizeof *run->arguments);
	return STATUS_OK;
}

/* One line, so that nobody takes for protected what isn't. */
static void say_what_runs(const struct settings *settings, const struct backend *backend, const struct chain *chain)
{
	bool agent = chain_started_agent(chain), grantor = chain_started_grantor(chain);

	if (settings->quiet)
		return;
	fprintf(stderr, "bartizan: backend %s%s%s, %s%s%s\n", backend->name,
		backend == &sim_backend ? " (a simulation: protects nothing from this machine's root)" : "",
		backend == &sgx_backend && grantor ? " (granted without proof that it is one: for development)" : "",
		agent ? "development agent" : settings->agent,
		grantor ? (agent ? " and grant" : ", development grant") : ", grants by ",
		grantor ? "" : settings->grantor);
}

static status start_chain(const struct settings *settings, const struct backend *backend, const char *image_path,
			  struct run *run)
{
	char target[START_TARGET_SIZE];

	TRY(choose_target_name(settings->target, target));
	const struct chain_settings chain = {
		.target = target,
		.agent = settings->agent,
		.grantor = settings->grantor,
		.owner = settings->owner,
		.image_path = image_path,
		.is_sgx = backend == &sgx_backend,
	};
	return chain_create(&chain, &run->chain);
}

static status run(const struct settings *settings, int *ret_exit_code)
{
	const char *program = settings->program != NULL ? settings->program : settings->arguments[0];
	__attribute__((cleanup(run_deinit))) struct run run = {0};
	const struct backend *backend = NULL;
	char path[PATH_MAX], name[PATH_MAX];

	TRY(choose_backend(settings->backend, sgx_works, &backend));
	TRY(check_settings(settings, backend));
	TRY(find_image(program, path, sizeof path));
	/* What is in it, the image checks. */
	if (settings->profile != NULL)
		TRY(whole_file_read(settings->profile, &run.profile));
	program_name(path, name);
	TRY(copy_arguments(&run, settings, name));
	struct program inside = {
		.backend = backend,
		.image_path = path,
		.arguments = run.arguments,
		.environment = (const char *const *)environ,
		.profile = run.profile,
	};
	if (backend == &plain_backend) {
		TRY(choose_target(settings->target, &run.target));
		inside.source = run.target->source;
		return program_run(&inside, ret_exit_code);
	}
	TRY(start_chain(settings, backend, path, &run));
	say_what_runs(settings, backend, run.chain);
	inside.link = chain_link(run.chain);
	inside.prepare = chain_prepare;
	inside.prepare_context = run.chain;
	status result = program_run(&inside, ret_exit_code);
	if (result != STATUS_OK || *ret_exit_code != 0)
		chain_print_warnings(run.chain);
	return result;
}

static int exit_code_of_run(const struct settings *settings)
{
	int exit_code;
	status result = run(settings, &exit_code);

	if (result == STATUS_USAGE)
		return EXIT_CODE_USAGE;
	return result == STATUS_OK ? exit_code : EXIT_CODE_NOT_RUN;
}

int cmd_run(int argc, char **argv)
{
	struct settings settings = {
		.none_given = "which program? Give a port's name (netstat) or the path of an image",
	};

	parse(&settings, "PROGRAM [ARGUMENT…]",
	      "Run PROGRAM, which sees the target's /proc instead of this machine's.\v"
	      "Exits with what PROGRAM exited with; 74 where it said success but something of the target could not be "
	      "read; 125 where it never ran.",
	      argc, argv);
	return exit_code_of_run(&settings);
}

int cmd_cat(int argc, char **argv)
{
	struct settings settings = {
		.program = "cat",
		.none_given = "which file? Give paths like net/tcp or /proc/net/tcp",
	};

	parse(&settings, "PATH…",
	      "Print pseudo files of the target: net/tcp and /proc/net/tcp are the same.\v"
	      "Exits with 0 only if every file was printed whole.",
	      argc, argv);
	return exit_code_of_run(&settings);
}
