/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/serve/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "base/checked.h"
#include "guest/memory/plan-code.h"
#include "host/serve/agent-client.h"
#include "host/serve/grantor-client.h"
#include "host/serve/peers.h"
#include "host/serve/quoter.h"
#include "host/serve/unsent.h"
#include "host/serve/verifier-client.h"

void serve_init(struct serve *serve, struct call_window *window, struct page_source *source, struct span profile)
{
	memset(serve, 0, sizeof *serve);
	serve->window = window;
	serve->source = source;
	serve->profile = profile;
	serve->answer = serve_answer;
	pthread_mutex_init(&serve->turn, NULL);
}

void serve_deinit(struct serve *serve)
{
	for (int fd = 3; fd < SERVE_FILE_COUNT_MAX; fd++)
		if (serve->open[fd])
			close(fd);
	memset(serve->open, 0, sizeof serve->open);
	free(serve->plan_room);
	pthread_mutex_destroy(&serve->turn);
}

/* The data area's bytes [offset, offset + size), or NULL if that isn't inside. */
static void *data_at(struct serve *serve, uint64_t offset, uint64_t size)
{
	if (offset % 8 != 0 || !checked_within(offset, size, CALL_DATA_SIZE))
		return NULL;
	return serve->window->data + offset;
}

/* A path at `offset`, NUL and all; NULL if it has none in time. */
static const char *path_at(struct serve *serve, uint64_t offset)
{
	const char *path = data_at(serve, offset, CALL_PATH_SIZE_MAX);

	return path != NULL && memchr(path, '\0', CALL_PATH_SIZE_MAX) != NULL && path[0] == '/' ? path : NULL;
}

static bool may_use(const struct serve *serve, uint64_t fd)
{
	return fd < 3 || (fd < SERVE_FILE_COUNT_MAX && serve->open[fd]);
}

static int64_t result_of(long result)
{
	return result < 0 ? -errno : result;
}

static int64_t serve_open(struct serve *serve, const uint64_t *a)
{
	const char *path = path_at(serve, a[0]);
	int flags = (int)a[1] & (O_DIRECTORY | O_NOFOLLOW | O_NONBLOCK), fd;

	if (path == NULL)
		return -EFAULT;
	fd = open(path, flags | O_RDONLY | O_CLOEXEC | O_NOCTTY);
	/* Where a standard stream was closed its number is free, and yet not an
	 * image's to have. */
	if (fd >= 0 && fd < 3) {
		int low = fd;

		fd = fcntl(low, F_DUPFD_CLOEXEC, 3);
		close(low);
	}
	if (fd >= SERVE_FILE_COUNT_MAX) {
		close(fd);
		return -EMFILE;
	}
	if (fd >= 0)
		serve->open[fd] = true;
	return result_of(fd);
}

static int64_t serve_close(struct serve *serve, const uint64_t *a)
{
	if (a[0] < 3 || !may_use(serve, a[0]))
		return -EBADF;
	serve->open[a[0]] = false;
	return result_of(close((int)a[0]));
}

static int64_t serve_read(struct serve *serve, const uint64_t *a, bool positioned)
{
	void *data = data_at(serve, a[1], a[2]);

	if (!may_use(serve, a[0]))
		return -EBADF;
	if (data == NULL)
		return -EFAULT;
	return result_of(positioned ? pread((int)a[0], data, a[2], (off_t)a[3]) : read((int)a[0], data, a[2]));
}

static int64_t serve_write(struct serve *serve, const uint64_t *a)
{
	const void *data = data_at(serve, a[1], a[2]);

	if (a[0] != 1 && a[0] != 2)
		return -EBADF;
	return data == NULL ? -EFAULT : result_of(write((int)a[0], data, a[2]));
}

static int64_t serve_seek(struct serve *serve, const uint64_t *a)
{
	return may_use(serve, a[0]) ? result_of(lseek((int)a[0], (off_t)a[1], (int)a[2])) : -EBADF;
}

