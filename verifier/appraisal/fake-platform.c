/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/conf.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "verifier/appraisal/fake-platform.h"

enum { SECOND = 1, DAY = 24 * 3600, NOON = 1750420800 /* 2025-06-20T12:00:00Z */ };

const struct fake_wishes fake_wishes = {
	.pck_name = "Intel SGX PCK Certificate",
	.ca_name = "Intel SGX PCK Platform CA",
	.signing_name = "Intel SGX TCB Signing",
	.root_name = "Intel SGX Root CA",
	.valid_from = NOON - 100 * DAY,
	.valid_until = NOON + 100 * DAY,
	.crl_from = NOON - 100 * DAY,
	.reissued_until = NOON + 50 * DAY,
	.crl_until = NOON + 10 * DAY,
	.fmspc = "00606A000000",
	.pceid = "0000",
	.component = 7,
	.pcesvn = 13,
	.platform_status = "UpToDate",
	.qe_status = "UpToDate",
	.info_fmspc = "00606A000000",
	.info_version = 3,
	.level_component = 7,
	.level_pcesvn = 13,
	.qe_level_svn = 8,
	.info_issued = "2025-06-10T00:00:00Z",
	.info_until = "2025-07-10T00:00:00Z",
	.qe_until = "2025-07-10T00:00:00Z",
	.version = 3,
	.key_type = 2,
	.certification = 5,
	.outer_certification = 6,
	.vendor_byte = 0x93,
	.flags = SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT,
	.mrenclave_byte = 0xe1,
	.qe_svn = 8,
	.qe_product = 1,
	.qe_mrsigner_byte = 0x8c,
	.qe_flags = SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_PROVISION_KEY,
};

struct party {
	EVP_PKEY *key;
	X509 *certificate;
};

struct fake_cast {
	struct party root, ca, pck, signing;
	X509 *reissued; /* the root's name, serial number and key */
	EVP_PKEY *attestation, *other;
};

static void add_extension(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX context;

	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	assert_non_null(extension);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
}

static void replace(char *text, size_t size, const char *find, const char *with)
{
	char *rest, *place;

	if (find == NULL)
		return;
	place = strstr(text, find);
	assert_non_null(place);
	rest = strdup(place + strlen(find));
	assert_true((size_t)snprintf(place, size - (size_t)(place - text), "%s%s", with, rest) <
		    size - (size_t)(place - text));
	free(rest);
}

int fake_component(int least, int number)
{
	return least + 5 * number % 16;
}

/* The SGX extension in the notation of OpenSSL's ASN1_generate_v3(). */
static void add_sgx_extension(X509 *certificate, const struct fake_wishes *wishes)
{
	char text[8192];
	size_t used = 0;
	BIO *bio;
	long line;

#define PUT(...) (used += (size_t)snprintf(text + used, sizeof text - used, __VA_ARGS__))
	PUT("[all]\nppid=SEQUENCE:ppid\n");
	if (!wishes->without_tcb)
		PUT("tcb=SEQUENCE:tcb\n");
	PUT("pceid=SEQUENCE:pceid\nfmspc=SEQUENCE:fmspc\n");
	if (wishes->double_fmspc)
		PUT("fmspc2=SEQUENCE:fmspc\n");
	PUT("[ppid]\no=OID:1.2.840.113741.1.13.1.1\nv=FORMAT:HEX,OCTETSTRING:00112233445566778899aabbccddeeff\n");
	PUT("[pceid]\no=OID:1.2.840.113741.1.13.1.3\nv=FORMAT:HEX,OCTETSTRING:%s\n", wishes->pceid);
	PUT("[fmspc]\no=OID:1.2.840.113741.1.13.1.4\nv=FORMAT:HEX,OCTETSTRING:%s\n", wishes->fmspc);
	PUT("[tcb]\no=OID:1.2.840.113741.1.13.1.2\nv=SEQUENCE:levels\n[levels]\n");
	for (int i = 1; i <= 18; i++)
		if (i != 5 || !wishes->component_missing)
			PUT("l%d=SEQUENCE:l%d\n", i, i);
	for (int i = 1; i <= 17; i++)
		PUT("[l%d]\no=OID:1.2.840.113741.1.13.1.2.%d\nv=INTEGER:%d\n", i, i,
		    i == 17 ? wishes->pcesvn : fake_component(wishes->component, i));
	PUT("[l18]\no=OID:1.2.840.113741.1.13.1.2.18\nv=FORMAT:HEX,OCTETSTRING:07070707070707070707070707070707\n");
#undef PUT
	replace(text, sizeof text, wishes->extension_find, wishes->extension_replace);
	bio = BIO_new_mem_buf(text, -1);
	CONF *conf = NCONF_new(NULL);
	assert_int_equal(NCONF_load_bio(conf, bio, &line), 1);
	ASN1_TYPE *value = ASN1_generate_nconf("SEQUENCE:all", conf);
	assert_non_null(value);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	ASN1_OCTET_STRING_set(octets, ASN1_STRING_get0_data(value->value.sequence),
			      ASN1_STRING_length(value->value.sequence));
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.840.113741.1.13.1", 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, octets);
	assert_int_equal(X509_add_ext(certificate, extension, -1), 1);
	X509_EXTENSION_free(extension);
	ASN1_OBJECT_free(oid);
	ASN1_OCTET_STRING_free(octets);
	ASN1_TYPE_free(value);
	NCONF_free(conf);
	BIO_free(bio);
}

