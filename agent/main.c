/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan-agent: attach to a target, say what was found, and watch it. */
#include <argp.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/serve/command.h"
#include "agent/target.h"
#include "agent/serve/log.h"
#include "base/report.h"
#include "guest/memory/root.h"

enum {
	CACHE_PAGES = 1024,
	WATCH_INTERVAL_MS = 500,
	/* Looks in a row that find nothing, until the kernel counts as gone. */
	LOST_COUNT_MAX = 3,
	OPTION_JSON = 1000,
	OPTION_WATCH,
	OPTION_TARGET,
};

/* Exit codes, as the help text says. */
enum {
	EXIT_FOUND = 0,
	EXIT_FAULT = 1, /* couldn't attach, or no kernel found */
	EXIT_USAGE = 2,
};

struct settings {
	const char *target;
	bool json, watch;
};

const char *argp_program_version = "bartizan-agent " BARTIZAN_VERSION;

static const struct argp_option options[] = {
	{"target", OPTION_TARGET, "T", 0, "What to watch: qemu:PID, qemu:NAME, dump:FILE or dev:DEVICE", 0},
	{"json", OPTION_JSON, NULL, 0, "Print JSON, one object a line", 0},
	{"watch", OPTION_WATCH, NULL, 0, "Stay attached; report reboots, and end when the target does", 0},
	{0},
};

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case OPTION_TARGET: settings->target = argument; return 0;
	case OPTION_JSON: settings->json = true; return 0;
	case OPTION_WATCH: settings->watch = true; return 0;
	case ARGP_KEY_END:
		if (settings->target == NULL)
			argp_error(state, "which target? Give --target; `bartizan targets` lists what can be watched");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Attach to a virtual machine or a memory dump and say how its memory is read and where its kernel's "
	       "page tables are. The target isn't paused, changed or told."
	       "\v`bartizan-agent serve` hands the memory out, sealed, to enclaves that were granted it, and "
	       "`bartizan-agent status` says what a serving agent has done; both have their own --help.\n\n"
	       "Reading another process's memory takes root or CAP_SYS_PTRACE.\n\n"
	       "Exit status: 0 a kernel was found (with --watch: and the target has ended); 1 could not attach, or no "
	       "kernel; 2 wrong usage.",
};

struct agent {
	const struct settings *settings;
	struct target *target;
	struct guest_memory memory;
	void *storage;
	struct guest_root root;
	bool root_known;
	uint32_t lost_count;
};

static json_t *ram_json(const struct ram_map *ram)
{
	json_t *ranges = json_array();

	for (uint32_t i = 0; i < ram->range_count; i++)
		json_array_append_new(ranges, json_pack("{s:I,s:I}", "start", (json_int_t)ram->range[i].start.value,
							"size", (json_int_t)ram->range[i].size));
	return ranges;
}

static json_t *root_json(const struct agent *agent)
{
	const struct guest_root *root = &agent->root;

	if (!agent->root_known)
		return json_null();
	return json_pack("{s:I,s:i,s:s,s:s,s:I,s:b,s:b,s:b,s:i}", "address", (json_int_t)root->space.root.value,
			 "levels", (int)root->space.level_count, "found_by",
			 root->from_note ? "vmcoreinfo" : "registers", "release", root->release, "text_offset",
			 (json_int_t)root->text_offset, "in_use", (root->evidence & GUEST_ROOT_IN_USE) != 0,
			 "pointed_to", (root->evidence & GUEST_ROOT_POINTED_TO) != 0, "started_from",
			 (root->evidence & GUEST_ROOT_STARTED_FROM) != 0, "refused", (int)root->refused_count);
}

static void print_json(json_t *object)
{
	if (object == NULL || json_dumpf(object, stdout, JSON_COMPACT) != 0)
		fputs("{\"error\":\"out of memory\"}", stdout);
	putchar('\n');
	fflush(stdout);
	json_decref(object);
}

static void print_attached_json(const struct agent *agent)
{
	const struct target_description *found = &agent->target->description;

	print_json(json_pack("{s:s,s:s,s:i,s:I,s:o,s:s,s:s,s:s,s:i,s:o}", "event", "attached", "target", found->label,
			     "pid", (int)found->pid, "memory", (json_int_t)found->memory_size, "ram",
			     ram_json(&found->ram), "access", found->access, "layout", found->layout, "registers",
			     found->registers, "cpus", (int)found->cpu_count, "root", root_json(agent)));
}

static void print_root(const struct agent *agent)
{
	const struct guest_root *root = &agent->root;

	if (!agent->root_known)
		return;
	printf("page tables  0x%" PRIx64 ", %u levels, found by %s\n", root->space.root.value, root->space.level_count,
	       root->from_note ? "VMCOREINFO" : "registers");
	if (root->from_note)
		printf("kernel       Linux %s, moved by 0x%" PRIx64 " (KASLR)\n", root->release, root->text_offset);
	printf("evidence    ");
	if ((root->evidence & GUEST_ROOT_CONSISTENT) != 0)
		printf(" tables and release agree;");
	if ((root->evidence & GUEST_ROOT_POINTED_TO) != 0)
		printf(" the kernel's data points to the text;");
	if ((root->evidence & GUEST_ROOT_STARTED_FROM) != 0)
		printf(" CPUs are started with them;");
	if ((root->evidence & GUEST_ROOT_IN_USE) != 0)
		printf(" a CPU runs on them");
	putchar('\n');
	if (root->refused_count > 0)
		printf("refused      %u texts that look like VMCOREINFO but don't hold\n", root->refused_count);
}

