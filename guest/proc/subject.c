/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "guest/proc/subject.h"

#include <string.h>

#include "guest/kernel/access.h"
#include "guest/proc/node.h"
#include "guest/proc/running.h"

enum {
	NO_SUCH_FILE = 2, /* ENOENT, to the program */
};

static struct proc_subject subject;
static uint32_t refusal = NO_SUCH_FILE;

void proc_subject_enter(const struct proc_subject *about)
{
	subject = *about;
	refusal = NO_SUCH_FILE;
}

void subject_refuse(uint32_t error)
{
	refusal = error;
}

uint32_t proc_refusal(void)
{
	uint32_t told = refusal;

	refusal = NO_SUCH_FILE;
	return told;
}

uint32_t subject_pid(void)
{
	return subject.pid;
}

uint32_t subject_tid(void)
{
	return subject.tid;
}

uint32_t subject_number(void)
{
	return subject.number;
}

void subject_rest(char *destination, uint64_t size)
{
	if (size < sizeof subject.rest)
		guest_fail(STATUS_INTERNAL, "subject_rest() needs PROC_REST_SIZE_MAX bytes");
	guest_access_check_store(destination, sizeof subject.rest);
	memcpy(destination, subject.rest, sizeof subject.rest);
}
