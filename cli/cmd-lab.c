/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan lab: the command line of lab/lab.h. Described in docs/lab.md. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "cli/command.h"
#include "cli/lab-build.h"
#include "cli/lab-firmware.h"
#include "lab/lab.h"
#include "lab/scope.h"
#include "verifier/grants/keys.h"

static int code_of(status result)
{
	if (result == STATUS_OK)
		return EXIT_CODE_OK;
	return result == STATUS_USAGE ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

static void run_argp(const struct argp *argp, unsigned int flags, int argc, char **argv, void *input)
{
	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(argp, argc, argv, flags, NULL, input) != 0)
		exit(EXIT_CODE_USAGE);
}

/* A whole number within bounds, or the end with a usage error. */
static uint64_t number(const struct argp_state *state, const char *option, const char *text, uint64_t low,
		       uint64_t high)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);

	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || value < low || value > high)
		argp_error(state, "--%s takes a number from %" PRIu64 " to %" PRIu64 ", not \"%s\"", option, low, high,
			   text);
	return value;
}

/* "512M", "4G"; a bare number is MiB. */
static uint64_t mebibytes(const struct argp_state *state, const char *text)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	uint64_t factor = *end == 'G' || *end == 'g' ? 1024 : 1;
	uint64_t size;

	if (end != text && *end != '\0' && strchr("MmGg", *end) != NULL)
		end++;
	if (errno != 0 || end == text || *end != '\0' || text[0] == '-' || !checked_multiply(value, factor, &size))
		argp_error(state, "--memory takes a size like 512M or 4G, not \"%s\"", text);
	else
		return size;
	return 0;
}

static enum lab_switch on_or_off(const struct argp_state *state, const char *option, const char *text)
{
	if (strcmp(text, "on") != 0 && strcmp(text, "off") != 0)
		argp_error(state, "--%s is on or off, not \"%s\"", option, text);
	return strcmp(text, "on") == 0 ? LAB_SWITCH_ON : LAB_SWITCH_OFF;
}

enum {
	KEY_KERNEL = 256,
	KEY_MEMORY,
	KEY_CPUS,
	KEY_CPU,
	KEY_PTI,
	KEY_LA57,
	KEY_KASLR,
	KEY_MACHINE,
	KEY_NIC,
	KEY_APPEND,
	KEY_PRIVATE,
	KEY_NO_QMP,
	KEY_REBOOT,
	KEY_BARTIZAN,
	KEY_CHANNEL,
	KEY_FIRMWARE,
	KEY_SGX,
	KEY_SHARED,
	KEY_ACCEL,
	KEY_OWNER,
	KEY_LIFETIME,
	KEY_TIMEOUT,
	KEY_QUIET,
	KEY_ALL,
	KEY_JSON,
	KEY_FETCH,
	KEY_UPDATE,
};

