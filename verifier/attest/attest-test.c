/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The verifier's end against clients made of OpenSSL and the simulator's EREPORT, with CBOR written
 * out by hand: right ones, one wrong thing at a time, and somebody who relays.
 */
#include "base/test.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509v3.h>

#include "base/report.h"
#include "sim/key.h"
#include "sim/quoting.h"
#include "verifier/attest/attest.h"
#include "verifier/attest/evidence.h"
#include "verifier/attest/fake-enclave.h"
#include "wire/agent.h"

enum {
	NOW = 1750420800, /* 2025-06-20T12:00:00Z */
	STEP_COUNT_MAX = 200, /* of a conversation that a right end finishes in ten */
};

/* One end of a connection that the test drives: an enclave's, or who poses as one. */
struct client {
	SSL *ssl;
	EVP_PKEY *key;
	struct sgx_secs secs;
	uint8_t binding[EVIDENCE_BINDING_SIZE];
	/* What it says after the handshake, once the nonce is there; 0: not yet. */
	uint8_t frame[sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX];
	size_t frame_size, frame_sent;
	uint8_t heard[sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX];
	size_t heard_size;
	bool has_answered;
	/* What it does otherwise than an enclave would. */
	void (*spoil_report_data)(uint8_t data[SGX_REPORT_DATA_SIZE]);
	void (*spoil_frame)(struct client *client);
	const struct client *answers_for; /* relay: its quote is of this one's connection */
};

static struct sim_root root;
static uint8_t sim_roots[1][APPRAISAL_SIM_FINGERPRINT_SIZE];
static struct policy policy;
static struct attest_terms terms;
static struct owner_key *owner;
static SSL_CTX *server_context;
static struct attest_enclave enclave;
static char sentence[EVIDENCE_SENTENCE_SIZE];

static void drop(void *context, status fault, const char *message)
{
	(void)context, (void)fault, (void)message;
}

static int setup(void **state)
{
	struct sim_platform platform;

	(void)state;
	report_sink_set(drop, NULL);
	memset(root.secret, 0x5e, sizeof root.secret);
	assert_int_equal(sim_platform_init(&platform, &root), STATUS_OK);
	assert_int_equal(sim_platform_fingerprint(&platform, sim_roots[0]), STATUS_OK);
	sim_platform_deinit(&platform);
	policy_init(&policy);
	terms = (struct attest_terms){.policy = &policy, .sim_roots = sim_roots, .sim_root_count = 1};
	assert_int_equal(owner_key_generate(&owner), STATUS_OK);
	assert_int_equal(attest_context_create(owner, &server_context), STATUS_OK);
	memset(&enclave, 0, sizeof enclave);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	SSL_CTX_free(server_context);
	owner_key_destroy(owner);
	return 0;
}

/* Evidence of `secs` about `key`, as it stands in the extension. */
static size_t make_evidence(const struct client *client, EVP_PKEY *about, uint8_t cbor[FAKE_CBOR_SIZE_MAX])
{
	uint8_t data[SGX_REPORT_DATA_SIZE] = {0}, hash[32], claims[64], quote[SIM_QUOTE_SIZE_MAX];
	size_t claims_size;

	fake_key_hash(about, hash);
	claims_size = fake_claims(claims, hash);
	assert_int_equal(EVP_Digest(claims, claims_size, data, NULL, EVP_sha256(), NULL), 1);
	if (client->spoil_report_data != NULL)
		client->spoil_report_data(data);
	size_t size = fake_quote(&root, &client->secs, data, quote);
	return fake_evidence(cbor, (struct span){quote, size}, (struct span){claims, claims_size});
}

static void client_init(struct client *client)
{
	*client = (struct client){.key = EVP_EC_gen("P-256")};
	client->secs.attributes = (struct sgx_attributes){SGX_ATTRIBUTE_INIT | SGX_ATTRIBUTE_MODE64BIT, 3};
	client->secs.isv_prod_id = 7;
	client->secs.isv_svn = 3;
	memset(client->secs.mrenclave, 0x11, SGX_HASH_SIZE);
	memset(client->secs.mrsigner, 0x22, SGX_HASH_SIZE);
	memset(client->binding, 0xb1, sizeof client->binding);
}

