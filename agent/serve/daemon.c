/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/daemon.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent/device.h"
#include "agent/pauser.h"
#include "agent/primitives.h"
#include "agent/serve/client.h"
#include "agent/serve/confine.h"
#include "agent/serve/guarded.h"
#include "agent/serve/log.h"
#include "agent/serve/shared-ring.h"
#include "base/report.h"

enum {
	/* Evicted ones that haven't left yet. */
	LEAVING_COUNT_MAX = 64,
	/* A connection and its ring while it is handed over; a target's files. */
	FILES_PER_CLIENT = 3,
	FILES_PER_TARGET = 80,
	END_S = 3,
	BEAT_MS = 500, /* wire/link-shared.h: once a second or more */
};

bool daemon_is_ending(const struct daemon *daemon)
{
	return __atomic_load_n(&daemon->is_ending, __ATOMIC_ACQUIRE);
}

/* The lock is held. */
static void enter_half_open(struct daemon *daemon, struct client *client)
{
	struct client *evicted = half_open_enter(&daemon->half_open, client);

	if (evicted != NULL)
		client_evict(evicted);
}

void daemon_enter_half_open(struct daemon *daemon, struct client *client)
{
	pthread_mutex_lock(&daemon->lock);
	enter_half_open(daemon, client);
	pthread_mutex_unlock(&daemon->lock);
}

bool daemon_enter(struct daemon *daemon, struct client *client, bool is_half_open)
{
	pthread_mutex_lock(&daemon->lock);
	bool fits = daemon->client_count < daemon->client_count_max;
	if (fits) {
		daemon->client[daemon->client_count++] = client;
		daemon->client_number++;
		if (is_half_open)
			enter_half_open(daemon, client);
	}
	pthread_mutex_unlock(&daemon->lock);
	return fits;
}

void daemon_leave(struct daemon *daemon, struct client *client)
{
	pthread_mutex_lock(&daemon->lock);
	half_open_leave(&daemon->half_open, client);
	for (uint32_t i = 0; i < daemon->client_count; i++) {
		if (daemon->client[i] != client)
			continue;
		daemon->client[i] = daemon->client[--daemon->client_count];
		break;
	}
	pthread_cond_signal(&daemon->client_left);
	pthread_mutex_unlock(&daemon->lock);
}

status daemon_take_session(struct daemon *daemon, const struct client *client, const struct link_grant *grant)
{
	pthread_mutex_lock(&daemon->lock);
	status result = session_table_enter(&daemon->sessions, grant->id);
	if (result == STATUS_OK)
		half_open_leave(&daemon->half_open, client);
	pthread_mutex_unlock(&daemon->lock);
	return result;
}

status daemon_renew_session(struct daemon *daemon, const struct link_grant *grant, const struct link_grant *later)
{
	pthread_mutex_lock(&daemon->lock);
	status result = session_table_renew(&daemon->sessions, grant->id, later->id);
	pthread_mutex_unlock(&daemon->lock);
	return result;
}

void daemon_leave_session(struct daemon *daemon, const struct link_grant *grant)
{
	pthread_mutex_lock(&daemon->lock);
	session_table_leave(&daemon->sessions, grant->id);
	pthread_mutex_unlock(&daemon->lock);
}

json_t *daemon_json(struct daemon *daemon)
{
	json_t *json = counters_json(&daemon->counters), *targets = hub_json(&daemon->hub);
	char key[2 * START_KEY_SIZE + 1];

	identity_hex(daemon->identity.binding.source_key, START_KEY_SIZE, key);
	pthread_mutex_lock(&daemon->lock);
	json_object_set_new(json, "sessions", json_integer(daemon->sessions.count));
	json_object_set_new(json, "half_open", json_integer(daemon->half_open.entry_count));
	json_object_set_new(json, "clients", json_integer(daemon->client_count));
	pthread_mutex_unlock(&daemon->lock);
	json_object_set_new(json, "key", json_string(key));
	json_object_set_new(json, "targets", targets);
	return json;
}

static void log_status(struct daemon *daemon)
{
	json_t *json = daemon_json(daemon);
	char *text = json != NULL ? json_dumps(json, JSON_COMPACT) : NULL;

	log_write(LOG_PRIORITY_INFO, "status: %s", text != NULL ? text : "out of memory");
	free(text);
	json_decref(json);
}

/* sd_notify(3): one datagram. */
static void notify(const char *state)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	if (path == NULL || strlen(path) >= sizeof address.sun_path || (path[0] != '/' && path[0] != '@'))
		return;
	memcpy(address.sun_path, path, strlen(path));
	if (path[0] == '@')
		address.sun_path[0] = 0; /* the abstract name space, unix(7) */
	int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (file < 0)
		return;
	(void)!sendto(file, state, strlen(state), MSG_NOSIGNAL, (const struct sockaddr *)&address,
		      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path)));
	close(file);
}

static status init_signals(struct daemon *daemon)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	/* Before the first thread, which inherits it. */
	signal(SIGPIPE, SIG_IGN);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	daemon->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (daemon->signals < 0)
		return report(STATUS_IO, "can't wait for signals: %s", strerror(errno));
	return guarded_init();
}

