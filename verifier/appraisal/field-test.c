/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Each field of a quote, of its certificates, lists and collateral, wrong by itself: what must be said of it.
 * Two ways: changed on the way, so that no signature fits any more; and made wrong by whoever signs.
 */
#include "base/test.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "base/report.h"
#include "verifier/appraisal/fake-platform.h"
#include "verifier/appraisal/print.h"

enum { AT = 1750420800 /* 2025-06-20T12:00:00Z */, DAY = 24 * 3600 };

/* What stands for "it can't even be read". */
#define MALFORMED "malformed"

static struct fake_platform platform;
static struct policy policy;
static struct appraisal appraisal;

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static int setup(void **state)
{
	(void)state;
	report_sink_set(drop, NULL);
	policy_init(&policy);
	return 0;
}

/* The reason's code that `code` is, or else the first one; "accepted". */
static const char *appraised(const char *code)
{
	const struct appraisal_terms terms = {
		.root = &platform.root,
		.vendor = appraisal_vendor_intel,
		.collateral = &platform.collateral,
		.policy = &policy,
		.at = AT,
	};
	status result = appraise_quote((struct span){platform.quote, platform.quote_size}, &terms, &appraisal);

	if (result != STATUS_OK)
		return result == STATUS_MALFORMED ? MALFORMED : "a fault";
	if (verdict_is_accepted(&appraisal.verdict))
		return "accepted";
	for (size_t i = 0; i < appraisal.verdict.reason_count; i++)
		if (strcmp(appraisal.verdict.reasons[i].code, code) == 0)
			return code;
	return appraisal.verdict.reasons[0].code;
}

/* Fields of a quote, in their order; those of a report by their places in it. */
struct field {
	const char *name;
	size_t offset, size;
	const char *code; /* when any one of its bytes is changed */
};

#define REPORT_FIELDS(at)                                                                               \
	{"CPUSVN", (at) + 0, 16, "signature"}, {"MISCSELECT", (at) + 16, 4, "signature"},               \
		{"reserved 1", (at) + 20, 28, "signature"}, {"ATTRIBUTES", (at) + 48, 16, "signature"}, \
		{"MRENCLAVE", (at) + 64, 32, "signature"}, {"reserved 2", (at) + 96, 32, "signature"},  \
		{"MRSIGNER", (at) + 128, 32, "signature"}, {"reserved 3", (at) + 160, 96, "signature"}, \
		{"ISVPRODID", (at) + 256, 2, "signature"}, {"ISVSVN", (at) + 258, 2, "signature"},      \
		{"reserved 4", (at) + 260, 60, "signature"}, {"REPORTDATA", (at) + 320, 64, "signature"}

/* Intel SGX ECDSA Quote Library Reference, appendix A. */
#define COMMON_FIELDS                                                                                                  \
	{"the attestation key's type", 2, 2, "unsupported"}, {"the type of TEE", 4, 4, "unsupported"},                 \
		{"QE's SVN", 8, 2, "signature"}, {"PCE's SVN", 10, 2, "signature"}, {"QE's vendor", 12, 16, "vendor"}, \
		{"user data", 28, 20, "signature"}, REPORT_FIELDS(48), {"the signature's size", 432, 4, MALFORMED},    \
		{"the signature's r", 436, 32, "signature"}, {"the signature's s", 468, 32, "signature"},              \
		{"the key's x", 500, 32, "signature"}, {"the key's y", 532, 32, "signature"}

/* From QE's report on; in version 4 six bytes later. */
#define QUOTING_FIELDS(at)                                                                                       \
	REPORT_FIELDS(at), {"QE's signature's r", (at) + 384, 32, "signature"},                                  \
		{"QE's signature's s", (at) + 416, 32, "signature"},                                             \
		{"the size of QE's data", (at) + 448, 2, MALFORMED}, {"QE's data", (at) + 450, 32, "signature"}, \
		{"the certification's type", (at) + 482, 2, "unsupported"},                                      \
	{                                                                                                        \
		"the certification's size", (at) + 484, 4, MALFORMED                                             \
	}

static const struct field fields_3[] = {COMMON_FIELDS, QUOTING_FIELDS(564)};
static const struct field fields_4[] = {
	COMMON_FIELDS,
	{"the outer certification's type", 564, 2, "unsupported"},
	{"the outer certification's size", 566, 4, MALFORMED},
	QUOTING_FIELDS(570),
};

static void check_field(const struct field *field)
{
	/* Small ones whole, of others the first and last byte. */
	const size_t step = field->size <= 4 ? 1 : field->size - 1;

	for (size_t i = field->offset; i < field->offset + field->size; i += step) {
		platform.quote[i] ^= 0x10;
		const char *found = appraised(field->code);

		if (strcmp(found, field->code) != 0)
			fail_msg("%s, byte %zu: %s, not %s", field->name, i - field->offset, found, field->code);
		platform.quote[i] ^= 0x10;
	}
}

