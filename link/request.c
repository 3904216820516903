/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <string.h>

#include "base/checked.h"
#include "base/report.h"
#include "base/writer.h"
#include "link/request.h"

enum {
	REQUEST_HEAD_SIZE = 32,
	OPERATION_SIZE = 24,
	SMALL_COUNT = (LINK_REQUEST_SMALL_SIZE - REQUEST_HEAD_SIZE) / OPERATION_SIZE,
	REPLY_FIXED_SIZE = 64,
	RESULT_SIZE = 8,
	RAM_MAP_SIZE = 8 + CALL_RAM_RANGE_COUNT_MAX * 16,
	RANGE_SIZE = 16,
	REGISTERS_SIZE = 8 * 8,
	EPOCH_SIZE = 16,
	PAUSE_SIZE = 16,
};

#define REQUEST_MAGIC UINT32_C(0x51525a42) /* "BZRQ", little-endian */
#define REPLY_MAGIC UINT32_C(0x50525a42) /* "BZRP" */

/* x86-64 has 52 bits of physical address: SDM vol. 3A, 4.1.4 (MAXPHYADDR). */
#define PHYSICAL_END (UINT64_C(1) << 52)
#define USER_END (UINT64_C(1) << 56) /* of five levels */
#define KERNEL_START (UINT64_C(1) << 63) /* below it: a process's, or not canonical */

static_assert(REQUEST_HEAD_SIZE + LINK_OPERATION_COUNT_MAX * OPERATION_SIZE == LINK_REQUEST_SIZE, "as documented");
static_assert(REPLY_FIXED_SIZE + LINK_OPERATION_COUNT_MAX * RESULT_SIZE == LINK_REPLY_HEAD_SIZE, "as documented");
static_assert(LINK_REPLY_HEAD_SIZE % LINK_DATA_ALIGNMENT == 0, "slots are aligned from the reply's start");

size_t link_operation_data_size(const struct link_operation *operation)
{
	switch (operation->type) {
	case LINK_READ: return operation->size;
	case LINK_RAM_MAP: return RAM_MAP_SIZE;
	case LINK_REGISTERS: return REGISTERS_SIZE;
	case LINK_NEXT_POPULATED: return RANGE_SIZE;
	case LINK_EPOCH: return EPOCH_SIZE;
	case LINK_RESUME: return PAUSE_SIZE;
	default: return 0;
	}
}

static size_t slot_size(const struct link_operation *operation)
{
	return (link_operation_data_size(operation) + LINK_DATA_ALIGNMENT - 1) & ~(size_t)(LINK_DATA_ALIGNMENT - 1);
}

size_t link_request_slot(const struct link_request *request, uint32_t index)
{
	size_t offset = LINK_REPLY_HEAD_SIZE;

	for (uint32_t i = 0; i < index; i++)
		offset += slot_size(&request->operation[i]);
	return offset;
}

size_t link_request_reply_size(const struct link_request *request)
{
	size_t data_size = link_request_slot(request, request->operation_count) - LINK_REPLY_HEAD_SIZE;

	return LINK_REPLY_HEAD_SIZE + ((data_size + LINK_PAGE_SIZE - 1) & ~(size_t)(LINK_PAGE_SIZE - 1));
}

static bool read_is_valid(const struct link_operation *operation)
{
	bool is_user = operation->space == LINK_SPACE_USER;

	if (operation->space < LINK_SPACE_PHYSICAL || operation->space > LINK_SPACE_NOW)
		return false;
	if (operation->size == 0 || operation->size > LINK_PAGE_SIZE ||
	    !checked_within(operation->address % LINK_PAGE_SIZE, operation->size, LINK_PAGE_SIZE))
		return false;
	if ((operation->space == LINK_SPACE_PHYSICAL || operation->space == LINK_SPACE_NOW) &&
	    operation->address >= PHYSICAL_END)
		return false;
	/* The lower half is processes', whatever tables the root leads to (SDM vol. 1, 3.3.7.1). The kernel's tables
	 * may be those of the process that just runs: they map its memory, too. */
	if (is_user && operation->address >= USER_END)
		return false;
	if (operation->space == LINK_SPACE_KERNEL && operation->address < KERNEL_START)
		return false;
	return is_user ? operation->root < PHYSICAL_END : operation->root == 0;
}

