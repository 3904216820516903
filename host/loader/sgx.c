/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/loader/sgx.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/report.h"
#include "host/image/sigstruct.h"
#include "host/loader/sgx-enclave.h"

status sgx_backend_works(struct sgx_absence *absence)
{
	struct sgx_platform platform;

	return sgx_platform_probe(&sgx_kernel_linux, absence, &platform);
}

/* The reason why SGX doesn't work here comes before complaints about the image. */
static status check_platform(void)
{
	struct sgx_absence absence;

	if (sgx_backend_works(&absence) != STATUS_OK)
		return report(STATUS_UNSUPPORTED, "the backend sgx doesn't work here: %s", absence.reason);
	return STATUS_OK;
}

static status sgx_load(const struct image_source *source, void **ret_enclave)
{
	struct sgx_sigstruct sigstruct;
	struct sgx_enclave *enclave;
	char name[4096];
	status result;

	TRY(check_platform());
	if (source->sigstruct.data == NULL)
		return report(STATUS_MISSING, "%s isn't signed: there is no %s.sig (bartizan image sign %s)",
			      source->path, source->path, source->path);
	snprintf(name, sizeof name, "%s.sig", source->path);
	TRY(sigstruct_read(name, source->sigstruct, &sigstruct));
	enclave = calloc(1, sizeof *enclave);
	if (enclave == NULL)
		return report(STATUS_NO_MEMORY, "no memory to load %s", source->path);
	result = sgx_enclave_init(&sgx_kernel_linux, source->image, &sigstruct, enclave);
	if (result != STATUS_OK) {
		free(enclave);
		return result;
	}
	*ret_enclave = enclave;
	return STATUS_OK;
}

static status enter(void *enclave, uint32_t thread, bool resume, uint64_t entry, uint64_t argument,
		    struct enclave_event *ret_event)
{
	struct sgx_exit exit;

	TRY(sgx_enclave_enter(enclave, thread, resume, entry, argument, &exit));
	*ret_event = (struct enclave_event){.kind = exit.exception ? ENCLAVE_EXCEPTION : ENCLAVE_EXITED,
					    .reason = exit.rdi,
					    .argument = exit.rsi,
					    .vector = exit.vector,
					    .error_code = exit.error_code,
					    .address = exit.address};
	return STATUS_OK;
}

static status sgx_enter(void *enclave, uint32_t thread, uint64_t entry, uint64_t argument,
			struct enclave_event *ret_event)
{
	return enter(enclave, thread, false, entry, argument, ret_event);
}

static status sgx_resume(void *enclave, uint32_t thread, struct enclave_event *ret_event)
{
	return enter(enclave, thread, true, 0, 0, ret_event);
}

static void sgx_count(const void *enclave, struct enclave_counts *ret_counts)
{
	*ret_counts = ((const struct sgx_enclave *)enclave)->counts;
}

static void sgx_destroy(void *enclave)
{
	sgx_enclave_deinit(enclave);
	free(enclave);
}

const struct backend sgx_backend = {
	.name = "sgx",
	.load = sgx_load,
	.enter = sgx_enter,
	.resume = sgx_resume,
	.count = sgx_count,
	.destroy = sgx_destroy,
};
