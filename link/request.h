/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is inside the records: a request is a vector of operations, a reply has one
 * result for each and the data of those that succeeded.
 *
 * Where data lies in a reply, and how long the reply is, follows from the request
 * alone: a failed operation's slot is zeros. So sizes tell the one who relays them how many
 * pages were asked for, never whether they were there; and a source reads pages
 * straight into their slots, seals once, and an enclave opens once, and uses
 * them there.
 *
 *   request   32 bytes head, then 24 bytes for each operation; 2 or LINK_OPERATION_COUNT_MAX of
 *             them, the unused ones zeros: 96 or 800 bytes
 *   reply     64 bytes head, 32 results of 8 bytes, then the slots, each aligned to 64 bytes;
 *             zeros up to a multiple of 4096 behind the 320: 320 + 4096 k bytes
 *
 * Both ends check everything that they decode. A peer that breaks the format is at
 * fault (STATUS_MALFORMED, reported), and its session ends.
 */
#ifndef LINK_REQUEST_H
#define LINK_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"
#include "link/session.h"
#include "wire/call.h"
#include "wire/link-ring.h"

enum {
	LINK_PAGE_SIZE = 4096,
	LINK_OPERATION_COUNT_MAX = 32,
	/* Of all slots of a reply together. */
	LINK_DATA_SIZE_MAX = LINK_OPERATION_COUNT_MAX * LINK_PAGE_SIZE,
	LINK_DATA_ALIGNMENT = 64,
	LINK_REQUEST_SMALL_SIZE = 96,
	LINK_REQUEST_SIZE = 800,
	/* Where the first slot lies. */
	LINK_REPLY_HEAD_SIZE = 320,
	LINK_REPLY_SIZE_MAX = LINK_REPLY_HEAD_SIZE + LINK_DATA_SIZE_MAX,
};

static_assert(LINK_REQUEST_SIZE + LINK_SEAL_OVERHEAD <= LINK_RING_REQUEST_SIZE, "a request fits the ring");
static_assert(LINK_REPLY_SIZE_MAX + LINK_SEAL_OVERHEAD <= LINK_RING_REPLY_SIZE, "a reply fits the ring");

enum link_operation_type {
	/* `size` bytes at `address` of `space`, all in one page. Data: the bytes. */
	LINK_READ = 1,
	/* Data: struct call_ram_map (link_ram_map_write). */
	LINK_RAM_MAP = 2,
	/* Of the CPU whose index is `address`. Data: struct call_registers. STATUS_MISSING: the
	 * source can't know; STATUS_END: there is no such CPU. */
	LINK_REGISTERS = 3,
	/* The next run of RAM at or after `address` (guest physical) that may hold anything but
	 * zeros. Data: struct call_range. STATUS_END: no more. */
	LINK_NEXT_POPULATED = 4,
	/* Is it still there? No data: the reply's head has the epoch. STATUS_GONE. */
	LINK_CHECK = 5,
	/* All further reads of this session are of an epoch that others share, but for LINK_SPACE_NOW.
	 * `space` is enum link_epoch_wish, `address` and `root` are its name (link_name_pack). Data:
	 * struct link_epoch. STATUS_MISSING: no such epoch; STATUS_LIMIT: no more epochs. */
	LINK_EPOCH = 6,
	/* Let the target stand still, and go on (struct page_source_ops). The second one's data: struct
	 * link_pause. */
	LINK_PAUSE = 7,
	LINK_RESUME = 8,
};

enum link_epoch_wish {
	LINK_EPOCH_JOIN = 0, /* one that is there */
	LINK_EPOCH_NEW = 1, /* a new one; one of that name is forgotten */
};

enum {
	LINK_NAME_SIZE_MAX = 16, /* of an epoch, with its NUL */
};

/* Encoded as two u64. */
struct link_epoch {
	uint64_t age_ns, page_count;
};

struct link_pause {
	uint64_t stopped_ns; /* 0: it stood already */
	uint64_t was_late; /* 1: something was read after its time was over */
};

enum link_space {
	/* Guest physical. What it may reach without LINK_RIGHT_USER is the source's to
	 * decide. */
	LINK_SPACE_PHYSICAL = 1,
	/* Virtual, in the kernel's half, translated by the source. */
	LINK_SPACE_KERNEL = 2,
	/* Virtual, of the process whose top page table is at the physical address `root`. */
	LINK_SPACE_USER = 3,
	/* Guest physical, as memory is now: past the epoch of LINK_EPOCH. */
	LINK_SPACE_NOW = 4,
};

/* Encoded: u8 type, u8 space, u16 zero, u32 size, u64 address, u64 root. Members that
 * a type doesn't use are zero. */
struct link_operation {
	uint8_t type; /* enum link_operation_type */
	uint8_t space; /* LINK_READ: enum link_space */
	uint32_t size; /* LINK_READ: 1…4096 bytes */
	uint64_t address;
	uint64_t root; /* LINK_SPACE_USER only */
};

