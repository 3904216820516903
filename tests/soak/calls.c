/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * soak-calls --count N --seed S [--first I]: lie to the image's side of every
 * host call N times, each time in one way (host/serve/hostile.h), and look at what
 * the caller gets and at the memory around it. What a call may give is written
 * down here a second time, from the manual pages, and not taken from
 * enclave/runtime.
 *
 * Prints a JSON line per kind of lie: tried, refused (the caller got an error),
 * harmless (it got the truth, or something that an honest host could have said),
 * bad (anything else). Exit 1 if anything was bad.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/report.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/host.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/profile.h"
#include "enclave/runtime/source.h"
#include "host/serve/hostile.h"
#include "calls.h"
#include "options.h"

enum {
	FILE_SIZE = 20000,
	GUARD_BYTE = 0xa5,
	PROFILE_BYTES = 3000,
	/* The serving side is made anew after so many, as lies make it lose files. */
	CALLS_PER_HOST = 256,
	LINK_SIZE = 64,
	PAGE_COUNT = 5,
	PAUSE_NS = 1234567,
};

static struct call_window window __attribute__((aligned(4096)));
static struct serve serve;
static struct hostile liar;
static enum hostile_kind kind; /* of the call under way */
bool calls_lying;
static char directory[64], file_path[128], link_path[128];
static uint8_t file_bytes[FILE_SIZE], profile_bytes[PROFILE_BYTES];
static char reason[256];
static FILE *complaints;

struct calls_memory calls_memory;

static uint64_t serve_count;

/* In the place of entry.S. */
void runtime_enter_host(void)
{
	serve_count++;
	if (calls_lying) {
		hostile_serve(&liar, &serve, kind, true, serve_call);
		return;
	}
	/* What a lie has set in motion must not change an honest answer: that is called a lie's success then. */
	hostile_stop_changing(&liar);
	serve_call(&serve);
}

/* In the place of an image's manifest: every call that exists may be asked for. */
const char image_paths[] = "";
const char image_environment[] = "";
const char image_programs[] = "";
const uint16_t image_calls[] = {
	SYS_read,  SYS_write,	      SYS_pread64,	   SYS_openat,	    SYS_close,
	SYS_lseek, SYS_fstat,	      SYS_newfstatat,	   SYS_readlinkat,  SYS_getdents64,
	SYS_ioctl, SYS_clock_gettime, SYS_clock_nanosleep, IMAGE_CALLS_END,
};

