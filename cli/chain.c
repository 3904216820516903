/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "cli/chain.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "cli/child.h"
#include "cli/command.h"
#include "cli/image-file.h"
#include "cli/state-directory.h"
#include "base/whole-file.h"
#include "host/image/sigstruct.h"
#include "host/serve/unsent.h"
#include "host/serve/verifier-client.h"
#include "verifier/grants/keys.h"

enum {
	LISTEN_BACKLOG = 4,
	/* 30 s: a large dump on a slow disk. */
	AGENT_LOOK_NS = 1000000,
	AGENT_LOOK_COUNT_MAX = 30000,
	HASH_HEX_SIZE = 2 * SGX_HASH_SIZE + 1,
};

/* Short: a socket's path has at most 107 bytes. */
static const char *const directory_names[] = {"agent", "grantor", "owner.pub"};

struct chain {
	char directory[64]; /* of this run alone, 0700; "" once it is gone */
	struct child agent_child, grantor_child;
	struct agent_client *agent;
	struct grantor_client *grantor; /* NULL: the verifier grants */
	struct verifier_client *verifier; /* NULL: none */
	struct unsent_files *unsent; /* for an image that may leave something behind; NULL: none */
	struct program_link link;
	char target[START_TARGET_SIZE];
	char agent_address[PATH_MAX], grantor_address[PATH_MAX];
};

static void path_in(const struct chain *chain, const char *name, char path[PATH_MAX])
{
	snprintf(path, PATH_MAX, "%s/%s", chain->directory, name);
}

static status make_directory(struct chain *chain)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");

	if (runtime == NULL || runtime[0] != '/' || strlen(runtime) > sizeof chain->directory - 24)
		runtime = "/tmp";
	snprintf(chain->directory, sizeof chain->directory, "%s/bartizan-run-XXXXXX", runtime);
	if (mkdtemp(chain->directory) == NULL) {
		chain->directory[0] = '\0';
		return report(STATUS_IO, "no private directory can be made in %s: %m", runtime);
	}
	return STATUS_OK;
}

/* Once both ends are connected nobody needs the names any more. */
static void remove_directory(struct chain *chain)
{
	char path[PATH_MAX];

	if (chain->directory[0] == '\0')
		return;
	for (size_t i = 0; i < sizeof directory_names / sizeof directory_names[0]; i++) {
		path_in(chain, directory_names[i], path);
		unlink(path);
	}
	rmdir(chain->directory);
	chain->directory[0] = '\0';
}

/* Paths of ours are short: make_directory(). */
static struct sockaddr_un socket_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	memcpy(address.sun_path, path, strnlen(path, sizeof address.sun_path - 1));
	return address;
}

/* A socket that listens before its server has started: a client that connects now
 * is served as soon as the server is ready. */
static status listen_at(const char *path, int *ret_listener)
{
	struct sockaddr_un address = socket_address(path);
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (file < 0)
		return report(STATUS_IO, "no socket: %m");
	if (bind(file, (struct sockaddr *)&address, sizeof address) != 0 || listen(file, LISTEN_BACKLOG) != 0) {
		(void)!report(STATUS_IO, "can't listen at %s: %m", path);
		close(file);
		return STATUS_IO;
	}
	*ret_listener = file;
	return STATUS_OK;
}

static status owner_key(struct owner_key **ret_key)
{
	char path[PATH_MAX], public_path[PATH_MAX];

	TRY(state_path(STATE_OWNER_KEY, path));
	TRY(state_path(STATE_OWNER_PUBLIC, public_path));
	return owner_key_load_or_make(path, public_path, ret_key);
}

/* The owner's public key as a file for the agent. */
static status put_owner_public(const struct chain *chain, const char *given, char path[PATH_MAX])
{
	struct owner_key *key;

	if (given != NULL) {
		snprintf(path, PATH_MAX, "%s", given);
		return STATUS_OK;
	}
	path_in(chain, "owner.pub", path);
	TRY(owner_key(&key));
	status result = owner_key_save_public(key, path);
	owner_key_destroy(key);
	return result;
}

