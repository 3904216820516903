// SPDX-License-Identifier: GPL-2.0-or-later
#include "guest/kernel/vmlinuz.h"

#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/checked.h"
#include "base/report.h"

enum {
	/* Setup header, boot.rst "The Real-Mode Kernel Header". */
	SETUP_SECTS_AT = 0x1f1,
	HEADER_MAGIC_AT = 0x202,
	VERSION_AT = 0x206,
	PAYLOAD_AT = 0x248, /* payload_offset, payload_length: since 2.08 */
	VERSION_WITH_PAYLOAD = 0x0208,
	HEADER_MAGIC = 0x53726448, /* "HdrS" */
	SECTOR_SIZE = 512,
	SETUP_SECTS_DEFAULT = 4,
	/* Appended to each payload (scripts/Makefile.lib, size_append); gzip's
	 * own trailer ends with the same number. */
	SIZE_TRAILER = 4,
	/* lz4's legacy frame: magic, then blocks of at most 8 MiB. */
	LZ4_LEGACY_MAGIC = 0x184c2102,
	LZ4_BLOCK_MAX = 8 << 20,
	/* xz's dictionary in kernels is at most 32 MiB; the decoder adds little. */
	XZ_MEMORY_MAX = 128 << 20,
};

/* Each decoder fills output exactly, or returns false. */
typedef bool (*decoder)(struct span input, uint8_t *output, size_t output_size);

static bool decode_gzip(struct span input, uint8_t *output, size_t output_size)
{
	z_stream stream = {
		.next_in = (uint8_t *)input.data,
		.avail_in = (uInt)input.size,
		.next_out = output,
		.avail_out = (uInt)output_size,
	};

	if (inflateInit2(&stream, 16 + MAX_WBITS) != Z_OK)
		return false;
	int result = inflate(&stream, Z_FINISH);
	inflateEnd(&stream);
	return result == Z_STREAM_END && stream.total_out == output_size;
}

static bool decode_xz(struct span input, uint8_t *output, size_t output_size)
{
	uint64_t memory = XZ_MEMORY_MAX;
	size_t in = 0, out = 0;

	return lzma_stream_buffer_decode(&memory, 0, NULL, input.data, &in, input.size, output, &out, output_size) ==
		       LZMA_OK &&
	       out == output_size;
}

static bool decode_zstd(struct span input, uint8_t *output, size_t output_size)
{
	size_t frame_size = ZSTD_findFrameCompressedSize(input.data, input.size);

	if (ZSTD_isError(frame_size))
		return false;
	size_t size = ZSTD_decompress(output, output_size, input.data, frame_size);
	return !ZSTD_isError(size) && size == output_size;
}

static bool decode_lz4(struct span input, uint8_t *output, size_t output_size)
{
	struct reader reader;
	size_t done = 0;
	uint32_t number;

	reader_init(&reader, input);
	if (reader_u32(&reader, &number) != STATUS_OK)
		return false;
	while (done < output_size) {
		struct span block;
		if (reader_u32(&reader, &number) != STATUS_OK)
			return false;
		if (number == LZ4_LEGACY_MAGIC) /* frames may be joined */
			continue;
		if (number > (uint32_t)LZ4_compressBound(LZ4_BLOCK_MAX) ||
		    reader_bytes(&reader, number, &block) != STATUS_OK)
			return false;
		size_t room = output_size - done < LZ4_BLOCK_MAX ? output_size - done : LZ4_BLOCK_MAX;
		int size = LZ4_decompress_safe((const char *)block.data, (char *)output + done, (int)block.size,
					       (int)room);
		if (size <= 0)
			return false;
		done += (size_t)size;
	}
	return true;
}

struct format {
	const char *name;
	uint8_t magic[4];
	uint8_t magic_size;
	decoder decode; /* NULL: known, not read */
};

static const struct format formats[] = {
	{"gzip", {0x1f, 0x8b}, 2, decode_gzip},
	{"xz", {0xfd, '7', 'z', 'X'}, 4, decode_xz},
	{"zstd", {0x28, 0xb5, 0x2f, 0xfd}, 4, decode_zstd},
	{"lz4", {0x02, 0x21, 0x4c, 0x18}, 4, decode_lz4},
	{"bzip2", {'B', 'Z', 'h'}, 3, NULL},
	{"lzo", {0x89, 'L', 'Z', 'O'}, 4, NULL},
	{"lzma", {0x5d, 0, 0}, 3, NULL},
};