/* An extension that nobody knows, and that must be. */
static X509_EXTENSION *unknown_extension(void)
{
	ASN1_OBJECT *oid = OBJ_txt2obj("1.2.3.4.5.6.7", 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();

	ASN1_OCTET_STRING_set(octets, (const unsigned char *)"\5", 1);
	X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, 1, octets);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(oid);
	return extension;
}

static void add_extensions(X509 *certificate, X509 *issuer, enum fake_party who, const struct fake_wishes *wishes)
{
	const bool is_ca = who == FAKE_ROOT || who == FAKE_CA, is_odd = who == wishes->odd;
	const char *constraints = is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE";
	const char *usage = is_ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature,nonRepudiation";

	add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
	add_extension(certificate, issuer, NID_authority_key_identifier, "keyid:always");
	add_extension(certificate, NULL, NID_basic_constraints,
		      is_odd && wishes->odd_constraints != NULL ? wishes->odd_constraints : constraints);
	add_extension(certificate, NULL, NID_key_usage,
		      is_odd && wishes->odd_usage != NULL ? wishes->odd_usage : usage);
	if (who == FAKE_PCK)
		add_sgx_extension(certificate, wishes);
	if (is_odd && wishes->odd_has_unknown_critical) {
		X509_EXTENSION *extension = unknown_extension();

		X509_add_ext(certificate, extension, -1);
		X509_EXTENSION_free(extension);
	}
}

static void party_init(struct party *party, const struct party *issuer, const char *name, enum fake_party who,
		       const struct fake_wishes *wishes)
{
	const bool is_odd = who == wishes->odd;
	X509 *certificate = X509_new();
	X509_NAME *subject = X509_get_subject_name(certificate);
	EVP_PKEY *other = EVP_EC_gen("P-256");

	party->key = EVP_EC_gen(is_odd && wishes->odd_curve != NULL ? wishes->odd_curve : "P-256");
	party->certificate = certificate;
	if (issuer == NULL)
		issuer = party;
	if (is_odd && wishes->odd_name != NULL)
		name = wishes->odd_name;
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), who);
	ASN1_TIME_set(X509_getm_notBefore(certificate),
		      is_odd && wishes->odd_from != 0 ? wishes->odd_from : wishes->valid_from);
	ASN1_TIME_set(X509_getm_notAfter(certificate),
		      is_odd && wishes->odd_until != 0 ? wishes->odd_until : wishes->valid_until);
	X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_issuer_name(certificate, X509_get_subject_name(issuer->certificate));
	X509_set_pubkey(certificate, party->key);
	add_extensions(certificate, issuer->certificate, who, wishes);
	assert_true(X509_sign(certificate, is_odd && wishes->odd_signed_by_other ? other : issuer->key, EVP_sha256()) >
		    0);
	EVP_PKEY_free(other);
}

