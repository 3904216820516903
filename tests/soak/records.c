/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak-records --count N --seed S [--first I]: N times, an enclave and a source talk over
 * the link, and somebody between them, or one of the two, tells one lie. Both ends are
 * the real ones (enclave/link/ and link/), in one process.
 *
 * Prints a JSON line per kind of lie: tried, refused (in words, and the session is over
 * from then on), harmless (what the program got is right to the byte, or what a source that is
 * trusted did say), bad (anything else). Exit 1 if anything was bad.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "options.h"
#include "records.h"

enum { HANG_S = 60 };

static const char *const mutation_names[MUTATE_COUNT] = {
	[MUTATE_BIT] = "bit flipped",
	[MUTATE_BYTES] = "bytes changed",
	[MUTATE_CUT] = "cut",
	[MUTATE_LONGER] = "longer",
	[MUTATE_REPLAYED] = "replayed",
	[MUTATE_OTHER_SESSION] = "of another session",
	[MUTATE_REFLECTED] = "reflected",
	[MUTATE_FORGED] = "forged",
	[MUTATE_SPLICED] = "spliced of two",
	[MUTATE_TYPE] = "another type",
	[MUTATE_SIZE] = "another size in its head",
	[MUTATE_COUNTER] = "another counter",
	[MUTATE_VERSION] = "another version",
	[MUTATE_ERROR] = "ERROR made up",
	[MUTATE_CLOSE] = "CLOSE made up",
	[MUTATE_HANDSHAKE] = "old handshake message",
};

static const struct {
	const char *name;
	enum enclave_lie lie;
} lies[] = {
	{"dropped", ENCLAVE_DROPPED},
	{"ring: another size", ENCLAVE_RING_SIZE},
	{"ring: another sequence", ENCLAVE_RING_SEQUENCE},
	{"ring: other words and bytes", ENCLAVE_RING_CONTENT},
	{"ring: waiting lied about", ENCLAVE_WAIT_RESULT},
	{"grant changed", ENCLAVE_GRANT_CHANGED},
	{"grant for something else", ENCLAVE_GRANT_OTHER},
	{"source: reply's head", ENCLAVE_REPLY_HEAD},
	{"source: reply's results", ENCLAVE_REPLY_RESULTS},
	{"source: reply's data", ENCLAVE_REPLY_DATA},
	{"source: reply's size", ENCLAVE_REPLY_SIZE},
};

static const struct {
	const char *name;
	enum verdict (*try)(void);
} others[] = {
	{"out of order", try_reordered},
	{"across a change of keys", try_across_rekey},
	{"enclave: request's content", try_request_content},
	{"enclave: grant not its own", try_grant_shown},
};

enum {
	LIE_COUNT = sizeof lies / sizeof lies[0],
	OTHER_COUNT = sizeof others / sizeof others[0],
	KIND_COUNT = MUTATE_COUNT + LIE_COUNT + OTHER_COUNT,
};

static struct {
	uint64_t tried, refused, harmless, bad;
} table[KIND_COUNT];

static uint64_t seed, current;

static const char *kind_name(unsigned kind)
{
	if (kind < MUTATE_COUNT)
		return mutation_names[kind];
	kind -= MUTATE_COUNT;
	return kind < LIE_COUNT ? lies[kind].name : others[kind - LIE_COUNT].name;
}

static enum verdict try_kind(unsigned kind)
{
	if (kind < MUTATE_COUNT)
		return below(3) == 0 ? try_session((enum mutation)kind)
				     : try_enclave(ENCLAVE_MUTATION, (enum mutation)kind);
	kind -= MUTATE_COUNT;
	return kind < LIE_COUNT ? try_enclave(lies[kind].lie, MUTATE_BIT) : others[kind - LIE_COUNT].try();
}

/* Each lie is decided by the seed and its own number, so that one can be had again. */
static void soak_one(uint64_t i)
{
	unsigned kind = (unsigned)(i % KIND_COUNT);

	current = i;
	alarm(HANG_S);
	random_start(seed, i);
	words_forget();
	enum verdict verdict = try_kind(kind);
	table[kind].tried++;
	table[kind].refused += verdict == REFUSED;
	table[kind].harmless += verdict == HARMLESS;
	table[kind].bad += verdict == BAD;
	if (verdict == BAD && table[kind].bad <= 5)
		fprintf(stderr, "soak-records: BAD: %s: %s (--seed %llu --first %llu --count 1)\n", kind_name(kind),
			bad_reason, (unsigned long long)seed, (unsigned long long)i);
}

/* Nothing hangs: then it is over, and says where. */
static void say_hang(int number)
{
	char text[128];
	int size = snprintf(text, sizeof text, "soak-records: BAD: no end after %d s (--seed %llu --first %llu)\n",
			    HANG_S, (unsigned long long)seed, (unsigned long long)current);

	(void)!write(2, text, (size_t)size);
	_exit(2);
}

static int print_table(void)
{
	uint64_t bad_count = 0;

	for (unsigned i = 0; i < KIND_COUNT; i++) {
		printf("{\"part\": \"records\", \"kind\": \"%s\", \"tried\": %llu, \"refused\": %llu, "
		       "\"harmless\": %llu, \"bad\": %llu, \"seed\": %llu}\n",
		       kind_name(i), (unsigned long long)table[i].tried, (unsigned long long)table[i].refused,
		       (unsigned long long)table[i].harmless, (unsigned long long)table[i].bad,
		       (unsigned long long)seed);
		bad_count += table[i].bad;
	}
	return bad_count != 0;
}

int main(int argc, char **argv)
{
	const struct soak_options options = soak_options_parse(
		argc, argv, "Change what an enclave and a source say to each other, and look at what comes of it.");

	seed = options.seed;
	signal(SIGALRM, say_hang);
	words_listen();
	random_start(seed, UINT64_MAX);
	(void)world_bystander();
	for (uint64_t i = 0; i < options.count; i++)
		soak_one(options.first + i);
	return print_table();
}
