/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/aesm/error.h"

#include <stddef.h>

static const struct {
	uint32_t error;
	const char *words;
} table[] = {
	{2, "it finds no SGX device: is /dev/sgx_enclave there, and may its user open it and /dev/sgx_provision (group "
	    "sgx_prv)?"},
	{3, "it takes the question for malformed: is it of a version before 2.7? Upgrade it"},
	{12, "its network fails: what provides certificates is named in /etc/sgx_default_qcnl.conf; check that this "
	     "machine reaches it"},
	{13, "what provides certificates is busy (/etc/sgx_default_qcnl.conf): try again later"},
	{14, "it needs a proxy to reach what provides certificates: set one in /etc/aesmd.conf"},
	{16, "this platform couldn't be provisioned: is it registered with Intel, and has the provider in "
	     "/etc/sgx_default_qcnl.conf its certificate?"},
	{17, "it is being stopped: start it again (systemctl restart aesmd)"},
	{18, "it is busy: try again"},
	{19, "what provides certificates is busy (/etc/sgx_default_qcnl.conf): try again later"},
	{20, "it says that this platform must be updated: install the newest microcode and SGX software"},
	{21, "it has no memory left"},
	{24, "SGX isn't available to it: is it on in the BIOS, and is /dev/sgx_enclave there?"},
	{25, "it couldn't turn SGX on: do it in the BIOS"},
	{27, "it has no part for such quotes: install libsgx-aesm-ecdsa-plugin and libsgx-aesm-quote-ex-plugin, and "
	     "restart "
	     "it"},
	{29, "the CPU has no protected memory left for its quoting enclave: end other enclaves"},
	{30, "it has no part for such quotes, or can't load its quoting enclave: install libsgx-aesm-ecdsa-plugin, "
	     "libsgx-aesm-quote-ex-plugin and libsgx-ae-qe3, and restart it"},
	{31, "the platform isn't known to Intel: register it (PCKIDRetrievalTool, or the multi-package agent)"},
};

const char *aesm_error_words(uint32_t error)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (table[i].error == error)
			return table[i].words;
	return "`journalctl -u aesmd` says more";
}
