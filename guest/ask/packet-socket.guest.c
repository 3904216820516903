/* SPDX-License-Identifier: GPL-2.0-or-later */
/* SOCK_DIAG_BY_FAMILY for AF_PACKET: sk_diag_fill() (net/packet/diag.c, 5.10 to 7.2). */
#include "guest/ask/dumps.h"
#include "guest/ask/socket-message.h"
#include "guest/proc/task.h"
#include "guest/proc/types/packet.h"

enum {
	FAMILY_PACKET = 17,
	PAGE_SHIFT = 12,
	FILTER_INSTRUCTION_SIZE = 8, /* struct sock_filter (uapi/linux/filter.h) */
	FILTER_SIZE_MAX = 4096, /* half a message; Linux lets a filter have 4096 instructions, few have 20 */
	VERSION_2 = 1, /* TPACKET_V2 */
	MEMBERSHIP_COUNT_MAX = 128, /* what a message holds; Linux lets a socket have 20 (optmem) */
	/* PACKET_SHOW_… (uapi/linux/packet_diag.h) */
	SHOW_INFO = 1 << 0,
	SHOW_MEMBERSHIPS = 1 << 1,
	SHOW_RINGS = 1 << 2,
	SHOW_FANOUT = 1 << 3,
	SHOW_MEMINFO = 1 << 4,
	SHOW_FILTER = 1 << 5,
	/* PACKET_DIAG_… */
	ATTRIBUTE_INFO = 0,
	ATTRIBUTE_MEMBERSHIPS,
	ATTRIBUTE_RECEIVE_RING,
	ATTRIBUTE_SEND_RING,
	ATTRIBUTE_FANOUT,
	ATTRIBUTE_UID,
	ATTRIBUTE_MEMINFO,
	ATTRIBUTE_FILTER,
	/* PDI_… */
	IS_RUNNING = 0x1,
	HAS_AUXILIARY_DATA = 0x2,
	HAS_ORIGINAL_DEVICE = 0x4,
	HAS_VIRTUAL_HEADER = 0x8,
	HAS_LOSS = 0x10,
	NSEC_PER_MSEC = 1000000,
};

/* struct packet_diag_msg */
struct packet_head {
	u8 family, type;
	u16 protocol;
	u32 inode;
	u32 cookie[2];
};

/* struct packet_diag_info, _mclist, _ring */
struct info {
	u32 device, version, reserve, copy_threshold, timestamp, flags;
};

struct membership {
	u32 device, count;
	u16 type, address_size;
	u8 address[32];
};

struct ring {
	u32 block_size, block_count, frame_size, frame_count, retire_ms, private_size, features;
};

static bool has_flag(const struct packet_sock *po, s64 bit)
{
	return po->flags >> bit & 1;
}

static bool is_running(const struct packet_sock *po)
{
	if (field_exists(struct packet_sock, running))
		return po->running;
	return has_flag(po, enum_value(enum packet_sock_flags, PACKET_SOCK_RUNNING));
}

static bool has_loss(const struct packet_sock *po)
{
	if (field_exists(struct packet_sock, tp_loss))
		return po->tp_loss;
	return has_flag(po, enum_value(enum packet_sock_flags, PACKET_SOCK_TP_LOSS));
}

static bool has_virtual_header(const struct packet_sock *po)
{
	if (field_exists(struct packet_sock, has_vnet_hdr))
		return po->has_vnet_hdr;
	if (field_exists(struct packet_sock, vnet_hdr_sz))
		return po->vnet_hdr_sz != 0;
	return has_flag(po, enum_value(enum packet_sock_flags, PACKET_SOCK_HAS_VNET_HDR));
}

static void put_info(struct ask_message *message, const struct packet_sock *po)
{
	struct info info = {(u32)po->ifindex, po->tp_version, po->tp_reserve, (u32)po->copy_thresh, po->tp_tstamp, 0};

	info.flags |= is_running(po) ? IS_RUNNING : 0;
	info.flags |= has_flag(po, enum_value(enum packet_sock_flags, PACKET_SOCK_AUXDATA)) ? HAS_AUXILIARY_DATA : 0;
	info.flags |= has_flag(po, enum_value(enum packet_sock_flags, PACKET_SOCK_ORIGDEV)) ? HAS_ORIGINAL_DEVICE : 0;
	info.flags |= has_virtual_header(po) ? HAS_VIRTUAL_HEADER : 0;
	info.flags |= has_loss(po) ? HAS_LOSS : 0;
	message_put(message, ATTRIBUTE_INFO, &info, sizeof info);
	message_put_u32(message, ATTRIBUTE_UID, socket_uid(&po->sk));
}

