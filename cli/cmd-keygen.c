/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan keygen: the keys that people, not programs, are responsible for.
 * Described in docs/enclave.md and docs/link.md. */
#include <argp.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/report.h"
#include "cli/command.h"
#include "host/image/signer.h"
#include "verifier/grants/keys.h"

/* One kind of key per option; what has a public half to hand out writes it beside. */
struct kind {
	int option;
	bool has_public;
	status (*make)(const char *path, const char *public_path);
};

struct settings {
	const struct kind *kind;
	const char *output;
};

static status make_signer(const char *path, const char *public_path)
{
	struct signer *signer = NULL;
	status result;

	(void)public_path;
	TRY(signer_generate(&signer));
	result = signer_save(signer, path);
	signer_destroy(signer);
	return result;
}

static status make_owner(const char *path, const char *public_path)
{
	struct owner_key *key = NULL;
	status result;

	TRY(owner_key_generate(&key));
	result = owner_key_save(key, path, public_path);
	owner_key_destroy(key);
	return result;
}

enum { OPTION_SIGNER = 's', OPTION_OWNER = 'w', OPTION_SOURCE = 'c' };

static const struct kind kinds[] = {
	{OPTION_SIGNER, false, make_signer},
	{OPTION_OWNER, true, make_owner},
	{OPTION_SOURCE, true, source_key_generate},
};

static const struct argp_option options[] = {
	{"signer", OPTION_SIGNER, NULL, 0, "signs images: RSA-3072 with exponent 3 (the default)", 0},
	{"owner", OPTION_OWNER, NULL, 0, "signs grants: ECDSA P-256", 0},
	{"source", OPTION_SOURCE, NULL, 0, "is a source's identity on the link: X25519", 0},
	{"output", 'o', "FILE", 0, "where the private key goes (required); it isn't overwritten", 0},
	{0},
};

static const struct kind *find_kind(int option)
{
	for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
		if (kinds[i].option == option)
			return &kinds[i];
	return NULL;
}

static error_t parse(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;
	const struct kind *kind = find_kind(key);

	if (kind != NULL) {
		if (settings->kind != NULL && settings->kind != kind)
			argp_error(state, "one kind of key at a time");
		settings->kind = kind;
		return 0;
	}
	switch (key) {
	case 'o': settings->output = argument; return 0;
	case ARGP_KEY_ARG: argp_error(state, "what is \"%s\"? The file goes after --output", argument); return 0;
	case ARGP_KEY_END:
		if (settings->output == NULL)
			argp_error(state, "say with --output where the key goes");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

/* "owner.pem" → "owner.pub"; without an ending, one is added. */
static status public_path_of(const char *path, char ret_path[PATH_MAX])
{
	const char *slash = strrchr(path, '/'), *dot = strrchr(path, '.');
	size_t stem = strlen(path);

	if (dot != NULL && dot != path && (slash == NULL || dot > slash + 1))
		stem = (size_t)(dot - path);
	if ((size_t)snprintf(ret_path, PATH_MAX, "%.*s.pub", (int)stem, path) >= PATH_MAX)
		return report(STATUS_USAGE, "the path %s is too long", path);
	if (strcmp(ret_path, path) == 0)
		return report(STATUS_USAGE, "%s is the name of the public half: name the private key otherwise", path);
	return STATUS_OK;
}

static status keygen(const struct settings *settings)
{
	const struct kind *kind = settings->kind != NULL ? settings->kind : &kinds[0];
	char public_path[PATH_MAX] = "";

	if (kind->has_public)
		TRY(public_path_of(settings->output, public_path));
	TRY(kind->make(settings->output, public_path));
	printf("%s%s%s\n", settings->output, kind->has_public ? "\n" : "", public_path);
	return STATUS_OK;
}

int cmd_keygen(int argc, char **argv)
{
	static const struct argp argp = {
		.options = options,
		.parser = parse,
		.doc = "Make a key, as PEM that only you can read; prints the names of the files. An owner's and a "
		       "source's public half goes beside it, its name ending in .pub.",
	};
	struct settings settings = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_USAGE;
	status made = keygen(&settings);
	return made == STATUS_OK ? EXIT_CODE_OK : made == STATUS_USAGE ? EXIT_CODE_USAGE : EXIT_CODE_FAILED;
}
