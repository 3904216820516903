/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * forge TARGET: pseudo files and answers of a target whose memory is forged as we are told:
 * only in this process, the target isn't changed. For tests/test_hostile.py. Reads
 * commands from stdin, one a line, and answers each by one line; what is forged stays
 * until "clear".
 *
 *   symbol NAME                          its address, or "-"
 *   read ADDRESS SIZE                    the bytes in hexadecimal, or "-"
 *   put ADDRESS BYTES                    in hexadecimal; "ok" or "-"
 *   ladder START COUNT STRIDE BASE STEP  the word at START + i × STRIDE is BASE + i × STEP; "ok" or "-"
 *   arena                                map it; its address
 *   change ADDRESS BYTES                 as put, but what was read already in answer to the last question stays as it
 * was again QUESTION                       answered with what was read for the last one, as far as that goes clear "ok"
 *   family NAME                          what is asked from now on is of this family, and recorded; "ok"
 *   record FILE                          write all that was asked and read so far (guest/ask/world.h); "ok" or "-"
 *   plans on|off                         read plans are run, or not; "ok"
 *   (a question: guest/ask/question.h)    OUTCOME SIZE READS TEXT SAID
 *   headers tcp|udp|processes            as that, of guest/headers
 *   anew QUESTION                        as that, of a kernel that is found anew in what is forged
 *
 * ADDRESSes are the kernel's, in hexadecimal like all numbers. OUTCOME: 0 whole, 1 marked, 2 the
 * target has no such file, 3 refused. READS is how much of memory was asked for; TEXT begins with what there is of
 * it, SAID is what was said of faults: both in hexadecimal, after an "x".
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/target.h"
#include "base/report.h"
#include "forge-headers.h"
#include "guest/ask/question.h"
#include "guest/kernel/kallsyms.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/caches.h"
#include "guest/memory/forged.h"
#include "guest/ask/record.h"

enum {
	ALIGNMENT = 4096,
	COMMAND_SIZE = 4096,
	TEXT_SHOWN_MAX = 64 << 10,
	SAID_SIZE = 4096,
};

enum outcome { WHOLE, MARKED, ABSENT, REFUSED };

static struct forged_source forged;
static struct guest_memory memory;
static struct guest_kernel *kernel, *kernel_anew;
static char said[SAID_SIZE];

static void say(const char *message)
{
	size_t size = strlen(said);

	snprintf(said + size, sizeof said - size, "%s\n", message);
}

static void hear(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	say(message);
}

/* The next number of a command; 0 where there is none. */
static uint64_t take_number(const char **words)
{
	char *end;
	uint64_t number = strtoull(*words, &end, 16);

	*words = end;
	return number;
}

static void print_bytes(const void *bytes, size_t size)
{
	const uint8_t *at = bytes;

	for (size_t i = 0; i < size; i++)
		printf("%02x", at[i]);
}

/* The text's fault counts as said. */
static void answer(status result, const struct proc_text *text)
{
	enum outcome outcome = result == STATUS_OK ? WHOLE : result == STATUS_MISSING ? ABSENT : REFUSED;
	size_t size = result == STATUS_OK ? text->size : 0;

	if (result == STATUS_OK && text->fault != NULL) {
		outcome = MARKED;
		say(text->fault);
	}
	printf("%d %zx %" PRIx64 " x", outcome, size, forged.read_count);
	print_bytes(size > 0 ? text->data : "", size < TEXT_SHOWN_MAX ? size : TEXT_SHOWN_MAX);
	printf(" x");
	print_bytes(said, strlen(said));
	printf("\n");
}

static status ask(const char *line, bool is_anew, struct proc_text *ret_text)
{
	if (headers_question_is_one(line))
		return headers_question_ask(kernel, line, ret_text);
	return is_anew ? question_ask(kernel, line, ret_text) : question_ask_again(kernel, line, ret_text);
}

static void question(const char *line, bool is_anew)
{
	struct proc_text text = {0};

	said[0] = '\0';
	forged.read_count = 0;
	record_begin(line);
	status result = ask(line, is_anew, &text);
	record_end();
	answer(result, &text);
	if (result == STATUS_OK)
		proc_text_deinit(&text);
}

/* Outcome REFUSED also where no kernel is found. */
static void question_anew(const char *line)
{
	struct guest_kernel *found;
	struct proc_text text = {0};

	said[0] = '\0';
	forged.read_count = 0;
	status result = guest_memory_refresh(&memory);
	if (result == STATUS_OK)
		result = guest_kernel_create(&memory, NULL, &found);
	if (result == STATUS_OK) {
		/* Not before: the next kernel mustn't be taken for this one. */
		if (kernel_anew != NULL)
			guest_kernel_destroy(kernel_anew);
		kernel_anew = found;
		result = question_ask(found, line, &text);
	} else if (result == STATUS_MISSING) {
		result = STATUS_IO;
	}
	answer(result, &text);
	if (result == STATUS_OK)
		proc_text_deinit(&text);
}

static void done(status result)
{
	printf("%s\n", result == STATUS_OK ? "ok" : "-");
}

static void symbol(const char *name)
{
	struct guest_va address;

	if (guest_symbols_find(kernel->symbols, name, &address) == STATUS_OK)
		printf("%" PRIx64 "\n", address.value);
	else
		printf("-\n");
}

