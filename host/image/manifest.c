/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/manifest.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/checked.h"
#include "base/report.h"
#include "wire/image.h"

/* The calls that the runtime knows how to pass on (enclave/runtime/host.c). */
static const struct {
	const char *name;
	uint16_t number;
} passable[] = {
	{"read", SYS_read},
	{"write", SYS_write},
	{"pread64", SYS_pread64},
	{"openat", SYS_openat},
	{"close", SYS_close},
	{"lseek", SYS_lseek},
	{"fstat", SYS_fstat},
	{"newfstatat", SYS_newfstatat},
	{"readlinkat", SYS_readlinkat},
	{"getdents64", SYS_getdents64},
	{"ioctl", SYS_ioctl},
	{"clock_gettime", SYS_clock_gettime},
	{"clock_nanosleep", SYS_clock_nanosleep},
};

enum {
	HEAP_SIZE_MIN = 1024 * 1024,
	/* Guest C and the native code below it take 256 KiB (guest/kernel/access.h);
	 * as much again for the program and its libc. */
	STACK_SIZE_MIN = 512 * 1024,
	LINE_SIZE_MAX = 8192,
	PROGRAM_NAME_SIZE_MAX = 64,
	PROGRAM_DIGIT_COUNT = 64, /* of an MRENCLAVE */
};

/* As much as enclave/syscalls/memory.c can manage. */
static const uint64_t heap_size_max = UINT64_C(4) << 30;
static const uint64_t stack_size_max = UINT64_C(1) << 30;

/* Where the parser stands: for messages. */
struct position {
	const char *name;
	size_t line;
};

static status fault(const struct position *at, const char *what, const char *word)
{
	return report(STATUS_MALFORMED, "%s:%zu: %s%s%s", at->name, at->line, what, word != NULL ? ": " : "",
		      word != NULL ? word : "");
}

/* "64M", "256K", "4096": a whole number of pages between two bounds. */
static status parse_size(const struct position *at, const char *word, uint64_t min, uint64_t max, uint64_t *ret_size)
{
	uint64_t value = 0, unit = 1;
	const char *c = word;

	for (; isdigit((unsigned char)*c); c++)
		if (!checked_multiply(value, 10, &value) || !checked_add(value, (uint64_t)(*c - '0'), &value))
			return fault(at, "the size doesn't fit into 64 bits", word);
	if (c == word)
		return fault(at, "a size is a number with an optional K, M or G", word);
	if (*c == 'K')
		unit = 1 << 10;
	else if (*c == 'M')
		unit = 1 << 20;
	else if (*c == 'G')
		unit = 1 << 30;
	if (unit != 1)
		c++;
	if (*c != '\0')
		return fault(at, "a size is a number with an optional K, M or G", word);
	if (!checked_multiply(value, unit, &value) || value < min || value > max)
		return report(STATUS_MALFORMED, "%s:%zu: a size between %llu and %llu bytes is possible here, not %s",
			      at->name, at->line, (unsigned long long)min, (unsigned long long)max, word);
	if (value % 4096 != 0)
		return fault(at, "a size must be a multiple of 4K", word);
	*ret_size = value;
	return STATUS_OK;
}

static bool is_of_target(const char *path, const char *root)
{
	size_t size = strlen(root);

	return strncmp(path, root, size) == 0 && (path[size] == '\0' || path[size] == '/');
}

/* Absolute, without empty, "." or ".." parts, without a slash at the end, and
 * not below /proc or /sys, which are always the target's. */
static bool path_is_normal(const char *path)
{
	size_t length = strlen(path);

	if (path[0] != '/' || length < 2 || path[length - 1] == '/' || length >= 4096)
		return false;
	if (is_of_target(path, "/proc") || is_of_target(path, "/sys"))
		return false;
	for (const char *part = path; part != NULL && *part != '\0'; part = strchr(part + 1, '/')) {
		size_t part_length = strcspn(part + 1, "/");

		if (part_length == 0 || (part_length == 1 && part[1] == '.') ||
		    (part_length == 2 && part[1] == '.' && part[2] == '.'))
			return false;
	}
	return true;
}

