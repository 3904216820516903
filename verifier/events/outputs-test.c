/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Bursts of events, over a disk and a server that take their time. */
#include "base/test.h"

#include <arpa/inet.h>
#include <jansson.h>
#include <pthread.h>
#include <semaphore.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/report.h"
#include "verifier/events/outputs.h"
#include "verifier/ledger/cut-disk.h"
#include "wire/verifier.h"

enum { BURST = 1000, BATCHES = (BURST + OUTPUT_EVENT_COUNT_MAX - 1) / OUTPUT_EVENT_COUNT_MAX, TRIES = 30000 };

static char directory[] = "/tmp/outputs-XXXXXX";
static struct ledger *ledger;
static struct outputs *outputs;
static struct output_settings settings;
static uint64_t now_ns;
/* The disk: each sync is counted, and waits for its turn where the gate is closed. */
static int sync_count;
static bool is_gate_closed;
static sem_t reached, opened;

/* In place of libc's: the ledger's disk is another one (cut-disk.h), so it is the outputs' alone. */
int fdatasync(int file)
{
	(void)file;
	sync_count++;
	if (is_gate_closed) {
		sem_post(&reached);
		sem_wait(&opened);
	}
	return 0;
}

/* What events have taken, as the server says (struct server). */
static _Atomic uint64_t passed_ns;

/* In place of libc's: the steady clock goes slowly, so that a busy machine's pauses end no batch. */
int clock_gettime(clockid_t clock, struct timespec *ret_now)
{
	const int result = (int)syscall(SYS_clock_gettime, clock, ret_now);

	if (clock == CLOCK_MONOTONIC) {
		const uint64_t slow_ns = ((uint64_t)ret_now->tv_sec * 1000000000 + (uint64_t)ret_now->tv_nsec) / 32;

		ret_now->tv_sec = (time_t)((slow_ns + passed_ns) / 1000000000);
		ret_now->tv_nsec = (long)((slow_ns + passed_ns) % 1000000000);
	}
	return result;
}

static bool is_memory_short;

/* In place of jansson's, which lines and webhooks' bodies are made with, but not syslog's datagrams. */
char *json_dumps(const json_t *json, size_t flags)
{
	const size_t size = json_dumpb(json, NULL, 0, flags);
	char *text = is_memory_short ? NULL : calloc(1, size + 1);

	if (text != NULL)
		(void)json_dumpb(json, text, size, flags);
	return text;
}

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static void open_outputs(void)
{
	assert_int_equal(outputs_create(ledger, &settings, 1, &outputs), STATUS_OK);
}

static void begin(enum output_kind kind, const char *place)
{
	report_sink_set(drop, NULL);
	cut_disk_init(1);
	sync_count = 0;
	now_ns = 1;
	settings = (struct output_settings){.kind = kind};
	snprintf(settings.place, sizeof settings.place, "%s", place);
	unlink(place);
	assert_int_equal(ledger_create_through("/ledger", CUT_DISK_VFS, &ledger), STATUS_OK);
	open_outputs();
}

static void end(void)
{
	outputs_destroy(outputs);
	ledger_destroy(ledger);
	cut_disk_deinit();
}

static void burst(int from, int to)
{
	char text[32];

	assert_int_equal(ledger_batch_begin(ledger), STATUS_OK);
	for (int i = from; i < to; i++) {
		snprintf(text, sizeof text, "number %d.", i);
		assert_int_equal(ledger_alert_raise(ledger, "t", "missing", text, 1750420800), STATUS_OK);
	}
	assert_int_equal(ledger_batch_end(ledger), STATUS_OK);
}

/* The next one of its stream; `content` is a result's from its kind on. */
static void keep_finding(struct ledger_finding *finding, struct span content)
{
	uint64_t expected;

	finding->number++;
	finding->content = content;
	assert_int_equal(ledger_finding_keep(ledger, finding, &expected), STATUS_OK);
	assert_int_equal(ledger_chain_hash(finding->previous, finding->name, finding->stream, finding->number, content,
					   finding->previous),
			 STATUS_OK);
	finding->content = (struct span){0};
}

static struct output_figures serve_once(void)
{
	struct output_figures figures;

	assert_int_equal(outputs_serve(outputs, now_ns), STATUS_OK);
	outputs_figures(outputs, 0, &figures);
	return figures;
}

/* Until nothing waits. */
static struct output_figures serve_all(void)
{
	struct output_figures figures = serve_once();

	for (int i = 0; figures.behind_count > 0; i++) {
		assert_true(i < TRIES);
		usleep(1000);
		figures = serve_once();
	}
	return figures;
}