/* Which packets the socket made its devices take. They stand in the attribute without headers of their own. */
static void put_memberships(struct ask_message *message, const struct packet_sock *po)
{
	struct membership memberships[MEMBERSHIP_COUNT_MAX];
	const struct packet_mclist *member = READ_ONCE(po->mclist);
	u32 count = 0;

	for (; member != NULL; member = READ_ONCE(member->next)) {
		if (count == MEMBERSHIP_COUNT_MAX)
			guest_fail(STATUS_LIMIT, "a packet socket has more memberships than an answer holds");
		memberships[count].device = (u32)member->ifindex;
		memberships[count].count = (u32)member->count;
		memberships[count].type = member->type;
		memberships[count].address_size = member->alen;
		guest_copy(memberships[count].address, member->addr, sizeof memberships[count].address);
		count++;
	}
	message_put(message, ATTRIBUTE_MEMBERSHIPS, memberships, count * (u32)sizeof memberships[0]);
}

static u32 retire_ms(const struct tpacket_kbdq_core *core)
{
	if (field_exists(struct tpacket_kbdq_core, interval_ktime))
		return (u32)(core->interval_ktime / NSEC_PER_MSEC);
	return core->retire_blk_tov;
}

static void put_ring(struct ask_message *message, u16 type, const struct packet_ring_buffer *there, u32 version)
{
	struct ring ring = {.block_size = there->pg_vec_pages << PAGE_SHIFT,
			    .block_count = there->pg_vec_len,
			    .frame_size = there->frame_size,
			    .frame_count = there->frame_max + 1};

	if (there->pg_vec == NULL)
		return;
	if (version > VERSION_2) {
		ring.retire_ms = retire_ms(&there->prb_bdqc);
		ring.private_size = there->prb_bdqc.blk_sizeof_priv;
		ring.features = there->prb_bdqc.feature_req_word;
	}
	message_put(message, type, &ring, sizeof ring);
}

static void put_filter(struct ask_message *message, const struct sock *socket)
{
	/* sock_diag_put_filterinfo(): the program as it was given to the kernel, not as it runs. */
	const struct bpf_prog *program = socket->sk_filter != NULL ? socket->sk_filter->prog : NULL;
	const struct sock_fprog_kern *given = program != NULL ? program->orig_prog : NULL;
	u8 bytes[FILTER_SIZE_MAX];

	if (given == NULL)
		return;
	u32 size = given->len * FILTER_INSTRUCTION_SIZE;
	if (size > sizeof bytes)
		guest_fail(STATUS_LIMIT, "a packet socket's filter is longer than an answer holds");
	guest_copy(bytes, given->filter, size);
	message_put(message, ATTRIBUTE_FILTER, bytes, size);
}

static void put_attributes(struct ask_message *message, u32 show, const struct packet_sock *po)
{
	if (show & SHOW_INFO)
		put_info(message, po);
	if (show & SHOW_MEMBERSHIPS)
		put_memberships(message, po);
	if (show & SHOW_RINGS) {
		put_ring(message, ATTRIBUTE_RECEIVE_RING, &po->rx_ring, po->tp_version);
		put_ring(message, ATTRIBUTE_SEND_RING, &po->tx_ring, po->tp_version);
	}
	if ((show & SHOW_FANOUT) && po->fanout != NULL)
		message_put_u32(message, ATTRIBUTE_FANOUT, po->fanout->id | (u32)po->fanout->type << 16);
	if (show & SHOW_MEMINFO)
		socket_put_memory(message, ATTRIBUTE_MEMINFO, &po->sk);
	if (show & SHOW_FILTER)
		put_filter(message, &po->sk);
}

static void show_row(void *argument)
{
	const struct row *row = argument;
	const struct ask_request *request = row->rows->context;
	const struct packet_sock *po = row->object;
	struct packet_head head = {
		FAMILY_PACKET, (u8)po->sk.sk_type, ntohs(po->num), (u32)socket_inode(&po->sk), {0, 0}};
	struct ask_message message;

	socket_cookie(&po->sk, head.cookie);
	message_begin(&message, row->seq, SOCK_DIAG_BY_FAMILY);
	message_fixed(&message, &head, sizeof head);
	put_attributes(&message, request->show, po);
	message_end(&message);
}

void ask_packet_sockets(struct seq *seq)
{
	struct rows rows = {.seq = seq, .show = show_row, .missing = "a socket is missing"};
	struct ask_request request;

	ask_request_copy(&request);
	rows.context = &request;
	rows_show_list(&rows, READ_ONCE(net_subject()->packet.sklist.first),
		       field_offset(struct sock, __sk_common.skc_node));
}