static void print_attached(const struct agent *agent)
{
	const struct target_description *found = &agent->target->description;

	if (agent->settings->json) {
		print_attached_json(agent);
		return;
	}
	printf("target       %s\n", found->label);
	for (uint32_t i = 0; i < found->ram.range_count; i++)
		printf("%s 0x%09" PRIx64 "-0x%09" PRIx64 " (%" PRIu64 " MiB)\n",
		       i == 0 ? "memory      " : "            ", found->ram.range[i].start.value,
		       found->ram.range[i].start.value + found->ram.range[i].size - 1, found->ram.range[i].size >> 20);
	printf("read by      %s\nlayout from  %s\nregisters    %s", found->access, found->layout, found->registers);
	if (found->cpu_count > 0)
		printf(" (%u CPUs)", found->cpu_count);
	putchar('\n');
	print_root(agent);
	fflush(stdout);
}

static void print_event(const struct agent *agent, const char *event)
{
	if (agent->settings->json)
		print_json(json_pack("{s:s,s:s,s:o}", "event", event, "target", agent->target->description.label,
				     "root", root_json(agent)));
	else
		printf("%s: %s\n", agent->target->description.label, event);
	fflush(stdout);
}

/* What runs now? False where nothing can be told: booting, or resetting. */
static bool find_quietly(struct agent *agent, struct guest_root *ret_root)
{
	log_thread_quiet_set(true);
	status result = guest_root_find(&agent->memory, ret_root);
	log_thread_quiet_set(false);
	return result == STATUS_OK;
}

/* Look again, the whole way: RAM outlives a reset, and an old kernel's tables
 * look right until the new one's evidence outweighs theirs. */
static void look_again(struct agent *agent)
{
	struct guest_root now;
	bool found = find_quietly(agent, &now);
	bool was_kernel = agent->root_known && agent->root.from_note;

	bool is_lost = !found || !now.from_note;
	agent->lost_count = is_lost ? agent->lost_count + 1 : 0;
	if (was_kernel &&
	    (is_lost ? agent->lost_count >= LOST_COUNT_MAX : now.space.root.value != agent->root.space.root.value)) {
		agent->root_known = false;
		print_event(agent, "reboot");
		was_kernel = false;
	}
	/* Registers alone don't make a kernel: it may be the firmware's or the
	 * decompressor's tables. Wait for the text. */
	if (was_kernel || is_lost)
		return;
	agent->root = now;
	agent->root_known = true;
	print_event(agent, "kernel");
}

static status watch(struct agent *agent)
{
	const struct timespec interval = {.tv_nsec = WATCH_INTERVAL_MS * 1000000L};

	/* Ends with the target, or when we are told to. */
	for (;;) {
		nanosleep(&interval, NULL);
		status result = guest_memory_refresh(&agent->memory);
		if (result == STATUS_GONE) {
			print_event(agent, "gone");
			return STATUS_OK;
		}
		TRY(result);
		look_again(agent);
	}
}

static status run(struct agent *agent)
{
	size_t storage_size = guest_memory_storage_size(CACHE_PAGES);

	agent->storage = malloc(storage_size);
	if (agent->storage == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	TRY(guest_memory_init(&agent->memory, agent->target->source, agent->storage, storage_size));
	status found = guest_root_find(&agent->memory, &agent->root);
	agent->root_known = found == STATUS_OK;
	if (found == STATUS_GONE)
		return report(STATUS_GONE, "the target %s ended", agent->target->description.label);
	print_attached(agent);
	if (!agent->settings->watch || agent->target->description.pid == 0)
		return found;
	return watch(agent);
}

int main(int argc, char **argv)
{
	struct settings settings = {0};
	struct agent agent = {.settings = &settings};

	if (argc > 1 && strcmp(argv[1], "serve") == 0)
		return serve_command(argc - 1, argv + 1);
	if (argc > 1 && strcmp(argv[1], "status") == 0)
		return status_command(argc - 1, argv + 1);
	argp_err_exit_status = EXIT_USAGE;
	argp_parse(&parser, argc, argv, 0, NULL, &settings);
	status result = target_create(settings.target, &agent.target);
	if (result == STATUS_USAGE)
		return EXIT_USAGE;
	if (result != STATUS_OK)
		return EXIT_FAULT;
	result = run(&agent);
	free(agent.storage);
	target_destroy(agent.target);
	return result == STATUS_OK ? EXIT_FOUND : EXIT_FAULT;
}
