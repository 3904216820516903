// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/kallsyms-encoder.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_COUNT = 256, COMPRESSED_SIZE_MAX = 600 };

/* Pieces that stand for themselves in the codes that no character needs. */
static const char *const pieces[] = {"sys_", "tcp_", "static_call", "__SCT__", "Tx",
				     "sym_", "init", "dev_",	    "ab",      "per_cpu"};

struct writer {
	struct encoder_image *image;
	size_t at;
	size_t alignment;
};

static void put(struct writer *writer, const void *bytes, size_t size)
{
	if (size > writer->image->size - writer->at)
		abort();
	memcpy(writer->image->bytes + writer->at, bytes, size);
	writer->at += size;
}

static void put_u8(struct writer *writer, uint8_t value)
{
	put(writer, &value, sizeof value);
}

static void put_u32(struct writer *writer, uint32_t value)
{
	put(writer, &value, sizeof value);
}

static void put_u64(struct writer *writer, uint64_t value)
{
	put(writer, &value, sizeof value);
}

/* A label: aligned, with zeros before it. */
static size_t label(struct writer *writer)
{
	while (writer->at % writer->alignment != 0)
		put_u8(writer, 0);
	return writer->at;
}

static void token_string(int code, char token[static 16])
{
	size_t piece = code >= 0x80 ? (size_t)code - 0x80 : SIZE_MAX;

	memset(token, 0, 16);
	if (code > ' ' && code < 0x7f)
		token[0] = (char)code;
	else if (piece < sizeof pieces / sizeof pieces[0])
		memcpy(token, pieces[piece], strlen(pieces[piece]));
}

/* Greedy: a piece where one fits, else the character. */
static size_t compress(const char *expanded, uint8_t *compressed)
{
	size_t size = 0;

	while (*expanded != '\0') {
		uint8_t code = (uint8_t)*expanded;
		size_t length = 1;
		for (size_t i = 0; i < sizeof pieces / sizeof pieces[0]; i++) {
			if (strncmp(expanded, pieces[i], strlen(pieces[i])) == 0) {
				code = (uint8_t)(0x80 + i);
				length = strlen(pieces[i]);
			}
		}
		compressed[size++] = code;
		expanded += length;
	}
	return size;
}

static void put_names(struct writer *writer, const struct encoder_symbol *symbols, uint32_t count)
{
	uint32_t *markers = calloc(count / 256 + 1, sizeof *markers);
	uint8_t compressed[COMPRESSED_SIZE_MAX];
	char expanded[COMPRESSED_SIZE_MAX];

	if (markers == NULL)
		abort();
	writer->image->names_at = label(writer);
	for (uint32_t i = 0; i < count; i++) {
		if (i % 256 == 0)
			markers[i / 256] = (uint32_t)(writer->at - writer->image->names_at);
		if (strlen(symbols[i].name) + 2 > sizeof expanded)
			abort();
		expanded[0] = symbols[i].type;
		memcpy(expanded + 1, symbols[i].name, strlen(symbols[i].name) + 1);
		size_t size = compress(expanded, compressed);
		if (size > 0x7f) {
			put_u8(writer, (uint8_t)((size & 0x7f) | 0x80));
			put_u8(writer, (uint8_t)(size >> 7));
		} else {
			put_u8(writer, (uint8_t)size);
		}
		put(writer, compressed, size);
	}
	writer->image->markers_at = label(writer);
	put(writer, markers, (count + 255) / 256 * sizeof *markers);
	free(markers);
}

static void put_tokens(struct writer *writer)
{
	uint16_t index[TOKEN_COUNT];
	char token[16];

	size_t start = writer->image->tokens_at = label(writer);
	for (int i = 0; i < TOKEN_COUNT; i++) {
		token_string(i, token);
		index[i] = (uint16_t)(writer->at - start);
		put(writer, token, strlen(token) + 1);
	}
	writer->image->token_index_at = label(writer);
	put(writer, index, sizeof index);
}

