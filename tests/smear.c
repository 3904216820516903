/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * smear TARGET STORM SCANS DETAILS: scans the processes of a guest that isn't stopped and in which the process
 * STORM blows (lab/guest/storm.c), each scan in an epoch of its own: the list, for each process of it the question
 * by number, and for DETAILS of them stat, status and cmdline. What a process of that storm can be follows from its
 * number: anything else is a record made of two, or of none. Prints a line of JSON; examples of what is
 * bad go to stderr. Exit status: 0; 1 where a bad record wasn't marked.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/target.h"
#include "base/report.h"
#include "guest/ask/ask.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/caches.h"
#include "guest/proc/node.h"
#include "guest/proc/now.h"
#include "guest/proc/process-list.h"
#include "guest/proc/running.h"

enum {
	ALIGNMENT = 4096,
	FACTOR = 40503,
	SETTLED_COUNT_MAX = 1024,
	ROW_COUNT_MAX = 4096,
	EXAMPLE_COUNT_MAX = 100,
	WINDOW_TRIES = 1000,
	WINDOW_SIZE = 33,
	NUMBER_WIDTH = 7,
	KERNEL_PARENT = 2,
	/* Fields of /proc/PID/stat. */
	STAT_ARG_START = 48,
	STAT_ARG_END = 49,
	STAT_ENV_END = 51,
	/* The child is there before its parent has told. */
	UNTOLD = 1,
};

struct window {
	uint32_t oldest, newest;
};

static struct {
	uint64_t scans, marked_scans, failed_scans, scans_again, records, storm_records, duplicates;
	uint64_t details, marked_details, gone_details, again;
	uint64_t mixed, unknown, disagreements, window_tries;
	uint64_t empty, empty_untold; /* cmdline; why isn't told by stat of the same epoch */
} count;

static uint32_t storm;
static uint32_t settled[SETTLED_COUNT_MAX];
static size_t settled_count;
static int examples;

