/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "agent/qemu.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "agent/pauser.h"
#include "agent/qemu-file.h"
#include "agent/qemu-process.h"
#include "agent/qemu-ram.h"
#include "agent/qmp.h"
#include "agent/source-plan.h"
#include "base/report.h"

struct qemu_target {
	struct target target; /* must be first */
	struct page_source source;
	struct qemu_process process;
	struct qemu_ram ram;
	/* All CPUs as of the last time that CPU 0 was asked for. */
	struct cpu_registers registers[QMP_CPU_COUNT_MAX];
	uint32_t cpu_count;
	/* QMP didn't answer (paused, or somebody else's): not asked again
	 * before this time, so that nobody waits for it over and over. */
	int64_t qmp_silent_until_ms;
};

enum {
	QMP_RETRY_MS = 2000,
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static struct qemu_target *from_source(struct page_source *source)
{
	return (struct qemu_target *)((char *)source - offsetof(struct qemu_target, source));
}

static status source_read(struct page_source *source, struct guest_pa start, void *destination, size_t size)
{
	status result = qemu_ram_read(&from_source(source)->ram, start, destination, size);

	pauser_note_read();
	return result;
}

static status source_read_pages(struct page_source *source, const struct guest_pa *pages, size_t page_count,
				uint8_t (*destination)[GUEST_PAGE_SIZE], status *results)
{
	status result = qemu_ram_read_pages(&from_source(source)->ram, pages, page_count, destination, results);

	pauser_note_read();
	return result;
}

static status source_next_populated(struct page_source *source, struct guest_pa start, struct ram_range *ret_range,
				    const uint8_t **ret_bytes)
{
	return qemu_ram_next_populated(&from_source(source)->ram, start, ret_range, ret_bytes);
}

static const uint8_t *mapped_line(struct page_source *source, struct guest_pa line, struct ram_range *ret_range)
{
	return qemu_ram_mapped(&from_source(source)->ram, line, PLAN_LINE_SIZE, ret_range);
}

static status source_run_plan(struct page_source *source, const struct plan *plan, struct plan_cursor *cursor,
			      struct plan_sink *sink)
{
	status result = source_plan_run(source, mapped_line, plan, cursor, sink);

