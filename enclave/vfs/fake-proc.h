/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For unit tests: small trees and a target of a few processes, in the place of
 * guest/proc/nodes.c and text.c and of enclave/vfs/target.c. Include once in a
 * test program. */
#ifndef ENCLAVE_VFS_FAKE_PROC_H
#define ENCLAVE_VFS_FAKE_PROC_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/checked.h"
#include "enclave/vfs/target.h"
#include "guest/ask/ask.h"
#include "guest/proc/node.h"

static bool never(const char *path)
{
	(void)path;
	return false;
}

/* Beyond this number there is no process. */
static uint32_t fake_pid_highest = 17;

/* A directory is torn when its test says so. */
static bool fake_listing_torn;

static void list_processes(struct listing *listing)
{
	for (uint32_t pid = fake_pid_highest; pid > 0; pid--)
		listing_add_number(listing, pid, S_IFDIR | 0555, 0);
	listing_sort_numbers(listing);
}

static void list_descriptors(struct listing *listing)
{
	listing_add_number(listing, 0, S_IFLNK | 0700, 0);
	listing_add_number(listing, 3, S_IFLNK | 0700, 0);
	if (fake_listing_torn)
		listing_fault(listing, "the table of descriptors ends early");
}

static void list_tree(struct listing *listing)
{
	listing_add(listing, "max", S_IFREG | 0644, 0);
}

static void stat_file(void *answer)
{
	struct stat_answer *stat = answer;

	stat->mode = S_IFREG | 0640;
	stat->uid = 1000;
	stat->gid = 100;
	stat->inode = 4711;
	stat->size = 12345;
	stat->device = 0x801;
}

/* Of "tree/[*]": "dir" and "dir/max". */
static void stat_tree(void *answer)
{
	(void)answer; /* proc_entry_stat() below */
}

static void no_text(struct seq *seq)
{
	(void)seq;
}

static const struct proc_node fake_nodes[] = {
	{.path = "", .mode = S_IFDIR | 0555, .list = list_processes},
	{.path = "[pid]", .mode = S_IFDIR | 0555},
	{.path = "[pid]/comm", .mode = S_IFREG | 0644, .show = no_text},
	{.path = "[pid]/cwd", .mode = S_IFLNK | 0777, .show = no_text, .stat = stat_file},
	{.path = "[pid]/fd", .mode = S_IFDIR | 0500, .list = list_descriptors},
	{.path = "[pid]/fd/[n]", .mode = S_IFLNK | 0700, .show = no_text, .stat = stat_file},
	{.path = "[pid]/net", .mode = S_IFDIR | 0555},
	{.path = "[pid]/task", .mode = S_IFDIR | 0555},
	{.path = "[pid]/task/[tid]", .mode = S_IFDIR | 0555},
	{.path = "[pid]/task/[tid]/comm", .mode = S_IFREG | 0644, .show = no_text},
	{.path = "absent", .mode = S_IFREG | 0444, .show = no_text, .exists = never},
	{.path = "long", .mode = S_IFREG | 0444, .show = no_text},
	{.path = "loop", .mode = S_IFLNK | 0777, .target = "pool"},
	{.path = "net", .mode = S_IFLNK | 0777, .target = "self/net"},
	{.path = "net/tcp", .mode = S_IFREG | 0444, .show = no_text},
	{.path = "outside", .mode = S_IFLNK | 0777, .target = "/etc/services"},
	{.path = "pool", .mode = S_IFLNK | 0777, .target = "loop"},
	{.path = "refused", .mode = S_IFREG | 0444, .show = no_text},
	{.path = "self", .mode = S_IFLNK | 0777, .target = "1"},
	{.path = "torn", .mode = S_IFREG | 0444, .show = no_text},
	{.path = "tree", .mode = S_IFDIR | 0555},
	{.path = "tree/[*]", .stat = stat_tree, .list = list_tree, .show = no_text},
	{.path = "version", .mode = S_IFREG | 0444, .show = no_text},
};

const struct proc_tree proc_trees[] = {
	{.root = "/proc", .nodes = fake_nodes, .node_count = ARRAY_COUNT(fake_nodes)},
};

const size_t proc_tree_count = ARRAY_COUNT(proc_trees);

static bool fake_is_there(const struct proc_entry *entry)
{
	if (entry->subject.pid > fake_pid_highest ||
	    (entry->subject.tid != 0 && entry->subject.tid != entry->subject.pid))
		return false;
	return entry->node->exists == NULL || entry->node->exists(entry->node->path);
}

