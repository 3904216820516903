/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/command.h"

#include <argp.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/serve/daemon.h"
#include "agent/serve/log.h"
#include "base/file-mode.h"
#include "base/report.h"
#include "base/state-home.h"
#include "wire/frame.h"

enum {
	EXIT_FAULT = 1,
	EXIT_USAGE = 2,
	STATUS_MS = 3000,
	/* Longer than a look at a thousand processes takes on a busy machine; too short to be missed by
	 * whoever the guest talks to. */
	PAUSE_MS = 200,
	PAUSE_MS_MAX = 2000,

	OPTION_SOCKET = 1000,
	OPTION_SOCKET_MODE,
	OPTION_TCP,
	OPTION_VSOCK,
	OPTION_SERIAL,
	OPTION_IVSHMEM,
	OPTION_OWNER,
	OPTION_KEY,
	OPTION_TARGET,
	OPTION_USER,
	OPTION_QEMU_USER,
	OPTION_JSON,
	OPTION_SESSIONS,
	OPTION_HALF_OPEN,
	OPTION_HANDSHAKES,
	OPTION_REQUESTS,
	OPTION_HELLO,
	OPTION_IDLE,
	OPTION_SIM,
	OPTION_DEBUG,
	OPTION_EPOCH_FILE,
	OPTION_PAUSE,
	OPTION_NO_EPOCHS,
};

static const struct argp_option options[] = {
	{NULL, 0, NULL, 0, "Where enclaves' hosts connect (without any: --socket at its default place):", 1},
	{"socket", OPTION_SOCKET, "PATH", 0,
	 "Unix socket; hands out a shared-memory ring. Default: agent.sock in $RUNTIME_DIRECTORY, else in bartizan/ of "
	 "$XDG_RUNTIME_DIR, else of /run",
	 1},
	{"socket-mode", OPTION_SOCKET_MODE, "MODE", 0, "Permissions of the sockets, octal (0600)", 1},
	{"tcp", OPTION_TCP, "[ADDRESS:]PORT", 0, "TCP; on 127.0.0.1 unless an address is given; port 0: any free one",
	 1},
	{"vsock", OPTION_VSOCK, "PORT", 0, "vsock, for enclaves in VMs", 1},
	{"serial", OPTION_SERIAL, "PATH", 0,
	 "A serial port, or the Unix socket of a QEMU's chardev (virtio-serial), for an enclave in a VM", 1},
	{"ivshmem", OPTION_IVSHMEM, "FILE", 0,
	 "Memory shared with an enclave's VM: the file behind QEMU's ivshmem-plain, made if need be", 1},
	{NULL, 0, NULL, 0, "Who may read what:", 2},
	{"owner", OPTION_OWNER, "FILE", 0,
	 "Public key of the owner, whose grants count (PEM; default: owner.pub in the state directory)", 2},
	{"key", OPTION_KEY, "FILE", 0,
	 "This source's own key (default: agent.key in the state directory); made on first use, agent.pub beside it",
	 2},
	{"target", OPTION_TARGET, "T", 0,
	 "Serve this target: qemu:PID, qemu:NAME, dump:FILE or dev:DEVICE, as grants name it. May be repeated. "
	 "Without: every QEMU "
	 "here, "
	 "no files",
	 2},
	{"qemu-user", OPTION_QEMU_USER, "NAME", 0,
	 "Whose QEMUs qemu:NAME may mean, besides root's and those of the user who starts the agent (libvirt-qemu, "
	 "say). "
	 "May be repeated",
	 2},
	{"insecure-accept-sim", OPTION_SIM, NULL, 0, "Serve simulated enclaves, which protect nothing from their host",
	 2},
	{"insecure-accept-debug", OPTION_DEBUG, NULL, 0, "Serve debug enclaves, which their host can read", 2},
	{"allow-pause", OPTION_PAUSE, "MS", OPTION_ARG_OPTIONAL,
	 "Let targets stand still for sessions whose grant has the right `pause`, at most so long each time (200; up "
	 "to "
	 "2000). Takes QMP",
	 2},
	{"no-epochs", OPTION_NO_EPOCHS, NULL, 0,
	 "Refuse epochs that sessions share: every session sees targets as they are", 2},
	{"epoch-file", OPTION_EPOCH_FILE, "FD", 0,
	 "An inherited file that holds an epoch of the one --target: for who starts an agent for one run", 2},
	{NULL, 0, NULL, 0, "Limits:", 3},
	{"sessions", OPTION_SESSIONS, "N", 0, "At the same time (64; each takes up to 8.1 MiB)", 3},
	{"half-open", OPTION_HALF_OPEN, "N", 0, "Connections without a proven enclave; the oldest goes first (32)", 3},
	{"handshakes", OPTION_HANDSHAKES, "N", 0, "A second, at each listener (100)", 3},
	{"requests", OPTION_REQUESTS, "N", 0, "A second, of each session; more are made to wait (0: no limit)", 3},
	{"hello-timeout", OPTION_HELLO, "SECONDS", 0, "From a connection to its handshake (60)", 3},
	{"idle", OPTION_IDLE, "SECONDS", 0,
	 "A session that asks nothing for so long ends (90000, longer than `bartizan watch` may wait; 0: never before "
	 "its grant)",
	 3},
	{NULL, 0, NULL, 0, "Other:", 4},
	{"user", OPTION_USER, "NAME", 0, "Become this user, keeping only CAP_SYS_PTRACE and CAP_DAC_READ_SEARCH", 4},
	{"json", OPTION_JSON, NULL, 0, "Say \"ready\" as JSON on stdout", 4},
	{0},
};

