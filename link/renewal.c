/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "link/renewal.h"

#include <string.h>

#include "base/report.h"

enum { GRANT_OFFSET = 32, REPLY_USED_SIZE = 16 };

#define RENEWAL_MAGIC UINT32_C(0x51475a42) /* "BZGQ", little-endian */
#define REPLY_MAGIC UINT32_C(0x50475a42) /* "BZGP" */

static_assert(GRANT_OFFSET + LINK_GRANT_SIZE <= LINK_RENEWAL_SIZE, "a grant has room");

static bool is_zero(const uint8_t *bytes, size_t size)
{
	uint8_t all = 0;

	for (size_t i = 0; i < size; i++)
		all |= bytes[i];
	return all == 0;
}

bool link_renewal_is(struct span content)
{
	const uint32_t magic = RENEWAL_MAGIC;

	return content.size >= sizeof magic && memcmp(content.data, &magic, sizeof magic) == 0;
}

void link_renewal_encode(const uint8_t grant[static LINK_GRANT_SIZE], uint8_t content[static LINK_RENEWAL_SIZE])
{
	const uint32_t magic = RENEWAL_MAGIC;

	memset(content, 0, LINK_RENEWAL_SIZE);
	memcpy(content, &magic, sizeof magic);
	memcpy(content + GRANT_OFFSET, grant, LINK_GRANT_SIZE);
}

status link_renewal_decode(struct span content, struct span *ret_grant)
{
	const size_t end = GRANT_OFFSET + LINK_GRANT_SIZE;

	if (content.size != LINK_RENEWAL_SIZE || !link_renewal_is(content) ||
	    !is_zero(content.data + 4, GRANT_OFFSET - 4) || !is_zero(content.data + end, LINK_RENEWAL_SIZE - end))
		return report(STATUS_MALFORMED, "a later grant for a session doesn't have its form");
	*ret_grant = (struct span){content.data + GRANT_OFFSET, LINK_GRANT_SIZE};
	return STATUS_OK;
}

void link_renewal_reply_encode(const struct link_renewal_reply *reply, uint8_t content[static LINK_RENEWAL_REPLY_SIZE])
{
	const uint32_t magic = REPLY_MAGIC;
	const int32_t outcome = reply->outcome;

	memset(content, 0, LINK_RENEWAL_REPLY_SIZE);
	memcpy(content, &magic, sizeof magic);
	memcpy(content + 4, &outcome, sizeof outcome);
	memcpy(content + 8, &reply->left_ms, sizeof reply->left_ms);
}

status link_renewal_reply_decode(struct span content, struct link_renewal_reply *ret_reply)
{
	struct link_renewal_reply reply;
	uint32_t magic = 0;
	int32_t outcome = 0;

	if (content.size == LINK_RENEWAL_REPLY_SIZE) {
		memcpy(&magic, content.data, sizeof magic);
		memcpy(&outcome, content.data + 4, sizeof outcome);
		memcpy(&reply.left_ms, content.data + 8, sizeof reply.left_ms);
	}
	if (magic != REPLY_MAGIC || (outcome != STATUS_OK && outcome != STATUS_DENIED && outcome != STATUS_LIMIT) ||
	    !is_zero(content.data + REPLY_USED_SIZE, LINK_RENEWAL_REPLY_SIZE - REPLY_USED_SIZE))
		return report(STATUS_MALFORMED, "the agent's answer to a grant doesn't have its form");
	reply.outcome = (status)outcome;
	*ret_reply = reply;
	return STATUS_OK;
}
