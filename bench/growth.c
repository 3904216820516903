/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What one process or socket more costs: bench-growth TARGET net/tcp|processes.
 *
 * Ten sockets are microseconds beside the table that they are in, so what is compared is one machine's memory
 * before and after, copied, and not two machines, nor one at two times: at each line "keep" on stdin the target's
 * RAM is copied, and how many items its file has is printed. At the end of stdin the last copies, each with the first
 * one, are looked at in turn, many times: first, other, other, first, so that a machine that becomes slower does so for
 * both; and again in other pages of the host, since which lines of the CPU's caches they share is chance. For each
 * copy a line of JSON with the median difference of every such block; tools/test/bench makes intervals of them.
 *
 * Time is this thread's CPU time: it is source and reader at once.
 */
#include <argp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "agent/source-plan.h"
#include "agent/target.h"
#include "base/report.h"
#include "base/status.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/caches.h"
#include "guest/memory/memory.h"
#include "guest/proc/node.h"
#include "guest/proc/process-list.h"
#include "guest/proc/running.h"

enum {
	COPY_COUNT_MAX = 8,
	BLOCK_COUNT_MAX = 99,
	PAIR_COUNT_MAX = 1000,
	WARM_UP_COUNT = 3,
	OTHERS_SIZE = 16 << 20, /* more than a core has of caches by itself */
};

struct options {
	const char *target, *what;
	unsigned block_count, pair_count;
	uint64_t block_ns; /* a block ends then at the latest */
	bool has_huge_pages, has_others;
};

/* The RAM of a target as it was: ranges as the target's map has them, of which those pages that aren't zero take
 * memory. Mapped privately, as 4 KiB pages: what a QEMU shares with us is such, too. */
struct copy {
	uint8_t *bytes[RAM_RANGE_COUNT_MAX];
};

struct growth {
	const struct options *options;
	struct target *target;
	struct ram_map map;
	struct page_source source; /* shows the copy that is current */
	struct copy *current;
	struct copy kept[COPY_COUNT_MAX];
	size_t items[COPY_COUNT_MAX];
	unsigned kept_count;
	void *storage, *line_storage;
	struct guest_memory memory;
	struct guest_kernel *kernel;
	struct proc_entry entry;
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * 1000000000U + (uint64_t)now.tv_nsec;
}

/* ---- copies, and the source that shows one */

static struct growth *from_source(struct page_source *source)
{
	return (struct growth *)((char *)source - offsetof(struct growth, source));
}

static const uint8_t *mapped(struct page_source *source, struct guest_pa start, struct ram_range *ret_range)
{
	const struct growth *growth = from_source(source);

	for (uint32_t i = 0; i < growth->map.range_count; i++) {
		const struct ram_range *range = &growth->map.range[i];

		if (start.value - range->start.value >= range->size)
			continue;
		if (ret_range != NULL)
			*ret_range = *range;
		return growth->current->bytes[i] + (start.value - range->start.value);
	}
	return NULL;
}

static status copy_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	const uint8_t *bytes = mapped(source, start, NULL);

	if (bytes == NULL)
		return STATUS_UNMAPPED;
	memcpy(destination, bytes, size);
	return STATUS_OK;
}

static status copy_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	*ret_map = from_source(source)->map;
	return STATUS_OK;
}

static status copy_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct page_source *live = from_source(source)->target->source;

	return live->ops->registers(live, cpu_index, ret_registers);
}

static status copy_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			    struct plan_sink *sink)
{
	return source_plan_run(source, mapped, plan, cursor, sink);
}

