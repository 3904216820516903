/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak-calls' part on what stands between an enclave and its remote verifier: quotes, the connection's bytes, and
 * what is sealed for the next run. The host is the one that `bartizan run` has, but for who makes quotes; the
 * enclave's side is enclave/attest's and enclave/duty's, with stand-ins for the CPU's two instructions.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "agent/primitives.h"
#include "calls.h"
#include "enclave/attest/quote.h"
#include "enclave/attest/transfer.h"
#include "enclave/duty/unsent.h"
#include "enclave/runtime/enclu.h"
#include "host/serve/quoter.h"
#include "host/serve/unsent.h"
#include "host/serve/verifier-client.h"

enum {
	RECORD_COUNT = 3,
	CONTENT_SIZE = 100,
	QUOTE_SIZE = 5000,
	SENT_SIZE_MAX = 20000, /* more than goes at once */
	PATH_SIZE = 96,
};

static char place[PATH_SIZE], unsent_path[PATH_SIZE];
static int listener = -1, peer = -1; /* the verifier's ends */
static struct verifier_client *client;
static struct unsent_files *files;
static const struct link_primitives *primitives;
static struct results results = {.stream = "the stream", .target = "qemu:1"};
static struct result *record[RECORD_COUNT];
static uint8_t stream_bytes[SENT_SIZE_MAX];
/* Which of the two calls that make a quote are lied about: bits 0 and 1. */
static unsigned quote_lies;
static bool makes_quote;
static bool would_fault; /* the CPU, at what it was given */

static _Noreturn void give_up(const char *what)
{
	fprintf(stderr, "soak-calls: %s: %s\n", what, strerror(errno));
	exit(2);
}

/* ---- in the CPU's place */

status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
		      struct sgx_report *ret_report)
{
	const uint8_t *bytes = (const uint8_t *)target;

	*ret_report = (struct sgx_report){.isv_svn = 1};
	memcpy(ret_report->report_data, report_data, SGX_REPORT_DATA_SIZE);
	/* SDM vol. 3D, EREPORT. */
	for (size_t i = 0; i < sizeof *target; i++)
		would_fault |= bytes[i] != 0 && (i == 49 || (i >= 56 && i < 64) || i >= 128);
	/* It stands between the two calls. */
	if (makes_quote)
		calls_lying = quote_lies & 2;
	return STATUS_OK;
}

/* Another key for each that is asked for. */
status runtime_key(const struct sgx_keyrequest *request, uint8_t ret_key[SGX_KEY_SIZE])
{
	const uint8_t *bytes = (const uint8_t *)request;

	memset(ret_key, 0x17, SGX_KEY_SIZE);
	for (size_t i = 0; i < sizeof *request; i++)
		ret_key[i % SGX_KEY_SIZE] ^= (uint8_t)(bytes[i] + i / SGX_KEY_SIZE);
	return STATUS_OK;
}

/* ---- quotes */

static status say_target(void *context, struct sgx_targetinfo *ret_target)
{
	(void)context;
	*ret_target = (struct sgx_targetinfo){.attributes = {SGX_ATTRIBUTE_INIT, SGX_XFRM_LEGACY}};
	memset(ret_target->mrenclave, 0x33, sizeof ret_target->mrenclave);
	return STATUS_OK;
}

static uint8_t quote_byte(const uint8_t *data, size_t i)
{
	return (uint8_t)(data[i % SGX_REPORT_DATA_SIZE] + i / SGX_REPORT_DATA_SIZE);
}

static status make_quote(void *context, const struct sgx_report *report, uint8_t *quote, size_t size, size_t *ret_size)
{
	(void)context;
	if (size < QUOTE_SIZE)
		return STATUS_LIMIT;
	for (size_t i = 0; i < QUOTE_SIZE; i++)
		quote[i] = quote_byte(report->report_data, i);
	*ret_size = QUOTE_SIZE;
	return STATUS_OK;
}

static const struct quoter honest_quoter = {.target = say_target, .quote = make_quote};

enum verdict try_quote(void)
{
	uint8_t data[SGX_REPORT_DATA_SIZE];
	size_t size = SIZE_MAX;

