/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/parent.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/reader.h"
#include "base/report.h"
#include "base/writer.h"
#include "enclave/link/output.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "enclave/spawn/conversation.h"
#include "enclave/spawn/peer.h"
#include "enclave/spawn/streams.h"
#include "enclave/spawn/pipe.h"
#include "enclave/vfs/files.h"
#include "enclave/vfs/vfs.h"

static struct conversation *parent; /* NULL: none */
static bool told_end[STREAM_COUNT]; /* the input has ended; nobody reads the output */
static struct {
	uint8_t data[PEER_DATA_SIZE_MAX];
	size_t start, end;
} input;

/* ---- streams */

static status take_record(struct span content)
{
	uint8_t stream = content.size > 1 ? content.data[1] : STREAM_COUNT;

	if (content.data[0] == PEER_END && content.size == 2 && stream < STREAM_COUNT) {
		told_end[stream] = true;
		return STATUS_OK;
	}
	if (content.data[0] != PEER_DATA || stream != 0 || content.size - 2 > sizeof input.data || content.size == 2 ||
	    input.start != input.end || told_end[0])
		return report(STATUS_MALFORMED, "%s sent a record of type %u, which it can't now", parent->who,
			      content.data[0]);
	memcpy(input.data, content.data + 2, content.size - 2);
	input.start = 0;
	input.end = content.size - 2;
	return STATUS_OK;
}

/* Nobody is there any more to do something for. */
static long lost_parent(status result)
{
	static bool said;

	runtime_fault_note();
	if (result == STATUS_GONE && !said) {
		said = true;
		(void)!report(STATUS_IO, "%s is gone", parent->who);
	}
	return -EIO;
}

static long read_parent(struct file *file, void *buffer, size_t size, int64_t offset)
{
	struct span content;

	if (offset >= 0)
		return -ESPIPE;
	if (size == 0)
		return 0;
	vfs_epoch_end();
	while (input.start == input.end) {
		if (told_end[0])
			return 0;
		status result = conversation_hear(parent, &content);
		if (result == STATUS_OK)
			result = take_record(content);
		if (result != STATUS_OK)
			return lost_parent(result);
	}
	if (size > input.end - input.start)
		size = input.end - input.start;
	memcpy(buffer, input.data + input.start, size);
	input.start += size;
	return (long)size;
}

/* Has it said meanwhile that nobody reads? Input that comes is kept; more than one record of it can wait. */
static status look_for_end(void)
{
	struct span content;
	status result = STATUS_OK;

	while (result == STATUS_OK && input.start == input.end) {
		result = conversation_receive(parent, &content);
		if (result == STATUS_OK)
			result = take_record(content);
	}
	return result == STATUS_TORN ? STATUS_OK : result;
}

struct parent_file {
	struct file file;
	uint8_t stream;
};

static long write_parent(struct file *file, const void *buffer, size_t size)
{
	static uint8_t content[2 + PEER_DATA_SIZE_MAX];
	uint8_t stream = ((struct parent_file *)file)->stream;

	status result = look_for_end();
	if (result != STATUS_OK)
		return lost_parent(result);
	if (told_end[stream])
		return -EPIPE;
	if (size == 0)
		return 0;
	if (size > PEER_DATA_SIZE_MAX)
		size = PEER_DATA_SIZE_MAX;
	content[0] = PEER_DATA;
	content[1] = stream;
	memcpy(content + 2, buffer, size);
	result = conversation_say(parent, (struct span){content, 2 + size});
	return result == STATUS_OK ? (long)size : lost_parent(result);
}

static long read_nothing(struct file *file, void *buffer, size_t size, int64_t offset)
{
	return -EBADF;
}

static const struct file_ops input_ops = {.read = read_parent, .seek = pipe_seek, .stat = pipe_stat};
static const struct file_ops output_ops = {
	.read = read_nothing,
	.write = write_parent,
	.seek = pipe_seek,
	.stat = pipe_stat,
};

static long open_parent_stream(int stream, struct file **ret_file)
{
	struct parent_file *made = calloc(1, sizeof *made);

	if (made == NULL)
		return -ENOMEM;
	made->stream = (uint8_t)stream;
	*ret_file = &made->file;
	/* No path, so nothing that could fail. */
	return file_init(&made->file, stream == 0 ? &input_ops : &output_ops, stream == 0 ? O_RDONLY : O_WRONLY, NULL);
}

static long open_null(int stream)
{
	long fd = vfs_open(AT_FDCWD, "/dev/null", O_RDWR), result;

	if (fd < 0)
		return fd;
	result = vfs_dup2((int)fd, stream, 0, 0);
	(void)vfs_close((int)fd);
	return result;
}

static long install(int stream, enum peer_stream kind)
{
	struct file *file;
	long result;

	if (kind == PEER_STREAM_CLOSED)
		return vfs_close(stream);
	if (kind == PEER_STREAM_NULL)
		return open_null(stream);
	if (kind == PEER_STREAM_PEER)
		result = open_parent_stream(stream, &file);
	else
		result = host_stream_open(kind - PEER_STREAM_HOST, stream == 0 ? O_RDONLY : O_WRONLY, &file);
	return result < 0 ? result : descriptor_replace(file, stream, false);
}

/* ---- the start */

