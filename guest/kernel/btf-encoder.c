// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/btf-encoder.h"

#include <stdlib.h>
#include <string.h>

void btf_encoder_init(struct btf_encoder *encoder)
{
	memset(encoder, 0, sizeof *encoder);
	encoder->strings_size = 1; /* offset 0 is the empty string */
}

void btf_encoder_word(struct btf_encoder *encoder, uint32_t word)
{
	if (encoder->word_count == BTF_ENCODER_WORDS_MAX)
		abort();
	encoder->words[encoder->word_count++] = word;
}

void btf_encoder_init_split(struct btf_encoder *encoder, const struct btf_encoder *base)
{
	*encoder = (struct btf_encoder){.strings_start = base->strings_size, .type_count = base->type_count};
}

uint32_t btf_encoder_string(struct btf_encoder *encoder, const char *string)
{
	size_t size = strlen(string) + 1;
	uint32_t offset = encoder->strings_size;

	if (size == 1)
		return 0;
	if (size > BTF_ENCODER_STRINGS_MAX - offset)
		abort();
	memcpy(encoder->strings + offset, string, size);
	encoder->strings_size += (uint32_t)size;
	return encoder->strings_start + offset;
}

uint32_t btf_encoder_type(struct btf_encoder *encoder, uint32_t kind, bool flag, uint32_t count, const char *name,
			  uint32_t size_or_type)
{
	btf_encoder_word(encoder, btf_encoder_string(encoder, name));
	btf_encoder_word(encoder, (uint32_t)flag << 31 | kind << 24 | count);
	btf_encoder_word(encoder, size_or_type);
	return ++encoder->type_count;
}

void btf_encoder_member(struct btf_encoder *encoder, const char *name, uint32_t type, uint32_t offset)
{
	btf_encoder_word(encoder, btf_encoder_string(encoder, name));
	btf_encoder_word(encoder, type);
	btf_encoder_word(encoder, offset);
}

uint8_t *btf_encoder_finish(const struct btf_encoder *encoder, const uint8_t *layout, uint32_t layout_size,
			    size_t *ret_size)
{
	uint32_t types_size = 4 * encoder->word_count;
	uint32_t header_size = layout != NULL ? 32 : 24;
	const uint32_t header[] = {
		0x0001eb9f,
		header_size,
		0,
		types_size,
		types_size,
		encoder->strings_size,
		types_size + encoder->strings_size,
		layout_size,
	};
	size_t size = header_size + types_size + encoder->strings_size + layout_size;
	uint8_t *bytes = malloc(size);

	if (bytes == NULL)
		abort();
	memcpy(bytes, header, header_size);
	memcpy(bytes + header_size, encoder->words, types_size);
	memcpy(bytes + header_size + types_size, encoder->strings, encoder->strings_size);
	if (layout != NULL)
		memcpy(bytes + header_size + types_size + encoder->strings_size, layout, layout_size);
	*ret_size = size;
	return bytes;
}