static int64_t serve_fstat(struct serve *serve, const uint64_t *a)
{
	void *data = data_at(serve, a[1], sizeof(struct stat));

	if (!may_use(serve, a[0]))
		return -EBADF;
	return data == NULL ? -EFAULT : result_of(fstat((int)a[0], data));
}

static int64_t serve_stat(struct serve *serve, const uint64_t *a)
{
	const char *path = path_at(serve, a[0]);
	void *data = data_at(serve, a[1], sizeof(struct stat));

	if (path == NULL || data == NULL)
		return -EFAULT;
	return result_of(fstatat(AT_FDCWD, path, data, (int)a[2] & AT_SYMLINK_NOFOLLOW));
}

static int64_t serve_readlink(struct serve *serve, const uint64_t *a)
{
	const char *path = path_at(serve, a[0]);
	void *data = data_at(serve, a[1], a[2]);

	return path == NULL || data == NULL ? -EFAULT : result_of(readlink(path, data, a[2]));
}

static int64_t serve_getdents(struct serve *serve, const uint64_t *a)
{
	void *data = data_at(serve, a[1], a[2]);

	if (!may_use(serve, a[0]))
		return -EBADF;
	return data == NULL ? -EFAULT : result_of(syscall(SYS_getdents64, (int)a[0], data, a[2]));
}

static int64_t serve_ioctl(struct serve *serve, const uint64_t *a)
{
	/* 64 bytes hold either answer. */
	void *data = data_at(serve, a[2], 64);

	if (!may_use(serve, a[0]))
		return -EBADF;
	if (data == NULL)
		return -EFAULT;
	if (a[1] != TIOCGWINSZ && a[1] != TCGETS)
		return -ENOTTY;
	/* syscall(): TCGETS means the kernel's struct, not libc's. */
	return result_of(syscall(SYS_ioctl, (int)a[0], a[1], data));
}

static int64_t serve_clock(struct serve *serve, const uint64_t *a)
{
	void *data = data_at(serve, a[1], sizeof(struct timespec));

	return data == NULL ? -EFAULT : result_of(clock_gettime((clockid_t)a[0], data));
}

static int64_t serve_sleep(struct serve *serve, const uint64_t *a)
{
	const struct timespec *data = data_at(serve, a[1], sizeof *data);
	struct timespec duration;

	if (data == NULL)
		return -EFAULT;
	duration = *data;
	return -clock_nanosleep(CLOCK_MONOTONIC, 0, &duration, NULL);
}

/* The target's memory, or the epoch's that the program shares with others. */
static struct page_source *source_of(const struct serve *serve, uint64_t now)
{
	return now != 0 && serve->source->now != NULL ? serve->source->now : serve->source;
}

static int64_t read_pages(struct serve *serve, const uint64_t *a)
{
	struct page_source *source = source_of(serve, a[4]);
	uint64_t count = a[1];
	struct guest_pa pages[CALL_PAGE_COUNT_MAX];
	status results[CALL_PAGE_COUNT_MAX];
	const uint64_t *addresses;
	uint8_t(*destination)[GUEST_PAGE_SIZE];
	int64_t *answers;
	status result = STATUS_OK;

	if (count > CALL_PAGE_COUNT_MAX)
		return STATUS_USAGE;
	addresses = data_at(serve, a[0], count * 8);
	destination = data_at(serve, a[2], count * GUEST_PAGE_SIZE);
	answers = data_at(serve, a[3], count * 8);
	if (addresses == NULL || destination == NULL || answers == NULL)
		return STATUS_USAGE;
	for (uint64_t i = 0; i < count; i++)
		pages[i].value = addresses[i];
	if (source->ops->read_pages != NULL)
		result = source->ops->read_pages(source, pages, count, destination, results);
	else
		for (uint64_t i = 0; i < count; i++)
			results[i] = source->ops->read(source, pages[i], destination[i], GUEST_PAGE_SIZE);
	for (uint64_t i = 0; i < count && result == STATUS_OK; i++)
		answers[i] = results[i];
	return result;
}