status proc_entry_stat(struct guest_kernel *kernel, const struct proc_entry *entry, bool follow,
		       struct stat_answer *ret_answer)
{
	struct stat_answer answer = {.mode = entry->node->mode};

	(void)kernel;
	if (!fake_is_there(entry))
		return STATUS_MISSING;
	if (strcmp(entry->subject.rest, "dir") == 0)
		answer.mode = S_IFDIR | 0555;
	else if (strcmp(entry->subject.rest, "dir/max") == 0)
		answer.mode = S_IFREG | 0644;
	else if (entry->node->mode == 0)
		return STATUS_MISSING;
	else if (follow && proc_node_is_magic(entry->node))
		entry->node->stat(&answer);
	*ret_answer = answer;
	return STATUS_OK;
}

/* The target has these, and this table lacks them. */
status proc_path_check(struct guest_kernel *kernel, const char *path)
{
	(void)kernel;
	return strcmp(path, "net/sctp/eps") == 0 || strcmp(path, "stat") == 0 || strcmp(path, "[pid]/io") == 0
		       ? STATUS_OK
		       : STATUS_MISSING;
}

static status fake_target = STATUS_OK;
static uint64_t fake_epoch = 1;
/* How many epochs were ended; how many of the next texts are torn, each of them in its own epoch. */
static size_t fake_epoch_end_count, fake_torn_text_count;

status target_kernel(struct guest_kernel **ret_kernel)
{
	*ret_kernel = NULL;
	return fake_target;
}

status target_kernel_to_read(const char *what, struct guest_kernel **ret_kernel)
{
	(void)what;
	return target_kernel(ret_kernel);
}

void target_epoch_end(void)
{
	fake_epoch_end_count++;
}

void target_end(void)
{
}

status target_epoch_share(void)
{
	return STATUS_OK;
}

uint64_t target_epoch(void)
{
	return fake_epoch;
}

status target_kernel_in(uint64_t epoch, struct guest_kernel **ret_kernel)
{
	return epoch == target_epoch() ? target_kernel(ret_kernel) : STATUS_TORN;
}

status target_still_same(void)
{
	return STATUS_OK;
}

status target_check(const char *path)
{
	(void)path;
	return STATUS_OK;
}

long target_refusal(status outcome, const char *what)
{
	(void)what;
	return outcome == STATUS_NO_MEMORY ? -ENOMEM : -EIO;
}

status proc_text_part_init(struct guest_kernel *kernel, const struct proc_entry *entry, const struct seq_place *start,
			   struct proc_text *ret_text)
{
	static const char *const parts[] = {"0123456789", "abcdefghij", "ABCDEFGHIJ"};
	bool is_long = strcmp(entry->node->path, "long") == 0;

	(void)kernel;
	if (!fake_is_there(entry))
		return STATUS_MISSING;
	ret_text->is_torn = fake_torn_text_count > 0;
	ret_text->data = strdup(ret_text->is_torn ? "a mixture!" : parts[is_long ? start->place : 0]);
	ret_text->size = 10;
	ret_text->has_more = is_long && start->place < 2;
	ret_text->next.place = start->place + 1;
	ret_text->fault = strcmp(entry->node->path, "torn") == 0 ? strdup("the list loops") : NULL;
	if (ret_text->is_torn) {
		ret_text->fault = strdup("it changed meanwhile");
		fake_torn_text_count--;
	}
	ret_text->refusal = strcmp(entry->node->path, "refused") == 0 ? 22 : 0;
	return STATUS_OK;
}

status proc_link_init(struct guest_kernel *kernel, const struct proc_entry *entry, struct proc_text *ret_text)
{
	(void)kernel;
	if (!fake_is_there(entry))
		return STATUS_MISSING;
	ret_text->data = strdup(entry->node->target != NULL ? entry->node->target : "/mnt/ab (deleted)");
	ret_text->size = strlen(ret_text->data);
	ret_text->fault = NULL;
	return STATUS_OK;
}

status proc_listing_create(struct guest_kernel *kernel, const struct proc_entry *entry, struct listing **ret_listing)
{
	const struct proc_node *child = NULL;

	(void)kernel;
	if (!fake_is_there(entry))
		return STATUS_MISSING;
	assert_int_equal(listing_create(ret_listing), STATUS_OK);
	while ((child = proc_node_next(entry->tree, entry->node, child)) != NULL)
		if (child->exists == NULL)
			listing_add(*ret_listing, proc_node_name(child), child->mode, 0);
	if (entry->node->list != NULL)
		entry->node->list(*ret_listing);
	return STATUS_OK;
}

