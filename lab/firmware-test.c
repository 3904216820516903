/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <string.h>

#include "lab/firmware.h"

#define KEY "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff"
#define NONCE "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define LINE "bartizan: source key " KEY " nonce " NONCE "\n"

static void the_key_and_nonce_are_found_among_what_firmware_says(void **state)
{
	struct lab_source source;

	assert_int_equal(firmware_find_source("SecCoreStartup\n" LINE "bartizan: the memory map is taken\n", &source),
			 STATUS_OK);
	assert_int_equal(source.key[0], 0x00);
	assert_int_equal(source.key[31], 0xff);
	assert_int_equal(source.nonce[1], 0x23);
	assert_int_equal(source.nonce[sizeof source.nonce - 1], 0xef);
}

static void nothing_that_is_not_one_whole_line_counts(void **state)
{
	static const char *const wrong[] = {
		"",
		"bartizan: this CPU lacks AES-NI, PCLMULQDQ or RDRAND: no service\n",
		"bartizan: source key ",
		"bartizan: source key " KEY,
		"bartizan: source key " KEY " nonce " NONCE,
		"bartizan: source key " KEY " nonce " KEY NONCE "\n",
		"bartizan: source key 0x112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0 nonce " NONCE
		"\n",
		/* Whoever writes to the port later can't put a second one beside it. */
		LINE LINE,
	};

	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct lab_source source;

		assert_int_equal(firmware_find_source(wrong[i], &source), STATUS_MISSING);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_key_and_nonce_are_found_among_what_firmware_says),
		cmocka_unit_test(nothing_that_is_not_one_whole_line_counts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