static bool listens(const char *path)
{
	struct sockaddr_un address = socket_address(path);
	int file = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool connected = file >= 0 && connect(file, (struct sockaddr *)&address, sizeof address) == 0;
	if (file >= 0)
		close(file);
	return connected;
}

/* Has a signal come that ends us? They are held back while the chain is made. */
static bool shall_end(void)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, SIGINT) || sigismember(&pending, SIGTERM) || sigismember(&pending, SIGHUP);
}

/* An agent listens once it has attached to its target. */
static status await_agent(const struct chain *chain, const char *path)
{
	const struct timespec pause = {.tv_nsec = AGENT_LOOK_NS};

	for (int i = 0; i < AGENT_LOOK_COUNT_MAX && !shall_end(); i++) {
		if (listens(path))
			return STATUS_OK;
		/* Why, it has said itself: chain_destroy() passes that on. */
		if (child_has_ended(&chain->agent_child))
			return report(child_exit_code(&chain->agent_child) == EXIT_CODE_USAGE ? STATUS_USAGE
											      : STATUS_GONE,
				      "the development agent has ended; it said:");
		nanosleep(&pause, NULL);
	}
	return report(STATUS_GONE, "the development agent didn't get ready; it said:");
}

static status start_agent(struct chain *chain, const struct chain_settings *settings)
{
	char socket_path[PATH_MAX], owner_path[PATH_MAX], key_path[PATH_MAX];

	path_in(chain, "agent", socket_path);
	TRY(state_path(STATE_AGENT_KEY, key_path));
	TRY(put_owner_public(chain, settings->owner, owner_path));
	const char *arguments[] = {"serve",
				   "--target",
				   chain->target,
				   "--owner",
				   owner_path,
				   "--key",
				   key_path,
				   "--socket",
				   socket_path,
				   "--insecure-accept-sim",
				   "--insecure-accept-debug",
				   NULL, /* room for what follows */
				   NULL,
				   NULL,
				   NULL};
	size_t count = 0;

	while (arguments[count] != NULL)
		count++;
	if (settings->pauses)
		arguments[count++] = "--allow-pause";
	if (settings->epoch_file >= 0) {
		arguments[count++] = "--epoch-file";
		arguments[count++] = CHILD_LISTENER_WORD;
	}
	TRY(child_start(&chain->agent_child, "bartizan-agent", arguments, settings->epoch_file));
	return await_agent(chain, socket_path);
}

/* Of the image that the user named, as its signature has it: an image that differs from its
 * signature doesn't start. */
static status read_mrenclave(const char *image_path, char ret_hex[HASH_HEX_SIZE])
{
	char path[PATH_MAX];
	struct sgx_sigstruct sigstruct;
	struct span file;

	TRY(image_file_signature_path(image_path, path));
	if (access(path, F_OK) != 0)
		return report(STATUS_MISSING, "%s has no signature beside it (%s): sign it with `bartizan image sign`",
			      image_path, path);
	TRY(whole_file_read(path, &file));
	status result = sigstruct_read(path, file, &sigstruct);
	free((void *)file.data);
	if (result == STATUS_OK)
		key_to_hex(sigstruct.mrenclave, SGX_HASH_SIZE, ret_hex);
	return result;
}

/* Behind those that are there; a manifest names sixteen at most. */
static void add_programs(struct span programs, const char *arguments[static CHILD_ARGUMENT_COUNT_MAX])
{
	size_t count = 0;

	while (arguments[count] != NULL)
		count++;
	for (const char *entry = (const char *)programs.data; entry != NULL && *entry != '\0';
	     entry += strlen(entry) + 1) {
		if (count + 3 > CHILD_ARGUMENT_COUNT_MAX)
			break;
		arguments[count++] = "--mrenclave";
		arguments[count++] = strchr(entry, '=') + 1;
	}
}

