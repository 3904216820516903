/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For unit tests: a host that says what the test tells it to. Include once in a
 * test program; it takes the place of entry.S and of an image's manifest. */
#ifndef ENCLAVE_RUNTIME_HOSTILE_HOST_H
#define ENCLAVE_RUNTIME_HOSTILE_HOST_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>

#include "base/report.h"
#include "enclave/runtime/call.h"
#include "enclave/runtime/enclu.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "link/primitives.h"

static struct {
	struct call_window window __attribute__((aligned(4096)));
	int64_t result; /* what the host answers */
	void (*serve)(struct call_slot *slot); /* if set, decides instead */
	struct link_ring *ring; /* where a test has one */
	unsigned call_count;
	struct call_slot last;
	unsigned report_count;
	status last_fault;
	char last_message[1024];
} hostile;

void runtime_enter_host(void)
{
	struct call_slot *slot = &hostile.window.slot;

	hostile.call_count++;
	hostile.last = *slot;
	slot->result = hostile.result;
	slot->done = slot->posted;
	if (hostile.serve != NULL)
		hostile.serve(slot);
}

_Noreturn void runtime_stop(void)
{
	abort();
}

/* A test's memory is all of the process but its first page. */
bool runtime_memory_owns(uint64_t address, uint64_t size, bool write)
{
	(void)write;
	return address >= 4096 && size <= UINT64_MAX - address;
}

bool runtime_memory_is_outside(uint64_t address, uint64_t size)
{
	return address >= 4096 && size <= UINT64_MAX - address;
}

bool runtime_is_plain(void)
{
	return true;
}

bool runtime_has_source(void)
{
	return true;
}

bool runtime_has_profile(void)
{
	return true;
}

/* No link: what has one is tested with a source at the other end. */
bool runtime_has_link(void)
{
	return false;
}

bool runtime_has_parent(void)
{
	return false;
}

struct link_ring *runtime_link_ring(void)
{
	return hostile.ring;
}

const uint8_t *runtime_owner_key(void)
{
	return NULL;
}

const uint8_t *runtime_source_key(void)
{
	return NULL;
}

const uint8_t *runtime_source_nonce(void)
{
	return NULL;
}

const char *runtime_target(void)
{
	return "";
}

bool runtime_has_vaes(void)
{
	return false;
}

status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
		      struct sgx_report *ret_report)
{
	(void)target, (void)report_data, (void)ret_report;
	return STATUS_UNSUPPORTED;
}

status runtime_key(const struct sgx_keyrequest *request, uint8_t ret_key[SGX_KEY_SIZE])
{
	(void)request, (void)ret_key;
	return STATUS_UNSUPPORTED;
}

status enclave_cmac(const uint8_t *key, struct span message, uint8_t *ret_mac);
status enclave_cmac(const uint8_t *key, struct span message, uint8_t *ret_mac)
{
	(void)key, (void)message, (void)ret_mac;
	return STATUS_UNSUPPORTED;
}

const struct link_primitives *enclave_primitives(bool use_vaes);
const struct link_primitives *enclave_primitives(bool use_vaes)
{
	(void)use_vaes;
	return NULL;
}

static void hostile_sink(void *context, status fault, const char *message)
{
	(void)context;
	hostile.report_count++;
	hostile.last_fault = fault;
	snprintf(hostile.last_message, sizeof hostile.last_message, "%s", message);
}

static void hostile_init(void)
{
	memset(&hostile, 0, sizeof hostile);
	runtime_window_init(&hostile.window);
	report_sink_set(hostile_sink, NULL);
}

static uint8_t image_heap[64 * 4096] __attribute__((aligned(4096)));
static const uint64_t image_heap_size = sizeof image_heap;
static uint8_t image_stack[4096];

uint8_t *runtime_heap(void)
{
	return image_heap;
}

size_t runtime_heap_size(void)
{
	return image_heap_size;
}

size_t runtime_stack_size(void)
{
	return sizeof image_stack;
}

/* The manifest that these tests run under. */
const char image_paths[] = "f/etc/services\0t/usr/share/zoneinfo\0f/etc/ssl/openssl.cnf\0n/run/named\0";
const char image_environment[] = "TERM\0COLUMNS\0";
const char image_programs[] = "";
const uint16_t image_calls[] = {SYS_read,  SYS_write,	      SYS_pread64,    SYS_openat,     SYS_close,
				SYS_lseek, SYS_fstat,	      SYS_newfstatat, SYS_readlinkat, SYS_getdents64,
				SYS_ioctl, SYS_clock_gettime, IMAGE_CALLS_END};

#endif
