/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "sim/key.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdbool.h>
#include <string.h>

#include "base/report.h"

const uint8_t sim_cpusvn[SGX_CPUSVN_SIZE] = {'F', 'A', 'K', 'E', ' ', 'C', 'P', 'U',
					     ' ', 'O', 'F', ' ', 'S', 'I', 'M', '!'};

enum {
	KEYPOLICY_ALL = SGX_KEYPOLICY_MRENCLAVE | SGX_KEYPOLICY_MRSIGNER | SGX_KEYPOLICY_NOISVPRODID |
			SGX_KEYPOLICY_CONFIGID | SGX_KEYPOLICY_ISVFAMILYID | SGX_KEYPOLICY_ISVEXTPRODID,
	/* Bytes of a report under its MAC: everything before KEYID. */
	REPORT_MAC_SIZE = offsetof(struct sgx_report, key_id),
};
static_assert(REPORT_MAC_SIZE == 384, "SDM vol. 3D, table 38-21");

/* REQUIRED_SEALING_MASK of the SDM. */
static const uint64_t required_flags = SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_DEBUG;

static status cmac(const char *cipher, const void *key, size_t key_size, const void *data, size_t size,
		   uint8_t ret_mac[16])
{
	char name[16];
	OSSL_PARAM parameters[] = {OSSL_PARAM_END, OSSL_PARAM_END};
	EVP_MAC *algorithm = EVP_MAC_fetch(NULL, "CMAC", NULL);
	EVP_MAC_CTX *context = algorithm != NULL ? EVP_MAC_CTX_new(algorithm) : NULL;
	uint8_t mac[16];
	size_t mac_size = 0;
	bool done;

	memcpy(name, cipher, strlen(cipher) + 1);
	parameters[0] = OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, name, 0);
	done = context != NULL && EVP_MAC_init(context, key, key_size, parameters) == 1 &&
	       EVP_MAC_update(context, data, size) == 1 && EVP_MAC_final(context, mac, &mac_size, sizeof mac) == 1 &&
	       mac_size == sizeof mac;
	EVP_MAC_CTX_free(context);
	EVP_MAC_free(algorithm);
	if (!done)
		return report(STATUS_INTERNAL, "OpenSSL computes no AES-CMAC");
	memcpy(ret_mac, mac, sizeof mac);
	return STATUS_OK;
}

static status derive(const struct sim_root *root, const struct sim_key_dependencies *dependencies,
		     uint8_t ret_key[SGX_KEY_SIZE])
{
	return cmac("AES-256-CBC", root->secret, sizeof root->secret, dependencies, sizeof *dependencies, ret_key);
}

static bool is_zero(const uint8_t *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (bytes[i] != 0)
			return false;
	return true;
}

/* Each byte of its own is a version: SDM vol. 3D, 38.4.2.1. */
static bool cpusvn_is_beyond(const uint8_t asked[SGX_CPUSVN_SIZE])
{
	for (size_t i = 0; i < SGX_CPUSVN_SIZE; i++)
		if (asked[i] > sim_cpusvn[i])
			return true;
	return false;
}

/* What the kinds of keys that name the enclave's author have in common. */
static void fill_common(const struct sgx_secs *secs, const struct sgx_keyrequest *request,
			struct sim_key_dependencies *dependencies)
{
	*dependencies = (struct sim_key_dependencies){
		.key_name = request->key_name,
		.isv_prod_id = secs->isv_prod_id,
		.isv_svn = request->isv_svn,
		.misc_select = secs->misc_select & request->misc_mask,
		.misc_mask = ~request->misc_mask,
		.attributes = {(request->attribute_mask.flags | required_flags) & secs->attributes.flags,
			       request->attribute_mask.xfrm & secs->attributes.xfrm},
		.attributes_mask = request->attribute_mask,
	};
	memcpy(dependencies->mrsigner, secs->mrsigner, SGX_HASH_SIZE);
	memcpy(dependencies->cpusvn, request->cpusvn, SGX_CPUSVN_SIZE);
}

/* Our enclaves have no family and no extended product: SECS has no room for them in
 * wire/sgx.h, so both are zero, under every policy. */
static void fill_seal(const struct sgx_secs *secs, const struct sgx_keyrequest *request,
		      struct sim_key_dependencies *dependencies)
{
	fill_common(secs, request, dependencies);
	dependencies->key_policy = request->key_policy;
	memcpy(dependencies->key_id, request->key_id, SGX_KEYID_SIZE);
	if (request->key_policy & SGX_KEYPOLICY_MRENCLAVE)
		memcpy(dependencies->mrenclave, secs->mrenclave, SGX_HASH_SIZE);
	if (!(request->key_policy & SGX_KEYPOLICY_MRSIGNER))
		memset(dependencies->mrsigner, 0, SGX_HASH_SIZE);
	if (request->key_policy & SGX_KEYPOLICY_NOISVPRODID)
		dependencies->isv_prod_id = 0;
	if (request->key_policy & SGX_KEYPOLICY_CONFIGID) {
		memcpy(dependencies->config_id, secs->config_id, SGX_CONFIG_ID_SIZE);
		dependencies->config_svn = request->config_svn;
	}
}

static void fill_report(const struct sgx_targetinfo *target, const uint8_t key_id[SGX_KEYID_SIZE],
			struct sim_key_dependencies *dependencies)
{
	*dependencies = (struct sim_key_dependencies){
		.key_name = SGX_KEY_REPORT,
		.misc_select = target->misc_select,
		.attributes = target->attributes,
		.config_svn = target->config_svn,
	};
	memcpy(dependencies->mrenclave, target->mrenclave, SGX_HASH_SIZE);
	memcpy(dependencies->config_id, target->config_id, SGX_CONFIG_ID_SIZE);
	memcpy(dependencies->key_id, key_id, SGX_KEYID_SIZE);
	memcpy(dependencies->cpusvn, sim_cpusvn, SGX_CPUSVN_SIZE);
}

