/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan run, bartizan cat: programs that see a target instead of this
 * machine. Described in docs/run.md. */
#include <argp.h>
#include <inttypes.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/frozen.h"
#include "agent/pauser.h"
#include "base/checked.h"
#include "base/report.h"
#include "cli/chain.h"
#include "cli/children.h"
#include "cli/choose-backend.h"
#include "cli/choose-target.h"
#include "cli/command.h"
#include "cli/epoch-file.h"
#include "cli/image-file.h"
#include "cli/lab-firmware.h"
#include "cli/ports.h"
#include "base/whole-file.h"
#include "host/aesm/aesm.h"
#include "host/loader/plain.h"
#include "host/loader/program.h"
#include "host/loader/sgx.h"
#include "host/loader/sim.h"
#include "verifier/grants/primitives.h"
#include "wire/smi.h"

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
	KEY_VERIFIER,
	KEY_EVERY,
	KEY_COUNT,
	KEY_QUIET,
	KEY_LIST,
	KEY_PID_NAMESPACE,
	KEY_NETNS,
	KEY_AT,
	KEY_NEW_EPOCH,
	KEY_PAUSE,
	/* Longer than a look at a thousand processes takes on a busy machine. */
	PAUSE_MS = 200,
	KEY_AESM,
	KEY_COUNTS,
	KEY_PARENT,
};

struct settings {
	const char *target, *backend, *profile;
	const char *pid_namespace, *netns;
	const char *at, *new_epoch; /* an epoch's name */
	bool pause;
	const char *agent, *grantor, *owner, *verifier, *aesm;
	bool quiet, counts;
	int parent; /* the socket to the program that runs this one; -1: none */
	bool is_watch; /* `program` is the one that runs others on a schedule */
	const char *every, *count; /* seconds as text; rounds */
	bool list; /* print the names of the programs instead */
	const char *program; /* NULL: the first argument names it */
	char **arguments; /* from the program's name or the first path on */
	const char *none_given; /* the usage error where arguments are missing */
};

static const struct argp_option options[] = {
	{"target", KEY_TARGET, "T", 0,
	 "qemu:PID, qemu:NAME, lab:NAME, dump:FILE, dev:/dev/bartizan0 (this machine through its module; 1 and on: "
	 "others), or smm: for "
	 "this machine through its firmware (the only VM that "
	 "runs "
	 "here)",
	 0},
	{"backend", KEY_BACKEND, "NAME", 0,
	 "what the program runs in: sgx, sim (a simulation, which protects nothing from root) or plain (this process, "
	 "unprotected); where it isn't given: sgx where that works, else sim",
	 0},
	{"agent", KEY_AGENT, "ADDRESS", 0,
	 "who reads the target: unix:PATH, tcp:HOST:PORT, vsock:CID:PORT, serial:PATH, ivshmem:[PCI-ADDRESS] or smm:; "
	 "started for this run where it "
	 "isn't given",
	 0},
	{"grantor", KEY_GRANTOR, "SOCKET", 0,
	 "who grants access to the target; started for this run where it isn't given", 0},
	{"verifier", KEY_VERIFIER, "ADDRESS", 0,
	 "the remote verifier to whom the enclave proves itself, from whom it gets its grant, and whom it tells what "
	 "it "
	 "finds: unix:PATH, tcp:HOST:PORT or vsock:CID:PORT (or $BARTIZAN_VERIFIER); with --owner",
	 0},
	{"owner", KEY_OWNER, "FILE", 0,
	 "whose grants the enclave accepts: a public key (or $BARTIZAN_OWNER; the grantor's own)", 0},
	{"aesm", KEY_AESM, "SOCKET", 0,
	 "who makes quotes for the verifier: Intel's AESM service (" AESM_SOCKET
	 " of the backend sgx; a simulation makes its own where this isn't given)",
	 0},
	{"new-epoch", KEY_NEW_EPOCH, "NAME", 0,
	 "begin an epoch that other runs share: each page of the target's memory is copied once, for all of them; it "
	 "lasts "
	 "ten minutes",
	 0},
	{"at", KEY_AT, "NAME", 0, "see the target as it was copied in this epoch, which --new-epoch has begun", 0},
	{"pause", KEY_PAUSE, NULL, 0,
	 "let the target stand still while the program takes a look at it (milliseconds; takes QMP, and with --agent "
	 "and --grantor that they allow it)",
	 0},
	{"quiet", KEY_QUIET, NULL, 0, "don't say on stderr what the run is made of", 0},
	{"counts", KEY_COUNTS, NULL, 0,
	 "say on stderr at the end how often the driver was called, and how often the enclave was entered and left "
	 "(backend sgx)",
	 0},
	{"profile", KEY_PROFILE, "FILE", 0,
	 "take the kernel's symbols and types from this profile; refuse another kernel", 0},
	{"pid-namespace", KEY_PID_NAMESPACE, "PID|INODE", 0,
	 "see the target as the first process of that PID namespace does: a process's number, or pid:[INODE]", 0},
	{"netns", KEY_NETNS, "PID|NAME|INODE", 0,
	 "see the network of that namespace: a process's number, a name of `ip netns`, or net:[INODE]", 0},
	/* For ourselves: cli/children.c. */
	{"parent", KEY_PARENT, "FD", OPTION_HIDDEN, "", 0},
	{0},
};