status link_name_pack(const char *name, uint64_t *ret_address, uint64_t *ret_root)
{
	uint64_t words[2] = {0};
	size_t length = strlen(name);

	if (length == 0 || length >= LINK_NAME_SIZE_MAX)
		return STATUS_MALFORMED;
	memcpy(words, name, length);
	*ret_address = words[0];
	*ret_root = words[1];
	return STATUS_OK;
}

status link_name_unpack(uint64_t address, uint64_t root, char ret_name[static LINK_NAME_SIZE_MAX])
{
	const uint64_t words[2] = {address, root};
	char name[LINK_NAME_SIZE_MAX + 1] = {0};

	memcpy(name, words, LINK_NAME_SIZE_MAX);
	size_t length = strlen(name);
	if (length == 0 || length >= LINK_NAME_SIZE_MAX)
		return STATUS_MALFORMED;
	for (size_t i = length; i < LINK_NAME_SIZE_MAX; i++)
		if (name[i] != '\0')
			return STATUS_MALFORMED;
	memcpy(ret_name, name, LINK_NAME_SIZE_MAX);
	return STATUS_OK;
}

static bool epoch_is_valid(const struct link_operation *operation)
{
	char name[LINK_NAME_SIZE_MAX];

	return operation->space <= LINK_EPOCH_NEW && operation->size == 0 &&
	       link_name_unpack(operation->address, operation->root, name) == STATUS_OK;
}

static bool operation_is_valid(const struct link_operation *operation)
{
	if (operation->type == LINK_READ)
		return read_is_valid(operation);
	if (operation->type == LINK_EPOCH)
		return epoch_is_valid(operation);
	if (operation->space != 0 || operation->size != 0 || operation->root != 0)
		return false;
	switch (operation->type) {
	case LINK_RAM_MAP:
	case LINK_PAUSE:
	case LINK_RESUME:
	case LINK_CHECK: return operation->address == 0;
	case LINK_REGISTERS: return operation->address <= UINT32_MAX;
	case LINK_NEXT_POPULATED: return operation->address <= PHYSICAL_END;
	default: return false;
	}
}

status link_request_validate(const struct link_request *request)
{
	if (request->operation_count == 0 || request->operation_count > LINK_OPERATION_COUNT_MAX)
		return report(STATUS_MALFORMED, "a request with %u operations; 1 to %d are possible",
			      request->operation_count, LINK_OPERATION_COUNT_MAX);
	for (uint32_t i = 0; i < request->operation_count; i++) {
		const struct link_operation *operation = &request->operation[i];

		if (!operation_is_valid(operation))
			return report(STATUS_MALFORMED,
				      "operation %u of a request makes no sense: type %u, space %u, %u bytes at %#llx",
				      i, operation->type, operation->space, operation->size,
				      (unsigned long long)operation->address);
	}
	if (link_request_reply_size(request) > LINK_REPLY_SIZE_MAX)
		return report(STATUS_LIMIT, "a request for %zu bytes; one reply has at most %d",
			      link_request_reply_size(request), LINK_REPLY_SIZE_MAX);
	return STATUS_OK;
}

static status write_operation(struct writer *writer, const struct link_operation *operation)
{
	TRY(writer_u8(writer, operation->type));
	TRY(writer_u8(writer, operation->space));
	TRY(writer_u16(writer, 0));
	TRY(writer_u32(writer, operation->size));
	TRY(writer_u64(writer, operation->address));
	return writer_u64(writer, operation->root);
}

static status write_request(struct writer *writer, const struct link_request *request)
{
	TRY(writer_u32(writer, REQUEST_MAGIC));
	TRY(writer_u32(writer, request->operation_count));
	TRY(writer_zeros(writer, REQUEST_HEAD_SIZE - 8));
	for (uint32_t i = 0; i < request->operation_count; i++)
		TRY(write_operation(writer, &request->operation[i]));
	return writer_zeros(writer, writer_left(writer));
}

status link_request_encode(const struct link_request *request, uint8_t content[static LINK_REQUEST_SIZE],
			   size_t *ret_size)
{
	struct writer writer;

	TRY(link_request_validate(request));
	size_t size = request->operation_count <= SMALL_COUNT ? LINK_REQUEST_SMALL_SIZE : LINK_REQUEST_SIZE;

	writer_init(&writer, content, size);
	if (write_request(&writer, request) != STATUS_OK)
		return report(STATUS_INTERNAL, "a valid request of %u operations doesn't fit %zu bytes",
			      request->operation_count, size);
	*ret_size = size;
	return STATUS_OK;
}

/* The next `size` bytes: are they there, and all zero? Compared with zeros, since memcmp is the
 * fastest way there is, and every request and reply has some. At most 768 are asked for. */
