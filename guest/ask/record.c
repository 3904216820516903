/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/ask/record.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "guest/memory/memory.h"

enum {
	PAGE_COUNT_MAX = 1 << 20, /* 4 GiB */
	LINE_SHIFT = 6,
};

struct recorded {
	struct record_question question;
	uint64_t *lines;
};

static struct {
	struct page_source source;
	struct page_source_ops ops;
	struct page_source *below;
	bool pages[PAGE_COUNT_MAX];
	struct recorded questions[RECORD_QUESTION_COUNT_MAX];
	uint32_t question_count;
	bool is_running;
	char family[RECORD_FAMILY_SIZE];
} record;

status __real_guest_memory_bytes(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_bytes,
				 size_t *ret_size);
status __wrap_guest_memory_bytes(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_bytes,
				 size_t *ret_size);

static status record_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	(void)source;
	if (start.value >> GUEST_PAGE_SHIFT < PAGE_COUNT_MAX)
		record.pages[start.value >> GUEST_PAGE_SHIFT] = true;
	return record.below->ops->read(record.below, start, destination, size);
}

static status record_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	(void)source;
	return record.below->ops->ram_map(record.below, ret_map);
}

static status record_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				    const uint8_t **ret_bytes)
{
	(void)source;
	return record.below->ops->next_populated(record.below, start, ret_range, ret_bytes);
}

static status record_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	(void)source;
	return record.below->ops->registers(record.below, cpu_index, ret_registers);
}

static status record_check(struct page_source *source)
{
	(void)source;
	return record.below->ops->check(record.below);
}

struct page_source *record_source(struct page_source *below)
{
	record.below = below;
	record.ops = (struct page_source_ops){
		.read = record_read, .ram_map = record_ram_map, .registers = record_registers, .check = record_check};
	if (below->ops->next_populated != NULL)
		record.ops.next_populated = record_next_populated;
	record.source.ops = &record.ops;
	return &record.source;
}

status record_family(const char *name)
{
	if (strlen(name) >= sizeof record.family)
		return STATUS_USAGE;
	snprintf(record.family, sizeof record.family, "%s", name);
	return STATUS_OK;
}

void record_begin(const char *question)
{
	struct recorded *recorded = &record.questions[record.question_count];

	if (record.family[0] == '\0' || record.question_count == RECORD_QUESTION_COUNT_MAX)
		return;
	memset(recorded, 0, sizeof *recorded);
	snprintf(recorded->question.family, sizeof recorded->question.family, "%s", record.family);
	snprintf(recorded->question.text, sizeof recorded->question.text, "%s", question);
	recorded->lines = calloc(RECORD_LINE_COUNT_MAX, sizeof *recorded->lines);
	record.is_running = recorded->lines != NULL;
}

void record_end(void)
{
	if (record.is_running)
		record.question_count++;
	record.is_running = false;
}

/* Each line that guest C looks at comes here when it does so first. */
static void note(uint64_t line)
{
	struct recorded *recorded = &record.questions[record.question_count];

	for (uint64_t i = 0; i < recorded->question.line_count; i++) {
		if (recorded->lines[i] == line)
			return;
	}
	if (recorded->question.line_count < RECORD_LINE_COUNT_MAX)
		recorded->lines[recorded->question.line_count++] = line;
}

status __wrap_guest_memory_bytes(struct guest_memory *memory, struct guest_pa address, const uint8_t **ret_bytes,
				 size_t *ret_size)
{
	if (record.is_running)
		note(address.value >> LINE_SHIFT);
	return __real_guest_memory_bytes(memory, address, ret_bytes, ret_size);
}

static bool write_pages(FILE *file)
{
	struct record_page page;

	for (page.number = 0; page.number < PAGE_COUNT_MAX; page.number++) {
		struct guest_pa start = {page.number << GUEST_PAGE_SHIFT};

		if (record.pages[page.number] &&
		    (record.below->ops->read(record.below, start, page.bytes, sizeof page.bytes) != STATUS_OK ||
		     fwrite(&page, sizeof page, 1, file) != 1))
			return false;
	}
	return true;
}

static bool write_questions(FILE *file)
{
	for (uint32_t i = 0; i < record.question_count; i++) {
		const struct recorded *recorded = &record.questions[i];

		if (fwrite(&recorded->question, sizeof recorded->question, 1, file) != 1 ||
		    fwrite(recorded->lines, sizeof *recorded->lines, recorded->question.line_count, file) !=
			    recorded->question.line_count)
			return false;
	}
	return true;
}

status record_write(const char *path)
{
	struct record_head head = {.magic = RECORD_MAGIC, .question_count = record.question_count};

	if (record.question_count == RECORD_QUESTION_COUNT_MAX)
		return report(STATUS_IO, "%s: more questions than a record has", path);
	FILE *file = fopen(path, "wb");

	for (size_t i = 0; i < PAGE_COUNT_MAX; i++)
		head.page_count += record.pages[i];
	head.has_registers = record_registers(NULL, 0, &head.registers) == STATUS_OK;
	TRY(record_ram_map(NULL, &head.ram));
	bool is_good =
		file != NULL && fwrite(&head, sizeof head, 1, file) == 1 && write_pages(file) && write_questions(file);
	if (file != NULL && fclose(file) != 0)
		is_good = false;
	return is_good ? STATUS_OK : report(STATUS_IO, "%s can't be written", path);
}
