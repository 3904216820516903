/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/daemon/serve.h"

#include <arpa/inet.h>
#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "base/steady-clock.h"
#include "verifier/daemon/control.h"
#include "verifier/daemon/enrol.h"
#include "verifier/daemon/peers.h"
#include "verifier/grants/keys.h"
#include "verifier/grants/listen.h"
#include "verifier/ledger/retention.h"
#include "verifier/page/page.h"

enum {
	/* An alert is due within a second of its time (VIGIL_LOOK_NS_MAX); a fifth of that for the work. */
	TICK_MS = 200,
	/* The store, listeners, the page's clients, outputs. */
	FILE_COUNT_OWN = 128 + PAGE_CLIENT_COUNT_MAX,
	WAITING_COUNT = 1024,
	/* Of getting in, twice what it takes (docs/verifier.md): after a start all come at once. */
	CROWD_MS_EACH = 10,
	/* Nobody waits to get in in so many ticks, while enclaves try it each half second: all have had their turn. */
	CROWD_OVER_TICKS = 10,
	/* Of a tick, for trimming: a tenth, while heartbeats wait. */
	TRIM_MS_MAX = 20,
	/* From a round of all targets that found nothing to the next. */
	TRIM_ROUND_S = 2,
	/* From a fault of the store to the next attempt to trim, which would be told as often. */
	TRIM_AGAIN_S = 60,
	SUBJECT_TEXT_SIZE = 96,
	SUBJECT_SHOWN_SIZE = 16,
};

struct daemon {
	const struct serve_options *options;
	struct rules *rules;
	struct event_base *base;
	struct event *tick, *terminated, *interrupted, *hung_up, *page_readable;
	struct ledger *ledger;
	struct station *station;
	struct peers *peers;
	struct control *control;
	bool is_reload_failing; /* the last SIGHUP's configuration isn't good */
	struct revoker *revoker;
	struct outputs *outputs;
	struct page *page;
	struct ledger_trimming trimming;
	uint64_t trim_at_ns, trimmed_count;
	bool is_trimming; /* something was due since the last round that found nothing */
	uint32_t quiet_ticks; /* in a row in which nobody was on his way in; CROWD_OVER_TICKS ends it */
};

/* So many connections as the system gives descriptors for. */
static uint32_t connection_count(uint32_t wanted)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0)
		return wanted;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= (rlim_t)wanted + FILE_COUNT_OWN)
		return wanted;
	uint32_t count = limit.rlim_cur > FILE_COUNT_OWN + 1 ? (uint32_t)(limit.rlim_cur - FILE_COUNT_OWN) : 1;
	fprintf(stderr, "bartizan-verifier: %u connections at once instead of %u: the limit of open files is %llu\n",
		count, wanted, (unsigned long long)limit.rlim_cur);
	return count;
}

static int64_t wall_clock(void)
{
	return (int64_t)time(NULL);
}

static status trim_some(struct daemon *daemon)
{
	uint32_t count;

	TRY(ledger_trim(daemon->ledger, &daemon->trimming, &count));
	daemon->trimmed_count += count;
	daemon->is_trimming = !daemon->trimming.is_idle && (daemon->is_trimming || count > 0);
	return STATUS_OK;
}

/* As long as something is due: else with thousands of targets more would come than goes. */
static status trim_until(struct daemon *daemon, uint64_t end_ns)
{
	struct ledger_trimming *trimming = &daemon->trimming;

	TRY(outputs_delivered(daemon->outputs, &trimming->finding, &trimming->alert));
	trimming->alert_age_s = daemon->rules->config.keep.retention.age_s;
	trimming->now = wall_clock();
	do
		TRY(trim_some(daemon));
	while (daemon->is_trimming && steady_clock_ns() < end_ns);
	return STATUS_OK;
}

static void trim(struct daemon *daemon, uint64_t now_ns)
{
	if (now_ns < daemon->trim_at_ns)
		return;
	const bool is_trimmed = trim_until(daemon, now_ns + TRIM_MS_MAX * UINT64_C(1000000)) == STATUS_OK;
	const uint64_t pause_s = !is_trimmed ? TRIM_AGAIN_S : daemon->trimming.is_idle ? TRIM_ROUND_S : 0;
	daemon->trim_at_ns = now_ns + pause_s * UINT64_C(1000000000);
}