static status copy_check(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static const struct page_source_ops copy_ops = {
	.read = copy_read,
	.ram_map = copy_ram_map,
	.registers = copy_registers,
	.run_plan = copy_run_plan,
	.check = copy_check,
};

static void copy_deinit(const struct growth *growth, struct copy *copy)
{
	for (uint32_t i = 0; i < growth->map.range_count; i++)
		if (copy->bytes[i] != NULL)
			munmap(copy->bytes[i], growth->map.range[i].size);
	*copy = (struct copy){0};
}

static status copy_init(const struct growth *growth, struct copy *copy)
{
	*copy = (struct copy){0};
	for (uint32_t i = 0; i < growth->map.range_count; i++) {
		size_t size = growth->map.range[i].size;
		void *bytes =
			mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		if (bytes == MAP_FAILED) {
			copy_deinit(growth, copy);
			return report(STATUS_NO_MEMORY, "no memory for a copy of the target");
		}
		madvise(bytes, size, growth->options->has_huge_pages ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
		copy->bytes[i] = bytes;
	}
	return STATUS_OK;
}

static bool is_zero(const uint8_t *page)
{
	return page[0] == 0 && memcmp(page, page + 1, GUEST_PAGE_SIZE - 1) == 0;
}

/* Pages of zeros stay untouched: they read as that. */
static void copy_page(uint8_t *destination, const uint8_t *page)
{
	if (!is_zero(page))
		memcpy(destination, page, GUEST_PAGE_SIZE);
}

/* The target runs on meanwhile. What the files show of it is asked to stand still: sockets and processes that sleep. */
static status copy_target(const struct growth *growth, struct copy *copy)
{
	struct page_source *live = growth->target->source;
	uint8_t page[GUEST_PAGE_SIZE];

	TRY(copy_init(growth, copy));
	for (uint32_t i = 0; i < growth->map.range_count; i++) {
		const struct ram_range *range = &growth->map.range[i];

		for (uint64_t offset = 0; offset < range->size; offset += GUEST_PAGE_SIZE) {
			TRY(live->ops->read(live, (struct guest_pa){range->start.value + offset}, page, sizeof page));
			copy_page(copy->bytes[i] + offset, page);
		}
	}
	return STATUS_OK;
}

static status copy_copy(const struct growth *growth, const struct copy *from, struct copy *copy)
{
	TRY(copy_init(growth, copy));
	for (uint32_t i = 0; i < growth->map.range_count; i++)
		for (uint64_t offset = 0; offset < growth->map.range[i].size; offset += GUEST_PAGE_SIZE)
			copy_page(copy->bytes[i] + offset, from->bytes[i] + offset);
	return STATUS_OK;
}

/* ---- a look */

static bool is_file(const struct growth *growth)
{
	return strcmp(growth->options->what, "processes") != 0;
}

static status make_text(struct growth *growth, struct proc_text *ret_text)
{
	const struct proc_subject nobody = {0};

	TRY(guest_memory_refresh(&growth->memory));
	if (is_file(growth))
		return proc_text_init(growth->kernel, &growth->entry, ret_text);
	TRY(guest_kernel_check(growth->kernel));
	TRY(proc_enter(growth->kernel, &nobody));
	return proc_text_make(process_list_show, ret_text);
}

/* What else a CPU does between two looks of a program that isn't made of looks: nothing is left in the core's own
 * caches. */
static void work_for_others(void)
{
	static uint8_t others[OTHERS_SIZE];

	for (size_t i = 0; i < sizeof others; i += 64)
		((volatile uint8_t *)others)[i]++;
}

/* In an epoch of its own. */
static status look(struct growth *growth, struct copy *copy, uint64_t *ret_ns, size_t *ret_items)
{
	struct proc_text text;
	size_t items = 0;

	growth->current = copy;
	if (growth->options->has_others)
		work_for_others();
	uint64_t start = clock_ns(CLOCK_THREAD_CPUTIME_ID);

	TRY(make_text(growth, &text));
	*ret_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - start;
	for (size_t i = 0; i < text.size; i++)
		items += text.data[i] == '\n';
	status result = text.fault == NULL ? STATUS_OK
					   : report(STATUS_MALFORMED, "%s isn't whole in a copy: %s",
						    growth->options->what, text.fault);
	proc_text_deinit(&text);
	TRY(result);
	*ret_items = items;
	return STATUS_OK;
}

static status attach(struct growth *growth)
{
	size_t pages_size = guest_memory_storage_size(PROGRAM_PAGE_COUNT);
	size_t lines_size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);

	growth->storage = aligned_alloc(GUEST_PAGE_SIZE, (pages_size + 4095) & ~(size_t)4095);
	growth->line_storage = aligned_alloc(GUEST_PAGE_SIZE, (lines_size + 4095) & ~(size_t)4095);
	if (growth->storage == NULL || growth->line_storage == NULL)
		return report(STATUS_NO_MEMORY, "no memory for caches");
	growth->source = (struct page_source){.ops = &copy_ops};
	TRY(guest_memory_init(&growth->memory, &growth->source, growth->storage, pages_size));
	TRY(guest_memory_lines_init(&growth->memory, growth->line_storage, lines_size));
	return guest_kernel_create(&growth->memory, NULL, &growth->kernel);
}

/* ---- the commands */

static status keep(struct growth *growth)
{
	struct copy *copy = &growth->kept[growth->kept_count];
	uint64_t ns;

	if (growth->kept_count == COPY_COUNT_MAX)
		return report(STATUS_LIMIT, "no more than %d copies are kept", COPY_COUNT_MAX);
	TRY(copy_target(growth, copy));
	growth->current = copy;
	if (growth->kept_count == 0)
		TRY(attach(growth));
	TRY(look(growth, copy, &ns, &growth->items[growth->kept_count]));
	printf("{\"items\": %zu}\n", growth->items[growth->kept_count]);
	fflush(stdout);
	growth->kept_count++;
	return STATUS_OK;
}

static int compare_numbers(const void *a, const void *b)
{
	const double *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

static double median(double *numbers, size_t count)
{
	qsort(numbers, count, sizeof *numbers, compare_numbers);
	return count % 2 == 1 ? numbers[count / 2] : (numbers[count / 2 - 1] + numbers[count / 2]) / 2;
}

struct block {
	double difference_ns, first_ns; /* medians */
	unsigned pair_count;
};

static status look_at_pairs(struct growth *growth, struct copy copies[2], struct block *ret_block)
{
	double differences[PAIR_COUNT_MAX], firsts[PAIR_COUNT_MAX];
	uint64_t end = clock_ns(CLOCK_MONOTONIC) + growth->options->block_ns, ns[2] = {0};
	unsigned count = 0;
	size_t items;

	for (unsigned i = 0; i < WARM_UP_COUNT; i++)
		for (unsigned j = 0; j < 2; j++)
			TRY(look(growth, &copies[j], &ns[j], &items));
	while (count < growth->options->pair_count && (count < 2 || clock_ns(CLOCK_MONOTONIC) < end)) {
		unsigned other = count % 2; /* the one that this pair begins with */

		TRY(look(growth, &copies[other], &ns[other], &items));
		TRY(look(growth, &copies[!other], &ns[!other], &items));
		firsts[count] = (double)ns[0];
		differences[count++] = (double)ns[1] - (double)ns[0];
	}
	*ret_block = (struct block){median(differences, count), median(firsts, count), count};
	return STATUS_OK;
}

static status measure_block(struct growth *growth, unsigned index, struct block *ret_block)
{
	struct copy copies[2];

	TRY(copy_copy(growth, &growth->kept[0], &copies[0]));
	TRY(copy_copy(growth, &growth->kept[index], &copies[1]));
	status result = look_at_pairs(growth, copies, ret_block);
	for (unsigned i = 0; i < 2; i++)
		copy_deinit(growth, &copies[i]);
	return result;
}

static void print_blocks(const struct growth *growth, unsigned index, const struct block *blocks)
{
	unsigned pair_count = 0;

	printf("{\"items\": %zu, \"items_first\": %zu, \"differences_ns\": [", growth->items[index], growth->items[0]);
	for (unsigned i = 0; i < growth->options->block_count; i++)
		printf("%s%.0f", i > 0 ? ", " : "", blocks[i].difference_ns);
	printf("], \"first_ns\": [");
	for (unsigned i = 0; i < growth->options->block_count; i++) {
		printf("%s%.0f", i > 0 ? ", " : "", blocks[i].first_ns);
		pair_count += blocks[i].pair_count;
	}
	printf("], \"pairs\": %u}\n", pair_count);
}

/* Sizes take turns, too: what is set in ratio was measured at the same times. */
static status measure(struct growth *growth)
{
	static struct block blocks[COPY_COUNT_MAX][BLOCK_COUNT_MAX];

	for (unsigned i = 0; i < growth->options->block_count; i++)
		for (unsigned index = 1; index < growth->kept_count; index++)
			TRY(measure_block(growth, index, &blocks[index][i]));
	for (unsigned index = 1; index < growth->kept_count; index++)
		print_blocks(growth, index, blocks[index]);
	return STATUS_OK;
}

static status run(struct growth *growth)
{
	char path[PROC_NAME_SIZE_MAX], line[16];

	snprintf(path, sizeof path, "/proc/%s", growth->options->what);
	if (is_file(growth))
		TRY(proc_entry_find(path, &growth->entry));
	TRY(target_create(growth->options->target, &growth->target));
	growth->map = growth->target->description.ram;
	while (fgets(line, sizeof line, stdin) != NULL) {
		if (strcmp(line, "keep\n") != 0)
			return report(STATUS_USAGE, "stdin has lines \"keep\" only");
		TRY(keep(growth));
	}
	return measure(growth);
}

static void growth_deinit(struct growth *growth)
{
	guest_kernel_destroy(growth->kernel);
	for (unsigned i = 0; i < growth->kept_count; i++)
		copy_deinit(growth, &growth->kept[i]);
	free(growth->storage);
	free(growth->line_storage);
	target_destroy(growth->target);
}

static error_t parse_option(int key, char *argument, struct argp_state *state)
{
	struct options *options = state->input;

	switch (key) {
	case 'b':
		options->block_count = (unsigned)strtoul(argument, NULL, 10);
		if (options->block_count == 0 || options->block_count > BLOCK_COUNT_MAX)
			argp_error(state, "--blocks takes 1 to %d", BLOCK_COUNT_MAX);
		return 0;
	case 'n':
		options->pair_count = (unsigned)strtoul(argument, NULL, 10);
		if (options->pair_count < 2 || options->pair_count > PAIR_COUNT_MAX)
			argp_error(state, "--pairs takes 2 to %d", PAIR_COUNT_MAX);
		return 0;
	case 't': options->block_ns = strtoull(argument, NULL, 10) * 1000000; return 0;
	case 'h': options->has_huge_pages = true; return 0;
	case 'o': options->has_others = true; return 0;
	case ARGP_KEY_ARG:
		if (state->arg_num > 1)
			argp_usage(state);
		*(state->arg_num == 0 ? &options->target : &options->what) = argument;
		return 0;
	case ARGP_KEY_END:
		if (state->arg_num != 2)
			argp_usage(state);
		return 0;
	default: return ARGP_ERR_UNKNOWN;
	}
}

int main(int argc, char **argv)
{
	static const struct argp_option argp_options[] = {
		{"blocks", 'b', "COUNT", 0, "so many blocks, each in pages of its own", 0},
		{"pairs", 'n', "COUNT", 0, "at most so many pairs of looks in a block", 0},
		{"block-ms", 't', "MS", 0, "no block takes longer (two pairs at least)", 0},
		{"huge-pages", 'h', NULL, 0, "ask for huge pages for the copies", 0},
		{"others", 'o', NULL, 0, "before each look other work takes the core's own caches", 0},
		{0},
	};
	const struct argp argp = {
		.options = argp_options,
		.parser = parse_option,
		.args_doc = "TARGET processes|FILE",
		.doc = "Measure what one item more in FILE below /proc (net/tcp) or in the list of processes costs: "
		       "each line \"keep\" on stdin copies TARGET's memory, and all are compared with the first.",
	};
	struct options options = {.block_count = 21, .pair_count = 200, .block_ns = 300000000};
	static struct growth growth;

	argp_parse(&argp, argc, argv, 0, NULL, &options);
	growth.options = &options;
	status result = run(&growth);
	if (result != STATUS_OK)
		fprintf(stderr, "bench: growth of %s: %s\n", options.what, status_name(result));
	growth_deinit(&growth);
	return result == STATUS_OK ? 0 : 1;
}