static void party_deinit(struct party *party)
{
	EVP_PKEY_free(party->key);
	X509_free(party->certificate);
}

static X509 *reissue(const struct party *party, time_t until)
{
	X509 *certificate = X509_dup(party->certificate);

	assert_non_null(certificate);
	ASN1_TIME_set(X509_getm_notAfter(certificate), until);
	assert_true(X509_sign(certificate, party->key, EVP_sha256()) > 0);
	return certificate;
}

static void cast_init(struct fake_cast *cast, const struct fake_wishes *wishes)
{
	party_init(&cast->root, NULL, wishes->root_name, FAKE_ROOT, wishes);
	party_init(&cast->ca, &cast->root, wishes->ca_name, FAKE_CA, wishes);
	party_init(&cast->signing, &cast->root, wishes->signing_name, FAKE_SIGNING, wishes);
	party_init(&cast->pck, &cast->ca, wishes->pck_name, FAKE_PCK, wishes);
	cast->reissued = reissue(&cast->root, wishes->reissued_until);
	cast->attestation = EVP_EC_gen("P-256");
	cast->other = EVP_EC_gen("P-256");
}

static void cast_deinit(struct fake_cast *cast)
{
	party_deinit(&cast->root);
	party_deinit(&cast->ca);
	party_deinit(&cast->signing);
	X509_free(cast->reissued);
	party_deinit(&cast->pck);
	EVP_PKEY_free(cast->attestation);
	EVP_PKEY_free(cast->other);
}

static X509_CRL *make_crl(const struct party *issuer, EVP_PKEY *signer, const X509 *revoked, const X509 *revoked2,
			  const struct fake_wishes *wishes)
{
	X509_CRL *crl = X509_CRL_new();
	const X509 *list[] = {revoked, revoked2};
	ASN1_TIME *time = ASN1_TIME_new();

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->certificate));
	ASN1_TIME_set(time, wishes->crl_from);
	X509_CRL_set1_lastUpdate(crl, time);
	for (int i = 0; i < 2; i++) {
		if (list[i] == NULL)
			continue;
		X509_REVOKED *entry = X509_REVOKED_new();
		ASN1_INTEGER *serial = ASN1_INTEGER_dup(X509_get0_serialNumber(list[i]));
		X509_REVOKED_set_serialNumber(entry, serial);
		X509_REVOKED_set_revocationDate(entry, time);
		X509_CRL_add0_revoked(crl, entry);
		ASN1_INTEGER_free(serial);
	}
	ASN1_TIME_set(time, wishes->crl_until);
	if (!wishes->crl_without_end)
		X509_CRL_set1_nextUpdate(crl, time);
	ASN1_TIME_free(time);
	X509V3_CTX context;
	X509V3_set_ctx(&context, issuer->certificate, NULL, NULL, crl, 0);
	X509_EXTENSION *key_id = X509V3_EXT_conf_nid(NULL, &context, NID_authority_key_identifier, "keyid:always");
	X509_CRL_add_ext(crl, key_id, -1);
	X509_EXTENSION_free(key_id);
	if (wishes->crl_critical_extension) {
		X509_EXTENSION *unknown = unknown_extension();

		X509_CRL_add_ext(crl, unknown, -1);
		X509_EXTENSION_free(unknown);
	}
	assert_true(X509_CRL_sign(crl, signer, EVP_sha256()) > 0);
	/* As it is read: OpenSSL looks at its extensions then. */
	unsigned char *der = NULL;
	int size = i2d_X509_CRL(crl, &der);
	const unsigned char *end = der;
	X509_CRL_free(crl);
	crl = d2i_X509_CRL(NULL, &end, size);
	assert_non_null(crl);
	OPENSSL_free(der);
	return crl;
}