static void hear(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

static void example(const char *what, const char *text)
{
	if (examples++ < EXAMPLE_COUNT_MAX)
		fprintf(stderr, "smear: scan %" PRIu64 ": %s: %s\n", count.scans, what, text);
}

static uint32_t sum_of(uint32_t pid)
{
	return pid * FACTOR & 0xffff;
}

/* What is torn is made again in another epoch, as enclave/vfs/entry.c does. */
static status file_text(struct guest_kernel *kernel, uint32_t pid, const char *name, struct proc_text *ret_text)
{
	struct proc_entry entry;
	char path[64];

	snprintf(path, sizeof path, "/proc/%u/%s", pid, name);
	TRY(proc_entry_find(path, &entry));
	status outcome = proc_text_init(kernel, &entry, ret_text);
	for (int i = 1; i < PROC_TORN_TRIES && outcome == STATUS_OK && ret_text->is_torn; i++) {
		count.again++;
		proc_text_deinit(ret_text);
		TRY(guest_memory_refresh(kernel->memory));
		outcome = proc_text_init(kernel, &entry, ret_text);
	}
	return outcome;
}

static uint32_t number_at(const char *text)
{
	char digits[NUMBER_WIDTH + 1] = "";

	memcpy(digits, text, NUMBER_WIDTH);
	return (uint32_t)strtoul(digits, NULL, 10);
}

/* Which children the storm says there are, in an epoch of its own. False: not read yet, or
 * read while it was written. */
static bool window_read(struct guest_kernel *kernel, struct window *ret_window)
{
	static const size_t half = 2 * NUMBER_WIDTH + 3;
	const size_t start = sizeof "storm";
	struct proc_text text;
	bool good = false;

	if (guest_memory_refresh(kernel->memory) != STATUS_OK ||
	    file_text(kernel, storm, "cmdline", &text) != STATUS_OK)
		return false;
	if (text.fault == NULL && text.size >= start + WINDOW_SIZE) {
		const char *first = text.data + start, *second = first + half;

		good = memcmp(first + 1, second + 1, half - 2) == 0;
		*ret_window = (struct window){number_at(first + 1), number_at(first + 2 + NUMBER_WIDTH)};
	}
	proc_text_deinit(&text);
	return good;
}

static bool window_find(struct guest_kernel *kernel, struct window *ret_window)
{
	for (int i = 0; i < WINDOW_TRIES; i++) {
		if (window_read(kernel, ret_window) && ret_window->oldest != 0)
			return true;
		count.window_tries++;
	}
	return false;
}

static bool is_settled(uint32_t pid)
{
	for (size_t i = 0; i < settled_count; i++) {
		if (settled[i] == pid)
			return true;
	}
	return false;
}

static bool name_fits(uint32_t pid, const char *name)
{
	char own[16];

	snprintf(own, sizeof own, "c%u-%04x", pid, sum_of(pid));
	return strcmp(name, own) == 0 || strcmp(name, "storm") == 0;
}

/* Workers of the kernel's come and go, too. */
static bool is_of_kernel(uint32_t uid, uint32_t parent, const char *name)
{
	return parent == KERNEL_PARENT && uid == 0 && strchr(name, '-') != name + 1 && strcmp(name, "storm") != 0;
}

struct record {
	uint32_t pid, uid, parent;
	char state;
	char name[32];
};

static void check_storm(const struct record *record, const struct window *before, const struct window *after,
			const char *text)
{
	bool uid_fits = record->uid == 0 || record->uid == 1000 + record->pid % 50000;

	count.storm_records++;
	if (record->pid < before->oldest || record->pid > after->newest + UNTOLD) {
		count.unknown++;
		example("no such process then", text);
	} else if (!uid_fits || !name_fits(record->pid, record->name)) {
		count.mixed++;
		example("made of two", text);
	}
}

static struct record record_of(const char *text)
{
	struct record record = {0};
	char *at;

	record.pid = (uint32_t)strtoul(text, &at, 10);
	record.uid = (uint32_t)strtoul(at, &at, 10);
	record.state = at[1];
	record.parent = (uint32_t)strtoul(at + 2, &at, 10);
	snprintf(record.name, sizeof record.name, "%s", at + 1);
	return record;
}

static void check_row(const char *text, const struct window *before, const struct window *after,
		      struct record *ret_record)
{
	struct record record = record_of(text);

	count.records++;
	if (record.parent == storm) {
		check_storm(&record, before, after, text);
	} else if (!is_settled(record.pid) && !is_of_kernel(record.uid, record.parent, record.name)) {
		count.mixed++;
		example("it has another parent", text);
	}
	*ret_record = record;
}

/* ---- files about one process */

static bool arguments_fit(uint32_t pid, const struct proc_text *text)
{
	char own[64];
	int size = snprintf(own, sizeof own, "storm%cchild%c%u%c%u%c", 0, 0, pid, 0, sum_of(pid), 0);

	if (text->size == (size_t)size)
		return memcmp(text->data, own, (size_t)size) == 0;
	/* Its parent's, before it has its own. */
	return text->size == sizeof "storm" + WINDOW_SIZE + 1 && memcmp(text->data, "storm\0A", 7) == 0;
}

static bool stat_fits(uint32_t pid, const struct proc_text *text)
{
	char *end, name[32] = "";
	uint32_t said = (uint32_t)strtoul(text->data, &end, 10);
	char *close = memrchr(text->data, ')', text->size);

	if (said != pid || close == NULL || close - end - 2 >= (ptrdiff_t)sizeof name)
		return false;
	memcpy(name, end + 2, (size_t)(close - end - 2));
	return name_fits(pid, name) && strtoul(close + 4, NULL, 10) == storm;
}

static uint32_t status_number(const struct proc_text *text, const char *label)
{
	const char *at = memmem(text->data, text->size, label, strlen(label));

	return at != NULL ? (uint32_t)strtoul(at + strlen(label), NULL, 10) : UINT32_MAX;
}

static bool status_fits(uint32_t pid, const struct proc_text *text)
{
	uint32_t uid = status_number(text, "\nUid:\t"), gid = status_number(text, "\nGid:\t");
	char name[32] = "";

	memcpy(name, text->data + 6, text->size < 36 ? 0 : sizeof name - 1);
	*strchrnul(name, '\n') = '\0';
	/* The group changes first. */
	return name_fits(pid, name) && status_number(text, "\nPid:\t") == pid &&
	       status_number(text, "\nTgid:\t") == pid && status_number(text, "\nPPid:\t") == storm &&
	       (uid == 0 || uid == 1000 + pid % 50000) && (gid == 2000 + pid % 40000 || (gid == 0 && uid == 0));
}

/* The number of this field of stat; the state is the third. */
static uint64_t stat_field(const struct proc_text *text, int field)
{
	const char *at = memrchr(text->data, ')', text->size), *end = text->data + text->size;

	for (int i = 2; at != NULL && i < field; i++)
		at = memchr(at + 1, ' ', (size_t)(end - at - 1));
	return at != NULL ? strtoull(at + 1, NULL, 10) : 0;
}

/* Would the kernel print none, too? It doesn't of a process without memory, and not in the middle of exec()
 * (get_mm_cmdline(), fs/proc/base.c). By stat of the same copies: one that had to be made anew in another epoch tells
 * of another moment. */
static bool has_no_arguments(struct guest_kernel *kernel, uint32_t pid)
{
	struct proc_entry entry;
	struct proc_text text;
	char path[64];
	bool has_none = true;

	snprintf(path, sizeof path, "/proc/%u/stat", pid);
	count.empty++;
	if (proc_entry_find(path, &entry) != STATUS_OK || proc_text_init(kernel, &entry, &text) != STATUS_OK) {
		count.empty_untold++;
		return true;
	}
	if (text.fault != NULL || text.is_torn)
		count.empty_untold++;
	else
		has_none = stat_field(&text, STAT_ARG_START) >= stat_field(&text, STAT_ARG_END) ||
			   stat_field(&text, STAT_ENV_END) == 0;
	proc_text_deinit(&text);
	return has_none;
}

static void show_bad(uint32_t pid, const char *name, struct proc_text *text)
{
	char line[256];

	for (size_t at = 0; at < text->size; at++)
		text->data[at] = (char)(text->data[at] == '\0' || text->data[at] == '\n' ? ' ' : text->data[at]);
	snprintf(line, sizeof line, "%u/%s: %.*s", pid, name, (int)text->size, text->data);
	count.mixed++;
	example("made of two", line);
}

static void look_closer(struct guest_kernel *kernel, const struct record *record)
{
	static const struct {
		const char *name;
		bool (*fits)(uint32_t pid, const struct proc_text *text);
	} files[] = {{"stat", stat_fits}, {"status", status_fits}, {"cmdline", arguments_fit}};

	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		struct proc_text text;
		status outcome = file_text(kernel, record->pid, files[i].name, &text);

		count.details++;
		if (outcome != STATUS_OK) {
			count.gone_details += outcome == STATUS_MISSING;
			count.marked_details += outcome != STATUS_MISSING;
			continue;
		}
		if (text.fault != NULL)
			count.marked_details++;
		else if (!files[i].fits(record->pid, &text) &&
			 !(files[i].fits == arguments_fit && text.size == 0 && has_no_arguments(kernel, record->pid)))
			show_bad(record->pid, files[i].name, &text);
		proc_text_deinit(&text);
	}
}

