/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "verifier/appraisal/pck.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/objects.h>

#include "base/report.h"
#include "verifier/appraisal/certificate.h"

/* Members of the extension, by the last number of their OIDs. */
enum {
	MEMBER_TCB = 2,
	MEMBER_PCEID = 3,
	MEMBER_FMSPC = 4,
	TCB_PCESVN = 17,
	TCB_CPUSVN = 18,
	/* More than either sequence has, less than what would take long. */
	MEMBER_COUNT_MAX = 32,
};

static const char extension_oid[] = "1.2.840.113741.1.13.1";

static void members_free(ASN1_SEQUENCE_ANY *members)
{
	sk_ASN1_TYPE_pop_free(members, ASN1_TYPE_free);
}

static void members_deinit(ASN1_SEQUENCE_ANY **members)
{
	members_free(*members);
}

#define CLEANUP_MEMBERS __attribute__((cleanup(members_deinit)))

/* A whole SEQUENCE of at most MEMBER_COUNT_MAX members; NULL if it isn't one. */
static ASN1_SEQUENCE_ANY *sequence_open(const uint8_t *data, int size)
{
	const unsigned char *end = data;
	ASN1_SEQUENCE_ANY *members = size > 0 ? d2i_ASN1_SEQUENCE_ANY(NULL, &end, size) : NULL;

	if (members != NULL && (end != data + size || sk_ASN1_TYPE_num(members) > MEMBER_COUNT_MAX)) {
		members_free(members);
		return NULL;
	}
	return members;
}

static ASN1_SEQUENCE_ANY *member_open(const ASN1_TYPE *member)
{
	if (ASN1_TYPE_get(member) != V_ASN1_SEQUENCE)
		return NULL;
	return sequence_open(ASN1_STRING_get0_data(member->value.sequence), ASN1_STRING_length(member->value.sequence));
}

/* The last number of an OID that is `parent` and one number more; -1: another OID. */
static int oid_last(const ASN1_TYPE *member, const char *parent)
{
	char text[96];
	char *end;

	if (ASN1_TYPE_get(member) != V_ASN1_OBJECT)
		return -1;
	int size = OBJ_obj2txt(text, sizeof text, member->value.object, 1);
	size_t parent_size = strlen(parent);
	if (size <= 0 || size >= (int)sizeof text || strncmp(text, parent, parent_size) != 0 ||
	    text[parent_size] != '.')
		return -1;
	/* Digits by OBJ_obj2txt(); a very large number is cut to one that nobody knows. */
	long last = strtol(text + parent_size + 1, &end, 10);
	return *end == '\0' && end != text + parent_size + 1 && last <= MEMBER_COUNT_MAX ? (int)last : -1;
}

static bool octets(const ASN1_TYPE *value, uint8_t *ret_bytes, int size)
{
	if (ASN1_TYPE_get(value) != V_ASN1_OCTET_STRING || ASN1_STRING_length(value->value.octet_string) != size)
		return false;
	memcpy(ret_bytes, ASN1_STRING_get0_data(value->value.octet_string), (size_t)size);
	return true;
}

static bool number(const ASN1_TYPE *value, uint64_t max, uint64_t *ret_number)
{
	uint64_t found;

	if (ASN1_TYPE_get(value) != V_ASN1_INTEGER || ASN1_INTEGER_get_uint64(&found, value->value.integer) != 1 ||
	    found > max)
		return false;
	*ret_number = found;
	return true;
}

/* One visit per member of a SEQUENCE of (OID, value) pairs; each OID once. */
typedef bool (*member_visit)(struct pck *pck, int last, const ASN1_TYPE *value);

