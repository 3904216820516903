/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * An image file: a static-PIE x86-64 ELF whose segments are laid out, and
 * nothing else of it. Every number in the file is hostile.
 */
#ifndef HOST_IMAGE_ELF_H
#define HOST_IMAGE_ELF_H

#include <stdint.h>

#include "base/reader.h"
#include "base/status.h"

enum {
	IMAGE_SEGMENT_COUNT_MAX = 16,
	/* The linker makes one per alignment of note sections: 4 and 8. */
	IMAGE_NOTE_SEGMENT_COUNT_MAX = 4,
	IMAGE_PAGE_SIZE = 4096,
};

/* 8 GiB: heap and stack at their largest, with room. */
#define IMAGE_SIZE_MAX (UINT64_C(8) << 30)

enum image_access {
	IMAGE_READ = 1,
	IMAGE_WRITE = 2,
	IMAGE_EXECUTE = 4,
};

/* One run of whole pages from `offset`, counted from the image's start. The
 * file's bytes go to data_offset; everything else of the pages is zero. */
struct image_segment {
	uint64_t offset, size;
	uint64_t data_offset;
	struct span data;
	uint32_t access; /* IMAGE_* */
};

/* A PT_NOTE: part of a segment, so part of the image. */
struct image_note_segment {
	uint64_t offset; /* of its first byte, from the image's start */
	struct span data;
};

struct image_layout {
	uint64_t size; /* bytes, whole pages, from the lowest address 0 */
	uint64_t entry; /* inside an executable segment */
	struct image_segment segments[IMAGE_SEGMENT_COUNT_MAX];
	uint32_t segment_count;
	struct image_note_segment notes[IMAGE_NOTE_SEGMENT_COUNT_MAX];
	uint32_t note_count;
};

/* Read the layout of an image. Spans point into `file`, which must outlive it.
 * STATUS_MALFORMED: broken ELF, overlapping segments, an entry outside, a
 * segment both writable and executable, notes that aren't part of a segment. STATUS_UNSUPPORTED: not a static-PIE for
 * x86-64. Both are reported with `name`. */
MUST_USE status image_layout_read(const char *name, struct span file, struct image_layout *ret_layout);

#endif
