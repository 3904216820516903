/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/command.h"

#include <stdbool.h>
#include <string.h>

#include "base/report.h"

struct parser {
	const char *line; /* all of it: for messages */
	const char *at;
	struct command *command;
	char *text_end; /* free room in command->text */
};

static status refuse(const struct parser *parser, const char *what)
{
	return report(
		STATUS_UNSUPPORTED,
		"the program gave a shell this to run: \"%.200s\"; there is no shell inside, and %s at \"%.20s\" is "
		"more than what is understood without (programs, arguments, quotes, pipes, >/dev/null, 2>&1)",
		parser->line, what, parser->at);
}

/* command->text has room for each byte of the line and a NUL for each of its words. */
static void put(struct parser *parser, char byte)
{
	*parser->text_end++ = byte;
}

static void skip_blanks(struct parser *parser)
{
	parser->at += strspn(parser->at, " \t");
}

/* POSIX sh, 2.2.3: within double quotes a backslash is one unless it stands before one of these. */
static status take_double_quoted(struct parser *parser)
{
	while (*parser->at != '"') {
		if (*parser->at == '\0')
			return refuse(parser, "a quote without an end");
		if (*parser->at == '$' || *parser->at == '`')
			return refuse(parser, "an expansion");
		if (*parser->at == '\\' && parser->at[1] != '\0' && strchr("$`\"\\\n", parser->at[1]) != NULL)
			parser->at++;
		put(parser, *parser->at++);
	}
	parser->at++;
	return STATUS_OK;
}

static status take_single_quoted(struct parser *parser)
{
	while (*parser->at != '\'') {
		if (*parser->at == '\0')
			return refuse(parser, "a quote without an end");
		put(parser, *parser->at++);
	}
	parser->at++;
	return STATUS_OK;
}

/* Is the word's first character one that a shell would take for more than itself? */
static bool is_special_first(char byte)
{
	return byte == '~' || byte == '#' || byte == '!' || byte == '{' || byte == '}';
}

static status take_word(struct parser *parser, char **ret_word)
{
	bool first = true, plain = true; /* nothing quoted so far */

	*ret_word = parser->text_end;
	for (;; first = false) {
		char byte = *parser->at;

		if (byte == '\0' || strchr(" \t|<>", byte) != NULL)
			break;
		if (byte == '\n' ? parser->at[1] != '\0'
				 : strchr("&;()`$*?[", byte) != NULL || (first && is_special_first(byte)))
			return refuse(parser, byte == '\n' ? "a second line" : "a character of the shell's own");
		if (byte == '=' && plain && !first &&
		    *ret_word == parser->command->stage[parser->command->stage_count].argument[0])
			return refuse(parser, "a variable");
		parser->at++;
		if (byte == '\n')
			break;
		if (byte == '\'') {
			TRY(take_single_quoted(parser));
			plain = false;
		} else if (byte == '"') {
			TRY(take_double_quoted(parser));
			plain = false;
		} else if (byte == '\\' && *parser->at != '\0') {
			put(parser, *parser->at++);
		} else {
			put(parser, byte);
		}
	}
	put(parser, '\0');
	return STATUS_OK;
}

/* At "<" or ">", of `stream`. */
static status take_redirection(struct parser *parser, int stream, struct command_stage *stage)
{
	struct command_redirection *redirection = &stage->redirection[stage->redirection_count];
	bool output = *parser->at == '>';
	char *word;

	if (stage->redirection_count == COMMAND_REDIRECTION_COUNT_MAX)
		return refuse(parser, "one redirection too many");
	redirection->stream = stream >= 0 ? stream : output ? 1 : 0;
	redirection->to = COMMAND_TO_NULL;
	parser->at++;
	if (output && *parser->at == '&' && parser->at[1] >= '0' && parser->at[1] <= '2') {
		redirection->to = parser->at[1] - '0';
		parser->at += 2;
		if (*parser->at != '\0' && strchr(" \t\n|<>", *parser->at) == NULL)
			return refuse(parser, "a redirection");
	} else {
		/* ">>" too: to /dev/null there is no difference. */
		if (output && *parser->at == '>')
			parser->at++;
		skip_blanks(parser);
		TRY(take_word(parser, &word));
		if (strcmp(word, "/dev/null") != 0)
			return refuse(parser, "a redirection to a file");
	}
	stage->redirection_count++;
	return STATUS_OK;
}

/* "2>": a number right before the sign is the stream's. */
static bool is_numbered_redirection(const char *at)
{
	return at[0] >= '0' && at[0] <= '2' && (at[1] == '<' || at[1] == '>');
}

static status take_stage(struct parser *parser, struct command_stage *stage)
{
	for (;;) {
		skip_blanks(parser);
		if (*parser->at == '\n' && parser->at[1] == '\0')
			parser->at++;
		if (*parser->at == '\0' || *parser->at == '|')
			break;
		if (is_numbered_redirection(parser->at)) {
			int stream = *parser->at++ - '0';

			TRY(take_redirection(parser, stream, stage));
		} else if (*parser->at == '<' || *parser->at == '>') {
			TRY(take_redirection(parser, -1, stage));
		} else {
			if (stage->argument_count == COMMAND_ARGUMENT_COUNT_MAX)
				return refuse(parser, "one argument too many");
			/* Where it begins: take_word() wants to know whether it is the first. */
			stage->argument[stage->argument_count] = parser->text_end;
			TRY(take_word(parser, &stage->argument[stage->argument_count]));
			stage->argument_count++;
		}
	}
	if (stage->argument_count == 0)
		return refuse(parser, "no program");
	return STATUS_OK;
}

status command_parse(const char *line, struct command *ret_command)
{
	struct parser parser = {.line = line, .at = line, .command = ret_command, .text_end = ret_command->text};

	memset(ret_command, 0, sizeof *ret_command);
	if (strlen(line) >= COMMAND_SIZE_MAX)
		return refuse(&parser, "so long a line");
	for (;;) {
		if (ret_command->stage_count == COMMAND_STAGE_COUNT_MAX)
			return refuse(&parser, "one pipe too many");
		TRY(take_stage(&parser, &ret_command->stage[ret_command->stage_count]));
		ret_command->stage_count++;
		if (*parser.at == '\0')
			return STATUS_OK;
		parser.at++;
		if (*parser.at == '|')
			return refuse(&parser, "\"or\"");
	}
}
