/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan grant: grants by hand, and what a grant says. Described in docs/grants.md. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/checked.h"
#include "base/report.h"
#include "cli/command.h"
#include "base/whole-file.h"
#include "link/grant.h"
#include "verifier/grants/keys.h"
#include "verifier/grants/primitives.h"

enum {
	KEY_OWNER = 256,
	KEY_ENCLAVE,
	KEY_SOURCE,
	KEY_NONCE,
	KEY_TARGET,
	KEY_MRENCLAVE,
	KEY_MRSIGNER,
	KEY_PRODUCT,
	KEY_SVN_MIN,
	KEY_RIGHTS,
	KEY_VALID,
	KEY_QUOTA_BYTES,
	KEY_QUOTA_REQUESTS,
	KEY_ACCEPT_SIM,
	KEY_ACCEPT_DEBUG,
	KEY_JSON,
	VALID_SECONDS_DEFAULT = 3600,
	VALID_SECONDS_MAX = 366 * 24 * 3600,
	HEX_SIZE = 2 * START_OWNER_KEY_SIZE + 1, /* of the longest */
};

struct settings {
	struct link_grant grant;
	const char *owner, *output, *input;
	uint64_t valid_seconds;
	bool has_enclave, has_source, has_nonce, json;
};

static const struct argp_option make_options[] = {
	{"owner", KEY_OWNER, "FILE", 0, "The owner's private key, which signs", 0},
	{"output", 'o', "FILE", 0, "Where the grant goes; it isn't overwritten", 0},
	{"enclave-key", KEY_ENCLAVE, "HEX", 0, "The enclave's public key", 1},
	{"source-key", KEY_SOURCE, "FILE|HEX", 0, "The source's public key", 1},
	{"source-nonce", KEY_NONCE, "HEX", 0, "The nonce of the source's start", 1},
	{"target", KEY_TARGET, "T", 0, "The target, as the source calls it", 1},
	{"mrenclave", KEY_MRENCLAVE, "HEX", 0, "For exactly this image", 2},
	{"mrsigner", KEY_MRSIGNER, "HEX", 0, "For this signer's images", 2},
	{"product", KEY_PRODUCT, "N", 0, "… of this product (0)", 2},
	{"svn-min", KEY_SVN_MIN, "N", 0, "… from this security version on (0)", 2},
	{"rights", KEY_RIGHTS, "LIST", 0, "Of kernel, user, local-output, pause, separated by commas (kernel)", 3},
	{"valid", KEY_VALID, "SECONDS", 0, "How long from now (3600)", 3},
	{"quota-bytes", KEY_QUOTA_BYTES, "N", 0, "How much may be read (no limit)", 3},
	{"quota-requests", KEY_QUOTA_REQUESTS, "N", 0, "How many requests may be made (no limit)", 3},
	{"insecure-accept-sim", KEY_ACCEPT_SIM, NULL, 0, "For an enclave of the backend sim", 4},
	{"insecure-accept-debug", KEY_ACCEPT_DEBUG, NULL, 0, "Even if it is a debug enclave", 4},
	{0},
};

static uint64_t parse_number(struct argp_state *state, const char *text, uint64_t max)
{
	char *end;

	errno = 0;
	unsigned long long value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > max)
		argp_error(state, "%s isn't a number from 0 to %" PRIu64, text, max);
	return value;
}

static void parse_hex(struct argp_state *state, const char *text, uint8_t *bytes, size_t size)
{
	if (key_from_hex(text, bytes, size) != STATUS_OK)
		argp_error(state, "%s isn't %zu hexadecimal digits", text, 2 * size);
}

static const struct {
	const char *name;
	uint32_t right;
} rights[] = {
	{"kernel", LINK_RIGHT_KERNEL},
	{"user", LINK_RIGHT_USER},
	{"local-output", LINK_RIGHT_OUTPUT},
	{"pause", LINK_RIGHT_PAUSE},
};

static const char *all_rights(void)
{
	static char names[64];
	size_t used = 0;

	for (size_t i = 0; i < ARRAY_COUNT(rights); i++)
		used += (size_t)snprintf(names + used, sizeof names - used, "%s%s",
					 i == 0			       ? ""
					 : i + 1 < ARRAY_COUNT(rights) ? ", "
								       : " and ",
					 rights[i].name);
	return names;
}

static uint32_t parse_rights(struct argp_state *state, char *list)
{
	uint32_t result = 0;

	for (char *name = strsep(&list, ","); name != NULL; name = strsep(&list, ",")) {
		uint32_t right = 0;

		for (size_t i = 0; i < ARRAY_COUNT(rights); i++)
			if (strcmp(name, rights[i].name) == 0)
				right = rights[i].right;
		if (right == 0)
			argp_error(state, "there is no right %s: %s exist", name, all_rights());
		result |= right;
	}
	return result;
}

static void parse_target(struct argp_state *state, const char *target, struct link_grant *grant)
{
	if (strlen(target) >= sizeof grant->target)
		argp_error(state, "a target's name has at most %zu bytes", sizeof grant->target - 1);
	memcpy(grant->target, target, strlen(target) + 1);
}