/* kallsyms_seqs_of_names: any permutation will do. */
static void put_seqs(struct writer *writer, uint32_t count)
{
	label(writer);
	for (uint32_t i = 0; i < count; i++) {
		uint32_t sequence = (i * 7919) % count;
		put_u8(writer, (uint8_t)(sequence >> 16));
		put_u8(writer, (uint8_t)(sequence >> 8));
		put_u8(writer, (uint8_t)sequence);
	}
}

static void put_count(struct writer *writer, uint32_t count)
{
	writer->image->num_syms_at = label(writer);
	put_u32(writer, count);
}

static void put_relative(struct writer *writer, const struct encoder_symbol *symbols, uint32_t count, bool percpu)
{
	uint64_t base = writer->image->start;

	writer->image->values_at = label(writer);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t address = symbols[i].address;
		if (!percpu)
			put_u32(writer, (uint32_t)(address - base));
		else if (address < base) /* as symbol_absolute() */
			put_u32(writer, (uint32_t)address);
		else
			put_u32(writer, (uint32_t)(base - address - 1));
	}
	label(writer);
	put_u64(writer, base);
}

static void put_pc_relative(struct writer *writer, const struct encoder_symbol *symbols, uint32_t count)
{
	writer->image->values_at = label(writer);
	for (uint32_t i = 0; i < count; i++)
		put_u32(writer, (uint32_t)(symbols[i].address - (writer->image->start + writer->at)));
}

static void put_absolute(struct writer *writer, const struct encoder_symbol *symbols, uint32_t count)
{
	writer->image->values_at = label(writer);
	for (uint32_t i = 0; i < count; i++)
		put_u64(writer, symbols[i].address);
}

static void put_old(struct writer *writer, enum encoder_layout layout, const struct encoder_symbol *symbols,
		    uint32_t count)
{
	if (layout == ENCODER_4_4_ABSOLUTE)
		put_absolute(writer, symbols, count);
	else
		put_relative(writer, symbols, count, layout != ENCODER_5_10_RELATIVE);
	put_count(writer, count);
	put_names(writer, symbols, count);
	if (layout == ENCODER_6_1_SEQS)
		put_seqs(writer, count);
	put_tokens(writer);
}

static void put_new(struct writer *writer, enum encoder_layout layout, const struct encoder_symbol *symbols,
		    uint32_t count)
{
	put_count(writer, count);
	put_names(writer, symbols, count);
	put_tokens(writer);
	if (layout == ENCODER_7_2)
		put_pc_relative(writer, symbols, count);
	else
		put_relative(writer, symbols, count, layout == ENCODER_6_12_PERCPU);
	put_seqs(writer, count);
}

static status read_image(void *context, struct guest_va start, void *destination, size_t size)
{
	const struct encoder_image *image = context;
	uint64_t offset = start.value - image->start;

	if (start.value < image->start || size > image->size || offset > image->size - size)
		return STATUS_UNMAPPED;
	memcpy(destination, image->bytes + offset, size);
	return STATUS_OK;
}

void encoder_image_init(struct encoder_image *image, uint64_t start, size_t size, size_t tables_at,
			enum encoder_layout layout, const struct encoder_symbol *symbols, uint32_t count)
{
	*image = (struct encoder_image){.bytes = malloc(size), .size = size, .start = start};
	struct writer writer = {.image = image, .at = tables_at, .alignment = layout == ENCODER_7_2 ? 4 : 8};

	if (image->bytes == NULL)
		abort();
	uint32_t noise = 1;
	for (size_t i = 0; i < size; i++) {
		noise = noise * 1664525 + 1013904223;
		image->bytes[i] = (uint8_t)(noise >> 24);
	}
	if (layout <= ENCODER_6_1_SEQS)
		put_old(&writer, layout, symbols, count);
	else
		put_new(&writer, layout, symbols, count);
	image->view = (struct kernel_view){
		.read = read_image,
		.context = image,
		.start = start,
		.end = start + size,
		.region_count = 1,
		.region = {{.start = start, .size = size}},
	};
}

void encoder_image_deinit(struct encoder_image *image)
{
	free(image->bytes);
}
