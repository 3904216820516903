/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/smi.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/checked.h"
#include "base/report.h"
#include "link/message.h"
#include "link/request.h"
#include "link/session.h"

enum {
	BUFFER_SIZE = SMI_BUFFER_SIZE_MAX,
	/* Nobody answered, or a page was away: another CPU's SMI came at the same time, or the kernel was moving
	 * the page. Either is over soon. */
	ATTEMPT_COUNT_MAX = 64,
	HEAD_TYPE_SIZE = 2,
	/* Firmware looks at each page of the buffer, so a short request, which asks for two pages at most, shows it no
	 * more than that takes. Others may get as much as there is room for. */
	SMALL_BUFFER_SIZE = 3 * 4096,
	SMALL_MESSAGE_SIZE_MAX = LINK_REQUEST_SMALL_SIZE + LINK_SEAL_OVERHEAD,
};

struct smi {
	uint8_t *buffer; /* BUFFER_SIZE, whole pages */
	uint32_t session;
	size_t shown_size; /* of the buffer, to the next call */
	uint64_t number;
	struct agent_hello hello;
};

static const char *const refusals[] = {
	[FIRMWARE_ACCEPTED] = "nothing was refused",
	[FIRMWARE_NOT_64_BIT] = "the caller isn't a 64-bit program",
	[FIRMWARE_NOT_USER] = "the caller isn't a program but the kernel",
	[FIRMWARE_SIZE] = "the buffer has no bytes or too many",
	[FIRMWARE_ADDRESS] = "the buffer's address isn't one of a program",
	[FIRMWARE_NOT_PRESENT] = "a page of the buffer isn't mapped",
	[FIRMWARE_NOT_WRITABLE] = "a page of the buffer can't be written by its program",
	[FIRMWARE_NOT_RAM] = "a page of the buffer, or a page table to it, isn't in memory that may be used",
	[FIRMWARE_TABLES] = "the page tables that lead to the buffer are broken",
	[FIRMWARE_PAGE_TWICE] = "a page is in the buffer twice",
	[FIRMWARE_FORMAT] = "what stands in the buffer is no message",
	[FIRMWARE_SESSION] = "no such session, or not its next record: altered, repeated or of another session",
	/* For another owner, machine, start, target or enclave; for a simulated one; or without a quota. */
	[FIRMWARE_GRANT] = "the grant isn't good here, or has no quota, or is for a simulated enclave",
	[FIRMWARE_REPLY_SIZE] = "the answer wouldn't fit into the buffer",
	[FIRMWARE_INTERNAL] = "the firmware's handler failed, or has found no memory map at its start",
	[FIRMWARE_TOO_MUCH] = "more was asked for at once than one SMI does",
	[FIRMWARE_EXPIRED] = "the grant is over: it ended before its owner signed another, or this machine started",
	[FIRMWARE_NO_PLACE] = "it has counted all grants that it can since the machine's start: a restart makes room",
};

const char *smi_refusal_text(enum firmware_refusal refusal)
{
	return (size_t)refusal < ARRAY_COUNT(refusals) ? refusals[refusal]
						       : "for a reason that this version doesn't know";
}

/* Locked memory isn't swapped; what is written is there, and not shared with anybody. Children get none of it:
 * after a fork its pages would be read-only for a while. */
static status make_buffer(struct smi *smi)
{
	void *buffer =
		mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (buffer == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "no memory for the buffer that firmware looks at: %s", strerror(errno));
	smi->buffer = buffer;
	if (mlock(buffer, BUFFER_SIZE) != 0 || madvise(buffer, BUFFER_SIZE, MADV_DONTFORK) != 0)
		return report(STATUS_NO_MEMORY,
			      "the %d bytes that firmware looks at can't be locked: %s (see `ulimit -l`)", BUFFER_SIZE,
			      strerror(errno));
	memset(buffer, 0, BUFFER_SIZE);
	return STATUS_OK;
}

/* A byte of each page, written: mapped for writing from then on. */
static void touch(struct smi *smi)
{
	for (size_t at = 0; at < smi->shown_size; at += 4096)
		__atomic_fetch_or(&smi->buffer[at], 0, __ATOMIC_SEQ_CST);
}

/* STATUS_GONE: nobody answered, or none but other firmware. */
static status call(struct smi *smi, enum firmware_refusal *ret_refusal)
{
	for (int i = 0; i < ATTEMPT_COUNT_MAX; i++) {
		touch(smi);
		const uint64_t answer = smi_port_call(smi->buffer, smi->shown_size);
		const enum firmware_refusal refusal = answer & ((1 << SMI_REFUSAL_BITS) - 1);

		if (answer != SMI_CALLER) {
			smi->number = answer >> SMI_REFUSAL_BITS;
			*ret_refusal = refusal;
			if (refusal != FIRMWARE_NOT_PRESENT && refusal != FIRMWARE_NOT_WRITABLE)
				return STATUS_OK;
		}
		sched_yield();
		if (i == ATTEMPT_COUNT_MAX - 1 && answer != SMI_CALLER)
			return STATUS_OK;
	}
	return STATUS_GONE;
}

