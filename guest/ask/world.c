/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/world.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/ask/record.h"
#include "guest/kernel/kernel.h"
#include "guest/memory/caches.h"
#include "guest/memory/forged.h"

enum {
	ALIGNMENT = 4096,
	MUTATION_SIZE = 13,
	MUTATION_COUNT_MAX = 12,
	LINE_SIZE = 64,
	TEXT_SIZE_MAX = 96 << 20, /* what a text may have (guest/proc/seq.c), and a listing */
};

struct question {
	const struct record_question *question;
	const uint64_t *lines;
};

static struct {
	struct page_source source;
	const struct record_head *head;
	const struct record_page *pages;
	struct question questions[RECORD_QUESTION_COUNT_MAX];
	size_t question_count;
	struct forged_source forged;
	struct guest_memory memory;
	struct guest_kernel *kernel;
} world;

__attribute__((noreturn)) static void give_up(const char *why)
{
	fprintf(stderr, "%s\n", why);
	abort();
}

static void ignore(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	(void)message;
}

/* ---- the recorded guest as a source */

static int compare_numbers(const void *key, const void *element)
{
	uint64_t number = *(const uint64_t *)key, other = ((const struct record_page *)element)->number;

	return (number > other) - (number < other);
}

/* What nobody had read is zero. */
static status world_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	uint64_t number = start.value >> GUEST_PAGE_SHIFT;
	const struct record_page *page =
		bsearch(&number, world.pages, world.head->page_count, sizeof *world.pages, compare_numbers);

	(void)source;
	if (page == NULL)
		memset(destination, 0, size);
	else
		memcpy(destination, page->bytes + start.value % GUEST_PAGE_SIZE, size);
	return STATUS_OK;
}

static status world_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	(void)source;
	*ret_map = world.head->ram;
	return STATUS_OK;
}

static status world_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	(void)source;
	if (!world.head->has_registers)
		return STATUS_MISSING;
	if (cpu_index != 0)
		return STATUS_END;
	*ret_registers = world.head->registers;
	return STATUS_OK;
}

static status world_check(struct page_source *source)
{
	(void)source;
	return STATUS_OK;
}

static const struct page_source_ops world_ops = {
	.read = world_read,
	.ram_map = world_ram_map,
	.registers = world_registers,
	.check = world_check,
};

/* ---- set up once */