static int64_t ram_map(struct serve *serve, const uint64_t *a)
{
	struct call_ram_map *answer = data_at(serve, a[0], sizeof *answer);
	struct ram_map map;

	if (answer == NULL)
		return STATUS_USAGE;
	TRY(serve->source->ops->ram_map(serve->source, &map));
	memset(answer, 0, sizeof *answer);
	answer->range_count = map.range_count;
	for (uint32_t i = 0; i < map.range_count && i < CALL_RAM_RANGE_COUNT_MAX; i++) {
		answer->range[i].start = map.range[i].start.value;
		answer->range[i].size = map.range[i].size;
	}
	return STATUS_OK;
}

/* A source that can't tell has all of its RAM populated. */
static status next_of_map(struct serve *serve, uint64_t start, struct ram_range *ret_range)
{
	struct ram_map map;

	TRY(serve->source->ops->ram_map(serve->source, &map));
	for (uint32_t i = 0; i < map.range_count; i++) {
		uint64_t first = map.range[i].start.value, end = first + map.range[i].size;

		if (start >= end)
			continue;
		ret_range->start.value = start > first ? start : first;
		ret_range->size = end - ret_range->start.value;
		return STATUS_OK;
	}
	return STATUS_END;
}

static int64_t next_populated(struct serve *serve, const uint64_t *a)
{
	struct call_range *answer = data_at(serve, a[1], sizeof *answer);
	struct guest_pa start = {a[0]};
	struct ram_range range;
	const uint8_t *bytes;

	if (answer == NULL)
		return STATUS_USAGE;
	if (serve->source->ops->next_populated != NULL)
		TRY(serve->source->ops->next_populated(serve->source, start, &range, &bytes));
	else
		TRY(next_of_map(serve, start.value, &range));
	*answer = (struct call_range){range.start.value, range.size};
	return STATUS_OK;
}

static int64_t registers(struct serve *serve, const uint64_t *a)
{
	struct call_registers *answer = data_at(serve, a[1], sizeof *answer);
	struct cpu_registers cpu;

	if (answer == NULL)
		return STATUS_USAGE;
	TRY(serve->source->ops->registers(serve->source, (uint32_t)a[0], &cpu));
	*answer = (struct call_registers){.cr0 = cpu.cr0,
					  .cr3 = cpu.cr3,
					  .cr4 = cpu.cr4,
					  .efer = cpu.efer,
					  .idt_base = cpu.idt_base,
					  .cpu_index = cpu.cpu_index,
					  .cpl = cpu.cpl,
					  .lstar = cpu.lstar};
	return STATUS_OK;
}

/* Puts a plan's runs into memory of ours: whoever runs it follows addresses in it, and an image could
 * change the window meanwhile. */
struct serve_plan_sink {
	struct plan_sink sink; /* must be first */
	size_t used;
};

static status take_runs(struct plan_sink *sink, struct span runs)
{
	struct serve_plan_sink *own = (struct serve_plan_sink *)sink;

	if (runs.size > sink->room_size - own->used)
		return STATUS_INTERNAL;
	memmove(sink->room + own->used, runs.data, runs.size);
	own->used += runs.size;
	return STATUS_OK;
}

static status read_plan(const struct call_plan *call, struct plan *ret_plan, struct plan_cursor *ret_cursor)
{
	TRY(plan_decode(call->plan, ret_plan));
	TRY(plan_cursor_decode(call->cursor, ret_cursor));
	TRY(plan_validate(ret_plan));
	return plan_cursor_validate(ret_plan, ret_cursor);
}

static int64_t pause_target(struct serve *serve)
{
	struct page_source *source = source_of(serve, 1);

	return source->ops->pause != NULL ? source->ops->pause(source) : STATUS_UNSUPPORTED;
}