static void put(struct smi *smi, uint32_t session, struct span message)
{
	const struct smi_head head = {SMI_HEAD_MAGIC, session, (uint32_t)message.size, 0};

	memcpy(smi->buffer, &head, sizeof head);
	if (message.size > 0)
		memcpy(smi->buffer + sizeof head, message.data, message.size);
	smi->shown_size = message.size <= SMALL_MESSAGE_SIZE_MAX ? SMALL_BUFFER_SIZE : BUFFER_SIZE;
}

/* call(), and once more with the whole buffer where the answer needs it: nothing has changed until then. */
static status call_with_room(struct smi *smi, enum firmware_refusal *ret_refusal)
{
	TRY(call(smi, ret_refusal));
	if (*ret_refusal != FIRMWARE_REPLY_SIZE || smi->shown_size == BUFFER_SIZE)
		return STATUS_OK;
	smi->shown_size = BUFFER_SIZE;
	return call(smi, ret_refusal);
}

/* What the firmware, or whoever could write to our memory, left there. */
static status take(struct smi *smi, uint8_t *ret_answer, size_t capacity, size_t *ret_size)
{
	struct smi_head head;

	memcpy(&head, smi->buffer, sizeof head);
	if (head.magic != SMI_HEAD_MAGIC || head.size > BUFFER_SIZE - sizeof head || head.size > capacity)
		return STATUS_MALFORMED;
	smi->session = head.session;
	memcpy(ret_answer, smi->buffer + sizeof head, head.size);
	*ret_size = head.size;
	return STATUS_OK;
}

static status say_hello(struct smi *smi)
{
	enum firmware_refusal refusal;
	size_t size;

	put(smi, 0, (struct span){NULL, 0});
	if (call(smi, &refusal) != STATUS_OK)
		return report(
			STATUS_MISSING,
			"this machine's firmware doesn't answer: it has no Bartizan driver (`bartizan lab up NAME "
			"--firmware smm` starts a machine that has one)");
	if (refusal != FIRMWARE_ACCEPTED)
		return report(STATUS_DENIED, "the firmware refused (%u): %s", (unsigned int)refusal,
			      smi_refusal_text(refusal));
	if (take(smi, (uint8_t *)&smi->hello, sizeof smi->hello, &size) != STATUS_OK || size != sizeof smi->hello ||
	    smi->hello.version != 1)
		return report(STATUS_MALFORMED, "this machine's firmware has a driver of another version");
	smi->session = 0;
	return STATUS_OK;
}

status smi_create(struct smi **ret_smi)
{
	struct smi *smi = calloc(1, sizeof *smi);

	if (smi == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	status result = make_buffer(smi);
	if (result == STATUS_OK)
		result = smi_port_open();
	if (result == STATUS_OK)
		result = say_hello(smi);
	if (result != STATUS_OK) {
		smi_destroy(smi);
		return result;
	}
	*ret_smi = smi;
	return STATUS_OK;
}

void smi_destroy(struct smi *smi)
{
	if (smi == NULL)
		return;
	if (smi->buffer != NULL)
		munmap(smi->buffer, BUFFER_SIZE);
	free(smi);
}

const struct agent_hello *smi_hello(const struct smi *smi)
{
	return &smi->hello;
}

uint64_t smi_number(const struct smi *smi)
{
	return smi->number;
}

/* A FIRST begins a session; all else belongs to the one that was begun. */
static bool is_first(struct span message)
{
	return message.size >= HEAD_TYPE_SIZE && (message.data[0] | message.data[1] << 8) == LINK_MESSAGE_FIRST;
}

static status refuse(enum firmware_refusal refusal, uint8_t *ret_answer, size_t capacity, size_t *ret_size)
{
	char text[LINK_ERROR_TEXT_SIZE];

	if (capacity < LINK_ERROR_SIZE_MAX)
		return STATUS_MALFORMED;
	snprintf(text, sizeof text, "the firmware refused (%u): %s", (unsigned int)refusal, smi_refusal_text(refusal));
	*ret_size = link_error_write(text, ret_answer);
	return STATUS_OK;
}

status smi_exchange(struct smi *smi, struct span message, uint8_t *ret_answer, size_t capacity, size_t *ret_size)
{
	enum firmware_refusal refusal;

	if (message.size == 0 || message.size > BUFFER_SIZE - SMI_HEAD_SIZE)
		return STATUS_MALFORMED;
	put(smi, is_first(message) ? 0 : smi->session, message);
	TRY(call_with_room(smi, &refusal));
	return refusal == FIRMWARE_ACCEPTED ? take(smi, ret_answer, capacity, ret_size)
					    : refuse(refusal, ret_answer, capacity, ret_size);
}