/* Strangers can make it no longer than it was to be. */
static void look_for_crowd(struct daemon *daemon)
{
	const struct peers_figures *figures = peers_figures(daemon->peers);

	if (daemon->quiet_ticks >= CROWD_OVER_TICKS)
		return;
	daemon->quiet_ticks = figures->connection_count == figures->welcome_count ? daemon->quiet_ticks + 1 : 0;
	if (daemon->quiet_ticks == CROWD_OVER_TICKS)
		station_crowd_expect(daemon->station, 0);
}

static void tick(int file, short what, void *context)
{
	struct daemon *daemon = context;

	(void)file, (void)what;
	/* Faults of the store were reported; the next tick tries again. */
	look_for_crowd(daemon);
	(void)!station_look(daemon->station);
	(void)!outputs_serve(daemon->outputs, steady_clock_ns());
	trim(daemon, steady_clock_ns());
	if (daemon->page != NULL)
		page_serve(daemon->page);
}

static void page_ready(int file, short what, void *context)
{
	(void)file, (void)what;
	page_serve(((struct daemon *)context)->page);
}

/* From here on nothing is half old: what is checked first can fail, what comes then can't, but for memory and the disk.
 */
static status change_rules(struct daemon *daemon, struct rules *rules)
{
	const struct gate *gate = rules->has_gate ? &rules->gate : NULL;

	TRY(rules_check_change(daemon->rules, rules));
	station_flush(daemon->station);
	TRY(enrol_targets(&rules->config, daemon->ledger, daemon->station));
	peers_reload(daemon->peers, &rules->config, gate, connection_count(rules->config.connection_count_max));
	if (daemon->revoker != NULL)
		(void)!revoker_gate_set(daemon->revoker, gate);
	struct rules *old = daemon->rules;
	daemon->rules = rules;
	rules_destroy(old);
	(void)!ledger_alert_raise(daemon->ledger, LEDGER_EVERY_TARGET, "reloaded", "by SIGHUP", wall_clock());
	return STATUS_OK;
}

static void reload_asked(int number, short what, void *context)
{
	struct daemon *daemon = context;
	struct rules *rules;

	(void)number, (void)what;
	status result = rules_create(&daemon->options->rules, &rules);
	if (result == STATUS_OK) {
		result = change_rules(daemon, rules);
		if (result != STATUS_OK)
			rules_destroy(rules);
	}
	daemon->is_reload_failing = result != STATUS_OK;
	if (result != STATUS_OK)
		fprintf(stderr, "bartizan-verifier: the configuration wasn't taken: the old one stays\n");
	else
		fprintf(stderr, "bartizan-verifier: the configuration was read anew: %zu targets are expected\n",
			rules->config.target_count);
}

/* For the record, and who reads alerts. */
static status note_order(struct daemon *daemon, const struct control_request *request, const char *words)
{
	const struct ledger_subject *subject = &request->subject;
	const bool is_target = subject->kind == LEDGER_SUBJECT_TARGET;
	char text[LEDGER_TEXT_SIZE];

	snprintf(text, sizeof text, "user %u: %s%s%s", (unsigned)request->user, words,
		 request->reason[0] != '\0' ? "; " : "", request->reason);
	return ledger_alert_raise(daemon->ledger, is_target ? (const char *)subject->value : LEDGER_EVERY_TARGET,
				  request->is_lift ? "lifted" : "barred", text, wall_clock());
}

static void describe_subject(const struct ledger_subject *subject, char text[static SUBJECT_TEXT_SIZE])
{
	char hex[2 * SUBJECT_SHOWN_SIZE + 1];
	const size_t size = subject->size < SUBJECT_SHOWN_SIZE ? subject->size : SUBJECT_SHOWN_SIZE;

	key_to_hex(subject->value, size, hex);
	if (subject->kind == LEDGER_SUBJECT_TARGET)
		snprintf(text, SUBJECT_TEXT_SIZE, "the target %s", (const char *)subject->value);
	else
		snprintf(text, SUBJECT_TEXT_SIZE, "the %s %s%s", control_subject_names[subject->kind], hex,
			 size < subject->size ? "…" : "");
}