static void check_quote(int version, const struct field *fields, size_t count)
{
	struct fake_wishes wishes = fake_wishes;
	size_t end = 2; /* the version itself: see appraise-test */

	wishes.version = version;
	fake_platform_init(&platform, &wishes);
	assert_string_equal(appraised("accepted"), "accepted");
	for (size_t i = 0; i < count; i++) {
		/* None is left out. */
		assert_int_equal(fields[i].offset, end);
		end += fields[i].size;
		check_field(&fields[i]);
	}
	assert_memory_equal(platform.quote + end, "-----BEGIN", 10);
	fake_platform_deinit(&platform);
}

static void every_field_of_a_quote_is_covered(void **state)
{
	(void)state;
	check_quote(3, fields_3, sizeof fields_3 / sizeof *fields_3);
	check_quote(4, fields_4, sizeof fields_4 / sizeof *fields_4);
}

/* A member as its signer made it, and what must be said. */
struct member {
	const char *change;
	const char *code;
};

static const struct member info_members[] = {
	{"id=\"TDX\"", "unsupported"},
	{"id=1", MALFORMED},
	{"id", MALFORMED},
	{"version=1", "unsupported"},
	{"version=4", "unsupported"},
	{"version=\"3\"", MALFORMED},
	{"version", MALFORMED},
	{"issueDate=\"2025-06-20T12:00:01Z\"", "expired"},
	{"issueDate=\"yesterday\"", MALFORMED},
	{"issueDate", MALFORMED},
	{"nextUpdate=\"2025-06-20T11:59:59Z\"", "expired"},
	{"nextUpdate=1750420800", MALFORMED},
	{"nextUpdate", MALFORMED},
	{"fmspc=\"00606A000001\"", "platform"},
	{"fmspc=\"00606A0000\"", MALFORMED},
	{"fmspc=\"00606A00000G\"", MALFORMED},
	{"fmspc", MALFORMED},
	{"pceId=\"0001\"", "platform"},
	{"pceId=0", MALFORMED},
	{"pceId", MALFORMED},
	{"tcbType=1", "unsupported"},
	{"tcbType", MALFORMED},
	{"tcbEvaluationDataNumber=16", "evaluation-number"},
	{"tcbEvaluationDataNumber=-1", MALFORMED},
	{"tcbEvaluationDataNumber", MALFORMED},
	{"tcbLevels=[]", MALFORMED},
	{"tcbLevels={}", MALFORMED},
	{"tcbLevels", MALFORMED},
	{"tcbLevels.0", "tcb-status"},
	{"tcbLevels.0=7", MALFORMED},
	{"tcbLevels.0.tcb=[]", MALFORMED},
	{"tcbLevels.0.tcb", MALFORMED},
	{"tcbLevels.0.tcb.pcesvn=14", "tcb-status"},
	{"tcbLevels.0.tcb.pcesvn=65536", MALFORMED},
	{"tcbLevels.0.tcb.pcesvn=12.5", MALFORMED},
	{"tcbLevels.0.tcb.pcesvn", MALFORMED},
	{"tcbLevels.0.tcb.sgxtcbcomponents=[]", MALFORMED},
	{"tcbLevels.0.tcb.sgxtcbcomponents", MALFORMED},
	{"tcbLevels.0.tcb.sgxtcbcomponents.15", MALFORMED},
	{"tcbLevels.0.tcb.sgxtcbcomponents.3.svn=256", MALFORMED},
	{"tcbLevels.0.tcb.sgxtcbcomponents.3.svn=-1", MALFORMED},
	{"tcbLevels.0.tcb.sgxtcbcomponents.3.svn", MALFORMED},
	{"tcbLevels.0.tcbStatus=\"OutOfDate\"", "tcb-status"},
	{"tcbLevels.0.tcbStatus=\"Fine\"", MALFORMED},
	{"tcbLevels.0.tcbStatus", MALFORMED},
	{"tcbLevels.0.tcbDate=\"2024-13-13T00:00:00Z\"", MALFORMED},
	{"tcbLevels.0.tcbDate", MALFORMED},
	{"tcbLevels.0.advisoryIDs=\"INTEL-SA-00615\"", MALFORMED},
	{"tcbLevels.0.advisoryIDs=[615]", MALFORMED},
};