static struct sgx_targetinfo own_targetinfo(const struct sgx_secs *secs)
{
	struct sgx_targetinfo target = {
		.attributes = secs->attributes, .config_svn = secs->config_svn, .misc_select = secs->misc_select};

	memcpy(target.mrenclave, secs->mrenclave, SGX_HASH_SIZE);
	memcpy(target.config_id, secs->config_id, SGX_CONFIG_ID_SIZE);
	return target;
}

/* The attribute without which the key isn't given; 0: none. */
static uint64_t attribute_for(uint16_t key_name)
{
	switch (key_name) {
	case SGX_KEY_EINITTOKEN: return SGX_ATTRIBUTE_EINITTOKEN_KEY;
	case SGX_KEY_PROVISION:
	case SGX_KEY_PROVISION_SEAL: return SGX_ATTRIBUTE_PROVISION_KEY;
	default: return 0;
	}
}

static uint64_t fill_dependencies(const struct sgx_secs *secs, const struct sgx_keyrequest *request,
				  struct sim_key_dependencies *dependencies)
{
	const struct sgx_targetinfo self = own_targetinfo(secs);
	uint64_t needed = attribute_for(request->key_name);

	if (request->key_name > SGX_KEY_SEAL)
		return SGX_INVALID_KEYNAME;
	if (request->key_name == SGX_KEY_REPORT) {
		fill_report(&self, request->key_id, dependencies);
		return SGX_SUCCESS;
	}
	if ((secs->attributes.flags & needed) != needed)
		return SGX_INVALID_ATTRIBUTE;
	if (cpusvn_is_beyond(request->cpusvn))
		return SGX_INVALID_CPUSVN;
	if (request->isv_svn > secs->isv_svn || request->config_svn > secs->config_svn)
		return SGX_INVALID_ISVSVN;
	if (request->key_name == SGX_KEY_SEAL)
		fill_seal(secs, request, dependencies);
	else
		fill_common(secs, request, dependencies);
	if (request->key_name == SGX_KEY_EINITTOKEN)
		memcpy(dependencies->key_id, request->key_id, SGX_KEYID_SIZE);
	return SGX_SUCCESS;
}

status sim_key_get(const struct sim_root *root, const struct sgx_secs *secs, const struct sgx_keyrequest *request,
		   uint64_t *ret_error, uint8_t ret_key[SGX_KEY_SIZE])
{
	struct sim_key_dependencies dependencies;
	uint64_t error;

	if ((request->key_policy & ~KEYPOLICY_ALL) != 0 || request->reserved1 != 0 ||
	    !is_zero(request->reserved2, sizeof request->reserved2))
		return STATUS_MALFORMED;
	error = fill_dependencies(secs, request, &dependencies);
	if (error == SGX_SUCCESS)
		TRY(derive(root, &dependencies, ret_key));
	*ret_error = error;
	return STATUS_OK;
}

static status report_mac(const struct sim_root *root, const struct sgx_report *report,
			 const struct sgx_targetinfo *target, uint8_t ret_mac[16])
{
	struct sim_key_dependencies dependencies;
	uint8_t key[SGX_KEY_SIZE];
	status result;

	fill_report(target, report->key_id, &dependencies);
	TRY(derive(root, &dependencies, key));
	result = cmac("AES-128-CBC", key, sizeof key, report, REPORT_MAC_SIZE, ret_mac);
	OPENSSL_cleanse(key, sizeof key);
	return result;
}

status sim_report_make(const struct sim_root *root, const struct sgx_secs *secs, const struct sgx_targetinfo *target,
		       const uint8_t report_data[SGX_REPORT_DATA_SIZE], struct sgx_report *ret_report)
{
	struct sgx_report made = {
		.misc_select = secs->misc_select,
		.attributes = secs->attributes,
		.isv_prod_id = secs->isv_prod_id,
		.isv_svn = secs->isv_svn,
		.config_svn = secs->config_svn,
	};

	if (target->reserved1 != 0 || !is_zero(target->reserved2, sizeof target->reserved2) ||
	    !is_zero(target->reserved3, sizeof target->reserved3))
		return STATUS_MALFORMED;
	memcpy(made.cpusvn, sim_cpusvn, SGX_CPUSVN_SIZE);
	memcpy(made.mrenclave, secs->mrenclave, SGX_HASH_SIZE);
	memcpy(made.mrsigner, secs->mrsigner, SGX_HASH_SIZE);
	memcpy(made.config_id, secs->config_id, SGX_CONFIG_ID_SIZE);
	memcpy(made.report_data, report_data, SGX_REPORT_DATA_SIZE);
	/* CR_REPORT_KEYID: a CPU draws it at each start; this one has it from its root. */
	sim_root_fingerprint(root, made.key_id);
	TRY(report_mac(root, &made, target, made.mac));
	*ret_report = made;
	return STATUS_OK;
}

status sim_report_verify(const struct sim_root *root, const struct sgx_report *report_,
			 const struct sgx_targetinfo *target)
{
	uint8_t mac[16];

	TRY(report_mac(root, report_, target, mac));
	if (CRYPTO_memcmp(mac, report_->mac, sizeof mac) != 0)
		return report(STATUS_DENIED,
			      "the enclave's report isn't one of this machine's simulator, or was changed: "
			      "its MAC is wrong");
	return STATUS_OK;
}
