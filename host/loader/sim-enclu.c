/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ENCLU as an enclave may execute it: SDM vol. 3D, chapter 40. */
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/checked.h"
#include "host/loader/sim-enclave.h"
#include "sim/key.h"

enum {
	ENCLU_SIZE = 3,
	VECTOR_GP = 13,
	VECTOR_PF = 14,
	ERROR_USER = 4, /* of #PF */
	ERROR_WRITE = 2,
	FLAG_ZF = 0x40,
	FLAGS_ARITHMETIC = 0x8d5,
	REPORT_ALIGNMENT = 512,
	KEY_ALIGNMENT = 16,
	REPORT_DATA_ALIGNMENT = 128,
};

/* Through the kernel, so that a page which isn't there, or isn't writable, is an
 * error and no signal inside the handler. */
static bool copy_in(uint64_t address, void *to, size_t size)
{
	struct iovec local = {to, size}, remote = {(void *)address, size};

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

static bool copy_out(uint64_t address, const void *from, size_t size)
{
	struct iovec local = {(void *)from, size}, remote = {(void *)address, size};

	return process_vm_writev(getpid(), &local, 1, &remote, 1, 0) == (ssize_t)size;
}

bool sim_is_enclu(uint64_t address)
{
	static const uint8_t enclu[ENCLU_SIZE] = {0x0f, 0x01, 0xd7};
	uint8_t code[ENCLU_SIZE];

	return copy_in(address, code, sizeof code) && memcmp(code, enclu, sizeof enclu) == 0;
}

bool sim_is_cpuid(uint64_t address)
{
	static const uint8_t cpuid[] = {0x0f, 0xa2};
	uint8_t code[sizeof cpuid];

	return copy_in(address, code, sizeof code) && memcmp(code, cpuid, sizeof cpuid) == 0;
}

static bool is_operand(const struct sim *sim, uint64_t address, uint64_t size, uint64_t alignment)
{
	return address % alignment == 0 && checked_within(address - sim->range.base, size, sim->range.size);
}

/* What the instruction did: an exception, or none. */
static const struct sim_exception nothing = {0};
static const struct sim_exception general_protection = {.valid = true, .vector = VECTOR_GP};

static struct sim_exception page_fault(uint64_t address, uint32_t error_code)
{
	return (struct sim_exception){
		.valid = true, .vector = VECTOR_PF, .error_code = ERROR_USER | error_code, .address = address};
}

/* EREPORT: RBX TARGETINFO, RCX REPORTDATA, RDX where the report goes. */
static struct sim_exception ereport(const struct sim *sim, greg_t *registers)
{
	uint64_t target_at = (uint64_t)registers[REG_RBX], data_at = (uint64_t)registers[REG_RCX];
	uint64_t report_at = (uint64_t)registers[REG_RDX];
	uint8_t data[SGX_REPORT_DATA_SIZE];
	struct sgx_targetinfo target;
	struct sgx_report report;

	if (!is_operand(sim, target_at, sizeof target, REPORT_ALIGNMENT) ||
	    !is_operand(sim, data_at, sizeof data, REPORT_DATA_ALIGNMENT) ||
	    !is_operand(sim, report_at, sizeof report, REPORT_ALIGNMENT))
		return general_protection;
	if (!copy_in(target_at, &target, sizeof target))
		return page_fault(target_at, 0);
	if (!copy_in(data_at, data, sizeof data))
		return page_fault(data_at, 0);
	if (sim_report_make(&sim->root, &sim->secs, &target, data, &report) != STATUS_OK)
		return general_protection;
	if (!copy_out(report_at, &report, sizeof report))
		return page_fault(report_at, ERROR_WRITE);
	return nothing;
}

/* EGETKEY: RBX KEYREQUEST, RCX where the key goes. */
static struct sim_exception egetkey(const struct sim *sim, greg_t *registers)
{
	uint64_t request_at = (uint64_t)registers[REG_RBX], key_at = (uint64_t)registers[REG_RCX], error;
	struct sgx_keyrequest request;
	uint8_t key[SGX_KEY_SIZE];

	if (!is_operand(sim, request_at, sizeof request, REPORT_ALIGNMENT) ||
	    !is_operand(sim, key_at, sizeof key, KEY_ALIGNMENT))
		return general_protection;
	if (!copy_in(request_at, &request, sizeof request))
		return page_fault(request_at, 0);
	if (sim_key_get(&sim->root, &sim->secs, &request, &error, key) != STATUS_OK)
		return general_protection;
	if (error == SGX_SUCCESS && !copy_out(key_at, key, sizeof key))
		return page_fault(key_at, ERROR_WRITE);
	registers[REG_RAX] = (greg_t)error;
	registers[REG_EFL] = (registers[REG_EFL] & ~FLAGS_ARITHMETIC) | (error != SGX_SUCCESS ? FLAG_ZF : 0);
	return nothing;
}

/* Always to our own way out: what RBX says would be an address of the host's that
 * an image chose. */
static void eexit(struct sim *sim, greg_t *registers, struct signals_bases *bases)
{
	sim->current->busy = false;
	sim->outcome = SIM_EXITED;
	registers[REG_RIP] = (greg_t)switch_aep;
	registers[REG_RCX] = (greg_t)switch_aep;
	*bases = (struct signals_bases){switch_host_fs, switch_host_gs};
}

void sim_enclu(struct sim *sim, ucontext_t *context, struct signals_bases *bases)
{
	greg_t *registers = context->uc_mcontext.gregs;
	struct sim_exception exception;

	switch ((uint32_t)registers[REG_RAX]) {
	case ENCLU_EEXIT: eexit(sim, registers, bases); return;
	case ENCLU_EREPORT: exception = ereport(sim, registers); break;
	case ENCLU_EGETKEY: exception = egetkey(sim, registers); break;
	/* EENTER and ERESUME inside; EACCEPT and its kin, which SGX1 hasn't. */
	default: exception = general_protection; break;
	}
	if (exception.valid)
		sim_aex(sim, context, bases, &exception);
	else
		registers[REG_RIP] += ENCLU_SIZE;
}
