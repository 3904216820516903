/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "verifier/grants/keys.h"
#include "verifier/settings/yaml-file.h"

static status read_hash(const struct yaml_file *file, const yaml_node_t *node, uint8_t ret_hash[SGX_HASH_SIZE])
{
	const char *text = yaml_scalar(node);

	if (text == NULL || strlen(text) != (size_t)2 * SGX_HASH_SIZE ||
	    key_from_hex(text, ret_hash, SGX_HASH_SIZE) != STATUS_OK)
		return yaml_fault(file, node, "64 hexadecimal digits");
	return STATUS_OK;
}

static status read_mrenclave(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct policy_reference *reference = object;

	return read_hash(file, value, reference->hash);
}

static status read_mrsigner(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct policy_reference *reference = object;

	reference->is_signer = true;
	return read_hash(file, value, reference->hash);
}

static status read_u16(const struct yaml_file *file, const yaml_node_t *value, uint16_t *ret_number)
{
	uint64_t number;

	TRY(yaml_number(file, value, UINT16_MAX, &number));
	*ret_number = (uint16_t)number;
	return STATUS_OK;
}

static status read_product(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_u16(file, value, &((struct policy_reference *)object)->isv_prod_id);
}

static status read_svn(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return read_u16(file, value, &((struct policy_reference *)object)->isv_svn_min);
}

static status read_reference(struct yaml_file *file, yaml_node_t *node, struct policy_reference *reference)
{
	static const struct yaml_key keys[] = {
		{"mrenclave", read_mrenclave},
		{"mrsigner", read_mrsigner},
		{"product", read_product},
		{"svn", read_svn},
	};

	TRY(yaml_mapping_read(file, node, keys, sizeof keys / sizeof *keys, reference));
	bool enclave = yaml_mapping_has(file, node, "mrenclave"), product = yaml_mapping_has(file, node, "product");
	/* A signer alone would let in everything that this key has ever signed. */
	if (enclave == reference->is_signer || product != reference->is_signer ||
	    (enclave && yaml_mapping_has(file, node, "svn")))
		return yaml_fault(file, node, "either `mrenclave` alone, or `mrsigner` with `product` (and `svn`)");
	return STATUS_OK;
}

static status read_references(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct policy *policy = object;

	/* An empty list would judge nobody, or everybody wrong: neither can be meant. */
	if (value->type != YAML_SEQUENCE_NODE || yaml_sequence_count(value) == 0 ||
	    yaml_sequence_count(value) > POLICY_REFERENCE_COUNT_MAX)
		return yaml_fault(file, value, "a list of 1 to 256 reference values");
	policy->has_references = true;
	policy->reference_count = yaml_sequence_count(value);
	for (size_t i = 0; i < policy->reference_count; i++)
		TRY(read_reference(file, yaml_sequence_entry(file, value, i), &policy->references[i]));
	return STATUS_OK;
}