/* Each once, in their order. */
static void check_file(int count)
{
	char line[4096], text[32];
	FILE *file = fopen(settings.place, "re");
	int i = 0;

	if (file == NULL) {
		fail_msg("%s isn't there", settings.place);
		return;
	}
	for (; fgets(line, sizeof line, file) != NULL; i++) {
		snprintf(text, sizeof text, "number %d.", i);
		assert_non_null(strstr(line, text));
	}
	fclose(file);
	assert_int_equal(i, count);
}

static const char *in_directory(const char *name)
{
	static char path[64];

	snprintf(path, sizeof path, "%s/%s", directory, name);
	return path;
}

static void a_burst_into_a_file_costs_a_sync_for_each_batch(void **state)
{
	(void)state;
	begin(OUTPUT_JSONL, in_directory("burst"));
	burst(0, BURST);
	assert_int_equal(serve_all().delivered_count, BURST);
	check_file(BURST);
	assert_int_equal(sync_count, BATCHES);
	end();
}

static void a_disk_that_stands_still_holds_up_nobody_and_loses_nothing(void **state)
{
	(void)state;
	begin(OUTPUT_JSONL, in_directory("still"));
	is_gate_closed = true;
	burst(0, 10);
	serve_once();
	sem_wait(&reached);
	/* Whoever serves goes on meanwhile, and what comes waits in the ledger. */
	for (int i = 1; i < 50; i++) {
		burst(10 * i, 10 * i + 10);
		assert_int_equal(serve_once().behind_count, 10 * i + 10);
	}
	assert_int_equal(sync_count, 1);
	is_gate_closed = false;
	sem_post(&opened);
	assert_int_equal(serve_all().delivered_count, 500);
	check_file(500);
	end();
}

static void what_was_delivered_does_not_come_again_after_an_end(void **state)
{
	(void)state;
	begin(OUTPUT_JSONL, in_directory("end"));
	is_gate_closed = true;
	burst(0, 20);
	serve_once();
	sem_wait(&reached);
	burst(20, 30);
	/* Nobody asks any more how far it came. */
	is_gate_closed = false;
	sem_post(&opened);
	outputs_destroy(outputs);
	check_file(20);
	open_outputs();
	serve_all();
	check_file(30);
	end();
}

static void a_file_that_cannot_be_opened_costs_nothing(void **state)
{
	(void)state;
	begin(OUTPUT_JSONL, "/nonexistent/directory/events");
	burst(0, 300);
	for (int i = 0; serve_once().failure_count < 3; i++) {
		assert_true(i < TRIES);
		now_ns += 1000000000;
		usleep(1000);
	}
	assert_int_equal(serve_once().delivered_count, 0);
	assert_int_equal(serve_once().behind_count, 300);
	end();
}

static void a_burst_of_datagrams_waits_for_its_reader(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	char place[128], text[32], datagram[2049];
	int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", in_directory("syslog"));
	snprintf(place, sizeof place, "unix:%s", address.sun_path);
	if (file < 0 || bind(file, (struct sockaddr *)&address, sizeof address) != 0) {
		fail_msg("no socket at %s", place);
		return;
	}
	begin(OUTPUT_SYSLOG, place);
	burst(0, BURST);
	for (int i = 0; i < BURST; i++) {
		/* A batch goes by itself; nobody was refused, so nothing was paused. */
		if (i % OUTPUT_EVENT_COUNT_MAX == 0)
			for (int tries = 0; serve_once().delivered_count < (uint64_t)i; tries++) {
				assert_true(tries < TRIES);
				usleep(1000);
			}
		if (i % OUTPUT_EVENT_COUNT_MAX == 0)
			serve_once();
		ssize_t size = recv(file, datagram, sizeof datagram - 1, 0);
		assert_true(size > 0);
		datagram[size] = '\0';
		snprintf(text, sizeof text, "number %d.", i);
		assert_non_null(strstr(datagram, text));
	}
	assert_int_equal(serve_all().failure_count, 0);
	close(file);
	end();
}

static void an_output_without_memory_starves_no_other(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	struct output_settings both[2] = {{.kind = OUTPUT_JSONL}, {.kind = OUTPUT_SYSLOG}};
	const struct timeval patience = {.tv_sec = 20};
	struct output_figures figures;
	char datagram[2048];
	int file = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)state;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", in_directory("second"));
	snprintf(both[1].place, sizeof both[1].place, "unix:%s", address.sun_path);
	if (file < 0 || setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
	    bind(file, (struct sockaddr *)&address, sizeof address) != 0) {
		fail_msg("no socket at %s", both[1].place);
		return;
	}
	begin(OUTPUT_JSONL, in_directory("short"));
	outputs_destroy(outputs);
	both[0] = settings;
	assert_int_equal(outputs_create(ledger, both, 2, &outputs), STATUS_OK);
	burst(0, 1);
	is_memory_short = true;
	assert_int_equal(outputs_serve(outputs, now_ns), STATUS_NO_MEMORY);
	assert_true(recv(file, datagram, sizeof datagram, 0) > 0);
	/* It pauses. */
	figures = serve_once();
	assert_true(figures.is_failing);
	assert_int_equal(figures.failure_count, 1);
	is_memory_short = false;
	now_ns += UINT64_C(1000000) * OUTPUT_PAUSE_MS_MIN;
	assert_int_equal(serve_all().delivered_count, 1);
	check_file(1);
	close(file);
	end();
}