static status add_path(struct manifest *manifest, const struct position *at, const char *word,
		       enum manifest_path_kind kind)
{
	/* All of the target's names. */
	bool is_root = kind == MANIFEST_PATH_TARGET && strcmp(word, "/") == 0;

	if (!is_root && !path_is_normal(word))
		return fault(at, "a path must be absolute, without . or .. or a slash at its end, and outside /proc",
			     word);
	if (manifest->path_count == MANIFEST_PATH_COUNT_MAX)
		return fault(at, "too many paths (256 at most)", NULL);
	manifest->paths[manifest->path_count].path = strdup(is_root ? "" : word);
	if (manifest->paths[manifest->path_count].path == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a manifest");
	manifest->paths[manifest->path_count++].kind = kind;
	return STATUS_OK;
}

static status add_environment(struct manifest *manifest, const struct position *at, const char *word)
{
	if (strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_") != strlen(word))
		return fault(at, "not the name of an environment variable", word);
	if (manifest->environment_count == MANIFEST_ENVIRONMENT_COUNT_MAX)
		return fault(at, "too many environment variables (64 at most)", NULL);
	manifest->environment[manifest->environment_count] = strdup(word);
	if (manifest->environment[manifest->environment_count] == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a manifest");
	manifest->environment_count++;
	return STATUS_OK;
}

/* "NAME=" and 64 hexadecimal digits: a port, and the image that it is. */
static bool is_program(const char *word)
{
	size_t length = strcspn(word, "=");

	return length > 0 && length < PROGRAM_NAME_SIZE_MAX && word[length] == '=' &&
	       strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-+") == length &&
	       strspn(word + length + 1, "0123456789abcdef") == PROGRAM_DIGIT_COUNT &&
	       word[length + 1 + PROGRAM_DIGIT_COUNT] == '\0';
}

static status add_program(struct manifest *manifest, const struct position *at, const char *word)
{
	if (!is_program(word))
		return fault(at, "a program is a port's name, which bartizan-cc completes to NAME=MRENCLAVE", word);
	if (manifest->program_count == MANIFEST_PROGRAM_COUNT_MAX)
		return fault(at, "too many programs (16 at most)", NULL);
	manifest->programs[manifest->program_count] = strdup(word);
	if (manifest->programs[manifest->program_count] == NULL)
		return report(STATUS_NO_MEMORY, "no memory for a manifest");
	manifest->program_count++;
	return STATUS_OK;
}

static status add_call(struct manifest *manifest, const struct position *at, const char *word)
{
	for (size_t i = 0; i < ARRAY_COUNT(passable); i++) {
		if (strcmp(passable[i].name, word) != 0)
			continue;
		for (size_t j = 0; j < manifest->call_count; j++)
			if (manifest->calls[j] == passable[i].number)
				return STATUS_OK;
		if (manifest->call_count == MANIFEST_CALL_COUNT_MAX)
			return fault(at, "too many calls", NULL);
		manifest->calls[manifest->call_count++] = passable[i].number;
		return STATUS_OK;
	}
	return fault(at, "not a system call that can be passed to the host", word);
}

/* A decimal number between two bounds. */
static status parse_number(const struct position *at, const char *word, uint64_t min, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (word[strspn(word, "0123456789")] != '\0' || strlen(word) > 10)
		return fault(at, "a number is made of up to ten digits", word);
	for (const char *c = word; *c != '\0'; c++)
		value = value * 10 + (uint64_t)(*c - '0');
	if (value < min || value > max)
		return report(STATUS_MALFORMED, "%s:%zu: a number between %llu and %llu is possible here, not %s",
			      at->name, at->line, (unsigned long long)min, (unsigned long long)max, word);
	*ret_value = value;
	return STATUS_OK;
}

static status apply_threads(struct manifest *manifest, const struct position *at, const char *word)
{
	uint64_t value;

	TRY(parse_number(at, word, 1, IMAGE_THREAD_COUNT_MAX, &value));
	manifest->thread_count = (uint32_t)value;
	return STATUS_OK;
}

static status apply_identity(const struct position *at, const char *word, uint16_t *ret_number)
{
	uint64_t value;

	TRY(parse_number(at, word, 0, UINT16_MAX, &value));
	*ret_number = (uint16_t)value;
	return STATUS_OK;
}

static status apply_debug(struct manifest *manifest, const struct position *at, const char *word)
{
	if (strcmp(word, "on") != 0 && strcmp(word, "off") != 0)
		return fault(at, "debug is on or off", word);
	manifest->debug = strcmp(word, "on") == 0;
	return STATUS_OK;
}

static status apply_word(struct manifest *manifest, const struct position *at, const char *key, const char *word)
{
	if (strcmp(key, "heap") == 0)
		return parse_size(at, word, HEAP_SIZE_MIN, heap_size_max, &manifest->heap_size);
	if (strcmp(key, "stack") == 0)
		return parse_size(at, word, STACK_SIZE_MIN, stack_size_max, &manifest->stack_size);
	if (strcmp(key, "file") == 0)
		return add_path(manifest, at, word, MANIFEST_PATH_FILE);
	if (strcmp(key, "tree") == 0)
		return add_path(manifest, at, word, MANIFEST_PATH_TREE);
	if (strcmp(key, "target") == 0)
		return add_path(manifest, at, word, MANIFEST_PATH_TARGET);
	if (strcmp(key, "environment") == 0)
		return add_environment(manifest, at, word);
	if (strcmp(key, "call") == 0)
		return add_call(manifest, at, word);
	if (strcmp(key, "program") == 0)
		return add_program(manifest, at, word);
	if (strcmp(key, "threads") == 0)
		return apply_threads(manifest, at, word);
	if (strcmp(key, "debug") == 0)
		return apply_debug(manifest, at, word);
	if (strcmp(key, "product") == 0)
		return apply_identity(at, word, &manifest->isv_prod_id);
	if (strcmp(key, "svn") == 0)
		return apply_identity(at, word, &manifest->isv_svn);
	return fault(at,
		     "unknown word at the start of a line (heap, stack, threads, debug, product, svn, file, tree, "
		     "target, environment, call, program)",
		     key);
}

static bool has_one_value(const char *key)
{
	static const char *const single[] = {"heap", "stack", "threads", "debug", "product", "svn"};

	for (size_t i = 0; i < ARRAY_COUNT(single); i++)
		if (strcmp(single[i], key) == 0)
			return true;
	return false;
}

static status parse_line(struct manifest *manifest, const struct position *at, char *line)
{
	char *rest = NULL, *key, *word;
	size_t words = 0;

	line[strcspn(line, "#")] = '\0';
	key = strtok_r(line, " \t\r", &rest);
	if (key == NULL)
		return STATUS_OK;
	while ((word = strtok_r(NULL, " \t\r", &rest)) != NULL) {
		TRY(apply_word(manifest, at, key, word));
		words++;
	}
	if (words == 0)
		return fault(at, "nothing stands after", key);
	if (words > 1 && has_one_value(key))
		return fault(at, "one value only after", key);
	return STATUS_OK;
}

static status parse(struct manifest *manifest, const char *name, struct span text)
{
	struct position at = {.name = name};
	char line[LINE_SIZE_MAX];

	for (size_t start = 0; start < text.size;) {
		const uint8_t *from = text.data + start, *end = memchr(from, '\n', text.size - start);
		size_t length = end != NULL ? (size_t)(end - from) : text.size - start;

		at.line++;
		if (length >= sizeof line || memchr(from, '\0', length) != NULL)
			return fault(&at, "the line is too long, or not text", NULL);
		memcpy(line, from, length);
		line[length] = '\0';
		TRY(parse_line(manifest, &at, line));
		start += length + 1;
	}
	if (manifest->heap_size == 0 || manifest->stack_size == 0)
		return report(STATUS_MALFORMED, "%s: the manifest must say `heap SIZE` and `stack SIZE`", name);
	return STATUS_OK;
}

status manifest_init(struct manifest *manifest, const char *name, struct span text)
{
	status result;

	memset(manifest, 0, sizeof *manifest);
	manifest->thread_count = 1;
	if (text.size > MANIFEST_SIZE_MAX)
		return report(STATUS_MALFORMED, "%s: %zu bytes are too many for a manifest", name, text.size);
	result = parse(manifest, name, text);
	if (result != STATUS_OK)
		manifest_deinit(manifest);
	return result;
}

void manifest_deinit(struct manifest *manifest)
{
	for (size_t i = 0; i < manifest->path_count; i++)
		free(manifest->paths[i].path);
	for (size_t i = 0; i < manifest->environment_count; i++)
		free(manifest->environment[i]);
	for (size_t i = 0; i < manifest->program_count; i++)
		free(manifest->programs[i]);
	memset(manifest, 0, sizeof *manifest);
}

const char *manifest_call_name(uint16_t number)
{
	for (size_t i = 0; i < ARRAY_COUNT(passable); i++)
		if (passable[i].number == number)
			return passable[i].name;
	return NULL;
}

/* A string and the NUL that ends it; every byte that isn't plain as octal. */
static void write_string(FILE *out, char prefix, const char *string)
{
	fputs("\t.asciz \"", out);
	if (prefix != '\0')
		fputc(prefix, out);
	for (const unsigned char *c = (const unsigned char *)string; *c != '\0'; c++)
		if (isalnum(*c) || strchr("/._-+ ", *c) != NULL)
			fputc(*c, out);
		else
			fprintf(out, "\\%03o", *c);
	fputs("\"\n", out);
}

/* Elf64_Nhdr, the owner; the description follows, up to note_end(). */
static void note_begin(FILE *out, int type, const char *symbol)
{
	fprintf(out,
		"\t.section .note.bartizan, \"a\", @note\n"
		"\t.balign 4\n"
		"\t.long %zu, 2f - 1f, %d\n"
		"\t.asciz \"%s\"\n"
		"\t.balign 4\n"
		"\t.globl %s\n"
		"\t.hidden %s\n"
		"%s:\n1:\n",
		sizeof IMAGE_NOTE_OWNER, type, IMAGE_NOTE_OWNER, symbol, symbol, symbol);
}

static void note_end(FILE *out)
{
	fputs("2:\n\t.balign 4\n", out);
}

static void write_numbers(const struct manifest *manifest, FILE *out)
{
	note_begin(out, IMAGE_NOTE_MANIFEST, "image_manifest");
	fprintf(out, "\t.quad %llu, %llu\n\t.long %u, %d\n\t.short %u, %u\n\t.long 0\n",
		(unsigned long long)manifest->heap_size, (unsigned long long)manifest->stack_size,
		manifest->thread_count, manifest->debug, manifest->isv_prod_id, manifest->isv_svn);
	note_end(out);
}

status manifest_write_assembler(const struct manifest *manifest, FILE *out)
{
	fputs("/* Made by bartizan-manifest. */\n", out);
	write_numbers(manifest, out);
	note_begin(out, IMAGE_NOTE_PATHS, "image_paths");
	for (size_t i = 0; i < manifest->path_count; i++)
		write_string(out, (char)manifest->paths[i].kind, manifest->paths[i].path);
	fputs("\t.byte 0\n", out);
	note_end(out);
	note_begin(out, IMAGE_NOTE_ENVIRONMENT, "image_environment");
	for (size_t i = 0; i < manifest->environment_count; i++)
		write_string(out, '\0', manifest->environment[i]);
	fputs("\t.byte 0\n", out);
	note_end(out);
	note_begin(out, IMAGE_NOTE_CALLS, "image_calls");
	for (size_t i = 0; i < manifest->call_count; i++)
		fprintf(out, "\t.short %u\n", manifest->calls[i]);
	fprintf(out, "\t.short %u\n", IMAGE_NOTE_CALLS_END);
	note_end(out);
	note_begin(out, IMAGE_NOTE_PROGRAMS, "image_programs");
	for (size_t i = 0; i < manifest->program_count; i++)
		write_string(out, '\0', manifest->programs[i]);
	fputs("\t.byte 0\n", out);
	note_end(out);
	fputs("\t.section .note.GNU-stack, \"\", @progbits\n", out);
	if (ferror(out))
		return report(STATUS_IO, "the manifest's assembler source could not be written");
	return STATUS_OK;
}