/* r ‖ s of a signature that OpenSSL makes in DER. */
static void sign(EVP_PKEY *key, const void *data, size_t size, uint8_t ret_signature[QUOTE_SIGNATURE_SIZE])
{
	uint8_t der[128];
	size_t der_size = sizeof der;
	EVP_MD_CTX *context = EVP_MD_CTX_new();

	assert_int_equal(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key), 1);
	assert_int_equal(EVP_DigestSign(context, der, &der_size, data, size), 1);
	EVP_MD_CTX_free(context);
	const unsigned char *end = der;
	ECDSA_SIG *signature = d2i_ECDSA_SIG(NULL, &end, (long)der_size);
	BN_bn2binpad(ECDSA_SIG_get0_r(signature), ret_signature, 32);
	BN_bn2binpad(ECDSA_SIG_get0_s(signature), ret_signature + 32, 32);
	ECDSA_SIG_free(signature);
}

static void raw_key(EVP_PKEY *key, uint8_t ret_key[QUOTE_KEY_SIZE])
{
	uint8_t point[65];
	size_t size;

	assert_int_equal(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof point, &size), 1);
	assert_int_equal(size, 65);
	memcpy(ret_key, point + 1, QUOTE_KEY_SIZE);
}

/* "a.0.b=JSON": set that member; "a.0.b": take it out. */
static void change(json_t *object, const char *wish)
{
	char path[1024];
	char *value, *name, *dot;

	if (wish == NULL)
		return;
	snprintf(path, sizeof path, "%s", wish);
	value = strchr(path, '=');
	if (value != NULL)
		*value++ = '\0';
	name = path;
	while ((dot = strchr(name, '.')) != NULL) {
		*dot = '\0';
		object = json_is_array(object) ? json_array_get(object, strtoul(name, NULL, 10))
					       : json_object_get(object, name);
		assert_non_null(object);
		name = dot + 1;
	}
	if (value == NULL) {
		assert_int_equal(json_is_array(object) ? json_array_remove(object, strtoul(name, NULL, 10))
						       : json_object_del(object, name),
				 0);
		return;
	}
	json_t *new = json_loads(value, JSON_DECODE_ANY, NULL);
	assert_non_null(new);
	assert_int_equal(json_is_array(object) ? json_array_set_new(object, strtoul(name, NULL, 10), new)
					       : json_object_set_new(object, name, new),
			 0);
}

/* A signed document as the service sends it; *ret_text is freed by the caller. */
static void make_document(const char *name, json_t *part, EVP_PKEY *signer, const char *altered, char **ret_text)
{
	char *text = json_dumps(part, JSON_COMPACT);
	uint8_t signature[QUOTE_SIGNATURE_SIZE];
	char hex[2 * QUOTE_SIGNATURE_SIZE + 1];

	sign(signer, text, strlen(text), signature);
	for (size_t i = 0; i < QUOTE_SIGNATURE_SIZE; i++)
		snprintf(hex + (size_t)2 * i, 3, "%02x", signature[i]);
	if (altered != NULL) {
		json_object_set_new(part, altered, json_integer(99));
		free(text);
		text = json_dumps(part, JSON_COMPACT);
	}
	assert_true(asprintf(ret_text, "{\"%s\":%s,\"signature\":\"%s\"}", name, text, hex) > 0);
	free(text);
	json_decref(part);
}

static json_t *components(int version, int least, int pcesvn)
{
	json_t *tcb = json_object(), *list = json_array();

	for (int i = 1; i <= 16; i++) {
		const int svn = fake_component(least, i);
		char name[32];

		snprintf(name, sizeof name, "sgxtcbcomp%02dsvn", i);
		if (version == 2)
			json_object_set_new(tcb, name, json_integer(svn));
		json_array_append_new(list, json_pack("{s:i}", "svn", svn));
	}
	if (version == 3)
		json_object_set(tcb, "sgxtcbcomponents", list);
	json_decref(list);
	json_object_set_new(tcb, "pcesvn", json_integer(pcesvn));
	return tcb;
}