static void client_connect(struct client *client, X509 *certificate, EVP_PKEY *key)
{
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());

	if (certificate != NULL) {
		assert_int_equal(SSL_CTX_use_certificate(context, certificate), 1);
		assert_int_equal(SSL_CTX_use_PrivateKey(context, key), 1);
	}
	client->ssl = SSL_new(context);
	SSL_CTX_free(context);
	SSL_set_connect_state(client->ssl);
}

/* As an enclave does: a certificate about its own key. */
static void client_start(struct client *client)
{
	uint8_t cbor[FAKE_CBOR_SIZE_MAX];
	size_t size = make_evidence(client, client->key, cbor);
	X509 *certificate = fake_certificate(client->key, client->key, cbor, size, 1);

	client_connect(client, certificate, client->key);
	X509_free(certificate);
}

static void client_deinit(struct client *client)
{
	SSL_free(client->ssl);
	EVP_PKEY_free(client->key);
}

static void put_frame(struct client *client, uint16_t type, const void *body, size_t size)
{
	const struct agent_frame head = {.magic = AGENT_FRAME_MAGIC, .type = type, .size = (uint32_t)size};

	memcpy(client->frame, &head, sizeof head);
	memcpy(client->frame + sizeof head, body, size);
	client->frame_size = sizeof head + size;
}

/* The second quote, over the connection that the client has, or over the one whose answer it relays. */
static void client_answer(struct client *client, const uint8_t nonce[EVIDENCE_NONCE_SIZE])
{
	const struct client *quoted = client->answers_for != NULL ? client->answers_for : client;
	uint8_t text[sizeof EVIDENCE_LABEL - 1 + EVIDENCE_EXPORTER_SIZE + EVIDENCE_NONCE_SIZE];
	uint8_t data[SGX_REPORT_DATA_SIZE], quote[SIM_QUOTE_SIZE_MAX];
	uint8_t *exporter = text + sizeof EVIDENCE_LABEL - 1;

	memcpy(text, EVIDENCE_LABEL, sizeof EVIDENCE_LABEL - 1);
	assert_int_equal(SSL_export_keying_material(quoted->ssl, exporter, EVIDENCE_EXPORTER_SIZE,
						    "EXPORTER-Channel-Binding", 24, NULL, 0, 0),
			 1);
	memcpy(exporter + EVIDENCE_EXPORTER_SIZE, nonce, EVIDENCE_NONCE_SIZE);
	assert_int_equal(EVP_Digest(text, sizeof text, data, NULL, EVP_sha256(), NULL), 1);
	memcpy(data + 32, quoted->binding, 32);
	put_frame(client, EVIDENCE_QUOTE, quote, fake_quote(&root, &quoted->secs, data, quote));
	if (client->spoil_frame != NULL)
		client->spoil_frame(client);
}

static void client_step(struct client *client)
{
	if (SSL_do_handshake(client->ssl) != 1)
		return;
	int size = SSL_read(client->ssl, client->heard + client->heard_size,
			    (int)(sizeof client->heard - client->heard_size));
	client->heard_size += size > 0 ? (size_t)size : 0;
	if (!client->has_answered && client->heard_size == sizeof(struct agent_frame) + EVIDENCE_NONCE_SIZE) {
		client_answer(client, client->heard + sizeof(struct agent_frame));
		client->has_answered = true;
		client->heard_size = 0;
	}
	if (client->frame_sent == client->frame_size)
		return;
	size = SSL_write(client->ssl, client->frame + client->frame_sent,
			 (int)(client->frame_size - client->frame_sent));
	client->frame_sent += size > 0 ? (size_t)size : 0;
}