/* Head, encoded: u32 "BZRQ", u32 operation count, then zeros. */
struct link_request {
	uint32_t operation_count; /* 1…LINK_OPERATION_COUNT_MAX */
	struct link_operation operation[LINK_OPERATION_COUNT_MAX];
};

/* May an answer say this of an operation or a plan: STATUS_OK, _UNMAPPED, _MISSING, _GONE, _TORN,
 * _END; STATUS_UNSUPPORTED, _LIMIT (the quota), _IO, _DENIED (the grant's rights)? */
bool link_outcome_is_valid(status outcome);

/* Encoded: i32 outcome, u32 zero. */
struct link_result {
	status outcome; /* link_outcome_is_valid() */
};

/* Head, encoded: u32 "BZRP", u32 result count, u64 epoch, u64 quota bytes, u64 quota
 * requests, u32 flags (LINK_REPLY_STILL), then zeros. */
enum { LINK_REPLY_STILL = 1 << 0 };

struct link_reply {
	/* All that this reply holds is of one moment, but for what devices write: no CPU of the target ran
	 * while it was read. Without it nothing is promised. */
	bool is_still;
	uint64_t epoch; /* of the target's system: another number is another boot */
	uint64_t quota_bytes_left, quota_requests_left;
	uint32_t result_count; /* the request's operation_count */
	struct link_result result[LINK_OPERATION_COUNT_MAX];
};

/* Bytes of data that the operation's success returns. */
size_t link_operation_data_size(const struct link_operation *operation);
/* Where operation `index`'s slot starts, counted from the reply's first byte. */
size_t link_request_slot(const struct link_request *request, uint32_t index);
/* Bytes of the whole reply, before sealing. */
size_t link_request_reply_size(const struct link_request *request);

/* Is it something that may be sent? STATUS_MALFORMED, reported: no or too many
 * operations, or an operation with members that don't fit its type; STATUS_LIMIT, reported:
 * its data doesn't fit one reply. */
MUST_USE status link_request_validate(const struct link_request *request);

/* Encode into LINK_REQUEST_SIZE bytes at most; `ret_size` is one of the two sizes. As
 * link_request_validate. */
MUST_USE status link_request_encode(const struct link_request *request, uint8_t content[static LINK_REQUEST_SIZE],
				    size_t *ret_size);
/* Decode and validate: STATUS_MALFORMED or STATUS_LIMIT, reported. */
MUST_USE status link_request_decode(struct span content, struct link_request *ret_request);

/* Finish a reply whose data stands in its slots already: head, results, and zeros
 * in the slots of failed operations and wherever there is no slot. `content` has
 * room for link_request_reply_size(request) bytes, and that is the reply's size.
 * STATUS_INTERNAL, reported: result_count isn't the request's, or an outcome that can't be sent. */
MUST_USE status link_reply_encode(const struct link_request *request, const struct link_reply *reply, uint8_t *content);
/* Decode the answer to `request` and validate it: STATUS_MALFORMED, reported. The data
 * of operation i, if it succeeded, is at content.data + link_request_slot(request, i). */
MUST_USE status link_reply_decode(const struct link_request *request, struct span content,
				  struct link_reply *ret_reply);

/* A name as two words, and back. STATUS_MALFORMED, not reported: longer than LINK_NAME_SIZE_MAX − 1, or
 * words that hold none (something behind its end). */
MUST_USE status link_name_pack(const char *name, uint64_t *ret_address, uint64_t *ret_root);
MUST_USE status link_name_unpack(uint64_t address, uint64_t root, char ret_name[static LINK_NAME_SIZE_MAX]);

/* Data of the types that aren't plain bytes, into and out of their slots. Reading:
 * STATUS_MALFORMED, reported: a map with too many ranges, or ranges that
 * are empty, not page-aligned, not sorted or beyond 2^52. */
void link_ram_map_write(const struct call_ram_map *map, uint8_t *slot);
/* The same check for a map that came by another way than a slot. */
MUST_USE status link_ram_map_check(const struct call_ram_map *map);
MUST_USE status link_ram_map_read(const uint8_t *slot, struct call_ram_map *ret_map);
void link_registers_write(const struct call_registers *registers, uint8_t *slot);
void link_registers_read(const uint8_t *slot, struct call_registers *ret_registers);
void link_epoch_write(const struct link_epoch *epoch, uint8_t *slot);
void link_epoch_read(const uint8_t *slot, struct link_epoch *ret_epoch);
void link_pause_write(const struct link_pause *pause, uint8_t *slot);
/* STATUS_MALFORMED, reported: was_late is neither 0 nor 1. */
MUST_USE status link_pause_read(const uint8_t *slot, struct link_pause *ret_pause);
void link_range_write(const struct call_range *range, uint8_t *slot);
MUST_USE status link_range_read(const uint8_t *slot, struct call_range *ret_range);

#endif