static void make_tcb_info(struct fake_platform *platform, const struct fake_cast *cast,
			  const struct fake_wishes *wishes)
{
	int version = wishes->info_version;
	json_t *best = json_pack("{s:o, s:s, s:s, s:[s]}", "tcb",
				 components(version, wishes->level_component, wishes->level_pcesvn), "tcbDate",
				 "2024-03-13T00:00:00Z", "tcbStatus", wishes->platform_status, "advisoryIDs",
				 "INTEL-SA-00615");
	json_t *old = json_pack("{s:o, s:s, s:s, s:[s,s]}", "tcb", components(version, 2, 5), "tcbDate",
				"2018-01-04T00:00:00Z", "tcbStatus", "OutOfDate", "advisoryIDs", "INTEL-SA-00106",
				"INTEL-SA-00615");
	json_t *info = json_pack("{s:s, s:i, s:s, s:s, s:s, s:s, s:i, s:i, s:[o,o]}", "id", "SGX", "version", version,
				 "issueDate", wishes->info_issued, "nextUpdate", wishes->info_until, "fmspc",
				 wishes->info_fmspc, "pceId", "0000", "tcbType", 0, "tcbEvaluationDataNumber", 17,
				 "tcbLevels", best, old);

	if (version == 2)
		json_object_del(info, "id");
	change(info, wishes->info_change);
	make_document("tcbInfo", info, wishes->info_signed_by_pck ? cast->pck.key : cast->signing.key,
		      wishes->info_altered ? "tcbEvaluationDataNumber" : NULL, &platform->tcb_info);
}

static void make_qe_identity(struct fake_platform *platform, const struct fake_cast *cast,
			     const struct fake_wishes *wishes)
{
	json_t *identity = json_pack(
		"{s:s, s:i, s:s, s:s, s:i, s:s, s:s, s:s, s:s, s:s, s:i, s:[{s:{s:i}, s:s, s:s}, {s:{s:i}, s:s, s:s, "
		"s:[s]}]}",
		"id", "QE", "version", 2, "issueDate", "2025-06-10T00:00:00Z", "nextUpdate", wishes->qe_until,
		"tcbEvaluationDataNumber", 17, "miscselect", "00000000", "miscselectMask", "FFFFFFFF", "attributes",
		"11000000000000000000000000000000", "attributesMask", "FBFFFFFFFFFFFFFF0000000000000000", "mrsigner",
		"8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFF", "isvprodid", 1, "tcbLevels", "tcb",
		"isvsvn", wishes->qe_level_svn, "tcbDate", "2024-03-13T00:00:00Z", "tcbStatus", wishes->qe_status,
		"tcb", "isvsvn", 5, "tcbDate", "2020-11-11T00:00:00Z", "tcbStatus", "OutOfDate", "advisoryIDs",
		"INTEL-SA-00477");

	assert_non_null(identity);
	change(identity, wishes->qe_change);
	make_document("enclaveIdentity", identity, cast->signing.key,
		      wishes->qe_altered ? "tcbEvaluationDataNumber" : NULL, &platform->qe_identity);
}

static size_t pem_put(uint8_t *place, size_t size, X509 *const *list, size_t count)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	for (size_t i = 0; i < count; i++)
		assert_int_equal(PEM_write_bio_X509(bio, list[i]), 1);
	long length = BIO_get_mem_data(bio, &data);
	assert_true(length > 0 && (size_t)length <= size);
	memcpy(place, data, (size_t)length);
	BIO_free(bio);
	return (size_t)length;
}

static void chain_make(struct certificate_chain *chain, X509 *leaf, X509 *root)
{
	X509 *const list[] = {leaf, root};
	static uint8_t pem[8192];
	size_t size = pem_put(pem, sizeof pem, list, 2);

	assert_int_equal(certificate_chain_init(chain, (struct span){pem, size}, "the test's chain"), STATUS_OK);
}

