/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Firmware's end is played here: smi-port.c isn't linked. */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/report.h"
#include "host/serve/smi.h"
#include "link/message.h"

/* What "firmware" does at the next calls. */
static struct {
	status open;
	uint64_t silent_count; /* calls that nobody answers */
	uint64_t refusal_count; /* calls that are refused */
	enum firmware_refusal refusal;
	uint64_t number;
	uint32_t session; /* of the last message */
	struct smi_head answer; /* magic 0: an honest one */
	uint32_t message_size;
	bool was_resident;
	size_t shown_size; /* of the buffer, at the last call */
	size_t wanted_size; /* what the answer takes; 0: no matter */
} firmware;

static char said[512];

static void keep(void *context, status fault, const char *message)
{
	(void)context, (void)fault;
	snprintf(said, sizeof said, "%s", message);
}

status smi_port_open(void)
{
	return firmware.open;
}

/* As the kernel sees it: every page there. */
static bool is_resident(void *buffer, size_t size)
{
	unsigned char pages[SMI_BUFFER_SIZE_MAX / 4096];

	if (size > SMI_BUFFER_SIZE_MAX || (uintptr_t)buffer % 4096 != 0 || mincore(buffer, size, pages) != 0)
		return false;
	for (size_t i = 0; i < size / 4096; i++)
		if ((pages[i] & 1) == 0)
			return false;
	return true;
}

uint64_t smi_port_call(void *buffer, size_t size)
{
	struct smi_head *head = buffer;
	uint8_t *message = (uint8_t *)(head + 1);

	firmware.was_resident = is_resident(buffer, size);
	firmware.shown_size = size;
	if (firmware.silent_count > 0) {
		firmware.silent_count--;
		return SMI_CALLER;
	}
	firmware.number++;
	if (firmware.refusal_count > 0) {
		firmware.refusal_count--;
		return firmware.number << SMI_REFUSAL_BITS | firmware.refusal;
	}
	if (size < firmware.wanted_size)
		return firmware.number << SMI_REFUSAL_BITS | FIRMWARE_REPLY_SIZE;
	assert_int_equal(head->magic, SMI_HEAD_MAGIC);
	assert_int_equal(head->zero, 0);
	firmware.session = head->session;
	firmware.message_size = head->size;
	if (head->size == 0) {
		const struct agent_hello hello = {.version = 1, .source_key = {7}, .source_nonce = {8}};

		memcpy(message, &hello, sizeof hello);
		head->size = sizeof hello;
	} else if (head->session == 0) {
		head->session = 41;
		message[4] ^= 0xff;
	}
	if (firmware.answer.magic != 0)
		*head = firmware.answer;
	return firmware.number << SMI_REFUSAL_BITS;
}

static int setup(void **state)
{
	(void)state;
	memset(&firmware, 0, sizeof firmware);
	said[0] = '\0';
	report_sink_set(keep, NULL);
	return 0;
}

static struct smi *create(void)
{
	struct smi *smi = NULL;

	assert_int_equal(smi_create(&smi), STATUS_OK);
	return smi;
}

static status exchange(struct smi *smi, uint8_t type, uint8_t *ret_answer, size_t capacity, size_t *ret_size)
{
	uint8_t message[24] = {type, 0, 1, 0, 8};

	return smi_exchange(smi, (struct span){message, sizeof message}, ret_answer, capacity, ret_size);
}

static void firmware_is_shown_no_more_of_the_buffer_than_the_answer_takes(void **state)
{
	struct smi *smi = create();
	static uint8_t large[4096] = {LINK_MESSAGE_RECORD, 0, 1, 0}, answer[SMI_BUFFER_SIZE_MAX];
	size_t size;

	(void)state;
	assert_int_equal(exchange(smi, LINK_MESSAGE_RECORD, answer, sizeof answer, &size), STATUS_OK);
	assert_int_equal(firmware.shown_size, 3 * 4096);
	assert_true(firmware.was_resident);
	/* An answer that is larger than its question's. */
	firmware.wanted_size = 4 * 4096;
	const uint64_t before = firmware.number;
	assert_int_equal(exchange(smi, LINK_MESSAGE_RECORD, answer, sizeof answer, &size), STATUS_OK);
	assert_int_equal(firmware.shown_size, SMI_BUFFER_SIZE_MAX);
	assert_int_equal(firmware.number, before + 2);
	assert_int_equal(size, 24);
	/* A large question is shown with all of it, at once. */
	assert_int_equal(smi_exchange(smi, (struct span){large, sizeof large}, answer, sizeof answer, &size),
			 STATUS_OK);
	assert_int_equal(firmware.number, before + 3);
	assert_int_equal(firmware.shown_size, SMI_BUFFER_SIZE_MAX);
	assert_true(firmware.was_resident);
	smi_destroy(smi);
}

