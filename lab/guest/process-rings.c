/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process with io_urings: what waits, what is done, what was lost, what they hold. */
#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "lab/guest/fail.h"
#include "lab/guest/processes.h"

enum {
	RING_SIZE = 4096, /* of the few entries that ours have: no more may be mapped */
	BUFFER_SIZE = 12345,
};

struct ring {
	int fd;
	struct io_uring_params parameters;
	char *queues, *entries;
	unsigned int tail;
};

/* False where the kernel has none of this kind. */
static bool make_ring(struct ring *ring, unsigned int count, unsigned int flags)
{
	*ring = (struct ring){.parameters.flags = flags};
	ring->fd = (int)syscall(SYS_io_uring_setup, count, &ring->parameters);
	if (ring->fd < 0)
		return false;
	ring->queues = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQ_RING);
	ring->entries = mmap(NULL, RING_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, ring->fd, IORING_OFF_SQES);
	if (ring->queues == MAP_FAILED || ring->entries == MAP_FAILED)
		fail("mmap of an io_uring");
	return true;
}

static void add(struct ring *ring, const struct io_uring_sqe *entry)
{
	const struct io_sqring_offsets *at = &ring->parameters.sq_off;
	unsigned int index = ring->tail & (ring->parameters.sq_entries - 1);
	size_t size = (ring->parameters.flags & IORING_SETUP_SQE128) != 0 ? 2 * sizeof *entry : sizeof *entry;

	memcpy(ring->entries + index * size, entry, sizeof *entry);
	if (size > sizeof *entry)
		memset(ring->entries + index * size + sizeof *entry, 0x5a, sizeof *entry);
	((unsigned int *)(void *)(ring->queues + at->array))[index] = index;
	ring->tail++;
	__atomic_store_n((unsigned int *)(void *)(ring->queues + at->tail), ring->tail, __ATOMIC_RELEASE);
}

static void submit(const struct ring *ring, unsigned int count)
{
	must((int)syscall(SYS_io_uring_enter, ring->fd, count, 0, 0, NULL, 0), "io_uring_enter");
}

static void hold(const struct ring *ring)
{
	char *buffer = mmap(NULL, BUFFER_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const int files[] = {0, -1, must(open("/tmp/in a ring", O_RDWR | O_CREAT | O_CLOEXEC, 0600), "open")};
	const struct iovec buffers[] = {{buffer, BUFFER_SIZE}, {buffer + 100, 7}};

	if (buffer == MAP_FAILED)
		fail("mmap");
	must((int)syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_FILES, files, 3), "IORING_REGISTER_FILES");
	must((int)syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_BUFFERS, buffers, 2),
	     "IORING_REGISTER_BUFFERS");
}

void zoo_rings(void)
{
	struct ring ring, small, large;
	int ends[2];

	zoo_name("rings");
	if (!make_ring(&ring, 8, 0)) {
		zoo_lack("io_uring");
		return;
	}
	must(pipe2(ends, O_CLOEXEC), "pipe");
	hold(&ring);
	add(&ring, &(struct io_uring_sqe){
			   .opcode = IORING_OP_POLL_ADD, .fd = ends[0], .poll32_events = POLLIN, .user_data = 1});
	for (uint64_t i = 2; i < 5; i++)
		add(&ring, &(struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = i << 40});
	submit(&ring, 4);
	add(&ring, &(struct io_uring_sqe){.opcode = IORING_OP_READ,
					  .flags = IOSQE_ASYNC,
					  .fd = 3,
					  .off = 77,
					  .addr = 0x1234,
					  .rw_flags = 5,
					  .buf_index = 6,
					  .user_data = UINT64_MAX});
	add(&ring, &(struct io_uring_sqe){.opcode = IORING_OP_SEND_ZC, .fd = -1});
	/* More done than there is room for: kernels of 5.10 take no more after the first. */
	if (!make_ring(&small, 1, 0))
		fail("io_uring");
	for (uint64_t i = 0; i < 4; i++) {
		add(&small, &(struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = i});
		if (syscall(SYS_io_uring_enter, small.fd, 1, 0, 0, NULL, 0) < 0 && errno != EBUSY)
			fail("io_uring_enter");
	}
	/* From 5.19 on. */
	if (!make_ring(&large, 4, IORING_SETUP_SQE128 | IORING_SETUP_CQE32))
		return;
	add(&large, &(struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = 9});
	add(&large, &(struct io_uring_sqe){.opcode = IORING_OP_NOP, .user_data = 10});
	submit(&large, 2);
	add(&large, &(struct io_uring_sqe){.opcode = IORING_OP_FSYNC, .fd = 1});
}
