/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bartizan-grantor: signs grants for enclaves whose reports fit its policy.
 * Described in docs/grants.md. */
#include <argp.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file-mode.h"
#include "base/report.h"
#include "verifier/grants/grantor-serve.h"
#include "verifier/grants/listen.h"

enum {
	EXIT_USAGE = 2,
	OPTION_SOCKET = 256,
	OPTION_SOCKET_MODE,
	OPTION_SOCKET_FD,
	OPTION_SERIAL,
	OPTION_PARENT_FD,
	OPTION_OWNER,
	OPTION_SOURCE_KEY,
	OPTION_MRENCLAVE,
	OPTION_MRSIGNER,
	OPTION_PRODUCT,
	OPTION_SVN_MIN,
	OPTION_TARGET,
	OPTION_RIGHTS,
	OPTION_VALID,
	OPTION_QUOTA_BYTES,
	OPTION_QUOTA_REQUESTS,
	OPTION_QUIET,
	OPTION_ACCEPT_DEBUG,
	OPTION_ACCEPT_SIM,
	OPTION_ACCEPT_UNPROVEN_SGX,
	/* An hour: long enough for a watch, short enough to be asked again. */
	VALID_SECONDS_DEFAULT = 3600,
	/* A year. */
	VALID_SECONDS_MAX = 366 * 24 * 3600,
};

const char *argp_program_version = "bartizan-grantor " BARTIZAN_VERSION;

struct settings {
	struct grantor_policy policy;
	struct grantor_server server;
	const char *socket_path;
	mode_t socket_mode;
};

static const struct argp_option options[] = {
	{"socket", OPTION_SOCKET, "PATH", 0, "Listen on this Unix socket", 0},
	{"socket-mode", OPTION_SOCKET_MODE, "MODE", 0, "Its permissions, octal (0600)", 0},
	{"socket-fd", OPTION_SOCKET_FD, "N", 0, "Listen on this inherited descriptor instead", 0},
	{"serial", OPTION_SERIAL, "PATH", 0,
	 "Serve this Unix socket of a QEMU's chardev (virtio-serial), for an enclave in a VM; may be repeated", 0},
	{"parent-fd", OPTION_PARENT_FD, "N", 0, "End when this inherited pipe does", 0},
	{"owner", OPTION_OWNER, "FILE", 0, "The owner's private key (bartizan keygen --owner)", 1},
	{"source-key", OPTION_SOURCE_KEY, "FILE|HEX", 0, "An enrolled source's public key; may be repeated", 1},
	{"target", OPTION_TARGET, "T", 0, "Only this target (any target of the enrolled sources)", 1},
	{"mrenclave", OPTION_MRENCLAVE, "HEX", 0, "Accept exactly this image; may be repeated", 2},
	{"mrsigner", OPTION_MRSIGNER, "HEX", 0, "Accept images of this signer; may be repeated", 2},
	{"product", OPTION_PRODUCT, "N", 0, "… whose product id is N (0); follows --mrsigner", 2},
	{"svn-min", OPTION_SVN_MIN, "N", 0, "… and whose security version is at least N (0); follows --mrsigner", 2},
	{"rights", OPTION_RIGHTS, "LIST", 0,
	 "At most these: kernel, user, local-output, pause, separated by commas (kernel)", 3},
	{"valid", OPTION_VALID, "SECONDS", 0, "How long a grant is good, by the source's clock (3600)", 3},
	{"quota-bytes", OPTION_QUOTA_BYTES, "N", 0, "How much memory may be read with one grant (no limit)", 3},
	{"quota-requests", OPTION_QUOTA_REQUESTS, "N", 0, "How many requests one grant is good for (no limit)", 3},
	{"quiet", OPTION_QUIET, NULL, 0, "Don't say on stderr what was granted and refused", 4},
	{"insecure-accept-debug", OPTION_ACCEPT_DEBUG, NULL, 0, "Accept debug enclaves, which their host can read", 5},
	{"insecure-accept-sim", OPTION_ACCEPT_SIM, "ROOT", 0,
	 "Accept the backend sim of the one machine whose fake root is in the file ROOT", 5},
	{"insecure-accept-unproven-sgx", OPTION_ACCEPT_UNPROVEN_SGX, NULL, 0,
	 "Accept reports of an SGX CPU, which this version can't check: anybody who reaches the socket can make one up",
	 5},
	{0},
};

static uint64_t parse_number(struct argp_state *state, const char *name, const char *text, uint64_t max)
{
	char *end;
	unsigned long long value;

	errno = 0;
	value = strtoull(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || value > max)
		argp_error(state, "--%s takes a number from 0 to %llu, not %s", name, (unsigned long long)max, text);
	return value;
}