/* The compressed payload, with its trailer. */
static status find_payload(struct span file, struct span *ret_payload)
{
	struct reader reader;
	uint32_t magic, payload_offset, payload_size;
	uint16_t version;
	uint8_t sectors;

	reader_init(&reader, file);
	if (reader_seek(&reader, SETUP_SECTS_AT) != STATUS_OK || reader_u8(&reader, &sectors) != STATUS_OK ||
	    reader_seek(&reader, HEADER_MAGIC_AT) != STATUS_OK || reader_u32(&reader, &magic) != STATUS_OK ||
	    reader_u16(&reader, &version) != STATUS_OK || magic != HEADER_MAGIC)
		return report(STATUS_MALFORMED, "neither an ELF file nor a bzImage: no \"HdrS\" at 0x202; give the "
						"vmlinuz of a kernel package");
	if (version < VERSION_WITH_PAYLOAD)
		return report(STATUS_UNSUPPORTED, "a bzImage of boot protocol %u.%02u: 2.08 or newer is needed",
			      version >> 8, version & 0xff);
	if (reader_seek(&reader, PAYLOAD_AT) != STATUS_OK || reader_u32(&reader, &payload_offset) != STATUS_OK ||
	    reader_u32(&reader, &payload_size) != STATUS_OK)
		return report(STATUS_MALFORMED, "the bzImage ends inside its header");
	uint64_t start = (uint64_t)((sectors != 0 ? sectors : SETUP_SECTS_DEFAULT) + 1) * SECTOR_SIZE + payload_offset;
	if (!checked_within(start, payload_size, file.size) || payload_size <= SIZE_TRAILER + sizeof magic)
		return report(STATUS_MALFORMED,
			      "the bzImage is cut short: its payload of %u bytes at %llu lies beyond %zu", payload_size,
			      (unsigned long long)start, file.size);
	*ret_payload = (struct span){file.data + start, payload_size};
	return STATUS_OK;
}

static status decode_payload(struct span payload, const struct format *format, uint8_t **ret_data, size_t *ret_size)
{
	uint32_t size;

	memcpy(&size, payload.data + payload.size - SIZE_TRAILER, sizeof size);
	if (size == 0 || size > VMLINUX_SIZE_MAX)
		return report(STATUS_LIMIT, "the bzImage claims %u bytes inside: at most %u are unpacked", size,
			      VMLINUX_SIZE_MAX);
	uint8_t *data = malloc(size);
	if (data == NULL)
		return report(STATUS_NO_MEMORY, "no memory for %u bytes of kernel image", size);
	if (!format->decode(payload, data, size)) {
		free(data);
		return report(STATUS_MALFORMED, "the bzImage's %s payload is corrupt: it doesn't unpack to %u bytes",
			      format->name, size);
	}
	*ret_data = data;
	*ret_size = size;
	return STATUS_OK;
}

status vmlinuz_unpack(struct span file, uint8_t **ret_data, size_t *ret_size)
{
	struct span payload = {.data = file.data};

	if (file.size > VMLINUX_SIZE_MAX)
		return report(STATUS_LIMIT, "a kernel image of %zu bytes: at most %u are read", file.size,
			      VMLINUX_SIZE_MAX);
	if (file.size >= 4 && memcmp(file.data, "\177ELF", 4) == 0) {
		uint8_t *data = malloc(file.size);
		if (data == NULL)
			return report(STATUS_NO_MEMORY, "no memory for %zu bytes of kernel image", file.size);
		memcpy(data, file.data, file.size);
		*ret_data = data;
		*ret_size = file.size;
		return STATUS_OK;
	}
	TRY(find_payload(file, &payload));
	for (size_t i = 0; i < ARRAY_COUNT(formats); i++) {
		if (memcmp(payload.data, formats[i].magic, formats[i].magic_size) != 0)
			continue;
		if (formats[i].decode == NULL)
			return report(
				STATUS_UNSUPPORTED,
				"the bzImage is packed with %s: unpack it with scripts/extract-vmlinux and give the "
				"ELF file",
				formats[i].name);
		return decode_payload(payload, &formats[i], ret_data, ret_size);
	}
	return report(STATUS_UNSUPPORTED, "the bzImage's payload starts with %02x %02x %02x %02x: no compression known",
		      payload.data[0], payload.data[1], payload.data[2], payload.data[3]);
}