static const struct argp_option list_option[] = {
	{"list", KEY_LIST, NULL, 0, "print the names of the programs that there are, one a line", 0},
	{0},
};

static const struct argp_option watch_options[] = {
	{"every", KEY_EVERY, "TIME", 0, "how often: 10s, 500ms, 5m, 1h (10s)", 0},
	{"count", KEY_COUNT, "N", 0, "end after so many times (never)", 0},
	{0},
};

/* "10s" → "10"; an image takes seconds. */
static const char *seconds_of(const char *text, struct argp_state *state)
{
	static char seconds[32];
	static const struct {
		const char *unit;
		double seconds;
	} units[] = {{"ms", 1e-3}, {"s", 1}, {"m", 60}, {"h", 3600}};
	char *unit;
	double number = strtod(text, &unit);

	for (size_t i = 0; i < ARRAY_COUNT(units); i++)
		if (unit != text && strcmp(unit, units[i].unit) == 0 && number * units[i].seconds >= 0.1 &&
		    number * units[i].seconds <= 86400) {
			snprintf(seconds, sizeof seconds, "%.3f", number * units[i].seconds);
			return seconds;
		}
	argp_error(state, "--every %s: a time from 100ms to 24h, as 10s", text);
	return "10";
}

static error_t parse_watch_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;
	char *end;

	switch (key) {
	case KEY_EVERY: settings->every = seconds_of(argument, state); return 0;
	case KEY_COUNT:
		settings->count = argument;
		if (strtoul(argument, &end, 10) == 0 || *end != '\0' || argument[0] == '-')
			argp_error(state, "--count %s: a number from 1 on", argument);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_list_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	if (key != KEY_LIST)
		return ARGP_ERR_UNKNOWN;
	settings->list = true;
	return 0;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case ARGP_KEY_INIT:
		if (settings->program == NULL || settings->is_watch)
			state->child_inputs[0] = settings;
		return 0;
	case KEY_TARGET: settings->target = argument; return 0;
	case KEY_BACKEND: settings->backend = argument; return 0;
	case KEY_PROFILE: settings->profile = argument; return 0;
	case KEY_AGENT: settings->agent = argument; return 0;
	case KEY_GRANTOR: settings->grantor = argument; return 0;
	case KEY_OWNER: settings->owner = argument; return 0;
	case KEY_VERIFIER: settings->verifier = argument; return 0;
	case KEY_AESM: settings->aesm = argument; return 0;
	case KEY_QUIET: settings->quiet = true; return 0;
	case KEY_COUNTS: settings->counts = true; return 0;
	case KEY_PID_NAMESPACE: settings->pid_namespace = argument; return 0;
	case KEY_NETNS: settings->netns = argument; return 0;
	case KEY_AT: settings->at = argument; return 0;
	case KEY_NEW_EPOCH: settings->new_epoch = argument; return 0;
	case KEY_PAUSE: settings->pause = true; return 0;
	case KEY_PARENT: settings->parent = (int)strtol(argument, NULL, 10); return 0;
	case ARGP_KEY_ARG:
		/* All the rest belongs to the program, options too. */
		settings->arguments = &state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (settings->arguments == NULL && !settings->list)
			argp_error(state, "%s", settings->none_given);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static void parse(struct settings *settings, const char *usage, const char *text, int argc, char **argv)
{
	const struct argp list_argp = {.options = list_option, .parser = parse_list_option};
	const struct argp watch_argp = {.options = watch_options, .parser = parse_watch_option};
	const struct argp_child children[] = {{.argp = settings->is_watch ? &watch_argp : &list_argp}, {0}};
	const struct argp argp = {
		.options = options,
		.parser = parse_option,
		.args_doc = usage,
		.doc = text,
		.children = settings->program == NULL || settings->is_watch ? children : NULL, /* cat has one program */
	};

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
	    (settings->agent != NULL || settings->grantor != NULL || settings->owner != NULL ||
	     settings->verifier != NULL || settings->aesm != NULL))
		return report(STATUS_USAGE,
			      "--agent, --grantor, --verifier, --owner and --aesm belong to an enclave; the backend "
			      "plain has none");
	if (settings->is_watch && settings->verifier == NULL)
		return report(STATUS_USAGE,
			      "watch tells a remote verifier what it finds: give --verifier ADDRESS and --owner FILE");
	if (settings->verifier != NULL && settings->grantor != NULL)
		return report(STATUS_USAGE,
			      "--verifier and --grantor both give grants: give one of the two ($BARTIZAN_VERIFIER "
			      "counts)");
	if (settings->verifier != NULL && settings->owner == NULL)
		return report(STATUS_USAGE,
			      "--verifier needs --owner FILE: the public key by which the enclave knows it (the "
			      "owner's, `bartizan keygen --owner` made owner.pub)");
	if (settings->at != NULL && settings->new_epoch != NULL)
		return report(STATUS_USAGE,
			      "--at is for an epoch that is there, --new-epoch for one that isn't: give one of "
			      "the two");
	if (settings->at != NULL && settings->pause)
		return report(STATUS_USAGE,
			      "--pause belongs to --new-epoch: what is copied later can't be of that moment");
	return STATUS_OK;
}