static void join(SSL *client, SSL *server)
{
	BIO *one, *other;

	assert_int_equal(BIO_new_bio_pair(&one, 0, &other, 0), 1);
	SSL_set_bio(client, one, one);
	SSL_set_bio(server, other, other);
}

/* The whole conversation; what the verifier's end came to. */
static status converse(struct client *client)
{
	SSL *server = SSL_new(server_context);
	struct attest_session *session;
	status result = STATUS_TORN;

	join(client->ssl, server);
	assert_int_equal(attest_session_create(server, &terms, &session), STATUS_OK);
	for (int i = 0; i < STEP_COUNT_MAX && result == STATUS_TORN; i++) {
		client_step(client);
		result = attest_session_step(session, NOW, &enclave);
	}
	client_step(client);
	snprintf(sentence, sizeof sentence, "%s", attest_session_sentence(session));
	attest_session_destroy(session);
	SSL_free(server);
	return result;
}

static void expect_refusal(struct client *client, const char *words)
{
	assert_int_equal(converse(client), STATUS_DENIED);
	if (strstr(sentence, words) == NULL)
		fail_msg("\"%s\" doesn't say \"%s\"", sentence, words);
	/* And nothing was said of who it is. */
	assert_int_equal(enclave.isv_prod_id, 0);
	client_deinit(client);
}

static void an_enclave_is_accepted_with_all_that_its_second_quote_says(void **state)
{
	struct client client;
	uint8_t hash[32];

	(void)state;
	client_init(&client);
	client_start(&client);
	assert_int_equal(converse(&client), STATUS_OK);
	assert_true(enclave.is_sim);
	assert_memory_equal(enclave.sim_root, sim_roots[0], sizeof enclave.sim_root);
	assert_memory_equal(enclave.mrenclave, client.secs.mrenclave, SGX_HASH_SIZE);
	assert_memory_equal(enclave.mrsigner, client.secs.mrsigner, SGX_HASH_SIZE);
	assert_int_equal(enclave.isv_prod_id, 7);
	assert_int_equal(enclave.isv_svn, 3);
	assert_memory_equal(enclave.binding, client.binding, sizeof client.binding);
	fake_key_hash(client.key, hash);
	assert_memory_equal(enclave.key_hash, hash, sizeof hash);
	assert_string_equal(enclave.tcb, "none: a simulation");
	assert_int_equal(enclave.verdict.tolerance_count, 1);
	/* It was told. */
	assert_int_equal(client.heard_size, sizeof(struct agent_frame));
	assert_int_equal(client.heard[4], EVIDENCE_ACCEPTED);
	client_deinit(&client);
}

static void the_verifiers_key_is_the_owners(void **state)
{
	struct client client;
	uint8_t key[QUOTE_KEY_SIZE];

	(void)state;
	client_init(&client);
	client_start(&client);
	assert_int_equal(converse(&client), STATUS_OK);
	X509 *certificate = SSL_get1_peer_certificate(client.ssl);
	assert_int_equal(certificate_key(certificate, key), STATUS_OK);
	assert_memory_equal(key, owner_key_public(owner), sizeof key);
	X509_free(certificate);
	client_deinit(&client);
}

/* The enclave's own conversation is with the one who relays: he knows its evidence and, at worst,
 * its key, and passes on what the enclave says to his nonce, which is the verifier's. */
