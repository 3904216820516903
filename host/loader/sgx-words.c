/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Linux 6.12, arch/x86/kernel/cpu/sgx/{ioctl,driver,encl}.c. */
#include "host/loader/sgx-words.h"

#include <errno.h>
#include <stddef.h>

#include "base/checked.h"

struct words {
	enum sgx_step step;
	int error;
	status fault;
	const char *text;
};

static const struct words table[] = {
	{SGX_STEP_CREATE, EINVAL, STATUS_UNSUPPORTED,
	 "the driver takes no enclave of this size, or the device is in use"},
	{SGX_STEP_CREATE, EIO, STATUS_UNSUPPORTED,
	 "the CPU refuses the enclave's size, attributes, state components (XFRM) or SSA frames (ECREATE)"},
	{SGX_STEP_CREATE, ENOMEM, STATUS_NO_MEMORY,
	 "no memory for enclaves is left: end other enclaves, or give SGX more in the firmware's setup"},
	{SGX_STEP_ADD, EACCES, STATUS_IO,
	 "the driver takes no pages from memory that may never be executed: a security module changed this process's "
	 "mappings"},
	{SGX_STEP_ADD, EINVAL, STATUS_INTERNAL, "the driver refuses the page's address, flags or permissions"},
	{SGX_STEP_ADD, EBUSY, STATUS_INTERNAL, "the page is there already, or another thread uses the device"},
	{SGX_STEP_ADD, EIO, STATUS_IO,
	 "the CPU refuses the page (EADD or EEXTEND): the enclave's memory is lost, which happens when the machine "
	 "sleeps; try again"},
	{SGX_STEP_ADD, ENOMEM, STATUS_NO_MEMORY,
	 "no memory for enclaves is left: end other enclaves, build the image with a smaller heap, or give SGX more in "
	 "the firmware's setup"},
	{SGX_STEP_INIT, EPERM, STATUS_DENIED,
	 "the CPU refuses the SIGSTRUCT (EINIT): its signature is wrong, or it was made for another image or for other "
	 "attributes; sign this image again (bartizan image sign)"},
	{SGX_STEP_INIT, EACCES, STATUS_DENIED,
	 "the enclave asks for an attribute that the driver gives to nobody without /dev/sgx_provision"},
	{SGX_STEP_INIT, EINVAL, STATUS_DENIED,
	 "the SIGSTRUCT demands attributes, state components (XFRM) or MISCSELECT bits that this CPU doesn't have, or "
	 "names "
	 "an unknown vendor"},
	{SGX_STEP_INIT, EIO, STATUS_IO,
	 "EINIT faulted: the enclave's memory is lost, which happens when the machine sleeps; try again"},
	{SGX_STEP_INIT, ENOMEM, STATUS_NO_MEMORY, "the kernel has no memory left"},
	{SGX_STEP_MAP, EACCES, STATUS_IO,
	 "the driver allows no mapping with more permissions than the pages have, nor in processes whose readable "
	 "memory "
	 "is executable (setarch -X)"},
	{SGX_STEP_MAP, EPERM, STATUS_UNSUPPORTED,
	 "/dev is mounted noexec, or a security module forbids executable mappings: mount -o remount,exec /dev"},
	{SGX_STEP_MAP, ENOMEM, STATUS_NO_MEMORY, "too many mappings (vm.max_map_count) or too little address space"},
};

/* For every step. */
static const struct words common[] = {
	{0, EBUSY, STATUS_IO, "another thread uses the device: that is a bug"},
	{0, EFAULT, STATUS_INTERNAL, "the driver can't read what it was pointed to: that is a bug"},
	{0, EINTR, STATUS_IO, "signals interrupt every attempt: a timer that fires all the time?"},
	{0, EAGAIN, STATUS_IO, "the driver goes on asking to try again later"},
	{0, ENOTTY, STATUS_UNSUPPORTED, "the device doesn't know this call: is it really Linux's SGX driver?"},
	{0, ENODEV, STATUS_IO, "the device has gone"},
};

const char *sgx_words_error(enum sgx_step step, int error, status *ret_fault)
{
	for (size_t i = 0; i < ARRAY_COUNT(table); i++)
		if (table[i].step == step && table[i].error == error) {
			*ret_fault = table[i].fault;
			return table[i].text;
		}
	for (size_t i = 0; i < ARRAY_COUNT(common); i++)
		if (common[i].error == error) {
			*ret_fault = common[i].fault;
			return common[i].text;
		}
	*ret_fault = STATUS_IO;
	return "the driver doesn't say why in words that are known here";
}

const char *sgx_words_einit(int code)
{
	static const struct {
		int code;
		const char *text;
	} codes[] = {
		{1, "the SIGSTRUCT is none (SGX_INVALID_SIG_STRUCT)"},
		{2, "the SIGSTRUCT was made for other attributes (SGX_INVALID_ATTRIBUTE)"},
		{4, "the SIGSTRUCT was made for another image: MRENCLAVE differs (SGX_INVALID_MEASUREMENT)"},
		{8, "the SIGSTRUCT's signature is wrong (SGX_INVALID_SIGNATURE)"},
		{16, "launch control accepts neither this signer nor a token (SGX_INVALID_EINITTOKEN)"},
		{32, "the launch token is for another CPU microcode (SGX_INVALID_CPUSVN)"},
		{128, "interrupts came in all the time; try again (SGX_UNMASKED_EVENT)"},
	};

	for (size_t i = 0; i < ARRAY_COUNT(codes); i++)
		if (codes[i].code == code)
			return codes[i].text;
	return "a code that the SDM doesn't list for EINIT";
}