	for (size_t i = 0; i < sizeof data; i++)
		data[i] = (uint8_t)calls_below(256);
	would_fault = false;
	quote_lies = 1 + (unsigned)calls_below(3);
	makes_quote = true;
	calls_lying = quote_lies & 1;
	status result = attest_quote(data, calls_memory.room, &size);
	makes_quote = false;
	if (would_fault)
		return calls_bad("a TARGETINFO at which EREPORT faults");
	if (!calls_room_is_untouched_from(result == STATUS_OK ? size : 0))
		return calls_bad("more was written than the quote");
	if (result != STATUS_OK)
		return size == SIZE_MAX ? calls_status_verdict(result) : calls_bad("refused, and a size all the same");
	if (size < 1 || size > EVIDENCE_QUOTE_SIZE_MAX)
		return calls_bad("a quote of %zu bytes", size);
	for (size_t i = 0; i < size && calls_answer_is_honest(); i++)
		if (size != QUOTE_SIZE || calls_memory.room[i] != quote_byte(data, i))
			return calls_bad("another quote, of %zu bytes", size);
	return HARMLESS;
}

/* ---- the connection */

/* The verifier's end of the newest connection; how many there were since. */
static int take_connections(void)
{
	int count = 0, taken;

	while ((taken = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		if (peer >= 0)
			close(peer);
		peer = taken;
		count++;
	}
	return count;
}

/* What the verifier gets: at most `size` bytes. */
static size_t take_bytes(uint8_t *bytes, size_t size)
{
	ssize_t count = recv(peer, bytes, size, 0);

	return count > 0 ? (size_t)count : 0;
}

/* So that the next try finds an empty one. */
static void drain(void)
{
	static uint8_t nothing[SENT_SIZE_MAX];

	while (take_bytes(nothing, sizeof nothing) > 0)
		;
	while (verifier_client_receive(client, nothing, sizeof nothing, 0) > 0)
		;
}

enum verdict try_verifier_send(void)
{
	static uint8_t got[2 * SENT_SIZE_MAX];
	size_t size = 1 + calls_below(SENT_SIZE_MAX);

	calls_lying = true;
	int count = transfer_send(stream_bytes, size);
	calls_lying = false;
	size_t arrived = take_bytes(got, sizeof got);
	drain();
	if (count > (int)size || count > TRANSFER_SIZE_MAX)
		return calls_bad("%d of %zu bytes", count, size);
	if (calls_answer_is_honest() && count > 0 &&
	    (arrived != (size_t)count || memcmp(got, stream_bytes, arrived) != 0))
		return calls_bad("%d bytes were sent, and %zu arrived", count, arrived);
	return count < 0 ? REFUSED : HARMLESS;
}

enum verdict try_verifier_receive(void)
{
	size_t size = 1 + calls_below(SENT_SIZE_MAX), there = 1 + calls_below(SENT_SIZE_MAX);
	size_t expected = there < size ? there : size;

	if (expected > TRANSFER_SIZE_MAX)
		expected = TRANSFER_SIZE_MAX;
	if (send(peer, stream_bytes, there, MSG_NOSIGNAL) != (ssize_t)there)
		give_up("a socket takes nothing");
	calls_lying = true;
	int count = transfer_receive(calls_memory.room, size, 0);
	calls_lying = false;
	drain();
	if (count > (int)size || count > TRANSFER_SIZE_MAX)
		return calls_bad("%d of %zu bytes", count, size);
	if (!calls_room_is_untouched_from(count > 0 ? (size_t)count : 0))
		return calls_bad("%d bytes, and more was written", count);
	if (calls_answer_is_honest() && count >= 0 &&
	    ((size_t)count != expected || memcmp(calls_memory.room, stream_bytes, expected) != 0))
		return calls_bad("%d bytes that aren't the connection's %zu", count, expected);
	return count < 0 ? REFUSED : HARMLESS;
}

enum verdict try_verifier_connect(void)
{
	calls_lying = true;
	status result = transfer_connect();
	calls_lying = false;
	int made = take_connections();
	if (result != STATUS_OK && result != STATUS_IO)
		return calls_bad("status %d", result);
	if (calls_answer_is_honest() && result == STATUS_OK && made != 1)
		return calls_bad("a connection, and %d were made", made);
	return calls_status_verdict(result);
}

/* ---- what is sealed for the next run */

enum verdict try_unsent_put(void)
{
	calls_lying = true;
	status result = unsent_keep(primitives, &results, record[calls_below(RECORD_COUNT)]);
	calls_lying = false;
	if (unsent_clear(files, CALL_UNSENT_OWN) != STATUS_OK)
		give_up("a file can't be removed");
	if (calls_answer_is_honest() && status_is_fault(result) && result != STATUS_IO)
		return calls_bad("status %d", result);
	return calls_status_verdict(result);
}

static bool is_record(const struct unsent *unsent, size_t number)
{
	return memcmp(unsent->stream, results.stream, sizeof unsent->stream) == 0 &&
	       memcmp(unsent->target, results.target, sizeof unsent->target) == 0 &&
	       unsent->size == record[number]->size && memcmp(unsent->body, record[number]->body, unsent->size) == 0;
}

/* The host may show an older one in place of that: nothing that wasn't sealed here. */
enum verdict try_unsent_get(void)
{
	struct unsent *unsent = (struct unsent *)calls_memory.room;
	size_t number = calls_below(RECORD_COUNT + 1), found = 0;

	static_assert(sizeof *unsent <= ROOM_SIZE, "a record has room");
	calls_lying = true;
	status result = unsent_find(primitives, 0, number, unsent);
	if (result == STATUS_END && calls_answer_is_honest() && number < RECORD_COUNT)
		return calls_bad("record %zu isn't there", number);
	if (result != STATUS_OK)
		return calls_room_is_untouched_from(0) ? calls_status_verdict(result)
						       : calls_bad("refused, and written all the same");
	while (found < RECORD_COUNT && !is_record(unsent, found))
		found++;
	if (found == RECORD_COUNT || (calls_answer_is_honest() && found != number))
		return calls_bad("what nobody has sealed as number %zu", number);
	return HARMLESS;
}

enum verdict try_unsent_clear(void)
{
	calls_lying = true;
	/* One that there isn't: the others are still wanted. Whatever is said of it is the host's word. */
	unsent_forget(calls_below(2) ? CALL_UNSENT_OWN : 1 + calls_below(1000));
	return HARMLESS;
}

/* ---- */

static void make_listener(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(address.sun_path, sizeof address.sun_path, "%s", place + strlen("unix:"));
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (listener < 0 || bind(listener, (struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 64) != 0)
		give_up(address.sun_path);
}

static void make_record(size_t i)
{
	const struct verifier_result head = {.number = i + 1, .kind = VERIFIER_RESULT_OUTPUT};

	record[i] = calloc(1, sizeof *record[i] + sizeof head + CONTENT_SIZE);
	if (record[i] == NULL)
		give_up("no memory");
	record[i]->number = i + 1;
	record[i]->size = sizeof head + CONTENT_SIZE / (i + 1);
	memcpy(record[i]->body, &head, sizeof head);
	memset(record[i]->body + sizeof head, (int)(i + 1), CONTENT_SIZE);
}

void calls_verifier_init(const char *directory)
{
	snprintf(place, sizeof place, "unix:%s/verifier", directory);
	snprintf(unsent_path, sizeof unsent_path, "%s/unsent", directory);
	for (size_t i = 0; i < sizeof stream_bytes; i++)
		stream_bytes[i] = (uint8_t)(1 + i % 253);
	for (size_t i = 0; i < RECORD_COUNT; i++)
		make_record(i);
	if (agent_primitives(&primitives) != STATUS_OK)
		exit(2);
	make_listener();
}

/* A run that is over has left its records. */
static void leave_records(struct serve *serve)
{
	if (unsent_files_create(unsent_path, &files) != STATUS_OK)
		exit(2);
	serve->unsent = files;
	for (size_t i = 0; i < RECORD_COUNT; i++)
		if (unsent_keep(primitives, &results, record[i]) != STATUS_OK)
			give_up("a record can't be kept");
	unsent_files_destroy(files);
	if (unsent_files_create(unsent_path, &files) != STATUS_OK)
		exit(2);
	serve->unsent = files;
}

static void remove_records(void)
{
	if (files == NULL)
		return;
	/* Looks for them, and holds them. */
	(void)unsent_get(files, 0, 0, calls_memory.room, ROOM_SIZE);
	if (unsent_clear(files, 0) != STATUS_OK)
		give_up("a file can't be removed");
	unsent_files_destroy(files);
	files = NULL;
}

void calls_verifier_renew(struct serve *serve)
{
	remove_records();
	verifier_client_destroy(client);
	serve->quoter = &honest_quoter;
	if (verifier_client_create(place, &client) != STATUS_OK || take_connections() < 1)
		give_up("no connection");
	serve->verifier = client;
	leave_records(serve);
}

void calls_verifier_deinit(void)
{
	remove_records();
	verifier_client_destroy(client);
	if (peer >= 0)
		close(peer);
	close(listener);
	(void)unlink(place + strlen("unix:"));
	for (size_t i = 0; i < RECORD_COUNT; i++)
		free(record[i]);
}
