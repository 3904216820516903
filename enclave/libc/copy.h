/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memcpy() and memmove() for images: enclave/libc/build puts them in place of musl's. Those are `rep movsq`
 * whatever the size, which takes some thirty cycles to begin with; what programs and the guest library copy is
 * mostly a word, a line of 64 bytes or a part of one, and that was half of what a look at the target took. */
#ifndef ENCLAVE_LIBC_COPY_H
#define ENCLAVE_LIBC_COPY_H

#include <stddef.h>
#include <stdint.h>

/* From here on the string instruction is faster than any loop, as far as the two don't overlap (the optimisation
 * manual, "Enhanced REP MOVSB"). */
#define LIBC_COPY_LARGE_SIZE 1024

/* Numbers anywhere, of memory of any type. */
struct libc_copy_2 {
	uint16_t value;
} __attribute__((packed, may_alias));

struct libc_copy_4 {
	uint32_t value;
} __attribute__((packed, may_alias));

struct libc_copy_8 {
	uint64_t value;
} __attribute__((packed, may_alias));

/* One register of SSE2, which every x86-64 has. */
struct libc_copy_16 {
	char __attribute__((vector_size(16))) value;
} __attribute__((packed, may_alias));

#define LIBC_COPY_LOAD(size, from) (*(const struct libc_copy_##size *)(const void *)(from))
#define LIBC_COPY_STORE(size, to, piece) (*(struct libc_copy_##size *)(void *)(to) = (piece))

/* Both ends of what is at least `width` long and at most twice that; they may overlap. All is loaded
 * before anything is stored, so that source and destination may overlap too. */
#define LIBC_COPY_ENDS(width, to, from, size)                                                      \
	do {                                                                                       \
		struct libc_copy_##width first_ = LIBC_COPY_LOAD(width, from);                     \
		struct libc_copy_##width last_ = LIBC_COPY_LOAD(width, (from) + (size) - (width)); \
		LIBC_COPY_STORE(width, to, first_);                                                \
		LIBC_COPY_STORE(width, (to) + (size) - (width), last_);                            \
	} while (0)

/* 64 bytes. */
struct libc_copy_line {
	struct libc_copy_16 a, b, c, d;
};

static inline __attribute__((always_inline)) struct libc_copy_line libc_copy_load_line(const unsigned char *from)
{
	return (struct libc_copy_line){LIBC_COPY_LOAD(16, from), LIBC_COPY_LOAD(16, from + 16),
				       LIBC_COPY_LOAD(16, from + 32), LIBC_COPY_LOAD(16, from + 48)};
}

static inline __attribute__((always_inline)) void libc_copy_store_line(unsigned char *to, struct libc_copy_line line)
{
	LIBC_COPY_STORE(16, to, line.a);
	LIBC_COPY_STORE(16, to + 16, line.b);
	LIBC_COPY_STORE(16, to + 32, line.c);
	LIBC_COPY_STORE(16, to + 48, line.d);
}

/* Up to 16 bytes. */
static inline __attribute__((always_inline)) void libc_copy_tiny(unsigned char *to, const unsigned char *from,
								 size_t size)
{
	if (size >= 8)
		LIBC_COPY_ENDS(8, to, from, size);
	else if (size >= 4)
		LIBC_COPY_ENDS(4, to, from, size);
	else if (size >= 2)
		LIBC_COPY_ENDS(2, to, from, size);
	else if (size == 1)
		*to = *from;
}

/* More than 16 bytes, up to 128. */
static inline __attribute__((always_inline)) void libc_copy_small(unsigned char *to, const unsigned char *from,
								  size_t size)
{
	if (size <= 32) {
		LIBC_COPY_ENDS(16, to, from, size);
	} else if (size < 64) {
		struct libc_copy_16 second = LIBC_COPY_LOAD(16, from + 16);
		struct libc_copy_16 second_last = LIBC_COPY_LOAD(16, from + size - 32);

		LIBC_COPY_ENDS(16, to, from, size);
		LIBC_COPY_STORE(16, to + 16, second);
		LIBC_COPY_STORE(16, to + size - 32, second_last);
	} else {
		struct libc_copy_line first = libc_copy_load_line(from);
		struct libc_copy_line last = libc_copy_load_line(from + size - 64);

		libc_copy_store_line(to, first);
		libc_copy_store_line(to + size - 64, last);
	}
}

/* More than 64 bytes, the first one first: the destination doesn't begin inside of the source. */
static inline void libc_copy_forwards(unsigned char *to, const unsigned char *from, size_t size)
{
	struct libc_copy_line last = libc_copy_load_line(from + size - 64);
	unsigned char *end = to + size;

	for (; size > 64; size -= 64, to += 64, from += 64)
		libc_copy_store_line(to, libc_copy_load_line(from));
	libc_copy_store_line(end - 64, last);
}

/* More than 64 bytes, the last one first: the destination begins inside of the source. */
static inline void libc_copy_backwards(unsigned char *to, const unsigned char *from, size_t size)
{
	struct libc_copy_line first = libc_copy_load_line(from);

	for (; size > 64; size -= 64)
		libc_copy_store_line(to + size - 64, libc_copy_load_line(from + size - 64));
	libc_copy_store_line(to, first);
}

/* Copy `size` bytes, which may overlap. */
static inline __attribute__((always_inline)) void libc_copy(void *to, const void *from, size_t size)
{
	uintptr_t distance = (uintptr_t)to - (uintptr_t)from;

	if (size <= 16)
		libc_copy_tiny(to, from, size);
	else if (size <= 128)
		libc_copy_small(to, from, size);
	else if (distance < size)
		libc_copy_backwards(to, from, size);
	else if (size < LIBC_COPY_LARGE_SIZE || -distance < size)
		libc_copy_forwards(to, from, size);
	else
		__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(size) : : "memory");
}

#endif