static mode_t parse_mode(struct argp_state *state, const char *text)
{
	mode_t mode = 0;

	if (file_mode_parse(text, &mode) != STATUS_OK)
		argp_error(state, "\"%s\" isn't a mode like 0660", text);
	return mode;
}

static void add_source(struct argp_state *state, struct grantor_policy *policy, const char *text)
{
	if (policy->source_count == GRANTOR_SOURCE_COUNT_MAX)
		argp_error(state, "at most %d sources can be enrolled", GRANTOR_SOURCE_COUNT_MAX);
	if (source_public_load(text, policy->sources[policy->source_count]) != STATUS_OK)
		exit(EXIT_FAILURE);
	policy->source_count++;
}

static void add_image(struct argp_state *state, struct grantor_policy *policy, enum link_identity_kind kind,
		      const char *hex)
{
	struct grantor_image *image = &policy->images[policy->image_count];

	if (policy->image_count == GRANTOR_IMAGE_COUNT_MAX)
		argp_error(state, "at most %d images and signers can be accepted", GRANTOR_IMAGE_COUNT_MAX);
	if (key_from_hex(hex, image->measurement, SGX_HASH_SIZE) != STATUS_OK)
		argp_error(state,
			   "%s isn't a measurement: 64 hexadecimal digits, as `bartizan image inspect` shows them",
			   hex);
	image->identity = kind;
	policy->image_count++;
}

static void add_serial(struct argp_state *state, struct grantor_server *server, const char *path)
{
	if (strlen(path) >= sizeof((struct sockaddr_un *)NULL)->sun_path)
		argp_error(state, "the path %s is too long for a socket", path);
	if (server->serial_count == GRANTOR_SERIAL_COUNT_MAX)
		argp_error(state, "at most %d serial ports can be served", GRANTOR_SERIAL_COUNT_MAX);
	server->serials[server->serial_count++] = path;
}

/* The signer that --product and --svn-min speak of: the last one. */
static struct grantor_image *last_signer(struct argp_state *state, struct grantor_policy *policy)
{
	struct grantor_image *last = policy->image_count > 0 ? &policy->images[policy->image_count - 1] : NULL;

	if (last == NULL || last->identity != LINK_IDENTITY_MRSIGNER)
		argp_error(state, "--product and --svn-min follow the --mrsigner that they belong to");
	return last;
}

static uint32_t parse_rights(struct argp_state *state, const char *list)
{
	uint32_t rights = 0;
	char *copy = strdup(list);

	for (char *rest = copy, *name = strsep(&rest, ","); name != NULL; name = strsep(&rest, ",")) {
		if (strcmp(name, "kernel") == 0)
			rights |= LINK_RIGHT_KERNEL;
		else if (strcmp(name, "user") == 0)
			rights |= LINK_RIGHT_USER;
		else if (strcmp(name, "local-output") == 0)
			rights |= LINK_RIGHT_OUTPUT;
		else if (strcmp(name, "pause") == 0)
			rights |= LINK_RIGHT_PAUSE;
		else
			argp_error(state, "there is no right %s: kernel, user, local-output and pause exist", name);
	}
	free(copy);
	return rights;
}

static void set_target(struct argp_state *state, struct grantor_policy *policy, const char *target)
{
	size_t length = strlen(target);

	if (length == 0 || length >= sizeof policy->target)
		argp_error(state, "a target's name has 1 to %zu bytes", sizeof policy->target - 1);
	memcpy(policy->target, target, length + 1);
}

static void accept_sim(struct grantor_policy *policy, const char *path)
{
	if (sim_root_load_from(path, &policy->sim_root) != STATUS_OK)
		exit(EXIT_FAILURE);
	policy->accept_sim = true;
}