/* In the place of guest/ask/ask.c. */
status ask_process(struct guest_kernel *kernel, struct ask_process *process)
{
	process->is_found = process->number >= 1 && process->number <= fake_pid_highest;
	if (process->with_details) {
		process->group = process->session = process->number;
		process->nice = 5;
		process->policy = 1;
		process->resets_on_fork = false;
		process->priority = 33;
		process->affinity_size = 8;
		process->affinity[0] = 3;
		process->interval_ns = 4000000;
	}
	process->thread_group = process->number;
	return STATUS_OK;
}

status ask_system(struct guest_kernel *kernel, struct ask_system *system)
{
	*system = (struct ask_system){.memory_size = 512 << 20};
	return STATUS_OK;
}

status ask_priority(struct guest_kernel *kernel, struct ask_priority *priority)
{
	priority->is_found = priority->group == 1;
	priority->nice = -3;
	return STATUS_OK;
}

status ask_interface(struct guest_kernel *kernel, struct ask_interface *interface)
{
	interface->is_found = interface->index == 1 || strcmp(interface->name, "lo") == 0;
	interface->index = 1;
	strcpy(interface->name, "lo"); /* lint: allow unsafe-call: two letters */
	interface->flags = 0x10049;
	interface->mtu = 65536;
	return STATUS_OK;
}

/* How often names of the target were asked for. */
static size_t fake_file_question_count;

status ask_file(struct guest_kernel *kernel, struct ask_file *file)
{
	static const struct {
		const char *path;
		struct ask_file answer;
	} files[] = {
		{"/run/named/pid",
		 {.stat = {.mode = S_IFREG | 0600, .uid = 53, .inode = 77, .device = 0x19, .size = 5}}},
		{"/run/named/link", {.stat = {.mode = S_IFLNK | 0777, .inode = 78, .device = 0x19}, .link = "pid"}},
		{"/run/named/long-link", {.stat = {.mode = S_IFLNK | 0777, .inode = 79, .device = 0x19}}},
		{"/run/named/gone", {.outcome = ASK_FILE_ABSENT}},
		{"/run/named/pid/x", {.outcome = ASK_FILE_NOT_DIRECTORY}},
		{"/run/named/loop", {.outcome = ASK_FILE_LOOP}},
	};

	fake_file_question_count++;
	file->outcome = ASK_FILE_NOT_IN_MEMORY;
	for (size_t i = 0; i < ARRAY_COUNT(files); i++) {
		if (strcmp(file->path, files[i].path) != 0)
			continue;
		file->outcome = files[i].answer.outcome;
		file->stat = files[i].answer.stat;
		memcpy(file->link, files[i].answer.link, sizeof file->link);
	}
	return STATUS_OK;
}

status ask_socket_name(struct guest_kernel *kernel, const struct proc_subject *descriptor,
		       struct ask_socket_name *ret_name)
{
	ret_name->is_socket = descriptor->number == 3;
	memcpy(ret_name->name, "TCPv6", sizeof "TCPv6");
	return STATUS_OK;
}

status ask_socket_device(struct guest_kernel *kernel, struct ask_socket_device *ret_device)
{
	ret_device->device = 8;
	return STATUS_OK;
}

/* What a dump is made of, and whether it is whole. */
static const void *fake_dump;
static size_t fake_dump_size;
static const char *fake_dump_fault;

static status fake_text(struct proc_text *ret_text)
{
	ret_text->data = malloc(fake_dump_size + 1);
	memcpy(ret_text->data, fake_dump, fake_dump_size);
	ret_text->size = fake_dump_size;
	ret_text->fault = fake_dump_fault != NULL ? strdup(fake_dump_fault) : NULL;
	return STATUS_OK;
}

status ask_interface_list(struct guest_kernel *kernel, struct proc_text *ret_entries)
{
	return fake_text(ret_entries);
}

/* What was asked for last, and whether the target's kernel has no such thing. */
static enum ask_dump fake_dump_asked;
static struct ask_request fake_dump_request;
static bool fake_dump_missing;

status ask_dump(struct guest_kernel *kernel, enum ask_dump what, const struct ask_request *request,
		struct proc_text *ret_messages)
{
	fake_dump_asked = what;
	fake_dump_request = *request;
	if (fake_dump_missing)
		return STATUS_MISSING;
	return fake_text(ret_messages);
}

#endif
