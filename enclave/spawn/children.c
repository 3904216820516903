/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "enclave/spawn/children.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/checked.h"
#include "base/reader.h"
#include "base/report.h"
#include "base/writer.h"
#include "enclave/duty/duty.h"
#include "enclave/link/output.h"
#include "enclave/runtime/fault.h"
#include "enclave/runtime/manifest.h"
#include "enclave/spawn/conversation.h"
#include "enclave/spawn/peer.h"
#include "enclave/spawn/pipe.h"
#include "enclave/vfs/target.h"
#include "enclave/vfs/vfs.h"

enum {
	JOB_COUNT_MAX = 64, /* with those that nobody has waited for yet */
	JOB_PID_FIRST = VFS_OWN_PID + 1, /* as its own: no process of a target has it */
	/* By the verifier's time, where its steps aren't longer. More than any of our programs takes to print something
	 * of a large machine. */
	CHILD_SILENT_MS_MIN = 15 * 60 * 1000,
};

/* What waitpid() waits for. */
struct job {
	int pid; /* 0: unused */
	size_t running_count; /* its children */
	int wait_status;
};

struct child {
	struct conversation *conversation; /* NULL: unused */
	struct job *job;
	bool is_last; /* its end is the job's */
	int64_t heard_ms; /* the verifier's time, when it last said something or couldn't */
	struct streams streams; /* those that are pipes of ours; else NULL */
	bool told_end[STREAM_COUNT]; /* that its input has ended, that nobody reads its output */
};

static struct job jobs[JOB_COUNT_MAX];
static struct child children[PEER_CHILD_COUNT_MAX]; /* by the peer's number */

static struct job *job_create(void)
{
	static int next_pid = JOB_PID_FIRST;

	for (size_t i = 0; i < JOB_COUNT_MAX; i++)
		if (jobs[i].pid == 0) {
			jobs[i] = (struct job){.pid = next_pid++};
			return &jobs[i];
		}
	return NULL;
}

long children_start_ended(int wait_status)
{
	struct job *job = job_create();

	if (job == NULL)
		return -EAGAIN;
	job->wait_status = wait_status;
	return job->pid;
}

static void end_child(struct child *child, int wait_status)
{
	if (child->is_last)
		child->job->wait_status = wait_status;
	child->job->running_count--;
	streams_release(&child->streams);
	conversation_destroy(child->conversation);
	*child = (struct child){0};
}

static void break_outputs(const struct streams *streams)
{
	for (int i = 1; i < STREAM_COUNT; i++) {
		struct pipe *pipe = streams->file[i] != NULL ? pipe_of_writer(streams->file[i]) : NULL;

		if (pipe != NULL)
			pipe_break(pipe);
	}
}

/* Why has been said. Nothing that it printed looks whole from now on, nor does the run. */
static void break_child(struct child *child)
{
	runtime_fault_note();
	break_outputs(&child->streams);
	end_child(child, SIGKILL);
}

/* ---- starting */

/* Bounded by the room: each takes a byte. */
static status write_strings(struct writer *writer, const char *const *strings, uint32_t *count)
{
	for (; *strings != NULL; strings++, ++*count)
		TRY(writer_bytes(writer, *strings, strlen(*strings) + 1));
	return STATUS_OK;
}

/* A variable about how the target is looked at: said by write_views() alone. */
static bool is_view(const char *variable)
{
	static const char prefix[] = "BARTIZAN_";

	return strncmp(variable, prefix, sizeof prefix - 1) == 0;
}

static status write_environment(struct writer *writer, const char *const *variables, uint32_t *count)
{
	const char *one[] = {NULL, NULL};

	for (; *variables != NULL; variables++) {
		one[0] = *variables;
		if (!is_view(*variables))
			TRY(write_strings(writer, one, count));
	}
	return STATUS_OK;
}

static status write_variable(struct writer *writer, const char *name, const char *value, uint32_t *count)
{
	if (value == NULL)
		return STATUS_OK;
	++*count;
	TRY(writer_bytes(writer, name, strlen(name)));
	TRY(writer_u8(writer, '='));
	return writer_bytes(writer, value, strlen(value) + 1);
}

/* How the target is looked at, whatever the program thinks an environment is: in the same namespaces, and in the epoch
 * that this program works in, which is there by now. A child lets nothing stand still: that takes an agent's time
 * twice. */