static status start_grantor(struct chain *chain, const struct chain_settings *settings)
{
	char socket_path[PATH_MAX], owner_path[PATH_MAX], root_path[PATH_MAX];
	int listener = -1;
	char source[2 * START_KEY_SIZE + 1], mrenclave[HASH_HEX_SIZE];
	struct owner_key *key;

	path_in(chain, "grantor", socket_path);
	TRY(state_path(STATE_OWNER_KEY, owner_path));
	TRY(state_path("sim-root", root_path));
	TRY(owner_key(&key)); /* made now, if this is the first run */
	owner_key_destroy(key);
	TRY(read_mrenclave(settings->image_path, mrenclave));
	key_to_hex(agent_client_hello(chain->agent)->source_key, START_KEY_SIZE, source);
	const char *arguments[CHILD_ARGUMENT_COUNT_MAX] = {"--socket-fd",
							   "4",
							   "--parent-fd",
							   "3",
							   "--owner",
							   owner_path,
							   "--source-key",
							   source,
							   "--target",
							   chain->target,
							   "--mrenclave",
							   mrenclave,
							   "--rights",
							   settings->pauses ? "kernel,user,local-output,pause"
									    : "kernel,user,local-output",
							   "--insecure-accept-sim",
							   root_path,
							   "--insecure-accept-debug",
							   "--quiet",
							   settings->is_sgx ? "--insecure-accept-unproven-sgx" : NULL,
							   NULL};
	add_programs(settings->programs, arguments);
	TRY(listen_at(socket_path, &listener));
	status result = child_start(&chain->grantor_child, "bartizan-grantor", arguments, listener);
	close(listener);
	return result;
}

static status connect_agent(struct chain *chain, const struct chain_settings *settings)
{
	char address[PATH_MAX];

	snprintf(chain->agent_address, sizeof chain->agent_address, "%s",
		 settings->agent != NULL ? settings->agent : "");
	if (settings->agent != NULL)
		return agent_client_create(settings->agent, &chain->agent);
	TRY(start_agent(chain, settings));
	path_in(chain, "agent", address);
	memcpy(chain->agent_address, address, sizeof address);
	return agent_client_create(address, &chain->agent);
}

/* A name of our own: the target's may hold anything. */
static status find_unsent(struct chain *chain, const char *image_path)
{
	char mrenclave[HASH_HEX_SIZE], name[NAME_MAX], path[PATH_MAX];
	int used;

	TRY(read_mrenclave(image_path, mrenclave));
	used = snprintf(name, sizeof name, "unsent-%.16s-%.100s", mrenclave, chain->target);
	for (int i = 0; i < used; i++)
		if (strchr("/: \t~", name[i]) != NULL)
			name[i] = '_';
	TRY(state_path(name, path));
	return unsent_files_create(path, &chain->unsent);
}

static status connect_verifier(struct chain *chain, const struct chain_settings *settings)
{
	TRY(find_unsent(chain, settings->image_path));
	return verifier_client_create(settings->verifier, &chain->verifier);
}

static status connect_grantor(struct chain *chain, const struct chain_settings *settings)
{
	char path[PATH_MAX];

	snprintf(chain->grantor_address, sizeof chain->grantor_address, "%s",
		 settings->grantor != NULL ? settings->grantor : "");
	if (settings->grantor != NULL)
		return grantor_client_create(settings->grantor, &chain->grantor);
	TRY(start_grantor(chain, settings));
	path_in(chain, "grantor", path);
	memcpy(chain->grantor_address, path, sizeof path);
	return grantor_client_create(path, &chain->grantor);
}

/* The agent that was started for this run takes this user's grants; a grantor may have another owner. */
static status check_own_owner(const struct chain *chain, const struct chain_settings *settings)
{
	uint8_t own[START_OWNER_KEY_SIZE];
	char path[PATH_MAX];

	TRY(state_path(STATE_OWNER_PUBLIC, path));
	TRY(owner_public_load(path, own));
	if (memcmp(own, chain->link.owner_key, sizeof own) == 0)
		return STATUS_OK;
	return report(
		STATUS_USAGE,
		"the grantor at %s signs for another owner than %s, whose grants the agent that was started for this "
		"run would take: give that owner's public key with --owner",
		settings->grantor, path);
}

