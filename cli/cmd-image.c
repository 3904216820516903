/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan image: what runs inside, as a file. Described in docs/enclave.md. */
#include <argp.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/checked.h"
#include "base/report.h"
#include "cli/cmd-image.h"
#include "cli/command.h"
#include "cli/image-file.h"
#include "cli/state-directory.h"
#include "base/whole-file.h"
#include "host/image/file.h"
#include "host/image/sgxs.h"
#include "host/image/signer.h"
#include "host/image/sigstruct.h"

struct settings {
	const char *input, *output, *sgxs, *key;
	bool json;
};

static int exit_code_of(status result)
{
	return result == STATUS_OK ? EXIT_CODE_OK : result == STATUS_USAGE ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case 'o': settings->output = argument; return 0;
	case 's': settings->sgxs = argument; return 0;
	case 'k': settings->key = argument; return 0;
	case 'j': settings->json = true; return 0;
	case ARGP_KEY_ARG:
		if (settings->input != NULL)
			argp_error(state, "one file, not several");
		settings->input = argument;
		return 0;
	case ARGP_KEY_END:
		if (settings->input == NULL)
			argp_error(state, "a file is missing");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* argp with the parser above. */
static int run(const struct argp *argp, int argc, char **argv, status (*act)(const struct settings *settings))
{
	struct settings settings = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_USAGE;
	return exit_code_of(act(&settings));
}

static void file_close(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

#define CLEANUP_FILE __attribute__((cleanup(file_close)))
#define CLEANUP_IMAGE __attribute__((cleanup(image_file_close)))

static void bytes_free(struct span *bytes)
{
	free((void *)bytes->data);
}

#define CLEANUP_BYTES __attribute__((cleanup(bytes_free)))

static status write_sgxs(const struct image *image, const char *path)
{
	FILE *file CLEANUP_FILE = fopen(path, "we");

	if (file == NULL)
		return report(STATUS_IO, "%s can't be written: %s", path, strerror(errno));
	return sgxs_write(path, image, file);
}

static status build(const struct settings *settings)
{
	struct span linked CLEANUP_BYTES = {0}, file CLEANUP_BYTES = {0};
	struct image_file laid_out CLEANUP_IMAGE = {0};
	uint8_t *bytes = NULL;
	size_t size = 0;

	if (settings->output == NULL)
		return report(STATUS_USAGE, "say with --output where the image goes");
	TRY(whole_file_read(settings->input, &linked));
	TRY(image_file_make(settings->input, linked, &bytes, &size));
	file = (struct span){bytes, size};
	TRY(image_create(settings->input, file, &laid_out.image));
	TRY(whole_file_write(settings->output, file));
	return settings->sgxs != NULL ? write_sgxs(laid_out.image, settings->sgxs) : STATUS_OK;
}

static int cmd_build(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"output", 'o', "FILE", 0, "where the image goes (required)", 0},
		{"sgxs", 's', "FILE", 0, "write it as an SGXS stream too", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "ELF",
		.doc = "Make an image from what bartizan-cc has linked (bartizan-cc itself does it at the end): "
		       "everything "
		       "that isn't loaded, and so isn't measured, is left out; what can't be an enclave is refused.",
	};

	return run(&argp, argc, argv, build);
}

/* BCD of today, or of SOURCE_DATE_EPOCH: then the same image has the same
 * signature (reproducible-builds.org, SOURCE_DATE_EPOCH). */
static status signing_date(uint32_t *ret_date)
{
	const char *epoch = getenv("SOURCE_DATE_EPOCH");
	time_t now = time(NULL);
	char text[16], *end = NULL;
	struct tm day;

	if (epoch != NULL) {
		errno = 0;
		now = (time_t)strtoll(epoch, &end, 10);
		if (errno != 0 || end == epoch || *end != '\0')
			return report(STATUS_USAGE, "SOURCE_DATE_EPOCH isn't a number of seconds: %s", epoch);
	}
	if (gmtime_r(&now, &day) == NULL || strftime(text, sizeof text, "%Y%m%d", &day) != 8)
		return report(STATUS_USAGE, "the date of the signature has no four-digit year");
	*ret_date = (uint32_t)strtoul(text, NULL, 16);
	return STATUS_OK;
}

static status load_key(const char *path, struct signer **ret_signer)
{
	char development[PATH_MAX];
	bool made = false;

	if (path != NULL) {
		status found = signer_load(path, ret_signer);

		return found == STATUS_MISSING
			       ? report(STATUS_MISSING, "there is no key %s: make one with `bartizan keygen --signer`",
					path)
			       : found;
	}
	TRY(state_path(STATE_SIGNER_KEY, development));
	TRY(signer_load_or_make(development, &made, ret_signer));
	fprintf(stderr, "bartizan image: signed with this machine's development key%s (%s)\n",
		made ? ", made just now" : "", development);
	return STATUS_OK;
}

static status sign_image(const struct image *image, const struct signer *signer, bool is_development,
			 const char *output)
{
	struct sgx_sigstruct sigstruct;
	uint8_t mrenclave[SGX_HASH_SIZE];
	struct sgx_secs secs;
	uint32_t date = 0;

	TRY(signing_date(&date));
	TRY(measure_image(image, mrenclave));
	sigstruct_init(&image->notes.manifest, mrenclave, date, &sigstruct);
	sigstruct.swdefined = is_development ? SIGSTRUCT_DEVELOPMENT : 0;
	TRY(sigstruct_sign(signer, &sigstruct));
	/* What a loader will do: better now than there. */
	image_secs_init(image, 0, &secs);
	TRY(sigstruct_check(output, &sigstruct));
	TRY(sigstruct_check_enclave(output, &sigstruct, &secs, mrenclave));
	return whole_file_write(output, (struct span){(const uint8_t *)&sigstruct, sizeof sigstruct});
}

static status sign(const struct settings *settings)
{
	struct image_file file CLEANUP_IMAGE = {0};
	char beside[PATH_MAX];
	struct signer *signer = NULL;
	status result;

	TRY(image_file_open(settings->input, &file));
	TRY(image_file_signature_path(settings->input, beside));
	TRY(load_key(settings->key, &signer));
	result = sign_image(file.image, signer, settings->key == NULL,
			    settings->output != NULL ? settings->output : beside);
	signer_destroy(signer);
	return result;
}

static int cmd_sign(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"key", 'k', "PEM", 0, "sign with this key instead of the development key", 0},
		{"sigstruct", 'o', "FILE", 0, "where the signature goes instead of IMAGE.sig", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "IMAGE",
		.doc = "Measure an image and sign the measurement: a raw SIGSTRUCT of 1808 bytes. Product, version and "
		       "debug "
		       "are the manifest's. Its date is today, or SOURCE_DATE_EPOCH's.\v"
		       "Without --key the development key of this machine is used, and made if it is missing "
		       "(${XDG_STATE_HOME:-~/.local/state}/bartizan/signer.pem).",
	};

	return run(&argp, argc, argv, sign);
}