static error_t parse_count(const char *text, uint32_t least, uint32_t most, uint32_t *ret_count,
			   struct argp_state *state)
{
	char *end;

	errno = 0;
	unsigned long count = strtoul(text, &end, 10);
	if (errno != 0 || end == text || *end != 0 || count < least || count > most)
		argp_error(state, "\"%s\" isn't a number from %u to %u", text, least, most);
	*ret_count = (uint32_t)count;
	return 0;
}

static error_t add_listener(struct serve_settings *settings, enum listener_kind kind, const char *place,
			    struct argp_state *state)
{
	if (settings->listener_count == SERVE_LISTENER_COUNT_MAX)
		argp_error(state, "at most %d places to listen at", SERVE_LISTENER_COUNT_MAX);
	settings->listener[settings->listener_count].kind = kind;
	settings->listener[settings->listener_count++].place = place;
	return 0;
}

static error_t add_target(struct serve_settings *settings, const char *name, struct argp_state *state)
{
	if (settings->target_count == SERVE_TARGET_COUNT_MAX)
		argp_error(state, "at most %d targets", SERVE_TARGET_COUNT_MAX);
	if (strlen(name) >= START_TARGET_SIZE)
		argp_error(state, "a target's name has at most %d bytes", START_TARGET_SIZE - 1);
	if (strncmp(name, "qemu:", 5) != 0 && strncmp(name, "dump:", 5) != 0 && strncmp(name, "dev:", 4) != 0)
		argp_error(state, "\"%s\" is no target: give qemu:PID, qemu:NAME, dump:FILE or dev:DEVICE", name);
	settings->target[settings->target_count++] = name;
	return 0;
}

static error_t add_owner(struct serve_settings *settings, const char *name, struct argp_state *state)
{
	const struct passwd *found = getpwnam(name);

	if (found == NULL)
		argp_error(state, "there is no user \"%s\"", name);
	else if (settings->owners.count == QEMU_OWNER_COUNT_MAX)
		argp_error(state, "at most %d users", QEMU_OWNER_COUNT_MAX - 2);
	else
		settings->owners.uid[settings->owners.count++] = found->pw_uid;
	return 0;
}

static error_t set_path(char path[static SERVE_PATH_SIZE], const char *text)
{
	snprintf(path, SERVE_PATH_SIZE, "%s", text);
	return 0;
}

static error_t set_mode(struct serve_settings *settings, const char *text, struct argp_state *state)
{
	if (file_mode_parse(text, &settings->socket_mode) != STATUS_OK)
		argp_error(state, "\"%s\" isn't a mode like 0660", text);
	return 0;
}