static bool take_zeros(struct reader *reader, size_t size)
{
	static const uint8_t zeros[LINK_REQUEST_SIZE];
	struct span bytes;

	return size <= sizeof zeros && reader_bytes(reader, size, &bytes) == STATUS_OK &&
	       memcmp(bytes.data, zeros, size) == 0;
}

static bool rest_is_zero(struct reader *reader)
{
	return take_zeros(reader, reader_left(reader));
}

/* STATUS_END: cut. */
static status read_operation(struct reader *reader, struct link_operation *ret_operation)
{
	uint16_t zero;

	TRY(reader_u8(reader, &ret_operation->type));
	TRY(reader_u8(reader, &ret_operation->space));
	TRY(reader_u16(reader, &zero));
	TRY(reader_u32(reader, &ret_operation->size));
	TRY(reader_u64(reader, &ret_operation->address));
	TRY(reader_u64(reader, &ret_operation->root));
	return zero == 0 ? STATUS_OK : STATUS_END;
}

status link_request_decode(struct span content, struct link_request *ret_request)
{
	struct link_request request; /* only what it counts is used: the rest isn't worth its time */
	struct reader reader;
	uint32_t magic;

	reader_init(&reader, content);
	if (reader_u32(&reader, &magic) != STATUS_OK || reader_u32(&reader, &request.operation_count) != STATUS_OK ||
	    magic != REQUEST_MAGIC || !take_zeros(&reader, REQUEST_HEAD_SIZE - 8))
		return report(STATUS_MALFORMED, "a record of %zu bytes is no request", content.size);
	if (request.operation_count > LINK_OPERATION_COUNT_MAX ||
	    content.size != (request.operation_count <= SMALL_COUNT ? LINK_REQUEST_SMALL_SIZE : LINK_REQUEST_SIZE))
		return report(STATUS_MALFORMED, "a request of %zu bytes with %u operations", content.size,
			      request.operation_count);
	for (uint32_t i = 0; i < request.operation_count; i++) {
		if (read_operation(&reader, &request.operation[i]) != STATUS_OK)
			return report(STATUS_MALFORMED, "operation %u of a request has no form", i);
	}
	if (!rest_is_zero(&reader))
		return report(STATUS_MALFORMED, "a request has something behind its operations");
	TRY(link_request_validate(&request));
	ret_request->operation_count = request.operation_count;
	for (uint32_t i = 0; i < request.operation_count; i++)
		ret_request->operation[i] = request.operation[i];
	return STATUS_OK;
}

bool link_outcome_is_valid(status outcome)
{
	switch (outcome) {
	case STATUS_OK:
	case STATUS_UNMAPPED:
	case STATUS_MISSING:
	case STATUS_GONE:
	case STATUS_TORN:
	case STATUS_END:
	case STATUS_UNSUPPORTED:
	case STATUS_LIMIT:
	case STATUS_IO:
	case STATUS_DENIED: return true;
	default: return false;
	}
}

static status write_reply_head(struct writer *writer, const struct link_reply *reply)
{
	TRY(writer_u32(writer, REPLY_MAGIC));
	TRY(writer_u32(writer, reply->result_count));
	TRY(writer_u64(writer, reply->epoch));
	TRY(writer_u64(writer, reply->quota_bytes_left));
	TRY(writer_u64(writer, reply->quota_requests_left));
	TRY(writer_u32(writer, reply->is_still ? LINK_REPLY_STILL : 0));
	TRY(writer_zeros(writer, REPLY_FIXED_SIZE - 36));
	for (uint32_t i = 0; i < reply->result_count; i++) {
		TRY(writer_u32(writer, (uint32_t)reply->result[i].outcome));
		TRY(writer_u32(writer, 0));
	}
	return writer_zeros(writer, writer_left(writer));
}