static void evidence_relayed_from_another_connection_is_refused(void **state)
{
	SSL_CTX *middle_context;
	struct client genuine, relaying;
	uint8_t cbor[FAKE_CBOR_SIZE_MAX];

	(void)state;
	assert_int_equal(attest_context_create(owner, &middle_context), STATUS_OK);
	SSL *middle = SSL_new(middle_context);
	client_init(&genuine);
	client_start(&genuine);
	join(genuine.ssl, middle);
	for (int i = 0; i < STEP_COUNT_MAX; i++) {
		SSL_accept(middle);
		SSL_do_handshake(genuine.ssl);
	}
	assert_true(SSL_is_init_finished(genuine.ssl));
	client_init(&relaying);
	EVP_PKEY_free(relaying.key);
	relaying.key = genuine.key;
	EVP_PKEY_up_ref(genuine.key);
	size_t size = make_evidence(&genuine, genuine.key, cbor);
	X509 *stolen = fake_certificate(genuine.key, genuine.key, cbor, size, 1);
	client_connect(&relaying, stolen, genuine.key);
	relaying.answers_for = &genuine;
	expect_refusal(&relaying, "relayed");
	X509_free(stolen);
	SSL_free(middle);
	SSL_CTX_free(middle_context);
	client_deinit(&genuine);
}

/* Without the enclave's key its certificate is of no use, and its evidence in another one neither. */
static void evidence_copied_into_another_certificate_is_refused(void **state)
{
	struct client genuine, copying;
	uint8_t cbor[FAKE_CBOR_SIZE_MAX];

	(void)state;
	client_init(&genuine);
	client_init(&copying);
	size_t size = make_evidence(&genuine, genuine.key, cbor);
	X509 *certificate = fake_certificate(copying.key, copying.key, cbor, size, 1);
	client_connect(&copying, certificate, copying.key);
	X509_free(certificate);
	expect_refusal(&copying, "about another key");
	EVP_PKEY_free(genuine.key);
}

static uint8_t old_frame[sizeof(struct agent_frame) + EVIDENCE_QUOTE_SIZE_MAX];
static size_t old_frame_size;

static void say_old_frame(struct client *client)
{
	memcpy(client->frame, old_frame, old_frame_size);
	client->frame_size = old_frame_size;
}

static void a_quote_over_an_old_connection_is_refused(void **state)
{
	struct client first, second;

	(void)state;
	client_init(&first);
	client_start(&first);
	assert_int_equal(converse(&first), STATUS_OK);
	memcpy(old_frame, first.frame, first.frame_size);
	old_frame_size = first.frame_size;
	client_deinit(&first);
	memset(&enclave, 0, sizeof enclave);
	client_init(&second);
	second.spoil_frame = say_old_frame;
	client_start(&second);
	expect_refusal(&second, "an old one");
}

static void another_enclaves_second_quote_is_refused(void **state)
{
	static const size_t places[] = {offsetof(struct sgx_secs, mrenclave), offsetof(struct sgx_secs, mrsigner),
					offsetof(struct sgx_secs, isv_prod_id), offsetof(struct sgx_secs, isv_svn)};

	(void)state;
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct client client;

		client_init(&client);
		client_start(&client);
		((uint8_t *)&client.secs)[places[i]] ^= 1;
		expect_refusal(&client, "of another enclave");
	}
}

static void no_certificate_is_no_evidence(void **state)
{
	struct client client;

	(void)state;
	client_init(&client);
	client_connect(&client, NULL, NULL);
	expect_refusal(&client, "certificate");
}

static void change_claims_hash(uint8_t data[SGX_REPORT_DATA_SIZE])
{
	data[31] ^= 1;
}

static void change_padding(uint8_t data[SGX_REPORT_DATA_SIZE])
{
	data[63] = 1;
}

static void reportdata_must_be_the_hash_of_the_claims_and_zeros(void **state)
{
	void (*const spoils[])(uint8_t data[SGX_REPORT_DATA_SIZE]) = {change_claims_hash, change_padding};

	(void)state;
	for (size_t i = 0; i < sizeof spoils / sizeof *spoils; i++) {
		struct client client;

		client_init(&client);
		client.spoil_report_data = spoils[i];
		client_start(&client);
		expect_refusal(&client, "REPORTDATA");
	}
}

static void without_being_asked_for_no_simulation_is_accepted(void **state)
{
	struct client client;

	(void)state;
	terms.sim_root_count = 0;
	client_init(&client);
	client_start(&client);
	expect_refusal(&client, "--insecure-accept-sim");
}