static status fill_link(struct chain *chain, const struct chain_settings *settings)
{
	const struct agent_hello *hello = agent_client_hello(chain->agent);

	chain->link.ring = agent_client_ring(chain->agent);
	chain->link.target = chain->target;
	memcpy(chain->link.source_key, hello->source_key, sizeof chain->link.source_key);
	memcpy(chain->link.source_nonce, hello->source_nonce, sizeof chain->link.source_nonce);
	if (settings->owner != NULL)
		return owner_public_load(settings->owner, chain->link.owner_key);
	memcpy(chain->link.owner_key, grantor_client_owner_key(chain->grantor), sizeof chain->link.owner_key);
	return settings->agent == NULL && settings->grantor != NULL ? check_own_owner(chain, settings) : STATUS_OK;
}

static status chain_connect(struct chain *chain, const struct chain_settings *settings)
{
	if (settings->agent == NULL || (settings->grantor == NULL && settings->verifier == NULL))
		TRY(make_directory(chain));
	TRY(connect_agent(chain, settings));
	TRY(settings->verifier != NULL ? connect_verifier(chain, settings) : connect_grantor(chain, settings));
	/* Programs that this one runs come later. */
	if (settings->programs.data == NULL || settings->programs.data[0] == '\0')
		remove_directory(chain);
	return fill_link(chain, settings);
}

/* What the children said belongs to what was reported. */
static void chain_fail(struct chain *chain)
{
	child_print_log(&chain->agent_child, false);
	child_print_log(&chain->grantor_child, false);
	chain_destroy(chain);
}

status chain_create(const struct chain_settings *settings, struct chain **ret_chain)
{
	struct chain *chain = calloc(1, sizeof *chain);
	sigset_t ending, before;

	if (chain == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	snprintf(chain->target, sizeof chain->target, "%s", settings->target);
	sigemptyset(&ending);
	sigaddset(&ending, SIGINT);
	sigaddset(&ending, SIGTERM);
	sigaddset(&ending, SIGHUP);
	sigprocmask(SIG_BLOCK, &ending, &before);
	status result = chain_connect(chain, settings);
	if (result == STATUS_OK)
		*ret_chain = chain;
	else
		chain_fail(chain);
	sigprocmask(SIG_SETMASK, &before, NULL);
	return result;
}

void chain_destroy(struct chain *chain)
{
	grantor_client_destroy(chain->grantor);
	verifier_client_destroy(chain->verifier);
	unsent_files_destroy(chain->unsent);
	if (chain->agent != NULL)
		agent_client_destroy(chain->agent);
	child_end(&chain->grantor_child);
	child_end(&chain->agent_child);
	remove_directory(chain);
	free(chain);
}

const struct program_link *chain_link(const struct chain *chain)
{
	return &chain->link;
}

const char *chain_agent_address(const struct chain *chain)
{
	return chain->agent_address;
}

const char *chain_grantor_address(const struct chain *chain)
{
	return chain->grantor_address;
}

bool chain_started_agent(const struct chain *chain)
{
	return chain->agent_child.pid != 0;
}

bool chain_started_grantor(const struct chain *chain)
{
	return chain->grantor_child.pid != 0;
}

void chain_print_warnings(const struct chain *chain)
{
	child_print_log(&chain->agent_child, true);
	child_print_log(&chain->grantor_child, false); /* says nothing but faults: --quiet */
}

void chain_prepare(struct serve *serve, void *chain)
{
	struct chain *own = chain;

	serve->agent = own->agent;
	serve->grantor = own->grantor;
	serve->verifier = own->verifier;
	serve->unsent = own->unsent;
}
