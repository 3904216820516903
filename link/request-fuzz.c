/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The input is a request, and, behind its first LINK_REQUEST_SIZE bytes, the reply to it. A request
 * that decodes encodes to the same bytes; a reply that decodes has all its slots inside.
 */
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "link/request.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void ignore(void *context, status fault, const char *message)
{
}

static void try_slot(const struct link_operation *operation, const uint8_t *slot)
{
	struct call_registers registers;
	struct call_ram_map map;
	struct call_range range;
	uint8_t copy[LINK_PAGE_SIZE];

	memcpy(copy, slot, link_operation_data_size(operation));
	if (operation->type == LINK_RAM_MAP && link_ram_map_read(slot, &map) == STATUS_OK &&
	    map.range_count > CALL_RAM_RANGE_COUNT_MAX)
		abort();
	if (operation->type == LINK_REGISTERS)
		link_registers_read(slot, &registers);
	if (operation->type == LINK_NEXT_POPULATED && link_range_read(slot, &range) == STATUS_OK && range.size == 0)
		abort();
}

static void try_reply(const struct link_request *request, struct span content)
{
	struct link_reply reply;

	if (link_reply_decode(request, content, &reply) != STATUS_OK)
		return;
	for (uint32_t i = 0; i < reply.result_count; i++) {
		if (reply.result[i].outcome == STATUS_OK)
			try_slot(&request->operation[i], content.data + link_request_slot(request, i));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t request_size = size < LINK_REQUEST_SIZE ? size : LINK_REQUEST_SIZE;
	uint8_t encoded[LINK_REQUEST_SIZE];
	struct link_request request;
	size_t encoded_size;

	report_sink_set(ignore, NULL);
	/* Small requests are fuzzed as such: the rest of the first part doesn't count. */
	for (int small = 0; small < 2; small++) {
		size_t used = small && request_size > LINK_REQUEST_SMALL_SIZE ? LINK_REQUEST_SMALL_SIZE : request_size;

		if (link_request_decode((struct span){.data = data, .size = used}, &request) != STATUS_OK)
			continue;
		if (link_request_encode(&request, encoded, &encoded_size) != STATUS_OK || encoded_size != used ||
		    memcmp(encoded, data, used) != 0)
			abort();
		try_reply(&request, (struct span){.data = data + request_size, .size = size - request_size});
	}
	return 0;
}
