/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/image/sgxs.h"

#include <stdbool.h>
#include <string.h>

#include "base/report.h"

enum {
	CHUNKS_PER_PAGE = SGX_PAGE_SIZE / MEASURE_CHUNK_SIZE,
};

/* SECS.SIZE is at most what CPUID.12H.0:EDX says; no CPU says more than 2^56. */
static const uint64_t enclave_size_max = UINT64_C(1) << 56;

struct stream {
	const char *name;
	FILE *file;
	uint64_t record; /* number of the one being read, from 1: for messages */
	struct measure measure;
	struct sgxs_summary summary;
	/* The page that was added last, and which of its chunks have come. */
	bool has_page;
	uint64_t page_offset;
	uint32_t chunks_seen, chunks_measured;
};

/* The first eight bytes of a record, as the number that a reader gives. */
static uint64_t tag(const char text[8])
{
	uint64_t value;

	memcpy(&value, text, sizeof value);
	return value;
}

static status fault(const struct stream *stream, const char *what)
{
	return report(STATUS_MALFORMED, "%s: record %llu: %s", stream->name, (unsigned long long)stream->record, what);
}

/* STATUS_END: the file ended before the first byte. */
static status read_whole(const struct stream *stream, uint8_t *bytes, size_t size)
{
	size_t got = fread(bytes, 1, size, stream->file);

	if (ferror(stream->file))
		return report(STATUS_IO, "%s can't be read: %m", stream->name);
	if (got == 0)
		return STATUS_END;
	return got == size ? STATUS_OK : fault(stream, "the file is cut off in the middle of it");
}

/* Are the record's bytes behind the reader's position zero? */
static bool rest_is_zero(struct reader *reader)
{
	uint8_t byte;

	while (reader_u8(reader, &byte) == STATUS_OK)
		if (byte != 0)
			return false;
	return true;
}

static status take_create(struct stream *stream, struct reader *reader)
{
	uint32_t ssa_frame_pages = 0;
	uint64_t size = 0;

	TRY(reader_u32(reader, &ssa_frame_pages));
	TRY(reader_u64(reader, &size));
	if (!rest_is_zero(reader))
		return fault(stream, "an ECREATE whose unused bytes aren't zero");
	/* SDM vol. 3D, ECREATE: a power of two, two pages at least. */
	if ((size & (size - 1)) != 0 || size < 2ull * SGX_PAGE_SIZE || size > enclave_size_max)
		return fault(stream, "an enclave's size is a power of two, from 8 KiB");
	if (ssa_frame_pages == 0)
		return fault(stream, "an SSA frame has one page at least");
	stream->summary.enclave_size = size;
	stream->summary.ssa_frame_pages = ssa_frame_pages;
	return measure_init(&stream->measure, size, ssa_frame_pages);
}

/* What EADD accepts (SDM vol. 3D, EADD and table 38-15): a regular page that can be
 * read at least where it can be written, or a TCS without permissions. */
static bool flags_are_possible(uint64_t flags)
{
	const uint64_t permissions = SGX_SECINFO_R | SGX_SECINFO_W | SGX_SECINFO_X;

	if (flags == SGX_SECINFO_TYPE_TCS)
		return true;
	return (flags & ~permissions) == SGX_SECINFO_TYPE_REG && (!(flags & SGX_SECINFO_W) || (flags & SGX_SECINFO_R));
}

/* The page before is complete: count what of it wasn't measured. */
static void end_page(struct stream *stream)
{
	const int measured = __builtin_popcount(stream->chunks_measured);

	if (stream->has_page)
		stream->summary.unmeasured_size += (uint64_t)(CHUNKS_PER_PAGE - measured) * MEASURE_CHUNK_SIZE;
}

static status take_add(struct stream *stream, struct reader *reader)
{
	uint64_t offset = 0, flags = 0;

	TRY(reader_u64(reader, &offset));
	TRY(reader_u64(reader, &flags));
	if (!rest_is_zero(reader))
		return fault(stream, "an EADD whose unused bytes aren't zero");
	if (offset % SGX_PAGE_SIZE != 0 || offset >= stream->summary.enclave_size)
		return fault(stream, "an EADD of no page of the enclave");
	if (stream->has_page && offset <= stream->page_offset)
		return fault(stream, "an EADD that comes out of order, or again: not canonical");
	if (!flags_are_possible(flags))
		return fault(stream, "an EADD with a type or permissions that no page has");
	end_page(stream);
	stream->has_page = true;
	stream->page_offset = offset;
	stream->chunks_seen = 0;
	stream->chunks_measured = 0;
	stream->summary.page_count++;
	stream->summary.thread_count += flags == SGX_SECINFO_TYPE_TCS;
	return STATUS_OK;
}

