/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/notes.h"

#include <elf.h>
#include <string.h>

#include "base/checked.h"
#include "base/report.h"

enum { EXIT_SIZE = 5 };

/* enclu; ud2 */
static const uint8_t exit_code[EXIT_SIZE] = {0x0f, 0x01, 0xd7, 0x0f, 0x0b};

/* Beyond these nothing that a manifest can ask for lies (manifest.c). */
static const uint64_t heap_size_max = UINT64_C(4) << 30;
static const uint64_t stack_size_max = UINT64_C(1) << 30;

/* One note; what has been seen is a bit per type. */
struct note {
	const char *name; /* of the image */
	uint32_t type;
	uint64_t offset; /* of the description, from the image's start */
	struct span description;
};

static bool size_is_possible(uint64_t size, uint64_t max)
{
	return size != 0 && size % IMAGE_PAGE_SIZE == 0 && size <= max;
}

static status take_manifest(const struct note *note, struct image_notes *notes)
{
	struct image_note_manifest manifest = {0};
	struct reader reader;

	reader_init(&reader, note->description);
	if (note->description.size != sizeof manifest || reader_copy(&reader, &manifest, sizeof manifest) != STATUS_OK)
		return report(STATUS_MALFORMED, "%s: its manifest has %zu bytes instead of %zu: link it again",
			      note->name, note->description.size, sizeof manifest);
	if (!size_is_possible(manifest.heap_size, heap_size_max) ||
	    !size_is_possible(manifest.stack_size, stack_size_max) || manifest.thread_count == 0 ||
	    manifest.thread_count > IMAGE_THREAD_COUNT_MAX || manifest.debug > 1 || manifest.reserved != 0)
		return report(STATUS_MALFORMED,
			      "%s: its manifest asks for a heap of %llu and a stack of %llu bytes, %u threads, debug "
			      "%u: that is impossible",
			      note->name, (unsigned long long)manifest.heap_size,
			      (unsigned long long)manifest.stack_size, manifest.thread_count, manifest.debug);
	notes->manifest = manifest;
	return STATUS_OK;
}

/* Does the code there begin with the bytes that a backend may overwrite? */
static bool exits_at(const struct image_layout *layout, uint64_t offset)
{
	for (uint32_t i = 0; i < layout->segment_count; i++) {
		const struct image_segment *segment = &layout->segments[i];
		uint64_t start = offset - segment->offset - segment->data_offset;

		if ((segment->access & IMAGE_EXECUTE) && checked_within(start, EXIT_SIZE, segment->data.size))
			return memcmp(segment->data.data + start, exit_code, EXIT_SIZE) == 0;
	}
	return false;
}

static status take_exit(const struct note *note, const struct image_layout *layout, struct image_notes *notes)
{
	struct image_note_exit exit = {0};
	struct reader reader;

	reader_init(&reader, note->description);
	if (note->description.size != sizeof exit || reader_copy(&reader, &exit, sizeof exit) != STATUS_OK)
		return report(STATUS_MALFORMED, "%s: the note about EEXIT has %zu bytes instead of %zu", note->name,
			      note->description.size, sizeof exit);
	/* Wraps for a hostile offset; then there is no code. */
	notes->exit_offset = note->offset + (uint64_t)exit.offset;
	if (!exits_at(layout, notes->exit_offset))
		return report(STATUS_MALFORMED, "%s: there is no EEXIT at %#llx, where its note says", note->name,
			      (unsigned long long)notes->exit_offset);
	return STATUS_OK;
}

/* Strings, each not empty, then an empty one, and nothing more. */
static status take_strings(const struct note *note, struct span *strings)
{
	const struct span *bytes = &note->description;
	bool whole =
		bytes->size == 1 || (bytes->size > 2 && bytes->data[0] != '\0' && bytes->data[bytes->size - 2] == '\0');

	whole = whole && bytes->data[bytes->size - 1] == '\0';
	for (size_t i = 1; whole && i + 1 < bytes->size; i++)
		whole = bytes->data[i] != '\0' || bytes->data[i - 1] != '\0';
	if (!whole)
		return report(STATUS_MALFORMED, "%s: the list of names in its note %u isn't one", note->name,
			      note->type);
	*strings = *bytes;
	return STATUS_OK;
}