/* An image is told how to look by its environment; what the user's own says doesn't count. */
static status tell_image(const char *variable, const char *value)
{
	if ((value != NULL ? setenv(variable, value, 1) : unsetenv(variable)) != 0)
		return report(STATUS_NO_MEMORY, "no memory for %s", variable);
	return STATUS_OK;
}

/* How to look at the target. */
static status tell_wishes(const struct settings *settings)
{
	char epoch[FROZEN_NAME_SIZE + 8];
	const char *name = settings->at != NULL ? settings->at : settings->new_epoch;

	if (name != NULL && !frozen_name_is_valid(name))
		return report(STATUS_USAGE, "'%.80s' can't be an epoch's name: 1 to %d of A-Z a-z 0-9 . _ -", name,
			      FROZEN_NAME_SIZE - 1);
	if (name != NULL)
		snprintf(epoch, sizeof epoch, "%s:%s", settings->at != NULL ? "at" : "new", name);
	TRY(tell_image(START_VARIABLE_EPOCH, name != NULL ? epoch : NULL));
	TRY(tell_image(START_VARIABLE_PAUSE, settings->pause ? "1" : NULL));
	TRY(tell_image(START_VARIABLE_PID_NAMESPACE, settings->pid_namespace));
	return tell_image(START_VARIABLE_NETNS, settings->netns);
}

static status find_image(const char *program, char *ret_path, size_t size)
{
	if (strchr(program, '/') == NULL)
		return ports_find(program, ret_path, size);
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
	struct frozen_store *epoch; /* NULL: none, or an agent that runs keeps it */
	int epoch_file;
	struct frozen frozen; /* plain: over the target's source and the epoch */
	struct image_file image; /* of a program that isn't run by another one */
	char target_name[START_TARGET_SIZE];
	char device_agent[CHOOSE_AGENT_SIZE]; /* by way of one of the module's devices */
	struct children children;
	struct peers peers;
	struct aesm aesm;
	bool has_aesm; /* makes the enclave's quotes, in place of the backend's own */
};

static void run_deinit(struct run *run)
{
	peers_deinit(&run->peers);
	if (run->image.image != NULL)
		image_file_close(&run->image);
	free((void *)run->profile.data);
	free(run->arguments);
	if (run->chain != NULL)
		chain_destroy(run->chain);
	if (run->target != NULL)
		target_destroy(run->target);
	frozen_store_destroy(run->epoch);
	if (run->epoch_file >= 0)
		close(run->epoch_file);
}

/* Where no agent keeps it: a file of the user's. */
static status open_epoch(const struct settings *settings, struct run *run)
{
	const char *name = settings->at != NULL ? settings->at : settings->new_epoch;
	char target[START_TARGET_SIZE];

	if (name == NULL || settings->agent != NULL)
		return STATUS_OK;
	TRY(choose_target_name(settings->target, target));
	return epoch_file_open(name, settings->at == NULL, target, &run->epoch_file, &run->epoch);
}