static bool members_visit(const ASN1_SEQUENCE_ANY *members, const char *parent, member_visit visit, struct pck *pck,
			  uint32_t *ret_seen)
{
	uint32_t seen = 0;

	for (int i = 0; i < sk_ASN1_TYPE_num(members); i++) {
		ASN1_SEQUENCE_ANY *pair CLEANUP_MEMBERS = member_open(sk_ASN1_TYPE_value(members, i));

		if (pair == NULL || sk_ASN1_TYPE_num(pair) != 2)
			return false;
		int last = oid_last(sk_ASN1_TYPE_value(pair, 0), parent);
		if (last < 0 || last > 31 || (seen & UINT32_C(1) << last) != 0)
			return false;
		seen |= UINT32_C(1) << last;
		if (!visit(pck, last, sk_ASN1_TYPE_value(pair, 1)))
			return false;
	}
	*ret_seen = seen;
	return true;
}

static bool visit_tcb_member(struct pck *pck, int last, const ASN1_TYPE *value)
{
	uint64_t found = 0;

	if (last >= 1 && last <= PCK_COMPONENT_COUNT) {
		if (!number(value, UINT8_MAX, &found))
			return false;
		pck->components[last - 1] = (uint8_t)found;
	} else if (last == TCB_PCESVN) {
		if (!number(value, UINT16_MAX, &found))
			return false;
		pck->pcesvn = (uint16_t)found;
	} else if (last == TCB_CPUSVN) {
		return octets(value, pck->cpusvn, sizeof pck->cpusvn);
	}
	return true;
}

static bool tcb_open(struct pck *pck, const ASN1_TYPE *value)
{
	/* The sixteen components, PCESVN and CPUSVN: bits 1 to 18. */
	const uint32_t needed = (UINT32_C(1) << (TCB_CPUSVN + 1)) - 2;
	ASN1_SEQUENCE_ANY *members CLEANUP_MEMBERS = member_open(value);
	uint32_t seen;

	return members != NULL && members_visit(members, "1.2.840.113741.1.13.1.2", visit_tcb_member, pck, &seen) &&
	       (seen & needed) == needed;
}

static bool visit_member(struct pck *pck, int last, const ASN1_TYPE *value)
{
	switch (last) {
	case MEMBER_TCB: return tcb_open(pck, value);
	case MEMBER_PCEID: return octets(value, pck->pceid, sizeof pck->pceid);
	case MEMBER_FMSPC: return octets(value, pck->fmspc, sizeof pck->fmspc);
	default: return true; /* PPID, SGX type, platform instance and its configuration: nothing hangs on them */
	}
}

static const ASN1_OCTET_STRING *extension_find(const X509 *certificate)
{
	ASN1_OBJECT *oid = OBJ_txt2obj(extension_oid, 1);
	int place = oid != NULL ? X509_get_ext_by_OBJ(certificate, oid, -1) : -1;
	int second = place >= 0 ? X509_get_ext_by_OBJ(certificate, oid, place) : -1;

	ASN1_OBJECT_free(oid);
	return place >= 0 && second < 0 ? X509_EXTENSION_get_data(X509_get_ext(certificate, place)) : NULL;
}

status pck_from_certificate(const X509 *certificate, struct pck *ret_pck)
{
	const uint32_t needed = 1 << MEMBER_TCB | 1 << MEMBER_PCEID | 1 << MEMBER_FMSPC;
	const ASN1_OCTET_STRING *extension = extension_find(certificate);
	struct pck pck = {0};
	uint32_t seen = 0;

	if (extension == NULL)
		return report(STATUS_MALFORMED, "the PCK certificate hasn't exactly one SGX extension (%s)",
			      extension_oid);
	ASN1_SEQUENCE_ANY *members CLEANUP_MEMBERS =
		sequence_open(ASN1_STRING_get0_data(extension), ASN1_STRING_length(extension));
	bool fits = members != NULL && members_visit(members, extension_oid, visit_member, &pck, &seen) &&
		    (seen & needed) == needed;
	ERR_clear_error();
	if (!fits)
		return report(STATUS_MALFORMED,
			      "the PCK certificate's SGX extension is broken, or lacks the TCB, PCEID or FMSPC");
	if (certificate_key(certificate, pck.key) != STATUS_OK)
		return report(STATUS_MALFORMED, "the PCK isn't a P-256 key");
	*ret_pck = pck;
	return STATUS_OK;
}
