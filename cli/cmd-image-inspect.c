/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan image inspect: what is in an image, and whether its signature is right. */
#include <argp.h>
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/report.h"
#include "cli/cmd-image.h"
#include "cli/command.h"
#include "cli/image-file.h"
#include "cli/state-directory.h"
#include "base/whole-file.h"
#include "host/image/manifest.h"
#include "host/image/sgxs.h"
#include "host/image/signer.h"
#include "host/image/sigstruct.h"

struct settings {
	const char *image, *sgxs, *sigstruct;
	bool json;
};

/* What was found; `file.image` NULL: only a stream was given. */
struct findings {
	struct image_file file;
	struct sgx_sigstruct sigstruct;
	uint8_t mrenclave[SGX_HASH_SIZE], mrsigner[SGX_HASH_SIZE];
	uint64_t size, page_count, thread_count, unmeasured_size;
	bool by_development_key, by_own_key; /* anybody's; this machine's */
};

static const struct argp_option options[] = {
	{"sgxs", 's', "FILE", 0, "an SGXS stream instead of an image; needs --sigstruct", 0},
	{"sigstruct", 'g', "FILE", 0, "the signature, a raw SIGSTRUCT, instead of IMAGE.sig", 0},
	{"json", 'j', NULL, 0, "print JSON", 0},
	{0},
};

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case 's': settings->sgxs = argument; return 0;
	case 'g': settings->sigstruct = argument; return 0;
	case 'j': settings->json = true; return 0;
	case ARGP_KEY_ARG:
		if (settings->image != NULL)
			argp_error(state, "one image, not several");
		settings->image = argument;
		return 0;
	case ARGP_KEY_END:
		if ((settings->image == NULL) == (settings->sgxs == NULL))
			argp_error(state, "give an image, or a stream with --sgxs");
		if (settings->sgxs != NULL && settings->sigstruct == NULL)
			argp_error(state, "--sgxs needs --sigstruct: say where the stream's signature is");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static void findings_deinit(struct findings *findings)
{
	image_file_close(&findings->file);
}

static void file_close(FILE **file)
{
	if (*file != NULL)
		fclose(*file);
}

static status measure_stream(const char *path, struct findings *findings)
{
	__attribute__((cleanup(file_close))) FILE *stream = fopen(path, "re");
	struct sgxs_summary summary;

	if (stream == NULL)
		return report(STATUS_IO, "%s can't be opened: %s", path, strerror(errno));
	TRY(sgxs_measure(path, stream, &summary));
	memcpy(findings->mrenclave, summary.mrenclave, SGX_HASH_SIZE);
	findings->size = summary.enclave_size;
	findings->page_count = summary.page_count;
	findings->thread_count = summary.thread_count;
	findings->unmeasured_size = summary.unmeasured_size;
	return STATUS_OK;
}

static status measure_laid_out(const char *path, struct findings *findings)
{
	TRY(image_file_open(path, &findings->file));
	const struct image *image = findings->file.image;

	findings->size = image->size;
	findings->page_count = image->page_count;
	findings->thread_count = image->notes.manifest.thread_count;
	return measure_image(image, findings->mrenclave);
}

static status read_sigstruct(const struct settings *settings, char name[PATH_MAX], struct sgx_sigstruct *sigstruct)
{
	struct span bytes;
	status result;

	if (settings->sigstruct == NULL)
		TRY(image_file_signature_path(settings->image, name));
	else if ((size_t)snprintf(name, PATH_MAX, "%s", settings->sigstruct) >= PATH_MAX)
		return report(STATUS_USAGE, "the path %s is too long", settings->sigstruct);
	if (settings->sigstruct == NULL && access(name, F_OK) != 0 && errno == ENOENT)
		return report(STATUS_MISSING, "%s isn't signed: there is no %s; run `bartizan image sign`",
			      settings->image, name);
	TRY(whole_file_read(name, &bytes));
	result = sigstruct_read(name, bytes, sigstruct);
	free((void *)bytes.data);
	return result;
}

/* Is it this machine's own key? Without one, or without a home, it isn't. */
static bool is_development_key(const struct sgx_sigstruct *sigstruct)
{
	uint8_t modulus[SGX_MODULUS_SIZE];
	struct signer *signer = NULL;
	char path[PATH_MAX];

	if (state_path(STATE_SIGNER_KEY, path) != STATUS_OK || signer_load(path, &signer) != STATUS_OK)
		return false;
	signer_modulus(signer, modulus);
	signer_destroy(signer);
	return memcmp(modulus, sigstruct->modulus, sizeof modulus) == 0;
}

