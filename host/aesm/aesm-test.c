/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A service of the test's own behind a socket. Its messages are written by hand after Intel's messages.proto
 * (linux-sgx, psw/ae/common/proto) and the protocol buffers' encoding, not by what is tested. */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/report.h"
#include "base/test.h"
#include "host/aesm/aesm.h"
#include "host/aesm/error.h"

enum {
	ROOM = 128 << 10,
	QUOTE_SIZE = 1000,
	REPORT_PART_SIZE = 384, /* in a quote */
	/* Fields of Request and Response. */
	INIT_QUOTE = 15,
	QUOTE_SIZE_FIELD = 16,
	GET_QUOTE = 17,
	UNSUPPORTED = 20,
	COUNT_KEYS = 21,
	LIST_KEYS = 22,
	ERROR = 1,
};

struct bytes {
	size_t size;
	uint8_t data[ROOM];
};

/* In the order in which the questions come. */
enum question { ASK_COUNT, ASK_KEYS, ASK_KEY_SIZE, ASK_TARGET, ASK_QUOTE_SIZE, ASK_QUOTE, QUESTION_COUNT };

static struct bytes answers[QUESTION_COUNT], questions[QUESTION_COUNT];
static char directory[64], path[96];
static int listener;
static pthread_t server;
static size_t asked_count;
static useconds_t slowness_us; /* of each answer */
static struct aesm aesm;
static char said[1024];
static size_t noticed_count;

static void put(struct bytes *bytes, const void *data, size_t size)
{
	memcpy(bytes->data + bytes->size, data, size);
	bytes->size += size;
}

static void put_varint(struct bytes *bytes, uint64_t value)
{
	for (; value > 127; value >>= 7)
		bytes->data[bytes->size++] = (uint8_t)(value | 128);
	bytes->data[bytes->size++] = (uint8_t)value;
}

static void put_number(struct bytes *bytes, unsigned field, uint64_t value)
{
	put_varint(bytes, field << 3);
	put_varint(bytes, value);
}

static void put_string(struct bytes *bytes, unsigned field, const void *data, size_t size)
{
	put_varint(bytes, field << 3 | 2);
	put_varint(bytes, size);
	put(bytes, data, size);
}

/* The frame of an answer whose member `field` is `inner`. */
static void answer_with(enum question question, unsigned field, const struct bytes *inner)
{
	static struct bytes body;
	struct bytes *answer = &answers[question];

	body.size = answer->size = 0;
	put_string(&body, field, inner->data, inner->size);
	uint32_t size = (uint32_t)body.size;
	put(answer, &size, sizeof size);
	put(answer, body.data, body.size);
}

static void answer_number(enum question question, unsigned field, unsigned member, uint64_t value)
{
	static struct bytes inner;

	inner.size = 0;
	put_number(&inner, ERROR, 0);
	put_number(&inner, member, value);
	answer_with(question, field, &inner);
}

static void answer_string(enum question question, unsigned field, unsigned member, const void *data, size_t size)
{
	static struct bytes inner;

	inner.size = 0;
	put_number(&inner, ERROR, 0);
	put_string(&inner, member, data, size);
	answer_with(question, field, &inner);
}

static void answer_error(enum question question, unsigned field, uint32_t error)
{
	static struct bytes inner;

	inner.size = 0;
	put_number(&inner, ERROR, error);
	answer_with(question, field, &inner);
}

static void make_report(struct sgx_report *report)
{
	for (size_t i = 0; i < sizeof *report; i++)
		((uint8_t *)report)[i] = (uint8_t)(i * 7 + 1);
}

/* A quote of QUOTE_SIZE bytes, as long as its own field says. */
static void make_quote(uint8_t quote[QUOTE_SIZE])
{
	struct sgx_report report;
	const uint32_t size = QUOTE_SIZE - 436;

	make_report(&report);
	memset(quote, 0x5a, QUOTE_SIZE);
	memcpy(quote, (const uint8_t[]){3, 0, 2, 0}, 4);
	memcpy(quote + 48, &report, REPORT_PART_SIZE);
	memcpy(quote + 432, &size, sizeof size);
}