static int64_t resume_target(struct serve *serve, const uint64_t *a)
{
	struct page_source *source = source_of(serve, 1);
	struct call_pause *answer = data_at(serve, a[0], sizeof *answer);
	struct source_pause pause;

	if (answer == NULL)
		return STATUS_USAGE;
	if (source->ops->resume == NULL)
		return STATUS_UNSUPPORTED;
	TRY(source->ops->resume(source, &pause));
	*answer = (struct call_pause){pause.stopped_ns, pause.was_late};
	return STATUS_OK;
}

static int64_t run_plan(struct serve *serve, const uint64_t *a)
{
	const struct call_plan *call = data_at(serve, a[0], sizeof *call);
	struct call_plan_answer *answer = data_at(serve, a[1], sizeof *answer);
	uint8_t *runs = data_at(serve, a[2], a[3]);
	struct serve_plan_sink sink = {.sink = {.room_size = a[3], .take = take_runs}};
	struct page_source *source = source_of(serve, a[4]);
	struct plan_cursor cursor;
	struct call_plan copy;
	struct plan plan;

	if (call == NULL || answer == NULL || runs == NULL)
		return STATUS_USAGE;
	if (source->ops->run_plan == NULL)
		return STATUS_UNSUPPORTED;
	if (serve->plan_room == NULL)
		serve->plan_room = malloc(CALL_DATA_SIZE);
	if (serve->plan_room == NULL)
		return STATUS_NO_MEMORY;
	sink.sink.room = serve->plan_room;
	copy = *call;
	TRY(read_plan(&copy, &plan, &cursor));
	if (!cursor.is_done)
		TRY(source->ops->run_plan(source, &plan, &cursor, &sink.sink));
	memcpy(runs, serve->plan_room, sink.used);
	answer->run_size = sink.used;
	plan_cursor_encode(&cursor, answer->cursor);
	return STATUS_OK;
}

static int64_t serve_source(struct serve *serve, const struct serve_request *request)
{
	if (serve->source == NULL)
		return STATUS_MISSING;
	switch (request->number) {
	case CALL_SOURCE_READ_PAGES: return read_pages(serve, request->argument);
	case CALL_SOURCE_RAM_MAP: return ram_map(serve, request->argument);
	case CALL_SOURCE_REGISTERS: return registers(serve, request->argument);
	case CALL_SOURCE_NEXT_POPULATED: return next_populated(serve, request->argument);
	case CALL_SOURCE_PLAN: return run_plan(serve, request->argument);
	case CALL_SOURCE_PAUSE: return pause_target(serve);
	case CALL_SOURCE_RESUME: return resume_target(serve, request->argument);
	default: return serve->source->ops->check(serve->source);
	}
}

static int64_t serve_profile(struct serve *serve, const uint64_t *a)
{
	void *data = data_at(serve, a[2], a[1]);

	if (serve->profile.data == NULL)
		return STATUS_MISSING;
	if (data == NULL || !checked_within(a[0], a[1], serve->profile.size))
		return STATUS_USAGE;
	memcpy(data, serve->profile.data + a[0], a[1]);
	return STATUS_OK;
}

static int64_t serve_grant(struct serve *serve, const uint64_t *a)
{
	const void *request = data_at(serve, a[0], a[1]);
	uint8_t *reply = data_at(serve, a[2], a[3]);
	struct grantor_request copy;
	size_t size = 0;

	if (serve->grantor == NULL)
		return STATUS_MISSING;
	if (request == NULL || reply == NULL || a[1] != sizeof copy)
		return STATUS_USAGE;
	memcpy(&copy, request, sizeof copy);
	status result = grantor_client_ask(serve->grantor, (struct span){(const uint8_t *)&copy, sizeof copy}, reply,
					   a[3], &size);
	return result == STATUS_OK ? (int64_t)size : (int64_t)(result > 0 ? STATUS_IO : result);
}