static void read_memory(const char *words)
{
	uint64_t address = take_number(&words), size = take_number(&words);
	uint8_t bytes[COMMAND_SIZE];

	if (size > sizeof bytes || guest_memory_refresh(&memory) != STATUS_OK ||
	    guest_kernel_read(kernel, (struct guest_va){address}, bytes, size) != STATUS_OK) {
		printf("-\n");
		return;
	}
	print_bytes(bytes, size);
	printf("\n");
}

/* Where the kernel's address is, as this epoch has it. */
static status translate(uint64_t address, struct guest_pa *ret_place)
{
	struct guest_mapping mapping;

	TRY(guest_space_translate(&memory, &kernel->space, (struct guest_va){address}, &mapping));
	*ret_place = mapping.address;
	return STATUS_OK;
}

static uint8_t digit(char character)
{
	return (uint8_t)(character <= '9' ? character - '0' : character - 'a' + 10);
}

static status change(const char *words)
{
	uint8_t bytes[FORGED_PATCH_SIZE_MAX];
	uint64_t address = take_number(&words);
	size_t size = 0;

	for (words++; words[0] != '\0' && words[1] != '\0' && size < sizeof bytes; words += 2)
		bytes[size++] = (uint8_t)(digit(words[0]) << 4 | digit(words[1]));
	/* Page by page: the next one may be elsewhere. */
	for (size_t at = 0; at < size;) {
		size_t left = GUEST_PAGE_SIZE - (address + at) % GUEST_PAGE_SIZE;
		size_t part = left < size - at ? left : size - at;
		struct guest_pa place;

		TRY(translate(address + at, &place));
		TRY(forged_put(&forged, place, bytes + at, part));
		at += part;
	}
	return STATUS_OK;
}

static status put(const char *words)
{
	TRY(guest_memory_refresh(&memory));
	return change(words);
}

static status put_ladder(const char *words)
{
	struct forged_ladder ladder = {.start = take_number(&words)};
	struct guest_pa place;

	ladder.count = take_number(&words);
	ladder.stride = take_number(&words);
	ladder.base = take_number(&words);
	ladder.step = take_number(&words);
	TRY(guest_memory_refresh(&memory));
	TRY(translate(ladder.start, &place));
	ladder.start = place.value;
	return forged_put_ladder(&forged, &ladder);
}

static void arena(void)
{
	if (forged_map_arena(&forged, &kernel->space) == STATUS_OK)
		printf("%" PRIx64 "\n", (uint64_t)FORGED_ARENA);
	else
		printf("-\n");
}

static void obey(const char *command, const char *words)
{
	if (strcmp(command, "symbol") == 0)
		symbol(words);
	else if (strcmp(command, "read") == 0)
		read_memory(words);
	else if (strcmp(command, "put") == 0)
		done(put(words));
	else if (strcmp(command, "change") == 0)
		done(change(words));
	else if (strcmp(command, "again") == 0)
		question(words, false);
	else if (strcmp(command, "anew") == 0)
		question_anew(words);
	else if (strcmp(command, "ladder") == 0)
		done(put_ladder(words));
	else if (strcmp(command, "arena") == 0)
		arena();
	else if (strcmp(command, "family") == 0)
		done(record_family(words));
	else if (strcmp(command, "record") == 0)
		done(record_write(words));
	else if (strcmp(command, "plans") == 0)
		done((forged.with_plans = strcmp(words, "on") == 0, STATUS_OK));
	else if (strcmp(command, "clear") == 0)
		done((forged_clear(&forged), STATUS_OK));
	else
		done(STATUS_USAGE);
}

static void serve(void)
{
	char line[COMMAND_SIZE];

	while (fgets(line, sizeof line, stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		/* Questions are passed on as they are. */
		if (question_is_one(line) || headers_question_is_one(line)) {
			question(line, true);
			fflush(stdout);
			continue;
		}
		char *space = strchr(line, ' ');
		if (space != NULL)
			*space = '\0';
		obey(line, space != NULL ? space + 1 : "");
		fflush(stdout);
	}
}

static void *room(size_t size)
{
	return aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static status attach(const char *name, void *pages, void *lines, struct target **ret_target)
{
	if (pages == NULL || lines == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	TRY(target_create(name, ret_target));
	forged_init(&forged, record_source((*ret_target)->source));
	TRY(guest_memory_init(&memory, &forged.source, pages, guest_memory_storage_size(PROGRAM_PAGE_COUNT)));
	TRY(guest_memory_lines_init(&memory, lines, guest_memory_lines_storage_size(PROGRAM_LINE_COUNT)));
	return guest_kernel_create(&memory, NULL, &kernel);
}

int main(int argc, char **argv)
{
	void *pages = room(guest_memory_storage_size(PROGRAM_PAGE_COUNT));
	void *lines = room(guest_memory_lines_storage_size(PROGRAM_LINE_COUNT));
	struct target *target = NULL;
	int result = EXIT_FAILURE;

	if (argc == 2 && attach(argv[1], pages, lines, &target) == STATUS_OK) {
		report_sink_set(hear, NULL);
		serve();
		result = EXIT_SUCCESS;
	}
	if (kernel_anew != NULL)
		guest_kernel_destroy(kernel_anew);
	if (kernel != NULL)
		guest_kernel_destroy(kernel);
	if (target != NULL)
		target_destroy(target);
	free(pages);
	free(lines);
	return result;
}