static void make_keys(uint8_t keys[2 * AESM_KEY_ID_SIZE], uint8_t second_algorithm)
{
	memset(keys, 0x11, AESM_KEY_ID_SIZE);
	memset(keys + AESM_KEY_ID_SIZE, 0x22, AESM_KEY_ID_SIZE);
	memcpy(keys + 154, (const uint8_t[]){1, 0, 0, 0}, 4);
	memcpy(keys + AESM_KEY_ID_SIZE + 154, (const uint8_t[]){second_algorithm, 0, 0, 0}, 4);
}

static void be_honest(void)
{
	uint8_t keys[2 * AESM_KEY_ID_SIZE], quote[QUOTE_SIZE + 50] = {0};
	struct sgx_targetinfo target;

	memset(&target, 0x33, sizeof target);
	make_keys(keys, 2);
	make_quote(quote);
	answer_number(ASK_COUNT, COUNT_KEYS, 2, 2);
	answer_string(ASK_KEYS, LIST_KEYS, 2, keys, sizeof keys);
	answer_number(ASK_KEY_SIZE, INIT_QUOTE, 3, 32);
	answer_string(ASK_TARGET, INIT_QUOTE, 2, &target, sizeof target);
	answer_number(ASK_QUOTE_SIZE, QUOTE_SIZE_FIELD, 2, sizeof quote);
	answer_string(ASK_QUOTE, GET_QUOTE, 2, quote, sizeof quote);
}

static void read_question(int file, struct bytes *question)
{
	uint32_t size;

	if (recv(file, &size, sizeof size, MSG_WAITALL) != (ssize_t)sizeof size || size > ROOM ||
	    recv(file, question->data, size, MSG_WAITALL) != (ssize_t)size)
		abort();
	question->size = size;
}

/* One question for each connection, until the listener is shut down. */
static void *serve(void *nothing)
{
	for (int file; (file = accept(listener, NULL, NULL)) >= 0; close(file)) {
		if (asked_count == QUESTION_COUNT)
			abort();
		read_question(file, &questions[asked_count]);
		static struct bytes answer; /* whoever has some of it may go on, and change the next ones */
		answer = answers[asked_count++];
		usleep(slowness_us);
		for (size_t done = 0; done < answer.size;) {
			ssize_t sent = send(file, answer.data + done, answer.size - done, MSG_NOSIGNAL);
			if (sent < 0)
				break; /* it had seen enough */
			done += (size_t)sent;
		}
	}
	return nothing;
}

static void hear(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	if (fault == STATUS_OK)
		noticed_count++;
	snprintf(said, sizeof said, "%s", message);
}

static int set_up(void **state)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	snprintf(directory, sizeof directory, "/tmp/aesm-test-XXXXXX");
	if (mkdtemp(directory) == NULL)
		return -1;
	snprintf(path, sizeof path, "%s/socket", directory);
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	if (listener < 0 || bind(listener, (const struct sockaddr *)&address, sizeof address) != 0 ||
	    listen(listener, 8) != 0)
		return -1;
	asked_count = noticed_count = 0;
	slowness_us = 0;
	be_honest();
	aesm_init(&aesm, path);
	report_sink_set(hear, NULL);
	said[0] = '\0';
	return pthread_create(&server, NULL, serve, NULL);
}

static int tear_down(void **state)
{
	shutdown(listener, SHUT_RDWR);
	pthread_join(server, NULL);
	close(listener);
	report_sink_set(NULL, NULL);
	unlink(path);
	return rmdir(directory);
}

/* As an enclave asks for a quote: for whom, then for it. */
static status get_quote(uint8_t *quote, size_t room, size_t *size)
{
	const struct quoter *quoter = aesm_quoter(&aesm);
	struct sgx_targetinfo target = {0};
	struct sgx_report report;

	make_report(&report);
	TRY(quoter->target(quoter->context, &target));
	assert_int_equal(target.mrenclave[0], 0x33);
	return quoter->quote(quoter->context, &report, quote, room, size);
}

static status fails(void)
{
	static uint8_t quote[16 << 10];
	size_t size = 0;
	status result = get_quote(quote, sizeof quote, &size);

	assert_int_equal(size, 0);
	return result;
}

static void a_quote_comes_back_without_what_stands_behind_it(void **state)
{
	uint8_t quote[16 << 10], expected[QUOTE_SIZE];
	size_t size = 0;

	make_quote(expected);
	assert_int_equal(get_quote(quote, sizeof quote, &size), STATUS_OK);
	assert_int_equal(size, QUOTE_SIZE);
	assert_memory_equal(quote, expected, QUOTE_SIZE);
	assert_string_equal(said, "");
}