static int64_t serve_peers(struct serve *serve, const struct serve_request *request)
{
	const uint64_t *a = request->argument;
	void *message;

	if (serve->peers == NULL)
		return STATUS_UNSUPPORTED;
	switch (request->number) {
	case CALL_CHILD_START:
		message = data_at(serve, a[0], a[1]);
		if (message == NULL || a[1] > PEER_NAME_SIZE_MAX || memchr(message, '\0', a[1]) == NULL)
			return STATUS_USAGE;
		return peers_start(serve->peers, message);
	case CALL_CHILD_END: return peers_end(serve->peers, a[0]);
	case CALL_PEER_WAIT: return peers_wait(serve->peers, a[0], a[1]);
	case CALL_PEER_SEND:
		message = data_at(serve, a[1], a[2]);
		return message == NULL ? STATUS_USAGE : peers_send(serve->peers, a[0], message, a[2]);
	default:
		message = data_at(serve, a[1], a[2]);
		return message == NULL ? STATUS_USAGE : peers_receive(serve->peers, a[0], message, a[2]);
	}
}

static int64_t serve_quote_target(struct serve *serve, const uint64_t *a)
{
	struct sgx_targetinfo *target = data_at(serve, a[0], sizeof *target);

	if (serve->quoter == NULL)
		return STATUS_UNSUPPORTED;
	return target == NULL ? STATUS_USAGE : serve->quoter->target(serve->quoter->context, target);
}

static int64_t serve_quote(struct serve *serve, const uint64_t *a)
{
	const struct sgx_report *report_ = data_at(serve, a[0], sizeof *report_);
	uint8_t *quote = data_at(serve, a[1], a[2]);
	struct sgx_report copy;
	size_t size = 0;

	if (serve->quoter == NULL)
		return STATUS_UNSUPPORTED;
	if (report_ == NULL || quote == NULL)
		return STATUS_USAGE;
	memcpy(&copy, report_, sizeof copy);
	status result = serve->quoter->quote(serve->quoter->context, &copy, quote, a[2], &size);
	return result == STATUS_OK ? (int64_t)size : (int64_t)(result > 0 ? STATUS_IO : result);
}

static int64_t serve_verifier(struct serve *serve, const struct serve_request *request)
{
	void *bytes = data_at(serve, request->argument[0], request->argument[1]);

	if (serve->verifier == NULL)
		return STATUS_UNSUPPORTED;
	if (request->number == CALL_VERIFIER_CONNECT)
		return verifier_client_connect(serve->verifier);
	if (bytes == NULL || request->argument[1] == 0)
		return STATUS_USAGE;
	if (request->number == CALL_VERIFIER_SEND)
		return verifier_client_send(serve->verifier, bytes, request->argument[1]);
	return verifier_client_receive(serve->verifier, bytes, request->argument[1], request->argument[2]);
}

static int64_t serve_unsent(struct serve *serve, const struct serve_request *request)
{
	const uint64_t *a = request->argument;
	void *record;

	if (serve->unsent == NULL)
		return STATUS_UNSUPPORTED;
	switch (request->number) {
	case CALL_UNSENT_PUT:
		record = data_at(serve, a[0], a[1]);
		return record == NULL || a[1] == 0 || a[1] > CALL_UNSENT_SIZE_MAX
			       ? STATUS_USAGE
			       : unsent_put(serve->unsent, record, a[1]);
	case CALL_UNSENT_GET:
		record = data_at(serve, a[1], a[2]);
		return record == NULL ? STATUS_USAGE : unsent_get(serve->unsent, a[3], a[0], record, a[2]);
	default: return unsent_clear(serve->unsent, a[0]);
	}
}