/* Who had the grant may have a later one already, or ask for one before its source hears of this: the run gets none. */
static status bar_run(struct daemon *daemon, const struct ledger_subject *grant, const char *what,
		      char words[static CONTROL_WORDS_SIZE])
{
	uint8_t stream[LEDGER_STREAM_SIZE];
	const status result = ledger_grant_stream(daemon->ledger, grant->value, stream);

	if (result == STATUS_END)
		snprintf(words, CONTROL_WORDS_SIZE, "there is no %s that isn't over", what + sizeof "the " - 1);
	TRY(result == STATUS_END ? STATUS_MISSING : result);
	return ledger_run_bar(daemon->ledger, grant->value, stream, wall_clock());
}

static status lift(struct daemon *daemon, const struct ledger_subject *subject, const char *what,
		   char words[static CONTROL_WORDS_SIZE])
{
	const bool is_grant = subject->kind == LEDGER_SUBJECT_GRANT;
	const status result = is_grant ? ledger_run_lift(daemon->ledger, subject->value)
				       : ledger_subject_lift(daemon->ledger, subject);

	if (result == STATUS_MISSING)
		snprintf(words, CONTROL_WORDS_SIZE, "%s isn't revoked", what);
	TRY(result);
	snprintf(words, CONTROL_WORDS_SIZE,
		 is_grant ? "the run that had %s may get grants again" : "%s is let in again", what);
	return STATUS_OK;
}

/* As one change of the store. */
static status keep_order(struct daemon *daemon, const struct control_request *request,
			 char words[static CONTROL_WORDS_SIZE])
{
	const struct ledger_subject *subject = &request->subject;
	char what[SUBJECT_TEXT_SIZE];
	uint32_t count = 0;

	describe_subject(subject, what);
	if (request->is_lift) {
		TRY(lift(daemon, subject, what, words));
		return note_order(daemon, request, words);
	}
	if (subject->kind == LEDGER_SUBJECT_GRANT)
		TRY(bar_run(daemon, subject, what, words));
	else
		TRY(ledger_subject_bar(daemon->ledger, subject, wall_clock()));
	TRY(ledger_subject_condemn(daemon->ledger, subject, &count));
	snprintf(
		words, CONTROL_WORDS_SIZE, "%s is revoked; grants to be taken back: %u%s", what, count,
		subject->kind == LEDGER_SUBJECT_GRANT
			? "; run again, as `watch` does each round, its program gets one, unless its enclave is revoked"
			: "");
	return note_order(daemon, request, words);
}

static status keep_order_whole(struct daemon *daemon, const struct control_request *request,
			       char words[static CONTROL_WORDS_SIZE])
{
	TRY(ledger_batch_begin(daemon->ledger));
	status result = keep_order(daemon, request, words);
	if (result != STATUS_OK)
		ledger_batch_spoil(daemon->ledger);
	status end = ledger_batch_end(daemon->ledger);
	return result != STATUS_OK ? result : end;
}

/* Where it isn't on the disk, nothing else that was to be said is true. */
static status keep_or_say(struct daemon *daemon, const struct control_request *request,
			  char words[static CONTROL_WORDS_SIZE])
{
	const status result = keep_order_whole(daemon, request, words);

	if (result != STATUS_OK && result != STATUS_MISSING)
		snprintf(words, CONTROL_WORDS_SIZE,
			 "the verifier can't keep it (its own messages say why): nothing was done");
	return result;
}

/* The operator's order: on the disk first, then to the sources and the connections. */
static status obey(void *context, const struct control_request *request, char words[static CONTROL_WORDS_SIZE])
{
	struct daemon *daemon = context;

	station_flush(daemon->station);
	TRY(keep_or_say(daemon, request, words));
	fprintf(stderr, "bartizan-verifier: user %u: %s\n", (unsigned)request->user, words);
	if (!request->is_lift)
		peers_bar(daemon->peers);
	const status result = daemon->revoker != NULL ? revoker_look(daemon->revoker) : STATUS_OK;
	if (result != STATUS_OK) {
		const size_t size = strlen(words);

		snprintf(words + size, CONTROL_WORDS_SIZE - size,
			 "; it is kept, but the sources weren't told (its own messages say why): they are at its next "
			 "start");
	}
	return result;
}

static void stop(int number, short what, void *context)
{
	(void)number, (void)what;
	event_base_loopbreak(((struct daemon *)context)->base);
}