static void drop_report(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

enum verdict calls_bad(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(reason, sizeof reason, format, arguments);
	va_end(arguments);
	return BAD;
}

uint64_t calls_below(uint64_t limit)
{
	return hostile_random(&liar) % limit;
}

/* The kinds that leave the answer as it is: whoever accepts it has the truth. */
bool calls_answer_is_honest(void)
{
	return kind == HOSTILE_DELAYED || kind == HOSTILE_ORDER || kind == HOSTILE_SEQUENCE || kind == HOSTILE_STATE ||
	       kind == HOSTILE_NEVER;
}

/* Is `result` an errno of those? 0 ends. EIO is how a lie is refused. */
static bool is_errno(long result, const int *list)
{
	if (result == -EIO)
		return true;
	for (; *list != 0; list++)
		if (result == -*list)
			return true;
	return false;
}

/* Open(2), stat(2), readlink(2): what can be wrong with a path. */
#define PATH_ERRORS EACCES, ELOOP, ENAMETOOLONG, ENOENT, ENOMEM, ENOTDIR, EPERM

static enum verdict refused(long result, const int *list)
{
	return is_errno(result, list) ? REFUSED : calls_bad("errno %ld, which the call can't give", -result);
}

bool calls_room_is_untouched_from(size_t offset)
{
	for (size_t i = offset; i < ROOM_SIZE; i++)
		if (calls_memory.room[i] != GUARD_BYTE)
			return false;
	return true;
}

static long honest_open(const char *path, int flags)
{
	bool before = calls_lying;
	long host_fd;

	calls_lying = false;
	host_fd = runtime_host_open(path, flags);
	calls_lying = before;
	if (host_fd < 0) {
		fprintf(complaints, "soak-calls: %s can't be opened: %s\n", path, strerror((int)-host_fd));
		exit(2);
	}
	return host_fd;
}

static void honest_close(long host_fd)
{
	bool before = calls_lying;

	calls_lying = false;
	(void)runtime_host_close((int)host_fd);
	calls_lying = before;
}

static enum verdict try_open(void)
{
	static const int errors[] = {PATH_ERRORS, EMFILE, ENFILE, EINTR, ENXIO, ENODEV, 0};
	long taken = honest_open(file_path, 0), result;
	enum verdict verdict = HARMLESS;

	calls_lying = true;
	result = runtime_host_open(file_path, 0);
	calls_lying = false;
	if (result < 0)
		verdict = refused(result, errors);
	else if (result < 3 || result > HOST_FD_MAX || result == taken)
		verdict = calls_bad("descriptor %ld, where %ld is open", result, taken);
	if (result >= 0)
		honest_close(result);
	honest_close(taken);
	return verdict;
}

static enum verdict try_close(void)
{
	static const int errors[] = {EBADF, EINTR, 0};
	long host_fd = honest_open(file_path, 0), result;

	calls_lying = true;
	result = runtime_host_close((int)host_fd);
	return result < 0 ? refused(result, errors) : result == 0 ? HARMLESS : calls_bad("%ld", result);
}

static enum verdict try_read(void)
{
	static const int errors[] = {EAGAIN, EBADF, EINTR, EINVAL, EISDIR, ESPIPE, 0};
	long host_fd = honest_open(file_path, 0), result;
	size_t size = calls_below(FILE_SIZE + 1), at = calls_below(FILE_SIZE), expected;
	bool positioned = calls_below(2);

	if (!positioned)
		at = 0;
	expected = size < FILE_SIZE - at ? size : FILE_SIZE - at;
	calls_lying = true;
	result = runtime_host_read((int)host_fd, calls_memory.room, size, positioned ? (int64_t)at : -1);
	calls_lying = false;
	honest_close(host_fd);
	if (!calls_room_is_untouched_from(result < 0 ? 0 : (size_t)result))
		return calls_bad("%ld of %zu bytes, and more was written", result, size);
	if (result < 0)
		return refused(result, errors);
	if ((size_t)result > size)
		return calls_bad("%ld bytes where %zu were asked for", result, size);
	if (calls_answer_is_honest() &&
	    ((size_t)result != expected || memcmp(calls_memory.room, file_bytes + at, expected) != 0))
		return calls_bad("%ld bytes that aren't the file's %zu", result, expected);
	return HARMLESS;
}

static enum verdict try_write(void)
{
	static const int errors[] = {EAGAIN, EBADF, EINTR, EINVAL, ENOSPC, EPIPE, EFBIG, EDQUOT, EPERM, 0};
	size_t size = 1 + calls_below(5000);
	long result;

	calls_lying = true;
	result = runtime_host_write(2, file_bytes, size);
	if (result < 0)
		return refused(result, errors);
	return result >= 1 && (size_t)result <= size ? HARMLESS : calls_bad("%ld of %zu bytes", result, size);
}

static enum verdict try_seek(void)
{
	static const int errors[] = {EBADF, EINVAL, ESPIPE, EOVERFLOW, ENXIO, 0};
	int whence = (int)calls_below(3);
	int64_t offset = (int64_t)calls_below(100000);
	long host_fd = honest_open(file_path, 0), result;

	calls_lying = true;
	result = runtime_host_seek((int)host_fd, offset, whence);
	calls_lying = false;
	honest_close(host_fd);
	if (result < 0)
		return refused(result, errors);
	return whence != SEEK_SET || result == offset ? HARMLESS
						      : calls_bad("sought %ld, got %ld", (long)offset, result);
}

static enum verdict check_stat(const struct stat *stat, long result, bool links)
{
	static const int errors[] = {PATH_ERRORS, EBADF, EOVERFLOW, 0};
	static const struct stat nothing;
	mode_t type = stat->st_mode & S_IFMT;

	if (result < 0)
		return memcmp(stat, &nothing, sizeof nothing) == 0 ? refused(result, errors)
								   : calls_bad("refused, and written all the same");
	if (result > 0)
		return calls_bad("%ld", result);
	if (type != S_IFREG && type != S_IFDIR && type != S_IFCHR && type != S_IFBLK && type != S_IFIFO &&
	    type != S_IFSOCK && !(links && type == S_IFLNK))
		return calls_bad("mode %o", stat->st_mode);
	if (stat->st_size < 0 || stat->st_blocks < 0 || stat->st_blksize < 1 || stat->st_blksize > 1 << 24 ||
	    (unsigned long)stat->st_atim.tv_nsec > 999999999 || (unsigned long)stat->st_mtim.tv_nsec > 999999999 ||
	    (unsigned long)stat->st_ctim.tv_nsec > 999999999)
		return calls_bad("a stat that no file has");
	if (calls_answer_is_honest() && type == S_IFREG && stat->st_size != FILE_SIZE)
		return calls_bad("size %ld", (long)stat->st_size);
	return HARMLESS;
}

static enum verdict try_fstat(void)
{
	struct stat stat = {0};
	long host_fd = honest_open(file_path, 0), result;

	calls_lying = true;
	result = runtime_host_fstat((int)host_fd, &stat);
	calls_lying = false;
	honest_close(host_fd);
	return check_stat(&stat, result, false);
}

static enum verdict try_stat(void)
{
	struct stat stat = {0};
	bool links = calls_below(2);
	long result;

	calls_lying = true;
	result = runtime_host_stat(links ? link_path : file_path, links ? AT_SYMLINK_NOFOLLOW : 0, &stat);
	return check_stat(&stat, result, links);
}

static enum verdict try_readlink(void)
{
	static const int errors[] = {PATH_ERRORS, EINVAL, 0};
	size_t size = 1 + calls_below(LINK_SIZE);
	long result;

	calls_lying = true;
	result = runtime_host_readlink(link_path, (char *)calls_memory.room, size);
	if (result < 0) {
		for (size_t i = 0; i < size; i++)
			if (calls_memory.room[i] != 0 && calls_memory.room[i] != GUARD_BYTE)
				return calls_bad("refused, and written all the same");
		return calls_room_is_untouched_from(size) ? refused(result, errors)
							  : calls_bad("wrote beyond %zu", size);
	}
	if (result < 1 || (size_t)result > size || memchr(calls_memory.room, 0, (size_t)result) != NULL ||
	    !calls_room_is_untouched_from((size_t)result))
		return calls_bad("%ld bytes of %zu", result, size);
	return HARMLESS;
}

/* getdents(2), by its structure there. */
static enum verdict check_entries(size_t size)
{
	for (size_t at = 0; at < size;) {
		size_t record, end;

		if (size - at < 20)
			return calls_bad("an entry begins at %zu of %zu", at, size);
		record = calls_memory.room[at + 16] | (size_t)calls_memory.room[at + 17] << 8;
		if (record < 21 || record > size - at)
			return calls_bad("an entry of %zu at %zu of %zu", record, at, size);
		for (end = at + 19; end < at + record && calls_memory.room[end] != 0; end++)
			if (calls_memory.room[end] == '/')
				return calls_bad("a name with a slash");
		if (end == at + record || end == at + 19 || end - at - 19 > 255)
			return calls_bad("a name that doesn't end, is empty or too long");
		at += record;
	}
	return HARMLESS;
}

static enum verdict try_getdents(void)
{
	static const int errors[] = {EBADF, EINVAL, ENOENT, ENOTDIR, 0};
	long host_fd = honest_open(directory, O_DIRECTORY), result;
	size_t size = 24 + calls_below(2000);

	calls_lying = true;
	result = runtime_host_getdents((int)host_fd, calls_memory.room, size);
	calls_lying = false;
	honest_close(host_fd);
	if (!calls_room_is_untouched_from(size))
		return calls_bad("wrote beyond %zu", size);
	if (result < 0)
		return refused(result, errors);
	return (size_t)result <= size ? check_entries((size_t)result) : calls_bad("%ld of %zu bytes", result, size);
}

static enum verdict try_ioctl(void)
{
	static const int errors[] = {EBADF, EINVAL, ENOTTY, 0};
	bool window_size = calls_below(2);
	size_t size = window_size ? 8 : 36;
	long result;

	calls_lying = true;
	result = runtime_host_ioctl(0, window_size ? TIOCGWINSZ : 0x5401 /* TCGETS */, calls_memory.room, size);
	if (!calls_room_is_untouched_from(result < 0 ? 0 : size))
		return calls_bad("wrote beyond %zu", size);
	return result < 0 ? refused(result, errors) : result == 0 ? HARMLESS : calls_bad("%ld", result);
}

static enum verdict try_clock(void)
{
	static const int errors[] = {EINVAL, 0};
	static struct timespec last[CLOCK_BOOTTIME + 1];
	struct timespec time = {-1, -1};
	clockid_t clock = (clockid_t)calls_below(CLOCK_BOOTTIME + 1);
	bool monotonic = clock != CLOCK_REALTIME && clock != CLOCK_REALTIME_COARSE;
	long result;

	calls_lying = true;
	result = runtime_host_clock(clock, &time);
	if (result < 0)
		return time.tv_sec == -1 ? refused(result, errors) : calls_bad("refused, and written all the same");
	if (result > 0 || time.tv_sec < 0 || time.tv_sec > INT64_MAX / 1000000000 || time.tv_nsec < 0 ||
	    time.tv_nsec > 999999999)
		return calls_bad("%ld: %ld s %ld ns", result, (long)time.tv_sec, time.tv_nsec);
	if (monotonic && (time.tv_sec < last[clock].tv_sec ||
			  (time.tv_sec == last[clock].tv_sec && time.tv_nsec < last[clock].tv_nsec)))
		return calls_bad("clock %d runs backwards", clock);
	last[clock] = time;
	return HARMLESS;
}

static enum verdict try_sleep(void)
{
	static const int errors[] = {EINTR, EINVAL, 0};
	static const struct timespec nothing;
	long result;

	calls_lying = true;
	result = runtime_host_sleep(&nothing);
	return result < 0 ? refused(result, errors) : result == 0 ? HARMLESS : calls_bad("%ld", result);
}

/* A source whose pages hold their own number. */
static status numbered_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	memset(destination, (int)(start.value >> 12), size);
	return STATUS_OK;
}

