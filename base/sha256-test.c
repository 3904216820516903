// SPDX-License-Identifier: GPL-2.0-or-later
/* The vectors of FIPS 180-2 appendix B, and lengths around the padding's
 * edges, made with coreutils' sha256sum. */
#include "base/test.h"

#include <stdio.h>
#include <string.h>

#include "base/sha256.h"

static void assert_digest(const char *bytes, size_t size, const char *expected)
{
	uint8_t digest[SHA256_SIZE];
	char hex[2 * SHA256_SIZE + 1];

	sha256((struct span){(const uint8_t *)bytes, size}, digest);
	for (int i = 0; i < SHA256_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
	assert_string_equal(hex, expected);
}

static void digests_of_the_standard_s_examples(void **state)
{
	static char million[1000000];
	const char *two_blocks = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";

	(void)state;
	assert_digest("abc", 3, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_digest("", 0, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_digest(two_blocks, strlen(two_blocks),
		      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof million);
	assert_digest(million, sizeof million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void digests_at_the_edges_of_padding(void **state)
{
	char bytes[64];

	(void)state;
	memset(bytes, 'x', sizeof bytes);
	assert_digest(bytes, 55, "d5e285683cd4efc02d021a5c62014694958901005d6f71e89e0989fac77e4072");
	assert_digest(bytes, 56, "04c26261370ee7541549d16dee320c723e3fd14671e66a099afe0a377c16888e");
	assert_digest(bytes, 63, "75220b47218278e656f2013bb8f0c455a25eaf01e86c64924e9d48d89776d6f2");
	assert_digest(bytes, 64, "7ce100971f64e7001e8fe5a51973ecdfe1ced42befe7ee8d5fd6219506b5393c");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_of_the_standard_s_examples),
		cmocka_unit_test(digests_at_the_edges_of_padding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
