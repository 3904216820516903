/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page's files, as they are in the sources: made by verifier/page/embed. */
#ifndef VERIFIER_PAGE_FILES_H
#define VERIFIER_PAGE_FILES_H

#include <stddef.h>

struct page_file {
	const char *path, *type;
	const unsigned char *bytes;
	size_t size;
};

extern const struct page_file page_files[];
extern const size_t page_file_count;

#endif