static status listen_loopback(uint16_t port, int *ret_listener)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int file = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), one = 1;

	if (file >= 0 && setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(file, (const struct sockaddr *)&address, sizeof address) == 0 &&
	    listen(file, PAGE_CLIENT_COUNT_MAX) == 0) {
		*ret_listener = file;
		return STATUS_OK;
	}
	(void)!report(STATUS_IO, "can't listen on 127.0.0.1:%u: %m", port);
	if (file >= 0)
		close(file);
	return STATUS_IO;
}

static status open_page(struct daemon *daemon, bool is_unproven)
{
	const struct config *config = &daemon->rules->config;
	const struct peers_figures *figures = peers_figures(daemon->peers);
	const struct page_sources sources = {
		.ledger = daemon->ledger,
		.station = daemon->station,
		.outputs = daemon->outputs,
		.output_count = config->output_count,
		.connection_count = &figures->connection_count,
		.dropped_count = &figures->dropped_count,
		.is_reload_failing = &daemon->is_reload_failing,
		.trimmed_count = &daemon->trimmed_count,
		.is_unproven = is_unproven,
	};
	int listener;

	if (config->page_port == 0 && config->page_socket[0] == '\0')
		return STATUS_OK;
	if (config->page_port != 0)
		TRY(listen_loopback(config->page_port, &listener));
	else
		TRY(listen_unix(config->page_socket, PAGE_CLIENT_COUNT_MAX, &listener));
	TRY(page_create(&sources, listener, config->page_login[0] != '\0' ? config->page_login : NULL, &daemon->page));
	daemon->page_readable =
		event_new(daemon->base, page_file(daemon->page), EV_READ | EV_PERSIST, page_ready, daemon);
	if (daemon->page_readable == NULL || event_add(daemon->page_readable, NULL) != 0)
		return report(STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

static status open_events(struct daemon *daemon)
{
	const struct timeval often = {.tv_usec = (suseconds_t)TICK_MS * 1000};

	daemon->tick = event_new(daemon->base, -1, EV_PERSIST, tick, daemon);
	daemon->terminated = evsignal_new(daemon->base, SIGTERM, stop, daemon);
	daemon->interrupted = evsignal_new(daemon->base, SIGINT, stop, daemon);
	daemon->hung_up = evsignal_new(daemon->base, SIGHUP, reload_asked, daemon);
	if (daemon->tick == NULL || daemon->terminated == NULL || daemon->interrupted == NULL ||
	    daemon->hung_up == NULL || event_add(daemon->hung_up, NULL) != 0 || event_add(daemon->tick, &often) != 0 ||
	    event_add(daemon->terminated, NULL) != 0 || event_add(daemon->interrupted, NULL) != 0)
		return report(STATUS_NO_MEMORY, "out of memory");
	return STATUS_OK;
}

static status listen_address(const char *text, int *ret_listener)
{
	struct sockaddr_storage address;
	int size = sizeof address, one = 1, file = -1;

	if (evutil_parse_sockaddr_port(text, (struct sockaddr *)&address, &size) == 0)
		file = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (file >= 0 && setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
	    bind(file, (const struct sockaddr *)&address, (socklen_t)size) == 0 && listen(file, WAITING_COUNT) == 0) {
		*ret_listener = file;
		return STATUS_OK;
	}
	(void)!report(STATUS_IO, "can't listen on %s: %m", text);
	if (file >= 0)
		close(file);
	return STATUS_IO;
}

/* Where enclaves with evidence come in. */
static status open_entrance(struct daemon *daemon)
{
	const struct config_listen *at = &daemon->rules->config.listen;
	const struct gate *gate = &daemon->rules->gate;
	int listener;

	if (at->socket[0] != '\0')
		TRY(listen_unix(at->socket, WAITING_COUNT, &listener));
	else
		TRY(listen_address(at->address, &listener));
	TRY(peers_listen(daemon->peers, listener, gate));
	/* Also where none are given any more: those that were are taken back. */
	TRY(revoker_create(daemon->base, daemon->ledger, gate, &daemon->revoker));
	peers_revoker_set(daemon->peers, daemon->revoker);
	return STATUS_OK;
}

/* What is asked of epoll and taken back in one round isn't asked: no descriptor here is a copy of another one. */
static status make_base(struct event_base **ret_base)
{
	struct event_config *config = event_config_new();

	if (config != NULL && event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		*ret_base = event_base_new_with_config(config);
	if (config != NULL)
		event_config_free(config);
	return *ret_base != NULL ? STATUS_OK : report(STATUS_NO_MEMORY, "out of memory");
}

static status open_control(struct daemon *daemon)
{
	const char *path = daemon->rules->config.control;
	int listener;

	if (path[0] == '\0')
		return STATUS_OK;
	TRY(listen_unix(path, CONTROL_CLIENT_COUNT_MAX, &listener));
	return control_create(daemon->base, listener, obey, daemon, &daemon->control);
}

static status open_all(struct daemon *daemon)
{
	const struct serve_options *options = daemon->options;
	int listener;

	TRY(rules_create(&options->rules, &daemon->rules));
	const struct config *config = &daemon->rules->config;
	TRY(make_base(&daemon->base));
	TRY(open_events(daemon));
	mode_t mask = umask(077); /* what programs printed is in it */
	status made = ledger_create(config->store, &daemon->ledger);
	umask(mask);
	TRY(made);
	TRY(enrol_targets(config, daemon->ledger, NULL));
	TRY(peers_create(daemon->base, daemon->ledger, connection_count(config->connection_count_max), &daemon->peers));
	TRY(station_create(daemon->ledger, peers_send, peers_admit, steady_clock_ns, daemon->peers, &daemon->station));
	enrol_looks(config, daemon->station);
	/* Without evidence it takes no time. */
	if (config->listen.is_there)
		station_crowd_expect(daemon->station, UINT64_C(1000000) * CROWD_MS_EACH * config->target_count);
	peers_station_set(daemon->peers, daemon->station);
	TRY(outputs_create(daemon->ledger, config->outputs, config->output_count, &daemon->outputs));
	if (config->listen.is_there)
		TRY(open_entrance(daemon));
	TRY(open_control(daemon));
	if (options->unproven_socket != NULL) {
		TRY(listen_unix(options->unproven_socket, WAITING_COUNT, &listener));
		TRY(peers_listen_unproven(daemon->peers, listener));
	}
	return open_page(daemon, options->unproven_socket != NULL);
}

static void free_event(struct event *event)
{
	if (event != NULL)
		event_free(event);
}

static void close_all(struct daemon *daemon)
{
	if (daemon->station != NULL)
		station_flush(daemon->station);
	free_event(daemon->page_readable);
	page_destroy(daemon->page);
	control_destroy(daemon->control);
	outputs_destroy(daemon->outputs);
	peers_destroy(daemon->peers);
	revoker_destroy(daemon->revoker);
	station_destroy(daemon->station);
	ledger_destroy(daemon->ledger);
	free_event(daemon->tick);
	free_event(daemon->terminated);
	free_event(daemon->interrupted);
	free_event(daemon->hung_up);
	if (daemon->base != NULL)
		event_base_free(daemon->base);
}

static void unlink_sockets(const struct daemon *daemon)
{
	const struct config *config = &daemon->rules->config;
	const char *const paths[] = {daemon->options->unproven_socket, config->listen.socket, config->page_socket,
				     config->control};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		if (paths[i] != NULL && paths[i][0] != '\0')
			unlink(paths[i]);
}

status serve(const struct serve_options *options)
{
	struct daemon daemon = {.options = options};

	signal(SIGPIPE, SIG_IGN);
	/* The owner's key is in here: no core file, no debugger of the same user. */
	prctl(PR_SET_DUMPABLE, 0);
	/* A file that may not grow is like a disk that is full: told, and survived. */
	signal(SIGXFSZ, SIG_IGN);
	status result = open_all(&daemon);
	if (result == STATUS_OK) {
		fprintf(stderr, "bartizan-verifier: %zu targets are expected, unknown until they are heard\n",
			daemon.rules->config.target_count);
		if (event_base_dispatch(daemon.base) < 0)
			result = report(STATUS_IO, "waiting for connections failed: %m");
	}
	close_all(&daemon);
	if (result == STATUS_OK)
		unlink_sockets(&daemon);
	rules_destroy(daemon.rules);
	return result;
}