status link_reply_encode(const struct link_request *request, const struct link_reply *reply, uint8_t *content)
{
	size_t offset = LINK_REPLY_HEAD_SIZE;
	struct writer writer;

	if (reply->result_count != request->operation_count)
		return report(STATUS_INTERNAL, "%u results for %u operations", reply->result_count,
			      request->operation_count);
	for (uint32_t i = 0; i < reply->result_count; i++) {
		const struct link_operation *operation = &request->operation[i];
		size_t data_size = reply->result[i].outcome == STATUS_OK ? link_operation_data_size(operation) : 0;

		if (!link_outcome_is_valid(reply->result[i].outcome))
			return report(STATUS_INTERNAL, "the outcome %d can't be sent", (int)reply->result[i].outcome);
		memset(content + offset + data_size, 0, slot_size(operation) - data_size);
		offset += slot_size(operation);
	}
	memset(content + offset, 0, link_request_reply_size(request) - offset);
	writer_init(&writer, content, LINK_REPLY_HEAD_SIZE);
	if (write_reply_head(&writer, reply) != STATUS_OK)
		return report(STATUS_INTERNAL, "a reply's head with %u results doesn't fit", reply->result_count);
	return STATUS_OK;
}

static status read_result(struct reader *reader, struct link_result *ret_result)
{
	uint32_t outcome, zero;

	TRY(reader_u32(reader, &outcome));
	TRY(reader_u32(reader, &zero));
	if (!link_outcome_is_valid((status)(int32_t)outcome) || zero != 0)
		return STATUS_END;
	ret_result->outcome = (status)(int32_t)outcome;
	return STATUS_OK;
}

static status read_reply_head(struct reader *reader, uint32_t *ret_magic, struct link_reply *ret_reply)
{
	uint32_t flags;

	TRY(reader_u32(reader, ret_magic));
	TRY(reader_u32(reader, &ret_reply->result_count));
	TRY(reader_u64(reader, &ret_reply->epoch));
	TRY(reader_u64(reader, &ret_reply->quota_bytes_left));
	TRY(reader_u64(reader, &ret_reply->quota_requests_left));
	TRY(reader_u32(reader, &flags));
	ret_reply->is_still = flags == LINK_REPLY_STILL;
	return (flags & ~(uint32_t)LINK_REPLY_STILL) == 0 && take_zeros(reader, REPLY_FIXED_SIZE - 36) ? STATUS_OK
												       : STATUS_END;
}

status link_reply_decode(const struct link_request *request, struct span content, struct link_reply *ret_reply)
{
	struct link_reply reply = {0};
	struct reader reader;
	uint32_t magic = 0;

	reader_init(&reader, content);
	if (read_reply_head(&reader, &magic, &reply) != STATUS_OK || magic != REPLY_MAGIC)
		return report(STATUS_MALFORMED, "a record of %zu bytes is no reply", content.size);
	if (content.size != link_request_reply_size(request) || reply.result_count != request->operation_count)
		return report(STATUS_MALFORMED,
			      "a reply of %zu bytes with %u results to a request for %zu bytes by %u operations",
			      content.size, reply.result_count, link_request_reply_size(request),
			      request->operation_count);
	for (uint32_t i = 0; i < reply.result_count; i++) {
		if (read_result(&reader, &reply.result[i]) != STATUS_OK)
			return report(STATUS_MALFORMED, "result %u of a reply is none", i);
	}
	/* The unused results; what is between the slots is nobody's business. */
	if (!take_zeros(&reader, (size_t)(LINK_OPERATION_COUNT_MAX - reply.result_count) * RESULT_SIZE))
		return report(STATUS_MALFORMED, "a reply has more results than it says");
	*ret_reply = reply;
	return STATUS_OK;
}

/* Slots are large enough by link_operation_data_size(): these writers and readers don't run out. */
static void put(struct writer *writer, uint64_t value)
{
	(void)(writer_u64(writer, value) == STATUS_OK);
}

static uint64_t take(struct reader *reader)
{
	uint64_t value = 0;

	(void)(reader_u64(reader, &value) == STATUS_OK);
	return value;
}

void link_ram_map_write(const struct call_ram_map *map, uint8_t *slot)
{
	struct writer writer;

	writer_init(&writer, slot, RAM_MAP_SIZE);
	put(&writer, map->range_count);
	for (uint64_t i = 0; i < map->range_count && i < CALL_RAM_RANGE_COUNT_MAX; i++) {
		put(&writer, map->range[i].start);
		put(&writer, map->range[i].size);
	}
	(void)(writer_zeros(&writer, writer_left(&writer)) == STATUS_OK);
}

static bool range_is_valid(const struct call_range *range)
{
	return range->size > 0 && range->start % LINK_PAGE_SIZE == 0 && range->size % LINK_PAGE_SIZE == 0 &&
	       checked_within(range->start, range->size, PHYSICAL_END);
}