static const struct member identity_members[] = {
	{"id=\"TD_QE\"", "unsupported"},
	{"id=\"QVE\"", "unsupported"},
	{"id", MALFORMED},
	{"version=1", "unsupported"},
	{"version", MALFORMED},
	{"issueDate=\"2025-06-20T12:00:01Z\"", "expired"},
	{"issueDate", MALFORMED},
	{"nextUpdate=\"2025-06-20T11:59:59Z\"", "expired"},
	{"nextUpdate", MALFORMED},
	{"tcbEvaluationDataNumber=16", "evaluation-number"},
	{"tcbEvaluationDataNumber", MALFORMED},
	{"miscselect=\"00000001\"", "qe-identity"},
	{"miscselect=\"0000\"", MALFORMED},
	{"miscselect", MALFORMED},
	{"miscselectMask=\"F\"", MALFORMED},
	{"miscselectMask", MALFORMED},
	{"attributes=\"13000000000000000000000000000000\"", "qe-identity"},
	{"attributes=\"01000000000000000000000000000000\"", "qe-identity"},
	{"attributes=\"1100\"", MALFORMED},
	{"attributes", MALFORMED},
	{"attributesMask=\"FBFFFFFFFFFFFFFFFF00000000000000\"", "qe-identity"}, /* of XFRM, too */
	{"attributesMask=7", MALFORMED},
	{"attributesMask", MALFORMED},
	{"mrsigner=\"8C4F5775D796503E96137F77C68A829A0056AC8DED70140B081B094490C57BFE\"", "qe-identity"},
	{"mrsigner=\"8C\"", MALFORMED},
	{"mrsigner", MALFORMED},
	{"isvprodid=2", "qe-identity"},
	{"isvprodid=65537", MALFORMED},
	{"isvprodid", MALFORMED},
	{"tcbLevels=[]", MALFORMED},
	{"tcbLevels", MALFORMED},
	{"tcbLevels.0", "tcb-status"},
	{"tcbLevels.0.tcb", MALFORMED},
	{"tcbLevels.0.tcb.isvsvn=9", "tcb-status"},
	{"tcbLevels.0.tcb.isvsvn=65536", MALFORMED},
	{"tcbLevels.0.tcb.isvsvn", MALFORMED},
	{"tcbLevels.0.tcbStatus=\"SWHardeningNeeded\"", "tcb-status"},
	{"tcbLevels.0.tcbStatus=\"Revoked\"", "tcb-status"},
	{"tcbLevels.0.tcbStatus", MALFORMED},
	{"tcbLevels.0.tcbDate", MALFORMED},
	{"tcbLevels.0.advisoryIDs={}", MALFORMED},
};

/* As Intel's service sent them once: version 1 had neither tcbEvaluationDataNumber nor id, and another name. */
static void collateral_of_version_1_is_read_and_not_supported(void **state)
{
	static const char info[] =
		"{\"tcbInfo\":{\"version\":1,\"issueDate\":\"2019-05-23T10:36:02Z\",\"nextUpdate\":\"2019-06-22T10:"
		"36:02Z\",\"fmspc\":\"00906EA10000\",\"tcbLevels\":[{\"tcb\":{\"sgxtcbcomp01svn\":6,\"pcesvn\":7},"
		"\"status\":\"UpToDate\"}]},\"signature\":\"00\"}";
	static const char identity[] =
		"{\"qeIdentity\":{\"version\":1,\"issueDate\":\"2019-05-23T10:36:02Z\",\"nextUpdate\":\"2019-06-22T10:"
		"36:02Z\",\"miscselect\":\"00000000\",\"isvprodid\":1,\"isvsvn\":1},\"signature\":\"00\"}";
	static const char odd[] = "{\"qeIdentity\":{\"version\":2,\"id\":\"QE\"},\"signature\":\"00\"}";
	static struct tcb_info tcb_info;
	static struct qe_identity qe_identity;

	(void)state;
	assert_int_equal(tcb_info_init(&tcb_info, (struct span){(const uint8_t *)info, strlen(info)}), STATUS_OK);
	assert_non_null(strstr(tcb_info.body.unsupported, "version 1"));
	tcb_info_deinit(&tcb_info);
	assert_int_equal(qe_identity_init(&qe_identity, (struct span){(const uint8_t *)identity, strlen(identity)}),
			 STATUS_OK);
	assert_non_null(strstr(qe_identity.body.unsupported, "version 1"));
	qe_identity_deinit(&qe_identity);
	assert_int_equal(qe_identity_init(&qe_identity, (struct span){(const uint8_t *)odd, strlen(odd)}), STATUS_OK);
	assert_non_null(strstr(qe_identity.body.unsupported, "form of version 1"));
	qe_identity_deinit(&qe_identity);
}

/* Of a refusal; the caller frees it. */
static char *printed(bool as_json)
{
	const struct appraisal_terms terms = {.root = &platform.root, .collateral = &platform.collateral, .at = AT};
	char *text = NULL;
	size_t size = 0;
	FILE *file = open_memstream(&text, &size);

	assert_non_null(file);
	assert_int_equal(appraisal_print(file, &appraisal, &terms, as_json), STATUS_OK);
	assert_int_equal(fclose(file), 0);
	return text;
}