static const struct argp_option up_options[] = {
	{"kernel", KEY_KERNEL, "KERNEL", 0, "a word from `bartizan lab kernels', \"newest\" or a version (6.12)", 1},
	{"memory", KEY_MEMORY, "SIZE", 0, "RAM, like 512M or 4G (512M)", 1},
	{"cpus", KEY_CPUS, "N", 0, "number of CPUs (1)", 1},
	{"cpu", KEY_CPU, "MODEL", 0, "QEMU's CPU model, with its features if need be (max)", 1},
	{"machine", KEY_MACHINE, "q35|pc", 0, "QEMU's machine (q35)", 1},
	{"nic", KEY_NIC, "virtio|none", 0, "a network card, with nobody but QEMU behind it (none)", 1},
	{"pti", KEY_PTI, "on|off", 0, "page-table isolation (as the kernel decides)", 2},
	{"la57", KEY_LA57, "on|off", 0, "five-level page tables (off)", 2},
	{"kaslr", KEY_KASLR, "on|off", 0, "the kernel at a random address (on)", 2},
	{"append", KEY_APPEND, "TEXT", 0, "more for the kernel's command line", 2},
	{"private-memory", KEY_PRIVATE, NULL, 0, "anonymous RAM instead of a shared memfd", 3},
	{"no-qmp", KEY_NO_QMP, NULL, 0, "no monitor socket", 3},
	{"may-reboot", KEY_REBOOT, NULL, 0, "let the guest reboot (otherwise that, or a panic, ends it)", 3},
	{"bartizan", KEY_BARTIZAN, NULL, 0, "put this bartizan and its programs on the guest's PATH", 3},
	{"channel", KEY_CHANNEL, "NAME=SOCKET", 0,
	 "listen on this UNIX socket (an absolute path) for the other end of the guest's /dev/virtio-ports/NAME (up to "
	 "4 times)",
	 3},
	{"firmware", KEY_FIRMWARE, "smm|DIRECTORY", 0,
	 "boot on OVMF with our SMM driver, built if need be (or on the one in an absolute DIRECTORY), so that "
	 "bartizan "
	 "in the guest can watch it: --target smm: (at least 1G of RAM)",
	 3},
	{"sgx", KEY_SGX, "SIZE", OPTION_ARG_OPTIONAL,
	 "a CPU with SGX and SIZE of EPC (64M): a model of it in QEMU, built if need be; keeps no secrets", 3},
	{"shared-memory", KEY_SHARED, "FILE", 0,
	 "share this file (an absolute path, made if need be) with the guest, as an ivshmem device", 3},
	{"accel", KEY_ACCEL, "tcg|kvm|icount", 0,
	 "how QEMU runs it (kvm where it truly works, else tcg); icount: tcg, and the guest's clocks count "
	 "instructions, "
	 "one a nanosecond",
	 3},
	{"owner-pid", KEY_OWNER, "PID", 0, "end the VM when this process ends", 4},
	{"lifetime", KEY_LIFETIME, "SECONDS", 0, "end the VM after this time (14400)", 4},
	{"timeout", KEY_TIMEOUT, "SECONDS", 0, "how long the guest may take to answer (180)", 4},
	{"quiet", KEY_QUIET, NULL, 0, "no progress on stderr", 4},
	{},
};

static void add_channel(const struct argp_state *state, struct lab_options *options, char *text)
{
	char *separator = strchr(text, '=');

	if (separator == NULL || separator == text || separator[1] == '\0')
		argp_error(state, "--channel takes NAME=SOCKET, not \"%s\"", text);
	else if (options->channel_count == LAB_CHANNEL_COUNT_MAX)
		argp_error(state, "a VM has at most %d channels", LAB_CHANNEL_COUNT_MAX);
	else {
		*separator = '\0';
		options->channels[options->channel_count++] = (struct lab_channel){text, separator + 1};
	}
}

