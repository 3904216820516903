/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "lab/firmware.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/report.h"
#include "lab/place.h"
#include "lab/scope.h"

enum {
	/* A boot writes some hundred bytes; a debug build of OVMF, half a MiB. */
	LOG_SIZE_MAX = 4 << 20,
};

static const char source_line[] = "bartizan: source key ";

status firmware_check(const char *directory)
{
	static const char *const files[] = {FIRMWARE_CODE, FIRMWARE_VARIABLES};

	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		SCOPED_FREE char *path = NULL;

		if (asprintf(&path, "%s/%s", directory, files[i]) < 0)
			return report(STATUS_NO_MEMORY, "no memory for a path");
		if (directory[0] != '/' || access(path, R_OK) != 0)
			return report(STATUS_USAGE,
				      "no firmware: %s isn't there, or its path isn't absolute. tools/build/firmware "
				      "makes it",
				      path);
	}
	return STATUS_OK;
}

status firmware_prepare(const char *directory, const char *machine_path)
{
	SCOPED_FREE char *from_path = NULL, *to_path = NULL;
	SCOPED_FD int from = -1, to = -1;
	struct stat found;

	if (asprintf(&from_path, "%s/" FIRMWARE_VARIABLES, directory) < 0 ||
	    asprintf(&to_path, "%s/" FIRMWARE_OWN_VARIABLES, machine_path) < 0)
		return report(STATUS_NO_MEMORY, "no memory for a path");
	from = open(from_path, O_RDONLY | O_CLOEXEC);
	if (from < 0 || fstat(from, &found) != 0)
		return report(STATUS_MISSING, "can't read %s: %s", from_path, strerror(errno));
	to = open(to_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (to < 0 || sendfile(to, from, NULL, (size_t)found.st_size) != found.st_size)
		return report(STATUS_IO, "can't write %s: %s", to_path, strerror(errno));
	return STATUS_OK;
}

/* Flash that only code in SMM may write; no S3, whose boot script would need a lock box of its own (docs/firmware.md).
 */
status firmware_words(const char *directory, const char *state, struct words *words)
{
	words_add(words, "-global");
	words_add(words, "driver=cfi.pflash01,property=secure,value=on");
	words_add(words, "-global");
	words_add(words, "ICH9-LPC.disable_s3=1");
	words_add(words, "-drive");
	words_add(words, "if=pflash,format=raw,unit=0,readonly=on,file=%s/" FIRMWARE_CODE, directory);
	words_add(words, "-drive");
	words_add(words, "if=pflash,format=raw,unit=1,file=%s/" FIRMWARE_OWN_VARIABLES, state);
	words_add(words, "-chardev");
	words_add(words, "file,id=firmware,path=%s/" FIRMWARE_LOG, state);
	words_add(words, "-device");
	words_add(words, "isa-debugcon,iobase=0x402,chardev=firmware");
	return words_check(words);
}

static int digit(char letter)
{
	if (letter >= '0' && letter <= '9')
		return letter - '0';
	return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

/* NULL: that aren't so many digits. */
static const char *take_hex(const char *text, uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++, text += 2) {
		if (digit(text[0]) < 0 || digit(text[1]) < 0)
			return NULL;
		bytes[i] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	}
	return text;
}

static const char *take_word(const char *text, const char *word)
{
	return text != NULL && strncmp(text, word, strlen(word)) == 0 ? text + strlen(word) : NULL;
}

status firmware_find_source(const char *log, struct lab_source *ret_source)
{
	const char *at = strstr(log, source_line);
	struct lab_source source;

	if (at == NULL || strstr(at + 1, source_line) != NULL)
		return STATUS_MISSING;
	at = take_hex(at + sizeof source_line - 1, source.key, sizeof source.key);
	at = take_word(at, " nonce ");
	at = at != NULL ? take_hex(at, source.nonce, sizeof source.nonce) : NULL;
	if (take_word(at, "\n") == NULL)
		return STATUS_MISSING;
	*ret_source = source;
	return STATUS_OK;
}

status lab_firmware_source(const char *name, struct lab_source *ret_source)
{
	SCOPED_FREE char *path = NULL, *text = NULL;
	SCOPED_FD int file = -1;

	TRY(lab_file(name, FIRMWARE_LOG, &path));
	file = open(path, O_RDONLY | O_CLOEXEC);
	text = file >= 0 ? calloc(1, LOG_SIZE_MAX + 1) : NULL;
	if (text == NULL || read(file, text, LOG_SIZE_MAX) < 0)
		return STATUS_MISSING;
	return firmware_find_source(text, ret_source);
}

status lab_file(const char *name, const char *file, char **ret_path)
{
	SCOPED_FREE char *directory = NULL;

	TRY(place_machine(name, &directory));
	return asprintf(ret_path, "%s/%s", directory, file) < 0 ? report(STATUS_NO_MEMORY, "no memory for a path")
								: STATUS_OK;
}
