// SPDX-License-Identifier: GPL-2.0-or-later
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>
#include <lzma.h>
#include <zlib.h>
#include <zstd.h>

#include "base/report.h"
#include "guest/kernel/fake-kernel.h"
#include "guest/kernel/vmlinux.h"
#include "guest/kernel/vmlinuz.h"

enum { ROOM = 1 << 20 };

static char last_message[1024];

static void remember(void *context, status fault, const char *message)
{
	(void)context;
	(void)fault;
	snprintf(last_message, sizeof last_message, "%s", message);
}

/* Compress as scripts/Makefile.lib does; each returns the size. */
static size_t pack_gzip(struct span input, uint8_t *output)
{
	z_stream stream = {
		.next_in = (uint8_t *)input.data, .avail_in = (uInt)input.size, .next_out = output, .avail_out = ROOM};

	assert_int_equal(deflateInit2(&stream, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	assert_int_equal(deflate(&stream, Z_FINISH), Z_STREAM_END);
	deflateEnd(&stream);
	return stream.total_out; /* ends with the size already */
}

static size_t append_size(uint8_t *output, size_t at, size_t size)
{
	uint32_t number = (uint32_t)size;

	memcpy(output + at, &number, sizeof number);
	return at + sizeof number;
}

static size_t pack_xz(struct span input, uint8_t *output)
{
	size_t size = 0;

	assert_int_equal(
		lzma_easy_buffer_encode(6, LZMA_CHECK_CRC32, NULL, input.data, input.size, output, &size, ROOM),
		LZMA_OK);
	return append_size(output, size, input.size);
}

static size_t pack_zstd(struct span input, uint8_t *output)
{
	size_t size = ZSTD_compress(output, ROOM, input.data, input.size, 3);

	assert_false(ZSTD_isError(size));
	return append_size(output, size, input.size);
}

static size_t pack_lz4(struct span input, uint8_t *output)
{
	int size = LZ4_compress_default((const char *)input.data, (char *)output + 8, (int)input.size, ROOM - 16);

	assert_true(size > 0);
	append_size(output, 0, 0x184c2102);
	append_size(output, 4, (size_t)size);
	return append_size(output, 8 + (size_t)size, input.size);
}

static size_t (*const packers[])(struct span input, uint8_t *output) = {pack_gzip, pack_xz, pack_zstd, pack_lz4};

static struct span make_bzimage(size_t packer, struct span elf)
{
	uint8_t *packed = malloc(ROOM);

	assert_non_null(packed);
	struct span image = fake_bzimage((struct span){packed, packers[packer](elf, packed)});
	free(packed);
	last_message[0] = '\0';
	return image;
}

static struct span make_elf(void)
{
	struct fake_kernel kernel;

	fake_kernel_init(&kernel, 0xffffffff81000000, ENCODER_6_12_PERCPU, true);
	struct span elf = fake_kernel_elf(&kernel);
	fake_kernel_deinit(&kernel);
	return elf;
}

static void each_compression_unpacks_to_the_same_elf_file(void **state)
{
	struct span elf = make_elf();
	uint8_t *data;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof packers / sizeof packers[0]; i++) {
		struct span image = make_bzimage(i, elf);
		assert_int_equal(vmlinuz_unpack(image, &data, &size), STATUS_OK);
		assert_int_equal(size, elf.size);
		assert_memory_equal(data, elf.data, size);
		free(data);
		free((void *)image.data);
	}
	free((void *)elf.data);
}

static void a_size_that_the_payload_doesn_t_have_is_an_error(void **state)
{
	static const int32_t lies[] = {-1, 1, 1000, -1000};
	struct span elf = make_elf();
	uint8_t *data;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof packers / sizeof packers[0]; i++) {
		for (size_t lie = 0; lie < sizeof lies / sizeof lies[0]; lie++) {
			struct span image = make_bzimage(i, elf);
			append_size((uint8_t *)image.data, image.size - 4, elf.size + (size_t)lies[lie]);
			assert_int_equal(vmlinuz_unpack(image, &data, &size), STATUS_MALFORMED);
			append_size((uint8_t *)image.data, image.size - 4, VMLINUX_SIZE_MAX + 1u);
			assert_int_equal(vmlinuz_unpack(image, &data, &size), STATUS_LIMIT);
			free((void *)image.data);
		}
	}
	free((void *)elf.data);
}

