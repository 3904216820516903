/* SPDX-License-Identifier: GPL-2.0-or-later */
/* VMCOREINFO as text: recognised and parsed. Internal to guest/memory. */
#ifndef GUEST_MEMORY_ROOT_NOTE_H
#define GUEST_MEMORY_ROOT_NOTE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

enum {
	NOTE_RELEASE_SIZE = 65, /* __NEW_UTS_LEN + 1 (include/uapi/linux/utsname.h) */
};

/* What the text says; nothing of it is verified. */
struct root_note {
	uint64_t root_symbol, text_symbol, uts_symbol;
	uint64_t text_offset;
	uint64_t physical_base;
	uint32_t level_count;
	char release[NOTE_RELEASE_SIZE];
};

/* Bytes of a page that root_note_recognise() looks at. */
enum {
	NOTE_PROBE_SIZE = 40,
};

/* Does a page that starts like this hold the text? It does either from its
 * first byte (vmcoreinfo_data) or behind the header of an ELF note
 * (vmcoreinfo_note); both are whole pages of their own (kernel/crash_core.c,
 * crash_save_vmcoreinfo_init). `start` has NOTE_PROBE_SIZE bytes. */
bool root_note_recognise(const uint8_t *start, uint32_t *ret_text_offset);

/* STATUS_MALFORMED: a line that is needed is missing or no number; not
 * reported, as anybody in the target may write such a text. */
MUST_USE status root_note_parse(struct span text, struct root_note *ret_note);

#endif
