/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak-programs --count N --seed S [--backend B] [--target T [--agent A --grantor G | --verifier V --owner O]] IMAGE
 * ARGUMENTS…: run an image until N lies were told, one each time (host/serve/hostile.h), at a call and of a kind that
 * the seed chooses, and compare.
 *
 * Prints a JSON line per kind: tried, refused (the program ended with an exit code
 * that isn't 0, and with words, and printed no line that it doesn't print otherwise), harmless (it printed
 * what it prints otherwise and ended alike), bad (a crash, other output, no end, no words). Exit 1
 * if anything was bad.
 *
 * What a program printed is what it was told to have been written: a host that
 * takes ten bytes and says "five" isn't the program's mistake.
 *
 * The host's word on what is in its own files, and, in `plain`, on what is in the
 * target's memory, is nothing that an image can check: about those only results
 * lie, not data. (In the other backends the link seals the target's memory.)
 */
#include <argp.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "agent/target.h"
#include "base/report.h"
#include "cli/chain.h"
#include "host/loader/plain.h"
#include "host/loader/program.h"
#include "host/loader/sgx.h"
#include "host/loader/sim.h"
#include "host/serve/hostile.h"

enum {
	OUTPUT_SIZE_MAX = 1 << 20,
	/* No program here needs a hundredth of these. */
	CALL_COUNT_MAX = 1000000,
	SECONDS_MAX = 300,
	/* Where a lie loses what the verifier said, the enclave waits a minute for it (VERIFIER_PATIENCE_MS), for each
	 * of the few things that it then may want of it, before it says so. Its clock is ours: a second in which
	 * nothing came is so many. */
	SECONDS_SKIPPED = 15,
	/* Some hundredths of the lies are about something that only the host knows: another run
	 * takes their place. Where half of them are, something else is wrong. */
	RUNS_PER_LIE_MAX = 2,
};

/* Shared with the child that runs the program. */
static struct record {
	char output[OUTPUT_SIZE_MAX];
	size_t output_size;
	size_t words; /* bytes on standard error */
	uint64_t call_count;
	uint64_t chosen_count; /* of those that may be lied about */
	bool lied, endless;
	/* What it wrote was changed in the window before it could be noted. */
	bool garbled;
} *record;

static struct options {
	uint64_t count, seed;
	const char *target, *agent, *grantor, *verifier, *owner;
	const struct backend *backend;
	const char *const *arguments;
} options = {.count = 200, .seed = 1, .backend = &plain_backend};

static struct hostile liar;
static enum hostile_kind kind;
static uint64_t lie_at; /* the number of the call, from 1; 0: never */
static uint64_t lie_sequence;
static int64_t skipped_seconds; /* of the clock, since a lie was told */

void __real_serve_call(struct serve *serve);
void __wrap_serve_call(struct serve *serve);

/* Is it among those that are lied about? Where a verifier is, those that lead to it, as there are others enough
 * without one. */
static bool is_chosen(uint64_t number)
{
	return options.verifier == NULL || (number >= CALL_QUOTE_TARGET && number <= CALL_UNSENT_CLEAR);
}

/* Who would be wronged by a lie about this call's data. */
static bool data_is_checkable(uint64_t number)
{
	switch (number) {
	case CALL_SOURCE_READ_PAGES:
	case CALL_SOURCE_RAM_MAP:
	case CALL_SOURCE_REGISTERS:
	case CALL_SOURCE_NEXT_POPULATED:
	case CALL_SOURCE_PLAN:
	case SYS_read:
	case SYS_pread64:
	case CALL_EXIT: return false; /* the window is gone soon */
	default: return true;
	}
}

/* Success and another result than the honest one of these is the host's word on
 * its own files or the target: no image can tell. */
static bool result_is_the_hosts_word(const struct call_slot *slot, int64_t honest)
{
	return (slot->number == SYS_read || slot->number == SYS_pread64 || slot->number == CALL_SOURCE_READ_PAGES) &&
	       slot->result >= 0 && honest != slot->result;
}

static void note_written(const struct call_slot *asked, const char *data, int64_t result)
{
	if (asked->number != SYS_write || result <= 0 || (uint64_t)result > asked->argument[2])
		return;
	if (asked->argument[0] == 2)
		record->words += (size_t)result;
	else if (record->output_size + (size_t)result <= OUTPUT_SIZE_MAX) {
		memcpy(record->output + record->output_size, data, (size_t)result);
		record->output_size += (size_t)result;
	}
}

static void lie_once(struct serve *serve, const struct call_slot *asked)
{
	struct call_slot *slot = &serve->window->slot;
	bool first = slot->posted != serve->served;

	hostile_serve(&liar, serve, kind, data_is_checkable(asked->number), __real_serve_call);
	record->lied = true;
	/* What only the host knows it may say as it likes. */
	if (first && kind == HOSTILE_SHORT && result_is_the_hosts_word(slot, INT64_MIN))
		record->lied = false;
}

/* After the honest answer to any call but the one that was lied about. */
static void pass_time(struct serve *serve, const struct call_slot *asked)
{
	struct call_slot *slot = &serve->window->slot;
	struct timespec now;

	if (options.verifier == NULL || !record->lied || slot->result != 0)
		return;
	if (asked->number == CALL_VERIFIER_RECEIVE && asked->argument[2] >= CALL_VERIFIER_WAIT_MS_MAX)
		skipped_seconds += SECONDS_SKIPPED;
	if (asked->number == SYS_clock_gettime && asked->argument[0] == CLOCK_MONOTONIC && asked->argument[1] == 0) {
		memcpy(&now, serve->window->data, sizeof now);
		now.tv_sec += skipped_seconds;
		memcpy(serve->window->data, &now, sizeof now);
	}
}

/* In the place of host/serve's, for the thread that comes out (--wrap). */
void __wrap_serve_call(struct serve *serve)
{
	static char data[CALL_DATA_SIZE];
	static struct call_slot asked;
	struct call_slot *slot = &serve->window->slot;
	bool first = slot->posted != serve->served;

	if (first) {
		asked = *slot;
		record->garbled |= liar.changing && asked.number == SYS_write;
		hostile_stop_changing(&liar);
		if (asked.number == SYS_write && asked.argument[1] == 0 && asked.argument[2] <= CALL_DATA_SIZE)
			memcpy(data, serve->window->data, asked.argument[2]);
		record->call_count++;
		if (is_chosen(asked.number) && record->chosen_count++ == lie_at - 1)
			lie_sequence = asked.posted;
	}
	if (record->call_count > CALL_COUNT_MAX) {
		record->endless = true;
		_exit(124);
	}
	if (lie_sequence != 0 && asked.posted == lie_sequence)
		lie_once(serve, &asked);
	else {
		__real_serve_call(serve);
		if (first)
			pass_time(serve, &asked);
		hostile_rest(&liar, slot);
	}
	if (slot->done == asked.posted) {
		note_written(&asked, data, slot->result);
		asked.number = 0; /* noted */
	}
}

/* The context: the chain; NULL: none. */
static void prepare(struct serve *serve, void *context)
{
	if (context != NULL)
		chain_prepare(serve, context);
	hostile_init(&liar, serve->window, options.seed);
	liar.random = (options.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + lie_at * 64 + kind + 1;
	for (int i = 0; i < 8; i++)
		(void)hostile_random(&liar);
}

/* A connection of its own for each run. */
static struct chain *chain_of_run(void)
{
	const struct chain_settings settings = {
		.target = options.target,
		.agent = options.agent,
		.grantor = options.grantor,
		.verifier = options.verifier,
		.owner = options.owner,
		.image_path = options.arguments[0],
		.epoch_file = -1,
	};
	struct chain *chain;

	if (options.agent == NULL)
		return NULL;
	if (chain_create(&settings, &chain) != STATUS_OK)
		_exit(125);
	return chain;
}

static _Noreturn void child(struct target *target)
{
	struct program program = {
		.backend = options.backend,
		.image_path = options.arguments[0],
		.arguments = options.arguments,
		.environment = (const char *const[]){NULL},
		.source = target != NULL ? target->source : NULL,
		.prepare = prepare,
	};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), exit_code;
	struct chain *chain;

	alarm(SECONDS_MAX);
	(void)setenv("BARTIZAN_HELPER", "0", 1);
	if (null < 0 || dup2(null, 0) < 0 || dup2(null, 1) < 0 || dup2(null, 2) < 0)
		_exit(2);
	chain = chain_of_run();
	program.prepare_context = chain;
	program.link = chain != NULL ? chain_link(chain) : NULL;
	if (options.verifier != NULL && chain != NULL)
		program.verifier_key = program.link->owner_key;
	_exit(program_run(&program, &exit_code) == STATUS_OK ? exit_code : 125);
}

/* Run once; the wait status. */
static int run(struct target *target)
{
	int wait_status = 0;
	pid_t pid;

	memset(record, 0, sizeof *record);
	pid = fork();
	if (pid < 0) {
		perror("soak-programs: fork");
		exit(2);
	}
	if (pid == 0)
		child(target);
	(void)waitpid(pid, &wait_status, 0);
	return wait_status;
}

static struct {
	uint64_t tried, refused, harmless, bad;
} table[HOSTILE_KIND_COUNT];

enum verdict { NOT_TOLD, REFUSED, HARMLESS, BAD };

/* The size of the line at `at`, without its end. *ret_is_cut: it has none. */
static size_t line_size(const char *at, const char *end, bool *ret_is_cut)
{
	const char *next = memchr(at, '\n', (size_t)(end - at));

	*ret_is_cut = next == NULL;
	return (size_t)((next != NULL ? next : end) - at);
}

/* Has the honest run this line, or does it begin with it, where it is the last and was cut? */
static bool is_honest_line(const struct record *honest, const char *line, size_t size, bool is_cut)
{
	const char *end = honest->output + honest->output_size;
	bool ignored;

	for (const char *at = honest->output; at < end;) {
		size_t there = line_size(at, end, &ignored);

		if ((is_cut ? there >= size : there == size) && memcmp(at, line, size) == 0)
			return true;
		at += there + 1;
	}
	return size == 0;
}

static bool prints_honest_lines(const struct record *honest)
{
	const char *end = record->output + record->output_size;
	bool is_cut;

	for (const char *at = record->output; at < end;) {
		size_t size = line_size(at, end, &is_cut);

		if (!is_honest_line(honest, at, size, is_cut))
			return false;
		at += size + 1;
	}
	return true;
}

static enum verdict judge(int wait_status, const struct record *honest, int honest_status)
{
	bool same = record->output_size == honest->output_size &&
		    memcmp(record->output, honest->output, honest->output_size) == 0;

	if (record->endless || WIFSIGNALED(wait_status))
		return BAD;
	if (!record->lied || record->garbled)
		return NOT_TOLD;
	if (same && wait_status == honest_status)
		return HARMLESS;
	if (WEXITSTATUS(wait_status) == 0)
		return BAD;
	/* All of it, and then it wasn't let go; or less, and words about that. */
	return same || (record->words > honest->words && prints_honest_lines(honest)) ? REFUSED : BAD;
}

static void print_table(void)
{
	for (int i = 0; i < HOSTILE_KIND_COUNT; i++)
		printf("{\"part\": \"programs\", \"kind\": \"%s\", \"tried\": %llu, \"refused\": %llu, \"harmless\": "
		       "%llu, "
		       "\"bad\": %llu, \"seed\": %llu}\n",
		       hostile_kind_name((enum hostile_kind)i), (unsigned long long)table[i].tried,
		       (unsigned long long)table[i].refused, (unsigned long long)table[i].harmless,
		       (unsigned long long)table[i].bad, (unsigned long long)options.seed);
}

/* Was a lie told? */
static bool count(enum verdict verdict, int wait_status)
{
	table[kind].tried += verdict != NOT_TOLD;
	table[kind].refused += verdict == REFUSED;
	table[kind].harmless += verdict == HARMLESS;
	table[kind].bad += verdict == BAD;
	if (verdict == BAD)
		fprintf(stderr, "soak-programs: BAD: %s at call %llu: %s %d, %zu bytes of output, %zu of words\n",
			hostile_kind_name(kind), (unsigned long long)lie_at,
			WIFSIGNALED(wait_status) ? "signal" : "exit code",
			WIFSIGNALED(wait_status) ? WTERMSIG(wait_status) : WEXITSTATUS(wait_status),
			record->output_size, record->words);
	return verdict != NOT_TOLD;
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	switch (key) {
	case 'c': options.count = strtoull(argument, NULL, 10); return 0;
	case 's': options.seed = strtoull(argument, NULL, 10); return 0;
	case 't': options.target = argument; return 0;
	case 'a': options.agent = argument; return 0;
	case 'g': options.grantor = argument; return 0;
	case 'v': options.verifier = argument; return 0;
	case 'o': options.owner = argument; return 0;
	case 'b':
		if (strcmp(argument, "plain") != 0 && strcmp(argument, "sim") != 0 && strcmp(argument, "sgx") != 0)
			argp_error(state, "--backend takes plain, sim or sgx");
		options.backend = strcmp(argument, "sgx") == 0	 ? &sgx_backend
				  : strcmp(argument, "sim") == 0 ? &sim_backend
								 : &plain_backend;
		return 0;
	case ARGP_KEY_ARG:
		options.arguments = (const char *const *)&state->argv[state->next - 1];
		state->next = state->argc;
		return 0;
	case ARGP_KEY_END:
		if (options.arguments == NULL)
			argp_usage(state);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"count", 'c', "N", 0, "so many lies (default 200)", 0},
		{"seed", 's', "S", 0, "which lies (default 1)", 0},
		{"backend", 'b', "plain|sim|sgx", 0, "what it runs in (default plain)", 0},
		{"target", 't', "T", 0, "what the program watches (default: nothing)", 0},
		{"agent", 'a', "ADDRESS", 0, "read the target through a running agent, sealed,", 0},
		{"grantor", 'g', "SOCKET", 0, "with the grant of a running grantor,", 0},
		{"verifier", 'v', "ADDRESS", 0, "or of a verifier: then only calls that lead to it are lied about,", 0},
		{"owner", 'o', "FILE", 0, "which holds the key to this public one", 0},
		{0},
	};
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = "IMAGE ARGUMENTS…",
		.doc = "Run an image again and again under a host that lies once, and compare what it prints.",
	};
	static struct record honest;
	struct target *target = NULL;
	uint64_t bad_count = 0, told_count = 0;
	int honest_status;

	argp_parse(&argp, argc, argv, ARGP_IN_ORDER, NULL, &options);
	if (options.arguments == NULL) /* argp_usage() has ended this */
		return 2;
	record = mmap(NULL, sizeof *record, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (record == MAP_FAILED)
		return 2;
	if (options.target != NULL && options.agent == NULL && target_create(options.target, &target) != STATUS_OK)
		return 2;
	honest_status = run(target);
	honest = *record;
	if (!WIFEXITED(honest_status) || honest.output_size == 0 || honest.chosen_count == 0) {
		fprintf(stderr, "soak-programs: the program crashes, or prints nothing, under an honest host too\n");
		return 2;
	}
	hostile_init(&liar, NULL, options.seed);
	for (uint64_t i = 0; told_count < options.count && i < options.count * RUNS_PER_LIE_MAX; i++) {
		/* The sequence of lies is the parent's, so that a run can be had again. */
		struct hostile chooser = {.random = (options.seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * 2 + 1};

		for (int j = 0; j < 8; j++)
			(void)hostile_random(&chooser);
		kind = (enum hostile_kind)(i % HOSTILE_KIND_COUNT);
		lie_at = 1 + hostile_random(&chooser) % honest.chosen_count;
		int wait_status = run(target);
		told_count += count(judge(wait_status, &honest, honest_status), wait_status);
		lie_sequence = 0;
	}
	print_table();
	for (int i = 0; i < HOSTILE_KIND_COUNT; i++)
		bad_count += table[i].bad;
	target_destroy(target);
	return bad_count != 0;
}