static status small_map(struct page_source *source, struct ram_map *ret_map)
{
	(void)source;
	*ret_map = (struct ram_map){.range = {{{0}, 0x8000}, {{0x100000}, 0x10000}}, .range_count = 2};
	return STATUS_OK;
}

static status some_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	(void)source;
	*ret_registers = (struct cpu_registers){.cr3 = 0x1000, .cpu_index = cpu_index};
	return STATUS_OK;
}

static status still_there(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static status stand_still(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static status go_on(struct page_source *source, struct source_pause *ret_pause)
{
	(void)source;
	*ret_pause = (struct source_pause){PAUSE_NS, true};
	return STATUS_OK;
}

static const struct page_source_ops honest_source_ops = {
	.read = numbered_read,
	.ram_map = small_map,
	.registers = some_registers,
	.check = still_there,
	.run_plan = calls_run_plan,
	.pause = stand_still,
	.resume = go_on,
};
static struct page_source honest_source = {&honest_source_ops};

/* base/status.h: nothing but these exists, and success is nothing but 0. */
static bool is_status(status result)
{
	return result >= STATUS_INTERNAL && result <= STATUS_END;
}

enum verdict calls_status_verdict(status result)
{
	return !is_status(result) ? calls_bad("status %d", result) : result == STATUS_OK ? HARMLESS : REFUSED;
}

static enum verdict try_pages(void)
{
	struct page_source *source = runtime_source();
	struct guest_pa addresses[PAGE_COUNT];
	size_t count = 1 + calls_below(PAGE_COUNT);
	status results[PAGE_COUNT], result;
	enum verdict verdict;

	for (size_t i = 0; i < count; i++)
		addresses[i].value = calls_below(8) << 12;
	calls_lying = true;
	result = source->ops->read_pages(source, addresses, count, (void *)calls_memory.room, results);
	verdict = calls_status_verdict(result);
	if (!calls_room_is_untouched_from(count * GUEST_PAGE_SIZE))
		return calls_bad("wrote beyond %zu pages", count);
	for (size_t i = 0; i < count && verdict == HARMLESS; i++) {
		const uint8_t *page = calls_memory.room + i * GUEST_PAGE_SIZE;
		uint8_t expected = results[i] == STATUS_OK ? (uint8_t)(addresses[i].value >> 12) : 0;

		if (!is_status(results[i]))
			return calls_bad("page %zu: status %d", i, results[i]);
		if (results[i] != STATUS_OK && (page[0] != 0 || page[GUEST_PAGE_SIZE - 1] != 0))
			return calls_bad("page %zu failed and holds something", i);
		if (calls_answer_is_honest() && page[GUEST_PAGE_SIZE - 1] != expected)
			return calls_bad("page %zu holds another's bytes", i);
	}
	return verdict;
}

static enum verdict try_ram_map(void)
{
	struct page_source *source = runtime_source();
	struct ram_map map = {.range_count = 1};
	uint64_t end = 0;
	status result;

	calls_lying = true;
	result = source->ops->ram_map(source, &map);
	if (result != STATUS_OK)
		return calls_status_verdict(result);
	if (map.range_count < 1 || map.range_count > RAM_RANGE_COUNT_MAX)
		return calls_bad("%u ranges", map.range_count);
	for (uint32_t i = 0; i < map.range_count; i++) {
		uint64_t start = map.range[i].start.value, size = map.range[i].size;

		if (start < end || start % 4096 != 0 || size % 4096 != 0 || size == 0 || size > UINT64_C(1) << 52 ||
		    start + size > UINT64_C(1) << 52)
			return calls_bad("range %u: %#llx+%#llx", i, (unsigned long long)start,
					 (unsigned long long)size);
		end = start + size;
	}
	return HARMLESS;
}

static enum verdict try_source_rest(void)
{
	struct page_source *source = runtime_source();
	struct cpu_registers registers = {0};
	struct ram_range range = {{0}, 0};
	const uint8_t *bytes = (const uint8_t *)"";
	uint64_t start = calls_below(16) << 12;
	uint32_t cpu = (uint32_t)calls_below(4);
	status result;

	calls_lying = true;
	switch (calls_below(3)) {
	case 0:
		result = source->ops->registers(source, cpu, &registers);
		if (result == STATUS_OK && (registers.cpu_index != cpu || (registers.cpl != 0 && registers.cpl != 3)))
			return calls_bad("CPU %u, CPL %u", registers.cpu_index, registers.cpl);
		return calls_status_verdict(result);
	case 1:
		result = source->ops->next_populated(source, (struct guest_pa){start}, &range, &bytes);
		if (result == STATUS_OK && (bytes != NULL || range.start.value < start || range.size == 0 ||
					    range.start.value > UINT64_C(1) << 52))
			return calls_bad("%#llx from %#llx on", (unsigned long long)range.start.value,
					 (unsigned long long)start);
		return calls_status_verdict(result);
	default: return calls_status_verdict(source->ops->check(source));
	}
}

/* How long it was is the host's word in every backend without a link. */
static enum verdict try_pause(void)
{
	struct page_source *source = runtime_source();
	struct source_pause pause = {1, false};
	status result;

	calls_lying = calls_below(2);
	result = source->ops->pause(source);
	if (result != STATUS_OK)
		return calls_status_verdict(result);
	calls_lying = !calls_lying;
	result = source->ops->resume(source, &pause);
	if (result != STATUS_OK)
		return pause.stopped_ns == 1 && !pause.was_late ? calls_status_verdict(result)
								: calls_bad("refused, and written all the same");
	if (calls_answer_is_honest() && (pause.stopped_ns != PAUSE_NS || !pause.was_late))
		return calls_bad("%llu ns", (unsigned long long)pause.stopped_ns);
	return HARMLESS;
}

static enum verdict try_profile(void)
{
	size_t size = PROFILE_BYTES, part = 1 + calls_below(PROFILE_BYTES);
	status result;

	calls_lying = true;
	if (calls_below(2)) {
		result = runtime_profile_size(&size);
		if (result == STATUS_OK && size > 64u << 20)
			return calls_bad("a profile of %zu bytes", size);
		return calls_status_verdict(result);
	}
	result = runtime_profile_read(0, calls_memory.room, part);
	if (!calls_room_is_untouched_from(part))
		return calls_bad("wrote beyond %zu", part);
	if (result == STATUS_OK && calls_answer_is_honest() && memcmp(calls_memory.room, profile_bytes, part) != 0)
		return calls_bad("another profile");
	return calls_status_verdict(result);
}

static const struct {
	const char *name;
	enum verdict (*try)(void);
} calls[] = {
	{"openat", try_open},
	{"close", try_close},
	{"read", try_read},
	{"write", try_write},
	{"lseek", try_seek},
	{"fstat", try_fstat},
	{"newfstatat", try_stat},
	{"readlinkat", try_readlink},
	{"getdents64", try_getdents},
	{"ioctl", try_ioctl},
	{"clock_gettime", try_clock},
	{"clock_nanosleep", try_sleep},
	{"source pages", try_pages},
	{"source RAM map", try_ram_map},
	{"source, other", try_source_rest},
	{"source, pauses", try_pause},
	{"read plan", try_plan},
	{"read plan's lines", try_plan_lines},
	{"child start", try_child_start},
	{"child end", try_child_end},
	{"peer wait", try_peer_wait},
	{"peer send", try_peer_send},
	{"peer receive", try_peer_receive},
	{"profile", try_profile},
	{"quote", try_quote},
	{"verifier send", try_verifier_send},
	{"verifier receive", try_verifier_receive},
	{"verifier connect", try_verifier_connect},
	{"unsent put", try_unsent_put},
	{"unsent get", try_unsent_get},
	{"unsent clear", try_unsent_clear},
};

enum { CALL_COUNT = sizeof calls / sizeof calls[0] };

static bool guards_are_whole(void)
{
	for (size_t i = 0; i < GUARD_SIZE; i++)
		if (calls_memory.before[i] != GUARD_BYTE || calls_memory.after[i] != GUARD_BYTE)
			return false;
	return true;
}

static void renew_host(void)
{
	static bool started;
	const struct span profile = {profile_bytes, PROFILE_BYTES};

	if (started)
		serve_deinit(&serve);
	started = true;
	serve_init(&serve, &window, &honest_source, profile);
	runtime_window_init(&window);
	window.slot.done = 0;
	calls_lying = false;
	calls_verifier_renew(&serve);
	calls_children_renew(&serve);
}

static struct {
	uint64_t tried, refused, harmless, bad;
} table[HOSTILE_KIND_COUNT];

/* Each lie is decided by the seed and its own number, so that one can be had again. */
static void soak_one(uint64_t seed, uint64_t i)
{
	size_t which = (i / HOSTILE_KIND_COUNT) % CALL_COUNT;
	enum verdict verdict;

	kind = (enum hostile_kind)(i % HOSTILE_KIND_COUNT);
	liar.random = (seed + 1) * UINT64_C(0x9e3779b97f4a7c15) + i * UINT64_C(0xd1342543de82ef95) + 1;
	(void)calls_below(2);
	memset(&calls_memory, GUARD_BYTE, sizeof calls_memory);
	calls_lying = false;
	serve_count = 0;
	verdict = calls[which].try();
	calls_lying = false;
	hostile_rest(&liar, &window.slot);
	if (verdict != BAD && !guards_are_whole())
		verdict = calls_bad("memory beyond the answer's was written");
	/* enclave/runtime/call.c comes out a bounded number of times. */
	if (verdict != BAD && serve_count > 1000)
		verdict = calls_bad("%llu exits", (unsigned long long)serve_count);
	table[kind].tried++;
	table[kind].refused += verdict == REFUSED;
	table[kind].harmless += verdict == HARMLESS;
	table[kind].bad += verdict == BAD;
	if (verdict == BAD && table[kind].bad <= 5)
		fprintf(complaints, "soak-calls: BAD: %s, %s: %s (--seed %llu --first %llu --count 1)\n",
			calls[which].name, hostile_kind_name(kind), reason, (unsigned long long)seed,
			(unsigned long long)i);
}

static void make_files(void)
{
	const char *base = getenv("TMPDIR");
	FILE *file;

	snprintf(directory, sizeof directory, "%.40s/soak-XXXXXX", base != NULL ? base : "/tmp");
	if (mkdtemp(directory) == NULL) {
		perror("soak-calls: no directory for files");
		exit(2);
	}
	snprintf(file_path, sizeof file_path, "%s/file", directory);
	snprintf(link_path, sizeof link_path, "%s/link", directory);
	for (size_t i = 0; i < FILE_SIZE; i++)
		file_bytes[i] = (uint8_t)(1 + i % 251);
	for (size_t i = 0; i < PROFILE_BYTES; i++)
		profile_bytes[i] = (uint8_t)(i * 7);
	file = fopen(file_path, "we");
	if (file == NULL || fwrite(file_bytes, 1, FILE_SIZE, file) != FILE_SIZE || fclose(file) != 0 ||
	    symlink("somewhere/else", link_path) != 0) {
		perror("soak-calls: files for the host to read");
		exit(2);
	}
}

static void remove_files(void)
{
	(void)unlink(file_path);
	(void)unlink(link_path);
	(void)rmdir(directory);
}

static int print_table(FILE *out, uint64_t seed)
{
	uint64_t bad_count = 0;

	for (int i = 0; i < HOSTILE_KIND_COUNT; i++) {
		fprintf(out,
			"{\"part\": \"call results\", \"kind\": \"%s\", \"tried\": %llu, \"refused\": %llu, "
			"\"harmless\": %llu, \"bad\": %llu, \"seed\": %llu}\n",
			hostile_kind_name((enum hostile_kind)i), (unsigned long long)table[i].tried,
			(unsigned long long)table[i].refused, (unsigned long long)table[i].harmless,
			(unsigned long long)table[i].bad, (unsigned long long)seed);
		bad_count += table[i].bad;
	}
	return bad_count != 0;
}

int main(int argc, char **argv)
{
	const struct soak_options options = soak_options_parse(
		argc, argv, "Lie to the image's side of every host call, and look at what comes of it.");
	FILE *out;
	int null;

	/* The host's standard output and error are written to: not to ours. */
	complaints = fdopen(fcntl(2, F_DUPFD_CLOEXEC, 100), "w");
	out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 100), "w");
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (out == NULL || complaints == NULL || null < 0)
		return 2;
	for (int fd = 0; fd < 3; fd++)
		if (dup2(null, fd) < 0)
			return 2;
	make_files();
	calls_verifier_init(directory);
	calls_children_init();
	report_sink_set(drop_report, NULL);
	hostile_init(&liar, &window, options.seed);
	for (uint64_t i = 0; i < options.count; i++) {
		if (i % CALLS_PER_HOST == 0)
			renew_host();
		soak_one(options.seed, options.first + i);
	}
	hostile_deinit(&liar);
	calls_verifier_deinit();
	calls_children_deinit();
	remove_files();
	close(null);
	return print_table(out, options.seed);
}
