/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/plain.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/report.h"
#include "host/loader/crash.h"
#include "host/loader/elrange.h"
#include "host/loader/signals.h"
#include "host/loader/switch.h"
#include "wire/start.h"

struct plain {
	struct elrange range;
	const struct image *image;
};

/* For the signal handler: the one image of this process. */
static struct span crash_symbols;
static struct elrange crash_range;

/* A crash is said here, and is then the process's own: whoever debugs this
 * backend wants the core dump. */
static bool hook(int number, const siginfo_t *info, ucontext_t *context, struct signals_bases *bases)
{
	const greg_t *registers = context->uc_mcontext.gregs;
	struct crash crash = {
		.vector = (uint32_t)registers[REG_TRAPNO],
		.offset = (uint64_t)registers[REG_RIP] - crash_range.base,
		.error_code = (uint32_t)registers[REG_ERR],
		.address = (uint64_t)registers[REG_CR2],
	};

	(void)bases;
	if (crash.offset < crash_range.size && signals_is_exception(number, info))
		crash_say(&crash, crash_symbols);
	return false;
}

static void plain_destroy(void *enclave)
{
	struct plain *plain = enclave;

	signals_remove();
	elrange_deinit(&plain->range);
	free(plain);
}

static status plain_load(const struct image_source *source, void **ret_enclave)
{
	struct elrange range;
	struct plain *plain;

	TRY(elrange_init(&range, source->image));
	plain = calloc(1, sizeof *plain);
	if (plain == NULL) {
		elrange_deinit(&range);
		return report(STATUS_NO_MEMORY, "no memory for an enclave");
	}
	*plain = (struct plain){.range = range, .image = source->image};
	crash_symbols = source->symbols;
	crash_range = range;
	signals_install(hook);
	*ret_enclave = plain;
	if (!elrange_patch_exit(&range, source->image) || !elrange_protect(&range, source->image)) {
		plain_destroy(plain);
		return report(STATUS_IO, "the image's pages can't be protected: %m");
	}
	return STATUS_OK;
}

static status plain_enter(void *enclave, uint32_t thread, uint64_t entry, uint64_t argument,
			  struct enclave_event *ret_event)
{
	struct plain *plain = enclave;
	const struct image_thread *data = &plain->image->threads[thread];
	struct switch_frame frame = {
		.entry = plain->range.base + plain->image->entry,
		.tcs = plain->range.base + data->tcs_offset,
		.fs = plain->range.base + data->data_offset,
		.gs = plain->range.base + data->data_offset,
		.rdi = entry,
		.rsi = argument,
	};

	switch_enter(&frame);
	*ret_event = (struct enclave_event){
		.kind = ENCLAVE_EXITED, .reason = frame.out[SWITCH_RDI], .argument = frame.out[SWITCH_RSI]};
	return STATUS_OK;
}

static status plain_resume(void *enclave, uint32_t thread, struct enclave_event *ret_event)
{
	(void)enclave;
	(void)thread;
	(void)ret_event;
	return report(STATUS_DENIED, "there is nothing to resume: nothing interrupts a program without an enclave");
}

const struct backend plain_backend = {
	.name = "plain",
	.start_flags = START_PLAIN,
	.load = plain_load,
	.enter = plain_enter,
	.resume = plain_resume,
	.destroy = plain_destroy,
};
