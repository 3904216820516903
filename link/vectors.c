/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sources: FIPS 180-4 and NIST's examples for SHA-256; RFC 4231 (HMAC-SHA-256); RFC 5869
 * (HKDF); RFC 7748 (X25519); NIST CAVP gcmEncryptExtIV256.rsp; RFC 6979 A.2.5
 * (P-256); C2SP Wycheproof, testvectors_v1 ("tc" numbers); cacophony's
 * Noise_IK_25519_AESGCM_SHA256, which snow and others carry too.
 */
#include <string.h>

#include "link/ahead.h"
#include "link/noise.h"
#include "link/vectors.h"

enum { BYTES_MAX = 256 };

struct run {
	const struct link_primitives *primitives;
	link_vector_listener listener;
	void *context;
};

static void say(const struct run *run, const char *name, bool holds)
{
	run->listener(run->context, name, holds);
}

/* Bytes written in hexadecimal: our own, so well-formed. */
struct bytes {
	uint8_t data[BYTES_MAX];
	size_t size;
};

static uint8_t digit(char c)
{
	return (uint8_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
}

static struct bytes hex(const char *text)
{
	struct bytes bytes = {0};

	for (; text[0] != 0 && bytes.size < BYTES_MAX; text += 2)
		bytes.data[bytes.size++] = (uint8_t)(digit(text[0]) << 4 | digit(text[1]));
	return bytes;
}

static struct span span(const struct bytes *bytes)
{
	return (struct span){.data = bytes->data, .size = bytes->size};
}

static bool equal(const uint8_t *found, const char *expected)
{
	struct bytes bytes = hex(expected);

	return memcmp(found, bytes.data, bytes.size) == 0;
}

static void run_hashes(const struct run *run)
{
	static const uint8_t text[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	const struct span whole = {.data = text, .size = sizeof text - 1};
	/* The same text in parts, one of them empty. */
	const struct span parts[] = {{.data = text, .size = 3}, {0}, {.data = text + 3, .size = sizeof text - 4}};
	static const char expected[] = "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1";
	uint8_t hash[LINK_HASH_SIZE];

	say(run, "SHA-256 of nothing",
	    run->primitives->sha256(NULL, 0, hash) == STATUS_OK &&
		    equal(hash, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
	say(run, "SHA-256, FIPS 180-4 two blocks",
	    run->primitives->sha256(&whole, 1, hash) == STATUS_OK && equal(hash, expected));
	say(run, "SHA-256 in parts", run->primitives->sha256(parts, 3, hash) == STATUS_OK && equal(hash, expected));
}

static void run_macs(const struct run *run)
{
	static const struct {
		const char *name, *key, *text, *mac;
	} vectors[] = {
		{"HMAC-SHA-256, RFC 4231 case 1", "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "4869205468657265",
		 "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7"},
		{"HMAC-SHA-256, RFC 4231 case 2", "4a656665",
		 "7768617420646f2079612077616e7420666f72206e6f7468696e673f",
		 "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
	};
	uint8_t mac[LINK_HASH_SIZE];

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct bytes key = hex(vectors[i].key), text = hex(vectors[i].text);
		const struct span parts[] = {{.data = text.data, .size = 5},
					     {.data = text.data + 5, .size = text.size - 5}};

		say(run, vectors[i].name,
		    run->primitives->hmac_sha256(span(&key), parts, 2, mac) == STATUS_OK && equal(mac, vectors[i].mac));
	}
}

/* RFC 5869 by hand from HMAC, and its case 3 by the link's own HKDF. */
static void run_key_derivation(const struct run *run)
{
	const struct bytes input = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b"),
			   salt = hex("000102030405060708090a0b0c"), info_one = hex("f0f1f2f3f4f5f6f7f8f901"),
			   info_two = hex("f0f1f2f3f4f5f6f7f8f902");
	static const uint8_t zeros[LINK_HASH_SIZE];
	uint8_t extracted[LINK_HASH_SIZE], first[LINK_HASH_SIZE], second[LINK_HASH_SIZE];
	const struct span input_part = span(&input), first_part = span(&info_one);
	const struct span second_parts[] = {{.data = first, .size = sizeof first}, span(&info_two)};
	const struct span key = {.data = extracted, .size = sizeof extracted};

	say(run, "HKDF, RFC 5869 case 1: extract",
	    run->primitives->hmac_sha256(span(&salt), &input_part, 1, extracted) == STATUS_OK &&
		    equal(extracted, "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5"));
	say(run, "HKDF, RFC 5869 case 1: expand",
	    run->primitives->hmac_sha256(key, &first_part, 1, first) == STATUS_OK &&
		    run->primitives->hmac_sha256(key, second_parts, 2, second) == STATUS_OK &&
		    equal(first, "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf") &&
		    equal(second, "34007208d5b887185865"));
	say(run, "HKDF, RFC 5869 case 3, as the link derives keys",
	    link_noise_hkdf(run->primitives, zeros, input_part, first, second) == STATUS_OK &&
		    equal(first, "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d") &&
		    equal(second, "9d201395faa4b61a96c8"));
}

static void run_agreement(const struct run *run)
{
	static const struct {
		const char *name, *secret, *peer, *shared;
	} vectors[] = {
		{"X25519, RFC 7748 5.2, first", "a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4",
		 "e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c",
		 "c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552"},
		{"X25519, RFC 7748 5.2, second", "4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d",
		 "e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493",
		 "95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957"},
		{"X25519, Wycheproof tc1: normal", "c8a9d5a91091ad851c668b0736c1c9a02936c0d3ad62670858088047ba057475",
		 "504a36999f489cd2fdbc08baff3d88fa00569ba986cba22548ffde80f9806829",
		 "436a2c040cf45fea9b29a0cb81b1f41458f863d0d61b453d0a982720d6d61320"},
		{"X25519, Wycheproof tc2: on the twist",
		 "d85d8c061a50804ac488ad774ac716c3f5ba714b2712e048491379a500211958",
		 "63aa40c6e38346c5caf23a6df0a5e6c80889a08647e551b3563449befcfc9733",
		 "279df67a7c4611db4708a0e8282b195e5ac0ed6f4b2f292c6fbd0acac30d1332"},
		{"X25519, Wycheproof tc7: u = 2", "d03edde9f3e7b799045f9ac3793d4a9277dadeadc41bec0290f81f744f73775f",
		 "0200000000000000000000000000000000000000000000000000000000000000",
		 "b87a1722cc6c1e2feecb54e97abd5a22acc27616f78f6e315fd2b73d9f221e57"},
		{"X25519, Wycheproof tc19: carries", "105d621e1ef339c3d99245cfb77cd3a5bd0c4427a0e4d8752c3b51f045889b4f",
		 "ffffff030000f8ffff1f0000c0ffffff000000feffff070000f0ffff3f000000",
		 "61eace52da5f5ecefafa4f199b077ff64f2e3d2a6ece6f8ec0497826b212ef5f"},
		{"X25519, Wycheproof tc30: close to p",
		 "d0fca64cc5f3a0c8e75c824e8b09d1615aa79aeba139bb7302e2bb2fcbe54b40",
		 "edfeffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		 "7d62f189444c6231a48afab10a0af2eee4a52e431ea05ff781d616af2114672f"},
	};
	uint8_t found[LINK_KEY_SIZE];

	for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
		struct bytes secret = hex(vectors[i].secret), peer = hex(vectors[i].peer);

		say(run, vectors[i].name,
		    run->primitives->x25519_shared(secret.data, peer.data, found) == STATUS_OK &&
			    equal(found, vectors[i].shared));
	}
}

/* RFC 7748 5.2: the result becomes the scalar, the scalar the next coordinate. */
static bool iterate(const struct run *run, unsigned count, const char *expected)
{
	uint8_t scalar[LINK_KEY_SIZE] = {9}, coordinate[LINK_KEY_SIZE] = {9}, next[LINK_KEY_SIZE];

	for (unsigned i = 0; i < count; i++) {
		if (run->primitives->x25519_shared(scalar, coordinate, next) != STATUS_OK)
			return false;
		memcpy(coordinate, scalar, sizeof coordinate);
		memcpy(scalar, next, sizeof scalar);
	}
	return equal(scalar, expected);
}

static void run_iterations(const struct run *run)
{
	say(run, "X25519, RFC 7748 5.2, once",
	    iterate(run, 1, "422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079"));
	say(run, "X25519, RFC 7748 5.2, 1000 times",
	    iterate(run, 1000, "684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51"));
}

/* Coordinates of points of low order: every agreement with them is all zeros (C2SP Wycheproof, flag
 * LowOrderPublic; the points are listed in D. J. Bernstein's "Curve25519" page). */
static void run_low_order(const struct run *run)
{
	static const char *const points[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"0000000000000000000000000000000000000000000000000000000000000080",
		"0100000000000000000000000000000000000000000000000000000000000080",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	const struct bytes secret = hex("c8a9d5a91091ad851c668b0736c1c9a02936c0d3ad62670858088047ba057475");
	uint8_t found[LINK_KEY_SIZE];

	for (size_t i = 0; i < sizeof points / sizeof points[0]; i++)
		say(run, "X25519 refuses a point of low order",
		    run->primitives->x25519_shared(secret.data, hex(points[i]).data, found) == STATUS_MALFORMED);
}

struct gcm_vector {
	const char *name, *key, *nonce, *plain, *associated, *sealed, *tag;
};

/* NIST CAVP, gcmEncryptExtIV256.rsp: 96-bit IVs and 128-bit tags, the first one or two of six groups. */
static const struct gcm_vector gcm_vectors[] = {
	{"AES-256-GCM, CAVP, nothing", "b52c505a37d78eda5dd34f20c22540ea1b58963cf8e5bf8ffa85f9f2492505b4",
	 "516c33929df5a3284ff463d7", "", "", "", "bdc1ac884d332457a1d2664f168c76f0"},
	{"AES-256-GCM, CAVP, AAD only", "78dc4e0aaf52d935c3c01eea57428f00ca1fd475f5da86a49c8dd73d68c8e223",
	 "d79cf22d504cc793c3fb6c8a", "", "b96baa8c1c75a671bfb2d08d06be5f36", "", "3e5d486aa2e30b22e040b85723a06e76"},
	{"AES-256-GCM, CAVP, one block", "31bdadd96698c204aa9ce1448ea94ae1fb4a9a0b3c9d773b51bb1822666b8f22",
	 "0d18e06c7c725ac9e362e1ce", "2db5168e932556f8089a0622981d017d", "", "fa4362189661d163fcd6a56d8bf0405a",
	 "d636ac1bbedd5cc3ee727dc2ab4a9489"},
	{"AES-256-GCM, CAVP, 13 bytes", "82c4f12eeec3b2d3d157b0f992d292b237478d2cecc1d5f161389b97f999057a",
	 "7b40b20f5f397177990ef2d1", "982a296ee1cd7086afad976945", "", "ec8e05a0471d6b43a59ca5335f",
	 "113ddeafc62373cac2f5951bb9165249"},
	{"AES-256-GCM, CAVP, 51 bytes, 20 of AAD", "24501ad384e473963d476edcfe08205237acfd49b5b8f33857f8114e863fec7f",
	 "9ff18563b978ec281b3f2794",
	 "27f348f9cdc0c5bd5e66b1ccb63ad920ff2219d14e8d631b3872265cf117ee86757accb158bd9abb3868fdc0d0b074b5f01b2c",
	 "adb5ec720ccf9898500028bf34afccbcaca126ef",
	 "eb7cb754c824e8d96f7c6d9b76c7d26fb874ffbf1d65c6f64a698d839b0b06145dae82057ad55994cf59ad7f67c0fa5e85fab8",
	 "bc95c532fecc594c36d1550286a7a3f0"},
	{"AES-256-GCM, CAVP, 51 bytes, 90 of AAD", "148579a3cbca86d5520d66c0ec71ca5f7e41ba78e56dc6eebd566fed547fe691",
	 "b08a5ea1927499c6ecbfd4e0",
	 "9d0b15fdf1bd595f91f8b3abc0f7dec927dfd4799935a1795d9ce00c9b879434420fe42c275a7cd7b39d638fb81ca52b49dc41",
	 "e4f963f015ffbb99ee3349bbaf7e8e8e6c2a71c230a48f9d59860a29091d2747e01a5ca572347e247d25f56ba7ae8e05cde2be3c97931"
	 "292"
	 "c02370208ecd097ef692687fecf2f419d3200162a6480a57dad408a0dfeb492e2c5d",
	 "2097e372950a5e9383c675e89eea1c314f999159f5611344b298cda45e62843716f215f82ee663919c64002a5c198d7878fd3f",
	 "adbecdb0d5c2224d804d2886ff9a5760"},
};

/* A vector with everything that AES-256-GCM takes, opened with one byte of it changed. */
struct gcm_input {
	struct link_aead_key key;
	struct bytes nonce, associated, sealed;
};

static bool opens(const struct run *run, const struct gcm_input *input)
{
	uint8_t plain[BYTES_MAX];

	memset(plain, 0xee, sizeof plain);
	status result = run->primitives->aead_open(&input->key, input->nonce.data, span(&input->associated),
						   span(&input->sealed), plain);
	if (result == STATUS_OK)
		return true;
	/* What wasn't authentic isn't shown. */
	for (size_t i = 0; i + LINK_TAG_SIZE < input->sealed.size; i++) {
		if (plain[i] != 0)
			return true;
	}
	return result != STATUS_MALFORMED;
}

static bool refuses_each_change(const struct run *run, const struct gcm_input *input, size_t member)
{
	struct gcm_input changed = *input;
	struct bytes *bytes = (struct bytes *)((uint8_t *)&changed + member);

	for (size_t bit = 0; bit < bytes->size * 8; bit++) {
		bytes->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (opens(run, &changed))
			return false;
		bytes->data[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	return true;
}

static bool refuses_each_cut(const struct run *run, const struct gcm_input *input)
{
	struct gcm_input cut = *input;

	while (cut.sealed.size > 0) {
		cut.sealed.size--;
		if (opens(run, &cut))
			return false;
	}
	return true;
}

/* The same by a keystream that was made before (link/ahead.h); a library without parts has nothing to show. */
static bool holds_in_halves(const struct run *run, const struct gcm_input *input, const struct bytes *plain)
{
	const struct span associated = span(&input->associated), sealed = span(&input->sealed);
	static struct link_stream stream;
	uint8_t found[BYTES_MAX];

	if (!link_primitives_have_streams(run->primitives))
		return true;
	run->primitives->gcm_stream(&input->key, input->nonce.data, plain->size, stream.mask, stream.bytes);
	link_stream_seal(&stream, run->primitives, &input->key, associated, span(plain), found);
	if (memcmp(found, sealed.data, sealed.size) != 0 ||
	    link_stream_open(&stream, run->primitives, &input->key, associated, sealed, found) != STATUS_OK ||
	    memcmp(found, plain->data, plain->size) != 0)
		return false;
	for (size_t bit = 0; bit < sealed.size * 8; bit++) {
		struct bytes changed = input->sealed;

		changed.data[bit / 8] ^= (uint8_t)(1 << bit % 8);
		if (link_stream_open(&stream, run->primitives, &input->key, associated, span(&changed), found) ==
		    STATUS_OK)
			return false;
	}
	return true;
}

static void run_gcm_vector(const struct run *run, const struct gcm_vector *vector)
{
	const struct bytes plain = hex(vector->plain), tag = hex(vector->tag);
	struct gcm_input input = {
		.nonce = hex(vector->nonce), .associated = hex(vector->associated), .sealed = hex(vector->sealed)};
	uint8_t found[BYTES_MAX];

	memcpy(input.sealed.data + input.sealed.size, tag.data, tag.size);
	input.sealed.size += tag.size;
	run->primitives->aead_init(&input.key, hex(vector->key).data);
	status result =
		run->primitives->aead_seal(&input.key, input.nonce.data, span(&input.associated), span(&plain), found);
	say(run, vector->name, result == STATUS_OK && memcmp(found, input.sealed.data, input.sealed.size) == 0);
	result = run->primitives->aead_open(&input.key, input.nonce.data, span(&input.associated), span(&input.sealed),
					    found);
	say(run, "… opens again", result == STATUS_OK && memcmp(found, plain.data, plain.size) == 0);
	say(run, "… refuses every changed bit of text and tag",
	    refuses_each_change(run, &input, offsetof(struct gcm_input, sealed)));
	say(run, "… refuses every changed bit of associated data",
	    refuses_each_change(run, &input, offsetof(struct gcm_input, associated)));
	say(run, "… refuses every changed bit of the nonce",
	    refuses_each_change(run, &input, offsetof(struct gcm_input, nonce)));
	say(run, "… refuses to be cut", refuses_each_cut(run, &input));
	say(run, "… in two halves", holds_in_halves(run, &input, &plain));
}

enum { LONG_SIZE = 131392 }; /* the longest record's content */

/* Records are longer than any published vector that we found, and wide implementations go other ways
 * there: the expected hashes are OpenSSL's, over bytes that a formula makes. In place, too. */
static bool seal_long(const struct run *run, size_t size, const char *expected)
{
	static uint8_t text[LONG_SIZE + LINK_TAG_SIZE];
	const struct span sealed = {.data = text, .size = size + LINK_TAG_SIZE};
	uint8_t secret[LINK_KEY_SIZE], nonce[LINK_NONCE_SIZE], associated[16], hash[LINK_HASH_SIZE];
	const struct span associated_span = {.data = associated, .size = sizeof associated};
	struct link_aead_key key;

	for (size_t i = 0; i < sizeof secret; i++)
		secret[i] = (uint8_t)i;
	for (size_t i = 0; i < sizeof nonce; i++)
		nonce[i] = (uint8_t)(100 + i);
	for (size_t i = 0; i < sizeof associated; i++)
		associated[i] = (uint8_t)i;
	for (size_t i = 0; i < size; i++)
		text[i] = (uint8_t)(i * 7 + (i >> 8));
	run->primitives->aead_init(&key, secret);
	if (run->primitives->aead_seal(&key, nonce, associated_span, (struct span){.data = text, .size = size}, text) !=
		    STATUS_OK ||
	    run->primitives->sha256(&sealed, 1, hash) != STATUS_OK || !equal(hash, expected) ||
	    run->primitives->aead_open(&key, nonce, associated_span, sealed, text) != STATUS_OK)
		return false;
	for (size_t i = 0; i < size; i++) {
		if (text[i] != (uint8_t)(i * 7 + (i >> 8)))
			return false;
	}
	return true;
}

static void run_gcm(const struct run *run)
{
	for (size_t i = 0; i < sizeof gcm_vectors / sizeof gcm_vectors[0]; i++)
		run_gcm_vector(run, &gcm_vectors[i]);
	say(run, "AES-256-GCM of a page and its head, in place",
	    seal_long(run, 4416, "81ea593a751918bf23918967f7ae6ac1e31eadea9509a5ddf1ed474277eceede"));
	say(run, "AES-256-GCM of the longest record, in place",
	    seal_long(run, LONG_SIZE, "e0924917a63ce351dad66280882215d2908770b96a296d23b986fc35ff3cc0f9"));
}

/* C2SP Wycheproof, testvectors_v1/ecdsa_secp256r1_sha256_p1363_test.json, and RFC 6979. */
#define WYCHEPROOF_KEY                                                                                                 \
	"2927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838c7787964eaac00e5921fb1498a60f4606766b3d96850" \
	"01"                                                                                                           \
	"558d1a974e7341513e"
#define ORDER "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551"
#define ORDER_LESS_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632550"
#define ORDER_AND_1 "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632552"
#define PRIME "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define PRIME_AND_1 "ffffffff00000001000000000000000000000001000000000000000000000000"
#define ZERO "0000000000000000000000000000000000000000000000000000000000000000"
#define ONE "0000000000000000000000000000000000000000000000000000000000000001"

static const struct {
	const char *name, *key, *text, *signature;
	bool holds;
} signatures[] = {
	{"ECDSA P-256, RFC 6979 A.2.5, SHA-256, \"sample\"",
	 "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9"
	 "f51"
	 "77a3c294d4462299",
	 "73616d706c65",
	 "efd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716f7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff"
	 "406"
	 "4dc4ab2f843acda8",
	 true},
	{"ECDSA P-256, RFC 6979 A.2.5, SHA-256, \"test\"",
	 "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb67903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9"
	 "f51"
	 "77a3c294d4462299",
	 "74657374",
	 "f1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367019f4113742a2b14bd25926b49c649155f267e60d3814"
	 "b4c"
	 "0cc84250e46f0083",
	 true},
	{"ECDSA P-256 refuses another text", WYCHEPROOF_KEY, "313233343031",
	 "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e184cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9a"
	 "a7c"
	 "77a67f79e6fadd76",
	 false},
	{"ECDSA P-256, Wycheproof tc1", WYCHEPROOF_KEY, "313233343030",
	 "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e184cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9a"
	 "a7c"
	 "77a67f79e6fadd76",
	 true},
	{"ECDSA P-256, Wycheproof tc4: n - r", WYCHEPROOF_KEY, "313233343030",
	 "d45c5740946b2a147f59262ee6f5bc90bd01ed280528b62b3aed5fc93f06f739b329f479a2bbd0a5c384ee1493b1f5186a87139cac5df"
	 "408"
	 "7c134b49156847db",
	 false},
	{"ECDSA P-256, Wycheproof tc11: 0, 0", WYCHEPROOF_KEY, "313233343030", ZERO ZERO, false},
	{"ECDSA P-256, Wycheproof tc12: 0, 1", WYCHEPROOF_KEY, "313233343030", ZERO ONE, false},
	{"ECDSA P-256, Wycheproof tc13: 0, n", WYCHEPROOF_KEY, "313233343030", ZERO ORDER, false},
	{"ECDSA P-256, Wycheproof tc14: 0, n - 1", WYCHEPROOF_KEY, "313233343030", ZERO ORDER_LESS_1, false},
	{"ECDSA P-256, Wycheproof tc15: 0, n + 1", WYCHEPROOF_KEY, "313233343030", ZERO ORDER_AND_1, false},
	{"ECDSA P-256, Wycheproof tc16: 0, p", WYCHEPROOF_KEY, "313233343030", ZERO PRIME, false},
	{"ECDSA P-256, Wycheproof tc17: 0, p + 1", WYCHEPROOF_KEY, "313233343030", ZERO PRIME_AND_1, false},
	{"ECDSA P-256, Wycheproof tc18: 1, 0", WYCHEPROOF_KEY, "313233343030", ONE ZERO, false},
	{"ECDSA P-256, Wycheproof tc19: 1, 1", WYCHEPROOF_KEY, "313233343030", ONE ONE, false},
	{"ECDSA P-256, Wycheproof tc20: 1, n", WYCHEPROOF_KEY, "313233343030", ONE ORDER, false},
	{"ECDSA P-256, Wycheproof tc21: 1, n - 1", WYCHEPROOF_KEY, "313233343030", ONE ORDER_LESS_1, false},
	{"ECDSA P-256, Wycheproof tc22: 1, n + 1", WYCHEPROOF_KEY, "313233343030", ONE ORDER_AND_1, false},
	{"ECDSA P-256, Wycheproof tc25: n, 0", WYCHEPROOF_KEY, "313233343030", ORDER ZERO, false},
	{"ECDSA P-256, Wycheproof tc26: n, 1", WYCHEPROOF_KEY, "313233343030", ORDER ONE, false},
	{"ECDSA P-256 refuses n, n", WYCHEPROOF_KEY, "313233343030", ORDER ORDER, false},
	{"ECDSA P-256 refuses p, p + 1", WYCHEPROOF_KEY, "313233343030", PRIME PRIME_AND_1, false},
	{"ECDSA P-256, Wycheproof tc169: infinity on the way",
	 "b533d4695dd5b8c5e07757e55e6e516f7e2c88fa0239e23f60e8ec07dd70f2871b134ee58cc583278456863f33c3a85d881f7d4a39850"
	 "143"
	 "e29d4eaf009afe47",
	 "313233343030",
	 "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a8555555550000000055555555555555553ef7a8e48d07d"
	 "f81"
	 "a693439654210c70",
	 false},
	{"ECDSA P-256, Wycheproof tc170: largest s that is small",
	 "f50d371b91bfb1d7d14e1323523bc3aa8cbf2c57f9e284de628c8b4536787b86f94ad887ac94d527247cd2e7d0c8b1291c553c9730405"
	 "380"
	 "b14cbb209f5fa2dd",
	 "313233343030",
	 "7fffffff800000007fffffffffffffffde737d56d38bcf4279dce5617e3192a97fffffff800000007fffffffffffffffde737d56d38bc"
	 "f42"
	 "79dce5617e3192a8",
	 true},
	{"ECDSA P-256, Wycheproof tc172: u1 = 1",
	 "69da0364734d2e530fece94019265fefb781a0f1b08f6c8897bdf6557927c8b866d2d3c7dcd518b23d726960f069ad71a933d86ef8abb"
	 "cce"
	 "8b20f71e2a847002",
	 "313233343030",
	 "555555550000000055555555555555553ef7a8e48d07df81a693439654210c70bb5a52f42f9c9261ed4361f59422a1e30036e7c32b270"
	 "c88"
	 "07a419feca605023",
	 true},
	{"ECDSA P-256, Wycheproof tc175: u2 = n - 1",
	 "cf04ea77e9622523d894b93ff52dc3027b31959503b6fa3890e5e04263f922f1e8528fb7c006b3983c8b8400e57b4ed71740c2f397543"
	 "882"
	 "1199bedeaecab2e9",
	 "313233343030",
	 "555555550000000055555555555555553ef7a8e48d07df81a693439654210c70aaaaaaaa00000000aaaaaaaaaaaaaaaa7def51c91a0fb"
	 "f03"
	 "4d26872ca84218e1",
	 true},
	/* tc1's signature under keys that are none. */
	{"ECDSA P-256 refuses a key beside the curve",
	 "2927b10512bae3eddcfe467828128bad2903269919f7086069c8c4df6c732838c7787964eaac00e5921fb1498a60f4606766b3d968500"
	 "155"
	 "8d1a974e7341513f",
	 "313233343030",
	 "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e184cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9a"
	 "a7c"
	 "77a67f79e6fadd76",
	 false},
	{"ECDSA P-256 refuses the key 0, 0", ZERO ZERO, "313233343030",
	 "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e184cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9a"
	 "a7c"
	 "77a67f79e6fadd76",
	 false},
	{"ECDSA P-256 refuses a key with a coordinate of p", PRIME ONE, "313233343030",
	 "2ba3a8be6b94d5ec80a6d9d1190a436effe50d85a1eee859b8cc6af9bd5c2e184cd60b855d442f5b3c7b11eb6c4e0ae7525fe710fab9a"
	 "a7c"
	 "77a67f79e6fadd76",
	 false},
};

static void run_signatures(const struct run *run)
{
	for (size_t i = 0; i < sizeof signatures / sizeof signatures[0]; i++) {
		const struct bytes text = hex(signatures[i].text);
		const struct span part = span(&text);
		uint8_t digest[LINK_HASH_SIZE];

		status result = run->primitives->sha256(&part, 1, digest);
		if (result == STATUS_OK)
			result = run->primitives->p256_verify(hex(signatures[i].key).data, digest,
							      hex(signatures[i].signature).data);
		say(run, signatures[i].name, result == (signatures[i].holds ? STATUS_OK : STATUS_MALFORMED));
	}
}

/* cacophony's vector. */
static const struct {
	const char *payload, *message;
} noise_messages[] = {
	{"4c756477696720766f6e204d69736573", "ca35def5ae56cec33dc2036731ab14896bc4c75dbb07a61f879f8e3afa4c79444e417bc55"
					     "c7a8166c993356c1be41ef67818a292426f301556"
					     "c7f26b21d25ddb097153891a9a956cff47b83e63ad8d701c1342c209cff1ca5ecd4340276"
					     "2ac249e3bd3a4c0a145fe07cb5dae28ea13a3"},
	{"4d757272617920526f746862617264", "95ebc60d2b1fa672c1f46a8aa265ef51bfe38e7ccb39ec5be34069f144808843af2ccf9972e"
					   "22afc67aeafcd25162f7f98c363b7762e3e4cb7"
					   "d272e39f27a5"},
	{"462e20412e20486179656b", "66acfc92e3197de166809e6d4d5d003dcc819a84bc3522ca53c9d9"},
	{"4361726c204d656e676572", "71f89aa6533a6de70b0826864dd75f60806ee40170c16290189eb3"},
	{"4a65616e2d426170746973746520536179", "4795a3423550c8bf00386bd496a3e2c76c10669d2a75ab8f79b5094c5412a25705"},
	{"457567656e2042f6686d20766f6e2042617765726b",
	 "aa0bb39097555c918e40be82abc2b909eb79d9eb87adb07e268fc37323a6cf904fd01fb391"},
};

struct noise_pair {
	struct link_noise initiator, responder;
};

/* Both ends with the vector's keys; ephemeral ones are random elsewhere, so they are put in afterwards. */
static bool noise_begin(const struct run *run, struct noise_pair *pair)
{
	const struct bytes prologue = hex("4a6f686e2047616c74");
	const struct link_primitives *primitives = run->primitives;
	struct link_key_pair initiator, responder;

	return link_key_pair_init_secret(
		       &initiator, primitives,
		       hex("e61ef9919cde45dd5f82166404bd08e38bceb5dfdfded0a34c8df7ed542214d1").data) == STATUS_OK &&
	       link_key_pair_init_secret(
		       &responder, primitives,
		       hex("4a3acbfdb163dec651dfa3194dece676d437029c62a408b4c5ea9114246e4893").data) == STATUS_OK &&
	       link_noise_init_initiator(&pair->initiator, primitives, &initiator, responder.public, span(&prologue)) ==
		       STATUS_OK &&
	       link_noise_init_responder(&pair->responder, primitives, &responder, span(&prologue)) == STATUS_OK &&
	       link_key_pair_init_secret(
		       &pair->initiator.ephemeral, primitives,
		       hex("893e28b9dc6ca8d611ab664754b8ceb7bac5117349a4439a6b0569da977c464a").data) == STATUS_OK &&
	       link_key_pair_init_secret(
		       &pair->responder.ephemeral, primitives,
		       hex("bbdb4cdbd309f1a1f2e1456967fe288cadd6f712d65dc7b7793d5e63da6b375b").data) == STATUS_OK;
}

typedef status (*noise_step)(struct link_noise *noise, struct span input, uint8_t *output);

/* One writes, the other reads. */
static bool noise_exchange(struct link_noise *from, noise_step write, struct link_noise *to, noise_step read,
			   size_t index)
{
	const struct bytes payload = hex(noise_messages[index].payload), message = hex(noise_messages[index].message);
	uint8_t found[BYTES_MAX];

	return write(from, span(&payload), found) == STATUS_OK && memcmp(found, message.data, message.size) == 0 &&
	       read(to, span(&message), found) == STATUS_OK && memcmp(found, payload.data, payload.size) == 0;
}

static bool noise_record(const struct run *run, const uint8_t *secret, uint64_t counter, size_t index)
{
	const struct bytes payload = hex(noise_messages[index].payload), message = hex(noise_messages[index].message);
	uint8_t found[BYTES_MAX], nonce[LINK_NONCE_SIZE];
	struct link_aead_key key;

	link_noise_nonce(counter, nonce);
	run->primitives->aead_init(&key, secret);
	return run->primitives->aead_seal(&key, nonce, (struct span){0}, span(&payload), found) == STATUS_OK &&
	       memcmp(found, message.data, message.size) == 0 &&
	       run->primitives->aead_open(&key, nonce, (struct span){0}, span(&message), found) == STATUS_OK &&
	       memcmp(found, payload.data, payload.size) == 0;
}

static void run_noise(const struct run *run)
{
	static const char hash[] = "669c8640d9e42a3cda2f232f78597ceefb01daa6e3df81181ccce6fc6b5026bf";
	uint8_t there[LINK_KEY_SIZE], back[LINK_KEY_SIZE];
	struct noise_pair pair;

	say(run, "Noise IK, cacophony: keys", noise_begin(run, &pair));
	say(run, "Noise IK, cacophony: first message",
	    noise_exchange(&pair.initiator, link_noise_write_first, &pair.responder, link_noise_read_first, 0));
	say(run, "Noise IK, cacophony: second message",
	    noise_exchange(&pair.responder, link_noise_write_second, &pair.initiator, link_noise_read_second, 1));
	say(run, "Noise IK, cacophony: handshake hash",
	    equal(pair.initiator.hash, hash) && equal(pair.responder.hash, hash));
	if (link_noise_split(&pair.responder, there, back) != STATUS_OK)
		memset(there, 0, sizeof there);
	/* The vector goes on in turns, the initiator first. */
	for (size_t i = 2; i < sizeof noise_messages / sizeof noise_messages[0]; i++)
		say(run, "Noise IK, cacophony: a transport message",
		    noise_record(run, i % 2 == 0 ? there : back, (i - 2) / 2, i));
}

void link_vectors_run(const struct link_primitives *primitives, link_vector_listener listener, void *context)
{
	const struct run run = {.primitives = primitives, .listener = listener, .context = context};

	run_hashes(&run);
	run_macs(&run);
	run_key_derivation(&run);
	run_agreement(&run);
	run_iterations(&run);
	run_low_order(&run);
	run_gcm(&run);
	run_signatures(&run);
	run_noise(&run);
}