int64_t serve_answer(struct serve *serve, const struct serve_request *request)
{
	const uint64_t *a = request->argument;

	switch (request->number) {
	case SYS_openat: return serve_open(serve, a);
	case SYS_close: return serve_close(serve, a);
	case SYS_read: return serve_read(serve, a, false);
	case SYS_pread64: return serve_read(serve, a, true);
	case SYS_write: return serve_write(serve, a);
	case SYS_lseek: return serve_seek(serve, a);
	case SYS_fstat: return serve_fstat(serve, a);
	case SYS_newfstatat: return serve_stat(serve, a);
	case SYS_readlinkat: return serve_readlink(serve, a);
	case SYS_getdents64: return serve_getdents(serve, a);
	case SYS_ioctl: return serve_ioctl(serve, a);
	case SYS_clock_gettime: return serve_clock(serve, a);
	case SYS_clock_nanosleep: return serve_sleep(serve, a);
	case CALL_SOURCE_READ_PAGES:
	case CALL_SOURCE_RAM_MAP:
	case CALL_SOURCE_REGISTERS:
	case CALL_SOURCE_NEXT_POPULATED:
	case CALL_SOURCE_PLAN:
	case CALL_SOURCE_PAUSE:
	case CALL_SOURCE_RESUME:
	case CALL_SOURCE_CHECK: return serve_source(serve, request);
	case CALL_PROFILE_SIZE: return (int64_t)serve->profile.size;
	case CALL_PROFILE_READ: return serve_profile(serve, a);
	case CALL_LINK_WAIT: return serve->agent != NULL ? (int64_t)agent_client_wait(serve->agent, a[0]) : STATUS_GONE;
	case CALL_GRANT: return serve_grant(serve, a);
	case CALL_CHILD_START:
	case CALL_CHILD_END:
	case CALL_PEER_WAIT:
	case CALL_PEER_SEND:
	case CALL_PEER_RECEIVE: return serve_peers(serve, request);
	case CALL_QUOTE_TARGET: return serve_quote_target(serve, a);
	case CALL_QUOTE: return serve_quote(serve, a);
	case CALL_VERIFIER_SEND:
	case CALL_VERIFIER_RECEIVE:
	case CALL_VERIFIER_CONNECT: return serve_verifier(serve, request);
	case CALL_UNSENT_PUT:
	case CALL_UNSENT_GET:
	case CALL_UNSENT_CLEAR: return serve_unsent(serve, request);
	case CALL_EXIT:
		serve->exited = true;
		serve->exit_code = (int)(a[0] & 0xff);
		return 0;
	case CALL_CRASHED:
		serve->exited = serve->crashed = true;
		serve->crash = (struct serve_crash){a[0], a[1], a[2], a[3]};
		return 0;
	default: return -ENOSYS;
	}
}

static bool call_waits(struct serve *serve)
{
	return __atomic_load_n(&serve->window->slot.posted, __ATOMIC_ACQUIRE) != serve->served;
}

/* With the turn. */
static void serve_waiting(struct serve *serve)
{
	struct call_slot *slot = &serve->window->slot;
	struct serve_request request;

	request.sequence = __atomic_load_n(&slot->posted, __ATOMIC_ACQUIRE);
	__atomic_store_n(&slot->claimed, request.sequence, __ATOMIC_RELAXED);
	request.number = __atomic_load_n(&slot->number, __ATOMIC_RELAXED);
	for (int i = 0; i < CALL_ARGUMENT_COUNT; i++)
		request.argument[i] = __atomic_load_n(&slot->argument[i], __ATOMIC_RELAXED);
	__atomic_store_n(&slot->result, serve->answer(serve, &request), __ATOMIC_RELAXED);
	serve->served = request.sequence;
	__atomic_store_n(&slot->done, request.sequence, __ATOMIC_RELEASE);
}

void serve_call(struct serve *serve)
{
	pthread_mutex_lock(&serve->turn);
	if (call_waits(serve))
		serve_waiting(serve);
	pthread_mutex_unlock(&serve->turn);
}

static bool ends_program(uint64_t number)
{
	return number == CALL_EXIT || number == CALL_CRASHED;
}

bool serve_try_call(struct serve *serve)
{
	bool served = false;

	if (!call_waits(serve) || pthread_mutex_trylock(&serve->turn) != 0)
		return false;
	/* Look again: the call may have been served meanwhile. */
	if (call_waits(serve) && !ends_program(__atomic_load_n(&serve->window->slot.number, __ATOMIC_RELAXED))) {
		serve_waiting(serve);
		served = true;
	}
	pthread_mutex_unlock(&serve->turn);
	return served;
}
