/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/memory/root-note.h"

#include <string.h>

enum {
	/* Elf64_Nhdr (12 bytes) and the name "VMCOREINFO\0", padded to 12. */
	NOTE_NAME_OFFSET = 12,
	NOTE_TEXT_OFFSET = 24,
};

static const char TEXT_START[] = "OSRELEASE=";
static const char NOTE_NAME[] = "VMCOREINFO";

bool root_note_recognise(const uint8_t *start, uint32_t *ret_text_offset)
{
	if (memcmp(start, TEXT_START, sizeof TEXT_START - 1) == 0) {
		*ret_text_offset = 0;
		return true;
	}
	if (memcmp(start + NOTE_NAME_OFFSET, NOTE_NAME, sizeof NOTE_NAME) != 0 ||
	    memcmp(start + NOTE_TEXT_OFFSET, TEXT_START, sizeof TEXT_START - 1) != 0)
		return false;
	*ret_text_offset = NOTE_TEXT_OFFSET;
	return true;
}

/* The value of the line "KEY=value". */
static status find_value(struct span text, const char *key, struct span *ret_value)
{
	size_t key_size = strlen(key), at = 0;

	while (at < text.size && text.data[at] != 0) {
		size_t end = at;

		while (end < text.size && text.data[end] != '\n' && text.data[end] != 0)
			end++;
		if (end - at > key_size && text.data[at + key_size] == '=' &&
		    memcmp(text.data + at, key, key_size) == 0) {
			*ret_value = (struct span){text.data + at + key_size + 1, end - at - key_size - 1};
			return STATUS_OK;
		}
		at = end + 1;
	}
	return STATUS_MALFORMED;
}

static int digit_value(uint8_t character)
{
	if (character >= '0' && character <= '9')
		return character - '0';
	if (character >= 'a' && character <= 'f')
		return character - 'a' + 10;
	return 16;
}

static status parse_number(struct span text, uint64_t base, uint64_t *ret_value)
{
	bool negative = base == 10 && text.size > 0 && text.data[0] == '-';
	uint64_t value = 0;

	/* 16 hexadecimal or 20 decimal digits fill 64 bits. */
	if (text.size == negative || text.size > 20)
		return STATUS_MALFORMED;
	for (size_t i = negative; i < text.size; i++) {
		uint64_t digit = (uint64_t)digit_value(text.data[i]);

		if (digit >= base)
			return STATUS_MALFORMED;
		value = value * base + digit;
	}
	*ret_value = negative ? -value : value;
	return STATUS_OK;
}

static status find_number(struct span text, const char *key, uint64_t base, uint64_t *ret_value)
{
	struct span value;

	TRY(find_value(text, key, &value));
	return parse_number(value, base, ret_value);
}

static status find_release(struct span text, char release[NOTE_RELEASE_SIZE])
{
	struct span value;

	TRY(find_value(text, "OSRELEASE", &value));
	if (value.size == 0 || value.size >= NOTE_RELEASE_SIZE)
		return STATUS_MALFORMED;
	for (size_t i = 0; i < value.size; i++) {
		if (value.data[i] <= ' ' || value.data[i] > '~')
			return STATUS_MALFORMED;
		release[i] = (char)value.data[i];
	}
	return STATUS_OK;
}

status root_note_parse(struct span text, struct root_note *ret_note)
{
	struct root_note note = {0};
	uint64_t five_levels;

	TRY(find_release(text, note.release));
	TRY(find_number(text, "SYMBOL(init_top_pgt)", 16, &note.root_symbol));
	TRY(find_number(text, "SYMBOL(_stext)", 16, &note.text_symbol));
	TRY(find_number(text, "SYMBOL(init_uts_ns)", 16, &note.uts_symbol));
	TRY(find_number(text, "KERNELOFFSET", 16, &note.text_offset));
	TRY(find_number(text, "NUMBER(phys_base)", 10, &note.physical_base));
	TRY(find_number(text, "NUMBER(pgtable_l5_enabled)", 10, &five_levels));
	if (five_levels > 1)
		return STATUS_MALFORMED;
	note.level_count = five_levels == 1 ? 5 : 4;
	*ret_note = note;
	return STATUS_OK;
}
