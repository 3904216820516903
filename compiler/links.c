/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "compiler/links.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compiler/unit.h"

struct link_entry {
	struct question question; /* texts owned */
	LLVMValueRef slot, record;
};

void links_deinit(struct link_table *links)
{
	for (size_t i = 0; i < links->entry_count; i++) {
		free((char *)links->entries[i].question.name);
		free((char *)links->entries[i].question.path);
	}
	free(links->entries);
	*links = (struct link_table){0};
}

static void *must(void *memory)
{
	if (memory == NULL) {
		fputs("guestcc: out of memory\n", stderr);
		exit(EXIT_FAILURE);
	}
	return memory;
}

static LLVMTypeRef record_type(struct unit *unit)
{
	LLVMTypeRef members[] = {unit->pointer, unit->pointer, unit->pointer, unit->i64, unit->i64, unit->i64};

	return LLVMStructTypeInContext(unit->context, members, 6, 0);
}

/* The kernel's resolver writes the slot, so nothing may be assumed of it. Its
 * section keeps it apart from guest C's data, which hostile pointers reach. */
static LLVMValueRef add_slot(struct unit *unit)
{
	LLVMValueRef slot = LLVMAddGlobal(unit->module, unit->i64, "guestcc.slot");

	LLVMSetLinkage(slot, LLVMInternalLinkage);
	LLVMSetInitializer(slot, unit_number(unit, 0));
	LLVMSetExternallyInitialized(slot, 1);
	LLVMSetSection(slot, "guest_slots");
	return slot;
}

/* Its initialiser comes with links_emit(). */
static LLVMValueRef add_record(struct unit *unit)
{
	LLVMValueRef record = LLVMAddGlobal(unit->module, record_type(unit), "guestcc.link");

	LLVMSetLinkage(record, LLVMInternalLinkage);
	LLVMSetSection(record, "guest_linkage");
	LLVMSetAlignment(record, 8);
	LLVMSetInitializer(record, LLVMConstNull(record_type(unit)));
	LLVMSetExternallyInitialized(record, 1);
	return record;
}

static bool same_question(const struct question *a, const struct question *b)
{
	return a->kind == b->kind && a->load_size == b->load_size && strcmp(a->name, b->name) == 0 &&
	       strcmp(a->path, b->path) == 0;
}

static struct link_entry *find_or_add(struct unit *unit, const struct question *question)
{
	struct link_table *links = &unit->links;

	for (size_t i = 0; i < links->entry_count; i++) {
		if (same_question(&links->entries[i].question, question))
			return &links->entries[i];
	}
	if (links->entry_count == links->entry_room) {
		links->entry_room = 2 * links->entry_room + 64;
		links->entries = must(realloc(links->entries, links->entry_room * sizeof *links->entries));
	}
	struct link_entry *entry = &links->entries[links->entry_count++];
	entry->question = *question;
	entry->question.name = must(strdup(question->name));
	entry->question.path = must(strdup(question->path));
	entry->slot = add_slot(unit);
	entry->record = add_record(unit);
	return entry;
}

LLVMValueRef links_load(struct unit *unit, const struct question *question)
{
	LLVMValueRef load = LLVMBuildLoad2(unit->builder, unit->i64, find_or_add(unit, question)->slot, "answer");

	/* Resolved before guest C runs, never changed while it does. */
	LLVMSetMetadata(load, unit->invariant_kind,
			LLVMMetadataAsValue(unit->context, LLVMMDNodeInContext2(unit->context, NULL, 0)));
	return load;
}

LLVMValueRef links_record(struct unit *unit, const struct question *question)
{
	return find_or_add(unit, question)->record;
}

LLVMValueRef links_require(struct unit *unit, const struct question *question)
{
	LLVMValueRef answer = links_load(unit, question);
	LLVMValueRef check = unit_access_function(unit, "guestcc_answer");
	LLVMValueRef arguments[] = {answer, links_record(unit, question)};

	return check != NULL ? unit_call(unit, check, arguments, 2) : answer;
}

static LLVMValueRef record_value(struct unit *unit, const struct link_entry *entry)
{
	const struct question *question = &entry->question;
	LLVMValueRef members[] = {
		entry->slot,
		unit_string(unit, question->name),
		unit_string(unit, question->path),
		unit_number(unit, question->kind),
		unit_number(unit, question->local),
		unit_number(unit, question->load_size),
	};
	return LLVMConstStructInContext(unit->context, members, 6, 0);
}

LLVMValueRef links_list(struct unit *unit, bool (*wanted)(uint64_t kind), uint64_t *ret_count)
{
	const struct link_table *links = &unit->links;
	LLVMValueRef *records = must(calloc(links->entry_count + 1, sizeof *records));
	uint64_t count = 0;

	for (size_t i = 0; i < links->entry_count; i++) {
		if (wanted(links->entries[i].question.kind))
			records[count++] = links->entries[i].record;
	}
	LLVMValueRef list = LLVMConstArray2(unit->pointer, records, count);
	free(records);
	*ret_count = count;
	return list;
}

/* Nothing refers to most records: keep them through the optimiser. */
static void keep_records(struct unit *unit)
{
	struct link_table *links = &unit->links;
	LLVMValueRef *kept = must(calloc(links->entry_count, sizeof *kept));

	for (size_t i = 0; i < links->entry_count; i++)
		kept[i] = links->entries[i].record;
	LLVMValueRef value = LLVMConstArray2(unit->pointer, kept, links->entry_count);
	free(kept);
	LLVMValueRef used = LLVMGetNamedGlobal(unit->module, "llvm.used");
	if (used != NULL)
		LLVMDeleteGlobal(used);
	used = LLVMAddGlobal(unit->module, LLVMTypeOf(value), "llvm.used");
	LLVMSetInitializer(used, value);
	LLVMSetLinkage(used, LLVMAppendingLinkage);
	LLVMSetSection(used, "llvm.metadata");
}

void links_emit(struct unit *unit)
{
	struct link_table *links = &unit->links;

	for (size_t i = 0; i < links->entry_count; i++)
		LLVMSetInitializer(links->entries[i].record, record_value(unit, &links->entries[i]));
	if (links->entry_count != 0)
		keep_records(unit);
}