static void text_that_nobody_has_signed_neither_forges_a_line_nor_empties_the_reasons(void **state)
{
	static const char *const ids[] = {"id=\"X\\nverdict: accep\"", "id=\"TDX\\u001b[2J\"",
					  "id=\"ééééééééxééééééééé\""};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof ids / sizeof *ids; i++) {
		struct fake_wishes wishes = fake_wishes;

		*(i % 2 == 0 ? &wishes.info_change : &wishes.qe_change) = ids[i / 2];
		fake_platform_init(&platform, &wishes);
		assert_string_equal(appraised("unsupported"), "unsupported");
		char *lines = printed(false), *json = printed(true);
		assert_null(strstr(lines, "\nverdict"));
		assert_null(strchr(lines, '\33'));
		assert_non_null(strstr(lines, "\nreasons: unsupported: the collateral is "));
		assert_non_null(strstr(json, "\"unsupported\""));
		free(lines);
		free(json);
		fake_platform_deinit(&platform);
	}
	/* Whatever comes into one. */
	fake_platform_init(&platform, &fake_wishes);
	verdict_refuse(&appraisal.verdict, "odd", "%s", "\xc3");
	char *json = printed(true);
	assert_non_null(strstr(json, "\"odd\""));
	free(json);
	fake_platform_deinit(&platform);
}

/* `change`: for a sentence. */
static void expect(const struct fake_wishes *wishes, const char *change, const char *code)
{
	fake_platform_init(&platform, wishes);
	bool is_read = platform.tcb_info_read == STATUS_OK && platform.qe_identity_read == STATUS_OK;
	const char *found = is_read ? appraised(code) : MALFORMED;

	if (strcmp(found, code) != 0)
		fail_msg("%s: %s, not %s", change, found, code);
	fake_platform_deinit(&platform);
}

static void every_member_of_tcb_info_is_looked_at(void **state)
{
	(void)state;
	policy.evaluation_number_min = 17;
	for (size_t i = 0; i < sizeof info_members / sizeof *info_members; i++) {
		struct fake_wishes wishes = fake_wishes;

		wishes.info_change = info_members[i].change;
		expect(&wishes, wishes.info_change, info_members[i].code);
	}
}

static void every_member_of_the_qe_identity_is_looked_at(void **state)
{
	(void)state;
	policy.evaluation_number_min = 17;
	for (size_t i = 0; i < sizeof identity_members / sizeof *identity_members; i++) {
		struct fake_wishes wishes = fake_wishes;

		wishes.qe_change = identity_members[i].change;
		expect(&wishes, wishes.qe_change, identity_members[i].code);
	}
}

/* What would be well-formed, and fine, but for the signature. */
static void collateral_changed_on_the_way_has_no_signature(void **state)
{
	static const char *const places[] = {"\"issueDate\":\"2025-06-10", "\"nextUpdate\":\"2025-07-10",
					     "\"tcbEvaluationDataNumber\":17", "\"tcbDate\":\"2024-03-13",
					     "\"tcbDate\":\"20"};

	(void)state;
	for (size_t i = 0; i < 2 * sizeof places / sizeof *places; i++) {
		const char *place = places[i / 2];

		fake_platform_init(&platform, &fake_wishes);
		char *text = i % 2 == 0 ? platform.tcb_info : platform.qe_identity;
		struct span bytes = {(const uint8_t *)text, strlen(text)};
		char *found = strstr(text, place);

		assert_non_null(found);
		/* A later year or number is well-formed. */
		found[strlen(place) - 1] ^= 1;
		if (i % 2 == 0) {
			tcb_info_deinit(&platform.collateral.tcb_info);
			assert_int_equal(tcb_info_init(&platform.collateral.tcb_info, bytes), STATUS_OK);
		} else {
			qe_identity_deinit(&platform.collateral.qe_identity);
			assert_int_equal(qe_identity_init(&platform.collateral.qe_identity, bytes), STATUS_OK);
		}
		assert_string_equal(appraised("signature"), "signature");
		fake_platform_deinit(&platform);
	}
}