/* ---- a web server for one client */

struct server {
	int listener;
	int refuse_at; /* the number of the one that isn't taken at first; -1: all are */
	int taken_count, connection_count;
	uint64_t cost_ns; /* what it takes over each */
	bool is_wrong; /* not the next one */
	sem_t batch; /* posted when OUTPUT_EVENT_COUNT_MAX have come */
};

/* False: the client has hung up. */
static bool read_request(FILE *stream, char *body, size_t size)
{
	size_t length = 0;
	char line[512];

	while (fgets(line, sizeof line, stream) != NULL && strcmp(line, "\r\n") != 0)
		if (strncasecmp(line, "Content-Length:", 15) == 0)
			length = strtoul(line + 15, NULL, 10);
	if (length == 0 || length >= size || fread(body, 1, length, stream) != length)
		return false;
	body[length] = '\0';
	return true;
}

static bool answer_one(struct server *server, FILE *stream, int file)
{
	static const char good[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
	static const char bad[] = "HTTP/1.1 503 Not now\r\nContent-Length: 0\r\n\r\n";
	char body[8192], text[32];

	if (!read_request(stream, body, sizeof body))
		return false;
	if (server->taken_count == server->refuse_at) {
		server->refuse_at = -1;
		return send(file, bad, sizeof bad - 1, MSG_NOSIGNAL) > 0;
	}
	snprintf(text, sizeof text, "number %d.", server->taken_count);
	server->is_wrong = server->is_wrong || strstr(body, text) == NULL;
	passed_ns += server->cost_ns;
	const bool is_sent = send(file, good, sizeof good - 1, MSG_NOSIGNAL) > 0;
	if (++server->taken_count == OUTPUT_EVENT_COUNT_MAX)
		sem_post(&server->batch);
	return is_sent;
}

static void *serve_http(void *context)
{
	struct server *server = context;
	int file;

	while ((file = accept(server->listener, NULL, NULL)) >= 0) {
		FILE *stream = fdopen(file, "r");

		server->connection_count++;
		while (stream != NULL && answer_one(server, stream, file))
			;
		if (stream != NULL)
			fclose(stream);
	}
	return NULL;
}

static void start_server(struct server *server, pthread_t *thread, char place[static 64])
{
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof address;

	sem_init(&server->batch, 0, 0);
	server->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (server->listener < 0 || bind(server->listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(server->listener, 8) != 0)
		exit(EXIT_FAILURE);
	assert_int_equal(getsockname(server->listener, (struct sockaddr *)&address, &size), 0);
	snprintf(place, 64, "http://127.0.0.1:%u/", ntohs(address.sin_port));
	assert_int_equal(pthread_create(thread, NULL, serve_http, server), 0);
}

static void end_server(struct server *server, pthread_t thread)
{
	shutdown(server->listener, SHUT_RDWR);
	pthread_join(thread, NULL);
	close(server->listener);
	assert_false(server->is_wrong);
}

static void a_webhook_gets_a_whole_batch_without_being_asked_again(void **state)
{
	struct server server = {.refuse_at = -1};
	pthread_t thread;
	char place[64];

	(void)state;
	start_server(&server, &thread, place);
	begin(OUTPUT_WEBHOOK, place);
	burst(0, BURST);
	serve_once();
	sem_wait(&server.batch);
	assert_int_equal(serve_all().delivered_count, BURST);
	end();
	end_server(&server, thread);
	assert_int_equal(server.taken_count, BURST);
	assert_int_equal(server.connection_count, 1);
}

static void a_webhook_that_refuses_one_gets_it_and_those_behind_it_later(void **state)
{
	struct server server = {.refuse_at = 100};
	struct output_figures figures;
	pthread_t thread;
	char place[64];

	(void)state;
	start_server(&server, &thread, place);
	begin(OUTPUT_WEBHOOK, place);
	burst(0, 300);
	for (figures = serve_once(); figures.failure_count == 0; figures = serve_once())
		usleep(1000);
	assert_int_equal(figures.delivered_count, 100);
	assert_true(figures.is_failing);
	/* Not before its pause is over. */
	for (int i = 0; i < 20; i++, usleep(1000))
		assert_int_equal(serve_once().delivered_count, 100);
	now_ns += UINT64_C(1000000) * OUTPUT_PAUSE_MS_MIN;
	figures = serve_all();
	assert_int_equal(figures.delivered_count, 300);
	assert_false(figures.is_failing);
	end();
	end_server(&server, thread);
	assert_int_equal(server.taken_count, 300);
}

static void keep_numbered(struct ledger_finding *finding, int number)
{
	const struct verifier_result head = {.kind = VERIFIER_RESULT_FINDING, .program = "p"};
	const size_t head_size = sizeof head - offsetof(struct verifier_result, kind);
	uint8_t content[256];

	memcpy(content, &head.kind, head_size);
	const int size =
		snprintf((char *)content + head_size, sizeof content - head_size, "{\"text\":\"number %d.\"}", number);
	keep_finding(finding, (struct span){content, head_size + (size_t)size});
}

static void an_alert_goes_before_the_rest_of_a_slow_batch(void **state)
{
	struct ledger_finding finding = {.name = "t", .stream = {1}, .at = 1750420800};
	struct server server = {.refuse_at = -1, .cost_ns = UINT64_C(400000000)};
	pthread_t thread;
	char place[64];

	(void)state;
	start_server(&server, &thread, place);
	begin(OUTPUT_WEBHOOK, place);
	assert_int_equal(ledger_target_enrol(ledger, "t", 1000), STATUS_OK);
	/* A second is over with the third: the alert is number 3, whatever waits. */
	for (int i = 0; i < 20; i++)
		keep_numbered(&finding, i < 3 ? i : i + 1);
	serve_once();
	burst(3, 4);
	assert_int_equal(serve_all().delivered_count, 21);
	assert_int_equal(serve_once().failure_count, 0);
	end();
	end_server(&server, thread);
	assert_int_equal(server.taken_count, 21);
}

static void large_findings_are_read_by_a_few_at_a_time(void **state)
{
	/* Not JSON: little is told of it. */
	static uint8_t content[OUTPUT_LOOK_SIZE_MAX / 4] = {VERIFIER_RESULT_FINDING};
	struct ledger_finding finding = {.name = "t", .stream = {1}, .at = 1750420800};

	(void)state;
	begin(OUTPUT_JSONL, in_directory("large"));
	assert_int_equal(ledger_target_enrol(ledger, "t", 1000), STATUS_OK);
	for (int i = 0; i < 12; i++)
		keep_finding(&finding, (struct span){content, sizeof content});
	assert_int_equal(serve_all().delivered_count, 12);
	assert_int_equal(sync_count, 3);
	end();
}

static void what_a_program_printed_is_passed_over(void **state)
{
	struct ledger_finding finding = {.name = "t", .stream = {1}, .at = 1750420800};
	const uint8_t content[200] = {1};

	(void)state;
	begin(OUTPUT_JSONL, in_directory("outputs"));
	assert_int_equal(ledger_target_enrol(ledger, "t", 1000), STATUS_OK);
	assert_int_equal(ledger_batch_begin(ledger), STATUS_OK);
	while (finding.number < UINT64_C(3) * OUTPUT_LOOK_COUNT_MAX)
		keep_finding(&finding, (struct span){content, sizeof content});
	assert_int_equal(ledger_batch_end(ledger), STATUS_OK);
	serve_once();
	serve_once();
	assert_int_equal(serve_once().behind_count, 0);
	assert_int_equal(serve_once().delivered_count, 0);
	assert_int_equal(access(settings.place, F_OK), -1);
	end();
}

static int set_up(void **state)
{
	(void)state;
	sem_init(&reached, 0, 0);
	sem_init(&opened, 0, 0);
	return mkdtemp(directory) != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	static const char *const names[] = {"burst", "still", "end", "syslog", "second", "short", "large", "outputs"};

	(void)state;
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		unlink(in_directory(names[i]));
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_burst_into_a_file_costs_a_sync_for_each_batch),
		cmocka_unit_test(a_disk_that_stands_still_holds_up_nobody_and_loses_nothing),
		cmocka_unit_test(what_was_delivered_does_not_come_again_after_an_end),
		cmocka_unit_test(a_file_that_cannot_be_opened_costs_nothing),
		cmocka_unit_test(a_burst_of_datagrams_waits_for_its_reader),
		cmocka_unit_test(an_output_without_memory_starves_no_other),
		cmocka_unit_test(a_webhook_gets_a_whole_batch_without_being_asked_again),
		cmocka_unit_test(a_webhook_that_refuses_one_gets_it_and_those_behind_it_later),
		cmocka_unit_test(an_alert_goes_before_the_rest_of_a_slow_batch),
		cmocka_unit_test(large_findings_are_read_by_a_few_at_a_time),
		cmocka_unit_test(what_a_program_printed_is_passed_over),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
