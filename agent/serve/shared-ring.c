/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/serve/shared-ring.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/serve/clock.h"
#include "agent/serve/guarded.h"
#include "base/report.h"

enum {
	SPIN_NS = 100000, /* by the clock; whoever isn't seen by then is met by a look soon after */
	SPIN_LOOKS = 32, /* between two looks at the clock */
	/* Between two looks: an eighth of the time that nothing has come, within these. A walk's
	 * next request is met soon; a client that idles costs 200 looks a second. */
	PAUSE_SHARE = 8,
	PAUSE_NS_MIN = 20 * 1000,
	PAUSE_NS_MAX = 5 * 1000 * 1000,
};

static status cannot(const char *path, const char *what)
{
	int error = errno;

	return report(error == EACCES || error == EPERM ? STATUS_DENIED : STATUS_IO,
		      "can't %s the shared memory %s: %s", what, path, strerror(error));
}

static status map_file(int file, const char *path, struct link_shared **ret_shared)
{
	struct stat found;

	if (fstat(file, &found) != 0)
		return cannot(path, "look at");
	if (!S_ISREG(found.st_mode))
		return report(STATUS_USAGE, "%s is no file: give the file of QEMU's memory-backend-file", path);
	if (found.st_size < LINK_SHARED_SIZE && ftruncate(file, LINK_SHARED_SIZE) != 0)
		return cannot(path, "enlarge");
	void *shared = mmap(NULL, LINK_SHARED_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (shared == MAP_FAILED)
		return report(STATUS_NO_MEMORY, "can't map the shared memory %s: %s", path, strerror(errno));
	*ret_shared = shared;
	return STATUS_OK;
}

status shared_ring_map(const char *path, struct link_shared **ret_shared)
{
	/* Not blocking: it may be a pipe, which is then refused. */
	int file = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600);

	if (file < 0)
		return cannot(path, "open");
	status result = map_file(file, path, ret_shared);
	close(file);
	return result;
}

void shared_ring_unmap(struct link_shared *shared)
{
	munmap(shared, LINK_SHARED_SIZE);
}

static uint64_t load(const uint64_t *word)
{
	return __atomic_load_n(word, __ATOMIC_SEQ_CST);
}

static void store(uint64_t *word, uint64_t value)
{
	__atomic_store_n(word, value, __ATOMIC_SEQ_CST);
}

static status beat_work(void *context)
{
	struct link_shared *shared = context;

	store(&shared->magic, LINK_SHARED_MAGIC);
	__atomic_add_fetch(&shared->alive, 1, __ATOMIC_SEQ_CST);
	return STATUS_OK;
}

void shared_ring_beat(struct link_shared *shared)
{
	/* Vanished: the port's own thread says so. */
	(void)!guarded_run(beat_work, shared);
}

void shared_ring_init(struct shared_ring *ring, struct link_shared *shared)
{
	*ring = (struct shared_ring){.shared = shared, .quiet_since_ns = clock_ns(), .ring = {.shared = &shared->ring}};
}

static void pause_before_next_look(const struct shared_ring *ring, int64_t now_ns)
{
	int64_t ns = (now_ns - ring->quiet_since_ns) / PAUSE_SHARE;

	ns = ns < PAUSE_NS_MIN ? PAUSE_NS_MIN : ns > PAUSE_NS_MAX ? PAUSE_NS_MAX : ns;
	nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

/* What a guarded piece of work is about. */
struct work {
	struct shared_ring *ring;
	const struct agent_hello *hello;
	int timeout_ms;
	uint8_t *request;
	size_t *ret_size;
	struct span message;
};

/* Somebody else's number, or none. A client that has gone said so by 0. */
static bool has_left(const struct shared_ring *ring)
{
	return load(&ring->shared->connect) != ring->connect;
}

static void clear(struct link_ring *shared)
{
	store(&shared->request_sequence, 0);
	store(&shared->request_size, 0);
	store(&shared->client_asleep, 0);
	store(&shared->reply_sequence, 0);
	store(&shared->reply_size, 0);
	store(&shared->source_asleep, 0);
	store(&shared->source_gone, 0);
}

static status greet_work(void *context)
{
	const struct work *work = context;
	struct shared_ring *ring = work->ring;
	const int64_t end_ns = clock_ns() + work->timeout_ms * INT64_C(1000000);
	uint64_t connect;

	/* At least one pause for each client: one that begins anew all the time must not keep
	 * this CPU busy. */
	do {
		int64_t now_ns = clock_ns();

		if (now_ns >= end_ns)
			return STATUS_TORN;
		pause_before_next_look(ring, now_ns);
		connect = load(&ring->shared->connect);
	} while (connect == 0 || connect == ring->connect);
	ring->connect = connect;
	ring->ring.taken_sequence = 0;
	ring->quiet_since_ns = clock_ns();
	clear(&ring->shared->ring);
	memcpy(&ring->shared->hello, work->hello, sizeof *work->hello);
	store(&ring->shared->answered, connect);
	return STATUS_OK;
}

status shared_ring_greet(struct shared_ring *ring, const struct agent_hello *hello, int timeout_ms)
{
	struct work work = {.ring = ring, .hello = hello, .timeout_ms = timeout_ms};

	return guarded_run(greet_work, &work);
}

static bool has_request(const struct shared_ring *ring)
{
	return load(&ring->shared->ring.request_sequence) != ring->ring.taken_sequence;
}

static bool spin(struct shared_ring *ring)
{
	bool came = has_request(ring);

	if (came || !patience_may_look(&ring->ring.patience))
		return came;
	const int64_t end_ns = clock_ns() + SPIN_NS;
	do {
		for (int i = 0; i < SPIN_LOOKS && !came; i++) {
			__builtin_ia32_pause();
			came = has_request(ring);
		}
	} while (!came && clock_ns() < end_ns);
	patience_note(&ring->ring.patience, came);
	return came;
}

static status take_work(void *context)
{
	const struct work *work = context;
	struct shared_ring *ring = work->ring;
	const int64_t end_ns = clock_ns() + work->timeout_ms * INT64_C(1000000);

	for (bool came = spin(ring); !came; came = has_request(ring)) {
		int64_t now_ns = clock_ns();

		if (has_left(ring))
			return STATUS_GONE;
		if (now_ns >= end_ns)
			return STATUS_TORN;
		pause_before_next_look(ring, now_ns);
	}
	ring->quiet_since_ns = clock_ns();
	return source_ring_take(&ring->ring, 0, work->request, work->ret_size);
}

status shared_ring_take(struct shared_ring *ring, int timeout_ms, uint8_t request[static LINK_RING_REQUEST_SIZE],
			size_t *ret_size)
{
	struct work work = {.ring = ring, .timeout_ms = timeout_ms, .request = request, .ret_size = ret_size};

	return guarded_run(take_work, &work);
}

static status reply_work(void *context)
{
	const struct work *work = context;

	source_ring_reply(&work->ring->ring, work->message);
	return STATUS_OK;
}

status shared_ring_reply(struct shared_ring *ring, struct span reply)
{
	struct work work = {.ring = ring, .message = reply};

	return guarded_run(reply_work, &work);
}

static status end_work(void *context)
{
	const struct work *work = context;

	/* Who begins anew gets no words that are meant for somebody else. */
	if (!has_left(work->ring))
		source_ring_end(&work->ring->ring, work->message);
	return STATUS_OK;
}

status shared_ring_end(struct shared_ring *ring, struct span last_words)
{
	struct work work = {.ring = ring, .message = last_words};

	return guarded_run(end_work, &work);
}