/* The target as this process itself reads it. */
static status open_source(const struct settings *settings, struct run *run, struct page_source **ret_source)
{
	/* Before there is a thread. */
	if (settings->pause)
		TRY(pauser_start(PAUSE_MS, NULL, NULL));
	TRY(choose_target(run->target_name, &run->target));
	*ret_source = run->target->source;
	if (run->epoch == NULL)
		return STATUS_OK;
	frozen_init(&run->frozen, run->target->source, run->epoch);
	*ret_source = &run->frozen.source;
	return STATUS_OK;
}

static status copy_arguments(struct run *run, const struct settings *settings, const char *name)
{
	size_t count = 0, skip = settings->program == NULL;

	while (settings->arguments[count] != NULL)
		count++;
	run->arguments = calloc(count + 4, sizeof *run->arguments);
	if (run->arguments == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %zu arguments", count);
	size_t used = 0;
	run->arguments[used++] = name;
	if (settings->is_watch) {
		run->arguments[used++] = settings->every;
		run->arguments[used++] = settings->count;
	}
	memcpy(run->arguments + used, settings->arguments + skip, (count - skip) * sizeof *run->arguments);
	return STATUS_OK;
}

/* What decides how the target's memory is read: to be compared with what its maker says of it. */
static void say_profile(const char *path, struct span profile)
{
	uint8_t hash[LINK_HASH_SIZE];

	if (verifier_primitives()->sha256(&profile, 1, hash) != STATUS_OK)
		return;
	fprintf(stderr, "bartizan: profile %s, SHA-256 ", path);
	for (size_t i = 0; i < sizeof hash; i++)
		fprintf(stderr, "%02x", hash[i]);
	fputc('\n', stderr);
}

/* One line, so that nobody takes for protected what isn't. */
static void say_what_runs(const struct settings *settings, const struct backend *backend, const struct chain *chain,
			  struct span profile)
{
	bool agent = chain_started_agent(chain), grantor = chain_started_grantor(chain);

	if (settings->quiet)
		return;
	fprintf(stderr, "bartizan: backend %s%s%s, %s%s%s\n", backend->name,
		backend == &sim_backend ? " (a simulation: protects nothing from this machine's root)" : "",
		backend == &sgx_backend && grantor ? " (granted without proof that it is one: for development)" : "",
		agent ? "development agent" : settings->agent,
		grantor ? (agent ? " and grant" : ", development grant") : ", grants by ",
		grantor			     ? ""
		: settings->verifier != NULL ? settings->verifier
					     : settings->grantor);
	if (profile.data != NULL)
		say_profile(settings->profile, profile);
}

static status start_chain(const struct settings *settings, const struct backend *backend, const char *image_path,
			  struct run *run)
{
	const struct chain_settings chain = {
		.target = run->target_name,
		.agent = settings->agent,
		.grantor = settings->grantor,
		.verifier = settings->verifier,
		.owner = settings->owner,
		.image_path = image_path,
		.programs = run->image.image != NULL ? run->image.image->notes.programs : (struct span){NULL, 0},
		.is_sgx = backend == &sgx_backend,
		.epoch_file = run->epoch_file,
		.pauses = settings->pause,
	};
	return chain_create(&chain, &run->chain);
}

/* Programs that it runs are run as it is. */
static void allow_children(const struct settings *settings, const struct backend *backend, struct run *run)
{
	struct children *children = &run->children;

	if (run->image.image == NULL || run->image.image->notes.programs.data[0] == '\0')
		return;
	children_option(children, "--backend", backend->name);
	children_option(children, "--target", run->target_name);
	children_option(children, "--profile", settings->profile);
	children_option(children, "--owner", settings->owner);
	children_option(children, "--aesm", settings->aesm);
	/* The epoch is there by then: it was made for this program. */
	children_option(children, "--at", settings->at != NULL ? settings->at : settings->new_epoch);
	if (run->chain != NULL) {
		children_option(children, "--agent", chain_agent_address(run->chain));
		children_option(children, settings->verifier != NULL ? "--verifier" : "--grantor",
				settings->verifier != NULL ? settings->verifier : chain_grantor_address(run->chain));
	}
	children_option(children, "--parent", CHILDREN_SOCKET_TEXT);
	run->peers.start = children_start;
	run->peers.context = children;
}

static void prepare(struct serve *serve, void *context)
{
	struct run *run = context;

	serve->peers = &run->peers;
	if (run->has_aesm)
		serve->quoter = aesm_quoter(&run->aesm);
	if (run->chain != NULL)
		chain_prepare(serve, run->chain);
}

/* An SGX platform's quoting enclave belongs to a service. It is asked when the enclave shows evidence, not before. */
static void find_quoter(const struct settings *settings, const struct backend *backend, struct run *run)
{
	if (settings->aesm == NULL && backend != &sgx_backend)
		return;
	aesm_init(&run->aesm, settings->aesm != NULL ? settings->aesm : AESM_SOCKET);
	run->has_aesm = true;
}

static status find_source(const struct settings *settings, const struct backend *backend, const char *image_path,
			  struct run *run, struct program *inside)
{
	TRY(open_epoch(settings, run));
	if (backend == &plain_backend)
		return open_source(settings, run, &inside->source);
	TRY(start_chain(settings, backend, image_path, run));
	say_what_runs(settings, backend, run->chain, run->profile);
	inside->link = chain_link(run->chain);
	inside->verifier_key = settings->verifier != NULL ? inside->link->owner_key : NULL;
	return STATUS_OK;
}

/* What only a source beside the target can do. */
static status refuse_for_firmware(const struct settings *settings)
{
	if (settings->pause)
		return report(
			STATUS_USAGE,
			"--pause: the program runs on the very machine that it watches, and would stand still with it. "
			"What one answer of the firmware holds is of one moment without that: no CPU runs meanwhile");
	if (settings->at != NULL || settings->new_epoch != NULL)
		return report(STATUS_USAGE,
			      "%s: firmware keeps no copy of memory for other programs (it has only the memory that it "
			      "took at the machine's start), and who could keep one instead is the kernel that isn't "
			      "trusted",
			      settings->at != NULL ? "--at" : "--new-epoch");
	return STATUS_OK;
}

/* Firmware is its own agent. A development grantor would be of no use: which owner's grants firmware takes was decided
 * when it was built. In a guest of the lab, the owner's is behind a port. */
static status complete_for_firmware(struct settings *settings, const struct backend *backend, const char *target)
{
	static const char grantor_port[] = "/dev/virtio-ports/" LAB_FIRMWARE_GRANTOR;

	if (strcmp(target, SMI_TARGET) != 0)
		return STATUS_OK;
	if (backend == &plain_backend)
		return report(STATUS_USAGE,
			      "firmware answers enclaves only: --target smm: needs the backend sgx or sim");
	TRY(refuse_for_firmware(settings));
	if (settings->agent == NULL)
		settings->agent = SMI_TARGET;
	if (settings->verifier != NULL)
		return STATUS_OK;
	if (settings->grantor == NULL && access(grantor_port, F_OK) != 0)
		return report(STATUS_USAGE,
			      "who grants access to this machine? Give --grantor: it is the owner's, whose "
			      "key this machine's firmware was built for");
	if (settings->grantor == NULL)
		settings->grantor = "serial:/dev/virtio-ports/" LAB_FIRMWARE_GRANTOR;
	return STATUS_OK;
}

/* In an enclave's VM the module has devices that lead to other machines' agents: the name that counts is the target's
 * there. */
static status complete_for_device(struct settings *settings, const struct backend *backend, struct run *run)
{
	char name[START_TARGET_SIZE];
	status result = choose_target_forwarded(run->target_name, name, run->device_agent);

	if (result != STATUS_OK)
		return result == STATUS_END ? STATUS_OK : result;
	if (backend == &plain_backend)
		return report(STATUS_USAGE,
			      "%s is the sealed way to another machine's agent: the backend plain has no link; use sgx "
			      "or sim",
			      run->target_name);
	memcpy(run->target_name, name, sizeof name);
	if (settings->agent == NULL)
		settings->agent = run->device_agent;
	return STATUS_OK;
}

/* Where nothing else was said, what the user's environment says. A program that another one runs was told all. */
static void look_into_environment(const struct backend *backend, struct settings *settings)
{
	const char *verifier = getenv("BARTIZAN_VERIFIER"), *owner = getenv("BARTIZAN_OWNER");

	if (settings->parent >= 0 || backend == &plain_backend)
		return;
	if (settings->verifier == NULL && settings->grantor == NULL && verifier != NULL && verifier[0] != '\0')
		settings->verifier = verifier;
	if (settings->owner == NULL && settings->verifier != NULL && owner != NULL && owner[0] != '\0')
		settings->owner = owner;
}

static void say_counts(const struct enclave_counts *counts)
{
	fprintf(stderr,
		"bartizan: ioctls %" PRIu64 ", entries %" PRIu64 " (EENTER), resumptions %" PRIu64
		" (ERESUME), exits %" PRIu64 " (EEXIT), exceptions %" PRIu64 "\n",
		counts->ioctls, counts->entries, counts->resumptions, counts->exits, counts->exceptions);
}

static status run_in(struct run *run, const struct settings *given, int *ret_exit_code)
{
	struct settings complete = *given;
	const struct settings *settings = &complete;
	const char *program = settings->program != NULL ? settings->program : settings->arguments[0];
	static char *no_environment[] = {NULL};
	const struct backend *backend = NULL;
	char path[PATH_MAX], name[PATH_MAX];

	TRY(choose_backend(settings->backend, sgx_works, &backend));
	look_into_environment(backend, &complete);
	TRY(check_settings(settings, backend));
	TRY(tell_wishes(settings));
	TRY(find_image(program, path, sizeof path));
	/* What is in it, the image checks. */
	if (settings->profile != NULL)
		TRY(whole_file_read(settings->profile, &run->profile));
	if (settings->parent < 0)
		TRY(image_file_open(path, &run->image));
	program_name(path, name);
	TRY(copy_arguments(run, settings, name));
	TRY(choose_target_name(settings->target, run->target_name));
	TRY(complete_for_firmware(&complete, backend, run->target_name));
	TRY(complete_for_device(&complete, backend, run));
	struct program inside = {
		.backend = backend,
		.image_path = path,
		.arguments = run->arguments,
		.environment = (const char *const *)(settings->parent < 0 ? environ : no_environment),
		.has_parent = settings->parent >= 0,
		.profile = run->profile,
		.counted = settings->counts ? say_counts : NULL,
		.prepare = prepare,
		.prepare_context = run,
	};
	TRY(find_source(settings, backend, path, run, &inside));
	find_quoter(settings, backend, run);
	allow_children(settings, backend, run);
	status result = program_run(&inside, ret_exit_code);
	if (run->chain != NULL && (result != STATUS_OK || *ret_exit_code != 0))
		chain_print_warnings(run->chain);
	return result;
}

static status run(const struct settings *settings, int *ret_exit_code)
{
	__attribute__((cleanup(run_deinit))) struct run run = {.epoch_file = -1};

	peers_init(&run.peers, settings->parent);
	return run_in(&run, settings, ret_exit_code);
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
		.parent = -1,
		.none_given = "which program? Give a port's name (netstat) or the path of an image",
	};

	parse(&settings, "PROGRAM [ARGUMENT…]",
	      "Run PROGRAM, which sees the target's /proc instead of this machine's.\v"
	      "Exits with what PROGRAM exited with; 74 where it said success but something of the target could not be "
	      "read; 125 where it never ran.",
	      argc, argv);
	if (settings.list)
		return ports_print() == STATUS_OK ? 0 : EXIT_CODE_NOT_RUN;
	return exit_code_of_run(&settings);
}

int cmd_watch(int argc, char **argv)
{
	struct settings settings = {
		.parent = -1,
		.program = "watch",
		.is_watch = true,
		.every = "10",
		.count = "0",
		.none_given = "which program? Give commands, each as one word: netstat 'ps aux'",
	};

	parse(&settings, "COMMAND…",
	      "Run programs over a target again and again, in enclaves, and tell a remote verifier what of their "
	      "output is "
	      "new or gone. Each COMMAND is one word: 'netstat -tln'. Needs --verifier.\v"
	      "Runs until it is ended; while it runs, the verifier hears its heartbeats.",
	      argc, argv);
	return exit_code_of_run(&settings);
}

int cmd_cat(int argc, char **argv)
{
	struct settings settings = {
		.parent = -1,
		.program = "cat",
		.none_given = "which file? Give paths like net/tcp or /proc/net/tcp",
	};

	parse(&settings, "PATH…",
	      "Print pseudo files of the target: net/tcp and /proc/net/tcp are the same.\v"
	      "Exits with 0 only if every file was printed whole.",
	      argc, argv);
	return exit_code_of_run(&settings);
}