static void expect_question(enum question question, unsigned field, const struct bytes *inner)
{
	static struct bytes whole;

	whole.size = 0;
	put_string(&whole, field, inner->data, inner->size);
	assert_int_equal(questions[question].size, whole.size);
	assert_memory_equal(questions[question].data, whole.data, whole.size);
}

static void the_questions_are_what_intels_proto_says(void **state)
{
	static struct bytes inner;
	uint8_t quote[16 << 10], keys[2 * AESM_KEY_ID_SIZE];
	struct sgx_report report;
	size_t size;

	make_keys(keys, 2);
	make_report(&report);
	assert_int_equal(get_quote(quote, sizeof quote, &size), STATUS_OK);
	inner.size = 0;
	put_number(&inner, 9, AESM_TARGET_MS);
	expect_question(ASK_COUNT, COUNT_KEYS, &inner);
	inner.size = 0;
	put_number(&inner, 1, sizeof keys);
	put_number(&inner, 9, AESM_TARGET_MS);
	expect_question(ASK_KEYS, LIST_KEYS, &inner);
	for (int wants = 0; wants < 2; wants++) {
		inner.size = 0;
		put_string(&inner, 1, keys + AESM_KEY_ID_SIZE, AESM_KEY_ID_SIZE);
		put_number(&inner, 3, (uint64_t)wants);
		put_number(&inner, 4, wants ? 32 : 0);
		put_number(&inner, 9, AESM_TARGET_MS);
		expect_question(wants ? ASK_TARGET : ASK_KEY_SIZE, INIT_QUOTE, &inner);
	}
	inner.size = 0;
	put_string(&inner, 1, keys + AESM_KEY_ID_SIZE, AESM_KEY_ID_SIZE);
	put_number(&inner, 9, AESM_QUOTE_MS);
	expect_question(ASK_QUOTE_SIZE, QUOTE_SIZE_FIELD, &inner);
	inner.size = 0;
	put_string(&inner, 1, &report, sizeof report);
	put_string(&inner, 2, keys + AESM_KEY_ID_SIZE, AESM_KEY_ID_SIZE);
	put_number(&inner, 4, QUOTE_SIZE + 50);
	put_number(&inner, 9, AESM_QUOTE_MS);
	expect_question(ASK_QUOTE, GET_QUOTE, &inner);
}

static void where_nothing_listens_it_says_what_to_install(void **state)
{
	unlink(path);
	assert_int_equal(fails(), STATUS_MISSING);
	assert_non_null(strstr(said, "libsgx-aesm-ecdsa-plugin"));
	assert_non_null(strstr(said, path));
	/* A file that is no socket; tear_down() removes it. */
	int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	assert_true(file >= 0);
	close(file);
	assert_int_equal(fails(), STATUS_MISSING);
}

static void a_path_that_is_no_sockets_is_wrong_use(void **state)
{
	char long_path[300];

	memset(long_path, 'x', sizeof long_path);
	long_path[sizeof long_path - 1] = '\0';
	aesm_init(&aesm, long_path);
	assert_int_equal(fails(), STATUS_USAGE);
}

static void all_questions_share_one_time_and_who_waits_is_told_once(void **state)
{
	/* Each answer comes in time, the fourth doesn't: sooner on a slow machine. */
	slowness_us = 300000;
	aesm.target_ms = 1000;
	aesm.notice_ms = 100;
	assert_int_equal(fails(), STATUS_GONE);
	assert_non_null(strstr(said, "hasn't given what was asked for within 1 s"));
	assert_true(noticed_count <= 1);
	slowness_us = 0;
}

static void who_waits_a_while_is_told_and_gets_it(void **state)
{
	uint8_t quote[16 << 10];
	size_t size = 0;

	slowness_us = 20000;
	aesm.notice_ms = 1;
	assert_int_equal(get_quote(quote, sizeof quote, &size), STATUS_OK);
	assert_int_equal(size, QUOTE_SIZE);
	assert_int_equal(noticed_count, 2);
	assert_non_null(strstr(said, "waiting for the AESM service at "));
}