/* Listed, and not found by its number in the same epoch? */
static void probe(struct guest_kernel *kernel, const struct record *record)
{
	struct ask_process question = {.number = record->pid};

	if (ask_process(kernel, &question) == STATUS_OK && !question.is_found)
		count.disagreements++;
}

/* ---- scans */

static status list_once(struct guest_kernel *kernel, struct proc_text *ret_text)
{
	static const struct proc_subject nobody;

	TRY(guest_memory_refresh(kernel->memory));
	TRY(proc_enter(kernel, &nobody));
	return proc_text_make(process_list_show, ret_text);
}

/* As enclave/programs/process-list.c. */
static status list(struct guest_kernel *kernel, struct proc_text *ret_text)
{
	status outcome = list_once(kernel, ret_text);

	for (int i = 1; i < PROC_TORN_TRIES && outcome == STATUS_OK && ret_text->is_torn; i++) {
		count.scans_again++;
		proc_text_deinit(ret_text);
		outcome = list_once(kernel, ret_text);
	}
	return outcome;
}

/* All that is there before anything comes and goes is asked of the guest: argv. */
static void settle(char **numbers)
{
	for (; *numbers != NULL && settled_count < SETTLED_COUNT_MAX; numbers++)
		settled[settled_count++] = (uint32_t)strtoul(*numbers, NULL, 10);
}

struct rows {
	char *row[ROW_COUNT_MAX];
	struct record record[ROW_COUNT_MAX];
	size_t count;
	bool is_marked;
};

/* What a list says that is marked may be wrong: it says so. */
static void check_rows(struct rows *rows, const struct window *before, const struct window *after)
{
	for (size_t i = 0; i < rows->count && !rows->is_marked; i++) {
		check_row(rows->row[i], before, after, &rows->record[i]);
		for (size_t j = 0; j < i; j++)
			count.duplicates += rows->record[j].pid == rows->record[i].pid;
	}
}