static void make_collateral(struct fake_platform *platform, const struct fake_cast *cast,
			    const struct fake_wishes *wishes)
{
	struct collateral *collateral = &platform->collateral;
	X509 *root = wishes->reissued_in_collateral ? cast->reissued : cast->root.certificate;
	const struct party *crl_issuer = wishes->crl_by_other_ca ? &cast->root : &cast->ca;

	make_tcb_info(platform, cast, wishes);
	make_qe_identity(platform, cast, wishes);
	platform->tcb_info_read = tcb_info_init(
		&collateral->tcb_info, (struct span){(const uint8_t *)platform->tcb_info, strlen(platform->tcb_info)});
	platform->qe_identity_read =
		qe_identity_init(&collateral->qe_identity,
				 (struct span){(const uint8_t *)platform->qe_identity, strlen(platform->qe_identity)});
	assert_true(wishes->info_change != NULL || platform->tcb_info_read == STATUS_OK);
	assert_true(wishes->qe_change != NULL || platform->qe_identity_read == STATUS_OK);
	chain_make(&collateral->tcb_info_chain, cast->signing.certificate, root);
	chain_make(&collateral->qe_identity_chain, cast->signing.certificate, root);
	chain_make(&collateral->pck_crl_chain, cast->ca.certificate, root);
	collateral->root_crl = make_crl(&cast->root, wishes->root_crl_signed_by_other ? cast->other : cast->root.key,
					wishes->ca_revoked ? cast->ca.certificate : NULL,
					wishes->signing_revoked ? cast->signing.certificate : NULL, wishes);
	collateral->pck_crl = make_crl(crl_issuer, wishes->pck_crl_signed_by_other ? cast->other : crl_issuer->key,
				       wishes->pck_revoked ? cast->pck.certificate : NULL, NULL, wishes);
}

static uint8_t *put(uint8_t *place, const void *data, size_t size)
{
	memcpy(place, data, size);
	return place + size;
}

static uint8_t *put_number(uint8_t *place, uint64_t value, size_t size)
{
	for (size_t i = 0; i < size; i++)
		*place++ = (uint8_t)(value >> 8 * i);
	return place;
}

static void make_qe_report(const struct fake_cast *cast, const struct fake_wishes *wishes, const char *authentication,
			   struct sgx_report *report)
{
	uint8_t input[QUOTE_KEY_SIZE + 64];
	const size_t size = strlen(authentication);
	static const uint8_t rest[] = {0x4f, 0x57, 0x75, 0xd7, 0x96, 0x50, 0x3e, 0x96, 0x13, 0x7f, 0x77,
				       0xc6, 0x8a, 0x82, 0x9a, 0x00, 0x56, 0xac, 0x8d, 0xed, 0x70, 0x14,
				       0x0b, 0x08, 0x1b, 0x09, 0x44, 0x90, 0xc5, 0x7b, 0xff};

	memset(report, 0, sizeof *report);
	report->attributes.flags = wishes->qe_flags;
	report->attributes.xfrm = 0xe7;
	report->mrsigner[0] = wishes->qe_mrsigner_byte;
	memcpy(report->mrsigner + 1, rest, sizeof rest);
	report->isv_prod_id = (uint16_t)wishes->qe_product;
	report->isv_svn = (uint16_t)wishes->qe_svn;
	raw_key(wishes->qe_report_of_other_key ? cast->other : cast->attestation, input);
	/* NOLINTNEXTLINE(bugprone-not-null-terminated-result): bytes, not a string */
	memcpy(input + QUOTE_KEY_SIZE, authentication, size);
	EVP_Digest(input, QUOTE_KEY_SIZE + size, report->report_data, NULL, EVP_sha256(), NULL);
}

/* The quoting enclave's report, the PCK's signature of it, and the PCK's chain. */
static uint8_t *put_quoting_enclave(uint8_t *place, const struct fake_cast *cast, const struct fake_wishes *wishes)
{
	static const char authentication[] = "thirty-two bytes of QE's choice.";
	X509 *const chain[] = {cast->pck.certificate, cast->ca.certificate,
			       wishes->reissued_in_quote ? cast->reissued : cast->root.certificate};
	static uint8_t pem[8192];
	uint8_t signature[QUOTE_SIGNATURE_SIZE];
	struct sgx_report report;

	make_qe_report(cast, wishes, authentication, &report);
	place = put(place, &report, QUOTE_REPORT_SIZE);
	sign(wishes->qe_signed_by_other ? cast->other : cast->pck.key, &report, QUOTE_REPORT_SIZE, signature);
	place = put(place, signature, sizeof signature);
	place = put_number(place, strlen(authentication), 2);
	place = put(place, authentication, strlen(authentication));
	size_t size = pem_put(pem, sizeof pem, chain, 3);
	place = put_number(place, (uint64_t)wishes->certification, 2);
	place = put_number(place, size + 1, 4); /* Intel's end with a NUL */
	place = put(place, pem, size);
	return put_number(place, 0, 1);
}