/* The attributes that a loader would choose; for a stream, whose loader isn't
 * known, what the signature itself is for. */
static void choose_secs(const struct findings *findings, struct sgx_secs *secs)
{
	*secs = (struct sgx_secs){0};
	if (findings->file.image != NULL) {
		image_secs_init(findings->file.image, 0, secs);
		return;
	}
	secs->attributes = findings->sigstruct.attributes;
	secs->misc_select = findings->sigstruct.misc_select;
}

static status find(const struct settings *settings, struct findings *findings)
{
	char name[PATH_MAX];
	struct sgx_secs secs;

	TRY(read_sigstruct(settings, name, &findings->sigstruct));
	if (settings->image != NULL)
		TRY(measure_laid_out(settings->image, findings));
	else
		TRY(measure_stream(settings->sgxs, findings));
	choose_secs(findings, &secs);
	TRY(sigstruct_check(name, &findings->sigstruct));
	TRY(sigstruct_check_enclave(name, &findings->sigstruct, &secs, findings->mrenclave));
	TRY(sigstruct_signer(&findings->sigstruct, findings->mrsigner));
	findings->by_own_key = is_development_key(&findings->sigstruct);
	findings->by_development_key = findings->by_own_key || findings->sigstruct.swdefined == SIGSTRUCT_DEVELOPMENT;
	return STATUS_OK;
}

/* The strings of a note (notes.h has checked that they are whole). */
static const char *next_string(const char *string)
{
	return string + strlen(string) + 1;
}

static json_t *strings_to_json(struct span strings, size_t prefix_size)
{
	json_t *array = json_array();

	for (const char *s = (const char *)strings.data; *s != '\0'; s = next_string(s))
		json_array_append_new(array, json_string(s + prefix_size));
	return array;
}

/* Paths with what is allowed of them: a tree ends in "/", as `ls -F` shows one; what is left to the
 * target begins with "target:". */
static json_t *paths_to_json(struct span paths)
{
	json_t *array = json_array();

	for (const char *s = (const char *)paths.data; *s != '\0'; s = next_string(s))
		json_array_append_new(array, json_sprintf("%s%s%s", *s == 'n' ? "target:" : "", s + 1,
							  *s == 't' || s[1] == '\0' ? "/" : ""));
	return array;
}

static json_t *calls_to_json(struct span calls)
{
	json_t *array = json_array();
	struct reader reader;
	uint16_t number;

	reader_init(&reader, calls);
	while (reader_u16(&reader, &number) == STATUS_OK && number != IMAGE_NOTE_CALLS_END) {
		const char *name = manifest_call_name(number);

		json_array_append_new(array, name != NULL ? json_string(name) : json_sprintf("%u", number));
	}
	return array;
}

static json_t *manifest_to_json(const struct image_notes *notes)
{
	return json_pack("{s:I, s:I, s:i, s:o, s:o, s:o, s:o}", "heap_size", (json_int_t)notes->manifest.heap_size,
			 "stack_size", (json_int_t)notes->manifest.stack_size, "threads",
			 (int)notes->manifest.thread_count, "paths", paths_to_json(notes->paths), "environment",
			 strings_to_json(notes->environment, 0), "calls", calls_to_json(notes->calls), "programs",
			 strings_to_json(notes->programs, 0));
}

static json_t *to_json(const struct findings *findings)
{
	const struct sgx_sigstruct *s = &findings->sigstruct;
	char mrenclave[MEASURE_TEXT_SIZE], mrsigner[MEASURE_TEXT_SIZE];
	json_t *attributes, *root;

	measure_to_text(findings->mrenclave, mrenclave);
	measure_to_text(findings->mrsigner, mrsigner);
	attributes = json_object();
	json_object_set_new(attributes, "flags", json_sprintf("%016llx", (unsigned long long)s->attributes.flags));
	json_object_set_new(attributes, "xfrm", json_sprintf("%016llx", (unsigned long long)s->attributes.xfrm));
	root = json_pack("{s:s, s:s, s:o, s:i, s:i, s:b, s:I, s:I, s:I, s:I, s:b}", "mrenclave", mrenclave, "mrsigner",
			 mrsigner, "attributes", attributes, "isv_prod_id", (int)s->isv_prod_id, "isv_svn",
			 (int)s->isv_svn, "debug", (s->attributes.flags & SGX_ATTRIBUTE_DEBUG) != 0, "size",
			 (json_int_t)findings->size, "pages", (json_int_t)findings->page_count, "threads",
			 (json_int_t)findings->thread_count, "unmeasured", (json_int_t)findings->unmeasured_size,
			 "development_key", findings->by_development_key);
	if (findings->file.image != NULL)
		json_object_set_new(root, "manifest", manifest_to_json(&findings->file.image->notes));
	return root;
}

