/* SPDX-License-Identifier: GPL-2.0-or-later */
/* NIST SP 800-38D, 7.1 and 7.2, in two halves. */
#include <string.h>

#include "link/ahead.h"
#include "link/noise.h"

bool link_primitives_have_streams(const struct link_primitives *primitives)
{
	return primitives->gcm_stream != NULL && primitives->gcm_hash != NULL && primitives->xor_bytes != NULL;
}

void link_stream_make(struct link_stream *stream, const struct link_primitives *primitives,
		      const struct link_aead_key *key, uint64_t counter, size_t size)
{
	uint8_t nonce[LINK_NONCE_SIZE];

	if (size < LINK_AHEAD_SIZE_MIN || (stream->is_ready && stream->counter == counter && stream->size >= size))
		return;
	stream->size = size < LINK_AHEAD_SIZE ? size : LINK_AHEAD_SIZE;
	stream->counter = counter;
	link_noise_nonce(counter, nonce);
	primitives->gcm_stream(key, nonce, stream->size, stream->mask, stream->bytes);
	stream->is_ready = true;
}

bool link_stream_take(struct link_stream *stream, uint64_t counter, size_t size)
{
	bool fits = stream->is_ready && stream->counter == counter && stream->size >= size;

	stream->is_ready = false;
	return fits;
}

static void write_bits(uint8_t *destination, size_t size)
{
	uint64_t bits = __builtin_bswap64((uint64_t)size * 8);

	memcpy(destination, &bits, sizeof bits);
}

static void hash_both(const struct link_primitives *primitives, const struct link_aead_key *key, struct span associated,
		      struct span text, uint8_t hash[static LINK_TAG_SIZE])
{
	/* A message's head fills a block, and its text follows: one run of bytes. */
	if (associated.data + associated.size == text.data && associated.size % LINK_TAG_SIZE == 0) {
		primitives->gcm_hash(key, (struct span){associated.data, associated.size + text.size}, hash);
		return;
	}
	primitives->gcm_hash(key, associated, hash);
	primitives->gcm_hash(key, text, hash);
}

static void make_tag(const struct link_stream *stream, const struct link_primitives *primitives,
		     const struct link_aead_key *key, struct span associated, struct span text,
		     uint8_t ret_tag[static LINK_TAG_SIZE])
{
	uint8_t hash[LINK_TAG_SIZE] = {0}, sizes[LINK_TAG_SIZE];

	write_bits(sizes, associated.size);
	write_bits(sizes + sizeof sizes / 2, text.size);
	hash_both(primitives, key, associated, text, hash);
	primitives->gcm_hash(key, (struct span){sizes, sizeof sizes}, hash);
	primitives->xor_bytes(ret_tag, hash, stream->mask, LINK_TAG_SIZE);
}

void link_stream_seal(const struct link_stream *stream, const struct link_primitives *primitives,
		      const struct link_aead_key *key, struct span associated, struct span plain, uint8_t *ret_sealed)
{
	primitives->xor_bytes(ret_sealed, plain.data, stream->bytes, plain.size);
	make_tag(stream, primitives, key, associated, (struct span){ret_sealed, plain.size}, ret_sealed + plain.size);
}

status link_stream_open(const struct link_stream *stream, const struct link_primitives *primitives,
			const struct link_aead_key *key, struct span associated, struct span sealed, uint8_t *ret_plain)
{
	const struct span text = {sealed.data, sealed.size - LINK_TAG_SIZE};
	uint8_t tag[LINK_TAG_SIZE];

	make_tag(stream, primitives, key, associated, text, tag);
	if (!link_equal(tag, text.data + text.size, sizeof tag)) {
		memset(ret_plain, 0, text.size);
		return STATUS_MALFORMED;
	}
	primitives->xor_bytes(ret_plain, text.data, stream->bytes, text.size);
	return STATUS_OK;
}