static uint8_t *put_signature(uint8_t *place, const uint8_t *quote, const struct fake_cast *cast,
			      const struct fake_wishes *wishes)
{
	uint8_t key[QUOTE_KEY_SIZE], signature[QUOTE_SIGNATURE_SIZE];

	sign(wishes->quote_signed_by_other ? cast->other : cast->attestation, quote, 48 + 384, signature);
	place = put(place, signature, sizeof signature);
	raw_key(cast->attestation, key);
	place = put(place, key, sizeof key);
	if (wishes->version == 3)
		return put_quoting_enclave(place, cast, wishes);
	uint8_t *size_place = put_number(place, (uint64_t)wishes->outer_certification, 2);
	uint8_t *inner = put_number(size_place, 0, 4);
	uint8_t *end = put_quoting_enclave(inner, cast, wishes);
	put_number(size_place, (uint64_t)(end - inner), 4);
	return end;
}

static void make_quote(struct fake_platform *platform, const struct fake_cast *cast, const struct fake_wishes *wishes)
{
	uint8_t vendor[16] = {0,    0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
			      0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
	struct sgx_report report = {.attributes = {wishes->flags, 3}, .isv_prod_id = 3, .isv_svn = 4};
	uint8_t *place = platform->quote;

	vendor[0] = wishes->vendor_byte;
	memset(report.mrenclave, wishes->mrenclave_byte, sizeof report.mrenclave);
	memset(report.mrsigner, 0xe2, sizeof report.mrsigner);
	memset(report.report_data, 0xdd, sizeof report.report_data);
	if (wishes->report_data != NULL)
		memcpy(report.report_data, wishes->report_data, sizeof report.report_data);
	place = put_number(place, (uint64_t)wishes->version, 2);
	place = put_number(place, (uint64_t)wishes->key_type, 2);
	place = put_number(place, wishes->tee, 4);
	place = put_number(place, wishes->version == 3 ? 0x000d0008 : 0, 4);
	place = put(place, vendor, sizeof vendor);
	place = put_number(place, 0, 8);
	place = put_number(put_number(place, 0, 8), 0, 4);
	place = put(place, &report, QUOTE_REPORT_SIZE);
	uint8_t *size_place = place;
	place = put_signature(place + 4, platform->quote, cast, wishes);
	put_number(size_place, (uint64_t)(place - size_place - 4), 4);
	memset(place, 0, (size_t)wishes->padding);
	platform->quote_size = (size_t)(place - platform->quote) + (size_t)wishes->padding;
}

static void make_all(struct fake_platform *platform, const struct fake_wishes *wishes)
{
	make_collateral(platform, platform->cast, wishes);
	make_quote(platform, platform->cast, wishes);
}

void fake_platform_init(struct fake_platform *platform, const struct fake_wishes *wishes)
{
	struct fake_cast *cast = calloc(1, sizeof *cast);

	assert_non_null(cast);
	memset(platform, 0, sizeof *platform);
	platform->cast = cast;
	cast_init(cast, wishes);
	platform->root.name = "the test";
	raw_key(cast->root.key, platform->root.key);
	assert_int_equal(X509_digest(cast->root.certificate, EVP_sha256(), platform->root.certificate_sha256, NULL), 1);
	make_all(platform, wishes);
}

static void forget_made(struct fake_platform *platform)
{
	collateral_deinit(&platform->collateral);
	free(platform->tcb_info);
	free(platform->qe_identity);
	platform->tcb_info = platform->qe_identity = NULL;
}

void fake_platform_again(struct fake_platform *platform, const struct fake_wishes *wishes)
{
	forget_made(platform);
	make_all(platform, wishes);
}

void fake_platform_deinit(struct fake_platform *platform)
{
	forget_made(platform);
	if (platform->cast != NULL)
		cast_deinit(platform->cast);
	free(platform->cast);
	memset(platform, 0, sizeof *platform);
}