/* The PCK certificate's SGX extension: what is found there, what stands in its place. */
static const struct {
	const char *find, *replace, *code;
} extension_members[] = {
	{"1.13.1.2.3\nv=INTEGER:22", "1.13.1.2.3\nv=INTEGER:21", "tcb-status"},
	{"1.13.1.2.3\nv=INTEGER:22", "1.13.1.2.3\nv=INTEGER:256", "chain"},
	{"1.13.1.2.3\nv=INTEGER:22", "1.13.1.2.3\nv=INTEGER:-22", "chain"},
	{"1.13.1.2.3\nv=INTEGER:22", "1.13.1.2.3\nv=BOOL:true", "chain"},
	{"1.13.1.2.3\nv=INTEGER:22", "1.13.1.2.3\nv=INTEGER:0x10000000000000016", "chain"},
	{"1.13.1.2.3\n", "1.13.1.2.4\n", "chain"}, /* twice, and one is missing */
	{"1.13.1.2.3\n", "1.13.1.2.33\n", "chain"},
	{"1.13.1.2.3\n", "1.13.1.3.3\n", "chain"},
	{"1.13.1.2.17\nv=INTEGER:13", "1.13.1.2.17\nv=INTEGER:12", "tcb-status"},
	{"1.13.1.2.17\nv=INTEGER:13", "1.13.1.2.17\nv=INTEGER:65536", "chain"},
	{"1.13.1.2.17\nv=INTEGER:13", "1.13.1.2.17\nv=NULL", "chain"},
	{"l17=SEQUENCE:l17\n", "", "chain"},
	{"l18=SEQUENCE:l18\n", "", "chain"},
	{"OCTETSTRING:07070707070707070707070707070707", "OCTETSTRING:070707070707070707070707070707", "chain"},
	{"FORMAT:HEX,OCTETSTRING:0707", "FORMAT:HEX,BITSTRING:0707", "chain"},
	{"tcb=SEQUENCE:tcb\n", "", "chain"},
	{"[tcb]\no=OID:1.2.840.113741.1.13.1.2\nv=SEQUENCE:levels", "[tcb]\no=OID:1.2.840.113741.1.13.1.2\nv=INTEGER:1",
	 "chain"},
	{"OCTETSTRING:0000\n", "OCTETSTRING:0001\n", "platform"},
	{"OCTETSTRING:0000\n", "OCTETSTRING:000000\n", "chain"},
	{"pceid=SEQUENCE:pceid\n", "", "chain"},
	{"OCTETSTRING:00606A000000", "OCTETSTRING:00606A000001", "platform"},
	{"OCTETSTRING:00606A000000", "OCTETSTRING:00606A0000", "chain"},
	{"fmspc=SEQUENCE:fmspc\n", "", "chain"},
	{"fmspc=SEQUENCE:fmspc\n", "fmspc=INTEGER:5\n", "chain"},
	{"[fmspc]\no=OID:1.2.840.113741.1.13.1.4\n", "[fmspc]\no=OID:1.2.840.113741.1.13.2.4\n", "chain"},
	{"[fmspc]\no=OID:1.2.840.113741.1.13.1.4\n", "[fmspc]\no=OID:1.2.840.113741.1.13.1.4\nw=NULL\n", "chain"},
	{"v=FORMAT:HEX,OCTETSTRING:00112233445566778899aabbccddeeff", "v=NULL",
	 "accepted"}, /* PPID: nothing hangs on it */
};

static void every_member_of_the_sgx_extension_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof extension_members / sizeof *extension_members; i++) {
		struct fake_wishes wishes = fake_wishes;

		wishes.extension_find = extension_members[i].find;
		wishes.extension_replace = extension_members[i].replace;
		expect(&wishes, wishes.extension_replace, extension_members[i].code);
	}
}

/* The platform's SVN is one too low, or the level's one too high. */
static void each_of_the_sixteen_components_counts_by_itself(void **state)
{
	(void)state;
	for (int number = 1; number <= PCK_COMPONENT_COUNT; number++) {
		const int svn = fake_component(fake_wishes.component, number);
		struct fake_wishes low = fake_wishes, high = fake_wishes, old_form = fake_wishes;
		char find[64], replace[64], change[64], old_change[64];

		snprintf(find, sizeof find, "1.13.1.2.%d\nv=INTEGER:%d\n", number, svn);
		snprintf(replace, sizeof replace, "1.13.1.2.%d\nv=INTEGER:%d\n", number, svn - 1);
		low.extension_find = find;
		low.extension_replace = replace;
		expect(&low, replace, "tcb-status");
		snprintf(change, sizeof change, "tcbLevels.0.tcb.sgxtcbcomponents.%d.svn=%d", number - 1, svn + 1);
		high.info_change = change;
		expect(&high, change, "tcb-status");
		snprintf(old_change, sizeof old_change, "tcbLevels.0.tcb.sgxtcbcomp%02dsvn=%d", number, svn + 1);
		old_form.info_version = 2;
		old_form.info_change = old_change;
		expect(&old_form, old_change, "tcb-status");
	}
}

