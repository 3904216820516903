/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/collateral.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/report.h"
#include "base/whole-file.h"
#include "verifier/appraisal/instant.h"
#include "verifier/grants/keys.h"

static const char *const status_names[TCB_STATUS_COUNT] = {
	[TCB_UP_TO_DATE] = "UpToDate",
	[TCB_SW_HARDENING_NEEDED] = "SWHardeningNeeded",
	[TCB_CONFIGURATION_NEEDED] = "ConfigurationNeeded",
	[TCB_CONFIGURATION_AND_SW_HARDENING_NEEDED] = "ConfigurationAndSWHardeningNeeded",
	[TCB_OUT_OF_DATE] = "OutOfDate",
	[TCB_OUT_OF_DATE_CONFIGURATION_NEEDED] = "OutOfDateConfigurationNeeded",
	[TCB_REVOKED] = "Revoked",
};

const char *tcb_status_name(enum tcb_status tcb)
{
	return status_names[tcb];
}

status tcb_status_from_name(const char *name, enum tcb_status *ret_tcb)
{
	for (int i = 0; i < TCB_STATUS_COUNT; i++)
		if (strcmp(name, status_names[i]) == 0) {
			*ret_tcb = (enum tcb_status)i;
			return STATUS_OK;
		}
	return STATUS_MISSING;
}

/* Every member of these documents is asked for through the following: a fault is said with
 * its name, once. */

static status bad_member(const char *name, const char *what)
{
	return report(STATUS_MALFORMED, "the collateral's member `%s` %s", name, what);
}

static status member_string(const json_t *object, const char *name, const char **ret_text)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_string(member) || json_string_length(member) != strlen(json_string_value(member)))
		return bad_member(name, "is missing, or no string");
	*ret_text = json_string_value(member);
	return STATUS_OK;
}

static status member_number(const json_t *object, const char *name, int64_t max, int64_t *ret_number)
{
	const json_t *member = json_object_get(object, name);

	if (!json_is_integer(member) || json_integer_value(member) < 0 || json_integer_value(member) > max)
		return bad_member(name, "is missing, or no number in its range");
	*ret_number = json_integer_value(member);
	return STATUS_OK;
}

static status member_hex(const json_t *object, const char *name, uint8_t *ret_bytes, size_t size)
{
	const char *text;

	TRY(member_string(object, name, &text));
	if (strlen(text) != 2 * size || key_from_hex(text, ret_bytes, size) != STATUS_OK)
		return bad_member(name, "isn't in hexadecimal, or not of its length");
	return STATUS_OK;
}

static status member_hex_u32(const json_t *object, const char *name, uint32_t *ret_number)
{
	uint8_t bytes[4];

	/* MISCSELECT is written as a number is, not as memory is. */
	TRY(member_hex(object, name, bytes, sizeof bytes));
	*ret_number = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
	return STATUS_OK;
}

static status member_instant(const json_t *object, const char *name, time_t *ret_instant)
{
	const char *text;

	TRY(member_string(object, name, &text));
	if (instant_parse(text, ret_instant) != STATUS_OK)
		return bad_member(name, "isn't a time such as 2025-06-20T00:00:00Z");
	return STATUS_OK;
}

static status level_components(const json_t *tcb, int64_t version, struct tcb_level *level)
{
	const json_t *list = json_object_get(tcb, "sgxtcbcomponents");
	int64_t svn;

	if (version >= 3 && (!json_is_array(list) || json_array_size(list) != PCK_COMPONENT_COUNT))
		return bad_member("sgxtcbcomponents", "isn't an array of 16");
	for (size_t i = 0; i < PCK_COMPONENT_COUNT; i++) {
		char name[24];

		snprintf(name, sizeof name, "sgxtcbcomp%02zusvn", i + 1);
		if (version >= 3)
			TRY(member_number(json_array_get(list, i), "svn", UINT8_MAX, &svn));
		else
			TRY(member_number(tcb, name, UINT8_MAX, &svn));
		level->components[i] = (uint8_t)svn;
	}
	return STATUS_OK;
}

static status level_advisories(const json_t *object, struct tcb_level *level)
{
	json_t *list = json_object_get(object, "advisoryIDs");
	size_t i;
	json_t *entry;

	level->advisories = list;
	if (list == NULL)
		return STATUS_OK;
	if (!json_is_array(list) || json_array_size(list) > COLLATERAL_ADVISORY_COUNT_MAX)
		return bad_member("advisoryIDs", "isn't an array, or a very long one");
	json_array_foreach(list, i, entry) if (!json_is_string(entry)) return bad_member(
		"advisoryIDs", "holds something that is no string");
	return STATUS_OK;
}