static error_t parse_up(int key, char *argument, struct argp_state *state)
{
	enum {
		EPC_MIB_DEFAULT = 64,
		LIFETIME_SECONDS_MAX = 30 * 24 * 3600,
		BOOT_SECONDS_MAX = 3600,
		PID_NUMBER_MAX = 1 << 22
	};
	struct lab_options *options = state->input;

	switch (key) {
	case KEY_KERNEL: options->kernel = argument; break;
	case KEY_MEMORY: options->memory_mib = mebibytes(state, argument); break;
	case KEY_CPUS: options->cpu_count = (unsigned int)number(state, "cpus", argument, 1, LAB_CPU_COUNT_MAX); break;
	case KEY_CPU: options->cpu_model = argument; break;
	case KEY_PTI: options->pti = on_or_off(state, "pti", argument); break;
	case KEY_LA57: options->la57 = on_or_off(state, "la57", argument); break;
	case KEY_KASLR: options->kaslr = on_or_off(state, "kaslr", argument); break;
	case KEY_MACHINE: options->machine = argument; break;
	case KEY_NIC: options->nic = argument; break;
	case KEY_APPEND: options->append = argument; break;
	case KEY_PRIVATE: options->private_memory = true; break;
	case KEY_NO_QMP: options->no_qmp = true; break;
	case KEY_REBOOT: options->may_reboot = true; break;
	case KEY_BARTIZAN: options->with_bartizan = true; break;
	case KEY_CHANNEL: add_channel(state, options, argument); break;
	case KEY_FIRMWARE: options->firmware = argument; break;
	case KEY_SGX: options->epc_mib = argument != NULL ? mebibytes(state, argument) : EPC_MIB_DEFAULT; break;
	case KEY_SHARED: options->shared_memory = argument; break;
	case KEY_ACCEL: options->accelerator = argument; break;
	case KEY_OWNER: options->owner = (pid_t)number(state, "owner-pid", argument, 1, PID_NUMBER_MAX); break;
	case KEY_LIFETIME:
		options->lifetime_seconds = (unsigned int)number(state, "lifetime", argument, 1, LIFETIME_SECONDS_MAX);
		break;
	case KEY_TIMEOUT:
		options->boot_seconds = (unsigned int)number(state, "timeout", argument, 1, BOOT_SECONDS_MAX);
		break;
	case KEY_QUIET: options->quiet = true; break;
	case ARGP_KEY_ARG:
		if (options->name != NULL)
			argp_error(state, "one name, please: \"%s\" or \"%s\"?", options->name, argument);
		options->name = argument;
		break;
	case ARGP_KEY_NO_ARGS: argp_error(state, "a name for the VM is missing"); break;
	default: return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static status up(struct lab_options *options)
{
	static const char *const no_arguments[] = {NULL};
	SCOPED_FREE char *qemu = NULL;

	if (options->epc_mib != 0) {
		TRY(lab_build("qemu-sgx", no_arguments, "use the bartizan of a build tree", &qemu));
		options->sgx_qemu = qemu;
		options->with_bartizan = true;
		if (strcmp(options->accelerator, "auto") == 0)
			options->accelerator = "tcg";
	}
	return options->firmware != NULL ? lab_firmware_up(options, options->firmware) : lab_up(options);
}

static int cmd_lab_up(int argc, char **argv)
{
	const struct argp argp = {
		.options = up_options,
		.parser = parse_up,
		.args_doc = "NAME",
		.doc = "Boot a VM called NAME and wait until commands can be run in it.\v"
		       "Kernels are fetched when first needed. The VM ends at `bartizan lab down', after its lifetime, "
		       "or "
		       "with its owner; nothing of it stays behind.",
	};
	struct lab_options options = lab_options_default();

	run_argp(&argp, 0, argc, argv, &options);
	return code_of(up(&options));
}

struct exec_arguments {
	const char *name;
	char **command;
};

static error_t parse_exec(int key, char *argument, struct argp_state *state)
{
	struct exec_arguments *arguments = state->input;

	if (key == ARGP_KEY_NO_ARGS)
		argp_error(state, "a VM's name is missing");
	if (key != ARGP_KEY_ARG)
		return ARGP_ERR_UNKNOWN;
	arguments->name = argument;
	arguments->command = state->argv + state->next;
	if (arguments->command[0] != NULL && strcmp(arguments->command[0], "--") == 0)
		arguments->command++;
	if (arguments->command[0] == NULL)
		argp_error(state, "a command is missing");
	state->next = state->argc;
	return 0;
}

static int cmd_lab_exec(int argc, char **argv)
{
	const struct argp argp = {
		.parser = parse_exec,
		.args_doc = "NAME -- COMMAND [ARGUMENT…]",
		.doc = "Run COMMAND inside the VM, with this terminal's input and output.\v"
		       "Exits with what COMMAND exited with, 128 + N if signal N killed it, 127 if there is no such "
		       "command, 125 if the VM can't run it (or isn't there). Returns when COMMAND exits, even if "
		       "children of it keep its output open.",
	};
	struct exec_arguments arguments = {};
	status result;
	int code;

	run_argp(&argp, ARGP_IN_ORDER, argc, argv, &arguments);
	result = lab_exec(arguments.name, arguments.command, &code);
	if (result == STATUS_USAGE)
		return EXIT_CODE_USAGE;
	return result == STATUS_OK ? code : LAB_EXEC_FAILED;
}

/* For subcommands without arguments, whose only option may be --json. */
struct list_arguments {
	bool json;
	bool fetch;
	bool update;
};

static error_t parse_list(int key, char *argument, struct argp_state *state)
{
	struct list_arguments *arguments = state->input;

	switch (key) {
	case KEY_JSON: arguments->json = true; return 0;
	case KEY_FETCH: arguments->fetch = true; return 0;
	case KEY_UPDATE: arguments->fetch = arguments->update = true; return 0;
	case ARGP_KEY_ARG: argp_error(state, "no arguments are expected: \"%s\"", argument); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static int print_json(json_t *value)
{
	int failed = value == NULL || json_dumpf(value, stdout, JSON_INDENT(2)) != 0 || putchar('\n') == EOF;

	json_decref(value);
	return failed ? EXIT_CODE_FAILED : EXIT_CODE_OK;
}

/* What the driver in its firmware says of itself. */
static void add_source(const char *name, json_t *object)
{
	char key[2 * START_KEY_SIZE + 1], nonce[2 * START_NONCE_SIZE + 1];
	struct lab_source source;

	if (lab_firmware_source(name, &source) != STATUS_OK)
		return;
	key_to_hex(source.key, sizeof source.key, key);
	key_to_hex(source.nonce, sizeof source.nonce, nonce);
	json_object_set_new(object, "source_key", json_string(key));
	json_object_set_new(object, "source_nonce", json_string(nonce));
}

static json_t *machine_json(const struct lab_machine *machine)
{
	json_t *object =
		json_pack("{s:s, s:s, s:I, s:i, s:s, s:i, s:i, s:s*}", "name", machine->name, "kernel", machine->kernel,
			  "memory_mib", (json_int_t)machine->memory_mib, "cpus", (int)machine->cpu_count, "accelerator",
			  machine->accelerator, "qemu_pid", (int)machine->qemu, "supervisor_pid",
			  (int)machine->supervisor, "qmp", machine->qmp_path[0] != '\0' ? machine->qmp_path : NULL);
	add_source(machine->name, object);
	return object;
}

static int print_machines(const struct lab_machine *machines, size_t count, bool json)
{
	json_t *list = json ? json_array() : NULL;

	for (size_t i = 0; i < count; i++) {
		const struct lab_machine *machine = &machines[i];

		if (json && json_array_append_new(list, machine_json(machine)) != 0)
			return EXIT_CODE_FAILED;
		if (!json)
			printf("%-16s qemu %-8d %s, %" PRIu64 " MiB, %u CPU%s, %s\n", machine->name, (int)machine->qemu,
			       machine->kernel, machine->memory_mib, machine->cpu_count,
			       machine->cpu_count == 1 ? "" : "s", machine->accelerator);
	}
	return json ? print_json(list) : EXIT_CODE_OK;
}

static int cmd_lab_ls(int argc, char **argv)
{
	const struct argp_option options[] = {{"json", KEY_JSON, NULL, 0, "print JSON", 0}, {}};
	const struct argp argp = {.options = options, .parser = parse_list, .doc = "List the VMs that run."};
	struct list_arguments arguments = {};
	struct lab_machine *machines = NULL;
	size_t count = 0;
	status result;
	int code;

	run_argp(&argp, 0, argc, argv, &arguments);
	result = lab_list(&machines, &count);
	code = result == STATUS_OK ? print_machines(machines, count, arguments.json) : code_of(result);
	free(machines);
	return code;
}

struct down_arguments {
	char **names;
	int count;
	bool all;
};

static error_t parse_down(int key, char *argument, struct argp_state *state)
{
	struct down_arguments *arguments = state->input;

	switch (key) {
	case KEY_ALL: arguments->all = true; return 0;
	case ARGP_KEY_ARGS:
		arguments->names = state->argv + state->next;
		arguments->count = state->argc - state->next;
		return 0;
	case ARGP_KEY_END:
		if (arguments->all == (arguments->count > 0))
			argp_error(state, "which VM? Give its name, or --all");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static status down_all(void)
{
	struct lab_machine *machines = NULL;
	size_t count = 0;
	status result = lab_list(&machines, &count);

	for (size_t i = 0; i < count; i++) {
		status ended = lab_down(machines[i].name);

		result = ended == STATUS_OK ? result : ended;
	}
	free(machines);
	return result;
}

static int cmd_lab_down(int argc, char **argv)
{
	const struct argp_option options[] = {{"all", KEY_ALL, NULL, 0, "end every VM", 0}, {}};
	const struct argp argp = {
		.options = options,
		.parser = parse_down,
		.args_doc = "NAME…\n--all",
		.doc = "End VMs; nothing of them stays behind.",
	};
	struct down_arguments arguments = {};
	status result = STATUS_OK;

	run_argp(&argp, 0, argc, argv, &arguments);
	if (arguments.all)
		return code_of(down_all());
	for (int i = 0; i < arguments.count; i++) {
		status ended = lab_down(arguments.names[i]);

		result = ended == STATUS_OK ? result : ended;
	}
	return code_of(result);
}

static int print_kernels(const struct lab_kernel kernels[LAB_KERNEL_COUNT], bool json)
{
	json_t *list = json ? json_array() : NULL;

	for (size_t i = 0; i < LAB_KERNEL_COUNT; i++) {
		const char *version = kernels[i].version[0] != '\0' ? kernels[i].version : NULL;

		if (!json)
			printf("%-8s %s\n", kernels[i].series, version != NULL ? version : "not fetched yet");
		else if (json_array_append_new(
				 list, json_pack("{s:s, s:s*}", "kernel", kernels[i].series, "version", version)) != 0)
			return EXIT_CODE_FAILED;
	}
	return json ? print_json(list) : EXIT_CODE_OK;
}

static status fetch_all(const struct lab_kernel kernels[LAB_KERNEL_COUNT], bool update)
{
	for (size_t i = 0; i < LAB_KERNEL_COUNT; i++) {
		/* The newest may have become another series by now. */
		const char *series = i == LAB_KERNEL_COUNT - 1 ? "newest" : kernels[i].series;
		char *directory;

		if (update) {
			TRY(lab_kernel_update(series));
			continue;
		}

		TRY(lab_kernel_get(series, false, &directory));
		free(directory);
	}
	return STATUS_OK;
}

static int cmd_lab_kernels(int argc, char **argv)
{
	const struct argp_option options[] = {
		{"fetch", KEY_FETCH, NULL, 0, "fetch those that aren't in the cache", 0},
		{"update", KEY_UPDATE, NULL, 0, "fetch newer versions of those that are, too", 0},
		{"json", KEY_JSON, NULL, 0, "print JSON", 0},
		{},
	};
	const struct argp argp = {
		.options = options,
		.parser = parse_list,
		.doc = "List the kernels that VMs can boot, oldest first; the first word is what --kernel takes.",
	};
	struct lab_kernel kernels[LAB_KERNEL_COUNT];
	struct list_arguments arguments = {};
	status result;

	run_argp(&argp, 0, argc, argv, &arguments);
	result = lab_kernels(kernels);
	if (result == STATUS_OK && arguments.fetch)
		result = fetch_all(kernels, arguments.update);
	if (result == STATUS_OK && arguments.fetch)
		result = lab_kernels(kernels);
	return result == STATUS_OK ? print_kernels(kernels, arguments.json) : code_of(result);
}

int cmd_lab(int argc, char **argv)
{
	static const struct command commands[] = {
		{"up", cmd_lab_up, "[OPTION…] NAME", "boot a VM"},
		{"exec", cmd_lab_exec, "NAME -- COMMAND…", "run a command in it"},
		{"ls", cmd_lab_ls, "[--json]", "list the VMs that run"},
		{"down", cmd_lab_down, "NAME…|--all", "end VMs"},
		{"kernels", cmd_lab_kernels, "[OPTION…]", "list the kernels that can be booted"},
	};
	const struct command_set set = {
		.name = "bartizan lab",
		.summary = "Virtual machines to test on and to show things with.",
		.commands = commands,
		.command_count = ARRAY_COUNT(commands),
	};

	return command_dispatch(&set, argc, argv);
}