static void each_error_number_is_said_with_what_to_do(void **state)
{
	static const unsigned fields[QUESTION_COUNT] = {COUNT_KEYS, LIST_KEYS,	      INIT_QUOTE,
							INIT_QUOTE, QUOTE_SIZE_FIELD, GET_QUOTE};

	for (int question = 0; question < QUESTION_COUNT; question++) {
		const uint32_t error = 12 + (uint32_t)question;
		char number[32];

		be_honest();
		asked_count = 0;
		aesm_init(&aesm, path);
		answer_error((enum question)question, fields[question], error);
		assert_int_equal(fails(), STATUS_IO);
		snprintf(number, sizeof number, "error %u)", error);
		assert_non_null(strstr(said, number));
		assert_non_null(strstr(said, aesm_error_words(error)));
	}
	assert_non_null(strstr(aesm_error_words(4711), "journalctl"));
}

/* Each spoils one honest answer. */
static void cut_length(void)
{
	answers[ASK_COUNT].size = 3;
}

static void cut_body(void)
{
	answers[ASK_QUOTE].size -= 1;
}

static void no_answer(void)
{
	answers[ASK_TARGET].size = 0;
}

static void announce_too_much(void)
{
	memcpy(answers[ASK_QUOTE].data, (const uint8_t[]){1, 0, 1, 0}, 4);
}

static void announce_everything(void)
{
	memset(answers[ASK_COUNT].data, 0xff, 4);
}

static void no_message(void)
{
	memset(answers[ASK_KEYS].data + 4, 0xff, answers[ASK_KEYS].size - 4);
}

static void empty_message(void)
{
	memset(answers[ASK_KEY_SIZE].data, 0, 4);
	answers[ASK_KEY_SIZE].size = 4;
}

static void length_beyond_the_end(void)
{
	/* Behind frame, tag, and length (two bytes): the member's string of 512 bytes says 16 KiB. */
	answers[ASK_TARGET].data[answers[ASK_TARGET].size - 513] = 0x7f;
}

static void another_answer(void)
{
	answers[ASK_QUOTE] = answers[ASK_QUOTE_SIZE];
}

static void no_error_number(void)
{
	static struct bytes inner;

	inner.size = 0;
	put_number(&inner, 2, 2);
	answer_with(ASK_COUNT, COUNT_KEYS, &inner);
}

static void unknown_question(void)
{
	answer_error(ASK_COUNT, UNSUPPORTED, 0);
}

static void only_epid(void)
{
	uint8_t keys[2 * AESM_KEY_ID_SIZE];

	make_keys(keys, 0);
	answer_string(ASK_KEYS, LIST_KEYS, 2, keys, sizeof keys);
}

static void no_keys(void)
{
	answer_number(ASK_COUNT, COUNT_KEYS, 2, 0);
	answer_string(ASK_KEYS, LIST_KEYS, 2, "", 0);
}

static void too_many_keys(void)
{
	answer_number(ASK_COUNT, COUNT_KEYS, 2, UINT32_MAX);
}

static void fewer_keys_than_said(void)
{
	answer_number(ASK_COUNT, COUNT_KEYS, 2, 3);
}

static void short_target(void)
{
	answer_string(ASK_TARGET, INIT_QUOTE, 2, "short", 5);
}

static void no_target(void)
{
	answer_error(ASK_TARGET, INIT_QUOTE, 0);
}

static void huge_key(void)
{
	answer_number(ASK_KEY_SIZE, INIT_QUOTE, 3, UINT64_MAX);
}

static void huge_quote_size(void)
{
	answer_number(ASK_QUOTE_SIZE, QUOTE_SIZE_FIELD, 2, UINT32_MAX);
}

static void no_quote_size(void)
{
	answer_number(ASK_QUOTE_SIZE, QUOTE_SIZE_FIELD, 2, 0);
}

static void no_quote(void)
{
	answer_error(ASK_QUOTE, GET_QUOTE, 0);
}

static void spoil_quote(size_t offset, uint8_t value, size_t size)
{
	static uint8_t quote[40000];

	make_quote(quote);
	quote[offset] = value;
	answer_string(ASK_QUOTE, GET_QUOTE, 2, quote, size);
}

static void cut_quote(void)
{
	spoil_quote(0, 3, QUOTE_SIZE - 1);
}

static void quotes_own_length_beyond_it(void)
{
	spoil_quote(435, 0xff, QUOTE_SIZE);
}

static void header_of_a_quote(void)
{
	spoil_quote(0, 3, 47);
}

static void empty_quote(void)
{
	answer_string(ASK_QUOTE, GET_QUOTE, 2, "", 0);
}

