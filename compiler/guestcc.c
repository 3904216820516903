/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * guestcc: the compiler for guest C (docs/guest-c.md).
 *
 *   guestcc [--headers DIR] [-I…] [-D…] [-include F] [-MD -MF DEP] -c FILE.guest.c -o FILE.o
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "compiler/brackets.h"
#include "compiler/front-end.h"
#include "compiler/kernel-headers.h"
#include "compiler/steps.h"
#include "compiler/syntax-check.h"
#include "compiler/types.h"
#include "compiler/unit.h"

struct request {
	struct front_end front_end;
	const char *output;
	const char *headers; /* NULL: none */
};

static const char usage[] =
	"usage: guestcc [--headers DIR] [-I DIR] [-D NAME[=VALUE]] [-include FILE] [-MD] [-MF FILE] -c FILE.guest.c "
	"-o FILE.o\n"
	"Compile guest C into an object that reads any kernel's memory; see docs/guest-c.md.\n"
	"      --headers DIR          compile it against the headers of one kernel, which DIR holds\n"
	"                             (/lib/modules/RELEASE/build): it then reads that kernel's memory alone\n"
	"GUESTCC_CLANG in the environment names another clang 19.\n";

static bool has_value(const char *option)
{
	static const char *const options[] = {"-I", "-D", "-U", "-include", "-MF", "-MT", "-MQ", "-isystem"};

	for (size_t i = 0; i < sizeof options / sizeof options[0]; i++) {
		if (strcmp(option, options[i]) == 0)
			return true;
	}
	return false;
}

static bool is_passed_on(const char *option)
{
	return option[0] == '-' && (strchr("IDUMW", option[1]) != NULL || has_value(option));
}

static bool pass_on(struct front_end *front_end, const char *word)
{
	if (front_end->argument_count == FRONT_END_ARGUMENTS_MAX)
		return false;
	front_end->arguments[front_end->argument_count++] = word;
	return true;
}

static bool parse(int count, char **words, struct request *request)
{
	for (int i = 1; i < count; i++) {
		const char *word = words[i];
		bool with_value = has_value(word) || strcmp(word, "-o") == 0 || strcmp(word, "--headers") == 0;
		if (with_value && i + 1 == count)
			return false;
		if (strcmp(word, "-o") == 0) {
			request->output = words[++i];
		} else if (strcmp(word, "--headers") == 0) {
			request->headers = words[++i];
		} else if (strcmp(word, "-c") == 0 || (word[0] == '-' && (word[1] == 'O' || word[1] == 'g'))) {
			continue;
		} else if (is_passed_on(word)) {
			if (!pass_on(&request->front_end, word) ||
			    (with_value && !pass_on(&request->front_end, words[++i])))
				return false;
		} else if (word[0] == '-' || request->front_end.source != NULL) {
			fprintf(stderr, "guestcc: what is '%s'?\n", word);
			return false;
		} else {
			request->front_end.source = word;
		}
	}
	return request->output != NULL && request->front_end.source != NULL;
}

static status compile_unit(struct unit *unit, const char *output)
{
	static void (*const steps[])(struct unit *unit) = {
		adopt_kernel_code, refuse_kernel_code, refuse_constructs, lower_symbols, lower_fields,
		lower_strides,	   check_layouts,      links_emit,	  harden,
	};

	for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
		steps[i](unit);
		if (unit->error_count != 0)
			return STATUS_MALFORMED;
	}
	TRY(optimise(unit));
	refuse_assertions(unit);
	forget_inferences(unit);
	instrument_calls(unit);
	instrument_accesses(unit);
	if (unit->error_count != 0)
		return STATUS_MALFORMED;
	return emit_object(unit, output);
}

/* `text` is a file that each check writes what it reads to. All that they look
 * for comes of layouts that aren't known yet. */
static status check_source(const struct front_end *front_end, const char *text)
{
	if (front_end->headers != NULL)
		return STATUS_OK;
	TRY(front_end_preprocess(front_end, text));
	TRY(brackets_check(text));
	TRY(front_end_syntax_tree(front_end, text));
	return syntax_check(front_end->source, text);
}

static status compile_to(const struct request *request, const char *bitcode, const char *text)
{
	struct unit unit;

	TRY(front_end_compile(&request->front_end, bitcode));
	TRY(check_source(&request->front_end, text));
	status outcome = unit_init(&unit, bitcode, request->front_end.headers);
	if (outcome == STATUS_OK)
		outcome = compile_unit(&unit, request->output);
	unit_deinit(&unit);
	return outcome;
}

static status compile(const struct request *request)
{
	char *bitcode = NULL, *text = NULL;
	status outcome = STATUS_NO_MEMORY;

	if (asprintf(&bitcode, "%s.bc", request->output) >= 0 && asprintf(&text, "%s.text", request->output) >= 0)
		outcome = compile_to(request, bitcode, text);
	if (bitcode != NULL)
		unlink(bitcode);
	if (text != NULL)
		unlink(text);
	free(bitcode);
	free(text);
	kernel_types_clear();
	return outcome;
}

static status compile_against(struct request *request)
{
	struct kernel_headers headers;

	if (request->headers == NULL)
		return compile(request);
	status outcome = kernel_headers_init(&headers, request->headers);
	request->front_end.headers = &headers;
	if (outcome == STATUS_OK)
		outcome = compile(request);
	request->front_end.headers = NULL;
	kernel_headers_deinit(&headers);
	return outcome;
}

int main(int count, char **words)
{
	struct request request = {0};
	const char *clang = getenv("GUESTCC_CLANG");

	if (count == 2 && strcmp(words[1], "--help") == 0) {
		fputs(usage, stdout);
		return EXIT_SUCCESS;
	}
	request.front_end.clang = clang != NULL && *clang != 0 ? clang : GUESTCC_CLANG;
	if (!parse(count, words, &request)) {
		fputs(usage, stderr);
		return 2;
	}
	if (compile_against(&request) == STATUS_OK)
		return EXIT_SUCCESS;
	unlink(request.output);
	return EXIT_FAILURE;
}