static void another_machines_simulation_is_refused(void **state)
{
	struct client client;

	(void)state;
	sim_roots[0][7] ^= 1;
	client_init(&client);
	client_start(&client);
	expect_refusal(&client, "another machine's FAKE root");
}

static void a_debug_enclave_is_refused(void **state)
{
	struct client client;

	(void)state;
	client_init(&client);
	client.secs.attributes.flags |= SGX_ATTRIBUTE_DEBUG;
	client_start(&client);
	expect_refusal(&client, "DEBUG");
}

static void an_enclave_that_the_policy_doesnt_name_is_refused(void **state)
{
	struct client client;

	(void)state;
	policy.has_references = true;
	client_init(&client);
	client_start(&client);
	expect_refusal(&client, "no reference value");
}

static void spoil_magic(struct client *client)
{
	client->frame[0] ^= 1;
}

static void spoil_type(struct client *client)
{
	client->frame[4] = EVIDENCE_ACCEPTED;
}

static void spoil_reserved(struct client *client)
{
	client->frame[6] = 1;
}

static void spoil_size(struct client *client)
{
	client->frame[10] = 1;
}

static void spoil_size_to_none(struct client *client)
{
	memset(client->frame + 8, 0, 4);
}

static void spoil_quote(struct client *client)
{
	client->frame[sizeof(struct agent_frame) + 48 + 64] ^= 1;
}

static void spoil_version(struct client *client)
{
	client->frame[sizeof(struct agent_frame)] = 9;
}