static status write_views(struct writer *writer, uint32_t *count)
{
	const char *epoch = getenv(START_VARIABLE_EPOCH);
	char name[128];

	if (epoch != NULL && strncmp(epoch, "new:", 4) == 0) {
		snprintf(name, sizeof name, "at:%s", epoch + 4);
		epoch = name;
	}
	TRY(write_variable(writer, START_VARIABLE_PID_NAMESPACE, getenv(START_VARIABLE_PID_NAMESPACE), count));
	TRY(write_variable(writer, START_VARIABLE_NETNS, getenv(START_VARIABLE_NETNS), count));
	return write_variable(writer, START_VARIABLE_EPOCH, epoch, count);
}

static status write_strings_of(const struct child_order *order, const char *directory, struct writer *writer,
			       uint32_t *ret_argument_count, uint32_t *ret_variable_count)
{
	TRY(writer_bytes(writer, directory, strlen(directory) + 1));
	TRY(write_strings(writer, order->arguments, ret_argument_count));
	*ret_variable_count = 0;
	TRY(write_views(writer, ret_variable_count));
	return write_environment(writer, order->environment, ret_variable_count);
}

static status write_start(const struct child_order *order, uint8_t *content, size_t capacity, size_t *ret_size)
{
	char directory[4096];
	uint32_t argument_count = 0, variable_count = 0;
	struct writer strings, head;
	enum peer_stream kind = PEER_STREAM_CLOSED;

	writer_init(&strings, content + PEER_START_HEAD_SIZE, capacity - PEER_START_HEAD_SIZE);
	writer_init(&head, content, PEER_START_HEAD_SIZE);
	if (vfs_getcwd(directory, sizeof directory) < 0)
		directory[0] = '/', directory[1] = '\0';
	if (write_strings_of(order, directory, &strings, &argument_count, &variable_count) != STATUS_OK)
		return report(STATUS_LIMIT,
			      "%s can't be run with so many arguments and variables (%zu bytes are possible)",
			      order->arguments[0], capacity);
	TRY(writer_u8(&head, PEER_START));
	TRY(writer_u8(&head, runtime_fault_is_withheld() ? PEER_WITHHELD : 0));
	for (int i = 0; i < STREAM_COUNT; i++) {
		if (streams_kind(&order->streams, i, &kind) < 0)
			return STATUS_UNSUPPORTED;
		TRY(writer_u8(&head, (uint8_t)kind));
	}
	TRY(writer_zeros(&head, 3));
	TRY(writer_u32(&head, argument_count));
	TRY(writer_u32(&head, variable_count));
	*ret_size = PEER_START_HEAD_SIZE + strings.position;
	return STATUS_OK;
}

static status send_start(const struct child_order *order, struct child *child)
{
	static uint8_t content[PEER_CONTENT_SIZE_MAX];
	size_t size = 0;

	TRY(write_start(order, content, PEER_STRINGS_SIZE_MAX, &size));
	return conversation_say(child->conversation, (struct span){content, size});
}

/* Prove whom we talk to, then say what it shall do. */
static status begin(const struct child_order *order, const uint8_t *mrenclave, struct child *child)
{
	uint32_t flags = 0;

	TRY(conversation_invite(child->conversation, mrenclave, &flags));
	/* What it may not say in clear, we may not. */
	if ((flags & PEER_WITHHELD) && !runtime_fault_is_withheld())
		link_output_withhold();
	return send_start(order, child);
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash != NULL ? slash + 1 : path;
}

/* Have the host load it: several can be loaded at once. */
static status load(const struct child_order *order, struct job *job, bool is_last, struct child **ret_child)
{
	const char *name = base_name(order->arguments[0]);
	struct conversation *conversation;
	struct child *child;
	unsigned peer = 0;

	TRY(peer_start(name, &peer));
	child = &children[peer];
	if (child->conversation != NULL)
		return report(STATUS_MALFORMED, "the host started %s under the number of a program that runs", name);
	TRY(conversation_create(peer, name, &conversation));
	*child = (struct child){
		.conversation = conversation, .job = job, .is_last = is_last, .heard_ms = duty_verified_ms()};
	job->running_count++;
	for (int i = 0; i < STREAM_COUNT; i++) {
		struct file *file = order->streams.file[i];

		if (file == NULL || (i == 0 ? pipe_of_reader(file) : pipe_of_writer(file)) == NULL)
			continue;
		file->reference_count++;
		child->streams.file[i] = file;
	}
	*ret_child = child;
	return STATUS_OK;
}

static void load_all(const struct child_order *orders, size_t order_count, struct job *job, struct child **loaded)
{
	for (size_t i = 0; i < order_count; i++) {
		loaded[i] = NULL;
		if (load(&orders[i], job, i == order_count - 1, &loaded[i]) == STATUS_OK)
			continue;
		runtime_fault_note();
		break_outputs(&orders[i].streams);
		if (i == order_count - 1)
			job->wait_status = SIGKILL;
	}
}

