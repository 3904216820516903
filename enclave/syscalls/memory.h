/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The image's memory: pages of its own heap, which is part of the image. First
 * fit over a bitmap; fresh pages are zero. Pages are never executable.
 */
#ifndef ENCLAVE_SYSCALLS_MEMORY_H
#define ENCLAVE_SYSCALLS_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A run of zeroed pages, `size` rounded up; NULL where there is none. */
void *memory_map(size_t size);
/* As MAP_FIXED: the pages at `address` become fresh. False unless all of it is heap. */
bool memory_map_at(void *address, size_t size);
/* False unless [address, address + size) is page-aligned heap. */
bool memory_unmap(void *address, size_t size);
/* As mremap(); NULL where there is no room. */
void *memory_remap(void *address, size_t size, size_t new_size, bool may_move);
/* Is the range inside the heap? */
bool memory_owns(const void *address, size_t size);
/* Bytes in all, and those in use. */
size_t memory_size(void);
size_t memory_used_size(void);
/* Say, once, if the program itself (not what answers its system calls) was refused memory by mmap(). Reported as
 * STATUS_NO_MEMORY, so that an exit with 0 becomes one with partial evidence. */
void memory_report_refused(void);

#endif