static void frames_that_arent_a_quote_are_refused(void **state)
{
	static const struct {
		void (*spoil)(struct client *client);
		const char *words;
	} wrongs[] = {
		{spoil_magic, "isn't the quote"},    {spoil_type, "isn't the quote"},
		{spoil_reserved, "isn't the quote"}, {spoil_size, "bytes: it has at most"},
		{spoil_size_to_none, "0 bytes"},     {spoil_quote, "(signature)"},
		{spoil_version, "(unsupported)"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct client client;

		client_init(&client);
		client.spoil_frame = wrongs[i].spoil;
		client_start(&client);
		expect_refusal(&client, wrongs[i].words);
	}
}

static void an_older_tls_is_refused(void **state)
{
	struct client client;

	(void)state;
	client_init(&client);
	client_start(&client);
	assert_int_equal(SSL_set_min_proto_version(client.ssl, TLS1_2_VERSION), 1);
	assert_int_equal(SSL_set_max_proto_version(client.ssl, TLS1_2_VERSION), 1);
	expect_refusal(&client, "TLS failed");
}

static void expect_bad_certificate(X509 *certificate, const char *words)
{
	struct evidence evidence;
	const char *reason = "";

	assert_int_equal(evidence_from_certificate(certificate, &evidence, &reason), STATUS_MALFORMED);
	if (strstr(reason, words) == NULL)
		fail_msg("\"%s\" doesn't say \"%s\"", reason, words);
	X509_free(certificate);
}

static void a_certificate_must_have_one_evidence_and_be_signed_by_its_own_p256_key(void **state)
{
	EVP_PKEY *other = EVP_EC_gen("P-256"), *large = EVP_EC_gen("P-384"), *rsa = EVP_RSA_gen(2048);
	uint8_t cbor[FAKE_CBOR_SIZE_MAX];
	struct client client;

	(void)state;
	client_init(&client);
	size_t size = make_evidence(&client, client.key, cbor);
	expect_bad_certificate(fake_certificate(client.key, client.key, cbor, size, 0), "no evidence");
	expect_bad_certificate(fake_certificate(client.key, client.key, cbor, size, 2), "twice");
	expect_bad_certificate(fake_certificate(client.key, other, cbor, size, 1), "own key");
	expect_bad_certificate(fake_certificate(other, other, cbor, size, 1), "another key");
	size = make_evidence(&client, large, cbor);
	expect_bad_certificate(fake_certificate(large, large, cbor, size, 1), "P-256");
	size = make_evidence(&client, rsa, cbor);
	expect_bad_certificate(fake_certificate(rsa, rsa, cbor, size, 1), "P-256");
	EVP_PKEY_free(other);
	EVP_PKEY_free(large);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(client.key);
}

#define CLAIM "\x6bpubkey-hash\x58\x24\x82\x01\x58\x20" HASH
#define HASH "0123456789abcdef0123456789abcdef"
#define CBOR(text) {(const uint8_t *)(text), sizeof(text) - 1}

static void evidence_in_any_other_form_is_refused(void **state)
{
	static const struct {
		struct span bytes;
		const char *words; /* NULL: it is right */
	} forms[] = {
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x33\xa1" CLAIM), NULL},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x3b\xa2\x65nonce\x41n" CLAIM), NULL},
		{CBOR(""), "tag"},
		{CBOR("\xd9\xea"), "tag"},
		{CBOR("\xd9\xea\x61\x82\x41q\x58\x33\xa1" CLAIM), "tag"},
		{CBOR("\x82\x41q\x58\x33\xa1" CLAIM), "tag"},
		{CBOR("\xd9\xea\x60\xd9\xea\x60\x82\x41q\x58\x33\xa1" CLAIM), "array"},
		{CBOR("\xd9\xea\x60\x81\x41q"), "array"},
		{CBOR("\xd9\xea\x60\x83\x41q\x58\x33\xa1" CLAIM "\x40"), "array"},
		{CBOR("\xd9\xea\x60\x9f\x41q\x58\x33\xa1" CLAIM "\xff"), "array"},
		{CBOR("\xd9\xea\x60\x9b\xff\xff\xff\xff\xff\xff\xff\xff"), "array"},
		{CBOR("\xd9\xea\x60\x82\x5b\xff\xff\xff\xff\xff\xff\xff\xff"), "array"},
		{CBOR("\xd9\xea\x60\x82\x61q\x58\x33\xa1" CLAIM), "array"},
		{CBOR("\xd9\xea\x60\x82\x5f\x41q\xff\x58\x33\xa1" CLAIM), "array"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x34\xa1" CLAIM), "array"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x33\xa1" CLAIM "x"), "array"},
		{CBOR("\xd9\xea\x60\x82\x41q\x41\xa0"), "lacks the claim"},
		{CBOR("\xd9\xea\x60\x82\x41q\x48\xa1\x65nonce\x40"), "lacks the claim"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x65\xa2" CLAIM CLAIM), "twice"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x34\xa1" CLAIM "x"), "map"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x33\xa2" CLAIM), "map"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x34\xb8\x11" CLAIM), "map"},
		{CBOR("\xd9\xea\x60\x82\x41q\x49\xbb\xff\xff\xff\xff\xff\xff\xff\xff"), "map"},
		{CBOR("\xd9\xea\x60\x82\x41q\x43\xa1\x01\x40"), "map"},
		{CBOR("\xd9\xea\x60\x82\x41q\x4e\xa1\x6bpubkey-hash\x01"), "map"},
		{CBOR("\xd9\xea\x60\x82\x41q\x4e\xa1\x6bpubkey-hash\x40"), "pubkey-hash"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x33\xa1\x6bpubkey-hash\x58\x24\x82\x07\x58\x20" HASH), "SHA-256"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x32\xa1\x6bpubkey-hash\x58\x23\x82\x01\x58\x1f"
		      "0123456789abcdef0123456789abcde"),
		 "SHA-256"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x33\xa1\x6bpubkey-hash\x58\x24\x83\x01\x58\x20" HASH), "pubkey-hash"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x33\xa1\x6bpubkey-hash\x58\x24\x82\x20\x58\x20" HASH), "pubkey-hash"},
		{CBOR("\xd9\xea\x60\x82\x41q\x58\x34\xa1\x6bpubkey-hash\x58\x25\x82\x01\x58\x20" HASH "x"),
		 "pubkey-hash"},
	};

	(void)state;
	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		struct evidence evidence;
		const char *reason = "";
		status result = evidence_parse(forms[i].bytes, &evidence, &reason);

		assert_int_equal(result, forms[i].words == NULL ? STATUS_OK : STATUS_MALFORMED);
		if (forms[i].words != NULL && strstr(reason, forms[i].words) == NULL)
			fail_msg("form %zu: \"%s\" doesn't say \"%s\"", i, reason, forms[i].words);
	}
}