status policy_references_read(struct yaml_file *file, yaml_node_t *list, struct policy_reference **ret_references,
			      size_t *ret_count)
{
	size_t count = yaml_sequence_count(list);
	struct policy_reference *references;

	if (count == 0 || count > POLICY_REFERENCE_COUNT_MAX)
		return yaml_fault(file, list, "a list of 1 to 256 reference values");
	references = calloc(count, sizeof *references);
	if (references == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	for (size_t i = 0; i < count; i++) {
		status result = read_reference(file, yaml_sequence_entry(file, list, i), &references[i]);

		if (result != STATUS_OK) {
			free(references);
			return result;
		}
	}
	*ret_references = references;
	*ret_count = count;
	return STATUS_OK;
}

bool policy_references_fit(const struct policy_reference *references, size_t count,
			   const uint8_t mrenclave[SGX_HASH_SIZE], const uint8_t mrsigner[SGX_HASH_SIZE],
			   uint16_t isv_prod_id, uint16_t isv_svn)
{
	for (size_t i = 0; i < count; i++) {
		const struct policy_reference *reference = &references[i];

		if (!reference->is_signer && memcmp(reference->hash, mrenclave, SGX_HASH_SIZE) == 0)
			return true;
		if (reference->is_signer && memcmp(reference->hash, mrsigner, SGX_HASH_SIZE) == 0 &&
		    reference->isv_prod_id == isv_prod_id && isv_svn >= reference->isv_svn_min)
			return true;
	}
	return false;
}

static status read_tcb_status(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct policy *policy = object;

	if (value->type != YAML_SEQUENCE_NODE)
		return yaml_fault(file, value, "a list of TCB statuses");
	for (size_t i = 0; i < yaml_sequence_count(value); i++) {
		yaml_node_t *entry = yaml_sequence_entry(file, value, i);
		const char *name = yaml_scalar(entry);
		enum tcb_status tcb;

		if (name == NULL || tcb_status_from_name(name, &tcb) != STATUS_OK || tcb == TCB_REVOKED)
			return yaml_fault(file, entry,
					  "a TCB status of Intel's, such as SWHardeningNeeded (never Revoked)");
		policy->accepted_status[tcb] = true;
	}
	return STATUS_OK;
}

static status read_advisories(struct yaml_file *file, yaml_node_t *value, void *object)
{
	struct policy *policy = object;

	if (value->type != YAML_SEQUENCE_NODE || yaml_sequence_count(value) > POLICY_ADVISORY_COUNT_MAX)
		return yaml_fault(file, value, "a list of at most 128 advisories");
	policy->has_advisories = true;
	for (size_t i = 0; i < yaml_sequence_count(value); i++) {
		yaml_node_t *entry = yaml_sequence_entry(file, value, i);
		const char *name = yaml_scalar(entry);

		if (name == NULL || name[0] == '\0' || strlen(name) >= POLICY_ADVISORY_SIZE)
			return yaml_fault(file, entry, "an advisory's ID, such as INTEL-SA-00615,");
		snprintf(policy->advisories[policy->advisory_count++], POLICY_ADVISORY_SIZE, "%s", name);
	}
	return STATUS_OK;
}

static status read_accept_debug(struct yaml_file *file, yaml_node_t *value, void *object)
{
	return yaml_bool(file, value, &((struct policy *)object)->accept_debug);
}

static status read_expired(struct yaml_file *file, yaml_node_t *value, void *object)
{
	const char *text = yaml_scalar(value);
	char *end = NULL;

	unsigned long days = text != NULL && text[0] >= '0' && text[0] <= '9' ? strtoul(text, &end, 10) : 0;
	if (end == NULL || strcmp(end, "d") != 0 || days > POLICY_EXPIRED_DAYS_MAX)
		return yaml_fault(file, value, "a number of days from 0d to 92d");
	((struct policy *)object)->expired_seconds = (int64_t)days * 24 * 3600;
	return STATUS_OK;
}

static status read_evaluation_number(struct yaml_file *file, yaml_node_t *value, void *object)
{
	uint64_t number;

	TRY(yaml_number(file, value, UINT32_MAX, &number));
	((struct policy *)object)->evaluation_number_min = (int64_t)number;
	return STATUS_OK;
}

static status read_document(struct yaml_file *file, struct policy *policy)
{
	static const struct yaml_key keys[] = {
		{"reference_values", read_references},	     {"accept_tcb_status", read_tcb_status},
		{"accept_advisories", read_advisories},	     {"accept_debug", read_accept_debug},
		{"accept_expired_collateral", read_expired}, {"minimum_tcb_evaluation_number", read_evaluation_number},
	};
	yaml_node_t *root = yaml_file_root(file);

	/* Nothing but comments: the strict policy. */
	if (root == NULL)
		return STATUS_OK;
	return yaml_mapping_read(file, root, keys, sizeof keys / sizeof *keys, policy);
}

void policy_init(struct policy *policy)
{
	*policy = (struct policy){0};
	policy->accepted_status[TCB_UP_TO_DATE] = true;
}

status policy_parse(struct policy *policy, struct span yaml)
{
	struct policy read;
	struct yaml_file file;

	policy_init(&read);
	TRY(yaml_file_init(&file, "the policy", yaml, POLICY_SIZE_MAX));
	status result = read_document(&file, &read);
	yaml_file_deinit(&file);
	if (result == STATUS_OK)
		*policy = read;
	return result;
}