status link_ram_map_check(const struct call_ram_map *map)
{
	uint64_t end = 0;

	if (map->range_count > CALL_RAM_RANGE_COUNT_MAX)
		return report(STATUS_MALFORMED, "a memory map with %llu ranges; at most %d are possible",
			      (unsigned long long)map->range_count, CALL_RAM_RANGE_COUNT_MAX);
	for (uint64_t i = 0; i < map->range_count; i++) {
		if (!range_is_valid(&map->range[i]) || map->range[i].start < end)
			return report(STATUS_MALFORMED,
				      "a memory map whose range %llu, %#llx bytes at %#llx, can't be one",
				      (unsigned long long)i, (unsigned long long)map->range[i].size,
				      (unsigned long long)map->range[i].start);
		end = map->range[i].start + map->range[i].size;
	}
	return STATUS_OK;
}

status link_ram_map_read(const uint8_t *slot, struct call_ram_map *ret_map)
{
	struct call_ram_map map = {0};
	struct reader reader;

	reader_init(&reader, (struct span){.data = slot, .size = RAM_MAP_SIZE});
	map.range_count = take(&reader);
	for (uint64_t i = 0; i < map.range_count && i < CALL_RAM_RANGE_COUNT_MAX; i++) {
		map.range[i].start = take(&reader);
		map.range[i].size = take(&reader);
	}
	TRY(link_ram_map_check(&map));
	*ret_map = map;
	return STATUS_OK;
}

void link_registers_write(const struct call_registers *registers, uint8_t *slot)
{
	struct writer writer;

	writer_init(&writer, slot, REGISTERS_SIZE);
	put(&writer, registers->cr0);
	put(&writer, registers->cr3);
	put(&writer, registers->cr4);
	put(&writer, registers->efer);
	put(&writer, registers->idt_base);
	put(&writer, registers->cpu_index);
	put(&writer, registers->cpl);
	put(&writer, registers->lstar);
}

void link_registers_read(const uint8_t *slot, struct call_registers *ret_registers)
{
	struct reader reader;

	reader_init(&reader, (struct span){.data = slot, .size = REGISTERS_SIZE});
	ret_registers->cr0 = take(&reader);
	ret_registers->cr3 = take(&reader);
	ret_registers->cr4 = take(&reader);
	ret_registers->efer = take(&reader);
	ret_registers->idt_base = take(&reader);
	ret_registers->cpu_index = take(&reader);
	ret_registers->cpl = take(&reader);
	ret_registers->lstar = take(&reader);
}

static void put_pair(uint8_t *slot, uint64_t first, uint64_t second)
{
	struct writer writer;

	writer_init(&writer, slot, 16);
	put(&writer, first);
	put(&writer, second);
}

static void take_pair(const uint8_t *slot, uint64_t *ret_first, uint64_t *ret_second)
{
	struct reader reader;

	reader_init(&reader, (struct span){.data = slot, .size = 16});
	*ret_first = take(&reader);
	*ret_second = take(&reader);
}

void link_epoch_write(const struct link_epoch *epoch, uint8_t *slot)
{
	put_pair(slot, epoch->age_ns, epoch->page_count);
}

void link_epoch_read(const uint8_t *slot, struct link_epoch *ret_epoch)
{
	take_pair(slot, &ret_epoch->age_ns, &ret_epoch->page_count);
}

void link_pause_write(const struct link_pause *pause, uint8_t *slot)
{
	put_pair(slot, pause->stopped_ns, pause->was_late);
}

status link_pause_read(const uint8_t *slot, struct link_pause *ret_pause)
{
	struct link_pause pause;

	take_pair(slot, &pause.stopped_ns, &pause.was_late);
	if (pause.was_late > 1)
		return report(STATUS_MALFORMED, "a pause that is told as neither late nor not (%#llx)",
			      (unsigned long long)pause.was_late);
	*ret_pause = pause;
	return STATUS_OK;
}

void link_range_write(const struct call_range *range, uint8_t *slot)
{
	struct writer writer;

	writer_init(&writer, slot, RANGE_SIZE);
	put(&writer, range->start);
	put(&writer, range->size);
}

status link_range_read(const uint8_t *slot, struct call_range *ret_range)
{
	struct call_range range;
	struct reader reader;

	reader_init(&reader, (struct span){.data = slot, .size = RANGE_SIZE});
	range.start = take(&reader);
	range.size = take(&reader);
	if (!range_is_valid(&range))
		return report(STATUS_MALFORMED, "a range of %#llx bytes at %#llx can't be memory",
			      (unsigned long long)range.size, (unsigned long long)range.start);
	*ret_range = range;
	return STATUS_OK;
}