static status measure_file(const char *path, uint8_t ret_mrenclave[SGX_HASH_SIZE])
{
	struct image_file file CLEANUP_IMAGE = {0};
	char start[sizeof MEASURE_TAG_ECREATE];
	FILE *stream CLEANUP_FILE = fopen(path, "re");
	struct sgxs_summary summary;

	if (stream == NULL)
		return report(STATUS_IO, "%s can't be opened: %s", path, strerror(errno));
	if (fread(start, sizeof start, 1, stream) == 1 && memcmp(start, MEASURE_TAG_ECREATE, sizeof start) == 0) {
		if (fseek(stream, 0, SEEK_SET) != 0)
			return report(STATUS_IO, "%s can't be read again: %s", path, strerror(errno));
		TRY(sgxs_measure(path, stream, &summary));
		memcpy(ret_mrenclave, summary.mrenclave, SGX_HASH_SIZE);
		return STATUS_OK;
	}
	TRY(image_file_open(path, &file));
	return measure_image(file.image, ret_mrenclave);
}

static status measure_print(const struct settings *settings)
{
	uint8_t mrenclave[SGX_HASH_SIZE];
	char text[MEASURE_TEXT_SIZE];

	TRY(measure_file(settings->input, mrenclave));
	measure_to_text(mrenclave, text);
	printf(settings->json ? "{\"mrenclave\": \"%s\"}\n" : "%s\n", text);
	return STATUS_OK;
}

static int cmd_measure(int argc, char **argv)
{
	static const struct argp_option options[] = {
		{"json", 'j', NULL, 0, "print JSON", 0},
		{0},
	};
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "FILE",
		.doc = "Print MRENCLAVE of an image or an SGXS stream, as an SGX CPU would compute it.",
	};

	return run(&argp, argc, argv, measure_print);
}

int cmd_image(int argc, char **argv)
{
	static const struct command commands[] = {
		{"build", cmd_build, "ELF -o FILE", "make an image of what bartizan-cc has linked"},
		{"sign", cmd_sign, "IMAGE", "sign an image"},
		{"measure", cmd_measure, "FILE", "print MRENCLAVE of an image or an SGXS stream"},
		{"inspect", cmd_image_inspect, "[IMAGE]",
		 "say what is in an image, and whether its signature is right"},
	};
	const struct command_set set = {
		.name = "bartizan image",
		.summary = "Build, sign, measure and inspect what runs inside.",
		.commands = commands,
		.command_count = ARRAY_COUNT(commands),
	};

	return command_dispatch(&set, argc, argv);
}