long children_start(const struct child_order *orders, size_t order_count)
{
	struct child *loaded[COMMAND_STAGE_COUNT_MAX];
	uint8_t mrenclave[SGX_HASH_SIZE];

	/* Why has been said. */
	if (target_epoch_share() != STATUS_OK)
		return -EIO;
	struct job *job = job_create();
	if (job == NULL || order_count > ARRAY_COUNT(loaded))
		return -EAGAIN;
	vfs_epoch_end();
	load_all(orders, order_count, job, loaded);
	for (size_t i = 0; i < order_count; i++) {
		if (loaded[i] == NULL)
			continue;
		/* The caller has looked it up before. */
		if (!manifest_program(base_name(orders[i].arguments[0]), mrenclave) ||
		    begin(&orders[i], mrenclave, loaded[i]) != STATUS_OK)
			break_child(loaded[i]);
	}
	return job->pid;
}

/* ---- while they run */

static status say_end(struct child *child, uint8_t stream)
{
	const uint8_t content[] = {PEER_END, stream};

	child->told_end[stream] = true;
	return conversation_put(child->conversation, (struct span){content, sizeof content});
}

static status push_input(struct child *child, struct pipe *pipe)
{
	static uint8_t content[2 + PEER_DATA_SIZE_MAX];
	const uint8_t *data;
	size_t size = pipe_peek(pipe, &data);

	if (size == 0)
		return pipe_has_writer(pipe) || child->told_end[0] ? STATUS_OK : say_end(child, 0);
	if (size > PEER_DATA_SIZE_MAX)
		size = PEER_DATA_SIZE_MAX;
	content[0] = PEER_DATA;
	content[1] = 0;
	memcpy(content + 2, data, size);
	pipe_consume(pipe, size);
	return conversation_put(child->conversation, (struct span){content, 2 + size});
}

/* The next thing that it has to be told. STATUS_END: nothing. */
static status push_next(struct child *child)
{
	const uint8_t *data;

	for (int i = 1; i < STREAM_COUNT; i++) {
		struct file *file = child->streams.file[i];

		if (file != NULL && !child->told_end[i] && !pipe_has_reader(pipe_of_writer(file)))
			return say_end(child, (uint8_t)i);
	}
	struct pipe *input = child->streams.file[0] != NULL ? pipe_of_reader(child->streams.file[0]) : NULL;
	if (input == NULL || (pipe_peek(input, &data) == 0 && (pipe_has_writer(input) || child->told_end[0])))
		return STATUS_END;
	return push_input(child, input);
}

/* Until there is nothing to tell, or the host takes no more. Bounded by what is in the pipe. */
static status push(struct child *child)
{
	status result = conversation_flush(child->conversation);

	while (result == STATUS_OK)
		result = push_next(child);
	return result == STATUS_END || result == STATUS_TORN ? STATUS_OK : result;
}

static bool has_room(const struct child *child)
{
	for (int i = 1; i < STREAM_COUNT; i++) {
		struct pipe *pipe = child->streams.file[i] != NULL ? pipe_of_writer(child->streams.file[i]) : NULL;

		if (pipe != NULL && pipe_has_reader(pipe) && pipe_is_full(pipe))
			return false;
	}
	return true;
}

static status take_data(struct child *child, struct span content)
{
	uint8_t stream = content.size > 2 ? content.data[1] : 0;
	struct pipe *pipe;

	if (stream == 0 || stream >= STREAM_COUNT || child->streams.file[stream] == NULL)
		return report(STATUS_MALFORMED, "%s wrote where it has nothing to write", child->conversation->who);
	pipe = pipe_of_writer(child->streams.file[stream]);
	if (pipe_has_reader(pipe) && !pipe_append(pipe, content.data + 2, content.size - 2))
		return report(STATUS_NO_MEMORY, "no memory for what %s prints: raise the manifest's heap",
			      child->conversation->who);
	return STATUS_OK;
}

static status take_exit(struct child *child, struct span content)
{
	uint32_t wait_status = 0, is_partial = 0;
	struct reader reader;

	reader_init(&reader, content);
	if (reader_skip(&reader, 1) != STATUS_OK || reader_u32(&reader, &wait_status) != STATUS_OK ||
	    reader_u32(&reader, &is_partial) != STATUS_OK || reader_left(&reader) != 0 || wait_status > UINT16_MAX ||
	    is_partial > 1)
		return report(STATUS_MALFORMED, "%s ended as nothing ends", child->conversation->who);
	if (is_partial)
		runtime_fault_note();
	end_child(child, (int)wait_status);
	return STATUS_OK;
}