	pauser_note_read();
	return result;
}

static status source_ram_map(struct page_source *source, struct ram_map *ret_map)
{
	*ret_map = from_source(source)->target.description.ram;
	return STATUS_OK;
}

static status open_qmp(struct qemu_target *target, struct qmp **ret_qmp)
{
	if (pauser_holds(target->process.pid) || now_ms() < target->qmp_silent_until_ms)
		return STATUS_MISSING;
	status result = qmp_create(target->process.pid, target->process.arguments.qmp_path, ret_qmp);
	if (result == STATUS_MISSING)
		target->qmp_silent_until_ms = now_ms() + QMP_RETRY_MS;
	if (result == STATUS_OK)
		pauser_retry(target->process.pid, *ret_qmp);
	return result;
}

/* Registers of all CPUs through an open monitor. */
static status ask_registers(struct qemu_target *target, struct qmp *qmp)
{
	char *text;

	target->cpu_count = 0;
	TRY(qmp_monitor(qmp, "info registers -a", &text));
	status result = qmp_parse_registers(text, target->registers, QMP_CPU_COUNT_MAX, &target->cpu_count);
	free(text);
	return result == STATUS_OK ? STATUS_OK : STATUS_MISSING;
}

static status source_registers(struct page_source *source, uint32_t cpu_index, struct cpu_registers *ret_registers)
{
	struct qemu_target *target = from_source(source);
	struct qmp *qmp;

	/* CPU 0 starts a new look; the others belong to the same one. */
	if (cpu_index == 0) {
		target->cpu_count = 0;
		TRY(open_qmp(target, &qmp));
		status result = ask_registers(target, qmp);
		qmp_destroy(qmp);
		TRY(result);
	}
	if (target->cpu_count == 0)
		return STATUS_MISSING;
	if (cpu_index >= target->cpu_count)
		return STATUS_END;
	*ret_registers = target->registers[cpu_index];
	return STATUS_OK;
}

static status source_pause(struct page_source *source)
{
	const struct qemu_target *target = from_source(source);

	return pauser_stop(target->process.pid, target->process.arguments.qmp_path);
}

static status source_resume(struct page_source *source, struct source_pause *ret_pause)
{
	(void)source;
	return pauser_continue(ret_pause);
}

static status source_check(struct page_source *source)
{
	const struct qemu_target *target = from_source(source);

	TRY(qemu_process_check(&target->process));
	TRY(qemu_ram_check(&target->ram));
	/* Somebody may have cut the RAM's file: reading on would be SIGBUS. */
	for (uint32_t i = 0; i < target->ram.block_count; i++) {
		const struct qemu_block *block = &target->ram.blocks[i];

		if (block->file >= 0 && !qemu_file_holds(block->file, block->file_offset, block->range.size))
			return report(STATUS_IO, "the file that holds the RAM of QEMU process %d became shorter",
				      (int)target->process.pid);
	}
	return STATUS_OK;
}

static const struct page_source_ops source_ops = {
	.read = source_read,
	.read_pages = source_read_pages,
	.next_populated = source_next_populated,
	.ram_map = source_ram_map,
	.registers = source_registers,
	.run_plan = source_run_plan,
	.pause = source_pause,
	.resume = source_resume,
	.check = source_check,
};

static void qemu_target_destroy(struct target *target)
{
	struct qemu_target *qemu = (struct qemu_target *)target;

	qemu_ram_deinit(&qemu->ram);
	qemu_process_deinit(&qemu->process);
	free(qemu);
}

/* Neighbouring blocks are one range to everybody above. */
static void describe_ram(struct target_description *description, const struct qemu_ram *ram)
{
	struct ram_map *map = &description->ram;

	for (uint32_t i = 0; i < ram->block_count; i++) {
		const struct ram_range *range = &ram->blocks[i].range;
		struct ram_range *last = map->range_count > 0 ? &map->range[map->range_count - 1] : NULL;

		description->memory_size += range->size;
		if (last != NULL && last->start.value + last->size == range->start.value)
			last->size += range->size;
		else
			map->range[map->range_count++] = *range;
	}
}

static void describe(struct qemu_target *qemu, bool by_qmp)
{
	struct target_description *description = &qemu->target.description;
	uint32_t mapped_count = qemu_ram_mapped_count(&qemu->ram);
	const char *name = qemu->process.arguments.name;

	snprintf(description->label, sizeof description->label, name[0] != 0 ? "qemu:%d (%s)" : "qemu:%d",
		 (int)qemu->process.pid, name);
	description->pid = qemu->process.pid;
	describe_ram(description, &qemu->ram);
	description->access = "mixed";
	if (mapped_count == qemu->ram.block_count)
		description->access = "mapped";
	else if (mapped_count == 0)
		description->access = "process_vm_readv";
	description->layout = by_qmp ? "qmp" : "command line";
	description->registers = qemu->cpu_count > 0 ? "qmp" : "none";
	description->cpu_count = qemu->cpu_count;
}

static status attach(struct qemu_target *qemu)
{
	struct qmp *qmp = NULL;
	bool by_qmp = false;
	status result = open_qmp(qemu, &qmp);

	if (status_is_fault(result))
		return result;
	result = qemu_ram_init(&qemu->ram, &qemu->process, qmp, &by_qmp);
	if (result == STATUS_OK && qmp != NULL)
		(void)!ask_registers(qemu, qmp); /* described as "none" where it fails */
	qmp_destroy(qmp);
	TRY(result);
	describe(qemu, by_qmp);
	return STATUS_OK;
}

status qemu_target_create(pid_t pid, struct target **ret_target)
{
	struct qemu_target *qemu = calloc(1, sizeof *qemu);

	if (qemu == NULL)
		return report(STATUS_NO_MEMORY, "out of memory while attaching to QEMU");
	status result = qemu_process_init(&qemu->process, pid);
	if (result != STATUS_OK) {
		free(qemu);
		return result;
	}
	result = attach(qemu);
	if (result != STATUS_OK) {
		qemu_process_deinit(&qemu->process);
		free(qemu);
		/* The others were reported where they arose. */
		return result == STATUS_GONE ? report(STATUS_GONE, "QEMU process %d ended", (int)pid) : result;
	}
	qemu->source = (struct page_source){&source_ops};
	qemu->target.source = &qemu->source;
	qemu->target.destroy = qemu_target_destroy;
	*ret_target = &qemu->target;
	return STATUS_OK;
}