static status take_chunk(struct stream *stream, struct reader *reader, bool measured)
{
	uint64_t offset = 0;
	uint32_t chunk;

	TRY(reader_u64(reader, &offset));
	if (!rest_is_zero(reader))
		return fault(stream, "an EEXTEND whose unused bytes aren't zero");
	if (!stream->has_page || offset % MEASURE_CHUNK_SIZE != 0 || offset < stream->page_offset ||
	    offset - stream->page_offset >= SGX_PAGE_SIZE)
		return fault(stream, "an EEXTEND outside the page that was added before it: not canonical");
	chunk = 1u << (offset - stream->page_offset) / MEASURE_CHUNK_SIZE;
	if (stream->chunks_seen & chunk)
		return fault(stream, "an EEXTEND of the same bytes again: not canonical");
	stream->chunks_seen |= chunk;
	stream->chunks_measured |= measured ? chunk : 0;
	return STATUS_OK;
}

/* One record with the bytes that follow it, and into the hash with it. */
static status take_record(struct stream *stream, const uint8_t bytes[MEASURE_RECORD_SIZE])
{
	uint8_t chunk[MEASURE_CHUNK_SIZE];
	const struct span record = {bytes, MEASURE_RECORD_SIZE};
	struct reader reader;
	uint64_t found = 0;

	reader_init(&reader, record);
	TRY(reader_u64(&reader, &found));
	if (found == tag("UNSIZED"))
		return report(STATUS_UNSUPPORTED, "%s: its size isn't decided yet (UNSIZED), so it has no measurement",
			      stream->name);
	if ((stream->record == 1) != (found == tag(MEASURE_TAG_ECREATE)))
		return fault(stream, "one ECREATE, and it comes first: this isn't a canonical SGXS stream");
	if (found == tag(MEASURE_TAG_ECREATE))
		return take_create(stream, &reader);
	if (found == tag(MEASURE_TAG_EADD)) {
		TRY(take_add(stream, &reader));
		return measure_records(&stream->measure, record);
	}
	if (found != tag(MEASURE_TAG_EEXTEND) && found != tag("UNMEASRD"))
		return fault(stream, "neither EADD nor EEXTEND nor UNMEASRD");
	TRY(take_chunk(stream, &reader, found == tag(MEASURE_TAG_EEXTEND)));
	if (read_whole(stream, chunk, sizeof chunk) != STATUS_OK)
		return fault(stream, "the file is cut off in the middle of it");
	if (found == tag("UNMEASRD"))
		return STATUS_OK;
	TRY(measure_records(&stream->measure, record));
	return measure_records(&stream->measure, (struct span){chunk, sizeof chunk});
}

static void stream_deinit(struct stream *stream)
{
	measure_deinit(&stream->measure);
}

/* Ends with the file: offsets only go up, so it can't be longer than an enclave of
 * its own size asks for. */
status sgxs_measure(const char *name, FILE *file, struct sgxs_summary *ret_summary)
{
	__attribute__((cleanup(stream_deinit))) struct stream stream = {.name = name, .file = file};
	uint8_t record[MEASURE_RECORD_SIZE];
	status result;

	for (stream.record = 1; (result = read_whole(&stream, record, sizeof record)) == STATUS_OK; stream.record++)
		TRY(take_record(&stream, record));
	if (result != STATUS_END)
		return result;
	if (stream.summary.page_count == 0)
		return report(STATUS_MALFORMED, "%s isn't an SGXS stream: it adds no page", name);
	end_page(&stream);
	TRY(measure_end(&stream.measure, stream.summary.mrenclave));
	*ret_summary = stream.summary;
	return STATUS_OK;
}

struct output {
	const char *name;
	FILE *file;
};

static status write_all(const struct output *output, const uint8_t *bytes, size_t size)
{
	if (fwrite(bytes, 1, size, output->file) != size)
		return report(STATUS_IO, "%s can't be written: %m", output->name);
	return STATUS_OK;
}

static status write_page(void *context, const struct image_page *page)
{
	uint8_t records[MEASURE_PAGE_RECORD_SIZE];

	measure_record_page(page, records);
	return write_all(context, records, sizeof records);
}

status sgxs_write(const char *name, const struct image *image, FILE *file)
{
	struct output output = {name, file};
	uint8_t record[MEASURE_RECORD_SIZE];

	measure_record_create(image->size, IMAGE_SSA_FRAME_PAGES, record);
	TRY(write_all(&output, record, sizeof record));
	TRY(image_visit_pages(image, write_page, &output));
	if (fflush(file) != 0)
		return report(STATUS_IO, "%s can't be written: %m", name);
	return STATUS_OK;
}