static void a_bzimage_cut_short_anywhere_is_an_error(void **state)
{
	struct span elf = make_elf();
	uint8_t *data;
	size_t size;

	(void)state;
	for (size_t i = 0; i < sizeof packers / sizeof packers[0]; i++) {
		struct span image = make_bzimage(i, elf);
		for (size_t cut = 0; cut < image.size; cut += cut < 0x260 ? 1 : 997) {
			uint8_t *exact = malloc(cut + 1);
			assert_non_null(exact);
			memcpy(exact, image.data, cut);
			assert_int_equal(vmlinuz_unpack((struct span){exact, cut}, &data, &size), STATUS_MALFORMED);
			free(exact);
		}
		free((void *)image.data);
	}
	free((void *)elf.data);
}

static void what_can_t_be_unpacked_is_named(void **state)
{
	static const uint8_t bzip2[32] = "BZh91AY", noise[32] = "\x11\x22\x33\x44";
	uint8_t *data;
	size_t size;

	(void)state;
	struct span image = fake_bzimage((struct span){bzip2, sizeof bzip2});
	assert_int_equal(vmlinuz_unpack(image, &data, &size), STATUS_UNSUPPORTED);
	assert_non_null(strstr(last_message, "bzip2"));
	free((void *)image.data);
	image = fake_bzimage((struct span){noise, sizeof noise});
	assert_int_equal(vmlinuz_unpack(image, &data, &size), STATUS_UNSUPPORTED);
	assert_non_null(strstr(last_message, "11 22 33 44"));
	free((void *)image.data);
}

static void an_elf_file_is_read_by_address_with_zeros_at_its_end(void **state)
{
	struct span elf = make_elf();
	struct vmlinux vmlinux;
	uint8_t bytes[64];

	(void)state;
	assert_int_equal(vmlinux_init(&vmlinux, elf), STATUS_OK);
	assert_int_equal(vmlinux.build_id_size, 20);
	assert_memory_equal(vmlinux.build_id, "twenty bytes of buil", 20);
	assert_int_equal(kernel_view_read(&vmlinux.view, 0xffffffff81000000 + FAKE_BANNER_AT, bytes, 13), STATUS_OK);
	assert_memory_equal(bytes, "Linux version", 13);
	assert_int_equal(kernel_view_read(&vmlinux.view, 0xffffffff81000000 + FAKE_IMAGE_SIZE + 5, bytes, 8),
			 STATUS_OK);
	assert_memory_equal(bytes, "\0\0\0\0\0\0\0\0", 8);
	assert_int_equal(kernel_view_read(&vmlinux.view, vmlinux.view.end - 4, bytes, 8), STATUS_UNMAPPED);
	assert_int_equal(kernel_view_read(&vmlinux.view, vmlinux.view.start - 4, bytes, 8), STATUS_UNMAPPED);
	free((void *)elf.data);
}

static void program_headers_out_of_bounds_are_refused(void **state)
{
	/* offsets in the first program header: p_offset, p_vaddr, p_filesz, p_memsz */
	static const struct {
		size_t at;
		uint64_t value;
	} spoils[] = {
		{64 + 8, 0xfffffffffffff000},
		{64 + 16, 0xfffffffffffff000},
		{64 + 16, 0x1000},
		{64 + 32, 0x10000000},
		{64 + 40, 0x100000000},
		{64 + 40, 0x10},
		{32, 0xffffffffffffff00},
		{16, 0},
	};

	(void)state;
	for (size_t i = 0; i < sizeof spoils / sizeof spoils[0]; i++) {
		struct span elf = make_elf();
		struct vmlinux vmlinux;
		memcpy((uint8_t *)elf.data + spoils[i].at, &spoils[i].value, 8);
		assert_int_equal(vmlinux_init(&vmlinux, elf), STATUS_MALFORMED);
		free((void *)elf.data);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_compression_unpacks_to_the_same_elf_file),
		cmocka_unit_test(a_size_that_the_payload_doesn_t_have_is_an_error),
		cmocka_unit_test(a_bzimage_cut_short_anywhere_is_an_error),
		cmocka_unit_test(what_can_t_be_unpacked_is_named),
		cmocka_unit_test(an_elf_file_is_read_by_address_with_zeros_at_its_end),
		cmocka_unit_test(program_headers_out_of_bounds_are_refused),
	};

	report_sink_set(remember, NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