static status level_parse(const json_t *object, int64_t version, bool is_info, struct tcb_level *level)
{
	const json_t *tcb = json_object_get(object, "tcb");
	const char *name;
	int64_t svn;

	if (!json_is_object(tcb))
		return bad_member("tcb", "is missing, or no object");
	if (is_info)
		TRY(level_components(tcb, version, level));
	TRY(member_number(tcb, is_info ? "pcesvn" : "isvsvn", UINT16_MAX, &svn));
	level->svn = (uint16_t)svn;
	TRY(member_string(object, "tcbStatus", &name));
	if (tcb_status_from_name(name, &level->tcb) != STATUS_OK)
		return bad_member("tcbStatus", "is none that Intel has defined");
	TRY(member_instant(object, "tcbDate", &level->date));
	return level_advisories(object, level);
}

static status body_levels(struct collateral_body *body, bool is_info)
{
	const json_t *list = json_object_get(body->signed_part, "tcbLevels");

	if (!json_is_array(list) || json_array_size(list) == 0 || json_array_size(list) > COLLATERAL_LEVEL_COUNT_MAX)
		return bad_member("tcbLevels", "isn't an array of 1 to 256 levels");
	body->level_count = json_array_size(list);
	for (size_t i = 0; i < body->level_count; i++)
		TRY(level_parse(json_array_get(list, i), body->version, is_info, &body->levels[i]));
	return STATUS_OK;
}

/* Intel signs the compact form, members in the order served: what Jansson writes from what
 * it read. What is verified is thereby exactly what is used, whatever spaces a cache put in. */
static status body_signed_bytes(struct collateral_body *body)
{
	char *text = json_dumps(body->signed_part, JSON_COMPACT | JSON_PRESERVE_ORDER);

	if (text == NULL)
		return report(STATUS_NO_MEMORY, "out of memory");
	body->signed_bytes = (struct span){(const uint8_t *)text, strlen(text)};
	return STATUS_OK;
}

/* What it is: its version tells which members there are, so nothing else is asked for before that is known. */
static status body_open(struct collateral_body *body, struct span json, const char *name, const char *old_name)
{
	json_error_t error;

	if (json.size > COLLATERAL_JSON_SIZE_MAX)
		return report(STATUS_MALFORMED, "collateral of %zu bytes: at most %d are read", json.size,
			      COLLATERAL_JSON_SIZE_MAX);
	body->document = json_loadb((const char *)json.data, json.size, JSON_REJECT_DUPLICATES, &error);
	if (body->document == NULL)
		return report(STATUS_MALFORMED, "the collateral isn't JSON: line %d: %s", error.line, error.text);
	body->signed_part = json_object_get(body->document, name);
	if (body->signed_part == NULL && old_name != NULL)
		body->signed_part = json_object_get(body->document, old_name);
	if (!json_is_object(body->signed_part))
		return bad_member(name, "is missing, or no object");
	return member_number(body->signed_part, "version", UINT16_MAX, &body->version);
}

/* Of a version that is known. */
static status body_parse(struct collateral_body *body)
{
	TRY(member_hex(body->document, "signature", body->signature, sizeof body->signature));
	TRY(member_instant(body->signed_part, "issueDate", &body->issued));
	TRY(member_instant(body->signed_part, "nextUpdate", &body->next_update));
	TRY(member_number(body->signed_part, "tcbEvaluationDataNumber", UINT32_MAX, &body->evaluation_number));
	return body_signed_bytes(body);
}

static void body_deinit(struct collateral_body *body)
{
	json_decref(body->document);
	free((void *)body->signed_bytes.data);
}

__attribute__((format(printf, 2, 3))) static status unsupported(struct collateral_body *body, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(body->unsupported, sizeof body->unsupported, format, arguments);
	va_end(arguments);
	/* Nobody has signed what it quotes: it must neither end a line nor break JSON. */
	for (char *place = body->unsupported; *place != '\0'; place++)
		if (*place < ' ' || *place > '~')
			*place = '?';
	return STATUS_OK;
}

static status info_parse(struct tcb_info *info, struct span json)
{
	struct collateral_body *body = &info->body;
	const char *id = "SGX";
	int64_t type;

	TRY(body_open(body, json, "tcbInfo", NULL));
	if (body->version != 2 && body->version != 3)
		return unsupported(body, "TCB info of version %lld: 2 and 3 are known", (long long)body->version);
	if (body->version == 3)
		TRY(member_string(body->signed_part, "id", &id));
	if (strcmp(id, "SGX") != 0)
		return unsupported(body, "TCB info for %.16s, not for SGX", id);
	TRY(body_parse(body));
	TRY(member_number(body->signed_part, "tcbType", UINT16_MAX, &type));
	if (type != 0)
		return unsupported(body, "TCB info of type %lld: only 0 says how its levels are compared",
				   (long long)type);
	TRY(member_hex(body->signed_part, "fmspc", info->fmspc, sizeof info->fmspc));
	TRY(member_hex(body->signed_part, "pceId", info->pceid, sizeof info->pceid));
	return body_levels(body, true);
}

status tcb_info_init(struct tcb_info *info, struct span json)
{
	memset(info, 0, sizeof *info);
	status result = info_parse(info, json);
	if (result != STATUS_OK)
		tcb_info_deinit(info);
	return result;
}

