/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What of <string.h> link/, guest/memory and BearSSL use; Runtime.c has it. */
#ifndef BARTIZAN_STRING_H
#define BARTIZAN_STRING_H

#include <stddef.h>

void *memcpy(void *destination, const void *source, size_t size);
void *memmove(void *destination, const void *source, size_t size);
void *memset(void *destination, int byte, size_t size);
int memcmp(const void *left, const void *right, size_t size);
size_t strlen(const char *text);
int strcmp(const char *left, const char *right);

#endif