/* Enough descriptors for everybody that the limits let in, and no more. */
static status limit_resources(const struct daemon *daemon)
{
	rlim_t wanted = (rlim_t)daemon->client_count_max * FILES_PER_CLIENT +
			(rlim_t)HUB_TARGET_COUNT_MAX * FILES_PER_TARGET + 64;
	const struct rlimit no_core = {0, 0};
	struct rlimit files;

	/* Guests' memory and the key don't belong in a core file. */
	(void)!setrlimit(RLIMIT_CORE, &no_core);
	if (getrlimit(RLIMIT_NOFILE, &files) != 0)
		return report(STATUS_IO, "can't read the limit of open files: %s", strerror(errno));
	files.rlim_cur = files.rlim_max == RLIM_INFINITY || wanted < files.rlim_max ? wanted : files.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &files) != 0)
		return report(STATUS_IO, "can't set the limit of open files: %s", strerror(errno));
	return STATUS_OK;
}

static status init_listeners(struct daemon *daemon)
{
	const struct serve_settings *settings = daemon->settings;

	for (uint32_t i = 0; i < settings->listener_count; i++) {
		TRY(listener_init(&daemon->listener[i], settings->listener[i].kind, settings->listener[i].place,
				  settings));
		daemon->listener_count++;
	}
	return STATUS_OK;
}

static status init_state(struct daemon *daemon, const struct serve_settings *settings)
{
	/* A thread for each client: without this, an arena for each, too. */
	mallopt(M_ARENA_MAX, 2);
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	daemon->settings = settings;
	daemon->client_count_max = settings->session_count_max + settings->half_open_count_max +
				   settings->listener_count + LEAVING_COUNT_MAX;
	daemon->client = calloc(daemon->client_count_max, sizeof daemon->client[0]);
	if (daemon->client == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	half_open_init(&daemon->half_open, settings->half_open_count_max);
	session_table_init(&daemon->sessions, settings->session_count_max);
	TRY(agent_primitives(&daemon->primitives));
	TRY(identity_init(&daemon->identity, daemon->primitives, settings->key_path, settings->owner_path));
	grant_clock_init(&daemon->clock);
	TRY(quota_table_init(&daemon->quotas));
	revoked_init(&daemon->revoked);
	epochs_init(&daemon->epochs);
	if (settings->epoch_file >= 0)
		TRY(epochs_adopt(&daemon->epochs, settings->epoch_file, settings->target[0]));
	return limit_resources(daemon);
}

static json_t *listeners_json(const struct daemon *daemon)
{
	static const char *const kinds[] = {"unix", "tcp", "vsock", "serial", "ivshmem"};
	json_t *all = json_array();

	for (uint32_t i = 0; i < daemon->listener_count; i++)
		json_array_append_new(all, json_pack("{s:s,s:s,s:I}", "kind", kinds[daemon->listener[i].kind], "place",
						     daemon->listener[i].place, "port",
						     (json_int_t)daemon->listener[i].port));
	return all;
}

/* One line for whoever started us: from now on we serve. */
static void say_ready(const struct daemon *daemon)
{
	char key[2 * START_KEY_SIZE + 1], nonce[2 * START_NONCE_SIZE + 1];

	identity_hex(daemon->identity.binding.source_key, START_KEY_SIZE, key);
	identity_hex(daemon->identity.binding.source_nonce, START_NONCE_SIZE, nonce);
	if (daemon->settings->json) {
		json_t *json = json_pack("{s:s,s:s,s:s,s:i,s:o}", "event", "ready", "key", key, "nonce", nonce, "pid",
					 (int)getpid(), "listen", listeners_json(daemon));
		if (json != NULL && json_dumpf(json, stdout, JSON_COMPACT) == 0)
			putchar('\n');
		fflush(stdout);
		json_decref(json);
	} else {
		log_write(LOG_PRIORITY_INFO, "ready: %s, key %s, nonce %s", daemon->listener[0].place, key, nonce);
	}
	notify("READY=1");
}

/* Root without capabilities still owns root's files: whoever gets hold of the daemon reads them. Who is bound to a
 * parent is a run's own agent, and no service. */
static void warn_of_root(const struct serve_settings *settings)
{
	int signal = 0;

	if (geteuid() == 0 && settings->user == NULL && prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == 0)
		log_write(
			LOG_PRIORITY_WARNING,
			"this agent stays root, though with two capabilities alone: give it a user of its own (--user "
			"NAME, or the unit bartizan-agent.service)");
}

static void warn(const struct serve_settings *settings)
{
	if (settings->accept_sim)
		log_write(LOG_PRIORITY_WARNING, "--insecure-accept-sim: simulated enclaves are served; they protect "
						"nothing from their host");
	if (settings->accept_debug)
		log_write(LOG_PRIORITY_WARNING,
			  "--insecure-accept-debug: debug enclaves are served; their host can read them");
}

/* False: told to end. */
static bool handle_signals(struct daemon *daemon)
{
	struct signalfd_siginfo signal;
	bool go_on = true;

	while (read(daemon->signals, &signal, sizeof signal) == sizeof signal) {
		if (signal.ssi_signo == SIGUSR1)
			log_status(daemon);
		else
			go_on = false;
	}
	return go_on;
}

static void accept_all(struct daemon *daemon, struct listener *listener)
{
	/* A bounded number: signals get their turn. */
	for (int i = 0; i < 64; i++) {
		int file = listener_accept(listener);

		if (file < 0) {
			const struct timespec pause = {.tv_nsec = 50000000};

			/* Nothing that waiting for the listener would end. */
			if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS)
				nanosleep(&pause, NULL);
			return;
		}
		client_start(daemon, listener, file);
	}
}