/* Fields of certificates. A root that is another one is no root of ours at all. */
static const struct {
	const char *what;
	struct fake_wishes odd;
	const char *codes[4]; /* CA's, signer's, PCK's */
} certificate_fields[] = {
	{"the subject", {.odd_name = "Intel SGX Something"}, {"chain", "chain", "chain"}},
	{"the subject of another role", {.odd_name = "Intel SGX Root CA"}, {"chain", "chain", "chain"}},
	{"a name with a NUL's place", {.odd_name = ""}, {"chain", "chain", "chain"}},
	{"valid from", {.odd_from = AT + 1}, {"expired", "expired", "expired"}},
	{"valid until", {.odd_until = AT - 1}, {"expired", "expired", "expired"}},
	{"another curve", {.odd_curve = "P-384"}, {"chain", "signature", "chain"}},
	{"the issuer's signature", {.odd_signed_by_other = true}, {"chain", "chain", "chain"}},
	{"an unknown critical extension", {.odd_has_unknown_critical = true}, {"chain", "chain", "chain"}},
};

static void merge(struct fake_wishes *wishes, const struct fake_wishes *odd, enum fake_party who)
{
	wishes->odd = who;
	wishes->odd_name = odd->odd_name;
	wishes->odd_from = odd->odd_from;
	wishes->odd_until = odd->odd_until;
	wishes->odd_curve = odd->odd_curve;
	wishes->odd_signed_by_other = odd->odd_signed_by_other;
	wishes->odd_has_unknown_critical = odd->odd_has_unknown_critical;
}

static void every_field_of_each_certificate_is_looked_at(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof certificate_fields / sizeof *certificate_fields; i++)
		for (enum fake_party who = FAKE_CA; who <= FAKE_PCK; who++) {
			struct fake_wishes wishes = fake_wishes;
			/* A CA on another curve signs with it, which OpenSSL can check and our rule can't. */
			merge(&wishes, &certificate_fields[i].odd, who);
			expect(&wishes, certificate_fields[i].what, certificate_fields[i].codes[who - FAKE_CA]);
		}
}