static void epid_quote(void)
{
	spoil_quote(0, 2, QUOTE_SIZE);
}

static void other_kind_of_key(void)
{
	spoil_quote(2, 3, QUOTE_SIZE);
}

static void other_report_data(void)
{
	spoil_quote(48 + 320, 0, QUOTE_SIZE);
}

static void other_enclave(void)
{
	spoil_quote(48 + 64, 0, QUOTE_SIZE);
}

static void quote_too_large_for_an_enclave(void)
{
	static uint8_t quote[20000];
	const uint32_t size = sizeof quote - 436;

	make_quote(quote);
	memcpy(quote + 432, &size, sizeof size);
	answer_string(ASK_QUOTE, GET_QUOTE, 2, quote, sizeof quote);
}

static void each_wrong_answer_is_refused_with_what_to_do(void **state)
{
	static const struct {
		void (*spoil)(void);
		status result;
		const char *words;
	} rows[] = {
		{cut_length, STATUS_GONE, "hung up before its answer was whole"},
		{cut_body, STATUS_GONE, "hung up before its answer was whole"},
		{no_answer, STATUS_GONE, "restart it"},
		{announce_too_much, STATUS_LIMIT, "announces an answer of 65537 bytes"},
		{announce_everything, STATUS_LIMIT, "is --aesm the right socket?"},
		{no_message, STATUS_MALFORMED, "is no AESM service"},
		{empty_message, STATUS_MALFORMED, "answered something else"},
		{length_beyond_the_end, STATUS_MALFORMED, "is no AESM service"},
		{another_answer, STATUS_MALFORMED, "answered something else than a quote"},
		{no_error_number, STATUS_MALFORMED, "is no AESM service"},
		{unknown_question, STATUS_UNSUPPORTED, "upgrade it to 2.7"},
		{only_epid, STATUS_UNSUPPORTED, "no ECDSA key (2 others"},
		{no_keys, STATUS_UNSUPPORTED, "no ECDSA key (0 others"},
		{too_many_keys, STATUS_MALFORMED, "the number of its keys"},
		{fewer_keys_than_said, STATUS_MALFORMED, "its keys"},
		{short_target, STATUS_MALFORMED, "TARGETINFO"},
		{no_target, STATUS_MALFORMED, "TARGETINFO"},
		{huge_key, STATUS_MALFORMED, "the size of its key"},
		{huge_quote_size, STATUS_LIMIT, "a quote of 4294967295 bytes"},
		{no_quote_size, STATUS_MALFORMED, "a quote's size"},
		{no_quote, STATUS_MALFORMED, "it gave a quote"},
		{cut_quote, STATUS_MALFORMED, "is cut"},
		{quotes_own_length_beyond_it, STATUS_MALFORMED, "is cut"},
		{header_of_a_quote, STATUS_MALFORMED, "of 47 bytes is cut"},
		{empty_quote, STATUS_MALFORMED, "of 0 bytes is cut"},
		{epid_quote, STATUS_UNSUPPORTED, "a quote of version 2"},
		{other_kind_of_key, STATUS_UNSUPPORTED, "with a key of type 3"},
		{other_report_data, STATUS_MALFORMED, "about another report"},
		{other_enclave, STATUS_MALFORMED, "about another report"},
		{quote_too_large_for_an_enclave, STATUS_LIMIT, "an enclave takes 16384"},
	};

	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		be_honest();
		asked_count = 0;
		aesm_init(&aesm, path);
		said[0] = '\0';
		rows[i].spoil();
		status result = fails();
		if (result != rows[i].result || strstr(said, rows[i].words) == NULL)
			fail_msg("row %zu: status %d, \"%s\"", i, result, said);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_quote_comes_back_without_what_stands_behind_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(the_questions_are_what_intels_proto_says, set_up, tear_down),
		cmocka_unit_test_setup_teardown(where_nothing_listens_it_says_what_to_install, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_path_that_is_no_sockets_is_wrong_use, set_up, tear_down),
		cmocka_unit_test_setup_teardown(all_questions_share_one_time_and_who_waits_is_told_once, set_up,
						tear_down),
		cmocka_unit_test_setup_teardown(who_waits_a_while_is_told_and_gets_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_error_number_is_said_with_what_to_do, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_wrong_answer_is_refused_with_what_to_do, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("aesm", tests, NULL, NULL);
}