static void print_list(const char *title, json_t *list)
{
	const json_t *item;
	size_t i;

	printf("%-12s", title);
	json_array_foreach(list, i, item) printf("%s%s", i == 0 ? "" : " ", json_string_value(item));
	printf("%s\n", json_array_size(list) == 0 ? "none" : "");
	json_decref(list);
}

static void print_manifest(const struct image_notes *notes)
{
	const struct image_note_manifest *manifest = &notes->manifest;

	printf("%-12s%llu KiB, stack %llu KiB for each of %u thread%s\n", "heap",
	       (unsigned long long)manifest->heap_size / 1024, (unsigned long long)manifest->stack_size / 1024,
	       manifest->thread_count, manifest->thread_count == 1 ? "" : "s");
	print_list("files", paths_to_json(notes->paths));
	print_list("environment", strings_to_json(notes->environment, 0));
	print_list("calls", calls_to_json(notes->calls));
	print_list("programs", strings_to_json(notes->programs, 0));
}

static void print_text(const struct findings *findings)
{
	const struct sgx_sigstruct *s = &findings->sigstruct;
	char mrenclave[MEASURE_TEXT_SIZE], mrsigner[MEASURE_TEXT_SIZE];

	measure_to_text(findings->mrenclave, mrenclave);
	measure_to_text(findings->mrsigner, mrsigner);
	printf("%-12s%s\n%-12s%s%s\n", "mrenclave", mrenclave, "mrsigner", mrsigner,
	       findings->by_own_key	      ? " (this machine's development key)"
	       : findings->by_development_key ? " (somebody's development key)"
					      : "");
	printf("%-12sflags %016llx, xfrm %016llx (of the bits %016llx, %016llx)\n", "attributes",
	       (unsigned long long)s->attributes.flags, (unsigned long long)s->attributes.xfrm,
	       (unsigned long long)s->attributes_mask.flags, (unsigned long long)s->attributes_mask.xfrm);
	printf("%-12s%u, version %u, signed %04x-%02x-%02x\n", "product", s->isv_prod_id, s->isv_svn, s->date >> 16,
	       s->date >> 8 & 0xff, s->date & 0xff);
	printf("%-12s%s\n", "debug",
	       s->attributes.flags & SGX_ATTRIBUTE_DEBUG ? "on: the host can read and change everything inside"
							 : "off");
	printf("%-12s%llu KiB of addresses, %llu pages (%llu KiB), %llu thread%s\n", "size",
	       (unsigned long long)findings->size / 1024, (unsigned long long)findings->page_count,
	       (unsigned long long)findings->page_count * (SGX_PAGE_SIZE / 1024),
	       (unsigned long long)findings->thread_count, findings->thread_count == 1 ? "" : "s");
	if (findings->unmeasured_size != 0)
		printf("%-12s%llu bytes of the pages are not measured: they can hold anything\n", "unmeasured",
		       (unsigned long long)findings->unmeasured_size);
	if (findings->file.image != NULL)
		print_manifest(&findings->file.image->notes);
	printf("%-12sright: signature, Q1, Q2 and measurement\n", "signature");
}

static status inspect(const struct settings *settings)
{
	__attribute__((cleanup(findings_deinit))) struct findings findings = {0};

	TRY(find(settings, &findings));
	if (!settings->json) {
		print_text(&findings);
		return STATUS_OK;
	}
	json_t *root = to_json(&findings);
	int failed = root == NULL || json_dumpf(root, stdout, JSON_INDENT(2)) != 0;
	json_decref(root);
	putchar('\n');
	return failed ? report(STATUS_IO, "the JSON could not be written") : STATUS_OK;
}

int cmd_image_inspect(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.args_doc = "[IMAGE]",
		.doc = "Measure an image (or, with --sgxs, a stream) and check its signature as the CPU does: the "
		       "fields, "
		       "the signature by way of Q1 and Q2, and that it is for this measurement. Then say what it is "
		       "and what it may ask of its host.\v"
		       "Where something is wrong, nothing is printed but the reason, and the exit status is 1.",
	};
	struct settings settings = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_USAGE;
	status result = inspect(&settings);
	return result == STATUS_OK ? EXIT_CODE_OK : result == STATUS_USAGE ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}