static status take_record(struct child *child, struct span content)
{
	switch (content.data[0]) {
	case PEER_DATA: return take_data(child, content);
	case PEER_EXIT: return take_exit(child, content);
	default:
		return report(STATUS_MALFORMED, "%s sent a record of type %u, which it can't", child->conversation->who,
			      content.data[0]);
	}
}

/* All that has come, while there is room for it. */
static status pull(struct child *child)
{
	struct span content;
	status result = STATUS_OK;

	while (result == STATUS_OK && child->conversation != NULL && has_room(child)) {
		result = conversation_receive(child->conversation, &content);
		child->heard_ms = result == STATUS_OK ? duty_verified_ms() : child->heard_ms;
		if (result == STATUS_OK)
			result = take_record(child, content);
	}
	if (result == STATUS_GONE)
		return report(STATUS_IO,
			      "%s, which this program runs, is gone without having said how it ended: it crashed, was "
			      "killed, or its host cut it off; what it printed isn't whole",
			      child->conversation->who);
	return result == STATUS_TORN ? STATUS_OK : result;
}

static void serve_child(struct child *child, bool readable)
{
	status result = push(child);

	if (result == STATUS_OK && readable)
		result = pull(child);
	if (result != STATUS_OK)
		break_child(child);
}

/* The verifier's time goes on by a whole interval with each challenge, whenever that comes: one of them says nothing of
 * how long it took. */
static int64_t silent_ms_max(void)
{
	const int64_t step_ms = duty_verified_step_ms();

	return (2 * step_ms > CHILD_SILENT_MS_MIN ? 2 * step_ms : CHILD_SILENT_MS_MIN) + step_ms;
}

/* After a wait for it. A host that answers none of its calls would have us wait for ever, and each heartbeat say that
 * all is well. What waits for us to read isn't silent. */
static void check_silence(struct child *child)
{
	if (child->conversation == NULL)
		return;
	if (!has_room(child))
		child->heard_ms = duty_verified_ms();
	if (duty_verified_ms() - child->heard_ms <= silent_ms_max())
		return;
	(void)!report(STATUS_IO, "%s has said nothing for %d min of the verifier's time: it hangs, or its host does",
		      child->conversation->who, (int)(silent_ms_max() / 60000));
	break_child(child);
}

static struct peer_set wanted_of_all(void)
{
	struct peer_set wanted = {0};

	for (unsigned i = 0; i < PEER_CHILD_COUNT_MAX; i++) {
		if (children[i].conversation == NULL)
			continue;
		if (has_room(&children[i]))
			wanted.reading |= 1u << i;
		if (conversation_is_pending(children[i].conversation))
			wanted.writing |= 1u << i;
	}
	return wanted;
}

status children_pump(void)
{
	struct peer_set wanted, ready = {0};

	for (unsigned i = 0; i < PEER_CHILD_COUNT_MAX; i++)
		if (children[i].conversation != NULL)
			serve_child(&children[i], false);
	wanted = wanted_of_all();
	if (wanted.reading == 0 && wanted.writing == 0)
		return STATUS_MISSING;
	vfs_epoch_end();
	duty_pump();
	status result = peer_wait(wanted, &ready);
	for (unsigned i = 0; i < PEER_CHILD_COUNT_MAX; i++) {
		if (children[i].conversation == NULL)
			continue;
		if (result != STATUS_OK)
			break_child(&children[i]);
		else
			serve_child(&children[i], ready.reading & 1u << i);
		check_silence(&children[i]);
	}
	return STATUS_OK;
}

/* ---- waiting */

static struct job *find_job(long pid, bool ended_only)
{
	for (size_t i = 0; i < JOB_COUNT_MAX; i++)
		if (jobs[i].pid != 0 && (pid == -1 || jobs[i].pid == pid) &&
		    (!ended_only || jobs[i].running_count == 0))
			return &jobs[i];
	return NULL;
}

/* Nothing can move any more: they write what nobody reads, and are waited for. */
static void break_all(void)
{
	for (unsigned i = 0; i < PEER_CHILD_COUNT_MAX; i++) {
		if (children[i].conversation == NULL)
			continue;
		(void)!report(STATUS_UNSUPPORTED, "the program waits for the end of %s, whose output it doesn't read",
			      children[i].conversation->who);
		break_child(&children[i]);
	}
}

long children_wait(long pid, bool no_hang, int *ret_wait_status)
{
	struct job *job;
	long result;

	if (find_job(pid, false) == NULL)
		return -ECHILD;
	while ((job = find_job(pid, true)) == NULL) {
		if (children_pump() != STATUS_OK)
			break_all();
		if (no_hang && find_job(pid, true) == NULL)
			return 0;
	}
	*ret_wait_status = job->wait_status;
	result = job->pid;
	*job = (struct job){0};
	return result;
}