static const uint8_t *load(size_t *ret_size)
{
	const char *path = getenv("BARTIZAN_FUZZ_GUEST");
	FILE *file = path != NULL ? fopen(path, "rb") : NULL;
	uint8_t *bytes = NULL;
	long size = -1;

	if (file != NULL && fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	if (size > (long)sizeof(struct record_head))
		bytes = malloc((size_t)size);
	if (bytes == NULL || fseek(file, 0, SEEK_SET) != 0 || fread(bytes, 1, (size_t)size, file) != (size_t)size)
		give_up("BARTIZAN_FUZZ_GUEST names no recorded guest: tests/record-guest FILE makes one");
	fclose(file);
	*ret_size = (size_t)size;
	return bytes;
}

static void parse(const char *family, const uint8_t *bytes, size_t size)
{

	world.head = (const struct record_head *)bytes;
	if (world.head->magic != RECORD_MAGIC)
		give_up("BARTIZAN_FUZZ_GUEST: that is no recorded guest");
	world.pages = (const struct record_page *)(world.head + 1);
	const uint8_t *at = (const uint8_t *)(world.pages + world.head->page_count);
	for (uint32_t i = 0; i < world.head->question_count; i++) {
		const struct record_question *question = (const struct record_question *)at;

		at += sizeof *question + question->line_count * sizeof(uint64_t);
		if (at > bytes + size)
			give_up("BARTIZAN_FUZZ_GUEST: the recorded guest is cut");
		if (strcmp(question->family, family) == 0 && question->line_count > 0)
			world.questions[world.question_count++] =
				(struct question){question, (const uint64_t *)(question + 1)};
	}
	if (world.question_count == 0)
		give_up("BARTIZAN_FUZZ_GUEST: the recorded guest was asked nothing of this family");
}

static void *room(size_t size)
{
	return aligned_alloc(ALIGNMENT, (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT);
}

static void set_up(const char *family)
{
	size_t size, pages_size = guest_memory_storage_size(PROGRAM_PAGE_COUNT);
	size_t lines_size = guest_memory_lines_storage_size(PROGRAM_LINE_COUNT);
	const uint8_t *bytes = load(&size);

	parse(family, bytes, size);
	world.source.ops = &world_ops;
	forged_init(&world.forged, &world.source);
	if (guest_memory_init(&world.memory, &world.forged.source, room(pages_size), pages_size) != STATUS_OK ||
	    guest_memory_lines_init(&world.memory, room(lines_size), lines_size) != STATUS_OK ||
	    guest_kernel_create(&world.memory, NULL, &world.kernel) != STATUS_OK)
		give_up("the recorded guest has no kernel");
	report_sink_set(ignore, NULL);
}

/* ---- an input */

static uint64_t word_at(uint64_t place)
{
	uint64_t word = 0;

	(void)!world_read(&world.source, (struct guest_pa){place}, &word, sizeof word);
	return word;
}

static uint64_t place_of(const struct question *question, uint16_t line, uint8_t word)
{
	return question->lines[line % question->question->line_count] * LINE_SIZE +
	       word % (LINE_SIZE / sizeof(uint64_t)) * sizeof(uint64_t);
}

/* What a word becomes: of the input's making, another one's (loops, shared nodes), an interesting one. */
static uint64_t value_of(const struct question *question, uint8_t kind, uint64_t number, uint64_t before)
{
	static const uint64_t interesting[] = {0,
					       1,
					       0x10,
					       0xff,
					       0xffff,
					       0x7fffffff,
					       0xffffffff,
					       ~0ull,
					       1ull << 40,
					       0x00007fffffffe000,
					       0x8000000000000010,
					       0xdead000000000100,
					       0xffffffffffffff01,
					       FORGED_ARENA + 4096};

	switch (kind % 6) {
	case 0: return number;
	case 1: return before ^ 1ull << number % 64;
	case 2: return word_at(place_of(question, (uint16_t)number, (uint8_t)(number >> 16)));
	case 3: return interesting[number % (sizeof interesting / sizeof interesting[0])];
	case 4: return before + (int64_t)(int8_t)number * 8;
	default: return (before & ~0xffffffffull) | (number & 0xffffffff);
	}
}

/* 2 bytes: a line; 1: word and kind; 1: how many bytes of it; 8: a number. */
static void mutate(const struct question *question, const uint8_t *data)
{
	uint16_t line;
	uint64_t number, value;

	memcpy(&line, data, sizeof line);
	memcpy(&number, data + 5, sizeof number);
	uint64_t place = place_of(question, line, data[2]);
	value = value_of(question, data[3], number, word_at(place));
	size_t size = (size_t)1 << (3 - data[4] % 4), offset = data[4] / 4 % 8 / size * size;
	(void)!forged_put(&world.forged, (struct guest_pa){place + offset}, (const uint8_t *)&value, size);
}

static void check(status outcome, const struct proc_text *text)
{
	if (outcome != STATUS_OK)
		return;
	if (text->size > TEXT_SIZE_MAX)
		give_up("an answer without bounds");
	if (text->fault != NULL && text->fault[0] == '\0')
		give_up("an answer is marked without a word");
}

void world_fuzz(const char *family, const uint8_t *data, size_t size)
{
	struct proc_text text = {0};

	if (world.kernel == NULL)
		set_up(family);
	if (size < 2 + MUTATION_SIZE)
		return;
	const struct question *question = &world.questions[(data[0] | data[1] >> 1 << 8) % world.question_count];
	world.forged.with_plans = (data[1] & 1) != 0;
	forged_clear(&world.forged);
	for (size_t i = 0; i < MUTATION_COUNT_MAX && 2 + (i + 1) * MUTATION_SIZE <= size; i++)
		mutate(question, data + 2 + i * MUTATION_SIZE);
	status outcome = question_ask(world.kernel, question->question->text, &text);
	check(outcome, &text);
	if (outcome == STATUS_OK)
		proc_text_deinit(&text);
}