void tcb_info_deinit(struct tcb_info *info)
{
	body_deinit(&info->body);
	memset(info, 0, sizeof *info);
}

static status identity_parse(struct qe_identity *identity, struct span json)
{
	struct collateral_body *body = &identity->body;
	const char *id;
	int64_t product;

	/* Version 1 had another name, and no `id`. */
	TRY(body_open(body, json, "enclaveIdentity", "qeIdentity"));
	if (body->version != 2 || json_object_get(body->document, "enclaveIdentity") == NULL)
		return unsupported(body, "an identity of version %lld%s: 2 is known", (long long)body->version,
				   body->version == 2 ? " in the form of version 1" : "");
	TRY(member_string(body->signed_part, "id", &id));
	if (strcmp(id, "QE") != 0)
		return unsupported(body, "an identity of %.16s, not of QE", id);
	TRY(body_parse(body));
	TRY(member_hex_u32(body->signed_part, "miscselect", &identity->misc_select));
	TRY(member_hex_u32(body->signed_part, "miscselectMask", &identity->misc_mask));
	TRY(member_hex(body->signed_part, "attributes", identity->attributes, sizeof identity->attributes));
	TRY(member_hex(body->signed_part, "attributesMask", identity->attributes_mask,
		       sizeof identity->attributes_mask));
	TRY(member_hex(body->signed_part, "mrsigner", identity->mrsigner, sizeof identity->mrsigner));
	TRY(member_number(body->signed_part, "isvprodid", UINT16_MAX, &product));
	identity->isv_prod_id = (uint16_t)product;
	return body_levels(body, false);
}

status qe_identity_init(struct qe_identity *identity, struct span json)
{
	memset(identity, 0, sizeof *identity);
	status result = identity_parse(identity, json);
	if (result != STATUS_OK)
		qe_identity_deinit(identity);
	return result;
}

void qe_identity_deinit(struct qe_identity *identity)
{
	body_deinit(&identity->body);
	memset(identity, 0, sizeof *identity);
}

static void span_free(struct span *bytes)
{
	free((void *)bytes->data);
}

/* Read one file and hand its bytes to `parse`; a fault in them is preceded by its path. */
static status file_parse(const char *directory, const char *name, void *ret_object,
			 status (*parse)(void *object, struct span bytes, const char *path))
{
	__attribute__((cleanup(span_free))) struct span bytes = {0};
	char path[4096];

	if ((size_t)snprintf(path, sizeof path, "%s/%s", directory, name) >= sizeof path)
		return report(STATUS_USAGE, "the path of the collateral's directory is too long");
	TRY(whole_file_read(path, &bytes));
	status result = parse(ret_object, bytes, path);
	if (status_is_fault(result))
		return report(result, "%s can't be used", path);
	return result;
}

static status parse_info(void *object, struct span bytes, const char *path)
{
	(void)path;
	return tcb_info_init(object, bytes);
}

static status parse_identity(void *object, struct span bytes, const char *path)
{
	(void)path;
	return qe_identity_init(object, bytes);
}

static status parse_chain(void *object, struct span bytes, const char *path)
{
	return certificate_chain_init(object, bytes, path);
}

static status parse_crl(void *object, struct span bytes, const char *path)
{
	return certificate_crl_parse(bytes, path, object);
}

static status files_parse(struct collateral *collateral, const char *directory)
{
	TRY(file_parse(directory, "tcb_info.json", &collateral->tcb_info, parse_info));
	TRY(file_parse(directory, "qe_identity.json", &collateral->qe_identity, parse_identity));
	TRY(file_parse(directory, "tcb_info_issuer_chain.pem", &collateral->tcb_info_chain, parse_chain));
	TRY(file_parse(directory, "qe_identity_issuer_chain.pem", &collateral->qe_identity_chain, parse_chain));
	TRY(file_parse(directory, "pck_crl_issuer_chain.pem", &collateral->pck_crl_chain, parse_chain));
	TRY(file_parse(directory, "pck_crl.der", &collateral->pck_crl, parse_crl));
	return file_parse(directory, "root_ca_crl.der", &collateral->root_crl, parse_crl);
}

status collateral_init(struct collateral *collateral, const char *directory)
{
	memset(collateral, 0, sizeof *collateral);
	status result = files_parse(collateral, directory);
	if (result != STATUS_OK)
		collateral_deinit(collateral);
	return result;
}

void collateral_deinit(struct collateral *collateral)
{
	tcb_info_deinit(&collateral->tcb_info);
	qe_identity_deinit(&collateral->qe_identity);
	certificate_chain_deinit(&collateral->tcb_info_chain);
	certificate_chain_deinit(&collateral->qe_identity_chain);
	certificate_chain_deinit(&collateral->pck_crl_chain);
	X509_CRL_free(collateral->pck_crl);
	X509_CRL_free(collateral->root_crl);
	memset(collateral, 0, sizeof *collateral);
}
