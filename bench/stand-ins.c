/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "bench/stand-ins.h"

#include <string.h>

#include "enclave/runtime/enclu.h"
#include "enclave/runtime/manifest.h"
#include "enclave/runtime/runtime.h"
#include "wire/grantor.h"

struct stand_in stand_in;

const char image_paths[] = "";
const char image_environment[] = "";
const char image_programs[] = "";
const uint16_t image_calls[] = {IMAGE_CALLS_END};

bool runtime_has_link(void)
{
	return true;
}

struct link_ring *runtime_link_ring(void)
{
	return &stand_in.ring;
}

const uint8_t *runtime_owner_key(void)
{
	return stand_in.binding.owner_key;
}

const uint8_t *runtime_source_key(void)
{
	return stand_in.binding.source_key;
}

const uint8_t *runtime_source_nonce(void)
{
	return stand_in.binding.source_nonce;
}

const char *runtime_target(void)
{
	return stand_in.target;
}

bool runtime_has_vaes(void)
{
	return false;
}

status runtime_report(const struct sgx_targetinfo *target, const uint8_t report_data[SGX_REPORT_DATA_SIZE],
		      struct sgx_report *ret_report)
{
	(void)target;
	*ret_report = (struct sgx_report){.cpusvn = GRANTOR_SIM_CPUSVN};
	memset(ret_report->mrenclave, STAND_IN_MEASUREMENT_BYTE, sizeof ret_report->mrenclave);
	memcpy(ret_report->report_data, report_data, sizeof ret_report->report_data);
	return STATUS_OK;
}