static error_t parse_limit(int key, char *argument, struct argp_state *state)
{
	struct serve_settings *settings = state->input;

	switch (key) {
	case OPTION_SESSIONS:
		return parse_count(argument, 1, SERVE_SESSION_COUNT_MAX, &settings->session_count_max, state);
	case OPTION_HALF_OPEN:
		return parse_count(argument, 1, HALF_OPEN_COUNT_MAX, &settings->half_open_count_max, state);
	case OPTION_HANDSHAKES: return parse_count(argument, 1, 1000000, &settings->handshakes_per_second, state);
	case OPTION_REQUESTS: return parse_count(argument, 0, 1000000000, &settings->requests_per_second, state);
	case OPTION_HELLO: return parse_count(argument, 1, 86400, &settings->hello_s, state);
	case OPTION_IDLE: return parse_count(argument, 0, 31536000, &settings->idle_s, state);
	default: return ARGP_ERR_UNKNOWN;
	}
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct serve_settings *settings = state->input;

	switch (key) {
	case OPTION_SOCKET: return add_listener(settings, LISTENER_UNIX, argument, state);
	case OPTION_SOCKET_MODE: return set_mode(settings, argument, state);
	case OPTION_TCP: return add_listener(settings, LISTENER_TCP, argument, state);
	case OPTION_VSOCK: return add_listener(settings, LISTENER_VSOCK, argument, state);
	case OPTION_SERIAL: return add_listener(settings, LISTENER_SERIAL, argument, state);
	case OPTION_IVSHMEM: return add_listener(settings, LISTENER_IVSHMEM, argument, state);
	case OPTION_OWNER: return set_path(settings->owner_path, argument);
	case OPTION_KEY: return set_path(settings->key_path, argument);
	case OPTION_TARGET: return add_target(settings, argument, state);
	case OPTION_QEMU_USER: return add_owner(settings, argument, state);
	case OPTION_USER: settings->user = argument; return 0;
	case OPTION_JSON: settings->json = true; return 0;
	case OPTION_SIM: settings->accept_sim = true; return 0;
	case OPTION_DEBUG: settings->accept_debug = true; return 0;
	case OPTION_NO_EPOCHS: settings->no_epochs = true; return 0;
	case OPTION_PAUSE:
		settings->pause_ms = PAUSE_MS;
		return argument == NULL ? 0 : parse_count(argument, 1, PAUSE_MS_MAX, &settings->pause_ms, state);
	case OPTION_EPOCH_FILE: return parse_count(argument, 3, 1023, (uint32_t *)&settings->epoch_file, state);
	default: return parse_limit(key, argument, state);
	}
}

static const struct argp serve_parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Hand out the memory of virtual machines, sealed, to enclaves that the owner has granted it to. Many "
	       "enclaves "
	       "and many machines at once; the machines aren't paused, changed or told."
	       "\vReading another process's memory takes root or CAP_SYS_PTRACE. After it has started, the daemon can "
	       "run no "
	       "program, write no file and reach no other machine (seccomp).\n\n"
	       "SIGTERM closes all sessions and ends it; SIGUSR1 puts its state into the log.\n\n"
	       "Exit status: 0 told to end; 1 could not start; 2 wrong usage.",
};

/* Our files where the command line names no others: in systemd's directory, or the user's. */
static status state_file(char path[static SERVE_PATH_SIZE], const char *name)
{
	const char *given = getenv("STATE_DIRECTORY");
	char directory[SERVE_PATH_SIZE];

	if (path[0] != '\0')
		return STATUS_OK;
	if (given != NULL && given[0] == '/' && strlen(given) < sizeof directory)
		memcpy(directory, given, strlen(given) + 1);
	else
		TRY(state_home(directory, sizeof directory));
	if ((size_t)snprintf(path, SERVE_PATH_SIZE, "%s/%s", directory, name) >= SERVE_PATH_SIZE)
		return report(STATUS_USAGE, "the path %s/%s is too long", directory, name);
	return STATUS_OK;
}