static void check_make(struct argp_state *state, const struct settings *settings)
{
	if (settings->owner == NULL || settings->output == NULL)
		argp_error(state, "say with --owner who signs, and with --output where the grant goes");
	if (!settings->has_enclave || !settings->has_source || !settings->has_nonce ||
	    settings->grant.target[0] == '\0')
		argp_error(state,
			   "a grant names an enclave's key, a source's key and nonce, and a target: all four are "
			   "needed");
	if (settings->grant.identity == 0)
		argp_error(state, "for which image? Give --mrenclave or --mrsigner");
}

static error_t parse_make(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;
	struct link_grant *grant = &settings->grant;

	switch (key) {
	case KEY_OWNER: settings->owner = argument; return 0;
	case 'o': settings->output = argument; return 0;
	case KEY_ENCLAVE:
		parse_hex(state, argument, grant->enclave_key, sizeof grant->enclave_key);
		settings->has_enclave = true;
		return 0;
	case KEY_SOURCE:
		settings->has_source = true;
		return source_public_load(argument, grant->source_key) == STATUS_OK ? 0 : EINVAL;
	case KEY_NONCE:
		parse_hex(state, argument, grant->source_nonce, sizeof grant->source_nonce);
		settings->has_nonce = true;
		return 0;
	case KEY_TARGET: parse_target(state, argument, grant); return 0;
	case KEY_MRENCLAVE:
		grant->identity = LINK_IDENTITY_MRENCLAVE;
		parse_hex(state, argument, grant->mrenclave, sizeof grant->mrenclave);
		return 0;
	case KEY_MRSIGNER:
		grant->identity = LINK_IDENTITY_MRSIGNER;
		parse_hex(state, argument, grant->mrsigner, sizeof grant->mrsigner);
		return 0;
	case KEY_PRODUCT: grant->isv_prod_id = (uint16_t)parse_number(state, argument, UINT16_MAX); return 0;
	case KEY_SVN_MIN: grant->isv_svn = (uint16_t)parse_number(state, argument, UINT16_MAX); return 0;
	case KEY_RIGHTS: grant->rights = parse_rights(state, argument); return 0;
	case KEY_VALID: settings->valid_seconds = parse_number(state, argument, VALID_SECONDS_MAX); return 0;
	case KEY_QUOTA_BYTES: grant->quota_bytes = parse_number(state, argument, UINT64_MAX); return 0;
	case KEY_QUOTA_REQUESTS: grant->quota_requests = parse_number(state, argument, UINT64_MAX); return 0;
	case KEY_ACCEPT_SIM: grant->backend = LINK_BACKEND_SIM; return 0;
	case KEY_ACCEPT_DEBUG: grant->flags |= LINK_GRANT_DEBUG; return 0;
	case ARGP_KEY_END: check_make(state, settings); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static status write_new(const char *path, const uint8_t *bytes, size_t size)
{
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	if (file < 0)
		return report(STATUS_IO, "%s can't be made: %m", path);
	bool written = write(file, bytes, size) == (ssize_t)size;
	if (close(file) != 0 || !written)
		return report(STATUS_IO, "%s can't be written: %m", path);
	return STATUS_OK;
}

static status make(struct settings *settings)
{
	uint8_t encoded[LINK_GRANT_SIZE];
	struct owner_key *key;

	settings->grant.issued_at = (uint64_t)time(NULL);
	settings->grant.valid_until = settings->grant.issued_at + settings->valid_seconds;
	TRY(verifier_primitives()->random(settings->grant.id, sizeof settings->grant.id));
	TRY(owner_key_load(settings->owner, &key));
	status result = link_grant_sign(&settings->grant, verifier_primitives(), owner_key_sign, key);
	owner_key_destroy(key);
	TRY(result);
	TRY(link_grant_encode(&settings->grant, encoded));
	return write_new(settings->output, encoded, sizeof encoded);
}

static int cmd_make(int argc, char **argv)
{
	static const struct argp argp = {
		.options = make_options,
		.parser = parse_make,
		.doc = "Sign a grant without checking any evidence: what is granted to whom is your own word. "
		       "bartizan-grantor checks first.",
	};
	struct settings settings = {
		.grant = {.backend = LINK_BACKEND_SGX,
			  .rights = LINK_RIGHT_KERNEL,
			  .quota_bytes = UINT64_MAX,
			  .quota_requests = UINT64_MAX},
		.valid_seconds = VALID_SECONDS_DEFAULT,
	};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_FAILED;
	return make(&settings) == STATUS_OK ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

static const struct argp_option show_options[] = {
	{"owner", KEY_OWNER, "FILE", 0, "Check the signature with this owner's public key", 0},
	{"json", KEY_JSON, NULL, 0, "Print JSON", 0},
	{0},
};

static error_t parse_show(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;

	switch (key) {
	case KEY_OWNER: settings->owner = argument; return 0;
	case KEY_JSON: settings->json = true; return 0;
	case ARGP_KEY_ARG:
		if (settings->input != NULL)
			argp_error(state, "one grant at a time");
		settings->input = argument;
		return 0;
	case ARGP_KEY_END:
		if (settings->input == NULL)
			argp_error(state, "which file?");
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static json_t *hex_json(const uint8_t *bytes, size_t size)
{
	char text[HEX_SIZE];

	key_to_hex(bytes, size, text);
	return json_string(text);
}

/* UINT64_MAX, "no limit", is null: JSON's numbers don't reach it. */
static json_t *quota_json(uint64_t quota)
{
	return quota > INT64_MAX ? json_null() : json_integer((json_int_t)quota);
}

static json_t *rights_json(uint32_t given)
{
	json_t *list = json_array();

	for (size_t i = 0; i < ARRAY_COUNT(rights); i++)
		if (given & rights[i].right)
			json_array_append_new(list, json_string(rights[i].name));
	return list;
}

static json_t *grant_json(const struct link_grant *grant, const char *signature)
{
	bool by_image = grant->identity == LINK_IDENTITY_MRENCLAVE;
	json_t *identity = by_image ? json_pack("{s:o}", "mrenclave", hex_json(grant->mrenclave, SGX_HASH_SIZE))
				    : json_pack("{s:o,s:i,s:i}", "mrsigner", hex_json(grant->mrsigner, SGX_HASH_SIZE),
						"isv_prod_id", grant->isv_prod_id, "isv_svn_min", grant->isv_svn);

	return json_pack("{s:o,s:s,s:s,s:b,s:o,s:I,s:I,s:o,s:o,s:o,s:o,s:o,s:o,s:s}", "id",
			 hex_json(grant->id, sizeof grant->id), "target", grant->target, "backend",
			 grant->backend == LINK_BACKEND_SIM ? "sim" : "sgx", "debug_tolerated",
			 (grant->flags & LINK_GRANT_DEBUG) != 0, "rights", rights_json(grant->rights), "issued_at",
			 (json_int_t)grant->issued_at, "valid_until", (json_int_t)grant->valid_until, "quota_bytes",
			 quota_json(grant->quota_bytes), "quota_requests", quota_json(grant->quota_requests),
			 "identity", identity, "enclave_key", hex_json(grant->enclave_key, START_KEY_SIZE),
			 "source_key", hex_json(grant->source_key, START_KEY_SIZE), "source_nonce",
			 hex_json(grant->source_nonce, START_NONCE_SIZE), "signature", signature);
}

/* The same for people: one member a line, in the order of the JSON. */
static void print_members(const json_t *object)
{
	const char *name;
	const json_t *value;

	json_object_foreach((json_t *)object, name, value)
	{
		char *text = json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);

		if (json_is_string(value))
			printf("%-16s %s\n", name, json_string_value(value));
		else
			printf("%-16s %s\n", name, json_is_null(value) ? "no limit" : text);
		free(text);
	}
}

static status check_signature(const struct settings *settings, const struct link_grant *grant, const char **ret_word)
{
	uint8_t owner[START_OWNER_KEY_SIZE];

	if (settings->owner == NULL) {
		*ret_word = "not checked (give --owner)";
		return STATUS_OK;
	}
	TRY(owner_public_load(settings->owner, owner));
	*ret_word = "good";
	return link_grant_verify(grant, verifier_primitives(), owner);
}

static status show(const struct settings *settings)
{
	const char *signature = NULL;
	struct link_grant grant;
	struct span file;

	TRY(whole_file_read(settings->input, &file));
	status result = link_grant_decode(file, &grant);
	free((void *)file.data);
	TRY(result);
	TRY(check_signature(settings, &grant, &signature));
	json_t *object = grant_json(&grant, signature);
	if (object == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	if (settings->json)
		json_dumpf(object, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER), putchar('\n');
	else
		print_members(object);
	json_decref(object);
	return STATUS_OK;
}

static int cmd_show(int argc, char **argv)
{
	static const struct argp argp = {
		.options = show_options,
		.parser = parse_show,
		.args_doc = "FILE",
		.doc = "Say what a grant allows. Exits with 1 if it isn't one, or the signature isn't the owner's.",
	};
	struct settings settings = {0};

	argp_err_exit_status = EXIT_CODE_USAGE;
	if (argp_parse(&argp, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_CODE_FAILED;
	return show(&settings) == STATUS_OK ? EXIT_CODE_OK : EXIT_CODE_FAILED;
}

int cmd_grant(int argc, char **argv)
{
	static const struct command commands[] = {
		{"make", cmd_make, "OPTION…", "sign a grant by hand"},
		{"show", cmd_show, "[OPTION…] FILE", "say what a grant allows"},
	};
	const struct command_set set = {
		.name = "bartizan grant",
		.summary = "Grants: who may watch what, signed by the owner.",
		.commands = commands,
		.command_count = ARRAY_COUNT(commands),
	};

	return command_dispatch(&set, argc, argv);
}
