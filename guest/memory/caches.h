/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How large a program's caches of the target's memory are: in an enclave, and where that is tried or measured. */
#ifndef GUEST_MEMORY_CACHES_H
#define GUEST_MEMORY_CACHES_H

enum {
	/* 0.9 MiB of pages, for what no read plan brings: tables, texts, modules' types. */
	PROGRAM_PAGE_COUNT = 224,
	/* 0.75 MiB of lines, 0.5 to find them, and 0.9 for an answer to a plan, packed, which has
	 * several times as many. Larger walks are streamed through it, so that their size costs no
	 * memory. Every page of either is part of the enclave, and more would cost each start. */
	PROGRAM_LINE_COUNT = 12288,
};

#endif
