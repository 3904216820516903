/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan targets: what can be watched here. */
#include <argp.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/qemu-process.h"
#include "agent/target.h"
#include "base/report.h"
#include "cli/command.h"
#include "host/serve/smi.h"
#include "lab/lab.h"
#include "verifier/grants/keys.h"

enum {
	OPTION_JSON = 1000,
	OPTION_SMM,
	MESSAGE_SIZE = 512,
};

static const struct argp_option options[] = {
	{"json", OPTION_JSON, NULL, 0, "Print a JSON array", 0},
	{"smm", OPTION_SMM, NULL, 0,
	 "Ask this machine's firmware, too, by an SMI (root). Only where it has our driver, or for a test: what other "
	 "firmware does with one, nobody knows",
	 0},
	{0},
};

struct wishes {
	bool json, smm;
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct wishes *wishes = state->input;

	(void)argument;
	switch (key) {
	case OPTION_JSON: wishes->json = true; return 0;
	case OPTION_SMM: wishes->smm = true; return 0;
	case ARGP_KEY_ARG: argp_error(state, "takes no arguments"); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "List the virtual machines on this host that can be watched, and how their memory would be read."
	       "\vEach is looked at for a moment and left alone. PROBLEM says why one can't be watched; reading "
	       "another "
	       "process's memory takes root or CAP_SYS_PTRACE.\n\nExit status: 0, also when nothing was found; 1 on "
	       "errors.",
};

struct listing {
	json_t *targets;
	struct lab_machine *machines; /* of the lab; NULL: none */
	size_t machine_count;
};

static void keep_message(void *context, status fault, const char *message)
{
	(void)fault;
	snprintf(context, MESSAGE_SIZE, "%s", message);
}

/* "lab:NAME" where it is a VM of the lab. */
static void add_lab_name(const struct listing *listing, pid_t pid, json_t *object)
{
	for (size_t i = 0; i < listing->machine_count; i++)
		if (listing->machines[i].qemu == pid)
			json_object_set_new(object, "lab", json_sprintf("lab:%s", listing->machines[i].name));
}

/* Attach for a moment: only that shows whether one may. */
static void add_access(pid_t pid, json_t *object)
{
	char problem[MESSAGE_SIZE] = "", name[32];
	struct target *target = NULL;

	snprintf(name, sizeof name, "qemu:%d", (int)pid);
	report_sink_set(keep_message, problem);
	status result = target_create(name, &target);
	report_sink_set(NULL, NULL);
	json_object_set_new(object, "permitted", json_boolean(result == STATUS_OK));
	if (result != STATUS_OK) {
		json_object_set_new(object, "problem", json_string(problem[0] != 0 ? problem : status_name(result)));
		return;
	}
	json_object_set_new(object, "access", json_string(target->description.access));
	json_object_set_new(object, "layout", json_string(target->description.layout));
	json_object_set_new(object, "registers", json_string(target->description.registers));
	target_destroy(target);
}

static status visit(void *context, pid_t pid, const struct qemu_arguments *arguments)
{
	struct listing *listing = context;
	json_t *object = json_pack("{s:s#,s:i,s:s,s:I}", "target", "", 0, "pid", (int)pid, "name", arguments->name,
				   "memory", (json_int_t)arguments->memory_size);

	if (object == NULL || json_object_set_new(object, "target", json_sprintf("qemu:%d", (int)pid)) != 0)
		return report(STATUS_NO_MEMORY, "out of memory while listing targets");
	add_lab_name(listing, pid, object);
	add_access(pid, object);
	json_array_append_new(listing->targets, object);
	return STATUS_OK;
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL && text[0] != 0 ? text : "-";
}

static void print_table(const json_t *targets)
{
	const json_t *object;
	size_t i;

	if (json_array_size(targets) == 0) {
		fputs("No qemu-system-x86_64 runs here. `bartizan lab up NAME` starts a guest to look at;\n"
		      "dump:FILE takes a memory dump.\n",
		      stderr);
		return;
	}
	printf("%-16s %-20s %8s  %-18s %-10s %s\n", "TARGET", "NAME", "MEMORY", "READ BY", "REGISTERS", "PROBLEM");
	json_array_foreach(targets, i, object)
	{
		const char *lab = text_of(object, "lab");

		printf("%-16s %-20s %6" PRIu64 " M  %-18s %-10s %s\n", text_of(object, "target"),
		       strcmp(lab, "-") != 0 ? lab : text_of(object, "name"),
		       (uint64_t)json_integer_value(json_object_get(object, "memory")) >> 20, text_of(object, "access"),
		       text_of(object, "registers"), text_of(object, "problem"));
	}
}

static void drop_message(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* Whoever asks for it wants to know why not. */
static status add_firmware(struct listing *listing)
{
	char key[2 * START_KEY_SIZE + 1], nonce[2 * START_NONCE_SIZE + 1];
	struct smi *smi;

	TRY(smi_create(&smi));
	key_to_hex(smi_hello(smi)->source_key, START_KEY_SIZE, key);
	key_to_hex(smi_hello(smi)->source_nonce, START_NONCE_SIZE, nonce);
	json_t *object = json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:I}", "target", SMI_TARGET, "name", "this machine",
				   "access", "firmware", "registers", "saved", "source_key", key, "source_nonce", nonce,
				   "smi_number", (json_int_t)smi_number(smi));
	smi_destroy(smi);
	if (object == NULL || json_array_append_new(listing->targets, object) != 0)
		return report(STATUS_NO_MEMORY, "out of memory while listing targets");
	return STATUS_OK;
}

static status list(struct listing *listing)
{
	/* No lab, or none that we may look into, is no reason not to list. */
	report_sink_set(drop_message, NULL);
	if (lab_list(&listing->machines, &listing->machine_count) != STATUS_OK)
		listing->machine_count = 0;
	report_sink_set(NULL, NULL);
	return qemu_process_each(visit, listing);
}

int cmd_targets(int argc, char **argv)
{
	struct listing listing = {.targets = json_array()};
	struct wishes wishes = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	argp_parse(&parser, argc, argv, 0, NULL, &wishes);
	status result = list(&listing);
	if (result == STATUS_OK && wishes.smm)
		result = add_firmware(&listing);
	if (result == STATUS_OK && wishes.json) {
		json_dumpf(listing.targets, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (result == STATUS_OK) {
		print_table(listing.targets);
	}
	free(listing.machines);
	json_decref(listing.targets);
	return result == STATUS_OK ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}