static void ten_thousand_nested_arrays_are_refused_at_the_first(void **state)
{
	uint8_t deep[10003] = {0xd9, 0xea, 0x60};
	struct evidence evidence;
	const char *reason;

	(void)state;
	memset(deep + 3, 0x82, sizeof deep - 3);
	assert_int_equal(evidence_parse((struct span){deep, sizeof deep}, &evidence, &reason), STATUS_MALFORMED);
}

static void cut_evidence_is_refused(void **state)
{
	uint8_t cbor[FAKE_CBOR_SIZE_MAX];
	struct client client;
	struct evidence evidence;
	const char *reason;

	(void)state;
	client_init(&client);
	size_t size = make_evidence(&client, client.key, cbor);
	assert_int_equal(evidence_parse((struct span){cbor, size}, &evidence, &reason), STATUS_OK);
	for (size_t part = 0; part < size; part++) {
		/* In storage of just that size, so that a read behind it is noticed. */
		uint8_t *cut = malloc(part + 1);

		memcpy(cut + 1, cbor, part);
		assert_int_equal(evidence_parse((struct span){cut + 1, part}, &evidence, &reason), STATUS_MALFORMED);
		free(cut);
	}
	EVP_PKEY_free(client.key);
}

static void whoever_hangs_up_is_gone(void **state)
{
	SSL *server = SSL_new(server_context);
	struct attest_session *session;
	struct client client;

	(void)state;
	client_init(&client);
	client_start(&client);
	join(client.ssl, server);
	assert_int_equal(attest_session_create(server, &terms, &session), STATUS_OK);
	client_step(&client);
	assert_int_equal(attest_session_step(session, NOW, &enclave), STATUS_TORN);
	client_deinit(&client);
	/* Both halves of a pair go with its first one. */
	BIO *empty = BIO_new(BIO_s_mem());
	BIO_set_mem_eof_return(empty, 0);
	SSL_set_bio(server, empty, BIO_new(BIO_s_null()));
	assert_int_equal(attest_session_step(session, NOW, &enclave), STATUS_GONE);
	attest_session_destroy(session);
	SSL_free(server);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_enclave_is_accepted_with_all_that_its_second_quote_says),
		TEST(the_verifiers_key_is_the_owners),
		TEST(evidence_relayed_from_another_connection_is_refused),
		TEST(evidence_copied_into_another_certificate_is_refused),
		TEST(a_quote_over_an_old_connection_is_refused),
		TEST(another_enclaves_second_quote_is_refused),
		TEST(no_certificate_is_no_evidence),
		TEST(reportdata_must_be_the_hash_of_the_claims_and_zeros),
		TEST(without_being_asked_for_no_simulation_is_accepted),
		TEST(another_machines_simulation_is_refused),
		TEST(a_debug_enclave_is_refused),
		TEST(an_enclave_that_the_policy_doesnt_name_is_refused),
		TEST(frames_that_arent_a_quote_are_refused),
		TEST(an_older_tls_is_refused),
		TEST(whoever_hangs_up_is_gone),
		TEST(a_certificate_must_have_one_evidence_and_be_signed_by_its_own_p256_key),
		TEST(evidence_in_any_other_form_is_refused),
		TEST(ten_thousand_nested_arrays_are_refused_at_the_first),
		TEST(cut_evidence_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