static void a_ca_must_be_one_and_a_key_must_be_for_signing(void **state)
{
	static const struct {
		enum fake_party who;
		const char *constraints, *usage;
	} wrong[] = {
		{FAKE_CA, "critical,CA:FALSE", NULL},
		{FAKE_CA, NULL, "critical,digitalSignature"},
		{FAKE_CA, NULL, "critical,cRLSign"},
		{FAKE_CA, NULL, "critical,keyCertSign"},
		{FAKE_ROOT, "critical,CA:FALSE", NULL},
		{FAKE_ROOT, "critical,CA:TRUE,pathlen:0", NULL},
		{FAKE_ROOT, NULL, "critical,digitalSignature"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct fake_wishes wishes = fake_wishes;

		wishes.odd = wrong[i].who;
		wishes.odd_constraints = wrong[i].constraints;
		wishes.odd_usage = wrong[i].usage;
		expect(&wishes, wrong[i].constraints != NULL ? wrong[i].constraints : wrong[i].usage, "chain");
	}
}

static void every_field_of_a_revocation_list_is_looked_at(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.crl_from = AT + 1;
	expect(&wishes, "thisUpdate", "expired");
	wishes = fake_wishes;
	wishes.crl_until = AT - 1;
	expect(&wishes, "nextUpdate", "expired");
	wishes = fake_wishes;
	wishes.crl_critical_extension = true;
	expect(&wishes, "an unknown critical extension", "chain");
	wishes = fake_wishes;
	wishes.pck_crl_signed_by_other = true;
	expect(&wishes, "the PCK CRL's signature", "chain");
	wishes = fake_wishes;
	wishes.root_crl_signed_by_other = true;
	expect(&wishes, "the root CRL's signature", "chain");
	wishes = fake_wishes;
	wishes.crl_without_end = true;
	expect(&wishes, "no nextUpdate", "chain");
}

static void swap(struct certificate_chain *one, struct certificate_chain *other)
{
	struct certificate_chain kept = *one;

	*one = *other;
	*other = kept;
}

static void chains_and_lists_in_each_others_places_are_refused(void **state)
{
	struct collateral *collateral = &platform.collateral;

	(void)state;
	fake_platform_init(&platform, &fake_wishes);
	swap(&collateral->tcb_info_chain, &collateral->pck_crl_chain);
	assert_string_equal(appraised("chain"), "chain");
	swap(&collateral->tcb_info_chain, &collateral->pck_crl_chain);
	swap(&collateral->qe_identity_chain, &collateral->pck_crl_chain);
	assert_string_equal(appraised("chain"), "chain");
	swap(&collateral->qe_identity_chain, &collateral->pck_crl_chain);
	X509_CRL *list = collateral->pck_crl;
	collateral->pck_crl = collateral->root_crl;
	assert_string_equal(appraised("chain"), "chain");
	collateral->pck_crl = list;
	list = collateral->root_crl;
	collateral->root_crl = collateral->pck_crl;
	assert_string_equal(appraised("chain"), "chain");
	collateral->root_crl = list;
	/* Leaf and root change places; a root alone. */
	X509 *leaf = collateral->tcb_info_chain.certificates[0];
	collateral->tcb_info_chain.certificates[0] = collateral->tcb_info_chain.certificates[1];
	collateral->tcb_info_chain.certificates[1] = leaf;
	assert_string_equal(appraised("root"), "root");
	collateral->tcb_info_chain.certificates[1] = collateral->tcb_info_chain.certificates[0];
	collateral->tcb_info_chain.certificates[0] = leaf;
	assert_string_equal(appraised("accepted"), "accepted");
	fake_platform_deinit(&platform);
}

static void another_platforms_certificates_dont_fit(void **state)
{
	static struct fake_platform other;
	const size_t chain_4 = 570 + 488, chain_3 = 564 + 488;

	(void)state;
	for (int version = 3; version <= 4; version++) {
		struct fake_wishes wishes = fake_wishes;
		const size_t at = version == 3 ? chain_3 : chain_4;

		wishes.version = version;
		fake_platform_init(&platform, &wishes);
		fake_platform_init(&other, &wishes);
		/* Its collateral: another root. Its PCK chain: as long or not, it isn't below ours. */
		struct collateral own = platform.collateral;
		platform.collateral = other.collateral;
		assert_string_equal(appraised("root"), "root");
		platform.collateral = own;
		memcpy(platform.quote + at, other.quote + at, sizeof platform.quote - at);
		/* Cut or with a part of ours behind it where the lengths differ: then it can't be read. */
		const char *found = appraised("root");
		if (strcmp(found, "root") != 0 && strcmp(found, "chain") != 0 && strcmp(found, MALFORMED) != 0)
			fail_msg("another platform's PCK: %s", found);
		fake_platform_deinit(&platform);
		fake_platform_deinit(&other);
	}
}

/* In place of the chain, as the quoting enclave's certification data. */
static void put_chain(const uint8_t *pem, size_t size)
{
	const size_t signature_at = 432, size_at = 564 + 484, chain_at = 564 + 488;
	const uint32_t chain_size = (uint32_t)size, signature_size = (uint32_t)(chain_at - signature_at - 4 + size);

	assert_true(chain_at + size <= sizeof platform.quote);
	memcpy(platform.quote + signature_at, &signature_size, sizeof signature_size);
	memcpy(platform.quote + size_at, &chain_size, sizeof chain_size);
	memcpy(platform.quote + chain_at, pem, size);
	platform.quote_size = chain_at + size;
}

/* `lead` again and again, as a certificate in PEM. */
static void expect_no_chain(const uint8_t *lead, size_t lead_size, size_t count)
{
	static uint8_t der[8192];
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;

	assert_true(lead_size * count <= sizeof der);
	for (size_t i = 0; i < count; i++)
		memcpy(der + i * lead_size, lead, lead_size);
	assert_true(PEM_write_bio(bio, "CERTIFICATE", "", der, (long)(lead_size * count)) > 0);
	long size = BIO_get_mem_data(bio, &pem);
	put_chain((const uint8_t *)pem, (size_t)size);
	assert_string_equal(appraised("chain"), "chain");
	BIO_free(bio);
}

/* As Intel has: until 2033, and later until 2049. */
static void another_certificate_of_the_roots_key_counts_as_a_name_for_the_pinned_one(void **state)
{
	struct fake_wishes wishes = fake_wishes;

	(void)state;
	wishes.reissued_in_quote = true;
	for (wishes.version = 3; wishes.version <= 4; wishes.version++)
		expect(&wishes, "in the quote", "accepted");
	/* It isn't believed: not how long it is good, for better or worse. */
	wishes = fake_wishes;
	wishes.reissued_in_quote = true;
	wishes.reissued_until = AT - DAY;
	expect(&wishes, "an expired one", "accepted");
	wishes.reissued_until = AT + DAY;
	wishes.odd = FAKE_ROOT;
	wishes.odd_until = AT - 1;
	expect(&wishes, "of an expired root", "expired");
	/* Without the pinned one there is nothing to go by. */
	wishes = fake_wishes;
	wishes.reissued_in_quote = wishes.reissued_in_collateral = true;
	expect(&wishes, "everywhere", "root");
	wishes.reissued_in_quote = false;
	expect(&wishes, "in the collateral", "root");
	/* One chain of the collateral is enough to have it. */
	fake_platform_init(&platform, &fake_wishes);
	struct certificate_chain good = platform.collateral.pck_crl_chain;
	platform.collateral.pck_crl_chain = (struct certificate_chain){0};
	wishes.reissued_in_quote = true;
	fake_platform_again(&platform, &wishes);
	swap(&platform.collateral.pck_crl_chain, &good);
	assert_string_equal(appraised("accepted"), "accepted");
	certificate_chain_deinit(&good);
	fake_platform_deinit(&platform);
}

static void deep_or_huge_asn1_is_no_chain(void **state)
{
	static const uint8_t endless[] = {0x30, 0x80}, nested[] = {0x30, 0x82, 0x7f, 0xff},
			     huge[] = {0x30, 0x88, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
			     bits[] = {0x23, 0x80};

	(void)state;
	fake_platform_init(&platform, &fake_wishes);
	expect_no_chain(endless, sizeof endless, 4000);
	expect_no_chain(nested, sizeof nested, 2000);
	expect_no_chain(huge, sizeof huge, 1);
	expect_no_chain(huge, sizeof huge, 800);
	expect_no_chain(bits, sizeof bits, 4000);
	fake_platform_deinit(&platform);
}

/* A block of PEM that says that it is encrypted; behind the platform's whole chain, or first. */
static struct span encrypted_block(const char *name, bool is_behind)
{
	static const char header[] = "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,000102030405060708090A0B0C0D0E0F\n";
	static uint8_t pem[8192];
	BIO *bio = BIO_new(BIO_s_mem());
	char *data;

	if (is_behind)
		assert_true(BIO_write(bio, platform.quote + 564 + 488, (int)(platform.quote_size - 564 - 488 - 1)) > 0);
	assert_true(PEM_write_bio(bio, name, header, (const unsigned char *)"sixteen bytes...", 16) > 0);
	long size = BIO_get_mem_data(bio, &data);
	assert_in_range(size, 1, sizeof pem);
	memcpy(pem, data, (size_t)size);
	BIO_free(bio);
	return (struct span){pem, (size_t)size};
}

static bool refuses_encrypted_blocks(void)
{
	struct span block = encrypted_block("X509 CRL", false);
	X509_CRL *crl = NULL;

	if (certificate_crl_parse(block, "a list", &crl) != STATUS_MALFORMED)
		return false;
	for (int is_behind = 1; is_behind >= 0; is_behind--) {
		block = encrypted_block("CERTIFICATE", is_behind != 0);
		put_chain(block.data, block.size);
		if (strcmp(appraised("chain"), "chain") != 0)
			return false;
	}
	return true;
}

/* Where a question would be answered: a process without a terminal, whose input is a pipe that stays open. */
static int with_answers_on_input(int input)
{
	int left = 0;

	if (setsid() < 0 || dup2(input, STDIN_FILENO) < 0 || ioctl(input, FIONREAD, &left) != 0)
		return 1;
	const int before = left;
	if (!refuses_encrypted_blocks())
		return 2;
	return ioctl(input, FIONREAD, &left) == 0 && left == before ? 0 : 3;
}

static void a_peers_encrypted_block_is_refused_and_nobody_is_asked_for_a_passphrase(void **state)
{
	static const char answers[] = "one passphrase\nanother one\nand another\n";
	int ends[2], result;

	(void)state;
	fake_platform_init(&platform, &fake_wishes);
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], answers, sizeof answers - 1), sizeof answers - 1);
	pid_t child = fork();
	if (child == 0)
		_exit(with_answers_on_input(ends[0]));
	assert_int_equal(waitpid(child, &result, 0), child);
	assert_int_equal(result, 0);
	close(ends[0]);
	close(ends[1]);
	fake_platform_deinit(&platform);
}

#define TEST(function) cmocka_unit_test_setup(function, setup)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(every_field_of_a_quote_is_covered),
		TEST(every_member_of_tcb_info_is_looked_at),
		TEST(every_member_of_the_qe_identity_is_looked_at),
		TEST(collateral_of_version_1_is_read_and_not_supported),
		TEST(text_that_nobody_has_signed_neither_forges_a_line_nor_empties_the_reasons),
		TEST(collateral_changed_on_the_way_has_no_signature),
		TEST(every_member_of_the_sgx_extension_is_looked_at),
		TEST(each_of_the_sixteen_components_counts_by_itself),
		TEST(every_field_of_each_certificate_is_looked_at),
		TEST(a_ca_must_be_one_and_a_key_must_be_for_signing),
		TEST(every_field_of_a_revocation_list_is_looked_at),
		TEST(chains_and_lists_in_each_others_places_are_refused),
		TEST(another_platforms_certificates_dont_fit),
		TEST(another_certificate_of_the_roots_key_counts_as_a_name_for_the_pinned_one),
		TEST(deep_or_huge_asn1_is_no_chain),
		TEST(a_peers_encrypted_block_is_refused_and_nobody_is_asked_for_a_passphrase),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