static void check_settings(struct argp_state *state, const struct settings *settings)
{
	if (settings->policy.owner == NULL)
		argp_error(state, "which owner signs? Give --owner FILE");
	if (settings->policy.source_count == 0)
		argp_error(state, "no source is enrolled: give --source-key");
	if (!link_rights_fit(settings->policy.rights))
		argp_error(state, "the right `user` needs `kernel`, whose memory says where processes' memory is");
	if (settings->policy.image_count == 0)
		argp_error(state, "no image is accepted: give --mrenclave or --mrsigner");
	if (settings->server.listener < 0 && settings->socket_path == NULL && settings->server.serial_count == 0)
		argp_error(state, "where to listen? Give --socket PATH or --serial PATH");
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct settings *settings = state->input;
	struct grantor_policy *policy = &settings->policy;

	switch (key) {
	case OPTION_SOCKET: settings->socket_path = argument; return 0;
	case OPTION_SOCKET_MODE: settings->socket_mode = parse_mode(state, argument); return 0;
	case OPTION_SOCKET_FD:
		settings->server.listener = (int)parse_number(state, "socket-fd", argument, INT32_MAX);
		return 0;
	case OPTION_SERIAL: add_serial(state, &settings->server, argument); return 0;
	case OPTION_PARENT_FD:
		settings->server.parent = (int)parse_number(state, "parent-fd", argument, INT32_MAX);
		return 0;
	case OPTION_OWNER: return owner_key_load(argument, &policy->owner) == STATUS_OK ? 0 : EACCES;
	case OPTION_SOURCE_KEY: add_source(state, policy, argument); return 0;
	case OPTION_MRENCLAVE: add_image(state, policy, LINK_IDENTITY_MRENCLAVE, argument); return 0;
	case OPTION_MRSIGNER: add_image(state, policy, LINK_IDENTITY_MRSIGNER, argument); return 0;
	case OPTION_PRODUCT:
		last_signer(state, policy)->isv_prod_id =
			(uint16_t)parse_number(state, "product", argument, UINT16_MAX);
		return 0;
	case OPTION_SVN_MIN:
		last_signer(state, policy)->isv_svn_min =
			(uint16_t)parse_number(state, "svn-min", argument, UINT16_MAX);
		return 0;
	case OPTION_TARGET: set_target(state, policy, argument); return 0;
	case OPTION_RIGHTS: policy->rights = parse_rights(state, argument); return 0;
	case OPTION_VALID: policy->valid_seconds = parse_number(state, "valid", argument, VALID_SECONDS_MAX); return 0;
	case OPTION_QUOTA_BYTES:
		policy->quota_bytes = parse_number(state, "quota-bytes", argument, UINT64_MAX);
		return 0;
	case OPTION_QUOTA_REQUESTS:
		policy->quota_requests = parse_number(state, "quota-requests", argument, UINT64_MAX);
		return 0;
	case OPTION_QUIET: settings->server.is_quiet = true; return 0;
	case OPTION_ACCEPT_DEBUG: policy->accept_debug = true; return 0;
	case OPTION_ACCEPT_SIM: accept_sim(policy, argument); return 0;
	case OPTION_ACCEPT_UNPROVEN_SGX: policy->accept_unproven_sgx = true; return 0;
	case ARGP_KEY_END: check_settings(state, settings); return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

static const struct argp parser = {
	.options = options,
	.parser = parse_option,
	.doc = "Sign grants for enclaves whose reports fit this policy. Holds the owner's private key: run it where "
	       "no enclave is loaded, and as nobody else's user.\v"
	       "Reports of the backend sim are checked under the one fake root given. Reports of SGX CPUs are "
	       "refused: only an enclave on the same CPU can check them.\n\n"
	       "Exit status: 0 told to end; 1 could not start; 2 wrong usage.",
};

/* Made for our user alone, then opened to whom it is for. */
static status listen_at(const char *path, mode_t mode, int *ret_listener)
{
	TRY(listen_unix(path, GRANTOR_CLIENT_COUNT_MAX, ret_listener));
	return chmod(path, mode) == 0 ? STATUS_OK : report(STATUS_IO, "%s can't get the mode %o: %m", path, mode);
}

int main(int argc, char **argv)
{
	struct settings settings = {
		.socket_mode = 0600,
		.policy = {.rights = LINK_RIGHT_KERNEL,
			   .valid_seconds = VALID_SECONDS_DEFAULT,
			   .quota_bytes = UINT64_MAX,
			   .quota_requests = UINT64_MAX},
		.server = {.listener = -1, .parent = -1},
	};
	status result = STATUS_OK;

	/* The owner's key is in here: no core file, no debugger of the same user. */
	prctl(PR_SET_DUMPABLE, 0);
	argp_err_exit_status = EXIT_USAGE;
	if (argp_parse(&parser, argc, argv, 0, NULL, &settings) != 0)
		return EXIT_FAILURE;
	settings.server.policy = &settings.policy;
	if (settings.server.listener < 0 && settings.socket_path != NULL)
		result = listen_at(settings.socket_path, settings.socket_mode, &settings.server.listener);
	if (result == STATUS_OK)
		result = grantor_serve(&settings.server);
	if (settings.socket_path != NULL && result == STATUS_OK)
		unlink(settings.socket_path);
	owner_key_destroy(settings.policy.owner);
	return result == STATUS_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