/* Who shares memory with us sees by it that we are there. */
static bool beat_all(const struct daemon *daemon)
{
	bool is_any = false;

	for (uint32_t i = 0; i < daemon->listener_count; i++) {
		if (daemon->listener[i].shared == NULL ||
		    __atomic_load_n(&daemon->listener[i].is_lost, __ATOMIC_ACQUIRE))
			continue;
		shared_ring_beat(daemon->listener[i].shared);
		is_any = true;
	}
	return is_any;
}

static void serve_clients(struct daemon *daemon)
{
	struct pollfd waiting[SERVE_LISTENER_COUNT_MAX + 1];

	for (;;) {
		waiting[0] = (struct pollfd){.fd = daemon->signals, .events = POLLIN};
		for (uint32_t i = 0; i < daemon->listener_count; i++)
			waiting[1 + i] = (struct pollfd){
				.fd = listener_is_port(&daemon->listener[i]) ? -1 : daemon->listener[i].file,
				.events = POLLIN};
		if (poll(waiting, 1 + daemon->listener_count, beat_all(daemon) ? BEAT_MS : -1) < 0)
			continue;
		if (waiting[0].revents != 0 && !handle_signals(daemon))
			return;
		for (uint32_t i = 0; i < daemon->listener_count; i++)
			if (waiting[1 + i].revents != 0)
				accept_all(daemon, &daemon->listener[i]);
	}
}

/* Every client closes its session and leaves; who hangs is left behind. */
static void end_clients(struct daemon *daemon)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += END_S;
	__atomic_store_n(&daemon->is_ending, true, __ATOMIC_RELEASE);
	pthread_mutex_lock(&daemon->lock);
	for (uint32_t i = 0; i < daemon->client_count; i++)
		client_wake(daemon->client[i]);
	while (daemon->client_count > 0 &&
	       pthread_cond_timedwait(&daemon->client_left, &daemon->lock, &until) != ETIMEDOUT)
		;
	uint32_t left_count = daemon->client_count;
	pthread_mutex_unlock(&daemon->lock);
	if (left_count > 0) {
		log_write(LOG_PRIORITY_NOTICE, "%u clients didn't come to an end in %d s", left_count, (int)END_S);
		_exit(0); /* their threads use what would be torn down */
	}
}

static status start_ports(struct daemon *daemon)
{
	for (uint32_t i = 0; i < daemon->listener_count; i++)
		if (listener_is_port(&daemon->listener[i]))
			TRY(client_start_port(daemon, &daemon->listener[i]));
	return STATUS_OK;
}

static status confine_helper(void *user)
{
	return confine_process(user, NULL, 0);
}

/* Opening a device takes a right of its own, which isn't kept: those to be served are open from now on. */
static status confine(const struct serve_settings *settings)
{
	int devices[DEVICE_HELD_COUNT_MAX];

	for (uint32_t i = 0; i < settings->target_count; i++)
		if (strncmp(settings->target[i], "dev:", 4) == 0)
			TRY(device_hold(settings->target[i] + 4));
	const size_t count = device_held_files(devices);
	return confine_process(settings->user, devices, count);
}

static status run(struct daemon *daemon, const struct serve_settings *settings)
{
	TRY(init_state(daemon, settings));
	TRY(init_signals(daemon));
	TRY(init_listeners(daemon));
	if (settings->pause_ms > 0)
		TRY(pauser_start(settings->pause_ms, confine_helper, (void *)settings->user));
	warn_of_root(settings);
	TRY(confine(settings));
	TRY(hub_init(&daemon->hub, settings->target, settings->target_count, &settings->owners));
	TRY(start_ports(daemon));
	warn(settings);
	say_ready(daemon);
	serve_clients(daemon);
	notify("STOPPING=1");
	end_clients(daemon);
	return STATUS_OK;
}

status daemon_serve(const struct serve_settings *settings)
{
	static struct daemon daemon = {
		.signals = -1, .lock = PTHREAD_MUTEX_INITIALIZER, .client_left = PTHREAD_COND_INITIALIZER};
	status result = run(&daemon, settings);

	hub_deinit(&daemon.hub);
	for (uint32_t i = 0; i < daemon.listener_count; i++)
		listener_deinit(&daemon.listener[i]);
	epochs_deinit(&daemon.epochs);
	quota_table_deinit(&daemon.quotas);
	identity_deinit(&daemon.identity);
	free(daemon.client);
	if (daemon.signals >= 0)
		close(daemon.signals);
	return result;
}
