/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Runs in a guest, for tests/test_epochs.py: counts in two words that lie in two pages of its command line,
 * as fast as it can. Both words are written by one instruction, so whoever looks at a machine that stands
 * still finds them equal. argv[1] is long enough to hold the end of a page.
 */
#include <emmintrin.h>
#include <stdint.h>
#include <string.h>

enum { PAGE_SIZE = 4096, WORD_SIZE = 8 };

int main(int argc, char **argv)
{
	char words[2 * WORD_SIZE];
	char *border = argc > 1 ? (char *)(((uintptr_t)argv[1] + PAGE_SIZE) & ~(uintptr_t)(PAGE_SIZE - 1)) : NULL;

	if (border == NULL || border - WORD_SIZE < argv[1] || border + WORD_SIZE > argv[1] + strlen(argv[1]))
		return 2;
	memset(words, 'A', sizeof words);
	for (;;) {
		/* The next in the order of AAAAAAAA, BAAAAAAA … ZZZZZZZZ. */
		for (int i = 0; i < WORD_SIZE && ++words[i] > 'Z'; i++)
			words[i] = 'A';
		memcpy(words + WORD_SIZE, words, WORD_SIZE);
		_mm_storeu_si128((__m128i *)(border - WORD_SIZE), _mm_loadu_si128((const __m128i *)words));
	}
}
