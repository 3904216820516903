/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How a program reaches the SMI handler in firmware (firmware/handler): it writes SMI_COMMAND to
 * SMI_PORT with SMI_CALLER in RBX, its buffer's address in RDI and size in RCX. The buffer begins with
 * struct smi_head, one message of the link follows; the answer takes their place. RBX afterwards:
 * bits 0-7 enum firmware_refusal, bits 8 and up the number of the SMI since the machine's start.
 * Nobody answered if it is still SMI_CALLER.
 */
#ifndef WIRE_SMI_H
#define WIRE_SMI_H

#include <assert.h>
#include <stdint.h>

enum {
	SMI_PORT = 0xb2, /* APM_CNT, Intel ICH9's and all since */
	SMI_COMMAND = 0xb7,
	SMI_HEAD_SIZE = 16,
	SMI_HEAD_MAGIC = 0x4d535a42, /* "BZSM" */
	SMI_REFUSAL_BITS = 8,
	/* The largest that is taken, wherever it begins in a page: a record of 160 KiB and what is around it. */
	SMI_BUFFER_SIZE_MAX = 41 * 4096,
	/* Of memory by single reads, in one SMI: what fits into the 150 us that a read plan's has
	 * (firmware/handler/handler.h). A page takes some 19,000 instructions, all but 500 of them its sealing, and all
	 * else of such an SMI 10,000. */
	SMI_READ_PAGES_MAX = 20,
	/* CPUs whose registers one SMI tells: each has to be called, and waited for. */
	SMI_REGISTERS_MAX = 4,
};

/* "BARTIZAN", for the eye. */
#define SMI_CALLER UINT64_C(0x4e415a4954524142)

/* The name that grants call the machine by, of which the firmware is a part. */
#define SMI_TARGET "smm:"

struct smi_head {
	uint32_t magic;
	uint32_t session; /* 0 with a FIRST, whose answer names the one to be given with its records */
	uint32_t size; /* of the message behind; 0, for session 0: asks for struct agent_hello */
	uint32_t zero;
};

static_assert(sizeof(struct smi_head) == SMI_HEAD_SIZE, "no padding");

/* Why a caller gets nothing. */
enum firmware_refusal {
	FIRMWARE_ACCEPTED = 0,
	FIRMWARE_NOT_64_BIT = 1, /* no long mode, or a 32-bit code segment */
	FIRMWARE_NOT_USER = 2, /* the caller isn't at CPL 3 */
	FIRMWARE_SIZE = 3, /* none, or more than SMI_BUFFER_SIZE_MAX */
	FIRMWARE_ADDRESS = 4, /* not canonical, or it wraps around */
	FIRMWARE_NOT_PRESENT = 5, /* a page of it isn't mapped */
	FIRMWARE_NOT_WRITABLE = 6, /* a page is the kernel's, or read-only */
	FIRMWARE_NOT_RAM = 7, /* a page or a table lies outside RAM or where nobody gets to */
	FIRMWARE_TABLES = 8, /* a reserved bit in an entry */
	FIRMWARE_PAGE_TWICE = 9, /* two of its pages are one: copies would overlap */
	FIRMWARE_FORMAT = 10, /* what stands in the buffer is no message of ours */
	FIRMWARE_SESSION = 11, /* no such session, or not its next record; nothing changed */
	FIRMWARE_GRANT = 12, /* FIRST, or its grant, isn't good */
	FIRMWARE_REPLY_SIZE = 13, /* the answer wouldn't fit into the buffer; nothing changed */
	FIRMWARE_INTERNAL = 14, /* the handler's own fault */
	FIRMWARE_TOO_MUCH = 15, /* more than one SMI does; nothing changed */
	FIRMWARE_NO_PLACE = 16, /* a grant more than can be counted in one start; nothing changed */
	/* The grant is over, by the owner's word or this machine's clock at its start (firmware/handler/handler.h) */
	FIRMWARE_EXPIRED = 17,
	FIRMWARE_REFUSAL_END,
};

#endif
