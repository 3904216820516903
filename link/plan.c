/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link/plan.h"

#include <assert.h>
#include <string.h>

#include "base/report.h"
#include "base/writer.h"
#include "link/request.h"

enum {
	REQUEST_HEAD_SIZE = 32,
	REPLY_FIXED_SIZE = 64,
	/* Behind run_size. */
	REPLY_ZERO_SIZE = REPLY_FIXED_SIZE - 40,
	REPLY_GAP_SIZE = LINK_PLAN_REPLY_HEAD_SIZE - REPLY_FIXED_SIZE - LINK_PLAN_CURSOR_SIZE,
};

#define REQUEST_MAGIC UINT32_C(0x51505a42) /* "BZPQ", little-endian */
#define REPLY_MAGIC UINT32_C(0x50505a42) /* "BZPP" */

static_assert(REPLY_GAP_SIZE >= 0 && LINK_PLAN_REPLY_HEAD_SIZE % 64 == 0, "the head has room");

static bool take_zeros(struct reader *reader, size_t size)
{
	static const uint8_t zeros[64];
	struct span bytes;

	return size <= sizeof zeros && reader_bytes(reader, size, &bytes) == STATUS_OK &&
	       memcmp(bytes.data, zeros, size) == 0;
}

bool link_plan_request_is(struct span content)
{
	struct reader reader;
	uint32_t magic;

	reader_init(&reader, content);
	return reader_u32(&reader, &magic) == STATUS_OK && magic == REQUEST_MAGIC;
}

void link_plan_request_encode(const uint8_t plan[static LINK_PLAN_CODE_SIZE],
			      const uint8_t cursor[static LINK_PLAN_CURSOR_SIZE],
			      uint8_t content[static LINK_PLAN_REQUEST_SIZE])
{
	struct writer writer;

	writer_init(&writer, content, LINK_PLAN_REQUEST_SIZE);
	/* LINK_PLAN_REQUEST_SIZE is their sum. */
	(void)(writer_u32(&writer, REQUEST_MAGIC) == STATUS_OK &&
	       writer_zeros(&writer, REQUEST_HEAD_SIZE - 4) == STATUS_OK &&
	       writer_bytes(&writer, plan, LINK_PLAN_CODE_SIZE) == STATUS_OK &&
	       writer_bytes(&writer, cursor, LINK_PLAN_CURSOR_SIZE) == STATUS_OK);
}

status link_plan_request_decode(struct span content, const uint8_t **ret_plan, const uint8_t **ret_cursor)
{
	struct reader reader;
	uint32_t magic = 0;

	reader_init(&reader, content);
	if (content.size != LINK_PLAN_REQUEST_SIZE || reader_u32(&reader, &magic) != STATUS_OK ||
	    magic != REQUEST_MAGIC || !take_zeros(&reader, REQUEST_HEAD_SIZE - 4))
		return report(STATUS_MALFORMED, "a record of %zu bytes is no read plan", content.size);
	*ret_plan = content.data + REQUEST_HEAD_SIZE;
	*ret_cursor = *ret_plan + LINK_PLAN_CODE_SIZE;
	return STATUS_OK;
}

static unsigned bit_count(size_t value)
{
	return value == 0 ? 0 : 8 * sizeof(unsigned long long) - (unsigned)__builtin_clzll(value);
}

size_t link_plan_reply_size(size_t run_size)
{
	size_t size = LINK_PLAN_REPLY_HEAD_SIZE + run_size;

	if (size <= LINK_PLAN_REPLY_SIZE_MIN)
		return LINK_PLAN_REPLY_SIZE_MIN;
	/* Of a number of E + 1 bits, all but the first log2(E) + 1 behind the top one are zeros. */
	unsigned exponent = bit_count(size) - 1, zero_bits = exponent - bit_count(exponent);
	size_t mask = ((size_t)1 << zero_bits) - 1;

	return (size + mask) & ~mask;
}

static status write_head(struct writer *writer, const struct link_plan_reply *reply)
{
	TRY(writer_u32(writer, REPLY_MAGIC));
	TRY(writer_u32(writer, (uint32_t)reply->outcome));
	TRY(writer_u64(writer, reply->epoch));
	TRY(writer_u64(writer, reply->quota_bytes_left));
	TRY(writer_u64(writer, reply->quota_requests_left));
	TRY(writer_u32(writer, reply->run_size));
	TRY(writer_u32(writer, reply->is_still ? LINK_REPLY_STILL : 0));
	TRY(writer_zeros(writer, REPLY_ZERO_SIZE));
	TRY(writer_bytes(writer, reply->cursor, sizeof reply->cursor));
	return writer_zeros(writer, REPLY_GAP_SIZE);
}

status link_plan_reply_encode(const struct link_plan_reply *reply, uint8_t *content)
{
	struct writer writer;
	size_t end = LINK_PLAN_REPLY_HEAD_SIZE + (size_t)reply->run_size;

	if (reply->run_size > (reply->outcome == STATUS_OK ? LINK_PLAN_RUN_SIZE_MAX : 0) ||
	    !link_outcome_is_valid(reply->outcome))
		return report(STATUS_INTERNAL, "%u bytes of lines with the outcome %d can't be sent", reply->run_size,
			      (int)reply->outcome);
	memset(content + end, 0, link_plan_reply_size(reply->run_size) - end);
	writer_init(&writer, content, LINK_PLAN_REPLY_HEAD_SIZE);
	return write_head(&writer, reply);
}

static status read_head(struct reader *reader, uint32_t *ret_magic, struct link_plan_reply *ret_reply)
{
	uint32_t outcome, flags;

	TRY(reader_u32(reader, ret_magic));
	TRY(reader_u32(reader, &outcome));
	ret_reply->outcome = (status)(int32_t)outcome;
	TRY(reader_u64(reader, &ret_reply->epoch));
	TRY(reader_u64(reader, &ret_reply->quota_bytes_left));
	TRY(reader_u64(reader, &ret_reply->quota_requests_left));
	TRY(reader_u32(reader, &ret_reply->run_size));
	TRY(reader_u32(reader, &flags));
	ret_reply->is_still = flags == LINK_REPLY_STILL;
	if ((flags & ~(uint32_t)LINK_REPLY_STILL) != 0 || !take_zeros(reader, REPLY_ZERO_SIZE))
		return STATUS_END;
	TRY(reader_copy(reader, ret_reply->cursor, sizeof ret_reply->cursor));
	return take_zeros(reader, REPLY_GAP_SIZE) ? STATUS_OK : STATUS_END;
}

status link_plan_reply_decode(struct span content, struct link_plan_reply *ret_reply)
{
	struct link_plan_reply reply;
	struct reader reader;
	uint32_t magic;

	reader_init(&reader, content);
	if (read_head(&reader, &magic, &reply) != STATUS_OK || magic != REPLY_MAGIC)
		return report(STATUS_MALFORMED, "a record of %zu bytes is no answer to a read plan", content.size);
	if (!link_outcome_is_valid(reply.outcome))
		return report(STATUS_MALFORMED, "a read plan's answer has an outcome that is none");
	if (reply.run_size > (reply.outcome == STATUS_OK ? LINK_PLAN_RUN_SIZE_MAX : 0) ||
	    content.size != link_plan_reply_size(reply.run_size))
		return report(STATUS_MALFORMED, "a read plan's answer of %zu bytes that says it has %u of lines",
			      content.size, reply.run_size);
	*ret_reply = reply;
	return STATUS_OK;
}