static void socket_path(char path[static SERVE_PATH_SIZE])
{
	const char *given = getenv("RUNTIME_DIRECTORY"), *runtime = getenv("XDG_RUNTIME_DIR");

	if (given != NULL && given[0] == '/')
		snprintf(path, SERVE_PATH_SIZE, "%s/agent.sock", given);
	else
		snprintf(path, SERVE_PATH_SIZE, "%s/bartizan/agent.sock", runtime != NULL ? runtime : "/run");
}

int serve_command(int argc, char **argv)
{
	static struct serve_settings settings = {.socket_mode = 0600,
						 .epoch_file = -1,
						 .session_count_max = 64,
						 .half_open_count_max = 32,
						 .handshakes_per_second = 100,
						 .hello_s = 60,
						 .idle_s = 90000};
	static char name[] = "bartizan-agent serve";

	settings.owners = (struct qemu_owners){{0, geteuid()}, 2};
	socket_path(settings.socket_path);
	argp_err_exit_status = EXIT_USAGE;
	argv[0] = name;
	argp_parse(&serve_parser, argc, argv, 0, NULL, &settings);
	if (settings.listener_count == 0)
		(void)add_listener(&settings, LISTENER_UNIX, settings.socket_path, NULL);
	if (settings.epoch_file >= 0 && settings.target_count != 1)
		return report(STATUS_USAGE, "--epoch-file is of one target: name it with --target") == STATUS_OK
			       ? EXIT_SUCCESS
			       : EXIT_USAGE;
	log_init();
	status result = state_file(settings.owner_path, "owner.pub");
	if (result == STATUS_OK)
		result = state_file(settings.key_path, "agent.key");
	if (result == STATUS_OK)
		result = daemon_serve(&settings);
	if (result == STATUS_USAGE)
		return EXIT_USAGE;
	return result == STATUS_OK ? EXIT_SUCCESS : EXIT_FAULT;
}

static error_t parse_status_option(int key, char *argument, struct argp_state *state)
{
	char *path = state->input;

	switch (key) {
	case OPTION_SOCKET: return set_path(path, argument);
	case OPTION_JSON: return 0; /* it is JSON anyway */
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp_option status_options[] = {
	{"socket", OPTION_SOCKET, "PATH", 0, "The agent's Unix socket", 0},
	{"json", OPTION_JSON, NULL, 0, "Print JSON (always done)", 0},
	{0},
};

static const struct argp status_parser = {
	.options = status_options,
	.parser = parse_status_option,
	.doc = "Print what a serving agent has done and refused, as JSON. For root and the agent's own user.",
};

static status ask_status(const char *path, uint8_t *body, uint32_t body_size_max, uint32_t *ret_size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct frame_reader reader;
	struct agent_frame head;
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) < sizeof address.sun_path)
		memcpy(address.sun_path, path, strlen(path));
	if (file < 0 || connect(file, (const struct sockaddr *)&address, sizeof address) != 0)
		return report(STATUS_MISSING, "no agent listens at %s: %s", path, strerror(errno));
	frame_reader_init(&reader, file, false, body, body_size_max);
	status result = frame_write(file, AGENT_ASK_STATUS, 0, (struct span){NULL, 0}, STATUS_MS);
	if (result == STATUS_OK)
		result = frame_reader_next(&reader, STATUS_MS, &head);
	close(file);
	if (result != STATUS_OK)
		return report(STATUS_GONE, "the agent at %s doesn't answer", path);
	if (head.type != AGENT_STATUS)
		return report(STATUS_DENIED, "the agent at %s refused: %.*s", path, (int)head.size, (const char *)body);
	*ret_size = head.size;
	return STATUS_OK;
}

int status_command(int argc, char **argv)
{
	static uint8_t body[LINK_RING_REPLY_SIZE];
	static char name[] = "bartizan-agent status";
	char path[SERVE_PATH_SIZE];
	uint32_t size = 0;

	socket_path(path);
	argp_err_exit_status = EXIT_USAGE;
	argv[0] = name;
	argp_parse(&status_parser, argc, argv, 0, NULL, path);
	if (ask_status(path, body, sizeof body, &size) != STATUS_OK)
		return EXIT_FAULT;
	printf("%.*s\n", (int)size, (const char *)body);
	return EXIT_SUCCESS;
}