static status take_calls(const struct note *note, struct image_notes *notes)
{
	struct reader reader;
	uint16_t number = 0;

	reader_init(&reader, note->description);
	while (number != IMAGE_NOTE_CALLS_END)
		if (reader_u16(&reader, &number) != STATUS_OK)
			return report(STATUS_MALFORMED, "%s: the list of calls in its note has no end", note->name);
	if (reader_left(&reader) != 0)
		return report(STATUS_MALFORMED, "%s: something stands behind the list of calls in its note",
			      note->name);
	notes->calls = note->description;
	return STATUS_OK;
}

static status take(const struct note *note, const struct image_layout *layout, uint32_t *seen,
		   struct image_notes *notes)
{
	if (note->type < IMAGE_NOTE_MANIFEST || note->type > IMAGE_NOTE_PROGRAMS)
		return report(STATUS_MALFORMED, "%s: a note of type %u is from another version: link it again",
			      note->name, note->type);
	if (*seen & 1u << note->type)
		return report(STATUS_MALFORMED, "%s: the note of type %u comes twice", note->name, note->type);
	*seen |= 1u << note->type;
	switch (note->type) {
	case IMAGE_NOTE_MANIFEST: return take_manifest(note, notes);
	case IMAGE_NOTE_EXIT: return take_exit(note, layout, notes);
	case IMAGE_NOTE_PATHS: return take_strings(note, &notes->paths);
	case IMAGE_NOTE_ENVIRONMENT: return take_strings(note, &notes->environment);
	case IMAGE_NOTE_PROGRAMS: return take_strings(note, &notes->programs);
	default: return take_calls(note, notes);
	}
}

/* gABI, "Note Section": header, owner, description, each padded to 4 bytes. The
 * last one's padding may be missing. */
static status next_note(struct reader *reader, struct note *note, struct span *ret_owner)
{
	Elf64_Nhdr header = {0};

	TRY(reader_copy(reader, &header, sizeof header));
	note->type = header.n_type;
	TRY(reader_bytes(reader, header.n_namesz, ret_owner));
	TRY(reader_align(reader, 4));
	note->offset += reader->position;
	TRY(reader_bytes(reader, header.n_descsz, &note->description));
	if (reader_left(reader) < 4)
		return reader_seek(reader, reader->bytes.size);
	return reader_align(reader, 4);
}

/* Each note takes 12 bytes at least, so the file's size is the bound. */
static status read_segment(const char *name, const struct image_layout *layout,
			   const struct image_note_segment *segment, uint32_t *seen, struct image_notes *notes)
{
	struct reader reader;

	reader_init(&reader, segment->data);
	while (reader_left(&reader) != 0) {
		struct note note = {.name = name, .offset = segment->offset};
		struct span owner;

		if (next_note(&reader, &note, &owner) != STATUS_OK)
			return report(STATUS_MALFORMED, "%s: its notes are cut off", name);
		if (owner.size == sizeof IMAGE_NOTE_OWNER && memcmp(owner.data, IMAGE_NOTE_OWNER, owner.size) == 0)
			TRY(take(&note, layout, seen, notes));
	}
	return STATUS_OK;
}

/* An image that leaves one out would look as if it allowed nothing. */
static status check_complete(const char *name, uint32_t seen)
{
	static const struct {
		uint32_t type;
		const char *what;
	} needed[] = {
		{IMAGE_NOTE_MANIFEST, "has no manifest in its notes"},
		{IMAGE_NOTE_EXIT, "doesn't say in its notes where it exits"},
		{IMAGE_NOTE_PATHS, "doesn't say in its notes which files it may open"},
		{IMAGE_NOTE_ENVIRONMENT, "doesn't say in its notes which of the environment it takes"},
		{IMAGE_NOTE_CALLS, "doesn't say in its notes which system calls it makes"},
		{IMAGE_NOTE_PROGRAMS, "doesn't say in its notes which programs it runs"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(needed); i++)
		if (!(seen & 1u << needed[i].type))
			return report(STATUS_UNSUPPORTED, "%s %s: link it with bartizan-cc", name, needed[i].what);
	return STATUS_OK;
}

status image_notes_read(const char *name, const struct image_layout *layout, struct image_notes *ret_notes)
{
	struct image_notes notes = {0};
	uint32_t seen = 0;

	for (uint32_t i = 0; i < layout->note_count; i++)
		TRY(read_segment(name, layout, &layout->notes[i], &seen, &notes));
	TRY(check_complete(name, seen));
	*ret_notes = notes;
	return STATUS_OK;
}
