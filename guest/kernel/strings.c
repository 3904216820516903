/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * C's string functions for guest C: each pointer may be the guest's or guest
 * C's own. guestc.h gives them their usual names.
 */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "guest/kernel/access.h"

enum {
	/* Longer than any string that a kernel keeps (a page: command lines
	 * are copied in pages too); more is memory without a NUL. */
	STRING_SIZE_MAX = 64 << 10,
};

size_t guest_strlen(const char *string);
size_t guest_strnlen(const char *string, size_t size);
int guest_strcmp(const char *a, const char *b);
int guest_strncmp(const char *a, const char *b, size_t size);
int guest_memcmp(const void *a, const void *b, size_t size);
char *guest_strcpy(char *destination, const char *source);
void *guest_memcpy(void *destination, const void *source, size_t size);
void *guest_memmove(void *destination, const void *source, size_t size);
void *guest_memset(void *destination, int byte, size_t size);

/* Behind a pointer that may be anything, NULL and the last address included: not C's pointer
 * arithmetic, which knows objects only. */
static const void *behind(const void *pointer, size_t offset)
{
	return (const void *)((uintptr_t)pointer + offset);
}

size_t guest_strnlen(const char *string, size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t part;
		const uint8_t *bytes = guest_access_span(behind(string, done), size - done, &part);
		const uint8_t *end = memchr(bytes, 0, part);
		if (end != NULL)
			return done + (size_t)(end - bytes);
		done += part;
	}
	return size;
}

size_t guest_strlen(const char *string)
{
	size_t size = guest_strnlen(string, STRING_SIZE_MAX);

	if (size == STRING_SIZE_MAX)
		guest_access_too_long("string");
	return size;
}

static uint8_t byte_at(const void *pointer)
{
	size_t size;

	return *guest_access_span(pointer, 1, &size);
}

/* One byte at a time: two spans can't be held at once, since fetching the
 * second page may evict the first. */
static int compare(const char *a, const char *b, size_t size, bool to_nul)
{
	for (size_t i = 0; i < size; i++) {
		int x = byte_at(behind(a, i)), y = byte_at(behind(b, i));
		if (x != y)
			return x - y;
		if (to_nul && x == 0)
			return 0;
	}
	return 0;
}

int guest_strncmp(const char *a, const char *b, size_t size)
{
	return compare(a, b, size, true);
}

int guest_strcmp(const char *a, const char *b)
{
	/* No loop without end: a's length is bounded. */
	return compare(a, b, guest_strlen(a) + 1, true);
}

int guest_memcmp(const void *a, const void *b, size_t size)
{
	return compare(a, b, size, false);
}

void *guest_memmove(void *destination, const void *source, size_t size)
{
	uint8_t *to = destination;
	size_t done = 0, part;

	guest_access_check_store(destination, size);
	while (done < size) {
		const uint8_t *from = guest_access_span(behind(source, done), size - done, &part);
		/* Overlap occurs in own memory only, which is one piece. */
		memmove(to + done, from, part);
		done += part;
	}
	return destination;
}

void *guest_memcpy(void *destination, const void *source, size_t size)
{
	return guest_memmove(destination, source, size);
}

void *guest_memset(void *destination, int byte, size_t size)
{
	guest_access_check_store(destination, size);
	return memset(destination, byte, size);
}

void guest_copy(void *destination, const void *source, size_t size)
{
	guest_memmove(destination, source, size);
}

char *guest_strcpy(char *destination, const char *source)
{
	return guest_memmove(destination, source, guest_strlen(source) + 1);
}

size_t guest_string_copy(char *destination, size_t size, const char *source)
{
	size_t done = 0;

	while (done < size) {
		size_t part, copied;
		const uint8_t *bytes = guest_access_span(behind(source, done), size - done, &part);
		const uint8_t *end = memchr(bytes, 0, part);

		copied = end != NULL ? (size_t)(end - bytes) + 1 : part;
		guest_access_check_store(destination + done, copied);
		/* Overlap occurs in own memory only, which is one piece. */
		memmove(destination + done, bytes, copied);
		done += copied;
		if (end != NULL)
			return done - 1;
	}
	if (size != 0)
		destination[size - 1] = 0;
	return size;
}