static void split(struct proc_text *text, struct rows *ret_rows)
{
	char *end;

	ret_rows->count = 0;
	for (char *at = text->data; at < text->data + text->size && ret_rows->count < ROW_COUNT_MAX; at = end + 1) {
		end = memchr(at, '\n', (size_t)(text->data + text->size - at));
		*end = '\0';
		ret_rows->row[ret_rows->count++] = at;
	}
}

static void look_at(struct guest_kernel *kernel, struct rows *rows, size_t detail_count)
{
	for (size_t i = 0; i < rows->count; i++) {
		struct record record = record_of(rows->row[i]);

		probe(kernel, &record);
		/* The youngest are the liveliest; what they are doesn't follow from the numbers of the kernel's own. */
		if (record.pid > storm && rows->count - i <= detail_count &&
		    !is_of_kernel(record.uid, record.parent, record.name))
			look_closer(kernel, &record);
	}
}

static bool scan(struct guest_kernel *kernel, size_t detail_count)
{
	static struct rows rows;
	struct window before, after;
	struct proc_text text;

	if (!window_find(kernel, &before))
		return false;
	count.scans++;
	if (list(kernel, &text) != STATUS_OK) {
		count.failed_scans++;
		return true;
	}
	split(&text, &rows);
	rows.is_marked = text.fault != NULL;
	if (text.fault != NULL) {
		count.marked_scans++;
		example("marked", text.fault);
	}
	look_at(kernel, &rows, detail_count);
	if (window_find(kernel, &after))
		check_rows(&rows, &before, &after);
	proc_text_deinit(&text);
	return true;
}

static void print(void)
{
	printf("{\"scans\": %" PRIu64 ", \"marked_scans\": %" PRIu64 ", \"failed_scans\": %" PRIu64
	       ", \"scans_again\": %" PRIu64 ", \"records\": %" PRIu64 ", \"storm_records\": %" PRIu64
	       ", \"duplicates\": %" PRIu64,
	       count.scans, count.marked_scans, count.failed_scans, count.scans_again, count.records,
	       count.storm_records, count.duplicates);
	printf(", \"details\": %" PRIu64 ", \"marked_details\": %" PRIu64 ", \"gone_details\": %" PRIu64
	       ", \"mixed\": %" PRIu64 ", \"unknown\": %" PRIu64 ", \"disagreements\": %" PRIu64
	       ", \"window_tries\": %" PRIu64 ", \"again\": %" PRIu64 ", \"known\": %" PRIu64 ", \"empty\": %" PRIu64
	       ", \"empty_untold\": %" PRIu64 "}\n",
	       count.details, count.marked_details, count.gone_details, count.mixed, count.unknown, count.disagreements,
	       count.window_tries, count.again, proc_memory_known_count(), count.empty, count.empty_untold);
}

static void *room(size_t size)
{
	return aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static status attach(const char *name, struct guest_memory *memory, struct target **ret_target,
		     struct guest_kernel **ret_kernel)
{
	size_t size = guest_memory_storage_size(PROGRAM_PAGE_COUNT),
	       lines_size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);
	void *pages = room(size), *lines = room(lines_size);

	if (pages == NULL || lines == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	TRY(target_create(name, ret_target));
	TRY(guest_memory_init(memory, (*ret_target)->source, pages, size));
	TRY(guest_memory_lines_init(memory, lines, lines_size));
	return guest_kernel_create(memory, NULL, ret_kernel);
}

int main(int argc, char **argv)
{
	struct guest_memory memory;
	struct guest_kernel *kernel = NULL;
	struct target *target = NULL;

	if (argc < 6) {
		fprintf(stderr, "usage: smear TARGET STORM SCANS DETAILS PID…\n");
		return 2;
	}
	storm = (uint32_t)strtoul(argv[2], NULL, 10);
	size_t scan_count = strtoul(argv[3], NULL, 10), detail_count = strtoul(argv[4], NULL, 10);
	settle(argv + 5);
	if (attach(argv[1], &memory, &target, &kernel) != STATUS_OK)
		return 2;
	report_sink_set(hear, NULL);
	while (count.scans < scan_count && scan(kernel, detail_count))
		continue;
	print();
	guest_kernel_destroy(kernel);
	target_destroy(target);
	if (count.scans < scan_count)
		fprintf(stderr, "smear: the storm's own word can't be read\n");
	return count.scans == scan_count && count.mixed + count.unknown + count.duplicates == 0 ? 0 : 1;
}