static bool kind_is_possible(int stream, uint8_t kind)
{
	if (kind >= PEER_STREAM_HOST && kind < PEER_STREAM_HOST + STREAM_COUNT)
		return (stream == 0) == (kind == PEER_STREAM_HOST);
	return kind == PEER_STREAM_CLOSED || kind == PEER_STREAM_NULL || kind == PEER_STREAM_PEER;
}

/* `count` strings as an array that NULL ends. Kept as long as the program runs. */
static status take_strings(struct reader *reader, uint32_t count, bool is_environment, char ***ret_strings)
{
	/* Each string takes a byte, so this is bounded by the record. */
	if (count > reader_left(reader))
		return report(STATUS_MALFORMED, "%s sends fewer strings than it says", parent->who);
	char **strings = calloc((size_t)count + 1, sizeof *strings);
	uint32_t kept = 0;

	if (strings == NULL)
		return report(STATUS_NO_MEMORY, "no memory for arguments");
	for (uint32_t i = 0; i < count; i++) {
		const char *string = NULL;

		if (reader_string(reader, PEER_STRINGS_SIZE_MAX, &string) != STATUS_OK)
			return report(STATUS_MALFORMED, "%s sends a string without an end", parent->who);
		if (is_environment && !manifest_allows_environment(string))
			continue;
		strings[kept] = strdup(string);
		if (strings[kept++] == NULL)
			return report(STATUS_NO_MEMORY, "no memory for arguments");
	}
	*ret_strings = strings;
	return STATUS_OK;
}

struct start {
	uint8_t flags, kind[STREAM_COUNT];
	uint32_t argument_count, variable_count;
};

static status take_head(struct reader *reader, struct start *ret_start)
{
	uint8_t type = 0;

	if (reader_u8(reader, &type) != STATUS_OK || reader_u8(reader, &ret_start->flags) != STATUS_OK ||
	    reader_copy(reader, ret_start->kind, sizeof ret_start->kind) != STATUS_OK ||
	    reader_skip(reader, 3) != STATUS_OK || reader_u32(reader, &ret_start->argument_count) != STATUS_OK ||
	    reader_u32(reader, &ret_start->variable_count) != STATUS_OK || type != PEER_START ||
	    ret_start->argument_count == 0 || (ret_start->flags & ~PEER_WITHHELD) != 0)
		return report(STATUS_MALFORMED, "%s begins with what can't be", parent->who);
	for (int i = 0; i < STREAM_COUNT; i++)
		if (!kind_is_possible(i, ret_start->kind[i]))
			return report(STATUS_MALFORMED, "%s gives this program %u as its descriptor %d", parent->who,
				      ret_start->kind[i], i);
	return STATUS_OK;
}

static status take_start(struct span content, int *ret_argument_count, char ***ret_arguments, char ***ret_environment)
{
	struct start start = {0};
	const char *directory = NULL;
	struct reader reader;

	reader_init(&reader, content);
	TRY(take_head(&reader, &start));
	if (reader_string(&reader, PEER_STRINGS_SIZE_MAX, &directory) != STATUS_OK)
		return report(STATUS_MALFORMED, "%s gives no working directory", parent->who);
	TRY(take_strings(&reader, start.argument_count, false, ret_arguments));
	TRY(take_strings(&reader, start.variable_count, true, ret_environment));
	*ret_argument_count = (int)start.argument_count;
	/* How the target is looked at stands there: before anything of it is asked for. */
	environ = *ret_environment;
	if ((start.flags & PEER_WITHHELD) && !runtime_fault_is_withheld())
		link_output_withhold();
	if (vfs_directory_inherit(directory) < 0)
		return report(STATUS_MALFORMED, "%s gives a working directory that none can be in", parent->who);
	for (int i = 0; i < STREAM_COUNT; i++)
		/* NOLINTNEXTLINE(clang-analyzer-optin.core.EnumCastOutOfRange): install() looks which one it is */
		if (install(i, start.kind[i]) < 0)
			return report(STATUS_INTERNAL, "no descriptor %d as %s wants it", i, parent->who);
	return STATUS_OK;
}

status parent_begin(int *ret_argument_count, char ***ret_arguments, char ***ret_environment)
{
	struct span content;

	TRY(conversation_create(PEER_PARENT, "the program that runs this one", &parent));
	TRY(conversation_answer(parent, runtime_fault_is_withheld() ? PEER_WITHHELD : 0));
	status result = conversation_hear(parent, &content);
	if (result == STATUS_GONE)
		return report(STATUS_IO, "%s ended before it began", parent->who);
	TRY(result);
	return take_start(content, ret_argument_count, ret_arguments, ret_environment);
}

void parent_end(int wait_status)
{
	uint8_t content[16];
	struct writer writer;

	if (parent == NULL || parent->fault != STATUS_OK)
		return;
	writer_init(&writer, content, sizeof content);
	if (writer_u8(&writer, PEER_EXIT) == STATUS_OK && writer_u32(&writer, (uint32_t)wait_status) == STATUS_OK &&
	    writer_u32(&writer, runtime_fault_noted()) == STATUS_OK)
		(void)!conversation_say(parent, (struct span){content, writer.position});
	conversation_destroy(parent);
	parent = NULL;
}