static void firmware_says_who_it_is(void **state)
{
	struct smi *smi = create();

	(void)state;
	assert_int_equal(smi_hello(smi)->source_key[0], 7);
	assert_int_equal(smi_hello(smi)->source_nonce[0], 8);
	assert_int_equal(smi_number(smi), 1);
	assert_true(firmware.was_resident);
	smi_destroy(smi);
}

static void a_session_is_the_one_that_a_first_began(void **state)
{
	struct smi *smi = create();
	uint8_t answer[64];
	size_t size;

	(void)state;
	assert_int_equal(exchange(smi, LINK_MESSAGE_FIRST, answer, sizeof answer, &size), STATUS_OK);
	assert_int_equal(firmware.session, 0);
	assert_int_equal(size, 24);
	assert_int_equal(answer[4], 8 ^ 0xff);
	assert_int_equal(exchange(smi, LINK_MESSAGE_RECORD, answer, sizeof answer, &size), STATUS_OK);
	assert_int_equal(firmware.session, 41);
	assert_int_equal(exchange(smi, LINK_MESSAGE_FIRST, answer, sizeof answer, &size), STATUS_OK);
	assert_int_equal(firmware.session, 0);
	smi_destroy(smi);
}

static void what_another_cpu_or_a_moved_page_spoiled_is_done_again(void **state)
{
	struct smi *smi = create();
	uint8_t answer[64];
	size_t size;

	(void)state;
	firmware.silent_count = 5;
	assert_int_equal(exchange(smi, LINK_MESSAGE_FIRST, answer, sizeof answer, &size), STATUS_OK);
	firmware.refusal_count = 5;
	firmware.refusal = FIRMWARE_NOT_PRESENT;
	assert_int_equal(exchange(smi, LINK_MESSAGE_FIRST, answer, sizeof answer, &size), STATUS_OK);
	assert_int_equal(answer[0], LINK_MESSAGE_FIRST);
	smi_destroy(smi);
}

static void a_refusal_is_a_sentence_for_the_enclave(void **state)
{
	struct smi *smi = create();
	uint8_t answer[LINK_ERROR_SIZE_MAX];
	struct link_head head;
	struct span body;
	size_t size;

	(void)state;
	for (unsigned int refusal = FIRMWARE_NOT_64_BIT; refusal <= FIRMWARE_REFUSAL_END; refusal++) {
		char number[16];

		firmware.refusal_count = UINT64_MAX;
		firmware.refusal = (enum firmware_refusal)refusal;
		assert_int_equal(exchange(smi, LINK_MESSAGE_FIRST, answer, sizeof answer, &size), STATUS_OK);
		assert_int_equal(link_message_parse((struct span){answer, size}, &head, &body), STATUS_OK);
		assert_int_equal(head.type, LINK_MESSAGE_ERROR);
		snprintf(number, sizeof number, "(%u): ", refusal);
		assert_non_null(memmem(body.data, body.size, number, strlen(number)));
		assert_true(strlen(smi_refusal_text((enum firmware_refusal)refusal)) > 10);
	}
	smi_destroy(smi);
}

static void firmware_without_our_driver_is_named(void **state)
{
	struct smi *smi;

	(void)state;
	firmware.silent_count = UINT64_MAX;
	assert_int_equal(smi_create(&smi), STATUS_MISSING);
	assert_non_null(strstr(said, "no Bartizan driver"));
}

static void without_the_port_nothing_is_called(void **state)
{
	struct smi *smi;

	(void)state;
	firmware.open = STATUS_DENIED;
	assert_int_equal(smi_create(&smi), STATUS_DENIED);
	assert_int_equal(firmware.number, 0);
}

static void an_answer_that_can_not_be_one_is_none(void **state)
{
	static const struct smi_head wrong[] = {
		{SMI_HEAD_MAGIC + 1, 1, 24, 0},
		{SMI_HEAD_MAGIC, 1, 65, 0},
		{SMI_HEAD_MAGIC, 1, SMI_BUFFER_SIZE_MAX, 0},
		{SMI_HEAD_MAGIC, 1, UINT32_MAX, 0},
	};
	struct smi *smi = create();
	uint8_t answer[64];
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		firmware.answer = wrong[i];
		assert_int_equal(exchange(smi, LINK_MESSAGE_RECORD, answer, sizeof answer, &size), STATUS_MALFORMED);
	}
	firmware.answer.magic = 0;
	firmware.silent_count = UINT64_MAX;
	assert_int_equal(exchange(smi, LINK_MESSAGE_RECORD, answer, sizeof answer, &size), STATUS_GONE);
	smi_destroy(smi);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(firmware_is_shown_no_more_of_the_buffer_than_the_answer_takes),
		TEST(firmware_says_who_it_is),
		TEST(a_session_is_the_one_that_a_first_began),
		TEST(what_another_cpu_or_a_moved_page_spoiled_is_done_again),
		TEST(a_refusal_is_a_sentence_for_the_enclave),
		TEST(firmware_without_our_driver_is_named),
		TEST(without_the_port_nothing_is_called),
		TEST(an_answer_that_can_not_be_one_is_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
