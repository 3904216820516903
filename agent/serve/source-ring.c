/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/source-ring.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "agent/serve/clock.h"
#include "base/report.h"

enum {
	/* So long a client is waited for before sleeping: by the clock, since a pause takes from 13 to 50 ns, as the
	 * CPU goes. To be woken costs both of us 50 to 100 µs where the core has gone idle meanwhile; a client works
	 * several times that long on what a read plan brought before it asks again: 0.3 ms on a table of TCP sockets
	 * that is empty. Whoever asks more seldom finds us asleep, and so many looks in vain are soon few
	 * (base/patience.h). */
	SPIN_NS = 500000,
	/* Looks between two looks at the clock. */
	SPIN_LOOKS = 32,
};

status source_ring_init(struct source_ring *ring, int *ret_file)
{
	int file = memfd_create("bartizan-ring", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (file < 0)
		return report(STATUS_NO_MEMORY, "can't make a ring: %s", strerror(errno));
	if (ftruncate(file, sizeof(struct link_ring)) != 0 ||
	    fcntl(file, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) {
		int error = errno;

		close(file);
		return report(STATUS_IO, "can't seal a ring: %s", strerror(error));
	}
	void *shared = mmap(NULL, sizeof(struct link_ring), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED) {
		close(file);
		return report(STATUS_NO_MEMORY, "can't map a ring: %s", strerror(errno));
	}
	*ring = (struct source_ring){.shared = shared};
	*ret_file = file;
	return STATUS_OK;
}

void source_ring_deinit(struct source_ring *ring)
{
	if (ring->shared != NULL)
		munmap(ring->shared, sizeof *ring->shared);
	ring->shared = NULL;
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

/* The kernel compares 32 bits: the low half, on a little-endian machine. */
static void futex_wake(uint64_t *sequence)
{
	syscall(SYS_futex, (uint32_t *)sequence, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

static void futex_wait(uint64_t *sequence, uint64_t while_it_is, int timeout_ms)
{
	const struct timespec timeout = {.tv_sec = timeout_ms / 1000, .tv_nsec = timeout_ms % 1000 * 1000000L};

	/* Woken, changed, interrupted or too late: the caller looks again. */
	syscall(SYS_futex, (uint32_t *)sequence, FUTEX_WAIT, (uint32_t)while_it_is, &timeout, NULL, 0);
}

static bool has_request(const struct source_ring *ring)
{
	return load(&ring->shared->request_sequence) != ring->taken_sequence;
}

static bool spin(struct source_ring *ring)
{
	bool came = has_request(ring);

	if (came || !patience_may_look(&ring->patience))
		return came;
	const int64_t end_ns = clock_ns() + SPIN_NS;
	do {
		for (int i = 0; i < SPIN_LOOKS && !came; i++) {
			__builtin_ia32_pause();
			came = has_request(ring);
		}
	} while (!came && clock_ns() < end_ns);
	patience_note(&ring->patience, came);
	return came;
}

static bool sleep_for_request(struct source_ring *ring, int timeout_ms)
{
	struct link_ring *shared = ring->shared;

	store(&shared->source_asleep, 1);
	if (!has_request(ring))
		futex_wait(&shared->request_sequence, ring->taken_sequence, timeout_ms);
	store(&shared->source_asleep, 0);
	return has_request(ring);
}

status source_ring_take(struct source_ring *ring, int timeout_ms, uint8_t request[static LINK_RING_REQUEST_SIZE],
			size_t *ret_size)
{
	struct link_ring *shared = ring->shared;

	if (!spin(ring) && !sleep_for_request(ring, timeout_ms))
		return STATUS_TORN;
	/* Once each: what is checked is what is used. */
	uint64_t sequence = load(&shared->request_sequence), size = load(&shared->request_size);

	if (sequence != ring->taken_sequence + 1)
		return report(STATUS_MALFORMED, "the ring's client jumped from request %" PRIu64 " to %" PRIu64,
			      ring->taken_sequence, sequence);
	if (size > LINK_RING_REQUEST_SIZE)
		return report(STATUS_MALFORMED, "the ring's client announced a request of %" PRIu64 " bytes; %d fit",
			      size, LINK_RING_REQUEST_SIZE);
	memcpy(request, shared->request, size);
	ring->taken_sequence = sequence;
	*ret_size = size;
	return STATUS_OK;
}

void source_ring_reply(struct source_ring *ring, struct span reply)
{
	struct link_ring *shared = ring->shared;

	memcpy(shared->reply, reply.data, reply.size);
	store(&shared->reply_size, reply.size);
	store(&shared->reply_sequence, ring->taken_sequence);
	if (load(&shared->client_asleep) != 0)
		futex_wake(&shared->reply_sequence);
}

void source_ring_end(struct source_ring *ring, struct span last_words)
{
	struct link_ring *shared = ring->shared;

	if (last_words.size > 0) {
		memcpy(shared->reply, last_words.data, last_words.size);
		store(&shared->reply_size, last_words.size);
	}
	store(&shared->source_gone, 1);
	futex_wake(&shared->reply_sequence);
}

void source_ring_wake(struct source_ring *ring)
{
	futex_wake(&ring->shared->request_sequence);
}
